"""The past of points and addresses over HTTP: what the journal has of them."""

import os
import sqlite3
import threading

from harness import main, write_coils, write_registers, write_single
from state_file import StateTest
from web import Web

PLANT = """\
name,address,type,order,scale,units
flow,HR20,float32,CDAB,,m3/h
level,HR30,int16,,0.1,m
fault,HR40.2,bool,,,
pump on,C5,bool,,,
"""


class Journal(StateTest):
    def setUp(self):
        super().setUp()
        self.points = os.path.join(self.directory, "plant.csv")
        with open(self.points, "w", encoding="utf-8") as file:
            file.write(PLANT)

    def start_web(self, *options):
        server = self.serve("--http", "0", "--points", self.points, *options)
        return server, Web(server)

    def past(self, web, query):
        return web.get("/api/journal?" + query)

    def values(self, web, query):
        return [(r["before"], r["after"])
                for r in self.past(web, query)["rows"]]

    def test_the_past_of_a_point(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_registers(20, [0, 0x4148]))  # 12.5
        client.ask(write_registers(20, [0, 0x4148]))
        client.ask(write_registers(10, list(range(20))))
        client.ask(write_single(6, 21, 0x4158))
        client.ask(write_single(6, 22, 1))
        past = self.past(web, "point=flow")
        self.assertEqual(
            {k: v for k, v in past.items() if k != "rows"},
            {"point": "flow", "units": "m3/h", "kind": "registers",
             "address": 20, "quantity": 2, "next": None})
        self.assertEqual([r["number"] for r in past["rows"]], [1, 3, 4])
        self.assertEqual([r["before"] for r in past["rows"]][:2], [0, 12.5])
        self.assertEqual(past["rows"][0]["after"], 12.5)
        # A write of one of two registers.
        self.assertEqual(past["rows"][2]["before"], past["rows"][1]["after"])
        self.assertEqual(
            past["rows"][2]["after"],
            web.get("/api/registers?point=flow")["values"][0])
        for key, value in (("client", "127.0.0.1"), ("unit", 255),
                           ("function", 16)):
            self.assertIn(key, past["rows"][0])
            if key != "unit":
                self.assertEqual(past["rows"][0][key], value)
        times = [r["time"] for r in past["rows"]]
        self.assertEqual(times, sorted(times))

    def test_points_that_are_bits_and_scaled(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_single(6, 40, 4))
        client.ask(write_single(6, 40, 5))
        client.ask(write_single(6, 40, 1))
        client.ask(write_coils(0, [1] * 10))
        client.ask(write_single(6, 30, 65531))
        self.assertEqual(self.values(web, "point=fault"),
                         [(False, True), (True, False)])
        self.assertEqual(self.values(web, "point=pump%20on"), [(False, True)])
        self.assertEqual(self.values(web, "point=level"), [(0, -0.5)])

    def test_addresses(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_registers(14, [1, 2, 3, 4]))
        client.ask(write_coils(3, [1, 1, 1]))
        past = self.past(web, "address=HR16-20")
        self.assertEqual(len(past["rows"]), 1)
        row = past["rows"][0]
        self.assertEqual((row["address"], row["before"], row["after"]),
                         (16, [0, 0], [3, 4]))
        self.assertEqual(self.past(web, "address=16-20")["rows"], [row])
        row = self.past(web, "address=4-9&kind=coils")["rows"][0]
        self.assertEqual((row["address"], row["before"], row["after"]),
                         (4, [0, 0], [1, 1]))
        self.assertEqual(self.past(web, "address=C6")["rows"], [])

    def test_overlaid_coils_are_bits_of_registers(self):
        server, web = self.start_web("-d", "o")
        client = self.connect(server)
        client.ask(write_coils(20 * 16 + 17, [1]))
        client.ask(write_single(6, 0, 32))
        client.ask(write_coils(40 * 16, [1, 1, 1, 1]))
        self.assertEqual(self.values(web, "address=HR21"), [([0], [2])])
        self.assertEqual(self.values(web, "point=pump%20on"), [(False, True)])
        self.assertEqual(self.values(web, "point=fault"), [(False, True)])

    def test_a_long_past_in_replies(self):
        server, web = self.start_web()
        client = self.connect(server)
        for i in range(1, 1501):
            client.ask(write_single(6, 30, i))
        # Longer than a part of a reply.
        whole = self.past(web, "point=level")["rows"]
        self.assertEqual([r["number"] for r in whole], list(range(1, 1501)))
        rows, after = [], 0
        while after is not None:
            past = self.past(web, "point=level&limit=400&after=%d" % after)
            self.assertLessEqual(len(past["rows"]), 400)
            rows += past["rows"]
            after = past["next"]
        self.assertEqual(rows, whole)
        answer = web.curl("/api/journal?point=level", "--head")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_times(self):
        server, web = self.start_web()
        client = self.connect(server)
        for i in (1, 2):
            client.ask(write_single(6, 30, i))
        self.assertEqual(len(self.values(web, "point=level&since=-1h")), 2)
        self.assertEqual(self.values(web, "point=level&until=-1h"), [])
        self.assertEqual(
            self.values(web, "point=level&since=2000-01-01T00:00Z"
                        "&until=now"), [(0, 0.1), (0.1, 0.2)])
        self.assertEqual(
            self.values(web, "point=level&since=2999-01-01T00:00%2B01:00"), [])

    def test_it_outlives_a_restart(self):
        server, web = self.start_web()
        self.connect(server).ask(write_single(6, 30, 1))
        server.stop()
        server, web = self.start_web()
        self.connect(server).ask(write_single(6, 30, 2))
        self.assertEqual(self.values(web, "point=level&since=-1h"),
                         [(0, 0.1), (0.1, 0.2)])

    def test_rows_that_were_deleted_are_not_missed(self):
        server, web = self.start_web("--journal-keep", "100")
        client = self.connect(server)
        for i in range(1, 601):
            client.ask(write_single(6, 30, i))
        for query in ("", "&after=3", "&limit=1000"):
            numbers = [r["number"] for r in self.past(
                web, "point=level" + query)["rows"]]
            self.assertGreaterEqual(len(numbers), 100)
            self.assertLess(len(numbers), 500)
            self.assertEqual(numbers, list(range(numbers[0], 601)))

    def test_errors(self):
        _, web = self.start_web()
        for query, status, text in (
                ("", 400, "expected point or address"),
                ("?point=flow&address=3", 400, "expected none beside a point"),
                ("?point=none", 404, "no such point"),
                ("?address=HR0-125", 400, "at most 125 registers"),
                ("?address=C0-2000", 400, "2000 coils"),
                ("?address=C3&kind=registers", 400, "address"),
                ("?address=5-2", 400, "expected HR16"),
                ("?address=70000", 400, "expected HR16"),
                ("?address=" + "1" * 60, 400, "expected HR16"),
                ("?address=1&since=yesterday", 400, "-10m"),
                ("?address=1&since=-1m&until=-2m", 400, "not before since"),
                ("?address=1&limit=0", 400, "from 1 to 10000"),
                ("?address=1&limit=10001", 400, "from 1 to 10000"),
                ("?address=1&after=-1", 400, "after"),
                ("?address=1&before=1", 400, "no such parameter")):
            with self.subTest(query=query):
                answer = web.curl("/api/journal" + query)
                self.assertEqual(answer.status, status)
                self.assertIn(text, answer.json()["error"])
        self.assertEqual(web.post("/api/journal", {}).status, 405)

    def test_without_a_state_file(self):
        server = self.start("--http", "0")
        answer = Web(server).curl("/api/journal?address=1")
        self.assertEqual(answer.status, 404)
        self.assertIn("--state", answer.json()["error"])

    def test_damage_is_told(self):
        server, web = self.start_web()
        client = self.connect(server)
        for i in range(1, 9):
            client.ask(write_single(6, 30, i))
        server.stop()
        with sqlite3.connect(self.path) as db:
            db.execute("UPDATE journal SET unit = unit + 1 WHERE number = 5")
        db.close()
        _, web = self.start_web()
        answer = web.curl("/api/journal?point=level")
        self.assertEqual(answer.status, 500)
        self.assertEqual(answer.json()["error"],
                         "the journal is damaged: write 5")
        self.assertEqual(len(self.values(web, "point=level&after=5")), 3)

    def test_clients_that_leave_and_writes_go_on(self):
        server, web = self.start_web()
        client = self.connect(server)
        for i in range(1, 301):
            client.ask(write_single(6, 30, i))

        def leave():
            for _ in range(20):
                with web.connect() as sock:
                    sock.sendall(web.head("/api/journal?point=level"))

        threads = [threading.Thread(target=leave) for _ in range(3)]
        for thread in threads:
            thread.start()
        for i in range(301, 801):
            client.ask(write_single(6, 30, i))
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.values(web, "point=level")), 800)
        server.stop()


if __name__ == "__main__":
    main()
