"""scripts/bench --counts: exact counts of what a request costs.

What differs between a run of N requests and one of 2N is the cost of N
requests in the steady state: start, connecting, filling the table and every
first time cancel out. System calls are counted by strace, instructions and
allocations by callgrind.

How many connections a server finds ready at once would depend on chance, and
with it the number of its turns. So mbload holds it (SIGSTOP) while ten
connections ask, lets it go, waits for the ten answers, and does so with the
next ten. The stop ends one epoll_wait without an event, so each ten requests
cost two turns. What a server does by time is left out: its clock stands still
while instructions are counted.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

from servers import (LIMIT, OPTIONS, OURS, OVER_TLS, SEAMS, TREE, Failure,
                     Load, Server, can_open, idle_memory, table)

Case = collections.namedtuple(
    "Case", "name workload connections pipeline requests syscalls target gate")

# The targets: system calls other than epoll_wait, and user instructions, per
# request, at most. The gate is what --check lets pass: what was reached,
# rounded up by about 1 %. It belongs to gcc 12 on x86-64, and to a processor
# with AVX2, for which libc has routines of its own: without them, a write of
# 123 registers takes 15 % more. Requests: N, one more round for every
# connection at least.
CASES = [
    Case("50 connections, read 10", "read10", 50, 1, 1000, 2.02, 650, 628),
    Case("the same, pipeline 16", "read10", 50, 16, 4000, 0.17, 160, 155),
    Case("50 connections, read 125", "read125", 50, 1, 1000, 2.02, 800, 718),
    # Of a write, about 240 are the record of last writers.
    Case("50 connections, write 123", "write123", 50, 1, 1000, 2.02, 1000,
         990),
    Case("50 connections, 2000 coils", "coils2000", 50, 1, 1000, 2.02, 800,
         746),
    Case("1000 connections, read 10", "read10", 1000, 1, 2000, 2.05, 700, 628),
    Case("10,000 connections, read 10", "read10", 10000, 1, 10000, 2.05, 700,
         628),
]

# Over TLS only system calls are counted: how many instructions a request takes
# is OpenSSL's matter, and the processor's. In how many steps hands are shaken is
# a matter of chance, and some epoll_ctl with it: many requests hide them.
TLS_CASES = [
    Case("50 connections, read 10", "read10", 50, 1, 16000, 2.02, None, None),
    Case("the same, pipeline 16", "read10", 50, 16, 32000, 0.14, None, None),
]

# For the seams: reads meet policy and tap, writes all of them.
SEAM_CASES = [
    Case("read 10 registers", "read10", 50, 1, 1000, None, None, None),
    Case("write 1 register", "write1", 50, 1, 1000, None, None, None),
]

# No epoll_ctl and no allocation; and how far chance may move a count.
NONE = 0
TOLERANCE = 0.005

# What ctest takes for a test that was skipped.
SKIPPED = 77

# The memory that an idle connection takes, in bytes, at 10,000.
IDLE_CONNECTIONS = 10000
IDLE_MEMORY = 1296

# The same over TLS, where connecting takes longer.
TLS_IDLE_CONNECTIONS = 1000
TLS_IDLE_MEMORY = 20 * 1024

WAITS = {"epoll_wait", "epoll_pwait", "epoll_pwait2"}
ALLOCATIONS = {"malloc", "calloc", "realloc", "reallocarray", "memalign",
               "posix_memalign", "aligned_alloc"}

Counts = collections.namedtuple("Counts", "syscalls instructions allocations")


def run(name, case, requests, **around):
    """One server's life with so many requests."""
    with Server(name, case.workload, **around) as server:
        with Load(server, case.workload, case.connections, case.pipeline,
                  requests=requests, paused=True) as load:
            load.await_ready()
            figures = load.run()
            load.finish()
    if figures["requests"] != requests:
        raise Failure("%s: not every request was answered" % name)


def count_syscalls(name, case, requests):
    """How often the server made each system call."""
    with tempfile.NamedTemporaryFile("r") as out:
        run(name, case, requests, tracer=[
            "strace", "-f", "-c", "-U", "calls,name", "-o", out.name])
        rows = re.findall(r"^\s*(\d+)\s+(\w+)$", out.read(), re.M)
    calls = {call: int(number) for number, call in rows if call != "total"}
    if not calls:
        raise Failure("strace has counted nothing")
    return collections.Counter(calls)


def parse_callgrind(text):
    """Instructions, and calls of what allocates, in callgrind's output. A name
    stands behind its number once, and may go without from then on."""
    names, callee, allocations = {}, None, 0
    for line in text.splitlines():
        found = re.match(r"c?fn=\((\d+)\)(?: (.*))?$", line)
        if found:
            if found[2] is not None:
                names[found[1]] = found[2].split("'")[0].split("@")[0]
            callee = names[found[1]]
        elif line.startswith("calls=") and callee in ALLOCATIONS:
            allocations += int(line[6:].split()[0])
    total = re.search(r"^totals: (\d+)", text, re.M)
    if total is None:
        raise Failure("callgrind has counted nothing")
    return int(total[1]), allocations


def count_instructions(name, case, requests):
    """Instructions outside the kernel, and allocations, of a whole run."""
    with tempfile.NamedTemporaryFile("r") as out:
        run(name, case, requests, wrapper=[
            # Relative, as blanks part the names there.
            "env", "-C", TREE,
            "LD_PRELOAD=./test/bench/libfrozen_clock.so",
            "valgrind", "--tool=callgrind", "--quiet",
            "--callgrind-out-file=" + out.name])
        return parse_callgrind(out.read())


def measure(name, case):
    """The counts of one request."""
    n = case.requests
    once, twice = (count_syscalls(name, case, k * n) for k in (1, 2))
    twice.subtract(once)
    syscalls = {call: number / n for call, number in twice.items() if number}
    if name == OVER_TLS:
        return Counts(syscalls, None, None)
    once, twice = (count_instructions(name, case, k * n) for k in (1, 2))
    return Counts(syscalls, *((b - a) / n for a, b in zip(once, twice)))


def waits(counts):
    """Turns of the loop."""
    return sum(n for call, n in counts.syscalls.items() if call in WAITS)


def others(counts):
    """System calls that are no wait."""
    return sum(n for call, n in counts.syscalls.items() if call not in WAITS)


def excesses(case, counts):
    """What of a case is above its gate, a line each."""
    checked = [
        ("system calls", others(counts), case.syscalls),
    ]
    if counts.instructions is not None:
        checked.append(("instructions", counts.instructions, case.gate))
        if case.pipeline == 1:
            checked += [
                ("epoll_ctl", counts.syscalls.get("epoll_ctl", 0), NONE),
                ("allocations", counts.allocations, NONE),
            ]
    return ["%s: %s per request: %.3f, gate %s" % (case.name, what, n, most)
            for what, n, most in checked if n > most + TOLERANCE]


def row(case, name, counts):
    """A row of the table, target and gate behind what is to meet them."""
    ours = name in (OURS, OVER_TLS)
    counted = counts.instructions is not None
    calls = sorted(counts.syscalls.items(),
                   key=lambda item: (-round(item[1], 3), item[0]))
    return [
        case.name, name,
        "%.3f" % others(counts), "≤ %.2f" % case.syscalls if ours else "",
        "%.0f" % counts.instructions if counted else "",
        "≤ %d" % case.target if ours and counted else "",
        "≤ %d" % case.gate if ours and counted else "",
        "%.3f" % counts.allocations if counted else "",
        "%.3f" % waits(counts),
        ", ".join("%s %.3f" % (call, n) for call, n in calls
                  if call not in WAITS and abs(n) >= 0.0005),
    ]


def measure_all(jobs):
    """The counts of each (case, server), as many at a time as can be."""
    with concurrent.futures.ThreadPoolExecutor(
            len(os.sched_getaffinity(0))) as pool:
        # The longest first.
        order = sorted(jobs, key=lambda job: -job[0].connections)
        futures = {job: pool.submit(measure, job[1], job[0]) for job in order}
        return {job: future.result() for job, future in futures.items()}


def print_seams():
    """What each seam adds to a request when it is used."""
    jobs = [(case, seam) for case in SEAM_CASES for seam in SEAMS]
    results = measure_all(jobs)
    rows = []
    for case, seam in jobs:
        counts, none = results[case, seam], results[case, SEAMS[0]]
        rows.append([case.name, seam, "%.0f" % counts.instructions,
                     "%+.0f" % (counts.instructions - none.instructions),
                     "%.3f" % others(counts), "%.3f" % counts.allocations])
    print(table(["per request", "seam", "instructions", "more",
                 "system calls", "allocations"], rows))


def obstacle():
    """Why nothing can be counted or compared here, or None."""
    if os.environ.get("NOT_COMPARABLE"):
        return os.environ["NOT_COMPARABLE"]
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        if " avx2 " not in file.read():
            return "the gates are for a processor with AVX2"
    for tool in (["strace", "-o", os.devnull, "true"],
                 ["valgrind", "--tool=none", "--quiet", "true"]):
        try:
            subprocess.run(tool, check=True, stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            return "%s does not work here: %s" % (tool[0], error)
    return None


def print_memory():
    """What an idle connection takes. Returns what is above its gate."""
    missed = []
    for name, connections, most in (
            (OURS, IDLE_CONNECTIONS, IDLE_MEMORY),
            (OVER_TLS, TLS_IDLE_CONNECTIONS, TLS_IDLE_MEMORY)):
        if not can_open(connections + 99):
            continue
        memory = idle_memory(name, connections)
        text = ("%s: memory per idle connection at %d: %.0f bytes, target %.0f"
                % (name, connections, memory, most))
        print("\n" + text)
        if memory > most:
            missed.append(text)
    return missed


def main():
    """Print the table; with --check, fail when a count is above its gate."""
    parser = argparse.ArgumentParser(prog="scripts/bench --counts")
    parser.add_argument("--check", action="store_true",
                        help="exit 1 when a count is above its gate, and 77 "
                        "where it can't be told")
    parser.add_argument("--ours", action="store_true",
                        help="leave out the raw epoll loop")
    parser.add_argument("--seams", action="store_true",
                        help="instead: what each seam adds when it is used")
    parser.add_argument("--workload", help="only this one")
    parser.add_argument("--connections", type=int, help="only this many")
    parser.add_argument("option", nargs="*",
                        help="of our server; write -- before them")
    options = parser.parse_args()
    OPTIONS.extend(options.option)
    if options.seams:
        print_seams()
        return 0
    if options.check and obstacle() is not None:
        print("SKIPPED: " + obstacle())
        return SKIPPED

    cases = [case for case in CASES
             if options.workload in (None, case.workload)
             and options.connections in (None, case.connections)]
    for case in [case for case in cases if not can_open(case.connections + 99)]:
        print("left out, the descriptor limit is too low: " + case.name,
              file=sys.stderr)
        cases.remove(case)
    jobs = [(case, name) for case in cases
            for name in ([OURS] if options.ours else [OURS, LIMIT])]
    jobs += [(case, OVER_TLS) for case in TLS_CASES
             if options.workload in (None, case.workload)
             and options.connections in (None, case.connections)]
    results = measure_all(jobs)
    print(table(["per request", "server", "system calls", "target",
                 "instructions", "target", "gate", "allocations",
                 "epoll_wait", "the calls"],
                [row(case, name, results[case, name]) for case, name in jobs]))
    missed = [line for case, name in jobs if name in (OURS, OVER_TLS)
              for line in excesses(case, results[case, name])]
    if not options.workload:
        missed += print_memory()
    if missed:
        print("\nABOVE THE GATE:\n" + "\n".join(missed))
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, subprocess.TimeoutExpired) as failure:
        sys.exit("bench: %s" % failure)
