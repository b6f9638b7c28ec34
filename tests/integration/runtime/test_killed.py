"""A command that SIGKILL ends at any of its system calls leaves nothing that delete --force can't clear.

strace delivers the signal at the Nth time that a system call is made: for each call by which the runtime changes or waits for
something, and for those that the container's first process makes. N goes up until the command gets through.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

OF_RUNTIME = ("execveat flock mkdir mknodat openat open_tree mount_setattr clone3 rename read write sendto unlink unlinkat rmdir "
              "setns pidfd_send_signal poll wait4").split()
OF_INIT = ("setsid move_mount fsopen fsconfig fsmount mknodat symlinkat fchownat sethostname pivot_root umount2 setgroups "
           "setresuid capset").split()
OF_EXEC = "setsid setns setgroups setresuid capset".split()
MOST_STEPS = 500


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


def children():
    return [int(pid) for pid in pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def reap_orphans(but):
    """An exec whose runtime is dead became our child, and a pid namespace does not end before all in it are reaped."""
    for pid in children():
        if pid != but:
            os.waitpid(pid, os.WNOHANG)


def cgroups(bundle):
    tail = bundle.linux["cgroupsPath"].lstrip("/")
    return [top.path for top in os.scandir("/sys/fs/cgroup") if os.path.isdir(f"{top.path}/{tail}")]


def wait_until_childless():
    deadline = time.monotonic() + 10
    while children():
        reap_orphans(but=0)
        assert time.monotonic() < deadline, f"processes are left: {children()}"
        os.sched_yield()


def killed_at(runtime, call, step, flags, *args):
    """Whether the signal met it."""
    with open(runtime.home / "output", "w") as sink:
        done = subprocess.run(["strace", *flags, "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
                               "-e", f"inject={call}:signal=SIGKILL:when={step}", runtime.binary, "--root", str(runtime.root),
                               *map(str, args)], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, timeout=60)
    text = (runtime.home / "output").read_text()
    # Itself, or the container's process, of which the command then tells.
    told = (1, 255, 128 + signal.SIGKILL) if flags else ()
    assert done.returncode in (0, -signal.SIGKILL, *told), text
    return done.returncode != 0


class Host:
    """What must be there after a step as before it."""

    def __init__(self, runtime, bundle):
        self.runtime, self.bundle, self.mounts = runtime, bundle, mounts()

    def clear_and_check(self):
        with open(self.runtime.home / "output", "w") as sink:
            delete = subprocess.Popen([self.runtime.binary, "--root", str(self.runtime.root), "delete", "--force", self.bundle.name],
                                      stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        deadline = time.monotonic() + 30
        while delete.poll() is None:
            reap_orphans(delete.pid)
            assert time.monotonic() < deadline
        assert delete.returncode == 0, (self.runtime.home / "output").read_text()
        assert mounts() == self.mounts
        assert cgroups(self.bundle) == []
        assert not (self.runtime.root / self.bundle.name).exists()
        wait_until_childless()


def walk(runtime, bundle, calls, prepare, *args):
    """calls: the runtime's own (OF_RUNTIME), or those of the processes that it makes."""
    bundle.save()
    host = Host(runtime, bundle)
    flags = [] if calls is OF_RUNTIME else ["-f"]
    met = 0
    for call in calls:
        for step in range(1, MOST_STEPS):
            prepare()
            killed = killed_at(runtime, call, step, flags, *args)
            host.clear_and_check()
            if not killed:
                break
            met += 1
    assert met > len(calls) / 2, f"only {met} steps were met"


def created(runtime, bundle):
    def prepare():
        done = runtime.detached("create", "--bundle", bundle.path, bundle.name)
        assert done.returncode == 0, done.stdout
    return prepare


def running(runtime, bundle):
    def prepare():
        done = runtime.detached("run", "-d", "--bundle", bundle.path, bundle.name)
        assert done.returncode == 0, done.stdout
    return prepare


def test_create_killed_at_each_step(runtime):
    bundle = runtime.bundle("sleep", "1000")
    walk(runtime, bundle, OF_RUNTIME, lambda: None, "create", "--bundle", bundle.path, bundle.name)


def test_run_killed_at_each_step(runtime):
    bundle = runtime.bundle("true")
    walk(runtime, bundle, OF_RUNTIME, lambda: None, "run", "--bundle", bundle.path, bundle.name)


def test_first_process_killed_at_each_step(runtime):
    bundle = runtime.bundle("true")
    walk(runtime, bundle, OF_INIT, lambda: None, "run", "--bundle", bundle.path, bundle.name)


@pytest.mark.parametrize("calls", [["open_tree", "clone3", "rename", "read", "sendto"], ["move_mount", "fsmount", "mknodat", "chroot", "capset"]],
                         ids=["runtime", "process"])
def test_without_a_mount_namespace_no_mount_is_left(runtime, calls):
    bundle = runtime.bundle("true")
    bundle.without_namespace("mount")
    for kind in ("maskedPaths", "readonlyPaths"):
        del bundle.linux[kind]
    bundle.save()
    host = Host(runtime, bundle)
    met = 0
    for call in calls:
        for step in range(1, MOST_STEPS):
            killed = killed_at(runtime, call, step, [] if "clone3" in calls else ["-f"], "run", "--bundle", bundle.path, bundle.name)
            host.clear_and_check()
            if not killed:
                break
            met += 1
    assert met > 5


def test_start_killed_at_each_step(runtime):
    bundle = runtime.bundle("sleep", "1000")
    walk(runtime, bundle, OF_RUNTIME, created(runtime, bundle), "start", bundle.name)


def test_delete_killed_at_each_step(runtime):
    bundle = runtime.bundle("sleep", "1000")
    walk(runtime, bundle, OF_RUNTIME, running(runtime, bundle), "delete", "--force", bundle.name)


@pytest.mark.parametrize("calls", [OF_RUNTIME, OF_EXEC], ids=["runtime", "process"])
def test_exec_killed_at_each_step(runtime, calls):
    bundle = runtime.bundle("sleep", "1000")
    walk(runtime, bundle, calls, running(runtime, bundle), "exec", bundle.name, "true")
