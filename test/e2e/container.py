"""The server as the first process of a container: the system gives such a
process no signal that it does not catch."""

import os
import signal
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, main, read, server_environment,
                     wait_for, write_single)
from state_file import StateTest

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def first_process():
    """A command in front of another, which becomes process 1; None where that
    is not permitted."""
    for user in ([], ["--user", "--map-root-user"]):
        command = ["unshare", *user, "--pid", "--fork", "--kill-child",
                   "--mount-proc"]
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
        self.command = first_process()
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


if __name__ == "__main__":
    main()
