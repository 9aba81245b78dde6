"""The unified data table over the wire, separate and overlaid."""

import contextlib
import itertools
import os
import random
import threading

from harness import (ILLEGAL_ADDRESS, ServerTest, adu, exception,
                     in_background, main, mask_write, read, read_write,
                     unpack_bits, unpack_words, write_coils,
                     write_registers, write_single)


class Table(ServerTest):
    """A client that speaks of items instead of bytes."""

    mode = None

    def setUp(self):
        self.server = self.start("-d", self.mode)
        self.client = self.connect(self.server)

    def bits(self, address, quantity, function=1):
        response = self.client.ask(read(function, address, quantity))
        self.assertEqual(response[:2],
                         bytes([function, (quantity + 7) // 8]))
        return unpack_bits(response[2:], quantity)

    def words(self, address, quantity, function=3):
        response = self.client.ask(read(function, address, quantity))
        self.assertEqual(response[:2], bytes([function, 2 * quantity]))
        return unpack_words(response[2:])

    def write(self, pdu):
        response = self.client.ask(pdu)
        self.assertEqual(response[0], pdu[0])

    @contextlib.contextmanager
    def writing(self, one, other):
        """Beside the block another client sends both writes in turn, an odd
        number at once: each batch leaves the table as the last did not."""
        writer = self.connect(self.server)
        done = threading.Event()

        def keep_writing():
            batch = itertools.cycle([adu(one), adu(other)])
            while not done.is_set():
                writer.send(b"".join(itertools.islice(batch, 15)))
                for _ in range(15):
                    writer.frame()

        with in_background(keep_writing):
            try:
                yield
            finally:
                done.set()

    def assert_refused(self, pdu):
        self.assertEqual(self.client.ask(pdu),
                         exception(pdu[0], ILLEGAL_ADDRESS))


class Common:
    """What holds in both modes."""

    def test_everything_is_0_at_the_start(self):
        for address in range(0, 65536, 125):
            quantity = min(125, 65536 - address)
            self.assertEqual(self.words(address, quantity), [0] * quantity)
        for address in range(0, 65536, 2000):
            quantity = min(2000, 65536 - address)
            self.assertEqual(self.bits(address, quantity), [0] * quantity)

    def test_discrete_inputs_are_the_coils(self):
        pattern = [1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1]
        self.write(write_coils(65000, pattern))
        self.write(write_single(5, 64999, 0xFF00))
        for function in (1, 2):
            self.assertEqual(self.bits(64999, 13, function),
                             [1] + pattern + [0])
        self.write(write_single(5, 64999, 0))
        self.assertEqual(self.bits(64999, 1, 2), [0])

    def test_input_registers_are_the_holding_registers(self):
        self.write(write_registers(60000, [1, 0xFFFF, 0x8000]))
        self.write(write_single(6, 60003, 0x1234))
        for function in (3, 4):
            self.assertEqual(self.words(59999, 6, function),
                             [0, 1, 0xFFFF, 0x8000, 0x1234, 0])

    def test_what_one_client_writes_another_reads(self):
        self.write(write_registers(9000, [7, 8]))
        self.client = self.connect(self.server)
        self.assertEqual(self.words(9000, 2), [7, 8])

    def test_address_65535_is_the_last(self):
        self.write(write_single(5, 65535, 0xFF00))
        self.write(write_single(6, 65535, 0xBEEF))
        self.assertEqual(self.bits(65535, 1, 2), [1])
        self.assertEqual(self.words(65535, 1, 4), [0xBEEF])
        self.write(write_coils(65535, [0]))
        self.write(write_registers(65535, [0xCAFE]))
        self.write(mask_write(65535, 0xFF00, 0x0001))
        self.assertEqual(self.bits(65534, 2), [0, 0])
        self.assertEqual(self.words(65534, 2), [0, 0xCA01])

    def test_nothing_wraps_past_65535(self):
        self.write(write_registers(0, [1]))
        self.write(write_coils(0, [1]))
        for pdu in (read(1, 65535, 2), read(2, 63537, 2000),
                    read(3, 65535, 2), read(4, 65412, 125),
                    write_coils(65535, [0, 0]), write_coils(63569, [0] * 1968),
                    write_registers(65535, [9, 9]),
                    write_registers(65414, [9] * 123),
                    read_write(65535, 2, 0, [9]), read_write(0, 1, 65535, [9, 9])):
            self.assert_refused(pdu)
        self.assertEqual(self.words(65535, 1), [0])
        self.assertEqual(self.bits(0, 1), [1])

    def test_registers_across_the_edge_of_the_overlay(self):
        """The original read the wrong words from 4096 on."""
        values = [0x1000 + i for i in range(21)]
        self.write(write_registers(4090, values))
        self.assertEqual(self.words(4090, 21), values)
        for i, value in enumerate(values):
            self.assertEqual(self.words(4090 + i, 1), [value])
        self.write(read_write(4094, 4, 4095, [1, 2]))
        self.assertEqual(self.words(4094, 4), [values[4], 1, 2, values[7]])

    def test_a_read_write_reads_what_it_has_written(self):
        response = self.client.ask(read_write(4095, 3, 4096, [5, 6]))
        self.assertEqual(unpack_words(response[2:]), [0, 5, 6])

    def test_a_mask_write_changes_the_masked_bits(self):
        """The example of the specification."""
        self.write(write_single(6, 4, 0x12))
        self.write(mask_write(4, 0xF2, 0x25))
        self.assertEqual(self.words(4, 1), [0x17])

    def test_coils_at_every_alignment(self):
        seed = int.from_bytes(os.urandom(4), "big")
        print("seed", seed)
        rng = random.Random(seed)
        model = [0] * 120
        for _ in range(300):
            address = rng.randrange(80)
            pattern = [rng.getrandbits(1)
                       for _ in range(rng.randint(1, 120 - address))]
            self.write(write_coils(address, pattern))
            model[address:address + len(pattern)] = pattern
            address = rng.randrange(119)
            self.assertEqual(self.bits(address, 120 - address),
                             model[address:])

    def test_no_client_sees_half_of_a_write(self):
        """One writes 123 registers, now all 0, now all 0xFFFF, as fast as it
        can; another reads them until it has seen both 50 times."""
        address = 4096 - 60
        seen = {0: 0, 0xFFFF: 0}
        with self.writing(write_registers(address, [0] * 123),
                          write_registers(address, [0xFFFF] * 123)):
            while min(seen.values()) < 50:
                values = set(self.words(address, 123))
                self.assertEqual(len(values), 1)
                seen[values.pop()] += 1


class Separate(Common, Table):
    """-d s: bits and words are unrelated."""

    mode = "s"

    def test_coils_do_not_touch_registers(self):
        self.write(write_coils(0, [1] * 1968))
        self.assertEqual(self.words(0, 125), [0] * 125)

    def test_registers_do_not_touch_coils(self):
        for address in range(0, 4096, 123):
            self.write(write_registers(address, [0xFFFF] * 123))
        for address in range(0, 65536, 1024):
            self.assertEqual(self.bits(address, 1024), [0] * 1024)


class Overlaid(Common, Table):
    """-d o: coil n is bit n % 16 of register n / 16."""

    mode = "o"

    def test_coils_are_bits_of_registers_the_lowest_first(self):
        for coil in (0, 1, 7, 8, 15, 16, 17, 31, 32, 1000, 65519, 65520,
                     65535):
            self.write(write_single(5, coil, 0xFF00))
            self.assertEqual(self.words(coil // 16, 1), [1 << coil % 16])
            self.write(write_single(5, coil, 0))
            self.assertEqual(self.words(coil // 16, 1), [0])

    def test_registers_are_seen_as_coils(self):
        self.write(write_registers(0, [0x8001, 0x0002]))
        for function in (1, 2):
            self.assertEqual(self.bits(0, 32, function),
                             [1] + [0] * 14 + [1] + [0, 1] + [0] * 14)
        self.write(write_single(6, 4095, 0x8000))
        self.assertEqual(self.bits(65535, 1), [1])
        self.write(mask_write(4095, 0x7FFE, 0x0001))
        self.assertEqual(self.bits(65520, 16), [1] + [0] * 15)
        self.write(read_write(0, 1, 10, [0xFFFF]))
        self.assertEqual(self.bits(159, 18), [0] + [1] * 16 + [0])

    def test_many_coils_are_seen_as_registers(self):
        self.write(write_coils(8, [1, 0, 1, 0, 1, 0, 1, 0] * 2 + [1] * 8))
        self.assertEqual(self.words(0, 3), [0x5500, 0xFF55, 0])

    def test_coils_leave_their_neighbours_in_a_register_alone(self):
        self.write(write_registers(5, [0xFFFF, 0xFFFF]))
        self.write(write_coils(5 * 16 + 4, [0] * 20))
        self.assertEqual(self.words(5, 2), [0x000F, 0xFF00])

    def test_register_4095_is_the_last_that_holds_coils(self):
        self.write(write_registers(4090, [0xFFFF] * 21))
        self.assertEqual(self.bits(65440 - 16, 112),
                         [0] * 16 + [1] * 96)
        self.write(write_coils(65535 - 1967, [0] * 1968))
        self.assertEqual(self.words(4090, 21), [0] * 6 + [0xFFFF] * 15)

    def test_no_client_sees_half_of_a_write_of_coils(self):
        """Coils are written, registers read."""
        seen = {0: 0, 0xFFFF: 0}
        with self.writing(write_coils(0, [0] * 1968),
                          write_coils(0, [1] * 1968)):
            while min(seen.values()) < 50:
                values = set(self.words(0, 123))
                self.assertEqual(len(values), 1)
                seen[values.pop()] += 1


if __name__ == "__main__":
    main()
