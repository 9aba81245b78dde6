"""Storms of RST, in every phase of a connection."""

import os
import random
import select
import signal
import time

from load import (KIB, SEED, AbuseTest, adu, ask_echo, dial, figure, pipeline,
                  read_registers, report, reset, source_address, target_of,
                  wait_for)
from harness import PING, main

EACH = 1000  # connections for each phase
HELPERS = 2
GROWTH = 512 * KIB
TRIPS = 100  # of another client meanwhile, at least

REQUESTS = pipeline(read_registers(125), 1000)


def at_once(_socket, _rng):
    """Nothing was sent; the server may have accepted it or not."""


def in_mid_frame(s, rng):
    """A frame has begun."""
    s.sendall(adu(PING)[:rng.randrange(1, 12)])


def requests_unread(s, rng):
    """Requests that the server has had no time to read."""
    s.sendall(REQUESTS[:rng.randrange(1, len(REQUESTS))])


def replies_unread(s, rng):
    """Replies have come, and more are being sent."""
    s.sendall(REQUESTS[:rng.randrange(12, len(REQUESTS))])
    select.select([s], [], [], 30)


def half_closed(s, rng):
    """The server has seen the end of the requests, or is about to."""
    s.sendall(REQUESTS[:rng.randrange(1, len(REQUESTS))])
    s.shutdown(1)


PHASES = (at_once, in_mid_frame, requests_unread, replies_unread, half_closed)


def storm(channel, target, number):
    """work(): a share of the connections of each phase, all mixed. Now and
    then one that stays for an answer, so that the queue stays short."""
    rng = random.Random(SEED + number)
    phases = [phase for phase in PHASES for _ in range(EACH // HELPERS)]
    rng.shuffle(phases)
    for i, phase in enumerate(phases):
        s = dial(target, source_address(256 * number + i % 200))
        phase(s, rng)
        if i % 10 == 0:
            select.select([s], [], [], 0.001)
        reset(s)
    report(channel, "done")


class Resets(AbuseTest):
    """A connection that breaks is one connection less, and that is all."""

    def setUp(self):
        self.server = self.start()
        self.alone = len(self.server.descriptors())
        self.other = self.connect(self.server)
        self.rng = random.Random(SEED)

    def test_resets_in_every_phase(self):
        trips, began = 0, time.monotonic()
        def one_round():
            nonlocal trips
            helpers = [self.help(storm, target_of(self.server), number)
                       for number in range(HELPERS)]
            while not all(helper.is_done() for helper in helpers):
                ask_echo(self.other, self.rng)
                trips += 1
            for helper in helpers:
                helper.result()
            self.settled(self.server, self.alone + 1)

        first, growth, rounds = self.rounds_until_flat(
            self.server, one_round, GROWTH, asan_times=16)
        while trips < TRIPS:  # on a busy machine it had no time for more
            one_round()
            rounds += 1
        quantity = rounds * EACH * len(PHASES)
        lines = self.assert_log_is_bounded(self.server)
        figure("resets", "%d in %.1f s, in %d phases; another client had %d "
               "right answers meanwhile; resident %.0f KiB after the first "
               "round, %+.0f KiB in the last of %d; %d lines in the log (seed "
               "%d)" % (quantity, time.monotonic() - began, len(PHASES), trips,
                        first / KIB, growth / KIB, rounds, lines, SEED))
        self.assert_memory("resets", growth, GROWTH, asan_times=16)
        self.finish(quantity)

    def test_resets_before_accept(self):
        """The server is stopped while they queue up, so that each is dead
        when it is accepted."""
        with open("/proc/sys/net/core/somaxconn") as limit:
            queue = min(2000, int(limit.read()) // 2)
        os.kill(self.server.pid, signal.SIGSTOP)
        wait_for(self.is_stopped, "the server to stand still")
        for i in range(queue):
            s = dial(target_of(self.server), source_address(i))
            if i % 2 == 0:
                s.sendall(REQUESTS[:i + 1])
            reset(s)
        os.kill(self.server.pid, signal.SIGCONT)
        ask_echo(self.other, self.rng)
        self.settled(self.server, self.alone + 1)
        figure("resets before accept", "%d in the queue of the listener, all "
               "accepted and closed; descriptors as before" % queue)
        self.finish(queue)

    def is_stopped(self):
        with open("/proc/%d/stat" % self.server.pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def finish(self, quantity):
        """The one that behaved is served to the end, and counts too."""
        self.other.ping(100)
        self.other.close()
        self.settled(self.server, self.alone)
        self.assert_every_connection_is_accounted_for(self.server,
                                                      quantity + 1)


if __name__ == "__main__":
    main()
