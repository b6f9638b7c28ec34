"""A container's files from outside: archive (docker cp), export, changes; with python3-docker, docker's client and by hand."""
import base64
import hashlib
import http.client
import io
import json
import os
import pathlib
import tarfile
import threading

import docker
import pytest
from harness.engine import UnixConnection
from harness.paths import peer
from harness.waiting import until

MAKE = ("mkdir -p /d/sub && echo hi > /d/f && ln /d/f /d/hard && ln -s f /d/link && ln -s sub /d/dl && ln -s /nowhere/x /d/broken"
        " && ln -s ../../../../etc /d/up && mkfifo /d/fifo && chmod 4755 /d/f && echo v > /vol/v")


def tar_of(*entries, **common) -> bytes:
    """entries: (name, content) for files; (name, None) for folders; TarInfo for all else."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            for name, value in common.items():
                setattr(info, name, value)
            if entry[1] is None:
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(entry[1])
            tar.addfile(info, io.BytesIO(entry[1] or b""))
    return sink.getvalue()


def link(name: str, target: str, kind=tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def get(engine, container: str, path: str, method: str = "GET"):
    """(status, stat, body)"""
    connection = UnixConnection(engine.socket)
    connection.request(method, f"/containers/{container}/archive?path={path}")
    answer = connection.getresponse()
    body = answer.read()
    stat = answer.getheader("X-Docker-Container-Path-Stat")
    connection.close()
    return answer.status, json.loads(base64.b64decode(stat)) if stat else None, body


def names(body: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return sorted(tar.getnames())


def put(engine, container: str, path: str, body: bytes, query: str = ""):
    connection = UnixConnection(engine.socket)
    connection.request("PUT", f"/containers/{container}/archive?path={path}{query}", body=body, headers={"Content-Type": "application/x-tar"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text)["message"] if text.strip() else ""


def output(container, *command) -> str:
    done = container.exec_run(list(command))
    assert done.exit_code == 0, done.output
    return done.output.decode().strip()


@pytest.fixture(params=["running", "stopped"])
def filled(engine, request, name):
    """A container with files, which runs or does not."""
    made = engine.client.containers.run("busybox", ["sh", "-c", MAKE + " && touch /done && exec sleep 1000"], name=name, detach=True,
                                        network_mode="none", volumes={f"v-{name}": {"bind": "/vol", "mode": "rw"}})
    until(lambda: get(engine, name, "/done", "HEAD")[0] == 200, "its files")
    if request.param == "stopped":
        made.kill()
        made.wait()
    yield made
    made.remove(force=True)
    engine.client.volumes.get(f"v-{name}").remove()


# --- out ----------------------------------------------------------------------------------------------------------

DIRECTORY = 1 << 31
SYMLINK = 1 << 27


@pytest.mark.parametrize("path, wanted, target", [
    ("/d", "d", ""), ("d", "d", ""), ("/../d", "d", ""), ("/d/", "d", ""), ("/d/.", ".", ""), ("/", "/", ""), ("/d/f", "f", ""),
    ("/d/link", "link", "/d/f"), ("/d/dl", "dl", "/d/sub"), ("/d/broken", "broken", "/nowhere/x"), ("/d/up", "up", "/etc"),
    ("/vol/v", "v", ""), ("/d/fifo", "fifo", ""),
])
def test_what_a_path_is(engine, filled, path, wanted, target):
    for method in ("HEAD", "GET"):
        status, stat, _ = get(engine, filled.name, path, method)
        assert status == 200 and (stat["name"], stat["linkTarget"]) == (wanted, target)
        assert bool(stat["mode"] & SYMLINK) == bool(target)
        assert bool(stat["mode"] & DIRECTORY) == (path in ("/d", "d", "/../d", "/d/", "/d/.", "/"))


def test_a_tar_is_named_after_the_path(engine, filled):
    assert names(get(engine, filled.name, "/d")[2]) == ["d", "d/broken", "d/dl", "d/f", "d/fifo", "d/hard", "d/link", "d/sub", "d/up"]
    assert names(get(engine, filled.name, "/d/.")[2])[:2] in ([".", "./broken"], ["", "broken"])
    with tarfile.open(fileobj=io.BytesIO(get(engine, filled.name, "/d/f")[2])) as tar:
        member = tar.next()
        assert (member.name, member.mode & 0o7777, tar.extractfile(member).read()) == ("f", 0o4755, b"hi\n")
    with tarfile.open(fileobj=io.BytesIO(get(engine, filled.name, "/d/link")[2])) as tar:
        assert tar.next().linkname == "f"
    assert names(get(engine, filled.name, "/d/dl/")[2]) == ["dl"]
    assert names(get(engine, filled.name, "/vol")[2]) == ["vol", "vol/v"]


@pytest.mark.parametrize("path, status, part", [
    ("/nope", 404, "Could not find the file /nope in container"), ("/nope/x", 404, "Could not find the file"), ("", 400, "empty"),
    ("/d/f/", 400, "not a directory"), ("/d/f/x", 400, ""), ("/d/%00", 400, ""),
])
def test_paths_that_are_none(engine, filled, path, status, part):
    if engine.name == "docker" and status == 400 and path:
        pytest.skip("docker says 500, or 404")
    got, _, body = get(engine, filled.name, path)
    assert got == status and part in json.loads(body)["message"]
    assert get(engine, filled.name, path, "HEAD")[0] == status


def test_the_same_through_the_sdk_and_the_clients(engine, filled, tmp_path):
    chunks, stat = filled.get_archive("/d/f")
    assert stat["name"] == "f" and names(b"".join(chunks)) == ["f"]
    for cli in [engine.cli, peer("docker")]:
        if not cli:
            continue
        target = tmp_path / pathlib.Path(cli).name
        target.mkdir(exist_ok=True)
        engine.run_cli("cp", f"{filled.name}:/d/f", str(target), cli=cli)
        assert (target / "f").read_text() == "hi\n"
        (target / "own").write_text("own")
        engine.run_cli("cp", str(target / "own"), f"{filled.name}:/d/sub/new", cli=cli)
        engine.run_cli("cp", f"{filled.name}:/d/sub/new", str(target / "back"), cli=cli)
        assert (target / "back").read_text() == "own"
        assert engine.run_cli("cp", f"{filled.name}:/nope", str(target), cli=cli, check=False).returncode == 1


def test_the_network_files_of_a_running_container(engine, name):
    made = engine.client.containers.run("busybox", ["sleep", "100"], name=name, detach=True, hostname="someone")
    try:
        with tarfile.open(fileobj=io.BytesIO(get(engine, name, "/etc/hostname")[2])) as tar:
            assert tar.extractfile(tar.next()).read() == b"someone\n"
    finally:
        made.remove(force=True)


def test_a_created_container_shows_its_image_and_volumes(engine, name):
    made = engine.client.containers.create("busybox", ["true"], name=name, volumes={f"v-{name}": {"bind": "/not/there", "mode": "rw"}})
    try:
        assert put(engine, name, "/not/there", tar_of(("x", b"1"))) == (200, "")
        assert names(get(engine, name, "/bin/busybox")[2]) == ["busybox"]
        status = engine.request("GET", f"/containers/{name}/json")[1]["State"]["Status"]
        assert status == "created"
        reader = engine.client.containers.run("busybox", ["cat", "/v/x"], remove=True, volumes={f"v-{name}": {"bind": "/v", "mode": "ro"}})
        assert reader == b"1"
    finally:
        made.remove(v=True)
        engine.client.volumes.get(f"v-{name}").remove()


# --- in -----------------------------------------------------------------------------------------------------------

def content(engine, container, path: str) -> bytes | None:
    status, stat, body = get(engine, container.name, path)
    if status != 200:
        return None
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return tar.extractfile(tar.next()).read()


@pytest.mark.parametrize("compress", ["plain", "gz", "bz2", "xz"])
def test_a_tar_goes_in_compressed_or_not(engine, filled, compress):
    if compress == "xz" and engine.name == "docker":
        pytest.skip("docker runs a program for it, which may be missing")
    import bz2
    import gzip
    import lzma
    pack = {"plain": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[compress]
    assert put(engine, filled.name, "/d/sub", pack(tar_of(("in", None), ("in/x", b"content"), (".wh.y", b"")))) == (200, "")
    assert content(engine, filled, "/d/sub/in/x") == b"content"
    assert content(engine, filled, "/d/sub/.wh.y") == b""
    assert put(engine, filled.name, "/d/dl", tar_of(("through", b"link"))) == (200, "")
    assert content(engine, filled, "/d/sub/through") == b"link"
    assert put(engine, filled.name, "/vol", tar_of(("w", b"volume"))) == (200, "")
    assert content(engine, filled, "/vol/w") == b"volume"
    assert put(engine, filled.name, "/d/sub", b"") == (200, "")


def test_owners_and_modes(engine, filled):
    assert put(engine, filled.name, "/d/sub", tar_of(("o", b""), mode=0o2640, uid=1234, gid=4321)) == (200, "")
    with tarfile.open(fileobj=io.BytesIO(get(engine, filled.name, "/d/sub/o")[2])) as tar:
        member = tar.next()
    assert (member.mode & 0o7777, member.uid, member.gid) == (0o2640, 1234, 4321)


def test_copy_as_the_containers_user(hull, name):
    """Docker looks the user up on the host."""
    made = hull.client.containers.create("busybox", ["true"], name=name, user="www-data:staff")
    try:
        for query, owner in (("", (7, 8)), ("&copyUIDGID=1", (33, 50)), ("&copyUIDGID=true", (33, 50))):
            assert put(hull, name, "/tmp", tar_of(("o", b""), uid=7, gid=8), query) == (200, "")
            with tarfile.open(fileobj=io.BytesIO(get(hull, name, "/tmp/o")[2])) as tar:
                member = tar.next()
            assert (member.uid, member.gid) == owner
    finally:
        made.remove()


@pytest.mark.parametrize("path, query, entries, part", [
    ("/d/f", "", [("x", b"")], "extraction point is not a directory"),
    ("/d/link", "", [("x", b"")], "extraction point is not a directory"),
    ("/d", "&noOverwriteDirNonDir=1", [("f", None)], "cannot overwrite non-directory"),
    ("/d", "&noOverwriteDirNonDir=true", [("sub", b"")], "cannot overwrite directory"),
    ("/d", "", [("../../evil", b"")], "invalid entry name"),
])
def test_what_can_not_go_in(engine, filled, path, query, entries, part):
    status, message = put(engine, filled.name, path, tar_of(*entries), query)
    assert status in (400, 500 if engine.name == "docker" else 400) and (part in message or engine.name == "docker")
    assert content(engine, filled, "/d/f") == b"hi\n"


def test_without_the_flag_kinds_are_exchanged(engine, filled):
    assert put(engine, filled.name, "/d", tar_of(("sub", b"now a file"), ("link", None))) == (200, "")
    assert content(engine, filled, "/d/sub") == b"now a file"
    assert get(engine, filled.name, "/d/link", "HEAD")[1]["mode"] & DIRECTORY


def test_read_only_roots_and_volumes(engine, name):
    made = engine.client.containers.run("busybox", ["sleep", "100"], name=name, detach=True, read_only=True, network_mode="none",
                                        volumes={f"v-{name}": {"bind": "/ro", "mode": "ro"}, f"w-{name}": {"bind": "/rw", "mode": "rw"}})
    try:
        for _ in ("running", "stopped"):
            for path, words in (("/tmp", "container rootfs is marked read-only"), ("/ro", "mounted volume is marked read-only")):
                status, message = put(engine, name, path, tar_of(("x", b"")))
                assert status in (400, 500 if engine.name == "docker" else 400) and message == words
            assert put(engine, name, "/rw", tar_of(("x", b""))) == (200, "")
            made.kill() if made.status != "exited" else None
            made.wait()
            made.reload()
    finally:
        made.remove(force=True)
        for volume in ("v-", "w-"):
            engine.client.volumes.get(volume + name).remove()


def test_damaged_tars(engine, filled):
    whole = tar_of(("a", b"x" * 100000))
    for body in (whole[:5000], b"no tar at all" * 100, b"\x1f\x8b\x08\x00garbage"):
        status, message = put(engine, filled.name, "/d/sub", body)
        assert status in (400, 500) and message
    assert content(engine, filled, "/d/f") == b"hi\n"


def test_a_client_that_leaves_in_the_middle_frees_the_container(hull, name):
    made = hull.client.containers.create("busybox", ["true"], name=name)
    connection = UnixConnection(hull.socket)
    connection.putrequest("PUT", f"/containers/{name}/archive?path=/tmp")
    connection.putheader("Content-Type", "application/x-tar")
    connection.putheader("Content-Length", str(1 << 20))
    connection.endheaders(tar_of(("a", b"x" * 2000))[:1000])
    connection.close()
    made.start()
    assert made.wait()["StatusCode"] == 0
    made.remove()


# --- hostile ------------------------------------------------------------------------------------------------------

@pytest.fixture
def outside(tmp_path):
    """A host's file that nothing in here may touch."""
    secret = tmp_path / "secret"
    secret.write_text("host")
    os.chmod(secret, 0o600)
    before = secret.stat()
    yield secret
    after = secret.stat()
    assert secret.read_text() == "host"
    assert (after.st_mode, after.st_uid, after.st_nlink) == (before.st_mode, before.st_uid, before.st_nlink)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret"]


@pytest.mark.parametrize("state", ["running", "created"])
def test_links_never_lead_out(engine, name, outside, state):
    """In a container's links and a tar's, absolute and climbing (CVE-2018-15664's end, CVE-2021-41089)."""
    made = engine.client.containers.create("busybox", ["sleep", "100"], name=name, network_mode="none")
    try:
        if state == "running":
            made.start()
        folder = str(outside.parent)
        up = "../" * 30 + folder[1:]
        assert put(engine, name, "/tmp", tar_of(link("abs", folder))) == (200, "")
        put(engine, name, "/tmp", tar_of(link("climb", up)))
        for entries in ([("abs/x", b"")], [("climb/x", b"")], [link("h", str(outside), tarfile.LNKTYPE)],
                        [link("h", up + "/secret", tarfile.LNKTYPE)], [link("l", folder), ("l/x", b"")],
                        [link("l2", folder), ("l2", None)], [link("s", str(outside)), ("s", b"")]):
            put(engine, name, "/tmp", tar_of(*entries, mode=0o777, uid=1))
        for path in ("/tmp/abs/secret", "/tmp/climb/secret", "/tmp/abs/", "/proc/1/root" + str(outside), "/proc/self/root" + str(outside)):
            status, stat, body = get(engine, name, path)
            assert b"host" not in body and (status != 200 or stat["name"] != "secret")
        for path in ("/tmp/abs", "/tmp/climb", "/tmp/l"):
            put(engine, name, path, tar_of(("x", b"")))
    finally:
        made.remove(force=True)


def test_a_race_of_links_stays_inside(hull, name, outside):
    """CVE-2018-15664: the container exchanges a folder for a link to the host's while files are copied."""
    folder = str(outside.parent)
    swap = (f"mkdir -p /w/real /w{folder}; echo mine > /w/real/secret; cd /w; i=0; while :; do "
            f"ln -s {folder} l; mv -T l p 2>/dev/null || {{ rm -rf p; mv l p; }}; rm -rf p; mkdir p; echo mine > p/secret; done")
    made = hull.client.containers.run("busybox", ["sh", "-c", swap], name=name, detach=True, network_mode="none")
    try:
        for _ in range(60):
            for path in ("/w/p/secret", "/w/p/"):
                try:
                    assert b"host" not in get(hull, name, path)[2]
                except http.client.IncompleteRead as broken:  # it went while it was read
                    assert b"host" not in broken.partial
            put(hull, name, "/w/p", tar_of(("secret", b"overwritten"), ("made", None), mode=0o777, uid=5))
    finally:
        made.remove(force=True)


def test_nothing_of_the_containers_is_run(hull, name, tmp_path):
    """CVE-2019-14271, CVE-2026-41567: neither its libraries nor its decompressors."""
    made = hull.client.containers.create("busybox", ["true"], name=name)
    import lzma
    try:
        trap = b"#!/bin/sh\ntouch /tmp/trapped\n"
        for program in ("xz", "unpigz", "gzip", "tar"):
            put(hull, name, "/bin", tar_of((program, trap), mode=0o755))
        assert put(hull, name, "/tmp", lzma.compress(tar_of(("x", b"1")))) == (200, "")
        assert get(hull, name, "/tmp/trapped")[0] == 404 and content(hull, made, "/tmp/x") == b"1"
    finally:
        made.remove()


def test_devices_and_fifos_are_not_opened(hull, name):
    made = hull.client.containers.run("busybox", ["sh", "-c", "mkdir /n; mknod /n/dev c 10 130; mkfifo /n/fifo; touch /ok; sleep 100"], name=name,
                                      detach=True, network_mode="none")
    try:
        until(lambda: get(hull, name, "/ok", "HEAD")[0] == 200, "its nodes")
        with tarfile.open(fileobj=io.BytesIO(get(hull, name, "/n")[2])) as tar:
            kinds = {member.name: member.type for member in tar}
        assert kinds == {"n": tarfile.DIRTYPE, "n/dev": tarfile.CHRTYPE, "n/fifo": tarfile.FIFOTYPE}
    finally:
        made.remove(force=True)


def test_copying_leaves_no_mounts(hull, name):
    made = hull.client.containers.create("busybox", ["true"], name=name, volumes={f"v-{name}": {"bind": "/v", "mode": "rw"}})
    before = pathlib.Path(f"/proc/{hull.daemon.process.pid}/mountinfo").read_text().count("\n")
    for _ in range(5):
        assert put(hull, name, "/v", tar_of(("x", b"1")))[0] == 200
        assert get(hull, name, "/v")[0] == 200
    assert pathlib.Path(f"/proc/{hull.daemon.process.pid}/mountinfo").read_text().count("\n") == before
    open_files = len(os.listdir(f"/proc/{hull.daemon.process.pid}/fd"))
    for _ in range(10):
        get(hull, name, "/v")
    assert len(os.listdir(f"/proc/{hull.daemon.process.pid}/fd")) <= open_files + 2
    made.remove(v=True)
    hull.client.volumes.get(f"v-{name}").remove()


# --- export, changes, events -----------------------------------------------------------------------------------------

def test_export_has_all_but_volumes(engine, filled):
    found = names(b"".join(filled.export()))
    assert "d/f" in found and "bin/busybox" in found and "etc/passwd" in found
    assert "vol/v" not in found and not [n for n in found if n.startswith("proc/")]


def test_an_export_imported_is_the_container(engine, filled, name):
    tag = f"x-{hashlib.md5(name.encode()).hexdigest()[:10]}"
    engine.client.api.import_image_from_data(b"".join(filled.export()), repository=tag)
    assert engine.client.containers.run(tag, ["/bin/cat", "/d/f"], remove=True) == b"hi\n"
    engine.client.images.remove(tag)


def test_changes(engine, name):
    made = engine.client.containers.create("busybox", ["sh", "-c", "rm /etc/group; echo a >> /etc/passwd; mkdir /etc/x; touch /etc/x/y; rm -r /home;"
                                                      " mkdir /home; touch /home/z; chmod 700 /root; rm -r /var"], name=name)
    try:
        assert not engine.request("GET", f"/containers/{name}/changes")[1]
        made.start()
        made.wait()
        changes = {(c["Kind"], c["Path"]) for c in made.diff()}
        assert changes == {(0, "/etc"), (0, "/etc/passwd"), (1, "/etc/x"), (1, "/etc/x/y"), (2, "/etc/group"), (0, "/home"), (1, "/home/z"),
                           (0, "/root"), (2, "/var")}
        assert "D /var" in engine.run_cli("diff", name).stdout
    finally:
        made.remove()


def test_a_run_that_changes_nothing_has_no_changes(engine, name):
    made = engine.client.containers.run("busybox", ["true"], name=name, detach=True)
    made.wait()
    try:
        assert not made.diff()
    finally:
        made.remove()


def test_events_of_copies(engine, filled):
    seen = []
    stream = engine.client.events(decode=True, filters={"container": filled.id})
    reader = threading.Thread(target=lambda: seen.extend(iter(lambda: next(stream)["Action"], "export")))
    reader.start()
    get(engine, filled.name, "/d/f")
    put(engine, filled.name, "/d", tar_of(("e", b"")))
    b"".join(filled.export())
    reader.join(20)
    stream.close()
    assert not reader.is_alive() and [s for s in seen if s in ("archive-path", "extract-to-dir")][-2:] == ["archive-path", "extract-to-dir"]


def test_unknown_containers(engine):
    for path in ("archive?path=/", "export", "changes"):
        assert engine.request("GET", f"/containers/nonsense/{path}")[0] == 404
    with pytest.raises(docker.errors.NotFound):
        engine.client.api.put_archive("nonsense", "/", b"")
