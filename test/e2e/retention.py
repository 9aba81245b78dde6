"""How much of the journal is kept, whatever the system's clock shows."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
from time import monotonic

from disk_faults import Disk
from harness import Client, ShiftedClock, adu, main, wait_for, write_registers
from state_file import StateFile, StateTest, make_version_1

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400
# Bytes of a file. A small one has the table, few rows, and the unused pages that
# a server leaves to it, 1 MiB: it begins to shrink only where there are more.
SMALL, LARGE = 1500000, 3000000


class RetentionTest(StateTest):
    """A state file, and servers whose clocks can be set."""

    def setUp(self):
        super().setUp()
        if not ShiftedClock.LIBRARY:
            self.skipTest("SHIFT_CLOCK names no library")
        self.clock = ShiftedClock()
        self.addCleanup(self.clock.close)

        self.copy = os.path.join(self.directory, "copy")
        self.last = 0  # row of the journal

    def serve(self, *options, **how):
        return super().serve("--state-backup", self.copy, *options,
                             env=self.clock.environment(), **how)

    def add(self, server, count=60, words=1, together=1):
        """Rows, so many of them sent together. Returns the first."""
        frames = adu(write_registers(0, [1] * words)) * together
        first = self.last + 1
        self.last += count
        with Client(server) as client:
            for _ in range(count // together):
                client.send(frames)
                for _ in range(together):
                    client.frame()
        return first

    def first(self, server, commits=20):
        """The first row that is kept, after some commits, of which each may
        remove 18."""
        self.add(server, commits)
        before = len(server.log_lines("backup"))
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: [line for line in server.log_lines("backup")[before:]
                          if "done" in line], "a backup")
        file = StateFile(self.copy).check()
        numbers = [row["number"] for row in file.journal]
        self.assertEqual(numbers, list(range(numbers[0], self.last + 1)))
        return numbers[0]


class Clock(RetentionTest):
    """The system's clock is set while a server runs."""

    @staticmethod
    def steps(server):
        """In seconds, as far as they are logged."""
        return [int(way + "1") * float(seconds) for way, seconds in re.findall(
            r" warn state: the system's clock was set ([+-]) by ([\d.]+) s: ",
            server.log().replace("forward", "+").replace("back", "-"))]

    def assert_steps(self, server, *expected):
        steps = self.steps(server)
        self.assertEqual([round(step, 1) for step in steps], list(expected))

    def test_each_step_is_logged_once(self):
        server = self.serve()
        steps = [2.5, -2.5, HOUR, -HOUR, 3650 * DAY, -3650 * DAY]
        for step in steps:
            self.write(server, 0, [1])
            self.clock.set(step)
            self.write(server, 0, [2])
            self.write(server, 0, [3])
        self.assert_steps(server, *steps)

    def test_what_is_no_step_is_not_logged(self):
        """A leap second, and time that passes."""
        server = self.serve()
        self.write(server, 0, [1])
        self.clock.set(1)
        self.write(server, 0, [2])
        self.clock.wait(30 * DAY)
        self.write(server, 0, [3])
        self.assert_steps(server)

    def test_small_steps_add_up(self):
        server = self.serve()
        for _ in range(4):
            self.write(server, 0, [1])
            self.clock.set(0.8)
        self.assert_steps(server, 2.4)

    def test_rows_are_as_old_as_they_are(self):
        """A step, and after ten days one back; rows before, in between and
        after."""
        for stop in (False, True):
            for step in (1, -1, HOUR, -HOUR, 10 * YEAR, -10 * YEAR):
                with self.subTest(step=step, stop=stop):
                    self.step_there_and_back(step, stop)

    def step_there_and_back(self, step, stop):
        self.path = os.path.join(self.directory, "%d%d" % (step, stop))
        self.last = 0
        log = ""

        def set_clock(server, step):
            nonlocal log
            if not stop:
                self.clock.set(step)
                return server
            server.stop()
            log += server.log()
            self.clock.set(step)
            return self.serve("--journal-keep", "30d")

        server = self.serve("--journal-keep", "30d")
        self.add(server)
        self.clock.wait(5 * DAY)
        server = set_clock(server, step)
        self.clock.wait(5 * DAY)
        between = self.add(server)
        self.clock.wait(5 * DAY)
        server = set_clock(server, -step)
        self.clock.wait(5 * DAY)
        after = self.add(server)
        self.clock.wait(9 * DAY)
        late = self.last + 1
        self.assertEqual(self.first(server), 1)
        self.clock.wait(2 * DAY)
        self.assertEqual(self.first(server), between)
        self.clock.wait(10 * DAY)
        self.assertEqual(self.first(server), after)
        self.clock.wait(10 * DAY)
        self.assertEqual(self.first(server), late)
        server.stop()
        log += server.log()
        # While the server is stopped, an hour could have passed as well.
        stops = {1: 0, HOUR: 1, 10 * YEAR: 2}[abs(step)]
        self.assertEqual(log.count("does not count"), stops if stop else 0)
        self.assertEqual(log.count("clock was set"),
                         2 if abs(step) > 1 and not stop else 0)


class Stop(RetentionTest):
    """Time between two runs counts if it is a day at most."""

    def test_short_stops_count(self):
        server = self.serve("--journal-keep", "2d")
        self.add(server)
        for _ in range(4):
            server.stop()
            self.clock.wait(0.6 * DAY)
            server = self.serve("--journal-keep", "2d")
            self.assertNotIn("does not count", server.log())
        self.assertEqual(self.first(server), 61)

    def test_a_long_stop_does_not(self):
        server = self.serve("--journal-keep", "2d")
        self.add(server)
        began = monotonic()
        server.stop()
        self.clock.wait(31 * DAY)
        server = self.serve("--journal-keep", "2d")
        ago, = re.findall(r"last served (\d+) s ago: more than a day does not "
                          "count", server.log())
        beyond = int(ago) - 31 * DAY  # the time that has really passed
        self.assertTrue(0 <= beyond <= monotonic() - began + 1, ago)
        self.clock.wait(1.8 * DAY)
        self.assertEqual(self.first(server), 1)
        self.clock.wait(0.3 * DAY)
        self.assertEqual(self.first(server), 61)

    def test_it_is_of_interest_only_where_days_are_kept(self):
        self.serve().stop()
        self.clock.wait(31 * DAY)
        server = self.serve()
        self.write(server, 0, [1])
        self.assertNotIn("does not count", server.log())

    def test_after_a_crash_rows_stay_longer(self):
        server = self.serve("--journal-keep", "30d")
        self.add(server)
        self.clock.wait(29 * DAY)
        server.kill()
        self.clock.wait(HOUR)
        server = self.serve("--journal-keep", "30d")
        self.clock.wait(2 * DAY)
        self.assertLessEqual(self.first(server), 2)
        self.clock.wait(29 * DAY)
        self.assertEqual(self.first(server), 61)

    def test_a_file_of_version_1_is_of_age_0(self):
        server = self.serve()
        self.add(server)
        server.stop()
        make_version_1(self.path)
        self.clock.wait(31 * DAY)
        server = self.serve("--journal-keep", "30d")
        self.assertNotIn("does not count", server.log())
        self.clock.wait(29 * DAY)
        self.assertEqual(self.first(server), 1)
        self.clock.wait(2 * DAY)
        self.assertEqual(self.first(server), 61)


class Limits(RetentionTest):
    """Rows, days and bytes."""

    def test_the_first_limit_that_is_exceeded_removes(self):
        server = self.serve("--journal-keep", "1500,30d,1M")
        self.add(server, 1800, together=20)
        self.assertEqual(self.first(server), self.last - 1499)
        self.add(server, 1800, words=120, together=20)  # over a page each
        first = self.first(server)
        self.assertGreater(first, self.last - 1450)
        self.assertLess(first, self.last - 1000)
        self.clock.wait(31 * DAY)
        late = self.last + 1
        self.assertEqual(self.first(server, commits=80), late)

    def test_bytes_are_those_of_the_file(self):
        server = self.serve("--journal-keep", "1M")
        self.add(server, 1600, words=120, together=4)
        server.stop()
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            pages, = db.execute("PRAGMA page_count").fetchone()
            free, = db.execute("PRAGMA freelist_count").fetchone()
        # As many rows more or less as a commit adds and removes.
        self.assertLess((pages - free) * 512, (1 << 20) + 24 * 1024)
        self.assertGreater((pages - free) * 512, (1 << 20) - 24 * 1024)
        self.assertLess(pages * 512, (1 << 20) + 48 * 1024)


class Space(RetentionTest):
    """Unused pages are given back to the file system."""

    def setUp(self):
        super().setUp()
        server = self.serve()
        self.add(server, 5000, words=120, together=50)
        server.stop()
        self.assertGreater(os.path.getsize(self.path), LARGE)

    def await_small(self):
        wait_for(lambda: os.path.getsize(self.path) < SMALL,
                 "a file that is small")

    def empty(self):
        """A file that consists of unused pages for the most part."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute("DELETE FROM journal WHERE number < ?", (self.last,))
            db.execute("DELETE FROM meta WHERE key = 'kept'")
            db.commit()
        self.assertGreater(os.path.getsize(self.path), LARGE)

    def check(self, rows):
        file = StateFile(self.path).check()
        self.assertEqual([row["number"] for row in file.journal],
                         list(range(self.last - rows + 1, self.last + 1)))
        self.assertEqual(file.words()[:121], [1] * 120 + [0])

    def test_a_shorter_journal_makes_a_smaller_file(self):
        server = self.serve("--journal-keep", "100")
        self.add(server, 5000, words=120, together=50)
        self.await_small()
        self.add(server)
        server.stop()
        self.check(100)
        self.assertLess(os.path.getsize(self.path), SMALL)

    def test_steady_pruning_shrinks_nothing(self):
        server = self.serve("--journal-keep", "5000")
        self.add(server, 2000, words=120, together=50)
        server.stop()
        self.assertGreater(os.path.getsize(self.path), LARGE)

    def test_a_file_of_version_1_stays_large(self):
        make_version_1(self.path)
        self.empty()
        server = self.serve()
        self.add(server)
        server.stop()
        self.check(61)
        self.assertGreater(os.path.getsize(self.path), LARGE)

    def test_a_kill_in_its_midst(self):
        """Before the n-th thing that the server does to the disk from the
        first write on."""
        self.empty()
        large = shutil.copy(self.path, self.copy)
        disk = Disk(self.directory)
        kills = 0
        for step in (2, 4, 8, 12, 16, 20, 30, 40, 60, 80, 84, 88, 100, 200,
                     1000):
            shutil.copy(large, self.path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path + "-wal")
            disk.set(kill_at=0)
            server = self.start("--state", self.path, env=disk.env())
            disk.set(kill_at=step)
            with contextlib.suppress(AssertionError, OSError):
                self.write(server, 0, [1])
            wait_for(lambda: server.process.poll() is not None or
                     os.path.getsize(self.path) < SMALL,
                     "a kill, or the end of it")
            kills += server.process.poll() is not None
            server.kill()
            server = self.serve()
            self.write(server, 0, [1])
            self.await_small()
            server.stop()
            file = StateFile(self.path).check()
            self.assertEqual(file.words()[:121], [1] * 120 + [0])
            self.assertEqual([row["number"] for row in file.journal],
                             [5000, 5001, 5002][:len(file.journal)])
            self.assertGreaterEqual(len(file.journal), 2)
        self.assertGreater(kills, 5)


class Points(RetentionTest):
    """The table that says how old rows are."""

    def points(self):
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return db.execute("SELECT elapsed, time, number FROM age "
                              "ORDER BY elapsed").fetchall()

    def test_there_is_one_an_hour_and_no_more(self):
        server = self.serve("--journal-keep", "10d")
        for _ in range(100):
            self.add(server, 2)
            self.clock.wait(0.5 * HOUR)
        server.stop()
        points = self.points()
        self.assertTrue(45 <= len(points) <= 52, points)
        self.assertEqual(points[-1][2], 200)
        self.assertEqual([p[2] for p in points],
                         sorted({p[2] for p in points}))

    def test_they_go_with_their_rows(self):
        server = self.serve("--journal-keep", "10")
        for _ in range(100):
            self.add(server, 2)
            self.clock.wait(2 * HOUR)
        server.stop()
        # One for each row, one below, one of the stop.
        self.assertLessEqual(len(self.points()), 12)

    def test_restarts_do_not_add_up(self):
        for _ in range(5):
            self.serve().stop()
            self.clock.wait(HOUR)
        self.assertEqual([point[2] for point in self.points()], [0, 0])

    def test_damage_removes_no_row(self):
        """Nor does it stop the server."""
        far = (1 << 63) - 1
        for i, (elapsed, time, number) in enumerate((
                (-1, 0, 30), (-far - 1, -far - 1, far), (0, far, far),
                (far, far, far), (far, far, -1), (1 << 60, -far - 1, 30),
                (1, 0, 50))):
            self.path = os.path.join(self.directory, str(i))
            self.last = 0
            server = self.serve("--journal-keep", "2d")
            self.add(server)
            server.stop()
            with contextlib.closing(sqlite3.connect(self.path)) as db:
                db.execute("PRAGMA journal_mode=DELETE")
                db.execute("INSERT OR REPLACE INTO age VALUES (?, ?, ?, 7)",
                           (elapsed, time, number))
                # A bit that has flipped: served for 142 years.
                db.execute("UPDATE age SET elapsed = elapsed + (1 << 51) "
                           "WHERE sum != 7")
                db.commit()
            server = self.serve("--journal-keep", "2d")
            self.add(server)
            self.assertEqual(self.first(server), 1)
            self.clock.wait(1.5 * DAY)
            self.assertEqual(self.first(server), 1)
            server.stop()


if __name__ == "__main__":
    main()
