"""What the abuse tests share: load from processes of its own, figures, bounds.

The server, the raw client and the frames come from the end-to-end tests. Each
test prints its figures, one a line, and asserts ratios and bounds only: how
long something takes depends on the host. Where a loop has to keep a pace, it
waits for a message that ends it, not for a time in which something has
"surely" happened.
"""

import collections
import multiprocessing
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import (ASAN, DEADLINE, EVERY_FUNCTION, PING, Client, ServerTest,
                     ShiftedClock, adu, read, wait_for)

SKIPPED = 77
KIB = 1024

# Kinds of lines that the server limits, and how: 10 and one that counts the
# rest, in each window of 5 s.
LIMITED_KINDS, LINES_A_WINDOW, WINDOW = 5, 11, 5

# Everything else that a server logs in its life.
OTHER_LINES = 10

# To be repeated: ABUSE_SEED is printed by the tests that draw lots.
SEED = int(os.environ.get("ABUSE_SEED") or random.randrange(1 << 32))

Target = collections.namedtuple("Target", "host port")


def target_of(server):
    """What a Client needs of a server; fit to be given to another process."""
    return Target(server.host, server.port)


def figure(name, text):
    """One line for the reader. Behind what unittest prints of the test."""
    sys.stderr.flush()
    print("\nabuse: %s: %s" % (name, text), flush=True)


def seconds(default):
    """How long a test goes on: ABUSE_SECONDS, or what suits CI."""
    return float(os.environ.get("ABUSE_SECONDS") or default)


def skip(name, why):
    """End this program; ctest shows it as skipped."""
    figure(name, "SKIPPED: " + why)
    sys.exit(SKIPPED)


# Processes ------------------------------------------------------------------

CONTEXT = multiprocessing.get_context("spawn")  # inherits no socket of ours


def _run(work, channel, arguments):
    try:
        channel.send((True, work(channel, *arguments)))
    except EOFError:
        pass  # our parent is gone
    except BaseException:  # pylint: disable=broad-except
        channel.send((False, traceback.format_exc()))


class Helper:
    """A process that runs work(channel, ...): clients that load the server
    must not share an interpreter with the one that measures. work may send
    and receive on the channel; what it returns, or raises, is its last
    message. It has to poll the channel often, for the message to stop."""

    def __init__(self, work, *arguments):
        self.channel, other = CONTEXT.Pipe()
        self.process = CONTEXT.Process(
            target=_run, args=(work, other, arguments), daemon=True)
        self.process.start()
        other.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """For cleaning up: whatever state it is in."""
        self.channel.close()
        self.process.terminate()
        self.process.join()

    def tell(self, message):
        self.channel.send(message)

    def is_done(self):
        """Whether it has sent something."""
        return self.channel.poll()

    def result(self, deadline=4 * DEADLINE):
        """Its next message, or what work() returned."""
        if not self.channel.poll(deadline):
            raise AssertionError("a helper does not answer")
        fine, message = self.channel.recv()
        if not fine:
            raise AssertionError("a helper has failed:\n" + message)
        return message

    def ask(self, message):
        self.tell(message)
        return self.result()

    def stop(self):
        """Say stop, and return what work() does."""
        return self.ask("stop")


def report(channel, message):
    """For work(): a message that result() returns."""
    channel.send((True, message))


# Clients --------------------------------------------------------------------

IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h; Python has no name for it


def source_address(i):
    """An address of the loopback network. Closed connections occupy ports for
    a minute; each address has ports of its own."""
    return "127.%d.%d.%d" % (1 + (i >> 16) % 250, (i >> 8) & 255, 1 + i % 250)


def dial(target, source):
    """A connected socket, from an address of the loopback network."""
    s = socket.socket()
    try:
        s.settimeout(DEADLINE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind((source, 0))
        s.connect(target)
    except BaseException:
        s.close()
        raise
    return s


def pipeline(pdu, quantity):
    """The same request so many times, each with a transaction of its own."""
    return b"".join(adu(pdu, i & 0xFFFF) for i in range(quantity))


def read_registers(quantity):
    """A request that is answered with so many registers."""
    return read(3, 0, quantity)


def echo(data):
    """Return Query Data: the one answer that no other client can change."""
    return bytes([8, 0, 0]) + data


def ask_echo(client, rng):
    """One round trip with data of its own, compared."""
    pdu = echo(rng.randbytes(rng.randrange(1, 250)))
    if client.ask(pdu, rng.randrange(65536), rng.randrange(256)) != pdu:
        raise AssertionError("the echo differs")


class RoundTrips:
    """Round trips of one client, timed."""

    def __init__(self):
        self.count = 0
        self.time = 0.0
        self.worst = 0.0

    def go_on(self, client, duration):
        """Ping-pong for a while."""
        now = time.perf_counter()
        end = now + duration
        while now < end:
            client.ping()
            before, now = now, time.perf_counter()
            self.count += 1
            self.time += now - before
            self.worst = max(self.worst, now - before)
        return self

    def rate(self):
        return self.count / self.time


def measured(client, duration):
    """RoundTrips of so many seconds."""
    return RoundTrips().go_on(client, duration)


def rounds(enough, least=5, most=40):
    """Rounds of a measurement, of which the best counts: least of them, and
    more until it is enough(). In a round something else may have had the
    processor; that it was so in each says something about the server."""
    for i in range(most):
        if i >= least and enough():
            return
        yield i


def stuff(clients, data, other):
    """Send data on each, never reading, until none takes any more though the
    server's loop turns, as round trips of another client show. Returns how
    much each took."""
    sent = [0] * len(clients)
    view = memoryview(data)
    refused = 0
    for client in clients:
        client.socket.setblocking(False)
    while refused < 3 and min(sent) < len(data):
        refused += 1
        for i, client in enumerate(clients):
            try:
                sent[i] += client.socket.send(view[sent[i]:])
                refused = 0
            except BlockingIOError:
                pass
        other.ping(50)
    return sent


# Junk -----------------------------------------------------------------------

FUNCTIONS = (1, 2, 3, 4, 5, 6, 8, 15, 16, 22, 23, 43)


class JunkClient:
    """A connection that sends random bytes, random frames and frames changed
    at random, cut at random, and ends in a random way. What it reads must be
    frames all the same."""

    def __init__(self, target, source, rng):
        self.rng = rng
        self.bytes = 0
        self.unread = b""
        self.socket = dial(target, source)
        self.socket.setblocking(False)

    def chunk(self):
        """What it sends next. Mostly what the server goes on after."""
        rng = self.rng
        kind = rng.randrange(16)
        if kind == 0:
            return rng.randbytes(rng.randrange(1, 600))
        frames = b"".join(self.frame() for _ in range(rng.randrange(1, 40)))
        if kind == 1:
            changed = bytearray(frames)
            for _ in range(rng.randrange(1, 4)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            return bytes(changed)
        if kind == 2:
            return frames[:rng.randrange(1, len(frames) + 1)]
        return frames

    def frame(self):
        """A right header, and a PDU that may be anything."""
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            pdu = rng.randbytes(rng.randrange(1, 254))
        elif kind == 1:
            pdu = bytes([rng.choice(FUNCTIONS)]) + rng.randbytes(
                rng.randrange(0, 20))
        else:
            pdu = bytearray(rng.choice(EVERY_FUNCTION)[1])
            if kind == 2:
                pdu[rng.randrange(len(pdu))] = rng.randrange(256)
        return adu(bytes(pdu), rng.randrange(65536), rng.randrange(256))

    def step(self):
        """Send, read or end. Returns False when the connection is over."""
        rng = self.rng
        try:
            if rng.randrange(4) > 0:
                self.bytes += self.socket.send(self.chunk())
            if rng.randrange(2) == 0:
                return self.take()
            if rng.randrange(50) == 0:
                self.end()
                return False
        except BlockingIOError:
            return self.take()
        except (ConnectionResetError, BrokenPipeError):
            self.socket.close()
            return False
        return True

    def take(self):
        """Read what is there. Returns False at the end."""
        try:
            more = self.socket.recv(1 << 16)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            more = b""
        if more == b"":
            self.socket.close()
            return False
        self.unread += more
        while len(self.unread) >= 7:
            _, protocol, length = struct.unpack(">HHH", self.unread[:6])
            if protocol != 0 or not 3 <= length <= 254:
                raise AssertionError("not a frame: %s"
                                     % self.unread[:16].hex(" "))
            if len(self.unread) < 6 + length:
                break
            self.unread = self.unread[6 + length:]
        return True

    def end(self):
        """Close, close with RST, or with a FIN before it."""
        how = self.rng.randrange(3)
        if how == 0:
            reset(self.socket)
            return
        if how == 1:
            self.socket.shutdown(socket.SHUT_WR)
            select.select([self.socket], [], [], 0)
        self.socket.close()


def reset(s):
    """Close with RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def send_junk(channel, target, seed, connections, pace, done=None):
    """work(): junk on so many connections at once, each replaced when it ends.
    Now and then one that asks and waits, which keeps the queue of those not
    yet accepted short. Returns how many there were, and how many bytes they
    sent. done counts those that were opened."""
    rng = random.Random(seed)
    clients = []
    opened = sent = 0
    while not channel.poll(pace):
        if len(clients) < connections:
            clients.append(JunkClient(
                target, source_address(rng.randrange(1 << 16)), rng))
            opened += 1
            if opened % 10 == 0:
                with Client(target) as client:
                    client.ping()
                opened += 1
            if done:
                done.value = opened
        for client in rng.sample(clients, min(5, len(clients))):
            if not client.step():
                clients.remove(client)
                sent += client.bytes
    channel.recv()
    for client in clients:
        client.socket.close()
    return opened, sent + sum(client.bytes for client in clients)


# The server, seen from outside ----------------------------------------------

def kernel_memory(server):
    """What the system holds for each of the server's connections: a list of
    {"r": bytes received and not read, "rb": most of them, "w": bytes being
    sent, "tb": most of them, ...}, all with the system's bookkeeping."""
    table = subprocess.run(
        ["ss", "-tmnH", "sport = :%d" % server.port], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    return [{name: int(value) for name, value
             in re.findall(r"([a-z]+)(\d+)", memory)}
            for memory in re.findall(r"skmem:\(([^)]*)\)", table)]


def events(server, kind, text):
    """How many events of a kind the log tells of: lines with a text, and those
    that were counted only."""
    return len(server.log_lines(text)) + sum(
        int(n) for n in re.findall(r"log: %s: (\d+) more not shown" % kind,
                                   server.log()))


def connects(server):
    return events(server, "connects", " connect: ")


def disconnects(server):
    return events(server, "disconnects(?: for misuse)?", " disconnect: ")


# Tests ----------------------------------------------------------------------

class AbuseTest(ServerTest):
    """A server, one client, and helper processes."""

    def start(self, *arguments, **options):
        self.began = time.monotonic()
        return super().start(*arguments, **options)

    def help(self, work, *arguments):
        """A helper that is gone when the test ends."""
        helper = Helper(work, *arguments)
        self.addCleanup(helper.close)
        return helper

    def settled(self, server, descriptors):
        """Wait until the server has so many descriptors open."""
        wait_for(lambda: len(server.descriptors()) == descriptors,
                 "%d descriptors" % descriptors, 2 * DEADLINE)

    def rounds_until_flat(self, server, one_round, most, asan_times):
        """Repeat a round until it adds no more memory than most, five times
        at the most. What leaks adds to every round; that more connections
        were open at once, by chance, adds to one. Returns what was resident
        after the first round, what the last one added, and their number."""
        if ASAN:
            most *= asan_times
        peak = first = growth = None
        for rounds in range(1, 6):
            one_round()
            resident = server.resident_bytes()
            if first is None:
                peak = first = resident
                continue
            growth = resident - peak
            peak = max(peak, resident)
            if growth <= most:
                break
        return first, growth, rounds

    def assert_memory(self, name, got, most, asan_times=None):
        """A bound for the memory of a server as released. An allocator that
        checks itself needs more: asan_times as much, or nobody knows."""
        if not ASAN:
            self.assertLessEqual(got, most, name)
        elif asan_times:
            self.assertLessEqual(got, most * asan_times, name)
        else:
            figure(name, "SKIPPED: memory is not bounded under ASan")

    def assert_log_is_bounded(self, server, shifted=0):
        """Whatever happened, the log has some lines a window at the most."""
        windows = 1 + (time.monotonic() - self.began + shifted) // WINDOW
        lines = len(server.log_lines())
        self.assertLessEqual(
            lines, OTHER_LINES + windows * LIMITED_KINDS * LINES_A_WINDOW)
        return lines

    def assert_every_connection_is_accounted_for(self, server, quantity):
        """After the stop the log tells of each connect and its disconnect."""
        server.stop()
        self.assertEqual((connects(server), disconnects(server)),
                         (quantity, quantity))


__all__ = [
    "ASAN", "CONTEXT", "KIB", "PING", "SEED", "AbuseTest", "Client",
    "ShiftedClock", "adu", "ask_echo", "dial", "echo", "events", "figure",
    "kernel_memory", "measured", "pipeline", "read_registers", "report",
    "reset", "rounds", "seconds", "send_junk", "skip", "source_address", "stuff",
    "target_of", "wait_for",
]
