"""Where time_t has 32 bits: moments beyond 2038-01-19T03:14:07Z are refused.

$MBASYNCSERVER is the server of such a machine, emulated; $SHIFT_CLOCK is of
that machine, too, and is little-endian as this one. scripts/test-arch runs this.
"""

import datetime
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import (BINARY, DEADLINE, ShiftedClock, main, run_server,
                     server_environment)
from state_file import StateTest

EX_USAGE, EX_OSERR = 64, 71
FIRST_BEYOND = datetime.datetime(2038, 1, 19, 3, 14, 8,
                                 tzinfo=datetime.timezone.utc)


class Beyond2038(StateTest):
    """What a user and the clock may say."""

    def test_a_time_on_the_command_line(self):
        self.serve().stop()
        for option in ("--at", "--since", "--until"):
            done = run_server("journal", "--state", self.path, option,
                              "2038-01-19T03:14:08Z")
            self.assertEqual(done.returncode, EX_USAGE, done.stderr)
            self.assertIn("before 2038-01-19T03:14:08Z", done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        done = run_server("journal", "--state", self.path, "--until",
                          "2038-01-19T03:14:07Z")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def run_at(self, moment, *arguments):
        """The program, with the clock set to a moment."""
        clock = ShiftedClock()
        self.addCleanup(clock.close)
        clock.set((moment - datetime.datetime.now(datetime.timezone.utc))
                  .total_seconds())
        return subprocess.run(
            [BINARY, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=DEADLINE, check=False,
            env=server_environment(**clock.environment()))

    def test_the_time_of_day(self):
        day = datetime.timedelta(days=1)
        for arguments in (["-p", "0"], ["journal", "--help"]):
            done = self.run_at(FIRST_BEYOND + day, *arguments)
            self.assertEqual(done.returncode, EX_OSERR, done.stderr)
            self.assertIn("clock: ", done.stderr)
            self.assertEqual(done.stdout, "")
        done = self.run_at(FIRST_BEYOND - day, "--version")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
