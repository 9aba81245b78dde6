"""All kinds of load at once, for a while: ABUSE_SOAK_SECONDS, 20 if not set.

scripts/soak runs it for minutes. A short run sets the server's clock forward
at six times the pace, so that every deadline of the server passes in it; but
not while clients that read are kept waiting themselves: the server would be
right to cut them.
"""

import os
import random
import time

from load import (CONTEXT, KIB, SEED, AbuseTest, Client, ShiftedClock, ask_echo,
                  figure, pipeline, read_registers, send_junk, target_of,
                  wait_for)
from harness import main

DURATION = float(os.environ.get("ABUSE_SOAK_SECONDS") or 20)
SHORT = 60  # below this the clock is set forward
SPEED = 6
LOOK = 0.1  # seconds between two looks; the clock is set by no more at once
SAMPLES = 20  # lines of the table, at the most one a second
PACE = 0.002
NEVER_READERS = 10
LEAST = 10  # of everything; as many are cut
JUNK_CONNECTIONS = 20

# How much higher the second half may reach than the first.
GROWTH = 1024 * KIB
DESCRIPTORS = 15


# Each counts what it has done, for who watches it.

def normal(channel, target, done):
    """work(): two clients that poll, each answer compared."""
    rng = random.Random(SEED)
    clients = [Client(target) for _ in range(2)]
    while not channel.poll(PACE):
        for client in clients:
            ask_echo(client, rng)
            client.ping()
            done.value += 2
    channel.recv()
    return "round trips"


def connect_per_request(channel, target, done):
    """work(): a connection for each request."""
    rng = random.Random(SEED)
    while not channel.poll(PACE):
        with Client(target) as client:
            ask_echo(client, rng)
        done.value += 1
    channel.recv()
    return "connections for a request each"


def half_close(channel, target, done):
    """work(): many requests and a FIN behind them. All are answered, though
    that is more than the server's buffers hold at once."""
    rng = random.Random(SEED)
    while not channel.poll(PACE):
        quantity = rng.randrange(1500)
        with Client(target) as client:
            client.send(pipeline(read_registers(125), quantity))
            client.half_close()
            for transaction in range(quantity):
                got, _, pdu = client.frame()
                if got != transaction or pdu[:2] != b"\3\xfa":
                    raise AssertionError("not the answer to this request")
            client.expect_eof()
        done.value += 1
    channel.recv()
    return "half-closed"


def never_read(channel, target, done):
    """work(): clients that never read, until the server cuts them."""
    requests = pipeline(read_registers(125), 200)
    clients = []
    while not channel.poll(10 * PACE):
        if len(clients) < NEVER_READERS:
            clients.append(Client(target, receive_buffer=4096,
                                  send_buffer=65536))
            clients[-1].socket.setblocking(False)
        for client in list(clients):
            try:
                client.socket.send(requests)  # cut anywhere: junk at last
            except BlockingIOError:
                pass
            except (ConnectionResetError, BrokenPipeError):
                client.close()
                clients.remove(client)
                done.value += 1
    channel.recv()
    return "cut that never read"


def junk(channel, target, done):
    """work(): see send_junk."""
    sent = send_junk(channel, target, SEED, JUNK_CONNECTIONS, PACE, done)[1]
    return "connections with %.1f MB of junk" % (sent / 1e6)


LOAD = (normal, connect_per_request, half_close, never_read, junk)
READERS = (normal, connect_per_request, half_close)


class Samples:
    """Resident memory and descriptors, each time the most since the last, as
    lines of a table."""

    def __init__(self, server):
        self.server = server
        self.began = time.monotonic()
        self.samples = []
        self.most = (0, 0)
        self.line("seconds", "resident KiB", "descriptors", "CPU s", "log")

    @staticmethod
    def line(*cells):
        print("%8s %13s %12s %8s %6s" % cells, flush=True)

    def look(self):
        self.most = (max(self.most[0], self.server.resident_bytes()),
                     max(self.most[1], len(self.server.descriptors())))

    def take(self):
        """The end of one sample."""
        self.look()
        self.line("%.0f" % (time.monotonic() - self.began),
                  self.most[0] // KIB, self.most[1],
                  "%.1f" % self.server.cpu_seconds(),
                  len(self.server.log_lines()))
        self.samples.append(self.most)
        self.most = (0, 0)

    def halves(self, what):
        """The most of the first half, and of the second."""
        middle = len(self.samples) // 2
        return (max(s[what] for s in self.samples[:middle]),
                max(s[what] for s in self.samples[middle:]))


class Soak(AbuseTest):
    """Mixed load: memory and descriptors stay flat."""

    def test_soak(self):
        clock = None
        if DURATION < SHORT and ShiftedClock.LIBRARY:
            clock = ShiftedClock()
            self.addCleanup(clock.close)
        server = self.start(env=clock.environment() if clock else None)
        alone = len(server.descriptors())
        self.done = {work: CONTEXT.Value("Q", 0) for work in LOAD}
        helpers = [self.help(work, target_of(server), self.done[work])
                   for work in LOAD]
        wait_for(lambda: len(server.descriptors()) > alone + NEVER_READERS
                 and min(self.counts(READERS)) > 0, "the load")
        print()
        samples = self.sample(server, clock, helpers)
        done = [(self.done[work].value, helper.stop())
                for work, helper in zip(LOAD, helpers)]
        # Those cut in the end may still have replies to be sent.
        self.settled(server, alone)

        resident, descriptors = samples.halves(0), samples.halves(1)
        shifted = clock.steady / 1e9 if clock else 0
        lines = self.assert_log_is_bounded(server, shifted)
        figure("soak", "%.0f s, %.0f for the server; %s; resident at most %d "
               "KiB in the first half, %d KiB in the second; descriptors %d "
               "and %d, %d in the end as in the beginning; %d lines in the "
               "log (seed %d)" % (
                   time.monotonic() - samples.began,
                   time.monotonic() - samples.began + shifted,
                   ", ".join("%d %s" % work for work in done),
                   resident[0] // KIB, resident[1] // KIB, *descriptors,
                   alone, lines, SEED))
        self.assert_memory("soak", resident[1] - resident[0], GROWTH,
                           asan_times=8)
        self.assertLessEqual(descriptors[1], descriptors[0] + DESCRIPTORS)
        with Client(server) as client:
            client.ping(100)

    def sample(self, server, clock, helpers):
        """Until the time is over and each helper has done something, or one
        has failed."""
        samples = Samples(server)
        every = max(1.0, DURATION / SAMPLES)
        now = samples.began
        read = self.counts(READERS)
        while (now < samples.began + DURATION
               or min(self.counts(LOAD)) < LEAST):
            end = now + every
            while now < end:
                before = now
                for helper in helpers:
                    if helper.is_done():
                        helper.result()
                        self.fail("a helper has ended too early")
                samples.look()
                time.sleep(LOOK)
                now = time.monotonic()
                last, read = read, self.counts(READERS)
                if clock and all(a < b for a, b in zip(last, read)):
                    clock.advance((SPEED - 1) * min(now - before, LOOK))
            samples.take()
        return samples

    def counts(self, kinds):
        """How much each of these has done."""
        return [self.done[work].value for work in kinds]


if __name__ == "__main__":
    main()
