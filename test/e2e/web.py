"""A server with HTTP, and curl to ask it."""

import json
import os
import re
import select
import socket
import subprocess
import time

from harness import DEADLINE, Server, ServerTest, wait_for

# Whoever runs the tests may reach the network by a proxy only.
CURL = [os.environ.get("CURL", "curl"), "--noproxy", "*"]
TOKEN = "sesame-sesame-sesame"
JSON = ("-H", "Content-Type: application/json")

# Seconds after which the server closes a connection that has not sent a whole
# request; fewer while all the connections that it serves are open.
READING, READING_FULL = 10, 1
NO_REPLY = (52, 55, 56)  # curl's status: closed before a reply, or reset


class Answer:
    """What curl has got."""

    def __init__(self, raw):
        head, self.body = raw.split(b"\r\n\r\n", 1)
        while head.startswith(b"HTTP/1.1 100"):
            head, self.body = self.body.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            self.headers[name.lower()] = value

    def json(self):
        return json.loads(self.body)


class Web:
    """The HTTP side of a running server."""

    no_reply = NO_REPLY

    def __init__(self, server):
        self.server = server
        line = wait_for(lambda: server.log_lines(" http: http://"),
                        "its address")[0]
        found = re.search(r"http://(\S+):(\d+)/", line)
        self.host, self.port = found.group(1).strip("[]"), int(found.group(2))
        self.url = "http://%s:%d" % (found.group(1), self.port)

    def _ask(self, path, *arguments, reading=READING, body=None):
        """Ask with curl, again if it may have been stopped for so long that the
        server was right not to wait for the request. Returns an Answer."""
        for _ in range(3):
            began = time.monotonic()
            done = subprocess.run(
                [*CURL, "-s", "-i", "--max-time", str(DEADLINE), *arguments,
                 self.url + path],
                input=body, stdout=subprocess.PIPE, check=False)
            if done.returncode == 0:
                return Answer(done.stdout)
            if (done.returncode not in self.no_reply
                    or time.monotonic() - began < reading):
                break
        raise AssertionError("curl ended with %d" % done.returncode)

    def curl(self, path, *arguments, reading=READING):
        """Ask with curl. Returns an Answer."""
        return self._ask(path, "--path-as-is", *arguments, reading=reading)

    def get(self, path, *arguments):
        """A GET that succeeds: its JSON."""
        answer = self.curl(path, *arguments)
        if answer.status != 200:
            raise AssertionError("%s: status %d: %s" % (
                path, answer.status, answer.body))
        return answer.json()

    def send(self, method, path, value, *arguments):
        """PUT or POST a value as JSON, or bytes as they are."""
        if not isinstance(value, bytes):
            value = json.dumps(value).encode()
        return self._ask(path, "-X", method, *JSON, "--data-binary", "@-",
                         *arguments, body=value)

    def put(self, path, value, *arguments):
        return self.send("PUT", path, value, *arguments)

    def post(self, path, value, *arguments):
        return self.send("POST", path, value, *arguments)

    def write(self, kind, values, *arguments):
        """PUT registers or coils, from address 0 on."""
        return self.put("/api/" + kind, {"address": 0, "values": values},
                        *arguments)

    def registers(self, address, quantity):
        return self.get("/api/registers?address=%d&quantity=%d"
                        % (address, quantity))["values"]

    def coils(self, address, quantity):
        return self.get("/api/coils?address=%d&quantity=%d"
                        % (address, quantity))["values"]

    def connect(self, receive_buffer=None):
        """A raw socket."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(DEADLINE)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        sock.connect((self.host, self.port))
        return sock

    def raw(self, request):
        """Send bytes, and return all that comes until the server closes."""
        with self.connect() as sock:
            sock.sendall(request)
            parts = []
            try:
                while more := sock.recv(1 << 16):
                    parts.append(more)
            except ConnectionResetError:
                pass
            return b"".join(parts)

    def head(self, path="/api/events", method="GET", end="\r\n\r\n"):
        """The bytes of a request."""
        return ("%s %s HTTP/1.1\r\nHost: localhost%s"
                % (method, path, end)).encode()


class Events:
    """A curl that reads server-sent events."""

    def __init__(self, web, query="", *arguments):
        self.process = subprocess.Popen(
            [*CURL, "-s", "-N", *arguments, web.url + "/api/events" + query],
            stdout=subprocess.PIPE)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def next(self, deadline=DEADLINE):
        """The next event: (name, data, id)."""
        end = time.monotonic() + deadline
        fd = self.process.stdout.fileno()
        while b"\n\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                raise AssertionError("no such event in time")
            more = os.read(fd, 1 << 16)
            if more == b"":
                raise AssertionError("the events have ended")
            self.buffer += more
        event, self.buffer = self.buffer.split(b"\n\n", 1)
        fields = dict(line.split(": ", 1)
                      for line in event.decode().split("\n"))
        return (fields["event"], json.loads(fields["data"]),
                int(fields["id"]) if "id" in fields else None)

    def wait(self, *names, deadline=DEADLINE):
        """The next event of one of these names. An event "status" comes every
        second, so the deadline is that of the whole, not of each event."""
        end = time.monotonic() + deadline
        while True:
            event = self.next(end - time.monotonic())
            if event[0] in names:
                return event

    def changes(self, done):
        """Gather changes until done(table) is true: {(kind, address):
        (value, change)}."""
        table = {}
        while not done(table):
            _, data, _ = self.wait("changes")
            for change in data["changes"]:
                for i, value in enumerate(change["values"]):
                    table[change["kind"], change["address"] + i] = (
                        value, change)
        return table


class WebTest(ServerTest):
    """Tests of a server that serves HTTP."""

    def start_web(self, *arguments, http="0", **options):
        """A server and its Web."""
        server = self.start("--http", http, *arguments, **options)
        return server, Web(server)

    def events(self, web, query="", *arguments):
        events = Events(web, query, *arguments)
        self.addCleanup(events.close)
        return events

    def assert_error(self, answer, status, text):
        """An error in JSON, with a sentence that contains a text."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers.get("content-type"),
                         "application/json")
        self.assertEqual(list(answer.json()), ["error"])
        self.assertIn(text, answer.json()["error"])


__all__ = ["Answer", "Events", "Server", "Web", "WebTest", "TOKEN", "JSON"]
