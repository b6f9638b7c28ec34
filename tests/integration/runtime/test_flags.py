"""Flags of the commands, by what they do."""
import json
import os
import signal

import pytest
from bundle import ConsoleSocket


@pytest.fixture
def pidfd_socket(runtime):
    made = ConsoleSocket(runtime.home / "pidfd")  # it receives any descriptor
    yield made
    made.close()


def pid_of(pidfd):
    with open(f"/proc/self/fdinfo/{pidfd}") as info:
        return int(next(line.split()[1] for line in info if line.startswith("Pid:")))


def test_the_pidfd_socket_gets_the_process(runtime, pidfd_socket):
    bundle = runtime.bundle("sleep", "1000")
    assert bundle.create("--pidfd-socket", pidfd_socket.path).returncode == 0
    pidfd = pidfd_socket.receive()
    assert pid_of(pidfd) == runtime.state(bundle.name)["pid"]
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)


def test_exec_has_a_pidfd_socket_too(runtime, pidfd_socket):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    pid_file = runtime.home / "pid"
    done = runtime.detached("exec", "-d", "--pid-file", pid_file, "--pidfd-socket", pidfd_socket.path, bundle.name, "sleep", "1000")
    assert done.returncode == 0, done.stdout
    pidfd = pidfd_socket.receive()
    assert pid_of(pidfd) == int(pid_file.read_text())
    os.close(pidfd)


def test_a_pidfd_socket_that_nobody_listens_at(runtime):
    bundle = runtime.bundle("true")
    done = bundle.create("--pidfd-socket", runtime.home / "nobody")
    assert done.returncode == 1 and "pidfd-socket" in done.stdout
    assert not (runtime.root / bundle.name).exists()


def test_spec_for_a_user_without_rights(runtime):
    folder = runtime.home / "spec"
    folder.mkdir()
    assert runtime.command("spec", "--rootless", "--bundle", folder).returncode == 0
    config = json.loads((folder / "config.json").read_text())
    kinds = {space["type"] for space in config["linux"]["namespaces"]}
    assert "user" in kinds and "network" not in kinds
    assert config["linux"]["uidMappings"] == [{"containerID": 0, "hostID": os.geteuid(), "size": 1}]
    assert "resources" not in config["linux"]
    assert [m["options"] for m in config["mounts"] if m["destination"].startswith("/sys")] == [["rbind", "nosuid", "noexec", "nodev", "ro"]]
    assert not any(option.startswith("gid=") for m in config["mounts"] for option in m.get("options", []))
