"""Durable state on a disk that is slow, fails, or is full."""

import contextlib
import os
import resource
import select
import signal
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, adu, exception, main, read,
                     server_environment, unpack_words, wait_for, write_coils,
                     write_registers, write_single)
from state_file import EX_IOERR, StateFile, StateTest, whole_table
from still_clock import StillClock

DEVICE_FAILURE = 4


class OnDisk(StateTest):
    """A server whose disk does what a test wants."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def start_on_disk(self, *options):
        return self.serve(*options, env=self.disk.env())

    def hang(self, client, *pdus):
        """Send writes whose commit then hangs."""
        self.disk.set("-wal", hang=1)
        client.send(b"".join(adu(pdu, i) for i, pdu in enumerate(pdus)))
        self.disk.await_hang()

    def assert_silent(self, client, other):
        """Nothing comes, though the loop turns."""
        client.wait_taken()
        other.ping(50)
        client.socket.setblocking(False)
        self.assertRaises(BlockingIOError, client.socket.recv, 1)
        client.socket.settimeout(DEADLINE)

    def test_a_slow_disk_delays_no_reader(self):
        server = self.start_on_disk()
        writer, reader = self.connect(server), self.connect(server)
        self.hang(writer, write_registers(0, [1, 2, 3]))
        # Nobody sees what is not on the disk.
        for _ in range(1000):
            self.assertEqual(reader.ask(read(3, 0, 3)), b"\3\6" + bytes(6))
        self.assert_silent(writer, reader)
        self.disk.set("-wal", hang=0)
        self.assertEqual(writer.frame()[2], write_registers(0, [1, 2, 3])[:5])
        self.assertEqual(reader.ask(read(3, 0, 3)), b"\3\6\0\1\0\2\0\3")

    def test_replies_keep_their_order(self):
        server = self.start_on_disk()
        writer, other = self.connect(server), self.connect(server)
        self.hang(writer, write_registers(0, [1, 2, 3]), read(3, 0, 3),
                  bytes([8, 0, 0, 1, 2]), write_single(6, 0, 9), read(3, 0, 1),
                  bytes([7]))
        self.assert_silent(writer, other)
        self.disk.set("-wal", hang=0)
        frames = [writer.frame() for _ in range(6)]
        self.assertEqual([f[0] for f in frames], list(range(6)))
        self.assertEqual([f[2] for f in frames], [
            write_registers(0, [1, 2, 3])[:5], b"\3\6\0\1\0\2\0\3",
            bytes([8, 0, 0, 1, 2]), write_single(6, 0, 9), b"\3\2\0\x09",
            exception(7, 1)])

    def test_writes_meanwhile_are_one_commit(self):
        server = self.start_on_disk()
        writers = [self.connect(server) for _ in range(50)]
        writers[0].ask(write_single(6, 0, 1))  # the log has a header now
        self.hang(writers[0], write_single(6, 0, 1))
        for i, writer in enumerate(writers[1:], 1):
            writer.send(adu(write_single(6, i, 1)))
            writer.wait_taken()
        self.connect(server).ping(20)
        before = self.disk["syncs"]
        self.disk.set("-wal", hang=0)
        for i, writer in enumerate(writers):
            self.assertEqual(writer.frame()[2], write_single(6, i, 1))
        self.assertEqual(self.disk["syncs"] - before, 1)

    def test_a_stop_waits_for_the_commit_and_releases_its_replies(self):
        """For half a second, which does not pass here."""
        if not StillClock.LIBRARY:
            self.skipTest("SHIFT_CLOCK names no library")
        clock = StillClock()
        self.addCleanup(clock.close)
        server = self.serve(env=clock.environment()
                            | self.disk.env(clock.LIBRARY))
        writer, other = self.connect(server), self.connect(server)
        self.hang(writer, write_single(6, 0, 1))
        second = self.connect(server)
        second.send(adu(write_single(6, 1, 2)))
        second.wait_taken()
        other.ping(20)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: server.log_lines("stop: signal"), "the stop")
        self.disk.set("-wal", hang=0)
        self.assertEqual(writer.frame()[2], write_single(6, 0, 1))
        self.assertEqual(second.frame()[2], write_single(6, 1, 2))
        writer.expect_eof()
        for client in writer, second, other:
            client.close()
        server.wait_stopped()
        self.assertEqual(StateFile(self.path).check().words()[:2], [1, 2])

    def test_a_stop_does_not_lose_a_write_that_the_disk_delays(self):
        """The replies come too late for the clients: no harm."""
        server = self.start_on_disk()
        writer = self.connect(server)
        self.hang(writer, write_single(6, 0, 1))
        server.process.send_signal(signal.SIGTERM)
        writer.rest()
        self.disk.set("-wal", hang=0)
        server.wait_stopped()
        self.assertEqual(StateFile(self.path).check().words()[0], 1)

    def test_the_word_waits_for_the_commit(self):
        server = self.start_on_disk("-q", "enough")
        writer = self.connect(server)
        self.hang(writer, write_single(6, 0, 1))
        writer.send(b"enough")
        writer.wait_taken()
        self.connect(server).ping(20)
        self.assertEqual(server.log_lines("shutdown:"), [])
        self.disk.set("-wal", hang=0)
        self.assertEqual(writer.frame()[2], write_single(6, 0, 1))
        writer.expect_eof()
        server.wait_stopped()

    def lose(self, said="Input/output error", **fault):
        """A write during which the disk fails: no answer, and the end."""
        server = self.start_on_disk()
        writer, other = self.connect(server), self.connect(server)
        writer.ask(write_single(6, 0, 1))
        other.ping()
        self.disk.set(**fault)
        writer.send(adu(write_registers(0, [2] * 100)))
        self.assertEqual(writer.rest(), b"")
        server.wait_stopped(EX_IOERR)
        self.assertEqual(other.rest(), b"")
        errors = server.log_lines(" error ")
        self.assertEqual(len(errors), 1, errors)
        self.assertIn(said, errors[0])
        self.assertEqual(self.disk["failed"], 1, "it was tried again")
        # What was not acknowledged may be there or not, but whole.
        server = self.serve()
        words = self.words(server, 0, 100)
        self.assertIn(words, ([1] + [0] * 99, [2] * 100))
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())

    def test_a_sync_that_fails(self):
        self.lose(suffix="-wal", sync_error=5)

    def test_a_write_that_fails(self):
        self.lose(suffix="-wal", write_error=5)

    def test_a_file_system_that_becomes_read_only(self):
        """As the system does to one with errors."""
        self.lose("Read-only file system", suffix="-wal", write_error=30)

    def test_a_write_that_fails_half_way(self):
        self.lose(suffix="-wal", write_error=5, half=1)

    def test_a_mark_that_fails(self):
        self.lose(suffix="-lock", write_error=5)

    def test_a_sync_without_space_is_a_failure(self):
        """What was not synced is gone: to try again would say it is not."""
        server = self.start_on_disk()
        writer = self.connect(server)
        self.disk.set("-wal", sync_error=28)
        writer.send(adu(write_single(6, 0, 1)))
        writer.expect_eof()
        server.wait_stopped(EX_IOERR)

    def test_a_checkpoint_that_fails(self):
        """Nobody waits for it, and yet the disk has failed."""
        server = self.start_on_disk()
        writer = self.connect(server)
        self.disk.set("state", sync_error=5)
        with self.assertRaises((AssertionError, OSError)):
            for i in range(20000):
                writer.ask(write_registers(i * 100 % 65000, [i % 65536] * 100))
        server.wait_stopped(EX_IOERR)
        self.assertEqual(self.disk["failed"], 1)
        file_server = self.serve()
        self.assertEqual(set(self.words(file_server, (i - 1) * 100 % 65000,
                                        100)), {(i - 1) % 65536})

    def test_a_checkpoint_that_fails_while_a_write_waits(self):
        """The log says what has failed, also when the loop is too busy to be
        told before the commit of that write is given up."""
        server = self.start_on_disk()
        writer, other = self.connect(server), self.connect(server)
        readers = [self.connect(server) for _ in range(20)]
        self.disk.set("state", hang=1, sync_error=5)

        while not self.disk["hanging"]:
            writer.send(adu(write_registers(0, [1] * 100)))
            while not self.disk["hanging"]:
                if select.select([writer.socket], [], [], 0.01)[0]:
                    writer.frame()
                    break
        other.send(adu(write_single(6, 65535, 1)))
        other.wait_taken()
        self.connect(server).ping(20)
        self.disk.set("state", hang=0)
        for reader in readers:
            with contextlib.suppress(OSError):  # it may have ended already
                reader.send(adu(read(3, 0, 125)) * 200)
        self.assertEqual(other.rest(), b"")
        server.wait_stopped(EX_IOERR)
        errors = server.log_lines(" error ")
        self.assertEqual(len(errors), 1, errors)
        self.assertIn("Input/output error", errors[0])

    def test_a_signal_ends_the_start(self):
        """What may take its time then can be stopped, and reports that are
        asked for too early end nothing."""
        self.disk.set(hang=1)
        process = subprocess.Popen(
            [BINARY, "-p", "0", "--listen", "127.0.0.1", "--state", self.path,
             "--state-init"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=server_environment(
                **self.disk.env()))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.disk.await_hang()
        for number in signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM:
            process.send_signal(number)
        self.assertEqual(process.wait(DEADLINE), -signal.SIGTERM)
        self.disk.set(hang=0)
        self.serve().stop()

    def test_a_close_that_fails(self):
        server = self.start_on_disk()
        self.write(server, 0, [7])
        self.disk.set("state", sync_error=5)
        server.process.send_signal(signal.SIGTERM)
        server.wait_stopped(EX_IOERR)
        server = self.serve()
        self.assertEqual(self.words(server, 0, 1), [7])

    def fill(self, server, full, free):
        """Fill the disk under writers, then make space: all or nothing of each
        write, and what was refused has left no trace."""
        writers = [self.connect(server) for _ in range(10)]
        reader = self.connect(server)
        for i, writer in enumerate(writers):
            writer.ask(write_registers(i * 100, [1] * 100))
        full()
        said = []
        value = last = 1
        while not said or min(said) == 16:
            value += 1
            for i, writer in enumerate(writers):
                writer.send(adu(write_registers(i * 100, [value] * 100)))
            said = [writer.frame()[2][0] for writer in writers]
            last = value if said[0] == 16 else last
            for i, code in enumerate(said):
                self.assertIn(code, (16, 0x90))
        self.assertEqual(set(said), {0x90}, "some of a batch were refused")
        # Reads go on, and show what was acknowledged last.
        self.assertEqual(unpack_words(reader.ask(read(3, 0, 100))[2:]),
                         [last] * 100)
        self.assertEqual(writers[0].ask(write_single(5, 0, 0xFF00)),
                         exception(5, DEVICE_FAILURE))
        self.assertEqual(writers[0].ask(write_single(5, 0, 0x1234)),
                         exception(5, 3))
        self.assertEqual(len(server.log_lines(" error ")), 1)
        table = whole_table(server)
        free()
        wait_for(lambda: writers[3].ask(write_single(6, 9999, 5))[0] == 6,
                 "space")
        self.assertTrue(server.log_lines("space is available again"))
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 9999, 1), [5])
        self.write(server, 9999, [0])
        self.assertEqual(whole_table(server), table)
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())

    def test_full(self):
        server = self.start_on_disk()
        self.fill(server, lambda: self.disk.set("-wal", write_error=28),
                  lambda: self.disk.set("-wal", write_error=0))

    def test_full_half_way(self):
        server = self.start_on_disk()
        self.fill(server, lambda: self.disk.set("-wal", write_error=28,
                                                half=1),
                  lambda: self.disk.set("-wal", write_error=0))

    def test_over_quota(self):
        server = self.start_on_disk()
        self.fill(server, lambda: self.disk.set("-wal", write_error=122),
                  lambda: self.disk.set("-wal", write_error=0))

    def test_a_limit_to_the_size_of_files(self):
        """Below the size of the file itself: else there could be space again
        once the log has been moved into it."""
        server = self.serve()
        unlimited = resource.RLIM_INFINITY
        self.fill(
            server,
            lambda: resource.prlimit(server.pid, resource.RLIMIT_FSIZE,
                                     (200000, unlimited)),
            lambda: resource.prlimit(server.pid, resource.RLIMIT_FSIZE,
                                     (unlimited, unlimited)))

    def test_a_small_file_system(self):
        mount = os.path.join(self.directory, "small")
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none",
                           mount], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("may not mount a file system")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        self.path = os.path.join(mount, "state")
        ballast = os.path.join(mount, "ballast")
        server = self.serve()

        def full():
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass

        self.fill(server, full, lambda: os.unlink(ballast))

    def test_full_executes_nothing_that_waits(self):
        """A batch that is being committed, and one behind it."""
        server = self.start_on_disk("-d", "o")
        one, two = self.connect(server), self.connect(server)
        one.ask(write_registers(0, [5, 6, 7]))
        self.disk.set("-wal", hang=1)
        one.send(adu(write_registers(0, [1, 1, 1])))
        self.disk.await_hang()
        two.send(adu(write_coils(8, [0] * 16)) + adu(write_registers(1, [9]))
                 + adu(read(3, 0, 3)))
        two.wait_taken()
        reader = self.connect(server)
        reader.ping(20)
        self.assertEqual(unpack_words(reader.ask(read(3, 0, 3))[2:]), [5, 6, 7])
        self.disk.set("-wal", write_error=28, hang=0)
        # The first was past its writes, and is safe; the second is not.
        self.assertEqual(one.frame()[2][0], 16)
        self.assertEqual(two.frame()[2], exception(15, DEVICE_FAILURE))
        self.assertEqual(two.frame()[2], exception(16, DEVICE_FAILURE))
        self.assertEqual(two.frame()[2], b"\3\6\0\1\0\1\0\1")
        self.assertEqual(unpack_words(reader.ask(read(3, 0, 3))[2:]), [1, 1, 1])
        self.disk.set("-wal", write_error=0)


if __name__ == "__main__":
    main()
