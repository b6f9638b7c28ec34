"""Pods: records, and sandboxes that our shim runs."""
import os
import signal

import pytest
from harness.containerd import Containerd
from harness.grpc_client import Client, grpc
from harness.process import pids_of
from harness.waiting import until

STORE = "sandbox.v1.Store/"
CONTROLLER = "sandbox.v1.Controller/"
RUNTIME = {"name": "io.containerd.hull.v2"}
SPEC = {"type_url": "types.containerd.io/opencontainers/runtime-spec/1/Spec", "value": b'{"ociVersion":"1.0.2"}'}


@pytest.fixture
def daemon():
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


@pytest.fixture
def client(daemon):
    with Client(daemon.socket, "pods") as client:
        yield client


def sandbox(name, **fields):
    return {"sandbox_id": name, "runtime": RUNTIME, "spec": SPEC, "sandboxer": "shim", **fields}


def of(name):
    return {"sandbox_id": name, "sandboxer": "shim"}


def shims(daemon):
    return pids_of("containerd-shim-hull-v2", daemon.socket)


def bundles(daemon):
    return daemon.folder / "state/io.containerd.sandbox.controller.v1.shim/pods"


def subscribe(client, text):
    events = client.stream("events.v1.Events/Subscribe", filters=[text])
    events.initial_metadata()  # from here on nothing is missed
    return events


def test_records(client):
    made = client.call(STORE + "Create", sandbox=sandbox("a", labels={"k": "v"})).sandbox
    assert made.created_at == made.updated_at and made.created_at.seconds > 0
    client.call(STORE + "Create", sandbox=sandbox("b"))
    assert [s.sandbox_id for s in client.call(STORE + "List").list] == ["a", "b"]
    assert [s.sandbox_id for s in client.call(STORE + "List", filters=["labels.k==v"]).list] == ["a"]
    changed = client.call(STORE + "Update", sandbox=sandbox("a", labels={"k": "w", "l": "m"}), fields=["labels.l"]).sandbox
    assert dict(changed.labels) == {"k": "v", "l": "m"}
    assert client.call(STORE + "Get", sandbox_id="a").sandbox.spec.value == SPEC["value"]
    assert client.refused(STORE + "Create", sandbox=sandbox("a"))[0] == "ALREADY_EXISTS"
    assert client.refused(STORE + "Create", sandbox=sandbox("a b"))[0] == "INVALID_ARGUMENT"
    assert client.refused(STORE + "Update", sandbox=sandbox("a"), fields=["sandboxer"])[0] == "INVALID_ARGUMENT"
    client.call(STORE + "Delete", sandbox_id="a")
    for method in ("Get", "Delete"):
        code, text = client.refused(STORE + method, sandbox_id="a")
        assert code == "NOT_FOUND" and '"a"' in text


def test_a_sandboxs_life(daemon, client):
    events = subscribe(client, "topic~=sandboxes")
    client.call(CONTROLLER + "Create", sandbox=sandbox("pod"), netns_path="/proc/self/ns/net", **of("pod"))
    assert client.refused(CONTROLLER + "Create", sandbox=sandbox("pod"), **of("pod"))[0] == "ALREADY_EXISTS"
    assert client.call(CONTROLLER + "Status", **of("pod")).state == "SANDBOX_CREATED"
    started = client.call(CONTROLLER + "Start", **of("pod"))
    assert [started.pid] == shims(daemon) and started.address.startswith("unix:///") and started.version >= 2
    status = client.call(CONTROLLER + "Status", verbose=True, **of("pod"))
    assert status.state == "SANDBOX_READY" and status.pid == started.pid and status.info["containers"] == "none"
    assert client.call(CONTROLLER + "Platform", **of("pod")).platform.os == "linux"
    assert client.refused(CONTROLLER + "Metrics", **of("pod"))[0] == "UNIMPLEMENTED"
    waiting = client.future(CONTROLLER + "Wait", **of("pod"))
    client.call(CONTROLLER + "Stop", **of("pod"))
    assert waiting.result().exited_at.seconds > 0
    assert client.call(CONTROLLER + "Status", **of("pod")).state == "SANDBOX_NOTREADY"
    client.call(CONTROLLER + "Shutdown", **of("pod"))
    until(lambda: not shims(daemon), "the shim's end")
    assert not list(bundles(daemon).iterdir())
    assert client.refused(CONTROLLER + "Shutdown", **of("pod"))[0] == "NOT_FOUND"
    client.call(CONTROLLER + "Stop", **of("pod"))
    assert client.call(CONTROLLER + "Status", **of("pod")).state == ""
    topics = [next(events).topic for _ in range(3)]
    assert topics == ["/sandboxes/create", "/sandboxes/start", "/sandboxes/exit"]
    events.cancel()


def test_a_sandbox_survives_the_supervisor(daemon, client):
    client.call(STORE + "Create", sandbox=sandbox("pod"))
    client.call(CONTROLLER + "Create", **of("pod"))  # as older clients do: the rest stands in the record
    pid = client.call(CONTROLLER + "Start", **of("pod")).pid
    daemon.daemon.kill()
    daemon.start()
    with Client(daemon.socket, "pods") as again:
        status = again.call(CONTROLLER + "Status", **of("pod"))
        assert (status.state, status.pid) == ("SANDBOX_READY", pid)
        again.call(CONTROLLER + "Shutdown", **of("pod"))
    until(lambda: not shims(daemon), "the shim's end")


def test_a_shim_that_dies_is_cleaned_up_after(daemon, client):
    events = subscribe(client, 'topic=="/sandboxes/exit"')
    client.call(CONTROLLER + "Create", sandbox=sandbox("pod"), **of("pod"))
    pid = client.call(CONTROLLER + "Start", **of("pod")).pid
    waiting = client.future(CONTROLLER + "Wait", **of("pod"))
    os.kill(pid, signal.SIGKILL)
    assert waiting.exception().code() == grpc.StatusCode.UNAVAILABLE
    next(events)
    events.cancel()
    until(lambda: client.call(CONTROLLER + "Status", **of("pod")).state == "", "the sandbox's end")
    assert not list(bundles(daemon).iterdir())
    client.call(CONTROLLER + "Create", sandbox=sandbox("pod"), **of("pod"))
    client.call(CONTROLLER + "Shutdown", **of("pod"))


@pytest.mark.parametrize("change, code, text", [
    ({"sandboxer": ""}, "INVALID_ARGUMENT", "sandbox controller name can not be empty"),
    ({"sandboxer": "podsandbox"}, "NOT_FOUND", '"podsandbox"'),
    ({"sandbox_id": "a/b"}, "INVALID_ARGUMENT", '"a/b"'),
    ({"sandbox_id": ""}, "INVALID_ARGUMENT", "must not be empty"),
    ({"netns_path": "/etc/passwd"}, "INVALID_ARGUMENT", "/etc/passwd: not a namespace"),
    ({"netns_path": "/nonexistent"}, "NOT_FOUND", "/nonexistent"),
    ({"rootfs": [{"type": "bind", "source": "/"}]}, "UNIMPLEMENTED", "rootfs"),
    ({"sandbox": sandbox("bad", runtime={"name": "io.containerd.nonexistent.v2"})}, "", "nonexistent"),
])
def test_what_is_wrong_leaves_nothing(daemon, client, change, code, text):
    request = {"sandbox": sandbox("bad"), **of("bad"), **change}
    got, message = client.refused(CONTROLLER + "Create", **request)
    assert text in message and (not code or got == code)
    assert not shims(daemon)
    assert not bundles(daemon).exists() or not list(bundles(daemon).iterdir())
