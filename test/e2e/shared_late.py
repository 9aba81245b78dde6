"""Bytes that arrive late, and servers that are cut off."""

import time

from harness import Client, read, unpack_words, wait_for, write_single
from sharing import (ACKNOWLEDGED, PATIENT, REFUSED, Background, SharedTest,
                     main, table_of, value_of)


class Late(SharedTest):
    """Group late: what a server has sent over a connection that it has given
    up reaches the engine afterwards, and must be ignored."""

    def setUp(self):
        super().setUp()
        engine = self.engine()
        self.middle = self.proxy(engine)
        self.pair = [
            self.member(engine, *PATIENT, "--shared-init"),
            self.member(self.middle, *PATIENT)]

    def hold_and_write(self, clients, depth):
        """Runs of writes on some connections, whose bytes are held. Each has
        an outcome once the server has connected again. Whether some were
        held, and refused: it may have connected again before them, or been
        away."""
        outcomes = []

        class Once:
            """One run of writes."""

            def __init__(self, writer):
                self.writer = writer
                self.done = False

            def step(self):
                if self.done:
                    time.sleep(0.02)
                else:
                    outcomes.extend(self.writer.write(depth))
                    self.done = True

            def close(self):
                self.writer.close()

        runs = [Once(self.writer(self.pair[1])) for _ in range(clients)]
        self.pair[1].await_healthy()
        self.middle.hold()
        with Background(runs) as load:
            wait_for(lambda: load.check() or all(run.done for run in runs),
                     "outcomes", 180)
        self.pair[1].await_healthy()
        if REFUSED in outcomes and self.middle.held_entries():
            return True
        self.middle.release()
        self.await_equal(self.pair)
        return False

    def run_late(self, clients, depth, follow):
        for _ in range(2):
            wait_for(lambda: self.hold_and_write(clients, depth),
                     "writes that are held", 300)
            if follow:
                for server in self.pair:
                    self.writer(server).write_acknowledged()
            late = self.pair[0].metric("writes_late_total")
            self.middle.release()
            wait_for(lambda: self.pair[0].metric("writes_late_total") > late,
                     "late writes")
            self.await_equal(self.pair)
        self.settle(self.pair)

    def test_one_write_when_nobody_writes_after_it(self):
        self.run_late(1, 1, False)

    def test_some_writes_with_others_before_them(self):
        self.run_late(4, 1, True)

    def test_long_runs_on_one_connection(self):
        """More than may wait: what is submitted when the first of them are
        refused is in the new session, and no part of what is refused."""
        self.run_late(1, 400, True)

    def test_runs_on_many_connections(self):
        self.run_late(6, 40, False)

    def test_writes_and_reads_in_turns(self):
        """A write that stands behind a read is submitted later than those
        before it."""
        self.run_late(3, 7, True)

    def test_an_acknowledgement_follows_all_entries_before_it(self):
        """The engine has said that a write is in the log; what is before it
        there has not been read."""
        for _ in range(3):
            self.pair[1].await_healthy()
            self.middle.hold(only_reading=True)
            before = self.ledger.next
            self.writer(self.pair[0]).write_acknowledged()
            behind, = self.ledger.take()
            pdu = write_single(6, behind, value_of(behind))
            responses = self.writer(self.pair[1]).exchange(
                [pdu, read(3, before, self.ledger.next - before)])
            if responses[:1] == [pdu]:
                self.ledger.settle(behind, ACKNOWLEDGED)
                self.assertEqual(
                    self.ledger.wrong_words(
                        before, unpack_words(responses[1][2:])), [])
            self.pair[1].await_healthy()
            self.middle.release()
            self.await_equal(self.pair)
        self.settle(self.pair)

    def test_under_load(self):
        with self.load(self.pair, clients=3, depth=8) as load:
            for _ in range(3):
                self.await_acknowledged(200, load)
                lost = self.pair[1].metric("disconnects_total")
                self.middle.hold()
                wait_for(lambda: self.pair[1].metric("disconnects_total")
                         > lost, "a lost connection")
                self.pair[1].await_healthy()
                self.await_acknowledged(100, load)
                self.middle.release()
        self.settle(self.pair)
        self.assert_seen_is_there(self.pair[0])

    def test_under_load_that_ends_before_it(self):
        for _ in range(2):
            with self.load(self.pair, clients=3, depth=8) as load:
                self.await_acknowledged(100, load)
                lost = self.pair[1].metric("disconnects_total")
                self.middle.hold()
                wait_for(lambda: self.pair[1].metric("disconnects_total")
                         > lost, "a lost connection")
            self.pair[1].await_healthy()
            self.middle.release()
            self.await_equal(self.pair)
        self.settle(self.pair)


class Partition(SharedTest):
    """Group partition: one server is cut off from the engine."""

    def cut_off(self, servers, cut, heal):
        with self.load(servers) as load:
            for _ in range(2):
                self.await_acknowledged(200, load)
                cut()
                servers[0].await_degraded("away")
                self.assertEqual(self.writer(servers[0]).write(3),
                                 [REFUSED] * 3)
                self.await_acknowledged(200, load)  # by the others
                for server in servers[1:]:
                    server.await_healthy()
                self.await_reads()
                heal()
                servers[0].await_healthy()
            self.await_acknowledged(200, load)
        self.await_equal(servers)
        # Once more, and nobody writes after it.
        cut()
        servers[0].await_degraded("away")
        with Client(servers[0]) as client:
            before = table_of(client)
        writer = self.writer(servers[1])
        for _ in range(20):
            writer.write_acknowledged()
        with Client(servers[0]) as client:
            self.assertEqual(table_of(client), before, "the old table")
        heal()
        self.await_equal(servers)
        self.settle(servers)
        self.assert_seen_is_there(servers[1])

    def members_behind(self):
        engine = self.engine()
        proxy = self.proxy(engine)
        others = self.members(engine, 2, *PATIENT)
        return proxy, [self.member(proxy, *PATIENT), *others]

    def test_silently(self):
        proxy, servers = self.members_behind()
        self.cut_off(servers, proxy.stall, proxy.pass_again)

    def test_by_resets(self):
        proxy, servers = self.members_behind()
        self.cut_off(servers, proxy.cut, proxy.pass_again)


if __name__ == "__main__":
    main()
