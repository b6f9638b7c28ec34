"""Containers on every snapshotter, through ctr; user namespaces without copies."""
import os
import pathlib
import shutil
import tempfile

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import peer
from harness.process import run

IMAGE = "docker.io/library/busybox:latest"
RUN = ("run", "--rm", "--runtime", "io.containerd.hull.v2")
NEEDS = {"overlayfs": None, "native": None, "erofs": "mkfs.erofs", "fuse-overlayfs": "fuse-overlayfs"}


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


def newer_ctr() -> list[str]:
    """containerd 2's: the one of 1.6 mounts the snapshot itself and does not know what maps are."""
    sid = pathlib.Path(os.environ.get("PEERS", f"{tempfile.gettempdir()}/peers-sid"))
    program = sid / "usr/bin/ctr"
    return [str(program)] if program.exists() else []


def plugins(daemon) -> dict[str, str]:
    lines = daemon.ctr("plugins", "ls", "type==io.containerd.snapshotter.v1").stdout.splitlines()[1:]
    return {line.split()[1]: line.split()[-1] for line in lines}


def usable(daemon, name: str):
    if plugins(daemon)[name] != "ok":
        pytest.skip(f"{name} does not work here")


def test_each_is_listed_and_skipped_with_a_reason(daemon):
    assert set(plugins(daemon)) == {"overlayfs", "native", "btrfs", "erofs", "fuse-overlayfs"}
    assert plugins(daemon)["native"] == "ok"
    if plugins(daemon)["btrfs"] == "skip":
        reason = daemon.ctr("plugins", "ls", "-d", "id==btrfs").stdout
        assert "must be a btrfs filesystem" in reason and "skip plugin" in reason
    refused = daemon.ctr("snapshots", "--snapshotter", "zfs", "ls", check=False)
    assert refused.returncode != 0 and "snapshotter not loaded: zfs" in refused.stderr


@pytest.mark.parametrize("name", NEEDS)
def test_a_container_runs_on_it(daemon, name):
    if NEEDS[name] and not shutil.which(NEEDS[name]):
        assert plugins(daemon)[name] == "skip"
        pytest.skip(f"{NEEDS[name]} is not installed")
    usable(daemon, name)
    daemon.ctr("images", "import", "--snapshotter", name, str(images.busybox()))
    said = daemon.ctr(*RUN, "--snapshotter", name, IMAGE, f"on-{name}", "sh", "-c",
                      "echo new > /etc/passwd && rm /etc/group && cat /etc/passwd && ls /etc")
    assert said.stdout.split() == ["new", "passwd"]
    again = daemon.ctr(*RUN, "--snapshotter", name, IMAGE, f"on-{name}", "ls", "/etc")
    assert again.stdout.split() == ["group", "passwd"]


def test_a_user_namespace_sees_the_image_as_its_own_without_a_copy(daemon):
    if not newer_ctr():
        pytest.skip("ctr 2 is not installed (containerd of Debian sid)")
    usable(daemon, "overlayfs")
    if "remap-ids" not in daemon.ctr("plugins", "ls", "-d", "id==overlayfs").stdout:
        pytest.skip("this file system can't map ids")
    daemon.ctr("images", "import", str(images.busybox()))
    before = [line for line in daemon.ctr("snapshots", "ls").stdout.splitlines() if "Committed" in line]
    said = run([*newer_ctr(), "--address", daemon.socket, *RUN, "--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536", "--remap-labels", IMAGE, "mapped",
                      "sh", "-c", "stat -c '%u %g' / /bin/busybox /etc/passwd; head -c 60 /proc/self/uid_map; touch /f; stat -c %u /f"])
    words = said.stdout.split()
    assert words[:6] == ["0"] * 6
    assert words[6:9] == ["0", "100000", "65536"]
    assert words[9] == "0"
    after = [line for line in daemon.ctr("snapshots", "ls").stdout.splitlines() if "Committed" in line]
    assert after == before
    for layer in (daemon.folder / "root/overlayfs/snapshots").iterdir():
        for file in (layer / "fs").rglob("*"):
            assert file.lstat().st_uid == 0, file  # on disk nobody's owner was changed

