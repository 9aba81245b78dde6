"""How connections over TLS end: with every reply that is due, then close_notify,
then the end of the stream, whoever begins."""

import socket
import ssl

from harness import PING, adu, in_background, main, read, wait_for
from tls_plant import (TLS1_2, VERSIONS, MemoryClient, TlsTest,
                       split_records)

ALERT = 21


def requests(quantity, registers=1):
    """Requests one behind the other, and the answers to them."""
    ask = read(3, 0, registers)
    answer = bytes([3, 2 * registers]) + bytes(2 * registers)
    return (b"".join(adu(ask, i & 0xFFFF) for i in range(quantity)),
            b"".join(adu(answer, i & 0xFFFF) for i in range(quantity)))


class ClosingTest(TlsTest):

    def assert_ends_well(self, client, data=b""):
        """This data, then close_notify and nothing else, then EOF."""
        client.raw_rest()  # a reset raises
        self.assertTrue(client.read(len(data)) == data)
        # Without close_notify it would want to read more, and say so.
        self.assertEqual(client.ssl.read(1), b"")
        self.assert_notified(client)

    def assert_notified(self, client):
        """The last record is an alert; in TLS 1.3 its type is hidden, and its
        length says so."""
        kind, record = split_records(client.received)[-1]
        if client.ssl.version() == "TLSv1.2":
            self.assertEqual(kind, ALERT)
        else:  # level, description, type, tag
            self.assertEqual(len(record), 5 + 2 + 1 + 16)


class HalfClose(ClosingTest):
    """A client that sends no more still gets what it asked for."""

    def test_close_notify_then_the_replies(self):
        server = self.start_tls()
        for version in VERSIONS:
            for quantity in (0, 1, 300):
                with MemoryClient(server, version=version) as client:
                    handshake = len(client.received)
                    asked, answers = requests(quantity)
                    raw = client.records(asked) if asked else b""
                    client.send(raw + client.close_notify())
                    client.raw_rest()
                    self.assert_notified(client)
                    self.assert_replies(client, handshake, answers)

    def assert_replies(self, client, handshake, answers):
        """Python's ssl reads nothing after its own close_notify: count the
        bytes in the records that came after the handshake's bytes."""
        overhead = 24 if client.ssl.version() == "TLSv1.2" else 17
        records = [len(record) - 5 - overhead for kind, record
                   in split_records(client.received[handshake:]) if kind == 23]
        if client.ssl.version() == "TLSv1.3":
            records = records[1:-1]  # without the ticket and close_notify
        self.assertEqual(sum(records), len(answers))

    def test_fin_alone_then_the_replies(self):
        server = self.start_tls()
        for version in VERSIONS:
            for quantity in (0, 1, 300):
                with MemoryClient(server, version=version) as client:
                    asked, answers = requests(quantity)
                    if asked:
                        client.send(client.records(asked))
                    client.socket.shutdown(socket.SHUT_WR)
                    self.assert_ends_well(client, answers)

    def test_5000_pending_requests_then_fin_with_a_slow_reader(self):
        """The replies are stuck when the end is read."""
        server = self.start_tls()
        for version in VERSIONS:
            with MemoryClient(server, version=version,
                              receive_buffer=4096) as client:
                asked, answers = requests(5000, 125)
                raw = client.records(asked)
                with in_background(lambda raw=raw, client=client: (
                        client.send(raw),
                        client.socket.shutdown(socket.SHUT_WR))):
                    self.assert_ends_well(client, answers)

    def test_a_session_can_be_resumed_after_it(self):
        """OpenSSL forgets sessions that ended without close_notify."""
        server = self.start_tls()
        context = None
        with MemoryClient(server, version=TLS1_2) as client:
            context = client.context
            client.ask(PING)
            session = client.ssl.session
            client.socket.shutdown(socket.SHUT_WR)
            self.assert_ends_well(client)
        with MemoryClient(server, context=context, session=session) as client:
            self.assertTrue(client.ssl.session_reused)


class ByTheServer(ClosingTest):

    def test_a_stop_sends_close_notify(self):
        for version in VERSIONS:
            server = self.start_tls()
            clients = [MemoryClient(server, version=version)
                       for _ in range(5)]
            for client in clients:
                self.addCleanup(client.close)
                client.ask(PING)
            stuck = MemoryClient(server, version=version, shake_hands=False)
            self.addCleanup(stuck.close)  # still at the door
            server.process.terminate()
            for client in clients:
                self.assert_ends_well(client)
                client.close()
            server.wait_stopped()

    def test_replies_come_before_it(self):
        server = self.start_tls("--idle-timeout", "5")
        with MemoryClient(server) as client:
            asked, answers = requests(100)
            client.send(client.records(asked))
            self.assertEqual(client.read(len(answers)), answers)
            if self.clock is None:
                self.skipTest("needs a clock that can be set")
            self.advance_until_closed(client)
            self.assert_ends_well(client)
        wait_for(lambda: server.log_lines("HMI 3,O=Plant: idle for too long"),
                 "a line")

    def advance_until_closed(self, client):
        """Let time pass in steps, until the server has ended it."""
        def ended():
            self.clock.wait(2)
            client.socket.settimeout(0.05)
            try:
                return not client.receive()
            except TimeoutError:
                return False
            finally:
                client.socket.settimeout(60)
        wait_for(ended, "the end of an idle connection")

    def test_who_is_evicted_is_told(self):
        server = self.start_tls("--max-connections", "1")
        with MemoryClient(server) as client:
            client.ask(PING)
            if self.clock is None:
                self.skipTest("needs a clock that can be set")

            def evicts():
                self.clock.wait(30)
                try:
                    with MemoryClient(server) as other:
                        other.ask(PING)
                    return True
                except (OSError, AssertionError):
                    return False
            wait_for(evicts, "room")
            self.assert_ends_well(client)


class Forged(ClosingTest):
    """Records that are not the client's."""

    def test_the_client_is_told_and_nothing_is_executed(self):
        server = self.start_tls()
        for version in VERSIONS:
            for more in (0, 40):
                with MemoryClient(server, version=version) as client:
                    client.ask(PING)
                    raw = bytearray(client.records(
                        adu(bytes([6, 3, 232, 0, 7]))))
                    raw[-1] ^= 1
                    client.send(bytes(raw) + bytes(more))
                    client.raw_rest()  # a reset raises
                    with self.assertRaisesRegex(ssl.SSLError,
                                                "BAD_RECORD_MAC"):
                        client.ssl.read(1)
        wait_for(lambda: len(server.log_lines(
            "HMI 3,O=Plant: a record of TLS is forged, damaged or not "
            "allowed, ")) == 4, "four lines")
        with MemoryClient(server) as client:
            self.assertEqual(client.ask(read(3, 1000, 1)),
                             bytes([3, 2, 0, 0]))

    def test_plain_modbus_behind_the_handshake(self):
        server = self.start_tls()
        for version in VERSIONS:
            with MemoryClient(server, version=version) as client:
                client.send(adu(PING) * 3)
                client.raw_rest()
                with self.assertRaises(ssl.SSLError):
                    client.ssl.read(1)


class Reset(ClosingTest):

    def test_a_reset_is_logged_as_one(self):
        server = self.start_tls()
        with MemoryClient(server) as client:
            client.ask(PING)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: server.log_lines(
            "connection broken: Connection reset by peer"), "a line")


if __name__ == "__main__":
    main()
