"""Containers of one group (a pod) share one shim: kubelet's annotation, and containerd's own."""
import json
import os
import pathlib
import signal
import threading

import pytest
from harness.process import has_ended, kill_pid
from harness.waiting import until

from .conftest import read_all
from .ttrpc import NOT_FOUND, CallFailed, Client

LABELS = ("io.kubernetes.cri.sandbox-id", "io.containerd.runc.v2.group")


def member(place, *args: str, label=LABELS[0], group="pod1", **changes):
    return place.task(*args, annotations={label: group}, **changes)


def has_gone(pid: int) -> bool:
    return not pathlib.Path(f"/proc/{pid}").exists()


def end(task):
    task.call("Kill", {3: signal.SIGKILL})
    assert task.wait() == 137
    task.call("Delete")
    task.call("Shutdown")


@pytest.mark.parametrize("label", LABELS)
def test_a_group_shares_a_shim_until_its_last_container_is_gone(place, label):
    first, second = member(place, "sleep", "1000", label=label), member(place, "sleep", "1000", label=label)
    alone = place.task("sleep", "1000")
    other = member(place, "sleep", "1000", label=label, group="pod2")
    assert first.socket == second.socket and len({first.socket, alone.socket, other.socket}) == 3
    shim = first.shim_pid()
    assert second.shim_pid() == shim
    pids = [task.create() for task in (first, second)]
    assert [task.start() for task in (first, second)] == pids
    end(first)
    assert second.status() == 2 and os.path.exists(second.socket)
    third = member(place, "true", label=label)  # the bundle that the shim began with has gone
    assert third.shim_pid() == shim
    third.create()
    third.start()
    assert third.wait() == 0
    third.call("Delete")
    third.call("Shutdown")
    end(second)
    until(lambda: has_gone(shim), "end of the shim")
    assert not os.path.exists(second.socket)
    ended = [event[2][0].decode() for event in place.events.wait_for("/tasks/exit", 3)]
    assert ended == [first.id, third.id, second.id]


def test_as_a_kubelet_does_it(any_runtime):
    """A sandbox whose network, ipc and uts namespaces the app's containers join, each with its own exit."""
    place = any_runtime
    sandbox = member(place, "sleep", "1000")
    pid = sandbox.create()
    sandbox.start()
    joined = [{"type": name, "path": f"/proc/{pid}/ns/{file}"} for name, file in (("network", "net"), ("ipc", "ipc"), ("uts", "uts"))]
    app = member(place, "sh", "-c", "readlink /proc/self/ns/net; hostname; exit 3", namespaces=[{"type": "pid"}, {"type": "mount"}, *joined])
    spec = json.loads((app.bundle / "config.json").read_text())
    del spec["hostname"]
    (app.bundle / "config.json").write_text(json.dumps(spec))
    out = app.fifo("out")
    app.create(stdout=out)
    app.start()
    assert app.wait() == 3
    assert read_all(out).decode().split() == [os.readlink(f"/proc/{pid}/ns/net"), "t"]
    app.call("Delete")
    app.call("Shutdown")
    assert sandbox.status() == 2
    end(sandbox)


def test_many_start_at_once_and_find_one_shim(place):
    tasks = [member(place, "sleep", "1000") for _ in range(1)]
    extra = [place.task("sleep", "1000", start=False, annotations={LABELS[0]: "pod3"}) for _ in range(8)]
    sockets = [None] * len(extra)

    def begin(number):
        sockets[number] = extra[number].shim("start").stdout.removeprefix("unix://")
    threads = [threading.Thread(target=begin, args=(number,)) for number in range(len(extra))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(sockets)) == 1 and sockets[0] != tasks[0].socket
    pids = set()
    for task, socket in zip(extra, sockets):
        task.socket, task.client = socket, Client(socket)
        pids.add(task.shim_pid())
    assert len(pids) == 1
    for task in extra[:-1]:
        task.call("Shutdown")  # never created
    assert not has_gone(*pids)
    extra[-1].call("Shutdown")
    until(lambda: has_gone(*pids), "end of the shim that nobody needed")


def test_a_shim_that_was_promised_does_not_end(place):
    """A supervisor ends the last container between another one's start and its create."""
    first = member(place, "sleep", "1000")
    first.create()
    first.start()
    second = member(place, "true")
    end(first)
    second.create()
    second.start()
    assert second.wait() == 0
    shim = second.shim_pid()
    second.call("Delete")
    second.call("Shutdown")
    until(lambda: has_gone(shim), "end of the shim")


def test_after_a_kill_the_name_is_free_again(place):
    first = member(place, "sleep", "1000")
    pid = first.create()
    first.start()
    kill_pid(first.shim_pid())
    second = member(place, "true")
    assert second.socket == first.socket
    second.create()
    assert first.shim("delete").stdout  # as the supervisor does, which has seen the shim go
    until(lambda: has_ended(pid), "end of the container whose shim died")
    assert os.path.exists(second.socket), "the new shim serves here"
    second.start()
    assert second.wait() == 0
    with pytest.raises(CallFailed) as failed:
        first.client = Client(second.socket)
        first.status()
    assert failed.value.code == NOT_FOUND


def test_delete_behind_its_back_lets_the_others_live(place):
    """`delete` of one container, which a supervisor calls when the shim did not answer in time."""
    first, second = member(place, "sleep", "1000"), member(place, "sleep", "1000")
    for task in (first, second):
        task.create()
        task.start()
    assert first.shim("delete").stdout
    with pytest.raises(CallFailed):
        first.status()
    assert second.status() == 2
    shim = second.shim_pid()
    assert second.shim("delete").stdout
    until(lambda: has_gone(shim), "end of the shim without containers")


def test_a_shim_that_hangs_is_ended_by_delete(place):
    first = member(place, "sleep", "1000")
    pid = first.create()
    first.start()
    shim = first.shim_pid()
    os.kill(shim, signal.SIGSTOP)
    assert first.shim("delete").stdout
    until(lambda: has_gone(shim) and has_ended(pid), "end of shim and container")
    assert not os.path.exists(first.socket)


def test_bootstrap_parameters_for_a_supervisor_that_knows_them(place):
    place.env["MAX_SHIM_VERSION"] = "3"
    tasks = [place.task("true", start=False, annotations={LABELS[0]: "pod4"}) for _ in range(2)]
    for task in tasks:
        params = json.loads(task.shim("start").stdout)
        assert (params["version"], params["protocol"]) == (3, "ttrpc")
        task.client = Client(params["address"].removeprefix("unix://"))
        assert task.call("Connect", service="containerd.task.v3.Task")[1][0] > 0
    for task in tasks:
        task.call("Shutdown")
