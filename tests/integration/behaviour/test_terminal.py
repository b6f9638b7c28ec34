"""A terminal as a user has it: raw mode, size, detach keys, exit codes; and signals without one."""
import signal
import subprocess

import pytest
from harness.terminal import Terminal
from harness.waiting import until


@pytest.fixture
def terminal(engine):
    made = []

    def start(*arguments):
        made.append(Terminal([engine.cli, *arguments], env={"DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.folder / "config")}))
        return made[-1]
    yield start
    for one in made:
        one.close()


@pytest.fixture
def removed(engine, name):
    yield name
    for container in engine.client.containers.list(all=True, filters={"name": name}):
        container.remove(force=True)


def is_running(engine, name):
    return engine.client.containers.get(name).status == "running"


def test_size_raw_mode_and_exit_code(terminal, removed):
    script = "trap 'stty size' WINCH; tty; stty size; echo ready; while ! read -t 1 line; do :; done; exit 7"
    shell = terminal("run", "-it", "--rm", "--name", removed, "busybox", "sh", "-c", script)
    shell.expect(b"/dev/")
    shell.expect(b"ready")
    assert shell.is_raw()
    shell.resize(50, 132)
    shell.expect(b"50 132")
    shell.type(b"end\n")
    assert shell.ends() == 7 and shell.is_restored()


def test_detach_and_attach_again(engine, terminal, removed):
    script = "echo ready; while read line; do [ $line = end ] && exit 3; echo got $line; done"
    first = terminal("run", "-it", "--name", removed, "busybox", "sh", "-c", script)
    first.expect(b"ready")
    first.type(b"\x10")
    first.type(b"\x11")
    assert first.ends() == 0 and first.is_restored() and is_running(engine, removed)
    again = terminal("attach", "--detach-keys", "ctrl-a,d", removed)
    until(again.is_raw, "raw mode")
    again.type(b"one\n")
    again.expect(b"got one")
    again.type(b"\x01d")
    again.ends()
    assert again.is_restored() and is_running(engine, removed)
    last = terminal("attach", removed)
    until(last.is_raw, "raw mode")
    last.type(b"end\n")
    assert last.ends() == 3 and last.is_restored()


def test_exec_with_a_terminal(engine, terminal, removed):
    engine.client.containers.run("busybox", ["sleep", "600"], name=removed, detach=True)
    shell = terminal("exec", "-it", removed, "sh")
    shell.expect(b"# ")
    shell.type(b"stty size\n")
    shell.expect(b"24 80")
    shell.type(b"exit 9\n")
    assert shell.ends() == 9 and shell.is_restored() and is_running(engine, removed)


def test_the_terminal_is_restored_when_the_container_is_killed(engine, terminal, removed):
    shell = terminal("run", "-it", "--name", removed, "busybox", "sh")
    shell.expect(b"# ")
    engine.client.containers.get(removed).kill()
    assert shell.ends() == 137 and shell.is_restored()


def test_signals_reach_the_container(engine, removed):
    script = "trap 'echo caught; exit 5' TERM; echo ready; while true; do sleep 0.1; done"
    client = subprocess.Popen([engine.cli, "run", "--name", removed, "busybox", "sh", "-c", script], stdout=subprocess.PIPE,
                              env={"DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.folder / "config")})
    assert client.stdout.readline() == b"ready\n"
    client.send_signal(signal.SIGTERM)
    assert client.stdout.readline() == b"caught\n"
    assert client.wait(20) == 5
