"""20,000 connections or more, one after the other."""

import time

from load import (PING, KIB, AbuseTest, adu, dial, figure, report,
                  source_address, target_of)
from harness import main

ROUND = 10000
HELPERS = 2

# What a further round may add to the memory that those before took.
GROWTH = 256 * KIB


def connect_and_close(channel, target, number):
    """work(): at each "go" its share of a round. Every tenth
    asks something, which keeps the queue of those not yet accepted short."""
    while channel.recv() == "go":
        for i in range(ROUND // HELPERS):
            with dial(target, source_address(256 * number + i % 200)) as s:
                if i % 10 == 0:
                    s.sendall(adu(PING))
                    if len(s.recv(64)) != 11:
                        raise AssertionError("no answer")
        report(channel, "done")


class Connects(AbuseTest):
    """A connection that is over leaves nothing behind."""

    def test_20000_connections(self):
        server = self.start()
        alone = len(server.descriptors())
        helpers = [self.help(connect_and_close, target_of(server), number)
                   for number in range(HELPERS)]
        began = time.monotonic()

        def one_round():
            for helper in helpers:
                helper.tell("go")
            for helper in helpers:
                helper.result()
            self.settled(server, alone)

        first, growth, rounds = self.rounds_until_flat(
            server, one_round, GROWTH, asan_times=16)
        elapsed = time.monotonic() - began
        connections = rounds * ROUND
        lines = self.assert_log_is_bounded(server)
        figure("connects", "%d connections in %.1f s, %.0f/s; descriptors as "
               "before; resident %.0f KiB after the first round, %+.0f KiB in "
               "the last of %d; %d lines in the log" % (
                   connections, elapsed, connections / elapsed, first / KIB,
                   growth / KIB, rounds, lines))
        self.assert_memory("connects", growth, GROWTH, asan_times=16)
        self.assert_every_connection_is_accounted_for(server, connections)


if __name__ == "__main__":
    main()
