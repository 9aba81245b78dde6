"""The recipes of mbasyncserver-points(5): each is run as the page has it, and the
server must understand the points file that it makes.

Own: on the lists in test/points/recipes. Others: on published lists, which are
no part of the project: in $POINTS_LISTS, or shared/points beside the checkout.
Where they are not there, the test is skipped.
"""

import csv
import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import documented
from harness import DEADLINE, ServerTest, main, run_server, server_environment

PAGE = os.path.join(documented.ROOT, "src/mbasyncserver-points.5")
OWN = os.path.join(documented.ROOT, "test/points/recipes")
OTHERS = os.environ.get("POINTS_LISTS") or \
    os.path.join(os.path.dirname(documented.ROOT), "shared/points")
LINES_MAX = 15


def recipes():
    """The command of each recipe, by its heading, with the list that it reads.
    A list that needs none is read by the server itself."""
    with open(PAGE, encoding="utf-8") as file:
        section = re.search(r"^\.Sh RECIPES\n(.*?)^\.Sh ", file.read(),
                            re.MULTILINE | re.DOTALL).group(1)
    found = {}
    for part in re.split(r"^\.Ss ", section, flags=re.MULTILINE)[1:]:
        heading = part.split("\n")[0]
        for first, lines in documented.manual_blocks(part):
            for command in documented.commands_of(heading, first, lines):
                name = re.search(r"(\S+) >points\.csv$|--points (\S+) --check",
                                 command.text)
                if name and heading not in found:
                    found[heading] = (command.text,
                                      name.group(1) or name.group(2))
    return found


class RecipeTest(ServerTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mbasyncserver-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def check_list(self, heading, path, change=None):
        """What the server says of the points file that a recipe makes of a
        list, whose text may be changed first."""
        command, name = recipes()[heading]
        copy = os.path.join(self.folder, name)
        shutil.copy(path, copy)
        if change:
            with open(copy, encoding="utf-8") as file:
                text = change(file.read())
            with open(copy, "w", encoding="utf-8") as file:
                file.write(text)
        if command.startswith("mbasyncserver "):
            return run_server("--points", copy, "--check")
        made = subprocess.run(
            ["bash", "-euc", command], cwd=self.folder, text=True,
            env=server_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=DEADLINE, check=False)
        self.assertEqual((made.returncode, made.stdout), (0, ""), heading)
        return run_server("--points", os.path.join(self.folder, "points.csv"),
                          "--check")

    def points_of(self, heading, path, change=None):
        """The points, where they are right, by their names."""
        done = self.check_list(heading, path, change)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["name"]: row for row in
                csv.DictReader(io.StringIO(done.stdout))}

    def assert_collision(self, heading, path, change=None):
        """Two points of the list contradict each other: no recipe helps."""
        done = self.check_list(heading, path, change)
        self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
        self.assertRegex(done.stderr, ": (address|value): .*one table|"
                                      ": (address|value): .*expected what ")


class Own(RecipeTest):
    """Lists of each kind, in test/points/recipes."""

    # A few points of each: address, type, order and value.
    EXPECTED = {
        "Kepware": {
            "Boiler.Pressure": ("HR0", "uint16", "ABCD", ""),
            "Boiler.Level": ("HR1", "int16", "ABCD", ""),
            "Boiler.Flow": ("HR4", "float32", "ABCD", ""),
            "Boiler.Alarm": ("HR6.3", "bool", None, ""),
            "Boiler.Pump": ("C0", "bool", None, ""),
            "Boiler.Door": ("DI1", "bool", None, "")},
        "A vendor's list in a spreadsheet": {
            "Meter Name": ("HR0", "string40", None, ""),
            "Date of Manufacture": ("HR31", "uint64", "ABCD", ""),
            "Power": ("HR99", "float32", "ABCD", "")},
        "Home Assistant": {
            "Outside temperature": ("IR100", "int16", "ABCD", ""),
            "Heat delivered": ("HR104", "uint32", "CDAB", ""),
            "Flow": ("HR110", "float32", "DCBA", ""),
            "Model": ("HR120", "string16", None, ""),
            "Mode": ("HR130", "int16", "ABCD", ""),
            "Defrosting": ("C3", "bool", None, ""),
            "Pump": ("DI4", "bool", None, ""),
            "Alarm": ("HR140.0", "bool", None, "")},
        "Telegraf": {
            "door": ("DI12", "bool", None, ""),
            "pump2": ("C1", "bool", None, ""),
            "speed": ("HR0", "int16", "ABCD", ""),
            "energy": ("HR2", "uint32", "CDAB", ""),
            "flow": ("HR4", "float32", "DCBA", ""),
            "volume": ("HR8", "uint64", "CDAB", ""),
            "level": ("IR100", "int16", "BADC", "")},
        "SunSpec": {
            "ID": ("HR40070", "uint16", "ABCD", "64901"),
            "WH": ("HR40073", "uint64", "ABCD", ""),
            "W_SF": ("HR40077", "int16", "ABCD", ""),
            "Vr": ("HR40081", "string16", None, ""),
            "WSet": ("HR40089", "float32", "ABCD", "")},
        "pymodbus": {
            "HR6": ("HR6", "uint16", "ABCD", "3"),
            "HR13": ("HR13", "uint16", "ABCD", ""),
            "HR24": ("HR24", "uint32", "ABCD", ""),
            "HR30": ("HR30", "float32", "ABCD", "-1.5"),
            "HR50": ("HR50", "string2", None, ""),
            "HR52": ("HR52", "string8", None, "PUMP, A")},
        "oitc modbus-server": {
            "C0": ("C0", "bool", None, "true"),
            "DI7": ("DI7", "bool", None, "true"),
            "HR0": ("HR0", "uint16", "ABCD", "200"),
            "HR1": ("HR1", "uint16", "ABCD", "17"),
            "IR101": ("IR101", "uint16", "ABCD", "34009")},
    }

    def test_every_recipe_is_short_and_tested(self):
        found = recipes()
        self.assertEqual(set(found), set(self.EXPECTED))
        self.assertEqual([heading for heading, (command, _) in found.items()
                          if command.count("\n") >= LINES_MAX], [])

    def test_every_list_is_understood(self):
        for heading, expected in self.EXPECTED.items():
            with self.subTest(heading):
                points = self.points_of(
                    heading, os.path.join(OWN, recipes()[heading][1]))
                for name, (address, kind, order, value) in expected.items():
                    row = points[name]
                    self.assertEqual(
                        (row["address"], row["type"], row["value"]),
                        (address, kind, value), name)
                    if order: # of strings and bits it does not matter
                        self.assertEqual(row["order"], order, name)

    def test_what_clients_may_write(self):
        for heading, writable in (
                ("Kepware", ["Boiler.Pressure", "Boiler.Pump"]),
                ("A vendor's list in a spreadsheet", ["Meter Name", "Tariff"]),
                ("SunSpec", ["WSet"]), ("pymodbus", ["HR10", "HR30", "HR34"])):
            with self.subTest(heading):
                points = self.points_of(
                    heading, os.path.join(OWN, recipes()[heading][1]))
                self.assertEqual([name for name, row in points.items()
                                  if row["access"] == "rw"], writable)

    def test_the_same_number_in_two_areas_is_refused(self):
        self.assert_collision(
            "oitc modbus-server", os.path.join(OWN, "modbus_server.json"),
            lambda text: text.replace('"100"', '"0"'))


def without_inputs(text):
    """A configuration of oitc's, without its input registers."""
    config = json.loads(text)
    del config["registers"]["inputRegister"]
    return json.dumps(config)


def whole_yaml(text):
    """What an excerpt of a list of sensors was cut from: the lines around it,
    and values where it names them."""
    text = text[:text.rindex("\n\n")] # the last one is not whole
    return "modbus:\n  - name: x\n    sensors:\n" + \
        re.sub(r": \*\w+$", ": 60", text, flags=re.MULTILINE)


class Others(RecipeTest):
    """Lists that others have published."""

    def path(self, name):
        return os.path.join(OTHERS, name)

    def test_lists_that_are_right(self):
        for heading, name, change in (
                ("Kepware", "kepware-5digit.csv", None),
                ("Kepware", "kepware-6digit.csv", None),
                ("A vendor's list in a spreadsheet", "schneider-pm5350.csv",
                 None),
                ("Home Assistant", "homeassistant-sungrow.yaml", whole_yaml),
                ("SunSpec", "sunspec-103.json", None),
                ("pymodbus", "pymodbus-setup.json", None),
                ("oitc modbus-server", "oitc-abb-coretec.json",
                 without_inputs)):
            with self.subTest(name):
                self.assertTrue(self.points_of(heading, self.path(name),
                                               change))

    def test_lists_that_contradict_themselves(self):
        for heading, name, change in (
                ("Telegraf", "telegraf-modbus.conf",
                 lambda text: "[[inputs.modbus]]\n" + text),
                ("oitc modbus-server", "oitc-abb-coretec.json", None)):
            with self.subTest(name):
                self.assert_collision(heading, self.path(name), change)


if __name__ == "__main__":
    if sys.argv[1:2] == ["Others"] and not glob.glob(
            os.path.join(OTHERS, "*.*")):
        print("SKIPPED: no lists of others in", OTHERS)
        sys.exit(77)
    main()
