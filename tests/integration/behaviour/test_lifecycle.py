"""Containers from create to remove, through the API and the command line."""
import re
import threading
import time

import docker
import pytest
from harness.waiting import until


@pytest.fixture
def sleeper(engine, name):
    container = engine.client.containers.run("busybox", ["sleep", "1000"], name=name, detach=True)
    yield container
    try:
        container.remove(force=True)
    except docker.errors.NotFound:
        pass


def test_states_in_order(engine, name):
    container = engine.client.containers.create("busybox", ["sleep", "1000"], name=name)
    assert container.status == "created" and container.attrs["State"]["StartedAt"] == "0001-01-01T00:00:00Z"
    container.start()
    container.reload()
    assert container.status == "running" and container.attrs["State"]["Pid"] > 0
    container.pause()
    container.reload()
    assert container.status == "paused" and container.attrs["State"]["Running"]
    container.unpause()
    container.stop(timeout=0)
    container.reload()
    assert container.status == "exited" and container.attrs["State"]["ExitCode"] == 137
    container.start()
    container.kill("TERM")  # no handler: PID 1 ignores it
    container.kill()
    assert container.wait()["StatusCode"] == 137
    container.remove()
    with pytest.raises(docker.errors.NotFound):
        engine.client.containers.get(name)


def test_stop_sends_the_signal_first(engine, name):
    container = engine.client.containers.run(
        "busybox", ["sh", "-c", "trap 'exit 5' INT; echo ready; while true; do sleep 0.05; done"], name=name, detach=True,
        stop_signal="INT")
    until(lambda: container.logs() == b"ready\n", "the handler is set")
    container.stop(timeout=20)
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 5
    container.remove()


def test_restart_makes_a_new_process(sleeper):
    sleeper.reload()
    first = sleeper.attrs["State"]
    sleeper.restart(timeout=0)
    sleeper.reload()
    assert sleeper.attrs["State"]["Running"] and sleeper.attrs["State"]["Pid"] != first["Pid"]
    assert sleeper.attrs["State"]["StartedAt"] > first["StartedAt"]


def test_start_and_stop_twice_are_not_modified(engine, sleeper):
    assert engine.request("POST", f"/containers/{sleeper.id}/start")[0] == 304
    sleeper.stop(timeout=0)
    assert engine.request("POST", f"/containers/{sleeper.id}/stop")[0] == 304


def test_rename_and_its_conflict(engine, sleeper, name):
    sleeper.rename(name + "-new")
    assert engine.client.containers.get(name + "-new").id == sleeper.id
    status, body = engine.request("POST", f"/containers/create?name={name}-new", {"Image": "busybox"})
    assert status == 409 and f'The container name "/{name}-new" is already in use by container "{sleeper.id}"' in body["message"]


def test_wait_returns_when_it_ends(engine, sleeper):
    codes = []
    waiter = threading.Thread(target=lambda: codes.append(sleeper.wait()["StatusCode"]))
    waiter.start()
    sleeper.kill()
    waiter.join(20)
    assert codes == [137]


def test_restart_policy_on_failure(engine, name):
    container = engine.client.containers.run("busybox", ["false"], name=name, detach=True,
                                             restart_policy={"Name": "on-failure", "MaximumRetryCount": 2})

    def ended():
        container.reload()
        return container.attrs["RestartCount"] == 2 and container.status == "exited"
    until(ended, "two restarts", 30)
    container.remove()


def test_exec_streams_code_user_and_workdir(sleeper):
    result = sleeper.exec_run(["sh", "-c", "echo out; echo err >&2; exit 3"], demux=True)
    assert result.exit_code == 3 and result.output == (b"out\n", b"err\n")
    assert sleeper.exec_run("id -u", user="33").output == b"33\n"
    assert sleeper.exec_run("pwd", workdir="/etc").output == b"/etc\n"
    assert sleeper.exec_run(["sh", "-c", "echo $A"], environment={"A": "b"}).output == b"b\n"


def test_exec_exit_codes_as_docker(engine, sleeper):
    assert engine.run_cli("exec", sleeper.name, "nonsense", check=False).returncode in (126, 127)
    assert engine.run_cli("exec", sleeper.name, "sh", "-c", "exit 9", check=False).returncode == 9
    assert engine.run_cli("exec", "-i", sleeper.name, "cat", input="through").stdout == "through"


def test_exec_in_a_stopped_container_is_a_conflict(engine, sleeper):
    sleeper.kill()
    sleeper.wait()
    status, body = engine.request("POST", f"/containers/{sleeper.id}/exec", {"Cmd": ["true"]})
    assert status == 409 and f"ontainer {sleeper.id} is not running" in body["message"]


def test_logs_tail_since_timestamps(engine, name):
    container = engine.client.containers.run("busybox", ["sh", "-c", "for i in 1 2 3; do echo line $i; done; echo e >&2"],
                                             name=name, detach=True)
    container.wait()
    assert container.logs(stderr=False) == b"line 1\nline 2\nline 3\n"
    assert container.logs(stdout=False) == b"e\n"
    assert container.logs(tail=2).count(b"\n") == 2
    assert re.fullmatch(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d\n){3}", container.logs(stderr=False, timestamps=True))
    assert container.logs(since=int(time.time()) + 100) == b""
    container.remove()


def test_logs_follow_ends_with_the_container(engine, name):
    container = engine.client.containers.run("busybox", ["sh", "-c", "echo a; read x; echo b"], name=name, detach=True,
                                             stdin_open=True)
    lines = container.logs(stream=True, follow=True)
    assert next(lines) == b"a\n"
    socket = container.attach_socket(params={"stdin": 1, "stream": 1})
    socket._sock.sendall(b"x\n")
    assert b"".join(lines) == b"b\n"
    socket.close()
    container.remove()


def test_long_lines_come_whole(engine, name):
    container = engine.client.containers.run("busybox", ["sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo"],
                                             name=name, detach=True)
    container.wait()
    assert container.logs() == b"x" * 100000 + b"\n"
    container.remove()


def test_inspect_list_and_top(engine, sleeper, name):
    listed = engine.client.containers.list(filters={"name": name})
    assert [c.id for c in listed] == [sleeper.id]
    assert sleeper.top()["Titles"] == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    # For a moment after the start it still is what becomes the program.
    until(lambda: [p[-1] for p in sleeper.top()["Processes"]] == ["sleep 1000"], "the program")
    sleeper.reload()
    assert sleeper.attrs["Name"] == f"/{name}" and sleeper.attrs["Path"] == "sleep" and sleeper.attrs["Args"] == ["1000"]


def test_removing_a_running_container_needs_force(engine, sleeper):
    status, body = engine.request("DELETE", f"/containers/{sleeper.id}")
    assert status == 409 and "cannot remove" in body["message"].lower()


def test_events_come_in_dockers_order(engine, name):
    since = time.time()
    engine.client.containers.run("busybox", ["true"], name=name, remove=True)
    until(lambda: not engine.client.containers.list(all=True, filters={"name": name}), "removal")
    seen = [e["Action"] for e in engine.client.events(since=since, until=time.time() + 0.5, decode=True, filters={"container": name})
            if e["Type"] == "container"]
    assert [a for a in seen if a in ("create", "start", "die", "destroy")] == ["create", "start", "die", "destroy"]


def test_a_container_can_be_found_by_short_id(engine, sleeper):
    assert engine.client.containers.get(sleeper.id[:12]).id == sleeper.id


def test_parallel_starts(engine):
    made = []

    def one():
        made.append(engine.client.containers.run("busybox", ["sleep", "100"], detach=True))
    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 8
    for container in made:
        container.remove(force=True)


def test_disk_usage_knows_the_containers_and_who_uses_an_image(engine, sleeper):
    usage = engine.client.df()
    assert sleeper.id in [container["Id"] for container in usage["Containers"]]
    image = next(image for image in usage["Images"] if image["Id"] == sleeper.image.id)
    assert image["Containers"] >= 1


def test_a_prune_of_the_build_cache_removes_what_there_is(engine):
    assert engine.client.api.prune_builds()["SpaceReclaimed"] >= 0
