"""RTU frames over TCP: --listen rtu:PORT, with mbpoll and pymodbus as
clients."""

import os
import pty
import re
import subprocess
import tty
import unittest
from types import SimpleNamespace

from pymodbus.client import ModbusTcpClient
from pymodbus.framer.rtu_framer import ModbusRtuFramer

from framing import rtu
from harness import (DEADLINE, Client, ServerTest, ShiftedClock, adu, exception,
                     main, read, run_server, wait_for, write_registers, write_single)
from still_clock import StillTest
from web import Web

EX_TEMPFAIL = 75
MBPOLL = os.environ.get("MBPOLL", "mbpoll")


class Rtu(Client):
    """A client of the RTU port of a server."""

    def __init__(self, server):
        super().__init__(SimpleNamespace(host="127.0.0.1",
                                         port=port_of(server)))

    def ask_rtu(self, frame, answer):
        self.send(frame)
        got = self.receive(len(answer))
        assert got == answer, (frame.hex(), got.hex(), answer.hex())


def port_of(server):
    line = server.log_lines(": RTU")[0]
    return int(re.search(r"listen: .*:(\d+): RTU$", line).group(1))


class RtuTest(StillTest):
    """A server beside which no clock runs: silence ends frames."""

    def setUp(self):
        self.server = self.start("--listen", "rtu:127.0.0.1:0", *self.options())

    def options(self):
        return ()

    def client(self):
        client = Rtu(self.server)
        self.addCleanup(client.close)
        return client


class Frames(RtuTest):
    def test_what_is_written_there_is_read_by_modbus_tcp(self):
        request = write_registers(10, [1, 2, 3])
        self.client().ask_rtu(rtu(request), rtu(request[:5]))
        client = self.connect(self.server)
        self.assertEqual(client.ask(read(3, 10, 3)),
                         bytes.fromhex("03 06 0001 0002 0003"))
        line, = self.server.log_lines(": RTU")[1:]
        self.assertRegex(line, r" info connect: 127\.0\.0\.1:\d+: RTU$")

    def test_every_unit_is_served_and_none_is_broadcast(self):
        client = self.client()
        for unit in (0, 1, 247, 248, 255):
            client.ask_rtu(rtu(write_single(6, unit, unit), unit),
                           rtu(write_single(6, unit, unit), unit))

    def test_the_longest_reply(self):
        self.client().ask_rtu(rtu(read(3, 0, 125)),
                              rtu(bytes([3, 250]) + bytes(250)))

    def test_exceptions(self):
        client = self.client()
        client.ask_rtu(rtu(read(3, 0, 126)), rtu(exception(3, 3)))
        client.ask_rtu(rtu(bytes([0x64, 1, 2])), rtu(exception(0x64, 1)))

    def test_frames_in_pieces_and_together(self):
        client = self.client()
        other = self.connect(self.server)
        frame, answer = rtu(read(3, 0, 2)), rtu(bytes([3, 4]) + bytes(4))
        for byte in frame:
            client.send(bytes([byte]))
            other.ping()
        self.assertEqual(client.receive(len(answer)), answer)
        client.ask_rtu(frame * 500, answer * 500)

    def test_a_wrong_crc_gets_no_answer(self):
        client = self.client()
        other = self.connect(self.server)
        client.send(rtu(write_single(6, 0, 7))[:-1] + b"x")
        wait_for(lambda: self.server.log_lines("CRC does not fit, 8 bytes"),
                 "the line")
        client.ask_rtu(rtu(read(3, 0, 1)), rtu(bytes([3, 2, 0, 0])))
        self.assertEqual(other.ask(read(3, 0, 1)), bytes([3, 2, 0, 0]))

    @unittest.skipUnless(ShiftedClock.LIBRARY, "no library for the clock")
    def test_silence_ends_a_frame(self):
        client = self.client()
        client.send(rtu(read(3, 0, 1))[:5])
        client.wait_taken()
        self.connect(self.server).ping()
        self.clock.wait(1.5)
        client.ask_rtu(rtu(read(3, 0, 1)), rtu(bytes([3, 2, 0, 0])))
        self.assertEqual(len(self.server.log_lines("incomplete frame")), 1)

    def test_modbus_tcp_is_named_in_the_log(self):
        client = self.client()
        client.send(adu(read(3, 0, 1)))
        wait_for(lambda: self.server.log_lines("sends Modbus/TCP frames"),
                 "the line")

    def test_half_close(self):
        client = self.client()
        client.send(rtu(read(3, 0, 1)) * 3)
        client.half_close()
        self.assertEqual(client.rest(), rtu(bytes([3, 2, 0, 0])) * 3)


class Units(RtuTest):
    def options(self):
        return "--units-silent", "1"

    def test_other_units_get_no_answer(self):
        client = self.client()
        client.ask_rtu(rtu(read(3, 0, 1), 2) + rtu(read(3, 0, 1)),
                       rtu(bytes([3, 2, 0, 0])))


class Figures(RtuTest):
    def options(self):
        return "--http", "0"

    def test_it_is_counted_apart(self):
        web = Web(self.server)
        client = self.client()
        plain = self.connect(self.server)
        plain.ping()
        client.ask_rtu(rtu(read(3, 0, 1)), rtu(bytes([3, 2, 0, 0])))
        client.send(rtu(read(3, 0, 1))[:-1] + b"x")
        wait_for(lambda: self.server.log_lines("CRC does not fit"), "the line")
        text = web.curl("/metrics").body.decode()
        for sample in ("rtu_connections 1", "rtu_requests_total 1",
                       'rtu_dropped_total{reason="crc"} 1',
                       'rtu_dropped_total{reason="incomplete"} 0',
                       "connections 2"):
            self.assertIn("\nmbasyncserver_%s\n" % sample, text)
        rows = web.get("/api/clients")
        self.assertEqual({row["peer"]: row.get("way") for row in rows}, {
            "127.0.0.1:%d" % client.socket.getsockname()[1]: "rtu",
            "127.0.0.1:%d" % plain.socket.getsockname()[1]: None})


class Clients(RtuTest):
    def test_pymodbus(self):
        client = ModbusTcpClient("127.0.0.1", port=port_of(self.server),
                                 framer=ModbusRtuFramer, timeout=DEADLINE)
        self.assertTrue(client.connect())
        self.addCleanup(client.close)
        self.assertFalse(
            client.write_registers(5, list(range(100)), slave=3).isError())
        self.assertEqual(
            client.read_input_registers(5, 100, slave=3).registers,
            list(range(100)))
        self.assertFalse(client.write_coil(9, True, slave=1).isError())
        self.assertEqual(client.read_coils(9, 1, slave=1).bits[:1], [True])

    def test_mbpoll_over_a_serial_line(self):
        """socat is the gateway between a pseudo-terminal and TCP."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        tty.setraw(slave)
        gateway = subprocess.Popen(
            ["socat", "FD:%d" % master,
             "TCP:127.0.0.1:%d" % port_of(self.server)], pass_fds=[master])
        self.addCleanup(gateway.wait)
        self.addCleanup(gateway.terminate)

        def mbpoll(*arguments):
            return subprocess.run(
                [MBPOLL, "-m", "rtu", "-b", "38400", "-P", "none", "-a", "7",
                 "-0", "-1", "-o", "10", "-t", "4", *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=DEADLINE,
                check=False).stdout

        self.assertIn("Written 3 references",
                      mbpoll("-r", "20", os.ttyname(slave), "4", "5", "6"))
        text = mbpoll("-r", "20", "-c", "3", os.ttyname(slave))
        self.assertEqual(re.findall(r"^\[(\d+)\]:\s+(\d+)", text, re.M),
                         [("20", "4"), ("21", "5"), ("22", "6")], text)


class Options(ServerTest):
    def test_a_port_in_use(self):
        server = self.start("--listen", "rtu:127.0.0.1:0")
        ended = run_server("--listen", "rtu:127.0.0.1:%d" % port_of(server))
        self.assertEqual(ended.returncode, EX_TEMPFAIL)
        self.assertIn(" error listen: 127.0.0.1:%d: " % port_of(server),
                      ended.stderr)

    def test_nothing_else_is_served_unless_asked(self):
        server = self.start("--listen", "rtu:127.0.0.1:0", listen=None,
                            port=None)
        self.assertEqual(len(server.log_lines("listen: ")), 1)
        self.assertEqual(server.port, port_of(server))


if __name__ == "__main__":
    main()
