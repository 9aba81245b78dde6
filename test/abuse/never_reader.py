"""Clients that send requests and never read the replies."""

import statistics
import time
from functools import partial

from load import (KIB, AbuseTest, figure, kernel_memory, pipeline,
                  read_registers, stuff)
from harness import in_background, main, write_registers

CLIENTS = 50
IDLE = 2  # seconds to be watched

# What the server may hold for each: 64 KiB of replies at which it stops, one
# reply more, one read of 4 KiB, and what the allocator adds.
RESIDENT = 160 * KIB

# What the system may hold for the replies it has taken: SO_SNDBUF, which it
# doubles for its bookkeeping, and a segment more.
SENDING = 192 * KIB

# What it may hold of requests that the server has not read: SO_RCVBUF, which it
# doubles for its bookkeeping, and a segment more.
RECEIVING = 192 * KIB

# The server cuts who reads nothing for 30 s. On a machine so busy that all this
# takes longer it is done again, so often.
TRIES = 5
CUT = "peer does not read its replies"

CLIENTS_THAT_READ_AT_FIRST = 5
WRITES = write_registers(0, [0xABCD] * 123)


class NeverReader(AbuseTest):
    """Each costs a bounded amount of memory and no processor time."""

    def test_50_that_ask_for_125_registers(self):
        self.in_time(self.never_read, "never-reader",
                     pipeline(read_registers(125), 60000))

    def test_50_that_ask_for_1_register(self):
        """Small replies, which leave no room between them either."""
        self.in_time(self.never_read, "never-reader, small replies",
                     pipeline(read_registers(1), 60000))

    def test_those_that_read_at_first(self):
        """While all goes well the system lets the server's receive buffers
        grow; then the clients stop reading and fill them."""
        self.in_time(self.read_at_first)

    def in_time(self, work, *arguments):
        """Do that with a server, before it cuts anybody."""
        for _ in range(TRIES):
            server = self.start()
            try:
                work(server, *arguments)
                return
            except (AssertionError, ConnectionError):
                if not server.log_lines(CUT):
                    raise
        self.fail("it always takes too long")

    def read_at_first(self, server):
        """See above."""
        other = self.connect(server)
        other.ping(100)
        clients = [self.connect(server)
                   for _ in range(CLIENTS_THAT_READ_AT_FIRST)]
        requests = pipeline(WRITES, 60000)
        for client in clients:
            with in_background(partial(client.send, requests)):
                client.receive(60000 * 12)
        stuff(clients, 4 * requests, other)
        received = [m["r"] for m in kernel_memory(server)]
        figure("never-reader, after reading", "of the system's memory each "
               "holds %.0f KiB received (at most %.0f)" % (
                   sum(received) / len(clients) / KIB, max(received) / KIB))
        self.assertLessEqual(max(received), RECEIVING)
        other.ping(100)

    def never_read(self, server, name, requests):
        """These clients, and what they cost."""
        other = self.connect(server)
        other.ping(100)
        alone = len(server.descriptors())
        before = server.resident_bytes()
        clients = [self.connect(server, receive_buffer=4096,
                                send_buffer=65536) for _ in range(CLIENTS)]
        sent = stuff(clients, requests, other)
        self.assertLess(max(sent), len(requests), "it takes everything")

        share, spent = self.watch(server)
        resident = (server.resident_bytes() - before) / CLIENTS
        memory = [m for m in kernel_memory(server) if m["w"] > 8 * KIB]
        self.assertEqual(len(memory), CLIENTS, "not all are stuffed")
        figure(name, "each of %d clients holds %.0f KiB of the server; of the "
               "system's memory %.0f KiB to send (at most %.0f) and %.0f KiB "
               "received (at most %.0f); meanwhile the server uses %.1f %% of "
               "a processor (%d ticks)" % (
                   CLIENTS, resident / KIB,
                   statistics.mean(m["w"] for m in memory) / KIB,
                   max(m["w"] for m in memory) / KIB,
                   statistics.mean(m["r"] for m in memory) / KIB,
                   max(m["r"] for m in memory) / KIB, 100 * share, spent))
        self.assert_memory(name, resident, RESIDENT, asan_times=2)
        self.assertLessEqual(max(m["w"] for m in memory), SENDING)
        self.assertLess(share, 0.1, "it spins")
        other.ping(100)

        for client in clients:
            client.close()
        self.settled(server, alone)

    @staticmethod
    def watch(server):
        """What the server uses when left alone: its share of a processor, and
        how many ticks of 1/100 s that were. Time itself is what this needs."""
        began, used = time.monotonic(), server.cpu_seconds()
        time.sleep(IDLE)
        used = server.cpu_seconds() - used
        return used / (time.monotonic() - began), round(100 * used)


if __name__ == "__main__":
    main()
