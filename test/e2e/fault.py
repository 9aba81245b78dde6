"""mbfault between clients and the server: what each effect does, and when each
condition holds."""

import os
import signal
import subprocess
import time

from harness import (DEADLINE, PING, Client, Server, ServerTest, adu, exception,
                     main, read, server_environment, wait_for, write_coils,
                     write_registers, write_single)

MBFAULT = os.environ.get("MBFAULT", "")
MBPOLL = os.environ.get("MBPOLL", "mbpoll")
LIBMODBUS_CLIENT = os.environ.get("LIBMODBUS_CLIENT", "")
BUSY = 6  # the exception that rules make here; the server never does


class Fault(Server):
    """The running mbfault."""

    binary = MBFAULT


class FaultTest(ServerTest):
    """Starts mbfault in front of a server."""

    def start_fault(self, *rules, server=None, options=()):
        self.server = server or self.start()
        return self.start("--to", "127.0.0.1:%d" % self.server.port,
                          *("--rule=" + rule for rule in rules), *options,
                          kind=Fault)

    def connect_through(self, *rules, **options):
        """A client of mbfault with these rules."""
        self.fault = self.start_fault(*rules, **options)
        return self.connect(self.fault)

    def assert_untouched(self, address):
        """The server holds 0 there."""
        with Client(self.server) as client:
            self.assertEqual(client.ask(read(3, address, 1)),
                             bytes([3, 2, 0, 0]))


class Effects(FaultTest):
    def test_without_rules_everything_passes(self):
        client = self.connect_through()
        client.ping(20)
        client.half_close()
        client.expect_eof()

    def test_a_delay_holds_the_reply_and_those_behind_it(self):
        client = self.connect_through("delay 300ms function 6")
        began = time.monotonic()
        client.send(adu(write_single(6, 9, 7), 1) + adu(read(3, 9, 1), 2))
        self.assertEqual(client.frame(), (1, 1, write_single(6, 9, 7)))
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        self.assertEqual(client.frame(), (2, 1, bytes([3, 2, 0, 7])))

    def test_silence_loses_the_reply_not_the_request(self):
        client = self.connect_through("silence function 6")
        client.send(adu(write_single(6, 9, 7), 1) + adu(read(3, 9, 1), 2))
        self.assertEqual(client.frame(), (2, 1, bytes([3, 2, 0, 7])))

    def test_an_exception_keeps_the_request_from_the_server(self):
        client = self.connect_through("exception 6 function 6")
        self.assertEqual(client.ask(write_single(6, 9, 7), 500, 9),
                         exception(6, BUSY))
        client.ping()
        self.assert_untouched(9)

    def test_close_ends_the_connection_without_a_reply(self):
        client = self.connect_through("close function 6")
        client.ping()
        client.send(adu(write_single(6, 9, 7)))
        client.expect_eof()
        self.assert_untouched(9)
        self.assert_serves(self.fault)

    def test_corrupt_changes_only_its_part(self):
        right = adu(bytes([3, 4, 0, 0, 0, 0]), 0x1234)
        for part, places in (("transaction", (0, 1)), ("unit", (6,)),
                             ("function", (7,)), ("length", (5,)),
                             ("data", range(8, 13))):
            with self.subTest(part=part):
                client = self.connect_through("corrupt " + part)
                client.send(adu(read(3, 0, 2), 0x1234))
                reply = client.receive(len(right))
                changed = {i for i, byte in enumerate(reply)
                           if byte != right[i]}
                self.assertTrue(changed)
                self.assertLessEqual(changed, set(places))

    def test_split_sends_two_segments(self):
        client = self.connect_through("split")
        right = adu(bytes([3, 250]) + bytes(250))

        def comes_in_two():
            """The first piece, where it came alone."""
            client.send(adu(read(3, 0, 125)))
            first = client.socket.recv(1000)
            reply = first + client.receive(len(right) - len(first))
            self.assertEqual(reply, right)
            return len(first) < len(right)

        wait_for(comes_in_two, "a reply in two segments")

    def test_the_first_rule_that_holds_acts(self):
        client = self.connect_through("exception 5 unit 2", "exception 6",
                                      "close")
        self.assertEqual(client.ask(PING, unit=2), exception(3, 5))
        self.assertEqual(client.ask(PING), exception(3, BUSY))


class Conditions(FaultTest):
    """An exception shows which requests a rule was for."""

    def asked(self, condition, requests, client=None):
        """For which of the requests, (unit, PDU), the condition holds."""
        client = client or self.connect_through("exception 6 " + condition)
        return [client.ask(pdu, unit=unit)[1:] == bytes([BUSY])
                for unit, pdu in requests]

    def test_units(self):
        requests = [(unit, PING) for unit in (0, 1, 2, 3, 255)]
        for condition, held in (("unit 2", [0, 0, 1, 0, 0]),
                                ("unit 1-2", [0, 1, 1, 0, 0]),
                                ("unit 0-255", [1, 1, 1, 1, 1])):
            with self.subTest(condition):
                self.assertEqual(self.asked(condition, requests), held)

    def test_functions(self):
        self.assertEqual(
            self.asked("function 4", [(1, read(n, 0, 1)) for n in (3, 4, 1)]),
            [False, True, False])

    def test_addresses(self):
        requests = [(1, pdu) for pdu in (
            read(3, 10, 6), read(4, 15, 1), read(3, 21, 5), read(3, 0, 16),
            write_registers(20, [1, 2]), write_single(6, 30, 1),
            read(1, 16, 4), write_coils(0, [1] * 18))]
        for condition, held in (
                ("registers:15-20", [1, 1, 0, 1, 1, 0, 0, 0]),
                ("HR30", [0, 0, 0, 0, 0, 1, 0, 0]),
                ("400016", [1, 1, 0, 1, 0, 0, 0, 0]),
                ("coils:17-17", [0, 0, 0, 0, 0, 0, 1, 1]),
                ("unit 2 registers:15-20", [0] * 8)):
            with self.subTest(condition):
                self.assertEqual(self.asked(condition, requests), held)

    def test_clients(self):
        fault = self.start_fault("exception 6 client 127.0.0.4/30")
        for source, held in (("127.0.0.3", False), ("127.0.0.5", True)):
            with self.subTest(source):
                client = self.connect(fault, source=source)
                self.assertEqual(self.asked("", [(1, PING)], client), [held])

    def test_counts_go_over_all_connections(self):
        fault = self.start_fault("exception 6 function 3 after 2 first 3")
        held = []
        for _ in range(4):
            client = self.connect(fault)
            held += self.asked("", [(1, PING), (1, read(4, 0, 1)), (1, PING)],
                               client)
        self.assertEqual(held, [0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0])

    def test_chance(self):
        requests = [(1, PING)] * 400
        for chance, least, most in (("0%", 0, 0), ("100%", 400, 400),
                                    ("25%", 50, 150)):
            with self.subTest(chance):
                held = sum(self.asked("chance " + chance, requests))
                self.assertGreaterEqual(held, least)
                self.assertLessEqual(held, most)


class Program(FaultTest):
    def refused(self, *arguments, status):
        """What it says when it does not start."""
        ended = subprocess.run(
            [MBFAULT, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=DEADLINE, check=False, env=server_environment())
        self.assertEqual(ended.returncode, status, ended.stderr)
        self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        return ended.stderr

    def test_bad_options(self):
        to = ("--to", "127.0.0.1:502")
        for arguments, said in (
                ((), "mbfault: --to: missing: expected the server"),
                ((*to, "--rule", "clsoe"), '--rule: "clsoe": "clsoe": '),
                ((*to, "--rules", "f", "--rule", "close"), "without --rules"),
                ((*to, "--http", "0.0.0.0:0"), "requires --http-token FILE"),
                (("--to", "plc:x"), '--to: "plc:x": expected a name or')):
            with self.subTest(arguments=arguments):
                self.assertIn(said, self.refused(*arguments, status=64))

    def test_a_server_that_would_be_itself(self):
        for listen in ((), ("--listen", "127.0.0.1")):
            self.assertIn("another port than that of mbfault", self.refused(
                "--to", "127.0.0.1:1502", "-p", "1502", *listen,
                "--log-level", "error", status=64))

    def test_what_is_missing(self):
        to = ("--to", "127.0.0.1:502", "-p", "0", "--log-level", "error")
        self.assertIn('--rules: "/none": No such file',
                      self.refused(*to, "--rules", "/none", status=78))
        self.assertIn('--http-token: "/none": No such file',
                      self.refused(*to, "--http", "0", "--http-token", "/none",
                                   status=78))
        self.assertIn('--to: "no.invalid": ',
                      self.refused("--to", "no.invalid", "-p", "0",
                                   "--log-level", "error", status=69))

    def test_a_port_that_is_taken(self):
        fault = self.start_fault()
        self.assertIn("Address already in use", self.refused(
            "--to", "127.0.0.1", "--listen", "127.0.0.1:%d" % fault.port,
            "--log-level", "error", status=75))

    def test_version_and_help(self):
        for option, said in (("--version", "mbfault version "),
                             ("--help", "usage: mbfault --to ")):
            ended = subprocess.run([MBFAULT, option], check=True, text=True,
                                   stdout=subprocess.PIPE, timeout=DEADLINE)
            self.assertTrue(ended.stdout.startswith(said))

    def test_a_server_by_name_and_one_that_is_not_there(self):
        server = self.start()
        fault = self.start("--to", "localhost:%d" % server.port, kind=Fault)
        self.assert_serves(fault)
        server.stop()
        with Client(fault) as client:
            client.expect_eof()

    def test_left_alone_it_does_nothing(self):
        client = self.connect_through("split", options=("--http", "0"))
        client.ping()
        self.assert_idle(self.fault)

    def test_stops_by_a_signal_with_clients(self):
        client = self.connect_through("delay 60m function 6")
        client.send(adu(write_single(6, 0, 1)))
        wait_for(lambda: self.fault.log_lines("delay 3600000 ms"), "the act")
        self.fault.stop(signal.SIGINT)
        self.assertTrue(self.fault.log_lines("stop: signal 2"))


class Clients(FaultTest):
    """Clients that others wrote, through mbfault."""

    RULES = ("split chance 50%", "delay 1ms..5ms chance 50%")

    def test_libmodbus_reads_replies_in_pieces(self):
        fault = self.start_fault(*self.RULES)
        ended = subprocess.run(
            [LIBMODBUS_CLIENT, str(fault.port), "s"], text=True, check=False,
            timeout=DEADLINE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))

    def mbpoll(self, *arguments):
        ended = subprocess.run(
            [MBPOLL, "-m", "tcp", "-p", str(self.fault.port), "-0", "-1",
             "-o", "10", *arguments, "127.0.0.1"], text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=DEADLINE)
        return ended.stdout

    def test_mbpoll_names_the_exception(self):
        self.fault = self.start_fault("exception 6 HR5", *self.RULES)
        self.assertRegex(self.mbpoll("-r", "4"), r"(?m)^\[4\]:\s+0$")
        self.assertIn("Slave device or server is busy", self.mbpoll("-r", "5"))

    def test_mbpoll_refuses_another_transaction(self):
        self.fault = self.start_fault("corrupt transaction")
        self.assertNotRegex(self.mbpoll("-r", "4"), r"(?m)^\[4\]:")


if __name__ == "__main__":
    main()
