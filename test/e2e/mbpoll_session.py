"""mbpoll writes and reads all four types, in both modes, and finds the units
that are served."""

import os
import re
import subprocess

from harness import DEADLINE, ServerTest, main

MBPOLL = os.environ.get("MBPOLL", "mbpoll")


class Common:
    """What holds in both modes. References are zero-based here (-0)."""

    mode = None

    def setUp(self):
        self.server = self.start("-d", self.mode)

    def mbpoll(self, *arguments, values=(), status=0):
        """One session. Returns what it printed."""
        ended = subprocess.run(
            [MBPOLL, "-m", "tcp", "-p", str(self.server.port), "-0", "-1",
             "-o", "10", *arguments, "127.0.0.1", *map(str, values)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(ended.returncode, status, ended.stdout)
        return ended.stdout

    def write(self, kind, address, values):
        self.assertIn("Written %d references" % len(values),
                      self.mbpoll("-t", kind, "-r", str(address),
                                  values=values))

    def assert_reads(self, kind, address, values):
        """One line a value: "[address]: value"."""
        text = self.mbpoll("-t", kind, "-r", str(address), "-c",
                           str(len(values)))
        found = re.findall(r"^\[(\d+)\]:\s+(\d+)", text, re.M)
        self.assertEqual([(int(at), int(value)) for at, value in found],
                         list(enumerate(values, address)), text)

    def test_coils_and_discrete_inputs(self):
        self.write("0", 30000, [1, 0, 1, 1, 0, 0, 0, 1, 1])
        for kind in ("0", "1"):
            self.assert_reads(kind, 29999, [0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0])
        self.write("0", 65534, [1])
        self.assert_reads("1", 65534, [1])

    def test_holding_and_input_registers(self):
        self.write("4", 4094, [11, 22, 33, 44])
        for kind in ("3", "4"):
            self.assert_reads(kind, 4093, [0, 11, 22, 33, 44, 0])
        self.write("4", 65534, [65])
        self.assert_reads("3", 65534, [65])

    def test_the_largest_read(self):
        self.assert_reads("4", 0, [0] * 125)

    def test_beyond_the_last_address(self):
        text = self.mbpoll("-t", "4", "-r", "65535", "-c", "2", status=1)
        self.assertIn("Illegal data address", text)

    def test_the_overlay(self):
        """Coil 17 is bit 1 of register 1 in the overlaid mode only."""
        self.write("0", 17, [1])
        self.assert_reads("4", 1, [2 if self.mode == "o" else 0])
        self.write("4", 2, [0x8001])
        self.assert_reads("1", 32, [1 if self.mode == "o" else 0])


class Separate(Common, ServerTest):
    """-d s"""

    mode = "s"


class Overlaid(Common, ServerTest):
    """-d o"""

    mode = "o"


class Units(Common, ServerTest):
    """--units"""

    mode = "s"

    def setUp(self):
        self.server = self.start("--units", "1,7")

    def test_a_unit_that_is_not_served(self):
        text = self.mbpoll("-t", "4", "-r", "0", "-a", "9", status=1)
        self.assertIn("Target device failed to respond", text)
        self.assertIn("[0]:", self.mbpoll("-t", "4", "-r", "0", "-a", "7"))


if __name__ == "__main__":
    main()
