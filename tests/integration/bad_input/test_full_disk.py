"""A full disk: a clear error, nothing half there, and all works again once there is room."""
import io
import json
import os
import pathlib
import tarfile
import tempfile

import pytest
from harness import images
from harness.engine import Hull
from harness.process import run
from harness.waiting import until

NO_SPACE = "no space left on device"


@pytest.fixture
def small():
    """An engine whose data lies on a file system of 64 MiB."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-it-full-"))
    disk = folder / "disk"
    disk.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=64m", "small", str(disk)])
    engine = Hull(folder=folder, start=False)
    engine.data_root = disk / "data"
    try:
        engine.start()
        engine.load_busybox()
        yield engine
        fill(engine, 0)
        engine.remove_all()
    finally:
        (disk / "filler").unlink(missing_ok=True)
        engine.daemon.terminate()
        purge = run([*engine.command()[:1], "purge", *engine.command()[3:]], check=False)
        run(["umount", str(disk)])
        assert purge.returncode == 0, purge.stderr
        run(["rm", "-rf", str(folder)])


def free_bytes(engine) -> int:
    found = os.statvfs(engine.data_root)
    return found.f_bavail * found.f_frsize


def fill(engine, left: int):
    """Takes all but `left` bytes; 0 gives everything back."""
    filler = engine.data_root.parent / "filler"
    filler.unlink(missing_ok=True)
    if not left:
        return
    with open(filler, "wb") as sink:
        while (free := free_bytes(engine)) > left:
            sink.write(b"\0" * min(1 << 16, free - left))
            sink.flush()


def tar_of(size: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        info = tarfile.TarInfo("big")
        info.size = size
        tar.addfile(info, io.BytesIO(b"\0" * size))
    return sink.getvalue()


def shown(engine):
    """What there is: images, containers, volumes."""
    lists = [engine.request("GET", path)[1] for path in ("/images/json?all=1", "/containers/json?all=1")]
    return [sorted(item["Id"] for item in items) for items in lists]


def snapshots(engine) -> int:
    return sum(1 for path in (engine.data_root / "containerd").glob("**/snapshots/*") if path.is_dir())


def refused(status, answer):
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert (status >= 500 or "errorDetail" in text) and NO_SPACE in text.lower(), (status, text)


def test_import_and_load(small):
    archive = images.docker_archive([images.busybox_rootfs(), tar_of(8 << 20)], {"Cmd": ["sh"]}, ["more:1"])
    for path, data in (("/images/create?fromSrc=-&repo=imported&tag=1", tar_of(8 << 20)), ("/images/load", archive)):
        before, layers = shown(small), snapshots(small)
        fill(small, 4 << 20)
        refused(*small.request("POST", path, data, {"Content-Type": "application/x-tar"}))
        assert shown(small) == before
        fill(small, 0)
        # What could not be noted on the full disk is the garbage collector's, which spares what is younger than a minute.
        until(lambda: snapshots(small) == layers, "no layer is left half unpacked", 100)
        status, answer = small.request("POST", path, data, {"Content-Type": "application/x-tar"})
        assert status == 200 and "errorDetail" not in json.dumps(answer)
    assert small.run_cli("run", "--rm", "--network", "none", "more:1", "wc", "-c", "/big").stdout.split()[0] == str(8 << 20)


def test_commit(small, name):
    container = small.client.containers.run("busybox", ["dd", "if=/dev/zero", "of=/big", "bs=1M", "count=8"], name=name,
                                            network_mode="none", detach=True)
    assert container.wait()["StatusCode"] == 0
    before = shown(small)
    fill(small, 4 << 20)
    refused(*small.request("POST", f"/commit?container={name}&repo=committed&tag=1", {}))
    assert shown(small) == before
    fill(small, 0)
    assert container.commit("committed", "1").tags == ["committed:1"]


def test_a_container_that_writes_and_logs(small, name):
    """What it writes fails for it alone; its log goes on when there is room, and it can be stopped and removed."""
    container = small.client.containers.run(
        "busybox", ["sh", "-c", "while read line; do echo $line; dd if=/dev/zero of=/big bs=1M count=8 2>/dev/null; echo $?; done"],
        name=name, network_mode="none", detach=True, stdin_open=True)
    stdin = container.attach_socket(params={"stdin": 1, "stream": 1})
    stdin._sock.sendall(b"first\n")
    until(lambda: container.logs() == b"first\n0\n", "the first lines")
    fill(small, 8192)
    stdin._sock.sendall(b"second\n")
    until(lambda: small.client.containers.get(name).status == "running", "it runs")
    assert small.client.containers.list()[0].name == name
    fill(small, 0)
    stdin._sock.sendall(b"third\n")
    until(lambda: container.logs().endswith(b"third\n0\n"), "the log goes on")
    stdin.close()
    container.stop(timeout=1)
    container.remove()


def test_creating_and_starting(small, name):
    before = shown(small)
    fill(small, 4096)
    tried = [small.request("POST", f"/containers/create?name={name}-{number}", {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}})
             for number in range(20)]
    for status, answer in tried:
        assert status == 201 or (status >= 500 and ("space" in json.dumps(answer).lower() or "full" in json.dumps(answer).lower())), answer
    fill(small, 0)
    made = sorted(answer["Id"] for status, answer in tried if status == 201)
    assert shown(small)[1] == sorted(before[1] + made)
    for identity in made:
        assert small.request("POST", f"/containers/{identity}/start")[0] == 204
    assert small.run_cli("run", "--rm", "--network", "none", "busybox", "echo", "again").stdout == "again\n"
