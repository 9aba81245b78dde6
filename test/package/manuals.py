"""Every manual page is installed, where man(1) looks for it."""

import glob
import os
import re
import unittest

from installed import InstalledTest, run

SOURCE = os.environ["SOURCE"]


class Manuals(InstalledTest):
    def test_every_page_is_installed(self):
        pages = sorted(os.path.basename(path) for path in
                       glob.glob(os.path.join(SOURCE, "src/*.[1-9]")))
        self.assertIn("mbasyncserver.8", pages)
        installed = sorted(os.path.relpath(path, self.path("share/man"))
                           for path in glob.glob(self.path("share/man/*/*")))
        self.assertEqual(installed, sorted(
            "man%s/%s" % (page[-1], page) for page in pages))

    def test_every_page_says_what_it_is_about(self):
        for path in glob.glob(self.path("share/man/*/*")):
            status, said = run("mandoc", "-T", "utf8", path)
            self.assertEqual(status, 0, said)
            name = os.path.basename(path)[:-2]
            self.assertRegex(re.sub(".\b", "", said), # bold
                             "(?m)^ +%s – [^ ]" % re.escape(name))


if __name__ == "__main__":
    unittest.main(verbosity=2)
