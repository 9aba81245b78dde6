"""Sockets that a service manager has opened: LISTEN_FDS, also as systemd's own
tool sets it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile

from harness import (BINARY, DEADLINE, Client, EVERY_FUNCTION, ServerTest,
                     has_ipv6, main, server_environment)

EX_CONFIG = 78

# Puts the descriptors that its first argument lists where a manager passes
# them, from 3 on, and becomes the program that the other arguments are.
LAUNCHER = """
import fcntl, os, sys
given = [int(fd) for fd in sys.argv[1].split(",") if fd]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in given]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i)
os.environ.setdefault("LISTEN_FDS", str(len(given)))
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.closerange(3 + len(given), 100)
os.execv(sys.argv[2], sys.argv[2:])
"""


def launch(sockets):
    """The command that passes them to the command behind it."""
    return [sys.executable, "-c", LAUNCHER,
            ",".join(str(s.fileno()) for s in sockets)]


def listening(host="127.0.0.1"):
    """A TCP socket on a port that the system chooses."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family)


def port_of(sock):
    return sock.getsockname()[1]


class At:
    """Where a Client is to connect: in place of a server."""

    def __init__(self, sock):
        self.host, self.port = sock.getsockname()[:2]


class ActivationTest(ServerTest):
    """Sockets that are closed, servers that are stopped when a test ends."""

    def open(self, sock):
        self.addCleanup(sock.close)
        return sock

    def activate(self, *sockets, arguments=(), command=(), **env):
        """A server that these are passed to, though its options name another
        address."""
        server = self.start(
            *arguments, env=env, command=launch(sockets) + list(command),
            pass_fds=[s.fileno() for s in sockets])
        self.assertEqual(len(server.log_lines(
            "info listen: sockets from the service manager: %d; --port "
            "and --listen are ignored" % len(sockets))), 1)
        return server

    def assert_serves_all(self, sock):
        """Every function, as on any other socket."""
        with Client(At(sock)) as client:
            for name, request, response in EVERY_FUNCTION:
                self.assertEqual(client.ask(request)[:len(response)],
                                 response, name)


class Passed(ActivationTest):
    """What is passed is served, and nothing else."""

    def test_the_start_line_names_the_port_that_was_passed(self):
        sock = self.open(listening())
        server = self.activate(sock)
        self.assertEqual(server.port, port_of(sock))
        self.assert_serves_all(sock)
        self.assertEqual(len(server.log_lines(" info listen: 127")), 1)

    def test_several_of_both_families(self):
        hosts = ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
        if has_ipv6():
            hosts += ["::1", "::1"]
        sockets = [self.open(listening(host)) for host in hosts]
        server = self.activate(*sockets)
        self.assertEqual(server.port, port_of(sockets[0]))
        for sock in sockets:
            self.assert_serves_all(sock)

    def test_one_socket_for_both_families(self):
        if not socket.has_dualstack_ipv6():
            self.skipTest("no socket for both families here")
        sock = self.open(socket.create_server(
            ("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
        server = self.activate(sock)
        for host in ("127.0.0.1", "::1"):
            self.assert_serves(server, host=host)

    def test_sixteen(self):
        sockets = [self.open(listening()) for _ in range(16)]
        self.activate(*sockets)
        for sock in sockets:
            self.assert_serves(At(sock))

    def test_the_socket_outlives_the_server_and_so_does_its_queue(self):
        sock = self.open(listening())
        self.activate(sock).stop()
        client = self.connect(At(sock))
        again = self.activate(sock)
        client.ping()
        again.stop()
        client.expect_eof()

    def test_a_server_that_is_killed_leaves_the_socket_as_well(self):
        sock = self.open(listening())
        server = self.activate(sock)
        server.kill()
        client = self.connect(At(sock))
        self.activate(sock)
        client.ping()

    def test_the_shutdown_word_stops_it_too(self):
        sock = self.open(listening())
        server = self.activate(sock, arguments=["-q", "enough"])
        with Client(At(sock)) as client:
            client.send(b"enough")
            client.expect_eof()
        self.assertIn("Shutdown command received by server %d. "
                      % port_of(sock), server.wait_stopped()[0])

    def test_sockets_of_another_process_are_left_alone(self):
        """It listens where its options say."""
        sock = self.open(listening())
        server = self.start(command=launch([sock]), env={"LISTEN_PID": "1"},
                            pass_fds=[sock.fileno()])
        self.assertNotEqual(server.port, port_of(sock))
        self.assert_serves(server)
        self.assertEqual(server.log_lines("service manager"), [])


class Wrong(ActivationTest):
    """One line that names what is wrong, and status 78."""

    def assert_refused(self, sockets, named, **env):
        ended = subprocess.run(
            launch(sockets) + [BINARY, "-p", "0", "--listen", "127.0.0.1"],
            pass_fds=[s.fileno() for s in sockets], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=DEADLINE, check=False, env=server_environment(**env))
        self.assertEqual(ended.returncode, EX_CONFIG, ended.stderr)
        self.assertEqual(len(ended.stderr.splitlines()), 1, ended.stderr)
        self.assertIn(" error start: " + named, ended.stderr)
        self.assertIn("expected", ended.stderr)
        self.assertNotIn("Starting", ended.stdout)

    def test_other_than_a_listening_tcp_socket(self):
        right = self.open(listening())
        udp = self.open(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        local = self.open(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        client = self.open(socket.create_connection(right.getsockname()))
        bound = self.open(socket.socket())
        bound.bind(("127.0.0.1", 0))
        file = self.open(tempfile.TemporaryFile())
        for wrong, fault in ((udp, "not TCP"),
                             (local, "not TCP"),
                             (client, "not listening"),
                             (bound, "not listening"),
                             (file, "not a socket")):
            with self.subTest(fault):
                self.assert_refused(
                    [right, wrong],
                    "LISTEN_FDS: descriptor 4 (b): %s: expected a listening "
                    "TCP socket" % fault, LISTEN_FDNAMES="a:b:c")

    def test_a_descriptor_that_is_closed(self):
        self.assert_refused([], "LISTEN_FDS: descriptor 3 (unnamed): not open",
                            LISTEN_FDS="1")
        self.assert_refused(
            [self.open(listening())],
            "LISTEN_FDS: descriptor 4 (unnamed): not open", LISTEN_FDS="2")

    def test_too_many(self):
        sockets = [self.open(listening()) for _ in range(17)]
        self.assert_refused(sockets, 'LISTEN_FDS: "17": expected a number of '
                            "sockets from 0 to 16")

    def test_invalid_numbers(self):
        sock = self.open(listening())
        for bad in ("", "x", "-1", "1x", "99999999999999999999", "a\nb"):
            shown = bad.replace("\n", "?")
            self.assert_refused([sock], 'LISTEN_FDS: "%s": ' % shown,
                                LISTEN_FDS=bad)
            self.assert_refused([sock], 'LISTEN_PID: "%s": ' % shown,
                                LISTEN_PID=bad)


class SystemdSocketActivate(ActivationTest):
    """Started by the first client, by systemd's own tool, which is given
    sockets of ours, as it can't let the system choose a port."""

    def setUp(self):
        self.tool = shutil.which("systemd-socket-activate")
        if not self.tool:
            self.skipTest("needs systemd-socket-activate")
        self.errors = self.open(tempfile.TemporaryFile())

    def activate_lazily(self, *sockets):
        """The tool, and a server that it becomes."""
        process = subprocess.Popen(
            [*launch(sockets), self.tool, "--fdname=" + ":".join(
                "modbus%d" % i for i in range(len(sockets))),
             BINARY, "-p", "0", "--listen", "127.0.0.1"],
            pass_fds=[s.fileno() for s in sockets], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=server_environment())
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()

    def assert_first_client_starts_it(self, hosts):
        sockets = [self.open(listening(host)) for host in hosts]
        process = self.activate_lazily(*sockets)
        for sock in reversed(sockets):
            self.assert_serves_all(sock)
        process.terminate()
        said = process.communicate(timeout=DEADLINE)[0]
        log = os.pread(self.errors.fileno(), 1 << 20, 0).decode()
        self.assertEqual(process.returncode, 0, log)
        self.assertIn("Starting server on port %d." % port_of(sockets[0]),
                      said)

    def test_ipv4(self):
        self.assert_first_client_starts_it(["127.0.0.1"])

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("no IPv6 here")
        self.assert_first_client_starts_it(["::1"])

    def test_several(self):
        self.assert_first_client_starts_it(
            ["127.0.0.1", "127.0.0.2"] + (["::1"] if has_ipv6() else []))


if __name__ == "__main__":
    main()
