"""A state file is carried from one machine to another, and back: what one
program has written the other reads, goes on with, and reports in its journal
in the same words.

$MBASYNCSERVER and $OTHER_MBASYNCSERVER are of two architectures; the second may
be emulated. scripts/test-arch runs this.
"""

import os
import random
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))

# pylint: disable=wrong-import-position
import harness
from harness import (Client, main, mask_write, read_write, run_server,
                     write_coils, write_registers, write_single)
from state_file import SEED, StateFile, StateTest, whole_table

PROGRAMS = {"here": os.environ["MBASYNCSERVER"],
            "there": os.environ["OTHER_MBASYNCSERVER"]}

WRITES = 120  # in each stay, of each function some


def requests(rng):
    """Writes of all functions, anywhere."""
    for _ in range(WRITES // 6):
        address = rng.randrange(65536 - 123)
        words = [rng.randrange(65536) for _ in range(rng.randrange(1, 60))]
        bits = [rng.randrange(2) for _ in range(rng.randrange(1, 200))]
        yield write_single(5, address, rng.choice((0, 0xFF00)))
        yield write_single(6, address, words[0])
        yield write_coils(rng.randrange(65536 - len(bits)), bits)
        yield write_registers(address, words)
        yield mask_write(address, rng.randrange(65536), rng.randrange(65536))
        yield read_write(0, 1, address, words)


class Carry(StateTest):
    """Servers of both machines in turns, on one file."""

    def stay(self, place, layout, expected, end):
        """A server of that place starts on the file, with the table that is
        expected, and is ended. Returns the table that it leaves."""
        harness.BINARY = PROGRAMS[place]
        server = self.serve("-d", layout)
        if expected is not None:
            self.assertEqual(whole_table(server), expected)
        with Client(server) as client:
            for pdu in requests(self.rng):
                self.assertEqual(client.ask(pdu)[0], pdu[0])
        table = whole_table(server)
        if end == signal.SIGKILL:
            server.kill()
        else:
            server.stop()
        return table

    def reports(self, *arguments):
        """What "journal" prints here and there, which must be the same."""
        printed = []
        for program in PROGRAMS.values():
            harness.BINARY = program
            done = run_server("journal", "--state", self.path, *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            printed.append(done.stdout)
        self.assertEqual(*printed)
        return printed[0]

    def carry(self, places, layout, end):
        """Through these places, each of which ends so; then stop in order."""
        self.rng = random.Random(SEED)
        table = None
        for place in places:
            table = self.stay(place, layout, table, end)
        if end == signal.SIGKILL:
            self.assertTrue(os.path.exists(self.path + "-wal"))
        self.reports("--csv", "--unchanged")
        self.stay(places[0], layout, table, signal.SIGTERM)
        file = StateFile(self.path).check()
        self.assertEqual(len(file.journal), WRITES * (len(places) + 1))
        self.assertEqual(file.replay(), file.words())
        lines = self.reports("--jsonl", "--unchanged").splitlines()
        self.assertGreaterEqual(len(lines), WRITES * len(places))
        self.reports("--at", "now")

    def subjects(self, end):
        for layout in "so":
            for places in (("here", "there", "here"),
                           ("there", "here", "there")):
                with self.subTest(layout=layout, places=places, seed=SEED):
                    self.path = os.path.join(self.directory,
                                             layout + places[0])
                    self.carry(places, layout, end)

    def test_a_file_that_was_closed(self):
        self.subjects(signal.SIGTERM)

    def test_a_file_with_the_log_of_a_server_that_was_killed(self):
        self.subjects(signal.SIGKILL)


if __name__ == "__main__":
    main()
