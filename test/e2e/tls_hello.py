"""What is negotiated: versions, ciphers, the chain, extensions, resumption.
MB-TCP-Security, R-01, R-14, R-32, R-34 to R-37, R-42, R-43, R-46, R-50, R-51,
R-57 to R-62."""

import os
import socket
import ssl
import struct
import subprocess

from harness import DEADLINE, PING, LineReader, adu, exception, main, wait_for
from tls_plant import (OPENSSL, TLS1_2, TLS1_3, MemoryClient, Relay, TlsTest,
                       client_context, openssl, plant, split_records)

ALERT, HANDSHAKE = 21, 22
PROTOCOL_VERSION, HANDSHAKE_FAILURE = 70, 40
ANSWER = bytes([3, 2, 0, 0])


def hello(version, record_version=0x0301):
    """A ClientHello of an old version, with ciphers of its time."""
    body = (struct.pack(">H", version) + bytes(range(32)) + b"\0" +
            struct.pack(">H8H", 16, 0xC014, 0xC013, 0xC009, 0xC00A, 0x35,
                        0x2F, 0x0A, 0x05) + b"\1\0")
    message = b"\1" + struct.pack(">I", len(body))[1:] + body
    return struct.pack(">BHH", HANDSHAKE, record_version,
                       len(message)) + message


class Raw(TlsTest):

    def answer(self, server, data):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.settimeout(DEADLINE)
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while more := s.recv(4096):
                got += more
        return got

    def test_older_versions_get_an_alert(self):
        server = self.start_tls()
        for version, alerts in (
                (0x0301, [PROTOCOL_VERSION]), (0x0302, [PROTOCOL_VERSION]),
                (0x0300, [PROTOCOL_VERSION, HANDSHAKE_FAILURE])):
            with self.subTest("%04x" % version):
                got = self.answer(server, hello(version, min(version, 0x0301)))
                self.assertIn(got[:1] + got[3:],
                              [bytes([ALERT, 0, 2, 2, alert])
                               for alert in alerts])

    def test_a_hello_of_ssl_2_gets_nowhere(self):
        server = self.start_tls()
        body = b"\1\0\2" + struct.pack(">3H", 3, 0, 16) + b"\1\0\x80" + \
            bytes(16)
        got = self.answer(server, struct.pack(">H", 0x8000 + len(body)) + body)
        self.assertTrue(got == b"" or got[0] == ALERT, got)
        self.assertEqual(server.log_lines("connect: "), [])


class Ciphers(TlsTest):

    @classmethod
    def setUpClass(cls):
        p = plant()
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                "rsa_keygen_bits:2048", "-out", p.path("rsa", "key"))
        os.chmod(p.path("rsa", "key"), 0o600)
        openssl("req", "-new", "-key", p.path("rsa", "key"), "-subj",
                "/O=Plant/CN=rsa", "-out", p.path("rsa", "csr"), "-config",
                p.path("server", "cnf"))
        openssl("x509", "-req", "-in", p.path("rsa", "csr"), "-out",
                p.path("rsa"), "-days", "90", "-CA", p.path("root"),
                "-CAkey", p.path("root", "key"), "-set_serial", "77",
                "-extfile", p.path("server", "ext"))
        with open(p.path("rsa_chain"), "w") as file:
            file.write(p.read("rsa") + p.read("root"))

    def both(self):
        p = plant()
        return (("ECDSA", self.start_tls()),
                ("RSA", self.start_tls(files={"cert": p.path("rsa_chain"),
                                              "key": p.path("rsa", "key")})))

    def try_cipher(self, server, name):
        """The cipher that a client that has only this one gets, or None."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = TLS1_2
        context.set_ciphers(name + ":@SECLEVEL=0")
        context.load_cert_chain(plant().path("operator"),
                                plant().path("operator", "key"))
        try:
            with MemoryClient(server, context=context) as client:
                self.assertEqual(client.ask(PING), ANSWER)
                return client.ssl.cipher()[0]
        except ssl.SSLError as error:
            self.assertIn("HANDSHAKE_FAILURE", error.reason)
            return None

    def test_what_must_be_there_is_and_nothing_weak(self):
        names = openssl("ciphers", "-s", "-tls1_2",
                        "ALL:COMPLEMENTOFALL:@SECLEVEL=0").decode()
        names = [name for name in names.strip().split(":")
                 if not name.startswith("TLS_") and "PSK" not in name
                 and "SRP" not in name]
        self.assertGreater(len(names), 30)
        for kind, server in self.both():
            good = {"ECDHE-%s-%s" % (kind, cipher) for cipher in (
                "AES128-GCM-SHA256", "AES256-GCM-SHA384",
                "CHACHA20-POLY1305")}
            for name in names:
                with self.subTest(name, server=kind):
                    self.assertEqual(self.try_cipher(server, name),
                                     name if name in good else None)
            self.assertLessEqual(good, set(names))

    def test_both_keys_in_tls_1_3(self):
        for _, server in self.both():
            with MemoryClient(server, version=TLS1_3) as client:
                self.assertEqual(client.ask(PING), ANSWER)


class Chain(TlsTest):

    def test_it_ends_with_the_root(self):
        server = self.start_tls()
        shown = openssl("s_client", "-connect", "127.0.0.1:%d" % server.port,
                        "-showcerts", "-tls1_2", "-cert",
                        plant().path("operator"), "-key",
                        plant().path("operator", "key")).decode()
        begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
        got = [part.split(end)[0] for part in shown.split(begin)[1:]]
        want = [part.split(end)[0] for part in
                (plant().read("server") + plant().read("root"))
                .split(begin)[1:]]
        self.assertEqual(got[:2], want)


class Command:
    """openssl s_client, whose standard input takes commands: a line K, R."""

    def __init__(self, port, *arguments):
        p = plant()
        self.process = subprocess.Popen(
            [OPENSSL, "s_client", "-connect", "127.0.0.1:%d" % port, "-cert",
             p.path("operator"), "-key", p.path("operator", "key"), "-CAfile",
             p.path("root"), *arguments], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = LineReader(self.process.stdout.fileno())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait(DEADLINE)
        self.process.stdout.close()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def await_output(self, data):
        """Wait until it has printed this."""
        def printed():
            try:
                self.output.buffer += os.read(self.output.fd, 65536)
            except BlockingIOError:
                pass
            return data in self.output.buffer
        wait_for(printed, "%r in the output of s_client" % data)
        self.output.buffer = self.output.buffer.split(data, 1)[1]


class Extensions(TlsTest):

    def test_max_fragment_length(self):
        """Records of 512 and 1024 bytes at most, both ways."""
        server = self.start_tls()
        ask = adu(bytes([3, 0, 0, 0, 125])) * 20
        for version in ("-tls1_2", "-tls1_3"):
            for length in (512, 1024):
                relay = Relay(server)
                with Command(relay.port, version, "-maxfraglen",
                             str(length)) as client:
                    client.await_output(b"Verify return code")
                    client.write(ask)
                    client.await_output(adu(bytes([3, 250]) + bytes(250)) * 20)
                relay.join()
                records = [record for kind, record in
                           split_records(relay.from_server) if kind == 23]
                # IV, tag and type come on top.
                most = max(len(record) - 5 for record in records)
                self.assertLessEqual(most, length + 24 + 17)
                self.assertGreater(most, length - 1)

    def test_secure_renegotiation_is_announced_and_refused(self):
        server = self.start_tls()
        with Command(server.port, "-tls1_2") as client:
            client.await_output(b"Secure Renegotiation IS supported")
            client.await_output(b"Verify return code")
            client.write(b"R\n")
            client.await_output(b"RENEGOTIATING")
            client.await_output(b"no renegotiation")
        with MemoryClient(server) as other:
            self.assertEqual(other.ask(PING), ANSWER)

    def test_keys_are_updated(self):
        server = self.start_tls()
        with Command(server.port, "-tls1_3") as client:
            client.await_output(b"Verify return code")
            for turn in range(5):
                client.write(b"K\n")
                client.await_output(b"KEYUPDATE")
                client.write(adu(PING, 256 + turn))
                client.await_output(adu(ANSWER, 256 + turn))

    def test_no_compression(self):
        server = self.start_tls()
        with Command(server.port, "-tls1_2", "-comp") as client:
            client.await_output(b"Compression: NONE")


class Resumption(TlsTest):

    def resume(self, server, version, name="operator", tickets=True):
        """Whether the second of two connections resumes the first; it asks
        for what its role may do."""
        context = client_context(name, version)
        if not tickets:
            context.options |= ssl.OP_NO_TICKET
        with MemoryClient(server, context=context) as client:
            client.ask(PING)  # a ticket of TLS 1.3 comes before the reply
            session = client.ssl.session
            client.send(client.close_notify())
            client.raw_rest()
        with MemoryClient(server, context=context, session=session) as client:
            resumed = client.ssl.session_reused
            self.assertEqual(client.ask(PING), ANSWER)
            self.assertEqual(client.ask(bytes([6, 0, 0, 0, 1])),
                             exception(6, 1))
        return resumed

    def test_by_ticket_and_by_identifier_with_the_same_rights(self):
        server = self.start_tls("--log-level", "debug")
        self.assertTrue(self.resume(server, TLS1_2))
        self.assertTrue(self.resume(server, TLS1_2, tickets=False))
        self.assertTrue(self.resume(server, TLS1_3))
        self.assertTrue(self.resume(server, TLS1_3, "historian"))
        self.assertEqual(len(server.log_lines(", resumed, ")), 4)
        self.assertEqual(len(server.log_lines('HMI 3,O=Plant, role "Op')), 6)

    def test_limits_count_who_resumes(self):
        server = self.start_tls("--max-connections", "1")
        context = None
        with MemoryClient(server, version=TLS1_3) as client:
            client.ask(PING)
            context, session = client.context, client.ssl.session
            with self.assertRaises((ssl.SSLError, OSError, AssertionError)):
                with MemoryClient(server, context=context,
                                  session=session) as other:
                    other.ask(PING)
        wait_for(lambda: server.log_lines("connection limit reached"),
                 "a line")


if __name__ == "__main__":
    main()
