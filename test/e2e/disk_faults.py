"""A disk that does what a test wants: see disk_faults.c."""

import mmap
import os
import struct

from harness import preload, wait_for

LIBRARY = os.environ.get("DISK_FAULTS_LIBRARY", "")
_NAMES = ("sync_error write_error rename_error hang pass_ half syncs hanging "
          "failed kill_at").split()
_SIZE = 4 * len(_NAMES) + 64


class Disk:
    """The faults of one server, which is started with env=disk.env()."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "faults")
        with open(self.path, "wb") as file:
            file.write(b"\0" * _SIZE)
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), _SIZE)

    def env(self, *libraries):
        """Of the server, into which these are loaded, too."""
        return dict(preload(LIBRARY, *libraries), DISK_FAULTS=self.path)

    def __getitem__(self, name):
        return struct.unpack_from("i", self.memory, 4 * _NAMES.index(name))[0]

    def set(self, suffix="", **values):
        """What is to happen to files whose path ends so; the rest stays."""
        struct.pack_into("64s", self.memory, 4 * len(_NAMES), suffix.encode())
        for name, value in values.items():
            struct.pack_into("i", self.memory, 4 * _NAMES.index(name), value)

    def await_hang(self):
        """Until somebody waits for the disk."""
        wait_for(lambda: self["hanging"], "a sync that hangs")
