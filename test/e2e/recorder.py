"""GET /api/requests: what clients asked, as JSON, as lines, and as a capture
that Wireshark's dissector reads."""

import json
import os
import socket
import subprocess
import tempfile
import threading
from urllib.parse import quote

from harness import (ASAN, EVERY_FUNCTION, DEADLINE, adu, exception, has_ipv6,
                     main, read, read_write, wait_for, write_coils,
                     write_registers, write_single)
from web import WebTest

TSHARK = os.environ.get("TSHARK", "tshark")

POINTS = """\
name,address,type,scale,units,access
flow,HR16,float32,1,m3/h,rw
temperature,HR18,uint16,0.1,degC,rw
fault,HR19.2,bool,,,rw
serial,HR20,string4,,,ro
pump,C5,bool,,,rw
"""


class RecorderTest(WebTest):
    """A server that records."""

    def start_named(self, *arguments):
        """With points."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "points.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(POINTS)
        return self.start_web("--points", path, *arguments)

    def requests(self, web, query=""):
        return web.get("/api/requests" + query)["requests"]


class Requests(RecorderTest):
    """What is in each, and which are found."""

    def test_every_function_and_what_it_asked(self):
        server, web = self.start_web()
        client = self.connect(server)
        for i, (_, pdu, _) in enumerate(EVERY_FUNCTION):
            client.ask(pdu, i, 17)
        found = self.requests(web)
        self.assertEqual(len(found), len(EVERY_FUNCTION))
        for i, (name, pdu, answer) in enumerate(EVERY_FUNCTION):
            q = found[i]
            self.assertEqual(q["name"], name)
            self.assertEqual(q["function"], pdu[0])
            self.assertEqual((q["transaction"], q["unit"]), (i, 17))
            self.assertEqual(bytes.fromhex(q["request"]), adu(pdu, i, 17))
            self.assertEqual(bytes.fromhex(q["response"]), adu(answer, i, 17))
            self.assertEqual(q["id"], found[0]["id"] + i)
            self.assertRegex(q["time"],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertRegex(q["client"], r"^127\.0\.0\.1:\d+$")
            self.assertNotIn("exception", q)

    def test_values_before_and_after(self):
        for mode in "so":
            server, web = self.start_web("-d", mode)
            client = self.connect(server)
            client.ask(write_registers(16, [1, 2]))
            client.ask(write_registers(16, [3, 2]))
            client.ask(write_registers(16, [3, 2]))
            client.ask(write_coils(1000, [1, 0, 1]))
            client.ask(read(1, 999, 5))
            client.ask(read_write(16, 2, 17, [9]))
            found = self.requests(web)
            for i, before in enumerate([[0, 0], [1, 2], [3, 2]]):
                self.assertEqual(found[i]["writes"]["before"], before)
            self.assertEqual(found[1]["writes"], {
                "kind": "registers", "address": 16, "quantity": 2,
                "before": [1, 2], "after": [3, 2]})
            self.assertEqual(found[2]["writes"]["after"], [3, 2])
            self.assertEqual(found[3]["writes"]["kind"], "coils")
            self.assertEqual(found[3]["writes"]["before"], [0, 0, 0])
            self.assertEqual(found[3]["writes"]["after"], [1, 0, 1])
            self.assertEqual(found[4]["reads"]["values"], [0, 1, 0, 1, 0])
            self.assertEqual(found[5]["reads"]["values"], [3, 9])
            self.assertEqual(found[5]["writes"]["before"], [2])
            self.assertEqual(found[5]["writes"]["after"], [9])
            server.stop()

    def test_points_have_names_values_and_units(self):
        server, web = self.start_named()
        client = self.connect(server)
        client.ask(write_registers(16, [0x41AC, 0, 215, 4]))
        client.ask(read(3, 17, 3))
        client.ask(write_single(5, 5, 0xFF00))
        written, halves, pump = self.requests(web)
        self.assertEqual(written["writes"]["points"], [
            {"name": "flow", "units": "m3/h", "before": 0, "after": 21.5},
            {"name": "temperature", "units": "degC", "before": 0,
             "after": 21.5},
            {"name": "fault", "before": False, "after": True}])
        # Half of the flow is no value.
        self.assertEqual(halves["reads"]["points"], [
            {"name": "flow", "units": "m3/h"},
            {"name": "temperature", "units": "degC", "value": 21.5},
            {"name": "fault", "value": True}])
        self.assertEqual(pump["writes"]["points"], [
            {"name": "pump", "before": False, "after": True}])

    def test_overlaid_points_are_found_by_either_kind(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "points.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("name,address,type\nword,HR2,uint16\nbit,C33,bool\n")
        server, web = self.start_web("--points", path, "-d", "o")
        client = self.connect(server)
        client.ask(write_single(6, 2, 0x8002))
        client.ask(read(1, 32, 16))
        client.ask(read(1, 33, 8))
        points = [q.get("reads", q.get("writes"))["points"]
                  for q in self.requests(web)]
        self.assertEqual(points[0], [
            {"name": "word", "before": 0, "after": 0x8002},
            {"name": "bit", "before": False, "after": True}])
        self.assertEqual(
            sorted(points[1], key=lambda p: p["name"]),
            [{"name": "bit", "value": True},
             {"name": "word", "value": 0x8002}])
        self.assertEqual(
            sorted(points[2], key=lambda p: p["name"]),
            [{"name": "bit", "value": True}, {"name": "word"}])
        found = self.requests(web, "?point=word&function=1")
        self.assertEqual(len(found), 2)
        self.assertEqual(len(self.requests(web, "?address=HR2")), 3)

    def test_exceptions_have_reasons(self):
        server, web = self.start_named("--read-only-range", "HR100",
                                       "--points-only")
        client = self.connect(server)
        cases = [
            (read(3, 0, 126), 3, "quantity 126: 1 to 125 can be read at once"),
            (bytes([99]), 1, "function 99: there is no such function here"),
            (write_single(6, 20, 1), 2, "\"serial\" is read-only"),
            (read(3, 0, 1), 2, "an address there has no point"),
        ]
        for pdu, code, _ in cases:
            self.assertEqual(client.ask(pdu), exception(pdu[0], code))
        found = self.requests(web)
        for q, (_, code, why) in zip(found, cases):
            self.assertEqual((q["exception"], q["reason"]), (code, why))
        self.assertEqual(found[0]["reads"]["quantity"], 126)
        self.assertNotIn("values", found[0]["reads"])
        self.assertNotIn("before", found[2]["writes"])

    def test_reasons_of_access_rules(self):
        server, web = self.start_web("--read-only-range", "HR100")
        self.connect(server).ask(write_single(6, 100, 1))
        self.assertIn("--read-only-range", self.requests(web)[0]["reason"])
        server, web = self.start_web("--write-from", "192.0.2.1")
        self.connect(server).ask(write_single(6, 100, 1))
        self.assertIn("--write-from", self.requests(web)[0]["reason"])

    def test_filters(self):
        server, web = self.start_named()
        one, two = self.connect(server), self.connect(server)
        one.ask(read(3, 16, 2))
        two.ask(read(4, 18, 1))
        one.ask(write_single(6, 19, 4))
        two.ask(read(1, 0, 6))
        one.ask(read(3, 0, 0))
        two.ask(write_single(6, 20, 4))

        def found(query):
            all_ids = [q["id"] for q in self.requests(web)]
            return [all_ids.index(q["id"])
                    for q in self.requests(web, "?" + query)]

        port = one.socket.getsockname()[1]
        self.assertEqual(found("client=127.0.0.1"), [0, 1, 2, 3, 4, 5])
        self.assertEqual(found("client=127.0.0.1:%d" % port), [0, 2, 4])
        self.assertEqual(found("client=192.0.2.1"), [])
        self.assertEqual(found("function=3"), [0, 4])
        self.assertEqual(found("function=6,1"), [2, 3, 5])
        self.assertEqual(found("address=HR16-17"), [0])
        self.assertEqual(found("address=HR17-19"), [0, 1, 2])
        self.assertEqual(found("address=registers:19"), [2])
        self.assertEqual(found("address=C5"), [3])
        self.assertEqual(found("point=flow"), [0])
        self.assertEqual(found("point=fault"), [2])
        self.assertEqual(found("exception=any"), [4, 5])
        self.assertEqual(found("exception=none"), [0, 1, 2, 3])
        self.assertEqual(found("exception=2"), [5])
        self.assertEqual(found("exception=2,3"), [4, 5])
        self.assertEqual(found("exception=none,3"), [0, 1, 2, 3, 4])
        self.assertEqual(found("function=6&exception=none"), [2])
        self.assertEqual(found("limit=2"), [4, 5])
        self.assertEqual(found("limit=1&function=3"), [4])
        self.assertEqual(found("since=-1h"), [0, 1, 2, 3, 4, 5])
        self.assertEqual(found("since=now"), [])
        third = self.requests(web)[2]
        self.assertEqual(found("since=%d" % third["id"]), [3, 4, 5])
        self.assertEqual(found("since=%d&limit=1" % third["id"]), [5])
        self.assertEqual(found("since=" + quote(third["time"])), [3, 4, 5])

    def test_a_reply_says_where_to_go_on(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ping()
        first = web.get("/api/requests")
        self.assertTrue(first["complete"])
        self.assertEqual(first["last"], first["requests"][-1]["id"])
        self.assertEqual(first["recorded"], 1)
        self.assertEqual(first["bytes"], 4 << 20)
        client.ping(5)
        then = web.get("/api/requests?limit=2&since=%d" % first["last"])
        self.assertFalse(then["complete"])
        self.assertEqual(then["last"], first["last"] + 5)
        self.assertEqual([q["id"] for q in then["requests"]],
                         [then["last"] - 1, then["last"]])
        self.assertEqual(
            self.requests(web, "?since=%d" % then["last"]), [])

    def test_lines(self):
        server, web = self.start_web()
        self.connect(server).ping(3)
        answer = web.curl("/api/requests?format=jsonl")
        self.assertEqual(answer.headers["content-type"],
                         "application/x-ndjson")
        lines = answer.body.decode().splitlines()
        self.assertEqual([json.loads(line) for line in lines],
                         self.requests(web))
        self.assertEqual(
            web.curl("/api/requests?format=jsonl&function=99").body, b"")

    def test_errors(self):
        server, web = self.start_named()
        for query, status, text in [
                ("client=x", 400, "client"), ("function=0", 400, "function"),
                ("function=3,", 400, "function"),
                ("function=256", 400, "function"),
                ("function=", 400, "function"),
                ("exception=some", 400, "exception"),
                ("exception=0", 400, "exception"),
                ("address=5", 400, "address"),
                ("address=HR9-8", 400, "address"),
                ("point=nothing", 404, "nothing"),
                ("point=flow&address=HR1", 400, "address"),
                ("limit=0", 400, "limit"), ("since=later", 400, "since"),
                ("format=xml", 400, "json"), ("other=1", 400, "other")]:
            self.assert_error(web.curl("/api/requests?" + query), status, text)
        self.assertEqual(web.curl("/api/requests", "--head").status, 200)
        self.assertEqual(
            web.curl("/api/requests", "--http1.0").json()["requests"], [])
        server.stop()

    def test_0_records_nothing(self):
        server, web = self.start_web("--http-recorder", "0")
        self.connect(server).ping()
        self.assert_error(web.curl("/api/requests"), 404, "--http-recorder")
        server.stop()

    def test_writes_that_waited_for_the_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            server, web = self.start_web(
                "--state", os.path.join(folder, "state"), "--state-init")
            client = self.connect(server)
            client.send(adu(write_single(6, 1, 5), 1) + adu(read(3, 1, 1), 2) +
                        adu(write_single(6, 1, 6), 3) + adu(read(3, 1, 1), 4))
            for _ in range(4):
                client.frame()
            found = self.requests(web)
            self.assertEqual([q["transaction"] for q in found], [1, 2, 3, 4])
            self.assertEqual([q["writes"]["before"] + q["writes"]["after"]
                              for q in found[::2]], [[0, 5], [5, 6]])
            self.assertEqual([q["reads"]["values"] for q in found[1::2]],
                             [[5], [6]])
            server.stop()


class Findings(RecorderTest):
    """The client report leads to the requests that it is about."""

    def report(self, web):
        return next(c["report"] for c in web.get("/api/clients")
                    if "report" in c)

    def test_each_finding_has_its_requests(self):
        server, web = self.start_named("--read-only-range", "HR100",
                                       "--points-only")
        client = self.connect(server)
        client.ask(read(3, 0, 126))            # illegal
        client.ask(bytes([99]))                # illegal
        client.ask(write_single(6, 20, 1))     # read-only
        client.ask(read(3, 200, 4))            # without a point
        client.ask(read(3, 16, 1))             # half of it
        client.ask(read(3, 16, 1))
        report = self.report(web)

        def asked(finding):
            return [bytes.fromhex(q["request"])[7:]
                    for q in self.requests(web, "?" + finding["query"])]

        illegal = {i["function"]: i for i in report["illegal"]}
        self.assertEqual(asked(illegal[3]), [read(3, 0, 126)])
        self.assertEqual(asked(illegal[99]), [bytes([99])])
        findings = {f["hint"]: f for f in report["findings"]}
        self.assertEqual(list(findings), report["hints"])
        self.assertEqual(asked(findings['writes what is read-only: "serial"']),
                         [write_single(6, 20, 1)])
        self.assertEqual(asked(next(
            f for hint, f in findings.items() if "refused at" in hint)),
                         [read(3, 200, 4)])
        self.assertEqual(asked(findings['reads half of "flow"']),
                         [read(3, 16, 1)] * 2)
        self.assertEqual(asked(next(
            f for hint, f in findings.items() if "access rules" in hint)),
                         [bytes([99]), write_single(6, 20, 1),
                          read(3, 200, 4)])
        self.assertEqual(asked(report["polls"][0]), [read(3, 16, 1)] * 2)
        server.stop()

    def test_a_name_that_must_be_encoded(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "points.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write('name,address,access\n"50 % & mehr/Öl+#",HR7,ro\n')
            server, web = self.start_web("--points", path)
            self.connect(server).ask(write_single(6, 7, 1))
            finding = next(f for f in self.report(web)["findings"]
                           if "read-only" in f["hint"])
            found = self.requests(web, "?" + finding["query"])
            self.assertEqual(found[0]["reason"],
                             '"50 % & mehr/Öl+#" is read-only')
            server.stop()

    def test_there_is_none_without_a_recorder(self):
        server, web = self.start_web("--http-recorder", "0")
        self.connect(server).ask(read(3, 0, 126))
        self.assertNotIn("query", self.report(web)["illegal"][0])
        server.stop()


class Ring(RecorderTest):
    """Many requests."""

    def test_the_last_ones_are_kept(self):
        server, web = self.start_web("--http-recorder", "64K")
        client = self.connect(server)
        for start in range(0, 5000, 500):
            client.send(b"".join(
                adu(write_single(6, i % 7, i), i)
                for i in range(start, start + 500)))
            for _ in range(500):
                client.frame()
        reply = web.get("/api/requests?limit=100000")
        found = reply["requests"]
        self.assertTrue(reply["complete"])
        self.assertEqual(len(found), reply["recorded"])
        self.assertGreater(len(found), 600)
        self.assertLess(len(found), 800)
        self.assertEqual([q["transaction"] for q in found],
                         list(range(5000 - len(found), 5000)))
        for q in found:
            i = q["transaction"]
            self.assertEqual(q["writes"]["before"], [i - 7])
            self.assertEqual(q["writes"]["after"], [i])

    def test_memory_is_bounded(self):
        server, web = self.start_web("--http-recorder", "1M")
        client = self.connect(server)
        burst = b"".join(adu(read(3, 0, 125), i) for i in range(200))

        def ask(times):
            for _ in range(times):
                client.send(burst)
                for _ in range(200):
                    client.frame()

        def take():
            for name in ("json&limit=100000", "jsonl", "pcapng"):
                web.curl("/api/requests?format=" + name)

        ask(30)
        take()
        before = server.resident_bytes()
        ask(60)
        take()
        self.assertLess(server.resident_bytes() - before,
                        (16 if ASAN else 4) << 20)

    def test_a_client_that_reads_slowly(self):
        """It gets what is left, in order, and costs no memory."""
        server, web = self.start_web("--http-recorder", "16M")
        client = self.connect(server)
        burst = b"".join(adu(read(3, 0, 125), i) for i in range(200))
        for _ in range(100):
            client.send(burst)
            for _ in range(200):
                client.frame()
        before = server.resident_bytes()
        with web.connect(receive_buffer=4096) as sock:
            sock.sendall(web.head("/api/requests?format=jsonl"))
            head = sock.recv(1000)
            self.assertIn(b"200 OK", head)
            # Meanwhile all of it is overwritten. A reader that takes nothing
            # would be disconnected at some time; what is left may end before.
            body = head
            for _ in range(250):
                client.send(burst)
                for _ in range(200):
                    client.frame()
                if not self.is_whole(body):
                    body += self.some(sock)
            self.assertLess(server.resident_bytes() - before,
                            (40 if ASAN else 20) << 20)
            # The whole reply must be taken within a minute.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            while not self.is_whole(body):
                body += self.some(sock)
        ids = []
        for line in self.body_of(body).splitlines():
            ids.append(json.loads(line)["id"])
        self.assertEqual(ids, sorted(set(ids)))
        self.assertLess(len(ids), 20000)
        server.stop()

    def is_whole(self, raw):
        """Whether a chunked reply has ended."""
        return raw.endswith(b"\r\n0\r\n\r\n")

    def some(self, sock):
        part = sock.recv(1 << 16)
        self.assertNotEqual(part, b"")
        return part

    def body_of(self, raw):
        """The body of a chunked reply."""
        raw = raw.split(b"\r\n\r\n", 1)[1]
        body = b""
        while True:
            size, raw = raw.split(b"\r\n", 1)
            size = int(size, 16)
            if size == 0:
                return body
            body += raw[:size]
            raw = raw[size + 2:]

    def test_a_client_that_goes_away(self):
        server, web = self.start_web()
        client = self.connect(server)
        burst = b"".join(adu(read(3, 0, 125), i) for i in range(200))
        for _ in range(40):
            client.send(burst)
            for _ in range(200):
                client.frame()
        before = server.descriptors()
        for name in ("json&limit=100000", "jsonl", "pcapng"):
            for _ in range(5):
                with web.connect(receive_buffer=4096) as sock:
                    sock.sendall(web.head("/api/requests?format=" + name))
                    sock.recv(1000)
        wait_for(lambda: server.descriptors() <= before,
                 "their connections to be closed")
        self.assertEqual(len(self.requests(web, "?limit=5")), 5)
        server.stop()


class Capture(RecorderTest):
    """As pcapng, read by tshark."""

    def tshark(self, body, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "requests.pcapng")
            with open(path, "wb") as file:
                file.write(body)
            ended = subprocess.run(
                [TSHARK, "-n", "-r", path, "-o", "tcp.check_checksum:TRUE",
                 "-o", "ip.check_checksum:TRUE", *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                env=dict(os.environ, LC_ALL="C"))
            self.assertEqual(ended.returncode, 0, ended.stderr)
            return ended.stdout

    def packets(self, body):
        """The packets with data: requests, and responses."""
        names = ["tcp.srcport", "tcp.dstport", "tcp.len", "mbtcp.trans_id",
                 "modbus.exception_code", "tcp.payload", "frame.time_epoch",
                 "tcp.flags.syn", "tcp.flags.ack"]
        text = self.tshark(body, "-T", "fields", "-E", "separator=;", *(
            option for name in names for option in ("-e", name)))
        rows = [dict(zip(names, line.split(";")))
                for line in text.splitlines()]
        self.opened = {row["tcp.srcport"] for row in rows
                       if row["tcp.flags.syn"] in ("1", "True") and
                       row["tcp.flags.ack"] in ("0", "False")}
        rows = [row for row in rows if row["tcp.len"] != "0"]
        times = [row["frame.time_epoch"] for row in rows]
        self.assertEqual(times, sorted(times))
        return ([row for row in rows if row["tcp.dstport"] == "502"],
                [row for row in rows if row["tcp.srcport"] == "502"])

    def assert_flawless(self, body):
        """Nothing that Wireshark remarks on, but that connections begin."""
        self.assertEqual(self.tshark(body, "-Y", " || ".join((
            "_ws.malformed", "_ws.short",
            "_ws.expert.severity >= 0x400000",  # notes and worse
            "tcp.analysis.flags", "tcp.checksum.status == 0",
            "ip.checksum.status == 0", "!(tcp)",
            "(tcp.len > 0 && !(modbus))"))), "")

    def check(self, server, web, clients):
        pdus, answers = [], []
        for i, (_, pdu, answer) in enumerate(EVERY_FUNCTION):
            clients[i % len(clients)].ask(pdu, i)
            pdus.append(adu(pdu, i))
            answers.append(adu(answer, i))
        answer = web.curl("/api/requests?format=pcapng")
        self.assertEqual(answer.headers["content-type"],
                         "application/x-pcapng")
        self.assert_flawless(answer.body)
        both = self.packets(answer.body)
        for rows, expected in zip(both, (pdus, answers)):
            self.assertEqual(
                [bytes.fromhex(row["tcp.payload"].replace(":", ""))
                 for row in rows], expected)
            self.assertEqual([row["mbtcp.trans_id"] for row in rows],
                             [str(i) for i in range(len(expected))])
        self.assertEqual(self.opened, {
            str(c.socket.getsockname()[1]) for c in clients})
        server.stop()

    def test_wireshark_reads_every_request(self):
        server, web = self.start_web()
        self.check(server, web, [self.connect(server) for _ in range(3)])

    def test_also_over_ipv6(self):
        if not has_ipv6():
            self.skipTest("no IPv6 here")
        server, web = self.start_web(listen="::1")
        self.check(server, web,
                   [self.connect(server, host="::1") for _ in range(2)])

    def test_exceptions_of_many_clients_at_once(self):
        server, web = self.start_web()

        def ask():
            with self.connect(server) as client:
                for i in range(50):
                    client.ask(read(3, 0, 125 + i % 2), i)

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        body = web.curl("/api/requests?format=pcapng").body
        self.assert_flawless(body)
        asked, answered = self.packets(body)
        self.assertEqual((len(asked), len(answered)), (1000, 1000))
        body = web.curl("/api/requests?format=pcapng&exception=any").body
        self.assert_flawless(body)
        asked, answered = self.packets(body)
        self.assertEqual((len(asked), len(answered)), (500, 500))
        self.assertEqual({row["modbus.exception_code"] for row in answered},
                         {"3"})
        server.stop()

    def test_nothing_is_a_capture_as_well(self):
        server, web = self.start_web()
        body = web.curl("/api/requests?format=pcapng").body
        self.assertEqual(self.tshark(body), "")
        server.stop()


if __name__ == "__main__":
    main()
