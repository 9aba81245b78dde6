"""Access rules over the wire. All of 127.0.0.0/8 is this host, and so a client
can come from any address of it."""

import contextlib
import time

import hosts
from harness import (ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Client, ServerTest,
                     adu, exception, has_ipv6, log_windows, main, mask_write, read,
                     read_write, wait_for, write_coils, write_registers,
                     write_single)
from web import Web

TRUSTED, STRANGER = "127.0.0.2", "127.0.0.3"


class Connecting(ServerTest):
    """--allow and --max-per-client."""

    def test_only_listed_blocks_may_connect(self):
        server = self.start("--allow", TRUSTED, "--allow", "127.1.0.0/16")
        self.connect(server, source=TRUSTED).ping()
        self.connect(server, source="127.1.2.3").ping()
        self.connect(server, source=STRANGER).expect_eof()
        wait_for(lambda: server.log_lines("refuse: " + STRANGER), "its line")

    def test_an_ipv4_rule_holds_on_a_dual_stack_listener(self):
        if not has_ipv6():
            self.skipTest("this host has no IPv6")
        server = self.start("--allow", "127.0.0.0/8", listen=None)
        with Client(server, host="127.0.0.1") as client:
            client.ping()
        with Client(server, host="::1") as client:
            client.expect_eof()

    def test_nobody_connects_from_an_internal_address(self):
        """100::1 stands for the server's own writes, which nobody judges,
        and 100::3 for clients of this machine's sockets."""
        why = hosts.why_not()
        if why is not None:
            self.skipTest(why)
        with contextlib.closing(hosts.Host()) as host, host:
            for address in "100::1", "100::2", "100::3", "100::4":
                host.address("lo", address + "/128")
            server = self.start("--http", "[::1]:0", listen="::1")
            web = Web(server)
            for source, status in (("100::4", 200), ("100::1", 403),
                                   ("100::2", 403), ("100::3", 403)):
                with Client(server, source=source) as client:
                    if status == 200:
                        client.ping()
                    else:
                        client.expect_eof()
                self.assertEqual(web.curl("/api/status", "--interface",
                                          source).status, status)
            wait_for(lambda: server.log_lines("refuse: start: not allowed"),
                     "its line")

    def test_refusals_do_not_flood_the_log(self):
        server = self.start("--allow", TRUSTED)
        began = time.monotonic()
        for _ in range(200):
            with Client(server, source=STRANGER) as client:
                client.expect_eof()
        self.connect(server, source=TRUSTED).ping()
        self.assertLessEqual(len(server.log_lines("refuse: ")),
                             11 * log_windows(began))

    def test_one_address_has_so_many_connections_and_no_more(self):
        server = self.start("--max-per-client", "3")
        clients = [self.connect(server, source=STRANGER) for _ in range(3)]
        for client in clients:
            client.ping()
        self.connect(server, source=STRANGER).expect_eof()
        self.connect(server, source=TRUSTED).ping()
        clients[0].close()
        wait_for(lambda: server.log_lines("disconnect: " + STRANGER),
                 "room for another")
        self.connect(server, source=STRANGER).ping()


class Writing(ServerTest):
    """--write-from, --read-only and --read-only-range."""

    WRITES = (write_single(5, 0, 0xFF00), write_single(6, 0, 1),
              write_coils(0, [1, 1]), write_registers(0, [1, 2]),
              mask_write(0, 0, 1), read_write(0, 1, 0, [1]))

    def assert_refused(self, client, pdu, code):
        self.assertEqual(client.ask(pdu), exception(pdu[0], code))

    def assert_done(self, client, pdu):
        self.assertEqual(client.ask(pdu)[0], pdu[0])

    def test_only_listed_blocks_may_write(self):
        server = self.start("--write-from", TRUSTED)
        stranger = self.connect(server, source=STRANGER)
        trusted = self.connect(server, source=TRUSTED)
        for pdu in self.WRITES:
            self.assert_refused(stranger, pdu, ILLEGAL_FUNCTION)
            self.assert_done(trusted, pdu)
        self.assert_done(stranger, read(3, 0, 10))

    def test_a_read_only_server_changes_nothing(self):
        server = self.start("--read-only", "-d", "o")
        client = self.connect(server)
        for pdu in self.WRITES:
            self.assert_refused(client, pdu, ILLEGAL_ADDRESS)
        self.assertEqual(client.ask(read(3, 0, 10)), bytes([3, 20] + [0] * 20))

    def test_read_only_registers_cannot_be_reached_through_coils(self):
        server = self.start("-d", "o", "--read-only-range",
                            "registers:100-109")
        client = self.connect(server)
        for pdu in (write_single(6, 100, 1), write_registers(99, [1, 1]),
                    mask_write(109, 0, 1), read_write(0, 1, 109, [1, 1]),
                    write_single(5, 1600, 0xFF00), write_coils(1599, [1, 1]),
                    write_coils(1759, [1])):
            self.assert_refused(client, pdu, ILLEGAL_ADDRESS)
        for pdu in (write_single(6, 99, 1), write_single(6, 110, 1),
                    write_single(5, 1599, 0xFF00),
                    write_single(5, 1760, 0xFF00)):
            self.assert_done(client, pdu)
        self.assertEqual(client.ask(read(3, 100, 10)),
                         bytes([3, 20] + [0] * 20))

    def test_separate_coils_are_no_registers(self):
        server = self.start("--read-only-range", "400101-HR109",
                            "--read-only-range", "C7")
        client = self.connect(server)
        self.assert_done(client, write_single(5, 1600, 0xFF00))
        self.assert_done(client, write_single(6, 7, 1))
        self.assert_refused(client, write_single(6, 109, 1), ILLEGAL_ADDRESS)
        self.assert_refused(client, write_coils(6, [1, 1]), ILLEGAL_ADDRESS)


class Units(ServerTest):
    """--units and --units-silent."""

    NOT_SERVED = 0x0B

    def test_others_are_refused_before_anything_else(self):
        server = self.start("--units", "1-10,255", "--read-only", "--trace")
        client = self.connect(server)
        for unit in (1, 10, 255):
            self.assertEqual(client.ask(read(3, 0, 1), unit=unit),
                             bytes([3, 2, 0, 0]))
        for pdu in (read(3, 0, 1), read(3, 0, 0), read(3, 65535, 2),
                    write_single(6, 0, 1), bytes([99]), bytes([17])):
            for unit in (0, 11, 254):
                self.assertEqual(client.ask(pdu, unit=unit),
                                 exception(pdu[0], self.NOT_SERVED))
        self.assertEqual(client.ask(write_single(6, 0, 1)),
                         exception(6, ILLEGAL_ADDRESS))
        wait_for(lambda: server.log_lines(
            "exception 11 gateway target device failed to respond"), "a trace")

    def test_others_get_no_answer(self):
        server = self.start("--units-silent", "1", "--http", "0")
        web = Web(server)
        self.assertNotIn(b"ignored_requests", web.curl("/metrics").body)
        client = self.connect(server)
        for transaction in range(30):
            client.send(adu(read(3, 0, 1), transaction, unit=2))
        client.send(adu(write_single(6, 0, 7), 100, unit=2))
        self.assertEqual(client.ask(read(3, 0, 1), 101),
                         bytes([3, 2, 0, 0]))
        self.assertIn(b"mbasyncserver_ignored_requests_total 31\n",
                      web.curl("/metrics").body)
        client.close()
        wait_for(lambda: server.log_lines(", 32 requests"), "their number")

    def test_the_first_one_of_a_connection_is_logged(self):
        server = self.start("--units", "1")
        with self.connect(server) as client:
            for unit in (1, 7, 8, 7):
                client.ask(read(3, 0, 1), unit=unit)
        self.assertEqual(len(wait_for(
            lambda: server.log_lines("unit: 127.0.0.1:"), "its line")), 1)
        self.assertIn("asks for unit 7, which is not served",
                      server.log_lines("unit: 127.0.0.1:")[0])

    def test_http_asks_for_no_unit(self):
        server = self.start("--units", "7", "--http", "0", "--http-write",
                            "--client-report")
        web = Web(server)
        self.assertEqual(web.put("/api/registers", {
            "address": 3, "values": [5]}).status, 200)
        client = self.connect(server)
        self.assertEqual(client.ask(read(3, 3, 1), unit=7),
                         bytes([3, 2, 0, 5]))
        self.assertEqual(client.ask(read(3, 3, 1), unit=8),
                         exception(3, self.NOT_SERVED))
        self.assertIn(b'mbasyncserver_exceptions_total{code="11"} 1\n',
                      web.curl("/metrics").body)
        self.assertIn(b"this unit is not served, by --units",
                      web.curl("/api/requests?exception=11").body)
        server.stop()
        self.assertTrue(server.log_lines(
            "report: 127.0.0.1: asks for units that are not served: 1 "))


class ShuttingDown(ServerTest):
    """--quit-from."""

    def test_the_word_counts_from_listed_blocks_only(self):
        server = self.start("-q", "enough", "--quit-from", TRUSTED)
        stranger = self.connect(server, source=STRANGER)
        stranger.send(b"enough")
        stranger.expect_eof()
        self.assert_serves(server)
        stranger.close()
        wait_for(lambda: server.log_lines("may not use the shut-down word"),
                 "the cause")
        self.assertNotIn("enough", server.log())

        self.connect(server, source=TRUSTED).send(b"enough")
        server.wait_stopped()


if __name__ == "__main__":
    main()
