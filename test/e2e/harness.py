"""What the end-to-end tests share: the real server, raw clients, frames.

A test starts the binary that $MBASYNCSERVER names on a port that the system
chooses, talks to it over loopback, and stops it with SIGTERM. Nothing sleeps
until something has "surely" happened: a test waits for a condition, with a
deadline that only a failure reaches.
"""

import atexit
import contextlib
import fcntl
import functools
import mmap
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

BINARY = os.environ.get("MBASYNCSERVER", "")
ASAN = os.environ.get("ASAN", "") not in ("", "0", "OFF")

# Seconds; never reached unless something is wrong. Emulators need more.
DEADLINE = int(os.environ.get("TEST_DEADLINE") or 60)
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


# Frames ---------------------------------------------------------------------

def adu(pdu, transaction=1, unit=1, protocol=0, length=None):
    """An MBAP header, right unless asked otherwise, and a PDU."""
    if length is None:
        length = 1 + len(pdu)
    return struct.pack(">HHHB", transaction, protocol, length, unit) + pdu


def read(function, address, quantity):
    """The PDU of functions 1 to 4."""
    return struct.pack(">BHH", function, address, quantity)


def write_single(function, address, value):
    """The PDU of functions 5 and 6."""
    return struct.pack(">BHH", function, address, value)


def pack_bits(bits):
    """Bits to bytes, the first bit the least significant."""
    packed = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        packed[i // 8] |= bool(bit) << (i % 8)
    return bytes(packed)


def unpack_bits(packed, quantity):
    """The reverse of pack_bits."""
    return [packed[i // 8] >> (i % 8) & 1 for i in range(quantity)]


def pack_words(words):
    """Registers to bytes."""
    return struct.pack(">%dH" % len(words), *words)


def unpack_words(packed):
    """The reverse of pack_words."""
    return list(struct.unpack(">%dH" % (len(packed) // 2), packed))


def write_coils(address, bits):
    """The PDU of function 15."""
    data = pack_bits(bits)
    return struct.pack(">BHHB", 15, address, len(bits), len(data)) + data


def write_registers(address, words):
    """The PDU of function 16."""
    return struct.pack(">BHHB", 16, address, len(words),
                       2 * len(words)) + pack_words(words)


def mask_write(address, and_mask, or_mask):
    """The PDU of function 22."""
    return struct.pack(">BHHH", 22, address, and_mask, or_mask)


def read_write(address, quantity, write_address, words):
    """The PDU of function 23."""
    return struct.pack(">BHHHHB", 23, address, quantity, write_address,
                       len(words), 2 * len(words)) + pack_words(words)


def exception(function, code):
    """The PDU that refuses a request."""
    return bytes([function | 0x80, code])


PING = read(3, 0, 1)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../CMakeLists.txt"), encoding="utf-8") as source:
    NAME = b"MBAsyncServer " + re.search(
        r"^project\(mbasyncserver VERSION (\S+)", source.read(),
        re.MULTILINE)[1].encode()

# One request of every supported function, and its answer by a server with
# separate tables to which nothing but these requests was ever sent. Each may
# be repeated, in any order.
EVERY_FUNCTION = [
    ("Read Coils", read(1, 0, 11), bytes([1, 2, 0, 0])),
    ("Read Discrete Inputs", read(2, 40000, 3), bytes([2, 1, 0])),
    ("Read Holding Registers", read(3, 0, 2), bytes([3, 4, 0, 0, 0, 0])),
    ("Read Input Registers", read(4, 65535, 1), bytes([4, 2, 0, 0])),
    ("Write Single Coil", write_single(5, 300, 0xFF00),
     write_single(5, 300, 0xFF00)),
    ("Write Single Register", write_single(6, 300, 0x1234),
     write_single(6, 300, 0x1234)),
    ("Diagnostics", bytes([8, 0, 0, 0xA5, 0x37]), bytes([8, 0, 0, 0xA5, 0x37])),
    ("Write Multiple Coils", write_coils(400, [1, 0, 1] * 4),
     struct.pack(">BHH", 15, 400, 12)),
    ("Write Multiple Registers", write_registers(400, [1, 2, 3]),
     struct.pack(">BHH", 16, 400, 3)),
    ("Report Server ID", bytes([17]),
     bytes([17, 2 + len(NAME), 0x4D, 0xFF]) + NAME),
    ("Mask Write Register", mask_write(500, 0x00F2, 0x0025),
     mask_write(500, 0x00F2, 0x0025)),
    ("Read/Write Multiple Registers", read_write(600, 2, 601, [0xABCD]),
     bytes([23, 4, 0, 0, 0xAB, 0xCD])),
    ("Read Device Identification", bytes([43, 14, 4, 0]),
     bytes([43, 14, 4, 0x82, 0, 0, 1, 0, 7]) + b"MBLogic"),
]


# Waiting --------------------------------------------------------------------

def wait_for(condition, what, deadline=DEADLINE):
    """Wait until condition() is true and return its value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %s s in vain: %s" % (deadline, what))
        time.sleep(0.005)


def log_windows(began):
    """How many spans of 5 s, in each of which 10 lines of a kind may be logged
    and one that counts the others, have begun since then."""
    return 1 + int(time.monotonic() - began) // 5


class LineReader:
    """Lines from a descriptor, with a deadline."""

    def __init__(self, fd):
        self.fd = fd
        self.buffer = b""
        os.set_blocking(fd, False)

    def line(self, deadline=DEADLINE):
        """The next line without its end, or None at the end of the file."""
        end = time.monotonic() + deadline
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError("no line within %s s" % deadline)
            more = os.read(self.fd, 65536)
            if more == b"":
                return None
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def rest(self, deadline=DEADLINE):
        """All lines until the end of the file."""
        lines = []
        while (line := self.line(deadline)) is not None:
            lines.append(line)
        return lines


# The server -----------------------------------------------------------------

def server_environment(**extra):
    """Ours, and a quarantine of freed memory so small that it does not look
    like growth."""
    env = dict(os.environ, LC_ALL="C")
    env["ASAN_OPTIONS"] = ":".join(filter(None, [
        env.get("ASAN_OPTIONS"),
        "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"]))
    for name in ("JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC",
                 "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
                 "LISTEN_FDNAMES"):
        env.pop(name, None)  # those of whoever runs the tests
    env.update(extra)
    return env


def run_server(*arguments, timeout=DEADLINE, **popen):
    """Run the binary until it ends by itself: a CompletedProcess."""
    return subprocess.run([BINARY, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout, check=False,
                          env=server_environment(), **popen)


@functools.cache
def _without_blanks(path):
    """The file, by a name that has no blank and no colon."""
    if not re.search(r"[\s:]", path):
        return path
    folder = tempfile.mkdtemp(prefix="mbasyncserver-")
    atexit.register(shutil.rmtree, folder)
    link = os.path.join(folder, "library")
    os.symlink(path, link)
    return link


def preload(*libraries):
    """The environment of a server that they are loaded into. Blanks and colons
    part the names there; gcc's AddressSanitizer likes to be the first."""
    return {"LD_PRELOAD": ":".join(map(_without_blanks, libraries)),
            "ASAN_OPTIONS": server_environment()["ASAN_OPTIONS"]
                            + ":verify_asan_link_order=0"}


class ShiftedClock:
    """Clocks for servers that can be set, for what takes a minute or a month.
    Start the servers with environment()."""

    LIBRARY = os.environ.get("SHIFT_CLOCK", "")

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="clock")
        self.file.truncate(16)
        self.memory = mmap.mmap(self.file.fileno(), 16)
        self.steady = self.time_of_day = 0

    def close(self):
        self.memory.close()
        self.file.close()

    def environment(self):
        return dict(preload(self.LIBRARY), SHIFT_CLOCK_FILE=self.file.name)

    def advance(self, duration, time_of_day=0):
        """The steady clocks; the time of day only by what is said."""
        self.steady += int(duration * 1e9)
        self.time_of_day += int(time_of_day * 1e9)
        self.memory[:] = struct.pack("=qq", self.steady, self.time_of_day)

    def wait(self, duration):
        """So much time passes, by all clocks."""
        self.advance(duration, duration)

    def set(self, step):
        """The time of day is set, forward or back."""
        self.advance(0, step)


class Server:
    """The running binary.

    Unless told otherwise it listens on 127.0.0.1, on any port, its standard
    output is read, and its standard error goes to a file that log() reads.
    """

    binary = BINARY

    def __init__(self, *arguments, listen="127.0.0.1", port=0, stdout=None,
                 stderr=None, env=None, command=None, preexec_fn=None,
                 pass_fds=()):
        self.host = listen or "127.0.0.1"
        self.errors = tempfile.TemporaryFile()
        self.announced = []
        self.lines = None
        command = list(command or []) + [self.binary]
        if port is not None:
            command += ["-p", str(port)]
        if listen:
            command += ["--listen", listen]
        self.process = subprocess.Popen(
            command + list(arguments), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=self.errors if stderr is None else stderr,
            env=server_environment(**(env or {})), preexec_fn=preexec_fn,
            pass_fds=pass_fds)
        self.pid = self.process.pid
        try:
            if stdout is None:
                self.lines = LineReader(self.process.stdout.fileno())
                self.port = self._read_start()
            else:
                self.port = wait_for(self.listening_port, "a listening socket")
        except BaseException:
            self.kill()
            sys.stderr.write(self.log())
            raise

    def _read_start(self):
        """The port, from the lines up to "Server running..."."""
        while not self.announced or \
                not self.announced[-1].endswith(" running..."):
            line = self.lines.line()
            if line is None:
                raise AssertionError("the server ended with status %s"
                                     % self.process.wait(DEADLINE))
            self.announced.append(line)
        for line in self.announced:
            if found := re.match(r"Starting \w+ on port (\d+)\.", line):
                return int(found.group(1))
        raise AssertionError("no port in %r" % self.announced)

    def is_running(self):
        return self.process.poll() is None

    def log(self):
        """All that it wrote to standard error so far."""
        return os.pread(self.errors.fileno(), 1 << 26, 0).decode()

    def log_lines(self, text=""):
        """The lines of the log that contain a text."""
        return [line for line in self.log().splitlines() if text in line]

    def stop(self, number=signal.SIGTERM):
        """Send a signal, then wait_stopped."""
        self.process.send_signal(number)
        return self.wait_stopped()

    def wait_stopped(self, status=0):
        """Wait for the end. Returns what it still wrote to standard output."""
        got = self.process.wait(DEADLINE)
        log = self.log()
        if got != status:
            raise AssertionError("exit status %d, not %d" % (got, status))
        for sign in ("Sanitizer", "runtime error:"):
            if sign in log:
                raise AssertionError("a sanitizer has reported")
        return self.lines.rest() if self.lines else []

    def kill(self):
        """For cleaning up: whatever state it is in."""
        if self.is_running():
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    # What the system knows of it.

    def descriptors(self):
        """Its open descriptors."""
        return {int(fd) for fd in os.listdir("/proc/%d/fd" % self.pid)}

    def resident_bytes(self):
        """Its resident set."""
        with open("/proc/%d/status" % self.pid) as status:
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
        return int(found.group(1)) * 1024

    def cpu_seconds(self):
        """User and system time it has used."""
        with open("/proc/%d/stat" % self.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def listening_port(self):
        """The port of a socket that it listens on, or None."""
        own = set()
        with contextlib.suppress(OSError):
            for fd in self.descriptors():
                own.add(os.readlink("/proc/%d/fd/%d" % (self.pid, fd)))
        for _, local, _, state, inode in tcp_sockets():
            if state == TCP_LISTEN and "socket:[%s]" % inode in own:
                return local
        return None


TCP_TIME_WAIT, TCP_LISTEN = 6, 10


def tcp_sockets():
    """Each TCP socket of this host: family, local port, remote port, state,
    inode."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            with open("/proc/net/" + name) as table:
                for line in table.readlines()[1:]:
                    field = line.split()
                    yield (name, int(field[1].rsplit(":", 1)[1], 16),
                           int(field[2].rsplit(":", 1)[1], 16),
                           int(field[3], 16), field[9])


def time_wait_overflows():
    """How often the system had too many connections in TIME_WAIT to keep one
    more."""
    with open("/proc/net/netstat") as netstat:
        names, values = netstat.readline().split(), netstat.readline().split()
    return int(values[names.index("TCPTimeWaitOverflow")])


def has_ipv6():
    """Whether ::1 can be bound here."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def raise_descriptor_limit(needed):
    """Raise our soft limit to the hard one; skip a test that needs more."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise unittest.SkipTest("needs ulimit -Hn %d, have %d"
                                % (needed, hard))


def limit_descriptors(most):
    """A preexec_fn: ulimit -n."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


# Clients --------------------------------------------------------------------

class Client:
    """A raw TCP client that takes frames out of what it receives."""

    def __init__(self, server, host=None, receive_buffer=None,
                 send_buffer=None, source=None):
        host = host or server.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        if send_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                   send_buffer)
        self.buffer = b""
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((host, server.port))
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        """Send FIN; go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, length):
        """Exactly so many bytes."""
        parts = [self.buffer]
        have = len(self.buffer)
        while have < length:
            more = self.socket.recv(1 << 20)
            if more == b"":
                raise AssertionError("EOF after %d of %d bytes"
                                     % (have, length))
            parts.append(more)
            have += len(more)
        everything = b"".join(parts)
        self.buffer = everything[length:]
        return everything[:length]

    def frame(self):
        """The next frame: (transaction, unit, PDU)."""
        transaction, protocol, length, unit = struct.unpack(
            ">HHHB", self.receive(7))
        if protocol != 0 or not 2 <= length <= 254:
            raise AssertionError("bad header: protocol %d, length %d"
                                 % (protocol, length))
        return transaction, unit, self.receive(length - 1)

    def ask(self, pdu, transaction=1, unit=1):
        """One round trip. Returns the response PDU."""
        self.send(adu(pdu, transaction, unit))
        got_transaction, got_unit, response = self.frame()
        if (got_transaction, got_unit) != (transaction, unit):
            raise AssertionError("transaction %d unit %d, not %d and %d" % (
                got_transaction, got_unit, transaction, unit))
        return response

    def ping(self, times=1):
        """Round trips. Each one proves that the server's loop has turned."""
        for _ in range(times):
            if len(self.ask(PING)) != 4:
                raise AssertionError("not the answer to a read")

    def rest(self):
        """All bytes up to EOF. A reset is an error."""
        parts = [self.buffer]
        self.buffer = b""
        while more := self.socket.recv(1 << 20):
            parts.append(more)
        return b"".join(parts)

    def expect_eof(self):
        """No byte more, then an orderly end."""
        rest = self.rest()
        if rest != b"":
            raise AssertionError("%d bytes instead of EOF: %s"
                                 % (len(rest), rest[:64].hex(" ")))

    def is_closed(self):
        """Whether the server has ended it, orderly or not. Don't use it when
        replies are due."""
        if not select.select([self.socket], [], [], 0)[0]:
            return False
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except ConnectionResetError:
            return True

    def wait_taken(self):
        """Wait until the server's system has said that it has all that was
        sent, which can take it 40 ms."""
        wait_for(lambda: not self.unacknowledged(), "acknowledgement")

    def unacknowledged(self):
        """Bytes sent that the server's system has not got yet."""
        waiting = fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4)
        return struct.unpack("i", waiting)[0]

    def send_what_is_taken(self, data, other):
        """Send from data until no more is taken, though the server's loop
        turns, as round trips of another client show. Never reads. Returns how
        many bytes were taken."""
        sent = 0
        refused = 0
        view = memoryview(data)
        self.socket.setblocking(False)
        while sent < len(data) and refused < 3:
            try:
                sent += self.socket.send(view[sent:sent + (1 << 20)])
                refused = 0
            except BlockingIOError:
                refused += 1
                other.ping(100)
        self.socket.settimeout(DEADLINE)
        return sent


@contextlib.contextmanager
def in_background(work):
    """Run work() beside the block; what it raises is raised at the end."""
    failed = []

    def guarded():
        try:
            work()
        except BaseException as error:  # pylint: disable=broad-except
            failed.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(DEADLINE)
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise AssertionError("the thread in the background does not end")


# Tests ----------------------------------------------------------------------

class ServerTest(unittest.TestCase):
    """Starts servers, and sees to it that each ends well when its test does.
    Shows their logs when a test has failed."""

    maxDiff = 2000

    def run(self, result=None):
        self.servers = []
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            for server in self.servers:
                sys.stderr.write("--- log of server %d, from %s\n%s---\n" % (
                    server.pid, self.id(), server.log()[-20000:]))
        for server in self.servers:
            server.errors.close()

    def start(self, *arguments, kind=Server, **options):
        """A server that is stopped, and must exit 0, when the test ends."""
        server = kind(*arguments, **options)
        self.servers.append(server)
        self.addCleanup(server.kill)
        self.addCleanup(self._stop_if_running, server)
        return server

    @staticmethod
    def _stop_if_running(server):
        if server.is_running():
            server.stop()

    def connect(self, server, **options):
        """A client that is closed when the test ends."""
        client = Client(server, **options)
        self.addCleanup(client.close)
        return client

    def assert_serves(self, server, **options):
        """A new client gets an answer."""
        with Client(server, **options) as client:
            client.ping()

    def assert_idle(self, server, seconds=1.0):
        """Left alone, the server uses next to no processor time: it does not
        spin. Here the time that passes is what is measured against."""
        began, used = time.monotonic(), server.cpu_seconds()
        time.sleep(seconds)
        used = server.cpu_seconds() - used
        elapsed = time.monotonic() - began
        self.assertLess(used, 0.1 * elapsed,
                        "%.2f s of processor time in %.2f s" % (used, elapsed))


def main():
    """Run the tests of the module that calls."""
    if not BINARY:
        sys.exit("MBASYNCSERVER must name the binary")
    unittest.main(verbosity=2)
