"""Writes over HTTP where the table is kept in a file."""

import json
import os
import re
import subprocess

from disk_faults import Disk
from harness import exception, main, read, unpack_words, wait_for, write_single
from state_file import EX_IOERR, StateFile, StateTest
from web import CURL, JSON, NO_REPLY, Web


class Durable(StateTest):
    """A reply says that the write is on the disk, as over Modbus."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def start_on_disk(self):
        server = self.serve("--http", "0", "--http-write",
                            env=self.disk.env())
        return server, Web(server)

    def put_later(self, web, address, values):
        """A curl that is waiting."""
        process = subprocess.Popen(
            [*CURL, "-s", "-i", "-X", "PUT", *JSON, "-d",
             json.dumps({"address": address, "values": values}),
             web.url + "/api/registers"], stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def hang(self, web, address, values):
        """A curl whose write the disk delays; another one if the first was
        stopped until the server had waited long enough for its request."""
        self.disk.set("-wal", hang=1)
        for _ in range(3):
            process = self.put_later(web, address, values)
            wait_for(lambda p=process: self.disk["hanging"]
                     or p.poll() is not None, "a sync that hangs")
            if self.disk["hanging"]:
                return process
            self.assertIn(process.returncode, NO_REPLY)
        raise AssertionError("curl ended with %d" % process.returncode)

    def test_reply_and_write_wait_for_the_disk(self):
        server, web = self.start_on_disk()
        curl = self.hang(web, 0, list(range(1000)))
        client = self.connect(server)
        self.assertEqual(unpack_words(client.ask(read(3, 998, 3))[2:]),
                         [0, 0, 0])
        self.assertEqual(web.registers(999, 1), [0])
        self.assertIsNone(curl.poll())
        self.disk.set("-wal", hang=0)
        self.assertIn(b"HTTP/1.1 200", curl.communicate()[0])
        self.assertEqual(web.registers(999, 1), [999])
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[:1001],
                         list(range(1000)) + [0])

    def test_a_client_that_leaves_disturbs_no_other(self):
        server, web = self.start_on_disk()
        curl = self.hang(web, 0, [1, 2])
        curl.kill()
        curl.wait()
        other = self.put_later(web, 5, [3])
        self.disk.set("-wal", hang=0)
        self.assertIn(b"HTTP/1.1 200", other.communicate()[0])
        server.stop()
        self.assertEqual(StateFile(self.path).check().words()[:6],
                         [1, 2, 0, 0, 0, 3])

    def test_a_full_disk_is_reported_and_changes_nothing(self):
        server, web = self.start_on_disk()
        self.assertEqual(web.write("registers", [7] * 500).status, 200)
        self.disk.set("-wal", write_error=28)
        answer = web.write("registers", [8] * 30000)
        self.assertEqual(answer.status, 503)
        self.assertIn("writes are temporarily refused", answer.json()["error"])
        self.assertEqual(web.registers(0, 501), [7] * 500 + [0])
        health = web.curl("/healthz")
        self.assertEqual(health.status, 503)
        self.assertTrue(health.body.startswith(b"degraded: "))
        self.assertTrue(
            web.get("/api/status")["health"].startswith("degraded: "))
        self.assertIn(b"\nmbasyncserver_healthy 0\n",
                      web.curl("/metrics").body)
        again = web.write("registers", [9])
        self.assertEqual(again.status, 503)
        self.assertIn("exception 04", again.json()["error"])
        self.disk.set("-wal", write_error=0)
        wait_for(lambda: web.curl("/healthz").status == 200, "space again")
        self.assertEqual(web.write("registers", [9]).status, 200)
        self.assertTrue(server.is_running())

    def test_a_refused_write_is_nowhere_shown_as_executed(self):
        """Not in the trace, the counters, the last writers, or the report."""
        server = self.serve("--http", "0", "--trace", env=self.disk.env())
        web, client = Web(server), self.connect(server)
        client.ask(write_single(6, 1, 1))
        self.disk.set("-wal", write_error=28)
        for _ in range(3):
            self.assertEqual(client.ask(write_single(6, 77, 9)),
                             exception(6, 4))
        # The first of them failed on the disk, the others at once.
        self.assertEqual(
            len(server.log_lines("exception 04 server device failure")), 3)
        self.assertEqual(len(server.log_lines(": ok")), 1)
        for name, value in (("requests_total{function=\"6\"}", 4),
                            ("exceptions_total{code=\"4\"}", 3)):
            self.assertEqual(self.sample(web, re.escape(name)), value)
        self.assertEqual(self.sample(web, "table_writes_total"), 1)
        self.assertEqual(
            web.get("/api/writers?kind=registers&address=77"), [])
        report = json.dumps(web.get("/api/clients"))
        self.assertIn("answered with exception 04", report)
        self.assertNotIn("access rules", report)
        self.assertNotIn("repeats refused requests", report)

    def sample(self, web, name):
        """A metric's value."""
        found = re.search("^mbasyncserver_%s (\\S+)$" % name,
                          web.curl("/metrics").body.decode(), re.MULTILINE)
        self.assertTrue(found, name)
        return float(found.group(1))

    def test_commits_are_measured(self):
        _, web = self.start_on_disk()
        commits = self.sample(web, "commit_duration_seconds_count")
        for i in range(3):
            web.write("registers", [i])
        self.assertEqual(self.sample(web, "commit_duration_seconds_count"),
                         commits + 3)
        self.assertEqual(self.sample(web, "commit_writes_sum"), commits + 3)
        self.assertGreater(self.sample(web, "commit_duration_seconds_sum"), 0)
        self.assertEqual(self.sample(web, "commit_failures_total"), 0)
        self.disk.set("-wal", write_error=28)
        self.assertEqual(web.write("registers", [8]).status,
                         503)
        self.assertGreater(self.sample(web, "commit_failures_total"), 0)
        self.assertEqual(self.sample(web, "commit_duration_seconds_count"),
                         commits + 3)

    def test_a_disk_that_fails_ends_the_server_and_acknowledges_nothing(self):
        server, web = self.start_on_disk()
        self.disk.set("-wal", sync_error=5)
        curl = self.put_later(web, 0, [1])
        self.assertNotIn(b"HTTP/1.1 200", curl.communicate()[0])
        server.wait_stopped(EX_IOERR)

    def test_a_stop_with_a_write_that_waits(self):
        server, web = self.start_on_disk()
        curl = self.hang(web, 0, [1])
        server.process.terminate()
        wait_for(lambda: server.log_lines("stop: signal"), "the stop")
        self.disk.set("-wal", hang=0)
        server.wait_stopped()
        curl.communicate()
        self.assertEqual(StateFile(self.path).check().words()[0], 1)

    def test_modbus_and_http_writes_are_equally_durable(self):
        server, web = self.start_on_disk()
        client = self.connect(server)
        for i in range(20):
            client.ask(write_single(6, i, i))
            web.put("/api/registers", {"address": 100 + i, "values": [i]})
        server.kill()
        server = self.serve()
        self.assertEqual(self.words(server, 0, 20), list(range(20)))
        self.assertEqual(self.words(server, 100, 20), list(range(20)))

    POINTS = ("name,address\na,HR0\nbit,HR1.3\nb,HR5\ncoil,C7\n"
              "far,HR60000\n")

    def start_with_points(self):
        path = os.path.join(self.directory, "points.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.POINTS)
        server = self.serve("--http", "0", "--http-write", "--points", path,
                            env=self.disk.env())
        return server, Web(server)

    def put_points(self, web, value):
        return web.put("/api/points", {"values": {
            "a": value, "bit": value > 0, "b": value, "coil": value > 0,
            "far": value}})

    def test_several_points_are_one_durable_write(self):
        server, web = self.start_with_points()
        name = "commit_duration_seconds_count"
        commits = self.sample(web, name)
        self.assertEqual(self.put_points(web, 1).status, 200)
        self.assertEqual(self.sample(web, name), commits + 1)
        server.kill()
        server, web = self.start_with_points()
        self.assertEqual(
            [p["value"] for p in web.get("/api/points")["points"]],
            [1, True, 1, True, 1])

    def test_a_full_disk_keeps_all_points_as_they_were(self):
        _, web = self.start_with_points()
        self.put_points(web, 1)
        before = web.get("/api/points")
        self.disk.set("-wal", write_error=28)
        answer = self.put_points(web, 0)
        self.assertEqual(answer.status, 503)
        self.assertIn("writes are temporarily refused", answer.json()["error"])
        answer = web.put("/api/points/b", {"value": 9})
        self.assertEqual(answer.status, 503)
        self.assertIn("exception 04", answer.json()["error"])
        self.assertEqual(web.get("/api/points"), before)


if __name__ == "__main__":
    main()
