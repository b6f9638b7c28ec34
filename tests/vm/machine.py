"""A machine with Debian's kernel, pure cgroup v2 and systemd, emulated by QEMU: boots in seconds, runs scripts."""
import base64
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from .image import Unavailable, prepare  # noqa: F401

class Machine:
    """Sees the host's files (its packages, this repository) as its own; what it writes is forgotten with it."""

    def __init__(self, *, unified: bool = True, memory: int = 1024, boot_seconds: float = 60):
        image = prepare()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-vm-"))
        self.console = self.folder / "console"
        options = ["console=ttyS0", "quiet", "panic=-1", "systemd.unit=hull-vm.target", "systemd.show_status=0",
                   "systemd.log_target=console", f"systemd.unified_cgroup_hierarchy={int(unified)}"]
        # setpriv: the machine ends with the tests, however they end.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nice", "-n", "-5", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
             "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(memory), "-no-reboot",
             "-kernel", image.kernel, "-initrd", image.initramfs, "-append", " ".join(options),
             "-serial", f"file:{self.console}",
             "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
             "-device", "virtio-serial-pci",
             "-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off",
             "-device", "virtserialport,chardev=agent,name=org.hull.test"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "qemu", "wb"))
        self.stream = None
        try:
            self._connect(time.monotonic() + boot_seconds)
        except BaseException:
            self.close()
            raise

    def _connect(self, deadline: float) -> None:
        while True:
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(f"{self.folder}/agent")
                break
            except OSError:
                peer.close()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("no machine: " + (self.folder / "qemu").read_text(errors="replace")) from None
                time.sleep(0.01)  # QEMU tells nobody when its socket is there
        self.stream = peer
        self._left = b""
        ready = self._line(deadline)
        assert ready == b"ready", ready

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._left:
            self.stream.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                chunk = self.stream.recv(1 << 16)
            except TimeoutError:
                raise AssertionError(f"the machine is silent:\n{self.log()}") from None
            assert chunk, f"the machine is gone:\n{self.log()}"
            self._left += chunk
        line, _, self._left = self._left.partition(b"\n")
        return line.strip()

    def log(self) -> str:
        """The last lines of its console."""
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return "\n".join(text.splitlines()[-30:])

    def run(self, script: str, *, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess:
        """Runs a bash script as root. With check, a status other than 0 fails the test with what was printed."""
        self.stream.sendall(b"%d %s\n" % (timeout, base64.b64encode(script.encode())))
        status, out, err = self._line(time.monotonic() + timeout + 10).split(b" ")
        done = subprocess.CompletedProcess(script, int(status), base64.b64decode(out[:-1]).decode(errors="replace"),
                                           base64.b64decode(err[:-1]).decode(errors="replace"))
        if check and done.returncode != 0:
            raise AssertionError(f"{script}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def close(self) -> None:
        self.process.kill()
        self.process.wait(20)
        if self.stream:
            self.stream.close()
        shutil.rmtree(self.folder)
