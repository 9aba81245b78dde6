"""What "cmake --install" installs, in a folder of the test's own."""

import glob
import os
import subprocess
import tempfile
import unittest

TOOLS = os.environ["TOOLS"].split() # the programs of that component


class InstalledTest(unittest.TestCase):
    COMPONENT = None # else only this

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = folder.name
        subprocess.run([os.environ["CMAKE"], "--install", os.environ["BUILD"],
                        "--prefix", cls.prefix,
                        *(["--component", cls.COMPONENT]
                          if cls.COMPONENT else [])],
                       check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.prefix, *parts)

    def program(self, name):
        """Where it is, in one folder of programs or the other."""
        path, = glob.glob(self.path("*bin", name))
        return path

    def files(self, folder):
        """The names of all files there, however deep."""
        return sorted(name for _, _, names in os.walk(self.path(folder))
                      for name in names)


def run(*command, **options):
    """Its exit status, and all that it says."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, timeout=60, **options)
    return done.returncode, done.stdout
