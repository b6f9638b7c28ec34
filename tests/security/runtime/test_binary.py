"""CVE-2019-5736: the runtime's binary must not be reachable for writing from a container."""
import errno
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

ATTACK = """
while :; do
  for p in /proc/[0-9]*; do
    case "$(readlink $p/exe 2>/dev/null)" in
      *runc*|*memfd*) echo seen > /seen; (echo broken > $p/exe) 2>/dev/null && echo yes > /written;;
    esac
  done
done
"""


@pytest.fixture
def own_binary(runtime):
    """A copy, so that a test that fails breaks only that."""
    copy = runtime.home / "hull-runc"
    shutil.copy(runtime.binary, copy)
    runtime.binary = str(copy)
    return copy


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize("command", [["true"], ["/evil"]])
def test_cve_2019_5736_exec(runtime, own_binary, command):
    before = digest(own_binary)
    bundle = runtime.bundle("sh", "-c", ATTACK)
    bundle.config["root"]["readonly"] = False
    (bundle.rootfs / "bin/readlink").symlink_to("busybox")
    (bundle.rootfs / "evil").write_text("#!/proc/self/exe\n")
    os.chmod(bundle.rootfs / "evil", 0o755)
    # With these the attacker may look into processes that are not dumpable.
    for kind in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][kind] = ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_KILL"]
    bundle.start_detached()
    for _ in range(60):
        bundle.exec(bundle.name, *command)
    assert digest(own_binary) == before
    assert not (bundle.rootfs / "written").exists()


def test_cve_2019_5736_run(runtime, own_binary):
    """The container's own first process is the runtime's binary, by way of its interpreter line."""
    before = digest(own_binary)
    bundle = runtime.bundle("/evil")
    bundle.config["root"]["readonly"] = False
    (bundle.rootfs / "evil").write_text("#!/proc/self/exe --log /proc/self/exe\n")
    os.chmod(bundle.rootfs / "evil", 0o755)
    bundle.run()
    assert digest(own_binary) == before


def test_the_image_that_runs_can_not_be_written(runtime, own_binary):
    bundle = runtime.bundle("true")
    assert bundle.create().returncode == 0
    pid = runtime.state(bundle.name)["pid"]
    held = os.open(f"/proc/{pid}/exe", os.O_PATH)
    try:
        assert runtime.command("delete", "-f", bundle.name).returncode == 0
        os.waitpid(pid, 0)  # nobody runs it any more: it is not busy
        with pytest.raises(OSError) as refused:
            os.open(f"/proc/self/fd/{held}", os.O_WRONLY)
    finally:
        os.close(held)
    assert refused.value.errno in (errno.EROFS, errno.EPERM)  # a read-only mount, or a sealed memfd


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the entry is built for x86-64 alone")
def test_sealed_before_anything_else(runtime, tmp_path):
    """What runs from the file that can be written is the entry alone: the C library starts from the sealed image."""
    bundle = runtime.bundle("true")
    bundle.save()
    log = tmp_path / "calls"
    subprocess.run(["strace", "-o", log, runtime.binary, "--root", str(runtime.root), "run", "--bundle", str(bundle.path), bundle.name],
                   stdin=subprocess.DEVNULL, check=True, timeout=60)
    calls = [line.split("(")[0] for line in log.read_text().splitlines()]
    assert calls[:4] == ["execve", "open_tree", "mount_setattr", "execveat"]
    assert calls.count("execveat") == 1


def test_cve_2019_5736_marker_of_the_caller(runtime, own_binary, monkeypatch):
    """Who sets the variable by which the program knows itself does not keep it from running sealed."""
    monkeypatch.setenv("_HULL_RUNC_SEALED", "1")
    test_cve_2019_5736_exec(runtime, own_binary, ["true"])
