"""hull-containerd is killed in the middle of its work: nothing half-made is seen afterwards, nothing is left behind."""
import hashlib
import os
import pathlib
import signal
import subprocess
import threading

import pytest
from harness import images
from harness.containerd import Containerd
from harness.paths import peer
from harness.waiting import until

IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture
def daemon():
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


def files(daemon, folder):
    return sorted(path.name for path in (daemon.folder / "root" / folder).iterdir())


def assert_sound(daemon):
    """Each blob is what its name says; each directory has a record; what is there can be used."""
    for path in (daemon.folder / "root/content/blobs/sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    known = len(daemon.ctr("snapshots", "ls").stdout.splitlines()) - 1
    until(lambda: len(files(daemon, "overlayfs/snapshots")) == known, "removal of snapshots without a record")
    assert not [name for name in files(daemon, "content/ingest") if name.startswith("new-")]


def test_a_write_goes_on_after_a_kill(daemon, tmp_path):
    data = os.urandom(4_000_000)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    command = [peer("ctr"), "-a", daemon.socket, "content", "ingest", "--expected-digest", digest, "--expected-size",
               str(len(data)), "ref"]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client.stdin.write(data[:2_500_000])
    client.stdin.flush()
    until(lambda: "ref" in daemon.ctr("content", "active").stdout, "a write that has begun")
    daemon.daemon.kill()
    client.kill()
    client.communicate()
    daemon.start()
    assert daemon.ctr("content", "ls", "-q").stdout == ""
    assert_sound(daemon)
    source = tmp_path / "blob"  # a client goes on by seeking, which a pipe can't
    source.write_bytes(data)
    with open(source) as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert daemon.ctr("content", "ls", "-q").stdout.strip() == digest
    assert_sound(daemon)


@pytest.mark.parametrize("step", range(8))
def test_import_killed_anywhere(daemon, step):
    """The kill comes a little later each time; the import is repeated and has to succeed."""
    client = subprocess.Popen([peer("ctr"), "-a", daemon.socket, "images", "import", str(images.busybox())],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    threading.Event().wait(0.01 + 0.012 * step)  # what is waited for is time itself
    daemon.daemon.kill()
    client.kill()
    client.wait(10)
    daemon.start()
    assert_sound(daemon)
    daemon.import_busybox()
    assert "complete" in daemon.ctr("images", "check").stdout
    daemon.ctr("run", "--rm", "--runtime", "io.containerd.hull.v2", IMAGE, "t", "true")
    for lease in daemon.ctr("leases", "ls", "-q").stdout.split():
        daemon.ctr("leases", "rm", lease)  # the killed client's would keep what it had written for a day
    daemon.ctr("images", "rm", "--sync", IMAGE)
    assert files(daemon, "content/blobs/sha256") == []
    assert_sound(daemon)


def test_a_blob_that_was_torn_on_disk_is_not_taken_as_another(daemon):
    """Bytes of an unfinished write that changed behind our back are hashed again."""
    data = os.urandom(1_000_000)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    command = [peer("ctr"), "-a", daemon.socket, "content", "ingest", "--expected-digest", digest, "--expected-size",
               str(len(data)), "ref"]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client.stdin.write(data[:400_000])
    client.stdin.flush()
    until(lambda: "ref" in daemon.ctr("content", "active").stdout, "a write that has begun")
    daemon.daemon.kill()
    client.kill()
    client.communicate()
    (torn,) = (daemon.folder / "root/content/ingest").glob("*/data")
    torn.write_bytes(os.urandom(torn.stat().st_size))
    daemon.start()
    subprocess.run(command, input=data, capture_output=True, timeout=30)
    for found in daemon.ctr("content", "ls", "-q").stdout.split():
        assert found == digest
    assert_sound(daemon)


def test_a_shim_that_is_slow_to_answer_keeps_its_container(daemon):
    """A restarted supervisor may find a shim that is stopped or starved: that is no reason to end its container."""
    daemon.import_busybox()
    daemon.ctr("run", "-d", "--runtime", "io.containerd.hull.v2", IMAGE, "slow", "sleep", "1000")
    (line,) = [line.split() for line in daemon.ctr("tasks", "ls").stdout.splitlines() if line.startswith("slow")]
    container = int(line[1])
    shim = int(pathlib.Path(f"/proc/{container}/status").read_text().split("PPid:")[1].split()[0])
    daemon.daemon.kill()
    os.kill(shim, signal.SIGSTOP)
    try:
        daemon.start()
        assert pathlib.Path(f"/proc/{container}").exists()
    finally:
        os.kill(shim, signal.SIGCONT)
    until(lambda: "RUNNING" in daemon.ctr("tasks", "ls").stdout, "the task answers again")
    daemon.ctr("tasks", "kill", "-s", "KILL", "slow")


def test_what_was_damaged_by_hand_is_not_trusted(daemon):
    """Truncated, overwritten and missing blobs: the daemon starts, never hands them out, and the next import mends them."""
    daemon.import_busybox()
    daemon.daemon.kill()
    first, second, third = sorted((daemon.folder / "root/content/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)[:3]
    first.chmod(0o600)
    first.write_bytes(os.urandom(first.stat().st_size))
    second.chmod(0o600)
    second.write_bytes(second.read_bytes()[:-1])
    third.unlink()
    daemon.start()
    known = daemon.ctr("content", "ls", "-q").stdout.split()
    assert f"sha256:{second.name}" not in known and f"sha256:{third.name}" not in known
    read = daemon.ctr("content", "get", f"sha256:{first.name}", check=False)
    assert read.returncode != 0 and "damaged" in read.stderr and not read.stdout
    daemon.import_busybox()
    assert_sound(daemon)
    daemon.ctr("run", "--rm", "--runtime", "io.containerd.hull.v2", IMAGE, "t", "true")


def test_a_layer_that_was_damaged_by_hand_is_not_unpacked(daemon):
    """One bit in a file of an uncompressed layer: no checksum but its digest tells."""
    daemon.ctr("images", "import", "--no-unpack", str(images.busybox()))
    daemon.daemon.kill()
    layer = max((daemon.folder / "root/content/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    layer.chmod(0o600)
    with open(layer, "r+b") as file:
        file.seek(layer.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    daemon.start()
    run = ("run", "--rm", "--runtime", "io.containerd.hull.v2", IMAGE, "t", "true")
    refused = daemon.ctr(*run, check=False)
    assert refused.returncode != 0 and f"sha256:{layer.name} was damaged on disk" in refused.stderr, refused.stderr
    assert f"sha256:{layer.name}" not in daemon.ctr("content", "ls", "-q").stdout
    daemon.ctr("snapshots", "rm", "t", check=False)
    daemon.import_busybox()
    assert_sound(daemon)
    daemon.ctr(*run)


def test_a_damaged_database_is_refused_and_named(daemon):
    daemon.import_busybox()
    assert daemon.daemon.terminate() == 0
    database = daemon.folder / "root/meta.db"
    good = database.read_bytes()
    database.write_bytes(os.urandom(len(good)))
    refused = subprocess.run(daemon.command, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1 and "meta.db" in refused.stderr, refused.stderr
    database.write_bytes(good)
    daemon.start()
    assert IMAGE in daemon.ctr("images", "ls", "-q").stdout


def test_a_torn_write_ahead_log_loses_no_more_than_its_tail(daemon):
    """Half a page at the end, as a power loss leaves it: what was committed before is there."""
    daemon.import_busybox()
    daemon.daemon.kill()
    with open(daemon.folder / "root/meta.db-wal", "ab") as log:
        log.write(os.urandom(2000))
    daemon.start()
    assert IMAGE in daemon.ctr("images", "ls", "-q").stdout
    assert_sound(daemon)
