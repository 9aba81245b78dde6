"""Modbus/TCP frames over a socket of this machine: --listen unix:PATH."""

import os
import signal
import socket
import tempfile

from harness import (DEADLINE, Client, ServerTest, adu, exception, main, read,
                     run_server, write_single)

EX_OSERR, EX_TEMPFAIL = 71, 75


class Local(Client):
    """A client of the socket at a path."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.buffer = b""
        try:
            self.socket.connect(path)
        except BaseException:
            self.socket.close()
            raise


class LocalTest(ServerTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "modbus")

    def start_local(self, *arguments, **options):
        return self.start("--listen", "unix:" + self.path, *arguments,
                          **options)

    def client(self):
        client = Local(self.path)
        self.addCleanup(client.close)
        return client


class Serving(LocalTest):
    def test_what_is_written_there_is_read_by_tcp(self):
        server = self.start_local()
        self.assertEqual(self.client().ask(write_single(6, 1, 2)),
                         write_single(6, 1, 2))
        self.assertEqual(self.connect(server).ask(read(3, 1, 1)),
                         bytes.fromhex("03 02 0002"))
        self.assertEqual(len(server.log_lines("info connect: unix")), 1)
        self.assertEqual(
            len(server.log_lines("info listen: unix:" + self.path)), 1)

    def test_many_requests_at_once_and_half_close(self):
        self.start_local()
        client = self.client()
        client.send(b"".join(adu(read(3, 0, 125), i) for i in range(1000)))
        client.half_close()
        self.assertEqual(len(client.rest()), 1000 * (9 + 250))

    def test_only_a_path(self):
        server = self.start_local(listen=None, port=None)
        self.assertEqual(server.port, 0)
        self.client().ping()

    def test_rules_name_it_by_its_word(self):
        write = write_single(6, 1, 2)
        for rules, answer in (
                (["--write-from", "unix"], write),
                (["--write-from", "127.0.0.1"], exception(6, 1)),
                (["--write-from", "::/0"], exception(6, 1)),
                (["--allow", "unix"], write)):
            server = self.start_local(*rules)
            with Local(self.path) as client:
                self.assertEqual(client.ask(write), answer, rules)
            server.stop()
        server = self.start_local("--allow", "127.0.0.1")
        self.client().expect_eof()
        self.assertEqual(len(server.log_lines("refuse: unix: not allowed")), 1)

    def test_its_clients_are_one_address(self):
        self.start_local("--max-per-client", "2")
        first, second = self.client(), self.client()
        first.ping()
        second.ping()
        self.client().expect_eof()


class Path(LocalTest):
    def test_it_is_there_until_the_end(self):
        server = self.start_local()
        self.assertTrue(os.path.exists(self.path))
        server.stop()
        self.assertFalse(os.path.exists(self.path))

    def test_what_a_crash_has_left_is_replaced(self):
        server = self.start_local()
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        self.assertTrue(os.path.exists(self.path))
        self.start_local()
        self.client().ping()

    def test_a_live_one_is_in_use(self):
        self.start_local()
        ended = run_server("-p", "0", "--listen", "unix:" + self.path)
        self.assertEqual(ended.returncode, EX_TEMPFAIL)
        self.assertIn(" error listen: unix:%s: " % self.path, ended.stderr)
        self.client().ping()

    def test_a_file_is_left_alone(self):
        with open(self.path, "w") as file:
            file.write("mine")
        ended = run_server("-p", "0", "--listen", "unix:" + self.path)
        self.assertEqual(ended.returncode, EX_OSERR)
        self.assertIn(" error listen: unix:%s: File exists" % self.path,
                      ended.stderr)
        with open(self.path) as file:
            self.assertEqual(file.read(), "mine")

    def test_nowhere(self):
        ended = run_server("-p", "0", "--listen", "unix:/nowhere/s")
        self.assertEqual(ended.returncode, EX_OSERR)
        self.assertIn(" error listen: unix:/nowhere/s: No such file",
                      ended.stderr)


if __name__ == "__main__":
    main()
