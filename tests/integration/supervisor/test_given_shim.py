"""A task in a shim that somebody else has started (task_api_address), and one that a restore path is given for."""
import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from harness.containerd import Containerd
from harness.paths import ours, peer
from harness.process import run
from harness.waiting import until
from shim.ttrpc import Client, decode, encode

grpc = pytest.importorskip("grpc", reason="python3-grpcio is not installed")
IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture(scope="module")
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    supervisor.import_busybox()
    yield supervisor
    supervisor.close()


def create_task(daemon, name: str, options: dict) -> int:
    with grpc.insecure_channel(f"unix://{daemon.socket}") as channel:
        create = channel.unary_unary("/containerd.services.tasks.v1.Tasks/Create", request_serializer=encode, response_deserializer=decode)
        mounts = daemon.ctr("snapshots", "mounts", "/rootfs", name).stdout.split()
        rootfs = {1: "overlay", 2: "overlay", 4: mounts[mounts.index("-o") + 1].split(",")} if "-o" in mounts else {}
        message = {1: name, 3: rootfs, 9: {1: "containerd.runc.v1.Options", 2: options}}
        return create(message, timeout=30, metadata=(("containerd-namespace", "default"),))[2][0]


def parent(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/status").read_text().split("PPid:")[1].split()[0])


def test_a_task_in_a_given_shim_leaves_it_running(daemon):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-it-given-"))
    (folder / "config.json").write_text(json.dumps({"ociVersion": "1.0.2"}))
    started = run([ours("containerd-shim-hull-v2"), "-namespace", "default", "-address", daemon.socket, "-id", "owner", "-bundle", str(folder),
                   "start"], cwd=folder, stdin=subprocess.DEVNULL,
                  env={"TTRPC_ADDRESS": daemon.socket + ".ttrpc", "MAX_SHIM_VERSION": "2"})
    socket = started.stdout.removeprefix("unix://")
    owner = Client(socket)
    shim = owner.call("Connect", {1: "owner"})[1][0]
    daemon.ctr("containers", "create", "--runtime", "io.containerd.hull.v2", IMAGE, "guest", "sleep", "1000")
    try:
        pid = create_task(daemon, "guest", {12: started.stdout, 13: 3})
        assert parent(pid) == shim
        daemon.daemon.kill()
        daemon.start()
        daemon.ctr("tasks", "start", "-d", "guest", check=False)
        assert "guest" in daemon.ctr("tasks", "ls").stdout
        daemon.ctr("tasks", "rm", "-f", "guest")
        daemon.ctr("containers", "rm", "guest")
        assert owner.call("Connect", {1: "owner"})[1][0] == shim, "its owner has not ended it"
    finally:
        owner.call("Shutdown", {1: "owner"})
        until(lambda: not pathlib.Path(f"/proc/{shim}").exists(), "end of the shim")
        shutil.rmtree(folder)


def test_a_bad_address_or_restore_path_is_named_and_leaves_nothing(daemon):
    daemon.ctr("containers", "create", "--runtime", "io.containerd.hull.v2", IMAGE, "bad", "true")
    for options, text in (({12: "vsock://1"}, "task_api_address"), ({12: "unix:///x", 13: 9}, "task_api_version 9"),
                          ({12: "unix:///nonexistent"}, "nonexistent"), ({10: "relative"}, "criu_image_path")):
        with pytest.raises(grpc.RpcError) as failed:
            create_task(daemon, "bad", options)
        assert text in failed.value.details(), failed.value.details()
    assert "bad" not in daemon.ctr("tasks", "ls").stdout
    assert not list((daemon.folder / "state/io.containerd.runtime.v2.task/default").iterdir())
    daemon.ctr("containers", "rm", "bad")
