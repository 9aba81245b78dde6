"""scripts/bench --state: what durable state costs. A server without it, one
with it, and one with a bare journal in its place take turns, a fresh process
and a fresh file each time; what is printed are medians over the rounds, and
ratios taken within each round. Then the worst a write waits beside what else
there is to do, and how long a start takes."""

import argparse
import collections
import contextlib
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from servers import (DEADLINE, JOURNAL, OPTIONS, OURS, TREE, Failure, Load,
                     Server, cpus, path, table)

Case = collections.namedtuple("Case", "workload connections pipeline")

CASES = [Case(workload, connections, 1)
         for workload in ("scatter1", "scatter123")
         for connections in (1, 50, 500)]
CASES += [Case("mixed", connections, 16) for connections in (1, 50)]

# What a write is kept by.
NOTHING, STATE = "nothing", "state"

Figures = collections.namedtuple("Figures", "rate p50 p99 highest bytes")

# With what filled the table, these fill fewer frames of the log than a
# checkpoint waits for.
WRITES_BEFORE_CHECKPOINT = 500

# How long to look for the worst, times --seconds.
WORST_SECONDS = 10

# What reads all of a journal, for the 2 s that a search may take.
SEARCH = "api/journal?address=HR0&since=2000-01-01&limit=10000"

# Registers that a row of a long journal has.
LONG_QUANTITY = 123


def case_name(case):
    """A case's name in a table."""
    name = "%s, %d connection%s" % (case.workload, case.connections,
                                    "s" if case.connections > 1 else "")
    return name + (", pipeline %d" % case.pipeline
                   if case.pipeline > 1 else "")


def new_path(directory, name="state"):
    """Of a file that does not exist."""
    return os.path.join(directory, "%s-%d" % (name, time.monotonic_ns()))


def serve(state, pinned, directory, tree=TREE):
    """A server with a new state file, or without one."""
    del OPTIONS[:]
    if state:
        OPTIONS.extend(["--state", new_path(directory), "--state-init"])
    return Server(OURS, "", cpu=pinned[0], tree=tree)


def serve_by(keeper, pinned, directory):
    """A server whose writes are kept by nothing, a new state file or a new
    bare journal."""
    if keeper == JOURNAL:
        return Server(JOURNAL, new_path(directory), cpu=pinned[0])
    return serve(keeper == STATE, pinned, directory)


def figures(got, written):
    """What a load measured, and bytes written for each request."""
    return Figures(got["requests_per_s"], got["p50_us"], got["p99_us"],
                   got["max_us"], written / max(got["requests"], 1))


def write(keeper, case, options, directory):
    """The figures of a load of writes."""
    with serve_by(keeper, options.pinned, directory) as server, \
            Load(server, *case, cpu=options.pinned[1],
                 seconds=options.seconds) as load:
        load.await_ready()
        written = server.written()
        got = load.run()
        written = server.written() - written
        load.finish()
    return figures(got, written)


def read(keeper, writers, options, directory):
    """Those of a reader beside so many writers."""
    with serve_by(keeper, options.pinned, directory) as server, \
            Load(server, "scatter1", max(writers, 1), cpu=options.pinned[1],
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
    return figures(got, 0)


def compare(measure, options, *arguments):
    """The medians for each keeper, and the medians of the ratios of the
    state's rate to that of each."""
    keepers = [NOTHING, STATE, JOURNAL]
    rounds = []
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        for turn in range(options.rounds):
            rounds.append({})
            for keeper in keepers[turn % 3:] + keepers[:turn % 3]:
                rounds[-1][keeper] = measure(
                    keeper, *arguments, options, directory)
    medians = {k: Figures(*map(statistics.median, zip(*(r[k] for r in rounds))))
               for k in keepers}
    ratios = {k: statistics.median(r[STATE].rate / r[k].rate for r in rounds)
              for k in keepers}
    return medians, ratios


def row(name, medians, ratios):
    """A row of the first table."""
    nothing, state, journal = (medians[k] for k in (NOTHING, STATE, JOURNAL))
    return [name, *("%.0f" % f.rate for f in (nothing, state, journal)),
            "%.2f" % ratios[NOTHING], "%.2f" % ratios[JOURNAL],
            *("%.0f / %.0f" % (f.p50, f.p99) for f in (nothing, state,
                                                      journal)),
            *("%.0f" % f.bytes for f in (state, journal))]


def print_rates(options):
    """What a write costs, and a read beside writes."""
    rows = []
    for case in CASES:
        name = case_name(case)
        print("bench: " + name, file=sys.stderr)
        rows.append(row(name, *compare(write, options, case)))
    for writers in (0, 49):
        name = "read10, 1 reader beside %d writers" % writers
        print("bench: " + name, file=sys.stderr)
        rows.append(row(name, *compare(read, options, writers)))
    print(table(["workload", "requests/s without", "with", "bare journal",
                 "with : without", "with : bare journal",
                 "p50 / p99 µs without", "with", "bare journal",
                 "bytes/write with", "bare journal"], rows))


def long_journal(rows, directory):
    """A new state file with a journal of so many rows."""
    name = new_path(directory, "long")
    subprocess.run([path("test/bench/long_journal"), name, str(rows),
                    str(LONG_QUANTITY)], check=True)
    return name


def copy_state(source, directory):
    """A copy of a state file that no server uses."""
    name = new_path(directory)
    shutil.copyfile(source, name)
    os.sync()
    return name


def await_checked(server):
    """Wait until the check of the journal has ended."""
    end = time.monotonic() + DEADLINE
    while "journal checked" not in server.log():
        if time.monotonic() > end:
            raise Failure("the journal is not checked")
        time.sleep(0.05)


def run_beside_backups(server, load, backup):
    """Ask while one backup after the other is made, if any. Returns the
    figures, and how many appeared."""
    done = 0
    load.begin()
    if backup is not None:
        server.signal(signal.SIGUSR1)
    while backup is not None and not load.has_line():
        if os.path.exists(backup):
            os.unlink(backup)
            done += 1
            server.signal(signal.SIGUSR1)
        time.sleep(0.01)
    return load.end(), done


@contextlib.contextmanager
def searches(server):
    """Search the journal over HTTP, again and again."""
    url = re.search(r" http: (http://\S+?/)[:\s]", server.log())[1]
    ending = threading.Event()

    def search():
        while not ending.is_set():
            with urllib.request.urlopen(url + SEARCH,
                                        timeout=DEADLINE) as reply:
                reply.read()

    thread = threading.Thread(target=search)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def worst(file, options, *server_options, requests=None, backup=None,
          checked=True, searched=False):
    """The figures of 50 clients, and how many backups were made beside: at
    least one, if any."""
    OPTIONS[:] = ["--state", file, "--log-level", "info", *server_options]
    seconds = None if requests else WORST_SECONDS * options.seconds
    runs, made = [], 0
    with Server(OURS, "", cpu=options.pinned[0]) as server:
        if checked:
            await_checked(server)
        while not runs or (backup is not None and made == 0):
            with Load(server, "scatter1", 50, cpu=options.pinned[1],
                      requests=requests, seconds=seconds) as load:
                load.await_ready()
                with searches(server) if searched else \
                        contextlib.nullcontext():
                    got, done = run_beside_backups(server, load, backup)
                load.finish()
            runs.append(figures(got, 0))
            made += done
    return runs[-1]._replace(highest=max(r.highest for r in runs)), made


def print_worst(options, source):
    """The longest that one of 50 clients waits for a write."""
    rows = []

    def add(name, *server_options, **how):
        print("bench: " + name.replace("%d ", ""), file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            if "backup" in how:
                how["backup"] = os.path.join(directory, "backup")
                server_options += ("--state-backup", how["backup"])
            got, done = worst(copy_state(source, directory), options,
                              *server_options, **how)
        rows.append([name % done if "backup" in how else name,
                     *("%.0f" % us for us in (got.p50, got.p99,
                                              got.highest))])

    add("alone, before a checkpoint", requests=WRITES_BEFORE_CHECKPOINT)
    add("beside checkpoints")
    add("and beside the check of the journal", checked=False)
    add("and beside searches by HTTP", "--http", "127.0.0.1:0", searched=True)
    add("and beside pruning", "--journal-keep", "1000")
    add("and beside %%d backups of %d MB" % (
        os.path.getsize(source) // 10**6), backup=True)
    print("\n50 clients that write (scatter1), a journal of %d rows; a write "
          "takes, in µs:\n" % options.rows)
    print(table(["", "p50", "p99", "worst"], rows))


def start_time(file, options, cold):
    """Seconds from the start of the process until it accepts clients."""
    if cold:
        os.sync()
        with open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    OPTIONS[:] = ["--state", file]
    began = time.monotonic()
    with Server(OURS, "", cpu=options.pinned[0]):
        return time.monotonic() - began


def start_row(file, rows, options):
    """A row of the last table."""
    print("bench: start with %d rows" % rows, file=sys.stderr)
    times = [[start_time(file, options, cold) for cold in (True, False)]
             for _ in range(options.rounds)]
    return [rows, os.path.getsize(file) // 10**6,
            *("%.2f" % statistics.median(t) for t in zip(*times))]


def print_starts(options, source, directory):
    """How long a start takes."""
    rows = [start_row(source, options.rows, options)]
    if options.more_rows:
        more = long_journal(options.more_rows, directory)
        rows.append(start_row(more, options.more_rows, options))
    print("\nA start takes, in s, with a journal of rows of %d registers:\n" %
          LONG_QUANTITY)
    print(table(["rows", "MB", "not in memory", "in memory"], rows))


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
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="scripts/bench --state")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--seconds", type=int, default=1,
                        help="of each measurement, default 1")
    parser.add_argument("--directory", default="/var/tmp",
                        help="for state files, default /var/tmp")
    parser.add_argument("--rows", type=int, default=1000000,
                        help="of the long journal, default 1000000; 0: none")
    parser.add_argument("--more-rows", type=int, default=0, metavar="ROWS",
                        help="measure the start with a second journal too")
    options = parser.parse_args()
    options.pinned = cpus()
    print("%s, `%s`, medians of %d rounds of %d s; to sync 4 KiB takes this "
          "disk %.0f µs.\n" % (
              time.strftime("%Y-%m-%d"),
              shlex.join(["scripts/bench", "--state", *sys.argv[1:]]),
              options.rounds, options.seconds, sync_time(options.directory)))
    print_rates(options)
    if options.rows == 0:
        return
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        source = long_journal(options.rows, directory)
        print_worst(options, source)
        print_starts(options, source, directory)


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.SubprocessError) as failed:
        sys.exit("bench: %s" % failed)
