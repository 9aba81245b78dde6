"""The engine has lost a part of the log, or all of it; or a server has missed a
part that the log has no more."""

import json
import signal
import time

from harness import Client, wait_for
from sharing import (ACKNOWLEDGED, ADDRESSES, PATIENT, REFUSED, SharedTest,
                     main, table_of)

# So that the log is trimmed by ten entries, not by a hundred.
FINE = ("--stream-node-max-entries", "10")


class Rewind(SharedTest):
    """Group rewind: a power failure with everysec, as what it leaves: the file
    without its end."""

    def write(self, server, count):
        """So many acknowledged writes: their addresses."""
        before = self.ledger.having(ACKNOWLEDGED)
        writer = self.writer(server)
        for _ in range(count):
            writer.write_acknowledged()
        writer.close()
        return self.ledger.having(ACKNOWLEDGED) - before

    def lose(self, engine, size, lost):
        """The engine comes back without what was written after that size."""
        engine.kill()
        engine.lose_tail(size)
        engine.start()
        for address in lost:
            self.ledger.settle(address, REFUSED)

    def test_all_go_back_when_nobody_writes_after_it(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        self.write(servers[0], 50)
        size = engine.size_on_disk()
        last = engine.bounds()[1]
        lost = self.write(servers[1], 60)
        self.await_equal(servers)
        self.lose(engine, size, lost)
        self.await_equal(servers)
        self.settle(servers)
        for server in servers:
            line = server.log_lines("loading the table anew")[0]
            self.assertIn("error shared: ", line)
            self.assertGreater(server.metric("reloads_total"), 0)
        self.assertGreater(engine.bounds()[1], last)

    def test_numbers_of_lost_entries_are_given_again(self):
        """A server that comes later finds an entry with the number of its
        last one, and it is another one."""
        engine = self.engine()
        proxy = self.proxy(engine)
        servers = self.members(engine, 2, *PATIENT)
        servers.append(self.member(proxy, *PATIENT))
        self.write(servers[0], 50)
        size = engine.size_on_disk()
        lost = self.write(servers[2], 60)
        self.await_equal(servers)
        last = engine.bounds()[1]
        proxy.cut()
        self.lose(engine, size, lost)
        self.await_equal(servers[:2])
        while engine.bounds()[1] < last + 10:
            self.write(servers[0], 20)
        proxy.pass_again()
        self.await_equal(servers)
        self.assertTrue(servers[2].log_lines("loading the table anew"))
        self.settle(servers)

    def test_the_numbers_are_the_same(self):
        """As many entries as before: the next one has the right number, the
        last one is not the one that was read."""
        engine = self.engine()
        proxy = self.proxy(engine)
        servers = [self.member(engine, *PATIENT, "--shared-init"),
                   self.member(proxy, *PATIENT)]
        for extra in range(3):
            self.write(servers[0], 20)
            size = engine.size_on_disk()
            lost = self.write(servers[0], 30)
            self.await_equal(servers)
            last = engine.bounds()[1]
            proxy.cut()
            self.lose(engine, size, lost)
            servers[0].await_healthy()
            while engine.bounds()[1] < last + extra:
                self.write(servers[0], 1)
            proxy.pass_again()
            self.await_equal(servers)
        self.settle(servers)

    def test_with_snapshots_under_load(self):
        """Acknowledged writes may be lost here; all have the same table."""
        engine = self.engine(*FINE, fsync="everysec")
        servers = self.members(engine, 3, *PATIENT, "--shared-snapshot", "50")
        self.write(servers[0], 200)
        kept = self.ledger.having(ACKNOWLEDGED)
        self.await_equal(servers)
        size = engine.size_on_disk()
        with self.load(servers, readers=False, reads=False) as load:
            self.await_acknowledged(500, load)
            engine.kill()
            engine.lose_tail(size)
            engine.start()
            self.await_acknowledged(300, load)
        self.settle(servers, but=set(range(ADDRESSES)) - kept)


class Wipe(SharedTest):
    """Group wipe: the table has gone. Nobody makes a new one of zeros."""

    def wiped(self, *options):
        """An engine, servers that have a table, and that table."""
        engine = self.engine()
        servers = [self.member(engine, *PATIENT, "--shared-init", *options)
                   for _ in range(3)]
        with self.load(servers) as load:
            self.await_acknowledged(500, load)
        self.settle(servers)
        with Client(servers[0]) as client:
            return engine, servers, table_of(client)

    def assert_lost(self, engine, servers, table):
        """Writes are refused, reads go on from memory, and nothing is made."""
        for server in servers:
            server.await_degraded("lost the table")
            self.assertEqual(self.writer(server).write(2), [REFUSED] * 2)
            with Client(server) as client:
                self.assertEqual(table_of(client), table)
            self.assertTrue(server.log_lines("the engine has lost the table"))
        self.assertEqual(engine.ask("EXISTS", "mb:log"), 0)

    def test_it_is_restored(self):
        engine, servers, table = self.wiped("--shared-snapshot", "100")
        saved = {key: engine.ask("DUMP", key)
                 for key in (b"mb:log", b"mb:snapshot")}
        engine.ask("FLUSHALL")
        self.assert_lost(engine, servers, table)
        for key, value in saved.items():
            engine.ask("RESTORE", key, 0, value)
        for server in servers:
            server.await_healthy()
        self.await_equal(servers)
        self.settle(servers)

    def test_under_load(self):
        engine, servers, _ = self.wiped()
        with self.load(servers, reads=False) as load:
            self.await_acknowledged(100, load)
            with engine.connect() as connection:
                for words in ("MULTI", "DUMP mb:log", "FLUSHALL"):
                    connection.ask(*words.split())
                saved, _ = connection.ask("EXEC")
            for server in servers:
                server.await_degraded("lost the table")
            self.await_reads()
            self.assertEqual(engine.ask("EXISTS", "mb:log"), 0)
            engine.ask("RESTORE", "mb:log", 0, saved)
            for server in servers:
                server.await_healthy()
        self.settle(servers)

    def test_a_new_engine_in_its_place(self):
        """Without its files, and so without a table."""
        engine, servers, table = self.wiped()
        engine.kill()
        engine.lose_everything()
        engine.start()
        self.assert_lost(engine, servers, table)

    def test_a_new_table_by_hand(self):
        """The dump of a server, a new table, the dump loaded into it."""
        engine, servers, table = self.wiped()
        engine.ask("FLUSHALL")
        self.assert_lost(engine, servers, table)
        dump = servers[0].get("/api/dump")[1]
        maker = self.member(engine, *PATIENT, "--shared-init")
        for server in servers:
            server.await_healthy()
        wait_for(lambda: maker.ask("POST", "/api/load", dump)[0] == 200,
                 "the dump is loaded")
        self.assertEqual(json.loads(maker.get("/api/dump")[1])["registers"],
                         json.loads(dump)["registers"])
        self.await_equal([*servers, maker])
        with Client(servers[2]) as client:
            self.assertEqual(table_of(client), table)
        self.settle([*servers, maker])

    def test_a_table_of_the_other_layout_in_its_place(self):
        """It is not theirs: that is a table that was lost, too."""
        engine, servers, table = self.wiped()
        engine.ask("FLUSHALL")
        self.assert_lost(engine, servers, table)
        self.member(engine, "-d", "o", "--shared-init")
        for server in servers:
            server.await_degraded()
            self.assertEqual(self.writer(server).write(2), [REFUSED] * 2)
            with Client(server) as client:
                self.assertEqual(table_of(client), table)
            self.assertTrue(server.is_running())


class Lag(SharedTest):
    """Group lag: a server is stopped, and what it has missed is trimmed."""

    def lag(self, engine, servers, seconds=0):
        """The last server is stopped for so long at least. Others write until
        the log begins well behind what it has. Then nobody writes."""
        self.await_equal(servers)
        reloads = servers[-1].metric("reloads_total")
        last = engine.bounds()[1]
        writer = self.writer(servers[0], 10)
        servers[-1].process.send_signal(signal.SIGSTOP)
        try:
            end = time.monotonic() + seconds
            while engine.bounds()[0] < last + 20:
                writer.step()
            while time.monotonic() < end:
                writer.contend()
        finally:
            servers[-1].process.send_signal(signal.SIGCONT)
        writer.close()
        self.await_equal(servers)
        wait_for(lambda: servers[-1].metric("reloads_total") > reloads,
                 "a table that was loaded anew")

    def test_a_long_pause_then_short_ones(self):
        """A long one ends in a new connection, which shows the gap anyway; a
        short one is noticed by the numbers alone."""
        engine = self.engine(*FINE)
        servers = self.members(engine, 3, *PATIENT, "--shared-snapshot", "20")
        self.lag(engine, servers, 3)
        for _ in range(10):
            self.lag(engine, servers)
        self.settle(servers)

    def test_short_pauses_by_others_writes(self):
        """The same, without any write of its own."""
        engine = self.engine(*FINE)
        servers = self.members(engine, 2, *PATIENT, "--shared-snapshot", "20")
        for _ in range(10):
            self.lag(engine, servers)
        self.settle(servers)

    def test_a_pause_that_nothing_is_missed_in(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        writer = self.writer(servers[0], 4)
        for _ in range(3):
            servers[1].process.send_signal(signal.SIGSTOP)
            writer.write(30)
            servers[1].process.send_signal(signal.SIGCONT)
            self.await_equal(servers)
        self.settle(servers)


if __name__ == "__main__":
    main()
