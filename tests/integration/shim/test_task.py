"""The shim over ttrpc: what a supervisor asks of it, with each runtime."""
import os
import pathlib
import signal
import threading

import pytest
from harness.process import kill_pid
from harness.waiting import until

from .conftest import read_all
from .ttrpc import (ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED, UNKNOWN, CallFailed,
                    Client, encode)

CREATED, RUNNING, STOPPED, PAUSED = 1, 2, 3, 4


def expect(code: int, text: str, call, *arguments, **options):
    with pytest.raises(CallFailed) as failed:
        call(*arguments, **options)
    assert failed.value.code == code and text in failed.value.message, str(failed.value)


def test_life_of_a_task(any_runtime):
    task = any_runtime.task("sh", "-c", "echo out; echo err >&2; exit 42")
    out, err = task.fifo("out"), task.fifo("err")
    pid = task.create(stdout=out, stderr=err)
    assert task.status() == CREATED
    assert task.start() == pid
    assert task.wait() == 42
    assert task.status() == STOPPED
    assert (read_all(out), read_all(err)) == (b"out\n", b"err\n")
    deleted = task.call("Delete")
    assert (deleted[1][0], deleted[2][0]) == (pid, 42)
    any_runtime.events.wait_for("/tasks/delete")
    assert any_runtime.events.topics() == ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"]
    shim = task.shim_pid()
    task.call("Shutdown")
    until(lambda: not pathlib.Path(f"/proc/{shim}").exists(), "end of the shim")
    assert not os.path.exists(task.socket)


def test_exec_has_its_own_stdio_and_exit(any_runtime):
    task = any_runtime.task("sleep", "1000")
    task.create()
    task.start()
    out, stdin = task.fifo("exec-out"), task.fifo("exec-in")
    task.exec("e1", "sh", "-c", "cat; exit 7", stdout=out, stdin=stdin)
    assert task.status("e1") == CREATED
    task.start("e1")
    with open(stdin, "wb") as writer:
        writer.write(b"through\n")
    assert task.status("e1") == RUNNING  # a client that goes away is not the end of input
    task.call("CloseIO", {2: "e1", 3: True})
    assert task.wait("e1") == 7
    assert read_all(out) == b"through\n"
    assert task.call("Delete", {2: "e1"})[2][0] == 7
    expect(NOT_FOUND, "process does not exist e1", task.call, "State", {2: "e1"})


def test_an_exec_called_init_is_not_the_containers_first_process(place):
    task = place.task("sleep", "1000")
    pid = task.create()
    task.start()
    task.exec("init", "true")
    task.start("init")
    assert task.wait("init") == 0
    assert (task.bundle / "init.pid").read_text() == str(pid)
    task.call("Delete", {2: "init"})
    assert (task.bundle / "init.pid").exists()


def test_failures_are_told_in_the_runtimes_words(any_runtime):
    task = any_runtime.task("/nosuch")
    def make_and_start():
        task.create()
        task.start()
    expect(UNKNOWN, "OCI runtime ", make_and_start)


def test_kill_pause_and_pids(any_runtime):
    task = any_runtime.task("sleep", "1000")
    pid = task.create()
    task.start()
    task.call("Pause")
    assert task.status() == PAUSED
    task.call("Resume")
    assert task.status() == RUNNING
    assert b"\x08" + encode({9: pid})[1:] in task.call("Pids")[1]
    assert task.call("Stats")[1]
    waiting = task.client.begin("Wait", {1: task.id})
    task.call("Kill", {3: signal.SIGKILL, 4: True})
    assert task.client.end(waiting)[1][0] == 137
    expect(NOT_FOUND, "process already finished", task.call, "Kill", {3: signal.SIGKILL})


def test_a_terminal(any_runtime):
    task = any_runtime.task("sh", "-c", "tty; read line; echo got $line; stty size", terminal=True)
    out, stdin = task.fifo("out"), task.fifo("in")
    task.create(stdout=out, stdin=stdin, terminal=True)
    task.call("ResizePty", {3: 77, 4: 33})
    task.start()
    with open(stdin, "wb") as writer:
        writer.write(b"hello\n")
    assert task.wait() == 0
    text = read_all(out)
    assert b"/dev/pts/0\r\n" in text and b"got hello\r\n" in text and b"33 77\r\n" in text


def test_refusals(place):
    task = place.task("sleep", "1000")
    expect(NOT_FOUND, "container not created", task.start)
    expect(INVALID_ARGUMENT, "bundle", task.call, "Create", {2: "relative"})
    expect(INVALID_ARGUMENT, "unsupported type", task.call, "Create", {2: str(task.bundle), 10: {1: "some.Options"}})
    expect(UNIMPLEMENTED, "scheme", task.create, stdout="gopher://x/y")
    expect(NOT_FOUND, "No such file", task.create, stdout="/nonexistent/fifo")
    expect(UNKNOWN, "executable file not found in $PATH", task.create, options={6: "no-such-runtime"})
    task.create()
    expect(ALREADY_EXISTS, task.id, task.create)
    task.start()
    expect(FAILED_PRECONDITION, "cannot start a running process", task.start)
    expect(FAILED_PRECONDITION, "cannot delete a running process", task.call, "Delete")
    expect(INVALID_ARGUMENT, "exec id", task.exec, "../up", "true")
    expect(INVALID_ARGUMENT, "exec spec", task.call, "Exec", {2: "e", 7: {1: "x", 2: "{"}})
    expect(INVALID_ARGUMENT, "signal 500", task.call, "Kill", {3: 500})
    expect(INVALID_ARGUMENT, "path", task.call, "Checkpoint", {2: "relative"})
    expect(INVALID_ARGUMENT, "unsupported type", task.call, "Checkpoint", {2: "/x", 3: {1: "some.Options"}})
    assert task.status() == RUNNING


def test_a_container_that_ends_at_once_is_started_before_it_exits(place):
    task = place.task("true")
    task.create()
    task.start()
    place.events.wait_for("/tasks/exit")
    assert place.events.topics() == ["/tasks/create", "/tasks/start", "/tasks/exit"]


def test_orphans_are_reaped(place):
    task = place.task("sh", "-c", "while :; do (sleep 0.01 &) ; sleep 0.02; done")
    task.create()
    task.start()
    for number in range(20):
        task.exec(f"e{number}", "sh", "-c", "(sleep 0.02 &)")
        task.start(f"e{number}")
        task.wait(f"e{number}")
        task.call("Delete", {2: f"e{number}"})
    shim = task.shim_pid()
    children = lambda: pathlib.Path(f"/proc/{shim}/task/{shim}/children").read_text().split()  # noqa: E731
    until(lambda: len(children()) == 1, "only the container is left")


def test_out_of_memory_is_told(place):
    task = place.task("sh", "-c", "tail /dev/zero", resources={"memory": {"limit": 16 << 20, "swap": 16 << 20}})
    task.create()
    task.start()
    assert task.wait() == 137 or task.status() == STOPPED
    place.events.wait_for("/tasks/exit")
    topics = place.events.topics()
    # However soon it came: told after the start, before the end.
    assert topics[:2] == ["/tasks/create", "/tasks/start"] and topics[2:-1] and set(topics[2:-1]) == {"/tasks/oom"}, topics


def test_hostile_bytes_cost_only_their_connection(place):
    task = place.task("sleep", "1000")
    task.create()
    for bytes_ in (b"\xff" * 100000, b"\0\0\0\x01\0\0\0\x02\x01\0x", b"\0\0\0\x05\0\0\0\x01\x01\0\xff\xff\xff\xff\xff", b"\0" * 9):
        hostile = Client(task.socket)
        hostile.peer.sendall(bytes_)
        hostile.close()
    assert task.status() == CREATED


def test_waits_of_clients_that_are_gone_leave_nothing(place):
    task = place.task("sleep", "1000")
    task.create()
    task.start()
    for _ in range(30):
        client = Client(task.socket)
        for _ in range(50):
            client.begin("Wait", {1: task.id})
        client.close()
    task.call("Kill", {3: signal.SIGKILL})
    assert task.wait() == 137


def test_a_termination_signal_does_not_end_a_shim_with_a_container(place):
    task = place.task("sleep", "1000")
    task.create()
    task.start()
    os.kill(task.shim_pid(), signal.SIGTERM)
    assert task.status() == RUNNING


def test_delete_cleans_up_after_a_shim_that_was_killed(place):
    task = place.task("sleep", "1000")
    pid = task.create()
    task.start()
    kill_pid(task.shim_pid())
    answer = task.shim("delete")
    assert answer.returncode == 0
    until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "end of the container")
    assert not os.path.ismount(task.bundle / "rootfs") and not os.path.exists(task.socket)


def test_many_tasks_at_once(place):
    tasks = [place.task("sh", "-c", f"exit {number}") for number in range(10)]
    codes = [None] * len(tasks)

    def live(number: int):
        tasks[number].create()
        tasks[number].start()
        codes[number] = tasks[number].wait()
    threads = [threading.Thread(target=live, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == list(range(10))


def test_a_rootfs_mount_does_not_follow_the_images_links_out(place):
    outside = place.folder / "outside"
    outside.mkdir()
    (place.rootfs / "out").symlink_to(outside)
    task = place.task("sleep", "1000")
    overlay = {1: "overlay", 2: "overlay", 4: [f"lowerdir={place.rootfs}:{place.empty}", "ro"]}
    runtime = {1: "containerd.runc.v1.Options", 2: {6: place.runtime}}

    def create(target: str):
        bind = {1: "bind", 2: str(place.empty), 3: target, 4: ["rbind", "ro"]}
        return task.call("Create", {2: str(task.bundle), 3: [overlay, bind], 10: runtime})
    for target in ("out", "../outside", "out/../../outside"):
        with pytest.raises(CallFailed):
            create(target)
        mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        assert str(outside) not in mounts and str(task.bundle) not in mounts
    pid = create("tmp")[1][0]
    (line,) = [line for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines() if " /tmp " in line]
    assert line.split()[5].startswith("ro")


def test_options_that_cannot_be_followed_are_refused(place):
    task = place.task("true")
    expect(INVALID_ARGUMENT, "criu_work_path", task.create, options={6: place.runtime, 11: "relative"})
    expect(INVALID_ARGUMENT, "root", task.create, options={6: place.runtime, 7: "relative"})
    expect(UNIMPLEMENTED, "criu_path", task.create, options={6: place.runtime, 8: "/usr/sbin/criu"})
