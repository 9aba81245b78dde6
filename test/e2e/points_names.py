"""Names of points where addresses are shown: the trace, the client report over
HTTP and in the log, and the command journal."""

import csv
import io
import json
import os
import shutil
import tempfile

from harness import (ILLEGAL_ADDRESS, Client, exception, main, mask_write, read,
                     read_write, run_server, write_coils, write_registers,
                     write_single)
from web import WebTest

EX_USAGE, EX_CONFIG = 64, 78

POINTS = """name,address,type,access
flow,HR20,float32,ro
level,HR22,int16,
setpoint,HR23,uint16,
total,HR24,uint32,
"pump, ""A"" <b>",C5,,
status,HR40,uint16,
fault,HR40.2,,
Förderhöhe,HR50,uint16,
"""


class PointsTest(WebTest):
    """With a points file in a folder of its own."""

    MODE = "s"

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.points = self.write("plant.csv", POINTS)
        self.state = os.path.join(self.folder, "table.state")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Trace(PointsTest):

    def traced(self, server, pdu):
        """How the trace shows a request: from the first range on."""
        before = len(server.log_lines(" trace: "))
        with Client(server) as client:
            client.ask(pdu)
        line = server.log_lines(" trace: ")[before]
        return line[line.index(" address ") + 1:]

    def test_names_stand_behind_each_range(self):
        server = self.start("--points", self.points, "--trace")
        for pdu, expected in (
                (read(3, 20, 2), "address 20 quantity 2 (flow): ok, 6 bytes"),
                (read(4, 21, 2),
                 "address 21 quantity 2 (flow, level): ok, 6 bytes"),
                (read(3, 0, 100), "address 0 quantity 100 "
                 "(flow, level, setpoint +4): ok, 202 bytes"),
                (read(3, 60, 1), "address 60 quantity 1: ok, 4 bytes"),
                (read(1, 0, 8),
                 'address 0 quantity 8 (pump, "A" <b>): ok, 3 bytes'),
                (read(1, 20, 8), "address 20 quantity 8: ok, 3 bytes"),
                (write_single(6, 50, 7),
                 "address 50 quantity 1 (Förderhöhe): ok, 5 bytes"),
                (mask_write(40, 0, 0),
                 "address 40 quantity 1 (status, fault): ok, 7 bytes"),
                (write_registers(20, [0]),
                 "address 20 quantity 1 (flow): exception 02 "
                 "illegal data address"),
                (read_write(20, 2, 22, [1, 2]),
                 "address 20 quantity 2 (flow) write address 22 quantity 2 "
                 "(level, setpoint): ok, 6 bytes")):
            self.assertEqual(self.traced(server, pdu), expected)

    def test_overlaid_coils_have_the_names_of_their_registers(self):
        points = self.write("status.csv", "name,address\nstatus,HR40\n"
                                          "fault,HR40.2\npump,C5\n")
        server = self.start("--points", points, "--trace", "-d", "o")
        for pdu, names in ((read(1, 642, 1), " (status, fault)"),
                           (read(1, 643, 1), " (status)"),
                           (read(3, 0, 1), " (pump)"),
                           (read(1, 656, 1), "")):
            quantity = int.from_bytes(pdu[3:5], "big")
            self.assertIn(" quantity %d%s: ok" % (quantity, names),
                          self.traced(server, pdu))

    def test_without_points_there_are_none(self):
        server = self.start("--trace")
        self.assertEqual(self.traced(server, read(3, 20, 2)),
                         "address 20 quantity 2: ok, 6 bytes")


class Report(PointsTest):

    def do_it_wrong(self, server):
        """A client that does what there are hints for."""
        client = self.connect(server)
        for _ in range(3):
            client.ask(read(3, 20, 5))
            client.ask(read(3, 21, 1))
            client.ask(read(4, 25, 1))
            client.ask(read(1, 5, 1))
            client.ask(read(3, 60, 4))
            self.assertEqual(client.ask(write_registers(21, [1, 2])),
                             exception(16, ILLEGAL_ADDRESS))
        return client

    HINTS = ['reads half of "total", "flow"',
             "polls addresses without a point: 1 poll, such as Read Holding "
             "Registers, address 60 quantity 4",
             "is refused by the access rules or the points: 3 requests",
             'writes what is read-only: "flow"']

    def test_polls_have_names(self):
        server, web = self.start_web("--points", self.points)
        self.do_it_wrong(server)
        [report] = [c["report"] for c in web.get("/api/clients")]
        polls = {(p["function"], p["address"]):
                 (p["points"], p["point_count"], p["half"], p["unnamed"])
                 for p in report["polls"]}
        self.assertEqual(polls, {
            (3, 20): (["flow", "level", "setpoint"], 4, True, False),
            (3, 21): (["flow"], 1, True, False),
            (4, 25): (["total"], 1, True, False),
            (1, 5): (['pump, "A" <b>'], 1, False, False),
            (3, 60): ([], 0, False, True)})
        for hint in self.HINTS:
            self.assertIn(hint, report["hints"])

    def test_names_are_in_the_log_too(self):
        server = self.start("--points", self.points, "--client-report")
        self.do_it_wrong(server).close()
        server.stop()
        lines = "\n".join(server.log_lines(" report: 127.0.0.1: "))
        for hint in self.HINTS:
            self.assertIn(" report: 127.0.0.1: %s\n" % hint, lines + "\n")
        self.assertRegex(lines, r"address 20 quantity 5 \(flow, level, "
                                r"setpoint \+1\): 3 times, .*, overlaps "
                                r"another poll, reads half of a point\n")
        self.assertRegex(lines, r"address 60 quantity 4: 3 times, .*, reads "
                                r"addresses without a point\n")

    def test_coils_that_are_half_a_register_read_half(self):
        points = self.write("flow.csv", "name,address,type\n"
                                        "flow,HR20,float32\nbit,C5,\n")
        server, web = self.start_web("--points", points, "-d", "o")
        client = self.connect(server)
        for _ in range(2):
            client.ask(read(1, 320, 16))
            client.ask(read(1, 320, 32))
            client.ask(read(1, 5, 1))
        [report] = [c["report"] for c in web.get("/api/clients")]
        self.assertEqual([(p["points"], p["half"]) for p in report["polls"]],
                         [(["flow"], True), (["flow"], False),
                          (["bit"], False)])
        self.assertIn('reads half of "flow"', report["hints"])

    def test_where_only_points_exist_the_others_are_refused(self):
        server, web = self.start_web("--points", self.points, "--points-only")
        client = self.connect(server)
        self.assertEqual(client.ask(read(3, 25, 2)),
                         exception(3, ILLEGAL_ADDRESS))
        [report] = [c["report"] for c in web.get("/api/clients")]
        self.assertIn("is refused at addresses without a point, such as Read "
                      "Holding Registers, address 25 quantity 2",
                      report["hints"])

    def test_without_points_nothing_is_named(self):
        server, web = self.start_web()
        client = self.connect(server)
        for _ in range(3):
            client.ask(read(3, 21, 1))
        [report] = [c["report"] for c in web.get("/api/clients")]
        self.assertNotIn("points", report["polls"][0])
        self.assertEqual(report["hints"], [])


class Journal(PointsTest):

    def fill(self):
        """Six writes, the first to four addresses."""
        server = self.start("--state", self.state, "--state-init",
                            "-d", self.MODE)
        client = self.connect(server)
        for pdu in (write_registers(22, [1, 2, 3, 4]),
                    write_single(5, 5, 0xFF00), write_single(6, 40, 4),
                    write_single(6, 50, 7), write_single(6, 60, 8),
                    write_coils(645, [1])):
            self.assertEqual(client.ask(pdu)[0], pdu[0])
        client.close()
        server.stop()

    def journal(self, *arguments, status=0, points=None):
        done = run_server("journal", "--state", self.state, "--points",
                          points or self.points, *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stderr == "", status == 0)
        return done.stdout if status == 0 else done.stderr

    def rows(self, *arguments):
        return list(csv.DictReader(io.StringIO(
            self.journal("--csv", *arguments))))

    CHANGES = [("registers", 22, "level"), ("registers", 23, "setpoint"),
               ("registers", 24, "total"), ("registers", 25, "total"),
               ("coils", 5, 'pump, "A" <b>'), ("registers", 40, "status, fault"),
               ("registers", 50, "Förderhöhe"), ("registers", 60, ""),
               ("coils", 645, "")]

    def test_each_change_has_the_names_of_its_address(self):
        self.fill()
        self.assertEqual([(row["table"], int(row["address"]), row["point"])
                          for row in self.rows()], self.CHANGES)
        self.assertEqual(
            [(row["table"], row["address"], row["point"]) for row in
             map(json.loads, self.journal("--jsonl").splitlines())],
            [(*change[:2], change[2] or None) for change in self.CHANGES])
        first, *lines = self.journal().splitlines()
        column = first.index("  NAME") + 2
        self.assertEqual([line[column:] for line in lines],
                         [name or "-" for _, _, name in self.CHANGES])

    def test_a_name_stands_for_its_addresses(self):
        self.fill()
        for names, expected in (
                (["level"], ["22"]), (["total"], ["24", "25"]),
                (["fault"], ["40"]), (['pump, "A" <b>'], ["5"]),
                (["Förderhöhe", "level"], ["22", "50"]), (["flow"], [])):
            options = [word for name in names for word in ("--point", name)]
            self.assertEqual([row["address"] for row in self.rows(*options)],
                             expected)
        self.assertEqual(
            [row["address"] for row in self.rows("--point", "level",
                                                 "--address",
                                                 "registers:60")],
            ["22", "60"])

    def test_the_table_of_a_time_has_names(self):
        self.fill()
        rows = self.rows("--at", "now", "--point", "total", "--point", "flow")
        self.assertEqual([(row["address"], row["value"], row["point"])
                          for row in rows],
                         [("20", "0", "flow"), ("21", "0", "flow"),
                          ("24", "3", "total"), ("25", "4", "total")])
        rows = map(json.loads, self.journal("--at", "now",
                                            "--jsonl").splitlines())
        self.assertEqual({(row["table"], row["address"], row["point"] or "")
                          for row in rows}, set(self.CHANGES))
        first, *lines = self.journal("--at", "now").splitlines()
        column = first.index("  NAME") + 2
        self.assertIn("Förderhöhe", [line[column:] for line in lines])

    def test_what_is_wrong_is_one_line(self):
        self.fill()
        bad = self.write("bad.csv", "name,address\nx,HR99999\n")
        for arguments, status, points, text in (
                (["--point", "flw"], EX_USAGE, None,
                 'mbasyncserver: journal: --point: "flw": no such point in %s'
                 % self.points),
                (["--point", "Flow"], EX_USAGE, None, "no such point"),
                ([], EX_CONFIG, os.path.join(self.folder, "none.csv"),
                 "mbasyncserver: journal: "),
                ([], EX_CONFIG, bad,
                 'mbasyncserver: journal: %s:2: address: "HR99999": ' % bad),
                (["--restore-at", "now", "--output", "x"], EX_USAGE, None,
                 "mbasyncserver: journal: --points: expected without")):
            error = self.journal(*arguments, status=status, points=points)
            self.assertEqual(error.count("\n"), 1, error)
            self.assertIn(text, error)
        done = run_server("journal", "--state", self.state, "--point", "flow")
        self.assertEqual((done.returncode, done.stderr), (EX_USAGE,
                         "mbasyncserver: journal: --point: requires "
                         "--points\n"))


class OverlaidJournal(Journal):
    """The points are those of the layout of the state file."""

    MODE = "o"

    CHANGES = [("registers", 22, "level"), ("registers", 23, "setpoint"),
               ("registers", 24, "total"), ("registers", 25, "total"),
               ("coils", 5, 'pump, "A" <b>'), ("registers", 40, "status, fault"),
               ("registers", 50, "Förderhöhe"), ("registers", 60, ""),
               ("coils", 645, "status")]

    def test_a_name_stands_for_its_addresses(self):
        self.fill()
        self.assertEqual([(row["table"], row["address"])
                          for row in self.rows("--point", "status")],
                         [("registers", "40"), ("coils", "645")])

    def test_the_table_of_a_time_has_names(self):
        self.fill()
        names = {int(row["address"]): row["point"] for row in
                 self.rows("--at", "now") if row["table"] == "registers"}
        self.assertEqual(names[0], 'pump, "A" <b>')
        self.assertEqual(names[40], "status, fault")
        self.assertEqual(names[60], "")


if __name__ == "__main__":
    main()
