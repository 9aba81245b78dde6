"""mbasyncserver journal: its answers against a model of everything that was
written, by real clients to the real server, across restarts."""

import contextlib
import csv
import datetime
import hashlib
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest.mock

from harness import (BINARY, Client, ServerTest, main, mask_write, read,
                     read_write, run_server, server_environment, unpack_bits,
                     unpack_words, wait_for, write_coils, write_registers,
                     write_single)
from state_file import COLUMNS, row_crc

EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_IOERR, EX_TEMPFAIL, EX_CONFIG = (
    64, 65, 69, 74, 75, 78)

TABLES = {"coils": 65536, "registers": 65536}


def microseconds():
    return time.time_ns() // 1000


def iso(moment):
    """Microseconds since 1970 as the command line takes them."""
    second, rest = divmod(moment, 1000000)
    return datetime.datetime.fromtimestamp(
        second, datetime.timezone.utc).strftime(
            "%Y-%m-%dT%H:%M:%S") + ".%06dZ" % rest


def moment_of(text):
    """The reverse, of any zone."""
    delta = datetime.datetime.fromisoformat(text) - datetime.datetime(
        1970, 1, 1, tzinfo=datetime.timezone.utc)
    return delta // datetime.timedelta(microseconds=1)


def journal(state, *arguments, status=0, **popen):
    """What the command prints."""
    done = run_server("journal", "--state", state, *arguments, **popen)
    if done.returncode != status or (status == 0) != (done.stderr == ""):
        raise AssertionError("status %d: %s" % (done.returncode, done.stderr))
    if status:
        if done.stderr.count("\n") != 1:
            raise AssertionError("not one line: %r" % done.stderr)
        return done.stderr
    return done.stdout


class Write:
    """A write that was acknowledged: what, by whom, between which moments."""

    def __init__(self, client, function, table, address, before, after):
        self.host, self.port = client.socket.getsockname()[:2]
        self.function = function
        self.table, self.address = table, address
        self.before, self.after = before, after
        self.earliest = self.latest = None


class Model:
    """Two arrays, and every write."""

    def __init__(self, overlaid):
        self.overlaid = overlaid
        self.values = {table: [0] * size for table, size in TABLES.items()}
        self.writes = []

    def touched(self, table, address, quantity):
        """What a write is a write of: tables, first and last addresses."""
        end = address + quantity
        yield table, address, end
        if self.overlaid and table == "coils":
            yield "registers", address // 16, (end - 1) // 16 + 1
        elif self.overlaid:
            yield "coils", min(address, 4096) * 16, min(end, 4096) * 16

    def put(self, values, table, address, new):
        """Change values. Returns the addresses whose values are others now."""
        touched = list(self.touched(table, address, len(new)))
        before = [values[t][first:end] for t, first, end in touched]
        values[table][address:address + len(new)] = new
        for other, first, end in touched[1:]:
            for i in range(first, end):
                if other == "coils":
                    values[other][i] = (
                        values["registers"][i // 16] >> i % 16 & 1)
                else:
                    values[other][i] = sum(
                        values["coils"][i * 16 + k] << k for k in range(16))
        return [(t, first + i)
                for (t, first, end), was in zip(touched, before)
                for i, value in enumerate(was) if values[t][first + i] != value]

    def as_of(self, number):
        """The values after so many writes; and for each address the numbers
        of the write that gave it its value, and of the next that took it; 0
        for none."""
        values = {table: [0] * size for table, size in TABLES.items()}
        since = {table: [0] * size for table, size in TABLES.items()}
        until = {table: [0] * size for table, size in TABLES.items()}
        then = None
        for n, write in enumerate(self.writes, 1):
            if n == number + 1:
                then = {table: values[table][:] for table in TABLES}
            for table, i in self.put(values, write.table, write.address,
                                     write.after):
                if n <= number:
                    since[table][i] = n
                elif until[table][i] == 0:
                    until[table][i] = n
        return then or values, since, until


class JournalTest(ServerTest):
    """With a state file in a folder of its own."""

    MODE = "s"

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = os.path.join(self.folder, "state")

    def begin(self, *arguments, state=None):
        return self.start("-d", self.MODE, "--state", state or self.state,
                          "--state-init", *arguments)

    def files(self):
        """The contents of the folder."""
        found = {}
        for name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, name), "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
        return found


def random_write(model, client, chance):
    """Ask for a write of any function; count it in."""
    values = model.values
    function = chance.choice([5, 6, 15, 16, 22, 23])
    table = "coils" if function in (5, 15) else "registers"
    base = chance.choice([0, 4090, 65500])
    if table == "coils":
        base = chance.choice([0, 65300])
    address = base + chance.randrange(20)
    quantity = 1
    if function in (15, 16, 23):
        quantity = chance.choice([1, 2, 16, 17, 40, 100])
        quantity = min(quantity, 65536 - address)
    top = 2 if table == "coils" else 65536
    new = [chance.randrange(top) for _ in range(quantity)]
    if chance.randrange(4) == 0:
        new = values[table][address:address + quantity]
    pdu = {
        5: lambda: write_single(5, address, 0xFF00 if new[0] else 0),
        6: lambda: write_single(6, address, new[0]),
        15: lambda: write_coils(address, new),
        16: lambda: write_registers(address, new),
        22: lambda: mask_write(address, 0xFF00, new[0]),
        23: lambda: read_write(0, 1, address, new),
    }[function]()
    if function == 22:
        new = [values[table][address] & 0xFF00 | new[0] & 0xFF]
    write = Write(client, function, table, address,
                  values[table][address:address + len(new)], new)
    write.earliest = microseconds()
    response = client.ask(pdu)
    write.latest = microseconds()
    if response[0] != function:
        raise AssertionError("refused: %s" % response.hex())
    model.put(values, table, address, new)
    model.writes.append(write)


class Answers(JournalTest):
    """Separate tables."""

    WRITES = 120
    SESSIONS = 3

    def fill(self):
        """Some sessions with one server after the other; one is killed."""
        chance = random.Random(7)
        model = Model(self.MODE == "o")
        for session in range(self.SESSIONS):
            server = self.begin()
            clients = [self.connect(server, source="127.0.0.%d" % n)
                       for n in (2, 3, 4)]
            for _ in range(self.WRITES // self.SESSIONS):
                random_write(model, chance.choice(clients), chance)
            if session == 1:
                server.process.kill()
                server.process.wait()
            else:
                server.stop()
        return model

    def assert_is(self, row, write):
        """A row of CSV tells of this write."""
        self.assertEqual((row["client"], int(row["port"]), int(row["unit"]),
                          int(row["function"])),
                         (write.host, write.port, 1, write.function))

    def test_the_list_has_every_change(self):
        model = self.fill()
        got = list(csv.DictReader(io.StringIO(
            journal(self.state, "--csv", "--unchanged"))))
        expected = [(n, write, i) for n, write in enumerate(model.writes, 1)
                    for i in range(len(write.after))]
        self.assertEqual(len(got), len(expected))
        for row, (n, write, i) in zip(got, expected):
            self.assertEqual(
                (int(row["number"]), row["table"], int(row["address"]),
                 int(row["before"]), int(row["after"])),
                (n, write.table, write.address + i, write.before[i],
                 write.after[i]))
            self.assert_is(row, write)
            self.assertTrue(write.earliest <= moment_of(row["time"])
                            <= write.latest)

        changed = [row for row in got if row["before"] != row["after"]]
        self.assertEqual(changed, list(csv.DictReader(io.StringIO(
            journal(self.state, "--csv")))))
        lines = [json.loads(line) for line in
                 journal(self.state, "--jsonl").splitlines()]
        self.assertEqual(
            [{name: str(value) for name, value in line.items()}
             for line in lines], changed)
        text = journal(self.state).splitlines()
        self.assertEqual(text[0].split(), ["TIME", "CLIENT", "UNIT", "FC",
                                           "ADDRESS", "BEFORE", "AFTER"])
        self.assertEqual(
            [line.split()[2:] for line in text[1:]],
            [["%s:%s" % (row["client"], row["port"]), row["unit"],
              row["function"], row["table"][:-1], row["address"],
              row["before"], row["after"]] for row in changed])
        self.assert_filters(changed, model)

    def assert_filters(self, rows, model):
        """Each option takes from the rows those that it names."""
        third = model.writes[len(model.writes) // 3]
        last = model.writes[-len(model.writes) // 3]
        filters = [
            (["--client", "127.0.0.3"],
             lambda row: row["client"] == "127.0.0.3"),
            (["--client", "127.0.0.2/31"],
             lambda row: row["client"] in ("127.0.0.2", "127.0.0.3")),
            (["--client", "127.0.0.2", "--client", "127.0.0.4"],
             lambda row: row["client"] != "127.0.0.3"),
            (["--client", "2001:db8::/32"], lambda row: False),
            (["--since", iso(third.earliest)],
             lambda row: moment_of(row["time"]) >= third.earliest),
            (["--until", iso(last.latest)],
             lambda row: moment_of(row["time"]) <= last.latest),
            (["--since", iso(third.earliest), "--until", iso(last.latest),
              "--client", "127.0.0.4", "--address", "registers:4090-4100"],
             lambda row: third.earliest <= moment_of(row["time"])
             <= last.latest and row["client"] == "127.0.0.4"
             and self.touches(row, "registers", 4090, 4100)),
            (["--address", "registers:3"],
             lambda row: self.touches(row, "registers", 3, 3)),
            (["--address", "coils:5-20"],
             lambda row: self.touches(row, "coils", 5, 20)),
            (["--address", "C5-20"],
             lambda row: self.touches(row, "coils", 5, 20)),
            (["--address", "400004"],
             lambda row: self.touches(row, "registers", 3, 3)),
            (["--address", "coils:5-20", "--address", "registers:4095-4096"],
             lambda row: self.touches(row, "coils", 5, 20)
             or self.touches(row, "registers", 4095, 4096)),
        ]
        for options, wanted in filters:
            expected = [row for row in rows if wanted(row)]
            self.assertEqual(expected, list(csv.DictReader(io.StringIO(
                journal(self.state, "--csv", *options)))), options)

    def touches(self, row, table, first, last):
        """Whether a row is of an address of these, or overlays one."""
        address = int(row["address"])
        if row["table"] == table:
            return first <= address <= last
        if self.MODE == "s":
            return False
        if table == "registers":
            return first <= address // 16 <= last
        return first // 16 <= address <= last // 16

    def test_what_it_held_and_who_had_set_it(self):
        model = self.fill()
        total = len(model.writes)
        for number in (0, 41, total):
            moment = (model.writes[number - 1].latest if number
                      else model.writes[0].earliest)
            self.assert_at(model, number, moment)

    def assert_at(self, model, number, moment):
        values, since, until = model.as_of(number)
        rows = list(csv.DictReader(io.StringIO(journal(
            self.state, "--csv", "--at", iso(moment),
            "--address", "registers:0-65535", "--address", "coils:0-65535"))))
        self.assertEqual(len(rows), 131072)
        for row in rows:
            table, i = row["table"], int(row["address"])
            self.assertEqual(int(row["value"]), values[table][i], row)
            if since[table][i]:
                self.assert_is(row, model.writes[since[table][i] - 1])
                self.assert_within(
                    row["since"], model.writes[since[table][i] - 1])
            else:
                self.assertEqual(row["client"], "")
                self.assertLess(moment_of(row["since"]),
                                model.writes[0].earliest)
            if until[table][i]:
                self.assert_within(
                    row["until"], model.writes[until[table][i] - 1])
            else:
                self.assertEqual(row["until"], "")

        # Unasked, it shows what is not just zero and always was.
        shown = [row for row in rows if row["value"] != "0" or row["client"]
                 or row["until"]]
        if self.MODE == "o":
            shown = [row for row in shown if row["table"] == "registers"]
        self.assertEqual(shown, list(csv.DictReader(io.StringIO(
            journal(self.state, "--csv", "--at", iso(moment))))))
        lines = [json.loads(line) for line in journal(
            self.state, "--jsonl", "--at", iso(moment)).splitlines()]
        self.assertEqual(
            [{name: "" if value is None else str(value)
              for name, value in line.items()} for line in lines], shown)
        text = journal(self.state, "--at", iso(moment)).splitlines()[1:]
        self.assertEqual([line.split()[:3] for line in text], [
            [row["table"][:-1], row["address"], row["value"]]
            for row in shown])

    def assert_within(self, text, write):
        self.assertTrue(write.earliest <= moment_of(text) <= write.latest)

    def test_a_restored_file_is_the_table_of_then(self):
        """The server takes it; its journal is that of then, and goes on."""
        model = self.fill()
        kept = self.files()
        for number in (0, 50, len(model.writes)):
            new = os.path.join(self.folder, "new")
            moment = (model.writes[number - 1].latest if number
                      else model.writes[0].earliest)
            self.assertEqual("", journal(
                self.state, "--restore-at", iso(moment), "--output", new))
            self.assertEqual(
                journal(new, "--csv", "--unchanged"),
                journal(self.state, "--csv", "--unchanged",
                        "--until", iso(moment)))
            values = model.as_of(number)[0]
            server = self.begin(state=new)
            self.assert_table(server, values)
            with Client(server) as client:
                client.ask(write_single(6, 7, 777))
            server.stop()
            last = json.loads(journal(
                new, "--jsonl", "--unchanged").splitlines()[-1])
            self.assertEqual((last["number"], last["after"]),
                             (number + 1, 777))
            for name in os.listdir(self.folder):
                if name.startswith("new"):
                    os.unlink(os.path.join(self.folder, name))
        self.assertEqual(self.files(), kept)

    def assert_table(self, server, values):
        with Client(server) as client:
            for first in range(0, 65536, 64):
                response = client.ask(read(3, first, 64))
                self.assertEqual(unpack_words(response[2:]),
                                 values["registers"][first:first + 64])
            for first in range(0, 65536, 1024):
                response = client.ask(read(1, first, 1024))
                self.assertEqual(unpack_bits(response[2:], 1024),
                                 values["coils"][first:first + 1024])


class OverlaidAnswers(Answers):
    """Coils are bits of registers."""

    MODE = "o"


class Files(JournalTest):
    """What it reads, and what it leaves alone."""

    def write_some(self, server, quantity=5):
        with Client(server) as client:
            for value in range(1, quantity + 1):
                client.ask(write_single(6, 17, value))

    def test_a_file_left_by_a_crash_is_read_with_its_log_and_not_changed(self):
        server = self.begin()
        self.write_some(server)
        server.process.kill()
        server.process.wait()
        before = self.files()
        self.assertIn("state-wal", before)
        lines = journal(self.state, "--jsonl").splitlines()
        self.assertEqual([json.loads(line)["after"] for line in lines],
                         [1, 2, 3, 4, 5])
        held = json.loads(journal(self.state, "--jsonl", "--at", "now",
                                  "--address", "registers:17"))
        self.assertEqual((held["value"], held["client"]), (5, "127.0.0.1"))
        self.assertEqual(self.files(), before)

    def test_a_read_only_file_is_read(self):
        server = self.begin()
        self.write_some(server)
        server.stop()
        before = self.files()
        for name in before:
            os.chmod(os.path.join(self.folder, name), 0o444)
        os.chmod(self.folder, 0o555)
        self.addCleanup(os.chmod, self.folder, 0o755)
        self.assertEqual(len(journal(self.state).splitlines()), 6)
        self.assertEqual(self.files(), before)

    def test_a_running_server_is_asked_for_a_copy(self):
        copy = os.path.join(self.folder, "copy")
        server = self.begin("--state-backup", copy)
        self.write_some(server)
        self.assertIn("SIGUSR1", journal(self.state, status=EX_TEMPFAIL))
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: os.path.exists(copy), "a copy")
        self.assertEqual(len(journal(copy).splitlines()), 6)
        self.assert_serves(server)

    def test_where_the_journal_was_cut_it_says_so(self):
        server = self.begin("--journal-keep", "3")
        began = microseconds()
        self.write_some(server, 400)
        with Client(server) as client:
            client.ask(write_single(6, 99, 5))
        server.stop()
        first = json.loads(journal(self.state, "--jsonl").splitlines()[0])
        self.assertGreater(first["number"], 1)
        for options in (["--at", iso(began)],
                        ["--restore-at", iso(began), "--output",
                         os.path.join(self.folder, "new")]):
            line = journal(self.state, *options, status=EX_UNAVAILABLE)
            self.assertIn("the journal begins at", line)
        self.assertNotIn("new", self.files())
        # From there on it knows; of who set it before, only that.
        held = json.loads(journal(self.state, "--jsonl", "--at", "now",
                                  "--address", "registers:50"))
        self.assertEqual((held["value"], held["since"], held["client"]),
                         (0, None, None))
        self.assertIn(" before ", journal(
            self.state, "--at", "now", "--address", "registers:50"))

    def test_before_the_file_was_made_there_was_nothing(self):
        began = microseconds()
        self.begin().stop()
        line = journal(self.state, "--at", iso(began - 1000),
                       status=EX_UNAVAILABLE)
        self.assertIn("was created at", line)

    def test_an_empty_journal_has_no_lines(self):
        self.begin().stop()
        self.assertEqual(len(journal(self.state).splitlines()), 1)
        self.assertEqual(len(journal(self.state, "--csv").splitlines()), 1)
        self.assertEqual(journal(self.state, "--jsonl"), "")
        self.assertEqual(len(journal(
            self.state, "--at", "now").splitlines()), 1)

    def test_other_files_are_refused(self):
        self.begin().stop()
        path = os.path.join(self.folder, "other")
        self.assertIn("no such file", journal(path, status=EX_CONFIG))
        with open(path, "w") as file:
            file.write("something else\n" * 100)
        self.assertIn("not a state file", journal(path, status=EX_CONFIG))
        journal(self.folder, status=EX_CONFIG)
        self.assertIn("a?b: no such file", journal("a\nb", status=EX_CONFIG))

    def test_a_damaged_file_is_refused_and_stays(self):
        server = self.begin()
        self.write_some(server)
        server.stop()
        with open(self.state, "r+b") as file:
            contents = bytearray(file.read())
            # The client of one row of the journal.
            at = contents.rindex(b"127.0.0.1:")
            contents[at] ^= 1
            file.seek(0)
            file.write(contents)
        before = self.files()
        for options in ([], ["--at", "2000-01-01"]):
            self.assertIn("damaged", journal(
                self.state, *options, status=EX_DATAERR))
        self.assertEqual(self.files(), before)

    def test_a_damaged_row_matters_where_it_is_reached(self):
        server = self.begin()
        with Client(server) as client:
            for address, value in (5, 1), (6, 2), (7, 3), (8, 4):
                client.ask(write_single(6, address, value))
        server.stop()
        with contextlib.closing(sqlite3.connect(self.state)) as db, db:
            db.execute("UPDATE journal SET client = 'x' WHERE number = 2")
        lines = journal(self.state, "--jsonl", "--at", "now", "--address",
                        "registers:7-8").splitlines()
        self.assertEqual([json.loads(line)["value"] for line in lines], [3, 4])
        for options in (["--address", "registers:7"],
                        ["--at", "now", "--address", "registers:5-7"],
                        ["--at", "now"]):
            self.assertIn("damaged: write 2", journal(
                self.state, *options, status=EX_DATAERR))

    def test_restoring_replaces_nothing(self):
        self.begin().stop()
        new = os.path.join(self.folder, "new")
        with open(new, "w") as file:
            file.write("mine\n")
        self.assertIn("exists", journal(
            self.state, "--restore-at", "now", "--output", new,
            status=EX_CONFIG))
        self.assertIn("would replace the state file", journal(
            self.state, "--restore-at", "now", "--output", self.state,
            status=EX_CONFIG))
        with open(new) as file:
            self.assertEqual(file.read(), "mine\n")
        self.assertEqual([name for name in os.listdir(self.folder)
                          if "restored" in name], [])

    def test_a_limit_to_the_size_of_files_is_an_error(self):
        """And leaves nothing that is half a file."""
        self.begin().stop()
        new = os.path.join(self.folder, "new")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

        self.assertIn("File too large", journal(
            self.state, "--restore-at", "now", "--output", new,
            status=EX_IOERR, preexec_fn=limit))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["new-lock", "state", "state-lock"])

    def test_restoring_harms_no_other_file(self):
        """Not even by the name that a file has while it is made."""
        self.begin().stop()
        new = os.path.join(self.folder, "new")
        with open(new + ".new", "w") as file:
            file.write("mine\n")
        journal(self.state, "--restore-at", "now", "--output", new)
        with open(new + ".new") as file:
            self.assertEqual(file.read(), "mine\n")
        os.unlink(new)
        os.rename(self.state, new + ".unfinished")
        kept = self.files()
        for output in new, new + ".unfinished-wal", new + ".unfinished-lock":
            self.assertIn("would replace the state file", journal(
                new + ".unfinished", "--restore-at", "now", "--output", output,
                status=EX_CONFIG))
            self.assertEqual(self.files(), kept)


# A zone, a local time, and the moment that it means: where the clock showed the
# time twice, the last one; where it skipped it, the moment at which it did.
LOCAL_TIMES = [
    ("America/New_York", "2026-11-01 01:30", "2026-11-01T01:30-05:00"),
    ("America/New_York", "2026-11-01T00:30", "2026-11-01T00:30-04:00"),
    ("America/New_York", "2026-03-08 02:30", "2026-03-08T03:00-04:00"),
    ("America/New_York", "2026-07-15 12:00", "2026-07-15T12:00-04:00"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25T02:30+01:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29T03:00+02:00"),
    ("Europe/London", "2026-10-25 01:30", "2026-10-25T01:30+00:00"),
    ("Europe/London", "2026-03-29 01:30", "2026-03-29T02:00+01:00"),
    ("Australia/Sydney", "2026-04-05 02:30", "2026-04-05T02:30+10:00"),
    ("Australia/Sydney", "2026-10-04 02:30", "2026-10-04T03:00+11:00"),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-05T01:45+10:30"),
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04T02:30+11:00"),
    ("Europe/Dublin", "2026-10-25 01:30", "2026-10-25T01:30+00:00"),
    ("Europe/Dublin", "2026-07-15 12:00", "2026-07-15T12:00+01:00"),
    # The offset changed, without summer time.
    ("America/Caracas", "2016-05-01 02:45", "2016-05-01T03:00-04:00"),
    ("Europe/Volgograd", "2020-12-27 01:30", "2020-12-27T01:30+03:00"),
    ("Asia/Pyongyang", "2015-08-14 23:45", "2015-08-14T23:45+08:30"),
    ("Pacific/Apia", "2011-12-30 12:00", "2011-12-31T00:00+14:00"),
    # A date is its first moment.
    ("America/Havana", "2026-11-01", "2026-11-01T00:00-04:00"),
    ("America/Havana", "2026-03-08", "2026-03-08T01:00-04:00"),
]


class LocalTimes(JournalTest):
    """Each option takes a local time for the same moment."""

    def set_times(self, times):
        """Give the writes of the file other times."""
        with contextlib.closing(sqlite3.connect(self.state)) as db, db:
            for number, moment in enumerate(times, 1):
                values = db.execute("SELECT * FROM journal WHERE number = ?",
                                    (number,)).fetchone()
                row = dict(zip(COLUMNS, values), time=moment)
                db.execute("UPDATE journal SET time = ?, crc = ? "
                           "WHERE number = ?", (moment, row_crc(row), number))

    def test_a_local_time_is_the_last_that_the_clock_showed(self):
        """Of three writes, the second is at that time."""
        if not os.path.exists("/usr/share/zoneinfo/Europe/Berlin"):
            self.skipTest("needs tzdata")
        server = self.begin()
        with Client(server) as client:
            for value in (1, 2, 3):
                client.ask(write_single(6, 17, value))
        server.stop()
        for zone, text, moment in LOCAL_TIMES:
            moment = moment_of(moment)
            self.set_times([moment - 1, moment, moment + 1])
            with self.subTest(zone=zone, text=text), \
                    unittest.mock.patch.dict(os.environ, TZ=zone):
                self.assert_is_the_second(text)

    def values(self, name, *options):
        """What is listed or shown."""
        return [json.loads(line)[name] for line in journal(
            self.state, "--jsonl", *options).splitlines()]

    def assert_is_the_second(self, text):
        self.assertEqual(self.values("after", "--until", text), [1, 2])
        self.assertEqual(self.values("after", "--since", text), [2, 3])
        for other in "2000-01-15 12:00", "2000-07-15 12:00":
            self.assertEqual(self.values(
                "after", "--since", other, "--until", text), [1, 2])
        self.assertEqual(self.values(
            "value", "--at", text, "--address", "registers:17"), [2])
        new = os.path.join(self.folder, "new")
        journal(self.state, "--restore-at", text, "--output", new)
        self.assertEqual(len(journal(new, "--jsonl").splitlines()), 2)
        os.unlink(new)
        os.unlink(new + "-lock")


class CommandLine(JournalTest):
    """One line for what is wrong."""

    def test_help(self):
        done = run_server("journal", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("--restore-at TIME", done.stdout)

    def test_bad_usage(self):
        for options, named in [
                ([], "--state"),
                (["--state", "x", "--at", "yesterday"], "--at"),
                (["--state", "x", "--since", "24:00"], "--since"),
                (["--state", "x", "--address", "inputs:1"], "--address"),
                (["--state", "x", "--client", "me"], "--client"),
                (["--state", "x", "--restore-at", "now"], "--output"),
                (["--state", "x", "--port", "502"], "--port"),
                (["--state", "x", "y"], "y")]:
            done = run_server("journal", *options)
            self.assertEqual(done.returncode, EX_USAGE, options)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, "^mbasyncserver: journal: [^\n]*%s"
                             "[^\n]*\n$" % re.escape(named))

    def test_output_that_cannot_be_written_is_an_error(self):
        self.begin().stop()
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [BINARY, "journal", "--state", self.state], stdout=full,
                stderr=subprocess.PIPE, env=server_environment(), check=False)
        self.assertEqual(done.returncode, 74)


if __name__ == "__main__":
    main()
