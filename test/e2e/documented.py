"""What README.md and the manual pages show: each command is run, and its output
compared with the one that is shown.

A command is a line that begins with a prompt, "$ " or, for root, "# ", in a
code block of README.md or in a .Dl line or .Bd -literal block of a manual page.
The lines below it, up to the next prompt, are its output. A document is run
from top to bottom in a folder of its own. A command that starts a server ends
the one before. Ports, times and the addresses of examples are replaced by those
of this run, and are not compared.

A block without a prompt that begins with a time is what the server has logged;
any other is listed in TEXT. A command that needs root, a boot or a network of
its own is listed in ELSEWHERE, with the test that runs it.
"""

import atexit
import datetime
import functools
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import (BINARY, DEADLINE, LineReader, ServerTest, has_ipv6, main,
                     server_environment, wait_for)
from still_clock import StillClock

ROOT = os.environ["DOCUMENTED"]
MANUALS = sorted(os.path.relpath(path, ROOT)
                 for path in glob.glob(os.path.join(ROOT, "src/*.[1-9]")))
DOCUMENTS = ["README.md", *MANUALS]

# What needs root, a boot or a network of its own, by the file that runs it word
# for word, in scripts/test-boot; in one line and without "sudo".
BOOT = "test/boot/7-documented"
ELSEWHERE = {command: (BOOT, command) for command in [
    "apt-get install ./.build/package/mbasyncserver-tools_*.deb",
    "apt-get install ./.build/package/mbasyncserver_*.deb",
    "apt-get purge mbasyncserver",
    "apt-get remove mbasyncserver",
    "chown --reference=/var/lib/private/mbasyncserver "
    "/var/lib/private/mbasyncserver/table*",
    "cp /usr/share/doc/mbasyncserver/examples/port-502.conf "
    "/etc/systemd/system/mbasyncserver.service.d/",
    "cp /usr/share/doc/mbasyncserver/examples/tls.conf "
    "/etc/systemd/system/mbasyncserver.service.d/",
    "install -D -m 644 -t /etc/mbasyncserver server.pem ca.pem crl.pem roles",
    "install -m 600 -t /etc/mbasyncserver server.key",
    "sed -i 's/^#TLS=/TLS=/' /etc/default/mbasyncserver",
    "systemctl enable --now mbasyncserver-tls.socket",
    "systemctl stop mbasyncserver.service",
    "install -D -m 644 /usr/share/doc/mbasyncserver/examples/plant.csv "
    "/etc/mbasyncserver/points.csv",
    "echo 'OPTIONS=\"-p 8504\"' >/etc/default/mbasyncserver-line2",
    "echo 'POINTS=\"--points /etc/mbasyncserver/line2.csv\"' "
    ">>/etc/default/mbasyncserver-line2",
    "install -D -m 644 /usr/share/doc/mbasyncserver/examples/plant.csv "
    "/etc/mbasyncserver/line2.csv",
    "mkdir -p -m 0700 /var/lib/private/mbasyncserver-line2",
    "mbasyncserver --state /var/lib/private/mbasyncserver-line2/table "
    "--state-create",
    "systemctl enable --now mbasyncserver@line2.service",
    "iptables -A INPUT -p tcp --dport 8502 "
    "-m conntrack --ctorigdstport 502 -j ACCEPT",
    "journalctl -u mbasyncserver",
    "mbasyncserver --state /var/lib/private/mbasyncserver/table "
    "--state-create",
    "mbasyncserver --points /etc/mbasyncserver/points.csv --check",
    "mbasyncserver -d o --state /var/lib/private/mbasyncserver/table "
    "--state-create",
    "mbasyncserver-redirect add",
    "mbasyncserver-redirect add --from 5020 --to 8503",
    "mbasyncserver-redirect remove",
    "mbasyncserver-redirect status",
    "mkdir -p /etc/systemd/system/mbasyncserver.service.d",
    "mkdir -p -m 0700 /var/lib/private/mbasyncserver",
    "mkdir /var/lib/private/mbasyncserver/separate",
    "mv /var/lib/private/mbasyncserver/table* "
    "/var/lib/private/mbasyncserver/separate/",
    "nft add rule inet filter input ip saddr 192.0.2.0/24 tcp dport 502 accept",
    "nft add rule inet filter input tcp dport 502 drop",
    "sed -i 's/^#POINTS=/POINTS=/' /etc/default/mbasyncserver",
    "sed -i 's/^OPTIONS=.*/OPTIONS=\"-p 502\"/' /etc/default/mbasyncserver",
    "sed -i 's/^OPTIONS=.*/OPTIONS=\"-p 8502 -d o\"/' "
    "/etc/default/mbasyncserver",
    "setcap cap_net_bind_service=+ep /usr/sbin/mbasyncserver",
    "ss -ltnp 'sport = :502'",
    "systemctl daemon-reload",
    "systemctl disable --now mbasyncserver.service",
    "systemctl disable --now mbasyncserver.socket mbasyncserver.service "
    "mbasyncserver-redirect.service",
    "systemctl enable --now mbasyncserver",
    "systemctl enable --now mbasyncserver-redirect",
    "systemctl enable --now mbasyncserver.service",
    "systemctl enable --now mbasyncserver.socket",
    "systemctl enable mbasyncserver.service",
    "systemctl reload mbasyncserver",
    "systemctl reload mbasyncserver-redirect",
    "systemctl reset-failed mbasyncserver.service",
    "systemctl restart mbasyncserver",
    "systemctl restart mbasyncserver-redirect",
    "systemctl restart mbasyncserver.service",
    "systemctl restart mbasyncserver.socket",
    "systemctl start mbasyncserver.service",
    "systemctl start mbasyncserver.socket",
    "systemctl status mbasyncserver",
    "systemctl stop mbasyncserver.service",
    "systemctl stop mbasyncserver.socket mbasyncserver.service",
    "tar -xzf mbasyncserver-3.7.0-Linux-x86_64.tar.gz -C /usr/local "
    "--strip-components=1 --no-overwrite-dir",
]}

# In containers.
ELSEWHERE.update({command: ("test/image/manual.py", command) for command in [
    "docker load -i .build/image/mbasyncserver-3.7.0-amd64.tar",
    "docker run --rm -v plant:/var/lib/mbasyncserver "
    "localhost/mbasyncserver:3.7.0 --state table --state-create",
    "docker run -d --name plant --restart unless-stopped --read-only "
    "--cap-drop all --security-opt no-new-privileges -p 502:502 "
    "-v plant:/var/lib/mbasyncserver localhost/mbasyncserver:3.7.0 "
    "--state table",
    "docker exec plant mbasyncserver health",
    "docker kill --signal HUP plant",
    "docker stop plant",
]})

# The same, where a part of it is run, or it as a part.
ELSEWHERE.update({
    "cmake --install .build/release --component server":
        ("test/package/components.py", 'COMPONENT = "server"'),
    "scripts/image": ("test/README.md", "scripts/image --test"),
    "scripts/package": ("scripts/test-boot", "/scripts/package"),
    "scripts/run-shared 3": ("test/e2e/shared_program.py",
                             '"scripts/run-shared", "3"'),
    "scripts/test": (".ci/run", "scripts/test"),
    "sqlite3 new.state \"ATTACH 'table.state.damaged-20261126T060000Z' AS old; "
    "REPLACE INTO block SELECT * FROM old.block\"":
        ("test/e2e/scrub.py", "REPLACE INTO block SELECT * FROM old.block"),
    "systemd-socket-activate -l 8502 mbasyncserver":
        ("test/e2e/activation.py", "systemd-socket-activate"),
})

# Blocks that are neither commands nor compared with the log: their first lines,
# or the beginnings.
TEXT = {
    "README.md": ["coils      15"],
    "src/mbasyncserver-container.7": [ # see test/image/manual.py
        "services:", "apiVersion: apps/v1"],
    "src/mbasyncserver-health.1": ["unhealthy: "], # see health.py
    "src/mbasyncserver-http.7": [
        "event: changes", "event: points", "event: writes",
        # see proxies.py
        "location /plant/ {", "redir /plant /plant/", 'auth_basic "plant";',
        '{"id":1795687446077263', # see recorder.py
        '{"point":"flow","units"', # see http_journal.py
    ],
    "src/mbasyncserver-points.5": ["address  =", "value    =", "FILE:LINE"],
    "src/mbasyncserver-redirect.8": [
        "FROM=502", "tcp dport 8502", # see FIREWALL_NFT in redirect.py
        "table inet mbasyncserver_502"],
    "src/mbasyncserver-security.7": [
        "file  =", 'roles:3: "raed"', # see check_roles_file.c
         "1.3.6.1.4.1.50316.802.1 =", # see tls_plant.py
         "reload: --roles:", "disconnect: 192.0.2.7:"], # see tls_reload.py
    "src/mbasyncserver-shared.7": [
        "appendonly yes", "min-replicas-to-write 1", "replicaof 192.0.2.10",
        "port 0", "tls-replication yes",
        "sentinel monitor mb", "--shared redis://mbasync@192.0.2.10,",
        "mbasyncserver --check --shared", "mbasyncserver -p 8502 --shared",
        "2026-11-26 18:04:11.207 info shared: 192.0.2.10:6379: up to date",
        "redis-cli --user mbasync", "curl http://127.0.0.1:8080/api/dump",
        "curl --data-binary @table.json"],
    "src/mbasyncserver.8": [
        "[Socket]", # see test/boot/2-socket
        "> ", # of Windows: see test/windows/windows.py
        # What clients did, and how fast: see writers.py and http_api.py.
        "2026-11-22 15:34:56.092 info writers: 26 writes",
        "2026-11-22 17:02:02.059 info report: 127.0.0.1: 58 requests"],
    "src/mbtorture.1": ["FAIL header: ", # see torture.py
                        "mbtorture --registers 100"],
}

# What stands in examples, and what does so here.
ADDRESSES = [("192.0.2.0/24", "127.0.0.0/8"), ("192.0.2.10", "127.0.0.1"),
             ("192.0.2.1", "127.0.0.1"), ("2001:db8::1", "::1")]

# The files that examples read.
EXAMPLES = [os.path.join(ROOT, "cmake/package/plant.csv"),
            os.path.join(ROOT, "cmake/package/roles"),
            *glob.glob(os.path.join(ROOT, "test/points/recipes/*"))]



@functools.cache
def certificates():
    """Those of a server, which examples read as well."""
    folder = tempfile.mkdtemp(prefix="mbasyncserver-certificates-")
    atexit.register(shutil.rmtree, folder)
    folder = os.path.join(folder, "made")
    subprocess.run([os.path.join(ROOT, "scripts/test-certificates"), folder],
                   stdout=subprocess.DEVNULL, timeout=DEADLINE, check=True)
    return [os.path.join(folder, name)
            for name in ("ca.pem", "server.pem", "server.key")]


STARTS_SERVER = re.compile(
    r"(scripts/run|mbasyncserver)\b(?!-)"
    r"(?!.*(\b(journal|health)\b|--help|--version|--state-create|--check))")
NEEDS_A_STOP = re.compile(r"\bjournal --state|^rm ")
TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"


# Extraction ------------------------------------------------------------------

class Command:
    """A command with the output that is shown for it."""

    def __init__(self, where, prompt, text):
        self.where = where
        self.text = re.sub(r"^sudo ", "", text)
        self.root = prompt == "#" or self.text != text
        self.shown = []


class Text:
    """A block without a prompt."""

    def __init__(self, where, lines):
        self.where = where
        self.lines = lines


def markdown_blocks(text):
    """The number of the first line, and the lines, of each indented block."""
    block, first = [], 0
    for number, line in enumerate([*text.split("\n"), "."], 1):
        if line.startswith("    "):
            first = first if block else number
            block.append(line[4:])
        elif line.strip() == "" and block:
            block.append("")
        elif block:
            yield first, block
            block = []


def unescape(line):
    """A line of literal text in a manual page."""
    return line.replace("\\&", "").replace("\\e", "\\")


def manual_blocks(text):
    """The same for .Dl lines and .Bd -literal blocks."""
    block = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(".Bd -literal"):
            block, first = [], number + 1
        elif line == ".Ed" and block is not None:
            yield first, block
            block = None
        elif line.startswith(".Dl "):
            yield number, [unescape(line[4:])]
        elif block is not None:
            block.append(unescape(line))


def without_end(lines):
    """The lines without empty ones at the end."""
    lines = list(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def goes_on(command):
    """Whether the next line belongs to it: a quote is open, or its end says
    so."""
    return command.count("'") % 2 == 1 or re.search(r"[\\|]$", command)


def commands_of(name, first, lines):
    """The commands of a block, or the one Text that it is."""
    found = []
    lines = without_end(lines)
    if not any(re.match(r"[$#] ", line) for line in lines):
        return [Text("%s:%d" % (name, first), lines)]
    for number, line in enumerate(lines, first):
        prompt = re.match(r"([$#]) (.*)", line)
        if found and found[-1].text.startswith("cat ") and line[:1] == "#":
            prompt = None # a comment in the file
        if found and not found[-1].shown and goes_on(found[-1].text):
            found[-1].text += "\n" + line
        elif prompt:
            found.append(Command("%s:%d" % (name, number), *prompt.groups()))
        else:
            found[-1].shown.append(line)
    return found


def entries_of(name):
    """All commands and texts of a document, in order."""
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        text = file.read()
    blocks = markdown_blocks if name.endswith(".md") else manual_blocks
    return [entry for first, lines in blocks(text)
            for entry in commands_of(name, first, lines)]


def flat(command):
    """A command in one line."""
    return re.sub(r"\s*\\?\n\s*", " ", command)


# Comparison ------------------------------------------------------------------

def stable(line):
    """A line without what differs from run to run."""
    for pattern, text in ((TIME, "TIME"),
                          (r"\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}", "DATE"),
                          (r"127\.0\.0\.1([:,])\d+", r"127.0.0.1\1PORT"),
                          (r"\bport \d+", "port PORT"),
                          (r"\d{13,}", "NUMBER"), (r"\d+\.\d{3} s\b", "T s"),
                          (r"^\d+\.\d s$", "T s"),
                          (r'"writes":\d+', '"writes":N'),
                          (r"\s+", " ")):
        line = re.sub(pattern, text, line)
    return line.strip()


def stable_lines(lines):
    """The same for several lines, without empty ones at the end."""
    return [stable(line) for line in without_end(lines)]


# Running ---------------------------------------------------------------------

class Shown:
    """A server that a document starts."""

    def __init__(self, command, line, folder, environment, clock=None):
        self.command = command
        self.clock = clock
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["bash", "-c", "exec " + line], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.lines = LineReader(self.process.stdout.fileno())
        self.said = []
        while not self.said or not self.said[-1].endswith(" running..."):
            said = self.lines.line()
            if said is None:
                raise AssertionError("%s: %s: the server ended: %s" % (
                    command.where, line, self.log()))
            self.said.append(said)
        self.port = re.search(r"on port (\d+)", "\n".join(self.said)).group(1)
        self.http_port = None
        if "--http" in command.text:
            self.http_port = wait_for(self.find_http_port, "HTTP").group(1)

    def find_http_port(self):
        return re.search(r"http: https?://\S+:(\d+)/", self.log())

    def log(self):
        return os.pread(self.errors.fileno(), 1 << 26, 0).decode()

    def wait(self):
        """It must end by itself, and well."""
        status = self.process.wait(DEADLINE)
        self.said += self.lines.rest()
        if status != 0 or "Sanitizer" in self.log() or \
                "runtime error:" in self.log():
            raise AssertionError("%s: exit status %d: %s" % (
                self.command.where, status, self.log()))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.clock: # it gives its clients half a second
            wait_for(lambda: self.clock.advance(1) or
                     self.process.poll() is not None, "the end")
        self.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class ShownFault(Shown):
    """An mbfault that a document starts in the background."""

    def __init__(self, command, line, *arguments):
        for port in ("8503", "8081"):
            line = line.replace(port, "0")
        super().__init__(command, line.rstrip("& "), *arguments)


class Bridge:
    """A socat that a document starts in the background, on another port."""

    def __init__(self, line, folder, environment):
        line = re.sub(r"TCP-LISTEN:\d+", "TCP-LISTEN:0", line.rstrip("& "))
        self.process = subprocess.Popen(
            ["bash", "-c", "exec " + line.replace("socat ", "socat -d -d ", 1)],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.lines = LineReader(self.process.stderr.fileno())
        found = None
        while not found:
            said = self.lines.line()
            if said is None:
                raise AssertionError("%s: socat ended" % line)
            found = re.search(r"listening on .*:(\d+)$", said)
        self.port = found.group(1)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def patient(folder, name, *options):
    """That program, with options before those of the command line."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexec %s \"$@\"\n" % shlex.join(
            [os.environ[name.upper()], *options]))
    os.chmod(path, 0o755)


class Documented(unittest.TestCase):
    """A document from top to bottom."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="mbasyncserver-")
        self.addCleanup(shutil.rmtree, folder)
        self.folder = os.path.join(folder, "work")
        programs = os.path.join(folder, "programs")
        os.makedirs(os.path.join(self.folder, "scripts"))
        os.mkdir(programs)
        os.symlink(BINARY, os.path.join(self.folder, "scripts/run"))
        os.symlink(os.path.join(ROOT, "scripts/test-certificates"),
                   os.path.join(self.folder, "scripts/test-certificates"))
        os.symlink(os.path.join(ROOT, "cmake"),
                   os.path.join(self.folder, "cmake"))
        for path in [*EXAMPLES, *certificates()]:
            shutil.copy(path, self.folder)
        os.symlink(BINARY, os.path.join(programs, "mbasyncserver"))
        os.symlink(os.environ["MBFAULT"], os.path.join(programs, "mbfault"))
        os.symlink(os.environ["CURL"], os.path.join(programs, "curl"))
        # By themselves they wait for a second, which a busy machine may take.
        patient(programs, "mbpoll", "-o", "10")
        patient(programs, "mbtorture", "--timeout", "30", "--deadline", "1500")
        self.environment = server_environment(
            PATH=programs + ":" + os.environ["PATH"], HOME=folder)
        self.server = None
        self.bridge = None
        self.fault = None
        self.moment = None

    def tearDown(self):
        for program in (self.bridge, self.fault, self.server):
            if program:
                program.close()

    def put_in(self, text):
        """Ports, times and addresses of here."""
        for example, here in ADDRESSES:
            text = text.replace(example, here)
        if self.moment:
            text = text.replace("16:02:44", self.moment)
        if not self.server:
            return text
        text = text.replace("$(pidof mbasyncserver)",
                            str(self.server.process.pid))
        for port in ("8502", "8802"):
            text = text.replace(port, self.server.port)
        if self.bridge:
            text = text.replace("1502", self.bridge.port)
        if self.fault:
            text = text.replace("8503", self.fault.port)
            text = text.replace("8081", self.fault.http_port or "8081")
        return text.replace("8080", self.server.http_port or "8080")

    def stop_server(self):
        """End the server, if one runs."""
        if self.server:
            self.end_server(Shown.stop)

    def end_server(self, end):
        """Compare all that it said with what is shown, which may be less."""
        server, self.server = self.server, None
        try:
            end(server)
        finally:
            server.close()
        shown = stable_lines(server.command.shown)
        self.assertEqual(stable_lines(server.said)[:len(shown)], shown,
                         server.command.where)

    def start_server(self, command):
        self.stop_server()
        line = command.text.rstrip("& ")
        for port in ("8502", "8802", "8080"):
            line = line.replace(port, "0")
        if "2001:db8::" in line and not has_ipv6():
            self.skipTest("no IPv6 here")
        environment, clock = self.environment, None
        if "--tls " in line and StillClock.LIBRARY:
            # No client is late for its handshake.
            clock = StillClock()
            self.addCleanup(clock.close)
            environment = dict(environment, **clock.environment())
        self.server = Shown(command, self.put_in(line), self.folder,
                            environment, clock)

    def run_command(self, command):
        if NEEDS_A_STOP.search(command.text):
            self.stop_server()
        line = self.put_in(command.text)
        if "mbpoll" in line:
            self.moment = datetime.datetime.utcfromtimestamp(
                time.time()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, "%s: %s: %s" % (
            command.where, line, done.stdout + done.stderr))
        if command.shown:
            self.assertEqual(stable_lines(done.stdout.split("\n")),
                             stable_lines(command.shown),
                             "%s: %s" % (command.where, line))
        if "/dev/tcp/" in line and " -q " in self.server.command.text:
            self.end_server(Shown.wait)

    def compare_log(self, text):
        """Lines that the server has logged, or will have soon."""
        for line in text.lines:
            wait_for(lambda: stable(line) in
                     map(stable, self.server.log().split("\n")),
                     "%s: %s" % (text.where, line))

    def run_document(self, name):
        for entry in entries_of(name):
            if isinstance(entry, Text):
                if not entry.lines[0].startswith(tuple(TEXT.get(name, ()))):
                    self.assertRegex(entry.lines[0], "^" + TIME, entry.where)
                    self.compare_log(entry)
            elif flat(entry.text) in ELSEWHERE:
                continue
            elif entry.root:
                self.fail("%s: not in ELSEWHERE: %s" % (entry.where,
                                                        entry.text))
            elif re.match(r"socat .*&$", entry.text, re.DOTALL):
                self.bridge = Bridge(self.put_in(entry.text), self.folder,
                                     self.environment)
            elif entry.text.startswith("mbfault "):
                self.fault = ShownFault(entry, self.put_in(entry.text),
                                        self.folder, self.environment)
            elif STARTS_SERVER.match(entry.text):
                self.start_server(entry)
            else:
                self.run_command(entry)
        if self.fault:
            self.fault.stop()
        self.stop_server()


def add_tests():
    """One test for each document."""
    for name in DOCUMENTS:
        def test(self, name=name):
            self.run_document(name)
        test.__doc__ = name
        setattr(Documented, "test_" + re.sub(r"\W", "_", name), test)


class Lists(unittest.TestCase):
    """The lists here, and the extraction, are right."""

    def test_the_README_has_at_most_200_lines(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            text = file.read()
        self.assertLessEqual(text.count("\n"), 200)
        self.assertNotIn("```", text) # which is not looked into
        self.assertLess(text.index("$ scripts/test"), 1000)

    def test_every_entry_is_needed(self):
        entries = [entry for name in DOCUMENTS for entry in entries_of(name)]
        commands = {flat(entry.text) for entry in entries
                    if isinstance(entry, Command)}
        self.assertEqual(set(ELSEWHERE) - commands, set())
        for name, first in ((name, first) for name in TEXT
                            for first in TEXT[name]):
            self.assertTrue([entry for entry in entries_of(name)
                             if isinstance(entry, Text) and
                             entry.lines[0].startswith(first)], first)

    def test_what_runs_elsewhere_does(self):
        for command, (name, text) in ELSEWHERE.items():
            end = "$" if name == BOOT else "" # the whole command
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                self.assertRegex(
                    re.sub(r"[ \t]*\\\n\s*", " ", file.read()),
                    re.compile(re.escape(text) + end, re.MULTILINE))

    def test_commands_are_found(self):
        text = "a\n\n    $ b \\\n        c\n    d\n\n    # e\n\nf\n"
        [(first, lines)] = markdown_blocks(text)
        found = commands_of("x", first, lines)
        self.assertEqual([(c.where, flat(c.text), without_end(c.shown), c.root)
                          for c in found],
                         [("x:3", "b c", ["d"], False), ("x:7", "e", [], True)])
        text = ".Dl $ b\n.Bd -literal\n$ c \\e\nd\ne\n.Ed\n"
        found = [c for first, lines in manual_blocks(text)
                 for c in commands_of("x", first, lines)]
        self.assertEqual([(flat(c.text), c.shown) for c in found],
                         [("b", []), ("c d", ["e"])])
        text = "a\n\n    $ b 'c\n    $ d' e\n    f\n"
        [(first, lines)] = markdown_blocks(text)
        [command] = commands_of("x", first, lines)
        self.assertEqual((command.text, without_end(command.shown)),
                         ("b 'c\n$ d' e", ["f"]))


class Manuals(unittest.TestCase):
    """The manual pages as mandoc sees them."""

    def test_mandoc_has_nothing_to_say(self):
        paths = [os.path.join(ROOT, name) for name in MANUALS]
        # Apart: together they are mixed in the midst of lines.
        run = subprocess.run(["mandoc", "-T", "lint", *paths], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             timeout=DEADLINE, check=False)
        said = run.stdout + run.stderr
        # Which manuals are installed is this host's affair.
        self.assertEqual([line for line in said.splitlines()
                          if "referenced manual not found" not in line and
                          "outdated mandoc.db" not in line], [])

    def test_pages_refer_to_pages_that_exist(self):
        for name in MANUALS:
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                text = file.read()
            for page, section in re.findall(
                    r"^\.Xr (mbasyncserver\S*|mbfault|mbtorture) (\d)", text, re.MULTILINE):
                self.assertIn("src/%s.%s" % (page, section), MANUALS, name)


class Complete(ServerTest):
    """The manual pages have all that there is."""

    @staticmethod
    def page(name):
        with open(os.path.join(ROOT, "src", name), encoding="utf-8") as file:
            return file.read()

    def test_every_option_is_described(self):
        for page, *command in (
                ("mbasyncserver.8", BINARY),
                ("mbasyncserver-health.1", BINARY, "health"),
                ("mbasyncserver-journal.1", BINARY, "journal"),
                ("mbfault.1", os.environ["MBFAULT"]),
                ("mbtorture.1", os.environ["MBTORTURE"])):
            described = re.findall(r"Fl (?:Fl )?([\w-]+)", " ".join(
                re.findall(r"^\.It (.*)", self.page(page), re.MULTILINE)))
            helped = subprocess.run(
                [*command, "--help"], env=server_environment(), text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                timeout=DEADLINE, check=True).stdout
            options = re.findall(r"(?<![^ ,\n])--?(\w[\w-]*)", "\n".join(
                re.findall(r"^ {2}(-.*?)(?:  |$)", helped, re.MULTILINE)))
            self.assertIn("help", options)
            self.assertEqual(set(options) - set(described), set(), page)

    def test_every_test_that_is_named_exists(self):
        named = re.findall(r"^\.Pa (\S+\.(?:py|c)) : (\w+)$",
                           self.page("mbasyncserver-security.7"),
                           re.MULTILINE)
        self.assertGreater(len(named), 30)
        for file, name in named:
            python = file.endswith(".py")
            with open(os.path.join(ROOT, "test", "e2e" if python else "",
                                   file), encoding="utf-8") as source:
                self.assertIn("def test_%s(" % name if python else
                              "START_TEST(%s)" % name, source.read(), file)

    def test_every_metric_is_described(self):
        folder = tempfile.mkdtemp(prefix="mbasyncserver-")
        self.addCleanup(shutil.rmtree, folder)
        tls = os.path.join(folder, "tls")
        subprocess.run(
            [os.path.join(ROOT, "scripts", "test-certificates"), tls],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        server = self.start(
            "--http", "0", "--state-init", "--state",
            os.path.join(folder, "state"), "--tls", "127.0.0.1:0",
            *(word for option, name in (
                ("--tls-cert", "server.pem"), ("--tls-key", "server.key"),
                ("--tls-ca", "ca.pem"), ("--tls-crl", "crl.pem"),
                ("--roles", "roles"))
              for word in (option, os.path.join(tls, name))))
        port = wait_for(lambda: re.search(r"http://\S+:(\d+)/", server.log()),
                        "HTTP").group(1)
        metrics = subprocess.run(
            [os.environ["CURL"], "-s", "http://127.0.0.1:%s/metrics" % port],
            stdout=subprocess.PIPE, text=True, timeout=DEADLINE,
            check=True).stdout
        names = re.findall(r"^# TYPE mbasyncserver_(\w+)", metrics,
                           re.MULTILINE)
        self.assertIn("healthy", names)
        described = re.findall(r"\w+", self.page("mbasyncserver-http.7"))
        self.assertEqual(set(names) - set(described), set())


add_tests()

if __name__ == "__main__":
    main()
