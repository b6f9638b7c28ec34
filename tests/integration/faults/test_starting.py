"""What stops a daemon from starting is said in one line."""
import ctypes
import errno
import os
import subprocess

from harness.engine import Hull
from harness.paths import ours
from harness.process import Daemon, run
from harness.waiting import answers, until


def hulld(tmp_path, *flags, **options):
    """A start that fails; nothing of it stays."""
    return run([ours("hulld"), "-H", f"unix://{tmp_path}/s", "--data-root", str(tmp_path / "d"), "--exec-root", str(tmp_path / "r"),
                "--pidfile", str(tmp_path / "p"), *flags], check=False, **options)


def test_a_second_daemon_on_the_same_data_root(hull):
    done = run(hull.command(), check=False)
    assert done.returncode == 1 and str(hull.data_root) in done.stderr + done.stdout


def test_a_supervisor_that_a_killed_daemon_had_just_started_is_waited_for(tmp_path):
    """It has the root already and does not listen yet; one that is started beside it ends at once."""
    hull = Hull(start=False)
    state, socket = hull.exec_root / "containerd", tmp_path / "later"
    supervisor = Daemon([ours("hull-containerd"), "--root", str(hull.data_root / "containerd"), "--state", str(state), "--address",
                         str(socket)], tmp_path / "supervisor.log")
    supervisor.wait_ready(lambda: answers(str(socket)))
    hull.daemon = Daemon(hull.command(), tmp_path / "hulld.log")
    log = state / "containerd.log"
    until(lambda: log.exists() and "in use by another daemon" in log.read_text(), "the end of the second")
    os.link(socket, state / "containerd.sock")
    hull.daemon.wait_ready(hull.pings)
    hull.close()
    assert supervisor.process.wait(20) == 0


def test_not_root(tmp_path):
    tmp_path.chmod(0o777)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ours("hulld"), "-H", f"unix://{tmp_path}/s",
                           "--data-root", str(tmp_path / "d")], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "root" in done.stderr


def test_no_cgroup(tmp_path):
    done = run(["unshare", "--mount", "sh", "-c", "umount -l /sys/fs/cgroup; exec \"$@\"", "sh", ours("hulld"), "-H",
                f"unix://{tmp_path}/s", "--data-root", str(tmp_path / "d"), "--exec-root", str(tmp_path / "r"), "--pidfile",
                str(tmp_path / "p")], check=False)
    assert done.returncode == 1 and "cgroup" in done.stderr


def without_overlayfs():
    """Between fork and exec: the kernel has no such file system any more (seccomp_rule_add(3))."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.ENODEV
    filters = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(allow)))
    for call in (b"fsopen", b"mount"):
        assert seccomp.seccomp_rule_add(filters, ctypes.c_uint32(refuse), seccomp.seccomp_syscall_resolve_name(call), 0) == 0
    assert seccomp.seccomp_load(filters) == 0


def test_no_overlayfs(tmp_path):
    done = hulld(tmp_path, preexec_fn=without_overlayfs)
    assert done.returncode == 1 and "overlayfs" in done.stderr
    assert not (tmp_path / "p").exists()


def test_wrong_flags_and_files(tmp_path):
    assert hulld(tmp_path, "--nonsense").returncode != 0
    done = hulld(tmp_path, "--bip", "300.1.1.1/24")
    assert done.returncode == 1 and "300.1.1.1/24" in done.stderr
    config = tmp_path / "daemon.json"
    config.write_text('{"nonsense": 1}')
    done = hulld(tmp_path, "--config-file", str(config))
    assert done.returncode == 1 and "nonsense" in done.stderr
    config.write_text('{')
    done = hulld(tmp_path, "--config-file", str(config))
    assert done.returncode == 1 and str(config) in done.stderr


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    root = tmp_path / "small"
    root.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(root)])
    try:
        engine = Hull(start=False)
        engine.data_root = root / "data"
        engine.start()
        engine.load_busybox()
        with open(root / "fill", "wb") as fill:
            try:
                while True:
                    fill.write(b"\0" * 65536)
                    fill.flush()
            except OSError:
                pass
        status, body = engine.request("POST", "/images/load", os.urandom(1 << 20), {"Content-Type": "application/x-tar"})
        assert status >= 400 or "error" in str(body)
        before = len(engine.client.containers.list(all=True))
        status, body = engine.request("POST", "/containers/create", {"Image": "busybox"})
        if status != 201:
            assert "full" in body["message"] or "space" in body["message"]
            assert len(engine.client.containers.list(all=True)) == before
        (root / "fill").unlink()
        assert engine.client.containers.run("busybox", ["echo", "ok"], remove=True) == b"ok\n"
        engine.close()
    finally:
        run(["umount", "-l", str(root)])
