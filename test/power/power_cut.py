"""Power failures, at hundreds of moments of a server's run.

The real server runs with all that it does to its disk, and all that it sends,
recorded (recorder.c): it makes its state file, serves clients that write, makes
backups, is killed, recovers, runs out of space, has space again, stops, starts
and stops. Then power_check plays that on a model of a disk (disk.c), cuts the
power at random, writes out what may be on the disk then (image.c), and opens it
as the server does when it starts. What had been acknowledged must be there.

And the test must be able to fail: where SQLite is told synchronous=NORMAL, or
the disk only pretends to sync the log, the database or the directory, it must
find what is lost.

$SEED repeats the lots, $IMAGES says how many for each layout of the table; what
is bad is kept in $KEEP, or a directory that the test names."""

import contextlib
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile

from writers import Writer, check_journal, load, settle

# pylint: disable=wrong-import-order
from harness import (ASAN, Client, ServerTest, adu, main, preload, read,
                     unpack_words, wait_for)
from state_file import (StateFile, make_version_1, make_version_2,
                        temporary_directory)

HERE = os.path.dirname(os.path.abspath(__file__))
CHECK = os.environ["POWER_CHECK"]
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 32)
IMAGES = int(os.environ.get("IMAGES", "60" if ASAN else "400"))
SERVED = 4 if ASAN else 24         # images that the real server opens
SPARE = 24                         # more of them, as one in eight has no file
RECOVERED = 2 if ASAN else 6       # images that are cut while it recovers,
AGAIN = 20                         # so often
RESTORED = 30 if ASAN else 60      # while one is restored
UPGRADED = 30 if ASAN else 60      # while one is upgraded
SHRUNK = 30 if ASAN else 60        # while one gets smaller
CONTROL_SEEDS, CONTROL_IMAGES = 5, 150  # of which one in eight has lost
LIE_IMAGES = 40                    # of which nearly half are bad
CLIENTS = 6
# The writes of the first run: more than a start may have to apply to the blocks
# of the table, but under sanitizers.
WRITES = 2800 if ASAN else 8500
RECORDING_MAX = 1 << 30            # a sparse file
LONG = 300                         # seconds, never reached unless it hangs
FULL = 64 * 1024                   # bytes that a file may have at most, then

# recording.h
WRITE, UNLINK, RENAME, SENT = 2, 9, 8, 10
ENTRY = struct.Struct("<IIQq")


class Recorded:
    """A directory whose servers are recorded."""

    def __init__(self, test, *options, preload=()):
        self.test = test
        self.rng = random.Random(SEED)
        self.options = options
        self.preload = list(preload) + [os.environ["RECORDER"]]
        self.place = temporary_directory(test)
        self.directory = self.path_of("state-directory")
        self.path = os.path.join(self.directory, "state")
        self.recording = self.path_of("recording")
        self.writers = []
        self.runs = 0
        os.mkdir(self.directory)
        with open(self.recording, "wb") as file:
            file.truncate(RECORDING_MAX)

    def path_of(self, name):
        return os.path.join(os.path.realpath(self.place), name)

    def environment(self):
        return dict(preload(*self.preload), RECORD_TO=self.recording,
                    RECORD_DIRECTORY=self.directory)

    def start(self, *options):
        """A server, and writers for it."""
        server = self.test.start(
            "--state", self.path, "--journal-keep", "1000000000",
            "--state-backup", os.path.join(self.directory, "backup"),
            *self.options, *options, env=self.environment())
        self.runs += 1
        writers = [Writer(server, "127.1.%d.%d" % (self.runs, i + 1), self.rng)
                   for i in range(CLIENTS)]
        self.writers += writers
        return server, writers

    def run(self, *command):
        """Run a command to its end, recorded."""
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, **self.environment()))

    def prepare(self, *arguments):
        """Run prepare.py; but for "say", the recording then begins anew."""
        self.run(sys.executable, "-B", os.path.join(HERE, "prepare.py"),
                 self.directory, *arguments)
        self.writers.clear()

    def kill(self, server, writers):
        """kill -9, between any two things that the server does; then there is
        none that is not in the recording."""
        with open(self.recording, "r+b", buffering=0) as file:
            file.seek(8)
            file.write(struct.pack("<Q", self.rng.randint(1, 200)))
        load(writers, lambda: False, until_closed=True)
        server.wait_stopped(-signal.SIGKILL)
        self.drain(writers)

    def drain(self, writers):
        for writer in writers:
            writer.drain()

    def entries(self):
        """(kind, place, data) of each entry."""
        with open(self.recording, "rb") as file:
            used, _ = struct.unpack("<QQ", file.read(16))
            data = file.read(used - 16)
        at = 0
        while at < len(data):
            kind, length, _, place = ENTRY.unpack_from(data, at)
            at += ENTRY.size
            yield kind, place, data[at:at + length]
            at += (length + 7) // 8 * 8

    def check(self, *options, seed=SEED, images=None):
        """Run power_check. Returns what it did."""
        into = tempfile.mkdtemp(dir=self.place)
        if images:
            options += ("-n", str(images))
        done = subprocess.run(
            [CHECK, "-s", str(seed), *options, self.recording, self.path, into],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)
        done.directory = into
        return done

    def keep(self, done):
        """Where the images that were bad, and all that it takes to judge them
        again, stay."""
        where = os.environ.get("KEEP") or tempfile.mkdtemp(
            prefix="mbasyncserver-power-")
        os.makedirs(where, exist_ok=True)
        subprocess.run(["cp", "-a", "--sparse=always", self.recording,
                        self.directory, done.directory, where], check=True)
        return where


def count(writers):
    """What succeeded so far."""
    return sum(len(writer.succeeded) for writer in writers)


def at_least(writers, number):
    """For load(): until so many have succeeded."""
    return lambda: count(writers) >= number


def whole_table(server):
    """Every register, and every coil as words."""
    words = []
    with Client(server) as client:
        for function, most, end in ((3, 125, 65536), (1, 2000, 65536)):
            ranges = [(at, min(most, end - at)) for at in range(0, end, most)]
            client.send(b"".join(adu(read(function, *r)) for r in ranges))
            data = [client.frame()[2][2:] for _ in ranges]
            if function == 3:
                words += unpack_words(b"".join(data))
            else:
                words += struct.unpack("<4096H", b"".join(data))
    return words


class PowerCut(ServerTest):
    """One life of a server for each layout, and its many ends."""

    def live(self, recorded):
        """Everything that a server does to its disk, once at least."""
        server, writers = recorded.start("--state-init")
        load(writers, at_least(writers, 400))
        server.process.send_signal(signal.SIGUSR1)
        # Some checkpoints, after which the log begins anew, and so many rows
        # that the table is written.
        load(writers, at_least(writers, WRITES))
        wait_for(lambda: server.log_lines(": done"), "a backup", LONG)
        server.process.send_signal(signal.SIGUSR1)
        load(writers, at_least(writers, WRITES + 500))
        recorded.kill(server, writers)

        server, writers = recorded.start()
        load(writers, at_least(writers, 300))
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: server.log_lines(": done"), "a second backup",
                 LONG)
        self.run_full(server, writers)
        load(writers, at_least(writers, 600))
        server.process.terminate()
        recorded.drain(writers)
        server.wait_stopped()

        server, writers = recorded.start()
        load(writers, at_least(writers, 100))
        settle(writers)
        server.stop()
        recorded.drain(writers)

    def run_full(self, server, writers):
        """No space for a while."""
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (FULL, limits[1]))
        load(writers, lambda: sum(len(w.refused) for w in writers) >= 50)
        settle(writers)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        wait_for(lambda: server.log_lines("space is available again"), "space",
                 LONG)

    def check_recording(self, recorded):
        """The recording is all that there was: it leads to the very files that
        there are, and has every byte that clients got."""
        done = recorded.check()
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in set(os.listdir(recorded.directory)
                        + os.listdir(done.directory)):
            with open(os.path.join(recorded.directory, name), "rb") as file:
                real = file.read()
            with open(os.path.join(done.directory, name), "rb") as file:
                self.assertTrue(real == file.read(), name)
        sent = {}
        for kind, _, data in recorded.entries():
            if kind == SENT:
                client, data = data.split(b"\0", 1)
                sent.setdefault(client.decode(), []).append(data)
        for writer in recorded.writers:
            self.assertTrue(b"".join(sent[writer.name]).startswith(
                writer.received), writer.name)

    def check_life(self, recorded):
        """It was as eventful as it is meant to be."""
        kinds = {}
        for kind, place, data in recorded.entries():
            kinds.setdefault(kind, []).append((place, data))
        headers = [1 for place, data in kinds[WRITE]
                   if place == 0 and len(data) == 32]
        pages = [1 for place, data in kinds[WRITE]
                 if place % 512 == 0 and len(data) == 512]
        self.assertGreaterEqual(len(headers), 4, "beginnings of the log")
        self.assertGreaterEqual(len(pages), 1000, "pages of checkpoints")
        self.assertGreaterEqual(len(kinds[RENAME]), 3)
        self.assertGreaterEqual(len(kinds[UNLINK]), 2)
        self.assertGreater(sum(len(w.refused) for w in recorded.writers), 0)

    def run_cuts(self, *options):
        recorded = Recorded(self, *options)
        self.live(recorded)
        reference = StateFile(recorded.path).check()
        check_journal(reference.journal, recorded.writers)
        self.check_recording(recorded)
        self.check_life(recorded)
        done = recorded.check(images=IMAGES)
        print("power cut: %d writes; %s" % (len(reference.journal),
                                            done.stdout), end="", flush=True)
        if done.returncode != 0:
            self.fail("%s\nkept in %s" % (done.stderr, recorded.keep(done)))
        self.check_served(recorded, reference, options)
        self.check_restored(recorded, reference, options)
        for make in (make_version_1, make_version_2):
            self.check_upgraded(recorded, reference, options, make)
        self.check_shrunk(recorded, reference, options)
        # Each sync is needed, and its want is found.
        for lie in ("log", "database", "names"):
            done = recorded.check("-l", lie, images=LIE_IMAGES)
            self.assertEqual(done.returncode, 1, (lie, done.stderr))
            print("power cut: no sync of %s: %s" % (lie, done.stdout), end="",
                  flush=True)

    def check_served(self, recorded, reference, options):
        """Some images more, which the real server opens and serves."""
        done = recorded.check("-w", seed=SEED + 1, images=SERVED + SPARE)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.check_recovery(recorded, done.directory, lines, options)
        found = []
        for line in recorded.rng.sample(lines, SERVED):
            number, acknowledged, new = map(int, line.split())
            path = os.path.join(done.directory, str(number), "state")
            server = self.start("--state", path, *options,
                                *["--state-init"] * new)
            table = whole_table(server)
            server.stop()
            rows = StateFile(path).journal
            self.assertGreaterEqual(len(rows), acknowledged, line)
            self.assertEqual(rows, reference.journal[:len(rows)], line)
            found.append((len(rows), line, table))
        self.check_tables(reference, found)

    def check_recovery(self, recorded, directory, lines, options):
        """The power is cut again while what it has left is being recovered,
        and soon after: the server starts on an image, serves and stops."""
        bad = 0
        served = [line for line in lines if line.endswith(" 0")]
        for line in recorded.rng.sample(served, RECOVERED):
            number, acknowledged, _ = line.split()
            again = Recorded(self, *options)
            again.prepare("copy", os.path.join(directory, number))
            server, writers = again.start()
            load(writers, at_least(writers, 30))
            settle(writers)
            server.stop()
            again.drain(writers)
            done = again.check("-a", acknowledged, images=AGAIN)
            if done.returncode != 0:
                self.fail("%s: %s\nkept in %s" % (line, done.stderr,
                                                  again.keep(done)))
            if bad == 0:
                done = again.check("-a", acknowledged, "-l", "database",
                                   images=4 * AGAIN)
                bad += done.returncode == 1
        print("power cut: %d times again in each of %d recoveries" % (
            AGAIN, RECOVERED), flush=True)
        self.assertGreater(bad, 0, "the want of a sync is not found")

    def check_restored(self, recorded, reference, options):
        """The power is cut while the table is restored into a new file: there
        is none or a whole one, and a whole one when the command has ended. To
        power_check it is a backup."""
        again = Recorded(self, *options)
        again.prepare("copy", recorded.directory)
        again.prepare("remove", "backup")
        again.prepare("say", "backup: started")
        again.run(os.environ["MBASYNCSERVER"], "journal", "--state", again.path,
                  "--restore-at", "now",
                  "--output", os.path.join(again.directory, "backup"))
        again.prepare("say", "backup: done")
        rows = str(len(reference.journal))
        for when in ([], ["-e"]):
            done = again.check("-a", rows, *when, images=RESTORED)
            print("power cut: a file is restored: %s" % done.stdout, end="",
                  flush=True)
            if done.returncode != 0:
                self.fail("%s\nkept in %s" % (done.stderr, again.keep(done)))
        for lie in ("database", "names"):
            done = again.check("-a", rows, "-e", "-l", lie, images=LIE_IMAGES)
            self.assertEqual(done.returncode, 1, (lie, done.stderr))
            print("power cut: no sync of %s then: %s" % (lie, done.stdout),
                  end="", flush=True)

    def check_upgraded(self, recorded, reference, options, make):
        """The power is cut while a file of an earlier version is upgraded, and
        soon after."""
        old = recorded.path_of(make.__name__)
        shutil.copytree(recorded.directory, old)
        make(os.path.join(old, "state"))
        again = Recorded(self, *options)
        again.prepare("copy", old)
        server, writers = again.start()
        self.assertTrue(server.log_lines("upgraded"))
        load(writers, at_least(writers, 30))
        settle(writers)
        server.stop()
        again.drain(writers)
        rows = str(len(reference.journal))
        done = again.check("-a", rows, images=UPGRADED)
        print("power cut: %s is upgraded: %s" % (make.__name__[5:],
                                                 done.stdout), end="",
              flush=True)
        if done.returncode != 0:
            self.fail("%s\nkept in %s" % (done.stderr, again.keep(done)))

    def check_shrunk(self, recorded, reference, options):
        """The power is cut while the journal is moved to where pages are
        unused, and the end of the file is cut off."""
        large = recorded.path_of("large")
        shutil.copytree(recorded.directory, large)
        path = os.path.join(large, "state")
        with contextlib.closing(sqlite3.connect(path)) as db:
            for sql in ("CREATE TABLE rows AS SELECT * FROM journal",
                        "DELETE FROM journal",
                        "CREATE TABLE unused AS SELECT zeroblob(4000000)",
                        "INSERT INTO journal SELECT * FROM rows",
                        "DROP TABLE rows", "DROP TABLE unused"):
                db.execute(sql)
            db.commit()
        again = Recorded(self, *options)
        again.prepare("copy", large)
        server, writers = again.start()
        load(writers, at_least(writers, 30))
        settle(writers)
        wait_for(lambda: os.path.getsize(again.path)
                 < os.path.getsize(path) - 3000000, "a smaller file", LONG)
        load(writers, at_least(writers, 40))
        settle(writers)
        server.stop()
        again.drain(writers)
        rows = str(len(reference.journal))
        done = again.check("-a", rows, images=SHRUNK)
        print("power cut: a file gets smaller: %s" % done.stdout, end="",
              flush=True)
        if done.returncode != 0:
            self.fail("%s\nkept in %s" % (done.stderr, again.keep(done)))

    def check_tables(self, reference, found):
        """Each table is what so many writes make of zeros."""
        rows, reached, model = reference.journal, 0, None
        for number, line, table in sorted(found):
            reference.journal = rows[reached:number]
            model, reached = reference.replay(model), number
            overlaid = len(model) == 65536
            self.assertTrue(
                table == model + (model[:4096] if overlaid else []), line)

    def test_separate(self):
        self.run_cuts("-d", "s")

    def test_overlaid(self):
        self.run_cuts("-d", "o")

    def test_control(self):
        """What synchronous=NORMAL loses is found, whatever the seed."""
        recorded = Recorded(self, preload=[os.environ["WEAKEN_SYNC"]])
        server, writers = recorded.start("--state-init")
        load(writers, at_least(writers, 1500))
        settle(writers)
        server.stop()
        recorded.drain(writers)
        for seed in range(SEED, SEED + CONTROL_SEEDS):
            done = recorded.check(seed=seed, images=CONTROL_IMAGES)
            print("power cut: synchronous=NORMAL: %s" % done.stdout, end="",
                  flush=True)
            self.assertEqual(done.returncode, 1, done.stderr)
            lost = int(re.search(r"these (\d+) have lost", done.stdout)[1])
            self.assertGreater(lost, 0)


if __name__ == "__main__":
    print("power cut: seed %d" % SEED, flush=True)
    main()
