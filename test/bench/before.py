"""scripts/bench --before TREE: our server as another checkout has built it,
beside that of this tree. The two take turns, a fresh process each time, under
the load generator of this tree; what is printed are medians over the rounds,
and ratios taken within each round, so that a slow minute slows both. A ratio
above 1 is a gain, of requests a second as of processor time per request."""

import argparse
import collections
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from durable import Case, case_name, serve, sync_time
from servers import TREE, Failure, Load, cpus, path, table

# Each without and with a state file.
WRITES = [Case(workload, connections, pipeline)
          for workload in ("write1", "mixed")
          for pipeline in (1, 16)
          for connections in (1, 50)]
# Without a state file.
READS = [Case("read10", connections, pipeline)
         for pipeline in (1, 16)
         for connections in (1, 50)]

Figures = collections.namedtuple("Figures", "rate cpu")


def measure(tree, case, state, options, directory):
    """Requests a second, and µs of processor time per request."""
    with serve(state, options.pinned, directory, tree) as server, \
            Load(server, *case, cpu=options.pinned[1],
                 seconds=options.seconds) as load:
        load.await_ready()
        used = server.cpu_ns()
        got = load.run()
        used = server.cpu_ns() - used
        load.finish()
    return Figures(got["requests_per_s"], used / 1000 / got["requests"])


def compare(case, state, options):
    """Medians before and after, and the rounds' ratios."""
    rounds = []
    trees = (options.before, TREE)
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for turn in range(options.rounds):
            got = {tree: measure(tree, case, state, options, directory)
                   for tree in trees[::1 if turn % 2 == 0 else -1]}
            rounds.append([got[tree] for tree in trees])
    before, after = (Figures(*map(statistics.median, zip(*figures)))
                     for figures in zip(*rounds))
    ratios = Figures([b.rate / a.rate for a, b in rounds],
                     [a.cpu / b.cpu for a, b in rounds])
    return before, after, ratios


def ratio_cells(ratios):
    """The median, and the quartiles, which say how far to trust it."""
    quartiles = (statistics.quantiles(ratios, n=4, method="inclusive")
                 if len(ratios) > 1 else 3 * ratios)
    return ["%.2f" % quartiles[1], "%.2f–%.2f" % tuple(quartiles[::2])]


def row(name, before, after, ratios):
    """A row of the table."""
    return [name, "%.0f" % before.rate, "%.0f" % after.rate,
            *ratio_cells(ratios.rate), "%.2f" % before.cpu,
            "%.2f" % after.cpu, *ratio_cells(ratios.cpu)]


def parse():
    """The command line, and which processors to use."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--before", metavar="TREE", required=True,
                        help="the build folder of another checkout, which "
                        "has a mbasyncserver")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    parser.add_argument("--workload", choices=["write1", "mixed", "read10"],
                        help="only this one")
    parser.add_argument("--directory", default="/var/tmp",
                        help="for state files, default /var/tmp")
    options = parser.parse_args()
    options.pinned = cpus()
    if not os.access(path("mbasyncserver", options.before), os.X_OK):
        raise Failure("no mbasyncserver is built in " + options.before)
    return options


def main():
    """Print the table."""
    options = parse()
    print("%s, `%s`, medians of %d rounds of %d s; to sync 4 KiB takes this "
          "disk %.0f µs.\n" % (
              time.strftime("%Y-%m-%d"),
              shlex.join(["scripts/bench", *sys.argv[1:]]),
              options.rounds, options.seconds, sync_time(options.directory)))
    cases = [(case, False) for case in WRITES + READS]
    cases += [(case, True) for case in WRITES]
    rows = []
    for case, state in cases:
        if options.workload not in (None, case.workload):
            continue
        name = case_name(case) + (", --state" if state else "")
        print("bench: " + name, file=sys.stderr)
        rows.append(row(name, *compare(case, state, options)))
    print(table(["workload", "requests/s before", "after", "ratio",
                 "quartiles", "µs of processor/request before", "after",
                 "ratio", "quartiles"], rows))


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failed:
        sys.exit("bench: %s" % failed)
