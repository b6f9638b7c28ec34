"""Under conmon, called as CRI-O calls it (Debian has no CRI-O): create, start, exec, terminals, attach, limits, end."""
import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import time

import pytest
from bundle import reap

pytestmark = pytest.mark.skipif(not shutil.which("conmon"), reason="conmon is not installed")

DEADLINE = 30  # seconds


def wait_for(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        reap()  # a pid namespace does not end before all in it are reaped, of which an exec that is over is ours
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.01)  # conmon's files tell nobody that they are there


def answer(pipe):
    """The JSON line that conmon writes into its sync pipe."""
    text = b""
    deadline = time.monotonic() + DEADLINE
    while not text.endswith(b"\n"):
        assert select.select([pipe], [], [], deadline - time.monotonic())[0], f"conmon is silent after {text!r}"
        chunk = os.read(pipe, 4096)
        assert chunk, f"conmon is gone after {text!r}"
        text += chunk
    return json.loads(text)


class Monitor:
    """What CRI-O is to its containers."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.home = runtime.home
        for name in ("exits", "attach", "persist"):
            (self.home / name).mkdir()
        self.monitors = []

    def conmon(self, bundle, *args):
        """Starts conmon; returns its answer."""
        sync, sync_end = os.pipe()
        start_end, start = os.pipe()

        def place():
            os.dup2(sync_end, 103), os.dup2(start_end, 104)
            os.dup2(103, 3), os.dup2(104, 4)
            os.close(103), os.close(104)

        command = ["conmon", "-c", bundle.name, "-n", bundle.name, "-u", bundle.name, "-r", self.runtime.binary,
                   "--runtime-arg", f"--root={self.runtime.root}", "--socket-dir-path", str(self.home / "attach"),
                   "--log-level", "info", *map(str, args)]
        with open(self.home / "conmon.log", "a") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=place,
                                     pass_fds=(3, 4, sync_end, start_end),
                                     env={**os.environ, "_OCI_SYNCPIPE": "3", "_OCI_STARTPIPE": "4"})
        for end in (sync_end, start_end):
            os.close(end)
        try:
            os.write(start, b"\0")
            told = answer(sync)
        finally:
            os.close(start)
            os.close(sync)
        # The first process ends as soon as the second goes on without it; an exec's stays until it is over.
        child.wait(DEADLINE)
        return told

    def create(self, bundle, *args):
        bundle.save()
        self.log = self.home / f"{bundle.name}.log"
        self.pid_file = bundle.path / "conmon-pidfile"
        told = self.conmon(bundle, "-b", bundle.path, "-l", self.log, "-P", self.pid_file, "-p", bundle.path / "pidfile",
                           "--persist-dir", self.home / "persist", "--exit-dir", self.home / "exits", *args)
        if self.pid_file.exists():
            self.monitors.append(int(self.pid_file.read_text()))
        return told

    def start(self, bundle):
        done = self.runtime.command("start", bundle.name)
        assert done.returncode == 0, done.stderr

    def exec(self, bundle, args, *flags, terminal=False):
        """As ExecSync: what it says, and its log."""
        process = bundle.config["process"] | {"args": args, "terminal": terminal}
        spec = self.home / "process.json"
        spec.write_text(json.dumps(process))
        log = self.home / "exec.log"
        log.unlink(missing_ok=True)
        told = self.conmon(bundle, "-e", "--exec-process-spec", spec, "-l", log, "-p", self.home / "exec-pid", "--sync",
                           *(["-t"] if terminal else []), *flags)
        return told, logged(log)

    def attach(self, bundle):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.settimeout(DEADLINE)
        peer.connect(str(self.home / "attach" / bundle.name / "attach"))
        return peer

    def exit_code(self, bundle):
        file = self.home / "exits" / bundle.name
        wait_for(lambda: file.exists() and file.read_text(), lambda: (self.home / "conmon.log").read_text())
        return int(file.read_text())

    def close(self):
        for name in os.listdir(self.runtime.root) if self.runtime.root.exists() else ():
            if not name.startswith("@"):
                self.runtime.command("delete", "--force", name)
        for pid in self.monitors:  # our children, as we are the subreaper; they end with their containers
            wait_for(lambda: self.has_ended(pid), f"conmon {pid} did not end")

    @staticmethod
    def has_ended(pid):
        try:
            return os.waitpid(pid, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            return True


def logged(path):
    """CRI's lines: time, stream, F or P, text."""
    return "".join(line.split(" ", 3)[3] for line in path.read_text().splitlines(keepends=True)) if path.exists() else ""


@pytest.fixture
def monitor(runtime):
    made = Monitor(runtime)
    yield made
    made.close()


def test_a_life(monitor, runtime):
    bundle = runtime.bundle("sh", "-c", "echo out; echo err >&2; read line; exit 7")
    told = monitor.create(bundle, "-i")
    pid = int((bundle.path / "pidfile").read_text())
    assert told["pid"] == pid, told
    state = json.loads(runtime.command("state", bundle.name).stdout)
    assert state["status"] == "created" and state["pid"] == pid
    monitor.start(bundle)
    wait_for(lambda: monitor.log.exists() and len(monitor.log.read_text().splitlines()) == 2, "no output")
    streams = {line.split(" ")[1]: line.split(" ", 3)[3] for line in monitor.log.read_text().splitlines()}
    assert streams == {"stdout": "out", "stderr": "err"}
    # The limits as CRI-O changes them: on standard input.
    limits = {"pids": {"limit": 77}, "cpu": {"shares": 512}}
    done = subprocess.run([runtime.binary, "--root", str(runtime.root), "update", "--resources", "-", bundle.name],
                          input=json.dumps(limits), text=True, capture_output=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    with monitor.attach(bundle) as peer:
        peer.send(b"go on\n")
        assert monitor.exit_code(bundle) == 7
    assert runtime.command("delete", "--force", bundle.name).returncode == 0
    assert runtime.command("state", bundle.name).returncode == 1


def test_exec_sync(monitor, runtime):
    bundle = runtime.bundle("sleep", "1000")
    monitor.create(bundle)
    monitor.start(bundle)
    told, text = monitor.exec(bundle, ["sh", "-c", "echo inside; exit 5"])
    assert told["exit_code"] == 5 and text == "inside\n", told
    told, text = monitor.exec(bundle, ["sh", "-c", "test -t 0 && test -t 1 && echo terminal"], terminal=True)
    assert told["exit_code"] == 0 and "terminal" in text, told
    told, _ = monitor.exec(bundle, ["no-such-program"])
    # The runtime's own words reach the client.
    assert told["exit_code"] == -1 and 'no-such-program\\": executable file not found in $PATH' in told["message"], told
    told, _ = monitor.exec(bundle, ["sleep", "1000"], "-T", "1")
    assert told["exit_code"] == -1 and "timed out" in told["message"], told
    done = runtime.command("kill", bundle.name, "KILL")
    assert done.returncode == 0, done.stderr
    assert monitor.exit_code(bundle) == 137


def test_a_terminal(monitor, runtime):
    bundle = runtime.bundle("sh")
    bundle.process["terminal"] = True
    monitor.create(bundle, "-t")
    monitor.start(bundle)
    with monitor.attach(bundle) as peer:
        peer.send(b"stty size 2>/dev/null; test -t 0 && echo yes-$((40+2))\n")
        seen = b""
        while b"yes-42" not in seen:
            seen += peer.recv(8192)[1:]  # the first byte tells the stream
        peer.send(b"exit 3\n")
        assert monitor.exit_code(bundle) == 3


def test_a_create_that_fails_tells_why(monitor, runtime):
    bundle = runtime.bundle("no-such-program")
    told = monitor.create(bundle)
    assert told["pid"] == -1 and 'no-such-program\\": executable file not found in $PATH' in told["message"], told
    bundle = runtime.bundle("true")
    bundle.mount("relative")
    told = monitor.create(bundle)
    assert told["pid"] == -1 and "mounts[" in told["message"], told
    assert not os.listdir(runtime.root) or all(name.startswith("@") for name in os.listdir(runtime.root))
