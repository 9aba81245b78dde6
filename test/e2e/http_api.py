"""The API over HTTP, by curl, checked over Modbus."""

import json
import os
import re
import socket
import struct
import subprocess
import tempfile
import time

from harness import (Client, adu, exception, has_ipv6, main, read, run_server,
                     unpack_bits, unpack_words, wait_for, write_coils,
                     write_registers, write_single)
from web import TOKEN, WebTest

PROMTOOL = os.environ.get("PROMTOOL", "")
ADDRESSES = 65536


def token_file(test, text=TOKEN + "\n", mode=0o600):
    """A file with a token, gone when the test ends."""
    fd, path = tempfile.mkstemp()
    test.addCleanup(os.unlink, path)
    os.write(fd, text.encode())
    os.fchmod(fd, mode)
    os.close(fd)
    return path


class Reading(WebTest):
    """What Modbus has written, HTTP shows."""

    def test_registers_in_every_type_and_order(self):
        server, web = self.start_web()
        self.connect(server).ask(write_registers(
            100, [0x3FC0, 0, 0, 0x3FC0, 0xC03F, 0, 0, 0xC03F, 65535, 1]))
        path = "/api/registers?address=%d&quantity=%d&type=%s&order=%s"
        for address, order in ((100, "ABCD"), (102, "CDAB"), (104, "BADC"),
                               (106, "DCBA")):
            self.assertEqual(
                web.get(path % (address, 2, "float32", order)),
                {"address": address, "quantity": 2, "type": "float32",
                 "order": order, "values": [1.5]})
        self.assertEqual(web.registers(100, 10)[-2:], [65535, 1])
        for kind, value in (("int16", [-1, 1]), ("uint32", [4294901761]),
                            ("int32", [-65535])):
            self.assertEqual(
                web.get(path % (108, 2, kind, "ABCD"))["values"], value)
        self.assertEqual(
            web.get(path % (106, 4, "uint64", "ABCD"))["values"],
            [0x0000C03FFFFF0001])

    def test_strings_in_every_order(self):
        server, web = self.start_web()
        client = self.connect(server)
        path = "/api/registers?address=20&type=string7&order="
        client.ask(write_registers(20, [0x4248, 0x2D32, 0x3030, 0]))
        self.assertEqual(
            web.get(path + "CDAB"),
            {"address": 20, "quantity": 4, "type": "string7",
             "order": "CDAB", "values": ["BH-200"]})
        for order in ("BADC", "DCBA"):
            self.assertEqual(web.get(path + order)["values"], ["HB2-00"])
        client.ask(write_registers(20, [0x4200, 0x4242, 0xB00A, 0x2241]))
        self.assertEqual(
            web.get("/api/registers?address=20&quantity=4&type=string4")
            ["values"], ["B", "\ufffd\n\"A"])

    def test_the_default_quantity_is_that_of_one_value(self):
        _, web = self.start_web()
        for kind, quantity in (("int16", 1), ("float32", 2), ("uint64", 4),
                               ("string5", 3), ("string250", 125)):
            path = "/api/registers?type=%s&address=%d"
            last = ADDRESSES - quantity
            answer = web.get(path % (kind, last))
            self.assertEqual((answer["quantity"], len(answer["values"])),
                             (quantity, 1))
            if quantity > 1:
                self.assert_error(web.curl(path % (kind, last + 1)), 400,
                                  "expected room for " + kind)

    def test_a_table_of_texts(self):
        server, web = self.start_web("--http-write")
        texts = ["%05d\t" % n for n in range(ADDRESSES // 3)]
        web.put("/api/registers", {
            "address": 0, "type": "string6", "values": texts})
        self.assertEqual(
            web.get("/api/registers?address=0&type=string6&quantity=%d" %
                    (3 * len(texts)))["values"], texts)

    def test_values_of_parameters_may_be_encoded(self):
        _, web = self.start_web()
        self.assertEqual(
            web.get("/api/registers?address=%31%30&type=%66loat32")["type"],
            "float32")

    def test_coils(self):
        server, web = self.start_web()
        bits = [1, 0, 1, 1, 0, 0, 0, 1, 1] * 7
        self.connect(server).ask(write_coils(12345, bits))
        self.assertEqual(web.coils(12345, len(bits)), bits)
        self.assertEqual(web.get("/api/coils?address=65535"),
                         {"address": 65535, "quantity": 1, "values": [0]})

    def test_the_whole_table(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_registers(0, [1]))
        client.ask(write_registers(65535, [2]))
        client.ask(write_coils(65530, [1] * 6))
        registers = web.registers(0, ADDRESSES)
        coils = web.coils(0, ADDRESSES)
        self.assertEqual((registers[0], registers[-1]), (1, 2))
        self.assertEqual(registers[1:-1], [0] * (ADDRESSES - 2))
        self.assertEqual(coils, [0] * 65530 + [1] * 6)
        dump = web.get("/api/dump")
        self.assertEqual(dump["mode"], "separate")
        self.assertEqual(dump["registers"], registers)
        self.assertEqual(dump["coils"], [0] * 4095 + [0xFC00])

    def test_a_head_has_no_body(self):
        _, web = self.start_web()
        answer = web.curl("/api/dump", "-I")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_a_head_of_the_events_ends(self):
        _, web = self.start_web()
        with web.connect() as sock:
            sock.sendall(web.head(method="HEAD") + web.head("/healthz"))
            got = b""
            while not got.endswith(b"\r\n\r\nok\n"):
                more = sock.recv(4096)
                self.assertNotEqual(more, b"", got)
                got += more
        self.assertIn(b"\r\nContent-Type: text/event-stream\r\n", got)

    def test_many_requests_on_one_connection(self):
        _, web = self.start_web()
        request = web.head("/api/registers?address=1&quantity=3")
        end = b"\"values\":[0,0,0]}\n"
        got = b""
        with web.connect() as sock:
            sock.sendall(request)
            for i in range(50):
                # The next one is there by then: it is never idle.
                if i < 49:
                    sock.sendall(request)
                while end not in got:
                    more = sock.recv(4096)
                    self.assertNotEqual(more, b"")
                    got += more
                got = got.split(end, 1)[1]
        self.assertEqual(got, b"")

    def test_bad_questions_get_a_sentence(self):
        _, web = self.start_web()
        for path, text in (
                ("/api/registers?address=65536", "from 0 to 65535"),
                ("/api/registers?address=65535&quantity=2", "from 1 to 1"),
                ("/api/registers?address=HR65535&quantity=2", "from 1 to 1"),
                ("/api/registers?address=C5", "\"C5\": expected a register: "),
                ("/api/coils?address=HR16", "\"HR16\": expected a coil: a "),
                ("/api/coils?address=400017", "expected a coil: "),
                ("/api/registers?address=400000", "or 400001 to 465536"),
                ("/api/registers?address=HR16.3", "expected a register: "),
                ("/api/writers?kind=coils&address=HR16", "expected a coil"),
                ("/api/registers?address=0&quantity=0", "from 1 to 65536"),
                ("/api/registers?address=0&quantity=1&type=float32",
                 "multiple of 2"),
                ("/api/registers?type=float", "expected uint16, int16"),
                ("/api/registers?address=0&order=abcd", "expected ABCD, CDAB"),
                ("/api/registers?adress=1", "\"adress\": no such"),
                ("/api/registers?address=1&address=2", "given twice"),
                ("/api/registers?%61ddress=1", "letters, digits"),
                ("/api/registers?address=%3", "hexadecimal digits"),
                ("/api/registers?address=%ff", "\"?\": expected"),
                ("/api/registers?address", "name=value"),
                ("/api/coils?address=0&type=int16", "\"type\": no such"),
                ("/api/dump?x=1", "\"x\": no such"),
                ("/api/events?since=x", "since"),
                ("/api/events?detail=all", "expected latest or every")):
            with self.subTest(path=path):
                self.assert_error(web.curl(path), 400, text)


class Addresses(WebTest):
    """One register or coil under the names that it has."""

    def test_what_is_read(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_registers(16, [7, 8]))
        client.ask(write_registers(40017, [9]))
        client.ask(write_coils(5, [1, 0, 1]))
        for name in ("16", "HR16", "ir16", "400017", "300017"):
            self.assertEqual(
                web.get("/api/registers?quantity=2&address=" + name),
                {"address": 16, "quantity": 2, "type": "uint16",
                 "order": "ABCD", "values": [7, 8]})
            rows = web.get("/api/writers?quantity=2&address=" + name)
            self.assertEqual([r["address"] for r in rows], [16, 17])
        for name in ("5", "C5", "di5", "100006"):
            self.assertEqual(
                web.get("/api/coils?quantity=3&address=" + name),
                {"address": 5, "quantity": 3, "values": [1, 0, 1]})
        for query in ("address=C7", "address=100008", "kind=coils&address=7"):
            self.assertEqual(
                [(r["kind"], r["address"])
                 for r in web.get("/api/writers?" + query)], [("coils", 7)])

    def test_digits_are_the_address_on_the_wire_and_the_reply_says_so(self):
        server, web = self.start_web("--http-write")
        self.connect(server).ask(write_registers(40017, [9]))
        note = ("40017 is the address on the wire; the reference 40017 is "
                "HR16")
        got = web.get("/api/registers?address=40017")
        self.assertEqual((got["address"], got["values"], got["note"]),
                         (40017, [9], note))
        self.assertEqual(
            web.put("/api/registers", {"address": 40017, "values": [1]})
            .json(), {"address": 40017, "quantity": 1, "note": note})
        self.assertEqual(
            web.get("/api/coils?address=000017"),
            {"address": 17, "quantity": 1,
             "note": "000017 is the address on the wire; the reference "
             "000017 is C16", "values": [0]})
        for path in ("registers?address=HR40017", "registers?address=40000",
                     "registers?address=10006", "coils?address=40017"):
            self.assertNotIn("note", web.get("/api/" + path))

    def test_what_is_written(self):
        _, web = self.start_web("--http-write")
        for name in ("HR16", "400017", 400017, "16", 16):
            self.assertEqual(
                web.put("/api/registers", {"address": name, "values": [3]})
                .json(), {"address": 16, "quantity": 1})
        self.assertEqual(
            web.put("/api/coils", {"address": "DI5", "values": [1]})
            .json(), {"address": 5, "quantity": 1})
        self.assertEqual(web.registers(15, 3), [0, 3, 0])
        self.assertEqual(web.coils(4, 3), [0, 1, 0])
        web.post("/api/load", {"address": "C32", "coils": [1]})
        web.post("/api/load", {"address": "IR2", "registers": [4]})
        self.assertEqual(web.coils(31, 3), [0, 1, 0])
        self.assertEqual(web.registers(1, 3), [0, 4, 0])
        for path, body, text in (
                ("coils", {"address": "HR16", "values": [1]}, "a coil: "),
                ("registers", {"address": "C5", "values": [1]}, "a register: "),
                ("registers", {"address": [1], "values": [1]}, "a register: ")):
            self.assert_error(web.put("/api/" + path, body), 400, text)
        for body in ({"address": "HR16", "coils": [1]},
                     {"address": "C16", "registers": [1]}):
            self.assert_error(web.post("/api/load", body), 400, "expected a")
        self.assertEqual(web.registers(16, 1), [3])


class Writing(WebTest):
    """What HTTP writes, Modbus reads."""

    def test_registers_and_coils(self):
        server, web = self.start_web("--http-write")
        client = self.connect(server)
        answer = web.put("/api/registers",
                         {"address": 10, "values": [1, 65535]})
        self.assertEqual(answer.json(), {"address": 10, "quantity": 2})
        self.assertEqual(unpack_words(client.ask(read(3, 10, 3))[2:]),
                         [1, 65535, 0])
        answer = web.put("/api/registers", {
            "address": 0, "values": [1.5, -2], "type": "float32",
            "order": "CDAB"})
        self.assertEqual(answer.json(), {"address": 0, "quantity": 4})
        self.assertEqual(unpack_words(client.ask(read(3, 0, 4))[2:]),
                         [0, 0x3FC0, 0, 0xC000])
        answer = web.put("/api/coils",
                         {"address": 7, "values": [True, False, 1, 0, 1.0]})
        self.assertEqual(answer.json(), {"address": 7, "quantity": 5})
        self.assertEqual(unpack_bits(client.ask(read(1, 7, 5))[2:], 5),
                         [1, 0, 1, 0, 1])

    def test_a_bit_leaves_its_neighbours(self):
        for layout in ("s", "o"):
            with self.subTest(layout=layout):
                server, web = self.start_web("--http-write", "-d", layout)
                events = self.events(web, "?detail=every")
                events.wait("hello")
                web.write("registers", [0x0F00] * 3)
                events.wait("change")
                for name, bit, value, word in (
                        ("HR1.3", 3, 1, 0x0F08),
                        ("1.15", 15, True, 0x8F08),
                        ("400002.8", 8, False, 0x8E08),
                        ("IR1.3", 3, 0, 0x8E00),
                        ("HR1.0", 0, 0, 0x8E00)):
                    self.assertEqual(
                        web.put("/api/registers",
                                {"address": name, "values": [value]}).json(),
                        {"address": 1, "bit": bit, "quantity": 1})
                    self.assertEqual(web.registers(0, 3),
                                     [0x0F00, word, 0x0F00])
                    _, change, _ = events.wait("change")
                    self.assertEqual((change["function"], change["after"]),
                                     (22, [word]))
                self.assertEqual(
                    web.coils(16, 16), [0] * 9 + [1, 1, 1, 0, 0, 0, 1]
                    if layout == "o" else [0] * 16)
                self.assertEqual(
                    unpack_words(self.connect(server).ask(read(3, 1, 1))[2:]),
                    [0x8E00])

    def test_a_bit_takes_one_value_of_a_bit(self):
        _, web = self.start_web(
            "--http-write", "--read-only-range", "registers:7")
        web.write("registers", [7])
        for body, text in (
                ({"values": [1, 0]}, "values: expected one value, of the bit"),
                ({"values": []}, "values: expected an array"),
                ({"values": 1}, "values: expected an array"),
                ({}, "values: expected an array"),
                ({"values": [2]}, "values[0]: expected true, false, 1 or 0"),
                ({"values": [1], "type": "uint16"}, "a bit has no type"),
                ({"values": [1], "order": "ABCD"}, "a bit has no type"),
                ({"values": [1], "address": "HR0.16"}, "HR0.0 to HR65535.15"),
                ({"values": [1], "address": "C0.1"}, "HR0.0 to HR65535.15"),
                ({"values": [1], "address": 0.1}, "HR0.0 to HR65535.15")):
            self.assert_error(
                web.put("/api/registers", {"address": "HR0.1", **body}), 400, text)
        self.assert_error(
            web.put("/api/coils", {"address": "HR0.1", "values": [0]}), 400,
            "a coil: ")
        self.assert_error(
            web.put("/api/registers", {"address": "HR7.1", "values": [1]}), 403,
            "address 7 quantity 1: exception 02")
        self.assertEqual(web.registers(0, 8), [7] + [0] * 7)

    def test_strings(self):
        _, web = self.start_web("--http-write")
        for order, words in (("ABCD", [0x6DC2, 0xB32F, 0x6800, 0, 0]),
                             ("CDAB", [0x6DC2, 0xB32F, 0x6800, 0, 0]),
                             ("BADC", [0xC26D, 0x2FB3, 0x0068, 0, 0]),
                             ("DCBA", [0xC26D, 0x2FB3, 0x0068, 0, 0])):
            web.write("registers", [0xFFFF] * 12)
            answer = web.put("/api/registers", {
                "address": 0, "type": "string10", "order": order,
                "values": ["m\u00b3/h", "0123456789"]})
            self.assertEqual(answer.json(), {"address": 0, "quantity": 10})
            self.assertEqual(web.registers(0, 5), words)
            self.assertEqual(web.registers(10, 2), [0xFFFF] * 2)
            self.assertEqual(
                web.get("/api/registers?address=0&quantity=10&type=string10"
                        "&order=" + order)["values"],
                ["m\u00b3/h", "0123456789"])

    def test_what_was_read_can_be_written_back(self):
        _, web = self.start_web("--http-write")
        words = [0x7FC0, 0, 0xFF80, 0, 0x8000, 0, 0, 1]
        web.write("registers", words)
        for kind in ("float32", "int16", "uint32", "int64", "uint64",
                     "float64"):
            values = web.get("/api/registers?address=0&quantity=8&type=" +
                             kind)
            values = {name: values[name]
                      for name in ("address", "type", "order", "values")}
            web.post("/api/reset", {})
            self.assertEqual(web.put("/api/registers", values).status, 200)
            self.assertEqual(web.registers(0, 8), words)

    def test_a_dump_can_be_loaded(self):
        server, web = self.start_web("--http-write")
        client = self.connect(server)
        for address in range(0, ADDRESSES, 1000):
            client.ask(write_registers(address, [address, 1, 2]))
            client.ask(write_coils(address, [1, 0, 1, 1]))
        dump = web.get("/api/dump")
        self.assertEqual(web.post("/api/reset", {}).status, 200)
        self.assertEqual(web.get("/api/dump")["registers"], [0] * ADDRESSES)
        self.assertEqual(web.get("/api/dump")["coils"], [0] * 4096)
        self.assertEqual(web.post("/api/load", dump).status, 200)
        again = web.get("/api/dump")
        for name in ("registers", "coils"):
            self.assertEqual(again[name], dump[name])
        web.post("/api/load", {"address": 32, "coils": [0xFFFF]})
        web.post("/api/load", {"address": 5, "registers": [9, 8]})
        self.assertEqual(web.coils(31, 18), [0] + [1] * 16 + [0])
        self.assertEqual(web.registers(4, 4), [0, 9, 8, 0])

    def test_a_reset_of_one_kind_leaves_the_other(self):
        _, web = self.start_web("--http-write")
        web.write("registers", [1])
        web.write("coils", [1])
        self.assertEqual(web.curl("/api/reset?kind=coils", "-X",
                                  "POST").status, 200)
        self.assertEqual((web.registers(0, 1), web.coils(0, 1)), ([1], [0]))
        web.write("coils", [1])
        self.assertEqual(web.curl("/api/reset?kind=registers", "-X",
                                  "POST").status, 200)
        self.assertEqual((web.registers(0, 1), web.coils(0, 1)), ([0], [1]))

    def test_the_overlaid_table(self):
        server, web = self.start_web("--http-write", "-d", "o")
        web.put("/api/coils", {"address": 16, "values": [1, 0, 1]})
        self.assertEqual(web.registers(1, 1), [5])
        dump = web.get("/api/dump")
        self.assertEqual(dump["mode"], "overlaid")
        self.assertEqual(dump["coils"], dump["registers"][:4096])
        self.assertEqual(web.post("/api/load", dump).status, 200)
        dump["coils"][7] ^= 1
        self.assert_error(web.post("/api/load", dump), 400, "coils: not")
        dump["mode"] = "separate"
        self.assert_error(web.post("/api/load", dump), 400, "mode: not")
        self.assertEqual(
            unpack_words(self.connect(server).ask(read(3, 7, 1))[2:]), [0])

    BAD = (
        ({"address": 65535, "values": [1, 2]}, "room for 1"),
        ({"address": 65536, "values": [1]}, "from 0 to 65535"),
        ({"address": -1, "values": [1]}, "from 0 to 65535"),
        ({"address": 1.5, "values": [1]}, "from 0 to 65535"),
        ({"address": 0, "values": []}, "expected an array"),
        ({"address": 0, "values": 1}, "expected an array"),
        ({"address": 0}, "expected an array"),
        ({"address": 0, "values": [1, 65536]},
         "values[1]: expected a whole number from 0 to 65535 for"),
        ({"address": 0, "values": [1, -1]},
         "values[1]: expected a whole number from 0 to 65535 for"),
        ({"address": 0, "values": [1, None]}, "values[1]"),
        ({"address": 0, "values": [1], "type": "int8"},
         "type: expected one of"),
        ({"address": 0, "values": [1], "order": 1}, "order: expected one of"),
        ({"address": 0, "values": [1], "type": "string0"},
         "string1 to string250"),
        ({"address": 0, "values": ["ABC"], "type": "string2"},
         "at most 2 bytes in UTF-8"),
        ({"address": 0, "values": [1], "type": "string2"},
         "a text of at most 2 bytes"),
        ({"address": 0, "values": ["A\x00"], "type": "string2"}, "not JSON"),
        ({"address": 0, "values": [2 ** 64], "type": "uint64"},
         "64 bits signed as str"),
        ({"address": 0, "values": [1], "adress": 1},
         "\"adress\": no such member"),
        (b"", "expected a JSON object"),
        (b"[1]", "expected a JSON object"),
        (b"{\"values\":[1]", "not JSON, line 1"),
        (b"{\"values\":[1],\"values\":[2]}", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{\"values\":" + b"[" * 100000, "at most 8 arrays"),
        (b"{\"values\":[" + b"0," * 100000 + b"0]}", "at most 70000"),
    )

    def test_a_bad_body_changes_nothing(self):
        _, web = self.start_web("--http-write")
        web.write("registers", [7, 7, 7])
        for value, text in self.BAD:
            with self.subTest(text=text):
                self.assert_error(web.put("/api/registers", value), 400, text)
        self.assertEqual(web.registers(0, 4), [7, 7, 7, 0])
        for value in ([2], ["true"], [1.5]):
            self.assert_error(web.write("coils", value), 400,
                              "expected true, false, 1 or 0")
        self.assertEqual(web.coils(0, 4), [0] * 4)

    def test_a_body_must_say_that_it_is_json(self):
        _, web = self.start_web("--http-write")
        for kind in ("text/plain", "application/x-www-form-urlencoded",
                     "application/jsonx"):
            self.assert_error(
                web.curl("/api/registers", "-X", "PUT", "-d",
                         "{\"address\":0,\"values\":[1]}", "-H",
                         "Content-Type: " + kind),
                415, "application/json")
        self.assertEqual(
            web.curl("/api/registers", "-X", "PUT", "-d",
                     "{\"address\":0,\"values\":[1]}", "-H",
                     "Content-Type: application/json; charset=utf-8"
                     ).status, 200)

    def test_without_http_write_nothing_is_written(self):
        _, web = self.start_web()
        for answer in (web.write("registers", [1]),
                       web.write("coils", [1]),
                       web.post("/api/load", {"registers": [1]}),
                       web.post("/api/reset", {})):
            self.assert_error(answer, 403, "--http-write")
        self.assertEqual((web.registers(0, 1), web.coils(0, 1)), ([0], [0]))
        self.assertFalse(web.get("/api/status")["writable"])

    def test_access_rules_hold(self):
        server, web = self.start_web(
            "--http-write", "--read-only-range", "registers:1000-1999",
            "--write-from", "127.0.0.1")
        client = self.connect(server)
        self.assertEqual(
            web.put("/api/registers",
                    {"address": 999, "values": [1]}).status, 200)
        self.assert_error(
            web.write("registers", [2] * 2001),
            403, "exception 02")
        self.assertEqual(web.registers(0, 1000), [0] * 999 + [1])
        self.assert_error(web.post("/api/reset", {}), 403, "access rules")
        self.assertEqual(web.registers(999, 1), [1])
        self.assertEqual(len(client.ask(write_single(6, 5, 1))), 5)
        stranger = self.connect(server, source="127.0.0.9")
        self.assertEqual(stranger.ask(write_single(6, 5, 1)),
                         exception(6, 1))
        self.assert_error(
            web.write("registers", [1], "--interface",
                    "127.0.0.9"), 403, "exception 01")
        read_only, other = self.start_web("--http-write", "--read-only")
        self.assertTrue(read_only.is_running())
        self.assert_error(other.write("coils", [1]), 403,
                          "exception 02")

    def test_clients_that_may_not_connect_are_refused(self):
        _, web = self.start_web("--allow", "127.0.0.7", "--http-write")
        self.assert_error(web.curl("/api/dump"), 403, "may not connect")
        self.assertEqual(web.curl("/api/dump", "--interface",
                                  "127.0.0.7").status, 200)


class Tokens(WebTest):
    """--http-token."""

    def test_writing_takes_the_token_and_reading_does_not(self):
        _, web = self.start_web("--http-write", "--http-token",
                                token_file(self))
        value = {"address": 0, "values": [1]}
        for header in ((), ("-H", "Authorization: Bearer wrong-wrong-wrong-"),
                       ("-H", "Authorization: Basic " + TOKEN),
                       ("-H", "Authorization: Bearer " + TOKEN[:-1])):
            answer = web.put("/api/registers", value, *header)
            self.assert_error(answer, 401, "Authorization: Bearer TOKEN")
            self.assertEqual(answer.headers["www-authenticate"], "Bearer")
        self.assertEqual(web.registers(0, 1), [0])
        right = ("-H", "Authorization: Bearer " + TOKEN)
        self.assertEqual(web.put("/api/registers", value, *right).status, 200)
        self.assertEqual(web.registers(0, 1), [1])
        status = web.get("/api/status")
        self.assertEqual((status["writable"], status["token_required"]),
                         (False, True))
        self.assertTrue(web.get("/api/status", *right)["writable"])

    def test_beyond_loopback_writing_takes_a_token(self):
        done = run_server("-p", "0", "--http", "0.0.0.0:0", "--http-write")
        self.assertEqual(done.returncode, 64)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("--http-token", done.stderr)
        token = ("--http-write", "--http-token", token_file(self))
        done = run_server("-p", "0", "--http", "0.0.0.0:0", *token)
        self.assertEqual(done.returncode, 64)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("requires --http-tls or --http-plain-token",
                      done.stderr)
        server, web = self.start_web(*token, "--http-plain-token",
                                     http="0.0.0.0:0")
        self.assertTrue(server.is_running())
        web.url = web.url.replace("0.0.0.0", "127.0.0.1")
        self.assertEqual(web.registers(0, 1), [0])

    def test_a_bad_token_file_is_named(self):
        for path, text in (
                ("/nowhere/at/all", "No such file"),
                ("/tmp", "regular file"),
                (token_file(self, "short\n"), "16 to 256"),
                (token_file(self, mode=0o644), "chmod 600")):
            done = run_server("-p", "0", "--http", "0", "--http-write",
                              "--http-token", path)
            self.assertEqual(done.returncode, 78)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("--http-token: \"%s\": " % path, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertNotIn(TOKEN, done.stderr)


class Doors(WebTest):
    """Which requests are taken at all."""

    def test_the_host_must_be_ours(self):
        _, web = self.start_web("--http-host", "plc.example")
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:99",
                     "plc.example", "PLC.example:8080"):
            self.assertEqual(
                web.curl("/api/status", "-H", "Host: " + host).status, 200)
        for host in ("evil.example", "localhost.evil.example", "plc.example.",
                     "127.0.0.1.evil.example", "localhost:x"):
            self.assert_error(
                web.curl("/api/status", "-H", "Host: " + host), 403, "Host")

    def test_the_machine_knows_its_own_name(self):
        _, web = self.start_web()
        name = socket.gethostname().split(".")[0]
        for host in (socket.gethostname(), name.upper(), name + ".local",
                     name + ":8080"):
            self.assertEqual(
                web.curl("/api/status", "-H", "Host: " + host).status, 200)
        for host in (name + ".evil.example", name + "x", name + ".localx"):
            self.assert_error(
                web.curl("/api/status", "-H", "Host: " + host), 403, "Host")

    def test_there_must_be_one_host(self):
        _, web = self.start_web()
        for request in (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
                        b"POST /api/reset HTTP/1.0\r\n\r\n",
                        b"GET / HTTP/1.0\r\nHost: localhost\r\n"
                        b"Host: localhost\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                        b"Host: localhost\r\nConnection: close\r\n\r\n",
                        b"GET http://localhost/ HTTP/1.1\r\n"
                        b"Host: localhost\r\nConnection: close\r\n\r\n"):
            self.assertTrue(web.raw(request).startswith(b"HTTP/1.1 400")
                            or web.raw(request).startswith(b"HTTP/1.0 400"))

    def test_http_1_0_reads_without_a_host(self):
        _, web = self.start_web("--http-write")
        for request, status in (
                (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
                (b"HEAD / HTTP/1.0\r\n\r\n", 200),
                (b"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403),
                (b"GET /healthz HTTP/1.0\r\n"
                 b"Origin: http://evil.example\r\n\r\n", 403)):
            self.assertIn(b" %d " % status,
                          web.raw(request).split(b"\r\n")[0], request)

    def test_the_origin_must_be_the_host(self):
        _, web = self.start_web("--http-write")
        own = "Origin: http://127.0.0.1:%d" % web.port
        self.assertEqual(
            web.write("registers", [1], "-H", own).status, 200)
        for origin in ("http://evil.example", "null", "http://127.0.0.1",
                       "http://127.0.0.1:1", "file://"):
            self.assert_error(
                web.write("registers", [2], "-H",
                        "Origin: " + origin), 403, "Origin")
            self.assert_error(
                web.curl("/api/dump", "-H", "Origin: " + origin), 403,
                "Origin")
        self.assertEqual(web.registers(0, 1), [1])

    def test_the_origin_may_be_a_name_that_is_given(self):
        _, web = self.start_web("--http-write", "--http-host", "plc.example")
        for origin in ("https://plc.example", "http://PLC.example:8443"):
            self.assertEqual(
                web.put("/api/registers", {"address": 0, "values": [1]}, "-H",
                        "Origin: " + origin).status, 200)
        for origin in ("https://evil.plc.example", "https://plc.example.evil",
                       "http://localhost",
                       "http://" + socket.gethostname()):
            self.assert_error(
                web.put("/api/registers", {"address": 0, "values": [2]}, "-H",
                        "Origin: " + origin), 403, "Origin")

    def test_a_browser_says_from_where_it_asks(self):
        _, web = self.start_web("--http-write")
        for site, mode, reads, writes in (
                ("same-origin", "cors", 200, 200),
                ("none", "navigate", 200, 200),
                ("same-site", "cors", 403, 403),
                ("same-site", "no-cors", 403, 403),
                ("cross-site", "cors", 403, 403),
                ("cross-site", "no-cors", 403, 403),
                ("cross-site", "navigate", 200, 403)):
            with self.subTest(site=site, mode=mode):
                headers = ("-H", "Sec-Fetch-Site: " + site,
                           "-H", "Sec-Fetch-Mode: " + mode)
                for path in ("/", "/app.js", "/api/status", "/metrics"):
                    self.assertEqual(web.curl(path, *headers).status, reads)
                answer = web.curl("/api/reset", "-X", "POST", *headers)
                self.assertEqual(answer.status, writes)
                if writes == 403:
                    self.assert_error(answer, 403, "Sec-Fetch-Site")

    def test_pages_of_given_origins_read(self):
        _, web = self.start_web("--http-write", "--http-origin",
                                "https://dash.example:443",
                                "--http-origin", "http://[::1]:3000")
        for origin in ("https://dash.example", "http://[::1]:3000"):
            page = ("-H", "Origin: " + origin,
                    "-H", "Sec-Fetch-Site: cross-site",
                    "-H", "Sec-Fetch-Mode: cors")
            answer = web.curl("/api/status", *page)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["access-control-allow-origin"],
                             origin)
            self.assertEqual(answer.headers["vary"], "Origin")
            self.assertNotIn("access-control-allow-credentials",
                             answer.headers)
            self.assert_error(
                web.put("/api/registers", {"address": 0, "values": [1]},
                        *page), 403, "may only read")
            answer = web.curl("/api/registers", *page, "-X", "OPTIONS", "-H",
                              "Access-Control-Request-Method: PUT")
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual(answer.headers["access-control-allow-methods"],
                             "GET, HEAD")
            # It may read what it did wrong.
            answer = web.curl("/nowhere", *page)
            self.assert_error(answer, 404, "unknown path")
            self.assertEqual(answer.headers["access-control-allow-origin"],
                             origin)
        for origin in ("http://dash.example", "https://evil.example", "null"):
            page = ("-H", "Origin: " + origin)
            for more in ((), ("-X", "OPTIONS", "-H",
                              "Access-Control-Request-Method: GET")):
                answer = web.curl("/api/status", *page, *more)
                self.assert_error(answer, 403, "Origin")
                self.assertNotIn("access-control-allow-origin", answer.headers)
        answer = web.curl("/api/status")
        self.assertEqual(answer.headers["vary"], "Origin")
        self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertEqual(web.registers(0, 1), [0])

    def test_pages_of_given_origins_write_with_the_token(self):
        _, web = self.start_web("--http-write", "--http-token",
                                token_file(self), "--http-origin",
                                "https://dash.example")
        page = ("-H", "Origin: https://dash.example",
                "-H", "Sec-Fetch-Site: cross-site",
                "-H", "Sec-Fetch-Mode: cors")
        answer = web.curl("/api/registers", *page, "-X", "OPTIONS", "-H",
                          "Access-Control-Request-Method: PUT")
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.headers["access-control-allow-methods"],
                         "GET, HEAD, POST, PUT")
        for name in ("Authorization", "Content-Type", "Last-Event-ID"):
            self.assertIn(name, answer.headers["access-control-allow-headers"])
        write = {"address": 0, "values": [1]}
        answer = web.put("/api/registers", write, *page)
        self.assert_error(answer, 401, "token")
        self.assertEqual(answer.headers["access-control-allow-origin"],
                         "https://dash.example")
        self.assertEqual(web.put("/api/registers", write, *page, "-H",
                                 "Authorization: Bearer " + TOKEN).status, 200)
        self.assertEqual(web.registers(0, 1), [1])

    def test_behind_the_ingress_of_home_assistant(self):
        _, web = self.start_web("--http-host", "homeassistant.local",
                                "--http-frame", "self")
        for host in ("homeassistant.local:8123", "192.0.2.7:8123"):
            sent = ("-H", "Host: " + host,
                    "-H", "X-Ingress-Path: /api/hassio_ingress/abc",
                    "-H", "X-Forwarded-Host: " + host,
                    "-H", "Sec-Fetch-Site: same-origin",
                    "-H", "Origin: http://" + host)
            page = web.curl("/", *sent)
            self.assertEqual(page.status, 200)
            self.assertTrue(page.headers["content-security-policy"].endswith(
                "; frame-ancestors 'self'"))
            self.assertEqual(web.curl("/api/status", *sent).status, 200)

    def test_methods_and_paths(self):
        _, web = self.start_web("--http-write")
        for method, path, allowed in (
                ("DELETE", "/api/registers", "GET, HEAD, PUT, OPTIONS"),
                ("POST", "/api/registers", "GET, HEAD, PUT, OPTIONS"),
                ("PUT", "/api/dump", "GET, HEAD, OPTIONS"),
                ("GET", "/api/reset", "POST, OPTIONS"),
                ("PATCH", "/api/coils", "GET, HEAD, PUT, OPTIONS"),
                ("TRACE", "/api/status", "GET, HEAD, OPTIONS")):
            answer = web.curl(path, "-X", method)
            self.assert_error(answer, 405, allowed)
            self.assertEqual(answer.headers["allow"], allowed)
        for path in ("/nothing", "/api", "/api/", "/api/register",
                     "/../etc/passwd", "/api/../../etc/passwd",
                     "/%2e%2e/etc/passwd", "/api//registers",
                     "/api/registers%00", "/index.htm", "/.git/config"):
            with self.subTest(path=path):
                self.assert_error(web.curl(path), 404, "unknown path")

    def test_security_headers_are_sent(self):
        _, web = self.start_web()
        answer = web.curl("/api/status")
        for name, value in (("x-content-type-options", "nosniff"),
                            ("cross-origin-resource-policy", "same-origin"),
                            ("cache-control", "no-store")):
            self.assertEqual(answer.headers[name], value)
        self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this host has no IPv6")
        _, web = self.start_web(http="[::1]:0")
        self.assertEqual(web.registers(0, 1), [0])

    def test_an_ipv6_address_does_not_serve_ipv4(self):
        if not has_ipv6():
            self.skipTest("this host has no IPv6")
        for _ in range(20):
            _, web = self.start_web(http="[::]:0")
            with socket.socket() as ours:
                try:
                    ours.bind(("127.0.0.1", web.port))
                except OSError:
                    continue  # another program is there
                web.host = "::1"
                web.connect().close()
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", web.port))
                return
        self.fail("the port of each server is taken on 127.0.0.1")

    def test_a_port_in_use_is_named(self):
        _, web = self.start_web()
        done = run_server("-p", "0", "--listen", "127.0.0.1", "--http",
                          str(web.port))
        self.assertEqual(done.returncode, 75)
        self.assertIn("127.0.0.1:%d: Address already in use" % web.port,
                      done.stderr)


class EventsTest(WebTest):
    """Server-sent events."""

    def test_a_change_comes_with_who_made_it(self):
        server, web = self.start_web()
        events = self.events(web)
        name, hello, _ = events.next()
        self.assertEqual((name, hello["mode"]), ("hello", "separate"))
        client = self.connect(server)
        client.ask(write_registers(100, [1, 2, 3]), unit=17)
        client.ask(write_single(5, 7, 0xFF00))
        table = events.changes(lambda t: len(t) == 4)
        self.assertEqual(
            {key: value for key, (value, _) in table.items()},
            {("registers", 100): 1, ("registers", 101): 2,
             ("registers", 102): 3, ("coils", 7): 1})
        change = table["registers", 100][1]
        self.assertEqual((change["client"], change["unit"],
                          change["function"]), ("127.0.0.1", 17, 16))
        self.assertEqual(table["coils", 7][1]["function"], 5)

    def test_proxies_are_told_to_pass_them_on_at_once(self):
        _, web = self.start_web()
        with web.connect() as sock:
            sock.sendall(web.head())
            reply = b""
            while b"\r\n\r\n" not in reply:
                reply += sock.recv(4096)
        headers = web.curl("/api/events", "-I").headers
        self.assertEqual(headers["x-accel-buffering"], "no")
        self.assertEqual(headers["cache-control"], "no-store, no-transform")
        for name in ("x-accel-buffering", "cache-control", "content-type"):
            self.assertIn("%s: %s\r\n" % (name, headers[name]),
                          reply.decode().lower())

    def test_only_the_last_of_many_values_comes(self):
        server, web = self.start_web()
        events = self.events(web)
        events.wait("hello")
        client = self.connect(server)
        requests = b"".join(adu(write_single(6, 5, i)) for i in range(5000))
        client.send(requests)
        for _ in range(5000):
            client.frame()
        values = []
        while not values or values[-1] != 4999:
            _, data, _ = events.wait("changes")
            self.assertEqual([(c["kind"], c["address"], len(c["values"]))
                              for c in data["changes"]],
                             [("registers", 5, 1)])
            values.append(data["changes"][0]["values"][0])
        self.assertEqual(values, sorted(set(values)))
        self.assertLess(len(values), 500)

    def test_a_subscriber_that_reconnects_gets_what_it_missed(self):
        server, web = self.start_web("--http-write")
        seq = web.get("/api/dump")["seq"]
        client = self.connect(server)
        client.ask(write_registers(0, [1, 2]))
        with self.events(web, "?since=%d" % seq) as events:
            table = events.changes(lambda t: len(t) == 2)
            self.assertEqual(table["registers", 1][0], 2)
            client.ask(write_registers(9, [3]))
            _, data, seq = events.wait("changes")
            self.assertEqual(data["seq"], seq)
        web.put("/api/registers", {"address": 5, "values": [5] * 30000})
        client.ask(write_registers(70, [7]))
        client.ask(write_registers(40000, [8]))
        # As a browser does it.
        events = self.events(web, "", "-H", "Last-Event-ID: %d" % seq)
        table = events.changes(lambda t: len(t) == 30001)
        self.assertNotIn(("registers", 0), table)
        self.assertEqual(table["registers", 70][0], 7)
        self.assertEqual(table["registers", 30004][0], 5)
        self.assertEqual(table["registers", 40000][0], 8)

    def test_another_start_is_a_gap(self):
        _, web = self.start_web()
        _, hello, _ = self.events(web).next()
        for since in (1, int(hello["epoch"]) - 1, hello["seq"] + 1000):
            events = self.events(web, "?since=%d" % since)
            self.assertEqual(events.next()[0], "hello")
            name, data, seq = events.next()
            self.assertEqual((name, data["seq"]), ("gap", seq))

    def test_overlaid_changes_come_as_both(self):
        server, web = self.start_web("-d", "o")
        events = self.events(web)
        events.wait("hello")
        self.connect(server).ask(write_single(6, 1, 0x8001))
        table = events.changes(lambda t: len(t) == 3)
        self.assertEqual({key: value for key, (value, _) in table.items()},
                         {("registers", 1): 0x8001, ("coils", 16): 1,
                          ("coils", 31): 1})

    def test_every_change_singly(self):
        server, web = self.start_web("--http-write")
        events = self.events(web, "?detail=every")
        events.wait("hello")
        client = self.connect(server)
        for value in (1, 2, 2, 3):
            client.ask(write_single(6, 5, value))
        client.ask(write_coils(30, [1, 0, 1]))
        web.put("/api/registers", {"address": 8, "values": [9]})
        got = [events.wait("change")[1] for _ in range(6)]
        self.assertEqual([(c["before"], c["after"]) for c in got[:4]],
                         [([0], [1]), ([1], [2]), ([2], [2]), ([2], [3])])
        self.assertEqual((got[4]["kind"], got[4]["address"],
                          got[4]["before"], got[4]["after"]),
                         ("coils", 30, [0, 0, 0], [1, 0, 1]))
        self.assertEqual((got[5]["unit"], got[5]["function"]), (0, 16))

    def test_too_many_changes_to_tell_singly_are_a_gap(self):
        server, web = self.start_web()
        events = self.events(web, "?detail=every")
        events.wait("hello")
        client = self.connect(server)
        # So many at once are one step of the server, which tells after it.
        requests = b"".join(adu(write_coils(0, [i % 2] * 1968))
                            for i in range(15))
        for _ in range(20):
            client.send(requests)
            for _ in range(15):
                client.frame()
        events.wait("gap")
        self.await_change(events, client)

    def await_change(self, events, client):
        """The events go on. A write may fall into a further gap, as long as
        the reader is behind: then it takes another one."""
        client.ask(write_single(6, 5, 1))
        while True:
            name, change, _ = events.wait("change", "gap")
            if name == "gap":
                client.ask(write_single(6, 5, 1))
            elif change["function"] == 6:
                return

    def test_every_write_is_listed_once(self):
        server, web = self.start_web("--http-write", "-d", "o")
        client = self.connect(server)
        client.ask(write_single(6, 5, 1))
        events = self.events(web, "?writes=1")
        self.assertEqual(events.wait("hello")[1]["writes"], 1)
        client.ask(write_registers(100, [7] * 50))
        client.ask(write_registers(100, [7] * 50))
        client.ask(write_single(6, 5, 1))
        client.ask(write_coils(30, [1, 0, 1]))
        web.put("/api/registers", {"address": 8, "values": [9]})
        web.put("/api/registers", {"address": "HR8.1", "values": [1]})
        writes = []
        while len(writes) < 6:
            _, data, _ = events.wait("writes")
            self.assertEqual(data["number"], 2 + len(writes))
            self.assertNotIn("more", data)
            writes += data["writes"]
        self.assertEqual(
            [(w["kind"], w["address"], w["values"], w["changed"], w["unit"],
              w["function"]) for w in writes],
            [("registers", 100, [7] * 50, True, 1, 16),
             ("registers", 100, [7] * 50, False, 1, 16),
             ("registers", 5, [1], False, 1, 6),
             ("coils", 30, [1, 0, 1], True, 1, 15),
             ("registers", 8, [9], True, 0, 16),
             ("registers", 8, [11], True, 0, 22)])
        self.assertEqual({w["client"] for w in writes}, {"127.0.0.1"})

    def test_of_too_many_writes_the_rest_is_counted(self):
        server, web = self.start_web()
        events = self.events(web, "?writes=1")
        events.wait("hello")
        client = self.connect(server)
        client.send(b"".join(adu(write_registers(i, [i] * 100))
                             for i in range(3000)))
        for _ in range(3000):
            client.frame()
        number, counted = 1, 0
        while number <= 3000:
            name, data, _ = events.wait("writes", "status")
            if name == "status":  # the last ones may be missing
                client.ask(write_registers(web.get("/api/status")["writes"],
                                           [1] * 100))
                continue
            # Some are missing where the reader was behind.
            self.assertGreaterEqual(data["number"], number)
            number = data["number"] + len(data["writes"])
            self.assertLess(len(json.dumps(data)), 16384)
            if "more" in data:
                more = data["more"]
                self.assertEqual(more["values"], 100 * more["writes"])
                self.assertEqual(more["ranges"], [
                    {"kind": "registers", "address": number - 1,
                     "quantity": more["writes"] + 99}])
                self.assertEqual(more["client"], "127.0.0.1")
                counted += more["writes"]
                number += more["writes"]
        self.assertGreater(counted, 0)

    def test_clients_and_status_come_by_themselves(self):
        server, web = self.start_web()
        events = self.events(web)
        client = self.connect(server)
        client.ping(3)
        while True:
            _, clients, _ = events.wait("clients")
            if clients and clients[0]["requests"] == 3:
                break
        self.assertEqual(events.wait("status")[1]["requests"], 3)
        client.close()
        while events.wait("clients")[1][0]["connected"]:
            pass

    def test_the_history_of_rates_is_sent_once(self):
        _, web = self.start_web()
        first = self.events(web)
        first.wait("status")  # the one that has them
        while len(web.get("/api/status")["rates"]) < 3:
            first.wait("status")
        second = self.events(web)
        self.assertGreaterEqual(len(second.wait("status")[1]["rates"]), 3)
        for events in (first, second):
            before, after = (events.wait("status")[1]["rates"]
                             for _ in range(2))
            self.assertEqual((len(before), len(after)), (1, 1))
            self.assertLess(before[0]["t"], after[0]["t"])

    def test_a_rate_is_sent_until_it_is_zero(self):
        server, web = self.start_web()
        client = self.connect(server)
        events = self.events(web)

        def has_a_rate():
            client.ping(10)
            return events.wait("clients")[1][0]["requests_per_s"] > 0
        wait_for(has_a_rate, "a rate")
        # It is also 0 within the first second of requests.
        while (last := events.wait("clients")[1][0])["requests_per_s"] > 0 \
                or last["idle_s"] < 1:
            pass
        # Then nothing is told any more but the status.
        wait_for(lambda: {events.next()[0] for _ in range(3)} == {"status"},
                 "the end of it")

    def test_idle_time_is_that_since_the_last_request(self):
        server, web = self.start_web()
        client = self.connect(server)
        for _ in range(50):
            began = time.monotonic()
            client.ping()
            idle = web.get("/api/clients")[0]["idle_s"]
            self.assertLessEqual(idle, time.monotonic() - began + 0.1)

    def test_there_are_16_readers_at_most(self):
        _, web = self.start_web()
        readers = [self.events(web) for _ in range(16)]
        for events in readers:
            events.wait("hello")
        self.assert_error(web.curl("/api/events"), 503, "16 subscribers")
        readers[3].close()
        wait_for(lambda: "http_event_readers 15" in
                 web.curl("/metrics").body.decode(), "one reader less")
        self.events(web).wait("hello")

    def test_a_server_with_readers_stops_at_once(self):
        server, web = self.start_web()
        events = self.events(web)
        events.wait("hello")
        server.stop()


class Clients(WebTest):
    """What is known of clients."""

    def test_connections_have_their_figures(self):
        server, web = self.start_web()
        first = self.connect(server)
        second = self.connect(server, source="127.0.0.9")
        first.ping(5)
        first.ask(read(3, 0, 126))
        second.ask(write_single(6, 0, 1))
        clients = {c["peer"].split(":")[0]: c
                   for c in web.get("/api/clients")}
        self.assertEqual(set(clients), {"127.0.0.1", "127.0.0.9"})
        one = clients["127.0.0.1"]
        self.assertEqual(one["peer"], "127.0.0.1:%d"
                         % first.socket.getsockname()[1])
        self.assertEqual((one["requests"], one["functions"],
                          one["exceptions"], one["connected"]),
                         (6, {"3": 6}, {"3": 1}, True))
        self.assertEqual((one["bytes_in"], one["bytes_out"]),
                         (6 * 12, 5 * 11 + 9))
        self.assertEqual(clients["127.0.0.9"]["functions"], {"6": 1})
        self.assertRegex(one["since"],
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_the_report_says_what_a_client_does(self):
        server, web = self.start_web("--client-report")
        client = self.connect(server)
        for _ in range(3):
            client.ask(read(3, 100, 10))
            for address in range(5):
                client.ask(read(1, address, 1))
        client.send(adu(read(4, 0, 5)) * 20)
        for _ in range(20):
            client.frame()
        client.ask(read(3, 0, 126))
        client.ask(read(3, 0, 126))
        client.close()
        self.connect(server).ping()
        report = [c["report"] for c in web.get("/api/clients")
                  if "report" in c]
        self.assertEqual(len(report), 1)
        report = report[0]
        polls = {(p["function"], p["address"], p["quantity"]): p
                 for p in report["polls"]}
        self.assertEqual(polls[3, 100, 10]["requests"], 3)
        self.assertGreater(polls[3, 100, 10]["period_ms"], 0)
        self.assertEqual(report["pipelining"], 20)
        self.assertEqual(report["reconnects"], 1)
        self.assertEqual(report["illegal"], [{
            "function": 3, "exception": 3, "requests": 2,
            "reason": "quantity 126: 1 to 125 can be read at once",
            "query": "client=127.0.0.1&function=3&exception=3"}])
        self.assertEqual([f["hint"] for f in report["findings"]],
                         report["hints"])
        self.assertTrue(any("one item at a time" in hint
                            for hint in report["hints"]))
        self.assertTrue(any("repeats refused requests: 1 time" in hint
                            for hint in report["hints"]))
        server.stop()
        lines = server.log_lines(" info report: 127.0.0.1: ")
        self.assertTrue(any("polls Read Holding Registers, unit 1, address "
                            "100 quantity 10: 3 times" in line
                            for line in lines))
        self.assertTrue(any("up to 20 requests at once" in line
                            for line in lines))

    def test_the_report_needs_no_http(self):
        server = self.start("--client-report", "--log-level", "error")
        self.connect(server).ping()
        server.stop()
        self.assertTrue(server.log_lines("report: 127.0.0.1: 1 requests"))

    def test_a_client_that_does_not_read_is_behind(self):
        server, web = self.start_web()
        client = self.connect(server, receive_buffer=4096)
        client.socket.setblocking(False)
        request = adu(read(3, 0, 125)) * 100

        def is_behind():
            try:
                client.socket.send(request)
            except BlockingIOError:
                pass
            return web.get("/api/clients")[0]["unsent"] > 16384
        wait_for(is_behind, "unsent bytes")

    def test_many_connections_list_those_that_asked_last(self):
        server, web = self.start_web()
        clients = [self.connect(server) for _ in range(150)]
        for client in clients:
            client.ping()
        listed = web.get("/api/clients")
        self.assertEqual(len(listed), 128)
        self.assertEqual(web.get("/api/status")["connections"], 150)


class Writers(WebTest):
    """Who wrote what last."""

    def test_rows_have_the_writer_and_the_time(self):
        server, web = self.start_web()
        self.assertEqual(web.get("/api/writers?quantity=4096"), [])
        one = self.connect(server)
        two = self.connect(server, source="127.0.0.2")
        one.ask(write_registers(10, [1, 2, 3]))
        two.ask(write_registers(12, [4, 5]))
        rows = web.get("/api/writers?kind=registers&address=5&quantity=9")
        self.assertEqual([(r["address"], r["client"], r["changes"],
                           r["contended"]) for r in rows],
                         [(10, "127.0.0.1", 1, False),
                          (11, "127.0.0.1", 1, False),
                          (12, "127.0.0.2", 2, False),
                          (13, "127.0.0.2", 1, False)])
        self.assertRegex(rows[0]["time"], r"Z$")
        self.assertEqual(web.get("/api/writers?kind=coils&address=10"), [])
        self.assertEqual(
            len(web.get("/api/writers?address=11&quantity=2")), 2)

    def test_contended_addresses_are_listed(self):
        server, web = self.start_web()
        one = self.connect(server)
        two = self.connect(server, source="127.0.0.2")
        self.assertEqual(web.get("/api/contended"), [])
        for value in (1, 2, 3):
            for client in (one, two):
                client.ask(write_single(6, 7, value))
                client.ask(write_single(5, 9, 0xFF00))
        rows = web.get("/api/contended")
        self.assertEqual([(r["kind"], r["address"], r["client"], r["other"])
                          for r in rows],
                         [("registers", 7, "127.0.0.2", "127.0.0.1"),
                          ("coils", 9, "127.0.0.2", "127.0.0.1")])
        self.assertGreaterEqual(rows[0]["contentions"], 4)
        self.assertIn(b"contended_addresses{kind=\"coils\"} 1\n",
                      web.curl("/metrics").body)

    def test_the_map_has_what_was_written(self):
        server, web = self.start_web("--http-write")
        self.assertEqual(web.get("/api/writers/map?kind=registers"),
                         {"ranges": [], "clients": [], "writes": 0})
        web.write("registers", [1] * 5000)
        two = self.connect(server, source="127.0.0.2")
        two.ask(write_single(6, 65535, 1))
        two.ask(write_single(6, 100, 1))
        found = web.get("/api/writers/map?kind=registers")
        clients = {}
        for each in found["ranges"]:
            self.assertEqual(len(each["client"]), len(each["age_s"]))
            for i, number in enumerate(each["client"]):
                clients[each["address"] + i] = found["clients"][number]
                self.assertLess(each["age_s"][i], 3600)
        expected = dict.fromkeys(range(5000), "127.0.0.1")
        expected.update({100: "127.0.0.2", 65535: "127.0.0.2"})
        self.assertEqual(clients, expected)

    def test_the_map_of_what_was_written_since(self):
        server, web = self.start_web("--http-write")
        web.write("registers", [1] * 5000)
        writes = web.get("/api/writers/map")["writes"]
        self.assertEqual(web.get("/api/status")["writes"], writes)
        client = self.connect(server, source="127.0.0.2")
        client.ask(write_single(6, 4321, 1))  # no change
        client.ask(write_single(6, 9000, 7))
        self.assertEqual(web.get("/api/status")["writes"], writes + 2)
        found = web.get("/api/writers/map?since=%d" % writes)
        self.assertEqual(found["writes"], writes + 2)
        clients = {each["address"] + i: found["clients"][number]
                   for each in found["ranges"]
                   for i, number in enumerate(each["client"])}
        self.assertEqual((clients[4321], clients[9000]), ("127.0.0.2",) * 2)
        self.assertLess(len(clients), 500)
        self.assertEqual(
            web.get("/api/writers/map?since=%d" % found["writes"])["ranges"],
            [])

    def test_bad_questions(self):
        _, web = self.start_web()
        for path in ("/api/writers?kind=inputs", "/api/writers?quantity=4097",
                     "/api/writers?address=65535&quantity=2",
                     "/api/writers/map?address=1", "/api/contended?kind=x"):
            self.assert_error(web.curl(path), 400, "")


class Metrics(WebTest):
    """For Prometheus."""

    def sample(self, web, name):
        text = web.curl("/metrics").body.decode()
        found = re.search("^mbasyncserver_" + re.escape(name) + r" (\S+)$",
                          text, re.MULTILINE)
        self.assertTrue(found, name)
        return float(found.group(1))

    def test_promtool_accepts_them(self):
        if not PROMTOOL:
            self.skipTest("no promtool here")
        server, web = self.start_web()
        self.connect(server).ask(read(3, 0, 126))
        done = subprocess.run([PROMTOOL, "check", "metrics"],
                              input=web.curl("/metrics").body,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_they_count(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ping(4)
        client.ask(read(3, 0, 126))
        client.ask(bytes([99]))
        with Client(server) as bad:
            bad.send(struct.pack(">HHHB", 1, 1, 2, 1))
            bad.expect_eof()
        for name, value in (
                ("connections", 1), ("connections_accepted_total", 2),
                ("requests_total{function=\"3\"}", 5),
                ("requests_total{function=\"99\"}", 1),
                ("requests_total{function=\"16\"}", 0),
                ("exceptions_total{code=\"3\"}", 1),
                ("exceptions_total{code=\"1\"}", 1),
                ("protocol_errors_total{kind=\"protocol_identifier\"}", 1),
                ("connections_closed_total{cause=\"bad_protocol\"}", 1),
                ("received_bytes_total", 5 * 12 + 8),
                ("sent_bytes_total", 4 * 11 + 9 + 9),
                ("request_duration_seconds_count", 6),
                ("request_duration_seconds_bucket{le=\"+Inf\"}", 6),
                ("healthy", 1)):
            with self.subTest(name=name):
                self.assertEqual(self.sample(web, name), value)
        # That of an earlier scrape may not be closed yet.
        wait_for(lambda: self.sample(web, "http_connections") == 1,
                 "no other connection")
        spent = self.sample(web, "request_duration_seconds_sum")
        self.assertGreater(spent, 0)
        self.assertLess(spent, 6 * 30)
        self.assertEqual(web.curl("/metrics").headers["content-type"],
                         "text/plain; version=0.0.4; charset=utf-8")

    def process(self, web):
        text = web.curl("/metrics").body.decode()
        return {name: float(value) for name, value in
                re.findall(r"^process_(\w+) (\S+)$", text, re.MULTILINE)}

    def test_the_process_has_the_usual_ones(self):
        server, web = self.start_web()
        found = self.process(web)
        self.assertEqual(
            set(found),
            {"cpu_seconds_total", "start_time_seconds",
             "resident_memory_bytes", "virtual_memory_bytes", "open_fds",
             "max_fds"})
        self.assertGreater(found["cpu_seconds_total"], 0)
        self.assertLess(found["open_fds"], found["max_fds"])
        clients = [self.connect(server) for _ in range(20)]
        for client in clients:
            client.ping()
        # The connection of an earlier scrape may not be closed yet.
        wait_for(lambda: self.process(web)["open_fds"] ==
                 found["open_fds"] + 20, "the open descriptors")

    def test_http_requests_have_a_status(self):
        _, web = self.start_web()
        for _ in range(3):
            web.curl("/nothing")
        web.curl("/api/status", "-X", "DELETE")
        events = self.events(web)
        events.wait("hello")
        for status, n in (("404", 3), ("405", 1), ("200", 3)):
            self.assertEqual(
                self.sample(web, "http_requests_total{status=\"%s\"}"
                            % status), n)

    def test_slow_requests_are_told_apart(self):
        _, web = self.start_web()
        bounds = [float(bound) for bound in re.findall(
            r'request_duration_seconds_bucket{le="([0-9.e-]+)"}',
            web.curl("/metrics").body.decode())]
        self.assertEqual(bounds, sorted(bounds))
        self.assertEqual([b for b in bounds if 0.01 <= b <= 0.1],
                         [0.01, 0.02, 0.05, 0.1])

    def test_health(self):
        _, web = self.start_web()
        answer = web.curl("/healthz")
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))


if __name__ == "__main__":
    main()
