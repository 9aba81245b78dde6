"""Damaged state files: refused and kept, or complete all the same; never read
with wrong contents.

$FLIPS says how many bits of each file are flipped, one at a time."""

import os
import random
import shutil
import sqlite3
import subprocess

from harness import (ASAN, BINARY, DEADLINE, Client, main, run_server,
                     write_registers, write_single)
from state_file import (EX_CONFIG, EX_DATAERR, SEED, StateFile, StateTest,
                        contents, row_crc, whole_table)

FLIPS = int(os.environ.get("FLIPS", "40" if ASAN else "120"))


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

    def copy(self, name):
        """Work on a copy from now on."""
        directory = os.path.join(self.directory, name)
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(self.original, directory)
        self.path = os.path.join(directory, "state")
        return directory

    def start_or_status(self):
        """(None, its table) of a server that starts, or (its status, its
        log)."""
        process = subprocess.Popen(
            [BINARY, "-p", "0", "--listen", "127.0.0.1", "--log-level",
             "error", "--state", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        with process:
            try:
                port = None
                for line in process.stdout:
                    if line.startswith("Starting"):
                        port = int(line.split()[4].rstrip("."))
                    if line.startswith("Server running"):
                        break
                if line.startswith("Server running"):
                    address = type("", (), {"host": "127.0.0.1", "port": port})
                    table = whole_table(address)
                    process.terminate()
                    _, log = process.communicate(timeout=DEADLINE)
                    self.assertEqual((process.returncode, log), (0, ""))
                    return None, table
                _, log = process.communicate(timeout=DEADLINE)
                return process.returncode, log
            finally:
                process.kill()

    def judge(self, what):
        """Start: either all is right, or it is refused in the right way.
        Returns the status."""
        damaged = contents(self.path)
        directory = os.path.dirname(self.path)
        status, got = self.start_or_status()
        if status is None:
            self.assertTrue(got == self.table, "%s: wrong data accepted" % what)
            for good, row in zip(self.rows, StateFile(self.path).journal):
                self.assertTrue(row == good or row["crc"] != row_crc(row),
                                "%s: a wrong row would be believed" % what)
        elif status == EX_CONFIG:
            self.assertEqual(contents(self.path), damaged, what)
        else:
            self.assertEqual(status, EX_DATAERR, "%s: %s" % (what, got))
            self.assertEqual(got.count("\n"), 1, got)
            aside = [name for name in os.listdir(directory)
                     if ".damaged-" in name and not name.endswith("-wal")]
            self.assertEqual(len(aside), 1, what)
            self.assertIn(aside[0], got)
            kept = contents(os.path.join(directory, aside[0]))
            self.assertEqual(
                {n.replace(aside[0], "state"): d for n, d in kept.items()
                 if d}, {n: d for n, d in damaged.items() if d}, what)
            self.assertFalse(os.path.exists(self.path))
            self.assertFalse(os.path.exists(self.path + "-wal"))
            # And no server starts with zeros by accident.
            done = run_server("-p", "0", "--state", self.path, "--state-init")
            self.assertEqual(done.returncode, EX_CONFIG, done.stderr)
            self.assertIn(aside[0], done.stderr)
        return status

    def flip(self, name, times):
        """Flip a bit of a file, each time in a new copy. Returns how it
        ended."""
        ends = {}
        size = os.path.getsize(os.path.join(self.original, name))
        for _ in range(times):
            directory = self.copy("copy")
            bit = self.rng.randrange(8 * size)
            with open(os.path.join(directory, name), "r+b") as file:
                file.seek(bit // 8)
                byte = file.read(1)[0] ^ 1 << bit % 8
                file.seek(bit // 8)
                file.write(bytes([byte]))
            status = self.judge("seed %d, %s, bit %d" % (SEED, name, bit))
            ends[status] = ends.get(status, 0) + 1
        return ends

    def test_bit_flips_after_a_stop(self):
        self.leave(lambda server: server.stop())
        ends = self.flip("state", FLIPS)
        print("database:", ends)
        # Nearly a third; of few, luck decides.
        self.assertGreater(ends.get(EX_DATAERR, 0), 0 if ASAN else FLIPS // 10)

    def test_bit_flips_after_a_crash(self):
        self.leave(lambda server: server.kill())
        ends = self.flip("state", FLIPS)
        print("database, with a log:", ends)
        ends = self.flip("state-wal", FLIPS)
        print("log:", ends)
        self.assertGreater(ends.get(EX_DATAERR, 0), FLIPS // 2)
        ends = self.flip("state-lock", 10)
        self.assertEqual(ends, {None: 10})

    def test_bit_flips_in_the_log_without_the_mark(self):
        """As after a power cut that has lost the mark. Only the last
        transaction, or the last but one, can be told from one that was never
        finished; damage to an earlier one is detected."""
        self.leave(lambda server: server.kill())
        os.unlink(os.path.join(self.original, "state-lock"))
        size = os.path.getsize(os.path.join(self.original, "state-wal"))
        for _ in range(FLIPS):
            directory = self.copy("copy")
            bit = self.rng.randrange(8 * (size - 20 * 536))
            with open(os.path.join(directory, "state-wal"), "r+b") as file:
                file.seek(bit // 8)
                byte = file.read(1)[0] ^ 1 << bit % 8
                file.seek(bit // 8)
                file.write(bytes([byte]))
            self.judge("seed %d, bit %d" % (SEED, bit))

    def test_numbers_whose_highest_bit_has_flipped(self):
        """SQLite has nothing against them: the checksum of the row has."""
        self.leave(lambda server: server.stop())
        for column in ("connection", "unit", "function", "quantity"):
            directory = self.copy("copy")
            with sqlite3.connect(os.path.join(directory, "state")) as db:
                db.execute("UPDATE journal SET %s = %s - 256 WHERE number = "
                           "300" % (column, column))
            db.close()
            self.assertIsNone(self.judge(column))

    def test_truncations(self):
        for end in (lambda server: server.stop(), lambda server: server.kill()):
            shutil.rmtree(self.original)
            os.mkdir(self.original)
            self.path = os.path.join(self.original, "state")
            self.leave(end)
            names = contents(os.path.join(self.original, "state"))
            logged = "state-wal" in names
            for name in names:
                size = os.path.getsize(os.path.join(self.original, name))
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

    def test_a_log_that_is_gone(self):
        self.leave(lambda server: server.kill())
        directory = self.copy("copy")
        os.unlink(os.path.join(directory, "state-wal"))
        self.assertEqual(self.judge("without its log"), EX_DATAERR)

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
                    "DELETE FROM journal WHERE number = 300",
                    "DELETE FROM meta WHERE key = 'mode'",
                    "UPDATE meta SET value = 'both' WHERE key = 'mode'",
                    "DROP INDEX journal_by_address",
                    "CREATE TABLE other (x)",
                    "CREATE TRIGGER t AFTER INSERT ON journal BEGIN "
                    "DELETE FROM journal; END",
                    "DROP TABLE block"):
            directory = self.copy("copy")
            with sqlite3.connect(os.path.join(directory, "state")) as db:
                db.execute("PRAGMA journal_mode=DELETE")
                db.execute(sql)
            db.close()
            self.assertEqual(self.judge(sql), EX_DATAERR, sql)


if __name__ == "__main__":
    main()
