"""scripts/bench: time and memory, ours beside a raw epoll loop and libmodbus.

The servers take turns, a fresh process each time, in an order that rotates
from round to round; what is printed is the median over the rounds. Server and
load have a processor each where there are two. The ratio to raw epoll, its
processor time per request through that of the server, is taken within each
round, so that a slow minute slows both.
"""

import argparse
import collections
import shlex
import statistics
import subprocess
import sys
import time

from servers import (LIBMODBUS, LIBMODBUS_MOST, LIMIT, OPTIONS, OURS, OVER_TLS,
                     Failure, Load, Server, can_open, cpus, idle_memory, table)

Case = collections.namedtuple(
    "Case", "name workload connections pipeline target")

# The target: raw epoll's processor time per request through ours, at least.
CASES = [
    Case("50 connections, read 10", "read10", 50, 1, 0.95),
    Case("the same, pipeline 16", "read10", 50, 16, 0.88),
    Case("50 connections, read 125", "read125", 50, 1, 0.92),
    Case("50 connections, write 123", "write123", 50, 1, 0.92),
    Case("50 connections, 2000 coils", "coils2000", 50, 1, 0.92),
    Case("1000 connections, read 10", "read10", 1000, 1, 0.90),
    Case("10,000 connections, read 10", "read10", 10000, 1, 0.90),
]

# Measured over TLS, too.
TLS_CASES = [case.name for case in CASES[:2]]

# How cost grows: read 10, ping-pong.
GROWTH = [1, 10, 100, 1000, 10000]

# For memory.
IDLE = [1000, 10000]

Figures = collections.namedtuple(
    "Figures", "requests registers cpu ratio p50 p99 busy")


def measure(name, case, seconds, pinned):
    """One server's figures in one round, without the ratio."""
    with Server(name, case.workload, cpu=pinned[0]) as server:
        with Load(server, case.workload, case.connections, case.pipeline,
                  cpu=pinned[1], seconds=seconds) as load:
            load.await_ready()
            before = server.cpu_ns()
            got = load.run()
            used = (server.cpu_ns() - before) / 1000
            load.finish()
    return Figures(got["requests_per_s"], got["registers_per_s"],
                   used / got["requests"], None, got["p50_us"], got["p99_us"],
                   got["load_busy"])


def servers_for(case):
    """Those that can have so many clients."""
    if case.connections > LIBMODBUS_MOST:
        return [OURS, LIMIT]
    if case.name in TLS_CASES:
        return [OURS, LIMIT, OVER_TLS, LIBMODBUS]
    return [OURS, LIMIT, LIBMODBUS]


def one_round(case, turn, options):
    """Each server's figures, the order rotated."""
    names = servers_for(case)
    turn %= len(names)
    figures = {name: measure(name, case, options.seconds, options.pinned)
               for name in names[turn:] + names[:turn]}
    return {name: f._replace(ratio=figures[LIMIT].cpu / f.cpu)
            for name, f in figures.items()}


def median_of(case, options):
    """Each server's figures, the median of all rounds."""
    print("bench: " + case.name, file=sys.stderr)
    rounds = [one_round(case, turn, options) for turn in range(options.rounds)]
    return {name: Figures(*map(statistics.median,
                               zip(*(figures[name] for figures in rounds))))
            for name in servers_for(case)}


def time_row(case, name, figures):
    """A row of the table, the target beside what is to meet it."""
    return [case.name, name, "%.0f" % figures.requests,
            "%.0f" % figures.registers, "%.2f" % figures.cpu,
            "%.2f" % figures.ratio, "≥ %.2f" % case.target
            if name == OURS else "", "%.0f" % figures.p50,
            "%.0f" % figures.p99, "%.0f %%" % (100 * figures.busy)]


def print_times(cases, options):
    """The workloads."""
    rows = []
    for case in cases:
        figures = median_of(case, options)
        rows += [time_row(case, name, figures[name]) for name in figures]
    print(table(["workload", "server", "requests/s", "registers/s",
                 "µs of processor/request", "raw epoll = 1", "target",
                 "p50 µs", "p99 µs", "load busy"], rows))


def print_growth(options):
    """Processor time per request as connections become more."""
    rows = []
    for connections in filter(lambda n: can_open(n + 99), GROWTH):
        case = Case("%d at once" % connections, "read10", connections, 1, 0)
        figures = median_of(case, options)
        rows.append([connections, *(
            cell for name in (OURS, LIMIT)
            for cell in ("%.2f" % figures[name].cpu,
                         "%.0f" % figures[name].requests))])
    print("\n" + table(["connections", "ours: µs of processor/request",
                        "requests/s", "raw epoll: µs of processor/request",
                        "requests/s"], rows))


def print_memory():
    """Memory per idle connection."""
    rows = [[name, "ten at a time" if paused else "all together",
             *("%.0f" % idle_memory(name, n, paused) if can_open(n + 99)
               else "" for n in IDLE)]
            for name in (OURS, LIMIT) for paused in (True, False)]
    print("\n" + table(["bytes of memory per idle connection", "was served",
                        *("of %d" % n for n in IDLE)], rows))


def parse():
    """The command line, and which processors to use."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    parser.add_argument("--workload",
                        help="only this one: " +
                        " ".join(sorted({case.workload for case in CASES})))
    parser.add_argument("--connections", type=int, help="only this many")
    parser.add_argument("option", nargs="*",
                        help="of our server; write -- before them")
    options = parser.parse_args()
    options.pinned = cpus()
    OPTIONS.extend(options.option)
    return options


def main():
    """Print the tables."""
    options = parse()
    print("%s, `%s`, medians of %d rounds of %d s, server on processor %s, "
          "load on %s.\n" % (
              time.strftime("%Y-%m-%d"),
              shlex.join(["scripts/bench", *sys.argv[1:]]), options.rounds,
              options.seconds, *options.pinned))
    cases = [case for case in CASES
             if options.workload in (None, case.workload)
             and options.connections in (None, case.connections)]
    for case in [case for case in cases if not can_open(case.connections + 99)]:
        print("left out, the descriptor limit is too low: " + case.name,
              file=sys.stderr)
        cases.remove(case)
    print_times(cases, options)
    if options.workload is None and options.connections is None:
        print_growth(options)
        print_memory()


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failed:
        sys.exit("bench: %s" % failed)
