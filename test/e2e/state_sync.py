"""What --state-sync changes of the promise, and of the cost of a write."""

import os
import random
import re
import signal

from disk_faults import Disk
from harness import (adu, exception, main, mask_write, read, read_write,
                     unpack_words, wait_for, write_coils, write_registers,
                     write_single)
from state_file import EX_IOERR, SEED, StateFile, StateTest, whole_table
from web import Web

DEVICE_FAILURE = 4


class SyncTest(StateTest):
    """A server whose disk does what a test wants, and counts."""

    SYNC = "always"

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def start_on_disk(self, *options):
        return self.serve("--state-sync", self.SYNC, *options,
                          env=self.disk.env())

    def cost(self, work):
        """How many syncs it takes."""
        before = self.disk["syncs"]
        work()
        return self.disk["syncs"] - before

    def rows(self):
        """How many the journal has, which must lead to the table."""
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())
        return len(file.journal)


class Always(SyncTest):
    """The default."""

    def test_equal_writes_cost_syncs(self):
        client = self.connect(self.serve(env=self.disk.env()))
        pdu = write_registers(0, [7] * 100)
        self.assertGreaterEqual(
            self.cost(lambda: [client.ask(pdu) for _ in range(100)]), 100)


class Changes(SyncTest):
    """--state-sync changes."""

    SYNC = "changes"

    def equal_writes(self):
        """Some, by each function, that set what is there."""
        return [write_registers(0, [7] * 100), write_single(6, 50, 7),
                mask_write(99, 0xFFF0, 0x0007), read_write(0, 1, 1, [7] * 98),
                write_coils(5000, [1, 0] * 50), write_single(5, 5000, 0xFF00),
                write_single(5, 5001, 0)]

    def test_equal_writes_cost_no_sync(self):
        for mode in "so":
            with self.subTest(mode):
                self.path += mode
                server = self.start_on_disk("-d", mode)
                client = self.connect(server)
                client.ask(write_registers(0, [7] * 100))
                client.ask(write_coils(5000, [1, 0] * 50))

                def ask_all():
                    for _ in range(100):
                        for pdu in self.equal_writes():
                            self.assertEqual(client.ask(pdu)[0], pdu[0])

                self.assertEqual(self.cost(ask_all), 0)
                self.assertGreater(
                    self.cost(lambda: client.ask(write_single(6, 0, 8))), 0)
                ask_all()
                server.kill()
                server = self.serve("-d", mode)
                self.assertEqual(self.words(server, 0, 100), [7] * 100)
                server.stop()
                self.assertEqual(self.rows(), 4)

    def test_equal_writes_are_seen_as_any_other(self):
        server = self.start_on_disk("--http", "0", "--trace")
        web, first = Web(server), self.connect(server)
        last = self.connect(server, source="127.0.0.2")
        first.ask(write_single(6, 20, 7))
        last.ask(write_single(6, 20, 7))
        last.ask(write_single(6, 21, 0))
        self.assertEqual(len(server.log_lines(": ok")), 3)
        self.assertRegex(web.curl("/metrics").body.decode(),
                         r"\nmbasyncserver_table_writes_total 3\n")
        writer, = web.get("/api/writers?kind=registers&address=20")
        self.assertEqual(writer["client"], "127.0.0.2")

    def test_an_equal_write_waits_for_the_commit_of_its_value(self):
        server = self.start_on_disk()
        first, second, other = (self.connect(server) for _ in range(3))
        self.disk.set("-wal", hang=1)
        first.send(adu(write_registers(0, [1, 2, 3])))
        self.disk.await_hang()
        second.send(adu(write_single(6, 1, 2)) + adu(read(3, 0, 3)))
        second.wait_taken()
        other.ping(50)
        self.assertEqual(other.ask(read(3, 0, 3)), b"\3\6" + bytes(6))
        second.socket.setblocking(False)
        self.assertRaises(BlockingIOError, second.socket.recv, 1)
        second.socket.settimeout(30)
        self.disk.set("-wal", hang=0)
        self.assertEqual(second.frame()[2], write_single(6, 1, 2))
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 0, 3), [1, 2, 3])
        server.stop()
        self.assertEqual(self.rows(), 1)

    def test_pipelined_writes_are_executed_in_order(self):
        server = self.start_on_disk()
        client = self.connect(server)
        values = [0, 1, 1, 2, 2, 2, 1, 0, 0]
        client.send(b"".join(adu(write_single(6, 0, v)) + adu(read(3, 0, 1))
                             for v in values))
        for value in values:
            self.assertEqual(client.frame()[2], write_single(6, 0, value))
            self.assertEqual(unpack_words(client.frame()[2][2:]), [value])
        server.stop()
        # Four changes, and the first write ever, which changed nothing.
        self.assertEqual(self.rows(), 5)

    def test_of_a_long_write_only_changed_parts_have_rows(self):
        server = self.start_on_disk("--http", "0", "--http-write")
        web = Web(server)
        values = [5] * 1230
        self.assertEqual(
            web.write("registers", values).status, 200)
        values[600] = 6
        for _ in range(3):
            self.assertEqual(
                web.write("registers", values).status, 200)
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 600, 2), [6, 5])
        server.stop()
        self.assertEqual(self.rows(), 10 + 1)

    def test_a_full_disk_refuses_equal_writes_too(self):
        server = self.start_on_disk()
        client = self.connect(server)
        client.ask(write_single(6, 0, 1))
        table = whole_table(server)
        self.disk.set("-wal", write_error=28)
        self.assertEqual(client.ask(write_single(6, 0, 1)),
                         write_single(6, 0, 1))  # nothing tells so far
        for value in 2, 1:
            self.assertEqual(client.ask(write_single(6, 0, value)),
                             exception(6, DEVICE_FAILURE))
        self.assertEqual(whole_table(server), table)
        self.disk.set("-wal", write_error=0)
        wait_for(lambda: client.ask(write_single(6, 0, 1))[0] == 6, "space")
        server.stop()
        self.assertEqual(self.rows(), 1)


class Interval(SyncTest):
    """--state-sync interval:MS."""

    HOUR = 3600000
    SYNC = "interval:%d" % HOUR

    def every(self, ms, *options):
        """A server that commits so often."""
        return self.serve("--state-sync", "interval:%d" % ms, *options,
                          env=self.disk.env())

    @staticmethod
    def committed(web):
        """How many writes are, since the start."""
        found = re.search(r"^mbasyncserver_commit_writes_sum (\S+)$",
                          web.curl("/metrics").body.decode(), re.MULTILINE)
        return int(float(found.group(1)))

    def test_the_server_says_so(self):
        server = self.every(250, "--http", "0")
        warning, = server.log_lines(" warn ")
        self.assertIn("a crash loses acknowledged writes of the last 250 ms",
                      warning)
        status = Web(server).get("/api/status")
        self.assertEqual(status["state"]["commit_interval_ms"], 250)
        server.stop()
        server = self.serve("--http", "0", "--state-sync", "changes")
        status = Web(server).get("/api/status")
        self.assertEqual(status["state"]["commit_interval_ms"], 0)
        self.assertEqual(server.log_lines(" warn "), [])
        status = Web(self.start("--http", "0")).get("/api/status")
        self.assertIsNone(status["state"])

    def test_writes_cost_nothing_until_the_commit(self):
        copy = os.path.join(self.directory, "copy")
        server = self.start_on_disk("--state-backup", copy)
        client = self.connect(server)

        def write_some():
            for i in range(100):
                client.ask(write_registers(i, [i] * 10))
                client.ask(write_coils(i, [1] * 10))

        self.assertEqual(self.cost(write_some), 0)
        # A backup commits first.
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: server.log_lines("copy: done"), "a backup")
        file = StateFile(copy).check()
        self.assertEqual(file.replay(), file.words())
        self.assertEqual(file.words()[:109], list(range(99)) + [99] * 10)
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 0, 109),
                         list(range(99)) + [99] * 10)

    def test_the_timer_commits(self):
        server = self.every(1, "--http", "0")
        web, client = Web(server), self.connect(server)
        for i in range(1, 6):
            client.ask(write_registers(0, [i] * 100))
            wait_for(lambda n=i: self.committed(web) == n, "the commit")
        self.assertEqual(
            self.cost(lambda: client.ask(write_registers(0, [5] * 100))), 0)
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 0, 100), [5] * 100)

    def test_a_write_is_seen_at_once_whatever_the_disk_does(self):
        server = self.every(1)
        writer, reader = self.connect(server), self.connect(server)
        self.disk.set("-wal", hang=1)
        writer.ask(write_single(6, 0, 1))
        self.disk.await_hang()
        for i in range(2, 200):
            self.assertEqual(writer.ask(write_single(6, 0, i)),
                             write_single(6, 0, i))
            self.assertEqual(unpack_words(reader.ask(read(3, 0, 1))[2:]), [i])
        self.disk.set("-wal", hang=0)
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[0], 199)
        self.assertEqual(self.rows(), 199)

    def test_a_stop_loses_nothing(self):
        for mode in "so":
            with self.subTest(mode):
                self.path += mode
                server = self.start_on_disk("-d", mode)
                client = self.connect(server)
                for i in range(1, 301):
                    client.ask(write_registers(i, [i] * 100))
                client.send(adu(write_single(6, 0, 1)))  # maybe executed
                client.wait_taken()
                server.stop()
                words = StateFile(self.path).check().words()
                self.assertEqual(words[1:401],
                                 list(range(1, 301)) + [300] * 99 + [0])
                self.rows()

    def test_a_kill_loses_the_last_writes_and_no_others(self):
        """Two areas are written in turn, so what is left must be a moment of
        the past; and what was there after the last commit must be left."""
        rng = random.Random(SEED)
        value = committed = 0
        for _ in range(20):
            server = self.every(rng.choice((1, 2, 5, self.HOUR)),
                                "--http", "0")
            web, client = Web(server), self.connect(server)
            one, other = (unpack_words(client.ask(read(3, a, 100))[2:])
                          for a in (0, 1000))
            self.assertEqual((one, other), ([one[0]] * 100, [other[0]] * 100))
            self.assertIn(one[0], (other[0], other[0] + 1))
            self.assertLessEqual(one[0], value)
            self.assertGreaterEqual(one[0], committed)
            value = first = one[0]
            for _ in range(rng.randrange(50)):
                value += 1
                client.ask(write_registers(0, [value] * 100))
                client.ask(write_registers(1000, [value] * 100))
            committed = first + self.committed(web) // 2
            for _ in range(rng.randrange(20)):
                value += 1
                client.send(adu(write_registers(0, [value] * 100)) +
                            adu(write_registers(1000, [value] * 100)))
            os.kill(server.pid, signal.SIGKILL)
            server.process.wait()
        self.serve().stop()
        self.rows()

    def fill(self, server):
        """Fill the disk, and write until the server refuses it. Returns the
        last value that it took."""
        client = self.connect(server)
        client.ask(write_registers(0, [1] * 100))
        self.disk.set("-wal", write_error=28)
        value = 2
        while client.ask(write_registers(0, [value] * 100))[0] == 16:
            value += 1
            wait_for(lambda: self.disk["failed"], "a commit that fails")
        self.assertEqual(client.ask(write_single(6, 0, 9)),
                         exception(6, DEVICE_FAILURE))
        self.assertEqual(len(server.log_lines(" error ")), 1)
        self.assertEqual(self.words(server, 0, 100), [value - 1] * 100)
        return value - 1

    def test_a_full_disk_loses_nothing(self):
        server = self.every(1, "-d", "o")
        value = self.fill(server)
        client = self.connect(server)
        table = whole_table(server)
        self.disk.set("-wal", write_error=0)
        wait_for(lambda: client.ask(write_single(6, 9, value))[0] == 6,
                 "space")
        # Then what was refused meanwhile is not there, and the rest is.
        server.stop()
        server = self.serve("-d", "o")
        self.assertEqual(whole_table(server), table)
        server.stop()
        self.rows()

    def test_a_full_disk_at_the_stop(self):
        server = self.every(1)
        self.fill(server)
        server.process.send_signal(signal.SIGTERM)
        server.wait_stopped(EX_IOERR)
        self.assertRegex(server.log_lines(" error ")[-1],
                         r"no space: \d+ executed writes are not on the disk")
        server = self.serve()
        words = self.words(server, 0, 100)
        self.assertEqual(words, [words[0]] * 100)
        server.stop()
        self.rows()

    def test_space_at_the_stop(self):
        server = self.every(1)
        value = self.fill(server)
        self.disk.set("-wal", write_error=0)
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[:100],
                         [value] * 100)
        self.rows()

    def test_a_start_on_a_full_disk(self):
        server = self.start_on_disk()
        self.write(server, 0, [1])
        server.stop()
        self.disk.set(write_error=28)
        server = self.every(1)
        wait_for(lambda: server.log_lines("writes are refused"), "the report")
        client = self.connect(server)
        self.assertEqual(client.ask(write_single(6, 0, 2)),
                         exception(6, DEVICE_FAILURE))
        self.assertEqual(client.ask(read(3, 0, 1)), b"\3\2\0\1")
        self.disk.set(write_error=0)
        wait_for(lambda: client.ask(write_single(6, 0, 3))[0] == 6, "space")
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[0], 3)
        self.assertEqual(self.rows(), 2)

    def test_a_disk_that_fails(self):
        server = self.start_on_disk()
        client = self.connect(server)
        for i in range(1, 4):
            client.ask(write_registers(0, [i] * 100))
        self.disk.set("-wal", sync_error=5)
        server.process.send_signal(signal.SIGTERM)
        server.wait_stopped(EX_IOERR)
        error, = server.log_lines(" error ")
        self.assertIn("up to 3 executed writes are not on the disk", error)
        self.assertIn("Input/output error", error)

    def test_a_disk_that_fails_while_serving(self):
        server = self.every(1)
        client = self.connect(server)
        client.ask(write_registers(0, [1] * 100))
        self.disk.set("-wal", sync_error=5)
        client.send(adu(write_registers(0, [2] * 100)))
        server.wait_stopped(EX_IOERR)
        self.assertRegex(server.log_lines(" error ")[0],
                         r"up to \d+ executed writes are not on the disk")
        server = self.serve()
        words = self.words(server, 0, 100)
        self.assertEqual(words, [words[0]] * 100)


if __name__ == "__main__":
    main()
