"""The engine is away: killed, silent, or cut off; and it refuses to write.
Reads go on from the last table."""

import random

from harness import wait_for
from sharing import ACKNOWLEDGED, PATIENT, REFUSED, SEED, SharedTest, main


class EngineTest(SharedTest):
    """What a server does without its engine."""

    def assert_refuses(self, servers, why=""):
        """Health says so, writes are refused at once, and nothing is closed;
        reads go on."""
        for server in servers:
            server.await_degraded(why)
            self.assertEqual(self.writer(server, 3).write(3), [REFUSED] * 3)
        self.await_reads()

    def await_back(self, servers):
        for server in servers:
            server.await_healthy()


class Away(EngineTest):
    """Group away."""

    def test_killed_and_started_again(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        with self.load(servers) as load:
            for _ in range(3):
                self.await_acknowledged(300, load)
                engine.kill()
                self.assert_refuses(servers, "away")
                engine.start()
                self.await_back(servers)
            self.await_acknowledged(300, load)
        self.settle(servers)
        self.assert_seen_is_there(servers[0])
        self.assertTrue(servers[0].log_lines("error shared: "))

    def test_killed_when_nobody_writes_after_it(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        for _ in range(3):
            with self.load(servers) as load:
                self.await_acknowledged(300, load)
            engine.kill()
            for server in servers:
                server.await_degraded("away")
            engine.start()
            self.await_equal(servers)
        self.await_back(servers)
        self.await_equal(servers)
        self.settle(servers)

    def test_killed_under_writes_of_which_none_follows(self):
        """The writes that are pending get an outcome when the engine is back:
        done or refused, or the connection is closed."""
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        for _ in range(4):
            with self.load(servers, clients=4, readers=False) as load:
                self.await_acknowledged(100, load)
                engine.kill()
                load.ending.set()
                engine.start()
            self.await_equal(servers)
        self.settle(servers)

    def test_silent(self):
        engine = self.engine()
        servers = self.members(engine, 3, "--shared-timeout", "500")
        with self.load(servers) as load:
            for _ in range(3):
                self.await_acknowledged(200, load)
                engine.freeze()
                self.assert_refuses(servers, "away")
                engine.thaw()
                self.await_back(servers)
            self.await_acknowledged(200, load)
        self.settle(servers)
        self.assert_seen_is_there(servers[0])

    def test_a_write_into_silence_ends(self):
        """By --shared-timeout, whatever the engine does. It is not known then,
        or refused; and it does not show before that."""
        engine = self.engine()
        servers = self.members(engine, 2, "--shared-timeout", "300")
        for _ in range(4):
            for server in servers:
                server.await_healthy()
            engine.freeze()
            for server in servers:
                address = self.ledger.next
                outcomes = self.writer(server).write(5)
                self.assertNotIn(ACKNOWLEDGED, outcomes)
                for other in servers:
                    self.assertEqual(self.words(other, address, 5), [0] * 5)
            engine.thaw()
        self.settle(servers)
        self.assertGreater(sum(s.metric("writes_unknown_total")
                               + s.metric("writes_refused_total")
                               for s in servers), 0)

    def test_short_silences(self):
        """Shorter than what is noticed, or longer, at any moment."""
        rng = random.Random(SEED)
        engine = self.engine()
        servers = self.members(engine, 3, "--shared-timeout", "700")
        with self.load(servers) as load:
            for _ in range(8):
                self.await_acknowledged(100, load)
                engine.freeze()
                self.await_reads(rng.choice((2, 50, 500, 1500)))
                engine.thaw()
        self.settle(servers)
        self.assert_seen_is_there(servers[0])

    def test_connections_are_reset(self):
        engine = self.engine()
        proxy = self.proxy(engine)
        direct = self.member(engine, *PATIENT, "--shared-init")
        servers = [direct, self.member(proxy, *PATIENT)]
        with self.load(servers) as load:
            for _ in range(8):
                self.await_acknowledged(100, load)
                proxy.cut()
                proxy.pass_again()
        self.settle(servers)
        self.assert_seen_is_there(direct)
        self.assertGreater(servers[1].metric("disconnects_total"), 0)


class Refuse(EngineTest):
    """Group refuse: the engine is there and answers writes by errors."""

    def refuse(self, servers, why, begin, end):
        """Under load, and when nobody writes after it."""
        with self.load(servers) as load:
            self.await_acknowledged(200, load)
            begin()
            self.await_refused(servers, why)
            self.await_reads()
            end()
            self.await_acknowledged(200, load)
        for server in servers:
            self.writer(server).write_acknowledged()
        begin()
        outcomes = [self.writer(server, 4).write(4) for server in servers]
        end()
        self.assertNotIn(ACKNOWLEDGED, sum(outcomes, []))
        self.settle(servers)

    def await_refused(self, servers, why):
        """Health says it while writes are refused: it may forget, so one more
        is tried each time."""
        for server in servers:
            writer = self.writer(server)

            def degraded():
                writer.write()
                status, text = server.health()
                return status == 503 and why in text
            wait_for(degraded, "503: " + why)

    def setting(self, engine, name, value):
        return lambda: engine.ask("CONFIG", "SET", name, value)

    def test_no_memory(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        self.refuse(servers, "refuses writes",
                    self.setting(engine, "maxmemory", 1),
                    self.setting(engine, "maxmemory", 0))
        self.assertGreater(servers[0].metric("writes_refused_total"), 0)

    def test_too_few_replicas(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        self.refuse(servers, "",
                    self.setting(engine, "min-replicas-to-write", 1),
                    self.setting(engine, "min-replicas-to-write", 0))

    def test_read_only(self):
        engine, other = self.engine(), self.engine()
        servers = self.members(engine, 2, *PATIENT)
        # It cannot follow the other one, and so keeps what it has.
        other.kill()
        self.refuse(servers, "",
                    lambda: engine.ask("REPLICAOF", "127.0.0.1", other.port),
                    lambda: engine.ask("REPLICAOF", "NO", "ONE"))

    def test_no_permission(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        self.refuse(servers, "",
                    lambda: engine.ask("ACL", "SETUSER", "default", "-xadd"),
                    lambda: engine.ask("ACL", "SETUSER", "default", "+xadd"))

    def test_disk_full(self):
        """With everysec: with always, Redis ends itself."""
        engine = self.engine(fsync="everysec")
        servers = self.members(engine, 2, *PATIENT)

        def fill():
            engine.limit_file_size(engine.size_on_disk())
            wait_for(lambda: self.fails(engine), "no space")

        self.refuse(servers, "",
                    fill, lambda: engine.limit_file_size(-1))

    @staticmethod
    def fails(engine):
        """Whether it has noticed that it cannot write."""
        try:
            engine.ask("SET", "other", "1")
        except Exception as error:  # pylint: disable=broad-except
            return "MISCONF" in str(error)
        return False


if __name__ == "__main__":
    main()
