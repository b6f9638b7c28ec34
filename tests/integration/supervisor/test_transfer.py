"""ctr of containerd 2, which leaves transfers to the supervisor. HULL_CTR2 names it."""
import os
import socket
import subprocess
import tarfile

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import peer
from harness.process import Daemon, run
from harness.waiting import until

IMAGE = "docker.io/library/busybox:latest"
CTR = os.environ.get("HULL_CTR2", "")
pytestmark = pytest.mark.skipif(not CTR, reason="HULL_CTR2 does not name a ctr of containerd 2")


@pytest.fixture
def daemon():
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


def ctr(daemon, *words: str, **options):
    return run([CTR, "--address", daemon.socket, *words], **options)


def test_import_tag_run_export(daemon, tmp_path):
    shown = ctr(daemon, "images", "import", str(images.busybox())).stdout
    assert f"{IMAGE}" in shown and "saved" in shown
    assert IMAGE in ctr(daemon, "images", "check").stdout
    ctr(daemon, "images", "tag", IMAGE, "example.com/b:1")
    assert ctr(daemon, "run", "--rm", "--runtime", "io.containerd.hull.v2", "example.com/b:1", "t", "echo", "hi").stdout == "hi\n"
    ctr(daemon, "images", "export", str(tmp_path / "out.tar"), IMAGE)
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert {"index.json", "manifest.json", "oci-layout"} <= set(tar.getnames())
    ctr(daemon, "images", "rm", IMAGE, "example.com/b:1")
    ctr(daemon, "images", "import", str(tmp_path / "out.tar"))
    assert ctr(daemon, "images", "ls", "-q").stdout == f"{IMAGE}\n"


def accepts() -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", 5017)) == 0


def test_push_and_pull(daemon, tmp_path):
    if not peer("docker-registry"):
        pytest.skip("docker-registry is not installed")
    config = tmp_path / "registry.yml"
    config.write_text(f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {tmp_path}/registry\nhttp:\n  addr: 127.0.0.1:5017\n")
    registry = Daemon([peer("docker-registry"), "serve", str(config)], tmp_path / "log")
    try:
        registry.wait_ready(accepts)
        ctr(daemon, "images", "import", str(images.busybox()))
        name = "127.0.0.1:5017/some/busybox:1"
        ctr(daemon, "images", "tag", IMAGE, name)
        ctr(daemon, "images", "push", "--plain-http", name)
        ctr(daemon, "images", "rm", "--sync", name, IMAGE)
        shown = ctr(daemon, "images", "pull", "--plain-http", name).stdout
        assert f"Pulling from OCI Registry ({name})" in shown
        assert ctr(daemon, "run", "--rm", "--runtime", "io.containerd.hull.v2", name, "t", "echo", "hi").stdout == "hi\n"
        missing = ctr(daemon, "images", "pull", "--plain-http", "127.0.0.1:5017/some/busybox:2", check=False)
        assert missing.returncode != 0 and "not found" in missing.stderr
    finally:
        registry.terminate()


def test_a_client_that_leaves_in_the_middle_leaves_nothing(daemon):
    """The archive never ends; its reader goes with its client."""
    importer = subprocess.Popen([CTR, "--address", daemon.socket, "images", "import", "-"], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    importer.stdin.write(images.busybox().read_bytes()[:1 << 20])
    importer.stdin.flush()
    until(lambda: ctr(daemon, "content", "active").stdout.count("\n") > 1, "an import under way")
    importer.kill()
    importer.wait()
    until(lambda: ctr(daemon, "content", "active").stdout.count("\n") <= 1, "the end of the import")
    assert ctr(daemon, "images", "ls", "-q").stdout == ""
