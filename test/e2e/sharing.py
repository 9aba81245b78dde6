"""What the tests of shared tables have in common: servers that share a table,
clients that remember what became of each write, and what must be true then.

Each write has an address of its own, which is written once, with a value that
follows from the address. So the table itself shows which writes were executed,
and none can hide another. Writes that were acknowledged must be there on every
server, writes that were refused must be nowhere, and all tables must be equal;
those whose connection was closed without an answer may be there or not."""

import collections
import http.client
import itertools
import os
import random
import re
import struct
import sys
import threading
import time

import harness
from harness import (DEADLINE, Client, Server, ServerTest, adu, mask_write,
                     pack_words, read, read_write, run_server, unpack_words,
                     wait_for, write_coils, write_registers, write_single)
from engine import MORTAL, PROGRAM, Engine
from engine_proxy import Proxy

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))

# Registers that everybody writes, again and again, and coils, too: their values
# show the order of the writes.
CONTENDED = 64

# Registers that a connection has for itself, to read what it has just written.
SCRATCH = 32
SCRATCHES = 32

FIRST = CONTENDED + SCRATCH * SCRATCHES
ADDRESSES = 65536

SKIPPED = 77

ACKNOWLEDGED, REFUSED, UNDECIDED = "acknowledged", "refused", "undecided"
SERVER_FAILURE = 4

# Seconds: what takes many steps of many processes, each of which may be paused.
PATIENCE = 5 * DEADLINE

# Milliseconds: an outcome that comes by itself does not come by this.
PATIENT = ("--shared-timeout", "60000")


def value_of(address):
    """What is written there; never 0."""
    return address * 40503 % 65521 + 1


def table_of(client):
    """All registers, and all coils as bytes."""
    questions = [read(3, address, min(125, ADDRESSES - address))
                 for address in range(0, ADDRESSES, 125)]
    coils = [read(1, address, min(1600, ADDRESSES - address))
             for address in range(0, ADDRESSES, 1600)]
    client.send(b"".join(map(adu, questions + coils)))
    answers = [client.frame()[2][2:] for _ in questions + coils]
    return (unpack_words(b"".join(answers[:len(questions)])),
            b"".join(answers[len(questions):]))


class Ledger:
    """What became of each write."""

    def __init__(self):
        self.lock = threading.Lock()
        self.next = FIRST
        self.outcomes = {}
        self.counts = collections.Counter()

    def take(self, quantity=1):
        """Addresses for new writes."""
        with self.lock:
            start = self.next
            if start + quantity > ADDRESSES:
                raise AssertionError("no address is left to write")
            self.next += quantity
            for address in range(start, self.next):
                self.outcomes[address] = UNDECIDED
        return range(start, self.next)

    def left(self):
        return ADDRESSES - self.next

    def settle(self, address, outcome):
        with self.lock:
            self.outcomes[address] = outcome
            self.counts[outcome] += 1

    def having(self, outcome):
        """The addresses with that outcome."""
        with self.lock:
            return {a for a, o in self.outcomes.items() if o == outcome}

    def count(self, outcome):
        """How many have had that outcome so far."""
        return self.counts[outcome]

    def wrong_words(self, start, words, but=()):
        """What cannot be so in registers from an address on, but for some
        addresses: texts."""
        found = []
        for address, word in enumerate(words, start):
            outcome = self.outcomes.get(address, REFUSED)
            allowed = {ACKNOWLEDGED: (value_of(address),), REFUSED: (0,),
                       UNDECIDED: (0, value_of(address))}[outcome]
            if word not in allowed and address not in but:
                found.append("%d at %d, whose write was %s" % (
                    word, address, outcome))
        return found

    def wrong(self, registers, but=()):
        """The same of a whole table."""
        return self.wrong_words(FIRST, registers[FIRST:], but)


class Member(Server):
    """A server that shares a table. It may have to wait for the engine, and
    nobody waits for it then but await_running(). One that outlived its test
    would look for an engine for ever, and find that of another test."""

    def __init__(self, *arguments, waits=False, **options):
        self.waits = waits
        super().__init__("--http", "127.0.0.1:0", "--http-write", *arguments,
                         command=MORTAL, **options)

    def _read_start(self):
        return None if self.waits else super()._read_start()

    def await_running(self):
        self.port = super()._read_start()

    def await_end(self):
        """The exit status of a server that ends by itself."""
        status = self.process.wait(DEADLINE)
        if "Sanitizer" in self.log() or "runtime error:" in self.log():
            raise AssertionError("a sanitizer has reported")
        return status

    # What it says over HTTP.

    def http_port(self):
        line = wait_for(lambda: self.log_lines(" http: http://"),
                        "the address of HTTP")[0]
        return int(re.search(r"http://[^/]*:(\d+)/", line).group(1))

    def ask(self, method, path, body=None):
        """Status and body of one request; status 0 where the connection was
        closed without an answer, as to a client that was too slow."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port(),
                                                timeout=DEADLINE)
        try:
            connection.request(method, path, body,
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (ConnectionError, http.client.HTTPException) as error:
            if not self.is_running():
                raise
            return 0, repr(error)
        finally:
            connection.close()

    def get(self, path):
        """What a GET gives, again until there is an answer."""
        def once():
            answer = self.ask("GET", path)
            return answer if answer[0] else None
        return wait_for(once, "an answer to " + path)

    def health(self):
        return self.get("/healthz")

    def await_healthy(self):
        wait_for(lambda: self.health()[0] == 200, "health", PATIENCE)

    def await_degraded(self, why=""):
        """Until it says that not all is well, and why."""
        def degraded():
            status, text = self.health()
            return status == 503 and "degraded" in text and why in text
        wait_for(degraded, "503: " + why, PATIENCE)

    def metric(self, name):
        """A metric of the shared table, as a number."""
        found = re.search(r"^mbasyncserver_shared_%s (\S+)$" % name,
                          self.get("/metrics")[1], re.M)
        return float(found.group(1))


class Writer:
    """A client that writes to one server, in runs of requests, and tells the
    ledger what became of each. It connects again when it was closed."""

    def __init__(self, server, ledger, number=0, depth=1, reads=True):
        self.reads = reads  # whether a read follows each write
        self.server = server
        self.ledger = ledger
        self.rng = random.Random(SEED + number)
        self.scratch = CONTENDED + number % SCRATCHES * SCRATCH
        self.depth = depth
        self.client = None
        self.marks = itertools.count(1)

    def close(self):
        if self.client:
            self.client.close()
        self.client = None

    def connect(self):
        if not self.server.is_running():  # its port may be another's now
            raise ConnectionRefusedError
        if not self.client:
            self.client = Client(self.server)
            self.client.socket.settimeout(2 * DEADLINE)

    def exchange(self, pdus):
        """Send requests in one piece. Returns as many responses as came."""
        responses = []
        try:
            self.connect()
            self.client.send(b"".join(adu(pdu, i)
                                      for i, pdu in enumerate(pdus)))
            while len(responses) < len(pdus):
                transaction, _, response = self.client.frame()
                if transaction != len(responses):
                    raise ValueError("response %d, not %d" % (
                        transaction, len(responses)))
                responses.append(response)
        except TimeoutError:
            raise AssertionError("no answer: not even a closed connection")
        except (OSError, AssertionError):  # closed
            self.close()
        return responses

    def write(self, quantity=1):
        """A run of writes, each to an address of its own, each followed by a
        read of those around it, which must show what was written before.
        Returns their outcomes."""
        addresses = self.ledger.take(quantity)
        pdus, step = [], 1 + self.reads
        for i, address in enumerate(addresses):
            pdus.append(write_single(6, address, value_of(address)))
            if self.reads:
                around = self._around(addresses, i)
                pdus.append(read(3, around[0], len(around)))
        responses = self.exchange(pdus)
        outcomes = []
        for i, address in enumerate(addresses):
            outcomes.append(self._outcome(pdus[step * i],
                                          responses[step * i:]))
            self.ledger.settle(address, outcomes[i])
            if self.reads and len(responses) > 2 * i + 1:
                self._check(addresses, outcomes, responses[2 * i + 1])
        return outcomes

    @staticmethod
    def _around(addresses, i):
        """As many as one read takes, the i-th among them."""
        start = max(0, i + 1 - 125)
        return addresses[start:start + 125]

    @staticmethod
    def _outcome(pdu, responses):
        if not responses:
            return UNDECIDED
        if responses[0] == pdu:
            return ACKNOWLEDGED
        if responses[0] == bytes([pdu[0] | 0x80, SERVER_FAILURE]):
            return REFUSED
        raise ValueError("%s answered by %s" % (
            pdu.hex(), responses[0].hex()))

    @classmethod
    def _check(cls, addresses, outcomes, response):
        """A read behind the first writes shows those that were done, and no
        other."""
        done = dict(zip(addresses, outcomes))
        around = cls._around(addresses, len(outcomes) - 1)
        expected = [value_of(a) if done.get(a) == ACKNOWLEDGED else 0
                    for a in around]
        if response != bytes([3, 2 * len(around)]) + pack_words(expected):
            raise ValueError("a read behind %r: %s" % (outcomes,
                                                       response.hex()))

    def write_acknowledged(self):
        """Write until it is acknowledged."""
        wait_for(lambda: self.write() == [ACKNOWLEDGED],
                 "an acknowledged write", PATIENCE)

    def contend(self):
        """Writes of each kind to what others write, too, and one to what they
        do not, which is read back."""
        rng, mark = self.rng, next(self.marks) & 0xFFFF
        at = rng.randrange(CONTENDED - 8)
        word = rng.randrange(ADDRESSES)
        self.exchange([
            write_single(6, at, word),
            mask_write(at + 1, rng.randrange(ADDRESSES), word),
            write_registers(at, [word, mark, word]),
            read_write(at, 4, at + 1, [word ^ mark] * 2),
            write_coils(at, [word >> i & 1 for i in range(13)]),
            write_single(5, at, 0xFF00 * (word & 1))])
        responses = self.exchange([write_single(6, self.scratch, mark),
                                   read(3, self.scratch, 1),
                                   write_single(6, self.scratch, mark ^ 0x5555),
                                   read(3, self.scratch, 1)])
        if len(responses) < 4 or {len(r) for r in responses} & {2}:
            return
        for response, expected in ((responses[1], mark),
                                   (responses[3], mark ^ 0x5555)):
            if response != bytes([3, 2]) + struct.pack(">H", expected):
                raise ValueError("a read behind a write of %d: %s"
                                 % (expected, response.hex()))

    def step(self):
        """One run of a load. Addresses are not wasted on a server that
        refuses, or is away."""
        if self.ledger.left() < 4096:
            self.contend()
            return
        outcomes = self.write(self.depth)
        if ACKNOWLEDGED in outcomes:
            if self.rng.random() < 0.2:
                self.contend()
        else:
            time.sleep(0.05)


class Reader:
    """A client that reads one server, and notes which writes it has seen. It
    may never have to wait long, nor be closed."""

    def __init__(self, server, ledger):
        self.ledger = ledger
        self.client = Client(server)
        self.count = 0
        self.seen = set()

    def close(self):
        self.client.close()

    def step(self):
        start = max(0, min(self.ledger.next, ADDRESSES) - 110)
        words = unpack_words(self.client.ask(read(3, start, 110))[2:])
        self.seen.update(start + i for i, word in enumerate(words)
                         if word and start + i >= FIRST)
        self.count += 1
        time.sleep(0.001)


class Background:
    """Steps of clients, a thread for each, while the block runs. What one of
    them raises is raised at the end."""

    def __init__(self, clients):
        self.clients = clients
        self.ending = threading.Event()
        self.failed = []
        self.threads = [threading.Thread(target=self._run, args=(client,),
                                         daemon=True) for client in clients]

    def _run(self, client):
        try:
            while not self.ending.is_set():
                client.step()
        except BaseException as error:  # pylint: disable=broad-except
            self.failed.append(error)
        finally:
            client.close()

    def check(self):
        """Raise what has failed so far."""
        if self.failed:
            raise self.failed[0]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        if kind is None:
            self.check()
            if any(thread.is_alive() for thread in self.threads):
                raise AssertionError("a client waits for ever")


class SharedTest(ServerTest):
    """Engines and servers, a ledger, and what must be true at the end."""

    def setUp(self):
        self.ledger = Ledger()
        self.numbers = itertools.count()
        print("SEED=%d" % SEED, flush=True)

    def engine(self, *options, **how):
        """A new engine, gone when the test ends."""
        engine = Engine(*options, **how)
        self.addCleanup(engine.close)
        return engine

    def proxy(self, engine):
        """A new proxy in front of it."""
        proxy = Proxy(engine.port)
        self.addCleanup(proxy.close)
        return proxy

    def member(self, where, *options, **how):
        """A server that shares the table at an engine or proxy. It has run
        when this returns, unless it waits."""
        server = Member("--shared", where.url, *options, **how)
        self.servers.append(server)
        self.addCleanup(server.kill)
        if not how.get("waits"):
            self.addCleanup(self._stop_if_running, server)
        return server

    def members(self, where, count, *options):
        """Several, of which the first makes the table."""
        return [self.member(where, *options, *(["--shared-init"] * (i == 0)))
                for i in range(count)]

    def writer(self, server, depth=1, reads=True):
        writer = Writer(server, self.ledger, next(self.numbers), depth, reads)
        self.addCleanup(writer.close)
        return writer

    def load(self, servers, clients=2, depth=4, readers=True, reads=True):
        """A load in the background on each of these servers: of writes, with
        reads behind them, and of a reader."""
        everybody = [self.writer(server, 1 + (depth - 1) * (i % 2), reads)
                     for server in servers for i in range(clients)]
        if readers:
            self.readers = [Reader(server, self.ledger) for server in servers]
            everybody += self.readers
        return Background(everybody)

    def await_acknowledged(self, count, load=None):
        """Until so many writes more are acknowledged."""
        goal = self.ledger.count(ACKNOWLEDGED) + count

        def reached():
            if load:
                load.check()
            return self.ledger.count(ACKNOWLEDGED) >= goal
        wait_for(reached, "%d acknowledged writes" % count, PATIENCE)

    def await_reads(self, count=20):
        """Until each reader has read so often again."""
        goals = [(reader, reader.count + count) for reader in self.readers]
        wait_for(lambda: all(r.count >= goal for r, goal in goals),
                 "reads of each server", PATIENCE)

    @staticmethod
    def words(server, address, quantity):
        """What a server has in registers."""
        with Client(server) as client:
            return unpack_words(client.ask(read(3, address, quantity))[2:])

    # What must be true.

    def differences(self, servers, but=()):
        """What is wrong with their tables: texts."""
        tables = []
        for server in servers:
            with Client(server) as client:
                tables.append(table_of(client))
        wrong = ["server %d: %s" % (i, text)
                 for i, (registers, _) in enumerate(tables)
                 for text in self.ledger.wrong(registers, but)]
        wrong += ["servers 0 and %d differ in %s" % (
                      i, [a for a in range(ADDRESSES)
                          if table[0][a] != tables[0][0][a]][:8] or "coils")
                  for i, table in enumerate(tables) if table != tables[0]]
        return wrong

    def await_equal(self, servers, but=()):
        """Without a further write, all get equal tables, with all that was
        acknowledged and nothing that was refused."""
        last = []

        def equal():
            last[:] = self.differences(servers, but)
            return not last
        try:
            wait_for(equal, "equal tables", PATIENCE)
        except AssertionError as error:
            raise AssertionError("%s: %d wrong: %s" % (
                error, len(last), "; ".join(last[:8])))

    def settle(self, servers, but=()):
        """The same, and then each server can write, and what all have written
        so far is where it belongs, at once."""
        self.await_equal(servers, but)
        for server in servers:
            server.await_healthy()
            self.writer(server, 2).write_acknowledged()
        self.await_equal(servers, but)

    def assert_seen_is_there(self, server):
        """What a reader has seen, on any server, is not lost."""
        with Client(server) as client:
            registers, _ = table_of(client)
        for reader in self.readers:
            lost = [a for a in reader.seen if registers[a] == 0]
            self.assertEqual(lost, [], "seen, and lost")

    def run_once(self, where, *options):
        """A server that must end by itself: a CompletedProcess."""
        return run_server("-p", "0", "--listen", "127.0.0.1", "--shared",
                          where.url, *options)


def main():
    """Run the tests of the module that calls, if there is an engine."""
    if not PROGRAM:
        print("SKIPPED: no redis-server or valkey-server here", file=sys.stderr)
        sys.exit(SKIPPED)
    harness.main()
