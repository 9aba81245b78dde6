"""The server in a container: as its first process, which the system gives no
signal that it does not catch, and with secrets from read-only mounts."""

import os
import shutil
import signal
import socket
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, main, read, server_environment,
                     wait_for, write_single)
from state_file import StateTest, temporary_directory
from tls_plant import TlsTest, plant, tls_options

CONFIG = 78

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def unshare(*what):
    """A command in front of another, which gets name spaces of its own; None
    where that is not permitted."""
    for user in ([], ["--user", "--map-root-user"]):
        command = ["unshare", *user, *what]
        tried = subprocess.run([*command, "true"], check=False,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        if tried.returncode == 0:
            return command
    return None


def child_of(pid):
    """The process that unshare has become the parent of."""
    def found():
        with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
            return children.read().split()
    return int(wait_for(found, "a child")[0])


class FirstProcess(StateTest):
    """Signals to process 1."""

    def setUp(self):
        super().setUp()
        # In front of a command that becomes process 1.
        self.command = unshare("--pid", "--fork", "--kill-child",
                               "--mount-proc")
        if self.command is None:
            self.skipTest("may not make a name space of processes")
        self.disk = Disk(self.directory)
        self.addCleanup(self.disk.set, hang=0)

    def begin(self):
        """A server that the disk holds up at its start."""
        process = subprocess.Popen(
            [*self.command, BINARY, "-p", "0", "--state", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=server_environment(**self.disk.env()))
        self.addCleanup(process.kill)
        return process

    def serve_first(self):
        return self.serve(command=self.command, env=self.disk.env())

    def test_a_signal_ends_it_while_the_state_file_is_verified(self):
        self.serve().stop()
        for number in ENDING:
            with self.subTest(number.name):
                self.disk.set("", hang=1)
                process = self.begin()
                self.disk.await_hang()
                os.kill(child_of(process.pid), number)
                said, log = process.communicate(timeout=DEADLINE)
                self.assertEqual(process.returncode, 128 + number, log)
                self.assertNotIn("Starting", said)
                self.disk.set("", hang=0, hanging=0)

    def test_sigterm_and_sigint_stop_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                server = self.serve_first()
                self.assert_serves(server)
                os.kill(child_of(server.pid), number)
                said = server.wait_stopped()
                self.assertIn("Operator terminated server", said[0])

    def test_sigquit_ends_it_at_once(self):
        server = self.serve_first()
        client = self.connect(server)
        self.assertEqual(client.ask(write_single(6, 7, 8))[0], 6)
        os.kill(child_of(server.pid), signal.SIGQUIT)
        server.wait_stopped(128 + signal.SIGQUIT)
        client.expect_eof()
        again = self.serve()
        self.assertEqual(self.connect(again).ask(read(3, 7, 1))[2:],
                         b"\0\x08")

    def test_a_second_signal_ends_it_while_it_waits_for_the_disk(self):
        server = self.serve_first()
        self.connect(server).ask(write_single(6, 7, 8))
        self.disk.set("", hang=1)
        first = os.pidfd_open(child_of(server.pid))
        self.addCleanup(os.close, first)
        signal.pidfd_send_signal(first, signal.SIGTERM)
        self.disk.await_hang()
        signal.pidfd_send_signal(first, signal.SIGTERM)
        server.wait_stopped(128 + signal.SIGTERM)

    def test_commands_end_too(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(DEADLINE)
            process = subprocess.Popen(
                [*self.command, BINARY, "health", "--timeout", "600",
                 "--modbus", str(silent.getsockname()[1])],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                env=server_environment())
            self.addCleanup(process.kill)
            connection, _ = silent.accept()
            with connection:
                os.kill(child_of(process.pid), signal.SIGTERM)
                said, _ = process.communicate(timeout=DEADLINE)
        self.assertEqual((process.returncode, said),
                         (128 + signal.SIGTERM, b""))


class Secrets(TlsTest):
    """Files that a container runtime hands over: for all to read, on a mount
    that is read-only."""

    REFUSED = "expected a file that others can neither read nor write"

    def setUp(self):
        self.command = unshare("--mount")
        if self.command is None:
            self.skipTest("may not make a name space of mounts")
        self.directory = temporary_directory(self)
        self.token = os.path.join(self.directory, "token")
        self.key = os.path.join(self.directory, "key")
        shutil.copy(plant().path("server", "key"), self.key)
        with open(self.token, "w") as file:
            file.write("0123456789abcdef\n")

    def mounted(self, how):
        """A command in front of another, which finds the directory so."""
        return [*self.command, "sh", "-c",
                'mount --bind "$0" "$0" && mount -o remount,bind,%s "$0" && '
                'exec "$@"' % how, self.directory]

    def chmod(self, mode):
        for path in (self.token, self.key):
            os.chmod(path, mode)

    def refusals(self, how):
        """What is said of token and key."""
        for options in (["--http", "0", "--http-write", "--http-token",
                         self.token], tls_options(key=self.key)):
            done = subprocess.run(
                [*self.mounted(how), BINARY, "-p", "0", "--check", *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, check=False,
                timeout=DEADLINE, env=server_environment())
            yield done.returncode, done.stderr

    def assert_accepted(self, how):
        for status, said in self.refusals(how):
            self.assertEqual((status, said), (0, ""))

    def assert_refused(self, how):
        for status, said in self.refusals(how):
            self.assertEqual(status, CONFIG, said)
            self.assertIn(self.REFUSED, said)

    def test_those_that_nobody_can_write_are_accepted(self):
        for mode in (0o444, 0o440, 0o404, 0o400):
            with self.subTest("%o" % mode):
                self.chmod(mode)
                self.assert_accepted("ro")

    def test_those_on_a_mount_that_can_be_written_are_refused(self):
        self.chmod(0o444)
        self.assert_refused("rw")
        self.chmod(0o440)
        self.assert_accepted("rw")

    def test_those_that_somebody_could_write_are_refused(self):
        for mode in (0o644, 0o464, 0o446, 0o445):
            with self.subTest("%o" % mode):
                self.chmod(mode)
                self.assert_refused("ro")

    def test_those_of_others_than_root_are_refused(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to give files away")
        for path in (self.token, self.key):
            os.chown(path, 65534, 65534)
        self.chmod(0o444)
        self.assert_refused("ro")


if __name__ == "__main__":
    main()
