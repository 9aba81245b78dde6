"""Damaged state files: refused and kept, or complete all the same; never read
with wrong contents. Damage to the journal alone is found by its check while the
server runs.

$FLIPS says how many bits of each file are flipped, one at a time."""

import contextlib
import os
import random
import re
import shutil
import sqlite3
import struct

from harness import (ASAN, Client, main, run_server, write_registers,
                     write_single)
from state_file import (COLUMNS, EX_CONFIG, EX_DATAERR, SEED, StateFile,
                        StateTest, contents, crc32c, row_crc, whole_table)

FLIPS = int(os.environ.get("FLIPS", "40" if ASAN else "60"))

# What the log says of the journal, and what judge() then returns.
CHECKED = "journal checked: "
DAMAGED = "the journal is damaged: "
MIXED = "it is a copy of another time than its log"
JOURNAL = "journal"


class Damage(StateTest):
    """Files that are not as they were left: kept aside, or as good as ever,
    and never taken for what they are not."""

    def setUp(self):
        super().setUp()
        self.original = os.path.join(self.directory, "original")
        os.mkdir(self.original)
        self.path = os.path.join(self.original, "state")
        self.rng = random.Random(SEED)

    def leave(self, end):
        """A state file as a stop or a kill leaves it; what is in it."""
        server = self.serve()
        with Client(server) as client:
            for i in range(300):
                client.ask(write_registers(
                    self.rng.randrange(65000),
                    [self.rng.randrange(65536) for _ in range(100)]))
                client.ask(write_single(5, i * 200, 0xFF00))
        self.table = whole_table(server)
        end(server)
        # Rows of the journal, from a copy that a server has tidied up.
        self.copy("rows")
        self.serve().stop()
        self.rows = StateFile(self.path).check().journal
        self.assertEqual(len(self.rows), 600)
        self.pages = self.pages_of(self.path)

    def copy(self, name):
        """Work on a copy from now on."""
        directory = os.path.join(self.directory, name)
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.original, directory)
        self.path = os.path.join(directory, "state")
        return directory

    @staticmethod
    def pages_of(path):
        """What each page of a database belongs to, by its number: (the name of
        the table, whether a start reads it). Of the journal a start reads only
        the way to the first and the last row."""
        with contextlib.closing(sqlite3.connect(path)) as db:
            pages = db.execute("SELECT pageno, name, path, pagetype FROM "
                               "dbstat").fetchall()
        leaves = sorted(path for _, name, path, kind in pages
                        if name == "journal" and kind == "leaf")
        ends = leaves[0], leaves[-1]
        return {number: (name, name != "journal" or kind == "internal" or
                         path.startswith(ends))
                for number, name, path, kind in pages}

    def start_and_check(self):
        """Start a server, which checks the journal, and stop it; see
        start_and_stop."""
        return self.start_and_stop(
            until=lambda log: CHECKED in log or DAMAGED in log)

    def assert_refused(self, damaged, log, what):
        """One line says why, and the files are kept under another name."""
        directory = os.path.dirname(self.path)
        errors = [line for line in log.splitlines() if " error " in line]
        self.assertEqual(len(errors), 1, log)
        aside = [name for name in os.listdir(directory)
                 if ".damaged-" in name and not name.endswith("-wal")]
        self.assertEqual(len(aside), 1, what)
        self.assertIn(aside[0], errors[0])
        self.assertIn("restore a backup, or see DAMAGE", errors[0])
        kept = contents(os.path.join(directory, aside[0]))
        if damaged is not None:
            self.assertEqual(
                {n.replace(aside[0], "state"): d for n, d in kept.items()
                 if d}, {n: d for n, d in damaged.items() if d}, what)
        self.assertFalse(os.path.exists(self.path))
        self.assertFalse(os.path.exists(self.path + "-wal"))
        # And no server starts with zeros by accident.
        done = run_server("-p", "0", "--state", self.path, "--state-init")
        self.assertEqual(done.returncode, EX_CONFIG, done.stderr)
        self.assertIn(aside[0], done.stderr)

    def assert_checked(self, log, what):
        """The rows are as they were, but for those that the log names. Where
        only their age is damaged, that is none. Returns whether there is
        damage."""
        errors = [line for line in log.splitlines()
                  if " error " in line or " warn " in line]
        ranges = []
        if errors:
            self.assertEqual(len(errors), 1, log)
            self.assertRegex(errors[0], DAMAGED + "(old )?writes ", what)
            named = re.search(DAMAGED + r"writes ([\d, -]+):", errors[0])
            ranges = [[int(n) for n in part.split("-")]
                      for part in named.group(1).split(", ")] if named else []
        first = 1
        for part in [*ranges, [len(self.rows) + 1]]:
            self.assertEqual(self.read_rows(first, part[0] - first),
                             self.rows[first - 1:part[0] - 1], what)
            first = part[-1] + 1
        return bool(errors)

    def read_rows(self, first, count):
        """Rows of the journal, which must be readable. Others need not be."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return [dict(zip(COLUMNS, row)) for row in db.execute(
                "SELECT %s FROM journal WHERE number >= ? ORDER BY number "
                "LIMIT ?" % ", ".join(COLUMNS), (first, count))]

    def judge(self, what):
        """Start: either all is right, or it is refused in the right way, or the
        journal is found damaged and the next start knows. Returns the status,
        or JOURNAL."""
        damaged = contents(self.path)
        status, got, log = self.start_and_check()
        if status == EX_CONFIG or MIXED in log:
            self.assertEqual(contents(self.path), damaged, what)
        elif status is not None:
            self.assertEqual(status, EX_DATAERR, "%s: %s" % (what, log))
            self.assert_refused(damaged, log, what)
        else:
            self.assertTrue(got == self.table, "%s: wrong data accepted" % what)
            if self.assert_checked(log, what):
                self.judge_next_start(what)
                status = JOURNAL
        return status

    def is_intact(self):
        """What SQLite says of the structure."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            try:
                said = db.execute("PRAGMA integrity_check").fetchall()
            except sqlite3.DatabaseError:
                return False
        return said == [("ok",)]

    def judge_next_start(self, what):
        """It checks all before it serves: the structure, then the rows."""
        expected = None if self.is_intact() else EX_DATAERR
        status, got, log = self.start_and_check()
        self.assertEqual(status, expected, "%s: %s" % (what, log))
        if status is None:
            self.assertTrue(got == self.table, "%s: wrong data accepted" % what)
            self.assertTrue(self.assert_checked(log, what), what)
            self.assertLess(log.index(DAMAGED), log.index(": restored"), what)
        else:
            self.assert_refused(None, log, what)

    def judge_page(self, page, status, what):
        """Damage to the journal alone stops no start, and other damage is not
        taken for it."""
        table, is_read = self.pages.get(page, (None, True))
        if not is_read:
            self.assertIn(status, (None, JOURNAL), what)
        elif table not in (None, "journal", "age"):
            self.assertNotEqual(status, JOURNAL, what)

    def flip(self, name, times):
        """Flip a bit of each of so many equal parts of a file, in a new copy.
        Returns how it ended."""
        ends = {}
        bits = 8 * os.path.getsize(os.path.join(self.original, name))
        for i in range(times):
            status = self.flip_bit(name, self.rng.randrange(
                i * bits // times, (i + 1) * bits // times))
            ends[status] = ends.get(status, 0) + 1
        return ends

    def flip_bit(self, name, bit):
        """The same of one bit."""
        directory = self.copy("copy")
        with open(os.path.join(directory, name), "r+b") as file:
            file.seek(bit // 8)
            byte = file.read(1)[0] ^ 1 << bit % 8
            file.seek(bit // 8)
            file.write(bytes([byte]))
        what = "seed %d, %s, bit %d" % (SEED, name, bit)
        status = self.judge(what)
        if name == "state":
            self.judge_page(bit // 8 // 512 + 1, status, what)
        return status

    def test_bit_flips_after_a_stop(self):
        self.leave(lambda server: server.stop())
        ends = self.flip("state", FLIPS)
        print("database:", ends)
        # A quarter each, or more: so few are met by luck once in 70000 runs.
        for end in EX_DATAERR, JOURNAL:
            self.assertGreater(ends.get(end, 0), 0 if ASAN else FLIPS // 30)

    def test_bit_flips_in_the_age_of_rows(self):
        """No row is lost by them; of few pages, luck seldom meets this one."""
        self.leave(lambda server: server.stop())
        page, = (number for number, (table, _) in self.pages.items()
                 if table == "age")
        for bit in range(8):  # the first byte says what page it is
            self.assertEqual(self.flip_bit("state", (page - 1) * 4096 + bit),
                             JOURNAL)

    def test_bit_flips_after_a_crash(self):
        self.leave(lambda server: server.kill())
        ends = self.flip("state", FLIPS)
        print("database, with a log:", ends)
        ends = self.flip("state-wal", FLIPS)
        print("log:", ends)
        self.assertGreater(ends.get(EX_DATAERR, 0), FLIPS // 2)
        ends = self.flip("state-lock", 10)
        self.assertEqual(ends, {None: 10})

    def test_a_bit_flip_in_the_name_of_the_log(self):
        """Nothing tells the file from a copy of another time: it stays where it
        is."""
        self.leave(lambda server: server.kill())
        path = os.path.join(self.original, "state")
        with contextlib.closing(sqlite3.connect(
                "file:%s?immutable=1" % path, uri=True)) as db:
            name, = db.execute("SELECT value FROM meta WHERE key = 'log'"
                               ).fetchone()
        with open(path, "rb") as file:
            offset = file.read().index(name.encode())
        self.assertEqual(self.flip_bit("state", 8 * offset), EX_DATAERR)

    def test_bit_flips_in_the_log_without_the_mark(self):
        """As after a power cut that has lost the mark. Only the last
        transaction, or the last but one, can be told from one that was never
        finished; damage to an earlier one is detected."""
        self.leave(lambda server: server.kill())
        os.unlink(os.path.join(self.original, "state-lock"))
        # The log is longer than its frames, by zeros.
        with open(os.path.join(self.original, "state-wal"), "rb") as file:
            size = len(file.read().rstrip(b"\0"))
        for _ in range(FLIPS):
            directory = self.copy("copy")
            bit = self.rng.randrange(8 * (size - 20 * 536))
            with open(os.path.join(directory, "state-wal"), "r+b") as file:
                file.seek(bit // 8)
                byte = file.read(1)[0] ^ 1 << bit % 8
                file.seek(bit // 8)
                file.write(bytes([byte]))
            self.judge("seed %d, bit %d" % (SEED, bit))

    def change(self, sql, *values):
        """Change a copy by other means."""
        directory = self.copy("copy")
        with sqlite3.connect(os.path.join(directory, "state")) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute(sql, values)
        db.close()

    def test_the_judge_is_not_bribed(self):
        """What is wrong in spite of a right checksum is noticed here."""
        self.leave(lambda server: server.stop())
        data = b"wrong".ljust(256, b"!")
        self.change("UPDATE block SET data = ?, crc = ? WHERE number = 9",
                    data, crc32c(struct.pack(">H", 9) + data))
        with self.assertRaisesRegex(AssertionError, "wrong data accepted"):
            self.judge("a changed block")
        row = dict(self.rows[299], time=1)
        self.change("UPDATE journal SET time = 1, crc = ? WHERE number = 300",
                    row_crc(row))
        with self.assertRaisesRegex(AssertionError, "a changed row"):
            self.judge("a changed row")

    def test_numbers_whose_highest_bit_has_flipped(self):
        """SQLite has nothing against them: the checksum of the row has."""
        self.leave(lambda server: server.stop())
        for column in ("connection", "unit", "function", "quantity"):
            self.change("UPDATE journal SET %s = %s - 256 WHERE number = 300"
                        % (column, column))
            self.assertEqual(self.judge(column), JOURNAL)

    @staticmethod
    def end(path):
        """Where what is in a file ends: behind the frames of a log there are
        zeros."""
        with open(path, "rb") as file:
            data = file.read()
        size = len(data)
        if path.endswith("-wal"):
            while data[size - 528:size - 520] != data[16:24]:
                size -= 1
        return size

    def test_truncations(self):
        for end in (lambda server: server.stop(), lambda server: server.kill()):
            shutil.rmtree(self.original)
            os.mkdir(self.original)
            self.path = os.path.join(self.original, "state")
            self.leave(end)
            names = contents(os.path.join(self.original, "state"))
            logged = "state-wal" in names
            for name in names:
                size = self.end(os.path.join(self.original, name))
                cuts = [0, 1, 31, 32, 99, 100, 511, 512, size // 2, size - 1,
                        size - 512, size - 536]
                cuts += [self.rng.randrange(size) for _ in range(FLIPS // 10)]
                for cut in cuts:
                    directory = self.copy("copy")
                    os.truncate(os.path.join(directory, name), cut)
                    status = self.judge("%s cut to %d" % (name, cut))
                    # What is cut from the one may still be in the log.
                    if name == "state-wal" or not logged:
                        self.assertIsNotNone(status, "%s cut to %d" % (
                            name, cut))

    def test_blocks_and_rows_that_are_gone(self):
        self.leave(lambda server: server.stop())
        for sql in ("DELETE FROM block WHERE number = 543",
                    "DELETE FROM block WHERE number = 7",
                    "INSERT INTO block SELECT 544, data, crc FROM block "
                    "WHERE number = 0",
                    "UPDATE block SET data = (SELECT data FROM block WHERE "
                    "number = 1), crc = (SELECT crc FROM block WHERE number = "
                    "1) WHERE number = 0",
                    "UPDATE block SET crc = crc + 1 WHERE number = 100",
                    "UPDATE block SET data = zeroblob(255) WHERE number = 9",
                    "DELETE FROM journal WHERE number = 600",
                    "DELETE FROM meta WHERE key = 'blocks'",
                    "UPDATE meta SET value = '500' || substr(value, 4) "
                    "WHERE key = 'blocks'",
                    "DELETE FROM meta WHERE key = 'mode'",
                    "UPDATE meta SET value = 'both' WHERE key = 'mode'",
                    "DROP TABLE age",
                    "CREATE TABLE other (x)",
                    "CREATE TRIGGER t AFTER INSERT ON journal BEGIN "
                    "DELETE FROM journal; END",
                    "DROP TABLE block"):
            self.change(sql)
            self.assertEqual(self.judge(sql), EX_DATAERR, sql)
        for sql in ("DELETE FROM journal WHERE number = 300",
                    "DELETE FROM journal WHERE number < 118",
                    "DELETE FROM journal WHERE number BETWEEN 7 AND 590"):
            self.change(sql)
            self.assertEqual(self.judge(sql), JOURNAL, sql)


if __name__ == "__main__":
    main()
