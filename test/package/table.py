"""postinst creates the table of the service, where there never was one: run
with other folders than /etc and /var/lib, and without deb-systemd-helper."""

import os
import sqlite3
import stat
import tempfile
import unittest

from installed import InstalledTest, run

SOURCE = os.environ["SOURCE"]


class Table(InstalledTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        for name in ("bin", "etc/default", "var/lib"):
            os.makedirs(self.inside(name))
        for name in ("deb-systemd-helper", "deb-systemd-invoke", "systemctl"):
            os.symlink("/bin/true", self.inside("bin", name))
        self.state = self.inside("var/lib/private/mbasyncserver")
        self.table = os.path.join(self.state, "table")
        self.set_defaults("-p 8502")

    def inside(self, *parts):
        return os.path.join(self.root, *parts)

    def set_defaults(self, options, state=""):
        with open(self.inside("etc/default/mbasyncserver"), "w",
                  encoding="utf-8") as f:
            f.write('OPTIONS="%s"\n\nSTATE="%s"\n' % (options, state))

    def postinst(self, *arguments):
        """Its exit status, and what it says."""
        with open(os.path.join(SOURCE, "cmake/package/postinst"),
                  encoding="utf-8") as f:
            script = f.read()
        for name in ("/var/lib", "/etc/default"):
            script = script.replace(name, self.inside(name[1:]))
        path = "%s:%s:%s" % (self.inside("bin"), self.path("sbin"),
                             os.environ["PATH"])
        return run("sh", "-c", script, "postinst", *arguments,
                   env=dict(os.environ, PATH=path))

    def layout(self):
        uri = "file:%s?immutable=1" % self.table
        with sqlite3.connect(uri, uri=True) as db:
            [(layout,)] = db.execute(
                "SELECT value FROM meta WHERE key = 'mode'")
        db.close()
        return layout

    def test_it_is_created_for_the_service_alone(self):
        for version in "", "3.1.0-1":
            with self.subTest(version):
                self.assertEqual(self.postinst("configure", version), (0, ""))
                self.assertEqual(self.layout(), "separate")
                for path, mode in (self.state, 0o700), (self.table, 0o600):
                    self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
                self.assertEqual(os.listdir(os.path.dirname(self.state)),
                                 ["mbasyncserver"])
                os.unlink(self.table)
                os.unlink(self.table + "-lock")
                os.rmdir(self.state)

    def test_it_has_the_layout_of_the_options(self):
        for options, layout in (
                ("-p 8502 -d o", "overlaid"), ("-do", "overlaid"),
                ("--datatable=Overlaid -p 5", "overlaid"),
                ("--datatable o", "overlaid"), ("-d s", "separate"),
                ("-p 8502 --log-level debug", "separate"),
                ("-q -to", "separate")):
            with self.subTest(options):
                self.set_defaults(options)
                self.assertEqual(self.postinst("configure"), (0, ""))
                self.assertEqual(self.layout(), layout)
                os.rename(self.state, self.inside(options))

    def test_there_is_no_second_one(self):
        """The folder is there, or only its link from before."""
        os.makedirs(self.state)
        self.assertEqual(self.postinst("configure", "3.1.0-1"), (0, ""))
        self.assertEqual(os.listdir(self.state), [])
        os.rmdir(self.state)
        link = self.inside("var/lib/mbasyncserver")
        os.symlink("private/mbasyncserver", link)
        self.assertEqual(self.postinst("configure"), (0, ""))
        self.assertFalse(os.path.exists(self.state))
        os.unlink(link)
        os.mkdir(link)
        self.assertEqual(self.postinst("configure"), (0, ""))
        self.assertFalse(os.path.exists(self.state))

    def test_only_configuring_creates_it(self):
        for argument in "abort-upgrade", "abort-remove", "triggered":
            self.assertEqual(self.postinst(argument), (0, ""))
            self.assertFalse(os.path.exists(self.state))

    def test_an_installation_that_was_broken_off_is_repeated(self):
        os.makedirs(self.state + ".unfinished")
        with open(self.state + ".unfinished/table", "w",
                  encoding="utf-8") as f:
            f.write("half")
        self.assertEqual(self.postinst("configure"), (0, ""))
        self.assertEqual(self.layout(), "separate")

    def test_a_failure_is_told(self):
        os.symlink("/bin/false", self.inside("bin/mbasyncserver"))
        status, _ = self.postinst("configure")
        self.assertNotEqual(status, 0)
        self.assertFalse(os.path.exists(self.state))
        os.unlink(self.inside("bin/mbasyncserver"))
        self.assertEqual(self.postinst("configure"), (0, ""))
        self.assertEqual(self.layout(), "separate")

    def test_options_that_were_kept_are_told(self):
        self.set_defaults("-p 8502",
                          "--state /var/lib/mbasyncserver/table --state-init")
        status, said = self.postinst("configure", "3.1.0-1")
        self.assertEqual(status, 0)
        self.assertIn("remove --state-init", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
