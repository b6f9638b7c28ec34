"""Engines: ours and the stock one, each with its own roots, sockets and bridge."""
import http.client
import itertools
import json
import os
import pathlib
import shutil
import socket
import tempfile

import docker

from . import images
from .leaks import CGROUP_PARENT
from .paths import BIN, ours, peer
from .process import Daemon, kill_pid, pids_of, program_of, run
from .waiting import answers, until

_numbers = itertools.count(1)


class UnixConnection(http.client.HTTPConnection):
    """Plain HTTP over a unix socket, for requests that no client library would send."""

    def __init__(self, path: str, timeout: float = 30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def unmount_below(folder: pathlib.Path):
    """A stock daemon leaves mounts of its data root behind."""
    def left():
        lines = pathlib.Path("/proc/self/mounts").read_text().splitlines()
        return [line.split()[1] for line in lines if line.split()[1].startswith(str(folder))]

    def gone():
        for target in reversed(left()):
            run(["umount", "-l", target], check=False)
        return not left()
    until(gone, f"mounts below {folder} gone")


class BaseEngine:
    """What tests do with an engine, whoever wrote it."""

    cli = ""
    name = ""

    def __init__(self, folder: pathlib.Path | None = None):
        self.number = next(_numbers)
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix=f"hull-it-{self.name}-"))
        self.socket = str(self.folder / "engine.sock")
        self.data_root = self.folder / "data"
        self.exec_root = self.folder / "run"
        self.daemon: Daemon | None = None
        self._client = None

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"

    @property
    def client(self) -> docker.DockerClient:
        if self._client is None:
            self._client = docker.DockerClient(base_url=self.host, version="auto", timeout=60)
        return self._client

    def request(self, method: str, path: str, body=None, headers=None):
        """(status, parsed JSON or text)."""
        connection = UnixConnection(self.socket)
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        head = {"Content-Type": "application/json"} if data is not None else {}
        try:
            connection.request(method, path, body=data, headers={**head, **(headers or {})})
        except BrokenPipeError:
            pass  # refused before the whole body was sent: the answer is there all the same
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def run_cli(self, *arguments: str, check: bool = True, cli: str | None = None, **options):
        """Runs this engine's own client (or another one, by path) against it."""
        environment = {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.folder / "config"), **options.pop("env", {})}
        return run([cli or self.cli, *arguments], check=check, env=environment, **options)

    def load_busybox(self):
        self.client.images.load(images.busybox().read_bytes())

    def remove_all(self):
        for container in self.client.containers.list(all=True):
            container.remove(force=True, v=True)


class Hull(BaseEngine):
    """hulld with its own hull-containerd."""

    cli = ours("hull")
    name = "hull"

    def __init__(self, *flags: str, folder=None, start: bool = True):
        super().__init__(folder)
        self.flags = list(flags)
        self.bridge = f"hl{os.getpid() % 10000:x}n{self.number:x}"
        self.subnet = f"10.{200 + self.number // 250 % 50}.{self.number % 250}.1/24"
        if start:
            self.start()

    def command(self) -> list[str]:
        return [ours("hulld"), "-H", self.host, "--data-root", str(self.data_root), "--exec-root", str(self.exec_root),
                "--pidfile", str(self.folder / "hulld.pid"), "--bridge", self.bridge, "--bip", self.subnet, "--cgroup-parent", CGROUP_PARENT,
                *self.flags]

    def start(self):
        self.daemon = Daemon(self.command(), self.folder / "hulld.log", env={"PATH": f"{BIN}:{os.environ['PATH']}"})
        self.daemon.wait_ready(self.pings)

    def pings(self) -> bool:
        try:
            return self.request("GET", "/_ping")[0] == 200
        except OSError:
            return False

    def kill_hulld(self):
        self.daemon.kill()
        self._client = None

    def containerd_pids(self) -> list[int]:
        return [p for p in pids_of("hull-containerd", str(self.exec_root)) if program_of(p) == "hull-containerd"]

    def kill_containerd(self):
        for pid in self.containerd_pids():
            kill_pid(pid)

    def shims(self) -> list[int]:
        return [p for p in pids_of(str(self.exec_root)) if program_of(p) == "containerd-shim-hull-v2"]

    def close(self):
        """Ends everything that belongs to it; the leak check then looks whether that was all."""
        if self.daemon is None or self.daemon.process.poll() is not None:
            self.start()
        self.remove_all()
        self.daemon.terminate()
        purge = run([ours("hulld"), "purge", "--data-root", str(self.data_root), "--exec-root", str(self.exec_root),
                     "--pidfile", str(self.folder / "hulld.pid"), "--cgroup-parent", CGROUP_PARENT], check=False,
                    timeout=300)  # a disk under load takes its time for some thousand files
        assert purge.returncode == 0, purge.stderr
        until(lambda: not self.containerd_pids(), "end of hull-containerd")
        shutil.rmtree(self.folder)


class StockDocker(BaseEngine):
    """Debian's dockerd, with its own containerd."""

    cli = peer("docker") or ""
    name = "docker"

    def __init__(self, *flags: str, network: bool = False, path: str = "", program: str = ""):
        super().__init__()
        net = [] if network else ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
        self.command = [program or peer("dockerd"), "-H", self.host, "--data-root", str(self.data_root), "--exec-root", str(self.exec_root),
                        "--pidfile", str(self.folder / "pid"), *net, *flags]
        self.env = {"PATH": f"{path}:{os.environ['PATH']}"} if path else None
        self.start()

    def start(self):
        self.daemon = Daemon(self.command, self.folder / "dockerd.log", env=self.env)
        self.daemon.wait_ready(lambda: answers(self.socket), 60)

    def restart_killed(self):
        """After a SIGKILL; with --live-restore its containers go on."""
        self.daemon.kill()
        self._client = None
        self.start()

    def close(self):
        self.remove_all()
        self.daemon.terminate()
        for pid in pids_of(str(self.folder)):
            kill_pid(pid)
        unmount_below(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
