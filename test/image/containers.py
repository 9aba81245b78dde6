"""Two ways to run the image as root: podman with runc, and its files as process
1 of name spaces of their own."""

import functools
import os
import re
import shutil
import subprocess
import tempfile

from harness import DEADLINE, wait_for

IMAGE = os.environ["IMAGE"]  # the archive
FILES = os.environ["IMAGE_FILES"]  # what is in it
NAME = os.environ["IMAGE_NAME"]
STORAGE = os.environ["IMAGE_STORAGE"]
USER = 65532
PROGRAM = "/usr/sbin/mbasyncserver"
FOLDER = "/var/lib/mbasyncserver"


def run(*command):
    """A CompletedProcess, with its output as text."""
    return subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=4 * DEADLINE, check=False)


def podman(*arguments):
    """With storage of our own, so that nothing is left in the system's."""
    return run("podman", "--root", STORAGE, "--runroot", STORAGE + "-run",
               "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
               "--events-backend", "none", "--runtime", "runc", *arguments)


def succeed(done):
    """Its output, when it has ended well."""
    if done.returncode != 0:
        raise AssertionError("%s: %s" % (done.args, done.stderr))
    return done.stdout.strip()


class Container:
    """What both have in common. A container is read-only but for its volume,
    and has no capability."""

    def port(self):
        """Once it serves."""
        wait_for(lambda: "Server running..." in self.log() or
                 not self.is_running(), "it to serve")
        found = re.search(r"^Starting server on port (\d+)", self.log(),
                          re.MULTILINE)
        if not found:
            raise AssertionError(self.log())
        return int(found.group(1))

    def status_of_process(self):
        """The lines of /proc/PID/status, by name."""
        with open("/proc/%d/status" % self.pid(), encoding="utf-8") as file:
            return dict(line.rstrip().split(":\t", 1) for line in file)

    def beside(self, *command):
        """Run a command of this machine on its network."""
        return run("nsenter", "--target", str(self.pid()), "--net", *command)


class Podman(Container):
    """By podman."""

    # A machine may have smaller limits than podman's defaults, and there need
    # be no systemd for its health checks.
    LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=500:500",
              "--no-healthcheck")

    @classmethod
    @functools.cache
    def missing(cls):
        """Why there is none here, or None."""
        for program in ("podman", "runc"):
            if shutil.which(program, path=os.environ["PATH"]
                            + ":/usr/sbin") is None:
                return "no " + program
        done = podman("load", "-i", IMAGE)
        if done.returncode == 0:
            done = podman("run", "--rm", "--network", "none", *cls.LIMITS,
                          NAME, "--version")
        return done.stderr.strip() if done.returncode != 0 else None

    def __init__(self, *arguments, network="none", low_ports=True, volume=None,
                 secrets=None):
        options = ["--network", network]
        if low_ports and network == "none":
            options += ["--sysctl", "net.ipv4.ip_unprivileged_port_start=0"]
        if volume:
            options += ["--volume", "%s:%s" % (volume, FOLDER)]
        if secrets:
            options += ["--volume", "%s:/run/secrets:ro" % secrets]
        self.name = succeed(podman(
            "run", "--detach", "--read-only", "--cap-drop", "all",
            "--security-opt", "no-new-privileges", *self.LIMITS, *options,
            NAME, *arguments))

    def inspect(self, what):
        return succeed(podman("inspect", "--format", what, self.name))

    def pid(self):
        return int(self.inspect("{{.State.Pid}}"))

    def is_running(self):
        return self.inspect("{{.State.Running}}") == "true"

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def errors(self):
        """Standard error alone."""
        return podman("logs", self.name).stderr

    def execute(self, *command):
        return podman("exec", self.name, *command)

    def stop(self):
        """By STOPSIGNAL; the exit status is 137 where that ends nothing."""
        succeed(podman("stop", "--time", str(DEADLINE), self.name))
        return self.wait()

    def kill(self):
        succeed(podman("kill", self.name))
        self.wait()

    def wait(self):
        """The exit status."""
        return int(succeed(podman("wait", self.name)))

    def close(self):
        podman("rm", "--force", "--volumes", self.name)

    @staticmethod
    def new_volume():
        return succeed(podman("volume", "create"))

    @staticmethod
    def remove_volume(volume):
        podman("volume", "rm", "--force", volume)


# The arguments are the files, the volume, the secrets or "", the first port
# that anybody may have or "", and the command.
SPACES = r"""
set -e
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
[ -z "$2" ] || mount --bind "$2" "$root/var/lib/mbasyncserver"
[ -z "$3" ] || {
	mount --bind "$3" "$root/run/secrets"
	mount -o remount,bind,ro "$root/run/secrets"
}
mount -o remount,bind,ro "$root"
[ -z "$4" ] || {
	ip link set lo up
	echo "$4" >/proc/sys/net/ipv4/ip_unprivileged_port_start
}
shift 4
exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups=65532 \
    "$root" "$@"
"""


class Spaces(Container):
    """By name spaces."""

    @classmethod
    @functools.cache
    def missing(cls):
        done = run("unshare", "--mount", "--pid", "--net", "--fork", "true")
        return done.stderr.strip() if done.returncode != 0 else None

    def __init__(self, *arguments, network="none", low_ports=True, volume=None,
                 secrets=None):
        self.folder = tempfile.mkdtemp(prefix="mbasyncserver-image-")
        root = shutil.copytree(FILES, os.path.join(self.folder, "root"),
                               symlinks=True)
        for name in ("proc", "run/secrets", FOLDER[1:]):
            os.makedirs(os.path.join(root, name))
        first = ("0" if low_ports else "1024") if network == "none" else ""
        self.out, self.err = (
            open(os.path.join(self.folder, name), "w+", encoding="utf-8")
            for name in ("out", "err"))
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child",
             *(["--net"] if first else []), "sh", "-c", SPACES, "sh", root,
             volume or "", secrets or "", first, PROGRAM, *arguments],
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err)

    def pid(self):
        path = "/proc/%d/task/%d/children" % (self.process.pid,
                                              self.process.pid)

        def found():
            with open(path, encoding="utf-8") as children:
                return children.read().split()
        return int(wait_for(found, "process 1")[0])

    def is_running(self):
        return self.process.poll() is None

    @staticmethod
    def text(file):
        return os.pread(file.fileno(), 1 << 20, 0).decode()

    def log(self):
        return self.text(self.out) + self.text(self.err)

    def errors(self):
        return self.text(self.err)

    def execute(self, *command):
        return run("nsenter", "--target", str(self.pid()), "--mount", "--net",
                   "--pid", "--root", "--setuid", str(USER), "--setgid",
                   str(USER), *command)

    def stop(self):
        os.kill(self.pid(), 15)
        return self.wait()

    def kill(self):
        os.kill(self.pid(), 9)
        self.wait()

    def wait(self):
        return self.process.wait(DEADLINE)

    def close(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()
        self.out.close()
        self.err.close()
        shutil.rmtree(self.folder)

    @staticmethod
    def new_volume():
        volume = tempfile.mkdtemp(prefix="mbasyncserver-volume-")
        os.chown(volume, USER, USER)
        return volume

    @staticmethod
    def remove_volume(volume):
        shutil.rmtree(volume)
