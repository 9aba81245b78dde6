"""HTTPS: --http-tls."""

import concurrent.futures
import contextlib
import functools
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from harness import (DEADLINE, has_ipv6, main, run_server, wait_for,
                     write_registers)
from still_clock import StillTest
from tls_plant import plant, tls_options
from web import CURL, NO_REPLY, READING, READING_FULL, TOKEN, Web, WebTest

BEARER = ("-H", "Authorization: Bearer " + TOKEN)


def files(name="server"):
    return ("--http-tls", "--tls-cert", plant().path(
        "chain" if name == "server" else name),
            "--tls-key", plant().path(name, "key"))


def in_time(test):
    """A test with sockets of its own: once more if it took so long that the
    server was right to close one."""
    @functools.wraps(test)
    def again(self):
        for left in (2, 1, 0):
            began = time.monotonic()
            try:
                test(self)
                return
            except (OSError, AssertionError):
                if left == 0 or time.monotonic() - began < READING:
                    raise
    return again


def context(**versions):
    """A client's, which trusts the plant."""
    made = ssl.create_default_context(cafile=plant().path("root"))
    for name, version in versions.items():
        setattr(made, name, version)
    return made


class SecureWeb(Web):
    """The HTTPS side of a running server."""

    no_reply = (*NO_REPLY, 35)  # closed in the handshake

    def __init__(self, server):  # pylint: disable=super-init-not-called
        self.server = server
        line = wait_for(lambda: server.log_lines(" http: https://"),
                        "its address")[0]
        self.port = int(re.search(r"https://\S+:(\d+)/", line).group(1))
        self.host = "localhost"
        self.url = "https://localhost:%d" % self.port

    def _ask(self, path, *arguments, **options):
        return super()._ask(path, "--ipv4", "--cacert", plant().path("root"),
                            *arguments, **options)

    def connect(self, receive_buffer=None, tls=True):
        """A socket, after the handshake."""
        sock = socket.socket()
        sock.settimeout(DEADLINE)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        sock.connect(("127.0.0.1", self.port))
        return context().wrap_socket(
            sock, server_hostname="localhost",
            suppress_ragged_eofs=False) if tls else sock


class HttpsTest(WebTest, StillTest):
    """Tests of a server that serves HTTPS. Its clock is slow: 10 s of its time,
    in which a request has to come, are many for clients, and what it may
    receive and send grows all the same."""

    SPEED, EVERY = 1 / 4, 0.05  # s

    def start(self, *arguments, **options):
        fresh = self.clock is None
        server = super().start(*arguments, **options)
        if fresh and self.clock:
            self.lock = threading.Lock()
            self.ended = threading.Event()
            ticks = threading.Thread(target=self._tick, daemon=True)
            ticks.start()
            # Before the clock is closed; servers are stopped before that.
            self.addCleanup(ticks.join)
            self.addCleanup(self.ended.set)
            self.addCleanup(self._stop_if_running, server)
        return server

    def _tick(self):
        while not self.ended.wait(self.EVERY):
            self.advance(self.EVERY * self.SPEED)

    def advance(self, duration):
        """So much of the server's time passes at once."""
        with self.lock:
            self.clock.advance(duration)

    def start_secure(self, *arguments, http="127.0.0.1:0", name="server",
                     **options):
        server = self.start("--http", http, *files(name), *arguments,
                            **options)
        return server, SecureWeb(server)

    def token(self):
        file = tempfile.NamedTemporaryFile("w", prefix="token")
        self.addCleanup(file.close)
        file.write(TOKEN + "\n")
        file.flush()
        return file.name


class Serving(HttpsTest):
    """What is served over HTTP, over TLS."""

    @in_time
    def test_page_api_metrics_and_events(self):
        server, web = self.start_secure("--http-write")
        page = web.curl("/")
        self.assertEqual(page.status, 200)
        self.assertIn(b"<!doctype html>", page.body)
        self.assertNotIn(b"http://localhost", page.body)
        self.assertEqual(web.write("registers", [7, 8]).status, 200)
        self.assertEqual(web.registers(0, 2), [7, 8])
        self.assertIn(b"mbasyncserver_build_info", web.curl("/metrics").body)
        with web.connect() as events:
            events.sendall(web.head())
            got = b""
            while b"event: changes" not in got:
                if b"event: status" in got:  # subscribed
                    self.connect(server).ask(write_registers(5, [1]))
                    got = got.replace(b"event: status", b"")
                more = events.recv(65536)
                self.assertNotEqual(more, b"")
                got += more

    @in_time
    def test_versions_and_ciphers(self):
        _, web = self.start_secure()
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with socket.create_connection(("127.0.0.1", web.port)) as raw:
                with context(minimum_version=version, maximum_version=version
                             ).wrap_socket(
                                 raw, server_hostname="localhost") as sock:
                    self.assertEqual(sock.version(), name)
                    self.assertRegex(sock.cipher()[0], "GCM|CHACHA20")
        done = subprocess.run(
            [*CURL, "-s", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0",
             "--cacert", plant().path("root"), web.url], check=False,
            stdout=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout), (35, b""))

    def test_large_bodies_both_ways(self):
        """As many registers as there are: 380 KB of JSON. Their records reach
        the rate limit in their midst."""
        _, web = self.start_secure("--http-write")
        for seed in range(6):
            values = [(i * 7919 + seed) % 65536 for i in range(65536)]
            self.assertGreater(len(json.dumps(values)), 380000)
            self.assertEqual(web.write("registers", values).status, 200)
            self.assertEqual(web.registers(0, 65536), values)

    @in_time
    def test_many_bodies_at_once(self):
        """The rate limit stops reading in the midst of many a record that is
        the last of a request. What is left of it is not forgotten: nobody is
        closed by a deadline."""
        _, web = self.start_secure("--http-write")
        body = json.dumps({"address": 0, "values": [54321] * 5000}).encode()
        request = web.head(
            "/api/registers", "PUT",
            "\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body)) + body

        def upload(_):
            with web.connect() as sock:
                for _ in range(20):
                    sock.sendall(request)
                    reply = b""
                    while not reply.endswith(b"}\n"):
                        more = sock.recv(65536)
                        self.assertNotEqual(more, b"")
                        reply += more
                    self.assertTrue(reply.startswith(b"HTTP/1.1 200 "), reply)

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for _ in pool.map(upload, range(16)):
                pass
        self.assertEqual(web.registers(4998, 3), [54321, 54321, 0])

    def test_the_whole_dump_by_each_version_of_http(self):
        server, web = self.start_secure()
        self.connect(server).ask(write_registers(100, [0x1234]))
        for version in ("1.0", "1.1"):
            dump = web.curl("/api/dump", "--http" + version).json()
            self.assertEqual(len(dump["registers"]), 65536)
            self.assertEqual(dump["registers"][100], 0x1234)

    @in_time
    def test_a_connection_ends_with_close_notify(self):
        """Or who has no length of the reply could not tell that it is whole."""
        _, web = self.start_secure()
        for request in (web.head("/healthz", end="\r\nConnection: close"
                                 "\r\n\r\n"), b"GET /healthz HTTP/1.0\r\n\r\n"):
            with web.connect() as sock:
                sock.sendall(request)
                got = b""
                while more := sock.recv(4096):  # else SSLEOFError
                    got += more
                self.assertTrue(got.endswith(b"ok\n"), got)

    @in_time
    def test_several_requests_on_a_connection(self):
        _, web = self.start_secure()
        with web.connect() as sock:
            for _ in range(50):
                sock.sendall(web.head("/healthz"))
                got = b""
                while not got.endswith(b"ok\n"):
                    more = sock.recv(4096)
                    self.assertNotEqual(more, b"")
                    got += more

    def test_over_ipv6(self):
        if not has_ipv6():
            self.skipTest("no IPv6")
        server = self.start("--http", "[::1]:0", *files())
        port = re.search(r"https://\[::1\]:(\d+)/: reading only",
                         server.log()).group(1)
        done = subprocess.run(
            [*CURL, "-s", "--cacert", plant().path("root"), "--resolve",
             "localhost:%s:[::1]" % port, "https://localhost:%s/healthz" % port],
            stdout=subprocess.PIPE, check=False)
        self.assertEqual(done.stdout, b"ok\n")


class Guarding(HttpsTest):
    """Who is served."""

    def test_http_without_tls_is_not_answered(self):
        server, web = self.start_secure()
        for request in (web.head("/"), b"GET / HTTP/1.0\r\n\r\n", b"x" * 5000):
            with web.connect(tls=False) as sock:
                sock.sendall(request)
                got = b""
                with contextlib.suppress(ConnectionResetError):
                    while more := sock.recv(4096):
                        got += more
                self.assertNotIn(b"HTTP/1", got)
                self.assertLess(len(got), 16)  # an alert at the most
        self.assertEqual(web.curl("/healthz").status, 200)
        self.assert_serves(server)

    def test_origins_are_of_https(self):
        _, web = self.start_secure("--http-write", "--http-host",
                                   "plc.example")
        value = {"address": 0, "values": [1]}
        for origin, status in (
                ("https://localhost:%d" % web.port, 200),
                ("http://localhost:%d" % web.port, 403),
                ("https://plc.example", 200), ("http://plc.example", 403),
                ("https://evil.example", 403)):
            self.assertEqual(web.put("/api/registers", value, "-H",
                                     "Origin: " + origin).status, status,
                             origin)

    def test_the_token(self):
        """Beyond loopback, too."""
        _, web = self.start_secure("--http-write", "--http-token",
                                   self.token(), http="0.0.0.0:0")
        self.assert_error(web.write("registers", [3]), 401, "Authorization")
        self.assertEqual(web.write("registers", [3], *BEARER).status, 200)
        self.assertEqual(web.registers(0, 1), [3])

    def test_what_is_missing_or_wrong_is_named(self):
        p = plant()
        for arguments, status, text in (
                (("--http", "0", "--http-tls"), 64,
                 "--http-tls: requires --tls-cert"),
                (files(), 64, "--http-tls: requires --http"),
                (("--http", "0", "--http-tls", "--tls-cert", p.path("chain"),
                  "--tls-key", p.path("operator", "key")), 78,
                 "start: --tls-key: \"%s\": is not the key of --tls-cert"
                 % p.path("operator", "key")),
                (("--http", "0", "--http-tls", "--tls-cert", "/nowhere",
                  "--tls-key", p.path("server", "key")), 78,
                 'start: --tls-cert: "/nowhere": No such file')):
            done = run_server("-p", "0", *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn(text, done.stderr)

    @in_time
    def test_beside_modbus_over_tls(self):
        """HTTPS asks nobody for a certificate, and Modbus still does."""
        server = self.start(*tls_options(), "--http", "127.0.0.1:0",
                            "--http-tls", listen=None, port=None)
        self.assertEqual(SecureWeb(server).curl("/healthz").status, 200)
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            with self.assertRaises(ssl.SSLError):
                with context().wrap_socket(
                        raw, server_hostname="localhost") as sock:
                    sock.recv(1)


class Busy(HttpsTest):
    """Clients that cost others nothing."""

    def test_forty_that_never_speak(self):
        """They hold up no Modbus client, and HTTPS for some seconds only: when
        all connections are taken, those are closed after one."""
        server, web = self.start_secure()
        modbus = self.connect(server)
        silent = [web.connect(tls=False) for _ in range(40)]
        try:
            modbus.ping(100)
            self.assertEqual(
                web.curl("/healthz", reading=READING_FULL).status, 200)
            modbus.ping(100)
        finally:
            for sock in silent:
                sock.close()

    def test_one_that_stops_in_its_handshake(self):
        _, web = self.start_secure()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context().wrap_bio(incoming, outgoing,
                                    server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        with web.connect(tls=False) as sock:
            sock.sendall(outgoing.read()[:100])
            self.assertEqual(web.curl("/healthz").status, 200)
            if self.clock:
                self.advance(READING + 1)
            self.assertEqual(sock.recv(1), b"")  # by the deadline

    @in_time
    def test_slow_readers(self):
        """Each gets the whole of it, a little at a time."""
        server, web = self.start_secure()
        modbus = self.connect(server)
        socks = [web.connect(receive_buffer=4096) for _ in range(8)]
        try:
            for sock in socks:
                sock.sendall(web.head("/api/dump", end="\r\nConnection: close"
                                      "\r\n\r\n"))
            got = [0] * len(socks)
            open_socks = dict(enumerate(socks))
            while open_socks:
                modbus.ping()
                for i, sock in list(open_socks.items()):
                    more = sock.recv(8192)
                    got[i] += len(more)
                    if more == b"":
                        del open_socks[i]
            self.assertEqual(len(set(got)), 1)
            self.assertGreater(got[0], 131072)
        finally:
            for sock in socks:
                sock.close()

    @in_time
    def test_descriptors_come_back(self):
        server, web = self.start_secure()
        self.assertEqual(web.curl("/healthz").status, 200)
        before = len(server.descriptors())
        for _ in range(20):
            web.connect().close()
            with contextlib.suppress(OSError):
                with web.connect(tls=False) as sock:
                    sock.sendall(b"junk" * 100)
                    sock.recv(100)
        self.assertEqual(web.curl("/healthz").status, 200)
        wait_for(lambda: len(server.descriptors()) <= before, "their end")


class Reloading(HttpsTest):
    """New connections get the new certificate, open ones go on."""

    def test_certificate_and_token(self):
        p = plant()
        p.issue("https_next", "/O=Plant/CN=next",
                "subjectAltName=DNS:localhost\n")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        paths = {}

        def put(name, text):
            paths[name] = os.path.join(folder.name, name)
            with open(paths[name] + ".new", "w") as file:
                file.write(text)
            os.chmod(paths[name] + ".new", 0o600)
            os.rename(paths[name] + ".new", paths[name])

        def key(name):
            with open(p.path(name, "key")) as file:
                return file.read()

        def shown():
            with web.connect() as sock:
                return sock.getpeercert()["subject"][-1][0][1]

        put("cert", p.read("chain"))
        put("key", key("server"))
        put("token", TOKEN + "\n")
        server = self.start(
            "--http", "127.0.0.1:0", "--http-tls", "--tls-cert", paths["cert"],
            "--tls-key", paths["key"], "--http-write", "--http-token",
            paths["token"], preexec_fn=os.setsid)
        web = SecureWeb(server)
        self.assertEqual(shown(), "server")
        self.assertEqual(web.write("registers", [1], *BEARER).status, 200)
        events = self.events(web, "", "--ipv4", "--cacert", p.path("root"))
        events.wait("status")
        put("cert", p.read("https_next"))
        put("key", key("https_next"))
        put("token", "another-another-another\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log_lines(
            "reload: certificates and the token of HTTP are in force"),
                 "the reload")
        self.assertEqual(shown(), "next")
        self.assertEqual(web.write("registers", [2], *BEARER).status, 401)
        new = ("-H", "Authorization: Bearer another-another-another")
        self.assertEqual(web.write("registers", [2], *new).status, 200)
        events.changes(lambda table: table)
        # Nothing has changed by one that fails.
        put("key", "")
        put("token", TOKEN + "\n")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log_lines("nothing has changed"), "it")
        self.assertEqual(shown(), "next")
        self.assertEqual(web.write("registers", [2], *BEARER).status, 401)


if __name__ == "__main__":
    main()
