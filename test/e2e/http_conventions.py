"""What programs expect of HTTP by convention."""

from harness import main, write_coils, write_registers
from web import WebTest


class Cached(WebTest):
    """Entity tags of what does not change."""

    def test_an_asset_is_sent_once(self):
        _, web = self.start_web()
        first = web.curl("/style.css")
        tag = first.headers["etag"]
        self.assertRegex(tag, r'^"[0-9a-f]{16}"$')
        for value in (tag, "W/" + tag, '"other", %s' % tag, "*"):
            answer = web.curl("/style.css", "-H", "If-None-Match: " + value)
            self.assertEqual((answer.status, answer.body), (304, b""))
            self.assertEqual(answer.headers["etag"], tag)
        for value in ('"other"', tag[1:-1], "W/*"):
            answer = web.curl("/style.css", "-H", "If-None-Match: " + value)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.body, first.body)


class Methods(WebTest):
    """Which methods a path has."""

    def test_options_tell_them(self):
        _, web = self.start_web()
        for path, allowed in (
                ("/api/registers", "GET, HEAD, PUT, OPTIONS"),
                ("/api/reset", "POST, OPTIONS"),
                ("/api/points/any", "GET, HEAD, PUT, OPTIONS"),
                ("/healthz", "GET, HEAD, OPTIONS"),
                ("/", "GET, HEAD, OPTIONS")):
            answer = web.curl(path, "-X", "OPTIONS")
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual(answer.headers["allow"], allowed)
        self.assert_error(web.curl("/api/nothing", "-X", "OPTIONS"), 404,
                          "unknown path")

    def test_unknown_ones_are_errors_in_json(self):
        _, web = self.start_web()
        for method in ("PROPFIND", "FOO", "get"):
            answer = web.curl("/api/coils", "-X", method)
            self.assert_error(answer, 405, "expected GET, HEAD, PUT")
            self.assertEqual(answer.headers["allow"],
                             "GET, HEAD, PUT, OPTIONS")
            self.assert_error(web.curl("/nothing", "-X", method), 404,
                              "unknown path")

    def test_the_body_of_an_unknown_one_is_no_request(self):
        _, web = self.start_web()
        hidden = web.head("/healthz")
        for host in ("localhost", "evil.example"):
            got = web.raw(b"FOO /api/coils HTTP/1.1\r\nHost: %s\r\n"
                          b"Content-Length: %d\r\n\r\n%s"
                          % (host.encode(), len(hidden), hidden))
            self.assertEqual(got.count(b"HTTP/1.1 "), 1, got)
            self.assertIn(b"\r\nConnection: close\r\n", got)


class Paths(WebTest):
    """One register or coil has a path of its own."""

    def test_the_path_is_the_address(self):
        server, web = self.start_web()
        client = self.connect(server)
        client.ask(write_registers(42, [7, 0x3FC0, 0]))
        client.ask(write_coils(5, [1]))
        for name in ("42", "HR42", "ir42", "400043"):
            self.assertEqual(
                web.get("/api/registers/" + name),
                {"address": 42, "quantity": 1, "type": "uint16",
                 "order": "ABCD", "values": [7]})
        for name in ("5", "C5", "DI5", "100006"):
            self.assertEqual(web.get("/api/coils/" + name),
                             {"address": 5, "quantity": 1, "values": [1]})
        self.assertEqual(web.get("/api/registers/43?type=float32")["values"],
                         [1.5])
        self.assertEqual(web.get("/api/coils/5?quantity=3")["values"],
                         [1, 0, 0])
        self.assertIn("HR16", web.get("/api/registers/40017")["note"])
        self.assertEqual(web.curl("/api/registers/42", "-I").status, 200)

    def test_without_an_address_nothing_is_read(self):
        _, web = self.start_web()
        for path, text in (("registers", "address: expected a register: a "),
                           ("registers?type=float32", "or a point"),
                           ("coils?quantity=3", "address: expected a coil: a"),
                           ("coils?adress=3", "\"adress\": no such")):
            self.assert_error(web.curl("/api/" + path), 400, text)

    def test_without_an_address_nothing_is_written(self):
        _, web = self.start_web("--http-write")
        for kind, text in (("registers", "address: expected a register: "),
                           ("coils", "address: expected a coil: a number")):
            self.assert_error(web.put("/api/" + kind, {"values": [1]}), 400,
                              text)
        self.assertEqual((web.registers(0, 1), web.coils(0, 1)), ([0], [0]))

    def test_other_paths_are_not_there(self):
        _, web = self.start_web("--http-write")
        for name in ("", "65536", "C5", "HR42.1", "42/", "4/2", "-1", "%34",
                     "HR42%00", "\udcff", "x" * 300):
            with self.subTest(name=name):
                self.assert_error(web.curl("/api/registers/" + name), 404,
                                  "expected a register: a number from 0 to")
                self.assert_error(web.curl("/api/coils/HR" + name), 404,
                                  "expected a coil: a number from 0 to")

    def test_other_questions_get_a_sentence(self):
        _, web = self.start_web()
        for query, text in (("address=42", "\"address\" is given twice"),
                            ("quantity=65500", "from 1 to 65494"),
                            ("type=float", "expected uint16"),
                            ("x=1&y=2&z=3&a=4&b=5&c=6&d=7&e=8",
                             "at most 8 parameters")):
            self.assert_error(web.curl("/api/registers/42?" + query), 400,
                              text)
        self.assert_error(web.put("/api/registers/42", {"values": [1]}), 405,
                          "expected GET, HEAD, OPTIONS")


if __name__ == "__main__":
    main()
