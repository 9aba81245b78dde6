"""Clients whose handshakes are not done: those that do not hurry, those that
never speak, those that speak something else, and many at once. Nobody else may
notice."""

import contextlib
import os
import socket
import ssl
import threading

from harness import DEADLINE, PING, Client, adu, main, wait_for
from tls_plant import VERSIONS, MemoryClient, TlsTest, client_context

GUESTS = 512  # then the others wait outside
ANSWER = bytes([3, 2, 0, 0])


def first_flight():
    """A ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context().wrap_bio(incoming, outgoing,
                                       server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class QueueTest(TlsTest):

    def dial(self, server):
        s = socket.create_connection(("127.0.0.1", server.tls_port), DEADLINE)
        self.addCleanup(s.close)
        return s

    def advance_until(self, condition, what):
        """Let time pass in steps until there is what is waited for."""
        if self.clock is None:
            self.skipTest("needs a clock that can be set")

        def passed():
            self.clock.wait(1)
            return condition()
        wait_for(passed, what)


class Slow(QueueTest):

    def test_who_is_not_done_in_10_s_is_dropped(self):
        """Each byte in its own second buys no time."""
        server = self.start_both()
        plain = self.plain(server)
        slow, silent = self.dial(server), self.dial(server)
        hello = first_flight()
        slow.sendall(hello[:1])
        with MemoryClient(server) as client:
            client.ask(PING)
        sent = [1]

        def drips():
            with contextlib.suppress(OSError):
                slow.sendall(hello[sent[0]:sent[0] + 1])
            sent[0] += 1
            plain.ping()  # no second passes that the server does not see
            return len(server.log_lines("no handshake: not done in time")) == 2
        self.advance_until(drips, "the end of both")
        self.assertGreaterEqual(sent[0], 10)
        self.assertLess(sent[0], len(hello))
        for s in (slow, silent):
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(s.recv(100), b"")

    def test_each_byte_alone_is_fine(self):
        server = self.start_both()
        for version in VERSIONS:
            with MemoryClient(server, version=version,
                              shake_hands=False) as client:
                send = client.socket.sendall
                client.send = lambda data, send=send: [
                    send(data[i:i + 1]) for i in range(len(data))]
                client.send(client.shake_hands())
                self.assertEqual(client.ask(PING), ANSWER)


class Silent(QueueTest):

    def test_those_that_never_speak_keep_out_nobody_for_long(self):
        server = self.start_both()
        plain = self.plain(server)
        plain.ping()
        before = len(server.descriptors())
        for _ in range(GUESTS + 40):
            self.dial(server)
        wait_for(lambda: len(server.descriptors()) == before + GUESTS,
                 "a full door")
        plain.ping(10)
        served = []

        def newcomer():
            with MemoryClient(server) as client:
                served.append(client.ask(PING))
        thread = threading.Thread(target=newcomer, daemon=True)
        thread.start()
        if self.clock is None:
            self.skipTest("needs a clock that can be set")
        self.assertEqual(served, [])
        self.clock.wait(3.5)
        wait_for(lambda: served, "a newcomer's answer")
        thread.join(DEADLINE)
        self.assertEqual(served, [ANSWER])
        self.assertTrue(server.log_lines("too slow while others wait"))
        plain.ping(10)
        self.assert_idle(server)

    def test_all_limits_count_them(self):
        server = self.start_both("--max-connections", "5")
        self.fill(server, 4)
        other = self.dial(server)
        self.assertEqual(other.recv(1), b"")
        server.port = server.plain_port
        with Client(server) as client:
            client.expect_eof()

    def fill(self, server, guests):
        """A plain client, and so many that never speak, until all are in: of
        two that dial, the second one may come in first. Returns the latter."""
        self.plain(server).ping()
        before = len(server.descriptors())
        silent = [self.dial(server) for _ in range(guests)]
        wait_for(lambda: len(server.descriptors()) == before + guests,
                 "%d of them" % guests)
        return silent

    def test_per_client_likewise(self):
        server = self.start_both("--max-per-client", "3")
        guests = self.fill(server, 2)
        other = self.dial(server)
        self.assertEqual(other.recv(1), b"")
        for guest in guests:
            guest.close()

        def served():
            with contextlib.suppress(OSError, AssertionError):
                with MemoryClient(server) as client:
                    return client.ask(PING) == ANSWER
            return False
        wait_for(served, "room")

    def test_a_stop_does_not_wait_for_them(self):
        server = self.start_both()
        guests = [self.dial(server) for _ in range(20)]
        guests[0].sendall(first_flight()[:50])
        with MemoryClient(server) as client:
            client.ask(PING)
        server.stop()  # the clock stands still: no deadline ends it


class Junk(QueueTest):

    def test_anything_ends_with_eof_and_the_server_goes_on(self):
        server = self.start_both()
        hello = first_flight()
        junk = [b"GET / HTTP/1.1\r\n\r\n", adu(PING), b"\n" * 100,
                os.urandom(1000), bytes(5000), b"\x16\x03\x01\xff\xff",
                b"\x16\x03\x01\x40\x00" + os.urandom(16384),
                b"\x15\x03\x01\0\2\2\x28", b"\x15\x03\x01\0\2\1\0" * 20,
                b"\x17\x03\x03\0\5abcde", b"\x14\x03\x03\0\1\1",
                hello + os.urandom(300), hello * 3,
                hello[:60] + os.urandom(len(hello) - 60)]
        junk += [hello[:i] for i in range(0, len(hello), 37)]
        self.plain(server).ping()  # it has started for good
        before = server.descriptors()
        for data in junk:
            s = self.dial(server)
            with contextlib.suppress(OSError):
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while s.recv(4096):
                    pass
            s.close()
        wait_for(lambda: server.descriptors() == before, "all to be closed")
        self.assertEqual(len(server.log_lines("connect: ")), 1)  # plain
        with MemoryClient(server) as client:
            self.assertEqual(client.ask(PING), ANSWER)


class Storm(QueueTest):

    def test_many_at_once_are_all_served_beside_a_plain_client(self):
        """Good ones, silent ones, junk and resets: an answer to each good
        one, and one to each request of the plain client."""
        server = self.start_both()
        plain = self.plain(server)
        context = client_context()
        failed, done = [], []

        def good():
            try:
                with MemoryClient(server, context=context) as client:
                    done.append(client.ask(PING) == ANSWER)
            except BaseException as error:  # pylint: disable=broad-except
                failed.append(error)

        def bad(i):
            s = self.dial(server)
            with contextlib.suppress(OSError):
                if i % 3:
                    s.sendall(os.urandom(50))
                if i % 2:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 b"\1\0\0\0\0\0\0\0")
                    s.close()

        plain.ping()
        before = server.descriptors()
        threads = [threading.Thread(target=good, daemon=True)
                   for _ in range(150)]
        for i, thread in enumerate(threads):
            thread.start()
            bad(i)
            plain.ping()
        while any(thread.is_alive() for thread in threads):
            plain.ping()
        self.assertEqual(failed, [])
        self.assertEqual(done, [True] * len(threads))
        plain.ping(10)
        self.advance_until(lambda: server.descriptors() == before,
                           "all to be closed")


if __name__ == "__main__":
    main()
