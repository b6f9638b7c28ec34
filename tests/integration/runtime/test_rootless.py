"""hull-runc without root: with the own id alone, with newuidmap, in a user namespace; no cgroup may be made here."""
import json
import os
import shutil
import signal
import stat

import pytest
from as_user import FIRST_SUBORDINATE, MANY, USER, UserRuntime
from bundle import ConsoleSocket


@pytest.fixture
def runtime():
    made = UserRuntime()
    yield made
    made.close()


def test_the_own_id_is_root(runtime):
    done = runtime.bundle("sh", "-c", "id; cat /proc/self/uid_map /proc/self/setgroups; grep CapEff /proc/self/status").run()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "uid=0(root) gid=0(root)" and lines[1].split() == ["0", str(USER), "1"] and lines[2] == "deny"
    assert lines[3].split()[1] == "0000000020000420"  # audit_write, kill, net_bind_service


def test_subordinate_ids_are_mapped_by_the_helpers(runtime):
    bundle = runtime.bundle("sh", "-c", "id; cat /proc/self/uid_map /proc/self/setgroups").map_many()
    bundle.process["user"] = {"uid": 33, "gid": 33, "additionalGids": [33, 44]}
    done = bundle.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "uid=33(www-data) gid=33(www-data) groups=33(www-data),44"
    assert done.stdout.splitlines()[2].split() == ["1", str(FIRST_SUBORDINATE), "65000"] and "allow" in done.stdout


def test_ids_of_others_are_not_mapped(runtime):
    bundle = runtime.bundle("id")
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]
    done = bundle.run()
    assert done.returncode == 1 and "write uid_map: newuidmap: uid range [0-1) -> [0-1) not allowed" in done.stderr
    assert runtime.command("list", "-q").stdout == ""



def test_the_state_lies_in_the_users_runtime_directory(runtime):
    runtime.bundle("sleep", "1000").start_detached()
    info = os.stat(runtime.root)
    assert info.st_uid == USER and stat.S_IMODE(info.st_mode) == 0o1700  # sticky, or it would be cleared away
    runtime.environment["XDG_RUNTIME_DIR"] = ""
    assert runtime.command("state", "bundle1").returncode == 1


@pytest.mark.parametrize("many", [False, True])
def test_the_whole_life(runtime, many):
    bundle = runtime.bundle("sleep", "1000")
    if many:
        bundle.map_many()
    done = bundle.create()
    assert done.returncode == 0, done.stdout
    assert bundle.exec(bundle.name, "id", "-u").stdout == "0\n"  # in one that waits for its start
    assert runtime.command("start", bundle.name).returncode == 0
    state = runtime.state(bundle.name)
    assert state["status"] == "running" and state["owner"] == ""
    assert json.loads((runtime.root / bundle.name / "state.json").read_text())["rootless"] is True
    shown = bundle.exec(bundle.name, "sh", "-c", "ps; cat /proc/self/uid_map")
    assert "sleep 1000" in shown.stdout and str(USER) in shown.stdout, shown.stderr
    assert bundle.exec("--user", "5:6", bundle.name, "id").stdout == ("uid=5 gid=6\n" if many else "")
    assert runtime.command("kill", bundle.name, "0").returncode == 0
    assert runtime.command("kill", bundle.name, "KILL").returncode == 0
    os.waitpid(state["pid"], 0)
    assert runtime.state(bundle.name)["status"] == "stopped"
    assert runtime.command("delete", bundle.name).returncode == 0
    assert not (runtime.root / bundle.name).exists()


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_the_process_in_between_may_be_slow(runtime):
    """What it forks must not speak before it has told whom it forked."""
    slow = ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=clone3", "-e", "inject=clone3:delay_exit=300000", runtime.binary]
    bundle = runtime.bundle("sh", "-c", "echo made")
    bundle.save()
    made = runtime.as_user(*slow, "run", "-b", bundle.path, bundle.name)
    assert (made.returncode, made.stdout) == (0, "made\n"), made.stderr
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    for _ in range(3):
        done = runtime.as_user(*slow, "exec", bundle.name, "echo", "inside")
        assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr


def test_delete_force_kills(runtime):
    bundle = runtime.bundle("sleep", "1000")
    pid = bundle.start_detached()
    assert runtime.command("delete", "--force", bundle.name).returncode == 0
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_exit_codes_and_signals(runtime):
    assert runtime.bundle("sh", "-c", "exit 42").run().returncode == 42
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    assert bundle.exec(bundle.name, "sh", "-c", "exit 7").returncode == 7
    missing = bundle.exec(bundle.name, "/nothing")
    assert missing.returncode == 255 and "/nothing" in missing.stderr


def test_terminals(runtime):
    bundle = runtime.bundle("tty")
    bundle.process["terminal"] = True
    for mount in bundle.config["mounts"]:
        if mount["type"] == "devpts":
            mount["options"] = [option for option in mount["options"] if not option.startswith("gid=")]
    socket = ConsoleSocket(runtime.home / "console")
    os.chown(socket.path, USER, USER)
    done = bundle.create("--console-socket", socket.path)
    assert done.returncode == 0, done.stdout
    master = socket.receive()
    assert runtime.command("start", bundle.name).returncode == 0
    assert os.read(master, 100) == b"/dev/pts/0\r\n"
    os.close(master)
    socket.close()


def test_devices_are_the_hosts(runtime):
    bundle = runtime.bundle("sh", "-c", "echo x >/dev/null; head -c 1 /dev/zero | wc -c; ls -l /dev/null /dev/full")
    bundle.linux["devices"] = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}]
    done = bundle.run()
    assert done.returncode == 0 and done.stdout.startswith("1\ncrw-rw-rw-"), done.stderr
    absent = runtime.bundle("true")
    absent.linux["devices"] = [{"path": "/dev/hull-nothing", "type": "c", "major": 1, "minor": 3}]
    done = absent.run()
    assert done.returncode == 1 and "/dev/hull-nothing" in done.stderr


def test_binds_keep_what_the_host_locked(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /host/passwd >/dev/null && grep ' /host ' /proc/self/mountinfo; touch /host/x")
    bundle.mount("/host", type="bind", source="/etc", options=["rbind", "ro", "nosuid", "nodev"])
    done = bundle.run()
    assert " ro,nosuid,nodev" in done.stdout and "Read-only file system" in done.stderr, done.stderr


def test_sysfs_needs_a_network_of_its_own(runtime):
    def bundle():
        made = runtime.bundle("ls", "/sys/class")
        made.config["mounts"] = [mount for mount in made.config["mounts"] if not mount["destination"].startswith("/sys")]
        made.mount("/sys", type="sysfs", source="sysfs", options=["ro", "nosuid", "noexec", "nodev"])
        return made
    refused = bundle().run()
    assert refused.returncode == 1 and 'error mounting \\"sysfs\\" to rootfs at' in refused.stderr
    own = bundle()
    own.linux["namespaces"].append({"type": "network"})
    assert "net" in own.run().stdout


@pytest.mark.parametrize("change,text", [
    (lambda b: b.without_namespace("user") or b.linux.update(uidMappings=[], gidMappings=[]), "rootless container requires user namespaces"),
    (lambda b: b.process.update(user={"uid": 0, "gid": 0, "additionalGids": [0]}), "cannot set any additional groups in a rootless container"),
    (lambda b: b.process.update(user={"uid": 33, "gid": 0}), "33 is not mapped"),
    (lambda b: b.mount("/x", type="tmpfs", source="x", options=["gid=5"]), "cannot specify gid=5 mount option for rootless container"),
    (lambda b: b.mount("/x", type="bind", source="/etc", options=["rbind", "idmap"]), "id-mapped mounts are not supported for rootless containers"),
    (lambda b: b.process.update(oomScoreAdj=-500), "oom_score_adj"),
    (lambda b: b.process.update(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 9999999, "hard": 9999999}]), "error setting rlimit"),
    (lambda b: b.linux.update(cgroupsPath="/hull-rootless"), "Permission denied"),
    (lambda b: b.linux.update(resources={"memory": {"limit": 1 << 26}}), "cannot set memory limit: container could not join or create cgroup"),
    (lambda b: b.linux.update(resources={"pids": {"limit": 9}}), "cannot set pids limit: container could not join or create cgroup"),
    (lambda b: b.linux.update(resources={"unified": {"memory.max": "1"}}), "cannot use unified on cgroup v1"),
])
def test_what_an_ordinary_user_may_not(runtime, change, text):
    bundle = runtime.bundle("true")
    change(bundle)
    done = bundle.run()
    assert done.returncode == 1 and text.lower() in done.stderr.lower(), done.stderr
    assert runtime.command("list", "-q").stdout == ""


def test_what_needs_no_cgroup_is_set(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /proc/self/oom_score_adj; ulimit -n")
    bundle.process["oomScoreAdj"] = 700
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 333, "hard": 333}]
    bundle.linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    assert bundle.run().stdout == "700\n333\n"


def test_commands_that_need_the_missing_cgroup_say_so(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    for words, text in ((("pause", bundle.name), "cannot toggle freezer: cgroups not configured for container"),
                        (("resume", bundle.name), "container not paused"),
                        (("update", "--memory", "64m", bundle.name), "cannot set memory limit: container could not join or create cgroup")):
        done = runtime.command(*words)
        assert done.returncode == 1 and text in done.stderr, (words, done.stderr)
    assert json.loads(runtime.command("events", "--stats", bundle.name).stdout)["id"] == bundle.name
    assert bundle.exec("--cgroup", "below", bundle.name, "true").returncode == 0


def test_kill_all_ends_all(runtime):
    bundle = runtime.bundle("sh", "-c", "sleep 1000 & exec sleep 1000")
    pid = bundle.start_detached()
    assert runtime.command("kill", "--all", bundle.name, "KILL").returncode == 0
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def test_rootless_is_a_switch(runtime):
    bundle = runtime.bundle("true").save()
    refused = runtime.command("--rootless", "false", "run", "--bundle", bundle.path, "no")
    assert refused.returncode == 1 and "permission denied" in refused.stderr
    assert runtime.command("--rootless", "true", "run", "--bundle", bundle.path, "yes").returncode == 0
    assert "flag -rootless" in runtime.command("--rootless", "perhaps", "list").stderr


def test_inside_a_user_namespace(runtime):
    """As podman runs its runtime: root of a namespace that a user made, in which no other is to be made."""
    bundle = runtime.bundle("cat", "/proc/self/uid_map")
    bundle.without_namespace("user")
    del bundle.linux["uidMappings"], bundle.linux["gidMappings"]
    bundle.save()
    for extra in ((), ("--mount",)):
        done = runtime.as_user("unshare", "--user", "--map-root-user", *extra, runtime.binary, "run", "--bundle", bundle.path, "inside")
        assert done.returncode == 0 and done.stdout.split() == ["0", str(USER), "1"], done.stderr


def test_a_namespace_in_a_namespace(runtime):
    bundle = runtime.bundle("cat", "/proc/self/uid_map")
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]
    bundle.save()
    done = runtime.as_user("unshare", "--user", "--map-root-user", runtime.binary, "run", "--bundle", bundle.path, "inside")
    assert done.returncode == 0 and done.stdout.split() == ["0", "0", "1"], done.stderr


def test_a_user_namespace_by_path(runtime):
    bundle = runtime.bundle("sleep", "1000").map_many()
    pid = bundle.start_detached()
    other = runtime.bundle("sh", "-c", "id -u; cat /proc/self/uid_map; readlink /proc/self/ns/user")
    del other.linux["uidMappings"], other.linux["gidMappings"]
    for space in other.linux["namespaces"]:
        if space["type"] == "user":
            space["path"] = f"/proc/{pid}/ns/user"
    done = other.run()
    assert done.returncode == 0 and done.stdout.split()[:4] == ["0", "0", str(USER), "1"], done.stderr
    assert done.stdout.split()[-1] == os.readlink(f"/proc/{pid}/ns/user")


def test_cgroups_are_shown_but_not_given(runtime):
    bundle = runtime.bundle("sh", "-c", "ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/pids/x")
    bundle.mount("/sys/fs/cgroup", type="cgroup", source="cgroup", options=["ro", "nosuid", "noexec", "nodev"])
    for own_namespace in (True, False):
        if not own_namespace:
            bundle.without_namespace("cgroup")
        done = bundle.run()
        assert "pids" in done.stdout.split() and "Read-only file system" in done.stderr, done.stderr


def test_a_clock_of_its_own(runtime):
    bundle = runtime.bundle("cat", "/proc/uptime")
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 100000000}}
    done = bundle.run()
    assert done.returncode == 0 and float(done.stdout.split()[0]) > 1e8, done.stderr


def test_hooks_and_a_filter(runtime):
    bundle = runtime.bundle("sh", "-c", "chmod 700 /tmp; cat /tmp/said")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"}]}
    script = f"id -u >{bundle.rootfs}/tmp/said"
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", script]}]}
    bundle.process["noNewPrivileges"] = False
    done = bundle.run()
    assert done.stdout == f"{USER}\n", done.stderr
    assert "Operation not permitted" in done.stderr or "not found" in done.stderr
