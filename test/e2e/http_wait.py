"""Requests that wait until a value holds."""

import json
import subprocess
import tempfile
import urllib.parse

from harness import (DEADLINE, adu, main, wait_for, write_coils,
                     write_registers, write_single)
from web import CURL, Answer, WebTest

POINTS = """name,address,type,order,scale
level,HR10,int16,,0.1
flow,HR20,float32,CDAB,
big,HR30,int64,,
status,HR40,uint16,,
fault,HR40.2,bool,,
label,HR50,string6,,
pump on,C7,bool,,
"""


class Waiter:
    """A curl that waits."""

    def __init__(self, test, web, **parameters):
        query = urllib.parse.urlencode({"timeout": 3600, **parameters})
        self.web = web
        self.before = web.waiting()
        self.process = subprocess.Popen(
            [*CURL, "-s", "-i", web.url + "/api/wait?" + query],
            stdout=subprocess.PIPE)
        test.addCleanup(self.close)
        wait_for(lambda: self.web.waiting() == self.before + 1, "a waiter")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def answer(self):
        raw, _ = self.process.communicate(timeout=DEADLINE)
        return Answer(raw)


class Waiting(WebTest):
    """/api/wait"""

    def start_waits(self, *arguments):
        file = self.enterContext(tempfile.NamedTemporaryFile("w"))
        file.write(POINTS)
        file.flush()
        server, web = self.start_web("--points", file.name, *arguments)
        web.waiting = lambda: int(
            web.curl("/metrics").body.split(b"http_waiting_requests ")[-1]
            .split()[0])
        return self.connect(server), web

    def test_a_value_that_holds_is_answered_at_once(self):
        client, web = self.start_waits()
        client.ask(write_registers(10, [215]))
        self.assertEqual(
            web.get("/api/wait?point=level&equals=21.5"),
            {"name": "level", "kind": "registers", "address": 10,
             "value": 21.5})
        self.assertEqual(web.get("/api/wait?address=10&equals=215"),
                         {"kind": "registers", "address": 10, "value": 215})
        self.assertEqual(
            web.get("/api/wait?address=C5&equals=false&timeout=0"),
            {"kind": "coils", "address": 5, "value": False})

    def test_another_value_is_answered_when_it_is_written(self):
        client, web = self.start_waits()
        for question, other, write, value in (
                ({"point": "level", "equals": "-1.5"}, write_single(6, 10, 1),
                 write_single(6, 10, 65521), -1.5),
                ({"point": "flow", "equals": "1.5"},
                 write_registers(20, [0, 0x3FC1]),
                 write_registers(20, [0, 0x3FC0]), 1.5),
                ({"point": "big", "equals": "9007199254740993"},
                 write_registers(30, [32, 0, 0, 0]),
                 write_registers(30, [32, 0, 0, 1]), "9007199254740993"),
                ({"point": "fault", "equals": "1"}, write_single(6, 40, 3),
                 write_single(6, 40, 4), True),
                ({"point": "label", "equals": "BH \u00b3"},
                 write_registers(50, [0x4248]),
                 write_registers(50, [0x4248, 0x20C2, 0xB300]), "BH \u00b3"),
                ({"point": "pump on", "equals": "true"},
                 write_coils(6, [1, 0, 1]), write_coils(0, [1] * 16), True),
                ({"address": "HR60", "type": "int32", "order": "DCBA",
                  "equals": "-2"}, write_registers(59, [1, 1]),
                 write_registers(60, [0xFEFF, 0xFFFF]), -2),
                ({"address": "400041.15", "equals": "true"},
                 write_single(6, 40, 1), write_single(6, 40, 0x8000), True),
                ({"address": "65535", "equals": "3"},
                 write_single(6, 65535, 2), write_single(6, 65535, 3), 3)):
            with self.subTest(question=question):
                waiter = Waiter(self, web, **question)
                client.ask(other)
                self.assertEqual(web.waiting(), 1)
                client.ask(write)
                answer = waiter.answer()
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(answer.json()["value"], value)
                self.assertEqual(web.waiting(), 0)

    def test_people_read_values_alike(self):
        client, web = self.start_waits()
        client.ask(write_registers(20, [0, 0x8000]))
        client.ask(write_registers(50, [0x4200, 0x4242]))
        self.assertEqual(
            web.get("/api/wait?point=flow&equals=0&timeout=0")["value"], 0)
        self.assertEqual(
            web.get("/api/wait?point=label&equals=B&timeout=0")["value"], "B")
        client.ask(write_registers(20, [1, 0x7FC0]))
        self.assertEqual(
            web.get("/api/wait?point=flow&equals=NaN&timeout=0")["value"],
            "NaN")

    def test_a_value_that_is_overwritten_at_once_is_seen(self):
        client, web = self.start_waits()
        waiter = Waiter(self, web, point="status", equals=2)
        client.send(b"".join(adu(write_single(6, 40, n)) for n in range(9)))
        self.assertEqual(waiter.answer().json()["value"], 2)

    def test_what_overlays_is_seen(self):
        client, web = self.start_waits("-d", "o")
        waiter = Waiter(self, web, address="C35", equals=1)
        client.ask(write_single(6, 2, 0x0008))
        self.assertIs(waiter.answer().json()["value"], True)
        waiter = Waiter(self, web, address=3, equals=0x8000)
        client.ask(write_single(5, 63, 0xFF00))
        self.assertEqual(waiter.answer().json()["value"], 0x8000)

    def test_the_time_ends(self):
        client, web = self.start_waits()
        client.ask(write_registers(40, [5]))
        for question, text in (
                ("point=status&equals=7&timeout=0", "for 0 s: it is 5"),
                ("point=level&equals=0.1&timeout=1", "for 1 s: it is 0"),
                ("point=label&equals=x&timeout=0", "for 0 s"),
                ("address=C5&equals=1&timeout=0", "it is false")):
            self.assert_error(web.curl("/api/wait?" + question), 504, text)
        self.assertEqual(web.waiting(), 0)

    def test_a_wait_may_outlast_the_deadlines_of_connections(self):
        _, web = self.start_waits()
        answer = web.curl("/api/wait?point=status&equals=7&timeout=17",
                          "--max-time", str(17 + DEADLINE))
        self.assert_error(answer, 504, "for 17 s")

    def test_eight_may_wait(self):
        client, web = self.start_waits()
        waiters = [Waiter(self, web, address=i, equals=1) for i in range(8)]
        self.assert_error(web.curl("/api/wait?address=9&equals=1"), 503,
                          "8 requests are waiting")
        waiters[3].close()
        wait_for(lambda: web.waiting() == 7, "one waiter less")
        waiters[3] = Waiter(self, web, address=3, equals=1)
        client.ask(write_registers(0, [1] * 8))
        for waiter in waiters:
            self.assertEqual(waiter.answer().status, 200)
        self.assertEqual(web.waiting(), 0)

    def test_a_connection_goes_on_after_its_wait(self):
        client, web = self.start_waits()
        def ask(value):
            sock.sendall(web.head("/api/wait?point=status&equals=%d" % value))

        got = b""
        with web.connect() as sock:
            ask(1)
            for value in (1, 2, 3):
                wait_for(lambda: web.waiting() == 1, "a waiter")
                if value < 3:
                    ask(value + 1)  # in time: the connection is never idle
                client.ask(write_single(6, 40, value))
                while b"}\n" not in got:
                    more = sock.recv(4096)
                    self.assertNotEqual(more, b"")
                    got += more
                reply, got = got.split(b"}\n", 1)
                body = reply.split(b"\r\n\r\n")[1] + b"}"
                self.assertEqual(json.loads(body)["value"], value)

    def test_bad_questions(self):
        _, web = self.start_waits()
        for query, status, text in (
                ("", 400, "address: expected a point instead"),
                ("equals=1", 400, "address: expected a point instead"),
                ("point=level", 400, "equals: expected the value"),
                ("point=level&equals=x", 400, "equals: expected a number"),
                ("point=level&equals=99999", 400, "-3276.8 to 3276.7"),
                ("point=nothing&equals=1", 404, "no such point"),
                ("point=level&address=1&equals=1", 400, "beside a point"),
                ("point=level&equals=1&type=int16", 400, "no such parameter"),
                ("address=C5&equals=1&type=int16", 400, "no such parameter"),
                ("address=C5&equals=2", 400, "0, 1, true or false"),
                ("address=HR1.16&equals=1", 400, "HR0.0 to HR65535.15"),
                ("address=65535&type=int32&equals=1", 400, "2 registers"),
                ("address=1&equals=1&timeout=3601", 400, "from 0 to 3600"),
                ("address=1&equals=65536", 400, "from 0 to 65535 for uint16"),
                ("address=1&equals=1&above=1", 400, "no such parameter")):
            with self.subTest(query=query):
                self.assert_error(web.curl("/api/wait?" + query), status, text)

    def test_a_server_with_waiters_stops_at_once(self):
        server, web = self.start_web()
        web.waiting = lambda: int(
            web.curl("/metrics").body.split(b"http_waiting_requests ")[-1]
            .split()[0])
        Waiter(self, web, address=1, equals=1)
        server.stop()


if __name__ == "__main__":
    main()
