"""The contents of a state file: read without the server's code, by the
description in include/state/schema.h, and replayed against a model."""

import contextlib
import os
import random
import sqlite3
import struct
import subprocess
import tempfile

from harness import (BINARY, DEADLINE, Client, ServerTest, adu, read,
                     run_server, unpack_words, wait_for,
                     write_registers)

EX_DATAERR, EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 65, 74, 75, 77, 78

# $SEED repeats what was random.
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 32)

COILS, REGISTERS = 0, 1
COLUMNS = ("number time client connection unit function kind address quantity "
           "before after crc subject role").split()


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def crc32c(data):
    """Castagnoli's, a byte at a time."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def row_crc(row):
    """What the crc of a journal row must be; None where one of its numbers is
    none that the server writes, as when its highest bit has flipped."""
    size = len(row["before"])
    identity = b"".join(row[name].encode(errors="surrogateescape") + b"\0"
                        for name in ("subject", "role"))
    if identity == b"\0\0":
        identity = b""
    try:
        numbers = struct.pack(">QBBBHH", row["connection"], row["unit"],
                              row["function"], row["kind"], row["address"],
                              row["quantity"])
    except struct.error:
        return None
    return crc32c(
        struct.pack(">qq", row["number"], row["time"])
        + row["client"].encode(errors="surrogateescape") + b"\0"
        + numbers + row["before"][:size] + row["after"][:size]
        + identity)


def temporary_directory(test):
    """A directory for state files, on a real file system if /tmp is one; gone
    when the test ends."""
    directory = tempfile.TemporaryDirectory(prefix="mbasyncserver-state-")
    test.addCleanup(directory.cleanup)
    return directory.name


def make_version_2(path):
    """Make the file of a server that has ended in order what one of 3.2 or 3.3
    would have left."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for sql in ("ALTER TABLE journal DROP COLUMN subject",
                    "ALTER TABLE journal DROP COLUMN role",
                    "PRAGMA user_version=2"):
            db.execute(sql)


def make_version_1(path):
    """The same of an earlier one."""
    make_version_2(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for sql in ("PRAGMA journal_mode=DELETE", "DROP TABLE age",
                    "CREATE INDEX journal_by_address ON journal "
                    "(kind, address)",
                    "DELETE FROM meta WHERE key IN "
                    "('log', 'blocks', 'kept')",
                    "PRAGMA user_version=1", "PRAGMA auto_vacuum=NONE",
                    "VACUUM", "PRAGMA journal_mode=WAL"):
            db.execute(sql)


def contents(path):
    """The bytes of a state file and of what lies beside it, by name."""
    directory, name = os.path.split(path)
    found = {}
    for entry in os.listdir(directory):
        if entry.startswith(name) and not entry.endswith("-lock"):
            with open(os.path.join(directory, entry), "rb") as file:
                found[entry] = file.read()
    return found


class StateFile:
    """All that is in the file of a server that has ended in order."""

    def __init__(self, path):
        if os.path.exists(path + "-wal"):
            raise AssertionError("not closed in order: there is a log")
        # Nothing may be made beside it.
        uri = "file:%s?immutable=1" % path
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            # A client's address may be damaged, too.
            db.text_factory = lambda text: text.decode(
                errors="surrogateescape")
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise AssertionError("not intact")
            self.application_id, = db.execute("PRAGMA application_id"
                                              ).fetchone()
            self.version, = db.execute("PRAGMA user_version").fetchone()
            self.page_size, = db.execute("PRAGMA page_size").fetchone()
            self.meta = dict(db.execute("SELECT key, value FROM meta"))
            self.blocks = list(db.execute(
                "SELECT number, data, crc FROM block ORDER BY number"))
            columns = COLUMNS if self.version >= 3 else COLUMNS[:-2] + [
                "''", "''"]
            self.journal = [dict(zip(COLUMNS, row)) for row in db.execute(
                "SELECT %s FROM journal ORDER BY number" % ", ".join(columns))]

    def check(self):
        """Everything that can be checked without knowing what was written."""
        overlaid = self.meta["mode"] == "overlaid"
        assert self.application_id == 0x4D425354 and self.version == 3
        assert self.page_size == 512
        assert [n for n, _, _ in self.blocks] == list(
            range(512 if overlaid else 544))
        for number, data, crc in self.blocks:
            assert len(data) == 256
            assert crc == crc32c(struct.pack(">H", number) + data), number
        for row in self.journal:
            assert row["crc"] == row_crc(row), row
        return self

    def words(self):
        """Every register, then every word of coils of their own: the blocks,
        and the rows that are newer."""
        table = list(struct.unpack(
            ">%dH" % (128 * len(self.blocks)),
            b"".join(data for _, data, _ in self.blocks)))
        newest = int(self.meta.get("blocks", "0").split()[0])
        for row in self.journal:
            if row["number"] > newest:
                _set(table, row, len(self.blocks) == 544)
        return table

    def replay(self, table=None):
        """Do all writes of the journal once more, on a table of zeros unless
        one is given. What was there before each must be what it says."""
        if table is None:
            table = [0] * (128 * len(self.blocks))
        own_coils = len(self.blocks) == 544
        for row in self.journal:
            before = _values(table, row, own_coils)
            if before != row["before"]:
                raise AssertionError("before is not what was there: %r" % row)
            _set(table, row, own_coils)
        return table


def _bits(data, quantity):
    return [data[i // 8] >> (i % 8) & 1 for i in range(quantity)]


def _places(row, own_coils):
    """The word and the bit of each coil that a row wrote."""
    for coil in range(row["address"], row["address"] + row["quantity"]):
        yield (65536 if own_coils else 0) + coil // 16, coil % 16


def _values(table, row, own_coils):
    if row["kind"] == REGISTERS:
        first = row["address"]
        return struct.pack(">%dH" % row["quantity"],
                           *table[first:first + row["quantity"]])
    packed = bytearray((row["quantity"] + 7) // 8)
    for i, (word, bit) in enumerate(_places(row, own_coils)):
        packed[i // 8] |= (table[word] >> bit & 1) << (i % 8)
    return bytes(packed)


def _set(table, row, own_coils):
    if row["kind"] == REGISTERS:
        first = row["address"]
        table[first:first + row["quantity"]] = struct.unpack(
            ">%dH" % row["quantity"], row["after"])
        return
    bits = _bits(row["after"], row["quantity"])
    for (word, bit), value in zip(_places(row, own_coils), bits):
        table[word] = table[word] & ~(1 << bit) | value << bit


def whole_table(server):
    """Every register and every coil, as bytes."""
    with Client(server) as client:
        ranges = [read(3, a, min(125, 65536 - a)) for a in range(0, 65536, 125)]
        ranges += [read(1, a, min(2000, 65536 - a))
                   for a in range(0, 65536, 2000)]
        client.send(b"".join(adu(pdu) for pdu in ranges[:300]))
        parts = [client.frame()[2][2:] for _ in ranges[:300]]
        client.send(b"".join(adu(pdu) for pdu in ranges[300:]))
        parts += [client.frame()[2][2:] for _ in ranges[300:]]
    return b"".join(parts)


class StateTest(ServerTest):
    """A directory with a state file that may be there."""

    def setUp(self):
        self.directory = temporary_directory(self)
        self.path = os.path.join(self.directory, "state")

    def serve(self, *options, **how):
        """A server on the state file, made if there is none."""
        if not os.path.exists(self.path):
            options += ("--state-init",)
        return self.start("--state", self.path, *options, **how)

    def refuse(self, status, *options, **how):
        """A server that must not start. Returns the one line of its log."""
        done = run_server("-p", "0", "--listen", "127.0.0.1", "--log-level",
                          "error", "--state", self.path, *options, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn("running", done.stdout)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("state", done.stderr)
        return done.stderr

    def start_and_stop(self, *options, until=lambda log: True):
        """(None, its table, its log) of a server that starts, and is stopped
        when its log is so; or (its status, None, its log)."""
        path = os.path.join(self.directory, "log")

        def log():
            with open(path, encoding="utf-8") as file:
                return file.read()

        with open(path, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [BINARY, "-p", "0", "--listen", "127.0.0.1", "--state",
                 self.path, *options], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=file, text=True)
        with process:
            try:
                port, line = None, ""
                for line in process.stdout:
                    if line.startswith("Starting"):
                        port = int(line.split()[4].rstrip("."))
                    if line.startswith("Server running"):
                        break
                if not line.startswith("Server running"):
                    return process.wait(DEADLINE), None, log()
                address = type("", (), {"host": "127.0.0.1", "port": port})
                table = whole_table(address)
                wait_for(lambda: until(log()), "a line of the log")
                process.terminate()
                self.assertEqual(process.wait(DEADLINE), 0, log())
                return None, table, log()
            finally:
                process.kill()

    def start_or_status(self):
        """(None, its table) of a server that starts and has nothing to
        complain of, or (its status, its log)."""
        status, table, log = self.start_and_stop("--log-level", "error")
        if status is not None:
            return status, log
        self.assertEqual(log, "")
        return None, table

    def write(self, server, address, words):
        with Client(server) as client:
            pdu = write_registers(address, words)
            self.assertEqual(client.ask(pdu), pdu[:5])

    def words(self, server, address, quantity):
        with Client(server) as client:
            return unpack_words(client.ask(read(3, address, quantity))[2:])
