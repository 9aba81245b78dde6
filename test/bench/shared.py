"""scripts/bench --shared: what a shared table costs. A server alone, one with
--state, and one that shares its table through an engine take turns, fresh
processes and files each time, and with them redis-benchmark, which adds entries
to such an engine without any server; what is printed are medians over the
rounds, and ratios taken within each round. Then when another server shows a write, and how
long a newcomer takes with a long log behind it."""

import argparse
import collections
import contextlib
import os
import shlex
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from durable import Case, case_name, new_path, sync_time
from servers import OPTIONS, OURS, Failure, Load, Server, table

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from engine import Engine

CASES = [Case("scatter1", connections, 1) for connections in (1, 16, 50)]
CASES += [Case("scatter1", 1, 16), Case("mixed", 1, 16)]

# What a write goes through.
NOTHING, STATE, ALWAYS, EVERYSEC = "nothing", "--state", "always", "everysec"
KEEPERS = [NOTHING, STATE, ALWAYS, EVERYSEC]

# The engine without a server, with appendfsync always: writes a second.
ENGINE = "the engine"

# An entry as a server adds it, but for its numbers.
ENTRY = ["s", "0123456789abcdef", "n", "1000000", "c", "127.0.0.1:50000",
         "u", "1", "t", "1700000000000", "p", "12345"]

# How pipelined writes compare with many connections.
DEEP, WIDE = Case("scatter1", 1, 16), Case("scatter1", 16, 1)

Figures = collections.namedtuple("Figures", "rate p50 p99 cpu")

NEVER = "100000000"  # entries between snapshots: none is made


def serve(*options):
    """A server with these options. Nothing is pinned to a processor: an engine
    is a process, and what keeps a state file is a thread."""
    OPTIONS[:] = options
    return Server(OURS, "")


@contextlib.contextmanager
def serve_by(keeper, directory):
    """A server whose writes go through that."""
    if keeper == NOTHING:
        with serve() as server:
            yield server
    elif keeper == STATE:
        with serve("--state", new_path(directory), "--state-init") as server:
            yield server
    else:
        with Engine(fsync=keeper, directory=directory) as engine, \
                serve("--shared", engine.url, "--shared-init") as server:
            yield server


def measure(keeper, case, options, directory):
    """The figures of a load."""
    with serve_by(keeper, directory) as server, \
            Load(server, *case, seconds=options.seconds) as load:
        load.await_ready()
        used = server.cpu_ns()
        got = load.run()
        used = server.cpu_ns() - used
        load.finish()
    return Figures(got["requests_per_s"], got["p50_us"], got["p99_us"],
                   used / 1000 / max(got["requests"], 1))


def engine_rate(case, options, directory):
    """Entries a second that the engine takes from clients of this shape."""
    entries = 4000 * options.seconds * min(case.connections * case.pipeline, 8)
    with Engine(fsync=ALWAYS, directory=directory) as engine:
        engine.ask("XADD", "mb:log", "1-1", "begin", "s")
        said = subprocess.run(
            ["redis-benchmark", "-p", str(engine.port), "-n", str(entries),
             "-c", str(case.connections), "-P", str(case.pipeline), "--csv",
             "XADD", "mb:log", "NOMKSTREAM", "1-*", *ENTRY],
            check=True, capture_output=True, text=True).stdout
    return float(said.splitlines()[-1].split('","')[1])


def take_turns(options):
    """The figures of each round, by case and keeper."""
    rounds = []
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for turn in range(options.rounds):
            print("bench: round %d" % (turn + 1), file=sys.stderr)
            order = KEEPERS[turn % 4:] + KEEPERS[:turn % 4]
            figures = {(case, keeper): measure(keeper, case, options,
                                               directory)
                       for case in CASES for keeper in order}
            for case in CASES:
                figures[case, ENGINE] = Figures(
                    engine_rate(case, options, directory), 0, 0, 0)
            rounds.append(figures)
    return rounds


def median_ratio(rounds, one, other):
    """The median of the rates' ratios."""
    return "%.2f" % statistics.median(r[one].rate / r[other].rate
                                      for r in rounds)


def print_rates(options):
    """What a write costs."""
    rounds = take_turns(options)
    rows, waits = [], []
    for case in CASES:
        medians = {k: Figures(*map(statistics.median,
                                   zip(*(r[case, k] for r in rounds))))
                   for k in [*KEEPERS, ENGINE]}
        rows.append([case_name(case),
                     *("%.0f" % medians[k].rate for k in [*KEEPERS, ENGINE]),
                     *(median_ratio(rounds, (case, one), (case, other))
                       for one, other in ((ALWAYS, STATE),
                                          (EVERYSEC, STATE),
                                          (ALWAYS, ENGINE)))])
        waits.append([case_name(case),
                      *("%.0f / %.0f" % (medians[k].p50, medians[k].p99)
                        for k in KEEPERS),
                      *("%.1f" % medians[k].cpu for k in KEEPERS)])
    print(table(["workload", "requests/s alone", "--state", "shared, always",
                 "shared, everysec", "the engine, always",
                 "always : --state", "everysec : --state",
                 "always : the engine"], rows))
    print("\nThe engine: entries that redis-benchmark adds, over as many "
          "connections, as many in flight.")
    print("\nWhat a request takes in µs, p50 / p99, and of the server's "
          "processor time:\n")
    print(table(["workload", "alone", "--state", "shared, always",
                 "shared, everysec", "processor alone", "--state", "always",
                 "everysec"], waits))
    print("\n16 writes in a segment on one connection, beside 16 connections "
          "with one each, in requests/s: --state %s, always %s, everysec %s." %
          tuple(median_ratio(rounds, (DEEP, k), (WIDE, k))
                for k in KEEPERS[1:]))


class Asker:
    """A Modbus client."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, function, address, value):
        """The last two bytes of the response, as a number."""
        self.socket.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, function,
                                        address, value))
        response = self.socket.recv(260)
        if len(response) < 9 or response[7] != function:
            raise Failure("answered by %s" % response.hex())
        return struct.unpack(">H", response[-2:])[0]


def sights(fsync, options):
    """Milliseconds from each acknowledgement until another server shows the
    write."""
    waited = []
    with Engine(fsync=fsync, directory=options.directory) as engine, \
            serve("--shared", engine.url, "--shared-init") as one, \
            serve("--shared", engine.url) as another:
        writer, reader = Asker(one), Asker(another)
        for i in range(options.sights):
            writer.ask(6, i % 1000, i + 1)
            began = time.perf_counter()
            while reader.ask(3, i % 1000, 1) != i + 1:
                pass
            waited.append(1000 * (time.perf_counter() - began))
    return sorted(waited)


def print_sights(options):
    """When another server shows a write."""
    rows = []
    for fsync in (ALWAYS, EVERYSEC):
        print("bench: first sight, %s" % fsync, file=sys.stderr)
        waited = sights(fsync, options)
        rows.append([fsync, "%.2f" % statistics.median(waited),
                     "%.2f" % waited[len(waited) * 99 // 100],
                     "%.2f" % waited[-1]])
    print("\nAnother server shows a write so many ms after its reply; the "
          "round trip of one read is a part of it; %d writes:\n"
          % options.sights)
    print(table(["appendfsync", "p50", "p99", "worst"], rows))


def newcomer(interval, options):
    """Seconds from the start of a process until it accepts clients, several
    times, with so many entries behind it."""
    times = []
    with Engine(fsync=EVERYSEC, directory=options.directory) as engine, \
            serve("--shared", engine.url, "--shared-init",
                  "--shared-snapshot", interval) as server:
        with Load(server, "scatter1", 50, 16,
                  requests=options.entries) as load:
            load.await_ready()
            load.run()
            load.finish()
        for _ in range(options.rounds):
            began = time.monotonic()
            with serve("--shared", engine.url):
                times.append(time.monotonic() - began)
        return engine.length(), times


def print_newcomers(options):
    """How long a newcomer takes."""
    rows = []
    for name, interval in (("a snapshot each 100,000", "100000"),
                           ("the whole log", NEVER)):
        print("bench: newcomer, %s" % name, file=sys.stderr)
        length, times = newcomer(interval, options)
        rows.append([name, length, "%.3f" % statistics.median(times),
                     "%.3f" % max(times)])
    print("\nA newcomer with %d entries behind it accepts clients after so "
          "many s:\n" % options.entries)
    print(table(["by", "entries in the log", "median", "worst"], rows))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench --shared")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    parser.add_argument("--directory", default="/var/tmp",
                        help="for state files and engines, default /var/tmp")
    parser.add_argument("--sights", type=int, default=5000, metavar="WRITES",
                        help="that another server is to show, default 5000")
    parser.add_argument("--entries", type=int, default=1000000,
                        help="behind a newcomer, default 1000000; 0: none")
    options = parser.parse_args()
    print("%s, `%s`, medians of %d rounds of %d s; to sync 4 KiB takes this "
          "disk %.0f µs.\n" % (
              time.strftime("%Y-%m-%d"),
              shlex.join(["scripts/bench", "--shared", *sys.argv[1:]]),
              options.rounds, options.seconds, sync_time(options.directory)))
    print_rates(options)
    print_sights(options)
    if options.entries:
        print_newcomers(options)


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.SubprocessError) as failed:
        sys.exit("bench: %s" % failed)
