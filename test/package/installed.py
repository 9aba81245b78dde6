"""What "cmake --install" installs, in a folder of the test's own."""

import os
import subprocess
import tempfile
import unittest


class InstalledTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = folder.name
        subprocess.run([os.environ["CMAKE"], "--install", os.environ["BUILD"],
                        "--prefix", cls.prefix],
                       check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.prefix, *parts)


def run(*command, **options):
    """Its exit status, and all that it says."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, timeout=60, **options)
    return done.returncode, done.stdout
