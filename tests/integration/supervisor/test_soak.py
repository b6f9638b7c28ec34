"""Memory and descriptors stay bounded over many containers' lives, and with many at once, whatever listeners do.

A short form runs always; HULL_SOAK=20000 HULL_SOAK_CONTAINERS=1000 is the long one (`dev/test integration supervisor -k soak`)."""
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading

import docker
import pytest
from harness.engine import Hull
from harness.paths import peer
from harness.waiting import until

CYCLES = int(os.environ.get("HULL_SOAK", "160"))
CONTAINERS = int(os.environ.get("HULL_SOAK_CONTAINERS", "24"))
CLIENTS = 4
# What hulld takes until its queues and tables are full, after some 2,000 lives; from there on it stays (docs/performance.md).
SLACK_KIB = 24 << 10


def private_kib(pid: int) -> int:
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def work(count: int, one):
    """one(client, number) for each number, by a few clients."""
    numbers, failures = queue.SimpleQueue(), []
    for number in range(count):
        numbers.put(number)

    def serve(client):
        try:
            while True:
                one(client, numbers.get_nowait())
        except queue.Empty:
            pass
        except Exception as error:  # noqa: BLE001: told by the test's own thread
            failures.append(error)
    return numbers, failures, serve


def in_parallel(engine, count: int, one):
    _, failures, serve = work(count, one)
    clients = [docker.DockerClient(base_url=engine.host, version="auto", timeout=120) for _ in range(CLIENTS)]
    threads = [threading.Thread(target=serve, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert not failures, failures[0]


@pytest.fixture
def engine():
    engine = Hull()
    engine.load_busybox()
    yield engine
    engine.close()


def daemons(engine) -> dict[str, int]:
    (containerd,) = engine.containerd_pids()
    return {"hulld": engine.daemon.process.pid, "hull-containerd": containerd}


def measure(engine) -> dict[str, tuple[int, int]]:
    return {name: (private_kib(pid), descriptors(pid)) for name, pid in daemons(engine).items()}


def settled(engine, before) -> dict[str, tuple[int, int]]:
    """What is left once connections are closed and removals done; descriptors come back but for hulld's pool of channels."""
    most = {name: files + 64 for name, (_, files) in before.items()}
    until(lambda: all(files <= most[name] for name, (_, files) in measure(engine).items()), f"no more descriptors than {most}")
    return measure(engine)


def life(client, number: int):
    container = client.containers.create("busybox", ["sleep", "1000"], network_mode="none")
    try:
        container.start()
        result = container.exec_run(["echo", str(number)])
        assert (result.exit_code, result.output) == (0, f"{number}\n".encode())
    finally:
        container.remove(force=True)


class Deaf:
    """Listeners to events that have stopped reading."""

    def __init__(self, engine):
        self.peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.peer.connect(engine.socket)
        self.peer.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        self.processes = []
        if peer("ctr"):
            address = next(engine.exec_root.rglob("*containerd.sock"))
            self.processes = [subprocess.Popen([peer("ctr"), "-a", str(address), "events"], stdin=subprocess.DEVNULL,
                                               stdout=subprocess.PIPE) for _ in range(3)]
            self.beat(address)
            for process in self.processes:
                process.stdout.readline()
                process.send_signal(signal.SIGSTOP)

    def beat(self, address):
        """Something to hear, until all have heard it."""
        def heard():
            subprocess.run([peer("ctr"), "-a", str(address), "-n", "beat", "namespaces", "label", "beat", "x=y"], check=False,
                           capture_output=True)
            return all(select_readable(process.stdout) for process in self.processes)
        subprocess.run([peer("ctr"), "-a", str(address), "namespaces", "create", "beat"], check=True)
        until(heard, "listeners")
        subprocess.run([peer("ctr"), "-a", str(address), "namespaces", "rm", "beat"], check=True, capture_output=True)

    def close(self):
        self.peer.close()
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()


def select_readable(stream) -> bool:
    import select
    return bool(select.select([stream], [], [], 0)[0])


def test_soak_of_many_lives(engine):
    deaf = Deaf(engine)
    try:
        in_parallel(engine, max(CYCLES // 5, 60), life)
        warm = measure(engine)
        in_parallel(engine, CYCLES, life)
        until(lambda: engine.shims() == [], "end of all shims")
        after = settled(engine, warm)
    finally:
        deaf.close()
    print(f"{CYCLES} lives: KiB private and descriptors before {warm}, after {after}")
    for name, (memory, _) in after.items():
        assert memory <= warm[name][0] + SLACK_KIB, (name, warm, after)


def test_soak_of_many_at_once(engine):
    in_parallel(engine, 60, life)
    before = measure(engine)

    def start(client, _):
        client.containers.create("busybox", ["sleep", "1000"], network_mode="none").start()
    in_parallel(engine, CONTAINERS, start)
    full, shims = measure(engine), engine.shims()
    assert len(shims) == CONTAINERS
    of_shims = [(private_kib(pid), descriptors(pid)) for pid in shims]
    most = max(memory for memory, _ in of_shims), max(files for _, files in of_shims)
    print(f"{CONTAINERS} at once: before {before}, full {full}; shims at most {most}")
    assert most[0] <= 512 and most[1] <= 40, most
    for name, (memory, files) in full.items():
        assert memory <= before[name][0] + SLACK_KIB + 100 * CONTAINERS, (name, before, full)
        assert files <= before[name][1] + 8 + 10 * CONTAINERS, (name, before, full)

    def end(client, number):
        client.containers.get(names[number]).remove(force=True)
    names = [container.id for container in engine.client.containers.list()]
    in_parallel(engine, CONTAINERS, end)
    until(lambda: engine.shims() == [], "end of all shims")
    after = settled(engine, before)
    print(f"gone: {after}")
    for name, (memory, _) in after.items():
        assert memory <= before[name][0] + SLACK_KIB, (name, before, after)
