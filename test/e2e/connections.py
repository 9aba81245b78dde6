"""Many connections, misbehaving ones, and the limits on them."""

import contextlib
import re
import socket
import time

from harness import (ASAN, PING, Client, ServerTest, adu,
                     has_ipv6, in_background, limit_descriptors, log_windows,
                     main, raise_descriptor_limit, read, wait_for)
from still_clock import StillTest

# What a client that never reads may cost the server. Allocators that check
# themselves need several times the room; the fault costs hundreds of MiB.
GROWTH = (32 if ASAN else 8) << 20


def pipeline(quantity, registers):
    """Requests for so many registers, and the answers to them."""
    ask = read(3, 0, registers)
    answer = bytes([3, 2 * registers]) + bytes(2 * registers)
    return (b"".join(adu(ask, i & 0xFFFF) for i in range(quantity)),
            b"".join(adu(answer, i & 0xFFFF) for i in range(quantity)))


class HalfClose(StillTest):
    """A client that has sent its FIN still gets what it asked for."""

    def test_5000_pending_requests_are_answered_then_eof(self):
        client = self.connect(self.start(), receive_buffer=4096)
        requests, responses = pipeline(5000, 125)
        with in_background(lambda: (client.send(requests),
                                    client.half_close())):
            self.assertTrue(client.rest() == responses)

    def test_requests_sent_with_the_fin_are_answered(self):
        server = self.start()
        for quantity in (0, 1, 2, 300):
            with Client(server) as client:
                requests, responses = pipeline(quantity, 1)
                client.send(requests)
                client.half_close()
                self.assertEqual(client.rest(), responses)

    def test_a_partial_frame_is_dropped(self):
        server = self.start()
        for cut in range(1, 12):
            with Client(server) as client:
                client.send(adu(PING, 5) + adu(PING, 6)[:cut])
                client.half_close()
                self.assertEqual(client.frame()[0], 5)
                client.expect_eof()


class NeverReading(StillTest):
    """A client that sends and does not read costs a bounded amount of memory,
    no processor time, and no other client its service."""

    def setUp(self):
        self.server = self.start()
        self.other = self.connect(self.server)
        self.other.ping(10)

    def stuff(self, quantity, registers):
        """A client for which the server takes no more requests."""
        client = self.connect(self.server, receive_buffer=4096,
                              send_buffer=65536)
        requests, responses = pipeline(quantity, registers)
        sent = client.send_what_is_taken(requests, self.other)
        self.assertLess(sent, len(requests), "the server takes everything")
        return client, requests, responses, sent

    def test_memory_is_bounded(self):
        """12 MB of requests would make 259 MB of replies."""
        before = self.server.resident_bytes()
        self.stuff(1000000, 125)
        self.assertLess(self.server.resident_bytes() - before, GROWTH)
        self.other.ping(10)

    def test_memory_of_many_such_clients_is_bounded(self):
        """Each is stopped at 64 KiB of replies, and one read of requests."""
        before = self.server.resident_bytes()
        requests, _ = pipeline(20000, 125)
        for _ in range(30):
            client = self.connect(self.server, receive_buffer=4096,
                                  send_buffer=65536)
            client.send_what_is_taken(requests, self.other)
        growth = self.server.resident_bytes() - before
        self.assertLess(growth, 30 * (160 << 10) + GROWTH)
        self.other.ping(10)

    def test_the_server_does_not_spin(self):
        self.stuff(1000000, 125)
        self.assert_idle(self.server)
        self.other.ping(10)

    def test_all_200000_requests_are_answered_when_it_reads_at_last(self):
        """Requests that were buffered while the server had stopped reading
        bring no new event; forgetting them loses a quarter of these."""
        client, requests, responses, sent = self.stuff(200000, 20)
        with in_background(lambda: client.send(requests[sent:])):
            self.assertTrue(client.receive(len(responses)) == responses)
        client.ping()

    def test_what_was_taken_is_answered_without_sending_more(self):
        """Nothing but the reading wakes the server."""
        client, requests, responses, sent = self.stuff(1000000, 125)
        whole = sent // len(adu(PING))
        length = whole * len(adu(bytes(252)))
        self.assertTrue(client.receive(length) == responses[:length])

    def test_a_client_that_pipelines_without_end_lets_others_in(self):
        """One client keeps the server busy for the whole of the test."""
        client = self.connect(self.server)
        requests, responses = pipeline(50000, 50)
        with in_background(lambda: client.send(requests)):
            self.other.ping(100)
            self.assertTrue(client.receive(len(responses)) == responses)
        self.other.ping(100)


class Many(ServerTest):
    """Numbers of connections."""

    def test_2000_connections_at_once_are_all_served(self):
        """Past the 1024 descriptors that select() can watch."""
        raise_descriptor_limit(2200)
        server = self.start()
        clients = [self.connect(server) for _ in range(2000)]
        for transaction, client in enumerate(clients):
            client.send(adu(PING, transaction))
        for transaction, client in enumerate(clients):
            self.assertEqual(client.frame()[0], transaction)
        self.assertGreater(max(server.descriptors()), 1024)
        clients[-1].ping(5)
        clients[0].ping(5)

    def test_2000_connections_one_after_the_other_leave_nothing_behind(self):
        server = self.start()
        self.assert_serves(server)
        wait_for(lambda: len(server.log_lines("disconnect:")) == 1, "the end")
        before = len(server.descriptors())
        for i in range(2000):
            with Client(server) as client:
                if i % 10 == 0:
                    client.ping()
        wait_for(lambda: len(server.descriptors()) == before,
                 "descriptors to be closed")

    def test_a_reset_in_mid_pipeline_disturbs_no_other_client(self):
        server = self.start()
        other = self.connect(server)
        other.ping()
        before = len(server.descriptors())
        requests, _ = pipeline(5000, 125)
        for i in range(50):
            client = self.connect(server)
            client.send_what_is_taken(requests[:i * 1200 + 7], other)
            client.reset()
            other.ping()
        wait_for(lambda: len(server.descriptors()) == before,
                 "descriptors to be closed")


class OutOfDescriptors(ServerTest):
    """ulimit -n 64, and 100 clients."""

    def test_it_waits_quietly_and_recovers(self):
        server = self.start("--max-connections", "1000",
                            preexec_fn=limit_descriptors(64))
        began = time.monotonic()
        clients = [self.connect(server) for _ in range(100)]
        wait_for(lambda: len(server.descriptors()) == 64,
                 "all descriptors to be used")
        wait_for(lambda: server.log_lines("accept:"), "a word about it")

        clients[0].ping(100)
        self.assert_idle(server)
        self.assertLessEqual(len(server.log_lines("accept")),
                             11 * log_windows(began))

        for client in clients[:70]:
            client.close()
        for client in clients[70:]:
            client.ping()
        self.assert_serves(server)

    def test_one_that_closes_makes_room_at_once(self):
        """Each of the waiting is served in its turn."""
        server = self.start("--max-connections", "1000",
                            preexec_fn=limit_descriptors(64))
        clients = [self.connect(server) for _ in range(300)]
        for client in clients:
            client.ping()
            client.close()


class Limits(ServerTest):
    """What the options allow."""

    def test_the_fourth_of_three_connections_is_refused(self):
        server = self.start("--max-connections", "3")
        clients = [self.connect(server) for _ in range(3)]
        for client in clients:
            client.ping()
        self.connect(server).expect_eof()
        lines = server.log_lines("refuse:")
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"refuse: 127\.0\.0\.1:\d+: connection limit")
        for client in clients:
            client.ping()

        clients.pop().close()
        wait_for(lambda: server.log_lines("disconnect:"), "its end")
        self.assert_serves(server)

    def test_a_refused_client_is_closed_before_its_first_request(self):
        server = self.start("--max-connections", "1")
        self.connect(server).ping()
        began = time.monotonic()
        for _ in range(100):
            with Client(server) as refused:
                refused.expect_eof()
        self.assertLessEqual(len(server.log_lines("refuse:")),
                             11 * log_windows(began))


def taken_by_us(stack, host, port):
    """Bind a port, so that nobody else can listen there, until a stack is
    closed. Returns whether it was free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        stack.enter_context(socket.socket(family)).bind((host, port))
    except OSError:
        return False
    return True


class Addresses(ServerTest):
    """Where it can be reached."""

    def test_both_families_reach_a_default_server(self):
        if not has_ipv6():
            self.skipTest("no IPv6 on this host")
        server = self.start(listen=None)
        self.assert_serves(server, host="127.0.0.1")
        self.assert_serves(server, host="::1")
        log = wait_for(lambda: len(server.log_lines("disconnect:")) == 2 and
                       server.log(), "both to end")
        self.assertRegex(log, r" connect: 127\.0\.0\.1:\d+\n")
        self.assertRegex(log, r" connect: \[::1\]:\d+\n")

    def test_listen_on_127_0_0_1_is_not_on_any_other_address(self):
        self.assert_is_only_on("127.0.0.1", "127.0.0.2",
                               *["::1"] * has_ipv6())

    def test_listen_on_ipv6_is_not_on_ipv4(self):
        if not has_ipv6():
            self.skipTest("no IPv6 on this host")
        for address in ("::1", "::"):
            self.assert_is_only_on(address, "127.0.0.1")

    def test_listen_may_be_repeated(self):
        """All that name no port share the one that the system chose."""
        second = "[::1]" if has_ipv6() else "127.0.0.3"
        server = self.start("--listen", "127.0.0.2", "--listen", second)
        self.assertEqual(len(server.log_lines("listen:")), 3)
        for host in ("127.0.0.1", "127.0.0.2", second.strip("[]")):
            self.assert_serves(server, host=host)

    def test_listen_may_name_a_port(self):
        server = self.start(listen="127.0.0.1:0")
        server.host = "127.0.0.1"
        self.assert_serves(server)

    def test_port_0_is_not_the_port_of_an_address_that_names_one(self):
        """Only those that ask for port 0 share one."""
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", 0))  # ours, until the server listens
            port = taken.getsockname()[1]
            server = self.start("--listen", "127.0.0.1:0",
                                "--listen", "127.98.0.1:0",
                                listen="127.0.0.1:%d" % port)
        found = [re.search(r"listen: (\S+):(\d+)$", line).groups()
                 for line in server.log_lines("listen:")]
        self.assertEqual([host for host, _ in found],
                         ["127.0.0.1", "127.0.0.1", "127.98.0.1"])
        self.assertEqual(int(found[0][1]), port)
        self.assertNotEqual(int(found[1][1]), port)
        self.assertEqual(found[1][1], found[2][1])
        for host, number in found:
            server.port = int(number)
            self.assert_serves(server, host=host)

    def assert_is_only_on(self, address, *others):
        """A server that listens on an address is not on others. There another
        program may have its port: then the next server is asked."""
        for _ in range(20):
            server = self.start(listen=address)
            with contextlib.ExitStack() as ours:
                if not all(taken_by_us(ours, other, server.port)
                           for other in others):
                    continue
                self.assert_serves(server,
                                   host="::1" if ":" in address else address)
                for other in others:
                    with self.assertRaises(ConnectionRefusedError):
                        Client(server, host=other)
                return
        self.fail("the port of each server is taken on %s" % (others,))


class Lingering(StillTest):
    """Closing while bytes of the client are unread makes its system drop what
    it has not read yet; so the server reads them away first."""

    def test_replies_owed_survive_unread_bytes(self):
        """The client reads only when all of its megabyte is on its way."""
        server = self.start()
        for garbage in (adu(PING, protocol=1), adu(PING, length=0)):
            client = self.connect(server)
            requests, responses = pipeline(100, 125)
            client.send(requests + garbage + bytes(1 << 20))
            client.wait_taken()
            self.assertTrue(client.rest() == responses)

    def test_a_reset_is_logged_only_where_it_is_the_cause(self):
        server = self.start()
        client = self.connect(server)
        client.send(adu(PING, protocol=1))
        client.expect_eof()
        client.reset()
        line = wait_for(lambda: server.log_lines("disconnect:"), "its end")[0]
        self.assertRegex(line, r": protocol identifier is not 0, \d+\.\d+ s")

        client = self.connect(server)
        client.ping()
        client.reset()
        line = wait_for(lambda: server.log_lines("disconnect:")[1:],
                        "its end")[0]
        self.assertRegex(line, r": connection broken: Connection reset by "
                         r"peer, \d+\.\d+ s")

    def test_replies_owed_survive_bytes_that_go_on_coming(self):
        server = self.start()
        client, other = self.connect(server), self.connect(server)
        requests, responses = pipeline(1000, 1)
        client.send(requests + adu(PING, protocol=1))
        for _ in range(50):
            client.send(bytes(1000))
            other.ping()
        self.assertTrue(client.rest() == responses)


if __name__ == "__main__":
    main()
