"""hull-containerd and shims are killed at each step of what ctr asks for: a restarted supervisor tells the truth about what
runs, and removing it leaves nothing."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from harness import strace
from harness.containerd import Containerd
from harness.paths import ours, peer
from harness.process import has_ended, pids_of
from harness.waiting import until

pytestmark = pytest.mark.skipif(not strace.STRACE, reason="strace is not installed")

IMAGE = "docker.io/library/busybox:latest"
RUNTIME = ("--runtime", "io.containerd.hull.v2")
OF_SUPERVISOR = "chdir clone connect fdatasync mkdir openat pwrite64 rename sendmsg sendto symlink unlink wait4 write".split()
OF_SHIM = "accept4 clone kill openat recvfrom sendto unlink wait4 write".split()


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    supervisor.import_busybox()
    yield supervisor
    supervisor.close()


def tasks(daemon) -> dict[str, tuple[int, str]]:
    lines = daemon.ctr("tasks", "ls").stdout.splitlines()[1:]
    return {name: (int(pid), status) for name, pid, status in (line.split() for line in lines)}


def bundles(daemon) -> list[str]:
    place = daemon.folder / "state/io.containerd.runtime.v2.task/default"
    return os.listdir(place) if place.exists() else []


def of_containers(daemon) -> list[int]:
    found = []
    for pid in pids_of("sleep 1000"):
        try:
            entry = pathlib.Path(f"/proc/{pid}")
            if (entry / "cmdline").read_bytes() == b"sleep\x001000\0" and str(daemon.folder) in (entry / "mountinfo").read_text():
                found.append(pid)
        except OSError:
            pass
    return found


def start(daemon, name: str) -> tuple[int, int]:
    """The pids of a container that runs, and of its shim."""
    daemon.ctr(*create(name))
    (container,) = until(lambda: of_containers(daemon), "the container's program")
    return container, int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{container}/status").read_text()).group(1))


def cgroups() -> list[str]:
    return [str(path) for top in pathlib.Path("/sys/fs/cgroup").iterdir() for path in top.glob("default/t-*")]


def clear(daemon, name: str):
    """What an administrator does: each command may find nothing, and after them nothing is there."""
    daemon.ctr("tasks", "rm", "-f", name, check=False)
    daemon.ctr("containers", "rm", name, check=False)
    daemon.ctr("snapshots", "rm", name, check=False)
    assert tasks(daemon) == {}
    assert daemon.ctr("containers", "ls", "-q").stdout == ""
    until(lambda: bundles(daemon) == [], "removal of the bundle")
    until(lambda: [pid for pid in pids_of(str(daemon.folder)) if pid != daemon.daemon.process.pid] == [], "end of all processes")
    until(lambda: of_containers(daemon) == [], "end of the container")
    until(lambda: cgroups() == [], "removal of the cgroups")
    state = daemon.folder / "state"
    assert [m for m in pathlib.Path("/proc/self/mountinfo").read_text().split() if m.startswith(str(daemon.folder))] == []
    for left in ("s", "runc/default", "mounts"):
        assert not (state / left).exists() or os.listdir(state / left) == [], left


def client(daemon, *words: str, seconds: float = 20) -> bool:
    """Whether it got through. Its daemon may be killed meanwhile: nobody answers it then."""
    process = subprocess.Popen([peer("ctr"), "--address", daemon.socket, *words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or has_ended(daemon.daemon.process.pid), "end of ctr", seconds)
        return process.poll() == 0
    finally:
        process.kill()
        process.wait()


def create(name):
    return ("run", "-d", *RUNTIME, IMAGE, name, "sleep", "1000")


ACTS = {
    "run": create,
    "exec": lambda name: ("tasks", "exec", "--exec-id", "e", name, "true"),
    "kill": lambda name: ("tasks", "kill", "-s", "KILL", name),
    "delete": lambda name: ("tasks", "rm", "-f", name),
}


def assert_truth(daemon, name: str, act: str):
    """A task that is listed as running has its process, one that is not listed has none."""
    known = tasks(daemon)
    if known.get(name, (0, ""))[1] == "RUNNING":
        pid = known[name][0]
        if act not in ("kill", "delete"):
            until(lambda: of_containers(daemon) == [pid], "the container's program, and no other")
    elif name not in known:
        until(lambda: of_containers(daemon) == [], "end of a container that is nobody's")
    if act == "exec":
        assert known[name][1] == "RUNNING"


@pytest.mark.parametrize("act", ACTS)
def test_supervisor_killed_at_each_step(daemon, act):
    met = 0
    for call in OF_SUPERVISOR:
        for step in strace.steps(30):
            name = f"t-{act}-{call}-{step}"
            if act != "run":
                start(daemon, name)
            with strace.Killer(daemon.daemon.process.pid, call, step) as killer:
                client(daemon, *ACTS[act](name))
            # One that is still about to end does not answer.
            killed = killer.met or daemon.ctr("version", check=False).returncode != 0
            if killed:
                daemon.daemon.process.wait(20)
                daemon.start()
                met += 1
            assert_truth(daemon, name, act)
            clear(daemon, name)
            if not killed:
                break
    assert met >= 2, f"only {met} steps were met"  # how many there are depends on what else the shim is told meanwhile


@pytest.mark.parametrize("act", ["exec", "kill", "delete"])
def test_shim_killed_at_each_step(daemon, act):
    """The supervisor lives: it sees the shim go, ends its container and forgets the task."""
    met = 0
    for call in OF_SHIM:
        for step in strace.steps(30):
            name = f"t-{act}-{call}-{step}"
            _, shim = start(daemon, name)
            with strace.Killer(shim, call, step) as killer:
                client(daemon, *ACTS[act](name))
            if killer.met:
                until(lambda: name not in tasks(daemon), "the task is forgotten")
                met += 1
            clear(daemon, name)
            if not killer.met:
                break
    assert met >= 2, f"only {met} steps were met"  # how many there are depends on what else the shim is told meanwhile


def slow_runtime(daemon, command="create") -> tuple[str, str, pathlib.Path]:
    """Our shim with a runtime beside it that waits in one command until something is written to the gate."""
    place = daemon.folder / f"slow-{command}"
    shim, runtime, gate = place / "containerd-shim-slow-v2", place / "hull-runc", place / "gate"
    if not place.exists():
        place.mkdir()
        os.mkfifo(gate)
        shutil.copy(ours("containerd-shim-hull-v2"), shim)
        runtime.write_text(f'#!/bin/sh\nfor word; do [ "$word" = {command} ] && read line < {gate}; done\n'
                           f'exec {ours("hull-runc")} "$@"\n')
        runtime.chmod(0o755)
    return str(shim), str(runtime), gate


def test_a_client_that_leaves_in_the_middle_of_create_leaves_nothing(daemon):
    shim_binary, runtime_binary, gate = slow_runtime(daemon)
    writer = os.open(gate, os.O_RDWR)
    process = subprocess.Popen([peer("ctr"), "--address", daemon.socket, "run", "-d", "--runtime", shim_binary, IMAGE,
                                "t-left", "sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until(lambda: pids_of(runtime_binary, "create"), "a runtime that waits")
    process.kill()
    process.wait()
    until(lambda: bundles(daemon) == [], "the create is undone", 30)
    os.write(writer, b"go on\n")
    os.close(writer)
    clear(daemon, "t-left")
    daemon.ctr("run", "--rm", *RUNTIME, IMAGE, "t-left", "true")


def test_a_client_that_leaves_in_the_middle_of_delete_leaves_nothing(daemon):
    shim_binary, runtime_binary, gate = slow_runtime(daemon, "delete")
    writer = os.open(gate, os.O_RDWR)
    daemon.ctr("run", "-d", "--runtime", shim_binary, IMAGE, "t-left", "sleep", "1000")
    daemon.ctr("tasks", "kill", "-s", "KILL", "t-left")
    until(lambda: tasks(daemon)["t-left"][1] == "STOPPED", "the end of the container")
    process = subprocess.Popen([peer("ctr"), "--address", daemon.socket, "tasks", "rm", "t-left"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: pids_of(runtime_binary, "delete"), "a runtime that waits")
    process.kill()
    process.wait()
    os.write(writer, b"go on\n")
    os.close(writer)
    until(lambda: bundles(daemon) == [], "the delete is done to its end", 30)
    clear(daemon, "t-left")


@pytest.mark.parametrize("words", [("tasks", "kill"), ("tasks", "pause"), ("tasks", "rm", "-f"), ("tasks", "exec", "--exec-id", "e")])
def test_sigterm_ends_the_supervisor_whatever_hangs(daemon, words):
    """A shim that does not answer holds its clients, not the supervisor; and its container runs on."""
    name = "t-hangs"
    container, shim = start(daemon, name)
    os.kill(shim, 19)
    tail = ("true",) if words[1] == "exec" else ()
    waiting = [subprocess.Popen([peer("ctr"), "--address", daemon.socket, *words, name, *tail], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(3)]
    try:
        log = daemon.folder / "log"
        until(lambda: daemon.ctr("version").returncode == 0, "others are served")
        assert daemon.daemon.terminate(10) == 0, log.read_text()[-2000:]
        assert "end while work is under way" not in log.read_text(), "it had to be ended by force"
        assert not has_ended(container)
    finally:
        os.kill(shim, 18)
        for process in waiting:
            process.kill()
            process.wait()
    daemon.start()
    until(lambda: name in tasks(daemon), "the task answers again")
    clear(daemon, name)


def test_a_shim_that_hangs_in_create_is_ended(daemon):
    """It is stopped before it can answer; the client's time is over; what it has made goes."""
    shim_binary, runtime_binary, gate = slow_runtime(daemon)
    writer = os.open(gate, os.O_RDWR)
    process = subprocess.Popen([peer("ctr"), "--address", daemon.socket, "run", "-d", "--runtime", shim_binary, IMAGE,
                                "t-stuck", "sleep", "1000"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    (runtime,) = until(lambda: pids_of(runtime_binary, "create"), "a runtime that waits")
    shim = int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{runtime}/status").read_text()).group(1))
    os.kill(shim, 19)
    process.kill()
    process.wait()
    until(lambda: bundles(daemon) == [], "the create is undone", 40)
    assert has_ended(shim) and has_ended(runtime)
    os.close(writer)
    clear(daemon, "t-stuck")


def test_containers_get_the_descriptor_limit_that_the_supervisor_came_with(daemon):
    soft = int(re.search(r"Max open files\s+(\d+)", pathlib.Path("/proc/self/limits").read_text()).group(1))
    _, shim = start(daemon, "t-limits")
    of_shim = int(re.search(r"Max open files\s+(\d+)", pathlib.Path(f"/proc/{shim}/limits").read_text()).group(1))
    clear(daemon, "t-limits")
    assert of_shim == soft


def test_views_of_a_killed_supervisor_are_cleared(daemon):
    daemon.daemon.kill()
    left = daemon.folder / "state/mounts/view-0123456789ab"
    left.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(left)], check=True)
    daemon.start()
    assert not left.exists()
