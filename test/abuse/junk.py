"""Random bytes: ABUSE_SECONDS=60 for a minute of them."""

import random
import time

from load import (KIB, SEED, AbuseTest, ask_echo, figure, read_registers,
                  seconds, send_junk, target_of, wait_for)
from harness import main

HELPERS = 2
CONNECTIONS = 20  # of each helper
PACE = 0
GROWTH = 1024 * KIB  # from the first half to the second
TRIPS = 60  # of another client in each half, at least


class Junk(AbuseTest):
    """Whatever comes, another client has right answers all the time, and
    nothing is left when it is over."""

    def test_junk(self):
        server = self.start()
        alone = len(server.descriptors())
        canary = self.connect(server)
        rng = random.Random(SEED)
        helpers = [self.help(send_junk, target_of(server), SEED + number,
                             CONNECTIONS, PACE) for number in range(HELPERS)]
        wait_for(lambda: len(server.descriptors()) > alone + CONNECTIONS,
                 "the junk")
        resident, trips, worst = [], 0, 0.0
        for _ in range(2):
            most = server.resident_bytes()
            end = time.monotonic() + seconds(6) / 2
            enough = trips + TRIPS
            while time.monotonic() < end or trips < enough:
                began = time.monotonic()
                ask_echo(canary, rng)
                self.assert_reads(canary, rng)
                worst = max(worst, time.monotonic() - began)
                trips += 2
                if trips % 100 == 0:
                    most = max(most, server.resident_bytes())
            resident.append(most)
        sent = [helper.stop() for helper in helpers]
        self.settled(server, alone + 1)
        canary.ping(100)
        canary.close()
        self.settled(server, alone)

        connections = sum(opened for opened, _ in sent)
        growth = resident[1] - resident[0]
        lines = self.assert_log_is_bounded(server)
        figure("junk", "%.1f MB on %d connections in %.0f s; another client "
               "had %d right answers, two within %.0f ms at the worst; "
               "resident %.0f KiB in the first half, %+.0f KiB in the second; "
               "%d lines in the log (seed %d)" % (
                   sum(size for _, size in sent) / 1e6, connections,
                   seconds(6), trips, 1000 * worst, resident[0] / KIB,
                   growth / KIB, lines, SEED))
        self.assert_memory("junk", growth, GROWTH, asan_times=8)
        self.assert_every_connection_is_accounted_for(server, connections + 1)

    def assert_reads(self, canary, rng):
        """Registers that the junk may have changed; but so many they are."""
        quantity = rng.randrange(1, 126)
        answer = canary.ask(read_registers(quantity))
        self.assertEqual((len(answer), answer[:2]),
                         (2 + 2 * quantity, bytes([3, 2 * quantity])))


if __name__ == "__main__":
    main()
