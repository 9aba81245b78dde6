"""What the program does around a shared table: before it has it, and what it
tells of it. shared_*.py have the rest."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

from activation import launch, listening
from harness import (BINARY, DEADLINE, LineReader, Server, ServerTest,
                     main, run_server, server_environment, wait_for)
from notify import Manager

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ENGINES = ("valkey-server", "redis-server")
PATIENCE = 4 * DEADLINE  # for what many processes do, one after the other


class WaitingServer(Server):
    """One that waits for its table."""

    def _read_start(self):
        while True:
            line = self.lines.line()
            if line is None:
                raise AssertionError("the server ended with status %s"
                                     % self.process.wait(DEADLINE))
            if found := re.match(r"Starting server on port (\d+)\.", line):
                return int(found.group(1))


class SilentEngine:
    """It takes connections, and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "redis://127.0.0.1:%d" % self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


class Waiting(ServerTest):
    """The engine is not there yet."""

    def setUp(self):
        self.engine = SilentEngine()
        self.addCleanup(self.engine.close)

    def wait(self, *arguments, **popen):
        server = WaitingServer("--shared", self.engine.url, *arguments, **popen)
        self.addCleanup(server.kill)
        return server

    def http_port(self, server):
        return int(wait_for(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/",
                                              server.log()), "HTTP").group(1))

    def test_nobody_can_connect(self):
        server = self.wait("--http", "0")
        for port in (server.port, self.http_port(server)):
            with socket.socket() as sock:
                self.assertRaises(ConnectionRefusedError, sock.connect,
                                  ("127.0.0.1", port))
        self.assertIsNone(server.listening_port())
        self.assertTrue(server.is_running())

    def test_its_addresses_are_taken(self):
        server = self.wait("--http", "0")
        for options in (["--http", "127.0.0.1:%d" % self.http_port(server)],
                        ["--listen", "127.0.0.1:%d" % server.port]):
            for shared in ([], ["--shared", self.engine.url]):
                done = run_server("-p", "0", *options, *shared)
                self.assertEqual(done.returncode, 75, done.stderr)
                self.assertIn("Address already in use", done.stderr)
                self.assertNotIn("Server running", done.stdout)

    def test_each_signal_that_stops_ends_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            said = self.wait("--http", "0").stop(number)
            self.assertRegex(said[-1], "^Operator terminated server")
            self.assertNotIn("Server running...", said)

    def test_the_service_manager_is_not_told_that_it_is_ready(self):
        folder = tempfile.mkdtemp(prefix="mbasyncserver-")
        self.addCleanup(shutil.rmtree, folder)
        manager = Manager(os.path.join(folder, "socket"))
        self.addCleanup(manager.close)
        server = self.wait(env={"NOTIFY_SOCKET": manager.address},
                           command=["setsid"])
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log_lines("reload: "), "a reload")
        server.stop()
        told = []
        while "STOPPING" not in (told[-1] if told else {}):
            told.append(manager.next())
        self.assertFalse([t for t in told if "READY" in t or "RELOADING" in t])

    def test_clients_of_a_passed_socket_wait(self):
        activate = shutil.which("systemd-socket-activate")
        if not activate:
            self.skipTest("needs systemd-socket-activate")
        sock = listening()
        self.addCleanup(sock.close)
        process = subprocess.Popen(
            [*launch([sock]), activate, "--fdname=modbus", BINARY, "--shared",
             self.engine.url], pass_fds=[sock.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=server_environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        with socket.create_connection(sock.getsockname(), DEADLINE) as client:
            lines = LineReader(process.stdout.fileno())
            while not lines.line().startswith("Starting server"):
                pass
            client.setblocking(False)
            self.assertRaises(BlockingIOError, client.recv, 1)

    def test_a_list_of_processes_shows_no_password(self):
        url = self.engine.url.replace("//", "//plant:secret@")
        server = WaitingServer("--shared", url)
        self.addCleanup(server.kill)
        with open("/proc/%d/cmdline" % server.pid, encoding="utf-8") as file:
            words = file.read().split("\0")
        self.assertIn(url.replace("plant:secret", "*" * 12), words)
        self.assertNotIn("secret", server.log())
        server.stop()


class Password(ServerTest):
    """--shared-password."""

    def assert_wrong(self, path, why):
        for check in ([], ["--check"]):
            done = run_server("-p", "0", "--shared", "redis://127.0.0.1:1",
                              "--shared-password", path, *check)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn('start: --shared-password: "%s": %s' % (path, why),
                          done.stderr)

    def test_what_is_wrong_with_the_file_is_said(self):
        with tempfile.NamedTemporaryFile("w") as file:
            os.chmod(file.name, 0o644)
            self.assert_wrong(file.name, "expected a file that others can")
            os.chmod(file.name, 0o600)
            self.assert_wrong(file.name, "expected a line of 1 to 256")
            file.write("two words\n")
            file.flush()
            self.assert_wrong(file.name, "expected a line of 1 to 256")
        self.assert_wrong("/nonexistent", "No such file")

    def test_a_right_one_is_checked(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("secret\n")
            file.flush()
            done = run_server("--check", "--shared", "redis://127.0.0.1:1",
                              "--shared-password", file.name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Authorities(ServerTest):
    """--shared-ca."""

    def assert_wrong(self, path, why):
        for check in ([], ["--check"]):
            done = run_server("-p", "0", "--shared", "rediss://127.0.0.1:1",
                              "--shared-ca", path, *check)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn('start: --shared-ca: "%s": %s' % (path, why),
                          done.stderr)

    def test_what_is_wrong_with_the_file_is_said(self):
        self.assert_wrong("/nonexistent", "No such file")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("text\n")
            file.flush()
            self.assert_wrong(file.name, "expected a certificate")


class RunShared:
    """scripts/run-shared. It stops all that it has started when the test ends,
    also by a signal."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            env=server_environment(MBASYNCSERVER=BINARY))
        self.lines = LineReader(self.process.stdout.fileno())

    def expect(self, pattern):
        """What the groups of a pattern match in the next line."""
        line = self.lines.line(PATIENCE)
        found = re.fullmatch(pattern, line or "")
        if not found:
            raise AssertionError("%r, not %r" % (line, pattern))
        return found.groups()

    def expect_servers(self, count):
        """Port and URL of each."""
        return [self.expect(r"server %d: Modbus on port (\d+) "
                            r"(http://127\.0\.0\.1:\d+/)" % (i + 1))
                for i in range(count)]

    def expect_engine(self):
        """Its address, and the folder of logs."""
        return self.expect(
            r"engine: redis://(\S+); logs: (\S+); \^C stops all")

    def children(self):
        """The processes that it has started and that run: their numbers, and
        when they began."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open("/proc/%s/stat" % pid, encoding="utf-8") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid:
                    found.add((pid, fields[19]))
        return found

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


def is_there(process):
    """Whether one of children() still runs."""
    pid, began = process
    with contextlib.suppress(OSError):
        with open("/proc/%s/stat" % pid, encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[19] == began
    return False


def was_closed(error):
    """Whether it says that a connection was closed before an answer, as to
    clients that take long to ask."""
    return isinstance(getattr(error, "reason", error), ConnectionError)


@unittest.skipUnless(any(map(shutil.which, ENGINES)), "needs an engine")
class Shown(ServerTest):
    """What scripts/run-shared starts, and what is told of it over HTTP."""

    @classmethod
    def setUpClass(cls):
        script = RunShared("scripts/run-shared", "3")
        cls.addClassCleanup(script.close)
        cls.members = script.expect_servers(3)
        cls.engine, _ = script.expect_engine()

    def send(self, i, path, data=None, method=None):
        request = urllib.request.Request(
            self.members[i][1] + path, data, method=method,
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=DEADLINE) as reply:
            return reply.read().decode()

    def fetch(self, i, path):
        def once():
            try:
                return self.send(i, path)
            except OSError as error:
                if not was_closed(error):
                    raise
            return None
        return wait_for(once, "an answer to GET " + path)

    def try_to_write(self, i, path, data, method="POST"):
        """Whether it was written, for certain: an engine or a server that
        stands still for more than a second makes writes be refused, or nobody
        knows."""
        try:
            self.send(i, path, data, method)
        except urllib.error.HTTPError as error:
            self.assertIn(error.code, (503, 504))
            return False
        except OSError as error:
            if not was_closed(error):
                raise
            return False
        return True

    def write(self, i, address, value):
        wait_for(lambda: self.try_to_write(
            i, "api/registers",
            b'{"address":%d,"values":[%d]}' % (address, value), "PUT"),
                 "a write", PATIENCE)

    def executed(self, i):
        """Writes that were executed there, of all servers."""
        return int(re.search(
            r"^mbasyncserver_shared_writes_executed_total (\d+)$",
            self.fetch(i, "metrics"), re.MULTILINE).group(1))

    def register(self, i, address):
        return json.loads(self.fetch(
            i, "api/registers?address=%d&quantity=1" % address))["values"][0]

    def status(self, i):
        return json.loads(self.fetch(i, "api/status"))["shared"]

    def test_the_status_says_who_shares(self):
        for i in range(3):
            shared = wait_for(
                lambda i=i: next((s for s in [self.status(i)]
                                  if len(s["servers"]) == 3 and s["connected"]
                                  and s["writable"] and not s["trouble"]),
                                 None),
                "three servers")
            self.assertEqual(shared["engine"], self.engine)
            ports = {s["host"].rsplit(":", 1)[1]: s["own"]
                     for s in shared["servers"]}
            self.assertEqual(ports, {port: j == i for j, (port, _)
                                     in enumerate(self.members)})
            self.assertEqual(min(s["behind"] for s in shared["servers"]), 0)
            self.assertFalse(any(s["simulates"] for s in shared["servers"]))

    def test_nobody_is_behind_when_nobody_writes(self):
        for i in range(3):
            wait_for(lambda i=i: [s["behind"] for s in
                                  self.status(i)["servers"]] == [0, 0, 0],
                     "servers that are not behind")

    def test_a_write_over_http_is_executed_on_all(self):
        self.write(0, 7, 4711)
        self.assertEqual(self.register(0, 7), 4711)
        for i in (1, 2):
            wait_for(lambda i=i: self.register(i, 7) == 4711, "the value")

    def test_a_table_is_loaded_and_reset_by_one_write(self):
        table = json.loads(self.fetch(0, "api/dump"))
        table["registers"] = [i & 0xFFFF for i in range(65536)]
        for path, data, value in (
                ("api/load", json.dumps(table).encode(), 65000),
                ("api/reset", b"{}", 0)):
            def executions(path=path, data=data):
                # Behind this, whatever was not certain before is.
                self.write(1, 7, 0)
                before = self.executed(1)
                return self.try_to_write(1, path, data) \
                    and self.executed(1) - before
            self.assertEqual(wait_for(executions, "a write", PATIENCE), 1)
            self.assertEqual(self.register(1, 65000), value)
            wait_for(lambda value=value: self.register(2, 65000) == value,
                     "the table")

    def test_every_metric_is_described(self):
        names = re.findall(r"^# TYPE mbasyncserver_(shared_\w+)",
                           self.fetch(0, "metrics"), re.MULTILINE)
        self.assertEqual(len(names), 12)
        with open(os.path.join(ROOT, "src/mbasyncserver-http.7"),
                  encoding="utf-8") as page:
            self.assertEqual(set(names) - set(re.findall(r"\w+", page.read())),
                             set())

    def test_health_is_well(self):
        def is_well():
            with contextlib.suppress(urllib.error.HTTPError):
                return self.fetch(2, "healthz") == "ok\n"  # or 503
            return False

        wait_for(is_well, "health")


@unittest.skipUnless(any(map(shutil.which, ENGINES)), "needs an engine")
class Script(ServerTest):
    """scripts/run-shared as a program."""

    def test_it_stops_all_that_it_has_started(self):
        script = RunShared("scripts/run-shared", "2")
        self.addCleanup(script.close)
        script.expect_servers(2)
        _, folder = script.expect_engine()
        started = script.children()
        self.assertEqual(len(started), 3)
        script.process.send_signal(signal.SIGINT)
        self.assertEqual(script.process.wait(PATIENCE), 0)
        self.assertEqual(script.lines.rest(), [])
        self.assertFalse(os.path.exists(folder))
        self.assertFalse(list(filter(is_there, started)))

    def test_it_wants_a_number(self):
        for words in ([], ["x"], ["0"], ["-1"]):
            done = subprocess.run(
                [os.path.join(ROOT, "scripts/run-shared"), *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                1, "", "run-shared: expected the number of servers\n"))


if __name__ == "__main__":
    main()
