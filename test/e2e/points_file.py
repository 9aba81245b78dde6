"""The points file: each list of test/points ends as its first line says, what
--check prints is read as the same, and an error is no start.

The first line of a list is "# expect: ok", or "# expect: 78 LINE COLUMN": the
exit status, and where the first error is; "A|B" is either of two columns.
Lists of others, which are not part of the project, are tried where they are:
$POINTS_LISTS, or shared/points beside the checkout.
"""

import glob
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import BINARY, ServerTest, main, run_server, server_environment

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LISTS = os.path.join(ROOT, "test", "points")
OTHERS = os.environ.get("POINTS_LISTS") or os.path.join(
    os.path.dirname(ROOT), "shared", "points")

EX_USAGE, EX_IOERR, EX_NOPERM, EX_CONFIG = 64, 74, 77, 78

HEADER = ("name,address,type,order,value,scale,offset,divisor,units,access,"
          "simulate,description")


def check(path, *options, **popen):
    """What --check says of a file."""
    return run_server("--check", "--points", path, *options, **popen)


def expectation(path):
    """The first line of a list, without a byte order mark."""
    with open(path, "rb") as file:
        line = file.readline().decode("utf-8-sig").strip()
    match = re.fullmatch(r"# expect: (ok|78 (\d+)(?: (.+))?)", line)
    if match is None:
        raise AssertionError("%s: %r" % (path, line))
    return match


class Files(ServerTest):
    """What these tests have in common."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="mbasyncserver-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, text, name="plant.csv"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def assert_prints_itself(self, text, *options):
        done = check(self.write(text), *options)
        self.assertEqual((done.returncode, done.stdout), (0, text), done)

    def assert_good(self, path, *options):
        done = check(path, *options)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout.split("\n")[0], HEADER)
        self.assert_prints_itself(done.stdout, *options)
        return done

    def assert_bad(self, path, line, columns):
        done = check(path)
        self.assertEqual((done.returncode, done.stdout), (EX_CONFIG, ""), done)
        errors = [text for text in done.stderr.splitlines()
                  if ": expected " in text or ": not closed" in text]
        if columns is None:
            where = r"%s: \d+ cells: "
        else:
            where = "%%s: (%s): " % columns
        self.assertRegex(errors[0], "^" + where % re.escape(
            "%s:%s" % (path, line)))

    def assert_as_expected(self, path):
        expected = expectation(path)
        if expected[1] == "ok":
            self.assert_good(path)
        else:
            self.assert_bad(path, expected[2], expected[3])

    def assert_all_as_expected(self, folder):
        paths = sorted(glob.glob(os.path.join(folder, "*.csv")))
        self.assertNotEqual(paths, [])
        for path in paths:
            with self.subTest(os.path.basename(path)):
                self.assert_as_expected(path)


class Lists(Files):
    """Lists as people have them."""

    def test_each_list_ends_as_it_says(self):
        self.assert_all_as_expected(LISTS)

    @unittest.skipUnless(os.path.isdir(OTHERS), "no folder " + OTHERS)
    def test_each_list_of_others_ends_as_it_says(self):
        self.assert_all_as_expected(os.path.join(OTHERS, "ours"))

    @unittest.skipUnless(os.path.isdir(OTHERS), "no folder " + OTHERS)
    def test_exports_of_kepware_run_as_they_are(self):
        paths = glob.glob(os.path.join(OTHERS, "kepware-*.csv"))
        self.assertNotEqual(paths, [])
        for path in paths:
            with self.subTest(os.path.basename(path)):
                self.assertIn(":1: columns not used: ",
                              self.assert_good(path).stderr)

    def test_an_export_names_what_is_not_used(self):
        done = self.assert_good(os.path.join(LISTS, "kepware_export.csv"))
        self.assertRegex(done.stderr, '^[^\n]*:2: columns not used: "Respect '
                         'Data Type", "Scan Rate", [^\n]*"Negate Value"\n$')

    def test_five_digits_beside_an_area_are_pointed_out_once(self):
        done = self.assert_good(os.path.join(LISTS, "modpoll_like.csv"))
        self.assertRegex(
            done.stderr, r'^[^\n]*:4: address: "40100": with an area this is '
            r"address 40100 on the wire; HR99 would be what some call 40100\n$")


class Generated(Files):
    """Lists that nobody has written."""

    TYPES = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2,
             "uint64": 4, "int64": 4, "float64": 4, "string7": 4}
    ORDERS = ["", "ABCD", "CDAB", "BADC", "DCBA"]
    NAMES = ["plain", " blanks ", 'quo"ted', "com,ma", "#1", "°é", "a;b",
             "tab-free", "'"]
    NUMBERS = ["", "0", "1", "-1", "2.5", "1e3", "0.1", "0x0001", "-0",
               "123456789.25", "NaN", "Infinity"]
    FACTORS = ["", "", "0.1", "-10", "3", "1e-7", "1"]

    def quote(self, cell):
        return '"%s"' % cell.replace('"', '""')

    def row(self, pick, number):
        """A row that may be wrong in its value or its factors."""
        kind = pick.choice(["HR", "HR", "IR", "C", "DI", "bit"])
        address = number * 4
        where, form = "%s%d" % (kind, address), ""
        scale = divisor = offset = ""
        if kind in ("HR", "IR"):
            form = pick.choice(list(self.TYPES))
            value = pick.choice(self.NUMBERS)
            if form.startswith("string"):
                value = self.quote(pick.choice(self.NAMES)[:7])
            else:
                scale = pick.choice(self.FACTORS)
                divisor = "" if scale else pick.choice(self.FACTORS)
                offset = pick.choice(["", "0", "-40", "0.5"])
        else:
            value = pick.choice(["", "0", "1", "TRUE", "false"])
            if kind == "bit":
                where = "HR%d.%d" % (address, pick.randrange(16))
        name = pick.choice(["", "%s %d" % (pick.choice(self.NAMES), number)])
        return ",".join([
            self.quote(name), where, form, pick.choice(self.ORDERS), value,
            scale, offset, divisor, pick.choice(["", "°C", '"a,b"']),
            pick.choice(["", "ro", "R/W"]), pick.choice(["", "count(1)"]),
            pick.choice(["", '"two\nlines"', '" x"', '"#"'])])

    def without_bad_rows(self, rows, *options):
        """The rows, less those that --check complains about."""
        while True:
            path = self.write("\n".join([HEADER, *rows, ""]))
            done = check(path, *options)
            if done.returncode == 0:
                return done.stdout
            bad = {int(line) for line in re.findall(
                r"^%s:(\d+): \w+: \"" % re.escape(path), done.stderr, re.M)}
            self.assertTrue(bad, done.stderr)
            starts, line = [], 2
            for row in rows:
                starts.append(line)
                line += 1 + row.count("\n")
            rows = [row for row, start in zip(rows, starts)
                    if start not in bad]

    def test_what_is_printed_prints_itself(self):
        for mode in "s", "o":
            for seed in range(5):
                with self.subTest(mode=mode, seed=seed):
                    pick = random.Random(seed)
                    rows = [self.row(pick, n) for n in range(120)]
                    text = self.without_bad_rows(rows, "-d", mode)
                    self.assertGreater(text.count("\n"), 40)
                    self.assert_prints_itself(text, "-d", mode)


class Check(Files):
    """--check does nothing but check."""

    def test_without_points_it_prints_nothing(self):
        done = run_server("--check")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))

    def test_it_binds_no_port_and_creates_no_state(self):
        state = os.path.join(self.folder, "state")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = run_server("--check", "--listen", "127.0.0.1", "-p",
                              str(taken.getsockname()[1]), "--state", state,
                              "--state-init")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse(os.path.exists(state))

    def test_options_are_checked_first(self):
        done = check("none.csv", "-p", "x")
        self.assertEqual((done.returncode, done.stdout), (EX_USAGE, ""))

    def test_the_file_of_the_token_is_checked_too(self):
        path = self.write("address\nHR0\n")
        done = check(path, "--http", "0", "--http-write", "--http-token",
                     path + ".none")
        self.assertEqual((done.returncode, done.stdout), (EX_CONFIG, ""))
        self.assertIn("--http-token: ", done.stderr)

    def test_a_range_that_is_read_only_anyhow_is_warned_of(self):
        path = self.write("name,address,access\na,HR9,ro\nb,HR10,rw\n")
        done = check(path, "--read-only-range", "registers:9-10")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(
            done.stderr, '%s:3: access: "rw": --read-only-range refuses '
            'writes to "b"\n' % path)
        done = check(path, "--read-only-range", "registers:11-12")
        self.assertEqual(done.stderr, "")

    def test_output_that_cannot_be_written_is_an_error(self):
        path = self.write("address\nHR0\n")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [BINARY, "--check", "--points", path], stdout=full,
                stderr=subprocess.PIPE, env=server_environment(), check=False)
        self.assertEqual((done.returncode, done.stderr), (
            EX_IOERR, b"standard output: No space left on device\n"))


class Start(Files):
    """A start with a points file."""

    def test_a_start_says_how_many_there_are(self):
        path = self.write("address,what\nHR0\nC1\n")
        server = self.start("--points", path)
        lines = server.log_lines("points: ")
        self.assertIn('warn points: %s:1: columns not used: "what"' % path,
                      lines[0])
        self.assertIn("info points: %s: 2 points" % path, lines[1])
        self.assert_serves(server)

    def test_an_error_is_no_start(self):
        path = self.write("name,address\na,HR0\nb,10\nc,HR\n")
        state = os.path.join(self.folder, "state")
        done = run_server("-p", "0", "--points", path, "--state", state,
                          "--state-init")
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertNotIn("Starting server", done.stdout)
        self.assertEqual(
            [re.sub(r"^\S+ \S+ ", "", line)
             for line in done.stderr.splitlines()],
            ['error points: %s:3: address: "10": expected HR10, C10, 40011 or '
             "400011, or an area beside it" % path,
             'error points: %s:4: address: "HR": expected an address such as '
             "HR10, IR10, C10, DI10 or 400011" % path])
        self.assertFalse(os.path.exists(state))

    def test_no_file_is_no_start(self):
        done = run_server("-p", "0", "--points", "none.csv")
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("points: none.csv: No such file or directory",
                      done.stderr)

    def test_a_file_that_must_not_be_read_is_no_start(self):
        path = self.write("address\n")
        os.chmod(path, 0)
        other = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
        try:
            done = check(path, **other)
        except PermissionError:
            self.skipTest("others can't run " + BINARY)
        if "Permission denied" not in done.stderr:
            self.skipTest("others can't reach " + path)
        self.assertEqual(done.returncode, EX_NOPERM)
        # A build that counts what is run cannot write its counts as nobody.
        self.assertEqual([line for line in done.stderr.splitlines()
                          if not line.startswith("profiling:")],
                         [path + ": Permission denied"])

    def test_a_folder_is_no_file(self):
        done = check("/")
        self.assertEqual((done.returncode, done.stderr),
                         (EX_IOERR, "/: Is a directory\n"))


if __name__ == "__main__":
    main()
