"""Loggers: programs that take a process's output (`binary://`), as containerd's logging package has them."""
import os
import pathlib

import pytest
from harness.process import has_ended, pids_of
from harness.waiting import until

from .test_task import CREATED, expect
from .ttrpc import INVALID_ARGUMENT, NOT_FOUND

SCRIPT = """#!/bin/sh
# dir DIR: both streams into files there; says what it was started with, and that it has ended
cd "$2"
echo "$CONTAINER_ID $CONTAINER_NAMESPACE $*" > "started-$CONTAINER_ID"
[ -p gate ] && read line < gate
: > "err-$CONTAINER_ID"
: > "out-$CONTAINER_ID"
exec 5>&-
cat <&4 > "err-$CONTAINER_ID" &
cat <&3 > "out-$CONTAINER_ID"
wait
echo ended > "ended-$CONTAINER_ID"
"""


@pytest.fixture
def logs(place):
    folder = place.folder / "logs"
    folder.mkdir()
    program = folder / "log ger"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    place.logger = f"binary://{folder}/log%20ger?dir={folder}&key=two+words"
    return folder


def test_both_streams_arguments_and_environment(place, logs):
    task = place.task("sh", "-c", "echo out; echo err >&2; head -c 300000 /dev/zero; exit 4")
    task.create(stdout=place.logger, stderr=place.logger)
    assert (logs / f"started-{task.id}").read_text() == f"{task.id} test dir {logs} key two words\n"
    task.start()
    assert task.wait() == 4
    task.call("Delete")  # answered when the logger has ended
    assert (logs / f"out-{task.id}").read_bytes() == b"out\n" + bytes(300000)
    assert (logs / f"err-{task.id}").read_text() == "err\n"
    assert (logs / f"ended-{task.id}").exists()


def test_create_waits_for_a_logger_that_is_not_ready_and_blocks_nobody(place, logs):
    os.mkfifo(logs / "gate")
    task = place.task("true")
    rootfs = {1: "overlay", 2: "overlay", 4: [f"lowerdir={place.rootfs}:{place.empty}", "ro"]}
    create = task.client.begin("Create", {1: task.id, 2: str(task.bundle), 3: rootfs, 5: "", 6: place.logger, 7: place.logger,
                                          10: {1: "containerd.runc.v1.Options", 2: {6: place.runtime}}})
    until(lambda: (logs / f"started-{task.id}").exists(), "the logger")
    assert 4 not in task.call("State")  # it answers: status unknown, the container is being made
    assert not (task.bundle / "init.pid").exists()
    (logs / "gate").write_text("go\n")
    task.client.end(create)
    assert task.status() == CREATED
    task.start()
    assert task.wait() == 0


def test_a_terminal_and_an_exec_with_loggers(place, logs):
    task = place.task("sh", "-c", "tty; sleep 1000", terminal=True)
    task.create(stdout=place.logger, terminal=True)
    task.start()
    until(lambda: (logs / f"out-{task.id}").read_bytes() == b"/dev/pts/0\r\n", "the terminal's output")
    task.exec("e1", "echo", "from exec", stdout=place.logger)
    task.start("e1")
    assert task.wait("e1") == 0
    task.call("Delete", {2: "e1"})
    assert (logs / "out-e1").read_text() == "from exec\n" and (logs / "ended-e1").exists()
    task.call("Kill", {3: 9})
    task.wait()
    task.call("Delete")
    assert (logs / f"ended-{task.id}").exists()


def test_a_logger_that_does_not_end_is_ended(place, logs):
    program = logs / "stubborn"
    program.write_text('#!/bin/sh\nexec 5>&-\ntrap "echo term > term; exit" TERM\nwhile :; do sleep 0.1; done\n')
    program.chmod(0o755)
    task = place.task("true")
    task.create(stdout=f"binary://{program}")
    task.start()
    task.wait()
    task.call("Delete")
    assert (task.bundle / "term").exists()
    assert pids_of(str(program)) == []


def test_a_logger_that_died_harms_nobody(place, logs):
    program = logs / "short"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    task = place.task("sh", "-c", "echo lost; exit 3")
    task.create(stdout=f"binary://{program}", stderr=f"binary://{program}")
    task.start()
    assert task.wait() == 3
    task.call("Delete")


def test_refusals_leave_nothing(place, logs):
    task = place.task("sleep", "1000")
    expect(NOT_FOUND, "No such file", task.create, stdout="binary:///nonexistent")
    expect(INVALID_ARGUMENT, "a logging binary takes both", task.create, stdout=place.logger, stderr="/tmp/other")
    expect(INVALID_ARGUMENT, "not of input", task.create, stdin=place.logger)
    expect(INVALID_ARGUMENT, "without such a stdout", task.create, stderr=place.logger)
    assert str(place.state) not in pathlib.Path("/proc/self/mountinfo").read_text()
    pid = task.create(stdout=place.logger)
    shim = task.shim_pid()
    assert task.shim("delete").stdout
    until(lambda: has_ended(pid) and has_ended(shim), "end of all")
    until(lambda: pids_of(str(logs)) == [], "end of the logger, which has nothing to read any more")
