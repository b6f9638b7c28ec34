"""Limits of hull-runc and of runc (HULL_PEER_RUNC, or the one in PATH), compared by the files of the cgroups that they make."""
import os
import pathlib
import shutil
import subprocess

import pytest
from limits import documents, knows_all, updates

RUNC = os.environ.get("HULL_PEER_RUNC") or shutil.which("runc")
ROOT = pathlib.Path("/sys/fs/cgroup")
pytestmark = [pytest.mark.skipif(not RUNC, reason="runc is not installed"),
              pytest.mark.skipif((ROOT / "cgroup.controllers").exists(), reason="no cgroup v1 here")]


def disk():
    for entry in sorted(os.listdir("/sys/block")):
        if not entry.startswith(("loop", "ram", "zram")):
            return pathlib.Path(f"/sys/block/{entry}/dev").read_text().strip()
    return None


class Pair:
    """The same document run by both."""

    def __init__(self, runtime):
        self.bundle = runtime.bundle("sleep", "1000")
        self.peer_root = runtime.home / "runc"
        self.runtime = runtime
        self.cgroups = {}

    def command(self, program, *args):
        root = self.runtime.root if program == self.runtime.binary else self.peer_root
        with open(self.runtime.home / "log", "w+") as log:
            code = subprocess.run([program, "--root", root, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=60).returncode
            log.seek(0)
            return code, log.read()

    def run(self, program, resources):
        name = "ours" if program == self.runtime.binary else "theirs"
        self.cgroups[program] = f"/hull-runtime-test/{os.getpid()}-{self.bundle.path.parent.name}-{name}"
        self.bundle.linux["cgroupsPath"] = self.cgroups[program]
        self.bundle.linux["resources"] = {"devices": self.bundle.linux["resources"]["devices"], **resources}
        self.bundle.save()
        return self.command(program, "run", "-d", "-b", self.bundle.path, name)

    def update(self, program, flags):
        return self.command(program, "update", *flags, "ours" if program == self.runtime.binary else "theirs")

    def files(self, program):
        """What can be written says what was set; the rest counts."""
        found = {}
        for hierarchy in ("cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "devices"):
            directory = ROOT / hierarchy / self.cgroups[program].lstrip("/")
            for path in directory.iterdir() if directory.exists() else []:
                varies = ("usage", "cgroup.procs", "tasks", "event_control", "force_empty", "failcnt", "stat", "pressure", "reset")
                if path.is_file() and path.stat().st_mode & 0o600 == 0o600 and not any(part in path.name for part in varies):
                    found[f"{hierarchy}/{path.name}"] = path.read_text()
        found["devices/devices.list"] = "\n".join(sorted((ROOT / "devices" / self.cgroups[program].lstrip("/") / "devices.list").read_text().split("\n")))
        return found

    def delete(self):
        self.command(self.runtime.binary, "delete", "-f", "ours")
        self.command(RUNC, "delete", "-f", "theirs")


@pytest.fixture
def pair(runtime):
    made = Pair(runtime)
    yield made
    made.delete()


@pytest.mark.parametrize("name", [name for name, document in documents(False, disk()).items()
                                  if knows_all(RUNC) or not {"burst", "idle"} & document.get("cpu", {}).keys()])
def test_the_files_are_the_same(pair, name):
    resources = documents(False, disk())[name]
    ours, theirs = pair.run(pair.runtime.binary, resources), pair.run(RUNC, resources)
    assert (ours[0] == 0) == (theirs[0] == 0), f"hull-runc: {ours[1]} runc: {theirs[1]}"
    if theirs[0] == 0:
        assert pair.files(pair.runtime.binary) == pair.files(RUNC)


def test_updates_leave_the_same_files(pair):
    for program in (pair.runtime.binary, RUNC):
        assert pair.run(program, {"memory": {"limit": 1 << 30}})[0] == 0
    for flags in updates() if knows_all(RUNC) else [flags for flags in updates() if not {"--cpu-burst", "--cpu-idle"} & set(flags)]:
        ours, theirs = pair.update(pair.runtime.binary, flags), pair.update(RUNC, flags)
        assert (ours[0] == 0) == (theirs[0] == 0), f"{flags}: hull-runc: {ours[1]} runc: {theirs[1]}"
        assert pair.files(pair.runtime.binary) == pair.files(RUNC), flags
