"""A client with a certificate is named by it wherever clients are named: over
HTTP, in the journal, in the report and in the trace."""

import json
import os
import re
import signal
import tempfile

from harness import main, read, run_server, wait_for, write_registers
from tls_plant import TLS1_2, TLS1_3, TlsClient, TlsTest
from web import Web

OPERATOR = "CN=HMI 3,O=Plant"
HISTORIAN = "CN=historian,O=Plant"


class Names(TlsTest):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state")
        self.server = self.start_both(
            "--state", self.state, "--state-init", "--http", "0",
            "--client-report")
        self.web = Web(self.server)

    def get(self, path):
        """A reply. So that HTTP may send so much, a little time passes."""
        if self.clock:
            self.clock.advance(0.05)
        return self.web.get(path)

    def test_api(self):
        with TlsClient(self.server, version=TLS1_2) as operator, \
                TlsClient(self.server, "historian", TLS1_3) as historian, \
                self.plain(self.server) as plain:
            operator.ask(write_registers(1000, [1, 2]))
            historian.ask(read(3, 1000, 2))
            plain.ask(write_registers(1001, [7]))
            operator.ask(write_registers(1001, [8]))

            clients = {c.get("subject"): c for c in
                       self.get("/api/clients")}
            self.assertEqual(set(clients), {OPERATOR, HISTORIAN, None})
            self.assertEqual(
                [clients[OPERATOR].get(name) for name in ("role", "tls")],
                ["Operator", "1.2"])
            self.assertEqual(
                [clients[HISTORIAN].get(name) for name in ("role", "tls")],
                ["Historian", "1.3"])
            for name in ("role", "tls"):
                self.assertNotIn(name, clients[None])

            writers = self.get("/api/writers?address=HR1000&quantity=2")
            self.assertEqual(
                {w["address"]: (w["client"], w.get("subject"))
                 for w in writers},
                {1000: ("127.0.0.1", OPERATOR), 1001: ("127.0.0.1", OPERATOR)})
            contended = writers[1]
            self.assertTrue(contended["contended"])
            self.assertNotIn("other_subject", contended)

            requests = self.get("/api/requests")["requests"]
            self.assertEqual(
                sorted(r.get("subject", "") for r in requests),
                ["", OPERATOR, OPERATOR, HISTORIAN])
            self.assertEqual(
                [r["subject"] for r in self.get(
                    "/api/requests?subject=" + HISTORIAN)["requests"]],
                [HISTORIAN])

    def test_journal(self):
        with TlsClient(self.server) as operator, \
                self.plain(self.server) as plain:
            operator.ask(write_registers(1000, [1]))
            plain.ask(write_registers(1001, [2]))
        past = self.get("/api/journal?address=HR1000")
        self.assertIn(OPERATOR, json.dumps(past))
        self.server.stop()
        rows = [json.loads(line) for line in run_server(
            "journal", "--state", self.state, "--jsonl").stdout.splitlines()]
        self.assertEqual(
            [(r["address"], r.get("subject"), r.get("role")) for r in rows],
            [(1000, OPERATOR, "Operator"), (1001, None, None)])
        found = run_server("journal", "--state", self.state, "--jsonl",
                           "--subject", "CN=HMI 3").stdout.splitlines()
        self.assertEqual([json.loads(line)["address"] for line in found],
                         [1000])

    def wait_for_line(self, pattern):
        wait_for(lambda: re.search(pattern, self.server.log(), re.MULTILINE),
                 pattern)

    def test_lines(self):
        with TlsClient(self.server) as operator:
            operator.ask(write_registers(1000, [1]))
            self.server.process.send_signal(signal.SIGUSR2)
            self.wait_for_line(r"writers: .*%s \(127\.0\.0\.1\)" % OPERATOR)
        self.wait_for_line(r"disconnect: 127\.0\.0\.1:\d+: %s: " % OPERATOR)
        self.server.stop()
        self.wait_for_line(
            r"report: %s \(127\.0\.0\.1\): 1 requests " % OPERATOR)


if __name__ == "__main__":
    main()
