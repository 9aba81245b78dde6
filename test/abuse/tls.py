"""1,000 handshakes and more, in waves, with junk, stalls, resets and clients
that never read among them; and a client without TLS beside them."""

import contextlib
import os
import random
import select
import signal
import ssl
import time

from load import (KIB, SEED, AbuseTest, figure, pipeline, read_registers,
                  report, reset, rounds, target_of, wait_for)
from harness import PING, main
from still_clock import StillTest
from tls_plant import (VERSIONS, MemoryClient, client_context, plant,
                       tls_options)

HELPERS = 2
WAVES = 10  # of each helper in a round

# What a wave consists of; all have sent their first bytes before any goes on.
WAVE = {"good": 30, "junk": 8, "reset": 6, "stall": 4, "without": 1,
        "never_reader": 1}

GROWTH = 512 * KIB

# In waves the plain client's p99 may be so many times what it is while the same
# helpers keep the processors busy without the server.
SLOWER = 25

BURST = 100  # handshakes that begin in one turn of the server's loop

ANSWER = bytes([3, 2, 0, 0])
REQUESTS = pipeline(read_registers(125), 2000)


def context_of(ca, certificate, version):
    """A client's; a certificate is its file and that of its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.minimum_version = context.maximum_version = version
    if certificate:
        context.load_cert_chain(*certificate)
    return context


class Waves:
    """A helper's connections."""

    def __init__(self, target, number, ca, certificate):
        self.target = target
        self.rng = random.Random(SEED + number)
        self.contexts = [context_of(ca, certificate, version)
                         for version in VERSIONS]
        self.strangers = [context_of(ca, None, version)
                          for version in VERSIONS]
        self.served = 0
        self.kept = []  # to the end of a round

    def open(self, kind):
        """A client that has sent its first bytes."""
        rng = self.rng
        client = MemoryClient(
            self.target, shake_hands=False, context=rng.choice(
                self.strangers if kind == "without" else self.contexts),
            **({"receive_buffer": 4096} if kind == "never_reader" else {}))
        with contextlib.suppress(ssl.SSLWantReadError):
            client.ssl.do_handshake()
        hello = client.outgoing.read()
        if kind == "stall":
            hello = hello[:rng.randrange(len(hello))]
        elif kind == "junk":
            hello = rng.choice((
                rng.randbytes(rng.randrange(1, 600)),
                hello[:rng.randrange(9, 90)] + rng.randbytes(600),
                hello + rng.randbytes(rng.randrange(1, 600))))
        client.send(hello)
        return kind, client

    def good(self, client):
        """Asks, and ends as it should."""
        client.send(client.shake_hands())
        if client.ask(PING) != ANSWER:
            raise AssertionError("another answer")
        client.send(client.close_notify())
        client.raw_rest()
        client.close()
        self.served += 1

    def without(self, client):
        """Is refused, and told so."""
        with contextlib.suppress(ssl.SSLError, AssertionError):
            client.send(client.shake_hands())
        with contextlib.suppress(ConnectionResetError):
            client.raw_rest()
        client.close()

    def junk(self, client):
        """Hangs up after a while, or is hung up on."""
        if self.rng.randrange(2):
            client.socket.settimeout(0.01)
            with contextlib.suppress(OSError):
                client.receive()
        client.close()

    def reset(self, client):
        """Breaks off, some of them after the server's flight."""
        if self.rng.randrange(2):
            client.receive()
        reset(client.socket)

    def stall(self, client):
        """Says no more."""
        self.kept.append(client)

    def never_reader(self, client):
        """Asks for more than all buffers hold."""
        client.send(client.shake_hands())
        client.ask(PING)  # it is in
        self.served += 1
        records = client.records(REQUESTS)
        client.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while records:
                records = records[client.socket.send(records):]
        self.kept.append(client)

    def wave(self):
        kinds = [kind for kind, count in WAVE.items() for _ in range(count)]
        self.rng.shuffle(kinds)
        for kind, client in [self.open(kind) for kind in kinds]:
            getattr(self, kind)(client)

    def end(self):
        for client in self.kept:
            client.close()
        self.kept.clear()


def handshake_alone(context, own):
    """The same work for the processor, without the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [context.wrap_bio(to_client, to_server,
                              server_hostname="localhost"),
             own.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(4):
        for side in sides:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()


def work(channel, target, number, ca, certificate, server_certificate):
    """work(): at "alone" handshakes without the server until "enough"; at
    "waves" those of a round. Each is answered with how many were served."""
    waves = Waves(target, number, ca, certificate)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(*server_certificate)
    while True:
        what = channel.recv()
        if what == "alone":
            while not channel.poll():
                handshake_alone(waves.contexts[0], own)
        elif what == "waves":
            waves.served = 0
            for _ in range(WAVES):
                waves.wave()
            waves.end()
            report(channel, waves.served)


def p99(times):
    return sorted(times)[len(times) * 99 // 100]


class Tls(AbuseTest, StillTest):
    """The server's clock stands still: no honest client is late on a busy
    machine, and whoever stalls does it to the end of the round."""

    def setUp(self):
        self.server = self.start(*tls_options())
        self.alone = len(self.server.descriptors())
        self.plain = self.connect(self.server)
        self.target = target_of(self.server)._replace(port=int(
            self.server.log_lines(": TLS")[0].rsplit(":", 2)[1]))
        self.helpers = []
        self.served = 0

    def ask(self, times):
        """A round trip of the plain client."""
        began = time.monotonic()
        self.plain.ping()
        times.append(time.monotonic() - began)

    def in_waves(self):
        times = []
        for helper in self.helpers:
            helper.tell("waves")
        self.ask(times)
        while not all(helper.is_done() for helper in self.helpers):
            self.ask(times)
        self.served += sum(helper.result() for helper in self.helpers)
        self.settled(self.server, self.alone + 1)
        return times

    def beside(self, count):
        """As many round trips while the helpers work alone."""
        times = []
        for helper in self.helpers:
            helper.tell("alone")
        while len(times) < count:
            self.ask(times)
        for helper in self.helpers:
            helper.tell("enough")
        return times

    def test_waves(self):
        """Another client is served all the time, and nothing is left."""
        p = plant()
        self.helpers = [self.help(
            work, self.target, number, p.path("root"),
            (p.path("operator"), p.path("operator", "key")),
            (p.path("chain"), p.path("server", "key")))
            for number in range(HELPERS)]
        best = None

        def one_round():
            nonlocal best
            waves = self.in_waves()
            alone = self.beside(max(200, min(len(waves), 2000)))
            figures = (p99(waves) / p99(alone), p99(waves), p99(alone),
                       len(waves))
            best = min(best or figures, figures)

        first, growth, count = self.rounds_until_flat(
            self.server, one_round, GROWTH, asan_times=16)
        for _ in rounds(lambda: best[0] <= SLOWER, least=0, most=5):
            one_round()
            count += 1
        lines = self.assert_log_is_bounded(self.server)
        figure("tls", "%d handshakes done in %d rounds of %d connections; p99 "
               "of a plain client %.1f ms in waves, %.1f ms without them: x%.1f"
               ", in the best round, of %d round trips; resident %.0f KiB "
               "after the first round, %+.0f KiB in the last; %d lines in the "
               "log (seed %d)" % (
                   self.served, count,
                   HELPERS * WAVES * sum(WAVE.values()), 1000 * best[1],
                   1000 * best[2], best[0], best[3], first / KIB,
                   growth / KIB, lines, SEED))
        self.assertGreaterEqual(self.served, 1000)
        self.assertLessEqual(best[0], SLOWER)
        self.assert_memory("tls", growth, GROWTH, asan_times=16)
        self.finish()

    def burst(self):
        """BURST newcomers in one turn of the server's loop. How many of them
        have got an answer during one round trip of the plain client, at the
        most."""
        os.kill(self.server.pid, signal.SIGSTOP)
        wait_for(self.is_stopped, "the server to stand still")
        poll = select.poll()
        newcomers = []
        for _ in range(BURST):
            client = MemoryClient(self.target, shake_hands=False,
                                  context=self.context)
            self.addCleanup(client.close)
            with contextlib.suppress(ssl.SSLWantReadError):
                client.ssl.do_handshake()
            client.send(client.outgoing.read())
            poll.register(client.socket, select.POLLIN)
            newcomers.append(client)
        os.kill(self.server.pid, signal.SIGCONT)
        answered = most = 0
        while answered < BURST:
            self.plain.ping()
            got = poll.poll(0)
            for fd, _ in got:
                poll.unregister(fd)
            answered += len(got)
            most = max(most, len(got))
        for client in newcomers:
            reset(client.socket)
        self.settled(self.server, self.alone + 1)
        return most

    def test_burst(self):
        """Steps of handshakes are not taken as they come: the plain client's
        requests are answered between them."""
        self.context = client_context()
        least = BURST
        for _ in rounds(lambda: least <= BURST / 2, least=3, most=20):
            least = min(least, self.burst())
        figure("tls burst", "of %d newcomers in one turn %d were answered "
               "during one round trip of another client, at the most" % (
                   BURST, least))
        self.assertLessEqual(least, BURST / 2)
        self.finish()

    def is_stopped(self):
        with open("/proc/%d/stat" % self.server.pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def finish(self):
        """The one that behaved is served to the end, and counts too."""
        self.plain.ping(100)
        self.plain.close()
        self.settled(self.server, self.alone)
        self.assert_every_connection_is_accounted_for(self.server,
                                                      self.served + 1)


if __name__ == "__main__":
    main()
