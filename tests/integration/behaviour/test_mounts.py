"""Mounts of every kind, by what they do inside the container."""
import os
import pathlib
import subprocess

import docker
import pytest
from docker.types import Mount


def run(engine, script: str, **options) -> str:
    return engine.client.containers.run("busybox", ["sh", "-c", script], remove=True, network_mode=options.pop("network_mode", "none"), **options).decode()


def create(engine, mounts: list, **host):
    return engine.request("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Mounts": mounts, **host}})


@pytest.fixture
def volume(engine, name):
    made = engine.client.volumes.create(f"v-{name}"[:60])
    run(engine, "mkdir -p /v/a/b; echo in > /v/a/b/f; echo top > /v/f; ln -s /etc /v/abs; ln -s ../../../../../etc /v/up; ln -s a/b /v/inner",
        volumes={made.name: {"bind": "/v", "mode": "rw"}})
    yield made
    made.remove()


def subpath(volume, path: str, **more) -> dict:
    return {"Type": "volume", "Source": volume.name, "Target": "/m", "VolumeOptions": {"Subpath": path}, **more}


# --- part of a volume ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, script, output", [("a", "cat /m/b/f; ls /m", "in\nb\n"), ("a/b", "cat /m/f", "in\n"), ("f", "cat /m", "top\n"),
                                                 ("./a//b/", "cat /m/f", "in\n"), ("inner", "cat /m/f", "in\n")])
def test_a_part_of_a_volume(hull, volume, name, path, script, output):
    status, answer = hull.request("POST", f"/containers/create?name={name}", {
        "Image": "busybox", "Cmd": ["sh", "-c", script], "HostConfig": {"Mounts": [subpath(volume, path)], "NetworkMode": "none"}})
    assert status == 201, answer
    made = hull.client.containers.get(name)
    for _ in range(2):  # its place is made anew for each run
        made.start()
        assert made.wait()["StatusCode"] == 0
    assert made.logs().decode() == output * 2
    made.remove()
    assert not os.path.exists(f"{hull.exec_root}/mounts/{made.id}")


@pytest.mark.parametrize("path", ["abs", "up", "abs/passwd", "nope"])
def test_links_of_a_volume_lead_nowhere_else(hull, volume, name, path):
    status, answer = hull.request("POST", f"/containers/create?name={name}", {
        "Image": "busybox", "Cmd": ["sleep", "100"], "HostConfig": {"Mounts": [subpath(volume, path)], "NetworkMode": "none"}})
    assert status == 201, answer
    status, answer = hull.request("POST", f"/containers/{name}/start")
    assert status >= 400 and "cannot access path" in answer["message"]
    assert not pathlib.Path(f"{hull.exec_root}/mounts/{hull.client.containers.get(name).id}").exists()
    hull.client.containers.get(name).remove()


@pytest.mark.parametrize("mount, part", [
    ({"VolumeOptions": {"Subpath": "/abs"}}, "relative"), ({"VolumeOptions": {"Subpath": "../x"}}, "relative"),
    ({"VolumeOptions": {"Subpath": "a/../../x"}}, "relative"), ({"VolumeOptions": {"Subpath": "a"}, "Source": ""}, "anonymous"),
    ({"Type": "bind", "Source": "/etc", "VolumeOptions": None, "BindOptions": {"ReadOnlyForceRecursive": True}}, "ReadOnly"),
    ({"Type": "bind", "Source": "/etc", "VolumeOptions": None, "BindOptions": {"ReadOnlyNonRecursive": True}}, "ReadOnly"),
])
def test_wrong_mounts(hull, mount, part):
    status, answer = create(hull, [{"Type": "volume", "Source": "vol", "Target": "/m", **mount}])
    assert status == 400 and part in answer["message"], answer


def test_a_part_of_a_volume_survives_a_killed_daemon(own_hull, name):
    own_hull.client.volumes.create("parted")
    run(own_hull, "mkdir /v/a; echo in > /v/a/f", volumes={"parted": {"bind": "/v", "mode": "rw"}})
    own_hull.request("POST", f"/containers/create?name={name}", {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {
        "NetworkMode": "none", "Mounts": [{"Type": "volume", "Source": "parted", "Target": "/m", "VolumeOptions": {"Subpath": "a"}}]}})
    made = own_hull.client.containers.get(name)
    made.start()
    own_hull.kill_hulld()
    own_hull.start()
    made = own_hull.client.containers.get(name)
    assert made.exec_run(["cat", "/m/f"]).output == b"in\n"
    assert b"in\n" in b"".join(made.get_archive("/m/f")[0])
    made.restart(timeout=0)
    assert made.exec_run(["cat", "/m/f"]).output == b"in\n"
    made.remove(force=True)
    assert not os.path.exists(f"{own_hull.exec_root}/mounts/{made.id}")


# --- read-only binds with mounts in them --------------------------------------------------------------------------

@pytest.fixture
def nested(tmp_path):
    """A folder with another file system in it."""
    (tmp_path / "below").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(tmp_path / "below")], check=True)
    yield str(tmp_path)
    subprocess.run(["umount", "-l", str(tmp_path / "below")], check=True)


@pytest.mark.parametrize("options, writable", [({}, False), ({"ReadOnlyForceRecursive": True}, False), ({"ReadOnlyNonRecursive": True}, True)])
def test_read_only_reaches_mounts_below(hull, nested, name, options, writable):
    status, answer = hull.request("POST", f"/containers/create?name={name}", {
        "Image": "busybox", "Cmd": ["sh", "-c", "touch /m/x && exit 3; touch /m/below/x"],
        "HostConfig": {"NetworkMode": "none", "Mounts": [{"Type": "bind", "Source": nested, "Target": "/m", "ReadOnly": True, "BindOptions": options}]}})
    assert status == 201, answer
    made = hull.client.containers.get(name)
    made.start()
    assert made.wait()["StatusCode"] == (0 if writable else 1)
    made.remove()
    assert "below" in run(hull, "touch /m/below/y; ls /m", mounts=[Mount("/m", nested, type="bind")])


# --- shared memory ------------------------------------------------------------------------------------------------

def test_shared_memory_of_another_container(engine, name):
    donor = engine.client.containers.run("busybox", ["sh", "-c", "echo shared > /dev/shm/f; sleep 1000"], name=name, detach=True, ipc_mode="shareable",
                                         network_mode="none", shm_size="8m")
    try:
        assert run(engine, "until cat /dev/shm/f 2>/dev/null; do :; done; df -k /dev/shm | tail -1 | awk '{print $2}'; readlink /proc/self/ns/ipc",
                   ipc_mode=f"container:{name}").split()[:2] == ["shared", "8192"]
        own = donor.exec_run(["readlink", "/proc/self/ns/ipc"]).output.decode()
        assert run(engine, "readlink /proc/self/ns/ipc", ipc_mode=f"container:{donor.id}") == own
        assert run(engine, "ls /dev/shm; readlink /proc/self/ns/ipc") != own
    finally:
        donor.remove(force=True)


def test_shared_memory_of_one_that_keeps_it(engine, name):
    donor = engine.client.containers.run("busybox", ["sleep", "1000"], name=name, detach=True, ipc_mode="private", network_mode="none")
    try:
        with pytest.raises(docker.errors.APIError) as refused:
            run(engine, "true", ipc_mode=f"container:{name}")
        assert "non-shareable IPC" in refused.value.explanation
    finally:
        donor.remove(force=True)
        for left in engine.client.containers.list(all=True, filters={"status": "created"}):
            left.remove()
