"""The server and the tools are apart, as their packages are."""

import os
import unittest

from installed import TOOLS, InstalledTest


class Server(InstalledTest):
    COMPONENT = "server"

    def test_it_has_nothing_of_the_tools(self):
        files = self.files("")
        self.assertIn("mbasyncserver.8", files)
        for tool in TOOLS:
            self.assertEqual([name for name in files if tool in name], [])


class Tools(InstalledTest):
    COMPONENT = "tools"

    def test_they_are_programs_with_a_page_and_completion_and_no_more(self):
        self.assertEqual(self.files(""), sorted(
            name for tool in TOOLS for name in (tool, tool, tool + ".1")))
        for tool in TOOLS:
            for path in (self.program(tool),
                         self.path("share/man/man1", tool + ".1"),
                         self.path("share/bash-completion/completions", tool)):
                self.assertTrue(os.path.isfile(path), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
