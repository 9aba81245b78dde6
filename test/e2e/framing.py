"""Frames in a stream: split anywhere, many at once, or bytes that are no frame."""

import os
import random
import time

from harness import (EVERY_FUNCTION, ILLEGAL_FUNCTION, ILLEGAL_VALUE, PING,
                     Client, ServerTest, adu, exception, main, mask_write,
                     read, read_write, write_coils, write_registers,
                     write_single)
from still_clock import StillTest


def rtu(pdu, unit=1):
    """A frame of Modbus RTU."""
    frame = bytes([unit]) + pdu
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return frame + crc.to_bytes(2, "little")


class Segments(StillTest):
    """One request, however it is cut."""

    def test_every_request_may_be_cut_at_every_byte(self):
        """Two segments; a round trip of another client between them shows
        that the server has seen the first one by itself."""
        server = self.start()
        client, other = self.connect(server), self.connect(server)
        for transaction, (name, pdu, response) in enumerate(EVERY_FUNCTION):
            request = adu(pdu, transaction, 17)
            for cut in range(1, len(request)):
                with self.subTest(name, cut=cut):
                    client.send(request[:cut])
                    other.ping()
                    client.send(request[cut:])
                    self.assertEqual(client.frame(),
                                     (transaction, 17, response))

    def test_every_request_may_come_byte_by_byte(self):
        server = self.start()
        client, other = self.connect(server), self.connect(server)
        for name, pdu, response in EVERY_FUNCTION:
            with self.subTest(name):
                for byte in adu(pdu, 7):
                    client.send(bytes([byte]))
                    other.ping()
                self.assertEqual(client.frame(), (7, 1, response))

    def test_a_segment_may_hold_whole_requests_and_part_of_another(self):
        server = self.start()
        client, other = self.connect(server), self.connect(server)
        stream = b"".join(adu(pdu, i) for i, (_, pdu, _) in
                          enumerate(EVERY_FUNCTION))
        for cut in range(1, len(stream), 7):
            client.send(stream[:cut])
            other.ping()
            client.send(stream[cut:])
            for i, (_, _, response) in enumerate(EVERY_FUNCTION):
                self.assertEqual(client.frame(), (i, 1, response))

    def test_1000_requests_in_one_segment_are_answered_in_order(self):
        """Transaction and unit identifiers are echoed, repeated ones too."""
        server = self.start()
        client = self.connect(server)
        expected = []
        requests = b""
        for i in range(1000):
            _, pdu, response = EVERY_FUNCTION[i % len(EVERY_FUNCTION)]
            transaction, unit = i * 7919 % 500, i % 256
            requests += adu(pdu, transaction, unit)
            expected.append((transaction, unit, response))
        client.send(requests)
        self.assertEqual([client.frame() for _ in expected], expected)

    def test_two_requests_in_one_segment_are_both_answered(self):
        server = self.start()
        client = self.connect(server)
        client.send(adu(PING, 1) + adu(PING, 2))
        self.assertEqual(client.frame()[0], 1)
        self.assertEqual(client.frame()[0], 2)


class Neighbours(StillTest):
    """Several clients at once do not get into each other's way."""

    def test_50_clients_may_interleave_their_bytes(self):
        """Every client's frame is partial while all others send theirs."""
        server = self.start()
        clients = [self.connect(server) for _ in range(50)]
        requests = [adu(write_registers(1000 + i, [i, i + 1]), i, i)
                    for i in range(len(clients))]
        for at in range(len(requests[0])):
            for client, request in zip(clients, requests):
                client.send(request[at:at + 1])
        for i, client in enumerate(clients):
            self.assertEqual(client.frame(), (
                i, i, write_registers(1000 + i, [0, 0])[:5]))

    def test_clients_with_partial_frames_keep_them_apart(self):
        """Frames of different kinds, each cut elsewhere, completed in the
        reverse order."""
        server = self.start()
        pending = []
        for i, (name, pdu, response) in enumerate(EVERY_FUNCTION * 3):
            client = self.connect(server)
            request = adu(pdu, i)
            cut = 1 + i * 5 % (len(request) - 1)
            client.send(request[:cut])
            pending.append((client, name, i, request[cut:], response))
        self.assert_serves(server)
        for client, name, i, rest, response in reversed(pending):
            with self.subTest(name, client=i):
                client.send(rest)
                self.assertEqual(client.frame(), (i, 1, response))

    def test_a_client_that_dribbles_does_not_hold_up_another(self):
        """Between any two bytes of one client's frame another one gets its
        answers, about as quickly as it does alone; and the slow frame is
        served too. A server that waits a while for the rest of a frame does
        so each time; what else this machine does is not always as slow."""
        server = self.start()
        slow, quick = self.connect(server), self.connect(server)

        def time_of_20():
            began = time.monotonic()
            quick.ping(20)
            return time.monotonic() - began

        frame = adu(PING, 99)
        alone = [time_of_20() for _ in frame]
        beside = []
        for byte in frame:
            slow.send(bytes([byte]))
            beside.append(time_of_20())
        self.assertLess(min(beside), 20 * max(alone))
        self.assertEqual(slow.frame(), (99, 1, bytes([3, 2, 0, 0])))


class BadFrames(StillTest):
    """What cannot be a frame ends the connection, and nothing else."""

    def assert_ends_connection(self, server, bad, owed=3):
        """Replies owed arrive, then EOF; another client does not notice."""
        client, other = self.connect(server), self.connect(server)
        client.send(b"".join(adu(PING, i) for i in range(owed)) + bad)
        for i in range(owed):
            self.assertEqual(client.frame()[0], i)
        client.expect_eof()
        other.ping()

    def test_protocol_identifier_other_than_0(self):
        server = self.start()
        for protocol in (1, 0x0100, 0x00FF, 0xFFFF):
            for owed in (0, 3):
                with self.subTest(protocol=protocol, owed=owed):
                    self.assert_ends_connection(
                        server, adu(PING, protocol=protocol), owed)

    def test_protocol_identifier_is_judged_without_the_rest(self):
        server = self.start()
        self.assert_ends_connection(server, b"\0\1\1")
        self.assert_ends_connection(server, b"\0\1\0\1")

    def test_length_outside_2_to_254(self):
        server = self.start()
        for length in (0, 1, 255, 256, 65535):
            for owed in (0, 3):
                with self.subTest(length=length, owed=owed):
                    self.assert_ends_connection(
                        server, adu(PING, length=length), owed)

    def test_lengths_2_and_254_are_frames(self):
        server = self.start()
        client = self.connect(server)
        self.assertEqual(client.ask(bytes([7])),
                         exception(7, ILLEGAL_FUNCTION))
        echo = bytes([8, 0, 0]) + os.urandom(250)
        self.assertEqual(client.ask(echo), echo)

    def test_a_bad_frame_is_not_executed(self):
        server = self.start()
        self.assert_ends_connection(
            server, adu(write_single(6, 9, 9), protocol=1))
        self.assertEqual(self.connect(server).ask(read(3, 9, 1)),
                         bytes([3, 2, 0, 0]))

    def test_other_protocols(self):
        server = self.start()
        tls_hello = bytes.fromhex("160301 00c8 010000c4 0303") + b"\x5a" * 200
        for name, garbage in [
                ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                ("TLS", tls_hello),
                ("SSH", b"SSH-2.0-OpenSSH_9.2p1\r\n"),
                ("Modbus RTU", bytes.fromhex("010300000001840a")),
                ("0xFF", b"\xff" * 300)]:
            with self.subTest(name):
                self.assert_ends_connection(server, garbage)

    def test_random_bytes(self):
        """Whatever they are, the next client is served."""
        seed = int.from_bytes(os.urandom(4), "big")
        print("seed", seed)
        rng = random.Random(seed)
        server = self.start()
        for _ in range(200):
            with Client(server) as client:
                client.send(rng.randbytes(rng.randint(1, 600)))
                client.half_close()
                client.rest()
        self.assert_serves(server)


class RtuFrames(StillTest):
    """RTU frames over TCP are named in the log. What is answered stays."""

    READ_107 = rtu(read(3, 107, 3))  # protocol identifier 107
    READ_10 = rtu(read(3, 0, 10))    # length 10: is complete with the next one
    READ_2 = rtu(read(3, 0, 2))      # a whole frame, by accident

    def ends(self, *parts):
        """A client that sends these, and no more. Returns what it gets."""
        client = self.connect(self.server)
        for part in parts:
            client.send(part)
            self.other.ping()
        client.half_close()
        return client.rest()

    def setUp(self):
        self.server = self.start()
        self.other = self.connect(self.server)

    def assert_reported(self, times=1):
        """The line is written before the connection ends."""
        lines = self.server.log_lines("rtu: ")
        self.assertEqual(len(lines), times, lines)
        for line in lines:
            self.assertRegex(line, r" warn rtu: 127\.0\.0\.1:\d+: sends Modbus "
                             r"RTU frames over TCP; this port speaks "
                             r"Modbus/TCP \(MBAP header, no CRC\): "
                             r"--listen rtu:PORT serves them$")

    def test_a_client_that_connects_again_after_each(self):
        for _ in range(5):
            self.assertEqual(self.ends(self.READ_107), b"")
        self.assert_reported()

    def test_one_frame_may_be_chance(self):
        self.assertEqual(self.ends(self.READ_107), b"")
        self.assert_reported(times=0)

    def test_frames_that_wait_to_be_complete(self):
        """Of two transactions that never begin."""
        long = rtu(read(3, 0, 100))
        self.assertEqual(self.ends(long, long, long), b"")
        self.assert_reported()

    def test_frames_that_become_one(self):
        """Their CRC is a unit identifier and a function code."""
        got = self.ends(self.READ_10, self.READ_10)
        self.assertEqual(got, bytes.fromhex("01 03 0000 0003 C5 CD 01"))
        self.assert_reported()

    def test_a_frame_that_is_one(self):
        got = self.ends(self.READ_2, self.READ_2, self.READ_2)
        self.assertEqual(got, bytes.fromhex("01 03 0000 0003 C4 8B 01") * 3)
        self.assert_reported()

    def test_an_invalid_length(self):
        for value in (1, 0xFF00):
            self.assertEqual(self.ends(rtu(write_single(5, 0, value))), b"")
        self.assert_reported()

    def test_frames_behind_a_shutdown_word_that_may_come(self):
        self.server = self.start("-q", "w" * 100)
        self.other = self.connect(self.server)
        frame = rtu(read(3, 0x6B00, 3))  # no third byte that is 0
        self.assertEqual(self.ends(frame, frame), b"")
        self.assert_reported()

    def test_modbus_tcp_is_not_reported(self):
        for name, pdu, response in EVERY_FUNCTION:
            with self.subTest(name):
                self.assertEqual(self.ends(adu(pdu, 0x0103)),
                                 adu(response, 0x0103))
        self.ends(adu(read(3, 0, 0), 0x0103), adu(b"\x42", 0x0103))
        self.assert_reported(times=0)


class Pdus(ServerTest):
    """A valid frame is answered whatever its PDU, and the connection stays."""

    def setUp(self):
        self.client = self.connect(self.start())

    def assert_refused(self, pdu, code):
        self.assertEqual(self.client.ask(pdu), exception(pdu[0], code))

    def test_one_byte_requests_of_other_servers(self):
        """Read Exception Status and its like are refused at once."""
        for function in (7, 11, 12):
            self.assert_refused(bytes([function]), ILLEGAL_FUNCTION)

    def test_every_unknown_function_is_refused(self):
        known = {pdu[0] for _, pdu, _ in EVERY_FUNCTION}
        for function in set(range(256)) - known:
            for data in (b"", b"\0\0\0\1", bytes(252)):
                self.assert_refused(bytes([function]) + data,
                                    ILLEGAL_FUNCTION)

    def test_a_function_code_with_its_top_bit_set_is_echoed_so(self):
        """0x83 plus 0x80 would be 3, as in a normal response."""
        self.assertEqual(self.client.ask(b"\x83" + PING[1:]),
                         b"\x83\x01")

    def test_126_registers_are_refused(self):
        for function in (3, 4):
            self.assert_refused(read(function, 0, 126), ILLEGAL_VALUE)
            self.assertEqual(self.client.ask(read(function, 0, 125)),
                             bytes([function, 250]) + bytes(250))

    def test_quantities_and_values_out_of_range_are_refused(self):
        for pdu in (read(1, 0, 0), read(1, 0, 2001), read(2, 0, 65535),
                    read(3, 0, 0), read(4, 0, 65535),
                    write_single(5, 0, 1), write_single(5, 0, 0xFF01),
                    b"\x0f\0\0\0\0\0", write_coils(0, [1] * 1969),
                    b"\x10\0\0\0\0\0", write_registers(0, [1] * 124)[:253],
                    read_write(0, 126, 0, [1]), read_write(0, 0, 0, [1]),
                    read_write(0, 1, 0, [1] * 122)[:253]):
            with self.subTest(pdu=pdu[:8].hex(" ")):
                self.assert_refused(pdu, ILLEGAL_VALUE)

    def test_the_largest_quantities_are_served(self):
        for pdu, length in ((read(1, 63536, 2000), 252),
                            (write_coils(63568, [0] * 1968), 5),
                            (write_registers(65413, [0] * 123), 5),
                            (read_write(65411, 125, 65415, [0] * 121), 252)):
            response = self.client.ask(pdu)
            self.assertEqual((response[0], len(response)), (pdu[0], length))

    def test_a_pdu_shorter_than_its_function_says_is_refused(self):
        for name, pdu, _ in EVERY_FUNCTION:
            if pdu[0] in (8, 43):
                continue
            for length in range(1, len(pdu)):
                with self.subTest(name, length=length):
                    self.assert_refused(pdu[:length], ILLEGAL_VALUE)
        self.assert_refused(bytes([8, 0]), ILLEGAL_VALUE)
        self.assert_refused(bytes([43, 14, 1]), ILLEGAL_VALUE)

    def test_a_pdu_longer_than_its_function_says_is_refused(self):
        for name, pdu, _ in EVERY_FUNCTION:
            if pdu[0] == 8:  # echoes whatever there is
                continue
            for extra in (b"\0", bytes(100)):
                with self.subTest(name, extra=len(extra)):
                    self.assert_refused(pdu + extra, ILLEGAL_VALUE)

    def test_what_is_refused_changes_nothing(self):
        for pdu in (write_single(6, 9, 0xFFFF) + b"\0",
                    write_registers(9, [0xFFFF])[:-1],
                    write_registers(9, [0xFFFF]) + b"\0",
                    mask_write(9, 0, 0xFFFF) + b"\0",
                    read_write(65535, 2, 9, [0xFFFF])):
            self.assertEqual(self.client.ask(pdu)[0], pdu[0] | 0x80)
        self.assertEqual(self.client.ask(read(3, 9, 1)), bytes([3, 2, 0, 0]))

    def test_any_unit_identifier_is_answered(self):
        for unit in (0, 1, 2, 247, 248, 255):
            self.client.ask(PING, unit=unit)
        self.client.ask(write_single(6, 1, 1), unit=0)

    def test_any_transaction_identifier_is_echoed(self):
        for transaction in (0, 0, 1, 0x00FF, 0xFF00, 0xFFFF):
            self.client.ask(PING, transaction=transaction)


if __name__ == "__main__":
    main()
