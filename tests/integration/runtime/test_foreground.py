"""run and exec that stay with the process: terminal, signals, exit codes, pid files. What is asserted holds for runc 1.3 too."""
import fcntl
import os
import signal
import struct
import subprocess
import termios

import pytest


def start(runtime, bundle, *args, **options):
    bundle.save()
    return subprocess.Popen([runtime.binary, "--root", runtime.root, *map(str, args)], **options)


def test_what_goes_into_a_terminal_does_not_wait_for_what_comes_out(runtime):
    """A program that reads a line and writes more than that fills the terminal both ways."""
    lines = 3000
    bundle = runtime.bundle("sh", "-c", f"i=0; while [ $i -lt {lines} ]; do read x; echo $x$x$x; i=$((i+1)); done; exit 5")
    bundle.process["terminal"] = True
    process = start(runtime, bundle, "run", "-b", bundle.path, bundle.name, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    text, _ = process.communicate(b"x" * 78 * 1 + b"\n" + (b"x" * 78 + b"\n") * (lines - 1), timeout=60)
    assert process.returncode == 5 and len(text) > lines * 78 * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM])
def test_exec_hands_signals_on_and_tells_which_one_ended_the_process(runtime, number):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    # No shell: busybox's ignores SIGQUIT.
    process = start(runtime, bundle, "exec", bundle.name, "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b"ready\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.wait(20) == 128 + number
    process.stdout.close()
    process.stdin.close()


def test_hooks_of_a_run_have_no_signal_blocked(runtime):
    log = runtime.home / "masks"
    hook = [{"path": "/bin/sh", "args": ["sh", "-c", f"grep SigBlk /proc/self/status >> {log}"]}]
    bundle = runtime.bundle("true")
    bundle.config["hooks"] = {name: hook for name in ("createRuntime", "poststart", "poststop")}
    assert bundle.run().returncode == 0
    assert log.read_text().split() == ["SigBlk:", "0000000000000000"] * 3


def test_the_pid_file_is_there_as_a_whole_or_not_at_all(runtime):
    bundle = runtime.bundle("sleep", "1000")
    path = runtime.home / "pid"
    log = runtime.home / "calls"
    bundle.save()
    with open(runtime.home / "output", "w") as sink:
        subprocess.run(["strace", "-o", log, "-e", "trace=openat,rename", runtime.binary, "--root", str(runtime.root), "run", "-d",
                        "--bundle", bundle.path, "--pid-file", path, bundle.name], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                       check=True, timeout=60)
    assert int(path.read_text()) == runtime.state(bundle.name)["pid"]
    about = [line for line in log.read_text().splitlines() if f'"{path}' in line]
    assert [line.split("(")[0] for line in about] == ["openat", "rename"] and about[1].endswith(f'"{path}") = 0')
    assert sorted(entry.name for entry in runtime.home.iterdir() if entry.name.startswith("pid")) == ["pid"]


def test_a_run_that_starts_at_once_has_no_step_to_wait_for(runtime):
    """create waits for start on a FIFO; run needs none, and what it records is a running container."""
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    assert not (runtime.root / bundle.name / "exec.fifo").exists()
    assert runtime.state(bundle.name)["status"] == "running"
    done = runtime.command("start", bundle.name)
    assert done.returncode == 1 and "cannot start an already running container" in done.stderr


def through_terminal(runtime, bundle, *args):
    """With a terminal of 33 rows and 77 columns as standard input; what came out."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    try:
        process = start(runtime, bundle, *args, stdin=slave, stdout=subprocess.PIPE)
        return process.communicate(timeout=30)[0].decode()
    finally:
        os.close(master)
        os.close(slave)


def test_the_terminal_has_our_size_before_the_program_looks(runtime):
    bundle = runtime.bundle("stty", "size")
    bundle.process.update(terminal=True, consoleSize={"height": 1, "width": 2})
    for _ in range(10):  # the size could come late, and mostly in time
        assert through_terminal(runtime, bundle, "run", "-b", bundle.path, bundle.name) == "33 77\r\n"
    other = runtime.bundle("sleep", "1000")
    other.start_detached()
    for _ in range(10):
        assert through_terminal(runtime, other, "exec", "-t", other.name, "stty", "size") == "33 77\r\n"
