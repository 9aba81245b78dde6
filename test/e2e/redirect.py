"""mbasyncserver-redirect, by real requests: redirect.py nft | iptables-nft |
iptables-legacy.
"""

import os
import shutil
import sys
import unittest

import harness
from harness import write_single
from hosts import Host, why_not
from plant import (EX_NOPERM, EX_OSERR, EX_UNAVAILABLE, EX_USAGE, HMI, LOOPBACK,
                   NOBODY, PLANT, PLANT_BACK, PLANT_MORE, PLANT_VALUE, PLC,
                   PLC_VALUE, RedirectTest, hide, show)

SKIPPED = 77

# Rules of someone else, made to be confused with ours.
OTHER_NFT = """
table inet mbasyncserver {
	chain from_network {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 1502 redirect to :8502
	}
}
table inet mbasyncserver_5020 {
	chain from_network {
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 5020 redirect to :8502
	}
	chain from_here {
		type nat hook output priority -100; policy accept;
		fib daddr type local tcp dport 5020 redirect to :8502
	}
}
table inet filter {
	set friends {
		type ipv4_addr
		elements = { 192.0.2.2, 192.0.2.3 }
	}
	chain input {
		type filter hook input priority filter; policy accept;
		ip saddr @friends tcp dport { 22, 502 } counter accept
	}
}
"""
OTHER_IPTABLES = """
*nat
:PREROUTING ACCEPT
:OUTPUT ACCEPT
:MBASYNCSERVER-5020 -
:OTHERS -
-A PREROUTING -p tcp -m tcp --dport 1502 -j REDIRECT --to-ports 8502
-A PREROUTING -m comment --comment "not to -j MBASYNCSERVER-502" -j OTHERS
-A PREROUTING -p tcp -m tcp --dport 5020 -j MBASYNCSERVER-5020
-A OUTPUT -p tcp -m tcp --dport 1502 -j REDIRECT --to-ports 8502
-A MBASYNCSERVER-5020 -p tcp -j REDIRECT --to-ports 8502
-A OTHERS -p tcp -m tcp --dport 502 -m comment --comment OTHERS -j RETURN
COMMIT
*filter
:INPUT ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""

# As the manual page advises.
FIREWALL_NFT = """
table inet firewall {
	chain input {
		type filter hook input priority filter;
		tcp dport 8502 ct original proto-dst 502 accept
		tcp dport 8502 reject with tcp reset
	}
}
"""
FIREWALL_IPTABLES = """
*filter
-A INPUT -p tcp --dport 8502 -m conntrack --ctorigdstport 502 -j ACCEPT
-A INPUT -p tcp --dport 8502 -j REJECT --reject-with tcp-reset
COMMIT
"""


class Redirection:
    """What holds for each backend."""

    def others_rules(self):
        """Rules of someone else, by all tools."""
        self.plant.output("nft", "-f", "-", input=OTHER_NFT)
        for tool in ("iptables-restore", "ip6tables-restore"):
            self.plant.output(tool, "-w", input=OTHER_IPTABLES,
                              env=self.tools.environment())
        return self.rules()

    def test_clients_elsewhere_are_served_under_their_own_address(self):
        server = self.serve()
        self.name_servers(server)
        for address in PLANT + PLANT_MORE + PLANT_BACK:
            self.assert_refused(self.hmi, address)
        self.add()
        for address in PLANT + PLANT_MORE + PLANT_BACK:
            client = self.assert_served(server, self.hmi, address)
            self.assertIn(client.rsplit(":", 1)[0].strip("[]"), HMI)
            self.assert_refused(self.hmi, address, 503)
        for address in PLANT_BACK:
            client = self.assert_served(server, self.plc, address)
            self.assertIn(client.rsplit(":", 1)[0].strip("[]"), PLC)
        self.redirect("remove")
        for address in PLANT + PLANT_MORE + PLANT_BACK:
            self.assert_refused(self.hmi, address)

    def test_clients_on_this_host_are_served(self):
        server = self.serve()
        self.name_servers(server)
        everything = LOOPBACK + PLANT + PLANT_MORE + PLANT_BACK
        for address in everything:
            self.assert_refused(self.plant, address)
        self.add()
        for address in everything:
            self.assert_served(server, self.plant, address)
            self.assert_refused(self.plant, address, 503)
        self.redirect("remove")
        for address in everything:
            self.assert_refused(self.plant, address)

    def test_port_502_of_other_hosts_is_left_alone(self):
        server = self.serve()
        self.name_servers(server)
        self.add()
        for address in PLC:
            self.assert_answers(self.plant, address, PLC_VALUE)
            self.assert_answers(self.hmi, address, PLC_VALUE)
        for address in HMI:  # where nobody listens
            self.assert_refused(self.plant, address)
            self.assert_refused(self.plc, address)

    def test_a_server_on_one_address_only_is_reached_by_it(self):
        listen = [show(address, 8502) for address in PLANT_MORE]
        server = self.serve("--listen", listen[0], "--listen", listen[1])
        server.host = PLANT_MORE[0]
        self.name_servers(server)
        self.add()
        for host in (self.hmi, self.plant):
            for address in PLANT_MORE:
                self.assert_served(server, host, address)
            for address in PLANT:
                self.assert_refused(host, address)

    def test_adding_again_and_removing_again_change_nothing(self):
        self.redirect("remove", wanted="port 502 is not redirected")
        self.add()
        once = self.rules()
        self.add(wanted="port 502 is redirected to port 8502 by "
                 + self.backend)
        self.assertEqual(self.rules(), once)
        self.redirect("remove")
        self.redirect("remove", wanted="port 502 is not redirected")
        self.assertEqual(self.own_lines(502), [])

    def test_other_rules_stay_as_they_are(self):
        others = self.others_rules()
        self.add()
        self.assertNotEqual(self.own_lines(502), [])
        with_ours = self.rules()
        self.add()
        self.assertEqual(self.rules(), with_ours)
        missing = [line for line in others.splitlines()
                   if line not in with_ours.splitlines()]
        self.assertEqual(missing, [])
        self.redirect("remove")
        self.assertEqual(self.rules(), others)
        self.redirect("remove")
        self.assertEqual(self.rules(), others)

    def test_it_works_beside_other_rules(self):
        self.others_rules()
        server = self.serve()
        self.name_servers(server)
        self.add()
        for port in (502, 1502, 5020):
            self.assert_served(server, self.hmi, PLANT[0], port)
        for address in LOOPBACK:
            self.assert_served(server, self.plant, address)

    def test_a_firewall_can_open_only_what_was_redirected(self):
        server = self.serve()
        self.name_servers(server)
        self.plant.output("nft", "-f", "-", input=FIREWALL_NFT)
        self.add()
        for address in PLANT:
            self.assert_served(server, self.hmi, address)
            self.assert_refused(self.hmi, address, 8502)
        self.plant.output("nft", "delete table inet firewall")
        self.plant.output("iptables-restore", "-w", "--noflush",
                          input=FIREWALL_IPTABLES,
                          env=self.tools.environment())
        self.assert_served(server, self.hmi, PLANT[0])
        self.assert_refused(self.hmi, PLANT[0], 8502)

    def test_ports_are_redirected_independently(self):
        one, two = self.serve(port=9000), self.serve(port=9001)
        for server in (one, two):
            self.dial(self.plant, "127.0.0.1", server.port).ask(
                write_single(6, 0, PLANT_VALUE))
        self.add("--from", "502", "--to", "9000")
        self.add("--from=5020", "--to=9001")
        for host in (self.hmi, self.plant):
            for address in PLANT:
                self.assert_served(one, host, address, 502)
                self.assert_served(two, host, address, 5020)
        self.redirect("remove")
        for address in PLANT:
            self.assert_refused(self.hmi, address, 502)
            self.assert_served(two, self.hmi, address, 5020)
        self.redirect("remove", "--from", "5020")
        self.assert_refused(self.hmi, PLANT[0], 5020)
        self.assertEqual(self.own_lines(5020) + self.own_lines(502), [])

    def test_it_can_be_pointed_elsewhere(self):
        server = self.serve(port=9000)
        self.name_servers(server)
        self.add()
        self.assert_refused(self.hmi, PLANT[0])
        self.add("--to", "9000")
        for address in PLANT:
            self.assert_served(server, self.hmi, address)
            self.assert_served(server, self.plant, address)
        self.redirect("remove")
        self.assertEqual(self.own_lines(502), [])

    def test_status_names_every_state(self):
        no = "port 502 is not redirected"
        yes = "port 502 is redirected to port %%d by %s" % self.backend
        part = "port 502 is redirected only in part by " + self.backend
        self.status(ok=False, v4=no, v6=no)
        untouched = self.rules()
        self.status(ok=False, v4=no, v6=no)
        self.assertEqual(self.rules(), untouched)
        self.add()
        self.status(ok=True, v4=yes % 8502, v6=yes % 8502)
        self.status("--backend", self.backend, ok=True,
                    v4=yes % 8502, v6=yes % 8502)
        self.status("--to", "8502", ok=True, v4=yes % 8502, v6=yes % 8502)
        self.status("--to", "9000", ok=False, v4=yes % 8502, v6=yes % 8502)
        other = "nft" if self.backend == "iptables" else "iptables"
        self.status("--backend", other, ok=False, v4=no, v6=no)
        self.status("--from", "50", ok=False, v4=no.replace("502", "50"),
                    v6=no.replace("502", "50"))
        self.add("--to", "9000")
        self.status(ok=True, v4=yes % 9000, v6=yes % 9000)
        self.spoil_ipv4()
        self.status(ok=False, v4=part, v6=self.spoilt_ipv6 or yes % 9000)
        self.add()
        self.status(ok=True, v4=yes % 8502, v6=yes % 8502)
        self.redirect("remove")
        self.status(ok=False, v4=no, v6=no)

    def test_the_other_backend_takes_over(self):
        other = "nft" if self.backend == "iptables" else "iptables"
        server = self.serve(port=9000)
        self.name_servers(server)
        self.redirect("add", "--backend", other)
        self.add("--to", "9000")
        for address in PLANT:
            self.assert_served(server, self.hmi, address)
            self.assert_served(server, self.plant, address)
        yes = "port 502 is redirected to port 9000 by " + self.backend
        self.status(ok=True, v4=yes, v6=yes)
        self.redirect("remove", "--backend", other)
        self.status(ok=True, v4=yes, v6=yes)

    def test_a_host_without_ipv6_has_the_rest(self):
        def without(action, **wanted):
            return self.redirect(
                action, "--backend", self.backend, **wanted, command=[
                    "unshare", "--mount", "sh", "-c",
                    'mount -t tmpfs none /proc/sys/net && exec "$@"', "sh"])

        server = self.serve()
        self.name_servers(server)
        without("status", status=1, wanted="IPv6: this host has none")
        without("add", wanted="notice: this host has no IPv6: redirecting "
                "IPv4 only")
        without("status", wanted="IPv4: port 502 is redirected to port 8502")
        self.status(ok=False, v6="port 502 is not redirected",
                    v4="port 502 is redirected to port 8502 by "
                    + self.backend)
        for host in (self.hmi, self.plant):
            self.assert_served(server, host, PLANT[0])
            self.assert_refused(host, PLANT[1])
        without("remove")
        self.assertEqual(self.own_lines(502), [])
        without("add")
        self.add()  # IPv6 has come
        self.assert_served(server, self.hmi, PLANT[1])
        self.redirect("remove")
        self.assertEqual(self.own_lines(502), [])


class Nft(Redirection, RedirectTest):
    """By nftables."""

    backend = "nft"
    spoilt_ipv6 = "port 502 is redirected only in part by nft"

    def spoil_ipv4(self):
        """Take one rule away, which was for both families."""
        self.plant.output("nft", "flush chain inet mbasyncserver_502 from_here")

    def test_an_error_of_nft_is_passed_on(self):
        self.tools.replace("nft", """
            case $1 in -f) echo "Error: no such luck" >&2; exit 1 ;; esac
            exec %s "$@"
            """ % shutil.which("nft"))
        self.add(status=EX_OSERR, wanted="Error: no such luck")
        self.status(ok=False, v4="port 502 is not redirected",
                    v6="port 502 is not redirected")

    def test_is_the_default(self):
        self.redirect("add", wanted="by nft")
        self.assertIn("table inet mbasyncserver_502", self.rules())

    def test_iptables_is_the_default_without_it(self):
        self.redirect("add", wanted="by iptables", command=hide("nft"))
        self.assertNotIn("table inet", self.rules())
        self.redirect("add", "--backend", "nft", status=EX_UNAVAILABLE,
                      wanted="install nftables", command=hide("nft"))

    def test_iptables_is_not_needed(self):
        self.tools.close()
        os.mkdir(self.tools.folder)
        hidden = hide("iptables", "iptables-legacy")
        self.redirect("add", wanted="by nft", command=hidden)
        self.redirect("status", command=hidden)
        self.redirect("add", "--backend", "iptables", status=EX_UNAVAILABLE,
                      wanted="install iptables", command=hidden)
        self.redirect("remove", command=hidden)
        for action in ("add", "status", "remove"):
            said = self.redirect(
                action, status=EX_UNAVAILABLE, wanted="install nftables",
                command=hide("iptables", "iptables-legacy", "nft"))
            self.assertEqual(said.count("\n"), 1)


class Arguments(RedirectTest):
    """Without any redirecting."""

    def test_bad_arguments_are_one_line_and_64(self):
        port = "expected a port from 1 to 65535"
        for arguments, wanted in (
                ([], "expected add, remove or status"),
                (["--from", "502"], "expected add, remove or status"),
                (["toggle"], "'toggle': expected add, remove or status"),
                (["add", "remove"], "'remove': one command is enough"),
                (["add", "--from", "0"], "--from '0': " + port),
                (["add", "--from", "65536"], "--from '65536': " + port),
                (["add", "--from", "99999999999999999999"], port),
                (["add", "--to", "-1"], "--to '-1': " + port),
                (["add", "--to", "85x"], "--to '85x': " + port),
                (["add", "--to", "08502"], "--to '08502': " + port),
                (["add", "--to", ""], "--to '': " + port),
                (["add", "--to="], "--to '': " + port),
                (["add", "--to", "1\n2\x07"], "--to '1 2?': " + port),
                (["add", "--to", "$(id)"], "--to '$(id)': " + port),
                (["add", "--to", "*"], "--to '*': " + port),
                (["add", "--to"], "--to: expected a value"),
                (["add", "--backend", "ipfw"],
                 "--backend 'ipfw': expected auto, nft or iptables"),
                (["add", "--backend", ""], "--backend ''"),
                (["add", "--frm", "502"], "'--frm': expected one of"),
                (["add", "--frm=502"], "'--frm': expected one of"),
                (["add", "-p"], "'-p': expected one of"),
                (["add", "--to", "502"], "--to '502': expected another port"),
                (["add", "--from", "8502"], "expected another port")):
            with self.subTest(arguments=arguments):
                for command in ([], NOBODY):
                    said = self.redirect(*arguments, status=EX_USAGE,
                                         wanted=wanted, command=command)
                    self.assertEqual(said.count("\n"), 1, said)
                    self.assertTrue(said.startswith("mbasyncserver-redirect:"))
        self.assertEqual(self.own_lines(502), [])

    def test_options_may_come_before_the_command(self):
        self.redirect("--from", "1", "--to=2", "status", status=1,
                      wanted="port 1 is not redirected")

    def test_only_root_may(self):
        for action in ("add", "remove", "status"):
            said = self.redirect(action, status=EX_NOPERM, command=NOBODY,
                                 wanted="only root")
            self.assertEqual(said.count("\n"), 1, said)

    def test_anyone_may_have_help(self):
        for option in ("-h", "--help"):
            for command in ([], NOBODY):
                self.redirect(option, command=command, wanted="Usage:")

    def test_root_without_the_capability_is_an_error(self):
        said = self.redirect("status", status=EX_OSERR, wanted="cannot look",
                             command=["setpriv", "--bounding-set=-all",
                                      "--inh-caps=-all"])
        self.assertIn("ermi", said)  # what the tool had to say


class Iptables(Redirection, RedirectTest):
    """By iptables, of either kind."""

    backend = "iptables"
    spoilt_ipv6 = None

    def spoil_ipv4(self):
        """Take one jump away."""
        self.plant.output("iptables", "-w", "-t", "nat", "-F", "OUTPUT",
                          env=self.tools.environment())

    def test_a_change_that_fails_half_way_is_reverted(self):
        def succeed(working):
            self.tools.replace("ip6tables-restore", "" if working else
                               "echo no such luck >&2; exit 1\n")
            if working:
                os.unlink(os.path.join(self.tools.folder, "ip6tables-restore"))
                os.symlink(shutil.which("ip6tables-%s-restore"
                                        % self.iptables),
                           os.path.join(self.tools.folder,
                                        "ip6tables-restore"))

        succeed(False)
        self.add(status=EX_OSERR, wanted="no such luck")
        self.assertEqual(self.own_lines(502), [])
        succeed(True)
        self.add("--to", "9000")
        rules = self.rules()
        succeed(False)
        self.add(status=EX_OSERR, wanted="no such luck")
        self.assertEqual(self.rules(), rules)

    def test_adding_again_moves_nothing(self):
        self.add()
        self.plant.output("iptables", "-w", *"-t nat -A PREROUTING -p tcp "
                          "-m tcp --dport 1502 -j RETURN".split(),
                          env=self.tools.environment())
        rules = self.rules()
        self.add()
        self.assertEqual(self.rules(), rules)

    def test_tables_of_the_other_iptables_do_not_matter(self):
        other = "nft" if self.iptables == "legacy" else "legacy"
        for tool in ("iptables-", "ip6tables-"):
            self.plant.output(tool + other, "-w", *"-t nat -A OUTPUT -p tcp "
                              "--dport 1502 -j RETURN".split())
        self.add()
        yes = "port 502 is redirected to port 8502 by iptables"
        self.status(ok=True, v4=yes, v6=yes)
        self.redirect("remove")
        self.assertEqual(self.own_lines(502), [])

    def test_ip6tables_that_cannot_is_no_obstacle(self):
        server = self.serve()
        self.name_servers(server)
        self.tools.replace("ip6tables", "echo no table nat >&2; exit 3\n")
        self.add(wanted="notice: no table nat: redirecting IPv4 only")
        self.assert_served(server, self.hmi, PLANT[0])
        self.assert_refused(self.hmi, PLANT[1])

    def test_jumps_that_were_doubled_are_made_one(self):
        self.add()
        rules = self.rules()
        self.plant.output(
            *"iptables -w -t nat -A OUTPUT -p tcp -m tcp --dport 502 -m "
            "addrtype --dst-type LOCAL -j MBASYNCSERVER-502".split(),
            env=self.tools.environment())
        self.assertNotEqual(self.rules(), rules)
        self.add()
        self.assertEqual(self.rules(), rules)


class IptablesLegacy(Iptables):
    """The same, by what is no more part of nftables."""

    iptables = "legacy"


NFT_PROBE = """
table inet probe {
	chain output {
		type nat hook output priority -100;
		fib daddr type local tcp dport 1 dnat to :2
	}
}
"""


def missing(tests):
    """What it takes to run them is not here: what is missing, or None."""
    if os.geteuid() != 0:
        return "needs root"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for tool in ("ip", "nft", "iptables-nft", "iptables-legacy", "setpriv",
                 "unshare"):
        if not shutil.which(tool):
            return "there is no " + tool
    if why := why_not():
        return why
    host = Host()
    try:
        done = host.run("unshare", "--mount", "true")
        if done.returncode != 0:  # as in a chroot, unless / is a mount point
            return "no mount namespaces: " + done.stderr.strip()
        done = host.run("nft", "-f", "-", input=NFT_PROBE)
        for tool in ("iptables", "ip6tables"):
            if done.returncode == 0:
                done = host.run("%s-%s" % (tool, tests[0].iptables), "-w",
                                *"-t nat -A OUTPUT -p tcp -m addrtype "
                                "--dst-type LOCAL -j DNAT --to-destination :2"
                                .split())
        if done.returncode != 0:
            return "the kernel lacks something: " + done.stderr.strip()
    finally:
        host.close()
    return None


GROUPS = {"nft": [Nft, Arguments], "iptables-nft": [Iptables],
          "iptables-legacy": [IptablesLegacy]}


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for case in GROUPS[GROUP]:
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    GROUP = sys.argv.pop(1)
    if what := missing(GROUPS[GROUP]):
        print("SKIPPED, the redirect is not tested: " + what)
        sys.exit(SKIPPED)
    harness.main()
