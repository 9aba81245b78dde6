"""More clients than the limit on connections allows."""

from load import (AbuseTest, Client, ShiftedClock, events, figure, measured,
                  report, rounds, target_of)
from harness import main

LIMIT = 50
EVICT_IDLE = 60  # seconds; the server's own, not an option
ROUND = 1.0
BATCH = 20


def be_refused(channel, target):
    """work(): dial and be refused, over and over, until told to stop. Returns
    how often."""
    refused = 0
    while not channel.poll():
        clients = [Client(target) for _ in range(BATCH)]
        for client in clients:
            client.expect_eof()
            client.close()
            refused += 1
        if refused == BATCH:
            report(channel, "begun")
    channel.recv()
    return refused


class Limit(AbuseTest):
    """Those connected are served; others are closed at once."""

    def test_refusal(self):
        server = self.start("--max-connections", str(LIMIT))
        alone = len(server.descriptors())
        clients = [self.connect(server) for _ in range(LIMIT)]
        for client in clients:
            client.ping()
        without = measured(clients[0], ROUND)
        flood = self.help(be_refused, target_of(server))
        flood.result()
        beside = []
        for _ in rounds(lambda: beside[-1].rate() >= 0.1 * without.rate(), 1):
            beside.append(measured(clients[0], ROUND))
        refused = flood.stop()
        for client in clients:
            client.ping()
        self.settled(server, alone + LIMIT)

        lines = self.assert_log_is_bounded(server)
        beside = beside[-1]
        figure("limit", "%d refused beside %d served; one of these had %.0f "
               "round trips/s, without the flood %.0f: ratio %.2f; %d lines "
               "in the log" % (refused, LIMIT, beside.rate(), without.rate(),
                            beside.rate() / without.rate(), lines))
        self.assertGreaterEqual(beside.rate(), 0.1 * without.rate())

        clients.pop().close()
        self.settled(server, alone + LIMIT - 1)
        self.connect(server).ping()
        server.stop()
        self.assertEqual(events(server, "refusals", " refuse: "), refused)


class Eviction(AbuseTest):
    """At the limit the longest idle makes room, once it is idle for a minute.
    The server's clock is set forward for it."""

    def test_eviction(self):
        if not ShiftedClock.LIBRARY:
            figure("eviction", "SKIPPED: SHIFT_CLOCK names no library")
            self.skipTest("SHIFT_CLOCK names no library")
        clock = ShiftedClock()
        self.addCleanup(clock.close)
        server = self.start("--max-connections", str(LIMIT),
                            env=clock.environment())
        clients = [self.connect(server) for _ in range(LIMIT)]
        for client in clients:
            client.ping()
        longest = clients[LIMIT // 2]  # neither the oldest nor the youngest
        second = clients[LIMIT // 3]
        others = [c for c in clients if c not in (longest, second)]

        # Time passes by itself, too: none of this is decided by 15 s of it.
        clock.advance(20)
        self.turn(others)
        second.ping()
        clock.advance(20)
        self.turn(others)
        self.refused(server)  # 40 s of idleness are not enough

        clock.advance(EVICT_IDLE - 35)
        self.turn(others)
        with self.connect(server) as new_client:
            new_client.ping()
            longest.expect_eof()
            second.ping()
            self.refused(server)  # nobody else is idle for so long
            for client in others:
                client.ping()

            evicted = server.log_lines("longest idle at the connection limit")
            self.assertEqual(len(evicted), 1)
            figure("eviction", "the one idle for 65 s of %d was evicted; "
                   "after 40 s none was" % LIMIT)

    @staticmethod
    def turn(clients):
        """Each asks, and the server notices the time."""
        for client in clients:
            client.ping(2)

    def refused(self, server):
        """A new connection is refused."""
        self.connect(server).expect_eof()


if __name__ == "__main__":
    main()
