"""Last writers: the report on SIGUSR2. All of 127.0.0.0/8 is this
host, and so clients can come from several addresses of it."""

import re
import signal

from harness import (ServerTest, main, read_write, wait_for, write_coils,
                     write_registers, write_single)

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"


def anonymous_bytes(server):
    """Memory of its own. The system may drop pages of files at any time."""
    with open("/proc/%d/status" % server.pid) as status:
        found = re.search(r"RssAnon:\s+(\d+) kB", status.read())
    return int(found.group(1)) * 1024


class Report(ServerTest):
    """SIGUSR2."""

    def report(self, server):
        """The lines of a report that are not in the log yet, without what
        stands before them."""
        before = len(server.log_lines(" info writers: "))
        server.process.send_signal(signal.SIGUSR2)
        wait_for(lambda: len(server.log_lines(" info writers: ")) > before,
                 "a report")
        # It is written in one turn of the loop.
        self.assert_serves(server)
        return [line.split(" info writers: ")[1]
                for line in server.log_lines(" info writers: ")[before:]]

    def test_before_any_write(self):
        server = self.start()
        self.assertEqual(self.report(server), [
            "0 writes by 0 clients; 0 registers and 0 coils written; "
            "0 registers and 0 coils contended"])

    def test_two_clients_that_alternate(self):
        """What a client reads, or is refused, is no write; a new connection
        is no new client."""
        server = self.start("--log-level", "error")
        for value in range(1, 4):
            for source in ("127.0.0.2", "127.0.0.3"):
                client = self.connect(server, source=source)
                client.ask(write_single(6, 17, value))
                client.ask(write_registers(65535, [1, 2]))
                client.ping()
        client.ask(write_coils(0, [1] * 1968))
        client.ask(read_write(0, 1, 100, [1] * 121))
        lines = self.report(server)
        self.assertEqual(
            lines[0], "8 writes by 2 clients; 122 registers and 1968 coils "
            "written; 1 registers and 0 coils contended")
        self.assertRegex(
            lines[1], r"^client 127\.0\.0\.3: 5 writes, the last %s; "
            r"last to write 122 registers and 1968 coils$" % TIME)
        self.assertRegex(
            lines[2], r"^client 127\.0\.0\.2: 3 writes, the last %s; "
            r"last to write 0 registers and 0 coils$" % TIME)
        self.assertRegex(
            lines[3], r"^contended: register 17: 4 times; "
            r"last from 127\.0\.0\.2 to 127\.0\.0\.3 %s$" % TIME)
        self.assertEqual(len(lines), 4)

    def test_overlaid_coils_are_their_registers_too(self):
        server = self.start("-d", "o")
        first = self.connect(server, source="127.0.0.2")
        second = self.connect(server, source="127.0.0.3")
        first.ask(write_single(5, 16, 0xFF00))
        second.ask(write_single(5, 17, 0xFF00))
        first.ask(write_single(5, 16, 0))
        lines = self.report(server)
        self.assertEqual(
            lines[0], "3 writes by 2 clients; 1 registers and 2 coils "
            "written; 1 registers and 0 coils contended")
        self.assertTrue(lines[3].startswith("contended: register 1: 1 times;"))

    def test_an_idle_server_has_not_touched_the_memory(self):
        """A write to every register touches some of it."""
        server = self.start()
        client = self.connect(server)
        client.ping()
        idle = anonymous_bytes(server)
        for at in range(0, 65536 - 123, 123):
            client.ask(write_registers(at, [1] * 123))
        self.assertGreater(anonymous_bytes(server), idle + (1 << 19))
        self.assertLess(anonymous_bytes(server), idle + (4 << 20))


if __name__ == "__main__":
    main()
