"""bash completion offers what --help lists, and the words that options take."""

import re
import unittest

from installed import TOOLS, InstalledTest, run

COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_mbasyncserver
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(InstalledTest):
    def offered(self, program, *words):
        """What the last of the words may become."""
        status, said = run(
            "bash", "-euc", COMPLETE, "bash",
            self.path("share/bash-completion/completions", program),
            self.program(program), *words)
        self.assertEqual(status, 0, said)
        return said.split()

    def helped(self, program, *command):
        """The options in the left column of --help."""
        status, said = run(self.program(program), *command, "--help")
        self.assertEqual(status, 0)
        columns = re.findall(r"^ +(-\S+(?:,? \S+)*)", said, re.MULTILINE)
        options = re.findall(r"(?<![^ ,])--?[\w-]+", " ".join(columns))
        self.assertIn("--help", options)
        return sorted(options)

    def test_every_option_is_offered(self):
        for program in ("mbasyncserver", "mbasyncserver-redirect", *TOOLS):
            with self.subTest(program):
                self.assertEqual(sorted(self.offered(program, "-")),
                                 self.helped(program))

    def test_every_option_of_a_command_is_offered(self):
        for command in ("health", "journal"):
            self.assertEqual(
                sorted(self.offered("mbasyncserver", command, "-")),
                self.helped("mbasyncserver", command))
        self.assertEqual(
            self.offered("mbasyncserver", "journal", "--state", "x", "--poin"),
            ["--points", "--point"])

    def test_an_option_begun_is_completed(self):
        self.assertEqual(self.offered("mbasyncserver", "-p", "1", "--data"),
                         ["--datatable"])
        self.assertEqual(self.offered("mbasyncserver-redirect", "add", "--f"),
                         ["--from"])

    def test_the_words_of_options_are_offered(self):
        self.assertEqual(self.offered("mbasyncserver", "-d", ""),
                         ["separate", "overlaid"])
        self.assertEqual(self.offered("mbasyncserver", "--state-sync", ""),
                         ["always", "changes", "interval:"])
        self.assertEqual(self.offered("mbasyncserver", "--http-frame", ""),
                         ["self"])
        self.assertEqual(self.offered("mbasyncserver", "--log-level", "de"),
                         ["debug"])
        self.assertEqual(
            self.offered("mbasyncserver-redirect", "--backend", "n"), ["nft"])
        self.assertEqual(self.offered("mbtorture", "--group", "li"),
                         ["liveness"])

    def test_the_commands_of_the_redirect_are_offered(self):
        self.assertEqual(self.offered("mbasyncserver-redirect", ""),
                         ["add", "remove", "status"])

    def test_nothing_is_offered_where_anything_may_stand(self):
        self.assertEqual(self.offered("mbasyncserver", "-p", ""), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
