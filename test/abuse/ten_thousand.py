"""10,000 connections at once."""

import resource
import time

from load import (KIB, AbuseTest, adu, dial, echo, figure, report, skip,
                  source_address, target_of)
from harness import main

CONNECTIONS = 10000
NEEDED = CONNECTIONS + 100  # descriptors, for the server and for the clients

# What an idle connection may cost the server's process.
RESIDENT = 4 * KIB


def connect_all(channel, target, connections=CONNECTIONS):
    """work(): connect; at "ask" one request on each, then all the answers; at
    "close" close all. Returns how many were answered."""
    sockets = []
    for i in range(connections):
        sockets.append(dial(target, source_address(i % 200)))
        if i % 100 == 0:  # the queue of those not yet accepted stays short
            ask(sockets[i], i)
            answered(sockets[i], i)
    report(channel, "connected")
    channel.recv()
    for i, s in enumerate(sockets):
        ask(s, i)
    right = sum(answered(s, i) for i, s in enumerate(sockets))
    report(channel, "answered")
    channel.recv()
    for s in sockets:
        s.close()
    return right


def request(i):
    """Different for each connection."""
    return adu(echo(b"%05d" % i), i & 0xFFFF)


def ask(s, i):
    s.sendall(request(i))


def answered(s, i):
    return s.recv(64) == request(i)


class TenThousand(AbuseTest):
    """All of them are served."""

    def test_10000_connections_at_once(self):
        server = self.start()
        other = self.connect(server)
        other.ping(100)
        alone = len(server.descriptors())
        before = server.resident_bytes()
        began = time.monotonic()
        clients = self.help(connect_all, target_of(server))
        clients.result()
        self.settled(server, alone + CONNECTIONS)
        idle = (server.resident_bytes() - before) / CONNECTIONS
        clients.ask("ask")
        asked = (server.resident_bytes() - before) / CONNECTIONS
        other.ping(100)
        right = clients.ask("close")
        elapsed = time.monotonic() - began
        self.settled(server, alone)

        figure("ten thousand", "%d connections at once, %d answered, in %.1f "
               "s; each costs %.2f KiB of the server while idle, %.2f after a "
               "request" % (CONNECTIONS, right, elapsed, idle / KIB,
                            asked / KIB))
        self.assertEqual(right, CONNECTIONS)
        self.assert_memory("ten thousand", asked, RESIDENT, asan_times=4)
        other.ping(100)
        self.assert_log_is_bounded(server)


def descriptors():
    """What we and the server may open, the soft limit raised to it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return float("inf") if hard == resource.RLIM_INFINITY else hard


if __name__ == "__main__":
    if descriptors() < NEEDED:
        skip("ten thousand", "the descriptor limit is %d, ulimit -Hn %d is "
             "needed" % (descriptors(), NEEDED))
    main()
