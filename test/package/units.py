"""The units: systemd understands each line, and finds them confined."""

import glob
import os
import re
import unittest

from installed import InstalledTest, run


def prefix_in(unit):
    """The folder that the unit takes the program from."""
    return re.search(r"^ExecStart=(/.*)/sbin/mbasyncserver", unit,
                     re.MULTILINE).group(1)


class Units(InstalledTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units = sorted(glob.glob(cls.path("lib/systemd/system/*")))
        with open(cls.path("lib/systemd/system/mbasyncserver.service"),
                  encoding="utf-8") as f:
            configured = prefix_in(f.read())
        for path in cls.units:
            with open(path, encoding="utf-8") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace(configured + "/sbin/",
                                     cls.prefix + "/sbin/"))

    def test_the_units_are_installed(self):
        self.assertEqual([os.path.basename(unit) for unit in self.units],
                         ["mbasyncserver-redirect-again.service",
                          "mbasyncserver-redirect.service",
                          "mbasyncserver-tls.socket",
                          "mbasyncserver.service",
                          "mbasyncserver.socket",
                          "mbasyncserver@.service"])

    def test_systemd_finds_nothing_to_complain_of(self):
        status, said = run("systemd-analyze", "verify", "--man=no", *self.units)
        self.assertEqual(said, "")
        self.assertEqual(status, 0)

    def test_an_instance_is_the_service_with_files_of_its_own(self):
        both = []
        for name in ("mbasyncserver", "mbasyncserver@"):
            with open(self.path("lib/systemd/system", name + ".service"),
                      encoding="utf-8") as f:
                both.append(f.read().splitlines())
        service, instance = both
        self.assertEqual(len(service), len(instance))
        self.assertEqual(
            [line for line, other in zip(instance, service)
             if line != other and not line.startswith("#")],
            ["Description=Modbus/TCP server %i",
             'Environment="STATE=--state /var/lib/mbasyncserver-%i/table"',
             "EnvironmentFile=/etc/default/mbasyncserver-%i",
             "StateDirectory=mbasyncserver-%i"])

    def test_the_service_never_creates_a_table(self):
        for path in (self.path("lib/systemd/system/mbasyncserver.service"),
                     os.path.join(os.environ["SOURCE"],
                                  "cmake/package/mbasyncserver.default")):
            with open(path, encoding="utf-8") as f:
                states = re.findall("STATE=.*", f.read())
            self.assertTrue(states)
            self.assertFalse([s for s in states if "--state-init" in s])

    def test_the_service_has_no_points_until_asked(self):
        for path, text in (
                (self.path("lib/systemd/system/mbasyncserver.service"),
                 "\nEnvironment=POINTS=\n"),
                (os.path.join(os.environ["SOURCE"],
                              "cmake/package/mbasyncserver.default"),
                 "\n#POINTS=\"--points /etc/mbasyncserver/points.csv\"\n")):
            with open(path, encoding="utf-8") as f:
                unit = f.read()
            self.assertIn(text, unit)
            self.assertEqual(unit.count("POINTS="), 1)

    def test_the_service_has_no_tls_until_asked(self):
        for path, line in (
                (self.path("lib/systemd/system/mbasyncserver.service"),
                 "\nEnvironment=TLS=\n"),
                (os.path.join(os.environ["SOURCE"],
                              "cmake/package/mbasyncserver.default"),
                 "\n#TLS=\"--tls 8802 ")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            self.assertIn(line, text)
            self.assertEqual(text.count("TLS="), 1)

    def test_the_service_shares_its_table_only_when_asked(self):
        for path, line in (
                (self.path("lib/systemd/system/mbasyncserver.service"),
                 "\nEnvironment=SHARED=\n"),
                (os.path.join(os.environ["SOURCE"],
                              "cmake/package/mbasyncserver.default"),
                 "\n#SHARED=\"--shared redis://")):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            self.assertIn(line, text)
            self.assertEqual(text.count("SHARED="), 1)

    def test_the_service_is_confined(self):
        status, said = run("systemd-analyze", "security", "--offline=true",
                           "--threshold=15", "--no-pager",
                           self.path("lib/systemd/system/mbasyncserver.service"))
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"Overall exposure level .*: [01]\.\d ")

    def test_with_the_capability_it_is_little_less_so(self):
        unit = self.path("lib/systemd/system/mbasyncserver.service")
        with open(unit, encoding="utf-8") as f:
            text = f.read()
        with open(self.path("share/doc/mbasyncserver/examples/port-502.conf"),
                  encoding="utf-8") as f:
            text += f.read()
        both = self.path("both.service")
        with open(both, "w", encoding="utf-8") as f:
            f.write(text)
        status, said = run("systemd-analyze", "security", "--offline=true",
                           "--threshold=20", "--no-pager", both)
        self.assertEqual(status, 0, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
