"""POST /api/backup: a backup that is asked for over HTTP."""

import os
import signal
import subprocess

from disk_faults import Disk
from harness import main, wait_for
from state_file import StateFile, StateTest
from web import CURL, NO_REPLY, TOKEN, Web

COPY = "copy.unfinished"


class HttpBackup(StateTest):
    """The reply comes when the copy is complete, or says why it is not."""

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)
        self.copy = os.path.join(self.directory, "copy")

    def start_web(self, *arguments, backup=True):
        if backup:
            arguments += ("--state-backup", self.copy)
        server = self.serve("--http", "0", *arguments, env=self.disk.env())
        return server, Web(server)

    def post(self, web, *arguments, query=""):
        return web.curl("/api/backup" + query, "-X", "POST", *arguments)

    def assert_error(self, answer, status, text):
        self.assertEqual(answer.status, status, answer.body)
        self.assertIn(text, answer.json()["error"])

    def assert_backup(self, value):
        file = StateFile(self.copy).check()
        self.assertEqual(file.replay(), file.words())
        self.assertEqual(file.words()[0], value)

    def post_later(self, web):
        process = subprocess.Popen(
            [*CURL, "-s", "-i", "-X", "POST", web.url + "/api/backup"],
            stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def hang(self, web, suffix=COPY):
        """A curl whose backup waits for the disk; another one if the first was
        stopped until the server had waited long enough for its request."""
        self.disk.set(suffix, hang=1)
        for _ in range(3):
            process = self.post_later(web)
            wait_for(lambda p=process: self.disk["hanging"]
                     or p.poll() is not None, "a sync that hangs")
            if self.disk["hanging"]:
                return process
            self.assertIn(process.returncode, NO_REPLY)
        raise AssertionError("curl ended with %d" % process.returncode)

    def test_when_it_replies_the_copy_is_there(self):
        server, web = self.start_web("--http-write")
        for value in 1, 2:
            self.write(server, 0, [value])
            answer = self.post(web)
            self.assertEqual((answer.status, answer.json()), (200, {}))
            self.assert_backup(value)
        self.assertEqual(len(server.log_lines("copy: done")), 2)

    def test_it_replies_not_before(self):
        server, web = self.start_web("--http-write")
        self.write(server, 0, [1])
        for suffix in COPY, os.path.basename(self.directory):
            curl = self.hang(web, suffix)
            self.assert_error(self.post(web), 409, "already running")
            self.assertIsNone(curl.poll())
            self.disk.set(suffix, hang=0)
            self.assertIn(b"HTTP/1.1 200", curl.communicate()[0])
        self.assert_backup(1)

    def test_a_client_that_goes_does_not_cancel_it(self):
        server, web = self.start_web("--http-write")
        self.write(server, 0, [1])
        curl = self.hang(web)
        curl.kill()
        curl.wait()
        self.assert_error(self.post(web), 409, "already running")
        self.disk.set(COPY, hang=0)
        wait_for(lambda: server.log_lines("copy: done"), "its end")
        self.assert_backup(1)
        self.assertEqual(self.post(web).status, 200)

    def test_one_of_a_signal_is_one_too(self):
        server, web = self.start_web("--http-write")
        self.disk.set(COPY, hang=1)
        server.process.send_signal(signal.SIGUSR1)
        self.disk.await_hang()
        self.assert_error(self.post(web), 409, "already running")
        self.disk.set(COPY, hang=0)
        wait_for(lambda: server.log_lines("copy: done"), "its end")

    def test_a_failure_is_told(self):
        server, web = self.start_web("--http-write")
        self.write(server, 0, [1])
        self.assertEqual(self.post(web).status, 200)
        self.write(server, 0, [2])
        self.disk.set(COPY, sync_error=5)
        self.assert_error(self.post(web), 500, "Input/output error")
        self.disk.set(COPY, sync_error=0)
        self.assert_backup(1)
        self.assertEqual(self.post(web).status, 200)
        self.assert_backup(2)

    def test_a_stop_ends_the_request(self):
        server, web = self.start_web("--http-write")
        curl = self.hang(web)
        server.process.send_signal(signal.SIGTERM)
        curl.communicate()
        self.assertIn(curl.returncode, NO_REPLY)
        self.disk.set(COPY, hang=0)
        server.wait_stopped()

    def test_who_may_not_write_gets_none(self):
        _, web = self.start_web()
        self.assert_error(self.post(web), 403, "--http-write")
        token = os.path.join(self.directory, "token")
        with open(token, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(TOKEN)
        self.path += "2"
        _, web = self.start_web("--http-write", "--http-token", token)
        self.assert_error(self.post(web), 401, "token")
        self.assertFalse(os.path.exists(self.copy))
        self.assertEqual(self.post(
            web, "-H", "Authorization: Bearer " + TOKEN).status, 200)
        self.path += "3"
        _, web = self.start_web("--http-write", "--write-from", "192.0.2.0/24")
        self.assert_error(self.post(web), 403, "access rules")

    def test_without_a_file_for_it_there_is_none(self):
        _, web = self.start_web("--http-write", backup=False)
        self.assert_error(self.post(web), 404, "--state-backup")
        self.assert_error(self.post(web, query="?to=x"), 400, "to")


if __name__ == "__main__":
    main()
