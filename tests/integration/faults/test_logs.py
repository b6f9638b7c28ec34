"""What a container writes reaches its log and its readers once, whole and in order, whatever happens to the engine or the readers."""
import calendar
import pathlib
import shutil
import subprocess
import time

import pytest
from harness.engine import UnixConnection
from harness.waiting import until

# Two pieces a line, so that the engine holds unfinished ones.
COUNTER = "i=0; while true; do i=$((i+1)); printf 'line '; echo $i; usleep 1000; done"


def numbers(text: bytes):
    return [int(line.removeprefix(b"line ")) for line in text.splitlines()]


def pump_threads(engine):
    tasks = pathlib.Path(f"/proc/{engine.daemon.process.pid}/task")
    return [task.name for task in tasks.iterdir() if (task / "comm").read_text().strip() == "stdio"]


def kill_at(engine, call: str, when: int):
    """SIGKILL before the n-th such system call of a thread that moves output."""
    threads = [part for thread in pump_threads(engine) for part in ("-p", thread)]
    assert threads
    tracer = subprocess.Popen(["strace", *threads, "-qqq", "-o", "/dev/null", "-e", f"trace={call}",
                               "-e", f"inject={call}:signal=SIGKILL:when={when}"], stdin=subprocess.DEVNULL)
    try:
        engine.daemon.process.wait(30)
    finally:
        tracer.kill()
        tracer.wait()
    engine.kill_hulld()


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("tty", [False, True], ids=["pipes", "terminal"])
def test_a_kill_at_any_step_of_the_way_to_the_log_loses_nothing(own_hull, tty):
    engine = own_hull
    writer = engine.client.containers.run("busybox", ["sh", "-c", COUNTER], name="writer", detach=True, tty=tty)
    for call in ("splice", "pread64", "write", "pwrite64", "epoll_wait"):
        for when in (1, 2, 5):
            before = len(writer.logs())
            kill_at(engine, call, when)
            engine.start()
            writer = engine.client.containers.get("writer")
            until(lambda: len(writer.logs()) > before + 500, f"{call} {when}: the writer goes on")
    writer.kill()
    lines = numbers(writer.logs())
    assert len(lines) > 100 and lines == list(range(1, len(lines) + 1))


def attach(engine, container: str, query: str):
    """The raw connection, behind the head of the answer."""
    connection = UnixConnection(engine.socket)
    connection.connect()
    connection.sock.sendall(f"POST /containers/{container}/attach?{query} HTTP/1.1\r\nHost: hull\r\nContent-Length: 0\r\n"
                            "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.sock.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head
    return connection.sock


def frames(sock):
    """The pieces of a multiplexed stream."""
    source = sock.makefile("rb")
    while head := source.read(8):
        yield source.read(int.from_bytes(head[4:], "big"))


def test_attach_gives_the_log_and_what_follows_without_a_seam(hull, name):
    script = f"i=0; while [ $i -lt 20000 ]; do i=$((i+1)); printf 'line '; echo $i; done; {COUNTER.replace('i=0; ', '')}"
    options = {"type": "json-file", "config": {"max-size": "100k", "max-file": "100"}}
    container = hull.client.containers.run("busybox", ["sh", "-c", script], name=name, detach=True, log_config=options)
    until(lambda: container.logs(tail=1), "output")
    for _ in range(5):
        with attach(hull, name, "logs=1&stream=1&stdout=1&stderr=1") as sock:
            text = b""
            end = None
            for piece in frames(sock):
                text += piece
                # Well behind what was in the log when it began.
                end = end or len(text) + len(container.logs())
                if len(text) > end:
                    break
        lines = numbers(text[:text.rindex(b"\n") + 1])
        assert lines == list(range(1, len(lines) + 1))
    container.remove(force=True)


def test_attach_to_the_log_alone(hull, name):
    container = hull.client.containers.run("busybox", ["sh", "-c", "echo out; echo err >&2; printf end"], name=name, detach=True)
    container.wait()
    with attach(hull, name, "logs=1&stdout=1") as sock:
        assert list(frames(sock)) == [b"out\n", b"end"]
    with attach(hull, name, "logs=1&stream=0&stderr=1") as sock:
        assert list(frames(sock)) == [b"err\n"]
    container.remove()


def memory_of(engine) -> int:
    """KiB that are hulld's own."""
    lines = pathlib.Path(f"/proc/{engine.daemon.process.pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def follow(engine, container: str):
    connection = UnixConnection(engine.socket, timeout=60)
    connection.request("GET", f"/containers/{container}/logs?stdout=1&follow=1")
    return connection


def test_a_reader_that_does_not_read_holds_up_nobody(own_hull):
    """Of the log: 40 MB go past it."""
    engine = own_hull
    size = 40_000_000
    engine.client.containers.run("busybox", ["sh", "-c", f"yes 0123456789 | head -c {size}; echo done; sleep 1000"], name="writer",
                                 detach=True, log_config={"type": "json-file", "config": {"max-size": "1g", "max-file": "1"}})
    idle = [follow(engine, "writer") for _ in range(10)]
    before = memory_of(engine)
    reader = follow(engine, "writer").getresponse()
    text = b""
    for piece in frames(reader_socket(reader)):
        text = text[-20:] + piece
        if text.endswith(b"done\n"):
            break
    assert memory_of(engine) - before < 32 * 1024
    for connection in idle:
        connection.close()
    assert engine.client.containers.get("writer").exec_run("echo in").output == b"in\n"


class reader_socket:
    """A response as a socket."""

    def __init__(self, response):
        self.response = response

    def makefile(self, _):
        return self.response


def test_an_attached_client_that_does_not_read_costs_little_and_holds_up_no_reader_of_the_log(own_hull):
    """Its container waits for it, as in docker; all that was written can be read meanwhile, and all goes on once it leaves."""
    engine = own_hull
    size = 30_000_000
    container = engine.client.containers.create("busybox", ["sh", "-c", f"yes 0123456789 | head -c {size}; echo done"], name="writer")
    idle = attach(engine, "writer", "stream=1&stdout=1&stderr=1")
    other = attach(engine, "writer", "stream=1&stdout=1&stderr=1")
    before = memory_of(engine)
    container.start()
    pieces = frames(other)
    taken = len(next(pieces))
    until(lambda: len(container.logs()) > 1_000_000, "the log is readable")
    assert engine.client.containers.run("busybox", ["echo", "others"], remove=True) == b"others\n"
    assert memory_of(engine) - before < 32 * 1024
    assert container.status != "exited"
    idle.close()
    taken += sum(len(piece) for piece in pieces)
    assert taken == size + 5
    assert container.wait(timeout=60)["StatusCode"] == 0


def test_following_ends_when_the_container_is_removed(hull, name):
    for options in ({}, {"max-size": "10k", "max-file": "2"}):
        container = hull.client.containers.run("busybox", ["sh", "-c", COUNTER], name=name, detach=True,
                                               log_config={"type": "json-file", "config": options})
        response = follow(hull, name).getresponse()
        response.read(1000)
        container.remove(force=True)
        response.read()  # to a proper end of the chunked body: a cut one raises
        assert response.isclosed()


@pytest.fixture
def rotated(hull, name):
    """A container whose log consists of several files."""
    script = ("i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo line $i; done; read x; "
              "while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done")
    container = hull.client.containers.run("busybox", ["sh", "-c", script], name=name, detach=True, stdin_open=True,
                                           log_config={"type": "json-file", "config": {"max-size": "20k", "max-file": "20"}})
    until(lambda: container.logs(tail=1) == b"line 1000\n", "the first half")
    directory = hull.data_root / "containers" / container.id
    assert len(list(directory.glob("*-json.log.*"))) > 2
    yield container
    container.remove(force=True)


def go_on(container):
    container.attach_socket(params={"stdin": 1, "stream": 1})._sock.sendall(b"\n")


def test_a_rotated_log_reads_as_one(rotated):
    assert numbers(rotated.logs()) == list(range(1, 1001))
    for tail in (1, 150, 700, 5000):
        assert numbers(rotated.logs(tail=tail)) == list(range(1, 1001))[-tail:]
    stamped = rotated.logs(timestamps=True).splitlines()
    times = [line.split()[0].decode() for line in stamped]
    assert times == sorted(times) and len(set(times)) == 1000

    def unix(text):
        return f"{calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))}.{text[20:29]}"

    def ask(**query):
        path = f"/v1.41/containers/{rotated.id}/logs?stdout=1&" + "&".join(f"{k}={v}" for k, v in query.items())
        url = rotated.client.api.base_url + path
        return numbers(b"".join(frames(reader_socket(rotated.client.api.get(url, stream=True).raw))))
    assert ask(since=unix(times[299])) == list(range(300, 1001))
    assert ask(until=unix(times[299])) == list(range(1, 301))
    assert ask(since=unix(times[99]), until=unix(times[899])) == list(range(100, 901))
    assert ask(since=unix(times[99]), tail=10) == list(range(991, 1001))


def test_following_goes_on_across_rotations(rotated):
    everything = rotated.logs(stream=True, follow=True)
    last = rotated.logs(stream=True, follow=True, tail=5)
    assert [next(last) for _ in range(5)] == [b"line %d\n" % i for i in range(996, 1001)]
    go_on(rotated)
    assert numbers(b"".join(everything)) == list(range(1, 2001))
    assert numbers(b"".join(last)) == list(range(1001, 2001))


def test_following_ends_at_until(rotated):
    lines = rotated.logs(stream=True, follow=True, tail=1, until=int(time.time()) + 2)
    assert b"".join(lines) == b"line 1000\n"  # the container still runs
    assert rotated.client.api.inspect_container(rotated.id)["State"]["Running"]
