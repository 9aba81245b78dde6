"""Reserved descriptors: at the connection limit everything else that the options
enable still has its descriptors."""

import os
import shutil
import signal
import socket
import tempfile

from harness import (ShiftedClock, limit_descriptors, main, wait_for,
                     write_single)
from web import READING_FULL, WebTest

DESCRIPTORS = 128
LISTENERS = 13
HTTP_CONNECTIONS = 32
EVICT_IDLE = 60  # seconds; the server's own, not an option


class Reserve(WebTest):
    """A low descriptor limit, and everything that takes descriptors."""

    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def serve(self, *arguments, env=None):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("notify"))
        listen = [argument for i in range(1, LISTENERS)
                  for argument in ("--listen", "127.99.0.%d" % i)]
        return self.start_web(
            *listen, "--state", self.path("state"), "--state-init",
            "--state-backup", self.path("copy"), *arguments,
            env=dict(env or {}, NOTIFY_SOCKET=self.path("notify")),
            preexec_fn=limit_descriptors(DESCRIPTORS))

    def fill(self, server):
        """As many clients as are let in. The next one is refused, not left
        waiting."""
        clients = []
        while not server.log_lines("refuse:"):
            client = self.connect(server)
            try:
                client.ping()
            except (AssertionError, ConnectionError):
                break
            clients.append(client)
        wait_for(lambda: server.log_lines("refuse:"), "a refusal")
        self.assertGreater(len(clients), 0)
        return clients

    def test_the_rest_works_at_the_limit(self):
        server, web = self.serve()
        clients = self.fill(server)
        for _ in range(HTTP_CONNECTIONS - 1):
            unfinished = web.connect()
            self.addCleanup(unfinished.close)
            unfinished.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost")
        for client in clients:
            self.assertEqual(client.ask(write_single(6, 1, 2)),
                             write_single(6, 1, 2))
        server.process.send_signal(signal.SIGUSR1)
        answer = web.curl("/healthz", reading=READING_FULL)
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))
        wait_for(lambda: server.log_lines("copy: done"), "the backup")

        self.connect(server).expect_eof()
        self.assertRegex(server.log_lines("refuse:")[-1],
                         r"refuse: 127\.0\.0\.1:\d+: connection limit reached")
        self.assertEqual(server.log_lines("accept:"), [])
        clients.pop().close()
        wait_for(lambda: server.log_lines("disconnect:"), "its end")
        self.assert_serves(server)

    def test_the_least_recently_active_makes_room_at_the_limit(self):
        if not ShiftedClock.LIBRARY:
            self.skipTest("SHIFT_CLOCK names no library")
        clock = ShiftedClock()
        self.addCleanup(clock.close)
        server, _ = self.serve(env=clock.environment())
        clients = self.fill(server)
        idle = clients.pop(len(clients) // 2)
        clock.advance(EVICT_IDLE / 2 + 1)
        for client in clients:
            client.ping(2)
        clock.advance(EVICT_IDLE / 2 + 1)
        for client in clients:
            client.ping(2)
        with self.connect(server) as new_client:
            new_client.ping()
            idle.expect_eof()
            self.connect(server).expect_eof()
        self.assertEqual(len(server.log_lines(
            "longest idle at the connection limit")), 1)
        self.assertEqual(server.log_lines("accept:"), [])


if __name__ == "__main__":
    main()
