"""Points over HTTP: read and written by their names, checked over Modbus."""

import json
import os
import random
import shutil
import subprocess
import tempfile
import urllib.parse

from harness import (adu, exception, main, mask_write, read, unpack_bits,
                     unpack_words, write_coils, write_registers, write_single)
from web import TOKEN, WebTest

PROMTOOL = os.environ.get("PROMTOOL", "")

# $SEED repeats what was random.
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 32)

PLANT = '''\
# boiler house; addresses from the vendor's list
name,address,type,order,value,scale,offset,divisor,units,access,simulate,\
description
supply temperature,HR0,int16,,62.5,0.1,,,°C,rw,"sine(55..70, 120s)",sensor T1
setpoint,40011,int16,,65,,,10,°C,rw,,register 10
flow,HR20,float32,CDAB,12.75,,,,m³/h,rw,random(12..13),
energy,HR22,uint64,CDAB,18446744073709551615,,,,Wh,rw,,
model,IR30,string7,BADC,BH-200,,,,,rw,,
status,HR40,uint16,,5,,,,,rw,,bits below
running,HR40.0,bool,,,,,,,rw,,
fault,HR40.2,bool,,,,,,,rw,,
pump on,C100,bool,,true,,,,,rw,,
"a/b%2F""ü""",10106,bool,,false,,,,,rw,toggle(30s),discrete input 105
'''

SUPPLY = {"name": "supply temperature", "kind": "registers", "address": 0,
          "quantity": 1, "type": "int16", "order": "ABCD", "scale": 0.1,
          "offset": 0, "units": "°C", "access": "rw", "value": 62.5,
          "simulate": "sine(55..70, 120s)", "description": "sensor T1"}
SETPOINT = {"name": "setpoint", "kind": "registers", "address": 10,
            "quantity": 1, "type": "int16", "order": "ABCD", "divisor": 10,
            "offset": 0, "units": "°C", "access": "rw", "value": 65,
            "simulate": "", "description": "register 10"}
FLOW = {"name": "flow", "kind": "registers", "address": 20, "quantity": 2,
        "type": "float32", "order": "CDAB", "scale": 1, "offset": 0,
        "units": "m³/h", "access": "rw", "value": 12.75,
        "simulate": "random(12..13)", "description": ""}
ENERGY = {"name": "energy", "kind": "registers", "address": 22, "quantity": 4,
          "type": "uint64", "order": "CDAB", "scale": 1, "offset": 0,
          "units": "Wh", "access": "rw", "value": "18446744073709551615",
          "simulate": "", "description": ""}
MODEL = {"name": "model", "kind": "registers", "address": 30, "quantity": 4,
         "type": "string7", "access": "rw", "value": "BH-200"}
STATUS = {"name": "status", "kind": "registers", "address": 40, "quantity": 1,
          "type": "uint16", "order": "ABCD", "scale": 1, "offset": 0,
          "units": "", "access": "rw", "value": 5, "simulate": "",
          "description": "bits below"}
RUNNING = {"name": "running", "kind": "registers", "address": 40,
           "quantity": 1, "bit": 0, "type": "bool", "access": "rw",
           "value": True}
FAULT = {**RUNNING, "name": "fault", "bit": 2}
PUMP = {"name": "pump on", "kind": "coils", "address": 100, "quantity": 1,
        "type": "bool", "access": "rw", "value": True}
ODD = {"name": "a/b%2F\"ü\"", "kind": "coils", "address": 105, "quantity": 1,
       "type": "bool", "access": "rw", "value": False,
       "simulate": "toggle(30s)", "description": "discrete input 105"}
ALL = [SUPPLY, SETPOINT, FLOW, ENERGY, MODEL, STATUS, RUNNING, FAULT, PUMP,
       ODD]


def path_of(name):
    """The path of a point."""
    return "/api/points/" + urllib.parse.quote(name, safe="")


class PointsTest(WebTest):
    """Tests of a server that has points."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="mbasyncserver-")
        self.addCleanup(shutil.rmtree, self.directory)

    def write_file(self, text, name="plant.csv"):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path

    def start_points(self, *arguments, text=PLANT, **options):
        """A server that has the points of a text, and its Web."""
        return self.start_web("--points", self.write_file(text), *arguments,
                              **options)

    def values(self, web):
        """The values of all points by their names."""
        points = web.get("/api/points")["points"]
        return {p["name"]: p["value"] for p in points}


class Reading(PointsTest):
    """What the points are, and their values."""

    def test_all_of_them_in_the_order_of_the_file(self):
        _, web = self.start_points()
        reply = web.get("/api/points")
        self.assertEqual(list(reply), ["file", "points"])
        self.assertEqual(reply["file"],
                         os.path.join(self.directory, "plant.csv"))
        self.assertEqual(reply["points"], ALL)

    def test_one_by_its_name(self):
        _, web = self.start_points()
        for point in ALL:
            self.assertEqual(web.get(path_of(point["name"])), point)
        self.assertEqual(web.curl(path_of("flow"), "-I").body, b"")

    def test_values_are_those_of_now(self):
        server, web = self.start_points()
        client = self.connect(server)
        client.ask(write_registers(20, [0, 0x3FC0]))
        client.ask(write_single(5, 100, 0))
        client.ask(write_single(6, 40, 4))
        values = self.values(web)
        self.assertEqual(
            [values[name] for name in ("flow", "pump on", "status", "running",
                                       "fault", "setpoint")],
            [1.5, False, 4, False, True, 65])
        for words, text in (([0, 0x7F80], "Infinity"), ([0, 0xFF80],
                            "-Infinity"), ([1, 0x7FC0], "NaN")):
            client.ask(write_registers(20, words))
            self.assertEqual(web.get(path_of("flow"))["value"], text)

    def test_strings_are_text_whatever_they_hold(self):
        server, web = self.start_points()
        client = self.connect(server)
        for data, text in ((b"\0abcdef", ""), (b"caf\xc3\xa9\"\\", "café\"\\"),
                           (b"a\xffb\x01\n\0c", "a\ufffdb\x01\n"),
                           (b"\xed\xa0\x80abc\x7f", "\ufffd" * 3 + "abc\x7f"),
                           (b"1234567", "1234567")):
            swapped = bytearray(8)
            swapped[1::2], swapped[0::2] = (data + b"\xff")[0::2], \
                (data + b"\xff")[1::2]
            client.ask(write_registers(30, unpack_words(swapped)))
            self.assertEqual(web.get(path_of("model"))["value"], text)

    def test_other_names_are_not_found(self):
        _, web = self.start_points()
        for path in ("nope", "Flow", "flow/", "flow%2F", "%20flow", "flo",
                     "caf%C3%A9", "a/b%2F%22%C3%BC%22"):
            self.assert_error(web.curl("/api/points/" + path), 404,
                              "no such point")
        for path in ("", "%00", "flow%00", "%FF", "x" * 81,
                     "%ED%A0%80", "x" * 4000):
            self.assert_error(web.curl("/api/points/" + path), 404,
                              "expected a name: 1 to 80 bytes of UTF-8")
        reply = web.raw(b"GET /api/points/\xff HTTP/1.1\r\nHost: localhost"
                        b"\r\nConnection: close\r\n\r\n")
        self.assertIn(b"HTTP/1.1 404", reply)
        self.assertIn(b"expected a name", reply)

    def test_a_slash_in_a_name_may_be_plain(self):
        _, web = self.start_points(text="name,address\na/b c,HR1\n")
        for path in ("a/b%20c", "a%2Fb%20c", "%61%2fb%20%63"):
            self.assertEqual(web.get("/api/points/" + path)["name"], "a/b c")

    def test_no_parameters_are_taken(self):
        _, web = self.start_points()
        for path in ("", "/flow", ".csv"):
            self.assert_error(web.curl("/api/points" + path + "?x=1"), 400,
                              "\"x\": no such parameter")

    def test_other_methods_are_refused(self):
        _, web = self.start_points()
        for path, methods in (("", "GET, HEAD, PUT"), ("/x", "GET, HEAD, PUT"),
                              (".csv", "GET, HEAD")):
            answer = web.curl("/api/points" + path, "-X", "DELETE")
            self.assert_error(answer, 405, methods)
            self.assertEqual(answer.headers["allow"], methods + ", OPTIONS")

    def test_without_a_file_there_are_none(self):
        _, web = self.start_web("--http-write")
        for path in ("/api/points", "/api/points/flow", "/api/points.csv",
                     "/api/points/%00"):
            self.assert_error(web.curl(path), 404, "--points")

    def test_a_file_without_points(self):
        _, web = self.start_points(text="name,address\n")
        self.assertEqual(web.get("/api/points")["points"], [])
        self.assertEqual(len(web.curl("/api/points.csv").body.splitlines()), 1)
        self.assert_error(web.curl("/api/points/x"), 404, "no such point")

    def test_a_point_stands_for_its_address(self):
        server, web = self.start_points()
        client = self.connect(server)
        client.ask(write_single(6, 21, 0x3FC0))
        client.ask(write_single(5, 105, 0xFF00))
        registers, coils = "/api/registers?point=", "/api/coils?point="
        for path, address, type_, order, values in (
                ("flow", 20, "float32", "CDAB", [1.5]),
                ("flow&type=uint16", 20, "uint16", "ABCD", [0, 0x3FC0]),
                ("flow&order=DCBA", 20, "uint16", "DCBA", [0, 0xC03F]),
                ("energy", 22, "uint64", "CDAB", ["18446744073709551615"]),
                ("model", 30, "string7", "BADC", ["BH-200"]),
                ("setpoint", 10, "int16", "ABCD", [650]),
                ("supply+temperature", 0, "int16", "ABCD", [625]),
                ("fault", 40, "uint16", "ABCD", [5])):
            reply = web.get(registers + path)
            self.assertEqual(
                {**reply, "quantity": 0},
                {"address": address, "quantity": 0, "type": type_,
                 "order": order, "values": values})
        for path, address, value in (("pump%20on", 100, 1),
                                     ("a%2Fb%252F%22%C3%BC%22", 105, 1)):
            self.assertEqual(web.get(coils + path), {
                "address": address, "quantity": 1, "values": [value]})
        for path, kind, addresses in (
                ("flow", "registers", [21]), ("pump+on", "coils", []),
                ("a/b%252F\"%C3%BC\"", "coils", [105])):
            rows = web.get("/api/writers?point=" + path)
            self.assertEqual([r["address"] for r in rows
                              if r["client"] == "127.0.0.1"], addresses)
            self.assertTrue(all(r["kind"] == kind for r in rows))

    def test_bad_points_in_place_of_an_address(self):
        _, web = self.start_points()
        for path, status, text in (
                ("registers?point=pump+on", 400, "a point of registers"),
                ("coils?point=fault", 400, "a point of coils"),
                ("registers?point=flow&address=1", 400, "address: expected no"),
                ("registers?point=flow&quantity=2", 400, "quantity: expected"),
                ("writers?point=flow&kind=coils", 400, "kind: expected none"),
                ("registers?point=flow&type=uint64", 400, "multiple of 4"),
                ("registers?point=flow&x=1", 400, "\"x\": no such parameter"),
                ("registers?point=f&point=f", 400, "given twice"),
                ("registers?point=%00", 400, "hexadecimal"),
                ("registers?point=Flow", 404, "\"Flow\": no such point"),
                ("coils?point=%C3%BC", 404, "\"ü\": no such point"),
                ("writers?point=%FF", 404, "1 to 80 bytes of UTF-8"),
                ("writers?point=", 404, "1 to 80 bytes of UTF-8"),
                ("registers?point=" + "x" * 81, 404, "1 to 80 bytes"),
                ("dump?point=flow", 400, "no such parameter")):
            with self.subTest(path=path):
                self.assert_error(web.curl("/api/" + path), status, text)
        _, web = self.start_web()
        for path in ("registers", "coils", "writers"):
            self.assert_error(web.curl("/api/%s?point=flow" % path), 404,
                              "--points")

    def test_the_status_names_the_file(self):
        file = self.write_file(PLANT, "plänt \"1\".csv")
        _, web = self.start_web("--points", file)
        for status in (web.get("/api/status"),
                       self.events(web).wait("status")[1]):
            self.assertEqual(status["points"],
                             {"file": file, "count": len(ALL)})
        _, web = self.start_web()
        self.assertNotIn("points", web.get("/api/status"))

    MANY = "address\n" + "".join("HR%d\n" % a for a in range(65536))

    def test_a_long_reply_is_sent_in_parts(self):
        _, web = self.start_points(text=self.MANY)
        lines = ["HR%d,HR%d,uint16,ABCD,0,,,,,rw,," % (a, a)
                 for a in range(65536)]
        for arguments in ((), ("-0",), ("-0", "-H", "Connection: keep-alive")):
            answer = web.curl("/api/points.csv", *arguments)
            self.assertNotIn("content-length", answer.headers)
            self.assertEqual(answer.body.decode().splitlines()[1:], lines)
        answer = web.curl("/api/points.csv", "-I")
        self.assertEqual((answer.status, answer.body), (200, b""))
        # Others follow on the same connection.
        with web.connect() as sock:
            sock.sendall(web.head("/metrics/points") + web.head("/healthz")
                         + web.head("/metrics/points", "HEAD")
                         + web.head("/healthz", end="\r\nConnection: close"
                                                    "\r\n\r\n"))
            parts = []
            while more := sock.recv(1 << 20):
                parts.append(more)
        reply = b"".join(parts)
        self.assertEqual(reply.count(b"HTTP/1.1 200 OK\r\n"), 4)
        self.assertEqual(reply.count(b"\r\n0\r\n\r\nHTTP/1.1 200"), 1)
        self.assertTrue(reply.endswith(b"\r\n\r\nok\n"))

    def test_clients_that_leave_within_a_reply_disturb_no_other(self):
        server, web = self.start_points(text=self.MANY)
        for path in ("/api/points", "/api/points.csv", "/metrics/points") * 10:
            with web.connect(receive_buffer=4096) as sock:
                sock.sendall(web.head(path))
                self.assertNotEqual(sock.recv(1000), b"")
        readers = [web.connect(receive_buffer=4096) for _ in range(20)]
        for sock in readers:
            self.addCleanup(sock.close)
            sock.sendall(web.head("/api/points"))
        self.assert_serves(server)
        self.assertEqual(len(web.get("/api/points")["points"]), 65536)
        server.stop() # within the replies

    def test_the_values_of_many_points_are_of_one_moment(self):
        """They are formatted in many steps, while the table changes."""
        server, web = self.start_points(text=self.MANY)
        client = self.connect(server)
        with web.connect() as sock:
            sock.sendall(b"GET /api/points HTTP/1.0\r\nHost: localhost\r\n\r\n")
            for n in range(1, 60):
                for address in (0, 65535):
                    client.ask(write_single(6, address, n))
            parts = []
            while more := sock.recv(1 << 20):
                parts.append(more)
        points = json.loads(b"".join(parts).split(b"\r\n\r\n", 1)[1])["points"]
        self.assertEqual([p["address"] for p in points], list(range(65536)))
        self.assertIn(points[0]["value"] - points[-1]["value"], (0, 1))


class Writing(PointsTest):
    """What is written by name, Modbus reads."""

    def put(self, web, name, value):
        return web.put(path_of(name), {"value": value})

    def registers(self, server, address, quantity):
        return unpack_words(
            self.connect(server).ask(read(3, address, quantity))[2:])

    def coils(self, server, address, quantity):
        return unpack_bits(
            self.connect(server).ask(read(1, address, quantity))[2:], quantity)

    def test_one_and_the_reply_is_the_point(self):
        for overlay in ("s", "o"):
            server, web = self.start_points("--http-write", "-d", overlay)
            for point, value, raw in (
                    (SETPOINT, 66.5, [665]), (SUPPLY, -0.1, [65535]),
                    (FLOW, 1.5, [0, 0x3FC0]), (FLOW, -2, [0, 0xC000]),
                    (FLOW, "NaN", [0, 0x7FC0]),
                    (FLOW, "-Infinity", [0, 0xFF80]), (ENERGY, 1, [1, 0, 0, 0]),
                    (ENERGY, "18446744073709551615", [65535] * 4),
                    (MODEL, "é", [0xA9C3, 0, 0, 0]),
                    (MODEL, "1234567", [0x3231, 0x3433, 0x3635, 0x0037]),
                    (MODEL, "", [0] * 4), (STATUS, 65535, [65535])):
                with self.subTest(name=point["name"], value=value):
                    answer = self.put(web, point["name"], value)
                    self.assertEqual(answer.status, 200, answer.body)
                    self.assertEqual(answer.json(), {**point, "value": value})
                    self.assertEqual(answer.json(),
                                     web.get(path_of(point["name"])))
                    self.assertEqual(
                        self.registers(server, point["address"],
                                       point["quantity"]), raw)

    def test_a_scaled_value_is_rounded_and_the_reply_says_to_what(self):
        server, web = self.start_points("--http-write")
        for value, held, raw in ((22.25, 22.3, 223), (22.24, 22.2, 222),
                                 (-0.25, -0.3, 65533)):
            answer = self.put(web, "setpoint", value)
            self.assertEqual(answer.json()["value"], held)
            self.assertEqual(self.registers(server, 10, 1), [raw])

    def test_coils_take_true_and_1(self):
        server, web = self.start_points("--http-write")
        for value in (False, True, 0, 1):
            answer = self.put(web, "pump on", value)
            self.assertIs(answer.json()["value"], bool(value))
            self.assertEqual(self.coils(server, 99, 3), [0, int(value), 0])
        self.put(web, ODD["name"], True)
        self.assertEqual(self.coils(server, 104, 3), [0, 1, 0])

    def test_a_bit_leaves_its_neighbours(self):
        server, web = self.start_points("--http-write")
        self.connect(server).ask(write_single(6, 40, 0xFFF8))
        self.put(web, "fault", True)
        self.assertEqual(self.registers(server, 40, 1), [0xFFFC])
        self.put(web, "fault", 0)
        self.put(web, "running", 1)
        self.assertEqual(self.registers(server, 40, 1), [0xFFF9])

    def test_several_at_once(self):
        for overlay in ("s", "o"):
            server, web = self.start_points("--http-write", "-d", overlay)
            answer = web.put("/api/points", {"values": {
                "setpoint": 1, "flow": 1.5, "model": "x", "pump on": False,
                ODD["name"]: True, "running": False, "fault": True}})
            self.assertEqual((answer.status, answer.json()), (200, {}))
            self.assertEqual(
                {**self.values(web), "supply temperature": 0, "energy": 0},
                {"supply temperature": 0, "setpoint": 1, "flow": 1.5,
                 "energy": 0, "model": "x", "status": 4, "running": False,
                 "fault": True, "pump on": False, ODD["name"]: True})

    def test_later_points_see_earlier_ones_on_the_same_register(self):
        server, web = self.start_points("--http-write")
        for values, held in (({"status": 0, "fault": True}, 4),
                             ({"fault": False, "status": 0xFFFF}, 0xFFFF),
                             ({"status": 8, "running": 1, "fault": 1}, 13),
                             ({"running": False}, 12)):
            web.put("/api/points", {"values": values})
            self.assertEqual(self.registers(server, 40, 1), [held])

    def test_later_points_see_earlier_ones_across_the_overlay(self):
        text = "name,address\nword,HR2\ncoil,C33\n"
        server, web = self.start_points("--http-write", "-d", "o", text=text)
        for values, held in (({"word": 0, "coil": True}, 2),
                             ({"coil": False, "word": 0xFFFF}, 0xFFFF),
                             ({"coil": False}, 0xFFFD),
                             ({"coil": True, "word": 1}, 1)):
            web.put("/api/points", {"values": values})
            self.assertEqual(self.registers(server, 2, 1), [held])

    def test_all_points_that_there_can_be(self):
        text = "name,address,type\n" + "".join(
            "b%d,HR%d.%d,\nc%d,C%d,\nr%d,HR%d,\n" % (
                a, a, a % 16, a, a, a, 30000 + a) for a in range(21845))
        server, web = self.start_points("--http-write", text=text)
        values = {}
        for a in range(21845):
            values.update({"b%d" % a: True, "c%d" % a: a % 2, "r%d" % a: a})
        answer = web.put("/api/points", {"values": values})
        self.assertEqual(answer.status, 200)
        self.assertEqual(web.coils(0, 21846),
                         [a % 2 for a in range(21845)] + [0])
        words = web.registers(0, 65536)
        self.assertEqual(words[:21846],
                         [1 << a % 16 for a in range(21845)] + [0])
        self.assertEqual(words[30000:30000 + 21845], list(range(21845)))

    BAD = (
        ("setpoint", 3276.8, "expected a number from -3276.8 to 3276.7"),
        ("setpoint", True, "expected a number"),
        ("setpoint", "NaN", "expected a number"),
        ("setpoint", None, "expected a number"),
        ("setpoint", [1], "expected a number"),
        ("status", -1, "expected a number from 0 to 65535"),
        ("status", 1.5, "expected a whole number from 0 to 65535"),
        ("status", "0x10", "expected a number from 0 to 65535"),
        ("flow", "1.5x", "expected"),
        ("flow", 1e39, "expected"),
        ("energy", "18446744073709551616", "expected"),
        ("model", "12345678", "7 bytes"),
        ("model", 1, "expected"),
        ("pump on", 2, "expected true or false"),
        ("pump on", "true", "expected true or false"),
        ("fault", {}, "expected true or false"),
    )

    def test_what_does_not_fit_changes_nothing(self):
        _, web = self.start_points("--http-write")
        before = web.get("/api/dump")["registers"]
        for name, value, text in self.BAD:
            with self.subTest(name=name, value=value):
                answer = self.put(web, name, value)
                self.assert_error(answer, 400, text)
                self.assertIn("points: \"%s\": " % name,
                              answer.json()["error"])
                answer = web.put("/api/points", {"values": {
                    "supply temperature": 1, "running": 0, name: value}})
                self.assert_error(answer, 400, text)
        self.assertEqual(web.get("/api/dump")["registers"], before)

    def test_bad_bodies(self):
        _, web = self.start_points("--http-write")
        one, all_ = path_of("flow"), "/api/points"
        for path, body, text in (
                (one, {}, "expected \"value\""),
                (one, {"value": 1, "type": 1}, "\"type\": no such member"),
                (one, {"values": {"flow": 1}}, "\"values\": no such member"),
                (one, b"[1]", "expected a JSON object"),
                (one, b"{\"value\":1", "not JSON"),
                (one, b"{\"value\":1,\"value\":2}", "not JSON"),
                (one, b"{\"value\":\"a\\u0000\"}", "not JSON"),
                (all_, {}, "expected \"values\""),
                (all_, {"values": {}}, "values: expected an object"),
                (all_, {"values": [1]}, "values: expected an object"),
                (all_, {"values": 1}, "values: expected an object"),
                (all_, b"{\"values\":{\"flow\":1,\"flow\":2}}", "duplicate"),
                (all_, {"value": 1}, "\"value\": no such member")):
            with self.subTest(path=path, body=body):
                self.assert_error(web.put(path, body), 400, text)
        self.assertEqual(web.get(one), FLOW)

    def test_a_name_that_is_none_is_not_found(self):
        _, web = self.start_points("--http-write")
        self.assert_error(self.put(web, "nope", 1), 404, "\"nope\": no such")
        self.assert_error(self.put(web, "x" * 81, 1), 404, "1 to 80 bytes")
        answer = web.put("/api/points", {"values": {"flow": 1, "nope": 1}})
        self.assert_error(answer, 404, "\"nope\": no such point")
        answer = web.put("/api/points", {"values": {"flow": 1, "": 1}})
        self.assert_error(answer, 404, "1 to 80 bytes")
        self.assertEqual(web.get(path_of("flow")), FLOW)

    def test_who_may_not_write_is_told_why(self):
        _, web = self.start_points()
        for path in ("/api/points", "/api/points/flow"):
            self.assert_error(web.put(path, {}), 403, "--http-write")
        token = self.write_file(TOKEN + "\n", "token")
        os.chmod(token, 0o600)
        _, web = self.start_points("--http-write", "--http-token", token)
        body = {"value": 1.5}
        answer = web.put(path_of("flow"), body)
        self.assert_error(answer, 401, "Bearer")
        self.assertEqual(answer.headers["www-authenticate"], "Bearer")
        answer = web.put(path_of("flow"), body, "-H",
                         "Authorization: Bearer " + TOKEN)
        self.assertEqual(answer.json(), {**FLOW, "value": 1.5})
        _, web = self.start_points("--http-write", "--read-only-range",
                                   "registers:0-30")
        for path, body in ((path_of("flow"), body),
                           ("/api/points", {"values": {"status": 1,
                                                       "flow": 1}})):
            self.assert_error(web.put(path, body), 403,
                              "refused by the access rules")
        self.assertEqual(web.get(path_of("status")), STATUS)
        _, web = self.start_web("--http-write")
        for path in ("/api/points", "/api/points/flow"):
            self.assert_error(web.put(path, {}), 404, "--points")


class ReadOnly(PointsTest):
    """Points that clients may not write are refused over HTTP, too."""

    TEXT = ("name,address,type,access,value\n"
            "a,HR1,,ro,1\nb,HR2,,rw,2\nword,HR3,,,7\nbit,HR3.1,,ro,\n"
            "other bit,HR3.2,,rw,\nfree bit,HR4.2,,rw,1\n"
            "coil,C80,,ro,1\nbeside,C81,,rw,0\n")

    def test_it_is_forbidden_and_nothing_is_written(self):
        for overlay in ("s", "o"):
            _, web = self.start_points("--http-write", "-d", overlay,
                                       text=self.TEXT)
            before = web.get("/api/dump")["registers"]
            for name, value in (("a", 5), ("word", 5), ("bit", 0),
                                ("other bit", 0), ("coil", 0)):
                self.assertEqual(web.get(path_of(name))["access"], "ro")
                self.assert_error(web.put(path_of(name), {"value": value}),
                                  403, "points: \"%s\": read-only" % name)
                self.assert_error(
                    web.put("/api/points", {"values": {"b": 9, name: value}}),
                    403, "\"%s\": read-only" % name)
            self.assert_error(web.put("/api/registers", {"address": 0,
                                                         "values": [0] * 3}),
                              403, "refused: \"a\" is read-only")
            self.assertEqual(web.get("/api/dump")["registers"], before)

    def test_what_lies_beside_is_written(self):
        for overlay in ("s", "o"):
            server, web = self.start_points("--http-write", "-d", overlay,
                                            text=self.TEXT)
            answer = web.put("/api/points", {"values": {
                "b": 8, "free bit": False, "beside": True}})
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(self.values(web), {
                "a": 1, "b": 8, "word": 7, "bit": True, "other bit": True,
                "free bit": False, "coil": True, "beside": True})
            self.assertEqual(
                self.connect(server).ask(write_single(6, 1, 0)),
                exception(6, 2))


class EventsOfPoints(PointsTest):
    """Each write is told with the names and values that it touched."""

    def subscribe(self, web, query="?points=1"):
        events = self.events(web, query)
        events.wait("hello")
        return events

    def points(self, events):
        """The points of the next event: {name: value}, and one of them."""
        _, data, _ = events.wait("points")
        self.assertEqual(list(data), ["points"])
        return ({p["name"]: p["value"] for p in data["points"]},
                data["points"][0])

    def test_a_write_comes_with_the_values_and_who_made_it(self):
        server, web = self.start_points()
        events = self.subscribe(web)
        client = self.connect(server)
        client.ask(write_registers(10, [665]), unit=17)
        _, data, number = events.wait("points")
        self.assertEqual((data, number), (
            {"points": [{"name": "setpoint", "value": 66.5,
                         "client": "127.0.0.1", "unit": 17}]}, None))
        client.ask(write_registers(19, [0, 0, 0x3FC0, 7, 0, 0, 0]))
        self.assertEqual(self.points(events)[0], {"flow": 1.5, "energy": 7})
        client.ask(write_coils(99, [1] * 10))
        self.assertEqual(self.points(events)[0],
                         {"pump on": True, ODD["name"]: True})
        client.ask(mask_write(40, 0xFFFE, 0))
        self.assertEqual(self.points(events)[0],
                         {"status": 4, "running": False, "fault": True})

    def test_each_write_is_told_also_of_the_same_value(self):
        server, web = self.start_points()
        events = self.subscribe(web)
        client = self.connect(server)
        for value in (1, 1, 2, 2, 1):
            client.ask(write_single(6, 10, value))
        self.assertEqual([self.points(events)[0] for _ in range(5)],
                         [{"setpoint": n / 10} for n in (1, 1, 2, 2, 1)])

    def test_what_is_no_point_is_not_told(self):
        server, web = self.start_points()
        events = self.subscribe(web)
        client = self.connect(server)
        client.ask(write_registers(11, [1]))
        client.ask(write_coils(10, [1]))
        client.ask(read(3, 10, 1))
        client.ask(write_single(6, 10, 3))
        self.assertEqual(self.points(events)[0], {"setpoint": 0.3})

    def test_across_the_overlay(self):
        text = "name,address\nword,HR2\nbit,HR2.1\ncoil,C34\nother,C35\n"
        server, web = self.start_points("-d", "o", text=text)
        events = self.subscribe(web)
        client = self.connect(server)
        client.ask(write_single(5, 34, 0xFF00))
        self.assertEqual(self.points(events)[0], {"word": 4, "coil": True})
        client.ask(write_single(6, 2, 0x000A))
        self.assertEqual(self.points(events)[0], {
            "word": 10, "bit": True, "coil": False, "other": True})

    def test_writes_over_http_are_told(self):
        _, web = self.start_points("--http-write")
        events = self.subscribe(web)
        web.put(path_of("setpoint"), {"value": 70})
        self.assertEqual(self.points(events)[1], {
            "name": "setpoint", "value": 70, "client": "127.0.0.1",
            "unit": 0})

    def test_the_changes_come_beside_them(self):
        server, web = self.start_points()
        client = self.connect(server)
        for query, name in (("?points=1", "changes"),
                            ("?points=1&detail=every", "change")):
            events = self.subscribe(web, query)
            client.ask(write_single(6, 10, len(query)))
            seen = {events.wait(name, "points")[0] for _ in range(2)}
            self.assertEqual(seen, {name, "points"})
            events.close()
        for query in ("", "?points=0", "?detail=every"):
            events = self.subscribe(web, query)
            client.ask(write_single(6, 10, 1 + len(query)))
            self.assertNotEqual(
                events.wait("points", "changes", "change")[0], "points")
            events.close()

    def test_too_many_are_a_gap_and_changes_go_on(self):
        text = "name,address\n" + "".join(
            "%s%d,HR%d\n" % ("x" * 70, a, a) for a in range(1000))
        server, web = self.start_points(text=text)
        events = self.subscribe(web)
        client = self.connect(server)
        for _ in range(20):
            client.send(b"".join(adu(write_registers(a, [7] * 123))
                                 for a in range(0, 984, 123)))
        for _ in range(20 * 8):
            client.frame()
        events.wait("gap")
        client.ask(write_single(6, 999, 8))
        table = events.changes(lambda t: ("registers", 999) in t)
        self.assertEqual(table["registers", 999][0], 8)
        self.await_point(events, client)

    def await_point(self, events, client):
        """The points go on. A write may fall into a further gap: then it takes
        another one."""
        client.ask(write_single(6, 998, 9))
        while True:
            name, data, _ = events.wait("points", "gap")
            if name == "gap":
                client.ask(write_single(6, 998, 9))
            elif data["points"][0]["name"] == "x" * 70 + "998":
                return

    def test_without_points_there_are_none(self):
        _, web = self.start_web()
        self.assert_error(web.curl("/api/events?points=1"), 404, "--points")
        for query in ("?points=2", "?points=", "?points=flow"):
            self.assert_error(web.curl("/api/events" + query), 400, "points")


class Metrics(PointsTest):
    """The values of points, for Prometheus."""

    HEAD = ["# HELP mbasyncserver_point The value of a point, in its units.",
            "# TYPE mbasyncserver_point gauge"]

    def test_all_but_strings(self):
        server, web = self.start_points()
        answer = web.curl("/metrics/points")
        self.assertEqual(answer.headers["content-type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(answer.body.decode().splitlines(), self.HEAD + [
            "mbasyncserver_point{" + line for line in (
                'name="supply temperature",units="°C"} 62.5',
                'name="setpoint",units="°C"} 65',
                'name="flow",units="m³/h"} 12.75',
                'name="energy",units="Wh"} 18446744073709551615',
                'name="status"} 5', 'name="running"} 1', 'name="fault"} 1',
                'name="pump on"} 1', 'name="a/b%2F\\"ü\\""} 0')])
        client = self.connect(server)
        for words, text in (([0, 0x7F80], " +Inf"), ([0, 0xFF80], " -Inf"),
                            ([1, 0x7FC0], " NaN"), ([0, 0x8000], " -0")):
            client.ask(write_registers(20, words))
            self.assertIn("m³/h\"}%s" % text,
                          web.curl("/metrics/points").body.decode())

    def test_promtool_accepts_them_whatever_their_names(self):
        if not PROMTOOL:
            self.skipTest("no promtool here")
        text = ("name,address,type,units\n\"a\\b\"\"c{}=,#\",HR0,,\"\\\"\"\n\"\n"
                "# b,HR9,,x\n'd,HR1,float64,\ne,C0,,\n")
        server, web = self.start_points(text=text)
        self.connect(server).ask(write_registers(1, [0xFFF0, 0, 0, 0]))
        body = web.curl("/metrics/points").body
        self.assertIn(
            b'{name="a\\\\b\\"c{}=,#",units="\\\\\\"\\n"} 0\n', body)
        done = subprocess.run([PROMTOOL, "check", "metrics"], input=body,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_without_points_there_are_none(self):
        _, web = self.start_web()
        self.assert_error(web.curl("/metrics/points"), 404, "--points")
        self.assertNotIn(b"mbasyncserver_point", web.curl("/metrics").body)


class RoundTrip(PointsTest):
    """A server that starts from /api/points.csv has the values of the one that
    served it, bit for bit, whatever the registers held."""

    NUMBERS = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2,
               "uint64": 4, "int64": 4, "float64": 4}
    SCALINGS = (",,", "0.1,,", "-2.5,7,", ",-40,", ",,10", ",0.5,-3", "1e-9,,",
                "1e300,,", ",,7")
    ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
    STRINGS = (1, 2, 7, 16, 250)

    # Words that are something else in a cell, or as a number.
    WORDS = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0xFFC0, 0x7F80, 0xFF80,
             0x7FF0, 0xFFF0, 0x7FF8, 0x7F81, 0x0080, 0x8001, 0x4B00, 0x3E80,
             0x4F80, 0x5F80, 0x4340, 0x3D3D, 0x3078, 0x2C22, 0x2222, 0x2320,
             0x2020, 0x0A0D, 0x0D0A, 0x0900, 0x4100, 0x0041, 0x2D31, 0x312E,
             0xC3A9, 0xA9C3, 0xEDA0, 0xE282, 0xAC20, 0xEFBB, 0xBF41)

    def rows(self, overlay):
        """Lines of a points file, and the ends of its registers and coils."""
        lines, address = ["address,area,type,order,scale,offset,divisor"], 5000
        for order in self.ORDERS:
            for name, words in self.NUMBERS.items():
                for scaling in self.SCALINGS:
                    for _ in range(2):
                        lines.append("%d,%s,%s,%s,%s" % (
                            address, "input" if address % 3 else "holding",
                            name, order, scaling))
                        address += words
            for length in self.STRINGS:
                for _ in range(4):
                    lines.append("%d,hr,string%d,%s,,," % (address, length,
                                                           order))
                    address += (length + 1) // 2
        for bit in range(0, 16, 3):
            lines.append("%d.%d,hr,,,,," % (address, bit)) # some of its bits
            lines.append("%d.%d,hr,,,,," % (address + 1, bit)) # and all of it
        lines.append("%d,hr,,,,," % (address + 1))
        for coil in range(2000, 2100):
            lines.append("%d,%s,,,,," % (coil, "c" if coil % 3 else "di"))
        if overlay == "o": # registers that the coils are bits of
            lines += ["%d,hr,,BADC,,," % a for a in range(125, 131)]
        return lines, address + 2

    def junk(self, draw, count):
        """Words of all kinds."""
        return [draw.choice(self.WORDS) if draw.random() < 0.6
                else draw.randrange(65536) for _ in range(count)]

    def fill(self, draw, client, end):
        for address in range(5000, end, 100):
            words = self.junk(draw, min(100, end - address))
            client.ask(write_registers(address, words))
        client.ask(write_coils(2000, [draw.randrange(2) for _ in range(100)]))

    def try_overlay(self, overlay, draw):
        lines, end = self.rows(overlay)
        server, web = self.start_points("-d", overlay,
                                        text="\n".join(lines) + "\n")
        client = self.connect(server)
        for _ in range(4):
            self.fill(draw, client, end)
            csv = web.curl("/api/points.csv")
            self.assertEqual(csv.headers["content-type"],
                             "text/csv; charset=utf-8")
            other, again = self.start_web(
                "-d", overlay, "--points",
                self.write_file(csv.body, "again.csv"))
            self.compare(web, again, end)
            self.assertEqual(again.curl("/api/points.csv").body, csv.body)
            other.stop()

    def compare(self, web, again, end):
        """All that has a point, and no more: of some words only bits."""
        first, second = (w.get("/api/points")["points"] for w in (web, again))
        self.assertEqual(first, second)
        words, others = web.registers(5000, end - 5000), \
            again.registers(5000, end - 5000)
        for point in first:
            if point["kind"] == "coils" or point["address"] < 5000:
                continue
            at = point["address"] - 5000
            pair = [list(w[at:at + point["quantity"]])
                    for w in (words, others)]
            if "bit" in point:
                pair = [[w[0] >> point["bit"] & 1] for w in pair]
            self.assertEqual(*pair, point)
        self.assertEqual(web.coils(2000, 100), again.coils(2000, 100))

    def test_separate(self):
        with self.subTest(seed=SEED):
            self.try_overlay("s", random.Random(SEED))

    def test_overlaid(self):
        with self.subTest(seed=SEED):
            self.try_overlay("o", random.Random(SEED))


if __name__ == "__main__":
    main()
