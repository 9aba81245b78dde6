"""scripts/bench --fault: what mbfault costs. Our server alone, and behind
mbfault with no rules, with one that matches nothing, and with ten. They take
turns, fresh processes each time, in an order that rotates from round to round;
what is printed are medians over the rounds, and of the ratios to the server
alone within each round."""

import argparse
import collections
import contextlib
import shlex
import statistics
import subprocess
import sys
import time

from durable import Case, case_name
from servers import FAULT, OURS, Failure, Load, Server, table

CASES = [Case("read10", connections, pipeline)
         for pipeline in (1, 16) for connections in (1, 50)]
CASES += [Case("read125", 50, 1), Case("write123", 50, 1)]

# None of them matches what is asked.
NOTHING = "delay 1s..2s unit 200-247 registers:60000-65535 chance 10%"
WAYS = {
    "alone": None,
    "no rules": [],
    "1 rule": [NOTHING],
    "10 rules": ["exception 6 function %d client 192.0.2.%d" % (n, n)
                 for n in range(100, 109)] + [NOTHING],
}

Figures = collections.namedtuple("Figures", "rate cpu")


def measure(way, case, options):
    """Requests a second, and µs of processor time per request of what the load
    asks. Nothing is pinned to a processor, as there are three processes."""
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(Server(OURS, case.workload))
        if WAYS[way] is not None:
            asked = stack.enter_context(Server(FAULT, [asked.port,
                                                       *WAYS[way]]))
        load = stack.enter_context(Load(asked, *case,
                                        seconds=options.seconds))
        load.await_ready()
        used = asked.cpu_ns()
        got = load.run()
        used = asked.cpu_ns() - used
        load.finish()
    return Figures(got["requests_per_s"], used / 1000 / got["requests"])


def one_round(case, turn, options):
    """The figures of each way, the order rotated."""
    names = list(WAYS)
    turn %= len(names)
    return {way: measure(way, case, options)
            for way in names[turn:] + names[:turn]}


def row(case, options):
    """A row of the table."""
    print("bench: " + case_name(case), file=sys.stderr)
    rounds = [one_round(case, turn, options) for turn in range(options.rounds)]

    def median(figure):
        return statistics.median(map(figure, rounds))

    return [case_name(case),
            *("%.0f" % median(lambda r, way=way: r[way].rate)
              for way in ("alone", "no rules")),
            *("%.2f" % median(lambda r, way=way: r[way].rate / r["alone"].rate)
              for way in list(WAYS)[1:]),
            *("%.2f" % median(lambda r, way=way: r[way].cpu)
              for way in ("alone", "no rules", "10 rules"))]


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    return parser.parse_args()


def main():
    """Print the table."""
    options = parse()
    print("%s, `%s`, medians of %d rounds of %d s.\n" % (
        time.strftime("%Y-%m-%d"),
        shlex.join(["scripts/bench", "--fault", *sys.argv[1:]]),
        options.rounds, options.seconds))
    print(table(["workload", "requests/s alone", "behind mbfault",
                 "no rules : alone", "1 rule : alone", "10 rules : alone",
                 "µs of processor/request: server alone", "mbfault",
                 "mbfault, 10 rules"],
                [row(case, options) for case in CASES]))


if __name__ == "__main__":
    try:
        main()
    except (Failure, subprocess.TimeoutExpired) as failed:
        sys.exit("bench: %s" % failed)
