"""mbtorture as a test: torture.py LAYOUT | LAYOUT_tls | LAYOUT_udp |
LAYOUT_rtu | LAYOUT_unix | LAYOUT_shared | LAYOUT_fault | control

Our server has to pass in full, in either layout of its data table (separate,
overlaid), also over TLS, by a client whose role may do all, in datagrams, in
RTU frames, over a socket of this machine, as one of two servers that share a table, which must
be equal in the end, and behind mbfault, whose rules match nothing. The control
shows
that mbtorture can fail: it must find the faults of a libmodbus server that are
known, and nothing wrong with what that server does well.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from engine import MORTAL, PROGRAM, Engine
from harness import Client, Server, wait_for
from sharing import PATIENCE, table_of
from sharing import PATIENT as SLOW_ENGINE
from still_clock import StillClock

SKIPPED = 77

# Our server's clock stands still: mbtorture sends what is no whole frame yet,
# and may be stopped for longer than a server waits for the rest.
CLOCK = StillClock() if StillClock.LIBRARY else None
ENVIRONMENT = CLOCK.environment() if CLOCK else {}

# Patient: under a sanitizer, on a busy host, a server is slow and yet right.
PATIENT = ["--timeout", "30", "--deadline", "1500", "--seed", "1"]

# How often the control looks again for what load can hide.
REPEATED = 5

CONTROL = {
    "unknown-functions": [
        ("FAIL", "function 131, PDU of 5 bytes"),
        ("ok", "function 99, PDU of 5 bytes"),
    ],
    "header": [
        ("FAIL", "protocol identifier 1"),
        ("FAIL", "length 65535"),
        ("ok", "transaction identifier 4660"),
    ],
    "03-read-holding-registers": [
        ("FAIL", "one byte long"),
        ("ok", "the most items up to the last"),
    ],
    "liveness": [
        ("FAIL", "a client that dribbles freezes no other"),
        ("ok", "20 clients that are silent freeze no other"),
    ],
}


def torture(where, *options):
    """Run mbtorture at a port or a path: its exit status and its lines."""
    server = [where] if isinstance(where, str) else ["127.0.0.1", str(where)]
    done = subprocess.run(
        [os.environ["MBTORTURE"], *options, *server],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        check=False)
    print(done.stdout)
    return done.returncode, done.stdout.splitlines()


def certify(folder):
    """The options that serve TLS, and those for a client that may do all."""
    subprocess.run([os.environ["TEST_CERTIFICATES"], folder], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return (["--tls", "127.0.0.1:0", "--tls-cert", folder + "/server.pem",
             "--tls-key", folder + "/server.key", "--tls-ca",
             folder + "/ca.pem", "--tls-crl", folder + "/crl.pem",
             "--roles", folder + "/roles"],
            ["--tls", "--tls-cert", folder + "/manager.pem", "--tls-key",
             folder + "/manager.key", "--tls-ca", folder + "/ca.pem"])


def tls_port(server):
    """The port that it serves TLS on."""
    line, = server.log_lines(": TLS")
    return int(re.search(r"listen: 127\.0\.0\.1:(\d+): TLS$", line).group(1))


def pass_in_full(server, where, options):
    """Torture it, and stop it."""
    try:
        status, _ = torture(where, "--random", "20000", *PATIENT, *options)
        server.stop()
    except BaseException:
        sys.stderr.write(server.log()[-20000:])
        raise
    finally:
        server.kill()
    if status != 0:
        sys.exit("mbtorture: exit status %d" % status)


def test_ours(layout):
    """Our server passes in full, and ends well."""
    server = Server("-d", layout, env=ENVIRONMENT)
    pass_in_full(server, server.port, [])


def test_ours_over_tls(layout):
    """The same over TLS."""
    with tempfile.TemporaryDirectory() as folder:
        serving, ours = certify(folder)
        server = Server("-d", layout, *serving, env=ENVIRONMENT)
        pass_in_full(server, tls_port(server), ours)


def test_ours_over_udp(layout):
    """The same in datagrams."""
    server = Server("-d", layout, listen="udp:127.0.0.1:0", port=None,
                    env=ENVIRONMENT)
    pass_in_full(server, server.port, ["--udp"])


def test_ours_over_rtu(layout):
    """The same in RTU frames. Each byte that comes late, too, is of a frame
    that goes on: the server's clock stands still."""
    server = Server("-d", layout, listen="rtu:127.0.0.1:0", port=None,
                    env=ENVIRONMENT)
    pass_in_full(server, server.port, ["--rtu"])


def test_ours_over_unix(layout):
    """The same over a socket of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/modbus"
        server = Server("-d", layout, "--listen", "unix:" + path,
                        env=ENVIRONMENT)
        pass_in_full(server, path, [])


def table(server):
    """All that a server has."""
    with Client(server) as client:
        return table_of(client)


def test_ours_shared(layout):
    """The same where the writes go through an engine, which a server whose
    clock stands still never finds silent."""
    if not PROGRAM:
        print("no redis-server or valkey-server to share a table through")
        sys.exit(SKIPPED)
    with contextlib.ExitStack() as started:
        engine = started.enter_context(Engine(fsync="everysec"))
        options = ["--shared", engine.url, "-d", layout, *SLOW_ENGINE]
        server = Server(*options, "--shared-init", command=MORTAL,
                        env=ENVIRONMENT)
        started.callback(server.kill)
        other = Server(*options, command=MORTAL)
        started.callback(other.kill)
        try:
            status, _ = torture(server.port, "--random", "20000", *PATIENT)
            wait_for(lambda: table(server) == table(other), "equal tables",
                     PATIENCE)
            server.stop()
            other.stop()
        except BaseException:
            sys.stderr.write(server.log()[-20000:])
            raise
    if status != 0:
        sys.exit("mbtorture: exit status %d" % status)


class Fault(Server):
    """The running mbfault."""

    binary = os.environ.get("MBFAULT", "")


def test_ours_behind_mbfault(layout):
    """The same through mbfault, which shows nowhere."""
    server = Server("-d", layout, env=ENVIRONMENT)
    try:
        fault = Fault("--to", "127.0.0.1:%d" % server.port, "--rule",
                      "close client 192.0.2.0/24")
        pass_in_full(fault, fault.port, [])
        server.stop()
    finally:
        server.kill()


def control(port, groups):
    """Run these groups against the other server."""
    return torture(port, "--deadline", "300", "--seed", "1",
                   *[option for group in groups
                     for option in ("--group", group)])


def missing(lines):
    """What the control must show and these lines do not: (group, line)."""
    return [(group, line)
            for group, checks in CONTROL.items()
            for line in ("%-4s %s: %s" % (outcome, group, name)
                         for outcome, name in checks)
            if not any(found.startswith(line) for found in lines)]


def test_control():
    """The libmodbus server fails and passes where it is known to."""
    if not os.environ.get("PEER_LIBMODBUS"):
        print("no libmodbus to build the other server with")
        sys.exit(SKIPPED)
    peer = subprocess.Popen([os.environ["PEER_LIBMODBUS"]],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            text=True)
    try:
        port = int(peer.stdout.readline())
        status, lines = control(port, CONTROL)
        # What freezes is judged by what is usual: on a busy host that may take
        # as long. One sight of the fault is enough.
        for _ in range(REPEATED):
            if not missing(lines):
                break
            groups = sorted({group for group, _ in missing(lines)})
            lines += control(port, groups)[1]
    finally:
        peer.kill()
        peer.wait()
    if status != 1 or missing(lines):
        sys.exit("exit status %d; expected lines not there: %s"
                 % (status, missing(lines)))


BAD = [ # a command line, and what the error says
    ("--unit 256", '--unit: "256": expected a number from 0 to 255'),
    ("--unit 1.5", '--unit: "1.5": expected a whole number'),
    ("--coils 0", '--coils: "0": expected a number from 1 to 65536'),
    ("--seed -1", '--seed: "-1": expected a whole number'),
    ("--timeout nan", '--timeout: "nan": expected a number from 0.01 to'),
    ("--deadline 5s", '--deadline: "5s": expected a number from 1 to'),
    ("--group x", '--group: "x": expected a name that --list prints'),
    ("--functions 3,128", '--functions: "128": expected a number from 1 to'),
    ("--functions ,", '--functions: "": expected numbers, such as 3,16'),
    ("--tls-ca x", "expected, too: --tls"),
    ("--tls", "--tls: expected, too: --tls-cert, --tls-key, --tls-ca"),
    ("--tls --rtu", "not with --rtu: --tls"),
    ("--udp --rtu", "not with --udp: --rtu"),
    ("--no-such-option", "--no-such-option"),
    ("third", "expected: HOST PORT"),
]


def test_command_line():
    """The subject command_line: what is wrong is said in one line."""
    for words, expected in BAD:
        done = subprocess.run(
            [os.environ["MBTORTURE"], "127.0.0.1", "1", *words.split()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 64 or done.stdout or expected not in done.stderr \
                or done.stderr.count("\n") != 1:
            sys.exit("%s: exit status %d: %s%s" % (
                words, done.returncode, done.stdout, done.stderr))


def main():
    """One subject."""
    subject = sys.argv[1]
    if subject == "command_line":
        test_command_line()
        return
    if subject == "control":
        test_control()
    elif subject.endswith("_tls"):
        test_ours_over_tls(subject.removesuffix("_tls"))
    elif subject.endswith("_udp"):
        test_ours_over_udp(subject.removesuffix("_udp"))
    elif subject.endswith("_rtu"):
        test_ours_over_rtu(subject.removesuffix("_rtu"))
    elif subject.endswith("_unix"):
        test_ours_over_unix(subject.removesuffix("_unix"))
    elif subject.endswith("_shared"):
        test_ours_shared(subject.removesuffix("_shared"))
    elif subject.endswith("_fault"):
        test_ours_behind_mbfault(subject.removesuffix("_fault"))
    else:
        test_ours(subject)


main()
