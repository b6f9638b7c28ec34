"""update, the prune commands, and df: what keeps an engine in order, on an engine of its own."""
import io
import pathlib
import tarfile

import pytest
from harness.engine import Hull
from harness.leaks import CGROUP_PARENT


@pytest.fixture(scope="module")
def engine():
    made = Hull()
    made.load_busybox()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def removed(engine):
    yield
    engine.remove_all()


def limits(container, controller, file):
    """The value in v1 or v2."""
    for folder in (controller, ""):
        path = pathlib.Path("/sys/fs/cgroup") / folder / CGROUP_PARENT[1:] / container / file
        if path.exists():
            return path.read_text().strip()
    return None


def test_update_changes_what_holds_and_what_is_remembered(engine):
    container = engine.run_cli("run", "-d", "--memory", "64m", "busybox", "sleep", "1000").stdout.strip()
    done = engine.run_cli("update", "--memory", "32m", "--memory-swap", "48m", "--pids-limit", "77", "--restart", "on-failure:3", container)
    assert done.stdout == container + "\n"
    memory = limits(container, "memory", "memory.limit_in_bytes") or limits(container, "memory", "memory.max")
    assert memory == str(32 << 20)
    assert limits(container, "pids", "pids.max") == "77"
    shown = engine.run_cli("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}} "
                           "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}", container)
    assert shown.stdout == f"{32 << 20} {48 << 20} 77 on-failure:3\n"


def test_update_refuses_and_changes_nothing(engine):
    container = engine.run_cli("run", "-d", "--memory", "64m", "busybox", "sleep", "1000").stdout.strip()
    refused = engine.run_cli("update", "--memory", "1k", container, "nope", check=False)
    assert refused.returncode == 1 and "Minimum memory limit allowed is 6MB" in refused.stderr and "No such container: nope" in refused.stderr
    assert engine.run_cli("inspect", "-f", "{{.HostConfig.Memory}}", container).stdout == f"{64 << 20}\n"


def test_container_prune_asks_first_and_leaves_what_runs(engine):
    running = engine.run_cli("run", "-d", "busybox", "sleep", "1000").stdout.strip()
    old = engine.run_cli("create", "-l", "keep=no", "busybox").stdout.strip()
    kept = engine.run_cli("create", "-l", "keep=yes", "busybox").stdout.strip()
    for answer in ("n\n", "", "yes\n"):
        declined = engine.run_cli("container", "prune", input=answer)
        assert "WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N]" in declined.stdout
        assert "Deleted" not in declined.stdout
    pruned = engine.run_cli("container", "prune", "--filter", "label!=keep=yes", input="y\n")
    assert f"Deleted Containers:\n{old}\n\nTotal reclaimed space: " in pruned.stdout
    left = {container.id for container in engine.client.containers.list(all=True)}
    assert left == {running, kept}


def import_image(engine, name):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(f"of-{name or 'nobody'}"))
    arguments = ["import", "-"] + ([name] if name else [])
    return engine.run_cli(*arguments, input=sink.getvalue().decode("latin-1")).stdout.strip()


def test_image_prune_removes_nameless_ones_and_with_all_unused_ones(engine):
    nameless, named, used = import_image(engine, ""), import_image(engine, "named"), import_image(engine, "used")
    engine.run_cli("create", "used", "/x")
    first = engine.run_cli("image", "prune", "-f").stdout
    assert first.startswith("Deleted Images:\n") and f"deleted: {nameless}\n" in first and named not in first
    second = engine.run_cli("image", "prune", "-a", "-f", "--filter", "label!=x").stdout
    assert "untagged: named:latest\n" in second and f"deleted: {named}\n" in second and used not in second
    assert "used" in engine.run_cli("images").stdout
    engine.remove_all()
    engine.run_cli("rmi", "used")
    engine.load_busybox()


def test_volume_prune_leaves_named_ones_unless_all(engine):
    engine.run_cli("volume", "create", "named")
    anonymous = engine.run_cli("volume", "create").stdout.strip()
    in_use = engine.run_cli("run", "-d", "-v", "mine:/x", "busybox", "sleep", "1000").stdout.strip()
    first = engine.run_cli("volume", "prune", "-f").stdout
    assert f"Deleted Volumes:\n{anonymous}\n\nTotal reclaimed space: 0B\n" == first
    assert "Deleted Volumes:\nnamed\n" in engine.run_cli("volume", "prune", "-a", "-f").stdout
    assert engine.run_cli("volume", "ls", "-q").stdout == "mine\n" and in_use
    engine.remove_all()
    engine.run_cli("volume", "rm", "mine")


def test_network_and_system_prune(engine):
    engine.run_cli("network", "create", "empty")
    assert engine.run_cli("network", "prune", "-f").stdout == "Deleted Networks:\nempty\n\n"
    engine.run_cli("network", "create", "again")
    container = engine.run_cli("create", "busybox").stdout.strip()
    out = engine.run_cli("system", "prune", "-f").stdout
    assert f"Deleted Containers:\n{container}\n\nDeleted Networks:\nagain\n\n" in out and "Total reclaimed space: " in out
    assert engine.run_cli("system", "prune", input="n\n").stdout.startswith("WARNING! This will remove:\n  - all stopped containers\n")


def test_df_shows_every_object(engine):
    engine.run_cli("run", "-d", "--name", "one", "-v", "data:/x", "busybox", "sleep", "1000")
    out = engine.run_cli("system", "df", "-v").stdout
    images, containers, volumes, cache = out.split("space usage:\n\n")[1:3] + out.split("Volumes space usage:\n\n")[1].split("\nBuild cache usage: ")
    assert images.startswith("REPOSITORY") and "busybox" in images
    assert containers.startswith("CONTAINER ID") and "one" in containers
    assert volumes.startswith("VOLUME NAME") and "data" in volumes
    assert cache.startswith("0B\n\nCACHE ID")
    assert engine.run_cli("system", "df", "-v", "--format", "{{range .Containers}}{{.Names}}{{end}} {{len .Volumes}}").stdout == "one 1\n"
    engine.remove_all()
    engine.run_cli("volume", "rm", "data")
