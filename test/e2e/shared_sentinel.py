"""Three engines, a Sentinel each: the primary is killed, or cut off from the
others while servers are still connected to it. This takes minutes: it is run
where $SENTINEL is set.

    SENTINEL=1 scripts/test -R shared_sentinel -V"""

import os
import sys

from harness import wait_for
from engine import RedisError, Sentinel
from sharing import (ACKNOWLEDGED, ADDRESSES, PATIENT, REFUSED, UNDECIDED,
                     SharedTest, main)

LIMIT = 180  # seconds


class Trio:
    """Where three engines are. The first is the primary at first, known to the
    others by a proxy, which a test can stall."""

    def __init__(self, test, safe):
        safe = ["--min-replicas-to-write", "1", "--min-replicas-max-lag",
                "2"] if safe else []
        first = test.engine(*safe)
        self.proxy = test.proxy(first)
        # By one address only: two would be two replicas, of which one is told
        # to follow the other.
        first.options += ["--replica-announce-port", str(self.proxy.port)]
        first.kill()
        first.start()
        self.engines = [first, *(test.engine(
            *safe, "--replicaof", "127.0.0.1", str(self.proxy.port))
            for _ in range(2))]
        wait_for(lambda: self.replicas(first) == 2, "two replicas", LIMIT)
        self.sentinels = []
        for _ in range(3):
            self.sentinels.append(Sentinel(self.proxy.port))
            test.addCleanup(self.sentinels[-1].close)
        for sentinel in self.sentinels:
            wait_for(lambda s=sentinel: self.knows_all(s), "Sentinels", LIMIT)

    @property
    def url(self):
        return "redis://" + ",".join("127.0.0.1:%d" % e.port
                                     for e in self.engines)

    @staticmethod
    def knows_all(sentinel):
        """Whether a Sentinel knows both others and both replicas."""
        words = sentinel.ask("SENTINEL", "MASTER", "mb")
        known = dict(zip(words[::2], words[1::2]))
        return known[b"num-slaves"] == b"2" \
            and known[b"num-other-sentinels"] == b"2"

    @staticmethod
    def role(engine):
        try:
            return engine.ask("ROLE")
        except (OSError, RedisError):
            return [b"none"]

    def replicas(self, engine):
        role = self.role(engine)
        return len(role[2]) if role[0] == b"master" else 0

    def primary(self, but=None):
        """The engine that is the primary, and no other than that one."""
        def found():
            return [e for e in self.engines if e is not but
                    and self.role(e)[0] == b"master"]
        return wait_for(found, "a primary", LIMIT)[0]

    def await_whole(self):
        """One primary, and two replicas that follow it."""
        wait_for(lambda: sorted(self.replicas(e) for e in self.engines)
                 == [0, 0, 2], "two replicas", LIMIT)
        wait_for(lambda: sum(self.role(e)[0] == b"master"
                             for e in self.engines) == 1, "one primary", LIMIT)


class SentinelTest(SharedTest):
    """With and without --shared-copies."""

    def started(self, copies):
        trio = Trio(self, safe=copies > 0)
        options = [*PATIENT, "--shared-copies", str(copies),
                   "--shared-snapshot", "500"]
        return trio, self.members(trio, 3, *options)

    def report(self, what):
        print("sentinel: %s: %s" % (what, ", ".join(
            "%d %s" % (self.ledger.count(outcome), outcome)
            for outcome in (ACKNOWLEDGED, REFUSED, UNDECIDED))))

    def kill_primaries(self, copies, but):
        trio, servers = self.started(copies)
        with self.load(servers, reads=copies > 0) as load:
            for _ in range(4):
                self.await_acknowledged(200, load)
                primary = trio.primary()
                primary.kill()
                self.await_reads()
                trio.primary(but=primary)
                self.await_acknowledged(200, load)
                primary.start()
                trio.await_whole()
        self.settle(servers, but)
        self.report("4 fail-overs, copies %d" % copies)

    def split(self, copies, but):
        trio, servers = self.started(copies)
        first = trio.engines[0]
        with self.load(servers, reads=copies > 0) as load:
            self.await_acknowledged(200, load)
            trio.proxy.stall()
            trio.primary(but=first)
            # With copies, by the new primary: the old one has none.
            self.await_acknowledged(300, load)
            self.await_reads()
            trio.proxy.pass_again()
            trio.await_whole()
            self.await_acknowledged(200, load)
        self.settle(servers, but)
        self.report("a split, copies %d" % copies)
        return servers


class Safe(SentinelTest):
    """With one copy, nothing that was acknowledged is lost."""

    def test_the_primary_is_killed(self):
        self.kill_primaries(1, ())

    def test_the_primary_is_cut_off(self):
        self.split(1, ())


class Unsafe(SentinelTest):
    """Without copies, much is lost in a split; all have the same, and say
    so."""

    def test_the_primary_is_killed(self):
        self.kill_primaries(0, range(ADDRESSES))

    def test_the_primary_is_cut_off(self):
        servers = self.split(0, range(ADDRESSES))
        self.assertTrue(any(server.log_lines("loading the table anew")
                            for server in servers))


if __name__ == "__main__":
    if not os.environ.get("SENTINEL"):
        print("SENTINEL is not set")
        sys.exit(77)
    main()
