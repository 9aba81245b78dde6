"""Servers that share a table are killed, and stopped."""

import signal

from sharing import ACKNOWLEDGED, PATIENT, REFUSED, SharedTest, main


class Kill(SharedTest):
    """Group kill: a server is killed; the others are not concerned."""

    def test_one_of_three_under_load(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        with self.load(servers[1:]) as load:
            for _ in range(4):
                with self.load([servers[0]], readers=False):
                    self.await_acknowledged(300, load)
                    servers[0].kill()
                    self.await_acknowledged(300, load)
                    self.await_reads()
                servers[0] = self.member(engine, *PATIENT)
        self.settle(servers)
        self.assert_seen_is_there(servers[0])

    def test_a_killed_server_refuses_nothing(self):
        """Until it is back, clients are not connected; no write gets 04."""
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        with self.load(servers[:1]) as load:
            self.await_acknowledged(100, load)
            servers[1].kill()
            servers[1] = self.member(engine, *PATIENT, waits=True)
            servers[1].await_running()
            outcome = self.writer(servers[1]).write()
            # An engine that was silent meanwhile is another matter.
            if REFUSED in outcome:
                self.assertTrue(servers[1].log_lines("error"))
        self.settle(servers)

    def test_all_when_nobody_writes_after_it(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT, "--shared-snapshot", "50")
        for _ in range(3):
            with self.load(servers, readers=False) as load:
                self.await_acknowledged(300, load)
                for server in servers:
                    server.process.kill()
            for server in servers:
                server.process.wait()
            servers = [self.member(engine, *PATIENT, "--shared-snapshot",
                                   "50") for _ in servers]
            self.await_equal(servers)
        self.settle(servers)

    def test_the_only_one_after_each_write(self):
        engine = self.engine()
        server = self.member(engine, *PATIENT, "--shared-init")
        for depth in (1, 5, 17):
            self.assertIn(ACKNOWLEDGED, self.written(server, depth))
            server.kill()
            server = self.member(engine, *PATIENT)
            self.await_equal([server])
        self.settle([server])

    def written(self, server, depth):
        writer = self.writer(server, depth)
        writer.write_acknowledged()
        outcomes = writer.write(depth)
        writer.close()
        return outcomes + [ACKNOWLEDGED]


class Stop(SharedTest):
    """Group stop: SIGTERM, whatever the engine does."""

    def test_under_load(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        with self.load(servers[1:]) as load:
            for _ in range(3):
                with self.load([servers[0]], readers=False):
                    self.await_acknowledged(200, load)
                    servers[0].stop()
                servers[0] = self.member(engine, *PATIENT)
        self.await_equal(servers)
        self.settle(servers)

    def test_without_an_engine(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        self.writer(servers[0]).write_acknowledged()
        engine.kill()
        for server in servers:
            server.stop()
        engine.start()
        self.settle([self.member(engine, *PATIENT)])

    def test_with_a_write_that_a_silent_engine_has(self):
        engine = self.engine()
        servers = self.members(engine, 2, *PATIENT)
        self.writer(servers[0]).write_acknowledged()
        engine.freeze()
        with self.load(servers, readers=False):
            for server in servers:
                server.process.send_signal(signal.SIGTERM)
            for server in servers:
                server.wait_stopped()
        engine.thaw()
        self.settle([self.member(engine, *PATIENT)])


if __name__ == "__main__":
    main()
