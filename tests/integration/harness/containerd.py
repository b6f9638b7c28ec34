"""containerd, ours or the stock one, driven by `ctr`."""
import os
import pathlib
import shutil
import tempfile

from . import images
from .engine import unmount_below
from .paths import BIN, ours, peer
from .process import Daemon, kill_pid, pids_of, run
from .waiting import answers


class Containerd:
    """One supervisor with its own root, state and socket; our programs come first in its PATH."""

    def __init__(self, program: str, state: pathlib.Path | None = None):
        """state: elsewhere than the rest, as /run is."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-it-ctrd-"))
        self.shims = self.folder / "shims"  # of a test's own: they come before all others
        self.socket = str(self.folder / "containerd.sock")
        self.program = program
        config = self.folder / "config.toml"
        config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        self.state = state or self.folder / "state"
        self.command = [program, "--config", str(config), "--root", str(self.folder / "root"), "--state", str(self.state),
                        "--address", self.socket]
        self.start()

    @classmethod
    def stock(cls):
        return cls(peer("containerd"))

    @classmethod
    def hull(cls):
        return cls(ours("hull-containerd"))

    def start(self):
        path = f"{self.shims}:{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"
        self.daemon = Daemon(self.command, self.folder / "log", env={"PATH": path})
        self.daemon.wait_ready(lambda: answers(self.socket) and self.ctr("version", check=False).returncode == 0)

    def ctr(self, *arguments: str, **options):
        return run([peer("ctr"), "--address", self.socket, *arguments], **options)

    def import_busybox(self):
        self.ctr("images", "import", str(images.busybox()))

    def close(self):
        for namespace in self.ctr("namespaces", "ls", "-q").stdout.split():
            for task in self.ctr("-n", namespace, "tasks", "ls", "-q").stdout.split():
                self.ctr("-n", namespace, "tasks", "rm", "-f", task, check=False)
        self.daemon.terminate()
        for pid in pids_of(str(self.folder)):
            kill_pid(pid)
        unmount_below(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
