"""The state file: created, restored, refused; its journal, and backups."""

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import time

from harness import (BINARY, DEADLINE, Client, adu, main, mask_write,
                     read_write, run_server, wait_for, write_coils,
                     write_registers, write_single)
from state_file import (COILS, EX_CONFIG, EX_IOERR, EX_NOPERM, EX_TEMPFAIL, REGISTERS,
                        SEED, StateFile, StateTest, contents, whole_table)

EX_USAGE = 64


class Start(StateTest):
    """What it takes to start, and what is refused and left alone."""

    def refuse_untouched(self, status, *options, **how):
        before = contents(self.path)
        line = self.refuse(status, *options, **how)
        self.assertEqual(contents(self.path), before)
        return line

    def test_no_file(self):
        line = self.refuse(EX_CONFIG)
        self.assertIn("no such file", line)
        self.assertIn("--state-create", line)
        self.assertEqual(os.listdir(self.directory), [])

    def create(self, *options):
        """What --state-create logs. It exits by itself, with status 0."""
        done = run_server("--state", self.path, "--state-create", *options)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_a_file_is_created_once(self):
        for mode in "so":
            with self.subTest(mode):
                self.path = os.path.join(self.directory, mode)
                self.assertIn("created", self.create("-d", mode))
                self.assertEqual(sorted(contents(self.path)), [mode])
                file = StateFile(self.path).check()
                self.assertEqual(set(file.words()), {0})
                server = self.start("-d", mode, "--state", self.path)
                self.write(server, 0, [7])
                server.stop()
                self.assertIn("exists", self.refuse_untouched(
                    EX_CONFIG, "-d", mode, "--state-create"))

    def test_a_file_is_not_created_while_a_server_uses_it(self):
        server = self.serve()
        self.write(server, 0, [7])
        self.refuse_untouched(EX_CONFIG, "--state-create")
        os.rename(self.path, self.path + ".moved")
        os.rename(self.path + "-wal", self.path + ".moved-wal")
        self.assertIn("in use", self.refuse_untouched(
            EX_TEMPFAIL, "--state-create"))
        server.process.terminate()
        server.wait_stopped(EX_IOERR)
        self.assertIn("cannot be closed", server.log_lines(" error ")[-1])

    def test_what_was_written_is_there_after_a_stop(self):
        for mode in "so":
            with self.subTest(mode):
                self.path = os.path.join(self.directory, mode)
                server = self.serve("-d", mode)
                with Client(server) as client:
                    client.ask(write_registers(65530, [1, 2, 3, 4, 5, 6]))
                    client.ask(write_coils(2040, [1, 0, 1, 1] * 5))
                    client.ask(write_coils(65530, [1, 1, 0, 1, 0, 1]))
                    client.ask(write_single(5, 100, 0xFF00))
                    client.ask(mask_write(200, 0, 0xABCD))
                    client.ask(read_write(0, 1, 4090, list(range(100))))
                before = whole_table(server)
                server.stop()
                server = self.serve("-d", mode)
                self.assertEqual(whole_table(server), before)
                server.stop()
                self.assertEqual(sorted(contents(self.path)), [mode])
                file = StateFile(self.path).check()
                self.assertEqual(file.replay(), file.words())

    def test_a_new_file_is_whole(self):
        server = self.serve()
        self.assertEqual(set(whole_table(server)), {0})
        server.stop()
        file = StateFile(self.path).check()
        self.assertEqual(file.meta["mode"], "separate")
        self.assertEqual(file.journal, [])
        self.assertAlmostEqual(int(file.meta["created"]) / 1e6, time.time(),
                               delta=600)

    def test_init_changes_nothing_that_exists(self):
        server = self.serve()
        self.write(server, 0, [7])
        server.stop()
        server = self.start("--state", self.path, "--state-init")
        self.assertEqual(self.words(server, 0, 1), [7])

    def test_names_that_sqlite_would_take_for_more(self):
        for name in (":memory:", "file:x?mode=memory", "a%20b?c#d", "ü -wal"):
            with self.subTest(name):
                server = self.start("--state", name, "--state-init",
                                    command=["env", "-C", self.directory])
                self.write(server, 5, [42])
                server.stop()
                self.path = os.path.join(self.directory, name)
                server = self.start("--state", self.path)
                self.assertEqual(self.words(server, 5, 1), [42])
                server.stop()

    def test_a_symbolic_link_is_followed(self):
        self.serve().stop()
        link = os.path.join(self.directory, "link")
        os.symlink(self.path, link)
        server = self.start("--state", link)
        self.write(server, 5, [42])
        server.stop()
        server = self.serve()
        self.assertEqual(self.words(server, 5, 1), [42])

    def test_init_refuses_where_a_log_was_left(self):
        server = self.serve()
        self.write(server, 0, [7])
        server.kill()
        os.unlink(self.path)
        for option in "--state-init", "--state-create":
            line = self.refuse_untouched(EX_CONFIG, option)
            self.assertIn(self.path + "-wal", line)

    def test_init_refuses_where_a_file_was_lost(self):
        server = self.serve()
        self.write(server, 0, [7])
        server.stop()
        os.unlink(self.path)
        for option in "--state-init", "--state-create":
            line = self.refuse(EX_CONFIG, option)
            self.assertIn(self.path + "-lock shows", line)
            self.assertEqual(os.listdir(self.directory), ["state-lock"])
        os.unlink(self.path + "-lock")
        server = self.start("--state", self.path, "--state-init")
        self.assertEqual(self.words(server, 0, 1), [0])

    def test_the_other_mode(self):
        server = self.serve("-d", "o")
        self.write(server, 0, [7])
        server.stop()
        line = self.refuse_untouched(EX_CONFIG, "-d", "s")
        self.assertIn("overlaid", line)
        self.assertIn("separate", line)

    def test_the_other_mode_after_a_crash(self):
        server = self.serve("-d", "o")
        self.write(server, 0, [7])
        server.kill()
        self.assertIn("state-wal", contents(self.path))
        self.refuse_untouched(EX_CONFIG, "-d", "s", "--state-init")
        server = self.serve("-d", "o")
        self.assertEqual(self.words(server, 0, 1), [7])

    def test_foreign_files(self):
        def put(data):
            with open(self.path, "wb") as file:
                file.write(data)

        with sqlite3.connect(self.path) as db:
            db.execute("CREATE TABLE block (number, data, crc)")
        db.close()
        self.assertIn("another program",
                      self.refuse_untouched(EX_CONFIG, "--state-init"))
        for data in (b"", b"\n", b"[settings]\nx=1\n" * 100, bytes(100000),
                     b"SQLite format 3\0", os.urandom(4096)):
            put(data)
            self.assertIn("not a state file",
                          self.refuse_untouched(EX_CONFIG, "--state-init"))

    def test_other_than_a_regular_file(self):
        os.mkdir(self.path)
        self.refuse(EX_CONFIG, "--state-init")
        os.rmdir(self.path)
        os.mkfifo(self.path)
        self.refuse(EX_CONFIG, "--state-init")
        self.path = os.path.join(self.directory, "no", "such", "place")
        self.refuse(EX_CONFIG, "--state-init")
        self.refuse(EX_CONFIG, "--state-create")
        self.path = os.path.join(self.directory, "state\nof nothing")
        self.assertIn("state?of nothing: no such file", self.refuse(EX_CONFIG))
        self.path = os.path.join(self.directory, "x" * 300)
        self.refuse(EX_CONFIG, "--state-init")

    def test_a_path_that_is_too_long_for_sqlite(self):
        self.serve().stop()
        folder = os.path.join(self.directory, *["x" * 250] * 2)
        os.makedirs(folder)
        self.path = shutil.move(self.path, folder)
        before = contents(self.path)
        self.path = "state"
        self.assertIn("state: cannot be opened: File name too long",
                      self.refuse(EX_CONFIG, "--state-init", cwd=folder))
        done = run_server("journal", "--state", "state", cwd=folder)
        self.assertEqual(done.returncode, EX_CONFIG, done.stderr)
        self.assertEqual(contents(os.path.join(folder, "state")), before)

    def test_a_newer_version(self):
        self.serve().stop()
        with sqlite3.connect(self.path) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute("PRAGMA user_version=4")
        db.close()
        line = self.refuse_untouched(EX_CONFIG)
        self.assertIn("version 4", line)

    def test_a_second_server(self):
        server = self.serve()
        self.write(server, 0, [7])
        self.assertIn("in use", self.refuse_untouched(EX_TEMPFAIL))
        self.refuse_untouched(EX_TEMPFAIL, "--state-init")
        self.assertEqual(self.words(server, 0, 1), [7])

    def test_another_program_has_it(self):
        self.serve().stop()
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        self.refuse(EX_TEMPFAIL)
        db.execute("ROLLBACK")
        db.close()
        self.serve()

    def test_no_permission(self):
        if os.getuid() != 0:
            prefix = []
        elif shutil.which("setpriv"):
            prefix = ["setpriv", "--reuid=65534", "--clear-groups"]
        else:
            self.skipTest("needs setpriv")
        self.serve().stop()
        os.chmod(self.directory, 0o555)
        self.addCleanup(os.chmod, self.directory, 0o755)
        before = contents(self.path)
        for name in ("state", "new"):
            done = subprocess.run(
                [*prefix, BINARY, "-p", "0", "--log-level", "error", "--state",
                 os.path.join(self.directory, name), "--state-init"],
                capture_output=True, text=True, timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, EX_NOPERM, done.stderr)
        self.assertEqual(contents(self.path), before)

    def test_options_that_need_another(self):
        for option in (["--state-init"], ["--state-create"],
                       ["--state-backup", "x"]):
            done = run_server("-p", "0", *option)
            self.assertEqual(done.returncode, EX_USAGE)
            self.assertIn("requires --state\n", done.stderr)


class Journal(StateTest):
    """What is written into the journal, and how much of it is kept."""

    def test_it_has_every_write_as_it_was_asked(self):
        for mode in "so":
            with self.subTest(mode):
                self.path = os.path.join(self.directory, mode)
                began = time.time()
                server = self.serve("-d", mode)
                asked = [
                    (write_single(5, 17, 0xFF00), 5, COILS, 17, 1, "00", "01"),
                    (write_single(5, 17, 0xFF00), 5, COILS, 17, 1, "01", "01"),
                    (write_coils(16, [1, 1, 0] * 3 + [1]), 15, COILS, 16, 10,
                     "0200", "db02"),
                    (write_single(6, 40017, 0xABCD), 6, REGISTERS, 40017, 1,
                     "0000", "abcd"),
                    (write_registers(40016, [1, 2]), 16, REGISTERS, 40016, 2,
                     "0000abcd", "00010002"),
                    (mask_write(40017, 0xF0FF, 0x0500), 22, REGISTERS, 40017, 1,
                     "0002", "0502"),
                    (read_write(0, 1, 65535, [9]), 23, REGISTERS, 65535, 1,
                     "0000", "0009"),
                ]
                clients = []
                for i, (pdu, *_) in enumerate(asked):
                    with Client(server) as client:
                        clients.append("%s:%d" % client.socket.getsockname())
                        client.ping()
                        client.ask(pdu, unit=i)
                        client.ask(write_single(5, 0, 1))  # refused: not here
                server.stop()
                file = StateFile(self.path).check()
                self.assertEqual(len(file.journal), len(asked))
                for i, row in enumerate(file.journal):
                    pdu, function, kind, address, quantity, before, after = \
                        asked[i]
                    self.assertEqual(
                        (row["number"], row["client"], row["connection"],
                         row["unit"], row["function"], row["kind"],
                         row["address"], row["quantity"], row["before"].hex(),
                         row["after"].hex()),
                        (i + 1, clients[i], i, i, function, kind, address,
                         quantity, before, after), pdu)
                    self.assertAlmostEqual(row["time"] / 1e6, began, delta=600)
                times = [row["time"] for row in file.journal]
                self.assertEqual(times, sorted(times))
                self.assertEqual(file.replay(), file.words())

    def test_it_agrees_with_a_model_across_restarts(self):
        """Random writes by random means, stopped and killed in between."""
        rng = random.Random(SEED)
        for mode in "so":
            self.path = os.path.join(self.directory, mode)
            asked = []
            for turn in range(6):
                server = self.serve("-d", mode)
                with Client(server) as client:
                    for _ in range(150):
                        pdu, row = self.random_write(rng)
                        self.assertLess(client.ask(pdu)[0], 0x80)
                        asked.append(row)
                if turn % 2:
                    server.stop()
                else:
                    server.kill()
            self.serve("-d", mode).stop()
            file = StateFile(self.path).check()
            self.assertEqual([(r["function"], r["kind"], r["address"],
                               r["quantity"]) for r in file.journal],
                             [row[:4] for row in asked], SEED)
            self.assertEqual([r["after"] for r, a in zip(file.journal, asked)
                              if a[4] is not None],
                             [a[4] for a in asked if a[4] is not None])
            self.assertEqual(file.replay(), file.words())

    @staticmethod
    def random_write(rng):
        """A PDU, and the row that it makes; after is None where that depends
        on what was there."""
        function = rng.choice((5, 6, 15, 16, 22, 23))
        low = rng.choice((0, 0, 60000, 4000))
        if function == 5:
            address, value = low + rng.randrange(500), rng.choice((0, 0xFF00))
            return (write_single(5, address, value),
                    (5, COILS, address, 1, bytes([value and 1])))
        if function == 15:
            address, n = low + rng.randrange(500), rng.randint(1, 1968)
            bits = [rng.randrange(2) for _ in range(n)]
            pdu = write_coils(address, bits)
            return pdu, (15, COILS, address, n, pdu[6:])
        if function == 6:
            address, value = low + rng.randrange(500), rng.randrange(65536)
            return (write_single(6, address, value),
                    (6, REGISTERS, address, 1, struct.pack(">H", value)))
        if function == 22:
            address = low + rng.randrange(500)
            return (mask_write(address, rng.randrange(65536),
                               rng.randrange(65536)),
                    (22, REGISTERS, address, 1, None))
        address, n = low + rng.randrange(500), rng.randint(1, 121)
        words = [rng.randrange(65536) for _ in range(n)]
        row = (function, REGISTERS, address, n, struct.pack(">%dH" % n, *words))
        if function == 16:
            return write_registers(address, words), row
        return read_write(rng.randrange(60000), 5, address, words), row

    def write_many(self, server, n):
        with Client(server) as client:
            for i in range(0, n, 50):
                client.send(b"".join(adu(write_single(6, i + k, 1))
                                     for k in range(50)))
                for _ in range(50):
                    client.frame()

    def test_rows_are_kept(self):
        server = self.serve("--journal-keep", "100")
        self.write_many(server, 2000)
        server.stop()
        numbers = [r["number"] for r in StateFile(self.path).check().journal]
        self.assertEqual(numbers, list(range(1901, 2001)))

    def test_a_shorter_journal_is_reached_in_small_steps(self):
        server = self.serve()
        self.write_many(server, 2000)
        server.stop()
        server = self.serve("--journal-keep", "10")
        self.write(server, 0, [1])
        server.kill()
        server = self.serve("--journal-keep", "10")
        self.write_many(server, 50)
        server.stop()
        numbers = [r["number"] for r in StateFile(self.path).check().journal]
        self.assertEqual(numbers[-1], 2051)
        self.assertTrue(1500 < len(numbers) < 2040, len(numbers))
        server = self.serve("--journal-keep", "10")
        self.write_many(server, 2000)
        server.stop()
        numbers = [r["number"] for r in StateFile(self.path).check().journal]
        # A commit deletes none of its own rows.
        self.assertEqual(numbers, list(range(numbers[0], 4052)))
        self.assertTrue(10 <= len(numbers) <= 10 + 50, len(numbers))

    def test_the_size_of_the_file_is_bounded(self):
        sizes = []
        for _ in range(3):
            server = self.serve("--journal-keep", "500")
            self.write_many(server, 3000)
            server.stop()
            sizes.append(os.path.getsize(self.path))
        self.assertLess(sizes[2], sizes[0] * 1.2)


class Backup(StateTest):
    """Copies of a file that is being written to."""

    def back_up(self, server, end="done"):
        before = len(server.log_lines("backup"))
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: [line for line in server.log_lines("backup")[before:]
                          if end in line], "a backup")

    def test_it_is_a_state_file(self):
        copy = os.path.join(self.directory, "copy")
        server = self.serve("-d", "o", "--state-backup", copy)
        self.write(server, 65000, list(range(100)))
        self.back_up(server)
        self.assertEqual(sorted(os.listdir(self.directory)),
                         ["copy", "state", "state-lock", "state-wal"])
        self.assertEqual(StateFile(copy).check().words()[65000:65100],
                         list(range(100)))
        self.write(server, 65000, [7])
        self.back_up(server)
        restored = self.start("-d", "o", "--state", copy)
        self.assertEqual(self.words(restored, 65000, 2), [7, 1])

    def test_it_is_of_one_moment_under_load(self):
        copy = os.path.join(self.directory, "copy")
        server = self.serve("--state-backup", copy)
        clients = [self.connect(server) for _ in range(20)]
        for turn in range(30):
            if turn % 3 == 0:
                server.process.send_signal(signal.SIGUSR1)
            for k in range(20):
                for i, client in enumerate(clients):
                    client.send(adu(write_registers(
                        (i * 3001 + turn * 100 + k) % 65000, [turn] * 100)))
                for client in clients:
                    client.frame()
            if os.path.exists(copy):
                file = StateFile(copy).check()
                self.assertEqual(file.replay(), file.words())
        wait_for(lambda: os.path.exists(copy), "a backup")

    def test_an_invalid_path(self):
        for copy in (os.path.join(self.directory, "no", "place"),
                     self.directory, self.path):
            server = self.serve("--state-backup", copy)
            self.back_up(server, " error backup")
            self.write(server, 0, [1])
            self.back_up(server, " error backup")
            server.stop()
            StateFile(self.path).check()

    def test_a_place_that_is_the_state_files_own(self):
        """Also by the name that a copy has until it is whole."""
        copy = os.path.join(self.directory, "copy")
        self.path = copy + ".unfinished"
        for place in (copy, self.path, self.path + "-wal",
                      self.path + "-lock"):
            server = self.serve("--state-backup", place)
            self.write(server, 0, [7])
            self.back_up(server, "would replace the state file")
            self.assertEqual(sorted(os.listdir(self.directory)), [
                "copy.unfinished" + suffix for suffix in ("", "-lock", "-wal")])
            server.kill()
            server = self.serve()
            self.assertEqual(self.words(server, 0, 1), [7])
            server.stop()

    def test_the_signal_without_the_option(self):
        server = self.serve()
        self.back_up(server, "ignored: no --state-backup")
        self.assert_serves(server)
        plain = self.start()
        self.back_up(plain, "ignored: no --state-backup")


if __name__ == "__main__":
    main()
