"""The program: start and stop lines, signals, exit statuses, options, log."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time

from harness import (BINARY, DEADLINE, PING, TCP_TIME_WAIT, Client, LineReader,
                     ServerTest, adu, log_windows, main, mask_write, read,
                     read_write, run_server, server_environment, tcp_sockets,
                     time_wait_overflows, wait_for,
                     write_coils, write_registers, write_single)
from still_clock import StillTest

# As asctime writes it: "Fri Jan  2 18:53:36 2026".
CTIME = (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
         r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
         r"[ 123]\d \d\d:\d\d:\d\d \d{4}")

EX_USAGE, EX_OSERR, EX_TEMPFAIL, EX_NOPERM = 64, 71, 75, 77

OPTIONS = ["-p, --port PORT", "-d, --datatable s|o", "-q, --quit WORD",
           "--listen WHERE", "--max-connections N",
           "--idle-timeout SECONDS", "--state FILE", "--state-init",
           "--state-create", "--state-sync WHEN", "--journal-keep LIMIT,...",
           "--state-backup FILE", "--points FILE", "--points-only",
           "--simulate", "--seed N", "--check",
           "--log-level LEVEL", "--trace",
           "-e, -h, --help", "-V, --version"]


class StartLines(ServerTest):
    """Standard output, as the original wrote it."""

    def test_the_start_lines(self):
        server = self.start()
        version, starting, running = server.announced
        self.assertRegex(version, r"^MBAsyncServer version \d+\.\d+\.\d+$")
        self.assertRegex(starting,
                         r"^Starting server on port \d+\. %s$" % CTIME)
        self.assertEqual(running, "Server running...")

    def test_port_0_names_the_real_port(self):
        server = self.start()
        self.assertEqual(server.port, server.listening_port())
        self.assertNotEqual(server.port, 0)

    def test_clients_are_accepted_once_it_says_so(self):
        for _ in range(10):
            self.assert_serves(self.start())


class Stop(StillTest):
    """Signals end it, in time and in order."""

    def begin_to_stop(self, server, number=signal.SIGTERM):
        server.process.send_signal(number)
        wait_for(lambda: server.listening_port() is None, "the stop to begin")

    def pass_a_second(self):
        """The program promises to stop within a second. No more of the
        server's time passes until it has ended."""
        if self.clock:
            self.clock.advance(1)

    def assert_stops(self, server, number=signal.SIGTERM):
        self.begin_to_stop(server, number)
        self.pass_a_second()
        lines = server.wait_stopped()
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0],
                         "^Operator terminated server at %s$" % CTIME)

    def test_each_signal_stops_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                self.assert_stops(self.start(), number)

    def start_on_terminal(self):
        """A server on a terminal of its own, and the other end of that."""
        master, slave = os.openpty()
        try:
            server = self.start(preexec_fn=lambda: (
                os.setsid(), fcntl.ioctl(slave, termios.TIOCSCTTY, 0)))
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        return server, master

    def test_on_a_terminal_sighup_stops_it(self):
        server, master = self.start_on_terminal()
        try:
            self.assert_stops(server, signal.SIGHUP)
            self.assertEqual(server.log_lines("reload"), [])
        finally:
            os.close(master)

    def test_a_terminal_that_closes_stops_it(self):
        """When the signal comes, the terminal is gone already."""
        server, master = self.start_on_terminal()
        os.close(master)
        wait_for(lambda: server.listening_port() is None, "the stop to begin")
        self.pass_a_second()
        server.wait_stopped()
        self.assertEqual(server.log_lines("reload"), [])

    def test_without_a_terminal_sighup_stops_nothing(self):
        server = self.start(preexec_fn=os.setsid)
        client = self.connect(server)
        client.ping()
        for count in (1, 2):
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda n=count: len(server.log_lines(
                "info reload: nothing to read again: ")) == n, "a line")
        client.ping()
        self.assert_stops(server)

    def test_a_signal_that_stops_nothing_ends_nothing_at_the_end(self):
        """However late it comes."""
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            server = self.start(preexec_fn=os.setsid)
            self.begin_to_stop(server)
            self.pass_a_second()

            def told(s=server, n=number):
                for _ in range(100):
                    s.process.send_signal(n)
                return not s.is_running()

            with self.subTest(number.name):
                wait_for(told, "its end")
                server.wait_stopped()

    def test_idle_clients_do_not_delay_it(self):
        server = self.start()
        clients = [self.connect(server) for _ in range(20)]
        for client in clients:
            client.ping()
        self.assert_stops(server)
        for client in clients:
            client.expect_eof()

    def test_clients_that_never_read_do_not_delay_it(self):
        server = self.start()
        other = self.connect(server)
        for _ in range(5):
            client = self.connect(server, receive_buffer=4096,
                                  send_buffer=65536)
            client.send_what_is_taken(adu(read(3, 0, 125)) * 50000, other)
        self.assert_stops(server)

    def test_clients_with_partial_frames_do_not_delay_it(self):
        server = self.start()
        client = self.connect(server)
        client.send(adu(PING)[:5])
        client.wait_taken()
        self.assert_serves(server)
        self.assert_stops(server)
        client.expect_eof()

    def test_a_client_that_goes_on_sending_does_not_delay_it(self):
        server = self.start()
        client = self.connect(server)
        client.ping()
        self.begin_to_stop(server)
        for _ in range(100):
            client.send(adu(PING))
        self.pass_a_second()
        with contextlib.suppress(OSError):
            while server.is_running():
                client.send(adu(PING))
        self.assertEqual(len(server.wait_stopped()), 1)

    def test_replies_owed_are_sent_first(self):
        """The requests are read, the replies not yet."""
        server = self.start()
        client, other = self.connect(server), self.connect(server)
        client.send(b"".join(adu(PING, i) for i in range(1000)))
        client.wait_taken()
        other.ping(20)
        self.assert_stops(server)
        self.assertEqual([client.frame()[0] for _ in range(1000)],
                         list(range(1000)))
        client.expect_eof()

    def test_replies_that_wait_for_the_client_are_sent_first(self):
        """More than the socket takes at once: what it gets is whole frames,
        in order, then EOF."""
        server = self.start()
        client = self.connect(server, receive_buffer=4096)
        other = self.connect(server)
        client.send(b"".join(adu(read(3, 0, 125), i) for i in range(1000)))
        client.wait_taken()
        other.ping(20)
        self.begin_to_stop(server)
        frames, rest = divmod(len(client.rest()), len(adu(bytes(252))))
        self.assertEqual(rest, 0)
        self.assertGreaterEqual(frames, 65536 // len(adu(bytes(252))))
        self.pass_a_second()
        server.wait_stopped()

    def test_a_second_signal_changes_nothing(self):
        server = self.start()
        client = self.connect(server)
        client.ping()
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGTERM)
        server.wait_stopped()

    def test_a_signal_that_was_ignored_stays_ignored(self):
        """As nohup wants it, on a terminal or without one."""
        for begin in (lambda: None, os.setsid):
            server = self.start(preexec_fn=lambda b=begin: (
                signal.signal(signal.SIGHUP, signal.SIG_IGN), b()))
            server.process.send_signal(signal.SIGHUP)
            self.assert_serves(server)
            self.assertEqual(server.log_lines("reload"), [])
            self.assert_stops(server)

    def test_sigpipe_does_not_end_it(self):
        server = self.start()
        server.process.send_signal(signal.SIGPIPE)
        self.assert_serves(server)


class Port(ServerTest):
    """Ports that can't be had, and those that can be had again."""

    def test_a_second_server_on_the_same_port_fails(self):
        for listen in ("127.0.0.1", None):
            server = self.start(listen=listen)
            options = ["--listen", listen] if listen else []
            second = run_server("-p", str(server.port), *options)
            self.assertEqual(second.returncode, EX_TEMPFAIL)
            self.assertEqual(len(second.stderr.splitlines()), 1)
            self.assertRegex(second.stderr, r"listen: \S+:%d: Address already "
                             "in use" % server.port)
            self.assertNotIn("Starting", second.stdout)
            self.assert_serves(server)

    def test_a_port_is_free_again_at_once(self):
        """Though a connection of the first server is in TIME_WAIT."""
        server = self.start()
        client = self.connect(server)
        client.ping()
        overflows = time_wait_overflows()
        server.process.send_signal(signal.SIGTERM)
        client.expect_eof()
        client.close()
        server.wait_stopped()
        # The system forgets such connections when it has too many of them.
        wait_for(lambda: time_wait_overflows() > overflows or
                 any(state == TCP_TIME_WAIT and local == server.port
                     for _, local, _, state, _ in tcp_sockets()),
                 "a connection in TIME_WAIT")
        again = self.start(port=server.port)
        self.assertEqual(again.port, server.port)
        self.assert_serves(again)

    def test_an_address_of_another_host_is_a_system_error(self):
        other = run_server("-p", "0", "--listen", "192.0.2.1")
        self.assertEqual(other.returncode, EX_OSERR)
        self.assertEqual(len(other.stderr.splitlines()), 1)
        self.assertIn("192.0.2.1", other.stderr)

    def run_as_nobody(self, *arguments, command=()):
        """Run the binary, as nobody when we are root, until it ends: a
        CompletedProcess whose args begin with its path."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            binary = shutil.copy(BINARY, folder)
            # Where a build that counts coverage may leave its counts; else it
            # complains on standard error.
            counts = os.path.join(folder, "counts")
            os.mkdir(counts)
            os.chmod(counts, 0o777)
            if os.geteuid() == 0:
                command = [*command, "setpriv", "--reuid=65534",
                           "--regid=65534", "--clear-groups"]
            ended = subprocess.run(
                [*command, binary, *arguments], cwd="/",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                timeout=DEADLINE, check=False,
                env={**server_environment(), "GCOV_PREFIX": counts})
        ended.args = [binary, *arguments]
        return ended

    def assert_remedies(self, port, *more):
        """The ways to the port, as commands that name it."""
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as first:
            if int(first.read()) <= port:
                self.skipTest("port %d needs no permission here" % port)
        ended = self.run_as_nobody("-p", str(port), "--listen", "127.0.0.1")
        self.assertEqual(ended.returncode, EX_NOPERM, ended.stderr)
        lines = ended.stderr.splitlines()
        self.assertIn("listen: 127.0.0.1:%d: Permission denied" % port,
                      lines[0])
        for remedy in (
                "-p %d, and run: mbasyncserver-redirect add "
                "--from %d --to %d" % (port + 8000, port, port + 8000),
                "systemctl enable --now mbasyncserver.socket",
                "systemctl edit mbasyncserver, and add under [Service]: "
                "AmbientCapabilities=CAP_NET_BIND_SERVICE, "
                "CapabilityBoundingSet=CAP_NET_BIND_SERVICE and "
                "PrivateUsers=no, one a line",
                "setcap cap_net_bind_service=+ep " + ended.args[0],
                "container: start with -p %d, and publish that port as %d; or "
                "run it with sysctl net.ipv4.ip_unprivileged_port_start=0"
                % (port + 8000, port), *more):
            self.assertEqual(
                [line.endswith(remedy) for line in lines].count(True), 1,
                (remedy, ended.stderr))
        self.assertNotIn("Starting", ended.stdout)
        return lines

    def test_port_502_without_permission_names_the_remedies(self):
        self.assertEqual(len(self.assert_remedies(502)), 7)

    def test_other_ports_without_permission_are_named_too(self):
        self.assertEqual(len(self.assert_remedies(
            1023, "[Socket]: ListenStream=1023")), 8)

    def test_a_high_port_that_is_refused_has_no_such_remedies(self):
        """As by a security module; here by a network of our own."""
        if os.geteuid() != 0:
            self.skipTest("needs root, to make a network")
        ended = self.run_as_nobody(
            "-p", "8502", command=[
                "unshare", "--net", "sh", "-c",
                "echo 9000 >/proc/sys/net/ipv4/ip_unprivileged_port_start && "
                'exec "$@"', "sh"])
        self.assertEqual(ended.returncode, EX_NOPERM, ended.stderr)
        self.assertEqual(len(ended.stderr.splitlines()), 1)
        self.assertRegex(ended.stderr, r"listen: \S+:8502: Permission denied")


class Options(ServerTest):
    """The command line."""

    # arguments; what the one line must name, each.
    BAD = [
        (["-p", "x"], ["--port", '"x"']),
        (["-p", ""], ["--port", '""']),
        (["-p", "-1"], ["--port", '"-1"']),
        (["-p", "65536"], ["--port", '"65536"', "0 to 65535"]),
        (["-p", "99999999999999999999"], ["--port", "99999999999999999999"]),
        (["-p", "12x"], ["--port", '"12x"']),
        (["-p", " 12"], ["--port", '" 12"']),
        (["-p", "+12"], ["--port", '"+12"']),
        (["-p", "0x10"], ["--port", '"0x10"']),
        (["--port=1.5"], ["--port", '"1.5"']),
        (["-p"], ["--port", "no value"]),
        (["--port"], ["--port", "no value"]),
        (["-d", "x"], ["--datatable", '"x"', "separate", "overlaid"]),
        (["-d", ""], ["--datatable", '""']),
        (["-d", "so"], ["--datatable", '"so"']),
        (["-d"], ["--datatable", "no value"]),
        (["-q", ""], ["--quit", "3 to 250"]),
        (["-q", "ab"], ["--quit", "3 to 250"]),
        (["-q", "w" * 251], ["--quit", "3 to 250"]),
        (["-q"], ["--quit", "no value"]),
        (["--listen", "localhost"], ["--listen", '"localhost"', "IPv4"]),
        (["--listen", "1.2.3"], ["--listen", '"1.2.3"']),
        (["--listen", "1.2.3.4:"], ["--listen", '"1.2.3.4:"']),
        (["--listen", "1.2.3.4:65536"], ["--listen", '"1.2.3.4:65536"']),
        (["--listen", "[::1"], ["--listen", '"[::1"']),
        (["--listen", "[::1]:x"], ["--listen", '"[::1]:x"']),
        (["--listen", "::1::"], ["--listen", '"::1::"']),
        (["--listen", ""], ["--listen", '""']),
        (["--listen", "127.0.0.1"] * 17, ["--listen", "127.0.0.1", "16"]),
        (["--listen"], ["--listen", "no value"]),
        (["--max-connections", "0"], ["--max-connections", '"0"']),
        (["--max-connections", "1000001"], ["--max-connections", "1000001"]),
        (["--max-connections", "many"], ["--max-connections", '"many"']),
        (["--max-connections"], ["--max-connections", "no value"]),
        (["--idle-timeout", "-1"], ["--idle-timeout", '"-1"']),
        (["--idle-timeout", "1s"], ["--idle-timeout", '"1s"']),
        (["--idle-timeout", "31536001"], ["--idle-timeout", "31536001"]),
        (["--idle-timeout"], ["--idle-timeout", "no value"]),
        (["--log-level", "loud"], ["--log-level", '"loud"', "debug"]),
        (["--log-level", ""], ["--log-level", '""']),
        (["--log-level"], ["--log-level", "no value"]),
        (["--trace=yes"], ["--trace", "no value"]),
        (["--help=yes"], ["--help", "no value"]),
        (["--quit-from", "::1"], ["--quit-from: requires --quit"]),
        (["--http-host", "plant"], ["--http-host: requires --http"]),
        (["--http-frame", "self"], ["--http-frame: requires --http"]),
        (["--http-origin", "http://dash"],
         ["--http-origin: requires --http"]),
        (["--journal-keep", "5d"], ["--journal-keep: requires --state"]),
        (["--state-sync", "changes"], ["--state-sync: requires --state"]),
        (["--state-sync", "never", "--state", "x"],
         ["--state-sync", '"never"', "always"]),
        (["--state-sync=interval:0", "--state=x"],
         ["--state-sync", '"interval:0"', "3600000"]),
        (["-x"], ["-x"]),
        (["-px"], ["--port", '"x"']),
        (["--no-such-option"], ["--no-such-option"]),
        (["--no-such-option=1"], ["--no-such-option"]),
        (["502"], ["502"]),
        (["-p", "0", "--", "more"], ["more"]),
        (["-p", "a\nb"], ["--port", "a?b"]),
        (["-p", "9" * 5000], ["--port", "9" * 50]),
    ]

    def test_every_bad_option_is_one_line_and_status_64(self):
        for arguments, named in self.BAD:
            with self.subTest(arguments=str(arguments)[:80]):
                ended = run_server(*arguments)
                self.assertEqual(ended.returncode, EX_USAGE)
                self.assertEqual(ended.stdout, "")
                self.assertEqual(len(ended.stderr.splitlines()), 1)
                self.assertLess(len(ended.stderr), 500)
                for name in named:
                    self.assertIn(name, ended.stderr)

    def test_a_bad_shutdown_word_is_not_shown(self):
        for word in ("zq", "zq" * 200):
            self.assertNotIn("zq", run_server("-q", word).stderr)

    def test_help_lists_every_option(self):
        for option in ("-e", "-h", "--help"):
            ended = run_server(option)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            for name in OPTIONS:
                self.assertIn(name, ended.stdout)
            for default in ("502", "separate (default)", "info (default)"):
                self.assertIn(default, ended.stdout)
            for line in ended.stdout.splitlines():
                self.assertLessEqual(len(line), 80)

    def test_version_is_one_line(self):
        for option in ("-V", "--version"):
            ended = run_server(option)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            self.assertRegex(ended.stdout,
                             r"^MBAsyncServer version \d+\.\d+\.\d+\n$")

    def test_datatable_has_all_its_names(self):
        """Coil 0 is register 0's bit 0 in the overlaid mode only."""
        for names, value in (("s S separate Separate", 0),
                             ("o O overlaid OVERLAID", 1)):
            for name in names.split():
                client = self.connect(self.start("-d", name))
                client.ask(write_single(5, 0, 0xFF00))
                self.assertEqual(client.ask(read(3, 0, 1)),
                                 bytes([3, 2, 0, value]), name)


class DeafStreams(ServerTest):
    """Standard output and error that are closed, or that nobody reads."""

    def shell(self, redirections, *arguments, **options):
        """A server that a shell starts with redirections."""
        return self.start(*arguments, command=[
            "/bin/sh", "-c", 'exec "$@" ' + redirections, "sh"], **options)

    def assert_serves_many(self, server):
        """So many that every line could not be buffered anywhere."""
        with Client(server) as client:
            client.ping(2000)
        for _ in range(1000):
            self.assert_serves(server)

    def test_standard_output_is_closed(self):
        server = self.shell(">&-", stdout=subprocess.DEVNULL)
        self.assert_serves_many(server)
        self.assertTrue(server.log_lines("listen:"))

    def test_standard_error_is_closed(self):
        server = self.shell("2>&-", "--trace")
        self.assert_serves_many(server)
        self.assertEqual(server.log(), "")

    def test_all_of_them_are_closed(self):
        """Then no client's connection becomes descriptor 0, 1 or 2."""
        server = self.shell("<&- >&- 2>&-", "--trace",
                            stdout=subprocess.DEVNULL)
        self.assert_serves_many(server)
        for fd in (0, 1, 2):
            self.assertEqual(
                os.readlink("/proc/%d/fd/%d" % (server.pid, fd)), "/dev/null")

    @contextlib.contextmanager
    def full_pipe(self):
        """The writing end of a pipe that nobody reads and is full."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, bytes(4096))
        os.set_blocking(writing, True)
        yield writing
        os.close(reading)
        os.close(writing)

    def test_standard_output_is_not_read(self):
        with self.full_pipe() as pipe:
            server = self.start(stdout=pipe)
            self.assert_serves_many(server)
            server.stop()

    def test_standard_error_is_not_read(self):
        with self.full_pipe() as pipe:
            server = self.start("--trace", stderr=pipe)
            self.assert_serves_many(server)
            server.stop()

    def test_neither_is_read(self):
        with self.full_pipe() as pipe:
            server = self.start("--trace", stdout=pipe, stderr=pipe)
            self.assert_serves_many(server)
            server.stop()

    def test_the_reader_of_standard_error_goes_away(self):
        reading, writing = os.pipe()
        server = self.start("--trace", stderr=writing)
        os.close(writing)
        os.close(reading)
        self.assert_serves_many(server)

    def test_standard_error_is_on_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.assert_serves_many(self.start("--trace", stderr=full))

    def test_lines_that_were_lost_are_counted(self):
        """Once somebody reads again."""
        reading, writing = os.pipe()
        server = self.start("--trace", stderr=writing)
        os.close(writing)
        client = self.connect(server)
        client.ping(5000)
        lines = LineReader(reading)
        for _ in range(300):
            lines.line()
        client.ping()
        found = None
        while not found:
            found = re.search(r"log: (\d+) lines dropped", lines.line())
        self.assertGreater(int(found.group(1)), 100)
        server.stop()
        os.close(reading)


class Journal(ServerTest):
    """Lines for systemd's journal, and for everyone else."""

    TIMESTAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (info|warn) "

    def log_of(self, server):
        self.connect(server).ping()
        with Client(server) as client:
            client.send(adu(PING, protocol=1))
            client.expect_eof()
        server.stop()

    def journal(self):
        """A socket as systemd gives it, and what stands in the environment."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        status = os.fstat(theirs.fileno())
        return ours, theirs, "%d:%d" % (status.st_dev, status.st_ino)

    def test_the_journal_gets_priorities_and_no_time(self):
        ours, theirs, stream = self.journal()
        server = self.start(stderr=theirs, env={"JOURNAL_STREAM": stream})
        theirs.close()
        self.log_of(server)
        lines = LineReader(ours.fileno()).rest()
        self.assertRegex(lines[0], r"^<6>listen: 127\.0\.0\.1:\d+$")
        for line in lines:
            self.assertRegex(line, r"^<[46]>[a-z]+: ")
        self.assertTrue(any(line.startswith("<4>disconnect:")
                            for line in lines))

    def test_a_stream_that_is_not_the_journal_gets_the_time(self):
        """The variable is inherited by whom a service starts with streams of
        its own."""
        _, _, stream = self.journal()
        for value in (stream, "", "1:2", "nonsense"):
            server = self.start(env={"JOURNAL_STREAM": value})
            self.log_of(server)
            for line in server.log_lines():
                self.assertRegex(line, self.TIMESTAMP)


class Log(ServerTest):
    """One line an event, and never a flood."""

    def test_a_connection_is_logged_from_beginning_to_end(self):
        server = self.start()
        with Client(server) as client:
            client.ping(3)
        line = wait_for(lambda: server.log_lines("disconnect:"), "a line")[0]
        self.assertRegex(line, r"info disconnect: 127\.0\.0\.1:\d+: closed by "
                         r"peer, \d+\.\d{3} s, 3 requests$")
        self.assertEqual(len(server.log_lines(" connect: 127.0.0.1:")), 1)

    def test_every_misuse_names_its_cause(self):
        server = self.start()
        for bad, cause in ((adu(PING, protocol=1),
                            "protocol identifier is not 0"),
                           (adu(PING, length=1), "length is not 2 to 254")):
            with Client(server) as client:
                client.ping()
                client.send(bad)
                client.expect_eof()
            line = wait_for(lambda: server.log_lines(cause), "a line")[0]
            self.assertIn(" warn disconnect: ", line)
            self.assertTrue(line.endswith(" 1 requests"), line)

    def test_100_connects_are_10_lines_and_one_that_counts(self):
        """All are accounted for; 10 in 5 s, should this take that long."""
        server = self.start()
        began = time.monotonic()
        for _ in range(100):
            self.assert_serves(server)
        server.stop()
        windows = log_windows(began)
        for kind in ("connect", "disconnect"):
            shown = len(server.log_lines(" %s: 127" % kind))
            hidden = [int(line.split()[-4]) for line in
                      server.log_lines("log: %ss: " % kind)]
            self.assertLessEqual(shown, 10 * windows)
            self.assertLessEqual(len(hidden), windows)
            self.assertEqual(shown + sum(hidden), 100)

    def test_misuse_is_limited_too(self):
        server = self.start()
        began = time.monotonic()
        for _ in range(100):
            with Client(server) as client:
                client.send(b"GET / HTTP/1.0\r\n\r\n")
                client.expect_eof()
        self.assertLessEqual(len(server.log_lines("disconnect")),
                             11 * log_windows(began))

    def test_level_error_shows_no_connects(self):
        server = self.start("--log-level", "error")
        self.assert_serves(server)
        with Client(server) as client:
            client.send(adu(PING, protocol=1))
            client.expect_eof()
        server.stop()
        self.assertEqual(server.log(), "")

    def test_level_warn_shows_misuse_only(self):
        server = self.start("--log-level", "warn")
        self.assert_serves(server)
        with Client(server) as client:
            client.send(adu(PING, protocol=1))
            client.expect_eof()
        server.stop()
        self.assertEqual(len(server.log_lines()), 1)
        self.assertIn("protocol identifier", server.log())


class Trace(ServerTest):
    """--trace: one decoded line per request."""

    # transaction, unit, PDU; what the line says of it.
    EXCHANGES = [
        (1, 1, read(1, 0, 2000),
         "Read Coils read address 0 quantity 2000: ok, 252 bytes"),
        (65535, 255, read(2, 65535, 1), "Read Discrete Inputs "
         "read address 65535 quantity 1: ok, 3 bytes"),
        (0, 0, read(3, 7, 125), "Read Holding Registers "
         "read address 7 quantity 125: ok, 252 bytes"),
        (2, 1, read(4, 7, 1), "Read Input Registers "
         "read address 7 quantity 1: ok, 4 bytes"),
        (3, 1, write_single(5, 8, 0xFF00), "Write Single Coil "
         "write address 8 quantity 1: ok, 5 bytes"),
        (4, 1, write_single(6, 9, 1), "Write Single Register "
         "write address 9 quantity 1: ok, 5 bytes"),
        (5, 1, write_coils(100, [1] * 10), "Write Multiple Coils "
         "write address 100 quantity 10: ok, 5 bytes"),
        (6, 1, write_registers(100, [1] * 10), "Write Multiple Registers "
         "write address 100 quantity 10: ok, 5 bytes"),
        (7, 1, mask_write(10, 1, 2), "Mask Write Register "
         "write address 10 quantity 1: ok, 7 bytes"),
        (8, 1, read_write(1, 2, 3, [4, 5, 6, 7]),
         "Read/Write Multiple Registers read address 1 quantity 2 "
         "write address 3 quantity 4: ok, 6 bytes"),
        (9, 1, bytes([8, 0, 0, 1, 2]), "Diagnostics: ok, 5 bytes"),
        (10, 1, bytes([43, 14, 1, 0]), "Read Device Identification: ok, "),
        (14, 1, bytes([17]), "Report Server ID: ok, "),
        (11, 3, read(3, 0, 126), "Read Holding Registers PDU 03 00 00 00 7e: "
         "exception 03 illegal data value"),
        (12, 3, read(3, 65535, 2), "Read Holding Registers PDU 03 ff ff 00 "
         "02: exception 02 illegal data address"),
        (13, 3, bytes([7]),
         "function 7 PDU 07: exception 01 illegal function"),
    ]

    def test_every_request_is_one_complete_line(self):
        server = self.start("--trace", "--log-level", "error")
        client = self.connect(server)
        peer = "%s:%d" % client.socket.getsockname()
        for transaction, unit, pdu, _ in self.EXCHANGES:
            client.ask(pdu, transaction, unit)
        lines = server.log_lines("trace: ")
        self.assertEqual(len(lines), len(self.EXCHANGES))
        for line, (transaction, unit, _, said) in zip(lines, self.EXCHANGES):
            self.assertIn("trace: %s: transaction %d unit %d %s" % (
                peer, transaction, unit, said), line)

    def test_without_it_there_is_none(self):
        server = self.start("--log-level", "debug")
        self.assert_serves(server)
        self.assertEqual(server.log_lines("trace: "), [])


if __name__ == "__main__":
    main()
