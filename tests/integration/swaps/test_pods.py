"""Containers that share a shim, under each supervisor, with each shim: what ctr shows is the same."""
import os
import pathlib

import pytest
from harness.containerd import Containerd
from harness.paths import peer
from harness.waiting import until

STOCK, OURS = "io.containerd.runc.v2", "io.containerd.hull.v2"
IMAGE = "docker.io/library/busybox:latest"
GROUP = "io.kubernetes.cri.sandbox-id"


@pytest.fixture(scope="module", params=["hull", "stock"])
def below(request):
    if not peer("ctr"):
        pytest.skip("containerd is not installed")
    supervisor = Containerd.hull() if request.param == "hull" else Containerd.stock()
    supervisor.import_busybox()
    yield supervisor
    supervisor.close()


def parent(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/status").read_text().split("PPid:")[1].split()[0])


def run(below, runtime: str, group: str, name: str, *words: str) -> int:
    below.ctr("run", "-d", "--runtime", runtime, "--annotation", f"{GROUP}={group}", *words, IMAGE, name, "sleep", "1000")
    return pids(below)[name]


def pids(below) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1]) for line in below.ctr("tasks", "ls").stdout.splitlines()[1:]}


def end(below, name: str):
    below.ctr("tasks", "rm", "-f", name, check=False)
    below.ctr("containers", "rm", name)


@pytest.mark.parametrize("runtime", [STOCK, OURS])
def test_a_pod_has_one_shim_to_its_end(below, runtime):
    sandbox = run(below, runtime, "p", "sandbox")
    names = [f"{kind}:/proc/{sandbox}/ns/{file}" for kind, file in (("network", "net"), ("ipc", "ipc"))]
    app = run(below, runtime, "p", "app", "--with-ns", names[0], "--with-ns", names[1])
    alone = run(below, runtime, "q", "alone")
    shim = parent(sandbox)
    assert parent(app) == shim != parent(alone)
    assert os.readlink(f"/proc/{app}/ns/net") == os.readlink(f"/proc/{sandbox}/ns/net")
    assert below.ctr("tasks", "exec", "--exec-id", "e", "app", "echo", "in").stdout == "in\n"
    end(below, "app")
    assert set(pids(below)) == {"sandbox", "alone"}
    again = run(below, runtime, "p", "app")
    assert parent(again) == shim
    end(below, "sandbox")  # out of order: what is left of the pod lives on
    assert below.ctr("tasks", "exec", "--exec-id", "e", "app", "echo", "in").stdout == "in\n"
    end(below, "app")
    until(lambda: not pathlib.Path(f"/proc/{shim}").exists(), "end of the pod's shim")
    end(below, "alone")
    assert pids(below) == {}


def test_a_pod_outlives_its_supervisor(below):
    sandbox, app = run(below, OURS, "r", "sandbox"), run(below, OURS, "r", "app")
    below.daemon.kill()
    below.start()
    assert pids(below) == {"sandbox": sandbox, "app": app}
    shim = parent(app)
    end(below, "sandbox")
    assert parent(run(below, OURS, "r", "later")) == shim
    end(below, "later")
    assert pids(below) == {"app": app}
    end(below, "app")
    until(lambda: not pathlib.Path(f"/proc/{shim}").exists(), "end of the pod's shim")


def test_a_pod_whose_shim_dies_is_forgotten(below):
    sandbox = run(below, OURS, "s", "sandbox")
    run(below, OURS, "s", "app")
    os.kill(parent(sandbox), 9)
    until(lambda: pids(below) == {}, "both tasks are forgotten")
    run(below, OURS, "s", "new")
    for name in ("sandbox", "app", "new"):
        end(below, name)


def test_a_create_that_fails_leaves_the_pod_alone(below):
    sandbox = run(below, OURS, "t", "sandbox")
    failed = below.ctr("run", "-d", "--runtime", OURS, "--annotation", f"{GROUP}=t", "--with-ns", "network:/nonexistent", IMAGE,
                       "bad", "true", check=False)
    assert failed.returncode != 0 and "/nonexistent" in failed.stderr
    assert pids(below) == {"sandbox": sandbox}
    below.ctr("containers", "rm", "bad", check=False)
    end(below, "sandbox")
    until(lambda: not pathlib.Path(f"/proc/{sandbox}").exists(), "end of the pod")
