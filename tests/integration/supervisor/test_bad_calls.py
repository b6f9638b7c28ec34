"""What is wrong with a call: the code that a stock containerd gives, a message that names the object, nothing changed.

Each row is asked of both daemons. Where ours says more, or another code on purpose, the row says so."""
import hashlib
import re

import pytest
from harness.containerd import Containerd
from harness.grpc_client import Client, grpc
from harness.paths import peer

ABSENT = "sha256:" + "1" * 64
BLOB = b"hello"
DIGEST = "sha256:" + hashlib.sha256(BLOB).hexdigest()
ANY = {"type_url": "t", "value": b"{}"}
RUNTIME = {"name": "io.containerd.runc.v2"}
TARGET = {"media_type": "m", "digest": DIGEST, "size": 5}
LONG = "x" * 77
KEPT = {"containerd.io/gc.root": "yes"}  # else collections take them
BIG_LABEL = {"k" * 100: "v" * 4096}

CONTAINERS = "containers.v1.Containers/"
CONTENT = "content.v1.Content/"
IMAGES = "images.v1.Images/"
LEASES = "leases.v1.Leases/"
NAMESPACES = "namespaces.v1.Namespaces/"
SNAPSHOTS = "snapshots.v1.Snapshots/"
TASKS = "tasks.v1.Tasks/"
NATIVE = {"snapshotter": "native"}


def container(name, **fields):
    return {"container": {"id": name, "runtime": RUNTIME, "spec": ANY, **fields}}


def image(name, **fields):
    return {"image": {"name": name, "target": TARGET, **fields}}


def mask(*paths):
    return {"update_mask": {"paths": paths}}


DIES = "the stock one dies of it"

# name: method, request, the code, what the message has to name; the stock one's code, where it is another
CALLS = {
    # containers
    "container get absent": (CONTAINERS + "Get", {"id": "absent"}, "NOT_FOUND", '"absent"'),
    "container create again": (CONTAINERS + "Create", container("there"), "ALREADY_EXISTS", '"there"'),
    "container create unnamed": (CONTAINERS + "Create", container(""), "INVALID_ARGUMENT", "container.ID"),
    "container create slash": (CONTAINERS + "Create", container("a/b"), "INVALID_ARGUMENT", '"a/b"'),
    "container create dots": (CONTAINERS + "Create", container(".."), "INVALID_ARGUMENT", '".."'),
    "container create long": (CONTAINERS + "Create", container(LONG), "INVALID_ARGUMENT", LONG),
    "container create no runtime": (CONTAINERS + "Create", container("c", runtime={}), "INVALID_ARGUMENT", "container.Runtime.Name"),
    "container create no spec": (CONTAINERS + "Create", {"container": {"id": "c", "runtime": RUNTIME}}, "INVALID_ARGUMENT", "container.Spec"),
    "container create key without snapshotter": (CONTAINERS + "Create", container("c", snapshot_key="k"), "INVALID_ARGUMENT", "container.Snapshotter"),
    "container create big label": (CONTAINERS + "Create", container("c", labels=BIG_LABEL), "INVALID_ARGUMENT", "maximum size (4096"),
    "container create nothing": (CONTAINERS + "Create", {}, "INVALID_ARGUMENT", ""),
    "container update absent": (CONTAINERS + "Update", container("absent"), "NOT_FOUND", '"absent"'),
    "container update unnamed": (CONTAINERS + "Update", container(""), "INVALID_ARGUMENT", "container id"),
    "container update runtime": (CONTAINERS + "Update", container("there", runtime={"name": "other"}), "INVALID_ARGUMENT", "container.Runtime.Name"),
    "container update snapshotter": (CONTAINERS + "Update", container("there", snapshotter="other"), "INVALID_ARGUMENT", "container.Snapshotter"),
    "container update by mask runtime": (CONTAINERS + "Update", {**container("there"), **mask("runtime")}, "INVALID_ARGUMENT", '"runtime"'),
    "container update by mask created_at": (CONTAINERS + "Update", {**container("there"), **mask("created_at")}, "INVALID_ARGUMENT", '"created_at"'),
    "container update by mask empty path": (CONTAINERS + "Update", {**container("there"), **mask("")}, "INVALID_ARGUMENT", '""'),
    "container update big label": (CONTAINERS + "Update", {**container("there", labels=BIG_LABEL), **mask("labels")}, "INVALID_ARGUMENT", "maximum size (4096"),
    "container delete absent": (CONTAINERS + "Delete", {"id": "absent"}, "NOT_FOUND", '"absent"'),
    "container delete unnamed": (CONTAINERS + "Delete", {"id": ""}, "", ""),
    "container list bad filter": (CONTAINERS + "List", {"filters": ["id=="]}, "INVALID_ARGUMENT", "id=="),
    # images
    "image get absent": (IMAGES + "Get", {"name": "absent"}, "NOT_FOUND", '"absent"'),
    "image create again": (IMAGES + "Create", image("there"), "ALREADY_EXISTS", '"there"'),
    "image create unnamed": (IMAGES + "Create", image(""), "INVALID_ARGUMENT", "image name"),
    "image create no digest": (IMAGES + "Create", image("i", target={"media_type": "m", "size": 5}), "INVALID_ARGUMENT", ""),
    "image create bad digest": (IMAGES + "Create", image("i", target={"media_type": "m", "digest": "sha256:12", "size": 5}), "INVALID_ARGUMENT", "sha256:12"),
    "image create no size": (IMAGES + "Create", image("i", target={"media_type": "m", "digest": DIGEST}), "INVALID_ARGUMENT", "image.Target.Size"),
    "image create negative size": (IMAGES + "Create", image("i", target={"media_type": "m", "digest": DIGEST, "size": -1}), "INVALID_ARGUMENT", "image.Target.Size"),
    "image create no type": (IMAGES + "Create", image("i", target={"digest": DIGEST, "size": 5}), "INVALID_ARGUMENT", "image.Target.MediaType"),
    "image create big label": (IMAGES + "Create", image("i", labels=BIG_LABEL), "INVALID_ARGUMENT", "maximum size (4096"),
    "image create nothing": (IMAGES + "Create", {}, "INVALID_ARGUMENT", ""),
    "image update absent": (IMAGES + "Update", image("absent"), "NOT_FOUND", '"absent"'),
    "image update unnamed": (IMAGES + "Update", image(""), "INVALID_ARGUMENT", "image name"),
    "image update by mask name": (IMAGES + "Update", {**image("there"), **mask("name")}, "INVALID_ARGUMENT", '"name"'),
    "image delete absent": (IMAGES + "Delete", {"name": "absent"}, "NOT_FOUND", '"absent"'),
    # content
    "content info absent": (CONTENT + "Info", {"digest": ABSENT}, "NOT_FOUND", ABSENT),
    "content info bad digest": (CONTENT + "Info", {"digest": "sha256:zz"}, "INVALID_ARGUMENT", "sha256:zz"),
    "content info path": (CONTENT + "Info", {"digest": "../../etc/passwd"}, "INVALID_ARGUMENT", "../../etc/passwd"),
    "content info empty": (CONTENT + "Info", {"digest": ""}, "INVALID_ARGUMENT", ""),
    "content update absent": (CONTENT + "Update", {"info": {"digest": ABSENT}}, "NOT_FOUND", ABSENT),
    "content update bad digest": (CONTENT + "Update", {"info": {"digest": "x"}}, "INVALID_ARGUMENT", "x"),
    "content update by mask size": (CONTENT + "Update", {"info": {"digest": DIGEST}, **mask("size")}, "INVALID_ARGUMENT", '"size"'),
    "content update big label": (CONTENT + "Update", {"info": {"digest": DIGEST, "labels": BIG_LABEL}}, "INVALID_ARGUMENT", "maximum size (4096"),
    "content delete absent": (CONTENT + "Delete", {"digest": ABSENT}, "NOT_FOUND", ABSENT),
    "content delete bad digest": (CONTENT + "Delete", {"digest": "sha999:" + "1" * 64}, "INVALID_ARGUMENT", "sha999"),
    "content status absent": (CONTENT + "Status", {"ref": "absent"}, "NOT_FOUND", "absent"),
    "content status empty": (CONTENT + "Status", {"ref": ""}, "", ""),
    "content abort absent": (CONTENT + "Abort", {"ref": "absent"}, "NOT_FOUND", "absent"),
    # leases
    "lease create again": (LEASES + "Create", {"id": "there"}, "ALREADY_EXISTS", '"there"'),
    "lease create big label": (LEASES + "Create", {"id": "l", "labels": BIG_LABEL}, "INVALID_ARGUMENT", "maximum size (4096", "OK"),  # unlike all others
    "lease delete absent": (LEASES + "Delete", {"id": "absent"}, "NOT_FOUND", '"absent"'),
    "lease add to absent": (LEASES + "AddResource", {"id": "absent", "resource": {"id": DIGEST, "type": "content"}}, "NOT_FOUND", "absent"),
    "lease add to unnamed": (LEASES + "AddResource", {"id": "", "resource": {"id": DIGEST, "type": "content"}}, "NOT_FOUND", '""'),
    "lease add unknown type": (LEASES + "AddResource", {"id": "there", "resource": {"id": "x", "type": "nonsense"}}, "", "nonsense"),
    "lease add bad digest": (LEASES + "AddResource", {"id": "there", "resource": {"id": "x", "type": "content"}}, "INVALID_ARGUMENT", "content resource id x"),
    "lease list of absent": (LEASES + "ListResources", {"id": "absent"}, "NOT_FOUND", "absent"),
    # namespaces
    "namespace create slash": (NAMESPACES + "Create", {"namespace": {"name": "a/b"}}, "INVALID_ARGUMENT", '"a/b"'),
    "namespace create empty": (NAMESPACES + "Create", {"namespace": {"name": ""}}, "INVALID_ARGUMENT", "empty"),
    "namespace create long": (NAMESPACES + "Create", {"namespace": {"name": LONG}}, "INVALID_ARGUMENT", LONG),
    "namespace create again": (NAMESPACES + "Create", {"namespace": {"name": "work"}}, "ALREADY_EXISTS", '"work"'),
    "namespace create big label": (NAMESPACES + "Create", {"namespace": {"name": "n", "labels": BIG_LABEL}}, "INVALID_ARGUMENT", "maximum size (4096"),
    "namespace delete absent": (NAMESPACES + "Delete", {"name": "absent"}, "NOT_FOUND", '"absent"'),
    "namespace delete full": (NAMESPACES + "Delete", {"name": "work"}, "FAILED_PRECONDITION", '"work"'),
    "namespace update by mask name": (NAMESPACES + "Update", {"namespace": {"name": "work"}, **mask("name")}, "INVALID_ARGUMENT", '"name"'),
    # snapshots
    "snapshot stat absent": (SNAPSHOTS + "Stat", {**NATIVE, "key": "absent"}, "NOT_FOUND", "absent"),
    "snapshot prepare again": (SNAPSHOTS + "Prepare", {**NATIVE, "key": "work"}, "ALREADY_EXISTS", "work"),
    "snapshot prepare absent parent": (SNAPSHOTS + "Prepare", {**NATIVE, "key": "k", "parent": "absent"}, "NOT_FOUND", "absent"),
    "snapshot prepare on itself": (SNAPSHOTS + "Prepare", {**NATIVE, "key": "k", "parent": "k"}, "NOT_FOUND", "k"),
    "snapshot prepare on an active one": (SNAPSHOTS + "Prepare", {**NATIVE, "key": "k", "parent": "work"}, "INVALID_ARGUMENT", "work"),
    "snapshot prepare big label": (SNAPSHOTS + "Prepare", {**NATIVE, "key": "k", "labels": BIG_LABEL}, "INVALID_ARGUMENT", "maximum size (4096"),
    "snapshot commit absent": (SNAPSHOTS + "Commit", {**NATIVE, "name": "n", "key": "absent"}, "NOT_FOUND", "absent"),
    "snapshot commit onto another": (SNAPSHOTS + "Commit", {**NATIVE, "name": "base", "key": "work"}, "ALREADY_EXISTS", "base"),
    "snapshot commit a committed one": (SNAPSHOTS + "Commit", {**NATIVE, "name": "n", "key": "base"}, "", "base"),
    "snapshot mounts absent": (SNAPSHOTS + "Mounts", {**NATIVE, "key": "absent"}, "NOT_FOUND", "absent"),
    "snapshot mounts of a committed one": (SNAPSHOTS + "Mounts", {**NATIVE, "key": "base"}, "", "base"),
    "snapshot usage absent": (SNAPSHOTS + "Usage", {**NATIVE, "key": "absent"}, "NOT_FOUND", "absent"),
    "snapshot remove absent": (SNAPSHOTS + "Remove", {**NATIVE, "key": "absent"}, "NOT_FOUND", "absent"),
    "snapshot remove a parent": (SNAPSHOTS + "Remove", {**NATIVE, "key": "base"}, "FAILED_PRECONDITION", ""),
    "snapshot update parent": (SNAPSHOTS + "Update", {**NATIVE, "info": {"name": "base"}, **mask("parent")}, "INVALID_ARGUMENT", '"parent"'),
    "snapshot update absent": (SNAPSHOTS + "Update", {**NATIVE, "info": {"name": "absent"}}, "NOT_FOUND", "absent"),
    "snapshotter absent": (SNAPSHOTS + "Stat", {"snapshotter": "nonsense", "key": "k"}, "", "nonsense"),
    # tasks
    "task create for no container": (TASKS + "Create", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    "task get absent": (TASKS + "Get", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    "task start absent": (TASKS + "Start", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    "task kill absent": (TASKS + "Kill", {"container_id": "absent", "signal": 9}, "NOT_FOUND", "absent"),
    "task delete absent": (TASKS + "Delete", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    "task start of a container without": (TASKS + "Start", {"container_id": "there"}, "NOT_FOUND", "there"),
    "task wait absent": (TASKS + "Wait", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    "task exec absent": (TASKS + "Exec", {"container_id": "absent", "exec_id": "e"}, "NOT_FOUND", "absent"),
    "task pids absent": (TASKS + "ListPids", {"container_id": "absent"}, "NOT_FOUND", "absent"),
    # events
    "event topic without slash": ("events.v1.Events/Publish", {"topic": "t", "event": ANY}, "INVALID_ARGUMENT", '"t"'),
    "event topic empty": ("events.v1.Events/Publish", {"topic": "", "event": ANY}, "INVALID_ARGUMENT", "topic"),
    "event topic end": ("events.v1.Events/Publish", {"topic": "/a/", "event": ANY}, "INVALID_ARGUMENT", '"/a/"'),
    "event forward unnamed": ("events.v1.Events/Forward", {"envelope": {"topic": "/t", "event": ANY}}, "INVALID_ARGUMENT", ""),
    # diff
    "apply of nothing": ("diff.v1.Diff/Apply", {}, "INVALID_ARGUMENT", "diff.digest", DIES),
    "apply of absent content": ("diff.v1.Diff/Apply", {"diff": {"media_type": "application/vnd.oci.image.layer.v1.tar", "digest": ABSENT, "size": 5}}, "NOT_FOUND", ABSENT),
    "diff in no format": ("diff.v1.Diff/Diff", {"media_type": "x/y"}, "", "x/y"),
}


OTHER = "sha256:" + hashlib.sha256(b"other").hexdigest()
STAT, WRITE, COMMIT = 0, 1, 2

# name: messages, the code, what the message has to name; the stock one's code, where it is another
WRITES = {
    "no message": ([], "INVALID_ARGUMENT", "reference", "UNKNOWN"),
    "no ref": ([{"action": STAT}], "", "ref"),
    "no ref with data": ([{"action": WRITE, "data": b"x"}], "", "ref"),
    "expected is there": ([{"action": STAT, "ref": "r", "expected": DIGEST}], "ALREADY_EXISTS", DIGEST),
    "bad expected": ([{"action": STAT, "ref": "r", "expected": "sha256:zz"}], "INVALID_ARGUMENT", "sha256:zz", "OK"),
    "offset ahead": ([{"action": WRITE, "ref": "r", "offset": 7, "data": b"x"}], "", "7"),
    "offset behind": ([{"action": WRITE, "ref": "r", "data": b"abc"}, {"action": WRITE, "offset": 1, "data": b"x"}], "", "1"),
    "negative offset": ([{"action": WRITE, "ref": "r", "offset": -1, "data": b"x"}], "", ""),
    "commit of another size": ([{"action": COMMIT, "ref": "r", "total": 4, "data": b"other", "expected": OTHER}], "FAILED_PRECONDITION", "4"),
    "commit of another digest": ([{"action": COMMIT, "ref": "r", "data": b"other", "expected": ABSENT}], "FAILED_PRECONDITION", ABSENT),
    "commit with a big label": ([{"action": COMMIT, "ref": "r", "data": b"other", "labels": BIG_LABEL}], "INVALID_ARGUMENT", "maximum size (4096"),
    "digest changes": ([{"action": STAT, "ref": "r", "expected": OTHER}, {"action": COMMIT, "data": b"x", "expected": ABSENT}], "", ABSENT),
    "unknown action": ([{"action": 9, "ref": "r"}], "INVALID_ARGUMENT", "9", "OK"),
    "ref changes": ([{"action": WRITE, "ref": "r", "data": b"x"}, {"action": WRITE, "ref": "s", "offset": 1, "data": b"x"}], "", ""),
}


def fill(client):
    """One of everything that the rows speak of."""
    list(client.chat(CONTENT + "Write", [{"action": COMMIT, "ref": "w", "total": 5, "data": BLOB, "expected": DIGEST, "labels": KEPT}]))
    client.call(CONTAINERS + "Create", **container("there"))
    client.call(IMAGES + "Create", **image("there"))
    client.call(LEASES + "Create", id="there")
    client.call(SNAPSHOTS + "Prepare", key="first", labels=KEPT, **NATIVE)
    client.call(SNAPSHOTS + "Commit", key="first", name="base", labels=KEPT, **NATIVE)
    client.call(SNAPSHOTS + "Prepare", key="work", parent="base", labels=KEPT, **NATIVE)


def state(client):
    """All that is stored, as text."""
    lists = [client.call(CONTAINERS + "List"), client.call(IMAGES + "List"), client.call(LEASES + "List"),
             client.call(NAMESPACES + "List"), client.call(CONTENT + "ListStatuses"),
             *client.stream(CONTENT + "List"), *client.stream(SNAPSHOTS + "List", **NATIVE)]
    return "\n".join(str(entry) for entry in lists)


@pytest.fixture(scope="module")
def ours():
    daemon = Containerd.hull()
    with Client(daemon.socket, "work") as client:
        fill(client)
        yield client
    daemon.close()


@pytest.fixture(scope="module")
def stock():
    if not peer("containerd"):
        pytest.skip("containerd is not installed")
    daemon = Containerd.stock()
    with Client(daemon.socket, "work") as client:
        fill(client)
        yield client
    daemon.close()


def outcome(client, method, request):
    try:
        client.call(method, **request)
    except grpc.RpcError as error:
        return error.code().name, error.details()
    return "OK", ""


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call(ours, stock, name):
    method, request, code, named, *other = CALLS[name]
    before = state(ours)
    got, text = outcome(ours, method, request)
    assert named in text, text
    assert state(ours) == before
    assert got == code if code else got not in ("OK", "UNKNOWN", "INTERNAL", "UNAVAILABLE"), text
    if other == [DIES]:
        return
    theirs, their_text = outcome(stock, method, request)
    assert theirs == (other[0] if other else got), f"ours: {got} {text}\nstock: {theirs} {their_text}"


def written(client, messages):
    try:
        list(client.chat(CONTENT + "Write", messages, timeout=10))
    except grpc.RpcError as error:
        return error.code().name, error.details()
    finally:
        outcome(client, CONTENT + "Abort", {"ref": "r"})
    return "OK", ""


@pytest.mark.parametrize("name", WRITES)
def test_a_bad_write(ours, stock, name):
    messages, code, named, *other = WRITES[name]
    before = state(ours)
    got, text = written(ours, messages)
    theirs, their_text = written(stock, messages)
    both = f"ours: {got} {text}\nstock: {theirs} {their_text}"
    assert named in text and (not code or got == code) and theirs == (other[0] if other else got), both
    assert state(ours) == before


def test_what_is_named_may_be_long(ours):
    for name in ("x" * 20000, "\u00e4" * 20000):
        code, text = outcome(ours, IMAGES + "Get", {"name": name})
        assert code == "NOT_FOUND" and text.startswith('image "' + name[:100]) and text.endswith(name[:100] + '": not found')


def test_times_out_of_all_reason(ours):
    for seconds in (2**63 - 1, -2**63):
        far = {"seconds": seconds, "nanos": 2**31 - 1}
        ours.call("events.v1.Events/Forward", envelope={"timestamp": far, "namespace": "n", "topic": "/t", "event": ANY})
        made = ours.call(IMAGES + "Create", **image("far"), source_date_epoch=far).image
        assert abs(made.created_at.seconds) < 2**34
        ours.call(IMAGES + "Delete", name="far")


@pytest.mark.parametrize("namespace, code", [("", "FAILED_PRECONDITION"), ("a/b", "INVALID_ARGUMENT"), ("..", "INVALID_ARGUMENT"),
                                             (LONG, "INVALID_ARGUMENT")])
@pytest.mark.parametrize("method", [CONTAINERS + "List", IMAGES + "List", LEASES + "List", SNAPSHOTS + "Stat", TASKS + "List",
                                    CONTENT + "Info"])
def test_a_bad_namespace(ours, stock, method, namespace, code):
    metadata = [("containerd-namespace", namespace)] if namespace else []
    request = {"metadata": metadata, **({"digest": DIGEST} if "Content" in method else {}), **({**NATIVE, "key": "base"} if "Stat" in method else {})}
    got, text = outcome(ours, method, request)
    assert (got, code) == (outcome(stock, method, request)[0], code) and got == code
    assert namespace in text and re.search("namespace", text)
