"""The servers that scripts/bench compares, and mbload, as processes."""

import atexit
import contextlib
import functools
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

TREE = os.environ.get("BENCH_TREE", "")
DEADLINE = 120  # seconds; never reached unless something is wrong

OURS, LIMIT, LIBMODBUS = "mbasyncserver", "raw epoll", "libmodbus"

# Ours with a bare journal in place of durable state. Its workload is a file.
JOURNAL = "bare journal"

# In front of a server: its workload is a list, of the port and of rules.
FAULT = "mbfault"

# Ours with something plugged in that does nothing.
SEAMS = ["none", "policy", "tap", "observer", "order"]

# libmodbus is made for select(), which ends at 1024 descriptors.
LIBMODBUS_MOST = 900

# Ours over TLS 1.3, where the client has a role that may do all.
OVER_TLS = "mbasyncserver, TLS"

# Further options for ours.
OPTIONS = []


class Failure(Exception):
    """What the reader has to be told."""


def path(name, tree=TREE):
    """A program or library of the tree that was built, or of another."""
    return os.path.join(tree, name)


@functools.cache
def certificates():
    """A folder with what scripts/test-certificates makes."""
    folder = tempfile.mkdtemp(prefix="mbasyncserver-bench-")
    atexit.register(shutil.rmtree, folder)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "..", "..", "scripts", "test-certificates")
    subprocess.run([script, folder], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    return folder


def command(name, workload, tree=TREE):
    """How to start a server. Ours says nothing of each connection, like the
    others; it may be from another tree."""
    if name == JOURNAL:
        return [path("test/bench/journal_server"), workload]
    if name == OURS:
        return [path("mbasyncserver", tree), "-p", "0", "--listen", "127.0.0.1",
                "--log-level", "error", *OPTIONS]
    if name == OVER_TLS:
        return [path("mbasyncserver", tree), "--tls", "127.0.0.1:0",
                "--tls-cert", certificates() + "/server.pem",
                "--tls-key", certificates() + "/server.key",
                "--tls-ca", certificates() + "/ca.pem",
                "--roles", certificates() + "/roles",
                "--log-level", "error", *OPTIONS]
    if name == FAULT:
        rules = [word for rule in workload[1:] for word in ("--rule", rule)]
        return [path("mbfault", tree), "-p", "0", "--listen", "127.0.0.1",
                "--to", "127.0.0.1:%d" % workload[0],
                "--log-level", "error", *rules]
    if name == LIMIT:
        return [path("test/bench/limit_epoll"), workload]
    if name in SEAMS:
        return [path("test/bench/seam_server"), name]
    return [path("test/torture/peer_libmodbus")]


def read_line(stream, what):
    """A line of a process's output, with a deadline. Unbuffered, so that
    select tells the truth."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([stream], [], [], DEADLINE)[0]:
            raise Failure("%s says nothing" % what)
        byte = stream.read(1)
        if not byte:
            raise Failure("%s ended" % what)
        line += byte
    return line.decode().rstrip("\n")


class Server:
    """A running server.

    A shell tells its process identifier and then becomes the server: a tracer
    around the shell has another one, a wrapper within becomes the server too.
    """

    def __init__(self, name, workload, cpu=None, tracer=(), wrapper=(),
                 tree=TREE):
        self.name = name
        self.errors = tempfile.TemporaryFile()
        pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
        self.process = subprocess.Popen(
            [*pinned, *tracer, "sh", "-c", 'echo $$; exec "$@"', "sh",
             *wrapper, *command(name, workload, tree)],
            bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors)
        try:
            self.pid = int(read_line(self.process.stdout, name))
            self.port = self.await_port()
            self.idle_files = self.files()
        except Failure:
            self.process.kill()
            self.process.wait()
            raise Failure("%s does not start: %s" % (name, self.log()))

    def log(self):
        """What it wrote to its standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip()

    def await_port(self):
        """Wait until it accepts clients."""
        port = None
        while True:
            line = read_line(self.process.stdout, self.name)
            found = re.match(r"(Starting \w+ on port )?(\d+)", line)
            if found:
                port = int(found[2])
            if port and (not found or not found[1]):
                return port

    def files(self):
        """How many it has open."""
        return len(os.listdir("/proc/%d/fd" % self.pid))

    def await_idle(self):
        """Wait until it has noticed that all clients are gone."""
        end = time.monotonic() + DEADLINE
        while self.files() > self.idle_files:
            if time.monotonic() > end:
                raise Failure("%s keeps connections" % self.name)
            time.sleep(0.005)

    def cpu_ns(self):
        """Processor time so far, of all threads."""
        tasks = "/proc/%d/task" % self.pid
        with contextlib.suppress(OSError):
            total = 0
            for task in os.listdir(tasks):
                with open(os.path.join(tasks, task, "schedstat")) as stat:
                    total += int(stat.read().split()[0])
            return total
        with open("/proc/%d/stat" % self.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks * 1000000000 // os.sysconf("SC_CLK_TCK")

    def written(self):
        """Bytes that it had the system write to a disk so far: whole pages,
        each time when it had to be written back; not what the file system
        writes for itself, as its journal."""
        with open("/proc/%d/io" % self.pid) as io:
            return int(re.search(r"^write_bytes: (\d+)", io.read(), re.M)[1])

    def memory(self):
        """Anonymous resident memory in bytes, heap and stack, by a walk over
        its pages: the sum in status may be some dozen pages off."""
        with open("/proc/%d/smaps_rollup" % self.pid) as rollup:
            found = re.search(r"^Anonymous:\s+(\d+) kB", rollup.read(), re.M)
        return int(found[1]) * 1024

    def signal(self, number):
        """To the server itself, not to what traces it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def stop(self):
        """End it, held or not, and wait for what traced it."""
        # In this order: LeakSanitizer, at the end of a program, cannot bear to
        # be continued.
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
            self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Load:
    """mbload, step by step: connected, then done, then gone."""

    def __init__(self, server, workload, connections=50, pipeline=1, cpu=None,
                 requests=None, seconds=None, paused=False, data=True):
        arguments = ["--step", "--workload", workload, "--connections",
                     str(connections), "--pipeline", str(pipeline)]
        if requests is not None:
            arguments += ["--requests", str(requests)]
        if seconds is not None:
            arguments += ["--seconds", str(seconds)]
        if server.name == LIMIT or not data:
            arguments += ["--no-data"]
        if server.name == OVER_TLS:
            arguments += ["--tls", certificates()]
        if paused:
            arguments += ["--pause", str(server.pid)]
        pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
        self.server = server
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*pinned, path("test/bench/mbload"), *arguments, "127.0.0.1",
             str(server.port)],
            bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors)

    def line(self):
        """The next line of its output."""
        try:
            return read_line(self.process.stdout, "mbload")
        except Failure as failure:
            self.process.kill()
            self.process.wait()
            self.errors.seek(0)
            raise Failure("%s: %s: %s" % (
                self.server.name, failure,
                self.errors.read().decode(errors="replace").strip()))

    def await_ready(self):
        """Every connection is accepted and has been served once."""
        while self.line() != "ready":
            pass

    def run(self):
        """Ask. Returns its figures, by name."""
        self.begin()
        return self.end()

    def begin(self):
        """Ask; end() waits for the end of it, and returns its figures."""
        self.process.stdin.write(b"\n")

    def has_line(self):
        """Whether it has printed something."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def end(self):
        figures = {}
        while (line := self.line()) != "done":
            name, value = line.split()
            figures[name] = float(value)
        return figures

    def finish(self):
        """Let it read the table once more, and close its connections; wait
        until the server has closed them too."""
        self.process.stdin.close()
        if self.process.wait(DEADLINE) != 0:
            self.errors.seek(0)
            raise Failure("%s: %s" % (self.server.name,
                                      self.errors.read().decode()))
        self.server.await_idle()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def idle_memory(name, connections, paused=True):
    """Memory per connection that has been served and idles, in bytes: what a
    server that has seen some before takes for so many. Paused, they were served
    ten at a time; what all together leave behind is a matter of chance."""
    with Server(name, "read10") as server:
        with Load(server, "read10", requests=0) as load:
            load.await_ready()
            load.run()
            load.finish()
        before = server.memory()
        with Load(server, "read10", connections, requests=0,
                  paused=paused) as load:
            load.await_ready()
            load.run()
            return (server.memory() - before) / connections


def cpus():
    """One for the server and one for the load, the same if there is one."""
    usable = sorted(os.sched_getaffinity(0))
    if shutil.which("taskset") is None:
        return None, None
    return usable[0], usable[-1]


def can_open(descriptors):
    """Whether a process may have so many files."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return hard == resource.RLIM_INFINITY or hard >= descriptors


def table(header, rows):
    """A Markdown table. Columns of numbers are aligned right."""
    rows = [[str(cell) for cell in row] for row in rows]
    lines = [header, [], *rows]
    for i, title in enumerate(header):
        cells = [row[i] for row in rows]
        width = max(map(len, [title, *cells]))
        number = all(re.match(r"[0-9≤–-]|$", cell) for cell in cells)
        lines[1].append("-" * (width - 1) + ":" if number else "-" * width)
        for row in [header, *rows]:
            row[i] = row[i].rjust(width) if number else row[i].ljust(width)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
