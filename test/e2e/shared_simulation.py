"""Of the servers that share a table, one simulates. A test waits for ten seconds
until another one takes over."""

import json
import os

from harness import wait_for
from sharing import PATIENCE, SharedTest, main
from state_file import temporary_directory

PLANT = """\
name,address,type,simulate
level,HR0,uint16,count(1) every 100ms
lamp,C100,bool,toggle(100ms) every 100ms
"""
OWN = "info simulate: this server simulates for the shared table"
OTHER = "warn simulate: another server of the shared table simulates"


class Simulation(SharedTest):

    def setUp(self):
        super().setUp()
        self.plant = os.path.join(temporary_directory(self), "plant.csv")
        with open(self.plant, "w", encoding="utf-8") as file:
            file.write(PLANT)

    def level(self, server):
        return self.words(server, 0, 1)[0]

    def await_moving(self, server):
        level = self.level(server)
        wait_for(lambda: self.level(server) > level, "ticks", PATIENCE)

    @staticmethod
    def simulating(server):
        """Of each server that simulates, whether it is this one."""
        shared = json.loads(server.get("/api/status")[1])["shared"]
        return [s["own"] for s in shared["servers"] if s["simulates"]]

    def test_another_server_takes_over(self):
        engine = self.engine()
        options = ("--points", self.plant, "--simulate")
        one = self.member(engine, *options, "--shared-init")
        wait_for(lambda: one.log_lines(OWN), "the first", PATIENCE)
        other = self.member(engine, *options)
        idle = self.member(engine)      # it only shows what moves
        for server in one, other, idle:
            self.await_moving(server)
        # Or the first one stood still for so long.
        wait_for(lambda: other.log_lines(OTHER) or other.log_lines(OWN),
                 "the second", PATIENCE)
        one.kill()
        wait_for(lambda: other.log_lines(OWN), "the second", PATIENCE)
        for server in other, idle:
            self.await_moving(server)
        wait_for(lambda: self.simulating(other) == [True], "the status",
                 PATIENCE)
        self.assertFalse(idle.log_lines("simulate:"))


if __name__ == "__main__":
    main()
