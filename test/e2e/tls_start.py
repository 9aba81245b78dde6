"""The options of Modbus/TCP Security: what they need, what is wrong with their
files, and where the server then listens."""

import os
import re
import socket

from harness import (PING, Client, exception, has_ipv6, main, run_server,
                     wait_for)
from tls_plant import (MemoryClient, TlsTest, openssl, plant, tls_options)

USAGE, CONFIG = 64, 78


def path(name, text):
    """A file of the plant with this text."""
    where = plant().path(name, "bad")
    with open(where, "w") as file:
        file.write(text)
    return where


class Partners(TlsTest):

    def assert_usage(self, arguments, expected):
        done = run_server(*arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (USAGE, "", "mbasyncserver: %s\n" % expected))

    def test_each_that_is_missing_is_named(self):
        for name in ("cert", "key", "ca", "roles"):
            option = "--roles" if name == "roles" else "--tls-" + name
            with self.subTest(name):
                self.assert_usage(tls_options(**{name: None}),
                                  "--tls: requires " + option)

    def test_none_is_of_use_without_tls(self):
        for name in ("--tls-cert", "--tls-key", "--tls-ca", "--tls-crl",
                     "--roles"):
            with self.subTest(name):
                also = " or --http-tls" if name in (
                    "--tls-cert", "--tls-key") else ""
                self.assert_usage([name, "x"],
                                  name + ": requires --tls" + also)


class Files(TlsTest):
    """Each that is wrong is refused at once, with a line that names option,
    file and reason."""

    def assert_refused(self, expected, **files):
        done = run_server(*tls_options(**files))
        self.assertEqual(done.returncode, CONFIG, done.stderr)
        lines = [line for line in done.stderr.splitlines() if "error" in line]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], r"error start: " + expected + "$")
        # --check says the same.
        done = run_server(*tls_options(**files), "--check")
        self.assertEqual(done.returncode, CONFIG)
        self.assertRegex(done.stderr, "^" + expected + "\n$")

    def test_missing_empty_and_of_another_kind(self):
        empty = path("empty", "")
        for name, option in (("cert", "--tls-cert"), ("key", "--tls-key"),
                             ("ca", "--tls-ca"), ("crl", "--tls-crl")):
            other = plant().path("root" if name != "cert" and name != "ca"
                                 else "server", "key")
            if name == "key":
                other = path("key_like", plant().read("root"))
                os.chmod(other, 0o600)
                os.chmod(empty, 0o600)
            with self.subTest(name):
                self.assert_refused(
                    '%s: "/nowhere/x": No such file or directory' % option,
                    **{name: "/nowhere/x"})
                self.assert_refused('%s: "%s": .+' % (
                    option, re.escape(empty)), **{name: empty})
                self.assert_refused('%s: "%s": .+' % (
                    option, re.escape(other)), **{name: other})

    def test_a_key_of_another_certificate(self):
        self.assert_refused('--tls-key: "%s": is not the key of --tls-cert'
                            % re.escape(plant().path("operator", "key")),
                            key=plant().path("operator", "key"))

    def test_an_encrypted_key_is_never_asked_about(self):
        locked = plant().path("locked", "key")
        openssl("pkey", "-in", plant().path("server", "key"), "-aes128",
                "-passout", "pass:secret", "-out", locked)
        os.chmod(locked, 0o600)
        self.assert_refused(
            '--tls-key: "%s": the key is encrypted: expected one without a '
            "passphrase" % re.escape(locked), key=locked)

    def test_a_key_that_others_can_read(self):
        open_key = path("open", plant().read("server"))
        with open(plant().path("server", "key")) as key, \
                open(open_key, "w") as file:
            file.write(key.read())
        os.chmod(open_key, 0o644)
        self.assert_refused(
            '--tls-key: "%s": expected a file that others can neither read '
            r"nor write \(chmod 600\)" % re.escape(open_key), key=open_key)
        os.chmod(open_key, 0o640)  # as Debian's group ssl-cert has it
        self.start_tls(files={"key": open_key})

    def test_a_roles_file_that_is_wrong_in_one_line(self):
        for text, expected in (
                ("# x\n\nrole A raed all\n",
                 r'%s:3: "raed": expected read, write or quit'),
                ("role A read registers:5-4\n",
                 r'%s:1: "registers:5-4": expected all, .+'),
                ("role A read\n", r'%s:1: "read": expected .+')):
            roles = path("roles", text)
            with self.subTest(text):
                self.assert_refused("--roles: " + expected % re.escape(roles),
                                    roles=roles)

    def test_an_own_certificate_that_has_ended_is_a_warning(self):
        p = plant()
        p.issue("ended", "/O=Plant/CN=ended", "", not_before="20200101000000Z",
                not_after="20210101000000Z")
        server = self.start_tls(files={"cert": p.path("ended"),
                                       "key": p.path("ended", "key")})
        self.assertTrue(server.log_lines(" warn tls: --tls-cert: "))

    def test_a_chain_without_its_root_is_a_warning(self):
        server = self.start_tls(files={"cert": plant().path("server")})
        self.assertTrue(server.log_lines(" warn tls: --tls-cert: "))
        self.assertFalse(self.start_tls().log_lines(" warn "))


class Listening(TlsTest):

    def tls_port(self, server, number=-1):
        lines = server.log_lines(": TLS")
        return int(re.search(r":(\d+): TLS$", lines[number]).group(1))

    def test_tls_alone_serves_no_plain_tcp(self):
        server = self.start_tls()
        self.assertEqual(len(server.log_lines("listen: ")), 1)
        self.assertEqual(server.log_lines("listen: 127.0.0.1:%d: TLS"
                                          % server.port),
                         server.log_lines("listen: "))
        self.assertEqual(server.log_lines(" warn "), [])
        with MemoryClient(server) as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))
        with Client(server) as plain:
            plain.send(b"\0\1\0\0\0\6\1\3\0\0\0\1")
            plain.expect_eof()
        wait_for(lambda: server.log_lines("this is not TLS"), "a line")

    def test_both_are_served_with_one_warning(self):
        server = self.start(*tls_options())
        self.assertEqual(len(server.log_lines(" warn listen: plain TCP ")), 1)
        self.assert_serves(server)
        server.port = self.tls_port(server)
        with MemoryClient(server) as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))

    def test_a_port_alone_is_on_every_address(self):
        server = self.start_tls(address="0")
        port = self.tls_port(server)
        with MemoryClient(server) as client:
            client.ask(PING)
        if has_ipv6():
            with socket.create_connection(("::1", port)):
                pass

    def test_several_addresses_share_the_port_that_is_chosen(self):
        server = self.start_tls("--tls", "127.0.0.2:0", "--tls",
                                "127.0.0.3:0")
        self.assertEqual({self.tls_port(server, i) for i in range(3)},
                         {server.port})

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            done = run_server(*tls_options("127.0.0.1:%d" % port))
        self.assertEqual(done.returncode, 75)
        self.assertIn("error listen: 127.0.0.1:%d: " % port, done.stderr)


class Plain(TlsTest):
    """Clients without TLS, where there is a roles file."""

    def test_they_may_do_all_unless_a_line_says_what(self):
        server = self.start(*tls_options())
        write = bytes([6, 0, 1, 0, 7])
        with Client(server) as client:
            self.assertEqual(client.ask(write), write)
        roles = path("plain", "role A\nplain read all\n")
        server = self.start(*tls_options(roles=roles))
        with Client(server) as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))
            self.assertEqual(client.ask(write), exception(6, 1))


class Sockets(TlsTest):
    """Of the service manager."""

    def activate(self, names, *arguments, **files):
        """A server with sockets of these names; their ports."""
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
        for s in sockets:
            self.addCleanup(s.close)
        fds = [s.fileno() for s in sockets]
        # A shell puts them where the manager would, and its pid is the
        # server's.
        script = ("exec %s; LISTEN_FDS=%d LISTEN_PID=$$ LISTEN_FDNAMES=%s "
                  'exec "$@"' % (" ".join(
                      "%d<&%d" % (3 + i, fd + 100)
                      for i, fd in enumerate(fds)), len(fds),
                      ":".join(names)))
        high = []
        for fd in fds:
            os.dup2(fd, fd + 100, inheritable=True)
            high.append(fd + 100)
        try:
            server = self.start(*tls_options(**files), *arguments,
                                listen=None, port=None, pass_fds=high,
                                command=["bash", "-c", script, "bash"])
        finally:
            for fd in high:
                os.close(fd)
        return server, [s.getsockname()[1] for s in sockets]

    def test_those_named_mbaps_serve_tls(self):
        server, ports = self.activate(["modbus", "mbaps"])
        server.port = ports[0]
        self.assert_serves(server)
        server.port = ports[1]
        with MemoryClient(server) as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))
        self.assertTrue(server.log_lines(" warn listen: plain TCP "))

    def test_without_one_the_log_says_so(self):
        server, _ = self.activate(["modbus"])
        self.assertTrue(server.log_lines(
            " warn listen: no socket is named mbaps: TLS is not served"))




if __name__ == "__main__":
    main()
