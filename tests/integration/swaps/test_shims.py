"""Each shim under each supervisor."""
import pytest
from harness.containerd import Containerd
from harness.paths import peer
from harness.process import run
from harness.waiting import until

STOCK, OURS = "io.containerd.runc.v2", "io.containerd.hull.v2"


@pytest.fixture(scope="module", params=["hull", "stock"])
def below(request):
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull() if request.param == "hull" else Containerd.stock()
    supervisor.import_busybox()
    yield supervisor
    supervisor.close()


IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture(params=[STOCK, OURS])
def runtime(request):
    return request.param


def test_run_and_exit_code(below, runtime):
    done = below.ctr("run", "--rm", "--runtime", runtime, IMAGE, "one", "sh", "-c", "echo out; echo err >&2; exit 5", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 5)


def test_detached_exec_kill_and_state(below, runtime):
    below.ctr("run", "-d", "--runtime", runtime, IMAGE, "two", "sleep", "1000")
    assert "RUNNING" in below.ctr("tasks", "ls").stdout
    assert below.ctr("tasks", "exec", "--exec-id", "e1", "two", "echo", "in").stdout == "in\n"
    assert below.ctr("tasks", "exec", "--exec-id", "e2", "two", "sh", "-c", "exit 8", check=False).returncode == 8
    assert len(below.ctr("tasks", "ps", "two").stdout.splitlines()) == 2
    below.ctr("tasks", "pause", "two")
    assert "PAUSED" in below.ctr("tasks", "ls").stdout
    below.ctr("tasks", "resume", "two")
    below.ctr("tasks", "kill", "-s", "KILL", "two")
    below.ctr("tasks", "rm", "-f", "two", check=False)
    below.ctr("containers", "rm", "two")
    assert "two" not in below.ctr("snapshots", "ls").stdout


def test_a_terminal(below, runtime):
    done = run(["script", "-qec", f"{peer('ctr')} -a {below.socket} run --rm -t --runtime {runtime} {IMAGE} three tty", "/dev/null"])
    assert "/dev/pts/0" in done.stdout


def test_containers_survive_the_supervisor(below, runtime):
    below.ctr("run", "-d", "--runtime", runtime, IMAGE, "four", "sleep", "1000")
    below.daemon.kill()
    below.start()
    assert "RUNNING" in below.ctr("tasks", "ls").stdout
    assert below.ctr("tasks", "exec", "--exec-id", "e", "four", "echo", "still").stdout == "still\n"
    below.ctr("tasks", "kill", "-s", "KILL", "four")
    below.ctr("tasks", "rm", "-f", "four", check=False)
    below.ctr("containers", "rm", "four")


LOGGER = """#!/bin/sh
cd "$2"
echo "$CONTAINER_ID $CONTAINER_NAMESPACE $*" >who
exec 5>&-
cat <&4 >err &
cat <&3 >out
wait
"""


@pytest.mark.parametrize("kind", ["file", "binary"])
def test_output_to_a_file_or_a_logger(below, runtime, tmp_path, kind):
    program = tmp_path / "logger"
    program.write_text(LOGGER)
    program.chmod(0o755)
    uri = f"file://{tmp_path}/both" if kind == "file" else f"binary://{program}?dir={tmp_path}"
    below.ctr("run", "-d", "--runtime", runtime, "--log-uri", uri, IMAGE, "five", "sh", "-c", "echo out; echo err >&2")
    until(lambda: "STOPPED" in below.ctr("tasks", "ls").stdout, "end of the container")

    def text(name: str) -> str:
        return (tmp_path / name).read_text() if (tmp_path / name).exists() else ""
    # Stock shims and loggers copy beside the container, not within it.
    if kind == "file":
        until(lambda: text("both") in ("out\nerr\n", "err\nout\n"), "the file")
    else:
        until(lambda: text("out") == "out\n" and text("err") == "err\n", "the logger's files")
        assert text("who") == f"five default dir {tmp_path}\n"
    below.ctr("tasks", "rm", "five")
    below.ctr("containers", "rm", "five")
