"""SIGKILL of hulld, of hull-containerd, of both, with ten containers running: nothing stops, nothing is lost."""
import os
import pathlib
import re
import select
import socket
import time

import pytest
from harness.waiting import until

KILLS = ["hulld", "hull-containerd", "both"]
COUNTER = "i=0; while true; do i=$((i+1)); echo $i; usleep 2000; done"


@pytest.fixture
def fleet(own_hull):
    """One with a terminal, one that logs without end, one with a published port, one that will end soon, six that sleep."""
    engine = own_hull
    run = engine.client.containers.run
    made = {
        "terminal": run("busybox", ["sh"], name="terminal", detach=True, tty=True, stdin_open=True),
        "writer": run("busybox", ["sh", "-c", COUNTER], name="writer", detach=True),
        "server": run("busybox", ["sh", "-c", "while true; do echo served | nc -l -p 80; done"], name="server", detach=True,
                      ports={"80/tcp": ("127.0.0.1", None)}),
        "ending": run("busybox", ["sh", "-c", "read x; exit 42"], name="ending", detach=True, stdin_open=True),
    }
    for i in range(6):
        made[f"sleeper{i}"] = run("busybox", ["sleep", "10000"], name=f"sleeper{i}", detach=True)
    return engine, made


def pids(engine):
    return {c["Names"][0]: engine.client.api.inspect_container(c["Id"])["State"]["Pid"] for c in engine.client.api.containers()}


def kill(engine, what):
    if what in ("hulld", "both"):
        engine.kill_hulld()
    if what in ("hull-containerd", "both"):
        engine.kill_containerd()


def revive(engine, what):
    if what in ("hulld", "both"):
        engine.start()
    until(lambda: engine.pings() and engine.containerd_pids(), "the engine is back")


def ends_meanwhile(pid):
    """Kills a container's process while no daemon looks, and waits until it is gone."""
    os.kill(pid, 9)
    until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), f"end of {pid}")


def numbers(container):
    return [int(line) for line in container.logs().split()]


@pytest.mark.parametrize("what", KILLS)
def test_nothing_stops_and_nothing_is_lost(fleet, what):
    engine, made = fleet
    before = pids(engine)
    until(lambda: len(numbers(made["writer"])) > 50, "the writer writes")
    port = int(engine.client.containers.get("server").attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"])

    kill(engine, what)
    for pid in before.values():
        assert pathlib.Path(f"/proc/{pid}").exists()
    ends_meanwhile(before["/ending"])
    revive(engine, what)

    # ps and exit codes, also of the one that ended meanwhile.
    after = until(lambda: (now := pids(engine)) and "/ending" not in now and now, "the ended one is noticed")
    del before["/ending"]
    assert after == before
    ending = engine.client.api.inspect_container("ending")["State"]
    assert ending["ExitCode"] == 137 and not ending["Running"] and ending["FinishedAt"] > ending["StartedAt"]

    # No line lost or doubled.
    seen = len(numbers(engine.client.containers.get("writer")))
    until(lambda: len(numbers(engine.client.containers.get("writer"))) > seen + 50, "the writer still writes")
    lines = numbers(engine.client.containers.get("writer"))
    assert lines == list(range(1, len(lines) + 1))

    # exec, attach, the port, stop.
    assert engine.client.containers.get("sleeper0").exec_run("echo in").output == b"in\n"
    attached = engine.client.containers.get("terminal").attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})._sock
    attached.sendall(b"echo $((40+2))\n")
    seen = b""
    deadline = time.monotonic() + 20
    while b"42\r\n" not in seen and time.monotonic() < deadline:
        if select.select([attached], [], [], 1)[0]:
            seen += attached.recv(1000)
    assert b"42\r\n" in seen
    attached.close()

    def fetch():
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as peer:
                peer.settimeout(2)
                return peer.recv(100)
        except OSError:
            return None
    assert until(fetch, "the published port answers") == b"served\n"
    sleeper = engine.client.containers.get("sleeper1")
    sleeper.stop(timeout=0)
    assert sleeper.wait()["StatusCode"] == 137


@pytest.mark.parametrize("what", KILLS)
def test_wait_and_new_containers_work_after_a_kill(own_hull, what):
    engine = own_hull
    engine.client.containers.run("busybox", ["sh", "-c", "read x; exit 7"], name="ender", detach=True, stdin_open=True)
    kill(engine, what)
    revive(engine, what)
    attached = engine.client.containers.get("ender").attach_socket(params={"stdin": 1, "stream": 1})._sock
    attached.sendall(b"\n")
    assert engine.client.containers.get("ender").wait(timeout=20)["StatusCode"] == 7
    attached.close()
    assert engine.client.containers.run("busybox", ["echo", "new"], remove=True) == b"new\n"


def test_a_kill_in_the_middle_of_creates_leaves_nothing_half_made(own_hull):
    engine = own_hull
    for round_number in range(3):
        client = engine.client
        import threading
        stop = threading.Event()

        def churn():
            while not stop.is_set():
                try:
                    client.containers.run("busybox", ["true"], remove=True, network_mode="none")
                except Exception:  # the engine is being killed: anything may come back
                    pass
        thread = threading.Thread(target=churn)
        thread.start()
        until(lambda: client.api.events is not None and engine.shims() is not None, "churning")
        time_to_kill = time.monotonic() + 0.3 + 0.1 * round_number
        until(lambda: time.monotonic() > time_to_kill, "some work was done")
        engine.kill_hulld()
        stop.set()
        thread.join(60)
        engine.start()
        for container in engine.client.containers.list(all=True):
            container.reload()
            assert container.status in ("created", "running", "exited"), container.status
            container.remove(force=True)
        assert engine.client.containers.run("busybox", ["echo", "ok"], remove=True) == b"ok\n"


def test_a_volume_in_use_is_kept_after_a_kill(own_hull):
    engine = own_hull
    engine.client.containers.create("busybox", ["true"], name="holder", volumes={"kept": {"bind": "/data"}})
    engine.kill_hulld()
    engine.start()
    status, answer = engine.request("DELETE", "/volumes/kept")
    assert status == 409 and "volume is in use" in answer["message"]
    engine.client.containers.get("holder").remove()
    assert engine.request("DELETE", "/volumes/kept")[0] == 204


def test_a_damaged_database_is_refused_and_said(own_hull):
    engine = own_hull
    engine.daemon.terminate()
    database = next(p for p in engine.data_root.rglob("containers.db"))
    good = database.read_bytes()
    for extra in database.parent.glob("containers.db-*"):
        extra.unlink()
    database.write_bytes(os.urandom(8192))
    from harness.process import Daemon
    broken = Daemon(engine.command(), engine.folder / "broken.log")
    assert broken.process.wait(30) != 0
    assert "containers.db" in broken.tail() and re.search("not a database|malformed", broken.tail())
    database.write_bytes(good)
    engine.start()
