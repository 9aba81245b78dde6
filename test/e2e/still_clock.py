"""Servers whose clock stands still: none of their deadlines passes, however long
a test or a server has to wait for a processor.

For tests in which a frame is incomplete for a while, or a connection is being
closed: 10 s and 1 s of the server's time would end those.
"""

from harness import ServerTest, ShiftedClock


class StillClock(ShiftedClock):
    """Time passes only by advance(), wait() and set(); the time of day goes
    on."""

    def environment(self):
        return dict(super().environment(), SHIFT_CLOCK_STILL="1")


class StillTest(ServerTest):
    """Tests whose servers have the clock self.clock. Where there is no library
    for it, they have their own, and self.clock is None."""

    clock = None

    def start(self, *arguments, env=None, **options):
        if ShiftedClock.LIBRARY and self.clock is None:
            self.clock = StillClock()
            self.addCleanup(self.clock.close)
        clock = self.clock.environment() if self.clock else {}
        return super().start(*arguments, env={**clock, **(env or {})},
                             **options)
