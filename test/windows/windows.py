"""The server for Windows, under Wine: what its manual page promises there.

$MBASYNCSERVER is server, which runs $WINDOWS_SERVER; $MBTORTURE is mbtorture.
"""

import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import (DEADLINE, Client, ServerTest, main, read, run_server,
                     unpack_words, wait_for, write_registers, write_single)
from state_file import StateFile, StateTest
from web import Web

EX_USAGE, EX_TEMPFAIL, EX_CONFIG = 64, 75, 78
PATIENT = ["--timeout", "30", "--deadline", "1500", "--seed", "1"]
WORD = "end of work"


class Conformance(ServerTest):
    """All that the specification says."""

    def torture(self, layout):
        server = self.start("-d", layout)
        done = subprocess.run(
            [os.environ["MBTORTURE"], *PATIENT, "127.0.0.1",
             str(server.port)], stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout.splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        server.stop()

    def test_separate(self):
        self.torture("s")

    def test_overlaid(self):
        self.torture("o")


class Ends(ServerTest):
    """How it is ended, and what it says."""

    def test_by_ctrl_c(self):
        server = self.start()
        self.assert_serves(server)
        self.assertIn("Operator terminated", "".join(server.stop()))
        self.assertTrue(server.log_lines("stop: ^C"))

    def test_by_the_word(self):
        server = self.start("-q", WORD)
        with Client(server) as client:
            client.ping()
            client.send(WORD.encode())
            self.assertIn("Shutdown command received",
                          "".join(server.wait_stopped()))

    def test_a_port_is_used_by_one(self):
        server = self.start()
        done = run_server("-p", str(server.port), "--listen", "127.0.0.1")
        self.assertEqual(done.returncode, EX_TEMPFAIL, done.stderr)
        self.assertIn("Address already in use", done.stderr)
        self.assert_serves(server)

    def test_the_port_is_free_at_once(self):
        server = self.start()
        with Client(server) as client:
            client.ping()
            server.stop()
        again = self.start(port=server.port)
        self.assert_serves(again)

    def test_what_is_wrong_is_said(self):
        done = run_server("-p", "70000")
        self.assertEqual(done.returncode, EX_USAGE)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        done = run_server("service", "paint")
        self.assertEqual(done.returncode, EX_USAGE)
        self.assertIn("install", done.stderr)


class Many(ServerTest):
    """More clients than a set of select() has in Windows' headers: 64; and
    than elsewhere: 1024."""

    COUNT = 1500

    def test_all_are_answered(self):
        server = self.start()
        clients = [self.connect(server) for _ in range(self.COUNT)]
        for i, client in enumerate(clients):
            pdu = write_single(6, i, i + 1)
            self.assertEqual(client.ask(pdu), pdu)
        self.assertEqual(
            unpack_words(clients[0].ask(read(3, self.COUNT - 1, 1))[2:]),
            [self.COUNT])


class State(StateTest):
    """--state, and a copy of it."""

    def start_by_itself(self, *options):
        """Without a console: this process is the server, and can be killed."""
        if not os.path.exists(self.path):
            options += ("--state-init",)
        process = subprocess.Popen(
            ["wine", os.environ["WINDOWS_SERVER"], "-p", "0", "--listen",
             "127.0.0.1", "--state", self.path, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        process.port = None
        for line in process.stdout:
            if found := re.match(r"Starting server on port (\d+)", line):
                process.port = int(found.group(1))
            if line == "Server running...\n":
                break
        self.assertIsNotNone(process.port)
        process.host = "127.0.0.1"
        return process

    def test_what_was_acknowledged_survives_a_kill(self):
        for value in range(1, 6):
            server = self.start_by_itself()
            with Client(server) as client:
                self.assertEqual(
                    unpack_words(client.ask(read(3, 0, 100))[2:]),
                    [value - 1] * 100)
                client.ask(write_registers(0, [value] * 100))
                server.kill()
                server.wait(DEADLINE)

    def test_a_stop_leaves_a_sound_file(self):
        server = self.serve()
        self.write(server, 0, [7, 8])
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[:2], [7, 8])

    def test_a_file_is_used_by_one(self):
        self.serve()
        done = run_server("-p", "0", "--listen", "127.0.0.1", "--state",
                          self.path)
        self.assertEqual(done.returncode, EX_TEMPFAIL, done.stderr)
        self.assertIn("in use", done.stderr)

    def test_a_name_may_be_any(self):
        self.path = os.path.join(self.directory, "Größe ж.state")
        server = self.serve()
        self.write(server, 0, [9])
        server.stop()
        self.assertTrue(os.path.exists(self.path))
        self.assertEqual(self.words(self.serve(), 0, 1), [9])

    def test_a_backup(self):
        copy = os.path.join(self.directory, "copy")
        server = self.serve("--http", "0", "--http-write", "--state-backup",
                            copy)
        web = Web(server)
        for value in 3, 4:
            self.write(server, 0, [value])
            answer = web.curl("/api/backup", "-X", "POST")
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(StateFile(copy).check().words()[0], value)


class Http(ServerTest):
    """The page and the API."""

    def test_page_and_api(self):
        server = self.start("--http", "0", "--http-write")
        web = Web(server)
        self.assertIn(b"<html", web.curl("/").body)
        self.assertEqual(web.get("/api/status")["port"], server.port)
        self.assertEqual(web.write("registers", [1, 2, 3]).status, 200)
        self.assertEqual(web.registers(0, 3), [1, 2, 3])
        self.assertIn(b"process_resident_memory_bytes",
                      web.curl("/metrics").body)


class Service(ServerTest):
    """mbasyncserver service, in Wine's list of services."""

    @staticmethod
    def wine(*words, **how):
        return subprocess.run(["wine", *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=DEADLINE, check=False, **how)

    def own(self, *words):
        return self.wine(os.environ["WINDOWS_SERVER"], "service", *words)

    def answers(self, port):
        """Whether a server is there, and answers."""
        try:
            with Client(self) as client:
                client.ping()
                return True
        except OSError:
            return False

    def test_its_life(self):
        server = self.start() # its port is free soon
        self.host, self.port = server.host, server.port
        server.stop()
        self.start() # while nothing runs under Wine, its list of services ends
        done = self.own("install", "-p", str(self.port), "--no-such-option")
        self.assertEqual(done.returncode, EX_USAGE, done.stdout)
        done = self.own("install", "-p", str(self.port), "--listen",
                        "127.0.0.1")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.addCleanup(self.own, "remove")
        self.assertEqual(self.own("install").returncode, EX_CONFIG)
        done = self.wine("net", "start", "mbasyncserver")
        self.assertEqual(done.returncode, 0, done.stdout)
        wait_for(lambda: self.answers(self.port), "the service")
        done = self.wine("net", "stop", "mbasyncserver")
        self.assertEqual(done.returncode, 0, done.stdout)
        wait_for(lambda: not self.answers(self.port), "its end")
        done = self.own("remove")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.own("remove").returncode, EX_CONFIG)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
