"""Loaded with the recorder: what an operator does to a directory between runs
of a server, and makes safe. Then the recording begins anew.

    prepare.py DIRECTORY remove NAME...
    prepare.py DIRECTORY copy FROM        all files of another directory
    prepare.py DIRECTORY say TEXT         nothing: only words for the recording
"""

import os
import sys


def copy(path, to):
    """By write(), which the recorder knows."""
    with open(path, "rb") as file:
        data = file.read()
    fd = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    at = 0
    while at < len(data):
        at += os.write(fd, data[at:])
    os.fsync(fd)
    os.close(fd)


def main(directory, action, *names):
    """See above."""
    if action == "say":
        os.write(1, names[0].encode())
        return
    if action == "remove":
        for name in names:
            os.unlink(os.path.join(directory, name))
    else:
        for name in sorted(os.listdir(names[0])):
            copy(os.path.join(names[0], name), os.path.join(directory, name))
    fd = os.open(directory, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    os.write(1, b"The recording begins.\n")


main(*sys.argv[1:])
