"""Garbage collection: hull-containerd is killed at each step of one, and one after the other runs beside imports. What is
referred to stays, and the next collection takes what is not."""
import hashlib
import pathlib
import subprocess

import pytest
from harness import strace
from harness.containerd import Containerd
from harness.oci_archive import Image
from harness.paths import peer
from harness.waiting import until

CALLS = "fdatasync openat pwrite64 unlink unlinkat".split()


@pytest.fixture
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


def load(daemon, image: Image):
    daemon.ctr("images", "import", str(image.archive))


def names(daemon, folder: str) -> list[str]:
    return sorted(path.name for path in (daemon.folder / "root" / folder).iterdir())


def listed(daemon, *words: str) -> list[str]:
    return daemon.ctr(*words).stdout.split()


def assert_complete(daemon, image: Image):
    assert "complete (3/3)" in daemon.ctr("images", "check", f"name=={image.name}").stdout


def assert_whole(daemon, image: Image):
    """All of it is there, as what it says it is, and its layers can be worked on."""
    for digest in image.blobs:
        data = (daemon.folder / "root/content/blobs/sha256" / digest).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
    assert_complete(daemon, image)
    chain = image.snapshots()
    daemon.ctr("snapshots", "prepare", "look", list(chain)[-1])
    mounts = daemon.ctr("snapshots", "mounts", "/x", "look").stdout
    lowers = mounts.split("lowerdir=")[1].split()[0].split(",")[0].split(":")
    for folder, files in zip(reversed(lowers), chain.values(), strict=True):
        assert {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()} == files
    daemon.ctr("snapshots", "rm", "look")


def collect(daemon):
    """The removal of any image collects all that is garbage by now before it answers."""
    daemon.ctr("images", "tag", listed(daemon, "images", "ls", "-q")[0], "example.com/tag:1")
    daemon.ctr("images", "rm", "--sync", "example.com/tag:1")


def assert_only(daemon, image: Image):
    assert names(daemon, "content/blobs/sha256") == sorted(image.blobs)
    until(lambda: len(names(daemon, "overlayfs/snapshots")) == 2, "removal of the snapshots that nothing refers to")
    assert names(daemon, "content/ingest") == []


@pytest.mark.skipif(not strace.STRACE, reason="strace is not installed")
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_each_step_of_a_collection(daemon, tmp_path, call):
    kept = Image(tmp_path, "kept")
    load(daemon, kept)
    met = 0
    for step in strace.steps(60):
        gone = Image(tmp_path, f"gone-{step}")
        load(daemon, gone)
        with strace.Killer(daemon.daemon.process.pid, call, step) as killer:
            daemon.ctr("images", "rm", "--sync", gone.name, check=False)
        if not killer.met:
            break
        met += 1
        daemon.daemon.kill()  # a zombie by now
        daemon.start()
        assert_whole(daemon, kept)
        for lease in listed(daemon, "leases", "ls", "-q"):
            daemon.ctr("leases", "rm", lease)
        daemon.ctr("images", "rm", gone.name, check=False)  # whether the kill came before its record was gone
        collect(daemon)
        assert_only(daemon, kept)
        assert_whole(daemon, kept)
    assert met >= 1, call


def test_collections_beside_imports_take_nothing_that_is_used(daemon, tmp_path):
    kept = Image(tmp_path, "kept")
    load(daemon, kept)
    for turn in range(8):
        other = Image(tmp_path, f"other-{turn}")
        load(daemon, other)
        busy = Image(tmp_path, f"busy-{turn}")
        client = subprocess.Popen([peer("ctr"), "--address", daemon.socket, "images", "import", str(busy.archive)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        daemon.ctr("images", "rm", "--sync", other.name)
        assert client.wait(60) == 0
        assert_complete(daemon, busy)
        daemon.ctr("images", "rm", busy.name)
    collect(daemon)
    assert_whole(daemon, kept)
    assert_only(daemon, kept)
