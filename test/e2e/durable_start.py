"""How a server takes over a state file, and how it leaves it: files of an
earlier version, a full disk, files that do not belong together, a kill at any
moment."""

import contextlib
import itertools
import os
import shutil
import signal
import sqlite3
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, Client, Server, adu, exception, main,
                     run_server, server_environment, wait_for,
                     write_registers, write_single)
from state_file import (EX_DATAERR, EX_IOERR, EX_NOPERM, StateFile, StateTest,
                        contents, make_version_1, make_version_2, whole_table)

DEVICE_FAILURE = 4
FOR_EVER = 1000000000


def version_of(path):
    """The version that the database has, its log included."""
    with sqlite3.connect(path) as db:
        version, = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return version


class KilledTest(StateTest):
    """A server that is killed before the n-th thing that it does to the disk,
    for each n."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def live(self, step, value):
        """A life from the start to the stop, in which register 7 is written,
        and which may have fewer steps than others. Returns whether that was
        acknowledged."""
        self.disk.set(kill_at=step)
        acknowledged = False
        try:
            server = Server("--state", self.path, "--state-init",
                            env=self.disk.env())
        except AssertionError as error:
            self.assertIn("status -9", str(error))
            return False
        try:
            with Client(server) as client:
                acknowledged = client.ask(write_single(6, 7, value))[0] == 6
            server.process.terminate()
        except (AssertionError, OSError):
            pass
        server.process.wait(DEADLINE)
        server.wait_stopped(0 if self.disk["kill_at"] > 0 else -signal.SIGKILL)
        server.kill()
        server.errors.close()
        return acknowledged

    def steps(self):
        """The steps of a life, after one without a kill: all of them, or of
        many the first, the last, and some in between."""
        self.disk.set(kill_at=FOR_EVER)
        server = Server("--state", self.path, "--state-init",
                        env=self.disk.env())
        with Client(server) as client:
            client.ask(write_single(6, 7, 0))
        server.stop()
        server.kill()
        count = FOR_EVER - self.disk["kill_at"]
        self.assertGreater(count, 10)
        return [n for n in range(1, count + 1)
                if n <= 20 or n > count - 30 or n % (1 + count // 20) == 0]


class Killed(KilledTest):
    """A kill at any moment between start and stop."""

    def live_on(self, step, before):
        """A life that is killed, and the next one. Returns what is then in
        register 7."""
        acknowledged = self.live(step, step)
        server = self.start("--state", self.path, "--state-init")
        got, = self.words(server, 7, 1)
        self.assertIn(got, (step,) if acknowledged else (before, step))
        if step % 2:
            server.stop()
            file = StateFile(self.path).check()
            self.assertEqual(file.replay(), file.words())
        server.kill()
        return got

    def test_a_file_that_is_there(self):
        """Each life finds what the last one has left, orderly or not."""
        self.serve().stop()
        value = 0
        for step in self.steps():
            value = self.live_on(step, value)

    def test_a_file_that_is_made(self):
        first = self.path
        for step in self.steps():
            self.path = "%s-%d" % (first, step)
            self.live_on(step, 0)


class Upgrade(KilledTest):
    """A file of version 1, as servers before 3.2 made it."""

    VERSION, MAKE = 1, staticmethod(make_version_1)

    def setUp(self):
        super().setUp()
        server = self.serve()
        with Client(server) as client:
            for i in range(40):
                client.ask(write_registers(i * 1000, [i] * 100))
        self.table = whole_table(server)
        server.stop()
        self.MAKE(self.path)
        self.journal = StateFile(self.path).journal

    def assert_kept(self):
        file = StateFile(self.path).check()
        self.assertEqual(file.journal, self.journal)
        self.assertEqual(file.replay(), file.words())

    def test_it_is_upgraded_when_it_is_opened(self):
        server = self.serve()
        self.assertEqual(len(server.log_lines("upgraded to version 3")), 1)
        self.assertEqual(whole_table(server), self.table)
        server.stop()
        self.assert_kept()
        server = self.serve()
        self.assertEqual(server.log_lines("upgraded"), [])

    def test_the_journal_is_read_as_it_is(self):
        before = contents(self.path)
        new = os.path.join(self.directory, "new")
        done = run_server("journal", "--state", self.path, "--csv")
        self.assertEqual(done.stdout.count("\n"), 1 + 100 * 39, done.stderr)
        done = run_server("journal", "--state", self.path, "--restore-at",
                          "now", "--output", new)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(contents(self.path), before)
        self.path = new
        self.assert_kept()

    def test_a_kill_in_its_midst(self):
        """Before each thing that it does to the disk."""
        original = os.path.join(self.directory, "original")
        shutil.copy(self.path, original)
        for step in self.steps():
            self.path = "%s-%d" % (original, step)
            shutil.copy(original, self.path)
            self.live(step, 0)
            server = self.serve()
            self.assertEqual(whole_table(server), self.table)
            server.stop()
            file = StateFile(self.path).check()
            self.assertEqual(file.journal[:len(self.journal)], self.journal)
            self.assertEqual(file.replay(), file.words())

    def test_without_space_it_waits(self):
        """The old file is served, and is upgraded when there is space."""
        before = contents(self.path)
        disk = Disk(self.directory)
        disk.set("-wal", write_error=28)
        server = self.serve(env=disk.env())
        wait_for(lambda: server.log_lines("writes are refused"), "the report")
        self.assertEqual(whole_table(server), self.table)
        with Client(server) as client:
            self.assertEqual(client.ask(write_single(6, 0, 5)),
                             exception(6, DEVICE_FAILURE))
            server.kill()
            self.assertEqual(version_of(self.path), self.VERSION)
        for name, data in before.items():
            with open(os.path.join(self.directory, name), "wb") as file:
                file.write(data)
        server = self.serve(env=disk.env())
        with Client(server) as client:
            disk.set("-wal", write_error=0)
            wait_for(lambda: client.ask(write_single(6, 0, 5))[0] == 6, "space")
        server.stop()
        self.assertEqual(version_of(self.path), 3)
        server = self.serve()
        self.assertEqual(self.words(server, 0, 1), [5])
        server.stop()
        StateFile(self.path).check()


class UpgradeFrom2(Upgrade):
    """A file of version 2, as 3.2 and 3.3 made it."""

    VERSION, MAKE = 2, staticmethod(make_version_2)

    def test_no_row_is_written(self):
        """Only what defines the tables is."""
        before = contents(self.path)["state"]
        disk = Disk(self.directory)
        disk.set(kill_at=FOR_EVER)
        server = self.serve(env=disk.env())
        server.stop()
        after = contents(self.path)["state"]
        self.assertEqual(len(before), len(after))
        changed = [i for i in range(0, len(before), 512)
                   if before[i:i + 512] != after[i:i + 512]]
        self.assertLess(len(changed), 12, changed)


class FullDisk(StateTest):
    """A start without space: reads are answered, writes refused until there is
    space."""

    def crash(self):
        """What kill -9 leaves: a log with the newest writes."""
        server = self.serve()
        self.write(server, 10, [1, 2, 3])
        server.kill()

    def start_full(self, *suffixes):
        disk = Disk(self.directory)
        disk.set(*suffixes, write_error=28)
        server = self.serve(env=disk.env())
        wait_for(lambda: server.log_lines("writes are refused"), "the report")
        return server, disk

    def assert_recovers(self, server, make_space):
        self.assertEqual(self.words(server, 10, 3), [1, 2, 3])
        with Client(server) as client:
            self.assertEqual(client.ask(write_single(6, 0, 5)),
                             exception(6, DEVICE_FAILURE))
            make_space()
            wait_for(lambda: client.ask(write_single(6, 0, 5))[0] == 6, "space")
        self.assertTrue(server.log_lines("space is available again"))
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())
        self.assertEqual(file.words()[0], 5)

    def test_after_a_crash(self):
        for suffix in ("", "state"):
            with self.subTest(suffix):
                self.crash()
                server, disk = self.start_full(suffix)
                self.assert_recovers(server, lambda: disk.set(write_error=0))
                os.unlink(self.path)
                os.unlink(self.path + "-lock")

    def test_after_a_stop(self):
        server = self.serve()
        self.write(server, 10, [1, 2, 3])
        server.stop()
        server, disk = self.start_full()
        self.assert_recovers(server, lambda: disk.set(write_error=0))

    def test_it_is_stopped_or_killed_before_there_is_space(self):
        for end in (lambda server: server.stop(), lambda server: server.kill()):
            self.crash()
            before = contents(self.path)
            server, _ = self.start_full()
            end(server)
            self.assertEqual(contents(self.path), before)
            server = self.serve()
            self.assertEqual(self.words(server, 10, 3), [1, 2, 3])
            server.stop()

    def test_a_file_system_that_is_full(self):
        """A real one, on which the log cannot even be created."""
        mount = os.path.join(self.directory, "small")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=6",
                           "none", mount], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("may not mount a file system")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        self.path = os.path.join(mount, "state")
        server = self.serve()
        self.write(server, 10, [1, 2, 3])
        server.stop()
        ballast = [os.path.join(mount, name) for name in "abc"]
        for name in ballast:
            with contextlib.suppress(OSError), \
                    open(name, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        server = self.serve()
        wait_for(lambda: server.log_lines("writes are refused"), "the report")

        def make_space():
            for name in ballast:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)

        self.assert_recovers(server, make_space)


class FailingDisk(StateTest):
    """A start on a disk that fails, is slow or may not be written: it is
    refused with a line that says why, or done, and the file is as good as
    before."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)
        server = self.serve()
        self.write(server, 10, [1, 2, 3])
        self.write(server, 0, [0])
        server.kill()

    def assert_intact(self):
        server = self.serve()
        self.assertEqual(self.words(server, 10, 3), [1, 2, 3])
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())

    def start_and_end(self):
        """The status and the log of a server that is stopped when it runs."""
        process = subprocess.Popen(
            [BINARY, "-p", "0", "--listen", "127.0.0.1", "--log-level",
             "error", "--state", self.path], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=server_environment(**self.disk.env()))
        self.addCleanup(process.kill)
        for line in process.stdout:
            if line.startswith("Server running"):
                process.terminate()
        _, log = process.communicate(timeout=DEADLINE)
        return process.returncode, log

    def fail_each(self, fault):
        """Every call of a kind fails once, from the first to the last of a
        start; the rest of the calls are those of a stop."""
        ends = set()
        original = contents(self.path)
        for step in range(100):
            for name in contents(self.path):
                os.unlink(os.path.join(self.directory, name))
            for name, data in original.items():
                with open(os.path.join(self.directory, name), "wb") as file:
                    file.write(data)
            self.disk.set("", pass_=step, failed=0, **{fault: 5})
            status, log = self.start_and_end()
            failed = self.disk["failed"]
            self.disk.set("", pass_=0, **{fault: 0})
            ends.add(status)
            if status != 0:
                self.assertEqual(status, EX_IOERR, log)
                self.assertEqual(log.count("\n"), 1, log)
                self.assertIn("Input/output error", log)
            self.assert_intact()
            if failed == 0:
                break
        self.assertEqual(ends, {0, EX_IOERR})

    def test_each_write_fails(self):
        self.fail_each("write_error")

    def test_each_sync_fails(self):
        self.fail_each("sync_error")

    def test_each_write_and_sync_of_a_file_that_was_left_in_order_fails(self):
        for error in ("write_error", "sync_error"):
            with self.subTest(error=error):
                self.serve().stop()
                self.fail_each(error)

    def fail_upgrades(self, fault):
        for make in (make_version_1, make_version_2):
            with self.subTest(make=make.__name__):
                self.serve().stop()
                make(self.path)
                self.fail_each(fault)

    def test_each_write_of_an_upgrade_fails(self):
        self.fail_upgrades("write_error")

    def test_each_sync_of_an_upgrade_fails(self):
        self.fail_upgrades("sync_error")

    def test_a_slow_disk(self):
        """Until it is writable, nobody is accepted; a signal ends it."""
        for old in (False, True):
            if old:
                self.serve().stop()
                make_version_1(self.path)
            self.disk.set("", hang=1)
            process = subprocess.Popen(
                [BINARY, "-p", "0", "--state", self.path],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
                env=server_environment(**self.disk.env()))
            self.addCleanup(process.kill)
            self.disk.await_hang()
            process.terminate()
            said, _ = process.communicate(timeout=DEADLINE)
            self.assertNotIn("Starting", said)
            self.assertEqual(process.returncode, -signal.SIGTERM)
            self.disk.set("", hang=0, hanging=0)
            self.assert_intact()

    def test_a_disk_that_may_not_be_written(self):
        mount = os.path.join(self.directory, "mounted")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "none", mount],
                          stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("may not mount a file system")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        for name in contents(self.path):
            shutil.copy(os.path.join(self.directory, name), mount)
        self.path = os.path.join(mount, "state")
        before = contents(self.path)
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        self.assertIn("Read-only file system", self.refuse(EX_NOPERM))
        self.refuse(EX_NOPERM, "--state-init")
        self.assertEqual(contents(self.path), before)
        subprocess.run(["mount", "-o", "remount,rw", mount], check=True)
        self.assert_intact()


class Pair(StateTest):
    """FILE and FILE-wal that do not belong together are refused, and left as
    they are; with the pair complete again, all is there."""

    def setUp(self):
        super().setUp()
        self.value = 0

    def live(self, end):
        """A server that writes a new value, and enough for a checkpoint."""
        self.value += 1
        server = self.serve()
        with Client(server) as client:
            for blocks in (20, 544, 544, 544, 20):
                client.send(b"".join(
                    adu(write_registers(block * 120, [self.value] * 100))
                    for block in range(blocks)))
                for _ in range(blocks):
                    client.frame()
        table = whole_table(server)
        end(server)
        return table

    def keep(self, name):
        """A copy of what there is now."""
        place = os.path.join(self.directory, name)
        os.mkdir(place)
        for entry in os.listdir(self.directory):
            if entry.startswith("state"):
                shutil.copy(os.path.join(self.directory, entry), place)
        return place

    def put(self, place, *suffixes):
        """Copy files of a place over those that are here."""
        for suffix in suffixes:
            name = os.path.join(place, "state" + suffix)
            if os.path.exists(name):
                shutil.copy(name, self.path + suffix)
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path + suffix)

    def refuse_pair(self, text):
        before = contents(self.path)
        self.assertIn(text, self.refuse(EX_DATAERR))
        done = run_server("journal", "--state", self.path)
        self.assertEqual(done.returncode, EX_DATAERR, done.stderr)
        self.assertIn(text, done.stderr)
        self.assertEqual(contents(self.path), before)

    def test_a_backup_beside_an_old_log(self):
        backup = os.path.join(self.directory, "backup")
        server = self.serve("--state-backup", backup)
        self.write(server, 0, [1] * 100)
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: server.log_lines("backup: done"), "the backup")
        self.write(server, 0, [2] * 50)
        server.kill()
        shutil.copy(backup, self.path)
        self.refuse_pair("delete that log")
        os.unlink(self.path + "-wal")
        os.unlink(self.path + "-lock")
        self.assertEqual(self.words(self.serve(), 0, 100), [1] * 100)

    def test_a_log_that_is_missing(self):
        """What the message says does what it says."""
        server = self.serve()
        self.write(server, 0, [1] * 100)
        server.kill()
        os.unlink(self.path + "-wal")
        self.refuse_pair("delete %s-lock, and create an empty log" % self.path)
        os.unlink(self.path + "-lock")
        with open(self.path + "-wal", "wb"):
            pass
        server = self.serve()
        self.assertIn(self.words(server, 0, 100), ([0] * 100, [1] * 100))
        server.stop()
        StateFile(self.path).check()

    def test_copies_of_each_file_without_the_others(self):
        """Every combination of the files of two moments: the table of one of
        these moments, or a refusal; never a mix, nothing renamed that is only
        incomplete."""
        ends = {"stopped": lambda server: server.stop(),
                "killed": lambda server: server.kill()}
        for old, new in itertools.product(ends, ends):
            with self.subTest(old=old, new=new):
                tables = [self.live(ends[old])]
                places = [self.keep("old-%s-%s" % (old, new))]
                tables.append(self.live(ends[new]))
                places.append(self.keep("new-%s-%s" % (old, new)))
                self.combine(places, tables, new == "killed")
                self.put(places[1], "", "-wal", "-lock")

    def combine(self, places, tables, killed):
        nothing = os.path.join(self.directory, "nothing")
        os.makedirs(nothing, exist_ok=True)
        for file, log, lock in itertools.product(
                places, places + [nothing], places + [nothing]):
            what = [os.path.basename(p) for p in (file, log, lock)]
            self.put(file, "")
            self.put(log, "-wal")
            self.put(lock, "-lock")
            before = contents(self.path)
            status, got = self.start_or_status()
            if status is None:
                self.assertIn(got, tables, what)
                # The mark of a kill knows what was acknowledged.
                if file == log == lock or (lock == places[1] and killed):
                    self.assertEqual(got, tables[places.index(lock)], what)
                continue
            self.assertEqual(status, EX_DATAERR, (what, got))
            self.assertFalse(file == log == lock, (what, got))
            renamed = [os.path.join(self.directory, entry)
                       for entry in os.listdir(self.directory)
                       if ".damaged-" in entry]
            if not renamed:
                self.assertEqual(contents(self.path), before, what)
            for name in renamed:
                os.unlink(name)


if __name__ == "__main__":
    main()
