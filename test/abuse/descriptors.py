"""More clients than descriptors."""

import time

from load import (AbuseTest, Client, adu, dial, events, figure, report, reset,
                  source_address, target_of, wait_for)
from harness import PING, limit_descriptors, main

DESCRIPTORS = 64
CLIENTS = 100
WATCHED = 2.5  # seconds
PACE = 0.005

# The server tries again 10 times a second and with each sweep; and whenever a
# connection closes.
ATTEMPTS = 11


def come_and_go(channel, target):
    """work(): new clients that don't wait to be accepted, until told to stop.
    Every dead one in the queue is an accept that fails."""
    gone = 0
    while not channel.poll(PACE):
        s = dial(target, source_address(gone % 200))
        if gone % 2:
            s.close()
        else:
            reset(s)
        gone += 1
        if gone == 1:
            report(channel, "begun")
        if gone == 300:
            break  # the queue must not run over
    channel.recv()
    return gone


class Descriptors(AbuseTest):
    """Out of descriptors the server waits, quietly, and goes on when it can.
    A plain listener takes a whole processor and writes 350,000 lines a
    second."""

    def test_out_of_descriptors(self):
        server = self.start("--max-connections", "1000",
                            preexec_fn=limit_descriptors(DESCRIPTORS))
        alone = len(server.descriptors())
        clients = [self.connect(server) for _ in range(CLIENTS)]
        self.settled(server, DESCRIPTORS)
        wait_for(lambda: server.log_lines(" accept: "), "a word about it")
        served = DESCRIPTORS - alone
        new_clients = self.help(come_and_go, target_of(server))
        new_clients.result()

        began, used = time.monotonic(), server.cpu_seconds()
        clients[0].ping()
        time.sleep(WATCHED)  # the time itself is what CPU is compared with
        used = server.cpu_seconds() - used
        elapsed = time.monotonic() - began
        clients[0].ping()
        gone = new_clients.stop()
        self.assertLess(used, 0.1 * elapsed, "it spins")

        # Those who are in are served; each that goes makes room for the next.
        for client in clients[:served]:
            client.ping()
        for client in clients:
            client.send(adu(PING, 7))
        for client in clients:
            self.assertEqual(client.frame()[0], 7)
            client.close()
        with Client(server) as new_client:
            new_client.ping(10)
        self.settled(server, alone)
        lines = self.assert_log_is_bounded(server)
        total = time.monotonic() - self.began
        self.assert_every_connection_is_accounted_for(server,
                                                      CLIENTS + gone + 1)
        failures = events(server, "failures to accept", " accept: ")
        figure("descriptors", "%d descriptors, %d clients, and %d that come "
               "and go: waiting for %.1f s takes %.1f %% of a processor; all "
               "were served in the end; %d failures to accept in %.1f s, %d "
               "lines in the log" % (
                   DESCRIPTORS, CLIENTS, gone, elapsed, 100 * used / elapsed,
                   failures, total, lines))
        self.assertLessEqual(failures, ATTEMPTS * (1 + total) + CLIENTS + gone)


if __name__ == "__main__":
    main()
