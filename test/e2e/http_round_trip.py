"""Every number that registers hold, read and written back by a program that
has doubles for numbers, as browsers have."""

import itertools
import json
import struct
import tempfile

from harness import main
from web import WebTest

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
EXACT = 2 ** 53
FLOATS = (0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 123456789.0, 5e-324, 1.5e-45,
          float("inf"), float("-inf"), float("nan"))


def whole_numbers(bits, signed):
    """The extremes, and what is next to a power of two."""
    ends = [0, -1] if signed else [0]
    for power in range(bits + 1):
        for number in (2 ** power - 1, 2 ** power, 2 ** power + 1):
            ends += [number, -number]
    least = -2 ** (bits - 1) if signed else 0
    most = 2 ** (bits - signed) - 1
    return sorted({n for n in ends if least <= n <= most} | {least, most})


# The type, how Python packs it, and what is tried.
TYPES = (
    ("uint16", "H", whole_numbers(16, False)),
    ("int16", "h", whole_numbers(16, True)),
    ("uint32", "I", whole_numbers(32, False)),
    ("int32", "i", whole_numbers(32, True)),
    ("uint64", "Q", whole_numbers(64, False)),
    ("int64", "q", whole_numbers(64, True)),
    ("float32", "f", FLOATS + (3.4028234663852886e38, 16777216.0)),
    ("float64", "d", FLOATS + (1.7976931348623157e308, 2.0 ** 53 + 2,
                               -2.0 ** 63, 2.0 ** 64)),
)


def words_of(code, number, order):
    """The registers of a number."""
    packed = struct.pack(">" + code, number)
    words = list(struct.unpack(">%dH" % (len(packed) // 2), packed))
    if order in ("BADC", "DCBA"):
        words = [word >> 8 | (word & 0xFF) << 8 for word in words]
    return words[::-1] if order in ("CDAB", "DCBA") else words


class RoundTrip(WebTest):
    """What is read is what is written, through doubles."""

    def read(self, web, path):
        """The reply, with its numbers as doubles."""
        return json.loads(web.curl(path).body, parse_int=float)

    def test_registers(self):
        _, web = self.start_web("--http-write")
        for (kind, code, numbers), order in itertools.product(TYPES, ORDERS):
            with self.subTest(type=kind, order=order):
                words = [word for number in numbers
                         for word in words_of(code, number, order)]
                web.write("registers", words)
                got = self.read(
                    web, "/api/registers?address=0&quantity=%d&type=%s&order="
                    "%s" % (len(words), kind, order))
                if isinstance(numbers[0], int):
                    self.assertEqual([int(v) for v in got["values"]], numbers)
                    self.assertEqual(
                        [isinstance(v, str) for v in got["values"]],
                        [abs(n) > EXACT for n in numbers])
                web.write("registers", [0] * len(words))
                answer = web.put("/api/registers", {
                    "address": 0, "values": got["values"], "type": kind,
                    "order": order})
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(web.registers(0, len(words)), words)

    def test_integers_are_taken_as_digits_too(self):
        _, web = self.start_web("--http-write")
        for kind, code, numbers in TYPES[:6]:
            words = [word for number in numbers
                     for word in words_of(code, number, "ABCD")]
            fit = [n if n < 2 ** 63 else str(n) for n in numbers]
            for values in ([str(n) for n in numbers], fit):
                web.write("registers", [0] * len(words))
                answer = web.put("/api/registers", {
                    "address": 0, "values": values, "type": kind})
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(web.registers(0, len(words)), words)

    def start_points(self):
        """One point for each number of each type and order."""
        file = self.enterContext(tempfile.NamedTemporaryFile("w"))
        words = []
        file.write("name,address,type,order\n")
        for (kind, code, numbers), order in itertools.product(TYPES, ORDERS):
            for i, number in enumerate(numbers):
                file.write("%s %s %d,HR%d,%s,%s\n" % (
                    kind, order, i, len(words), kind, order))
                words += words_of(code, number, order)
        file.flush()
        _, web = self.start_web("--http-write", "--points", file.name)
        return web, words

    def test_points(self):
        web, words = self.start_points()
        web.write("registers", words)
        values = {p["name"]: p["value"]
                  for p in self.read(web, "/api/points")["points"]}
        web.write("registers", [0] * len(words))
        answer = web.put("/api/points", {"values": values})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(web.registers(0, len(words)), words)
        self.assertTrue(any(v == "9007199254740993" for v in values.values()))

    def test_events_of_points(self):
        web, _ = self.start_points()
        name = "int64 CDAB 0"
        events = self.events(web, "?points=1")
        events.wait("hello")
        for value in ("9007199254740993", "-9223372036854775808"):
            web.put("/api/points", {"values": {name: value}})
            _, data, _ = events.wait("points")
            self.assertEqual([(p["name"], p["value"])
                              for p in data["points"]], [(name, value)])


if __name__ == "__main__":
    main()
