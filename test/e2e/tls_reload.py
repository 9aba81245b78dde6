"""Reloads by SIGHUP: certificates, keys, issuers, revocation lists, roles and
the token of HTTP, all or nothing, while clients are connected."""

import os
import re
import shutil
import signal
import ssl
import tempfile
import types

from harness import (ILLEGAL_FUNCTION, PING, Client, adu, exception,
                     main, read, wait_for, write_single)
from tls_plant import (ROLES, TLS1_3, VERSIONS, Authority,
                       MemoryClient, TlsTest, client_context, plant)
from web import TOKEN

READ = bytes([3, 2, 0, 0])
WRITE = write_single(6, 1000, 0)  # what an operator may
IN_FORCE = "info reload: certificates, revocation lists and roles are in force"
NOTHING = "error reload: nothing has changed"


class ReloadTest(TlsTest):
    """Servers without a terminal, with files of their own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mbasyncserver-reload-")
        self.addCleanup(shutil.rmtree, self.folder)
        p = plant()
        self.files = {}
        for name, text in (("cert", p.read("server") + p.read("root")),
                           ("key", self.text(p.path("server", "key"))),
                           ("ca", p.read("root")), ("crl", p.revoked()),
                           ("roles", ROLES)):
            self.files[name] = os.path.join(self.folder, name)
            self.put(name, text)

    @staticmethod
    def text(path):
        with open(path) as file:
            return file.read()

    def put(self, name, text):
        """Replace a file at once, as one should."""
        path = self.files[name]
        with open(path + ".new", "w") as file:
            file.write(text)
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)

    def serve(self, *arguments, **options):
        return self.start_tls(*arguments, files=self.files,
                              preexec_fn=os.setsid, **options)

    def reload(self, server):
        """Reload. Returns the lines about it, without their time."""
        before = len(server.log_lines(" reload: "))

        def done():
            lines = [line[24:] for line in server.log_lines(" reload: ")]
            return [line for line in lines[before:]
                    if "in force" in line or "nothing has changed" in line
                    ] and lines[before:]

        server.process.send_signal(signal.SIGHUP)
        return wait_for(done, "the reload")

    def assert_good(self, client, pdu=PING, reply=READ):
        self.assertEqual(client.ask(pdu), reply)

    def assert_out(self, client):
        """No reply, but the server's close_notify, then EOF."""
        self.assertEqual(client.read(1), b"")


class AllOrNothing(ReloadTest):
    """One file that is wrong is enough."""

    def assert_refused(self, server, client, *expected):
        lines = self.reload(server)
        self.assertEqual(len(lines), len(expected) + 1, lines)
        for line, text in zip(lines, expected):
            self.assertIn("error reload: " + text, line)
        self.assertEqual(lines[-1], NOTHING)
        # As before: who was in is, and others come in, with their rights.
        self.assert_good(client, WRITE, WRITE)
        for name in ("historian", "operator"):
            with MemoryClient(server, name) as other:
                self.assert_good(other)

    def test_each_file(self):
        p = plant()
        other = Authority(p.folder, "reload_other")
        other.client("reload_stranger")
        server = self.serve()
        good = {name: self.text(path) for name, path in self.files.items()}
        with MemoryClient(server, "operator") as client:
            for name, text, expected in (
                    ("cert", "", '--tls-cert: "%s": '),
                    ("cert", p.read("operator"), '--tls-key: "%s": '),
                    ("key", "", '--tls-key: "%s": '),
                    ("key", self.text(p.path("operator", "key")),
                     '--tls-key: "%s": is not the key of --tls-cert'),
                    ("ca", "nonsense", '--tls-ca: "%s": '),
                    ("crl", good["ca"], '--tls-crl: "%s": '),
                    ("roles", "role Operator reed all\n",
                     '--roles: %s:1: "reed": expected read, write or quit'),
                    ("roles", "", '--roles: ')):
                with self.subTest(name, text=text[:20]):
                    self.put(name, text)
                    # All that can be valid beside it, and would be seen.
                    if name != "roles":
                        self.put("roles", "role Nobody read all\n")
                    if name not in ("ca", "crl"):
                        self.put("crl", p.revoked("operator"))
                    wrong = "key" if "tls-key" in expected else name
                    self.assert_refused(server, client, expected.replace(
                        "%s", self.files[wrong]))
                    for each, was in good.items():
                        self.put(each, was)
            os.unlink(self.files["ca"])
            self.put("roles", "role Operator\nfly\n")
            self.assert_refused(
                server, client,
                '--tls-ca: "%s": No such file' % self.files["ca"],
                "--roles: %s:2: " % self.files["roles"])
            self.put("ca", good["ca"])
            self.put("roles", good["roles"])
            self.assertEqual(self.reload(server), [IN_FORCE])
            self.assert_good(client, WRITE, WRITE)

    def test_a_list_that_has_passed(self):
        """It would throw everybody out."""
        server = self.serve()
        with MemoryClient(server, "operator") as client:
            self.put("crl", plant().revoked(passed=True))
            self.put("roles", "role Nobody read all\n")
            self.assert_refused(
                server, client, '--tls-crl: "%s": the list of CN=root,O=Plant '
                'has expired: 2020-02-01T00:00:00Z' % self.files["crl"])

    def test_the_token_of_http(self):
        path = os.path.join(self.folder, "token")
        self.files["token"] = path
        self.put("token", TOKEN + "\n")
        files = dict(self.files)
        del self.files["token"]
        server = self.serve("--http", "127.0.0.1:0", "--http-write",
                            "--http-token", path)
        self.files = files
        with MemoryClient(server, "operator") as client:
            self.put("token", "short\n")
            self.put("roles", "role Nobody read all\n")
            self.assert_refused(server, client,
                                '--http-token: "%s": expected a line' % path)
            self.put("token", "another-another-another\n")
            self.put("roles", "role Nobody reed all\n")
            self.assert_refused(server, client, "--roles: ")
            self.put("roles", ROLES)
            self.assertIn("are in force", self.reload(server)[-1])


class Clients(ReloadTest):
    """Who is connected."""

    def test_who_is_revoked_is_closed_and_the_others_stay(self):
        p = plant()
        p.client("reload_bad", "/O=Plant/CN=Lost laptop", role="Operator")
        server = self.serve("-p", "0")
        without_tls = types.SimpleNamespace(host="127.0.0.1",
                                            port=server.port)
        server.port = int(re.search(r":(\d+): TLS", server.log()).group(1))
        for count, version in enumerate(VERSIONS, 1):
            with MemoryClient(server, "operator", version) as good, \
                    MemoryClient(server, "reload_bad", version) as bad, \
                    Client(without_tls) as plain:
                self.assert_good(good)
                self.assert_good(bad, WRITE, WRITE)
                plain.ping()
                self.put("crl", p.revoked("reload_bad"))
                self.assertIn(IN_FORCE, self.reload(server))
                self.assert_out(bad)
                bad.send(bad.close_notify())
                bad.close()
                self.assert_good(good, WRITE, WRITE)
                plain.ping()
                wait_for(lambda n=count: len(
                    [line for line in server.log_lines() if re.search(
                        r"warn disconnect: 127\.0\.0\.1:\d+: "
                        r"CN=Lost laptop,O=Plant: certificate no longer good: "
                        r"certificate revoked, \d+\.\d{3} s, 1 requests$",
                        line)]) == n, "a line")
                with self.assertRaises((ssl.SSLError, AssertionError)):
                    with MemoryClient(server, "reload_bad", version) as again:
                        again.ask(PING)
                self.put("crl", p.revoked())
                self.assertIn(IN_FORCE, self.reload(server))

    def test_many_are_asked_in_steps(self):
        """More than in a turn, some of them bad, and one in a handshake that
        ends after the reload."""
        p = plant()
        p.client("reload_many", role="Operator")
        server = self.serve()
        contexts = {name: client_context(name)
                    for name in ("operator", "reload_many")}
        clients = []
        try:
            for i in range(130):
                name = "reload_many" if i % 3 == 0 else "operator"
                clients.append((name, MemoryClient(
                    server, context=contexts[name])))
                self.assert_good(clients[-1][1])
            late = MemoryClient(server, "reload_many", TLS1_3,
                                shake_hands=False)
            clients.append(("late", late))
            flight = late.shake_hands()
            self.put("crl", p.revoked("reload_many"))
            self.assertIn(IN_FORCE, self.reload(server))
            for name, client in clients[:-1]:
                if name == "operator":
                    self.assert_good(client)
                else:
                    self.assert_out(client)
            late.send(flight)
            self.assert_out(late)
        finally:
            for _, client in clients:
                client.close()
        wait_for(lambda: server.log_lines("no handshake: "), "a line")
        self.assertIn("certificate revoked",
                      server.log_lines("no handshake: ")[0])

    def test_another_issuer(self):
        """Who has a certificate of the one before is out."""
        p = plant()
        other = Authority(p.folder, "reload_root")
        other.client("reload_newcomer", role="Operator")
        server = self.serve()
        with MemoryClient(server, "operator") as client:
            self.assert_good(client)
            self.put("ca", p.read("root") + other.read("reload_root"))
            self.put("crl", p.revoked() + other.revoked())
            self.assertIn(IN_FORCE, self.reload(server))
            with MemoryClient(server, "reload_newcomer") as newcomer:
                self.assert_good(newcomer)
                self.assert_good(client)
                self.put("ca", other.read("reload_root"))
                self.assertIn(IN_FORCE, self.reload(server))
                self.assert_out(client)
                self.assert_good(newcomer)

    def test_no_session_is_resumed_after_it(self):
        server = self.serve()
        context = client_context("operator", TLS1_3)
        with MemoryClient(server, context=context) as client:
            self.assert_good(client)
            session = client.ssl.session
        with MemoryClient(server, context=context, session=session) as client:
            self.assert_good(client)
            self.assertTrue(client.ssl.session_reused)
            session = client.ssl.session
        self.assertIn(IN_FORCE, self.reload(server))
        with MemoryClient(server, context=context, session=session) as client:
            self.assert_good(client)
            self.assertFalse(client.ssl.session_reused)

    def test_roles_hold_from_the_next_request_on(self):
        server = self.serve()
        refused = exception(6, ILLEGAL_FUNCTION)
        with MemoryClient(server, "operator") as client:
            self.assert_good(client, WRITE, WRITE)
            self.put("roles", "role Operator read all\n")
            self.assertIn(IN_FORCE, self.reload(server))
            self.assert_good(client, WRITE, refused)
            self.assert_good(client)
            self.put("roles", "role Nobody read all\n")
            self.assertIn(IN_FORCE, self.reload(server))
            self.assert_good(client, PING, exception(3, ILLEGAL_FUNCTION))
            self.put("roles", ROLES)
            self.assertIn(IN_FORCE, self.reload(server))
            self.assert_good(client, WRITE, WRITE)

    def test_one_that_never_reads_is_out_too(self):
        """Whatever it is owed, it is served no more."""
        p = plant()
        p.client("reload_deaf", role="Operator")
        server = self.serve()
        with MemoryClient(server, "reload_deaf", receive_buffer=4096) as deaf, \
                MemoryClient(server, "operator") as other:
            records = b"".join(deaf.records(adu(read(3, 0, 125)) * 1000)
                               for _ in range(20))
            deaf.socket.setblocking(False)
            refused = 0
            while records and refused < 3:
                try:
                    records = records[deaf.socket.send(records):]
                    refused = 0
                except BlockingIOError:
                    refused += 1
                    for _ in range(20):
                        self.assert_good(other)
            self.put("crl", p.revoked("reload_deaf"))
            self.assertIn(IN_FORCE, self.reload(server))
            self.assert_good(other)
            if not self.clock:
                self.skipTest("there is no library that shifts clocks")
            wait_for(lambda: self.clock.advance(10) or server.log_lines(
                "no longer good: certificate revoked"), "its end")
            self.assert_good(other)


class Certificates(ReloadTest):
    """The server's own."""

    def seen(self, server):
        """The certificate that a new client is shown."""
        with MemoryClient(server, "operator") as client:
            return client.ssl.getpeercert()["subject"][-1][0][1]

    def test_a_new_one_is_shown_to_who_comes_next(self):
        p = plant()
        p.issue("reload_server", "/O=Plant/CN=renewed",
                "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        server = self.serve()
        self.assertEqual(self.seen(server), "server")
        with MemoryClient(server, "operator") as client:
            self.put("cert", p.read("reload_server") + p.read("root"))
            self.put("key", self.text(p.path("reload_server", "key")))
            self.assertIn(IN_FORCE, self.reload(server))
            self.assertEqual(self.seen(server), "renewed")
            self.assert_good(client)

    def test_warnings_come_again_with_it_and_once_a_day(self):
        p = plant()
        p.issue("reload_short", "/O=Plant/CN=short",
                "subjectAltName=DNS:localhost\n", days="10")
        self.put("cert", p.read("reload_short") + p.read("root"))
        self.put("key", self.text(p.path("reload_short", "key")))
        server = self.serve()
        text = "warn tls: --tls-cert: \"%s\": the certificate expires in " \
            "less than 30 days: " % self.files["cert"]
        self.assertEqual(len(server.log_lines(text)), 1)
        self.reload(server)
        self.assertEqual(len(server.log_lines(text)), 2)
        if not self.clock:
            self.skipTest("there is no library that shifts clocks")
        for count in (3, 4):
            self.clock.advance(24 * 3600 + 10)
            wait_for(lambda n=count: len(server.log_lines(text)) == n,
                     "a warning")
        self.assertEqual(len(server.log_lines(text)), 4)


class Signals(ReloadTest):
    """Which SIGHUP is a reload."""

    def test_many_at_once(self):
        server = self.serve()
        with MemoryClient(server, "operator") as client:
            before = server.descriptors()
            for _ in range(200):
                server.process.send_signal(signal.SIGHUP)
            self.assertIn(IN_FORCE, self.reload(server))
            self.assert_good(client)
            # The last one of them may still be under way.
            wait_for(lambda: server.descriptors() == before,
                     "the descriptors from before")

    def test_one_that_is_ignored(self):
        server = self.start_tls(files=self.files, preexec_fn=lambda: (
            os.setsid(), signal.signal(signal.SIGHUP, signal.SIG_IGN)))
        self.put("roles", "role Nobody read all\n")
        server.process.send_signal(signal.SIGHUP)
        with MemoryClient(server, "operator") as client:
            self.assert_good(client)
        self.assertEqual(server.log_lines("reload: "), [])


if __name__ == "__main__":
    main()
