"""A stock dockerd on each supervisor with each shim. HULL_DOCKERD2 names a dockerd of Docker 28, HULL_CONTAINERD2 a containerd
2.x, whose shim and ctr are beside it; without them their rows are left out."""
import json
import os
import pathlib
import re

import pytest
from harness.containerd import Containerd
from harness.engine import Hull, StockDocker
from harness.paths import ours, peer
from harness.process import kill_pid, program_of, run
from harness.waiting import until
from images.registry import StockRegistry

NEWER = {"dockerd": os.environ.get("HULL_DOCKERD2", ""), "containerd": os.environ.get("HULL_CONTAINERD2", "")}
SHIMS = {"hull": "containerd-shim-hull-v2", "stock": "containerd-shim-runc-v2"}
VERSIONS = {"debian": False, "newer": False, "newer-image-store": True}


def program(name: str, version: str) -> str:
    found = peer(name) if version == "debian" else NEWER[name]
    if not found:
        pytest.skip(f"{name} is not installed ({name} of Debian, HULL_{name.upper()}2 for a newer one)")
    return found


def supervisor_of(kind: str, version: str, shim: str) -> Containerd:
    below = Containerd.hull() if kind == "hull" else Containerd(program("containerd", version))
    # Docker 20.10 knows shims by one name only.
    below.shims.mkdir()
    if shim == "hull":
        (below.shims / "containerd-shim-runc-v2").symlink_to(ours("containerd-shim-hull-v2"))
    elif version == "newer":
        (below.shims / "containerd-shim-runc-v2").symlink_to(pathlib.Path(program("containerd", version)).with_name("containerd-shim-runc-v2"))
    return below


def shim_under(engine, container: str) -> str:
    """The program above a container."""
    pid = engine.run_cli("inspect", "-f", "{{.State.Pid}}", container).stdout.strip()
    return program_of(int(pathlib.Path(f"/proc/{pid}/status").read_text().split("PPid:")[1].split()[0]))


@pytest.fixture
def name(request):
    return "t-" + re.sub("[^a-z0-9]+", "-", request.node.name)[-40:].strip("-")


@pytest.fixture(scope="module", params=[f"{version} {supervisor} {shim}" for version in VERSIONS for supervisor in ("hull", "stock")
                                        for shim in SHIMS])
def docker(request, tmp_path_factory):
    version, supervisor, shim = request.param.split()
    dockerd = program("dockerd", "debian" if version == "debian" else "newer")
    below = supervisor_of(supervisor, "debian" if version == "debian" else "newer", shim)
    config = tmp_path_factory.mktemp("docker") / "daemon.json"
    config.write_text(json.dumps({"features": {"containerd-snapshotter": True}} if VERSIONS[version] else {}))
    engine = None
    try:
        engine = StockDocker("--containerd", below.socket, "--config-file", str(config), "--live-restore", program=dockerd)
        engine.below, engine.shim, engine.image_store = below, SHIMS[shim], VERSIONS[version]
        engine.load_busybox()
        yield engine
    finally:
        if engine:
            engine.close()
        below.close()


def start(docker, name, *words, script: str):
    return docker.run_cli("run", "--name", name, *words, "busybox", "sh", "-c", script).stdout


def test_run_and_exit_codes(docker, name):
    def code(*words):
        return docker.run_cli("run", "--rm", "busybox", *words, check=False).returncode
    done = docker.run_cli("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)
    assert code("nonsense") == 127 and code("/etc") == 126
    assert docker.run_cli("run", "--rm", "-i", "busybox", "cat", input="through").stdout == "through"
    tty = run(["script", "-qec", f"{docker.cli} -H {docker.host} run --rm -t busybox tty", "/dev/null"])
    assert "/dev/pts/0" in tty.stdout


def test_exec_logs_kill_pause_and_restart(docker, name):
    start(docker, name, "-d", script="echo line; exec sleep 1000")
    until(lambda: docker.run_cli("logs", name).stdout == "line\n", "the log")
    assert docker.run_cli("exec", name, "sh", "-c", "echo in; exit 3", check=False).returncode == 3
    assert docker.run_cli("exec", "-i", name, "cat", input="x").stdout == "x"
    docker.run_cli("pause", name)
    docker.run_cli("unpause", name)
    assert docker.run_cli("top", name).stdout.count("sleep 1000") == 1
    assert docker.run_cli("stats", "--no-stream", "--format", "{{.PIDs}}", name).stdout.strip() == "1"
    docker.run_cli("restart", "-t", "0", name)
    docker.run_cli("kill", name)
    assert docker.run_cli("wait", name).stdout.strip() == "137"
    docker.run_cli("start", name)
    docker.run_cli("stop", "-t", "0", name)
    docker.run_cli("rm", name)


def test_build_save_load_and_remove(docker, name, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY file /copied\nRUN cat /copied >/made && rm /etc/group\nCMD cat /made\n")
    (tmp_path / "file").write_text("content\n")
    docker.run_cli("build", "-t", name, str(tmp_path), env={"DOCKER_BUILDKIT": "0"}, timeout=120)
    run_built = ("run", "--rm", name)
    assert docker.run_cli(*run_built).stdout == "content\n"
    docker.run_cli("save", "-o", str(tmp_path / "saved.tar"), name)
    docker.run_cli("rmi", name)
    assert docker.run_cli(*run_built, check=False).returncode == 125
    docker.run_cli("load", "-i", str(tmp_path / "saved.tar"))
    assert docker.run_cli(*run_built).stdout == "content\n"
    assert docker.run_cli(*run_built, "ls", "/etc/group", check=False).returncode == 1
    docker.run_cli("rmi", name)


def test_push_and_pull(docker, name, tmp_path):
    if not peer("docker-registry"):
        pytest.skip("docker-registry is not installed")
    registry = StockRegistry(tmp_path)
    try:
        image = f"{registry.host}/{name}:v1"
        docker.run_cli("tag", "busybox", image)
        docker.run_cli("push", image)
        docker.run_cli("rmi", image)
        docker.run_cli("pull", image)
        assert docker.run_cli("run", "--rm", image, "echo", "pulled").stdout == "pulled\n"
        docker.run_cli("rmi", image)
    finally:
        registry.close()


def test_volumes_and_commit(docker, name):
    docker.run_cli("volume", "create", name)
    start(docker, name, "-v", f"{name}:/data", script="echo kept >/data/file; echo changed >/new")
    assert docker.run_cli("run", "--rm", "-v", f"{name}:/data:ro", "busybox", "cat", "/data/file").stdout == "kept\n"
    assert "A /new" in docker.run_cli("diff", name).stdout
    docker.run_cli("commit", name, name + ":committed")
    assert docker.run_cli("run", "--rm", name + ":committed", "cat", "/new").stdout == "changed\n"
    docker.run_cli("rm", name)
    docker.run_cli("rmi", name + ":committed")
    docker.run_cli("volume", "rm", name)


def test_containers_outlive_both_daemons(docker, name):
    start(docker, name, "-d", script="exec sleep 1000")
    assert shim_under(docker, name) == docker.shim
    pid = docker.run_cli("inspect", "-f", "{{.State.Pid}}", name).stdout
    docker.below.daemon.kill()
    docker.below.start()
    until(lambda: docker.run_cli("exec", name, "echo", "still", check=False).stdout == "still\n", "dockerd finds its supervisor again")
    docker.restart_killed()
    assert docker.run_cli("inspect", "-f", "{{.State.Pid}}", name).stdout == pid
    assert docker.run_cli("exec", name, "echo", "still").stdout == "still\n"
    kill_pid(int(pid))
    until(lambda: docker.run_cli("inspect", "-f", "{{.State.ExitCode}}", name).stdout == "137\n", "the exit")
    docker.run_cli("rm", name)


@pytest.fixture(scope="module", params=[f"{version} {supervisor} {shim}" for version in ("debian", "newer") for supervisor in ("stock", "hull")
                                        for shim in SHIMS if (version, supervisor) != ("newer", "hull")])
def hulld(request):
    version, supervisor, shim = request.param.split()
    below = supervisor_of(supervisor, version, shim)
    engine = None
    try:
        # Docker's own name for its shim; ours is found beside hulld's own containerd, or in PATH.
        runtime = "io.containerd.runc.v2" if shim == "stock" else "io.containerd.hull.v2"
        engine = Hull("--containerd", below.socket, "--containerd-runtime", runtime)
        engine.below, engine.shim = below, SHIMS[shim]
        engine.load_busybox()
        yield engine
    finally:
        if engine:
            engine.close()
        below.close()


def test_hulld_on_each(hulld, name):
    done = hulld.run_cli("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)
    hulld.run_cli("run", "-d", "--name", name, "busybox", "sh", "-c", "echo line; exec sleep 1000")
    until(lambda: hulld.run_cli("logs", name).stdout == "line\n", "the log")
    assert shim_under(hulld, name) == hulld.shim
    assert hulld.run_cli("exec", name, "sh", "-c", "echo in; exit 3", check=False).returncode == 3
    hulld.run_cli("restart", "-t", "0", name)
    hulld.run_cli("kill", name)
    assert hulld.run_cli("wait", name).stdout.strip() == "137"
    hulld.run_cli("rm", name)
