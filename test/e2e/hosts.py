"""Hosts for tests: network namespaces, and links between them.

A namespace here has no name, only a descriptor of this process, and ends with
it: whatever happens to a test, nothing is left behind.
"""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Host:
    """A network of its own, with a loopback. What is done inside of
    "with host:" is done there: sockets made, programs started."""

    def __init__(self):
        self.outside = []
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _call(LIBC.unshare, CLONE_NEWNET)
            self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            _call(LIBC.setns, outside, CLONE_NEWNET)
            os.close(outside)
        self.ip("link set lo up")

    def close(self):
        os.close(self.fd)

    def __enter__(self):
        self.outside.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        _call(LIBC.setns, self.fd, CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        outside = self.outside.pop()
        _call(LIBC.setns, outside, CLONE_NEWNET)
        os.close(outside)

    def path(self):
        """Names this network to other programs."""
        return "/proc/%d/fd/%d" % (os.getpid(), self.fd)

    def run(self, *command, **options):
        """Run a command here: a CompletedProcess."""
        options.setdefault("env", dict(os.environ, LC_ALL="C"))
        with self:
            return subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, check=False, timeout=60,
                **({} if "input" in options
                   else {"stdin": subprocess.DEVNULL}), **options)

    def output(self, *command, **options):
        """Run a command that must succeed: its standard output."""
        done = self.run(*command, **options)
        if done.returncode != 0:
            raise AssertionError("%s: exit status %d: %s" % (
                " ".join(command), done.returncode, done.stderr))
        return done.stdout

    def ip(self, arguments):
        """ip ARGUMENTS"""
        return self.output("ip", *arguments.split())

    def address(self, interface, address):
        """Give an interface one more address, which can be used at once."""
        nodad = " nodad" if ":" in address else ""
        self.ip("address add %s dev %s%s" % (address, interface, nodad))

    def forward(self):
        """Be a router."""
        with self:
            for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                with open("/proc/sys/net/" + name, "w") as setting:
                    setting.write("1")


def connect(one, its_interface, other, other_interface):
    """Lay a cable between two hosts."""
    one.ip("link add dev %s type veth peer name %s netns %s"
           % (its_interface, other_interface, other.path()))
    one.ip("link set %s up" % its_interface)
    other.ip("link set %s up" % other_interface)


def why_not():
    """Why there can be no such hosts here, or None."""
    try:
        with contextlib.closing(Host()) as one, \
                contextlib.closing(Host()) as other:
            connect(one, "eth0", other, "eth0")
            one.address("eth0", "2001:db8::1/64")
    except (OSError, AssertionError) as error:
        return "no network namespaces: %s" % error
    return None
