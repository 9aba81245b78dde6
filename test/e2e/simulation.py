"""Points that move by themselves, by the real server."""

import os
import re

from disk_faults import Disk
from harness import (Client, ILLEGAL_ADDRESS, exception, main, read,
                     unpack_words, wait_for, write_registers, write_single)
from state_file import StateTest, temporary_directory
from web import TOKEN, Web, WebTest

# The first one has the number of the tick.
PLANT = """\
name,address,type,access,simulate
tick,HR0,uint16,ro,"ramp(0..36000, 60m) every 100ms"
noise,HR1,uint16,ro,random(0..65535) every 100ms
level,HR2,float32,,"sine(-1..1, 7s) every 100ms"
count,HR4,uint16,,count(1) every 100ms
lamp,HR5.3,bool,,toggle(100ms) every 100ms
pump,C16000,bool,,toggle(100ms) every 100ms
still,HR6,uint16,,
"""
MOVING = 6
DEVICE_FAILURE = 4


def registers(client, address, quantity):
    return unpack_words(client.ask(read(3, address, quantity))[2:])


class Plant:
    """A points file, and servers that have it."""

    def make_plant(self, text=PLANT):
        path = os.path.join(temporary_directory(self), "plant.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def wait_tick(self, client, tick):
        wait_for(lambda: registers(client, 0, 1)[0] >= tick, "ticks")


class Simulation(Plant, WebTest):

    def start_plant(self, *options):
        return self.start_web("--points", self.make_plant(), *options)

    def both_layouts(self):
        for mode in "separate", "overlaid":
            with self.subTest(mode):
                yield mode

    def test_without_the_option_nothing_moves(self):
        server, web = self.start_plant("--http-write")
        _, other = self.start_plant("--simulate")
        wait_for(lambda: other.get("/api/simulation")["ticks"] > 3, "ticks")
        self.assertEqual(web.get("/api/status")["writes"], 0)
        self.assertNotIn("simulation", web.get("/api/status"))
        self.assertNotIn("simulated", str(web.get("/api/points")))
        self.assertNotIn("simulation", web.curl("/metrics").body.decode())
        self.assert_error(web.curl("/api/simulation"), 404, "--simulate")
        self.assert_error(web.put("/api/simulation", {"running": True}), 404,
                          "--simulate")
        self.assertEqual(len(server.log_lines("warn")), 1)
        self.assertEqual(len(server.log_lines(
            " points: ")), 2)
        self.assertTrue(server.log_lines(
            "plant.csv: simulate: %d points stand still without --simulate"
            % MOVING))

    def test_all_move_together(self):
        for mode in self.both_layouts():
            server, web = self.start_plant("-d", mode, "--simulate")
            self.assertTrue(server.log_lines(
                "warn simulate: %d points move by themselves, seed 1"
                % MOVING))
            client = self.connect(server)
            client.ask(write_single(6, 5, 0x5555))
            seen = {}
            while len(seen) < 5:
                tick, *others = registers(client, 0, 7)
                seen.setdefault(tick, others)
                self.assertEqual(others, seen[tick])
            self.assertEqual({others[5] for others in seen.values()}, {0})
            self.assertEqual({others[4] & ~8 for others in seen.values()},
                             {0x5555 & ~8})
            self.assertGreater(len({others[1] for others in seen.values()}), 2)
            wait_for(lambda: client.ask(read(1, 16000, 1))[2] == 1, "a coil")
            wait_for(lambda: client.ask(read(1, 16000, 1))[2] == 0, "a coil")
            self.assertEqual(registers(client, 1000, 1)[0] & ~1, 0)

    def test_the_same_seed_gives_the_same_values(self):
        """Compared where both have been seen: a busy machine skips ticks."""
        servers = [self.start_plant("--simulate", *seed)[0]
                   for seed in ((), ("--seed", "1"), ("--seed", "2"))]
        clients = [self.connect(server) for server in servers]
        seen = [{}, {}, {}]
        while len(set(seen[0]) & set(seen[1]) & set(seen[2])) < 10:
            for client, ticks in zip(clients, seen):
                tick, *values = registers(client, 0, 4)
                ticks[tick] = values
        common = sorted(set(seen[0]) & set(seen[1]) & set(seen[2]) - {0})
        first, second, other = ([ticks[tick] for tick in common]
                                for ticks in seen)
        self.assertEqual(first, second)
        self.assertNotEqual([value[0] for value in first],
                            [value[0] for value in other])
        self.assertEqual([value[1:] for value in first],
                         [value[1:] for value in other])

    def test_what_a_client_writes_is_overwritten(self):
        server, _ = self.start_plant("--simulate")
        client = self.connect(server)
        client.ask(write_registers(2, [7, 7, 30000]))
        wait_for(lambda: registers(client, 2, 2) != [7, 7], "the next tick")
        wait_for(lambda: registers(client, 4, 1)[0] > 30000,
                 "a count that goes on from there")

    def test_read_only_points_move(self):
        server, _ = self.start_plant("--simulate", "--read-only")
        client = self.connect(server)
        self.wait_tick(client, 2)
        self.assertEqual(client.ask(write_single(6, 0, 1)),
                         exception(6, ILLEGAL_ADDRESS))

    def test_whose_writes_they_are(self):
        server, web = self.start_plant("--simulate", "--client-report")
        with self.events(web, "?detail=every") as events:
            change = events.wait("change")[1]
        self.assertEqual(change["client"], "simulation")
        writer, = web.get("/api/writers?kind=registers&address=4")
        self.assertEqual(writer["client"], "simulation")
        self.assertEqual(web.get("/api/clients"), [])
        server.stop()
        self.assertNotIn("simulation", "\n".join(server.log_lines("report: ")))

    def test_the_points_say_who_moves(self):
        _, web = self.start_plant("--simulate")
        points = web.get("/api/points")["points"]
        self.assertEqual([point.get("simulated") for point in points],
                         [True] * MOVING + [None])
        self.assertIs(web.get("/api/points/tick")["simulated"], True)
        self.assertNotIn("simulated", web.get("/api/points/still"))

    def test_many_points(self):
        count, turn, part = 1000, 256, 125
        text = "address,simulate\n" + "".join(
            "HR%d,count(1) every 50ms\n" % i for i in range(count))
        for mode in self.both_layouts():
            server, web = self.start_web(
                "-d", mode, "--points", self.make_plant(text), "--simulate")
            client = self.connect(server)
            while registers(client, count - 1, 1)[0] < 5:
                for first in range(0, 1000, turn):
                    values = registers(client, first, part)
                    self.assertEqual(len(set(values)), 1)
            metrics = web.curl("/metrics").body.decode()
            written = int(re.search(
                r"mbasyncserver_simulation_points_written_total (\d+)",
                metrics).group(1))
            submissions = int(re.search(
                r"mbasyncserver_simulation_submissions_total (\d+)",
                metrics).group(1))
            self.assertGreaterEqual(written, 5 * count)
            self.assertLessEqual(written, turn * submissions)

    def test_without_a_moving_point(self):
        server, web = self.start_web(
            "--points", self.make_plant("address\nHR0\n"), "--simulate")
        self.assertTrue(server.log_lines(
            "warn points: ")[0].endswith("no point says how it moves"))
        self.assertEqual(web.get("/api/simulation")["points"], 0)


class Pause(Plant, WebTest):

    def start_plant(self, *options):
        return self.start_web("--points", self.make_plant(), "--simulate",
                              *options)

    def test_it_is_paused_and_resumed(self):
        server, web = self.start_plant("--http-write")
        client = self.connect(server)
        self.wait_tick(client, 2)
        paused = web.put("/api/simulation", {"running": False}).json()
        self.assertIs(paused["running"], False)
        self.assertEqual(web.put("/api/simulation", {"running": False}).json(),
                         paused)
        before = registers(client, 0, 7)
        _, other = self.start_plant()
        wait_for(lambda: other.get("/api/simulation")["ticks"] > 5, "ticks")
        self.assertEqual(registers(client, 0, 7), before)
        self.assertEqual(web.get("/api/status")["simulation"], paused)
        self.assertIs(web.put("/api/simulation", {"running": True})
                      .json()["running"], True)
        # The number of the tick is the time since the start; the count is not.
        wait_for(lambda: registers(client, 4, 1)[0] > before[4], "a tick")
        tick, *_, count, _, _ = registers(client, 0, 7)
        self.assertGreater(tick - before[0], count - before[4])
        for line in "paused", "resumed":
            self.assertEqual(len(server.log_lines(
                "warn simulate: %s over HTTP by 127.0.0.1:" % line)), 1)

    def test_who_may(self):
        path = os.path.join(temporary_directory(self), "token")
        with open(path, "w", encoding="utf-8") as file:
            file.write(TOKEN)
        os.chmod(path, 0o600)
        _, reading = self.start_plant()
        _, writing = self.start_plant("--http-write", "--http-token", path)
        _, ruled = self.start_plant("--http-write", "--write-from",
                                    "192.0.2.1")
        pause = ("/api/simulation", {"running": False})
        self.assert_error(reading.put(*pause), 403, "--http-write")
        self.assert_error(writing.put(*pause), 401, "token")
        self.assert_error(ruled.put(*pause), 403, "access rules")
        for web in reading, writing, ruled:
            self.assertIs(web.get("/api/simulation")["running"], True)
        self.assertEqual(writing.put(
            *pause, "-H", "Authorization: Bearer " + TOKEN).status, 200)

    def test_what_it_takes(self):
        _, web = self.start_plant("--http-write")
        for body, text in (({}, "expected true or false"),
                           ({"running": 0}, "expected true or false"),
                           ({"running": False, "x": 1}, "x"),
                           (b"[]", "object")):
            self.assert_error(web.put("/api/simulation", body), 400, text)
        self.assert_error(web.curl("/api/simulation?x=1"), 400, "x")
        self.assertIs(web.get("/api/simulation")["running"], True)


class Stored(Plant, StateTest):

    def start_plant(self, *options, **how):
        return self.serve("--points", self.plant, "--simulate", *options,
                          **how)

    def setUp(self):
        super().setUp()
        self.plant = self.make_plant()

    def test_a_count_goes_on_after_a_restart(self):
        server = self.start_plant()
        self.assertTrue(server.log_lines("not in the journal"))
        with Client(server) as client:
            client.ask(write_single(6, 4, 20000))
            wait_for(lambda: registers(client, 4, 1)[0] > 20002, "ticks")
            self.wait_tick(client, 5)
            count, = registers(client, 4, 1)
        server.stop()
        server = self.start_plant()
        with Client(server) as client:
            self.assertGreaterEqual(registers(client, 4, 1)[0], count)
            wait_for(lambda: registers(client, 4, 1)[0] > count, "ticks")
        server.stop()

    def test_a_full_disk(self):
        disk = Disk(self.directory)
        server = self.start_plant("--http", "0", env=disk.env())
        client = self.connect(server)
        self.wait_tick(client, 2)
        disk.set("-wal", write_error=28)
        self.assertEqual(client.ask(write_single(6, 6, 1)),
                         exception(6, DEVICE_FAILURE))
        wait_for(lambda: server.log_lines(
            "warn simulate: writes are refused: points stand still"),
            "a refused tick")
        count, = registers(client, 4, 1)
        self.assertGreater(Web(server).get("/api/simulation")["refused"], 0)
        disk.set("-wal", write_error=0)
        wait_for(lambda: server.log_lines("info simulate: points move again"),
                 "a tick")
        wait_for(lambda: registers(client, 4, 1)[0] > count, "ticks")
        server.stop()


if __name__ == "__main__":
    main()
