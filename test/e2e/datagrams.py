"""Modbus over UDP: raw datagrams, pymodbus, order, rules, figures, and a stop.

That something gets no reply is shown by the next request of the same client,
whose reply comes first: a client's datagrams are taken in their order.
"""

import errno
import os
import random
import re
import signal
import socket
import subprocess
import tempfile

from pymodbus.client import ModbusUdpClient

from disk_faults import Disk
from harness import (DEADLINE, EVERY_FUNCTION, ILLEGAL_ADDRESS,
                     ILLEGAL_FUNCTION, PING, adu, exception, has_ipv6, main,
                     read, run_server, wait_for, write_registers,
                     write_single)
from state_file import EX_IOERR, StateTest
from still_clock import StillClock
from web import Web, WebTest

TSHARK = os.environ.get("TSHARK", "tshark")


class UdpClient:
    """A socket that asks one server."""

    def __init__(self, test, server, host="127.0.0.1", source=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.settimeout(DEADLINE)
        if source:
            self.socket.bind(source)
        # Then it gets nothing from another address.
        self.socket.connect((host, server.port))
        self.next = 0

    def send(self, datagram):
        self.socket.send(datagram)

    def reply(self):
        return self.socket.recv(1024)

    def ask(self, pdu, transaction=1, unit=1):
        """The PDU of the reply."""
        self.send(adu(pdu, transaction, unit))
        reply = self.reply()
        if reply[:7] != adu(reply[7:], transaction, unit)[:7]:
            raise AssertionError("header %s" % reply[:7].hex(" "))
        return reply[7:]

    def ping(self):
        """What came before has got no reply."""
        self.next = (self.next + 1) % 0xFFFF
        if self.ask(PING, self.next)[:2] != bytes([3, 2]):
            raise AssertionError("not the answer to a read")


class UdpTest(WebTest):
    """Servers of UDP alone."""

    def start_udp(self, *arguments, listen="udp:127.0.0.1:0", **how):
        return self.start(*arguments, listen=listen, port=None, **how)

    def metrics(self, web):
        """Those of UDP."""
        text = web.curl("/metrics").body.decode()
        return {key: int(value) for key, value in re.findall(
            r"^mbasyncserver_udp_(\S+) (\d+)$", text, re.MULTILINE)}

    def outcome(self, web, name):
        return self.metrics(web)['datagrams_total{outcome="%s"}' % name]


class Answers(UdpTest):
    """One datagram, one reply."""

    def test_every_function(self):
        server = self.start_udp()
        client = UdpClient(self, server)
        for i, (name, pdu, answer) in enumerate(EVERY_FUNCTION):
            with self.subTest(name):
                self.assertEqual(client.ask(pdu, i, 17), answer)
        self.assertIn("listen: 127.0.0.1:%d: UDP" % server.port, server.log())
        self.assertIsNone(server.listening_port())  # no TCP
        server.stop()

    def test_what_is_not_one_request_has_no_reply(self):
        """Of every length, beginning as a request does."""
        server, web = self.start_web_udp()
        client = UdpClient(self, server)
        request = adu(write_single(6, 0, 7))
        sent = 0
        for length in list(range(300)) + [511, 512, 1472, 9000]:
            if length != len(request):
                client.send((request + bytes(9000))[:length])
                sent += 1
                client.ping()
        for wrong in (adu(PING, protocol=1), adu(PING, protocol=256),
                      adu(PING, length=0), adu(PING, length=1),
                      adu(PING, length=5), adu(PING, length=7),
                      adu(PING, length=255), adu(PING, length=65535),
                      adu(PING) * 2, adu(b""), adu(bytes(254)),
                      adu(exception(3, 2)), adu(bytes([0x80])),
                      adu(bytes([255, 0, 0, 0, 1]))):
            client.send(wrong)
            sent += 1
            client.ping()
        self.assertEqual(client.ask(read(3, 0, 1)), bytes([3, 2, 0, 0]))
        self.assertEqual(self.outcome(web, "malformed"), sent)
        self.assertEqual(self.outcome(web, "answered"), sent + 1)
        lines = server.log_lines(" udp: ")
        self.assertIn("malformed", lines[0])
        self.assertLess(len(lines), sent)  # limited
        server.stop()

    def start_web_udp(self, *arguments, **how):
        server = self.start_udp("--http", "127.0.0.1:0", *arguments, **how)
        return server, Web(server)

    def test_junk(self):
        server = self.start_udp()
        client = UdpClient(self, server)
        random.seed(5)
        for _ in range(3000):
            client.send(random.randbytes(random.randrange(270)))
            if random.random() < 0.1:
                client.ping()
        client.ping()
        server.stop()

    def test_replies_come_from_the_address_that_was_asked(self):
        for listen, hosts in (
                ("udp:0.0.0.0:0", ["127.0.0.1", "127.0.0.2", "127.9.8.7"]),
                ("udp:0", ["127.0.0.3", "127.0.0.1"]
                 + (["::1"] if has_ipv6() else []))):
            server = self.start_udp(listen=listen)
            for host in hosts:
                with self.subTest(listen, host=host):
                    UdpClient(self, server, host=host).ping()
            server.stop()

    def test_beside_tcp_on_the_same_port(self):
        """They share one table."""
        server = self.start()
        port = server.port
        server.stop()
        server = self.start("--listen", "udp:127.0.0.1:%d" % port, port=port)
        tcp, udp = self.connect(server), UdpClient(self, server)
        tcp.ask(write_single(6, 9, 0xBEEF))
        self.assertEqual(udp.ask(read(3, 9, 1)), bytes([3, 2, 0xBE, 0xEF]))
        server.stop()

    def test_two_servers_cannot_have_one_address(self):
        server = self.start_udp()
        done = run_server("--listen", "udp:127.0.0.1:%d" % server.port)
        self.assertEqual(done.returncode, 75)
        self.assertIn("127.0.0.1:%d: Address already in use" % server.port,
                      done.stderr)
        server.stop()

    def test_figures_only_where_there_is_udp(self):
        server, web = self.start_web()
        self.assertEqual(self.metrics(web), {})
        self.assertNotIn("udp", web.get("/api/status"))
        server.stop()
        server, web = self.start_web_udp()
        UdpClient(self, server).ping()
        self.assertEqual(web.get("/api/status")["udp"], {
            "received": 1, "answered": 1, "replies_lost": 0, "silent": 0,
            "malformed": 0, "refused": 0, "dropped": 0, "waiting": 0})
        server.stop()

    def test_taps_see_the_client(self):
        server, web = self.start_web_udp("--trace", "--log-level", "debug")
        client = UdpClient(self, server)
        client.ask(write_single(6, 5, 77), 42)
        peer = "127.0.0.1:%d" % client.socket.getsockname()[1]
        self.assertIn("trace: %s: transaction 42 unit 1" % peer, server.log())
        found = web.get("/api/requests")["requests"]
        self.assertEqual([q["client"] for q in found], [peer])
        written = web.get("/api/writers?address=HR5")
        self.assertEqual(written[0]["client"], "127.0.0.1")
        clients = web.get("/api/clients")
        self.assertEqual([c["peer"] for c in clients], [peer])
        self.assertFalse(clients[0]["connected"])
        server.stop()

    def test_capture_is_of_udp(self):
        server, web = self.start_web_udp()
        client = UdpClient(self, server)
        for i, (_, pdu, _) in enumerate(EVERY_FUNCTION):
            client.ask(pdu, i)
        body = web.curl("/api/requests?format=pcapng").body
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
            file.write(body)
            file.flush()
            done = subprocess.run(
                [TSHARK, "-n", "-r", file.name,
                 "-o", "udp.check_checksum:TRUE",
                 "-o", "ip.check_checksum:TRUE", "-T", "fields",
                 "-e", "udp.length", "-e", "udp.checksum.status",
                 "-e", "_ws.malformed", "-e", "ip.proto", "-E",
                 "separator=;"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                check=True)
        rows = [line.split(";") for line in done.stdout.splitlines()]
        expected = [8 + len(adu(pdu)) for _, *both in EVERY_FUNCTION
                    for pdu in both]
        self.assertEqual([int(row[0]) for row in rows], expected)
        for row in rows:
            self.assertIn(row[1], ("1", "Good"))
            self.assertEqual(row[2:], ["", "17"])
        server.stop()


class Rules(UdpTest):
    """They hold for each datagram."""

    def test_allow(self):
        server = self.start_udp("--allow", "127.0.0.2", "--http",
                                "127.0.0.1:0", "--allow", "127.0.0.1",
                                "--write-from", "127.0.0.2",
                                listen="udp:0.0.0.0:0")
        web = Web(server)
        good = UdpClient(self, server, source=("127.0.0.2", 0))
        reader = UdpClient(self, server, source=("127.0.0.1", 0))
        bad = UdpClient(self, server, source=("127.0.0.3", 0))
        for pdu in (PING, write_single(6, 1, 1), bytes([3])):
            bad.send(adu(pdu))
        self.assertEqual(good.ask(write_single(6, 0, 9)),
                         write_single(6, 0, 9))
        self.assertEqual(reader.ask(write_single(6, 0, 8)),
                         exception(6, ILLEGAL_FUNCTION))
        self.assertEqual(reader.ask(read(3, 0, 2)),
                         bytes([3, 4, 0, 9, 0, 0]))
        self.assertEqual(self.outcome(web, "refused"), 3)
        self.assertIn("127.0.0.3:%d: refused: not allowed"
                      % bad.socket.getsockname()[1], server.log())
        bad.socket.settimeout(0)
        with self.assertRaises(BlockingIOError):
            bad.reply()
        server.stop()

    def test_read_only_and_units(self):
        server = self.start_udp("--read-only", "--units-silent", "1-5")
        client = UdpClient(self, server)
        self.assertEqual(client.ask(write_single(6, 0, 9)),
                         exception(6, ILLEGAL_ADDRESS))
        client.send(adu(PING, 7, unit=6))
        client.ping()
        self.assertEqual(len(server.log_lines(" unit: ")), 1)
        server.stop()

    def test_a_server_does_not_answer_its_own_port(self):
        """Nor another server there: they would not end."""
        server = self.start_udp(listen="udp:127.0.0.1:0")
        peer = UdpClient(self, server, source=("127.0.0.2", server.port))
        peer.send(adu(write_single(6, 0, 1)))
        client = UdpClient(self, server)
        self.assertEqual(client.ask(read(3, 0, 1)), bytes([3, 2, 0, 0]))
        self.assertIn("127.0.0.2:%d: refused: is at a port of this server"
                      % server.port, server.log())
        server.stop()


class Order(StateTest, UdpTest):
    """With a state file, on a disk that does what the test wants."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def serve_udp(self, env=None):
        return self.serve(listen="udp:127.0.0.1:0", port=None,
                          env=env or self.disk.env())

    def hold(self, client, *pdus):
        """The disk hangs, and these requests wait for it."""
        self.disk.set(hang=1)
        for i, pdu in enumerate(pdus):
            client.send(adu(pdu, i))
        self.disk.await_hang()

    def test_requests_of_a_client_wait_for_its_write(self):
        server = self.serve_udp()
        client, other = UdpClient(self, server), UdpClient(self, server)
        client.ping()
        self.hold(client, write_single(6, 0, 1), read(3, 0, 1),
                  write_single(6, 0, 2), read(3, 0, 1))
        for _ in range(10):
            self.assertEqual(other.ask(read(3, 0, 1)), bytes([3, 2, 0, 0]))
        self.disk.set(hang=0)
        self.assertEqual([client.reply() for _ in range(4)], [
            adu(write_single(6, 0, 1), 0), adu(bytes([3, 2, 0, 1]), 1),
            adu(write_single(6, 0, 2), 2), adu(bytes([3, 2, 0, 2]), 3)])
        server.stop()

    def test_stop_answers_what_waits(self):
        """For half a second, which does not pass here."""
        if not StillClock.LIBRARY:
            self.skipTest("SHIFT_CLOCK names no library")
        clock = StillClock()
        self.addCleanup(clock.close)
        server = self.serve_udp(clock.environment()
                                | self.disk.env(clock.LIBRARY))
        client = UdpClient(self, server)
        client.ping()
        self.hold(client, write_single(6, 0, 5), read(3, 0, 1))
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: server.log_lines(" stop: signal"), "the stop")
        self.disk.set(hang=0)
        self.assertEqual(client.reply(), adu(write_single(6, 0, 5), 0))
        self.assertEqual(client.reply(), adu(bytes([3, 2, 0, 5]), 1))
        server.wait_stopped()

    def test_what_was_answered_is_kept(self):
        server = self.serve_udp()
        client = UdpClient(self, server)
        values = list(range(100, 200))
        self.assertEqual(client.ask(write_registers(50, values))[0], 16)
        server.kill()
        server = self.serve_udp()
        answer = UdpClient(self, server).ask(read(3, 50, 100))
        self.assertEqual(answer[2:], b"".join(
            value.to_bytes(2, "big") for value in values))
        server.stop()

    def test_full_disk_is_exception_04(self):
        server = self.serve_udp()
        client = UdpClient(self, server)
        client.ping()
        self.disk.set("-wal", write_error=errno.ENOSPC)
        self.assertEqual(client.ask(write_single(6, 0, 1)), exception(6, 4))
        self.assertEqual(client.ask(read(3, 0, 1)), bytes([3, 2, 0, 0]))
        self.disk.set(write_error=0)
        server.stop()

    def test_disk_that_fails_is_silent(self):
        """Nobody knows whether the write is on the disk."""
        server = self.serve_udp()
        client = UdpClient(self, server)
        client.ping()
        self.disk.set(sync_error=errno.EIO)
        client.send(adu(write_single(6, 0, 1)))
        server.wait_stopped(EX_IOERR)
        client.socket.settimeout(0)
        with self.assertRaises(OSError):
            client.reply()

    def test_journal_names_the_client(self):
        server = self.serve_udp()
        client = UdpClient(self, server)
        client.ask(write_single(6, 3, 4))
        server.stop()
        done = run_server("journal", "--state", self.path)
        self.assertIn("127.0.0.1:%d" % client.socket.getsockname()[1],
                      done.stdout)


class Pymodbus(UdpTest):
    """Its client of UDP."""

    def test_reads_and_writes(self):
        server = self.start_udp()
        client = ModbusUdpClient("127.0.0.1", port=server.port,
                                 timeout=DEADLINE)
        self.assertTrue(client.connect())
        self.addCleanup(client.close)
        values = list(range(1, 124))
        self.assertFalse(client.write_registers(40, values).isError())
        self.assertEqual(client.read_holding_registers(
            40, count=123).registers, values)
        self.assertFalse(client.write_coils(7, [True, False, True]).isError())
        self.assertEqual(client.read_coils(7, count=3).bits[:3],
                         [True, False, True])
        self.assertEqual(len(client.read_input_registers(
            0, count=125).registers), 125)
        refused = client.read_holding_registers(65535, count=2)
        self.assertEqual(refused.exception_code, ILLEGAL_ADDRESS)
        server.stop()


if __name__ == "__main__":
    main()
