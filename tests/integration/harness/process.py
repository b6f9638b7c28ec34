"""Processes that a test starts, and ends by pid."""
import os
import pathlib
import signal
import subprocess

from .waiting import until


class Daemon:
    """A program in the background whose output is kept in a log file."""

    def __init__(self, command: list[str], log: pathlib.Path, env: dict | None = None):
        self.command = command
        self.log = log
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                                            start_new_session=True, env={**os.environ, **(env or {})})

    @classmethod
    def of(cls, process: subprocess.Popen, log: pathlib.Path) -> "Daemon":
        """One that was started in a way of its own."""
        daemon = cls.__new__(cls)
        daemon.command, daemon.log, daemon.process = process.args, log, process
        return daemon

    def wait_ready(self, ready, seconds: float = 30.0):
        def check():
            assert self.process.poll() is None, f"{self.command[0]} ended with {self.process.returncode}:\n{self.tail()}"
            return ready()
        until(check, f"{self.command[0]} ready ({self.log})", seconds)

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self):
        """SIGKILL: no goodbye."""
        self.process.kill()
        self.process.wait(20)

    def terminate(self, seconds: float = 30.0):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def run(command: list[str], *, check: bool = True, timeout: float = 60, env: dict | None = None, **options):
    """Runs to the end; text in and out. With check, a failure shows what was printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})}, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def pids_of(*needles: str) -> list[int]:
    """Processes whose command line has every needle."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if int(entry.name) != os.getpid() and all(needle in line for needle in needles):
                found.append(int(entry.name))
    return sorted(found)


def program_of(pid: int) -> str:
    """The name of the program that a process runs; empty where it has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
    except OSError:
        return ""


def kill_pid(pid: int):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    until(lambda: has_ended(pid), f"end of process {pid}")


def has_ended(pid: int) -> bool:
    """Also true for a zombie, whose parent has yet to look."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
