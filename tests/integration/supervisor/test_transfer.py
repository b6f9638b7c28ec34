"""ctr of containerd 2, which leaves transfers to the supervisor. HULL_CTR2 names it."""
import gzip
import hashlib
import json
import os
import socket
import subprocess
import tarfile
import urllib.request

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import peer
from harness.process import Daemon, run
from harness.waiting import until

IMAGE = "docker.io/library/busybox:latest"
REGISTRY = "127.0.0.1:5017"
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


@pytest.fixture
def registry(tmp_path):
    if not peer("docker-registry"):
        pytest.skip("docker-registry is not installed")
    config = tmp_path / "registry.yml"
    config.write_text(f"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {tmp_path}/registry\nhttp:\n  addr: {REGISTRY}\n")
    server = Daemon([peer("docker-registry"), "serve", str(config)], tmp_path / "log")
    server.wait_ready(accepts)
    yield
    server.terminate()


def test_push_and_pull(daemon, registry):
    ctr(daemon, "images", "import", str(images.busybox()))
    name = f"{REGISTRY}/some/busybox:1"
    ctr(daemon, "images", "tag", IMAGE, name)
    ctr(daemon, "images", "push", "--plain-http", name)
    ctr(daemon, "images", "rm", "--sync", name, IMAGE)
    shown = ctr(daemon, "images", "pull", "--plain-http", name).stdout
    assert f"Pulling from OCI Registry ({name})" in shown
    assert ctr(daemon, "run", "--rm", "--runtime", "io.containerd.hull.v2", name, "t", "echo", "hi").stdout == "hi\n"
    missing = ctr(daemon, "images", "pull", "--plain-http", f"{REGISTRY}/some/busybox:2", check=False)
    assert missing.returncode != 0 and "not found" in missing.stderr


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def put(path: str, data: bytes, media_type: str = "application/octet-stream"):
    request = urllib.request.Request(path if "://" in path else f"http://{REGISTRY}/v2/some/both/{path}", data, {"Content-Type": media_type},
                                     method="PUT")
    urllib.request.urlopen(request).close()


def push_blob(data: bytes):
    with urllib.request.urlopen(urllib.request.Request(f"http://{REGISTRY}/v2/some/both/blobs/uploads/", b"", method="POST")) as begun:
        put(begun.headers["Location"] + "&digest=" + digest_of(data), data)


def push_manifest(kind: str, content: dict, reference: str = "") -> dict:
    media_type = f"application/vnd.oci.image.{kind}.v1+json"
    data = json.dumps({"schemaVersion": 2, "mediaType": media_type, **content}).encode()
    put(f"manifests/{reference or digest_of(data)}", data, media_type)
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def test_a_pull_brings_what_there_is_to_know_of_other_platforms(daemon, registry):
    """Their manifests and configurations, not their layers; none of it with --skip-metadata."""
    entries, digests = [], {}
    for architecture in ("amd64", "s390x"):
        layer = gzip.compress(architecture.encode().ljust(512, b"\0") + bytes(1024))
        config = json.dumps({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        for blob in (layer, config):
            push_blob(blob)
        manifest = push_manifest("manifest", {
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": len(config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest_of(layer), "size": len(layer)}]})
        entries.append({**manifest, "platform": {"os": "linux", "architecture": architecture}})
        digests[architecture] = {"manifest": manifest["digest"], "config": digest_of(config), "layer": digest_of(layer)}
    push_manifest("index", {"manifests": entries}, "1")
    name = f"{REGISTRY}/some/both:1"
    for flags, expected in ([], {"manifest", "config"}), (["--skip-metadata"], set()):
        ctr(daemon, "images", "pull", "--plain-http", "--platform", "linux/amd64", *flags, name, check=False)  # the layer is no tar
        stored = ctr(daemon, "content", "ls", "-q").stdout.split()
        assert {part for part, digest in digests["s390x"].items() if digest in stored} == expected
        ctr(daemon, "images", "rm", "--sync", name, check=False)
        ctr(daemon, "content", "rm", *stored, check=False)


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
