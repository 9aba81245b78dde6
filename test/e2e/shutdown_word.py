"""The remote shut-down word, -q WORD, in all its forms."""

from harness import (PING, Client, ServerTest, adu, main, read, run_server,
                     struct)
from still_clock import StillTest

WORD = b"shutdown#7"


class Word(ServerTest):
    """What stops the server, and what does not."""

    def setUp(self):
        self.server = self.start("-q", WORD.decode(), "--log-level", "debug",
                                 "--trace")

    def connect_another(self):
        return self.connect(self.server)

    def assert_stopped_by_word(self, server=None):
        """Exit 0, and the line of the original; the word is in no output."""
        server = server or self.server
        lines = server.wait_stopped()
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"^Shutdown command received by server "
                         r"%d\." % server.port)
        output = "\n".join(server.announced + lines) + server.log()
        self.assertNotIn(WORD.decode(), output)
        self.assertNotIn(WORD.hex(" "), output)
        self.assertRegex(server.log(), r"shutdown: 127\.0\.0\.1:\d+: ")

    def assert_closed_but_running(self, *segments):
        """Only the connection ends."""
        with Client(self.server) as client, Client(self.server) as other:
            for segment in segments:
                client.send(segment)
                other.ping()
            client.expect_eof()
        self.assert_serves(self.server)


class Stops(Word):
    """Forms in which the word is obeyed."""

    def test_alone_or_with_line_ends(self):
        for end in (b"", b"\r", b"\n", b"\r\n", b"\n\r\n"):
            with self.subTest(end=end):
                server = self.start("-q", WORD.decode())
                with Client(server) as client:
                    client.send(WORD + end)
                    client.expect_eof()
                self.assert_stopped_by_word(server)

    def test_behind_requests_in_one_segment(self):
        """Their replies come first."""
        client = self.connect_another()
        client.send(b"".join(adu(PING, i) for i in range(300)) + WORD)
        for i in range(300):
            self.assertEqual(client.frame()[0], i)
        client.expect_eof()
        self.assert_stopped_by_word()

    def test_later_on_a_connection_that_has_sent_requests(self):
        client = self.connect_another()
        client.ping(3)
        client.send(WORD + b"\r\n")
        client.expect_eof()
        self.assert_stopped_by_word()

    def test_with_the_fin(self):
        client = self.connect_another()
        client.send(WORD)
        client.half_close()
        client.expect_eof()
        self.assert_stopped_by_word()

    def test_from_a_client_that_is_gone_at_once(self):
        """As with "echo WORD | nc": nobody waits for the end."""
        client = self.connect_another()
        client.send(WORD + b"\n")
        client.close()
        self.assert_stopped_by_word()

    def test_others_get_the_replies_they_are_owed(self):
        other, third = self.connect_another(), self.connect_another()
        other.send(b"".join(adu(PING, i) for i in range(1000)))
        other.wait_taken()
        third.ping(20)
        self.connect_another().send(WORD)
        self.assert_stopped_by_word()
        self.assertEqual([other.frame()[0] for _ in range(1000)],
                         list(range(1000)))
        other.expect_eof()
        third.expect_eof()

    def test_while_another_client_never_reads(self):
        other, third = self.connect_another(), self.connect_another()
        requests = adu(read(3, 0, 125)) * 20000
        other.send_what_is_taken(requests, third)
        self.connect_another().send(WORD)
        self.assert_stopped_by_word()

    def test_from_a_client_that_does_not_read_its_replies(self):
        """The word stands behind more requests than are answered at once."""
        client = self.connect_another()
        client.send(adu(read(3, 0, 10)) * 200 + WORD)
        self.assert_stopped_by_word()

    def test_the_longest_and_the_shortest_word(self):
        for word in ("abc", "w" * 250, "zwölf"):
            server = self.start("-q", word)
            self.connect(server).send(word.encode())
            server.wait_stopped()


class StopsInParts(Word, StillTest):
    """The word may come bit by bit."""

    def test_split_at_every_byte(self):
        for cut in range(1, len(WORD)):
            with self.subTest(cut=cut):
                server = self.start("-q", WORD.decode())
                with Client(server) as client, Client(server) as other:
                    client.send(WORD[:cut])
                    other.ping(2)
                    client.send(WORD[cut:])
                    client.expect_eof()
                self.assert_stopped_by_word(server)

    def test_byte_by_byte(self):
        client, other = self.connect_another(), self.connect_another()
        for byte in WORD:
            other.ping()
            client.send(bytes([byte]))
        client.expect_eof()
        client.close()
        other.close()
        self.assert_stopped_by_word()


class DoesNotStop(Word, StillTest):
    """What closes the connection that sent it, at most."""

    def test_another_word(self):
        for other in (b"shutdown#8", b"SHUTDOWN#7", b"shutdown", b"xhutdown#7",
                      b"stop"):
            with self.subTest(other):
                self.assert_closed_but_running(other + bytes(1) * 20)

    def test_a_wrong_word_of_the_same_length(self):
        self.assert_closed_but_running(b"shutdown#8")
        self.assert_closed_but_running(b"shutdo", b"wn#8")

    def test_the_word_with_something_behind_it(self):
        for behind in (b"x", b" ", b"\0", b"\r\nx", WORD,
                       adu(PING), b"\r\n" + adu(PING)):
            with self.subTest(behind):
                self.assert_closed_but_running(WORD + behind)

    def test_the_word_with_something_before_it(self):
        for before in (b" ", b"\r\n", b"xyz"):
            with self.subTest(before):
                self.assert_closed_but_running(before + WORD)

    def test_a_beginning_of_the_word_and_something_else(self):
        self.assert_closed_but_running(WORD[:4], b"different")
        self.assert_closed_but_running(WORD[:9], b"x")
        self.assert_closed_but_running(WORD[:3], bytes(20))

    def test_a_beginning_of_the_word_and_the_end(self):
        for cut in range(1, len(WORD)):
            with Client(self.server) as client:
                client.send(WORD[:cut])
                client.half_close()
                client.expect_eof()
        self.assert_serves(self.server)

    def test_a_frame_whose_transaction_identifier_begins_the_word(self):
        """A word can't have the 0 that stands behind it."""
        transaction, = struct.unpack(">H", WORD[:2])
        client, other = self.connect_another(), self.connect_another()
        frame = adu(PING, transaction)
        for cut in range(len(frame)):
            client.send(frame[:cut])
            other.ping()
            client.send(frame[cut:])
            self.assertEqual(client.frame()[0], transaction)

    def test_the_word_within_a_frame(self):
        client = self.connect_another()
        echo = bytes([8, 0, 0]) + WORD
        self.assertEqual(client.ask(echo), echo)

    def test_such_a_client_gets_the_replies_that_it_is_owed(self):
        client = self.connect_another()
        client.send(adu(PING, 1) + b"shutdown#8")
        self.assertEqual(client.frame()[0], 1)
        client.expect_eof()


class WithoutTheOption(ServerTest):
    """No -q, no word."""

    def test_the_word_closes_its_connection_only(self):
        server = self.start()
        for text in (WORD, b"quit\r\n", b"\r\n\r\n"):
            with Client(server) as client:
                client.send(text)
                client.expect_eof()
        self.assert_serves(server)

    def test_words_that_could_be_frames_are_refused(self):
        """Shorter than 3 bytes; and longer ones than 250."""
        for word in ("", "a", "ab", "w" * 251):
            ended = run_server("-p", "0", "-q", word)
            self.assertEqual(ended.returncode, 64)
            self.assertEqual(len(ended.stderr.splitlines()), 1)


if __name__ == "__main__":
    main()
