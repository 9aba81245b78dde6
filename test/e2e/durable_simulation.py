"""kill -9 at random moments while points move and clients write to them, too: no
acknowledged write is lost, none is undone by an older value of a simulation, and
the file is sound.

$KILLS says how often, for each layout of the table; $SEED repeats a run."""

import os

import durable_kill
from durable_kill import WORDS, Writer
from harness import main, read, unpack_words
from state_file import REGISTERS, StateFile, temporary_directory

MIXERS = 8
FIRST = 20000      # register of the first mixer
MOVING = WORDS // 2  # of the words of each
LEAST = 40000      # value that a point moves to

durable_kill.KILLS = int(os.environ.get("KILLS", "15"))


class Mixer(Writer):
    """A client whose registers move by themselves, the first half of them."""

    def __init__(self, number, rng):
        super().__init__(number * 5 + 3, rng)
        self.area = FIRST + number * WORDS

    def check(self, client, where):
        words = unpack_words(client.ask(read(3, self.area, WORDS))[2:])
        known = [self.acknowledged] + self.outstanding
        still = set(words[MOVING:])
        if len(still) != 1 or not still <= set(known):
            raise AssertionError("%s: %r, not one of %r" % (
                where, still, known))
        lost = {w for w in words[:MOVING] if w < LEAST} - set(known)
        if lost:
            raise AssertionError("%s: %r where %r was acknowledged" % (
                where, lost, known))
        self.acknowledged, = still
        self.outstanding.clear()


class Kill(durable_kill.Kill):

    def setUp(self):
        self.plant = os.path.join(temporary_directory(self), "plant.csv")
        with open(self.plant, "w", encoding="utf-8") as file:
            file.write("name,address,type,simulate\n")
            for mixer in range(MIXERS):
                for word in range(MOVING):
                    file.write("p%d_%d,HR%d,uint16,\"ramp(%d..60000, 7s) "
                               "every 100ms\"\n" % (
                                   mixer, word, FIRST + mixer * WORDS + word,
                                   LEAST))

    def start(self, *options, **how):
        return super().start("--points", self.plant, "--simulate", *options,
                             **how)

    def make_writers(self, rng):
        return super().make_writers(rng) + [Mixer(i, rng)
                                            for i in range(MIXERS)]

    def check_journal(self, path, writers):
        """That of the registers that stand still is complete, and no row is of
        the simulation."""
        file = StateFile(path).check()
        rows = len(file.journal)
        self.assertFalse([row for row in file.journal
                          if row["client"] == "simulation"])
        end = FIRST + MIXERS * WORDS
        file.journal = [row for row in file.journal
                        if row["kind"] != REGISTERS
                        or not FIRST <= row["address"] < end]
        self.assertEqual(file.replay()[:FIRST] + file.replay()[end:],
                         file.words()[:FIRST] + file.words()[end:])
        return rows


if __name__ == "__main__":
    main()
