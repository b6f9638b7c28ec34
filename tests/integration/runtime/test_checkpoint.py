"""checkpoint and restore: with a criu that only speaks the protocol, and with a real one where it works."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

import pytest

from bundle import ConsoleSocket

FAKE = pathlib.Path(__file__).with_name("fake_criu.py")
COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /tmp/new; mv /tmp/new /tmp/count; sleep 0.05; done"


@pytest.fixture
def fake(runtime, monkeypatch):
    """A function that says how criu answers; returns its log's reader."""
    log = runtime.home / "requests"
    monkeypatch.setenv("HULL_CRIU", str(FAKE))
    monkeypatch.setenv("FAKE_CRIU_LOG", str(log))

    def answers(**how):
        monkeypatch.setenv("FAKE_CRIU", json.dumps(how))
        return lambda: [json.loads(line) for line in log.read_text().splitlines()]

    return answers


def options_of(request: dict) -> dict:
    """Field number to its values."""
    found = {}
    for field, value in request["options"]:
        found.setdefault(field, []).append(value)
    return found


def test_checkpoint_sends_every_option(runtime, fake):
    requests = fake()
    bundle = runtime.bundle("sleep", "1000")
    (runtime.home / "data").mkdir()
    bundle.mount("/data", type="bind", source=str(runtime.home / "data"), options=["bind"])
    bundle.linux["maskedPaths"] = ["/etc/group", "/etc/none", "/sys/kernel"]
    bundle.config["annotations"] = {"org.criu.config": "/etc/mine.conf"}
    pid = bundle.start_detached()
    images = runtime.home / "images"
    (images / "parent").mkdir(parents=True)
    done = runtime.command("checkpoint", "--image-path", images, "--work-path", runtime.home / "work", "--parent-path",
                           "parent", "--leave-running", "--tcp-established", "--tcp-skip-in-flight", "--link-remap",
                           "--ext-unix-sk", "--shell-job", "--file-locks", "--auto-dedup", "--page-server",
                           "127.0.0.1:99", "--manage-cgroups-mode", "ignore", "--empty-ns", "network", bundle.name)
    assert done.returncode == 0, done.stderr
    asked = requests()
    assert [request["type"] for request in asked] == [10, 1]
    sent = options_of(asked[1])
    expected = {2: pid, 3: 1, 4: 1, 5: 1, 6: 0, 7: 1, 8: 1, 9: 4, 10: "dump.log", 12: 1, 13: str(bundle.rootfs),
                14: "parent", 15: 1, 16: 1, 18: 1, 24: 1, 26: 0, 34: 0, 38: 0x40000000, 46: 1, 48: 0, 50: 1,
                51: "/etc/mine.conf", 11: [[1, "127.0.0.1"], [2, 99]]}
    assert {field: sent[field][0] for field in expected} == expected
    mounts = {pair[0][1]: pair[1][1] for pair in sent[23]}
    assert mounts == {"/data": "/data", "/etc/group": "/dev/null"}
    stdio = json.loads((images / "descriptors.json").read_text())  # /dev/null, and twice a file of the host's
    assert len(stdio) == 3 and stdio[1] == stdio[2] and all(key.startswith("file[") for key in stdio)
    assert sent[37] == stdio[:2]
    assert runtime.state(bundle.name)["status"] == "running"


def test_pre_dump_asks_for_the_feature_and_dumps_memory_alone(runtime, fake):
    requests = fake()
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    images = runtime.home / "images"
    done = runtime.command("checkpoint", "--pre-dump", "--image-path", images, bundle.name)
    assert done.returncode == 0, done.stderr
    assert [request["type"] for request in requests()] == [10, 9, 4]
    assert 23 not in options_of(requests()[2]) and not (images / "descriptors.json").exists()
    fake(features=0)
    refused = runtime.command("checkpoint", "--pre-dump", "--image-path", images, bundle.name)
    assert refused.returncode == 1 and "criu is missing features: [MemTrack]" in refused.stderr


@pytest.mark.parametrize("how, words", [({"fail": 3}, "criu failed: type DUMP errno 3"),
                                        ({"version": [2, 12, 0]}, "CRIU version 21200 must be 30000 or higher")])
def test_a_dump_that_fails_leaves_the_container(runtime, fake, how, words):
    fake(**how)
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    refused = runtime.command("checkpoint", "--image-path", runtime.home / "images", bundle.name)
    assert refused.returncode == 1 and words in refused.stderr
    assert runtime.state(bundle.name)["status"] == "running"


def test_bad_input_is_refused(runtime, fake):
    fake()
    bundle = runtime.bundle("sleep", "1000")
    bundle.create()
    images = ["--image-path", runtime.home / "images"]
    cases = [([], "cannot be checkpointed in created state"),
             (["--manage-cgroups-mode", "soggy"], 'invalid manage-cgroups-mode value: "soggy"'),
             (["--empty-ns", "pid"], 'namespace "pid" is not supported'),
             (["--page-server", "99"], "Use --page-server ADDRESS:PORT"),
             (["--page-server", "a:99999"], 'Invalid port number: "99999"'),
             (["--parent-path", "/tmp"], "--parent-path must be relative"),
             (["--parent-path", "none"], "invalid --parent-path")]
    for flags, words in cases:
        refused = runtime.command("checkpoint", *images, *flags, bundle.name)
        assert refused.returncode == 1 and words in refused.stderr.replace('\\"', '"'), refused.stderr


def test_a_missing_criu_is_named(runtime, monkeypatch):
    monkeypatch.delenv("HULL_CRIU", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    refused = runtime.command("checkpoint", "--image-path", runtime.home / "images", bundle.name)
    assert refused.returncode == 1
    assert 'exec: "criu": executable file not found in $PATH' in refused.stderr.replace('\\"', '"')


def test_a_restore_that_fails_leaves_nothing(runtime, fake):
    requests = fake(fail=2)
    bundle = runtime.bundle("sleep", "1000").save()
    images = runtime.home / "images"
    images.mkdir()
    (images / "descriptors.json").write_text('["/dev/null","pipe:[12]","file[1:2]"]')
    refused = runtime.command("restore", "-d", "--bundle", bundle.path, "--image-path", images, "--lsm-profile",
                              "apparmor:x", "--lsm-mount-context", "y", bundle.name)
    assert refused.returncode == 1 and "criu failed: type RESTORE errno 2" in refused.stderr
    sent = options_of(requests()[1])
    assert sent[6] == sent[26] == [1] and sent[53] == ["apparmor:x"] and sent[63] == ["y"]
    assert sent[27] == [[[1, "pipe:[12]"], [2, 1]], [[1, "file[1:2]"], [2, 2]]]
    assert sent[13] == [str(runtime.root / bundle.name / "criu-root")] and sent[25]
    assert os.listdir(runtime.root) in ([], ["@seccomp"])
    assert str(runtime.root) not in pathlib.Path("/proc/self/mountinfo").read_text()


def test_a_restore_that_is_killed_leaves_nothing_that_delete_cannot_clear(runtime, fake):
    requests = fake(hang=True)
    bundle = runtime.bundle("sleep", "1000").save()
    images = runtime.home / "images"
    images.mkdir()
    (images / "descriptors.json").write_text("[]")
    restoring = subprocess.Popen([runtime.binary, "--root", str(runtime.root), "restore", "-d", "--bundle",
                                  str(bundle.path), "--image-path", str(images), bundle.name])
    log = runtime.home / "requests"
    wait_until(lambda: log.exists() and log.read_text().count("\n") == 2)
    assert requests()[1]["type"] == 2
    restoring.kill()
    restoring.wait()
    assert str(runtime.root) not in pathlib.Path("/proc/self/mountinfo").read_text()
    paths = json.loads((runtime.root / bundle.name / "state.json").read_text())["cgroup_paths"]
    assert runtime.command("delete", "--force", bundle.name).returncode == 0
    assert not [path for path in paths.values() if os.path.exists(path)]
    assert bundle.name not in os.listdir(runtime.root)


def real_criu() -> str:
    criu = os.environ.get("HULL_CRIU") or shutil.which("criu")
    if not criu:
        pytest.skip("criu isn't installed")
    checked = subprocess.run([criu, "check"], capture_output=True, text=True)
    if checked.returncode:
        pytest.skip("criu can't work on this kernel: " + checked.stderr.strip()[-200:])
    return criu


def count_beyond(bundle, least: int) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        count = bundle.rootfs / "tmp/count"
        if count.exists() and int(count.read_text()) > least:
            return int(count.read_text())
        os.sched_yield()
    raise AssertionError(f"the container does not count beyond {least}")


def test_a_container_goes_on_where_it_was(runtime):
    real_criu()
    bundle = runtime.bundle("sh", "-c", COUNTER)
    bundle.config["root"]["readonly"] = False
    bundle.start_detached()
    count_beyond(bundle, 2)
    images = runtime.home / "images"
    saved = runtime.command("checkpoint", "--image-path", images, bundle.name)
    assert saved.returncode == 0, saved.stderr
    assert "container does not exist" in runtime.command("state", bundle.name).stderr
    before = int((bundle.rootfs / "tmp/count").read_text())
    pid_file = runtime.home / "pid"
    restored = runtime.detached("restore", "-d", "--bundle", bundle.path, "--image-path", images, "--pid-file",
                                pid_file, bundle.name)
    assert restored.returncode == 0, restored.stdout
    assert count_beyond(bundle, before) > before
    state = runtime.state(bundle.name)
    assert (state["status"], state["pid"]) == ("running", int(pid_file.read_text()))
    assert runtime.command("exec", bundle.name, "echo", "inside").stdout == "inside\n"
    os.kill(state["pid"], signal.SIGKILL)
    os.waitpid(state["pid"], 0)
    assert runtime.command("delete", bundle.name).returncode == 0


def save(runtime, bundle, *flags) -> pathlib.Path:
    images = runtime.home / "images"
    saved = runtime.command("checkpoint", "--image-path", images, *flags, bundle.name)
    assert saved.returncode == 0, saved.stderr
    return images


def restore(runtime, bundle, images, *flags) -> dict:
    done = runtime.detached("restore", "-d", "--bundle", bundle.path, "--image-path", images, *flags, bundle.name)
    assert done.returncode == 0, done.stdout
    return runtime.state(bundle.name)


def test_a_container_left_running_counts_on(runtime):
    real_criu()
    bundle = runtime.bundle("sh", "-c", COUNTER)
    bundle.config["root"]["readonly"] = False
    pid = bundle.start_detached()
    count = count_beyond(bundle, 2)
    save(runtime, bundle, "--leave-running")
    assert count_beyond(bundle, count) and runtime.state(bundle.name)["pid"] == pid


def test_pages_come_when_they_are_touched(runtime):
    criu = real_criu()
    if subprocess.run([criu, "check", "--feature", "uffd"], capture_output=True).returncode:
        pytest.skip("this kernel has no userfaultfd for criu")
    bundle = runtime.bundle("sh", "-c", COUNTER)
    bundle.config["root"]["readonly"] = False
    bundle.start_detached()
    count_beyond(bundle, 2)
    images = save(runtime, bundle)
    before = int((bundle.rootfs / "tmp/count").read_text())
    work = runtime.home / "work"
    work.mkdir()
    server = subprocess.Popen([criu, "lazy-pages", "-D", images, "-W", work, "-v4", "-o", "lazy.log"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not (work / "lazy-pages.socket").exists():
            assert time.monotonic() < deadline and server.poll() is None, "criu lazy-pages does not listen"
            os.sched_yield()
        restore(runtime, bundle, images, "--lazy-pages", "--work-path", work)
        assert count_beyond(bundle, before) > before
        # It ends by itself once all pages have been handed over.
        assert server.wait(60) == 0, (work / "lazy.log").read_text()[-2000:]
    finally:
        server.kill()
        server.wait()


def test_a_terminal_comes_back_over_the_console_socket(runtime):
    real_criu()
    bundle = runtime.bundle("sh", "-c", "while read line; do echo got $line; done")
    bundle.process["terminal"] = True
    bundle.save()
    console = ConsoleSocket(runtime.home / "console")
    started = runtime.detached("run", "-d", "--console-socket", console.path, "--bundle", bundle.path, bundle.name)
    assert started.returncode == 0, started.stdout
    first = console.receive()
    assert talk(first, b"one") == b"got one"
    images = save(runtime, bundle)
    os.close(first)
    restore(runtime, bundle, images, "--console-socket", console.path)
    second = console.receive()
    assert talk(second, b"two") == b"got two"
    os.close(second)
    console.close()


def talk(master: int, line: bytes) -> bytes:
    """Writes a line; returns the first line that begins with "got"."""
    os.write(master, line + b"\n")
    seen = b""
    while not seen.endswith(b"\n") or b"got" not in seen:
        ready, _, _ = select.select([master], [], [], 10)
        assert ready, seen
        seen += os.read(master, 1024)
    return next(part.strip() for part in seen.splitlines() if part.startswith(b"got"))


def test_mounts_and_a_network_namespace_from_outside(runtime):
    real_criu()
    data = runtime.home / "data"
    data.mkdir()
    bundle = runtime.bundle("sh", "-c", COUNTER.replace("/tmp/", "/data/deep/"))
    bundle.mount("/data", type="bind", source=str(data), options=["rbind"])
    (runtime.home / "deep").mkdir()
    bundle.mount("/data/deep", type="bind", source=str(runtime.home / "deep"), options=["bind"])
    holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    try:
        wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        for space in bundle.linux["namespaces"]:
            if space["type"] == "network":
                space["path"] = f"/proc/{holder.pid}/ns/net"
        bundle.start_detached()
        count = runtime.home / "deep/count"
        wait_until(lambda: count.exists() and int(count.read_text()) > 2)
        images = save(runtime, bundle)
        before = int(count.read_text())
        pid = restore(runtime, bundle, images)["pid"]
        assert os.readlink(f"/proc/{pid}/ns/net") == os.readlink(f"/proc/{holder.pid}/ns/net")
        wait_until(lambda: int(count.read_text()) > before)
    finally:
        holder.kill()
        holder.wait()


def test_hooks_of_a_restore_and_its_exit_code_in_the_foreground(runtime):
    real_criu()
    seen = runtime.home / "seen"
    bundle = runtime.bundle("sh", "-c", COUNTER.replace("while :;", "trap 'exit 7' TERM; while :;"))
    bundle.config["root"]["readonly"] = False
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >> {seen}"]}]}
    bundle.start_detached()
    count_beyond(bundle, 2)
    images = save(runtime, bundle)
    count = int((bundle.rootfs / "tmp/count").read_text())
    command = [runtime.binary, "--root", str(runtime.root), "restore", "--bundle", str(bundle.path), "--image-path",
               str(images), bundle.name]
    with open(runtime.home / "output", "w") as sink:
        restored = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    count_beyond(bundle, count)
    assert seen.read_text().count('"status":"creating"') == 2
    restored.terminate()
    assert restored.wait(10) == 7
    assert "container does not exist" in runtime.command("state", bundle.name).stderr


def wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()
