"""The same seed makes the same faults: what a client receives is recorded, byte
for byte, and compared with another run, and with another seed."""

import logging
import os
import socket

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from fault import FaultTest
from harness import (DEADLINE, adu, main, read, write_coils, write_registers,
                     write_single)

# Without exceptions and ends, which come earlier where the server is slow; and
# without what a client waits for until a time-out, which a machine that pauses
# would move.
AT_ONCE = ("silence chance 5%", "delay 0ms..3ms chance 20% registers:0-9999",
           "corrupt transaction chance 5%", "corrupt unit chance 5%",
           "corrupt function chance 5%", "corrupt length chance 5%",
           "corrupt data chance 30%", "split chance 10%")
IN_TURN = ("close chance 2%", "exception 6 chance 20%",
           "delay 0ms..3ms chance 10%", "corrupt data chance 30%",
           "split chance 50%")


class Recorded(socket.socket):
    """A socket that keeps what was received."""

    def __init__(self, other):
        timeout = other.gettimeout()
        super().__init__(fileno=other.detach())
        self.settimeout(timeout)
        self.received = bytearray()

    def recv(self, *arguments):
        data = super().recv(*arguments)
        self.received += data
        return data


class RecordingClient(ModbusTcpClient):
    """pymodbus's client, with all that it has received on each of its
    connections."""

    def __init__(self, port):
        super().__init__("127.0.0.1", port=port, timeout=DEADLINE)
        self.sockets = []

    def connect(self):
        connected = super().connect()
        if connected and not isinstance(self.socket, Recorded):
            self.socket = Recorded(self.socket)
            self.sockets.append(self.socket)
        return connected


def requests():
    """A script of 400 requests."""
    for n in range(80):
        yield read(3, n, 1 + n)
        yield write_registers(n, [n, 0x1234, n * 3])
        yield read(1, n * 7, 50)
        yield write_single(6, n, n * 5)
        yield write_coils(n * 11, [1, 0, 1, n % 2])


class Again(FaultTest):
    def setUp(self):
        logging.disable()  # pymodbus's, of the faults
        self.addCleanup(logging.disable, logging.NOTSET)

    def fault_with(self, rules, seed):
        return self.start_fault(*rules, options=(
            "--seed", str(seed), "--log-level", "error"))

    def pipeline(self, seed):
        """What comes back to connections that send all at once."""
        fault = self.fault_with(AT_ONCE, seed)
        got = []
        for _ in range(2):
            with self.connect(fault) as client:
                client.send(b"".join(adu(pdu, n) for n, pdu
                                     in enumerate(requests())))
                client.half_close()
                got.append(client.rest())
        return got

    def poll(self, seed):
        """What pymodbus has received, connection by connection."""
        client = RecordingClient(self.fault_with(IN_TURN, seed).port)
        self.addCleanup(client.close)
        for n in range(200):
            try:
                client.write_register(n, n)
                client.read_holding_registers(n // 2, count=1 + n % 100)
                client.read_coils(n, count=9)
            except ModbusException:
                pass  # a fault that it has noticed
        return [bytes(s.received) for s in client.sockets]

    def compare(self, run):
        first, again, other = run(7), run(7), run(8)
        self.assertEqual(len(first), len(again))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        return first

    def test_requests_at_once(self):
        first = self.compare(self.pipeline)
        self.assertNotEqual(first[0], first[1])  # each connection has its own

    def test_pymodbus(self):
        first = self.compare(self.poll)
        self.assertGreater(len(first), 1)  # some were closed


if __name__ == "__main__":
    if not os.environ.get("MBFAULT"):
        raise SystemExit("MBFAULT must name the binary")
    main()
