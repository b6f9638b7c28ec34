"""create, start, kill, delete and what state tells between them."""
import json
import os
import signal
import subprocess

import pytest

from bundle import ConsoleSocket, kill_and_wait


def test_run_returns_the_exit_code(runtime):
    assert runtime.bundle("sh", "-c", "exit 7").run().returncode == 7


def test_states_from_created_to_gone(runtime):
    bundle = runtime.bundle("sleep", "1000")
    pid_file = runtime.home / "pid"
    assert bundle.create("--pid-file", pid_file).returncode == 0
    state = runtime.state(bundle.name)
    assert state["status"] == "created" and state["pid"] == int(pid_file.read_text())
    assert state["bundle"] == str(bundle.path)
    assert runtime.command("start", bundle.name).returncode == 0
    assert runtime.state(bundle.name)["status"] == "running"
    refused = runtime.command("start", bundle.name)
    assert (refused.returncode, "cannot start an already running container" in refused.stderr) == (1, True)
    refused = runtime.command("delete", bundle.name)
    assert "that is not stopped: running" in refused.stderr
    assert runtime.command("kill", bundle.name, "KILL").returncode == 0
    os.waitpid(state["pid"], 0)
    assert runtime.state(bundle.name) | {"status": "stopped", "pid": 0} == runtime.state(bundle.name)
    assert "container not running" in runtime.command("kill", bundle.name).stderr
    assert runtime.command("delete", bundle.name).returncode == 0
    assert "container does not exist" in runtime.command("state", bundle.name).stderr


def test_delete_leaves_no_cgroup(runtime):
    bundle = runtime.bundle("sleep", "1000")
    pid = bundle.start_detached()
    paths = json.loads((runtime.root / bundle.name / "state.json").read_text())["cgroup_paths"]
    assert all(os.path.isdir(path) for path in paths.values())
    assert runtime.command("delete", "-f", bundle.name).returncode == 0
    os.waitpid(pid, 0)
    assert not any(os.path.exists(path) for path in paths.values())
    assert runtime.command("delete", "-f", bundle.name).returncode == 0


def test_a_waiting_container_holds_no_lock_and_no_host_descriptor(runtime):
    bundle = runtime.bundle("true")
    assert bundle.create().returncode == 0
    pid = runtime.state(bundle.name)["pid"]
    targets = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if int(fd) > 2}
    assert targets == {str(runtime.root / bundle.name / "exec.fifo")}


def test_a_name_is_used_once(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.create()
    assert "container with given ID already exists" in bundle.create().stdout


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "@seccomp"])
def test_bad_names(runtime, name):
    bundle = runtime.bundle("true").save()
    assert "invalid container ID format" in runtime.command("create", "-b", bundle.path, name).stderr


def test_log_file_has_the_reason_as_json(runtime):
    bundle = runtime.bundle("nosuch").save()
    log = runtime.home / "log"
    failed = runtime.command("--log", log, "--log-format", "json", "create", "-b", bundle.path, bundle.name)
    entry = json.loads(log.read_text().splitlines()[-1])
    assert failed.returncode == 1 and entry["level"] == "error" and "time" in entry
    assert entry["msg"].endswith('exec: "nosuch": executable file not found in $PATH')
    assert not (runtime.root / bundle.name).exists()


@pytest.mark.parametrize("command,text", [
    ("/nosuch", "no such file or directory"),
    ("/etc/passwd", "permission denied"),
    ("/etc", "permission denied"),
])
def test_programs_that_cannot_run(runtime, command, text):
    assert text in runtime.bundle(command).run().stderr


def test_pause_and_resume(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    assert runtime.command("pause", bundle.name).returncode == 0
    assert runtime.state(bundle.name)["status"] == "paused"
    assert "cannot exec in a paused container" in runtime.command("exec", bundle.name, "true").stderr
    assert "container not running" in runtime.command("pause", bundle.name).stderr
    assert runtime.command("resume", bundle.name).returncode == 0
    assert "container not paused" in runtime.command("resume", bundle.name).stderr
    assert runtime.command("pause", bundle.name).returncode == 0  # close() must be able to delete it


def test_what_is_paused_before_it_was_started_can_go_on(runtime):
    bundle = runtime.bundle("sleep", "1000")
    assert bundle.create().returncode == 0
    assert runtime.command("pause", bundle.name).returncode == 0
    assert runtime.state(bundle.name)["status"] == "paused"
    done = runtime.command("start", bundle.name)
    assert done.returncode == 1 and "cannot start a container in the paused state" in done.stderr
    assert "cannot exec in a paused container" in runtime.command("exec", bundle.name, "true").stderr
    assert runtime.command("resume", bundle.name).returncode == 0
    assert runtime.state(bundle.name)["status"] == "created"
    assert runtime.command("start", bundle.name).returncode == 0
    assert runtime.state(bundle.name)["status"] == "running"


def test_list_and_ps(runtime):
    bundle = runtime.bundle("sleep", "1000")
    pid = bundle.start_detached()
    assert json.loads(runtime.command("ps", "--format", "json", bundle.name).stdout) == [pid]
    listed = json.loads(runtime.command("list", "--format", "json").stdout)
    assert [(entry["id"], entry["status"]) for entry in listed] == [(bundle.name, "running")]
    assert runtime.command("list", "-q").stdout.split() == [bundle.name]


def test_terminal_over_the_console_socket(runtime):
    bundle = runtime.bundle("sh", "-c", "tty; stty size; test -c /dev/console && echo console")
    bundle.process["terminal"] = True
    bundle.process["consoleSize"] = {"height": 11, "width": 22}
    console = ConsoleSocket(runtime.home / "console")
    assert bundle.create("--console-socket", console.path).returncode == 0
    master = console.receive()
    runtime.command("start", bundle.name)
    text = b""
    try:
        while b"console" not in text:
            text += os.read(master, 4096)
    finally:
        os.close(master)
        console.close()
    assert text.split() == [b"/dev/pts/0", b"11", b"22", b"console"]


def test_terminal_needs_a_socket_where_nobody_stays(runtime):
    bundle = runtime.bundle("true")
    bundle.process["terminal"] = True
    assert "cannot allocate tty if runc will detach without setting console socket" in bundle.create().stdout


def test_foreground_forwards_signals(runtime):
    bundle = runtime.bundle("sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done").save()
    process = subprocess.Popen([runtime.binary, "--root", runtime.root, "run", "-b", bundle.path, bundle.name],
                               stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 42
    process.stdout.close()


def test_exit_by_a_signal_of_its_own_namespace_is_128_plus_n(runtime):
    bundle = runtime.bundle("sleep", "1000").save()
    process = subprocess.Popen([runtime.binary, "--root", runtime.root, "run", "-b", bundle.path, bundle.name],
                               stdin=subprocess.DEVNULL)
    while '"running"' not in runtime.command("state", bundle.name).stdout:
        assert process.poll() is None
    assert runtime.command("kill", bundle.name, "9").returncode == 0
    assert process.wait(10) == 137


def test_a_run_in_the_foreground_keeps_no_command_waiting(runtime):
    bundle = runtime.bundle("sleep", "1000").save()
    process = subprocess.Popen([runtime.binary, "--root", runtime.root, "run", "-b", bundle.path, bundle.name],
                               stdin=subprocess.DEVNULL)
    while '"running"' not in runtime.command("state", bundle.name).stdout:
        assert process.poll() is None
    for command in ("pause", "resume", "update --pids-limit 100", "delete --force"):
        done = runtime.command(*command.split(), bundle.name)
        assert done.returncode == 0, done.stderr
    assert process.wait(10) == 137
    assert not (runtime.root / bundle.name).exists()


def test_update_and_stats(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.linux["resources"]["memory"] = {"limit": 64 << 20, "swap": 64 << 20}
    bundle.linux["resources"]["pids"] = {"limit": 30}
    bundle.start_detached()
    def stats():
        return json.loads(runtime.command("events", "--stats", bundle.name).stdout)["data"]
    assert stats()["memory"]["usage"]["limit"] == 64 << 20 and stats()["pids"]["limit"] == 30
    assert runtime.command("update", "--memory", "128m", "--memory-swap", "256m", "--pids-limit", "40",
                           bundle.name).returncode == 0
    assert stats()["memory"]["usage"]["limit"] == 128 << 20 and stats()["pids"]["limit"] == 40
    resources = runtime.home / "resources.json"
    resources.write_text(json.dumps({"memory": {"limit": 32 << 20, "swap": 32 << 20}, "cpu": {"shares": 512}}))
    assert runtime.command("update", "-r", resources, bundle.name).returncode == 0
    assert stats()["memory"]["usage"]["limit"] == 32 << 20
