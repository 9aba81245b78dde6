"""Notifications to a service manager: $NOTIFY_SOCKET and $WATCHDOG_USEC."""

import contextlib
import os
import select
import signal
import socket
import tempfile
import time

from harness import (DEADLINE, PING, Client, ServerTest, adu, in_background,
                     main, read, run_server, wait_for)

FAST = "200000"  # a watchdog's time that is short, in microseconds


class Manager:
    """The socket of a service manager, at a path or, abstract, at @name."""

    def __init__(self, address):
        self.address = address
        self.env = {"NOTIFY_SOCKET": address}
        self.listen()

    def listen(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0"))

    def close(self):
        """As one that is gone."""
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.address)

    def receive(self):
        """The next datagram."""
        self.socket.settimeout(DEADLINE)
        return self.socket.recv(4096).decode()

    def next(self):
        """The next datagram, as a dictionary."""
        return dict(line.split("=", 1) for line in self.receive().split("\n"))

    def next_with(self, key, value=None):
        """The next datagram that has this key, and value."""
        while True:
            datagram = self.next()
            if key in datagram and value in (None, datagram[key]):
                return datagram

    def up_to_status(self, status):
        """All datagrams up to the one that has it."""
        datagrams = [self.next()]
        while datagrams[-1].get("STATUS") != status:
            datagrams.append(self.next())
        return datagrams

    def waiting(self):
        """The datagrams that are there."""
        datagrams = []
        while select.select([self.socket], [], [], 0)[0]:
            datagrams.append(self.next())
        return datagrams


class NotifyTest(ServerTest):
    """Has a manager at a path."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.manager = Manager(os.path.join(folder.name, "notify"))
        self.addCleanup(self.manager.close)

    def start_told(self, *arguments, **env):
        """A server whose manager has been told that it is ready."""
        server = self.start(*arguments, env=dict(self.manager.env, **env))
        self.manager.next_with("READY", "1")
        return server


class Ready(NotifyTest):
    """READY=1: once clients are accepted."""

    def assert_ready_means_ready(self, manager):
        """Standard output goes to the manager too, so that all comes in the
        order in which it was written."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stdout:
            stdout.connect(manager.address.replace("@", "\0"))
            server = self.start(env=manager.env, stdout=stdout)
        for line in ("MBAsyncServer version ", "Starting server on port ",
                     "Server running...\n"):
            self.assertTrue(manager.receive().startswith(line), line)
        self.assertEqual(manager.receive(),
                         "READY=1\nSTATUS=0 connections, 0 requests")
        self.assert_serves(server)

    def test_at_a_path(self):
        self.assert_ready_means_ready(self.manager)

    def test_at_an_abstract_name(self):
        manager = Manager("@mbasyncserver-test.%d" % os.getpid())
        self.addCleanup(manager.close)
        self.assert_ready_means_ready(manager)

    def test_a_server_that_does_not_start_is_never_ready(self):
        os.environ.update(self.manager.env)
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
        self.assertEqual(run_server("-p", "0", "--listen",
                                    "192.0.2.1").returncode, 71)
        self.assertEqual(self.manager.waiting(), [])

    def test_without_a_manager_it_serves_all_the_same(self):
        server = self.start(env={"WATCHDOG_USEC": FAST})
        self.assert_serves(server)
        self.assertEqual(server.log_lines("notify"), [])


class Status(NotifyTest):
    """STATUS=: what the server does."""

    def test_it_counts_connections_and_requests(self):
        server = self.start_told()
        clients = [self.connect(server) for _ in range(3)]
        for client in clients:
            client.ping(5)
        self.manager.next_with("STATUS", "3 connections, 15 requests")
        clients[0].close()
        self.manager.next_with("STATUS", "2 connections, 15 requests")

    def test_it_is_not_notified_of_each_request(self):
        """A status can come every two seconds; a thousand requests make no
        more of them."""
        began = time.monotonic()
        self.connect(self.start_told()).ping(1000)
        told = self.manager.up_to_status("1 connections, 1000 requests")
        self.assertLessEqual(len(told), 1 + (time.monotonic() - began) / 2)


class Watchdog(NotifyTest):
    """WATCHDOG=1: the event loop turns."""

    def assert_fed(self, times=10):
        for _ in range(times):
            self.manager.next_with("WATCHDOG", "1")

    def assert_not_fed(self, server):
        """A status that changes shows that time has passed."""
        self.assert_serves(server)
        for datagram in self.manager.up_to_status(
                "0 connections, 1 requests"):
            self.assertNotIn("WATCHDOG", datagram)

    def test_it_is_fed_again_and_again(self):
        self.start_told(WATCHDOG_USEC=FAST)
        self.assert_fed(20)

    def test_it_is_fed_whatever_clients_do(self):
        """One pipelines without end, others never read."""
        server = self.start_told(WATCHDOG_USEC=FAST)
        busy, other = self.connect(server), self.connect(server)
        for _ in range(3):
            deaf = self.connect(server, receive_buffer=4096)
            deaf.send_what_is_taken(adu(read(3, 0, 125)) * 20000, other)
        done = []

        def pipeline():
            while not done:
                busy.send(adu(PING) * 100)
                for _ in range(100):
                    busy.frame()

        with in_background(pipeline):
            try:
                self.assert_fed()
            finally:
                done.append(True)

    def test_it_is_not_fed_while_the_server_hangs(self):
        """Five times half the watchdog's time are what is measured against."""
        server = self.start_told(WATCHDOG_USEC=FAST)
        server.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED | os.WNOWAIT)
        self.manager.waiting()
        time.sleep(5 * int(FAST) / 2 / 1e6)
        self.assertEqual(self.manager.waiting(), [])
        server.process.send_signal(signal.SIGCONT)
        self.assert_fed()

    def test_that_of_another_process_is_not_fed(self):
        server = self.start_told(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.assert_not_fed(server)
        self.assertEqual(server.log_lines("notify"), [])

    def test_an_invalid_time_is_one_line_and_no_more(self):
        for name, bad in (("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "1s"),
                          ("WATCHDOG_USEC", ""), ("WATCHDOG_PID", "x\n")):
            env = dict({"WATCHDOG_USEC": "1000"}, **{name: bad})
            server = self.start_told(**env)
            self.assert_not_fed(server)
            lines = server.log_lines("notify")
            self.assertEqual(len(lines), 1)
            self.assertIn('warn notify: %s: "%s": ignored: expected '
                          % (name, bad.replace("\n", "?")), lines[0])
            server.stop()
            self.manager.waiting()

    def test_the_shortest_does_not_spin(self):
        server = self.start_told(WATCHDOG_USEC="1")
        with in_background(lambda: self.assert_fed(500)):
            self.assert_idle(server)


class Stopping(NotifyTest):
    """STOPPING=1: as soon as a stop begins, while clients are still there."""

    def assert_tells(self, server, stop):
        with Client(server) as client:
            client.ping()
            stop()
            self.assertEqual(
                self.manager.next_with("STOPPING"),
                {"STOPPING": "1", "STATUS": "1 connections, 1 requests"})
        server.wait_stopped()
        self.assertEqual([d for d in self.manager.waiting()
                          if "STOPPING" in d], [])

    def test_by_each_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start_told()
            self.assert_tells(
                server, lambda s=server, n=number: s.process.send_signal(n))

    def test_by_a_signal_that_comes_twice(self):
        server = self.start_told()

        def stop():
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGINT)

        self.assert_tells(server, stop)

    def test_by_the_shutdown_word(self):
        server = self.start_told("-q", "enough")
        with Client(server) as client:
            client.ping()
            client.send(b"enough")
            self.assertEqual(
                self.manager.next_with("STOPPING"),
                {"STOPPING": "1", "STATUS": "1 connections, 1 requests"})
        server.wait_stopped()


class Reloading(NotifyTest):
    """RELOADING=1, then READY=1, as systemctl reload waits for them."""

    def start_service(self):
        """A server without a terminal."""
        server = self.start(env=self.manager.env, preexec_fn=os.setsid)
        self.manager.next_with("READY", "1")
        return server

    def test_each_reload_begins_and_ends(self):
        server = self.start_service()
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for _ in range(2):
            server.process.send_signal(signal.SIGHUP)
            began = self.manager.next_with("RELOADING")
            self.assertEqual(began["RELOADING"], "1")
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            moment = int(began["MONOTONIC_USEC"])
            self.assertLessEqual(before // 1000, moment)
            self.assertLessEqual(moment, after // 1000)
            before = moment * 1000
            self.assertEqual(self.manager.next()["READY"], "1")
        self.assert_serves(server)

    def test_none_begins_once_it_stops(self):
        server = self.start_service()
        with Client(server) as client:
            client.ping()
            server.process.send_signal(signal.SIGTERM)
            self.manager.next_with("STOPPING")
            server.process.send_signal(signal.SIGHUP)
            server.wait_stopped()
        self.assertEqual([d for d in self.manager.waiting()
                          if "RELOADING" in d or "READY" in d], [])


class BadManager(NotifyTest):
    """A manager that does not listen is no reason to stop."""

    def test_one_that_ends_and_starts_again(self):
        server = self.start_told(WATCHDOG_USEC=FAST)
        self.manager.close()
        wait_for(lambda: server.log_lines("notify: "), "a line")
        client = self.connect(server)
        client.ping(100)
        self.manager.listen()
        self.manager.next_with("STATUS", "1 connections, 100 requests")
        self.manager.next_with("WATCHDOG")
        lines = server.log_lines("notify: ")
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], "warn notify: "
                         "cannot notify the service manager: "
                         "(Connection refused|No such file)")
        self.assertRegex(lines[1], "info notify: .* again$")

    def test_one_that_is_not_there_at_the_start(self):
        self.manager.close()
        server = self.start(env=self.manager.env)
        self.assert_serves(server)
        self.manager.listen()
        self.assertEqual(self.manager.next()["READY"], "1")

    def test_one_that_never_reads(self):
        server = self.start_told(WATCHDOG_USEC="2000")
        client = self.connect(server)
        wait_for(lambda: client.ping() or server.log_lines(
            "cannot notify the service manager: Resource temporarily "
            "unavailable"), "a line")
        client.ping(100)
        self.assertEqual(len(server.log_lines("notify")), 1)
        server.stop()

    def test_an_invalid_name_is_one_line(self):
        for bad in ("", "notify", "/" + "x" * 200, "vsock:2:1234"):
            server = self.start(env={"NOTIFY_SOCKET": bad})
            self.assert_serves(server)
            self.assertEqual(len(server.log_lines(
                'warn notify: NOTIFY_SOCKET: "%s": ignored: expected '
                % bad[:100])), 1)
            server.stop()


if __name__ == "__main__":
    main()
