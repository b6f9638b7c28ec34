"""ctr saves a running container and goes on with it: images through the content store, criu through shim and runtime."""
import os
import shutil
import subprocess

import pytest
from harness.containerd import Containerd
from harness.paths import ours, peer
from harness.waiting import until

IMAGE = "docker.io/library/busybox:latest"
COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.05; done"


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    criu = os.environ.get("HULL_CRIU") or shutil.which("criu")
    if not criu:
        pytest.skip("criu isn't installed")
    checked = subprocess.run([criu, "check"], capture_output=True, text=True)
    if checked.returncode:
        pytest.skip("criu can't work on this kernel: " + checked.stderr.strip()[-200:])
    supervisor = Containerd.hull()
    supervisor.import_busybox()
    yield supervisor
    supervisor.close()


def count(daemon, name: str) -> int:
    text = daemon.ctr("tasks", "exec", "--exec-id", "read", name, "cat", "/count").stdout.strip()
    return int(text or 0)


def run(daemon, name: str, runtime: str = "io.containerd.hull.v2"):
    daemon.ctr("run", "-d", "--runtime", runtime, IMAGE, name, "sh", "-c", COUNTER)
    until(lambda: count(daemon, name) > 2, "a container that counts")


def remove(daemon, name: str):
    daemon.ctr("tasks", "rm", "-f", name)
    daemon.ctr("containers", "rm", name)


def test_a_container_goes_on_in_another(daemon):
    run(daemon, "first")
    daemon.ctr("containers", "checkpoint", "--task", "--rw", "--image", "first", "example.com/saved:1")
    before = count(daemon, "first")
    media = daemon.ctr("content", "ls").stdout
    assert media
    remove(daemon, "first")
    daemon.ctr("containers", "restore", "--live", "--rw", "second", "example.com/saved:1")
    assert "RUNNING" in daemon.ctr("tasks", "ls").stdout
    now = count(daemon, "second")
    assert now > 2 and now >= before - 20
    until(lambda: count(daemon, "second") > now, "it goes on")
    remove(daemon, "second")
    assert not list((daemon.folder / "state/checkpoints").iterdir())


def test_images_go_where_the_client_wants(daemon, tmp_path):
    # ctr gives its options to shims of this name only.
    daemon.shims.mkdir()
    (daemon.shims / "containerd-shim-runc-v2").symlink_to(ours("containerd-shim-hull-v2"))
    run(daemon, "third", "io.containerd.runc.v2")
    place = tmp_path / "images"
    place.mkdir()
    daemon.ctr("tasks", "checkpoint", "--image-path", str(place), "third")
    assert (place / "inventory.img").exists()
    assert "RUNNING" in daemon.ctr("tasks", "ls").stdout
    remove(daemon, "third")


def test_only_a_running_container_is_saved(daemon):
    missing = daemon.ctr("tasks", "checkpoint", "none", check=False)
    assert missing.returncode != 0 and "not found" in missing.stderr
    daemon.ctr("run", "-d", "--runtime", "io.containerd.hull.v2", IMAGE, "ended", "true")
    until(lambda: "STOPPED" in daemon.ctr("tasks", "ls").stdout, "its end")
    ended = daemon.ctr("tasks", "checkpoint", "ended", check=False)
    assert ended.returncode != 0 and "cannot pause task in stopped state" in ended.stderr, ended.stderr
    remove(daemon, "ended")
