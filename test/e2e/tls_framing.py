"""The frames in the records of TLS, however both are cut."""

import socket
import struct

from harness import (DEADLINE, PING, adu, in_background, main, read,
                     write_single)
from tls_plant import TLS1_2, TLS1_3, VERSIONS, MemoryClient, TlsTest

ANSWER = bytes([3, 2, 0, 0])


def requests(quantity, registers=1):
    """Requests one behind the other, and the answers to them."""
    ask = read(3, 0, registers)
    answer = bytes([3, 2 * registers]) + bytes(2 * registers)
    return (b"".join(adu(ask, i & 0xFFFF) for i in range(quantity)),
            b"".join(adu(answer, i & 0xFFFF) for i in range(quantity)))


class Cut(TlsTest):
    """What is cut makes no difference: neither frames by records, nor records
    by segments."""

    def setUp(self):
        self.server = self.start_tls()

    def test_a_frame_in_records_of_all_sizes(self):
        asked, answers = requests(20)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as client:
                for size in (1, 2, 5, 6, 7, 8, 11, 12, 13, 24, 50, 240):
                    with self.subTest(size, version=version):
                        for at in range(0, len(asked), size):
                            client.send(client.records(asked[at:at + size]))
                        self.assertEqual(client.read(len(answers)), answers)

    def test_a_record_in_segments_of_all_sizes(self):
        asked, answers = requests(3)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as client:
                for size in (1, 3, 4, 5, 6, 20, 60):
                    raw = client.records(asked)
                    for at in range(0, len(raw), size):
                        client.send(raw[at:at + size])
                    self.assertEqual(client.read(len(answers)), answers)

    def test_many_records_in_one_segment(self):
        asked, answers = requests(300)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as client:
                client.send(b"".join(
                    client.records(asked[at:at + 36])
                    for at in range(0, len(asked), 36)))
                self.assertEqual(client.read(len(answers)), answers)

    def test_the_longest_records(self):
        """16 KiB: more than is read of a plain socket at once."""
        asked, answers = requests(5000)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as client:
                client.send(client.records(asked))
                self.assertEqual(client.read(len(answers)), answers)

    def test_long_replies_are_whole(self):
        """125 registers each, more than one record of replies."""
        asked, answers = requests(1000, 125)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as client:
                client.send(client.records(asked))
                self.assertTrue(client.read(len(answers)) == answers)

    def test_requests_in_the_segment_of_finished(self):
        """In TLS 1.2 the client's Finished is the last flight only where a
        session is resumed."""
        asked, answers = requests(40)
        for version in VERSIONS:
            with MemoryClient(self.server, version=version) as first:
                first.ask(PING)
                resumed = {"context": first.context,
                           "session": first.ssl.session}
            if version == TLS1_3:
                resumed = {"version": version}
            for _ in range(20):
                with MemoryClient(self.server, shake_hands=False,
                                  **resumed) as client:
                    last = client.shake_hands()
                    self.assertEqual(client.ssl.session_reused,
                                     version == TLS1_2)
                    client.send(last + client.records(asked))
                    self.assertEqual(client.read(len(answers)), answers)

    def test_empty_records_are_nothing(self):
        """As some send in TLS 1.2 against attacks on CBC."""
        with MemoryClient(self.server, version=TLS1_2) as client:
            for _ in range(20):
                client.send(client.records(b""))
                self.assertEqual(client.ask(PING), ANSWER)

    def test_what_is_not_a_frame_ends_it_with_close_notify(self):
        for bad in (adu(PING, protocol=1), adu(PING, length=1),
                    adu(PING, length=300)):
            for version in VERSIONS:
                with MemoryClient(self.server, version=version) as client:
                    client.send(client.records(adu(PING) + bad))
                    client.raw_rest()
                    self.assertEqual(client.read(100), adu(ANSWER))


class BackPressure(TlsTest):
    """A client that does not read is not read from, and loses nothing."""

    def test_every_reply_arrives_when_it_reads_at_last(self):
        server = self.start_tls()
        asked, answers = requests(1000, 125)
        for version in VERSIONS:
            with MemoryClient(server, version=version,
                              receive_buffer=4096,
                              send_buffer=32768) as client, \
                    MemoryClient(server) as other:
                times, rest = self.send_what_is_taken(client, asked, other)
                # From here on it reads as fast as it can.
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                         1 << 20)
                with in_background(lambda rest=rest, client=client:
                                   client.send(rest)):
                    for _ in range(times):
                        self.assertTrue(client.read(len(answers)) == answers)

    def send_what_is_taken(self, client, asked, other):
        """Send requests again and again, until no more is taken though the
        server's loop turns. Never reads. Returns how many times it was, and
        what is left of the last one."""
        client.socket.setblocking(False)
        times, rest, refused = 0, b"", 0
        while refused < 3:
            if not rest:
                rest = client.records(asked)
                times += 1
                self.assertLess(times, 1000)  # 12 MB: it is read from for ever
            try:
                rest = rest[client.socket.send(rest):]
                refused = 0
            except BlockingIOError:
                refused += 1
                for _ in range(100):
                    other.ask(PING)
        client.socket.settimeout(DEADLINE)
        return times, rest

    def test_an_idle_server_with_stuck_clients_does_not_spin(self):
        server = self.start_tls()
        clients = [MemoryClient(server, receive_buffer=4096) for _ in range(3)]
        asked, _ = requests(3000, 125)
        for client in clients:
            self.addCleanup(client.close)
            client.socket.setblocking(False)
            raw = client.records(asked)
            try:
                while raw:
                    raw = raw[client.socket.send(raw):]
            except BlockingIOError:
                pass
        with MemoryClient(server) as other:
            for _ in range(100):
                other.ask(PING)
        self.assert_idle(server)


class Interleaved(TlsTest):

    def test_many_clients_at_once(self):
        server = self.start_tls()
        clients = [MemoryClient(server, version=VERSIONS[i % 2])
                   for i in range(30)]
        for client in clients:
            self.addCleanup(client.close)
        for turn in range(10):
            for i, client in enumerate(clients):
                client.send(client.records(
                    adu(write_single(6, 1000 + i, turn), turn) +
                    adu(read(3, 1000 + i, 1), turn)))
            for i, client in enumerate(clients):
                write = adu(write_single(6, 1000 + i, turn), turn)
                answer = adu(struct.pack(">BBH", 3, 2, turn), turn)
                self.assertEqual(client.read(len(write + answer)),
                                 write + answer)


if __name__ == "__main__":
    main()
