"""mbasyncserver health: what it says of servers, and how it ends."""

import contextlib
import os
import socket
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, exception, has_ipv6, in_background,
                     main, run_server, server_environment, wait_for,
                     write_single)
from state_file import StateTest
from web import Web

UNHEALTHY, EX_USAGE, EX_IOERR = 1, 64, 74
LONG = ("--timeout", str(DEADLINE))


def health(*options):
    """(exit status, the line on standard output, standard error)."""
    done = run_server("health", *options, timeout=4 * DEADLINE)
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def peer(answer=None):
    """The address of a server that answers one request so, then closes; or, as
    by default, that never accepts anybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        where = "127.0.0.1:%d" % listener.getsockname()[1]
        if answer is None:
            yield where
            return
        with in_background(serve):
            yield where


class Health(StateTest):

    def assert_healthy(self, *options):
        """As a line. Again, where we may have been stopped for so long that the
        server was right not to wait for the request by HTTP."""
        said = wait_for(lambda: self.is_healthy(*options), "good health")
        self.assertRegex(said, r"\Ahealthy: [^\n]*\n\Z")
        return said

    @staticmethod
    def is_healthy(*options):
        status, said, _ = health(*options, *LONG)
        return said if status == 0 else None

    def assert_unhealthy(self, expected, *options):
        status, said, errors = health(*options)
        self.assertEqual((status, errors), (UNHEALTHY, ""), said)
        self.assertRegex(said, r"\Aunhealthy: " + expected + r"\n\Z")

    def test_a_server_that_is_well(self):
        server = self.start("--http", "0")
        modbus = "127.0.0.1:%d" % server.port
        http = "127.0.0.1:%d" % Web(server).port
        for options, said in (
                (["--modbus", str(server.port)], "Modbus at " + modbus),
                (["--modbus", modbus], "Modbus at " + modbus),
                (["--http", http], "HTTP at " + http),
                (["--modbus", modbus, "--http", http],
                 "Modbus at %s, HTTP at %s" % (modbus, http))):
            with self.subTest(options):
                self.assertEqual(self.assert_healthy(*options),
                                 "healthy: %s\n" % said)

    def test_one_on_ipv6(self):
        if not has_ipv6():
            self.skipTest("no IPv6 here")
        server = self.start("--http", "[::1]:0", listen="::1")
        self.assert_healthy("--modbus", "[::1]:%d" % server.port, "--http",
                            "[::1]:%d" % Web(server).port)

    def test_one_whose_points_allow_nothing(self):
        points = os.path.join(self.directory, "points.csv")
        with open(points, "w") as file:
            file.write("name,address\nflow,HR7\n")
        server = self.start("--points", points, "--points-only")
        self.assert_healthy("--modbus", str(server.port))

    def test_one_that_cannot_keep_writes(self):
        disk = Disk(self.directory)
        server = self.serve("--http", "0", env=disk.env())
        places = ("--modbus", str(server.port), "--http",
                  str(Web(server).port))
        self.assert_healthy(*places)
        disk.set("-wal", write_error=28)
        self.assertEqual(self.connect(server).ask(write_single(6, 7, 8)),
                         exception(6, 4))
        said = wait_for(lambda: health(*places, *LONG)[1].partition(" 503 ")[2],
                        "why")
        self.assertRegex(said, r"\Adegraded: .*\n\Z")
        disk.set("-wal", write_error=0)
        self.assert_healthy(*places)

    def test_one_that_does_not_let_us_in(self):
        server = self.start("--allow", "192.0.2.0/24")
        self.assert_unhealthy(r"Modbus at 127\.0\.0\.1:%d: .+" % server.port,
                              "--modbus", str(server.port), *LONG)

    def test_nobody(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            where = "127.0.0.1:%d" % taken.getsockname()[1]
            for option, name in (("--modbus", "Modbus"), ("--http", "HTTP")):
                self.assert_unhealthy(
                    "%s at %s: Connection refused" % (name, where),
                    option, where, *LONG)
            # Beside one that is well.
            self.assert_unhealthy(
                "HTTP at %s: Connection refused" % where, "--http", where,
                "--modbus", str(self.start().port), *LONG)

    def test_one_that_is_silent(self):
        with peer() as where:
            for option, name in (("--modbus", "Modbus"), ("--http", "HTTP")):
                self.assert_unhealthy(
                    "%s at %s: no reply within 1 s" % (name, where),
                    option, where, "--timeout", "1")

    def test_one_that_is_another(self):
        for option, answer, why in (
                ("--modbus", b"HTTP/1.1 400 Bad Request\r\n\r\n",
                 "the reply is not Modbus/TCP"),
                ("--modbus", b"\0\1\0\0\0\3\xff\x88\1",
                 "the reply is not that of Return Query Data"),
                ("--modbus", b"\0\1", "the connection was closed amid .*"),
                ("--modbus", b"", "the connection was closed without .*"),
                ("--http", b"\x15\3\1", "the reply is not HTTP"),
                ("--http", b"HTTP/1.1 404 Not Found\r\n\r\nno\x07such\n",
                 r"404 no\?such"),
                ("--http", b"", "the connection was closed without .*")):
            with self.subTest(option, answer=answer), peer(answer) as where:
                self.assert_unhealthy(r"\w+ at %s: %s" % (where, why),
                                      option, where, *LONG)

    def test_the_command_line(self):
        for options, named in ((["--modbus", "x"], '--modbus: "x"'),
                               (["--timeout", "0"], '--timeout: "0"'),
                               (["x"], "x")):
            with self.subTest(options):
                status, said, errors = health(*options)
                self.assertEqual((status, said), (EX_USAGE, ""))
                self.assertRegex(errors, r"\Ambasyncserver: health: .*\n\Z")
                self.assertIn(named, errors)
        for option in ("-e", "-h", "--help"):
            status, said, errors = health(option)
            self.assertEqual((status, errors), (0, ""))
            self.assertIn("usage: mbasyncserver health", said)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "health", "--help"], stdout=full,
                                  stderr=subprocess.PIPE, text=True,
                                  timeout=DEADLINE, check=False,
                                  env=server_environment())
        self.assertEqual(done.returncode, EX_IOERR)
        self.assertRegex(done.stderr, r"\A.*standard output: No space.*\n\Z")


if __name__ == "__main__":
    main()
