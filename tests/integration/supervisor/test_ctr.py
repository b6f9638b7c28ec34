"""Debian's `ctr` drives hull-containerd: everything but tasks, which swaps/ has."""
import json
import re
import subprocess

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import ours, peer
from harness.process import run

IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


@pytest.fixture
def ctr(daemon, request):
    """ctr in a namespace of the test's own."""
    namespace = "ns-" + re.sub(r"[^a-z0-9]+", "-", request.node.name)[:60].strip("-")

    def call(*arguments, **options):
        return daemon.ctr("-n", namespace, *arguments, **options)

    call.namespace = namespace
    yield call
    for image in call("images", "ls", "-q").stdout.split():
        call("images", "rm", "--sync", image)


def blobs(daemon):
    return {path.name for path in (daemon.folder / "root/content/blobs/sha256").iterdir()}


def test_version_and_plugins(daemon):
    version = daemon.ctr("version").stdout
    assert re.search(r"Server:\n  Version:  \d", version) and re.search(r"UUID: [0-9a-f-]{36}", version)
    plugins = daemon.ctr("plugins", "ls").stdout
    assert "io.containerd.snapshotter.v1" in plugins and "overlayfs" in plugins and "error" not in plugins


def test_namespaces(daemon):
    daemon.ctr("namespaces", "create", "one", "k=v")
    assert re.search(r"one +k=v", daemon.ctr("namespaces", "ls").stdout)
    daemon.ctr("namespaces", "label", "one", "k=w", "l=m")
    assert re.search(r"one +k=w,l=m", daemon.ctr("namespaces", "ls").stdout)
    assert "already exists" in daemon.ctr("namespaces", "create", "one", check=False).stderr
    daemon.ctr("namespaces", "rm", "one")
    assert "one" not in daemon.ctr("namespaces", "ls", "-q").stdout.split()
    assert "must match" in daemon.ctr("namespaces", "create", "a/b", check=False).stderr


@pytest.mark.parametrize("snapshotter", ["overlayfs", "native"])
def test_import_check_mount_export_remove(daemon, ctr, tmp_path, snapshotter):
    ctr("images", "import", "--snapshotter", snapshotter, str(images.busybox()))
    assert re.search(IMAGE + r".*complete .* true", ctr("images", "check", "--snapshotter", snapshotter).stdout)
    assert ctr("images", "tag", IMAGE, "other:1").stdout == "other:1\n"

    top = ctr("snapshots", "--snapshotter", snapshotter, "ls").stdout.splitlines()[1].split()[0]
    target = tmp_path / "root"
    target.mkdir()
    run(["sh", "-c", ctr("snapshots", "--snapshotter", snapshotter, "view", "--target", str(target), "look", top).stdout])
    assert (target / "bin/busybox").stat().st_mode & 0o777 == 0o755
    assert (target / "tmp").stat().st_mode & 0o7777 == 0o1777
    run(["umount", str(target)])
    ctr("snapshots", "--snapshotter", snapshotter, "rm", "look")

    archive = tmp_path / "out.tar"
    ctr("images", "export", str(archive), "other:1")
    assert "oci-layout" in run(["tar", "tf", str(archive)]).stdout

    ctr("images", "rm", "--sync", IMAGE, "other:1")
    assert ctr("content", "ls", "-q").stdout == ""
    assert len(ctr("snapshots", "--snapshotter", snapshotter, "ls").stdout.splitlines()) == 1


def test_one_image_twice_is_stored_once(daemon, ctr):
    before = blobs(daemon)
    ctr("images", "import", str(images.busybox()))
    stored = blobs(daemon) - before
    ctr("images", "import", str(images.busybox()))
    # The archive's own index goes with the first collection; nothing else changes.
    assert blobs(daemon) - before <= stored


def test_content(ctr, tmp_path):
    data = b"x" * 3_000_000
    source = tmp_path / "blob"
    source.write_bytes(data)
    with open(source) as stdin:
        ctr("content", "ingest", "a-ref", stdin=stdin)
    digest = ctr("content", "ls", "-q").stdout.strip()
    assert len(ctr("content", "get", digest).stdout) == len(data)
    ctr("content", "label", digest, "k=v")
    assert "k=v" in ctr("content", "ls").stdout
    with open(source) as stdin:
        wrong = ctr("content", "ingest", "--expected-digest", "sha256:" + "0" * 64, "b-ref", stdin=stdin, check=False)
    assert "unexpected commit digest" in wrong.stderr
    ctr("content", "rm", digest)
    assert ctr("content", "ls", "-q").stdout == ""
    assert "not found" in ctr("content", "get", digest, check=False).stderr
    assert ctr("content", "get", "sha256:12", check=False).returncode != 0


def test_snapshots(ctr, tmp_path):
    ctr("images", "import", str(images.busybox()))
    top = ctr("snapshots", "ls").stdout.splitlines()[1].split()[0]
    mount = ctr("snapshots", "prepare", "--target", str(tmp_path / "m"), "work", top).stdout
    assert re.search(r"^mount -t overlay overlay .*lowerdir=.*upperdir=|workdir=", mount)
    assert ctr("snapshots", "mounts", str(tmp_path / "m"), "work").stdout == mount
    assert json.loads(ctr("snapshots", "info", "work").stdout)["Kind"] == "Active"
    ctr("snapshots", "commit", "layer", "work")
    assert re.search(r"layer +" + top + " +Committed", ctr("snapshots", "ls").stdout)
    assert "layer" in ctr("snapshots", "tree").stdout
    assert re.search(r"layer +\d", ctr("snapshots", "usage", "layer").stdout)
    ctr("snapshots", "view", "look", "layer")
    assert "cannot remove" in ctr("snapshots", "rm", "layer", check=False).stderr
    ctr("snapshots", "rm", "look")
    ctr("snapshots", "rm", "layer")


def test_diff_of_a_snapshot_is_its_layer(ctr, tmp_path):
    ctr("images", "import", str(images.busybox()))
    top = ctr("snapshots", "ls").stdout.splitlines()[1].split()[0]
    mount = ctr("snapshots", "prepare", "--target", str(tmp_path), "work", top).stdout
    upper = re.search(r"upperdir=([^,\s]+)", mount).group(1)
    run(["sh", "-c", f"echo new > {upper}/added; mknod {upper}/bin c 0 0"])
    layer = subprocess.run([peer("ctr"), "-a", ctr_socket(ctr), "-n", ctr.namespace, "snapshots", "diff", "work"],
                           capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "tzf", "-"], input=layer, capture_output=True, check=True).stdout.decode().split()
    assert "added" in listed and ".wh.bin" in listed and "bin/busybox" not in listed
    ctr("snapshots", "rm", "work")


def ctr_socket(ctr):
    return ctr.__closure__[0].cell_contents.socket


def test_leases(daemon, ctr):
    ctr("leases", "create", "--id", "mine", "k=v")
    assert "mine" in ctr("leases", "ls").stdout
    assert "already exists" in ctr("leases", "create", "--id", "mine", check=False).stderr
    ctr("leases", "rm", "--sync", "mine")
    assert "mine" not in ctr("leases", "ls").stdout


def test_containers(ctr):
    ctr("images", "import", str(images.busybox()))
    ctr("containers", "create", "--label", "a=b", "--runtime", "io.containerd.hull.v2", IMAGE, "c1")
    assert "c1" in ctr("containers", "ls", "-q").stdout
    assert ctr("containers", "ls", "-q", 'labels.a==b').stdout.split() == ["c1"]
    info = json.loads(ctr("containers", "info", "c1").stdout)
    assert info["Labels"]["a"] == "b" and info["Spec"]["process"]["args"] == ["sh"]
    ctr("containers", "label", "c1", "a=c")
    assert json.loads(ctr("containers", "info", "c1").stdout)["Labels"]["a"] == "c"
    assert "already exists" in ctr("containers", "create", IMAGE, "c1", check=False).stderr
    ctr("containers", "rm", "c1")
    assert "not found" in ctr("containers", "info", "c1", check=False).stderr


def test_a_second_daemon_on_the_root_is_refused(daemon):
    again = run([ours("hull-containerd"), "--root", str(daemon.folder / "root"), "--state", str(daemon.folder / "state2"),
                 "-a", str(daemon.folder / "other.sock")], check=False, timeout=10)
    assert again.returncode == 1 and "in use by another daemon" in again.stderr
    assert daemon.ctr("version").returncode == 0


def test_no_namespace_is_an_error(daemon):
    grpc = pytest.importorskip("grpc")
    with grpc.insecure_channel(f"unix:{daemon.socket}") as channel:
        call = channel.unary_unary("/containerd.services.images.v1.Images/List", lambda m: m, lambda m: m)
        with pytest.raises(grpc.RpcError) as caught:
            call(b"")
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.details() == "namespace is required: failed precondition"


def test_the_socket_is_not_for_everyone(daemon):
    mode = run(["stat", "-c", "%a", daemon.socket]).stdout.strip()
    assert mode == "660"


def test_tasks_are_listed_by_filter(daemon):
    """ctr never asks so: the request goes by curl, a filter in field 1."""
    daemon.import_busybox()
    for name in ("wanted", "other"):
        daemon.ctr("run", "-d", "--runtime", "io.containerd.hull.v2", IMAGE, name, "sleep", "1000")

    def listed(text):
        message = b"\x0a" + bytes([len(text)]) + text.encode()
        command = ["curl", "-s", "--http2-prior-knowledge", "--unix-socket", daemon.socket, "-H", "content-type: application/grpc",
                   "-H", "te: trailers", "-H", "containerd-namespace: default", "-D", "-", "--data-binary", "@-",
                   "http://localhost/containerd.services.tasks.v1.Tasks/List"]
        body = b"\0" + len(message).to_bytes(4, "big") + message
        return subprocess.run(command, input=body, capture_output=True, timeout=30).stdout

    assert b"other" not in listed("id==wanted") and b"wanted" in listed("id==wanted")
    assert b"parse error" in listed("id==")
    for name in ("wanted", "other"):
        daemon.ctr("tasks", "rm", "-f", name)
        daemon.ctr("containers", "rm", name)
