"""The first values of a points file, by the real server, across restarts, kills
and failures of the disk."""

import csv
import io
import os
import signal
import subprocess

from disk_faults import Disk
from harness import (BINARY, DEADLINE, Client, Server, main, read, run_server,
                     server_environment, unpack_words, wait_for,
                     write_registers, write_single)
from state_file import EX_IOERR, StateFile, StateTest
from web import TOKEN, Web

PLANT = """\
# boiler house
name,address,type,order,value,scale,access
supply,HR0,int16,,62.5,0.1,ro
setpoint,40011,int16,,65,0.1,rw
flow,HR20,float32,CDAB,12.75,,ro
model,HR30,string4,,BH-2,,ro
status,HR40,uint16,,5,,rw
fault,HR40.2,bool,,,,
running,HR41.3,bool,,1,,
spare,HR50,uint16,,,,rw
pump on,C16000,bool,,true,,rw
door open,DI16001,bool,,false,,ro
"""

# Registers, as they are then; coil 16000 is also bit 0 of register 1000.
VALUES = {0: 625, 10: 650, 20: 0, 21: 0x414C, 30: 0x4248, 31: 0x2D32, 40: 5,
          41: 8, 50: 0}
FIRST = 8   # points that have a value
WRITTEN = "%d first values written" % FIRST
FOR_EVER = 1000000000


def make_plant(directory, text=PLANT):
    path = os.path.join(directory, "plant.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class PointsTest(StateTest):
    """A directory with a points file, and a state file that may be there."""

    def setUp(self):
        super().setUp()
        self.plant = make_plant(self.directory)

    def serve_points(self, *options, **how):
        return self.serve("--points", self.plant, *options, **how)

    def create(self):
        done = run_server("--state", self.path, "--state-create")
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_values(self, server, **others):
        """The first values, but for some, such as r10=7."""
        with Client(server) as client:
            for address, value in VALUES.items():
                got = client.ask(read(3, address, 1))
                self.assertEqual(unpack_words(got[2:]),
                                 [others.get("r%d" % address, value)], address)
            self.assertEqual(client.ask(read(1, 16000, 2)), bytes([1, 1, 1]))

    def journal(self, *options):
        done = subprocess.run(
            [BINARY, "journal", "--state", self.path, "--csv", *options],
            stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True)
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def differences(self, server):
        return [line.split("points: ", 1)[1]
                for line in server.log_lines(" differ from ")]


class FirstValues(PointsTest):

    def test_a_table_that_is_not_stored(self):
        for mode in "separate", "overlaid":
            with self.subTest(mode):
                server = self.start("-d", mode, "--points", self.plant,
                                    "--http", "0")
                self.assert_values(server)
                self.assertEqual(len(server.log_lines(WRITTEN)), 1)
                writer, = Web(server).get(
                    "/api/writers?kind=registers&address=10")
                self.assertEqual(writer["client"], "start")
                server.process.send_signal(signal.SIGUSR2)
                wait_for(lambda: server.log_lines("writers: client start: "),
                         "the report")
                server.stop()

    def test_a_new_file(self):
        for mode in "separate", "overlaid":
            with self.subTest(mode):
                server = self.serve_points("-d", mode)
                self.assert_values(server)
                server.stop()
                file = StateFile(self.path).check()
                self.assertEqual(file.replay(), file.words())
                self.path += "-2"

    def test_the_journal_names_the_writer(self):
        server = self.serve_points()
        self.write(server, 50, [9])
        server.stop()
        rows = self.journal("--client", "start")
        self.assertEqual({(row["client"], row["port"], row["connection"],
                           row["unit"]) for row in rows},
                         {("start", "", "0", "0")})
        self.assertEqual({int(row["address"]): int(row["after"])
                          for row in rows if row["table"] == "registers"},
                         {a: v for a, v in VALUES.items() if v != 0})
        self.assertEqual(len(self.journal()), len(rows) + 1)
        self.assertEqual(self.journal("--client", "simulation"), [])

    def test_what_a_client_wrote_stays(self):
        server = self.serve_points()
        self.write(server, 10, [7])
        server.stop()
        server = self.serve_points()
        self.assert_values(server, r10=7)
        self.assertEqual(self.differences(server), [
            "%s: 1 of %d points differ from their first values"
            % (self.plant, FIRST)])
        self.write(server, 10, [650])
        server.kill()
        server = self.serve_points()
        self.assert_values(server)
        self.assertEqual(self.differences(server), [])
        self.assertEqual(server.log_lines(WRITTEN), [])
        server.stop()
        self.assertEqual(len(self.journal("--client", "start")),
                         sum(1 for value in VALUES.values() if value) + 1)

    def test_a_file_that_nobody_wrote_is_new(self):
        """It was created by a package, before there was a points file."""
        self.create()
        self.serve().stop()
        server = self.serve()
        self.assertEqual(self.words(server, 0, 1), [0])
        server.kill()
        server = self.serve_points()
        self.assert_values(server)
        self.assertEqual(len(server.log_lines(WRITTEN)), 1)

    def test_a_zero_that_was_acknowledged_stays(self):
        """Though it changed nothing, and such writes are not recorded."""
        for when in "always", "changes", "interval:1":
            with self.subTest(when):
                server = self.serve("--state-sync", when)
                self.write(server, 10, [0])
                server.stop()
                server = self.serve_points("--state-sync", when)
                self.assertEqual(self.words(server, 0, 11), [0] * 11)
                self.assertIn("%d of %d" % (FIRST - 1, FIRST),
                              self.differences(server)[0])
                server.stop()
                self.path += "-next"

    def test_a_journal_that_is_cut_is_no_new_one(self):
        server = self.serve("--journal-keep", "1")
        for value in range(5):
            self.write(server, 60, [value])
        server.stop()
        for _ in range(2):
            server = self.serve_points("--journal-keep", "1")
            self.assertEqual(self.words(server, 0, 1), [0])
            server.stop()

    def test_with_an_interval(self):
        server = self.serve_points("--state-sync", "interval:60000")
        self.assert_values(server)
        server.kill()   # before anything was committed
        server = self.serve_points("--state-sync", "interval:60000")
        self.assert_values(server)
        server.stop()
        server = self.serve()
        self.assert_values(server)

    def test_points_without_values_leave_the_table_new(self):
        make_plant(self.directory, "name,address\nx,HR0\n")
        server = self.serve_points()
        self.assertEqual(server.log_lines("first values"), [])
        server.stop()
        self.plant = make_plant(self.directory)
        self.assert_values(self.serve_points())


class Reset(PointsTest):
    """POST /api/reset?to=initial."""

    def start_web(self, *options):
        server = self.serve_points("--http", "0", *options)
        return server, Web(server)

    def reset(self, web, *curl):
        return web.curl("/api/reset?to=initial", "-X", "POST", *curl)

    def test_every_value_and_nothing_else(self):
        for mode in "separate", "overlaid":
            with self.subTest(mode):
                server, web = self.start_web("--http-write", "-d", mode)
                with Client(server) as client:
                    self.assertEqual(client.ask(write_registers(
                        40, [0, 0xFFF7, 5]))[0], 16)
                    self.assertEqual(client.ask(write_single(
                        5, 16000, 0))[0], 5)
                    self.assertEqual(client.ask(write_single(
                        5, 16005, 0xFF00))[0], 5)
                self.write(server, 50, [9])
                answer = self.reset(web)
                self.assertEqual((answer.status, answer.json()), (200, {}))
                # Register 41 has a bit with a value, and others without.
                self.assert_values(server, r41=0xFFFF, r50=9)
                self.assertEqual(self.words(server, 42, 1), [5])
                with Client(server) as client:
                    self.assertEqual(client.ask(read(1, 16000, 6)),
                                     bytes([1, 1, 0x21]))
                writer, = web.get("/api/writers?kind=registers&address=40")
                self.assertEqual(writer["client"], "start")
                server.stop()
                file = StateFile(self.path).check()
                self.assertEqual(file.replay(), file.words())
                rows = self.journal("--client", "start", "--address", "HR41")
                self.assertEqual([row["function"] for row in rows],
                                 ["16", "22"])
                self.path += "-2"

    def test_who_may(self):
        server, web = self.start_web()
        self.assertEqual(self.reset(web).status, 403)
        server.stop()
        server, web = self.start_web("--http-write", "--write-from",
                                     "192.0.2.1")
        answer = self.reset(web)
        self.assertEqual(answer.status, 403)
        self.assertIn("may not write", answer.json()["error"])
        server.stop()
        token = os.path.join(self.directory, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")
        os.chmod(token, 0o600)
        server, web = self.start_web(
            "--http-write", "--http-token", token, "--read-only-range", "HR0")
        self.assertEqual(self.reset(web).status, 401)
        self.assertEqual(self.reset(
            web, "-H", "Authorization: Bearer " + TOKEN).status, 200)

    def test_without_points(self):
        server = self.serve("--http", "0", "--http-write")
        answer = self.reset(Web(server))
        self.assertEqual(answer.status, 404)
        self.assertIn("no points", answer.json()["error"])

    def test_other_parameters(self):
        _, web = self.start_web("--http-write")
        for query in "to=zero", "to=initial&kind=coils", "to=", "to":
            self.assertEqual(web.curl("/api/reset?" + query, "-X",
                                      "POST").status, 400, query)

    def test_points_without_values(self):
        make_plant(self.directory, "name,address\nx,HR0\n")
        _, web = self.start_web("--http-write")
        self.assertEqual(self.reset(web).status, 200)


class Killed(PointsTest):

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.directory)

    def live(self, step):
        """A life that is killed before its step, in which a client writes
        register 10. Returns whether that was acknowledged."""
        self.disk.set(kill_at=step)
        acknowledged = False
        try:
            server = Server("--state", self.path, "--state-init", "--points",
                            self.plant, env=self.disk.env())
        except AssertionError as error:
            self.assertIn("status -9", str(error))
            return False
        try:
            self.assert_values(server)
            with Client(server) as client:
                acknowledged = client.ask(
                    write_single(6, 10, step % 65536))[0] == 6
            server.process.terminate()
        except OSError:
            pass
        except AssertionError:
            self.assertLess(self.disk["kill_at"], 1)
        server.process.wait(DEADLINE)
        server.kill()
        server.errors.close()
        return acknowledged

    def steps(self):
        """How many steps a life has that is not killed."""
        self.assertTrue(self.live(FOR_EVER))
        return FOR_EVER - self.disk["kill_at"]

    def live_on(self, step):
        """A life that is killed, and the next one, which ends with all
        values, whatever is there."""
        acknowledged = self.live(step)
        server = self.serve_points()
        got, = self.words(server, 10, 1)
        self.assertIn(got, (step,) if acknowledged else (650, step))
        self.assert_values(server, r10=got)
        server.stop()
        server.kill()
        server.errors.close()
        file = StateFile(self.path).check()
        self.assertEqual(file.replay(), file.words())

    def test_at_each_step(self):
        """The file was there, and nobody had written."""
        first = self.path
        self.create()
        count = self.steps()
        self.assertGreater(count, 10)
        for step in range(1, count + 1):
            self.path = "%s-%d" % (first, step)
            self.create()
            self.live_on(step)

    def test_at_steps_of_a_start_that_makes_the_file(self):
        first = self.path
        count = self.steps()
        for step in range(1, count + 1, count // 15):
            self.path = "%s-%d" % (first, step)
            self.live_on(step)

    def test_a_signal_while_they_are_written(self):
        """It ends the process, as it does while a table is restored."""
        self.create()
        self.disk.set("-wal", hang=1)
        process = subprocess.Popen(
            [BINARY, "-p", "0", "--state", self.path, "--points", self.plant],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env=server_environment(**self.disk.env()))
        with process:
            self.addCleanup(process.kill)
            self.disk.await_hang()
            process.terminate()
            self.assertEqual(process.wait(DEADLINE), -signal.SIGTERM)
            self.assertNotIn("Starting", process.stdout.read())
        self.assert_values(self.serve_points())


class Failed(PointsTest):
    """They cannot be written: nobody is served, and the next start does it."""

    def refuse_points(self, suffix, **fault):
        disk = Disk(self.directory)
        disk.set(suffix, **fault)
        done = subprocess.run(
            [BINARY, "-p", "0", "--state", self.path, "--log-level", "error",
             "--points", self.plant], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=DEADLINE, check=False,
            env=server_environment(**disk.env()))
        self.assertEqual(done.returncode, EX_IOERR, done.stderr)
        self.assertNotIn("Starting", done.stdout)
        server = self.serve_points()
        self.assert_values(server)
        server.stop()
        return done.stderr

    def test_a_full_disk(self):
        self.create()
        log = self.refuse_points("-wal", write_error=28)
        self.assertRegex(log, "points: .*: first values are not written: "
                         "no space\n")

    def test_a_disk_that_fails(self):
        self.create()
        log = self.refuse_points("-wal", sync_error=5)
        self.assertIn("state: ", log)


if __name__ == "__main__":
    main()
