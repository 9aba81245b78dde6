"""Backups on a disk that is slow, fails, or is full, and backups of a server
that is stopped or killed."""

import errno
import os
import signal

from disk_faults import Disk
from harness import adu, main, wait_for, write_registers, write_single
from state_file import StateFile, StateTest

FOR_EVER = 1 << 30
COPY = "copy.unfinished"
EIO = "Input/output error"


class BackupTest(StateTest):
    """A server that has made one backup, and whose disk does what a test
    wants."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)
        self.copy = os.path.join(self.directory, "copy")

    def start_on_disk(self):
        return self.serve("--state-backup", self.copy, env=self.disk.env())

    def start_with_backup(self, rows=0):
        """Register 0 is 1 in the backup, and 2 since then."""
        server = self.start_on_disk()
        self.write_rows(server, rows)
        self.write(server, 0, [1])
        self.back_up(server)
        self.await_log(server, "copy: done")
        self.write(server, 0, [2])
        return server

    def write_rows(self, server, rows):
        """Rows of 600 bytes."""
        with self.connect(server) as client:
            for i in range(0, rows, 100):
                client.send(b"".join(
                    adu(write_registers(1 + k * 123, [i + k] * 123))
                    for k in range(100)))
                for _ in range(100):
                    client.frame()

    @staticmethod
    def back_up(server):
        server.process.send_signal(signal.SIGUSR1)

    @staticmethod
    def await_log(server, text, count=1):
        wait_for(lambda: len(server.log_lines(text)) >= count, text)

    def assert_backup(self, value):
        """It is complete, nothing is left of another, and in register 0 is
        this."""
        self.assertEqual(
            [name for name in os.listdir(self.directory)
             if name.startswith("copy")], ["copy"])
        file = StateFile(self.copy).check()
        self.assertEqual(file.replay(), file.words())
        self.assertEqual(file.words()[0], value)

    def assert_writes(self, server):
        with self.connect(server) as client:
            for i in range(100):
                pdu = write_single(6, 60000 + i, i)
                self.assertEqual(client.ask(pdu), pdu)

    def stop_while_it_hangs(self, server):
        """Stop all but the backup, then let the disk go on."""
        server.process.send_signal(signal.SIGTERM)
        self.await_log(server, "all connections are closed")
        self.assertTrue(server.is_running())
        self.disk.set(hang=0)
        server.wait_stopped()
        self.assertEqual(StateFile(self.path).check().words()[0], 2)


class Slow(BackupTest):
    """Nobody waits for the disk of a backup but the backup."""

    # More than 1 MiB, which is flushed before more is copied.
    ROWS = 4000

    def hang(self, server, suffix=COPY):
        self.disk.set(suffix, hang=1)
        self.back_up(server)
        self.disk.await_hang()

    def test_writes_go_on_while_a_part_is_flushed(self):
        server = self.start_with_backup(self.ROWS)
        self.hang(server)
        self.assert_writes(server)
        self.assert_writes(server)
        self.assertEqual(StateFile(self.copy).check().words()[0], 1)
        syncs = self.disk["syncs"]
        self.disk.set(COPY, hang=0)
        self.await_log(server, "copy: done", 2)
        self.assert_backup(2)
        self.assertGreater(self.disk["syncs"], syncs)

    def test_not_more_than_a_part_waits_to_be_flushed(self):
        server = self.start_with_backup(self.ROWS)
        self.hang(server)
        self.assert_writes(server)
        copied = os.path.getsize(os.path.join(self.directory, COPY))
        self.assertLess(copied, 1.5 * (1 << 20))
        self.assertGreater(os.path.getsize(self.copy), 1.5 * copied)
        self.disk.set(COPY, hang=0)

    def test_writes_go_on_while_it_is_published(self):
        for suffix in COPY, os.path.basename(self.directory):
            server = self.start_with_backup()
            self.hang(server, suffix)
            self.assert_writes(server)
            self.disk.set(suffix, hang=0)
            self.await_log(server, "copy: done", 2)
            self.assert_backup(2)
            server.stop()

    def test_a_second_signal_is_ignored(self):
        server = self.start_with_backup(self.ROWS)
        self.hang(server)
        self.back_up(server)
        self.await_log(server, "a backup is already running")
        self.disk.set(COPY, hang=0)
        self.await_log(server, "copy: done", 2)
        self.assertEqual(len(server.log_lines("copy: started")), 2)
        self.back_up(server)
        self.await_log(server, "copy: done", 3)
        self.assert_backup(2)

    def test_a_stop_cancels_it(self):
        server = self.start_with_backup(self.ROWS)
        self.hang(server)
        self.stop_while_it_hangs(server)
        self.assertEqual(len(server.log_lines("copy: cancelled")), 1)
        self.assert_backup(1)

    def test_a_stop_does_not_cancel_a_complete_copy(self):
        for suffix in COPY, os.path.basename(self.directory):
            server = self.start_with_backup()
            self.hang(server, suffix)
            self.stop_while_it_hangs(server)
            self.assertEqual(len(server.log_lines("copy: done")), 2)
            self.assert_backup(2)


class Failing(BackupTest):
    """What fails is said, and the last backup is kept."""

    def assert_fails(self, server, reason, suffix=COPY, kept=1, **fault):
        """A backup fails, and is not tried again."""
        errors = len(server.log_lines(" error backup: "))
        failed = self.disk["failed"]
        self.disk.set(suffix, **fault)
        self.back_up(server)
        self.await_log(server, " error backup: ", errors + 1)
        self.assertRegex(server.log_lines(" error backup: ")[-1], reason)
        self.assertEqual(self.disk["failed"], failed + 1)
        self.assert_backup(kept)
        self.assert_writes(server)
        self.disk.set(suffix, **dict.fromkeys([*fault, "pass_"], 0))

    def count_writes(self, server):
        """The writes of a backup, which is like the last one."""
        self.disk.set(COPY, write_error=errno.EIO, pass_=FOR_EVER)
        done = len(server.log_lines("copy: done"))
        self.back_up(server)
        self.await_log(server, "copy: done", done + 1)
        self.disk.set(COPY, write_error=0)
        return FOR_EVER - self.disk["pass_"]

    def test_a_write_of_the_copy(self):
        for error, reason in ((errno.EIO, EIO), (errno.ENOSPC, "No space|full")):
            server = self.start_with_backup(2500)
            writes = self.count_writes(server)
            self.write(server, 0, [3])
            # The last one is made after the copy.
            for good in 0, 1, writes // 2, writes - 2, writes - 1:
                with self.subTest(good=good, error=error):
                    self.assert_fails(server, reason, kept=2,
                                      write_error=error, pass_=good)
            self.back_up(server)
            self.await_log(server, "copy: done", 3)
            self.assert_backup(3)
            server.stop()

    def test_a_sync_of_the_copy(self):
        server = self.start_with_backup(4000)
        for good in 0, 1, 2:
            self.assert_fails(server, EIO, sync_error=errno.EIO, pass_=good)
        self.assert_writes(server)

    def test_the_last_sync_of_the_copy(self):
        server = self.start_with_backup()
        self.assert_fails(server, EIO, sync_error=errno.EIO)

    def test_its_name(self):
        server = self.start_with_backup()
        self.assert_fails(server, "Permission denied",
                          rename_error=errno.EACCES)

    def test_the_sync_of_its_directory(self):
        """Then the disk has either backup. Both are complete."""
        server = self.start_with_backup()
        self.assert_fails(server, EIO, os.path.basename(self.directory),
                          kept=2, sync_error=errno.EIO)

    def test_a_write_of_the_copy_by_a_commit(self):
        """What is already copied is written to the copy again. That fails: not
        the commit."""
        server = self.start_with_backup(4000)
        self.disk.set(COPY, hang=1)
        self.back_up(server)
        self.disk.await_hang()
        self.disk.set(COPY, write_error=errno.ENOSPC)
        self.write_rows(server, 400)
        self.assertGreater(self.disk["failed"], 0)
        self.disk.set(COPY, hang=0)
        self.await_log(server, " error backup: ")
        self.assert_backup(1)
        self.assert_writes(server)
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())


class Killed(BackupTest):
    """A kill before any of the things that a backup does to the disk leaves
    the old backup or the new one, and what else it leaves is removed by the
    next one."""

    def back_up_until(self, server, step):
        """Returns how many steps it has made. The server may be dead then."""
        self.disk.set(kill_at=step)
        self.back_up(server)
        wait_for(lambda: not server.is_running()
                 or server.log_lines("copy: done"), "its end")
        return step - self.disk["kill_at"]

    def live(self, value, step):
        """Returns what is in the backup after a life that ends before such a
        step of it, unless it has less."""
        server = self.start_on_disk()
        self.write(server, 0, [value])
        self.back_up_until(server, step)
        server.kill()
        self.disk.set(kill_at=0)
        file = StateFile(self.copy).check()
        self.assertEqual(file.replay(), file.words())
        return file.words()[0]

    def test_a_kill_at_any_moment(self):
        server = self.start_on_disk()
        self.write(server, 0, [0])
        count = self.back_up_until(server, FOR_EVER)
        server.kill()
        steps = [n for n in range(1, count + 4)
                 if n <= 3 or n > count - 6 or n % (1 + count // 8) == 0]
        found = set()
        for value, step in enumerate(steps, 1):
            got = self.live(value, step)
            self.assertIn(got, (value - 1, value))
            found.add(got - value)
            server = self.start_on_disk()
            self.assertEqual(self.words(server, 0, 1), [value])
            self.back_up_until(server, FOR_EVER)
            self.assert_backup(value)
            server.kill()
        self.assertEqual(found, {-1, 0})

    def test_a_kill_while_it_is_copied(self):
        server = self.start_with_backup(4000)
        self.disk.set(COPY, hang=1)
        self.back_up(server)
        self.disk.await_hang()
        server.kill()
        self.assertEqual(StateFile(self.copy).check().words()[0], 1)
        self.disk.set(hang=0)
        server = self.start_on_disk()
        self.back_up(server)
        self.await_log(server, "copy: done")
        self.assert_backup(2)


if __name__ == "__main__":
    main()
