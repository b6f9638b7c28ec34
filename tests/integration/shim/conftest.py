"""A shim without a supervisor: its command line, its ttrpc socket, FIFOs, and a bundle on a busybox root file system."""
import copy
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

import pytest
from harness.engine import unmount_below
from harness.paths import ours, peer
from harness.process import kill_pid, pids_of, run
from harness.waiting import until

from .ttrpc import Client, EventSocket


class Task:
    """A container's shim, and what a supervisor does with it."""

    def __init__(self, place: "Place", name: str, spec: dict, start: bool):
        self.place, self.id = place, name
        self.bundle = place.state / "io.containerd.runtime.v2.task" / "test" / name
        self.bundle.mkdir(parents=True)
        (self.bundle / "config.json").write_text(json.dumps(spec))
        if not start:
            return
        started = self.shim("start")
        self.socket = started.stdout.removeprefix("unix://")
        self.client = Client(self.socket)

    def shim(self, action: str):
        return run([ours("containerd-shim-hull-v2"), "-namespace", "test", "-address", "/nowhere", "-id", self.id, "-bundle",
                    str(self.bundle), action], cwd=self.bundle, env=self.place.env, stdin=subprocess.DEVNULL,
                   errors="replace")

    def call(self, method: str, message: dict | None = None, **options) -> dict:
        return self.client.call(method, {1: self.id, **(message or {})}, **options)

    def fifo(self, name: str) -> str:
        path = self.bundle / name
        os.mkfifo(path)
        return str(path)

    def create(self, stdin="", stdout="", stderr="", terminal=False, options: dict | None = None) -> int:
        if options is None:
            options = {6: self.place.runtime}
        any_options = {1: "containerd.runc.v1.Options", 2: options}
        rootfs = {1: "overlay", 2: "overlay", 4: [f"lowerdir={self.place.rootfs}:{self.place.empty}", "ro"]}
        answer = self.call("Create", {2: str(self.bundle), 3: rootfs, 4: terminal, 5: stdin, 6: stdout, 7: stderr, 10: any_options})
        return answer[1][0]

    def start(self, exec_id: str = "") -> int:
        return self.call("Start", {2: exec_id})[1][0]

    def exec(self, exec_id: str, *args: str, stdout="", stdin="", terminal=False):
        process = {"args": list(args), "env": ["PATH=/bin"], "cwd": "/", "user": {"uid": 0, "gid": 0}}
        self.call("Exec", {2: exec_id, 3: terminal, 4: stdin, 5: stdout, 7: {1: "x", 2: json.dumps(process)}})

    def wait(self, exec_id: str = "") -> int:
        return self.call("Wait", {2: exec_id}).get(1, [0])[0]

    def status(self, exec_id: str = "") -> int:
        return self.call("State", {2: exec_id})[4][0]

    def shim_pid(self) -> int:
        return self.call("Connect")[1][0]

    def end(self):
        """However far the test got."""
        for pid in pids_of(str(self.bundle)):
            kill_pid(pid)
        if self.bundle.exists():
            self.shim("delete")  # of a pod: its shim ends with the last one


class Place:
    def __init__(self, runtime: str):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-it-shim-"))
        self.runtime, self.state, self.rootfs = runtime, self.folder / "state", self.folder / "rootfs"
        self.cgroup = self.folder.name
        self.empty = self.folder / "empty"
        self.empty.mkdir()
        for name in ("bin", "proc", "dev", "tmp", "sys"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy(peer("busybox"), self.rootfs / "bin" / "busybox")
        for name in run([peer("busybox"), "--list"]).stdout.split():
            if name != "busybox":
                (self.rootfs / "bin" / name).symlink_to("busybox")
        self.events = EventSocket(str(self.folder / "events.sock"))
        self.env = {"TTRPC_ADDRESS": self.events.path}
        self.tasks = []

    def task(self, *args: str, start: bool = True, **changes) -> Task:
        """changes: of the specification's linux part. Without start the bundle is there, and no shim."""
        spec = copy.deepcopy(SPEC)
        spec["process"]["args"] = list(args)
        spec["process"]["terminal"] = changes.pop("terminal", False)
        name = f"t{len(self.tasks)}-{secrets.token_hex(4)}"  # the folder's name may have "__", which no id has
        spec["annotations"] = changes.pop("annotations", {})
        spec["linux"]["cgroupsPath"] = f"/{self.cgroup}/{name}"
        spec["linux"].update(changes)
        task = Task(self, name, spec, start)
        self.tasks.append(task)
        return task

    def close(self):
        for task in self.tasks:
            task.end()
        self.events.stop()
        unmount_below(self.folder)
        shutil.rmtree(self.folder)
        for top in pathlib.Path("/sys/fs/cgroup").glob(f"*/{self.cgroup}"):
            if not (top / "cgroup.procs").exists():
                shutil.rmtree(top)  # crun writes there, too, where no cgroups are mounted
                continue
            for below in sorted(top.rglob("*"), reverse=True):
                if below.is_dir():
                    below.rmdir()
            top.rmdir()


NAMESPACES = [{"type": name} for name in ("pid", "mount", "ipc", "uts", "network")]
SPEC = {"ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": True}, "hostname": "t",
        "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"], "noNewPrivileges": True},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                   {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}],
        "linux": {"namespaces": NAMESPACES, "resources": {}}}


@pytest.fixture
def place():
    made = Place(ours("hull-runc"))
    yield made
    made.close()


@pytest.fixture(params=["hull-runc", "runc", "crun"])
def any_runtime(request):
    binary = ours("hull-runc") if request.param == "hull-runc" else peer(request.param)
    if not binary:
        pytest.skip(f"{request.param} is not installed")
    if request.param == "crun" and pathlib.Path("/sys/fs/cgroup/unified/cgroup.controllers").exists():
        pytest.skip("this crun refuses hosts that have both versions of cgroups")
    made = Place(binary)
    yield made
    made.close()


def read_all(path: str) -> bytes:
    """To the end of file; the FIFO must have a writer, or have had one."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
        data = b""

        def more():
            nonlocal data
            piece = file.read(1 << 16)
            if piece:
                data += piece
            return piece == b""
        until(more, f"end of {path}")
        return data
