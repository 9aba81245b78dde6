"""What /metrics says of Modbus/TCP Security."""

import calendar
import os
import re
import socket
import ssl
import subprocess
import tempfile
import time

from harness import (DEADLINE, PING, exception, main, read, wait_for,
                     write_single)
from still_clock import StillClock
from tls_plant import (TLS1_2, Authority, MemoryClient, TlsClient, TlsTest,
                       client_context, openssl, plant)
from web import Web

CERTIFICATES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "..", "..", "scripts", "test-certificates")
RESULTS = {"done", "resumed", "no_certificate", "expired", "revoked",
           "unknown_ca", "version", "late", "other"}


class Metrics(TlsTest):

    def start_web(self, *arguments, **options):
        server = self.start_tls("--http", "0", *arguments, **options)
        return server, Web(server)

    def samples(self, web):
        """All about TLS and roles: name with labels to value. So that HTTP may
        send so much, a little time passes."""
        if self.clock:
            self.clock.advance(0.05)
        return {name: float(value) for name, value in re.findall(
            r"^mbasyncserver_((?:tls|role)_\S+) (\S+)$",
            web.curl("/metrics").body.decode(), re.MULTILINE)}

    def handshakes(self, web):
        """Results of handshakes, without those that nobody had."""
        return {name.split('"')[1]: value
                for name, value in self.samples(web).items()
                if name.startswith("tls_handshakes_total{") and value > 0}

    def wait_for_handshakes(self, web, **expected):
        wait_for(lambda: self.handshakes(web) == expected,
                 "handshakes %s" % expected)

    def refuse(self, server, **options):
        """A client that is refused, and reads to the end."""
        with MemoryClient(server, shake_hands=False, **options) as client:
            try:
                client.send(client.shake_hands())
                client.raw_rest()
            except (ssl.SSLError, OSError, AssertionError):
                pass

    def test_without_tls_there_are_none(self):
        server = self.start("--http", "0")
        self.assertEqual(self.samples(Web(server)), {})

    def test_results_are_there_before_they_happen(self):
        _, web = self.start_web()
        found = self.samples(web)
        for result in RESULTS:
            self.assertEqual(
                found.pop('tls_handshakes_total{result="%s"}' % result), 0)
        self.assertEqual(
            set(found), {"tls_handshakes_waiting", "tls_connections",
                         "role_refusals_total",
                         "tls_certificate_expiry_timestamp_seconds"})

    def test_handshakes_are_counted_by_result(self):
        p = plant()
        other = Authority(p.folder, "elsewhere")
        other.client("foreign", role="Operator")
        p.client("ended", role="Operator", not_before="20200101000000Z",
                 not_after="20210101000000Z")
        p.client("to_come", role="Operator", not_before="20900101000000Z",
                 not_after="20910101000000Z")
        p.client("server_only", role="Operator", usage="serverAuth")
        server, web = self.start_web()
        expected = {}
        for name, result in ((None, "no_certificate"), ("ended", "expired"),
                             ("foreign", "unknown_ca"), ("to_come", "other"),
                             ("server_only", "other")):
            with self.subTest(name):
                self.refuse(server, name=name, version=TLS1_2)
                expected[result] = expected.get(result, 0) + 1
                self.wait_for_handshakes(web, **expected)
        with MemoryClient(server, shake_hands=False) as old:
            old.send(b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01" + bytes(32)
                     + b"\x00\x00\x02\x00\x2f\x01\x00")
            old.raw_rest()
        self.wait_for_handshakes(web, version=1, **expected)

    def test_done_and_resumed(self):
        server, web = self.start_web()
        context = client_context(version=TLS1_2)
        with TlsClient(server, context=context) as first:
            first.ping()
            session = first.socket.session
            self.assertEqual(self.samples(web)["tls_connections"], 1)
            with TlsClient(server, context=context, session=session) as again:
                again.ping()
                self.assertTrue(again.socket.session_reused)
                self.assertEqual(self.samples(web)["tls_connections"], 2)
        self.wait_for_handshakes(web, done=1, resumed=1)
        wait_for(lambda: self.samples(web)["tls_connections"] == 0,
                 "both gone")

    def test_who_says_nothing_waits_and_is_late(self):
        if not StillClock.LIBRARY:
            self.skipTest("no library that sets clocks")
        server, web = self.start_web()
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.settimeout(DEADLINE)
            wait_for(lambda: self.samples(web)["tls_handshakes_waiting"] == 1,
                     "a client that waits")
            self.assertEqual(self.handshakes(web), {})
            self.clock.advance(11)
            self.assertEqual(silent.recv(1), b"")
        self.wait_for_handshakes(web, late=1)
        self.assertEqual(self.samples(web)["tls_handshakes_waiting"], 0)

    def test_refusals_of_roles(self):
        server, web = self.start_web()
        with TlsClient(server, "historian") as client:
            client.ask(PING)
            self.assertEqual(self.samples(web)["role_refusals_total"], 0)
            # The function, and then the address.
            self.assertEqual(client.ask(write_single(6, 0, 1)),
                             exception(6, 1))
            self.assertEqual(self.samples(web)["role_refusals_total"], 1)
            client.ask(read(3, 0, 0))  # allowed, but wrong
        with TlsClient(server, "operator") as client:
            self.assertEqual(client.ask(write_single(6, 0, 1)),
                             exception(6, 1))
            client.ask(write_single(6, 1000, 1))
        self.assertEqual(self.samples(web)["role_refusals_total"], 2)

    def moment(self, line):
        """OpenSSL's "notAfter=Nov 26 10:00:00 2027 GMT"."""
        return calendar.timegm(time.strptime(line.strip().split("=", 1)[1],
                                             "%b %d %H:%M:%S %Y GMT"))

    def test_the_ends_of_certificate_and_list(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([CERTIFICATES, folder], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            _, web = self.start_web(files={
                "cert": folder + "/server.pem", "key": folder + "/server.key",
                "ca": folder + "/ca.pem", "crl": folder + "/crl.pem"})
            found = self.samples(web)
            self.assertEqual(
                found["tls_certificate_expiry_timestamp_seconds"],
                self.moment(openssl("x509", "-noout", "-enddate", "-in",
                                    folder + "/server.pem").decode()))
            self.assertEqual(
                found["tls_crl_next_update_timestamp_seconds"],
                self.moment(openssl("crl", "-noout", "-nextupdate", "-in",
                                    folder + "/crl.pem").decode()))


if __name__ == "__main__":
    main()
