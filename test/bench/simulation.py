"""scripts/bench --simulate: what a client's requests take beside points that
move by themselves. A server with such a points file and without --simulate, one
with it, and one whose points are scattered take turns, fresh processes each
time; what is printed are medians over the rounds, and ratios taken within each
round. A ratio above 1 means that requests take longer beside the simulation."""

import argparse
import collections
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from durable import Case, case_name
from servers import OPTIONS, OURS, Failure, Load, Server, cpus, table

CASES = [Case("read10", 1, 1), Case("read10", 50, 1), Case("write1", 1, 1)]

# float32 points from register 20000 on: how many registers from one to the next.
STEPS = {"adjacent": 2, "scattered": 40}
STILL = "still"

Figures = collections.namedtuple("Figures", "rate p50 p99 worst cpu")


def make_points(directory, step, options):
    """A points file."""
    path = os.path.join(directory, "step%d.csv" % step)
    with open(path, "w", encoding="utf-8") as file:
        file.write("address,type,simulate\n")
        for i in range(options.points):
            file.write("HR%d,float32,random(-100..100) every %dms\n"
                       % (20000 + i * step, options.every))
    return path


def measure(kind, case, options, directory):
    """The figures of a load beside points that stand still, or move so."""
    path = make_points(directory, STEPS.get(kind, STEPS["adjacent"]), options)
    OPTIONS[:] = ["--points", path] + ["--simulate"] * (kind != STILL)
    server_cpu, load_cpu = options.pinned
    with Server(OURS, "", cpu=server_cpu) as server, \
            Load(server, *case, cpu=load_cpu, seconds=options.seconds,
                 data=False) as load:
        load.await_ready()
        used = server.cpu_ns()
        got = load.run()
        used = server.cpu_ns() - used
        load.finish()
    return Figures(got["requests_per_s"], got["p50_us"], got["p99_us"],
                   got["max_us"], used / 1000 / got["requests"])


def take_turns(options):
    """The figures of each round, by case and kind."""
    kinds = [STILL, *STEPS]
    rounds = []
    with tempfile.TemporaryDirectory() as directory:
        for turn in range(options.rounds):
            print("bench: round %d" % (turn + 1), file=sys.stderr)
            shift = turn % len(kinds)
            rounds.append({
                (case, kind): measure(kind, case, options, directory)
                for case in CASES for kind in kinds[shift:] + kinds[:shift]})
    return rounds


def ratio(rounds, case, kind, name):
    """Of the medians of a figure, and the quartiles of the rounds' ratios."""
    ratios = [getattr(r[case, kind], name) / getattr(r[case, STILL], name)
              for r in rounds]
    low, middle, high = (
        statistics.quantiles(ratios, n=4, method="inclusive")
        if len(ratios) > 1 else 3 * ratios)
    return "%.2f (%.2f–%.2f)" % (middle, low, high)


def print_table(rounds):
    """A row for each case and kind."""
    rows = []
    for case in CASES:
        for kind in [STILL, *STEPS]:
            m = Figures(*map(statistics.median,
                             zip(*(r[case, kind] for r in rounds))))
            rows.append([case_name(case), kind, "%.0f" % m.rate,
                         "%.0f" % m.p50, "%.0f" % m.p99, "%.0f" % m.worst,
                         "%.2f" % m.cpu,
                         *("" if kind == STILL else
                           ratio(rounds, case, kind, name)
                           for name in ("p50", "p99"))])
    print(table(["workload", "points", "requests/s", "p50 µs", "p99 µs",
                 "worst µs", "processor µs", "p50 : still", "p99 : still"],
                rows))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench --simulate")
    parser.add_argument("--rounds", type=int, default=9, help="default 9")
    parser.add_argument("--seconds", type=int, default=2,
                        help="of each measurement, default 2")
    parser.add_argument("--points", type=int, default=1000,
                        help="that move, at most 1100, default 1000")
    parser.add_argument("--every", type=int, default=100,
                        help="milliseconds from tick to tick, default 100")
    options = parser.parse_args()
    options.pinned = cpus()
    print("%s, `%s`: medians of %d rounds of %d s.\n" % (
        time.strftime("%Y-%m-%d"),
        shlex.join(["scripts/bench", "--simulate", *sys.argv[1:]]),
        options.rounds, options.seconds))
    print_table(take_turns(options))


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failed:
        sys.exit("bench: %s" % failed)
