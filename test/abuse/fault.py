"""mbfault in front of the server: many connections, clients that never read,
resets, junk. With rules that act on one request in five."""

import os
import random
import time

from load import (KIB, SEED, AbuseTest, ask_echo, figure, pipeline,
                  read_registers, seconds, send_junk, stuff, target_of,
                  wait_for)
from harness import Server, main
import never_reader
import resets
from ten_thousand import connect_all, descriptors

# Each takes two descriptors of mbfault, and one of the others.
CONNECTIONS = int(min(10000, (descriptors() - 200) // 2))

# What a connection may cost mbfault's process: while idle; for one that never
# reads, 64 KiB each of replies and of requests, and what the allocator adds.
IDLE_RESIDENT = 8 * KIB
STUFFED_RESIDENT = 320 * KIB
GROWTH = 1024 * KIB
NEVER_READ = 50
JUNK_TRIPS = 100

RULES = ["silence unit 200-210 chance 20%", "delay 1ms..20ms chance 5%",
         "split chance 5%", "exception 6 unit 100-199 chance 20%",
         "close unit 211-220 chance 1%"]


class Fault(Server):
    """The running mbfault."""

    binary = os.environ.get("MBFAULT", "")


class FaultAbuse(AbuseTest):
    """What is done to mbfault; the server behind it is another process."""

    def start_fault(self, *rules):
        self.server = self.start()
        return self.start("--to", "127.0.0.1:%d" % self.server.port,
                          *("--rule=" + rule for rule in rules), kind=Fault)

    def test_as_many_connections_as_descriptors_allow(self):
        fault = self.start_fault()
        other = self.connect(fault)
        other.ping(100)
        alone = len(fault.descriptors())
        before = fault.resident_bytes()
        began = time.monotonic()
        clients = self.help(connect_all, target_of(fault), CONNECTIONS)
        clients.result()
        self.settled(fault, alone + 2 * CONNECTIONS)
        clients.ask("ask")
        cost = (fault.resident_bytes() - before) / CONNECTIONS
        other.ping(100)
        right = clients.ask("close")
        elapsed = time.monotonic() - began
        self.settled(fault, alone)
        figure("mbfault, connections", "%d connections at once, %d answered, "
               "in %.1f s; each costs %.2f KiB of mbfault after a request" % (
                   CONNECTIONS, right, elapsed, cost / KIB))
        self.assertEqual(right, CONNECTIONS)
        self.assert_memory("mbfault", cost, IDLE_RESIDENT, asan_times=4)
        other.ping(100)
        self.assert_log_is_bounded(fault)

    def test_clients_that_never_read(self):
        fault = self.start_fault()
        other = self.connect(fault)
        other.ping(100)
        alone = len(fault.descriptors())
        before = fault.resident_bytes()
        clients = [self.connect(fault, receive_buffer=4096, send_buffer=65536)
                   for _ in range(NEVER_READ)]
        requests = pipeline(read_registers(125), 90000)
        sent = stuff(clients, requests, other)
        self.assertLess(max(sent), len(requests), "it takes everything")
        share, spent = never_reader.NeverReader.watch(fault)
        cost = (fault.resident_bytes() - before) / NEVER_READ
        figure("mbfault, never-reader", "each of %d clients holds %.0f KiB of "
               "mbfault, which uses %.1f %% of a processor for %d s (%d ticks)"
               % (NEVER_READ, cost / KIB, 100 * share, never_reader.IDLE,
                  spent))
        self.assert_memory("mbfault", cost, STUFFED_RESIDENT, asan_times=2)
        self.assertLess(share, 0.1, "it spins")
        other.ping(100)
        for client in clients:
            client.close()
        self.settled(fault, alone)

    def test_a_server_that_does_not_answer(self):
        """All replies are lost: nothing piles up, and nobody waits."""
        fault = self.start_fault("silence unit 9")
        client = self.connect(fault)
        client.ping(10)
        before = fault.resident_bytes()
        for _ in range(20):
            client.send(pipeline(read_registers(1), 1000).replace(
                b"\0\0\0\6\1\3", b"\0\0\0\6\11\3"))
            client.ping()
        growth = fault.resident_bytes() - before
        figure("mbfault, silence", "20000 requests without a reply, resident "
               "%+.0f KiB" % (growth / KIB))
        self.assert_memory("mbfault", growth, GROWTH, asan_times=4)

    def test_resets_in_every_phase(self):
        fault = self.start_fault(*RULES)
        alone = len(fault.descriptors())
        other, rng = self.connect(self.server), random.Random(SEED)

        def one_round():
            helpers = [self.help(resets.storm, target_of(fault), number)
                       for number in range(resets.HELPERS)]
            for helper in helpers:
                helper.result()
            self.settled(fault, alone)

        first, growth, rounds = self.rounds_until_flat(
            fault, one_round, GROWTH, asan_times=16)
        ask_echo(other, rng)
        figure("mbfault, resets", "%d; resident %.0f KiB after the first "
               "round, %+.0f KiB in the last of %d" % (
                   rounds * resets.EACH * len(resets.PHASES), first / KIB,
                   growth / KIB, rounds))
        self.assert_memory("mbfault", growth, GROWTH, asan_times=16)
        self.assert_log_is_bounded(fault)

    def test_junk(self):
        """Another client of mbfault, of a unit without rules, has right
        answers all the time."""
        fault = self.start_fault("exception 6 unit 100-199 chance 20%",
                                 "delay 1ms..20ms unit 50-99",
                                 "split unit 200-255 chance 20%")
        alone = len(fault.descriptors())
        canary = self.connect(fault)
        junk = self.help(send_junk, target_of(fault), SEED, 20, 0)
        wait_for(lambda: len(fault.descriptors()) > alone + 20, "the junk")
        trips, end = 0, time.monotonic() + seconds(3)
        while trips < JUNK_TRIPS or time.monotonic() < end:
            canary.ping()
            trips += 1
        opened, sent = junk.stop()
        canary.ping(100)
        canary.close()
        self.settled(fault, alone)
        figure("mbfault, junk", "%.1f MB on %d connections; another client "
               "had %d right answers" % (sent / 1e6, opened, trips))
        self.assert_log_is_bounded(fault)


if __name__ == "__main__":
    main()
