"""20,000 connections, one after the other."""

import time

from load import (PING, KIB, AbuseTest, adu, dial, figure, report,
                  source_address, target_of)
from harness import main

CONNECTIONS = 20000
HALF = CONNECTIONS // 2
HELPERS = 2

# What a second 10,000 may add to the memory that the first took.
GROWTH = 256 * KIB


def connect_and_close(channel, target, number):
    """work(): at each "go" its share of half of all connections. Every tenth
    asks something, which keeps the queue of those not yet accepted short."""
    while channel.recv() == "go":
        for i in range(HALF // HELPERS):
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
        resident = []
        for _ in range(2):
            for helper in helpers:
                helper.tell("go")
            for helper in helpers:
                helper.result()
            self.settled(server, alone)
            resident.append(server.resident_bytes())
        elapsed = time.monotonic() - began
        lines = self.assert_log_is_bounded(server)
        growth = resident[1] - resident[0]
        figure("connects", "%d connections in %.1f s, %.0f/s; descriptors as "
               "before; resident %.0f KiB after the first half, %+.0f KiB "
               "after the second; %d lines in the log" % (
                   CONNECTIONS, elapsed, CONNECTIONS / elapsed,
                   resident[0] / KIB, growth / KIB, lines))
        self.assert_memory("connects", growth, GROWTH, asan_times=16)
        self.assert_every_connection_is_accounted_for(server, CONNECTIONS)


if __name__ == "__main__":
    main()
