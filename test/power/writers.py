"""Clients that write the same parts of the table, and record their requests and
replies; and a check that a journal is consistent with these."""

import errno
import os
import selectors
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import (DEADLINE, adu, mask_write, read_write, write_coils,
                     write_registers, write_single)
from state_file import COILS, REGISTERS

WORDS = 100    # of a write of many: all alike, so that a torn one shows
PIPELINE = 4   # requests that a client has outstanding, at most
REPLIES = {5: 5, 6: 5, 15: 5, 16: 5, 22: 7}  # as long as this, and an echo
DEVICE_FAILURE = 4


class Writer:
    """One connection, with an address that no other one of a test has."""

    def __init__(self, server, source, rng):
        self.rng = rng
        self.requests = []     # PDU by transaction identifier
        self.succeeded = []    # transaction identifiers
        self.refused = set()   # those answered by exception 04
        self.received = b""
        self.parsed = 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((source, 0))
        self.socket.connect((server.host, server.port))
        self.socket.setblocking(False)
        self.name = "%s:%d" % self.socket.getsockname()

    def next_write(self):
        """A PDU: one thing or many, coils or registers; the four places for
        many are shared by all writers and overlap."""
        rng = self.rng
        value = rng.randrange(1 << 16)
        place = rng.choice((0, 50, 4050, 60000)) + rng.randrange(3)
        kind = rng.randrange(8)
        if kind == 0:
            return write_single(5, rng.randrange(65536),
                                rng.choice((0, 0xFF00)))
        if kind == 1:
            return write_coils(rng.randrange(0, 60000, 500),
                               [value & 1] * rng.choice((3, 16, 333, 1600)))
        if kind == 2:
            return mask_write(place, value, rng.randrange(1 << 16))
        if kind == 3:
            return read_write(place, 10, place, [value] * WORDS)
        if kind == 4:
            return write_single(6, rng.randrange(200), value)
        return write_registers(place, [value] * WORDS)

    def outstanding(self):
        """Requests that have no answer yet."""
        return len(self.requests) - len(self.succeeded) - len(self.refused)

    def ask(self):
        """Fill the pipeline, more or less."""
        frames = []
        while self.outstanding() < self.rng.randint(1, PIPELINE):
            frames.append(adu(self.next_write(), len(self.requests)))
            self.requests.append(frames[-1][7:])
        if frames:
            try:
                self.socket.sendall(b"".join(frames))
            except OSError as error:  # the server is gone: no answer then
                if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                    raise

    def take(self):
        """What has come. Returns False at the end."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        self.received += data
        while len(self.received) >= self.parsed + 7:
            transaction, _, length = struct.unpack_from(
                ">HHH", self.received, self.parsed)
            end = self.parsed + 6 + length
            if len(self.received) < end:
                break
            self._answer(transaction, self.received[self.parsed + 7:end])
            self.parsed = end
        return data != b""

    def _answer(self, transaction, pdu):
        """Replies come in the order of the requests."""
        if transaction != len(self.succeeded) + len(self.refused):
            raise AssertionError("a reply out of order")
        asked = self.requests[transaction]
        if pdu == bytes([asked[0] | 0x80, DEVICE_FAILURE]):
            self.refused.add(transaction)
        elif pdu == asked[:REPLIES.get(asked[0], 1)] or pdu[:2] == b"\x17\x14":
            self.succeeded.append(transaction)
        else:
            raise AssertionError("%s was answered by %s" % (asked.hex(),
                                                            pdu.hex()))

    def drain(self):
        """All that was sent before the server ended."""
        self.socket.setblocking(True)
        self.socket.settimeout(DEADLINE)
        while self.take():
            pass
        self.socket.close()


def load(writers, enough, until_closed=False):
    """Keep all pipelines filled until enough() is true, or the server ends."""
    with selectors.DefaultSelector() as selector:
        for writer in writers:
            selector.register(writer.socket, selectors.EVENT_READ, writer)
            writer.ask()
        while not enough():
            ready = selector.select(DEADLINE)
            if not ready:
                raise AssertionError("no answer")
            for key, _ in ready:
                if not key.data.take():
                    if until_closed:
                        return
                    raise AssertionError("the server has closed a connection")
                key.data.ask()


def settle(writers):
    """Take the answers that are due."""
    with selectors.DefaultSelector() as selector:
        for writer in writers:
            selector.register(writer.socket, selectors.EVENT_READ, writer)
        while any(writer.outstanding() for writer in writers):
            for key, _ in selector.select(DEADLINE):
                key.data.take()


def written(pdu, row):
    """What the journal must say of a request: function, kind, address,
    quantity, values after it."""
    function = pdu[0]
    address, second = struct.unpack_from(">HH", pdu, 1)
    if function == 5:
        return 5, COILS, address, 1, bytes([second == 0xFF00])
    if function == 6:
        return 6, REGISTERS, address, 1, pdu[3:5]
    if function == 15:
        return 15, COILS, address, second, pdu[6:]
    if function == 16:
        return 16, REGISTERS, address, second, pdu[6:]
    if function == 22:
        keep, put = struct.unpack_from(">HH", pdu, 3)
        before, = struct.unpack(">H", row["before"])
        after = struct.pack(">H", before & keep | put & ~keep & 0xFFFF)
        return 22, REGISTERS, address, 1, after
    address, quantity = struct.unpack_from(">HH", pdu, 5)
    return 23, REGISTERS, address, quantity, pdu[10:]


def check_journal(journal, writers):
    """Every write that succeeded is there, in order; so may be the unanswered
    ones behind it, and nothing else."""
    rows = {}
    for row in journal:
        rows.setdefault(row["client"], []).append(row)
    for writer in writers:
        mine = rows.pop(writer.name, [])
        asked = [pdu for transaction, pdu in enumerate(writer.requests)
                 if transaction not in writer.refused]
        if not len(writer.succeeded) <= len(mine) <= len(asked):
            raise AssertionError("%s: %d of %d writes succeeded, and %d are in "
                                 "the journal" % (
                                     writer.name, len(writer.succeeded),
                                     len(asked), len(mine)))
        for pdu, row in zip(asked, mine):
            got = tuple(row[c] for c in ("function", "kind", "address",
                                         "quantity", "after"))
            if got != written(pdu, row):
                raise AssertionError("%s became %r" % (pdu.hex(), row))
    if rows:
        raise AssertionError("rows of nobody: %r" % list(rows))
