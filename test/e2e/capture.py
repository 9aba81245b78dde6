"""Wireshark's dissector finds nothing malformed in a captured session."""

import collections
import os
import signal
import subprocess
import sys
import tempfile

from harness import (DEADLINE, EVERY_FUNCTION, LineReader, ServerTest, adu,
                     main, mask_write, read, read_write, wait_for, write_coils,
                     write_registers, write_single)

TSHARK = os.environ.get("TSHARK", "tshark")
DUMPCAP = os.environ.get("DUMPCAP", "dumpcap")
SKIPPED = 77

# Requests that are refused, of all kinds.
REFUSED = [
    read(3, 0, 126), read(1, 0, 0), read(4, 65535, 2), read(2, 65535, 2),
    write_single(5, 0, 1), write_coils(65535, [1, 1]),
    write_registers(65535, [1, 1]), read_write(0, 1, 65535, [1, 1]),
    bytes([7]), bytes([17, 0]), bytes([100]), bytes([43, 14, 4, 9]),
]

LARGEST = [read(1, 0, 2000), read(3, 0, 125), read(4, 65411, 125),
           write_coils(0, [1] * 1968), write_registers(0, [1] * 123),
           read_write(0, 125, 0, [1] * 121), mask_write(65535, 1, 1),
           bytes([43, 14, 1, 0]), bytes([43, 14, 2, 0]),
           bytes([43, 14, 3, 0]), bytes([17])]


def start_capture(port, path):
    """dumpcap on the loopback, ready; or None where it may not."""
    process = subprocess.Popen(
        [DUMPCAP, "-q", "-i", "lo", "-f", "tcp port %d" % port, "-w", path],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=dict(os.environ, LC_ALL="C"))
    lines = LineReader(process.stderr.fileno())
    said = []
    while (line := lines.line()) is not None:
        said.append(line)
        if line.startswith("File:"):
            return process
    process.wait(DEADLINE)
    process.stderr.close()
    print("dumpcap can't capture: " + " / ".join(said))
    return None


def may_capture():
    """Whether dumpcap may do so on the loopback."""
    with tempfile.TemporaryDirectory() as folder:
        process = start_capture(9, os.path.join(folder, "probe.pcapng"))
        if process is None:
            return False
        process.kill()
        process.wait()
        process.stderr.close()
        return True


class Capture(ServerTest):
    """One session that covers all functions and exceptions."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "session.pcapng")
        self.server = self.start()
        self.capture = start_capture(self.server.port, self.path)
        self.addCleanup(self.capture.stderr.close)
        self.addCleanup(self.capture.wait)
        self.addCleanup(self.capture.kill)

    def finish(self, frames):
        """Stop capturing when all that was sent has been captured: when
        tshark sees so many frames."""
        wait_for(lambda: len(self.fields("modbus.func_code")) >= frames,
                 "%d frames in the capture" % frames, 60)
        self.capture.send_signal(signal.SIGINT)
        self.capture.wait(DEADLINE)

    def tshark(self, *arguments):
        ended = subprocess.run(
            [TSHARK, "-n", "-r", self.path, "-d",
             "tcp.port==%d,mbtcp" % self.server.port, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            env=dict(os.environ, LC_ALL="C"))
        return ended.stdout

    def fields(self, name, where=""):
        """All values of a field, of every frame in a segment."""
        text = self.tshark("-Y", "mbtcp" + where, "-T", "fields", "-e", name,
                           "-E", "separator=;")
        return [value for line in text.split()
                for value in line.replace(";", ",").split(",") if value]

    def assert_nothing_malformed(self):
        for trouble in ("_ws.malformed", "_ws.short", "mbtcp.prot_id != 0"):
            self.assertEqual(self.tshark("-Y", trouble), "", trouble)

    def test_every_function_and_exception_one_by_one(self):
        requests = ([pdu for _, pdu, _ in EVERY_FUNCTION] + LARGEST + REFUSED)
        client = self.connect(self.server)
        for transaction, pdu in enumerate(requests):
            client.ask(pdu, transaction)
        self.finish(2 * len(requests))
        self.assert_nothing_malformed()

        port = self.server.port
        sent = self.fields("mbtcp.trans_id", " && tcp.dstport == %d" % port)
        answered = self.fields("mbtcp.trans_id",
                               " && tcp.srcport == %d" % port)
        expected = [str(i) for i in range(len(requests))]
        self.assertEqual(sent, expected)
        self.assertEqual(answered, expected)
        self.assertEqual(len(self.fields("modbus.exception_code")),
                         len(REFUSED))

        codes = collections.Counter(self.fields("modbus.func_code"))
        for _, pdu, _ in EVERY_FUNCTION:
            self.assertGreaterEqual(codes[str(pdu[0])], 2)

    def test_pipelined_requests(self):
        """Many in a segment, both ways."""
        requests = [pdu for _, pdu, _ in EVERY_FUNCTION] * 10
        client = self.connect(self.server)
        client.send(b"".join(adu(pdu, i) for i, pdu in enumerate(requests)))
        for i in range(len(requests)):
            self.assertEqual(client.frame()[0], i)
        self.finish(2 * len(requests))
        self.assert_nothing_malformed()
        answered = self.fields("mbtcp.trans_id",
                               " && tcp.srcport == %d" % self.server.port)
        self.assertEqual(answered, [str(i) for i in range(len(requests))])
        self.assertEqual(self.fields("modbus.exception_code"), [])


if __name__ == "__main__":
    if not may_capture():
        print("SKIPPED: capturing on lo needs root or a dumpcap with "
              "cap_net_raw", file=sys.stderr)
        sys.exit(SKIPPED)
    main()
