"""An engine for shared tables: redis-server or valkey-server, as a process of
the test.

It keeps its files in a folder of its own, and its port over restarts. Ports are
below those that the system gives to clients, and those of scripts/run-shared,
so that none of them takes it while the engine is down; nor does the engine of
another test, as a name stands for the port until the test ends."""

import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import DEADLINE, wait_for

PROGRAM = (os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
           or shutil.which("valkey-server"))
PORTS = range(12000, 20000)


# What such a command is called by does not outlive the test.
MORTAL = ["setpriv", "--pdeathsig", "KILL"]


class RedisError(Exception):
    """An error that the engine has answered."""


class Connection:
    """A client of the engine that knows just enough of its protocol."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, *words):
        """A command; answer() takes what comes."""
        parts = [word if isinstance(word, bytes) else str(word).encode()
                 for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))

    def answer(self):
        """The next answer: bytes, a number, a list or None."""
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("the engine has gone")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2]
        return [self.answer() for _ in range(int(rest))]

    def ask(self, *words):
        self.send(*words)
        return self.answer()


def reserve(port):
    """A socket that keeps other tests from the port, whether or not its engine
    runs, as long as this process does; None: another test has it."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind("\0mbasyncserver-test-port-%d" % port)
    except OSError:
        name.close()
        return None
    return name


def can_bind(port):
    """Whether nobody listens there."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Engine:
    """A running engine, that can be killed and started again."""

    arguments = ("--appendonly", "yes", "--save", "",
                 "--maxmemory-policy", "noeviction")

    def __init__(self, *options, fsync="always", directory=None):
        self.folder = tempfile.mkdtemp(prefix="mbasyncserver-engine-",
                                       dir=directory)
        self.options = self.settings(fsync, *options)
        self.process = None
        self.port = None
        self.reserved = None
        while not self.port:
            self._try(random.choice(PORTS))

    @staticmethod
    def settings(fsync, *options):
        return ["--appendfsync", fsync, *options]

    # Its process.

    def command(self):
        """How it is called."""
        return [*MORTAL, PROGRAM]

    def _try(self, port):
        """Start on a port that seems to be free."""
        self.reserved = reserve(port)
        if not self.reserved:
            return
        if not can_bind(port):
            self.reserved.close()
            return
        self.port = port
        self._spawn()
        try:
            self._await_answers()
        except ChildProcessError:
            if "Address already in use" not in self.log():
                raise
            self.port = None  # somebody was faster
            self.reserved.close()

    def _spawn(self):
        self.process = subprocess.Popen(
            [*self.command(), "--port", str(self.port), "--bind", "127.0.0.1",
             "--dir", self.folder, "--logfile", self._path("log"),
             *self.arguments, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            # A limit of a file's size is an error then, and no signal.
            restore_signals=False)

    def _await_answers(self):
        wait_for(self._answers, "answers of the engine")

    def _answers(self):
        if self.process.poll() is not None:
            raise ChildProcessError(self.log())
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, RedisError):
            return False  # it does not listen, or loads

    def start(self):
        """On the same port, with the files that are there."""
        wait_for(lambda: can_bind(self.port), "the engine's port")
        self._spawn()
        self._await_answers()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def freeze(self):
        """It does not run, and its sockets stay."""
        self.process.send_signal(signal.SIGSTOP)
        wait_for(self._stands, "an engine that stands")

    def _stands(self):
        with open("/proc/%d/stat" % self.process.pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.reserved.close()
        shutil.rmtree(self.folder)

    def limit_file_size(self, size):
        """Files take no more than so many bytes; -1: any number."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE,
                         (size, resource.RLIM_INFINITY))

    # What it has.

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.port

    def connect(self):
        """A client of its own."""
        return Connection(self.port)

    def ask(self, *words):
        """A command, on a connection of its own."""
        with self.connect() as connection:
            return connection.ask(*words)

    def length(self, name="mb"):
        """Of the log: entries that are left."""
        return self.ask("XLEN", name + ":log")

    def bounds(self, name="mb"):
        """The numbers of the first and the last entry that are left."""
        entries = [self.ask(command, name + ":log", *ends, "COUNT", 1)[0]
                   for command, ends in (("XRANGE", "-+"),
                                         ("XREVRANGE", "+-"))]
        return tuple(int(entry[0].split(b"-")[1]) for entry in entries)

    def log(self):
        """All that it has logged."""
        with contextlib.suppress(FileNotFoundError):
            with open(self._path("log"), errors="replace") as file:
                return file.read()
        return ""

    # Its files.

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _appended(self):
        """The file that commands are appended to."""
        folder = self._path("appendonlydir")
        name, = [n for n in os.listdir(folder) if n.endswith(".incr.aof")]
        return os.path.join(folder, name)

    def size_on_disk(self):
        return os.path.getsize(self._appended())

    def lose_tail(self, size):
        """While it is down: what was appended after that size is lost."""
        os.truncate(self._appended(), size)

    def lose_everything(self):
        """While it is down: it begins anew."""
        shutil.rmtree(self._path("appendonlydir"))


class Sentinel(Engine):
    """A Sentinel that watches the primary at a port; quorum 2."""

    arguments = ("--sentinel",)

    def __init__(self, port):
        self.watched = port
        super().__init__()

    @staticmethod
    def settings(fsync, *options):
        return []

    def command(self):
        path = self._path("sentinel.conf")
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write("sentinel monitor mb 127.0.0.1 %d 2\n"
                           "sentinel down-after-milliseconds mb 1000\n"
                           "sentinel failover-timeout mb 6000\n"
                           % self.watched)
        return [*super().command(), path]
