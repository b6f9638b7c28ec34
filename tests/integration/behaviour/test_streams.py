"""What clients ask of a container's output, and of an exec's: streams, times, counts."""
import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def ended(engine):
    container = engine.client.containers.run("busybox", ["sh", "-c", "for i in 1 2 3; do echo line $i; done; printf end"], detach=True,
                                             labels={"app": "a b"}, environment={"MODE": "x=y"},
                                             log_config={"type": "json-file", "config": {"labels": "app", "env": "MODE"}})
    container.wait()
    yield container
    container.remove()


def lines(text: str):
    """Of a multiplexed stream."""
    found = []
    while text:
        length = int.from_bytes(text[4:8].encode("latin-1"), "big")
        found.append(text[8:8 + length])
        text = text[8 + length:]
    return found


ALL = ["line 1\n", "line 2\n", "line 3\n", "end"]


@pytest.mark.parametrize("query,expected", [
    ("tail=2", ALL[2:]), ("tail=0", []), ("tail=all", ALL), ("tail=", ALL), ("tail=many", ALL), ("tail=-5", ALL), ("tail=1.5", ALL),
    ("tail=99999999999999999999", ALL), ("since=0", ALL), ("since=-5", ALL), ("since=1.5", ALL), ("since=9999999999", []), ("until=0", ALL),
    ("until=1", []), ("until=-1", []), ("follow=1", ALL), ("follow=1&tail=1", ALL[3:]), ("follow=1&until=1", []), ("stderr=0", ALL),
    ("details=1", ["MODE=x%3Dy,app=a+b " + line for line in ALL]),
])
def test_logs_as_asked(engine, ended, query, expected):
    status, text = engine.request("GET", f"/containers/{ended.id}/logs?stdout=1&{query}")
    assert status == 200 and lines(text) == expected


@pytest.mark.parametrize("query,quoted", [
    ("since=abc", "abc"), ("since=5m", "5m"), ("until=abc", "abc"), ("since=1.abc", "abc"), ("since=1.", ""), ("since=1.5.5", "5.5"),
    ("since=99999999999999999999", "99999999999999999999"),
])
def test_wrong_times_are_refused(engine, ended, query, quoted):
    status, body = engine.request("GET", f"/containers/{ended.id}/logs?stdout=1&{query}")
    assert status == (500 if engine.name == "docker" else 400) and quoted in body["message"]


def test_a_stream_must_be_chosen(engine, ended):
    for query in ("", "?stdout=0&stderr=false"):
        assert engine.request("GET", f"/containers/{ended.id}/logs{query}") == \
            (400, {"message": "Bad parameters: you must choose at least one stream"})


def test_without_a_log_there_is_nothing_to_read(engine, name):
    container = engine.client.containers.create("busybox", ["true"], name=name, log_config={"type": "none"})
    for query in ("stdout=1", "stdout=1&follow=1"):
        assert engine.request("GET", f"/containers/{name}/logs?{query}") == \
            (501, {"message": "configured logging driver does not support reading"})
    container.remove()


def test_wrong_detach_keys_are_refused(engine, ended):
    for keys in ("zzz", "ctrl-!"):
        status, body = engine.request("POST", f"/containers/{ended.id}/attach?stdout=1&detachKeys={keys}")
        assert status == 400 and f"Invalid detach keys ({keys}) provided" in str(body)


def test_an_exec_gives_the_streams_that_were_asked_for(engine, name):
    container = engine.client.containers.run("busybox", ["sleep", "1000"], name=name, detach=True)
    api = engine.client.api
    for out, err, expected in ((True, True, {b"out\n", b"err\n"}), (True, False, {b"out\n"}), (False, True, {b"err\n"})):
        made = api.exec_create(container.id, ["sh", "-c", "echo out; echo err >&2; exit 3"], stdout=out, stderr=err)
        assert set(api.exec_start(made["Id"]).splitlines(keepends=True)) == expected
        assert api.exec_inspect(made["Id"])["ExitCode"] == 3
    container.remove(force=True)


def test_python_gets_all_output_of_a_fast_exec_on_a_busy_machine(engine, name):
    """It reads the answer's head through a buffer and the output past it: what comes together is lost to it."""
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
    container = engine.client.containers.run("busybox", ["sleep", "600"], name=name, detach=True)
    try:
        for _ in range(100):
            assert container.exec_run("echo all").output == b"all\n"
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
        container.remove(force=True)
