"""`hull run` beside its plain way: pipes that close, Ctrl-C at any moment, pulls on the way, --rm with -d."""
import io
import os
import signal
import subprocess
import tarfile
import threading

import pytest
from harness.images import BUSYBOX_CONFIG, busybox_rootfs
from harness.terminal import Terminal
from harness.waiting import until
from registry import FakeImage, FakeRegistry, digest, stalled

ENDED_BY_PIPE = 128 + signal.SIGPIPE


@pytest.fixture
def cli(hull, name):
    """Starts the client in the background; containers of the test's name are gone after it."""
    started = []

    def start(*arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment(hull), **options}
        started.append(subprocess.Popen([hull.cli, *arguments], **options))
        return started[-1]
    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()
    for container in hull.client.containers.list(all=True, filters={"name": name}):
        container.remove(force=True)


@pytest.fixture
def registry():
    made = FakeRegistry()
    yield made
    made.close()


def environment(hull):
    return {**os.environ, "DOCKER_HOST": hull.host, "DOCKER_CONFIG": str(hull.folder / "config")}


def fresh_image():
    """Busybox below a layer that no engine has yet."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        marker = tarfile.TarInfo("fresh")
        marker.size = 1 << 20
        tar.addfile(marker, io.BytesIO(os.urandom(marker.size)))
    return FakeImage([busybox_rootfs(), sink.getvalue()], BUSYBOX_CONFIG)


def containers(hull):
    return {container["Id"] for container in hull.client.api.containers(all=True)}


def test_a_reader_that_goes_away_ends_logs_without_a_word(hull, cli, name):
    hull.run_cli("run", "-d", "--name", name, "busybox", "sh", "-c", "seq 1 200000; exec sleep 1000")
    logs = cli("logs", "-f", name)
    assert logs.stdout.readline() == b"1\n"
    logs.stdout.close()
    assert logs.wait(20) == ENDED_BY_PIPE
    assert logs.stderr.read() == b""


def test_a_reader_that_goes_away_ends_run_without_a_word(cli, name):
    run = cli("run", "--name", name, "--network", "none", "busybox", "yes")
    assert run.stdout.readline() == b"y\n"
    run.stdout.close()
    assert run.wait(20) == ENDED_BY_PIPE
    assert run.stderr.read() == b""


def test_a_reader_that_was_never_there_ends_lists_without_a_word(cli):
    reader, writer = os.pipe()
    os.close(reader)
    images = cli("images", stdout=writer)
    os.close(writer)
    assert images.wait(20) == ENDED_BY_PIPE
    assert images.stderr.read() == b""


def test_a_full_disk_is_told(cli):
    with open("/dev/full", "w") as full:
        images = cli("images", stdout=full)
        assert images.wait(20) == 1
    assert b"no space left on device" in images.stderr.read()


def test_rm_and_detach(hull, name):
    before = containers(hull)
    started = hull.run_cli("run", "--rm", "-d", "--name", name, "busybox", "true").stdout.strip()
    assert len(started) == 64
    until(lambda: containers(hull) == before, "removal of the container")


def test_a_pull_on_the_way_is_shown_on_standard_error_only(hull, registry):
    image = registry.add("box", fresh_image())
    try:
        done = hull.run_cli("run", "--rm", image, "echo", "output")
        assert done.stdout == "output\n"
        lines = done.stderr.splitlines()
        assert lines[0] == f"Unable to find image '{image}' locally"
        assert lines[1] == "1: Pulling from box" and any(line.endswith(": Pull complete") for line in lines), lines
        assert lines[-1] == f"Status: Downloaded newer image for {image}"
        again = hull.run_cli("run", "--rm", "--pull", "always", "-q", image, "echo", "output")
        assert (again.stdout, again.stderr) == ("output\n", "")
    finally:
        hull.run_cli("rmi", "-f", image, check=False)


def test_a_pull_on_the_way_draws_bars_on_a_terminal(hull, registry):
    image = registry.add("bars", fresh_image())
    terminal = Terminal([hull.cli, "run", "--rm", image, "echo", "output"], env=environment(hull))
    try:
        terminal.expect(b"Pulling from bars")
        terminal.expect(b"\x1b[1A\x1b[2K\r")
        terminal.expect(b"output")
        assert terminal.ends() == 0 and terminal.is_restored()
    finally:
        terminal.close()
        hull.run_cli("rmi", "-f", image, check=False)


def test_an_interrupt_while_pulling_ends_it_and_makes_no_container(hull, cli, registry):
    slow = fresh_image()
    layer = slow.layers[-1]
    image = registry.add("slow", slow)
    released = threading.Event()
    registry.trouble[digest(layer)] = stalled(layer, released)
    before = containers(hull)
    run = cli("run", image, "true")
    until(lambda: any(digest(layer) in request for request in registry.requests), "the layer to be asked for")
    run.send_signal(signal.SIGINT)
    assert run.wait(20) in (-signal.SIGINT, 128 + signal.SIGINT)
    released.set()
    assert containers(hull) == before and hull.pings()


def test_an_interrupt_reaches_the_container_and_its_exit_code_comes_back(hull, cli, name):
    script = "trap 'exit 42' INT; echo ready; while :; do sleep 0.05; done"
    run = cli("run", "--name", name, "busybox", "sh", "-c", script)
    assert run.stdout.readline() == b"ready\n"
    run.send_signal(signal.SIGINT)
    assert run.wait(20) == 42


def test_without_sig_proxy_an_interrupt_ends_only_the_client(hull, cli, name):
    run = cli("run", "--sig-proxy=false", "--name", name, "busybox", "sh", "-c", "echo ready; exec sleep 1000")
    assert run.stdout.readline() == b"ready\n"
    run.send_signal(signal.SIGINT)
    assert run.wait(20) in (-signal.SIGINT, 128 + signal.SIGINT)
    assert hull.client.containers.get(name).status == "running"


def test_a_signal_to_the_client_of_a_terminal_reaches_the_container(hull, name):
    script = "trap 'exit 43' TERM; echo ready; while :; do sleep 0.05; done"
    terminal = Terminal([hull.cli, "run", "-it", "--rm", "--name", name, "busybox", "sh", "-c", script], env=environment(hull))
    try:
        terminal.expect(b"ready")
        terminal.child.send_signal(signal.SIGTERM)
        assert terminal.ends() == 43 and terminal.is_restored()
    finally:
        terminal.close()


def test_the_terminal_has_its_size_from_the_start(hull, name):
    terminal = Terminal([hull.cli, "run", "-it", "--rm", "--name", name, "busybox", "stty", "size"], env=environment(hull))
    try:
        terminal.expect(b"24 80\r\n")
        assert terminal.ends() == 0
    finally:
        terminal.close()
    created = Terminal([hull.cli, "create", "-t", "--name", name, "busybox", "stty", "size"], env=environment(hull))
    try:
        assert created.ends() == 0
    finally:
        created.close()
    started = hull.run_cli("start", "-a", name)  # with no terminal here
    assert started.stdout == "24 80\n"


def test_a_start_that_fails_restores_the_terminal_and_removes_the_container(hull, name):
    before = containers(hull)
    terminal = Terminal([hull.cli, "run", "-it", "--rm", "--name", name, "busybox", "/nonexistent"], env=environment(hull))
    try:
        terminal.expect(b"no such file or directory")
        assert terminal.ends() == 127 and terminal.is_restored()
    finally:
        terminal.close()
    assert containers(hull) == before
