"""Many clients write on many servers at once: one order for all. Over Modbus
and over HTTP."""

import json
import threading

from harness import Client, read, unpack_words, wait_for, write_single
from sharing import (ACKNOWLEDGED, ADDRESSES, PATIENT, REFUSED, UNDECIDED,
                     Background, SharedTest, main, value_of)


class Load(SharedTest):
    """Group load."""

    def run_load(self, engine, *options):
        servers = self.members(engine, 3, *PATIENT, *options)
        with self.load(servers, clients=3) as load:
            self.await_acknowledged(6000, load)
            self.await_reads()
        self.settle(servers)
        self.assert_seen_is_there(servers[0])
        return servers

    def test_separate(self):
        servers = self.run_load(self.engine(), "-d", "s")
        for server in servers:
            self.assertGreater(server.metric("writes_own_total"), 0)
            wait_for(lambda s=server: s.metric("connected") == 1,
                     "a connection to the engine")
            self.assertEqual(server.metric("writes_outstanding"), 0)
        self.assertEqual({s.metric("writes_executed_total")
                          for s in servers},
                         {servers[0].metric("writes_executed_total")})

    def test_overlaid(self):
        """Coils are the first registers here: nobody writes them alone."""
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT, "-d", "o")
        with self.load(servers, clients=2) as load:
            self.await_acknowledged(2000, load)
        self.settle(servers)

    def test_with_everysec_and_snapshots(self):
        servers = self.run_load(self.engine(fsync="everysec"),
                                "--shared-snapshot", "100")
        self.assertGreater(sum(s.metric("snapshots_total") for s in servers),
                           5)

    def test_runs_on_one_connection(self):
        """Writes of one connection are in flight together; each is answered,
        in its turn."""
        servers = self.members(self.engine(), 2, *PATIENT)
        writer = self.writer(servers[0])
        writer.reads = False
        done = []

        while done.count(ACKNOWLEDGED) < 2000:
            done.extend(writer.write(100))
            servers[0].await_healthy()
        self.settle(servers)

    def test_what_was_acknowledged_is_read_by_others_of_that_server(self):
        servers = self.members(self.engine(), 2, *PATIENT)
        writer = self.writer(servers[1])
        with Client(servers[1]) as other:
            for _ in range(300):
                address = self.ledger.next
                if writer.write() == [ACKNOWLEDGED]:
                    self.assertEqual(
                        unpack_words(other.ask(read(3, address, 1))[2:]),
                        [value_of(address)])
        self.settle(servers)

    def test_writers_have_their_names_everywhere(self):
        """Who wrote is the client, on all servers."""
        servers = self.members(self.engine(), 2, *PATIENT)
        with Client(servers[0], source="127.0.0.5") as client:
            wait_for(lambda: client.ask(write_single(6, 9, 99))[0] == 6,
                     "a write")
        for server in servers:
            wait_for(lambda: "127.0.0.5" in server.get(
                "/api/writers?kind=registers&address=9")[1], "the writer")


class Http(SharedTest):
    """Group http."""

    OUTCOMES = {200: ACKNOWLEDGED, 503: REFUSED, 504: UNDECIDED, 0: UNDECIDED}

    def put(self, server, quantity):
        """PUT registers to new addresses: the status."""
        addresses = self.ledger.take(quantity)
        body = json.dumps({"address": addresses[0],
                           "values": list(map(value_of, addresses))})
        status, text = server.ask("PUT", "/api/registers", body)
        self.assertIn(status, self.OUTCOMES, text)
        for address in addresses:
            self.ledger.settle(address, self.OUTCOMES[status])
        if status == 200:
            shown = json.loads(server.get(
                "/api/registers?address=%d&quantity=%d"
                % (addresses[0], quantity))[1])["values"]
            self.assertEqual(shown, list(map(value_of, addresses)))
        return status

    def post(self, server, path, body):
        """Until it is done."""
        wait_for(lambda: server.ask("POST", path, body)[0] == 200, path)

    def test_registers(self):
        servers = self.members(self.engine(), 3, *PATIENT)
        for server in servers:
            for quantity in (1, 2, 124, 500):
                while self.put(server, quantity) != 200:
                    server.await_healthy()
        self.settle(servers)

    def test_coils(self):
        servers = self.members(self.engine(), 2, *PATIENT)
        body = json.dumps({"address": 70, "values": [True] * 3000})
        wait_for(lambda: servers[0].ask("PUT", "/api/coils", body)[0] == 200,
                 "a write")
        self.await_equal(servers)
        with Client(servers[1]) as client:
            self.assertEqual(client.ask(read(1, 69, 2)), bytes([1, 1, 2]))
            self.assertEqual(client.ask(read(1, 3069, 2)), bytes([1, 1, 1]))

    def test_a_whole_table_is_written_in_one_piece(self):
        servers = self.members(self.engine(), 2, *PATIENT)
        ending = threading.Event()

        class Dumper:
            """Sees either of two tables, never a mixture."""

            def __init__(self, server):
                self.server = server
                self.seen = set()

            def step(self):
                dump = json.loads(self.server.get("/api/dump")[1])
                values = set(dump["registers"])
                if len(values) != 1:
                    raise ValueError("a mixture of %r" % values)
                self.seen |= values

            def close(self):
                ending.set()

        dumpers = [Dumper(server) for server in servers]
        with Background(dumpers) as load:
            wait_for(lambda: all(d.seen for d in dumpers) or load.check(),
                     "the first of them")
            for value in range(1, 11):
                self.post(servers[value % 2], "/api/load", json.dumps(
                    {"address": 0, "registers": [value] * ADDRESSES}))
                load.check()
            wait_for(lambda: all(10 in d.seen for d in dumpers)
                     or load.check(), "the last of them")
        for dumper in dumpers:
            self.assertGreater(len(dumper.seen), 1)
        self.post(servers[0], "/api/reset", "")
        self.settle(servers)

    def test_refused_and_unknown(self):
        engine = self.engine()
        servers = self.members(engine, 2, "--shared-timeout", "300")

        def unknown():
            """A write that the engine does not answer."""
            engine.freeze()
            try:
                return self.put(servers[0], 3) == 504
            finally:
                engine.thaw()
                for server in servers:
                    server.await_healthy()
        wait_for(unknown, "status 504", 180)
        engine.kill()
        servers[1].await_degraded()
        wait_for(lambda: self.put(servers[1], 3) == 503, "status 503")
        engine.start()
        self.settle(servers)

    def test_status_shows_who_shares(self):
        engine = self.engine()
        servers = self.members(engine, 3, *PATIENT)
        for server in servers:
            wait_for(lambda: len(json.loads(server.get("/api/status")[1])
                                 ["shared"]["servers"]) == 3,
                     "three servers")


if __name__ == "__main__":
    main()
