"""hull-containerd is killed at each step of a pull, an import with its unpacking, and a collection: nothing half-made is trusted
or left behind, and the same done again succeeds. HULL_CRASH_STEPS: up to which of a call's steps (60 are all)."""
import hashlib
import os
import pathlib

import pytest
from harness import images, strace
from harness.containerd import Containerd
from harness.paths import peer
from harness.process import run
from harness.waiting import until
from images.registry import StockRegistry
from supervisor.test_crash_matrix import client

pytestmark = pytest.mark.skipif(not strace.STRACE, reason="strace is not installed")

IMAGE = "docker.io/library/busybox:latest"
# What changes files, records or other processes; reads change nothing.
OF_SUPERVISOR = "fchmod fdatasync fsync ftruncate linkat mkdirat mkdir openat pwrite64 rename rmdir unlink unlinkat vfork write".split()


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    if not (peer("docker-registry") and peer("skopeo")):
        pytest.skip("docker-registry or skopeo is not installed")
    made = StockRegistry(tmp_path_factory.mktemp("registry"))
    made.image = f"{made.host}/busybox:latest"
    run([peer("skopeo"), "copy", "--dest-tls-verify=false", f"docker-archive:{images.busybox()}", f"docker://{made.image}"])
    yield made
    made.close()


def files(daemon, folder: str) -> list[str]:
    place = daemon.folder / "root" / folder
    return sorted(os.listdir(place)) if place.exists() else []


def assert_sound(daemon):
    blobs = daemon.folder / "root/content/blobs/sha256"
    for path in blobs.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    listed = {line.removeprefix("sha256:") for line in daemon.ctr("content", "ls", "-q").stdout.split()}
    assert listed <= set(files(daemon, "content/blobs/sha256")), "a record without its blob"
    known = len(daemon.ctr("snapshots", "ls").stdout.splitlines()) - 1
    until(lambda: len(files(daemon, "overlayfs/snapshots")) == known, "removal of snapshots without a record")
    assert [line for line in pathlib.Path("/proc/self/mountinfo").read_text().split() if line.startswith(str(daemon.folder))] == []


def clear(daemon):
    """What was written is kept for a day by the lease of a client that was killed; without leases and names nothing is left."""
    for lease in daemon.ctr("leases", "ls", "-q").stdout.split():
        daemon.ctr("leases", "rm", lease)
    names = daemon.ctr("images", "ls", "-q").stdout.split()
    daemon.ctr("images", "rm", "--sync", *names) if names else collect(daemon)
    until(lambda: files(daemon, "content/blobs/sha256") == [], "removal of the blobs")
    assert daemon.ctr("snapshots", "ls").stdout.splitlines()[1:] == []
    assert_sound(daemon)


def collect(daemon):
    """A name that comes and goes: its removal collects."""
    daemon.ctr("leases", "create", "--id", "collect")
    daemon.ctr("leases", "rm", "--sync", "collect")


def usable(daemon, name: str):
    assert daemon.ctr("run", "--rm", "--runtime", "io.containerd.hull.v2", name, "t", "echo", "runs").stdout == "runs\n"


@pytest.mark.parametrize("act", ["import", "pull", "collect"])
@pytest.mark.parametrize("call", OF_SUPERVISOR)
def test_killed_at_each_step(daemon, request, act, call):
    name, words = IMAGE, ("images", "import", str(images.busybox()))
    if act == "pull":
        name = request.getfixturevalue("registry").image
        words = ("images", "pull", "--plain-http", name)
    for step in strace.steps(int(os.environ.get("HULL_CRASH_STEPS", "13"))):
        done = words
        if act == "collect":
            daemon.ctr(*words)
            done = ("images", "rm", "--sync", name)
        with strace.Killer(daemon.daemon.process.pid, call, step) as killer:
            client(daemon, *done, seconds=60)
        if killer.met:
            daemon.daemon.process.wait(20)
            daemon.start()
        assert_sound(daemon)
        if act != "collect" or daemon.ctr("images", "ls", "-q").stdout.strip() == name:
            if act != "collect":
                daemon.ctr(*words)  # once more
            usable(daemon, name)
        clear(daemon)
        if not killer.met:
            return
