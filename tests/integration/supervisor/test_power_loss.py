"""The machine loses power: what was written but not yet synced is torn, lost or mixed up when hull-containerd starts again
in another boot. Nothing wrong is trusted, and what is missing can be had again.

Block devices promise little: of what came since the last sync any part may be there. So the state of a daemon is copied
while it stands still, and in the copy each file that is not marked as synced (docs/decisions/006) gets one of the ends
that a power loss leaves: as it was, cut, a hole, other bytes, empty, or gone. The records are synced call by call; their
log ends in the middle of a record that nobody was told of."""
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import uuid

import pytest
from harness.containerd import Containerd
from harness.oci_archive import Image
from harness.paths import ours, peer
from harness.waiting import until

SEEDS = range(int(os.environ.get("HULL_TEST_ROUNDS", "1")) * 6)


class AfterPowerLoss(Containerd):
    """One that starts on a given root, in another boot."""

    def __init__(self, root: pathlib.Path):
        self.copied = root
        super().__init__(ours("hull-containerd"))

    def start(self):
        root = self.folder / "root"
        if not root.exists():
            shutil.move(self.copied, root)
        boot = self.folder / "boot_id"
        boot.write_text(str(uuid.uuid4()) + "\n")
        script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
        if self.command[0] != "unshare":
            self.command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(boot), *self.command]
        super().start()


def tear(path: pathlib.Path, chance: random.Random):
    """What may be left of a file that was never synced."""
    size = path.stat().st_size
    end = chance.choice(["whole", "cut", "hole", "other", "empty", "gone"])
    if end == "gone":
        path.unlink()
    elif end in ("cut", "empty"):
        os.truncate(path, chance.randrange(size) if end == "cut" and size else 0)
    elif end in ("hole", "other") and size:
        begin = chance.randrange(size)
        length = chance.randint(1, size - begin)
        with open(path, "r+b") as file:
            file.seek(begin)
            file.write(bytes(length) if end == "hole" else chance.randbytes(length))


def lose_power(root: pathlib.Path, seed: int):
    chance = random.Random(seed)
    files = [path for folder in ("content", "overlayfs/snapshots") for path in sorted((root / folder).rglob("*")) if path.is_file()]
    for path in files:
        synced = path.parent.name == "sha256" and path.stat().st_mode & 0o777 == 0o444
        if not synced:
            tear(path, chance)
    with open(root / "meta.db-wal", "ab") as log:
        log.write(chance.randbytes(chance.randrange(1, 9000)))
    (root / "meta.db-shm").unlink(missing_ok=True)


def stopped_copy(daemon: Containerd, place: pathlib.Path):
    os.kill(daemon.daemon.process.pid, signal.SIGSTOP)
    try:
        subprocess.run(["cp", "-a", daemon.folder / "root", place], check=True)
    finally:
        os.kill(daemon.daemon.process.pid, signal.SIGCONT)


def assert_nothing_wrong(daemon: Containerd, images: list[Image]):
    for digest in daemon.ctr("content", "ls", "-q").stdout.split():
        path = daemon.folder / "root/content/blobs/sha256" / digest.removeprefix("sha256:")
        got = path.read_bytes()
        assert "sha256:" + hashlib.sha256(got).hexdigest() == digest
    expected = {key: files for image in images for key, files in image.snapshots().items()}
    known = [line.split()[0] for line in daemon.ctr("snapshots", "ls").stdout.splitlines()[1:]]
    for key in set(known) & set(expected):
        assert_holds(daemon, key, expected[key])
    return set(known) & set(expected)


def assert_holds(daemon: Containerd, key: str, files: dict[str, bytes]):
    daemon.ctr("snapshots", "prepare", "look", key)
    mounts = daemon.ctr("snapshots", "mounts", "/x", "look").stdout
    top = pathlib.Path(mounts.split("lowerdir=")[1].split()[0].split(",")[0].split(":")[0])
    assert {path.name: path.read_bytes() for path in top.iterdir()} == files
    daemon.ctr("snapshots", "rm", "look")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two images that were imported just now, and a write that has begun; copied in mid-life."""
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    folder = tmp_path_factory.mktemp("power-loss")
    images = [Image(folder, name) for name in ("one", "two")]
    daemon = Containerd.hull()
    try:
        for image in images:
            daemon.ctr("images", "import", str(image.archive))
        client = subprocess.Popen([peer("ctr"), "-a", daemon.socket, "content", "ingest", "--expected-size", "4000000", "ref"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client.stdin.write(os.urandom(2_500_000))
        client.stdin.flush()
        until(lambda: "ref" in daemon.ctr("content", "active").stdout, "a write that has begun")
        stopped_copy(daemon, folder / "root")
        client.kill()
        client.communicate()
    finally:
        daemon.close()
    return folder / "root", images


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_wrong_is_trusted_afterwards(written, tmp_path, seed):
    root, images = written
    torn = tmp_path / "root"
    subprocess.run(["cp", "-a", root, torn], check=True)
    lose_power(torn, seed)
    daemon = AfterPowerLoss(torn)
    try:
        assert_nothing_wrong(daemon, images)
        for image in images:
            daemon.ctr("images", "import", str(image.archive))
            assert "complete (3/3)" in daemon.ctr("images", "check", f"name=={image.name}").stdout
        there = assert_nothing_wrong(daemon, images)
        assert there == {key for image in images for key in image.snapshots()}
    finally:
        daemon.close()
