"""SIGKILL at a system call of a program that runs: strace delivers it at the Nth time that a thread of it makes the call."""
import os
import pathlib
import shutil
import subprocess

from .process import has_ended
from .waiting import until

STRACE = shutil.which("strace")


def _tracers(pid: int) -> set[int]:
    """Those of all threads; 0 for a thread without one."""
    found = set()
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            found.add(int((thread / "status").read_text().split("TracerPid:")[1].split()[0]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Killer:
    """While it lives, the process is killed at that call; programs that it starts are let go when they are executed."""

    def __init__(self, pid: int, call: str, step: int):
        self.pid = pid
        self.strace = subprocess.Popen([STRACE, "-f", "-b", "execve", "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
                                        "-e", f"inject={call}:signal=SIGKILL:when={step}", "-p", str(pid)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A thread that works by itself may meet the signal before all are attached to.
        until(lambda: self.strace.poll() is not None or has_ended(pid) or _tracers(pid) == {self.strace.pid}, "strace attached")
        assert self.strace.poll() is None or has_ended(pid), "strace could not attach"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Afterwards `met` tells whether the process was killed: nothing can meet it any more."""
        self.strace.terminate()
        # To detach from a process that ends, strace waits for its first thread, and the kernel for strace to reap the others.
        until(lambda: self.strace.poll() is not None or has_ended(self.pid), "end of strace")
        self.strace.kill()
        self.strace.wait(20)
        self.met = has_ended(self.pid)


def command(call: str, step: int, *words: str) -> list[str]:
    """The command line with the signal at its own calls, not at those of programs that it starts."""
    return [STRACE, "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={step}", *words]


def steps(most: int = 400):
    """1, 2, 3, 5, 8 …: each early step, and further ones at growing distances."""
    step, following = 1, 2
    while step <= most:
        yield step
        step, following = following, step + following


def wrapper(path: pathlib.Path, program: str, subcommand: str, call: str, step: int) -> str:
    """A script in the program's place: with that subcommand the signal meets it."""
    line = " ".join(command(call, step, program))
    path.write_text(f'#!/bin/sh\nfor word; do [ "$word" = {subcommand} ] && exec {line} "$@"; done\nexec {program} "$@"\n')
    os.chmod(path, 0o755)
    return str(path)
