"""`hulld purge` where things are not as it would like them: killed in the middle, and without its supervisor."""
import os
import pathlib
import shutil
import subprocess

import pytest
from harness import strace
from harness.engine import Hull
from harness.leaks import CGROUP_PARENT
from harness.paths import BIN
from harness.process import kill_pid, run
from harness.waiting import until

SLEEP = ["run", "-d", "busybox", "sleep", "1000"]


def firewall_tables() -> set[str]:
    return set(subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout.splitlines())


@pytest.fixture
def engine():
    """One with three containers, a network of its own, a published port and a volume that takes a while to remove."""
    tables = firewall_tables()
    hull = Hull()
    hull.tables_before = tables
    hull.load_busybox()
    hull.run_cli("network", "create", "--subnet", "10.99.77.0/24", "other")
    hull.run_cli(*SLEEP[:2], "--network", "other", "-p", "127.0.0.1:48080:80", *SLEEP[2:])
    hull.run_cli(*SLEEP[:2], "-v", "data:/data", "--cgroup-parent", CGROUP_PARENT + "-own", *SLEEP[2:])
    paused = hull.run_cli(*SLEEP).stdout.strip()
    hull.run_cli("pause", paused)
    for number in range(3000):
        (hull.data_root / "volumes/data/_data" / str(number)).touch()
    hull.daemon.terminate()
    yield hull
    # What a failed test left is removed by the plain way.
    if hull.data_root.exists():
        run(purge_command(hull), check=False)
    shutil.rmtree(hull.folder, ignore_errors=True)
    for parent in pathlib.Path("/sys/fs/cgroup").glob(f"*{CGROUP_PARENT}-own"):
        parent.rmdir()


def purge_command(hull, program=BIN / "hulld"):
    return [str(program), "purge", *hull.command()[3:]]


def assert_nothing_is_left(hull):
    assert not hull.data_root.exists() and not hull.exec_root.exists()
    assert not hull.shims() and not hull.containerd_pids()
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert hull.bridge not in links and "br-" not in links and "veth" not in links, links
    assert firewall_tables() <= hull.tables_before  # other engines may be about
    assert str(hull.folder) not in pathlib.Path("/proc/self/mountinfo").read_text()


def mark(hull):
    return hull.data_root / "purging"


MOMENTS = {
    "its first container is gone": lambda hull: len(hull.shims()) < 3,
    "all containers are gone": lambda hull: not hull.shims(),
    "it begins to remove files": lambda hull: mark(hull).exists(),
    "the exec root is gone": lambda hull: not hull.exec_root.exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle_it_goes_on_where_it_was(engine, moment):
    purge = subprocess.Popen(purge_command(engine), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: MOMENTS[moment](engine), moment)
    purge.kill()
    purge.communicate()
    if mark(engine).exists():
        refused = run(engine.command(), check=False)
        assert refused.returncode == 1 and "is half removed; let hulld purge remove the rest" in refused.stderr
    if engine.data_root.exists():
        run(purge_command(engine))
    assert_nothing_is_left(engine)


@pytest.mark.skipif(not strace.STRACE, reason="strace is not installed")
@pytest.mark.parametrize("call", ("sendmsg", "sendto", "fdatasync", "unlinkat"))
@pytest.mark.parametrize("step", strace.steps(30))
def test_killed_at_each_step_it_goes_on(engine, call, step):
    """At each request to the kernel or the supervisor, at each record and at each file."""
    run(strace.command(call, step, *purge_command(engine)), check=False)
    if engine.data_root.exists():
        run(purge_command(engine))
    assert_nothing_is_left(engine)


def test_it_does_without_its_supervisor(engine, tmp_path):
    for pid in engine.containerd_pids():
        kill_pid(pid)
    alone = tmp_path / "hulld"
    shutil.copy(BIN / "hulld", alone)
    done = run(purge_command(engine, alone), env={"PATH": "/usr/bin:/bin"})
    assert "removing containers without the supervisor" in done.stderr
    assert "hull-containerd is neither beside hulld" in done.stderr
    assert_nothing_is_left(engine)


def test_a_supervisor_that_runs_is_used_though_its_program_is_gone(engine, tmp_path):
    alone = tmp_path / "hulld"
    shutil.copy(BIN / "hulld", alone)
    done = run(purge_command(engine, alone), env={"PATH": "/usr/bin:/bin"})
    assert done.stderr == ""
    assert_nothing_is_left(engine)


def test_records_that_cannot_be_read_do_not_keep_it_from_removing(engine):
    database = engine.data_root / "containers.db"
    assert database.exists(), sorted(os.listdir(engine.data_root))
    database.write_bytes(b"no database" * 1000)
    for extra in ("-wal", "-shm"):
        pathlib.Path(str(database) + extra).unlink(missing_ok=True)
    done = run(purge_command(engine))
    assert "removing containers without the supervisor" in done.stderr
    assert_nothing_is_left(engine)


def test_help_names_it_and_tells_single_values_from_lists():
    text = run([str(BIN / "hulld"), "--help"]).stdout
    assert "  purge  " in text
    assert "--bip TEXT  " in text and "--host TEXT ...  " in text and "--data-root TEXT ..." not in text
