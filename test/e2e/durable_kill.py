"""kill -9 at random moments under load: no acknowledged write is lost, none is
there in part, and the journal has all.

$KILLS says how often, for each layout of the table; $SEED repeats a run."""

import os
import random
import selectors
import signal
import socket
import struct
import time

from harness import (ServerTest, adu, main, read, read_write,
                     unpack_words, write_coils, write_registers, write_single)
from state_file import COILS, REGISTERS, SEED, StateFile, temporary_directory

CLIENTS = 50
KILLS = int(os.environ.get("KILLS", "100"))
WORDS = 100      # that a write sets, all alike: so a torn one shows
PIPELINE = 3     # requests that a client has outstanding, at most


class Writer:
    """A client and what it knows: for each area, the values that it sent and
    whether they were acknowledged. They outlive its connections."""

    def __init__(self, number, rng):
        self.number = number
        self.rng = rng
        self.kind = COILS if number % 5 == 0 else REGISTERS
        # Words of coils below, and above all of these, for the overlaid
        # layout, the registers.
        self.area = number // 5 * WORDS if self.kind == COILS else \
            10000 + number * WORDS
        self.sequence = 0
        self.acknowledged = 0   # the last value that was
        self.outstanding = []   # values sent since
        self.owed = []          # what replies must come: (value, PDU)
        self.all_acknowledged = []
        self.socket = None
        self.buffer = b""

    def next_write(self):
        """The PDU of the next write, and its reply."""
        self.sequence += 1
        value = self.sequence & 0xFFFF
        if self.kind == COILS:
            bits = [value >> i & 1 for i in range(16)] * WORDS
            pdu = write_coils(self.area * 16, bits)
            reply = pdu[:5]
        elif self.number % 5 == 1:
            pdu = read_write(self.area, 1, self.area, [value] * WORDS)
            reply = bytes([23, 2]) + struct.pack(">H", value)
        elif self.number % 5 == 2:
            pdu = write_single(6, self.area, value)
            reply = pdu
        else:
            pdu = write_registers(self.area, [value] * WORDS)
            reply = pdu[:5]
        self.outstanding.append(value)
        self.owed.append((value, reply))
        return pdu

    def words(self):
        """How many words its writes set."""
        return 1 if self.number % 5 == 2 else WORDS

    def connect(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = b""

    def ask(self):
        """Send what keeps the pipeline full."""
        frames = b""
        while len(self.owed) < self.rng.randint(1, PIPELINE):
            frames += adu(self.next_write())
        if frames:
            try:
                if self.socket.send(frames) != len(frames):
                    raise AssertionError("the socket takes too little")
            except OSError:
                pass  # it was killed: never sent is as good as unanswered

    def take(self):
        """What has come. Returns how many writes that acknowledges, or -1 at
        the end."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return 0
        except OSError:
            return -1
        if not data:
            return -1
        self.buffer += data
        count = 0
        while len(self.buffer) >= 7:
            length = 6 + struct.unpack(">H", self.buffer[4:6])[0]
            if len(self.buffer) < length:
                break
            pdu, self.buffer = self.buffer[7:length], self.buffer[length:]
            value, reply = self.owed.pop(0)
            if pdu != reply:
                raise AssertionError("client %d: %s, not %s" % (
                    self.number, pdu.hex(), reply.hex()))
            self.outstanding.remove(value)
            self.acknowledged = value
            self.all_acknowledged.append(value)
            count += 1
        return count

    def drain(self):
        """What had been sent before the server was killed counts."""
        self.socket.setblocking(True)
        self.socket.settimeout(10)
        while self.take() >= 0:
            pass
        self.socket.close()
        self.owed.clear()

    def check(self, client, where):
        """The value that is there is the last that was acknowledged, or one of
        those that were on their way. From now on it is the one."""
        if self.kind == COILS:
            got = client.ask(read(1, self.area * 16, 1600))[2:]
            words = list(struct.unpack("<%dH" % WORDS, got))
        else:
            words = unpack_words(client.ask(
                read(3, self.area, self.words()))[2:])
        if len(set(words)) != 1:
            raise AssertionError("%s: torn: %r" % (where, words))
        if words[0] not in [self.acknowledged] + self.outstanding:
            raise AssertionError(
                "%s: lost: client %d has %d, acknowledged was %d, then %r" % (
                    where, self.number, words[0], self.acknowledged,
                    self.outstanding))
        self.acknowledged = words[0]
        self.outstanding.clear()


class Kill(ServerTest):
    """One state file, killed over and over."""

    def load(self, server, writers, rng):
        """Write until so many are acknowledged, then kill."""
        selector = selectors.DefaultSelector()
        for writer in writers:
            writer.connect(server.port)
            selector.register(writer.socket, selectors.EVENT_READ, writer)
        left = rng.choice((1, 10, 100, 400)) * rng.random()
        for writer in writers:
            writer.ask()
        while left > 0:
            for key, _ in selector.select(30):
                count = key.data.take()
                self.assertGreaterEqual(count, 0, server.log())
                left -= count
                key.data.ask()
        # Anywhere in the microseconds of a turn, a commit, a checkpoint.
        end = time.perf_counter() + rng.random() * 0.002
        while time.perf_counter() < end:
            pass
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
        selector.close()
        for writer in writers:
            writer.drain()

    def check_journal(self, path, writers):
        """Each acknowledged write is in the journal, and all writes in it lead
        from zero to the table, each from what was there."""
        file = StateFile(path).check()
        self.assertEqual(file.replay(), file.words())
        found = {}
        for row in file.journal:
            found.setdefault((row["kind"], row["address"]), []).append(
                row["after"])
        for writer in writers:
            address = writer.area * (16 if writer.kind == COILS else 1)
            order = "<H" if writer.kind == COILS else ">H"
            got = [struct.unpack(order, after[:2])[0] for after
                   in found.get((writer.kind, address), [])]
            self.assertEqual(got, sorted(set(got)), "in order, each once")
            self.assertLessEqual(set(writer.all_acknowledged), set(got))
        return len(file.journal)

    def run_kills(self, *options):
        rng = random.Random(SEED)
        path = os.path.join(temporary_directory(self), "state")
        options += ("--state", path, "--log-level", "warn",
                    "--journal-keep", "1000000000")
        server = self.start(*options, "--state-init")
        writers = [Writer(i, rng) for i in range(CLIENTS)]
        for kill in range(KILLS):
            self.load(server, writers, rng)
            server = self.start(*options)
            with_checks = self.connect(server)
            for writer in writers:
                writer.check(with_checks, "seed %d, kill %d" % (SEED, kill))
            with_checks.close()
        server.stop()
        rows = self.check_journal(path, writers)
        print("%d kills, %d writes acknowledged, %d in the journal" % (
            KILLS, sum(len(w.all_acknowledged) for w in writers), rows))

    def test_separate(self):
        self.run_kills("-d", "s")

    def test_overlaid(self):
        self.run_kills("-d", "o")


if __name__ == "__main__":
    main()
