"""The check of the journal while the server runs: sound, damaged, and what the
next start does."""

import re
import sqlite3
import subprocess

from disk_faults import Disk
from harness import Client, main, wait_for, write_registers
from state_file import (EX_DATAERR, StateFile, StateTest, contents,
                        make_version_1, whole_table)
from web import Web

ROWS = 300
FULL = 28  # ENOSPC

# As mbasyncserver-state(5) has it.
RESCUE = "ATTACH '%s' AS old; REPLACE INTO block SELECT * FROM old.block"


class Scrub(StateTest):
    """A journal of ROWS rows, and what is done to it while nobody uses it."""

    def setUp(self):
        super().setUp()
        server = self.serve()
        with Client(server) as client:
            for i in range(ROWS):
                client.ask(write_registers(i * 100,
                                           [i] * (120 if i % 3 else 1)))
        self.table = whole_table(server)
        server.stop()

    def damage(self, sql):
        with sqlite3.connect(self.path) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute(sql)
        db.close()

    def serve_checked(self, *options, **how):
        """A server that has checked the journal: it, its HTTP side, and the
        line that it has logged."""
        server = self.serve("--http", "0", *options, **how)
        line, = wait_for(lambda: server.log_lines(" journal "),
                         "the check of the journal")
        return server, Web(server), line

    def metric(self, web, name):
        found = re.search("^mbasyncserver_state_journal_%s (\\d+)$" % name,
                          web.curl("/metrics").body.decode(), re.MULTILINE)
        self.assertTrue(found, name)
        return int(found.group(1))

    def assert_sound(self, web, rows):
        self.assertEqual(web.get("/api/status")["state"]["journal"], {
            "result": "sound", "checking": False, "rows": rows,
            "checked": rows, "damaged_rows": 0, "damaged": []})
        self.assertEqual(web.curl("/healthz").status, 200)
        for name, value in (("rows", rows), ("checked_rows", rows),
                            ("damaged_rows", 0), ("damaged", 0)):
            self.assertEqual(self.metric(web, name), value, name)

    def assert_damaged(self, web, ranges):
        """That it is said, and that the table is served all the same."""
        journal = web.get("/api/status")["state"]["journal"]
        rows = sum(last - first + 1 for first, last in ranges)
        self.assertEqual(journal["result"], "damaged")
        self.assertEqual(journal["damaged"], ranges)
        self.assertEqual(journal["damaged_rows"], rows)
        self.assertEqual(self.metric(web, "damaged_rows"), rows)
        self.assertEqual(self.metric(web, "damaged"), 1)
        health = web.curl("/healthz")
        self.assertEqual(health.status, 503)
        self.assertIn(b"degraded: the journal is damaged", health.body)
        self.assertEqual(whole_table(web.server), self.table)
        self.write(web.server, 0, [0])

    def test_a_sound_journal(self):
        server, web, line = self.serve_checked()
        self.assertIn(" info ", line)
        self.assertTrue(line.endswith("journal checked: %d writes" % ROWS))
        self.assert_sound(web, ROWS)
        server.stop()
        make_version_1(self.path)
        _, web, line = self.serve_checked()
        self.assertIn("journal checked: %d writes" % ROWS, line)
        self.assert_sound(web, ROWS)

    def test_no_state_no_journal(self):
        web = Web(self.start("--http", "0"))
        self.assertIsNone(web.get("/api/status")["state"])
        self.assertNotIn(b"state_journal", web.curl("/metrics").body)

    def test_damaged_rows(self):
        """They are told, the server goes on, and the next start knows."""
        self.damage("UPDATE journal SET unit = unit + 1 "
                    "WHERE number IN (7, 100, 101)")
        for _ in range(2):
            server, web, line = self.serve_checked()
            self.assertIn(" error ", line)
            self.assertIn("the journal is damaged: writes 7, 100-101: ", line)
            self.assert_damaged(web, [[7, 7], [100, 101]])
            server.stop()
        self.assertEqual(StateFile(self.path).meta["damage"], "7, 100-101")
        # The second was checked before it served anybody.
        log = server.log()
        self.assertLess(log.index(line), log.index(": restored"))

    def test_a_kill_does_not_hide_damage(self):
        self.damage("UPDATE journal SET crc = crc + 1 WHERE number = 7")
        server, web, _ = self.serve_checked()
        self.assert_damaged(web, [[7, 7]])
        server.kill()
        server, web, line = self.serve_checked()
        self.assert_damaged(web, [[7, 7]])
        self.assertLess(server.log().index(line),
                        server.log().index(": restored"))

    def test_damage_that_is_undone(self):
        self.damage("UPDATE journal SET crc = crc + 1 WHERE number = 7")
        server, _, _ = self.serve_checked()
        server.stop()
        self.damage("UPDATE journal SET crc = crc - 1 WHERE number = 7")
        server, web, line = self.serve_checked()
        self.assertIn("journal checked: %d writes" % ROWS, line)
        self.assert_sound(web, ROWS)
        server.stop()
        self.assertNotIn("damage", StateFile(self.path).meta)

    def test_damage_where_old_rows_are_deleted(self):
        """The writes are committed all the same, and nothing is lost."""
        self.damage("UPDATE journal SET crc = crc + 1 WHERE number = 20")
        server, web, _ = self.serve_checked("--journal-keep", "10")
        for i in range(100):
            self.write(server, 65000, [i] * 100)
        wait_for(lambda: len(server.log_lines("the journal is damaged")) == 2,
                 "the check after it")
        self.assertEqual(self.words(server, 65000, 1), [99])
        journal = web.get("/api/status")["state"]["journal"]
        self.assertEqual(journal["damaged"], [[20, 20]])
        server.stop()
        numbers = [row["number"] for row in StateFile(self.path).journal]
        self.assertEqual(numbers, list(range(numbers[0], ROWS + 101)))
        self.assertLessEqual(numbers[0], 20)
        # The next start finds the structure sound, and the row may go.
        server, web, _ = self.serve_checked("--journal-keep", "10")
        for i in range(100):
            self.write(server, 65000, [i])
        server.stop()
        self.assertEqual(len(StateFile(self.path).check().journal), 10)
        _, web, line = self.serve_checked("--journal-keep", "10")
        self.assertIn("journal checked: 10 writes", line)
        self.assert_sound(web, 10)

    def test_damage_on_a_full_disk(self):
        """It is told at once, and recorded when there is space."""
        self.damage("UPDATE journal SET crc = crc + 1 WHERE number = 7")
        disk = Disk(self.directory)
        disk.set("-wal", write_error=FULL)
        server, web, _ = self.serve_checked(env=disk.env())
        self.assertEqual(web.get("/api/status")["state"]["journal"]["result"],
                         "damaged")
        disk.set("-wal", write_error=0)
        # In the log, or moved from there; complete with the next commit.
        wait_for(lambda: b"damage" in b"".join(contents(self.path).values()),
                 "the record")
        with Client(server) as client:
            wait_for(lambda: client.ask(write_registers(0, [0]))[0] == 16,
                     "space")
        server.kill()
        server, web, line = self.serve_checked()
        self.assert_damaged(web, [[7, 7]])
        self.assertLess(server.log().index(line),
                        server.log().index(": restored"))

    def damage_page(self, name):
        """Make a page in the middle of a table or an index unreadable."""
        self.damage("PRAGMA user_version")
        with sqlite3.connect(self.path) as db:
            pages = db.execute(
                "SELECT pageno FROM dbstat WHERE name = ? "
                "AND pagetype = 'leaf' ORDER BY path", (name,)).fetchall()
        db.close()
        with open(self.path, "r+b") as file:
            file.seek(512 * (pages[len(pages) // 2][0] - 1))
            file.write(b"\xff" * 512)

    def test_a_damaged_index_is_not_dropped(self):
        """That would free its pages, or what damage makes of them."""
        make_version_1(self.path)
        self.damage_page("journal_by_address")
        self.assertIn(": damaged: ", self.refuse(EX_DATAERR))

    def test_a_page_that_cannot_be_read(self):
        """The rows on it are told, and the others are checked. The next start
        is another matter."""
        self.damage_page("journal")
        server, web, line = self.serve_checked()
        named = re.search(r"is damaged: writes (\d+)(?:-(\d+))?: ", line)
        first, last = int(named.group(1)), int(named.group(2) or named.group(1))
        self.assertLess(last - first, 20)
        self.assert_damaged(web, [[first, last]])
        server.stop()
        self.assertIn(": damaged: ", self.refuse(EX_DATAERR))

    def test_the_table_survives_its_journal(self):
        """What the manual says about a file that is refused."""
        self.damage("INSERT INTO meta VALUES ('damage', '150')")
        self.damage_page("journal")
        said = self.refuse(EX_DATAERR)
        self.assertIn("restore a backup, or see DAMAGE in "
                      "mbasyncserver-state(5)", said)
        old = "%s/%s" % (self.directory,
                         re.search(r"renamed to ([^ ;]+)", said).group(1))
        self.path = self.directory + "/new.state"
        self.serve().stop()
        subprocess.run(["sqlite3", self.path, RESCUE % old], check=True)
        server = self.serve()
        self.assertEqual(whole_table(server), self.table)


if __name__ == "__main__":
    main()
