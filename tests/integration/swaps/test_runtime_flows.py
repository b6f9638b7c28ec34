"""hull-runc under stock dockerd and podman: what users do with containers beyond running one."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from harness import images
from harness.engine import StockDocker, unmount_below
from harness.paths import ours, peer
from harness.process import run
from harness.waiting import until

READ_LIMIT = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"


@pytest.fixture(scope="module")
def docker():
    if not peer("dockerd"):
        pytest.skip("dockerd is not installed (docker.io)")
    engine = StockDocker("--add-runtime", f"hull={ours('hull-runc')}", "--default-runtime", "hull", network=True)
    engine.load_busybox()
    yield engine
    engine.close()


def status(docker, name, key):
    return docker.run_cli("inspect", "-f", "{{" + key + "}}", name).stdout.strip()


def test_a_health_check_is_an_exec(docker, name):
    docker.run_cli("run", "-d", "--name", name, "--health-cmd", "test -e /ok", "--health-interval", "1s", "--health-retries", "1",
                   "busybox", "sleep", "1000")
    until(lambda: status(docker, name, ".State.Health.Status") == "unhealthy", "an unhealthy container")
    docker.run_cli("exec", name, "touch", "/ok")
    until(lambda: status(docker, name, ".State.Health.Status") == "healthy", "a healthy container")
    docker.run_cli("rm", "-f", name)


def test_restart_and_its_policy(docker, name):
    docker.run_cli("run", "-d", "--name", name, "--restart", "always", "busybox", "sleep", "1000")
    first = status(docker, name, ".State.Pid")
    docker.run_cli("restart", "-t", "0", name)
    second = status(docker, name, ".State.Pid")
    assert second not in ("0", first)
    os.kill(int(second), 9)
    until(lambda: status(docker, name, ".State.Running") == "true" and status(docker, name, ".State.Pid") not in ("0", second), "a restart")
    docker.run_cli("rm", "-f", name)


def test_limits_change_while_it_runs(docker, name):
    docker.run_cli("run", "-d", "--name", name, "--memory", "64m", "busybox", "sleep", "1000")
    docker.run_cli("update", "--memory", "96m", "--memory-swap", "128m", "--cpus", "0.5", "--pids-limit", "50", name)
    assert docker.run_cli("exec", name, "sh", "-c", READ_LIMIT).stdout.split()[-1] == str(96 << 20)
    docker.run_cli("pause", name)
    assert status(docker, name, ".State.Status") == "paused"
    assert docker.run_cli("exec", name, "true", check=False).returncode != 0
    docker.run_cli("unpause", name)
    assert docker.run_cli("top", name).stdout.count("sleep 1000") == 1
    docker.run_cli("rm", "-f", name)


def test_options_that_the_runtime_carries_out(docker):
    done = docker.run_cli("run", "--rm", "--read-only", "--tmpfs", "/scratch:size=1m,mode=1777", "--ulimit", "nofile=77:88", "--cap-drop", "all",
                          "--security-opt", "no-new-privileges", "--user", "1000:1000", "--group-add", "44", "--hostname", "there", "--init",
                          "--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "--shm-size", "2m", "--workdir", "/scratch", "--oom-score-adj", "300",
                          "busybox", "sh", "-c", "id; ulimit -n; ulimit -Hn; hostname; pwd; grep -E 'NoNewPrivs|CapEff' /proc/self/status; "
                          "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/self/oom_score_adj; touch /x 2>&1; df /dev/shm | tail -1").stdout
    for part in ("uid=1000 gid=1000 groups=44,1000", "77\n88\n", "there\n/scratch\n", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "0\n300\n",
                 "Read-only file system"):
        assert part in done.replace("groups=1000,44", "groups=44,1000"), done


def test_containers_share_namespaces(docker, name):
    docker.run_cli("run", "-d", "--name", name, "--ipc", "shareable", "busybox", "sleep", "1000")
    spaces = "for n in net pid ipc; do readlink /proc/self/ns/$n; done"
    first = docker.run_cli("exec", name, "sh", "-c", spaces).stdout
    other = docker.run_cli("run", "--rm", "--network", f"container:{name}", "--pid", f"container:{name}", "--ipc", f"container:{name}", "busybox",
                           "sh", "-c", spaces).stdout
    assert other == first
    docker.run_cli("rm", "-f", name)


def test_memory_that_runs_out_is_told(docker, name):
    done = docker.run_cli("run", "--name", name, "--memory", "16m", "--memory-swap", "16m", "busybox", "sh", "-c",
                          "head -c 100000000 /dev/zero | tail", check=False)
    assert done.returncode == 137
    until(lambda: status(docker, name, ".State.OOMKilled") == "true", "the notice of the OOM killer")
    docker.run_cli("rm", "-f", name)


def call_of(folder, *before, runtime=None):
    def call(*arguments, **options):
        return run([*before, peer("podman"), "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp",
                    "--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", str(runtime or ours("hull-runc")), *arguments], **options)
    return call


@pytest.fixture(scope="module")
def podman():
    if not peer("podman"):
        pytest.skip("podman is not installed")
    folder = tempfile.mkdtemp(prefix="hull-it-podman-")
    call = call_of(folder)
    call("load", "-i", str(images.busybox()))
    yield call
    call("rm", "-af", check=False)
    call("pod", "rm", "-af", check=False)
    unmount_below(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_the_life_of_a_podman_container(podman, name):
    podman("create", "--name", name, "--network", "none", "--memory", "64m", "busybox", "sleep", "1000")
    podman("start", name)
    assert podman("exec", name, "sh", "-c", READ_LIMIT).stdout.split()[-1] == str(64 << 20)
    podman("pause", name)
    assert json.loads(podman("inspect", name).stdout)[0]["State"]["Status"] == "paused"
    podman("unpause", name)
    podman("restart", "-t", "0", name)
    assert "sleep 1000" in podman("top", name, "args").stdout
    assert podman("exec", "--user", "33:33", "--workdir", "/tmp", "--env", "A=b", name, "sh", "-c", "id -u; pwd; echo $A").stdout == "33\n/tmp\nb\n"
    assert podman("stats", "--no-stream", "--format", "{{.PIDs}}", name).stdout.strip() == "1"
    podman("kill", name)
    assert podman("wait", name).stdout.strip() == "137"
    podman("rm", name)


def test_a_pod(podman, name):
    image = pathlib.Path("/usr/libexec/podman/catatonit")
    if not image.exists():
        pytest.skip("podman's pause program is not installed (catatonit)")
    podman("pod", "create", "--name", name, "--network", "none", "--share", "net,ipc,uts")
    podman("run", "-d", "--pod", name, "--name", name + "-a", "busybox", "sleep", "1000")
    shown = podman("run", "--rm", "--pod", name, "busybox", "readlink", "/proc/self/ns/net").stdout
    assert shown == podman("exec", name + "-a", "readlink", "/proc/self/ns/net").stdout
    podman("pod", "rm", "-f", "-t", "0", name)


def test_a_user_namespace_under_podman(podman):
    done = podman("run", "--rm", "--network", "none", "--uidmap", "0:200000:1000", "--gidmap", "0:200000:1000", "busybox", "cat", "/proc/self/uid_map")
    assert done.stdout.split() == ["0", "200000", "1000"]


_AS_USER = r"""
folder=$1; shift
cp /etc/passwd "$folder/passwd"; echo "hulltest:x:7777:7777::$folder/home:/bin/sh" >>"$folder/passwd"
printf 'hulltest:700000:65536\n' >"$folder/ids"; mount --bind "$folder/passwd" /etc/passwd
for file in /etc/subuid /etc/subgid; do [ -e $file ] || : >$file; mount --bind "$folder/ids" $file; done
cd "$folder/home"; export HOME="$folder/home" XDG_RUNTIME_DIR="$folder/home/run" USER=hulltest
exec setpriv --reuid 7777 --regid 7777 --clear-groups --inh-caps=-all -- "$@"
"""


@pytest.fixture(scope="module")
def rootless():
    if not peer("podman") or not peer("newuidmap"):
        pytest.skip("podman or newuidmap is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hull-it-rootless-"))
    folder.chmod(0o755)
    (folder / "home/run").mkdir(parents=True)
    runtime = shutil.copy(ours("hull-runc"), folder / "hull-runc")  # the clone may lie where the user can't go
    subprocess.run(["chown", "-R", "7777:7777", folder / "home"], check=True)
    (folder / "home/run").chmod(0o700)
    before = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _AS_USER, "sh", str(folder)]
    call = call_of(f"{folder}/home", *before, "env", "-u", "DBUS_SESSION_BUS_ADDRESS", runtime=runtime)
    original = call
    def with_storage(*arguments, **options):
        return original("--storage-driver", "vfs", *arguments, **options)
    with_storage("load", "-i", str(images.busybox()))
    yield with_storage
    with_storage("rm", "-af", "-t", "0", check=False)
    with_storage("system", "migrate", check=False)  # ends the process that holds its namespaces
    unmount_below(str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def test_podman_of_an_ordinary_user(rootless, name):
    assert rootless("run", "--rm", "--network", "none", "busybox", "sh", "-c", "id -u; cat /proc/self/uid_map | wc -l").stdout.split() == ["0", "2"]
    assert rootless("run", "--rm", "--network", "none", "busybox", "sh", "-c", "exit 6", check=False).returncode == 6
    rootless("run", "-d", "--name", name, "--network", "none", "busybox", "sleep", "1000")
    assert rootless("exec", "--user", "33", name, "id", "-u").stdout == "33\n"
    assert json.loads(rootless("inspect", name).stdout)[0]["State"]["Status"] == "running"
    rootless("stop", "-t", "0", name)
    rootless("rm", name)
