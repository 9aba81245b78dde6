"""Replies that are compressed, and those that are not."""

import gzip
import tempfile
import threading

from harness import main, read, write_single
from web import WebTest

GZIP = ("-H", "Accept-Encoding: gzip")
ASSETS = ("/", "/app.js", "/style.css", "/icon.svg")


class Compression(WebTest):
    def assert_packed(self, answer, expected):
        """Returns how many bytes were sent."""
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-encoding"], "gzip")
        self.assertEqual(answer.headers["vary"], "Accept-Encoding")
        self.assertEqual(gzip.decompress(answer.body), expected)
        return len(answer.body)

    def assert_plain(self, answer, expected):
        self.assertEqual(answer.status, 200)
        self.assertNotIn("content-encoding", answer.headers)
        self.assertEqual(answer.body, expected)

    def compare(self, web, path):
        """Ask for both forms. Returns (bytes packed, bytes plain)."""
        plain = web.curl(path)
        self.assertEqual(plain.headers["vary"], "Accept-Encoding")
        self.assertNotIn("content-encoding", plain.headers)
        packed = self.assert_packed(web.curl(path, *GZIP), plain.body)
        return packed, len(plain.body)

    def test_the_files_of_the_page(self):
        _, web = self.start_web()
        for path in ASSETS:
            with self.subTest(path=path):
                packed, plain = self.compare(web, path)
                self.assertLess(packed, plain)
                strong = web.curl(path).headers["etag"]
                weak = web.curl(path, *GZIP).headers["etag"]
                self.assertEqual(weak, "W/" + strong)
                for etag in (strong, weak):
                    answer = web.curl(path, *GZIP, "-H",
                                      "If-None-Match: " + etag)
                    self.assertEqual((answer.status, answer.body), (304, b""))
                    self.assertEqual(answer.headers["etag"], weak)
                    self.assertEqual(answer.headers["vary"],
                                     "Accept-Encoding")

    def test_a_whole_table(self):
        _, web = self.start_web("--http-write")
        # As long as a table of large values, with something of a pattern.
        values = [10000 + i // 8 for i in range(65536)]
        for first in range(0, 65536, 16384):
            answer = web.put("/api/registers",
                             {"address": first,
                              "values": values[first:first + 16384]})
            self.assertEqual(answer.status, 200)
        packed, plain = self.compare(web, "/api/dump")
        self.assertGreater(plain, 400000)
        self.assertLess(packed, plain / 5)
        print("a full table: %d bytes, compressed %d" % (plain, packed))
        # And by a client that unpacks.
        self.assertEqual(
            web.curl("/api/dump", "--compressed").json()["registers"], values)

    def test_a_reply_in_parts(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("name,address,type\n")
            for i in range(5000):
                file.write("point %d,HR%d,uint16\n" % (i, i))
            file.flush()
            _, web = self.start_web("--points", file.name)
        for path in ("/api/points", "/api/points.csv", "/metrics/points"):
            with self.subTest(path=path):
                packed, plain = self.compare(web, path)
                self.assertGreater(plain, 3 * 65536)
                self.assertLess(packed, plain / 5)
                head = web.curl(path, *GZIP, "--head")
                self.assertEqual(head.headers["content-encoding"], "gzip")
                self.assertEqual(head.body, b"")
                # The end of the connection is that of the reply.
                plain = web.curl(path).body
                self.assert_packed(web.curl(path, *GZIP, "--http1.0"), plain)
                self.assert_plain(web.curl(path, "--http1.0"), plain)

    def test_what_the_client_says_counts(self):
        _, web = self.start_web()
        for path in ("/api/registers?address=0&quantity=4000", "/app.js"):
            plain = web.curl(path).body
            for value in ("gzip, deflate, br", "deflate;q=0.5, gzip;q=0.1",
                          "*", "br, GZIP"):
                with self.subTest(path=path, accepted=value):
                    self.assert_packed(
                        web.curl(path, "-H", "Accept-Encoding: " + value),
                        plain)
            for value in ("br", "identity", "gzip;q=0", "gzip;q=0, *",
                          "*;q=0", "gzip;q=x"):
                with self.subTest(path=path, refused=value):
                    self.assert_plain(
                        web.curl(path, "-H", "Accept-Encoding: " + value),
                        plain)

    def test_short_replies_and_errors_are_plain(self):
        _, web = self.start_web()
        for path in ("/api/registers?address=0&quantity=10", "/healthz",
                     "/api/registers?address=x", "/none"):
            answer = web.curl(path, *GZIP)
            self.assertNotIn("content-encoding", answer.headers)
            self.assertNotIn("vary", answer.headers)

    def test_a_head_is_that_of_the_reply(self):
        _, web = self.start_web()
        for path in ("/app.js", "/api/dump", "/metrics"):
            with self.subTest(path=path):
                head = web.curl(path, *GZIP, "--head")
                self.assertEqual((head.status, head.body), (200, b""))
                get = web.curl(path, *GZIP)
                for name in ("content-encoding", "vary", "content-type"):
                    self.assertEqual(head.headers[name], get.headers[name])
                self.assertEqual(head.headers.get("etag"),
                                 get.headers.get("etag"))

    def test_events_are_never_compressed(self):
        _, web = self.start_web()
        events = self.events(web, "", *GZIP)
        self.assertEqual(events.next()[0], "hello")
        head = web.raw(web.head(
            "/api/events", method="HEAD",
            end="\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"))
        self.assertNotIn(b"gzip", head)

    def test_many_clients_that_do_not_read(self):
        server, web = self.start_web()
        ask = web.head("/api/dump", end="\r\nAccept-Encoding: gzip\r\n\r\n")
        client = self.connect(server)
        socks = []
        try:
            for _ in range(30):
                socks.append(web.connect(receive_buffer=4096))
                socks[-1].sendall(ask)
            for i in range(200):
                client.ask(write_single(6, 0, i))
                self.assertEqual(client.ask(read(3, 0, 1))[2:],
                                 i.to_bytes(2, "big"))
            # Those that leave while their reply is being made.
            for sock in socks[::2]:
                sock.close()
            self.assertEqual(web.curl("/healthz").status, 200)
        finally:
            for sock in socks:
                sock.close()
        self.compare(web, "/api/dump")

    def test_clients_at_once(self):
        _, web = self.start_web()
        plain = web.curl("/api/dump").body
        wrong = []

        def ask():
            answer = web.curl("/api/dump", *GZIP)
            if gzip.decompress(answer.body) != plain:
                wrong.append(answer)

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    main()
