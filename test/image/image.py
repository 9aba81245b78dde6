"""The container image, by its archive and as containers. To be run by
scripts/image --test, as root."""

import json
import os
import shutil
import stat
import sys
import tarfile
import tempfile
import unittest

from containers import (FILES, FOLDER, IMAGE, PROGRAM, USER, Podman, Spaces,
                        run)
from harness import (DEADLINE, Client, ServerTest, read, wait_for,
                     write_single)

# What runs programs of the image, where it is of another architecture.
EMULATOR = os.environ["IMAGE_EMULATOR"]
EX_NOPERM, EX_CONFIG = 77, 78
TABLE = FOLDER + "/table"
HEALTH = ["--timeout", str(DEADLINE)]


def configuration():
    """What the archive says of the image, and the members of its layer."""
    with tarfile.open(IMAGE) as archive:
        manifest, = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(manifest["Config"]))
        layer, = manifest["Layers"]
        with tarfile.open(fileobj=archive.extractfile(layer)) as files:
            return config, files.getmembers()


class Archive(unittest.TestCase):
    """What is in it."""

    def test_what_runtimes_are_told(self):
        self.assertEqual(configuration()[0]["architecture"],
                         os.environ["IMAGE_ARCH"])
        config = configuration()[0]["config"]
        self.assertEqual(config["User"], "%d:%d" % (USER, USER))
        self.assertEqual(config["Entrypoint"], [PROGRAM])
        self.assertEqual(config["Cmd"], [])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        self.assertEqual(config["Volumes"], {FOLDER: {}})
        self.assertEqual(config["ExposedPorts"], {"502/tcp": {}})
        self.assertEqual(config["Healthcheck"]["Test"],
                         ["CMD", PROGRAM, "health"])

    def test_nothing_tells_where_or_when_it_was_made(self):
        config, members = configuration()
        self.assertNotIn("Hostname", config["config"])
        self.assertNotIn("container", config)
        self.assertEqual(len({member.mtime for member in members}), 1)

    def test_only_the_volume_is_the_users(self):
        for member in configuration()[1]:
            with self.subTest(member.name):
                volume = member.name == FOLDER[1:]
                owner = USER if volume else 0
                self.assertEqual((member.uid, member.gid), (owner, owner))
                if member.issym():
                    continue
                self.assertEqual(
                    member.mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID
                                   | stat.S_ISGID), 0)
                if volume:
                    self.assertEqual(stat.S_IMODE(member.mode), 0o700)
        self.assertIn(FOLDER[1:], [m.name for m in configuration()[1]])

    def test_there_is_no_other_program(self):
        programs = [member.name for member in configuration()[1]
                    if member.isfile() and member.mode & stat.S_IXUSR
                    and ".so." not in member.name]
        self.assertEqual(programs, [PROGRAM[1:]])


class Run:
    """A container, of a kind that is Container."""

    Container = None

    def setUp(self):
        why = self.Container.missing()
        if EMULATOR:
            self.skipTest("another architecture")
        if why:
            sys.stderr.write("image: %s does not run here: %s\n" % (
                self.Container.__name__, why))
            self.skipTest(why)

    def start(self, *arguments, **options):
        container = self.Container(*arguments, **options)
        self.addCleanup(container.close)
        return container

    def new_volume(self):
        volume = self.Container.new_volume()
        self.addCleanup(self.Container.remove_volume, volume)
        return volume

    def poll(self, container, *arguments):
        done = container.beside("mbpoll", "-m", "tcp", "-o", "10", "-0", "-1",
                                "-q", "-t", "4", "-r", "16", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def assert_has(self, container, value):
        self.assertIn("[16]: \t%d" % value, self.poll(container, "127.0.0.1"))

    def test_port_502_without_privilege(self):
        container = self.start()
        self.assertEqual(container.port(), 502)
        status = container.status_of_process()
        self.assertEqual(status["Uid"].split(), [str(USER)] * 4)
        self.assertEqual(status["NSpid"].split()[-1], "1")
        for name in ("CapEff", "CapPrm", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertIn(" info listen: [::]:502\n", container.errors())
        self.poll(container, "127.0.0.1", "1234")
        self.assert_has(container, 1234)
        self.assertEqual(container.stop(), 0)

    def test_its_health(self):
        container = self.start("--http", "8080")
        container.port()
        self.assertEqual(
            container.execute(PROGRAM, "health", *HEALTH).stdout,
            "healthy: Modbus at 127.0.0.1:502\n")
        # Where we were stopped for long, the server need not wait for it.
        wait_for(lambda: container.execute(
            PROGRAM, "health", "--http", "8080", *HEALTH).stdout ==
                 "healthy: HTTP at 127.0.0.1:8080\n", "health by HTTP")
        self.assertEqual(container.execute(
            PROGRAM, "health", "--modbus", "503", *HEALTH).returncode, 1)

    def test_where_port_502_is_not_for_all(self):
        container = self.start(low_ports=False)
        self.assertEqual(container.wait(), EX_NOPERM)
        self.assertIn("listen: container: start with -p 8502",
                      container.errors())
        self.assertIn("ip_unprivileged_port_start=0", container.errors())

    def test_the_network_of_the_host(self):
        container = self.start("-p", "0", "--listen", "127.0.0.1",
                               network="host")
        server = type("Server", (), {"host": "127.0.0.1",
                                     "port": container.port()})
        with Client(server) as client:
            self.assertEqual(client.ask(write_single(6, 7, 8))[0], 6)
            self.assertEqual(client.ask(read(3, 7, 1))[2:], b"\0\x08")
        self.assertEqual(container.stop(), 0)

    def test_a_volume_keeps_the_table(self):
        volume = self.new_volume()
        missing = self.start("--state", TABLE, volume=volume)
        self.assertEqual(missing.wait(), EX_CONFIG)
        self.assertIn("is its volume mounted?", missing.errors())
        created = self.start("--state", TABLE, "--state-create",
                             volume=volume)
        self.assertEqual(created.wait(), 0, created.errors())
        first = self.start("--state", TABLE, volume=volume)
        first.port()
        self.poll(first, "127.0.0.1", "4321")
        first.kill()
        second = self.start("--state", TABLE, volume=volume)
        second.port()
        self.assert_has(second, 4321)
        self.assertEqual(second.stop(), 0)

    def test_secrets(self):
        with tempfile.TemporaryDirectory() as folder:
            token = os.path.join(folder, "token")
            with open(token, "w", encoding="utf-8") as file:
                file.write("0123456789abcdef\n")
            for mode, accepted in ((0o444, True), (0o644, False)):
                os.chmod(folder, 0o755)
                os.chmod(token, mode)
                container = self.start(
                    "--http", "8080", "--http-write", "--http-token",
                    "/run/secrets/token", secrets=folder)
                with self.subTest("%o" % mode):
                    if accepted:
                        self.assertEqual(container.port(), 502)
                    else:
                        self.assertEqual(container.wait(), EX_CONFIG)
                        self.assertIn("chmod 600", container.errors())


class ByEmulator(ServerTest):
    """The files of another architecture, by qemu."""

    def test_it_serves_and_tells_its_health(self):
        if not EMULATOR:
            self.skipTest("not another architecture")
        if shutil.which(EMULATOR) is None:
            sys.stderr.write("image: no %s: not run\n" % EMULATOR)
            self.skipTest("no " + EMULATOR)
        command = [EMULATOR, "-L", FILES]
        server = self.start(command=command)
        self.assert_serves(server)
        done = run(*command, FILES + PROGRAM, "health", "--modbus",
                   str(server.port), *HEALTH)
        self.assertEqual(done.stdout,
                         "healthy: Modbus at 127.0.0.1:%d\n" % server.port)


class ByPodman(Run, unittest.TestCase):
    Container = Podman


class ByNameSpaces(Run, unittest.TestCase):
    Container = Spaces


if __name__ == "__main__":
    unittest.main()
