"""Deadlines of the server. These tests wait for real seconds to pass."""

import time

from harness import PING, ServerTest, ShiftedClock, adu, main, wait_for


class FrameDeadline(ServerTest):
    """A frame that has begun must be complete within 10 s."""

    def test_a_frame_that_is_never_completed_ends_its_connection(self):
        """Takes 10 s and a second of the sweep, because the deadline is not
        an option. Dribbling does not prolong it; idle connections and active
        ones are left alone; a reply owed arrives first."""
        server = self.start()
        slow = self.connect(server)
        dribbling = self.connect(server)
        idle, active = self.connect(server), self.connect(server)
        began = time.monotonic()
        idle.ping()
        slow.send(adu(PING, 1) + adu(PING, 2)[:5])
        frame = adu(bytes([8, 0, 0]) + bytes(250))
        sent = 0

        def both_are_closed():
            nonlocal sent
            active.ping()
            if sent < len(frame) - 1 and not dribbling.is_closed():
                if time.monotonic() - began > sent * 0.1:
                    dribbling.send(frame[sent:sent + 1])
                    sent += 1
            return slow.is_closed() and dribbling.is_closed()

        self.assertEqual(slow.frame()[0], 1)
        wait_for(both_are_closed, "the frame deadline", 60)
        self.assertGreaterEqual(time.monotonic() - began, 10)
        for client in (slow, dribbling):
            client.expect_eof()
            client.close()
        wait_for(lambda: len(server.log_lines("frame not complete")) == 2,
                 "two lines in the log")
        idle.ping()
        active.ping()


class IdleTimeout(ServerTest):
    """--idle-timeout SECONDS."""

    def test_an_idle_connection_is_closed_and_an_active_one_is_not(self):
        """Hours pass, by the server's clock. A connect lets it look at it."""
        if not ShiftedClock.LIBRARY:
            self.skipTest("there is no library to shift the clock")
        clock = ShiftedClock()
        self.addCleanup(clock.close)
        server = self.start("--idle-timeout", "3600", env=clock.environment())
        idle, silent = self.connect(server), self.connect(server)
        active = self.connect(server)
        idle.ping()
        for _ in range(2):
            clock.advance(1900)
            self.connect(server).ping()
            active.ping()
        wait_for(lambda: idle.is_closed() and silent.is_closed(),
                 "the idle timeout")
        active.ping()
        idle.expect_eof()
        idle.close()
        lines = wait_for(lambda: server.log_lines("disconnect:"), "a line")
        self.assertIn("idle for too long", lines[0])

    def test_without_it_none_is_closed(self):
        """Three sweeps of the server pass."""
        server = self.start()
        idle = self.connect(server)
        began = time.monotonic()
        wait_for(lambda: time.monotonic() - began > 3.5, "time to pass")
        idle.ping()


class Lingering(ServerTest):
    """A client that does not close when the server has shut its side."""

    def test_it_is_closed_after_a_while(self):
        server = self.start()
        before = len(server.descriptors())
        client = self.connect(server)
        client.send(adu(PING, protocol=1))
        client.expect_eof()
        wait_for(lambda: len(server.descriptors()) == before, "its end")
        lines = server.log_lines("disconnect:")
        self.assertEqual(len(lines), 1)
        self.assertIn("protocol identifier is not 0", lines[0])


if __name__ == "__main__":
    main()
