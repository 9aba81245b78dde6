"""A plant to redirect in: what the tests in redirect.py share.

Three hosts. The plant runs the server, as a user without any right, on port
8502; an HMI is beside it; behind it, reached through it, is a PLC that has its
own port 502.

    hmi 192.0.2.2 --- 192.0.2.1 plant 198.51.100.1 --- 198.51.100.2 plc
"""

import os
import re
import shutil
import tempfile
import types

import harness
from harness import Client, ServerTest, read, write_single
from hosts import Host, connect

SCRIPT = os.environ.get("REDIRECT", "")
BUILT = harness.BINARY
EX_USAGE, EX_UNAVAILABLE, EX_OSERR, EX_NOPERM = 64, 69, 71, 77

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
          "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]

HMI = ["192.0.2.2", "2001:db8:1::2"]
PLANT = ["192.0.2.1", "2001:db8:1::1"]
PLANT_MORE = ["192.0.2.9", "2001:db8:1::9"]  # second addresses
PLANT_BACK = ["198.51.100.1", "2001:db8:2::1"]  # towards the PLC
PLC = ["198.51.100.2", "2001:db8:2::2"]
LOOPBACK = ["127.0.0.1", "127.0.1.1", "::1"]

PLANT_VALUE, PLC_VALUE = 1111, 2222  # what register 0 says of who answers


def show(address, port):
    """As the log writes it."""
    return ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)


class Tools:
    """A folder to begin PATH with, in which iptables is the one to test."""

    def __init__(self, iptables):
        self.folder = tempfile.mkdtemp()
        for tool in ("iptables", "ip6tables"):
            for what in ("", "-save", "-restore"):
                os.symlink(shutil.which("%s-%s%s" % (tool, iptables, what)),
                           os.path.join(self.folder, tool + what))

    def environment(self):
        """Of a program that uses these tools."""
        return dict(os.environ, LC_ALL="C",
                    PATH="%s:%s" % (self.folder, os.environ["PATH"]))

    def replace(self, tool, script):
        """Have a shell script in place of a tool."""
        path = os.path.join(self.folder, tool)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)

    def close(self):
        shutil.rmtree(self.folder)


class RedirectTest(ServerTest):
    """The three hosts, and one way to redirect."""

    backend = "nft"
    iptables = "nft"  # which iptables

    @classmethod
    def setUpClass(cls):
        # The user who runs the server may have no way to where it was built.
        cls.folder = tempfile.mkdtemp()
        os.chmod(cls.folder, 0o755)
        harness.BINARY = shutil.copy(BUILT, cls.folder)
        cls.script = shutil.copy(SCRIPT, os.path.join(
            cls.folder, "mbasyncserver-redirect"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def setUp(self):
        self.tools = Tools(self.iptables)
        self.addCleanup(self.tools.close)
        self.hmi, self.plant, self.plc = Host(), Host(), Host()
        for host in (self.hmi, self.plant, self.plc):
            self.addCleanup(host.close)
        connect(self.hmi, "eth0", self.plant, "eth0")
        connect(self.plant, "eth1", self.plc, "eth0")
        for host, interface, addresses in (
                (self.hmi, "eth0", HMI), (self.plant, "eth0", PLANT),
                (self.plant, "eth0", PLANT_MORE),
                (self.plant, "eth1", PLANT_BACK), (self.plc, "eth0", PLC)):
            host.address(interface, addresses[0] + "/24")
            host.address(interface, addresses[1] + "/64")
        for host, gateway in ((self.hmi, PLANT), (self.plc, PLANT_BACK)):
            for address in gateway:
                host.ip("route add default via " + address)
        self.plant.forward()

    # What the tests do.

    def serve(self, *arguments, port=8502):
        """The server of the plant, which says who it is."""
        with self.plant:
            server = self.start(*arguments, listen=None, port=port,
                                command=NOBODY)
        with open("/proc/%d/status" % server.pid) as status:
            self.assertRegex(status.read(), r"Uid:\t65534\t65534")
        return server

    def redirect(self, *arguments, status=0, command=(), wanted=""):
        """Run the script on the plant, with its outcome as expected: what it
        wrote."""
        done = self.plant.run(*command, self.script, *arguments,
                              env=self.tools.environment())
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, said)
        self.assertIn(wanted, said)
        if status >= EX_USAGE:
            self.assertEqual(done.stdout, "")
        return said

    def add(self, *arguments, **options):
        return self.redirect("add", "--backend", self.backend, *arguments,
                             **options)

    def dial(self, host, address, port=502):
        """A client on a host, connected to an address."""
        with host:
            client = Client(types.SimpleNamespace(host=address, port=port))
        self.addCleanup(client.close)
        return client

    def assert_answers(self, host, address, value, port=502):
        """Who answers there is known by the value of register 0. Returns the
        client's own address, in the log's form."""
        client = self.dial(host, address, port)
        self.assertEqual(client.ask(read(3, 0, 1)),
                         bytes([3, 2]) + value.to_bytes(2, "big"),
                         "by " + address)
        return show(*client.socket.getsockname()[:2])

    def assert_served(self, server, host, address, port=502):
        """The plant answers, and knows who the client is."""
        client = self.assert_answers(host, address, PLANT_VALUE, port)
        self.assertEqual(
            len(server.log_lines("info connect: %s" % client)), 1, client)
        return client

    def assert_refused(self, host, address, port=502):
        with self.assertRaises(ConnectionRefusedError):
            self.dial(host, address, port)

    def name_servers(self, server):
        """Write who it is into the table of the plant's server, and start one
        of the PLC."""
        client = self.dial(self.plant, server.host, server.port)
        client.ask(write_single(6, 0, PLANT_VALUE))
        with self.plc:
            self.start(listen=None, port=502)
        self.dial(self.plc, "127.0.0.1").ask(write_single(6, 0, PLC_VALUE))

    def status(self, *arguments, ok, **wanted):
        """Check the line of each family and the exit status."""
        said = self.redirect("status", *arguments, status=0 if ok else 1)
        lines = dict(line.split(": ", 1) for line in said.splitlines())
        self.assertEqual(lines, {"IPv4": wanted["v4"], "IPv6": wanted["v6"]})

    def rules(self):
        """All rules of the plant, as its administrator sees them, but for
        comments, which tell the time, and counts of packets."""
        env = self.tools.environment()
        return "\n".join(
            re.sub(r"(?m)^#.*\n| \[\d+:\d+\]$", "",
                   self.plant.output(*command, env=env))
            for command in (["nft", "list", "ruleset"], ["iptables-save"],
                            ["ip6tables-save"]))

    def own_lines(self, port):
        """Lines of rules that are ours, of this port."""
        own = re.compile(r"(mbasyncserver_|MBASYNCSERVER-)%d\b|dnat to|DNAT"
                         % port)
        return [line for line in self.rules().splitlines()
                if own.search(line)]


def hide(*tools):
    """A command in front of another that finds no such tools."""
    masks = ["mount --bind /dev/null '%s'" % os.path.realpath(
        shutil.which(tool)) for tool in tools]
    return ["unshare", "--mount", "sh", "-c",
            " && ".join(masks + ['exec "$@"']), "sh"]
