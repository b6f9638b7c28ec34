"""Options of the log drivers that keep files: what is stored with each line, rotation, the local driver."""
import glob
import json

import docker
import pytest
from docker.types import LogConfig
from harness.waiting import until


@pytest.fixture
def run(engine, name):
    def start(kind: str, script: str, options=None, **more):
        made = engine.client.containers.run("busybox", ["sh", "-c", script], name=name, detach=True, network_mode="none",
                                            log_config=LogConfig(type=kind, config=options or {}), **more)
        made.wait()
        made.reload()
        return made
    yield start
    engine.request("DELETE", f"/containers/{name}?force=1")


def test_labels_variables_and_a_tag_are_stored_and_shown(engine, run):
    made = run("json-file", "echo line", {"labels": "a,none", "labels-regex": "^com[.]", "env": "A", "env-regex": "^X_", "tag": "{{.Name}}/{{.ID}}"},
               labels={"a": "1", "b": "2", "com.c": "3"}, environment={"A": "b", "X_Y": "z", "Q": "q"})
    with open(made.attrs["LogPath"]) as log:
        stored = json.loads(log.readline())["attrs"]
    wanted = {"a": "1", "com.c": "3", "A": "b", "X_Y": "z", "tag": f"{made.name}/{made.id[:12]}"}
    assert stored == wanted
    shown = engine.run_cli("logs", "--details", made.name).stdout
    assert shown.endswith(" line\n") and dict(pair.split("=", 1) for pair in shown.split(" ")[0].split(",")).keys() == wanted.keys()


def test_the_local_driver(engine, run):
    made = run("local", "echo first; i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done", {"max-size": "100k", "max-file": "3"})
    assert made.attrs["LogPath"] == "" and made.attrs["HostConfig"]["LogConfig"]["Type"] == "local"
    assert made.logs(tail=1) == b"line 19999\n"
    assert len(glob.glob(f"{engine.data_root}/containers/{made.id}/local-logs/*")) <= 3
    made.remove()
    until(lambda: not glob.glob(f"{engine.data_root}/containers/{made.id}*"), "its files gone")
    assert run("local", "echo to the other >&2").logs(stdout=False) == b"to the other\n"


def test_following_the_local_driver(engine, name):
    made = engine.client.containers.run("busybox", ["sh", "-c", "echo one; read x; echo two"], name=name, detach=True, stdin_open=True,
                                        network_mode="none", log_config=LogConfig(type="local"))
    stream = made.logs(stream=True, follow=True)
    assert next(stream) == b"one\n"
    made.kill()
    assert list(stream) == []
    until(lambda: made.logs() == b"one\n", "its log")
    made.remove(force=True)


@pytest.mark.parametrize("kind, options, part", [
    ("json-file", {"tag": "{{.Nonsense}}"}, "Nonsense"), ("json-file", {"labels-regex": "("}, "regexp"), ("json-file", {"nonsense": "1"}, "nonsense"),
    ("local", {"labels": "a"}, "labels"), ("local", {"max-size": "x"}, "x"), ("nonsense", {}, "nonsense"),
    ("json-file", {"max-file": "0"}, "max-file"), ("json-file", {"compress": "maybe"}, "compress"),
])
def test_wrong_options(hull, kind, options, part):
    with pytest.raises(docker.errors.APIError) as refused:
        hull.client.containers.create("busybox", ["true"], log_config=LogConfig(type=kind, config=options))
    assert refused.value.status_code == 400 and part in refused.value.explanation


def test_non_blocking_delivery(engine, run):
    made = run("json-file", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done", {"mode": "non-blocking", "max-buffer-size": "1m"})
    until(lambda: made.logs().splitlines()[-1:] == [b"line 2999"], "the last line")
    assert made.logs().splitlines() == [b"line %d" % i for i in range(3000)]
    with pytest.raises(docker.errors.APIError):
        engine.client.containers.create("busybox", ["true"], log_config=LogConfig(type="json-file", config={"max-buffer-size": "1m"}))
