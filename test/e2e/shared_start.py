"""The start of a server that shares a table: who makes the table, who joins it,
who waits, who ends; and that nobody is served before he has it."""

import os
import socket
import tempfile

from harness import Client, read, run_server, wait_for, write_single
from sharing import (ACKNOWLEDGED, CONTENDED, PATIENT, SharedTest, main,
                     table_of, value_of)

UNAVAILABLE, USAGE, TEMPORARY, CONFIGURATION = 69, 64, 75, 78

# What the manual lets the user of the servers do, and nothing else.
RIGHTS = ("~mb:* resetchannels -@all +auth +hello +select +ping +role +wait "
          "+multi +exec +xadd +xread +xrange +get +set +eval +xtrim +hset +hgetall +hdel "
          "+client|setname")


class Start(SharedTest):
    """Group start."""

    def test_only_shared_init_makes_a_table(self):
        engine = self.engine()
        done = self.run_once(engine)
        self.assertEqual(done.returncode, CONFIGURATION, done.stderr)
        self.assertIn("there is no table: expected --shared-init", done.stderr)
        self.assertEqual(engine.ask("KEYS", "*"), [])
        servers = [self.member(engine, *options) for options in (
            ["--shared-init"], [], ["--shared-init"])]
        self.assertEqual(engine.bounds()[0], 1)
        self.settle(servers)

    def test_of_many_that_make_it_one_does(self):
        engine = self.engine()
        servers = [self.member(engine, "--shared-init", waits=True)
                   for _ in range(4)]
        for server in servers:
            server.await_running()
        entries = engine.ask("XRANGE", "mb:log", "-", "+")
        begun = [e for e in entries if e[1][0] == b"begin"]
        self.assertEqual(len(begun), 1)
        self.assertEqual(begun[0], entries[0])
        self.settle(servers)
        for server in servers:
            server.stop()

    def test_a_second_start_keeps_the_table(self):
        engine = self.engine()
        server = self.member(engine, "--shared-init")
        writer = self.writer(server)
        for _ in range(10):
            writer.write_acknowledged()
        writer.close()
        server.stop()
        self.settle([self.member(engine, "--shared-init")])

    def test_the_other_layout(self):
        for ours, theirs in ("so", "os"):
            engine = self.engine()
            self.member(engine, "--shared-init", "-d", ours)
            for options in ([], ["--shared-init"]):
                done = self.run_once(engine, "-d", theirs, *options)
                self.assertEqual(done.returncode, CONFIGURATION, done.stderr)

    def test_a_newer_server_writes_the_log(self):
        engine = self.engine()
        servers = self.members(engine, 2)
        engine.ask("XADD", "mb:log", "1-*", "later", "1")
        for server in servers:
            self.assertEqual(server.await_end(), CONFIGURATION)
            self.assertTrue(server.log_lines("error"))
        done = self.run_once(engine)
        self.assertEqual(done.returncode, CONFIGURATION, done.stderr)

    def await_waiting(self, server):
        """Until it has said that it waits. It accepts nobody then."""
        wait_for(lambda: server.log_lines("shared: "), "a line of its log")
        self.assertTrue(server.is_running())
        self.assertIsNone(server.listening_port())

    def test_it_waits_for_an_engine_that_is_down(self):
        engine = self.engine()
        engine.kill()
        waiting, ended = [self.member(engine, "--shared-init", waits=True)
                          for _ in range(2)]
        for server in (waiting, ended):
            self.await_waiting(server)
        ended.stop()
        engine.start()
        waiting.await_running()
        self.settle([waiting])

    def test_it_waits_for_an_engine_that_is_silent(self):
        engine = self.engine()
        self.member(engine, "--shared-init").stop()
        engine.freeze()
        waiting, ended = [self.member(engine, waits=True) for _ in range(2)]
        for server in (waiting, ended):
            self.await_waiting(server)
        ended.stop()
        engine.thaw()
        waiting.await_running()
        self.settle([waiting])

    def test_it_waits_for_a_primary(self):
        engine, other = self.engine(), self.engine()
        engine.ask("REPLICAOF", "127.0.0.1", other.port)
        server = self.member(engine, "--shared-init", waits=True)
        self.await_waiting(server)
        engine.ask("REPLICAOF", "NO", "ONE")
        server.await_running()
        self.settle([server])

    def test_the_next_address_is_tried(self):
        down, engine = self.engine(), self.engine()
        down.kill()
        server = self.member(engine, "--shared-init")
        both = self.start_at("redis://127.0.0.1:%d,127.0.0.1:%d" % (
            down.port, engine.port))
        self.settle([server, both])

    def start_at(self, url, *options):
        class Where:
            pass
        where = Where()
        where.url = url
        return self.member(where, *options)

    def test_a_busy_port_ends_the_start_at_once(self):
        engine = self.engine()
        engine.kill()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = run_server("-p", str(taken.getsockname()[1]), "--listen",
                              "127.0.0.1", "--shared", engine.url)
        self.assertIn(done.returncode, (UNAVAILABLE, TEMPORARY), done.stderr)

    def test_options_that_need_others(self):
        for options in (["--shared-init"], ["--shared-copies", "1"],
                        ["--shared-timeout", "100"],
                        ["--shared-snapshot", "10"], ["--shared-name", "a"],
                        ["--shared", "redis://127.0.0.1", "--state", "x"],
                        ["--shared", "http://127.0.0.1"],
                        ["--shared", "redis://127.0.0.1",
                         "--shared-copies", "9"]):
            done = run_server("-p", "0", *options)
            self.assertEqual(done.returncode, USAGE, options)

    def test_the_rights_of_the_manual_are_enough(self):
        engine = self.engine()
        engine.ask("ACL", "SETUSER", "mbasync", "on", ">sesame",
                   *RIGHTS.split())
        engine.ask("ACL", "SETUSER", "default", "off")
        url = "redis://mbasync:sesame@127.0.0.1:%d" % engine.port
        servers = [self.start_at(url, "--shared-snapshot", "10", *PATIENT,
                                 *options)
                   for options in (["--shared-init"], [])]
        for server in servers:
            with open("/proc/%d/cmdline" % server.pid, "rb") as file:
                self.assertNotIn(b"sesame", file.read())
        writer = self.writer(servers[0], 10)

        def stores():
            servers[0].await_healthy()
            writer.write(10)
            return servers[0].metric("snapshots_total") > 0
        wait_for(stores, "a snapshot")
        self.settle(servers)
        self.assertFalse(servers[0].log_lines("sesame"))

    def test_a_password_in_a_file(self):
        engine = self.engine()
        engine.ask("CONFIG", "SET", "requirepass", "sesame")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("sesame\n")
            file.flush()
            server = self.member(engine, "--shared-init", "--shared-password",
                                 file.name)
            self.settle([server])

    def test_two_tables_in_one_engine(self):
        engine = self.engine()
        one = self.member(engine, *PATIENT, "--shared-init")
        other = self.start_at(engine.url + "/3", "--shared-init",
                              "--shared-name", "plant")
        with Client(one) as client:
            wait_for(lambda: client.ask(write_single(6, 7, 77))[0] == 6,
                     "a write")
        self.assertEqual(engine.ask("EXISTS", "plant:log"), 0)
        with Client(other) as client:
            self.assertEqual(client.ask(read(3, 7, 1)), b"\x03\x02\0\0")

    def test_first_values_are_written_once(self):
        engine = self.engine()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "points.csv")
            with open(path, "w") as file:
                file.write("name,address,value\nsetpoint,HR5,42\n")
            options = (*PATIENT, "--points", path, "--shared-init")
            first = self.member(engine, *options)
            with Client(first) as client:
                self.assertEqual(client.ask(read(3, 5, 1)), b"\x03\x02\0\x2a")
                wait_for(lambda: client.ask(write_single(6, 5, 43))[0] == 6,
                         "a write")
            for server in (self.member(engine, *options), first):
                with Client(server) as client:
                    self.assertEqual(client.ask(read(3, 5, 1)),
                                     b"\x03\x02\0\x2b")


class Newcomer(SharedTest):
    """Group newcomer: a server that joins later."""

    def flood(self, server, count, depth=200):
        """So many writes that are acknowledged, to what everybody writes."""
        done = 0
        writer = self.writer(server)
        while done < count:
            pdus = [write_single(6, i % CONTENDED, done + i & 0xFFFF)
                    for i in range(depth)]
            responses = writer.exchange(pdus)
            done += sum(r == pdu for r, pdu in zip(responses, pdus))
        writer.close()

    def join(self, engine, *options):
        """A newcomer. All that was acknowledged before its start is there as
        soon as it accepts a client."""
        before = self.ledger.having(ACKNOWLEDGED)
        server = self.member(engine, *options, waits=True)
        server.await_running()
        with Client(server) as client:
            registers, _ = table_of(client)
        missing = [a for a in before if registers[a] != value_of(a)]
        self.assertEqual(missing, [], "acknowledged before it was started")
        return server

    def join_under_load(self, *options):
        engine = self.engine()
        first = self.member(engine, *PATIENT, "--shared-init", *options)
        self.flood(first, 20000)
        newcomers = []
        with self.load([first], clients=3) as load:
            for _ in range(4):
                self.await_acknowledged(200, load)
                newcomers.append(self.join(engine, *PATIENT, *options))
        self.await_equal([first, *newcomers])
        newcomers.append(self.join(engine, *PATIENT, *options))
        self.settle([first, *newcomers])
        return first, newcomers

    def test_by_the_whole_log(self):
        _, newcomers = self.join_under_load()
        self.assertFalse(newcomers[0].log_lines("snapshot"))

    def test_by_a_snapshot(self):
        first, newcomers = self.join_under_load("--shared-snapshot", "500")
        self.assertGreater(first.metric("snapshots_total"), 0)
        for server in newcomers:
            self.assertTrue(server.log_lines("snapshot of entry"))

    def test_nobody_is_served_while_the_log_is_awaited(self):
        engine = self.engine()
        first = self.member(engine, *PATIENT, "--shared-init")
        self.flood(first, 100)
        proxy = self.proxy(engine)
        proxy.stall()
        server = self.member(proxy, *PATIENT, waits=True)
        wait_for(lambda: server.log_lines("shared: "), "a line of its log")
        self.assertIsNone(server.listening_port())
        self.writer(first).write_acknowledged()
        proxy.pass_again()
        server.await_running()
        self.settle([first, server])


if __name__ == "__main__":
    main()
