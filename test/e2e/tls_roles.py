"""What the role of a certificate lets a client do: MB-TCP-Security, R-20 to R-28,
R-31, R-65."""

import ssl
import struct

from harness import (EVERY_FUNCTION, PING, exception, main, mask_write,
                     read, read_write, wait_for, write_coils, write_registers,
                     write_single)
from tls_plant import (ROLE_OID, VERSIONS, MemoryClient, TlsTest, openssl,
                       plant)


def string(tag, content):
    """DER with a short length."""
    return bytes([tag, len(content)]) + content


def with_length(tag, content):
    """DER with a length of two bytes."""
    return bytes([tag, 0x82]) + struct.pack(">H", len(content)) + content


def value_length(der):
    """How long the first value in DER is, with tag and length."""
    if der[1] < 0x80:
        return 2 + der[1]
    size = der[1] & 0x7F
    return 2 + size + int.from_bytes(der[2:2 + size], "big")


def twice(name, first, second):
    """A client with two role extensions, which openssl's command does not
    make: one of another number is renumbered, and signed again."""
    p = plant()
    other = ROLE_OID[:-1] + "2"
    p.issue(name, "/O=Plant/CN=" + name,
            "basicConstraints=critical,CA:FALSE\n"
            "%s=ASN1:UTF8String:%s\n%s=ASN1:UTF8String:%s\n" % (
                ROLE_OID, first, other, second))
    whole = openssl("x509", "-in", p.path(name), "-outform", "DER")
    inner = whole[4:]  # a length of two bytes
    signed = inner[:value_length(inner)]
    algorithm = inner[len(signed):]
    algorithm = algorithm[:value_length(algorithm)]
    begin = bytes.fromhex("060b2b0601040183890c8622")  # of ROLE_OID
    assert signed.count(begin + b"\2") == signed.count(begin + b"\1") == 1
    signed = signed.replace(begin + b"\2", begin + b"\1")
    with open(p.path(name, "tbs"), "wb") as file:
        file.write(signed)
    signature = openssl("dgst", "-sha256", "-sign", p.path("root", "key"),
                        p.path(name, "tbs"))
    with open(p.path(name), "w") as file:
        file.write(ssl.DER_cert_to_PEM_cert(with_length(
            0x30, signed + algorithm + string(3, b"\0" + signature))))
    return name


# The content of the extension, where it is no good role.
MALFORMED = [
    b"",
    b"\x0c",
    string(12, b""),
    string(12, b"x" * 65),
    string(19, b"Operator"),  # PrintableString
    string(22, b"Operator"),  # IA5String
    string(4, b"Operator"),
    string(30, "Operator".encode("utf-16-be")),
    string(12, b"Operator") + b"\0",
    string(12, b"Operator") + string(12, b"Historian"),
    string(12, b"Operator")[:-1],
    b"\x0c\x81\x08Operator",
    b"\x2c\x80\x0c\x08Operator\0\0",
    string(0x2c, string(12, b"Operator")),
    string(48, string(12, b"Operator")),
    string(12, b"Oper\0tor"),
    string(12, b"Operator\n"),
    string(12, b"Oper\x7ftor"),
    string(12, "Oper\x85tor".encode()),
    string(12, b"\xff\xfe"),
    string(12, b"\xc0\x80"),
    string(12, b"\xed\xa0\x80"),
    string(12, b"\xf4\x90\x80\x80"),
]


class Rights(TlsTest):

    def setUp(self):
        self.server = self.start_tls()

    def ask(self, name, pdu):
        with MemoryClient(self.server, name) as client:
            return client.ask(pdu)

    def registers(self, address, quantity):
        answer = self.ask("manager", read(3, address, quantity))
        return list(struct.unpack(">%dH" % quantity, answer[2:]))

    def test_who_may_do_everything_is_answered_as_without_tls(self):
        for version in VERSIONS:
            with MemoryClient(self.server, "manager", version) as client:
                for what, request, response in EVERY_FUNCTION:
                    with self.subTest(what):
                        self.assertEqual(client.ask(request), response)

    def test_ranges_end_where_they_end(self):
        with MemoryClient(self.server, "operator") as client:
            for request, allowed in (
                    (write_single(6, 1000, 1), True),
                    (write_single(6, 1999, 1), True),
                    (write_single(6, 999, 1), False),
                    (write_single(6, 2000, 1), False),
                    (write_registers(1990, [2] * 10), True),
                    (write_registers(1991, [2] * 10), False),
                    (write_registers(999, [2] * 2), False),
                    (write_single(5, 15, 0xFF00), True),
                    (write_single(5, 16, 0xFF00), False),
                    (write_coils(0, [1] * 16), True),
                    (write_coils(0, [1] * 17), False),
                    (mask_write(1000, 0, 1), True),
                    (mask_write(2000, 0, 1), False),
                    (read_write(0, 1, 1000, [1]), True),
                    (read_write(0, 1, 0, [1]), False)):
                got = client.ask(request)
                if allowed:
                    self.assertEqual(got[0], request[0], request.hex())
                else:
                    self.assertEqual(got, exception(request[0], 1),
                                     request.hex())

    def test_writing_does_not_include_reading(self):
        self.assertEqual(self.ask("writer", PING), exception(3, 1))
        write = write_single(6, 5, 6)
        self.assertEqual(self.ask("writer", write), write)
        self.assertEqual(self.ask("writer", read_write(0, 1, 0, [1])),
                         exception(23, 1))

    def test_who_has_no_right_gets_01_whatever_else_is_wrong(self):
        """Before addresses, quantities, lengths and values: R-31."""
        requests = [request for _, request, _ in EVERY_FUNCTION
                    if request[0] not in (8, 17, 43)]
        requests += [
            read(3, 65535, 2), read(1, 0, 0), read(3, 0, 126),
            read(1, 0, 2001), bytes([3]), bytes([3, 0]), bytes([6, 0, 0]),
            read(3, 0, 1) + b"\0", write_single(5, 0, 0x1234),
            write_registers(65535, [1, 2]), write_coils(65530, [1] * 16),
            struct.pack(">BHHB", 16, 0, 2, 3) + b"abc",
            struct.pack(">BHHB", 16, 0, 0, 0),
            struct.pack(">BHHHHB", 23, 0, 0, 0, 0, 0),
            bytes([22, 0, 0]),
        ]
        for name in ("norole", "unnamed", "nothing"):
            with MemoryClient(self.server, name) as client:
                for request in requests:
                    self.assertEqual(client.ask(request),
                                     exception(request[0], 1),
                                     (name, request.hex()))
        with MemoryClient(self.server, "historian") as client:
            for request in requests:
                if request[0] not in (3, 4):
                    self.assertEqual(client.ask(request),
                                     exception(request[0], 1), request.hex())
            # Who may read some registers is told what else is wrong.
            self.assertEqual(client.ask(read(3, 65535, 2)), exception(3, 2))
            self.assertEqual(client.ask(read(3, 0, 126)), exception(3, 3))

    def test_what_is_refused_has_changed_nothing(self):
        self.ask("manager", write_registers(0, [11, 12, 13]))
        with MemoryClient(self.server, "operator") as client:
            for request in (write_single(6, 0, 1), write_registers(0, [1] * 3),
                            mask_write(0, 0, 7), read_write(0, 1, 0, [9]),
                            write_registers(998, [1] * 4)):
                self.assertEqual(client.ask(request),
                                 exception(request[0], 1))
        self.assertEqual(self.registers(0, 3), [11, 12, 13])
        self.assertEqual(self.registers(998, 4), [0] * 4)

    def test_the_rights_are_the_same_in_every_version(self):
        for version in VERSIONS:
            with MemoryClient(self.server, "historian", version) as client:
                self.assertEqual(client.ask(PING), bytes([3, 2, 0, 0]))
                self.assertEqual(client.ask(write_single(6, 0, 1)),
                                 exception(6, 1))

    def test_the_log_names_subject_and_role(self):
        for name in ("operator", "manager", "norole"):
            self.ask(name, PING)
        for words in ('CN=HMI 3,O=Plant, role "Operator"',
                      'CN=manager,O=Plant, role "Plant Manager"',
                      "CN=norole,O=Plant, role none"):
            self.assertEqual(len(self.server.log_lines(words)), 1, words)
        wait_for(lambda: self.server.log_lines(
            ": CN=HMI 3,O=Plant: closed by peer, "), "a line of its end")


class WithoutRole(TlsTest):

    def test_no_role_lines_are_for_them(self):
        roles = plant().path("no_role", "txt")
        with open(roles, "w") as file:
            file.write("role A\nno-role read registers:0-9\n")
        server = self.start_tls(files={"roles": roles})
        for name, first, second in (
                ("norole", bytes([3, 2, 0, 0]), exception(3, 1)),
                ("unnamed", exception(3, 1), exception(3, 1))):
            with MemoryClient(server, name) as client:
                self.assertEqual(client.ask(read(3, 9, 1)), first)
                self.assertEqual(client.ask(read(3, 10, 1)), second)

    def test_malformed_roles_are_none(self):
        p = plant()
        names = [p.client("malformed%d" % i, der=der or b"\x05\x00")
                 for i, der in enumerate(MALFORMED)]
        roles = p.path("malformed", "txt")
        with open(roles, "w") as file:
            file.write("role Operator read all\nrole Historian read all\n"
                       "no-role read registers:0\n")
        for version in VERSIONS:
            server = self.start_tls(files={"roles": roles})
            for name, der in zip(names, MALFORMED):
                with self.subTest(der.hex(), version=version):
                    with MemoryClient(server, name, version) as client:
                        self.assertEqual(client.ask(read(3, 0, 1)),
                                         bytes([3, 2, 0, 0]))
                        self.assertEqual(client.ask(read(3, 1, 1)),
                                         exception(3, 1))
            server.stop()
            lines = server.log_lines(": malformed role: taken as none")
            self.assertTrue(lines)
            self.assertRegex(lines[0], r"warn role: 127\.0\.0\.1:\d+: "
                             "CN=malformed0,O=Plant: malformed role: ")


    def test_two_roles_are_none(self):
        """Whichever comes first, also if they are the same."""
        names = [twice("two_different", "Operator", "Historian"),
                 twice("two_turned", "Historian", "Operator"),
                 twice("two_equal", "Operator", "Operator")]
        roles = plant().path("two_roles", "txt")
        with open(roles, "w") as file:
            file.write("role Operator read all\nrole Historian read all\n"
                       "no-role read registers:0\n")
        server = self.start_tls(files={"roles": roles})
        for version in VERSIONS:
            for name in names:
                with self.subTest(name, version=version):
                    with MemoryClient(server, name, version) as client:
                        self.assertEqual(client.ask(read(3, 0, 1)),
                                         bytes([3, 2, 0, 0]))
                        self.assertEqual(client.ask(read(3, 1, 1)),
                                         exception(3, 1))
        for name in names:
            self.assertEqual(len(server.log_lines(
                "CN=%s,O=Plant: more than one role: taken as none" % name)), 2)
            self.assertEqual(len(server.log_lines(
                "CN=%s,O=Plant, role none" % name)), 2)


class Overlaid(TlsTest):
    """A register is 16 coils."""

    def test_in_the_overlaid_layout_01_comes_first_too(self):
        roles = plant().path("overlaid", "txt")
        with open(roles, "w") as file:
            file.write("role Operator read registers:2\n"
                       "role Historian write coils:32-46\n"
                       "role Writer read coils:16-31 write coils:16-31\n")
        server = self.start_tls("-d", "o", files={"roles": roles})
        for name, request, answer in (
                # 01 from who has no such right at any bit
                ("operator", write_single(6, 2, 1), 1),
                ("operator", write_single(5, 32, 0x1234), 1),
                ("operator", write_coils(65535, [1] * 9), 1),
                ("operator", bytes([16, 0, 0]), 1),
                ("historian", read(1, 0, 0), 1),
                ("historian", read(3, 65535, 2), 1),
                ("nothing", read(4, 0, 126), 1),
                # 03 and 02 to who has it at some bit, whatever its kind
                ("operator", read(1, 0, 0), 3),
                ("operator", read(2, 65535, 2), 2),
                ("operator", read(3, 0, 126), 3),
                ("historian", write_single(5, 32, 0x1234), 3),
                ("historian", write_registers(65535, [1, 2]), 2),
                # the bits of a register
                ("operator", read(3, 2, 1), None),
                ("operator", read(1, 32, 16), None),
                ("operator", read(1, 31, 2), 1),
                ("operator", read(1, 47, 2), 1),
                ("historian", write_coils(32, [1] * 15), None),
                ("historian", write_coils(32, [1] * 16), 1),
                ("historian", write_single(6, 2, 0), 1),
                ("historian", mask_write(2, 0xFFFF, 0), 1),
                ("writer", write_single(6, 1, 5), None),
                ("writer", read_write(1, 1, 1, [5]), None),
                ("writer", read_write(1, 1, 2, [0]), 1),
                ("writer", write_registers(1, [0, 0]), 1)):
            with self.subTest(name, request=request.hex()):
                with MemoryClient(server, name) as client:
                    got = client.ask(request)
                if answer:
                    self.assertEqual(got, exception(request[0], answer))
                else:
                    self.assertEqual(got[0], request[0])
        with MemoryClient(server, "operator") as client:
            got = client.ask(read(3, 2, 1))
        self.assertEqual(bin(int.from_bytes(got[2:], "big")).count("1"), 15)


class Word(TlsTest):
    """The shut-down word needs a right of its own."""

    def test_it_is_refused_with_close_notify_and_the_server_goes_on(self):
        server = self.start_tls("-q", "stop now")
        for version in VERSIONS:
            with MemoryClient(server, "operator", version) as client:
                client.send(client.records(b"stop now"))
                client.raw_rest()
                # Without close_notify it would want to read more.
                self.assertEqual(client.ssl.read(1), b"")
        wait_for(lambda: len(server.log_lines(
            "may not use the shut-down word")) == 2, "two lines")
        with MemoryClient(server, "manager") as client:
            client.send(client.records(b"stop now"))
            client.raw_rest()
        server.wait_stopped()
        self.assertEqual(len(server.log_lines(
            "shutdown: 127.0.0.1")), 1)
        self.assertTrue(server.log_lines(
            ": CN=manager,O=Plant: sent the shut-down word"))


class Subjects(TlsTest):

    def test_a_subject_cannot_forge_a_line(self):
        p = plant()
        p.client("forger", "/O=Plant/CN=a\nerror x: y\x1b[2J", "Operator")
        server = self.start_tls()
        with MemoryClient(server, "forger") as client:
            client.ask(PING)
        wait_for(lambda: server.log_lines("closed by peer"), "the end")
        for line in server.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d [\d:.]+ (info|warn) ")
        self.assertNotIn("\x1b", server.log())

    def test_an_empty_subject_is_named_by_serial_and_issuer(self):
        plant().client("empty_subject", "/", "Operator")
        server = self.start_tls()
        with MemoryClient(server, "empty_subject") as client:
            client.ask(PING)
        self.assertRegex(server.log(), r"connect: 127\.0\.0\.1:\d+: "
                         "serial [0-9A-F]+ of CN=root,O=Plant, role ")


if __name__ == "__main__":
    main()
