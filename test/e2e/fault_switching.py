"""Rules of mbfault are replaced while it runs, over HTTP and by a signal."""

import os
import re
import signal
import subprocess
import tempfile

from fault import BUSY, FaultTest
from harness import DEADLINE, PING, exception, main, wait_for
from web import TOKEN, Web

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../src/mbfault.1")
EFFECTS = ("delay", "silence", "exception", "close", "corrupt", "split")


class Switching(FaultTest):
    """Rules are replaced while connections are open."""

    def start_web(self, *rules, options=()):
        client = self.connect_through(*rules, options=("--http", "0", *options))
        return client, Web(self.fault)

    def put(self, web, text, *arguments):
        return web.curl("/rules", "-X", "PUT", "--data-binary", text,
                        *arguments)

    def test_rules_over_http(self):
        client, web = self.start_web()
        client.ping()
        answer = self.put(web, "# busy\nexception 6 unit 1\n\nclose\n")
        self.assertEqual((answer.status, answer.body),
                         (200, b"exception 6 unit 1\nclose\n"))
        self.assertEqual(client.ask(PING), exception(3, BUSY))
        self.assertEqual(web.curl("/rules").body, answer.body)
        self.assertEqual(web.curl("/rules", "-X", "DELETE").status, 200)
        self.assertEqual(web.curl("/rules").body, b"")
        client.ping()
        for count in (2, 0):
            self.assertTrue(self.fault.log_lines(": %d in force" % count))
        self.assertIn(" warn rules: 127.0.0.1:",
                      self.fault.log_lines("2 in force")[0])

    def test_bad_rules_change_nothing(self):
        client, web = self.start_web("exception 6 first 1")
        self.assertEqual(client.ask(PING), exception(3, BUSY))
        answer = self.put(web, "split\n# one\nclose unit 256\n")
        self.assertEqual(answer.status, 400)
        self.assertEqual(
            answer.json()["error"], 'line 3: "256": expected a unit '
            'identifier from 0 to 255, or two of them: 1-9')
        self.assertEqual(web.curl("/rules").body, b"exception 6 first 1\n")
        client.ping()  # the count goes on

    def test_the_rules_of_the_manual_page(self):
        with open(MANUAL, encoding="utf-8") as page:
            rules = re.findall(r"^\.It Li ((?:%s)\b.*)" % "|".join(EFFECTS),
                               page.read(), re.MULTILINE)
        _, web = self.start_web()
        text = "".join(rule + "\n" for rule in rules)
        self.assertEqual(self.put(web, text).body.decode(), text)
        self.assertEqual(len(rules), 7)

    def test_a_text_that_is_too_long(self):
        _, web = self.start_web("split")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"#" * (513 * 1024))
            file.flush()
            answer = self.put(web, "@" + file.name)
        self.assertEqual(answer.status, 413)
        self.assertEqual(web.curl("/rules").body, b"split\n")

    def test_pages_of_others_cannot(self):
        _, web = self.start_web("split")
        for header in ("Origin: http://evil.example", "Host: evil.example"):
            self.assertEqual(self.put(web, "close", "-H", header).status, 403)
        self.assertEqual(web.curl("/rules").body, b"split\n")

    def test_with_a_token(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(TOKEN.encode() + b"\n")
            file.flush()
            _, web = self.start_web("split",
                                    options=("--http-token", file.name))
        self.assertEqual(self.put(web, "close").status, 401)
        self.assertEqual(web.curl("/rules").body, b"split\n")
        self.assertEqual(
            self.put(web, "close", "-H", "Authorization: Bearer " + TOKEN)
            .status, 200)

    def test_metrics_and_log_lines_of_acts(self):
        client, web = self.start_web("exception 6 unit 1", "split")
        client.ask(PING, 300, 1)
        client.ask(PING, 301, 2)
        text = web.curl("/metrics").body.decode()
        for sample in ('connections 1', 'connections_accepted_total 1',
                       'requests_total 2', 'replies_total 1',
                       'acts_total{effect="exception"} 1',
                       'acts_total{effect="split"} 1',
                       'acts_total{effect="pass"} 0', 'rules 2',
                       'rule_acts_total{rule="1",text="exception 6 unit 1"} 1',
                       'rule_acts_total{rule="2",text="split"} 1'):
            self.assertIn("\nmbfault_%s\n" % sample, text)
        port = client.socket.getsockname()[1]
        for line in ("transaction 300, unit 1, function 3: exception 6, rule 1",
                     "transaction 301, unit 2, function 3: split, rule 2"):
            self.assertTrue(self.fault.log_lines(
                "info act: 127.0.0.1:%d: %s" % (port, line)))
        promtool = os.environ.get("PROMTOOL")
        if promtool:
            subprocess.run([promtool, "check", "metrics"], check=True,
                           input=text, text=True, timeout=DEADLINE)

    def test_a_file_is_read_again(self):
        with tempfile.NamedTemporaryFile("w") as file:
            def write(text):
                file.seek(0)
                file.truncate()
                file.write(text)
                file.flush()

            write("exception 6\n")
            client = self.connect_through(
                options=("--http", "0", "--rules", file.name))
            self.assertEqual(client.ask(PING), exception(3, BUSY))
            for text, held, said in (("close\nbogus\n", True, "line 2"),
                                     ("# none\n", False, ": 0 in force")):
                write(text)
                self.fault.process.send_signal(signal.SIGHUP)
                wait_for(lambda said=said: self.fault.log_lines(said), said)
                self.assertEqual(client.ask(PING) == exception(3, BUSY), held)
        self.assertRegex(self.fault.log_lines("line 2")[0],
                         r' error reload: --rules: "\S+": line 2: "bogus": ')


if __name__ == "__main__":
    main()
