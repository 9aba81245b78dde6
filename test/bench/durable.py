"""scripts/bench --state: what durable state costs. One server with it and one
without take turns, a fresh process each time; what is printed are medians over
the rounds, and ratios taken within each round."""

import argparse
import collections
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from servers import (OPTIONS, OURS, TREE, Failure, Load, Server, cpus, table)

Case = collections.namedtuple("Case", "workload connections pipeline")

CASES = [Case(workload, connections, 1)
         for workload in ("write1", "write123")
         for connections in (1, 50, 500)]
CASES += [Case("mixed", connections, 16) for connections in (1, 50)]


def case_name(case):
    """A case's name in a table."""
    name = "%s, %d connection%s" % (case.workload, case.connections,
                                    "s" if case.connections > 1 else "")
    return name + (", pipeline %d" % case.pipeline
                   if case.pipeline > 1 else "")


def serve(state, pinned, directory, tree=TREE):
    """A server with a new state file, or without one."""
    del OPTIONS[:]
    if state:
        path = os.path.join(directory, "state-%d" % time.monotonic_ns())
        OPTIONS.extend(["--state", path, "--state-init"])
    return Server(OURS, "", cpu=pinned[0], tree=tree)


def write(state, case, options, directory):
    """Requests a second, and the median and the 99th percentile of their
    times."""
    with serve(state, options.pinned, directory) as server, \
            Load(server, *case, cpu=options.pinned[1],
                 seconds=options.seconds) as load:
        load.await_ready()
        got = load.run()
        load.finish()
    return got["requests_per_s"], got["p50_us"], got["p99_us"]


def read(state, writers, options, directory):
    """How long a reader waits beside so many writers."""
    with serve(state, options.pinned, directory) as server, \
            Load(server, "write1", max(writers, 1), cpu=options.pinned[1],
                 seconds=2 * options.seconds) as load, \
            Load(server, "read10", 1, cpu=options.pinned[1], data=False,
                 seconds=options.seconds) as reader:
        load.await_ready()
        reader.await_ready()
        if writers:
            load.begin()
        got = reader.run()
        if writers:
            load.end()
    return got["requests_per_s"], got["p50_us"], got["p99_us"]


def compare(measure, options, *arguments):
    """Medians without and with, and of the ratio of rates."""
    rounds = []
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for turn in range(options.rounds):
            pair = {}
            for state in (turn % 2 == 0, turn % 2 != 0):
                pair[state] = measure(state, *arguments, options, directory)
            rounds.append((pair[False], pair[True]))
    plain, kept = ([statistics.median(r[i][k] for r in rounds)
                    for k in range(3)] for i in range(2))
    ratio = statistics.median(r[1][0] / r[0][0] for r in rounds)
    return plain, kept, ratio


def row(name, plain, kept, ratio):
    return [name, "%.0f" % plain[0], "%.0f" % kept[0], "%.2f" % ratio,
            "%.0f / %.0f" % (plain[1], plain[2]),
            "%.0f / %.0f" % (kept[1], kept[2])]


def sync_time(directory):
    """Microseconds that this disk takes to sync 4 KiB, the median."""
    times = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(200):
            os.pwrite(file.fileno(), os.urandom(4096), 0)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return 1e6 * statistics.median(times)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench --state")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    parser.add_argument("--directory", default="/var/tmp",
                        help="for state files, default /var/tmp")
    options = parser.parse_args()
    options.pinned = cpus()
    print("%s, `%s`, medians of %d rounds of %d s; to sync 4 KiB takes this "
          "disk %.0f µs.\n" % (
              time.strftime("%Y-%m-%d"),
              shlex.join(["scripts/bench", "--state", *sys.argv[1:]]),
              options.rounds, options.seconds, sync_time(options.directory)))
    rows = []
    for case in CASES:
        name = case_name(case)
        print("bench: " + name, file=sys.stderr)
        rows.append(row(name, *compare(write, options, case)))
    for writers in (0, 49):
        name = "read10, 1 reader beside %d writers" % writers
        print("bench: " + name, file=sys.stderr)
        rows.append(row(name, *compare(read, options, writers)))
    print(table(["workload", "requests/s without", "with", "ratio",
                 "p50 / p99 µs without", "with"], rows))


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failed:
        sys.exit("bench: %s" % failed)
