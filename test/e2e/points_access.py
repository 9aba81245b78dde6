"""What the points of a file allow, by the real server: read-only points, and
addresses without a point."""

import os
import subprocess

from harness import (DEADLINE, ServerTest, exception, main, mask_write, read,
                     read_write, write_coils, write_registers, write_single)
from points_start import make_plant
from state_file import temporary_directory
from web import Web

ADDRESS = 2     # exception: illegal data address


class Access(ServerTest):

    def setUp(self):
        self.directory = temporary_directory(self)
        self.plant = make_plant(self.directory)

    def serve(self, *options):
        return self.start("--points", self.plant, *options)

    def assert_refused(self, client, *pdus):
        for pdu in pdus:
            self.assertEqual(client.ask(pdu), exception(pdu[0], ADDRESS), pdu)

    def assert_done(self, client, *pdus):
        for pdu in pdus:
            self.assertEqual(client.ask(pdu)[0], pdu[0], pdu)

    def test_read_only_points(self):
        client = self.connect(self.serve())
        self.assert_refused(
            client, write_single(6, 0, 1), write_registers(0, [1]),
            write_registers(10, [0] * 11), write_registers(19, [1, 2]),
            mask_write(21, 0xFFFF, 0), read_write(100, 1, 31, [1]),
            write_coils(15990, [1] * 20), write_single(5, 16001, 0xFF00))
        self.assert_done(
            client, write_single(6, 10, 1), write_registers(11, [0] * 9),
            write_registers(40, [3, 4]), mask_write(41, 0, 1),
            read_write(0, 100, 10, [5]), write_single(5, 16000, 0),
            write_coils(15990, [1] * 11), read(3, 0, 125))
        self.assertEqual(client.ask(read(3, 0, 1)), b"\3\2\x02\x71")

    def test_overlaid(self):
        client = self.connect(self.serve("-d", "overlaid"))
        # DI16001 is bit 1 of register 1000, and HR20 is coils 320 to 335.
        self.assert_refused(
            client, write_single(6, 1000, 1), write_single(5, 16001, 0),
            write_single(5, 320, 0), write_coils(300, [0] * 21))
        self.assert_done(
            client, write_single(5, 16000, 0), write_single(5, 16002, 0xFF00),
            write_single(6, 1001, 1), write_coils(300, [0] * 20))

    def test_only_points_exist(self):
        client = self.connect(self.serve("--points-only"))
        self.assert_refused(
            client, read(3, 0, 2), read(4, 1, 1), read(1, 0, 1),
            read(2, 15999, 2), read(3, 65535, 1), write_single(6, 1, 1),
            write_registers(10, [1, 2]), read_write(1, 1, 10, [1]),
            read_write(10, 1, 11, [1]), read_write(10, 1, 0, [1]),
            mask_write(42, 0, 1), write_single(5, 5, 0))
        self.assert_done(
            client, read(3, 0, 1), read(4, 20, 2), read(1, 16000, 2),
            write_single(6, 50, 1), read_write(20, 2, 40, [1, 2]),
            write_single(5, 16000, 0), bytes([8, 0, 0, 1, 2]))

    def test_behind_the_access_rules(self):
        client = self.connect(self.serve("--read-only-range", "HR50"))
        self.assert_refused(client, write_single(6, 50, 1),
                            write_single(6, 0, 1))
        self.assert_done(client, write_single(6, 10, 1))
        client = self.connect(self.serve("--write-from", "192.0.2.1"))
        for address in 0, 10:
            self.assertEqual(client.ask(write_single(6, address, 1)),
                             exception(6, 1))

    def test_nothing_read_only(self):
        make_plant(self.directory, "address,value\nHR0,5\n")
        client = self.connect(self.serve())
        self.assert_done(client, write_single(6, 0, 1), write_single(6, 1, 1))

    def test_over_http(self):
        server = self.serve("--http", "0", "--http-write",
                            "--read-only-range", "HR60", "--points-only")
        web = Web(server)

        def refuse(kind, address, values, text):
            answer = web.put("/api/" + kind,
                             {"address": address, "values": values})
            self.assertEqual(answer.status, 403)
            self.assertEqual(answer.json()["error"], text +
                             ": exception 02 illegal data address")

        refuse("registers", 20, [1, 2],
               'refused: "flow" is read-only, for address 20 quantity 2')
        refuse("registers", 0, [1] * 31,
               'refused: "supply" is read-only, for address 0 quantity 31')
        refuse("coils", 16001, [1],
               'refused: "door open" is read-only, for address 16001 '
               'quantity 1')
        refuse("registers", 51, [1], "refused: an address there has no point, "
               "for address 51 quantity 1")
        refuse("registers", 60, [1], "refused: an address there has no point, "
               "for address 60 quantity 1")
        self.assertEqual(web.put("/api/registers",
                                 {"address": 10, "values": [7]}).status, 200)
        self.assertEqual(web.registers(0, 11)[::10], [625, 7])

    def test_mbpoll(self):
        server = self.serve()

        def mbpoll(address, *values):
            return subprocess.run(
                [os.environ.get("MBPOLL", "mbpoll"), "-m", "tcp", "-o",
                 "10", "-p", str(server.port), "-0", "-1", "-t", "4", "-r",
                 str(address), "127.0.0.1", *values], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=DEADLINE, check=False).stdout

        self.assertRegex(mbpoll(0), r"\[0\]:\s+625\n")
        self.assertIn("Illegal data address", mbpoll(0, "7"))
        self.assertIn("Written 1 references", mbpoll(10, "7"))
        self.assertRegex(mbpoll(0), r"\[0\]:\s+625\n")


if __name__ == "__main__":
    main()
