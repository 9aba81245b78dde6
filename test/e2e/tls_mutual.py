"""Who gets in by a certificate, and who does not: MB-TCP-Security, R-02, R-06,
R-07, R-10, R-44 and the table of what is verified.

Who is refused gets a fatal alert, whichever version of TLS it speaks, and also
when it has sent requests already: a server that closes with unread bytes would
send a reset, which destroys the alert.
"""

import ssl

from harness import PING, adu, main, wait_for
from tls_plant import (TLS1_2, TLS1_3, VERSIONS, Authority, MemoryClient,
                       TlsTest, client_context, plant)

# How many times each is refused; a lost alert is a matter of chance.
TIMES = 12


def others():
    """Certificates that must be refused: (name, alert, words in the log)."""
    p = plant()
    other = Authority(p.folder, "other")
    other.client("stranger", role="Operator")
    Authority(p.folder, "lonely")
    below = Authority(p.folder, "below", p)
    below.client("orphan", role="Operator")
    p.client("expired", role="Operator", not_before="20200101000000Z",
             not_after="20210101000000Z")
    p.client("early", role="Operator", not_before="20900101000000Z",
             not_after="20910101000000Z")
    p.client("for_servers", role="Operator", usage="serverAuth")
    return [
        ("stranger", "unknown_ca", "unable to get local issuer certificate"),
        ("lonely", "unknown_ca", "self-signed certificate"),
        ("orphan", "unknown_ca", "unable to get local issuer certificate"),
        ("expired", "certificate_expired", "certificate has expired"),
        ("early", "bad_certificate", "certificate is not yet valid"),
        ("for_servers", None, "unsuitable certificate purpose"),
    ]


class Refused(TlsTest):

    def setUp(self):
        self.server = self.start_tls()

    def alert(self, name, version, writes):
        """The alert that a client gets that reads, or writes first."""
        with MemoryClient(self.server, name, version,
                          shake_hands=False) as client:
            client.send(self.last_flight(client))
            if writes and version == TLS1_3:
                client.send(client.records(adu(PING) * 20))
            elif writes:
                client.send(bytes([23, 3, 3, 0, 40]) + bytes(40))
            client.raw_rest()  # a reset raises
            return self.reason(client)

    @staticmethod
    def last_flight(client):
        """Up to the flight with our Finished. In TLS 1.2 the server's comes
        after it."""
        while True:
            try:
                client.ssl.do_handshake()
                return client.outgoing.read()
            except ssl.SSLWantReadError:
                flight = client.outgoing.read()
                if flight and client.received:
                    return flight
                client.send(flight)  # none where theirs has come in part
                if not client.receive():
                    raise AssertionError("EOF in the handshake") from None

    @staticmethod
    def reason(client):
        """What the client makes of what has come: the name of the alert."""
        try:
            if client.ssl.version() == "TLSv1.2":
                client.ssl.do_handshake()
            client.ssl.read(1)
        except ssl.SSLError as error:
            return error.reason
        return None

    def assert_refused(self, name, alert):
        for version in VERSIONS:
            for writes in (False, True):
                for _ in range(TIMES):
                    got = self.alert(name, version, writes)
                    self.assertIsNotNone(got, (name, version, writes))
                    self.assertIn("ALERT", got, (name, version, writes))
                    if alert:
                        self.assertIn(alert.upper(), got)

    def test_each_is_refused_with_an_alert_that_arrives(self):
        for name, alert, words in others():
            with self.subTest(name):
                self.server = self.start_tls()  # its lines are limited
                self.assert_refused(name, alert)
                wait_for(lambda: self.server.log_lines(
                    "no handshake: certificate refused: " + words),
                    "a line with %r" % words)
                self.assertEqual(self.server.log_lines("connect: "), [])
        with MemoryClient(self.server) as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))

    def test_none_at_all(self):
        for version, alert in ((TLS1_2, "HANDSHAKE_FAILURE"),
                               (TLS1_3, "CERTIFICATE_REQUIRED")):
            for writes in (False, True):
                for _ in range(TIMES):
                    got = self.alert(None, version, writes)
                    self.assertIsNotNone(got, (version, writes))
                    self.assertIn(alert, got, (version, writes))
        wait_for(lambda: self.server.log_lines(
            "no handshake: no certificate"), "a line")
        self.assertEqual(self.server.log_lines("connect: "), [])


class Accepted(TlsTest):

    def test_a_client_of_an_intermediate_that_it_sends(self):
        p = plant()
        below = Authority(p.folder, "middle", p)
        below.client("worker", role="Operator")
        chain = p.path("worker_chain")
        with open(chain, "w") as file:
            file.write(p.read("worker") + p.read("middle"))
        server = self.start_tls()
        for version in VERSIONS:
            context = client_context(None, version)
            context.load_cert_chain(chain, p.path("worker", "key"))
            with MemoryClient(server, context=context) as client:
                self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))

    def test_the_server_is_refused_by_who_does_not_trust_it(self):
        """The client's alert is explained in the log."""
        server = self.start_tls()
        stranger = Authority(plant().folder, "elsewhere")
        for version in VERSIONS:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(stranger.path("elsewhere"))
            context.minimum_version = context.maximum_version = version
            with MemoryClient(server, context=context,
                              shake_hands=False) as client:
                with self.assertRaises(ssl.SSLCertVerificationError):
                    client.shake_hands()
                client.send(client.outgoing.read())
                client.raw_rest()
        wait_for(lambda: len(server.log_lines(
            "no handshake: the client does not trust our certificate: "
            "unknown ca")) == len(VERSIONS), "two lines")

    def test_a_certificate_without_extended_key_usage(self):
        plant().client("any_usage", role="Historian", usage=None)
        server = self.start_tls()
        with MemoryClient(server, "any_usage") as client:
            self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))


class Revoked(TlsTest):
    """Each certificate of a chain is looked up."""

    def serve(self, *lists):
        path = plant().path("lists", "crl")
        with open(path, "w") as file:
            file.write("".join(lists))
        return self.start_tls(files={"crl": path})

    def test_leaf_intermediate_and_leaf_of_an_intermediate(self):
        p = plant()
        p.client("good", role="Historian")
        p.client("bad", role="Historian")
        gone = Authority(p.folder, "gone", p)
        gone.client("of_gone", role="Historian")
        there = Authority(p.folder, "there", p)
        there.client("of_there", role="Historian")
        there.client("bad_there", role="Historian")
        server = self.serve(p.revoked("bad", "gone"), gone.revoked(),
                            there.revoked("bad_there"))
        for name, issuer, good in (("good", None, True), ("bad", None, False),
                                   ("of_gone", "gone", False),
                                   ("of_there", "there", True),
                                   ("bad_there", "there", False)):
            chain = p.path("full_" + name)
            with open(chain, "w") as file:
                file.write(p.read(name) + (p.read(issuer) if issuer else ""))
            for version in VERSIONS:
                context = client_context(None, version)
                context.load_cert_chain(chain, p.path(name, "key"))
                with self.subTest(name, version=version):
                    if good:
                        with MemoryClient(server, context=context) as client:
                            self.assertEqual(client.ask(PING),
                                             bytes([3, 2, 0, 0]))
                        continue
                    with self.assertRaisesRegex(
                            ssl.SSLError, "CERTIFICATE_REVOKED"):
                        with MemoryClient(server, context=context) as client:
                            client.ask(PING)
        wait_for(lambda: len(server.log_lines(
            "certificate refused: certificate revoked")) == 6, "six lines")

    def test_without_the_list_of_one_issuer_nobody_comes_in_by_it(self):
        """The words of OpenSSL do not say whose list: the log does."""
        p = plant()
        below = Authority(p.folder, "listless", p)
        below.client("of_listless", role="Historian")
        chain = p.path("full_listless")
        with open(chain, "w") as file:
            file.write(p.read("of_listless") + p.read("listless"))
        for lists, issuer, historian_comes_in in (
                (p.revoked(), "listless", True),
                (below.revoked(), "root", False)):
            server = self.serve(lists)
            for version in VERSIONS:
                context = client_context(None, version)
                context.load_cert_chain(chain, p.path("of_listless", "key"))
                with self.assertRaises(ssl.SSLError):
                    with MemoryClient(server, context=context) as client:
                        client.ask(PING)
            wait_for(lambda: len(server.log_lines(
                "certificate refused: unable to get certificate CRL: the "
                "list of CN=%s,O=Plant, " % issuer)) == len(VERSIONS),
                "a line for each")
            if historian_comes_in:
                with MemoryClient(server, "historian") as client:
                    self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))


if __name__ == "__main__":
    main()
