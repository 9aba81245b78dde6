"""What mbasyncserver-container(7) shows: the commands, by podman, and the files
for Compose and Kubernetes, by their own tools."""

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import unittest

import yaml

from containers import FILES, PROGRAM, Podman, podman, run, succeed
from harness import wait_for

ROOT = os.environ["ROOT"]
PAGE = os.path.join(ROOT, "src/mbasyncserver-container.7")

# Word for word; test/e2e/documented.py compares.
LOAD = "docker load -i .build/image/mbasyncserver-3.7.0-amd64.tar"
CREATE = "docker run --rm -v plant:/var/lib/mbasyncserver \
localhost/mbasyncserver:3.7.0 --state table --state-create"
SERVE = "docker run -d --name plant --restart unless-stopped --read-only \
--cap-drop all --security-opt no-new-privileges -p 502:502 \
-v plant:/var/lib/mbasyncserver localhost/mbasyncserver:3.7.0 \
--state table"
ASK = "docker exec plant mbasyncserver health"
RELOAD = "docker kill --signal HUP plant"
STOP = "docker stop plant"


def docker(command):
    """Run it by podman, with no network but what Docker makes of it inside."""
    words = shlex.split(command)[1:]
    if "-p" in words:
        del words[words.index("-p"):words.index("-p") + 2]
    if words[0] == "run":
        words[1:1] = ["--network", "none", "--sysctl",
                      "net.ipv4.ip_unprivileged_port_start=0", *Podman.LIMITS]
    return podman(*words)


def block(first):
    """The lines of the literal block that begins so."""
    with open(PAGE, encoding="utf-8") as file:
        found = re.search(r"^\.Bd -literal.*\n(%s(?:.*\n)*?)\.Ed$"
                          % re.escape(first), file.read(), re.MULTILINE)
    return found.group(1)


def missing(test, *programs):
    """Skip a test, loudly, where one of them is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            sys.stderr.write("image: no %s: not tested\n" % program)
            test.skipTest("no " + program)


class Commands(unittest.TestCase):

    def test_they_do_what_is_said(self):
        why = Podman.missing()
        if why:
            self.skipTest(why)
        os.chdir(ROOT)
        self.addCleanup(podman, "volume", "rm", "--force", "plant")
        self.addCleanup(podman, "rm", "--force", "plant")
        for command in (LOAD, CREATE, SERVE):
            succeed(docker(command))
        wait_for(lambda: "Server running" in podman("logs", "plant").stdout,
                 "it to serve")
        wait_for(lambda: docker(ASK).stdout ==
                 "healthy: Modbus at 127.0.0.1:502\n", "good health")
        succeed(docker(RELOAD))
        wait_for(lambda: " reload: " in podman("logs", "plant").stderr,
                 "a reload")
        succeed(docker(STOP))
        self.assertEqual(succeed(podman("wait", "plant")), "0")


class Files(unittest.TestCase):
    """For others to read."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mbasyncserver-manual-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.token = self.write("token", "0123456789abcdef\n")
        os.chmod(self.token, 0o400)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def compose(self):
        return self.write("compose.yaml", block("services:\n"))

    def kubernetes(self):
        return self.write("plant.yaml", block("apiVersion: apps/v1\n"))

    def assert_options(self, options):
        """The program takes them; the secret is elsewhere."""
        options = [self.token if option.startswith("/run/secrets/") else option
                   for option in options]
        self.assertIn(self.token, options)
        succeed(run(FILES + PROGRAM, *options, "--check"))

    def assert_health(self, command):
        self.assertEqual(command[:2], [PROGRAM, "health"])
        done = run(FILES + PROGRAM, *command[1:], "--help")
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_contains(self, whole, part, where="file"):
        """Each field that is written is one that was understood."""
        if isinstance(part, dict):
            for name, value in part.items():
                self.assertIn(name, whole, where)
                self.assert_contains(whole[name], value, where + "." + name)
        elif isinstance(part, list):
            self.assertEqual(len(whole), len(part), where)
            for left, right in zip(whole, part):
                self.assert_contains(left, right, where + "[]")
        else:
            self.assertEqual(whole, part, where)

    def test_the_options_in_them(self):
        with open(self.compose(), encoding="utf-8") as file:
            service = yaml.safe_load(file)["services"]["mbasyncserver"]
        self.assert_options(service["command"])
        self.assert_health(service["healthcheck"]["test"][1:])
        with open(self.kubernetes(), encoding="utf-8") as file:
            workload, _ = yaml.safe_load_all(file)
        container, = workload["spec"]["template"]["spec"]["containers"]
        self.assert_options(container["args"])
        for probe in ("startupProbe", "livenessProbe"):
            self.assert_health(container[probe]["exec"]["command"])

    def test_compose(self):
        path = self.compose()
        for program, command in (("docker-compose", ["config"]),
                                 ("podman-compose", ["--dry-run", "up"])):
            with self.subTest(program):
                missing(self, program)
                done = run(program, "-f", path, *command)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("localhost/mbasyncserver:3.7.0",
                              done.stdout + done.stderr)

    def test_kubernetes(self):
        """Its client knows all fields of all objects."""
        missing(self, "kubectl")
        with open(self.kubernetes(), encoding="utf-8") as file:
            objects = list(yaml.safe_load_all(file))
        for number, written in enumerate(objects):
            path = self.write("%d.yaml" % number, yaml.safe_dump(written))
            # What it prints is what it has understood; the others it copies.
            if written["kind"] != "StatefulSet":
                succeed(run("kubectl", "label", "--local", "-f", path, "a=b"))
                continue
            said = succeed(run(
                "kubectl", "set", "image", "--local", "-o", "json", "-f", path,
                "mbasyncserver=another"))
            container, = written["spec"]["template"]["spec"]["containers"]
            container["image"] = "another"
            self.assert_contains(json.loads(said), written)


if __name__ == "__main__":
    unittest.main()
