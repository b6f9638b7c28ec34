"""Shim and runtime are killed at each step: `delete`, which a supervisor calls then, leaves nothing."""
import os
import pathlib
import shutil
import subprocess

import pytest
from harness import strace
from harness.paths import ours
from harness.process import has_ended, kill_pid
from harness.waiting import until

from .conftest import Place
from .ttrpc import CallFailed, Client, encode

pytestmark = pytest.mark.skipif(not strace.STRACE, reason="strace is not installed")

OF_START = "mkdir bind listen openat rename fork clone pipe2 write".split()
OF_SHIM = ("accept4 bind chdir clone close connect epoll_ctl fchownat fchmodat fcntl fsconfig fsmount fsopen ftruncate kill memfd_create mkdir "
           "mount move_mount open_tree openat pipe2 prctl read recvfrom recvmsg rename rmdir sendto signalfd4 umount2 unlink "
           "vfork wait4 waitid write").split()
OF_RUNTIME = "clone3 execveat flock mkdir mknodat openat rename rmdir unlink wait4 write".split()


def work_in(folder: pathlib.Path) -> list[int]:
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd").startswith(str(folder)):
                found.append(int(entry.name))
        except OSError:
            pass
    return found


def is_program(pid: int) -> bool:
    return b"sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()


def assert_nothing_left(place: Place, task):
    until(lambda: not work_in(task.bundle), "end of what worked in the bundle")
    sockets = place.state / "s"
    until(lambda: not sockets.exists() or not list(sockets.iterdir()), "removal of the sockets")
    assert str(place.state) not in pathlib.Path("/proc/self/mountinfo").read_text()
    states = place.state / "runc" / "test"
    assert not states.exists() or not list(states.iterdir())
    for top in pathlib.Path("/sys/fs/cgroup").iterdir():
        assert not (top / place.cgroup / task.id).exists(), top


def delete(place: Place, task):
    done = task.shim("delete")
    assert done.stdout  # an exit status, whatever happened
    assert_nothing_left(place, task)
    shutil.rmtree(task.bundle)


@pytest.mark.parametrize("call", OF_START)
def test_start_killed_at_each_step(place, call):
    """Without its starter's word a server ends by itself: a stock containerd never calls delete then."""
    for step in strace.steps(60):
        task = place.task("true", start=False)
        command = [ours("containerd-shim-hull-v2"), "-namespace", "test", "-address", "/nowhere", "-id", task.id, "-bundle",
                   str(task.bundle), "start"]
        done = subprocess.run(strace.command(call, step, *command), cwd=task.bundle, env={**os.environ, **place.env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        if done.returncode == 0:
            Client(done.stdout.removeprefix("unix://")).call("Shutdown", {1: task.id})
        until(lambda: not work_in(task.bundle), f"end of the server after {call} {step}")
        delete(place, task)
        if done.returncode == 0:
            return


@pytest.mark.parametrize("call", "openat rename flock connect sendto read bind listen fork write".split())
@pytest.mark.parametrize("role", ["first", "later"])
def test_start_in_a_pod_killed_at_each_step(place, role, call):
    """However far it got, its container's end leaves the others alone, and the last one's end ends the shim."""
    group = {"annotations": {"io.kubernetes.cri.sandbox-id": "pod"}}
    for step in strace.steps(60):
        keeper = place.task("sleep", "1000", **group) if role == "later" else None
        task = place.task("true", start=False, **group)
        command = [ours("containerd-shim-hull-v2"), "-namespace", "test", "-address", "/nowhere", "-id", task.id, "-bundle",
                   str(task.bundle), "start"]
        done = subprocess.run(strace.command(call, step, *command), cwd=task.bundle, env={**os.environ, **place.env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        assert task.shim("delete").stdout
        shutil.rmtree(task.bundle)
        if keeper:
            shim = keeper.shim_pid()
            keeper.create()
            keeper.start()
            end(keeper)
            keeper.call("Shutdown")
            until(lambda shim=shim: not pathlib.Path(f"/proc/{shim}").exists(), "end of the shim")
            delete(place, keeper)
        assert_nothing_left(place, task)
        if done.returncode == 0:
            return


def create(task):
    task.create()


def run_exec(task):
    task.exec("e", "true")
    task.start("e")
    task.wait("e")
    task.call("Delete", {2: "e"})


def end(task):
    task.call("Kill", {3: 9})
    task.wait()
    task.call("Delete")


@pytest.mark.parametrize("act", [create, run_exec, end])
def test_shim_killed_at_each_step(place, act):
    met = 0
    for call in OF_SHIM:
        for step in strace.steps(40):
            task = place.task("sleep", "1000")
            if act is not create:
                task.create()
                task.start()
            failed = False
            with strace.Killer(task.shim_pid(), call, step) as killer:
                try:
                    act(task)
                except (CallFailed, ConnectionError, OSError):
                    failed = True  # the signal met the shim, or what was about to become its runtime
            kill_pid(killer.pid)
            delete(place, task)
            if not failed and not killer.met:
                break
            met += 1
    assert met > 10, f"only {met} steps were met"


@pytest.mark.parametrize("subcommand", ["create", "start", "exec", "delete"])
def test_runtime_killed_at_each_step(place, subcommand):
    """The shim tells of it, its container's state is the truth, and delete clears all."""
    met = 0
    for call in OF_RUNTIME:
        for step in strace.steps(200):
            binary = strace.wrapper(place.folder / "runtime", place.runtime, subcommand, call, step)
            task = place.task("sleep", "1000")
            failed = False
            try:
                pid = task.create(options={6: binary})
                task.start()
                run_exec(task)
            except CallFailed as error:
                failed = "signal 9" in error.message or "did not terminate successfully" in error.message
                assert failed, error.message
            if not failed or subcommand != "create":
                # 1: created, 2: running. One that was let go is on its way to its program.
                until(lambda pid=pid, task=task: task.status() == (2 if is_program(pid) else 1), f"the truth after {call} {step}")
            if subcommand != "create" or not failed:
                if task.status() == 2:
                    task.call("Kill", {3: 9})
                    assert task.wait() == 137
                try:
                    task.call("Delete")
                except CallFailed as error:
                    failed = True
                    assert subcommand == "delete", error.message
                    strace.wrapper(place.folder / "runtime", place.runtime, "nothing", call, step)
                    task.call("Delete")
            assert_nothing_left_but_shim(place, task)
            task.call("Shutdown")
            delete(place, task)
            if not failed:
                break
            met += 1
    assert met > 3, f"only {met} steps were met"


def assert_nothing_left_but_shim(place: Place, task):
    shim = task.shim_pid()
    until(lambda: set(work_in(task.bundle)) <= {shim}, "end of all but the shim")
    assert str(place.state) not in pathlib.Path("/proc/self/mountinfo").read_text()
    states = place.state / "runc" / "test"
    assert not states.exists() or not list(states.iterdir())


def test_a_runtime_does_not_go_on_after_delete(place):
    """It waits in the middle of create while its shim is killed: the container would be made after it was deleted."""
    gate = place.folder / "gate"
    os.mkfifo(gate)
    binary = place.folder / "slow"
    binary.write_text(f'#!/bin/sh\nfor word; do [ "$word" = create ] && read line < {gate}; done\nexec {place.runtime} "$@"\n')
    binary.chmod(0o755)
    task = place.task("sleep", "1000")
    shim = task.shim_pid()
    task.client.begin("Create", {1: task.id, 2: str(task.bundle), 3: {1: "overlay", 2: "overlay", 4: [
        f"lowerdir={place.rootfs}:{place.empty}", "ro"]}, 10: {1: "containerd.runc.v1.Options", 2: {6: str(binary)}}})
    writer = os.open(gate, os.O_RDWR)  # both ends are there: opening it to read does not wait
    until(lambda: len(work_in(task.bundle)) > 1, "a runtime that waits")
    kill_pid(shim)
    task.shim("delete")
    os.write(writer, b"go on\n")
    os.close(writer)
    assert_nothing_left(place, task)


def test_a_shim_joins_the_cgroup_that_its_options_name(place):
    """From a pipe, as containerd gives them, and from a file, as our supervisor does."""
    group = f"/{place.cgroup}/shims"
    folders = [top / group[1:] for top in pathlib.Path("/sys/fs/cgroup").iterdir() if (top / "cgroup.procs").exists()]
    for folder in folders:
        folder.mkdir(parents=True)
        for each in (folder.parent, folder):
            for name in ("cpuset.cpus", "cpuset.mems"):  # without them a cpuset takes nobody
                if (each / name).exists():
                    (each / name).write_text((each.parent / name).read_text())
    options = encode({1: "types.googleapis.com/containerd.runc.v1.Options", 2: {3: group}})
    for as_file in (False, True):
        task = place.task("true", start=False)
        given = place.folder / "options"
        given.write_bytes(options)
        with open(given, "rb") as file:
            how = {"stdin": file} if as_file else {"input": options}
            done = subprocess.run([ours("containerd-shim-hull-v2"), "-namespace", "test", "-address", "/nowhere", "-id", task.id,
                                   "-bundle", str(task.bundle), "start"], cwd=task.bundle, env={**os.environ, **place.env},
                                  capture_output=True, timeout=30, **how)
        assert done.returncode == 0, done.stderr
        client = Client(done.stdout.decode().removeprefix("unix://"))
        shim = client.call("Connect", {1: task.id})[1][0]
        assert group in pathlib.Path(f"/proc/{shim}/cgroup").read_text()
        client.call("Shutdown", {1: task.id})
        until(lambda pid=shim: has_ended(pid), "end of the shim")
