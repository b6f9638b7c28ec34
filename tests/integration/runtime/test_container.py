"""What a container sees of what config.json says."""
import json
import os
import stat
import subprocess

import pytest


def output(bundle, *flags):
    done = bundle.run(*flags)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_namespaces_are_new_or_the_hosts(runtime):
    kinds = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup"}
    bundle = runtime.bundle("sh", "-c", "for n in pid net ipc uts mnt cgroup; do stat -Lc %i /proc/self/ns/$n; done")
    bundle.without_namespace("uts")
    bundle.config["hostname"] = ""
    inside = dict(zip(kinds.values(), map(int, output(bundle).split())))
    for file in kinds.values():
        assert (inside[file] == os.stat(f"/proc/self/ns/{file}").st_ino) == (file == "uts")


def test_a_namespace_is_joined_by_path(runtime):
    first = runtime.bundle("sleep", "1000")
    first.config["hostname"] = "first"
    pid = first.start_detached()
    second = runtime.bundle("sh", "-c", "hostname; ls -d /proc/1; ps | wc -l")
    second.config["hostname"] = ""
    for space in second.linux["namespaces"]:
        if space["type"] in ("uts", "pid", "network", "ipc"):
            space["path"] = f"/proc/{pid}/ns/" + {"network": "net"}.get(space["type"], space["type"])
    assert output(second).split()[:2] == ["first", "/proc/1"]


def test_user_namespace(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /proc/self/uid_map; stat -c '%u:%g' /dev/mqueue; id -u; touch /dev/null")
    bundle.linux["namespaces"].append({"type": "user"})
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    for path in (runtime.home, bundle.path):
        os.chmod(path, 0o711)
    assert output(bundle).split() == ["0", "100000", "65536", "0:0", "0"]


def test_time_namespace(runtime):
    bundle = runtime.bundle("cat", "/proc/uptime")
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1000000}}
    assert float(output(bundle).split()[0]) > 1000000


def test_devices_and_links(runtime):
    bundle = runtime.bundle("sh", "-c", "ls /dev; stat -c '%t:%T %a' /dev/null /dev/fuse; cat /dev/null; ls -l /dev/ptmx")
    bundle.linux["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 0, "gid": 0}]
    text = output(bundle)
    for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "fd", "stdin", "stdout", "stderr", "shm"):
        assert name in text.split()
    assert "1:3 666\na:e5 640" in text and "ptmx -> pts/ptmx" in text


def test_devices_that_no_rule_allows_are_denied(runtime):
    bundle = runtime.bundle()
    bundle.process["args"] = ["sh", "-c", "cat /memory_device; echo $?"]
    os.mknod(bundle.rootfs / "memory_device", 0o666 | stat.S_IFCHR, os.makedev(1, 11))
    done = bundle.run()
    assert "Operation not permitted" in done.stderr and done.stdout == "1\n"


def test_masked_and_read_only_paths(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /proc/timer_list | wc -c; ls /sys/firmware | wc -l; "
                            "echo 1 > /proc/sys/kernel/domainname; echo x > /etc/new; echo $?")
    done = bundle.run()
    assert done.stdout.split() == ["0", "0", "1"] and done.stderr.count("Read-only file system") == 2


def test_bind_mounts_and_their_options(runtime):
    source = runtime.home / "source"
    (source / "below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", source / "below"], check=True)
    try:
        bundle = runtime.bundle("sh", "-c", "touch /ro/x; touch /ro/below/x && echo writable; touch /rro/below/x; grep -c ' /rro' /proc/self/mountinfo;"
                                "cat /file; cat /made/by/us/file")
        (runtime.home / "file").write_text("content\n")
        bundle.config["root"]["readonly"] = False
        bundle.mount("/ro", type="bind", source=str(source), options=["rbind", "ro"])
        bundle.mount("/rro", type="bind", source=str(source), options=["rbind", "rro"])
        bundle.mount("/file", type="bind", source=str(runtime.home / "file"), options=["bind", "ro", "nosuid", "nodev", "noexec"])
        bundle.mount("/made/by/us/file", type="bind", source=str(runtime.home / "file"), options=["bind"])
        done = bundle.run()
    finally:
        subprocess.run(["umount", source / "below"], check=True)
    assert done.stdout.split() == ["writable", "2", "content", "content"]
    assert done.stderr.count("Read-only file system") == 2


def test_a_mount_on_a_link_that_leads_nowhere_yet_stays_in_the_rootfs(runtime):
    bundle = runtime.bundle("cat", "/run/resolvconf/real")
    (bundle.rootfs / "etc/resolv.conf").symlink_to("../../../run/resolvconf/real")
    (runtime.home / "file").write_text("nameserver\n")
    bundle.config["root"]["readonly"] = False
    bundle.mount("/etc/resolv.conf", type="bind", source=str(runtime.home / "file"), options=["bind"])
    assert output(bundle) == "nameserver\n"
    assert not os.path.exists("/run/resolvconf/real")


def test_tmpfs_copies_up_and_keeps_the_mode(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /data/sub/file; stat -c %a /data /data/sub/file; touch /data/new && stat -c %a /plain")
    (bundle.rootfs / "data/sub").mkdir(parents=True)
    (bundle.rootfs / "data/sub/file").write_text("copied\n")
    os.chmod(bundle.rootfs / "data/sub/file", 0o640)
    os.chmod(bundle.rootfs / "data", 0o1750)
    (bundle.rootfs / "plain").mkdir(mode=0o711)
    bundle.mount("/data", type="tmpfs", source="tmpfs", options=["tmpcopyup", "nosuid"])
    bundle.mount("/plain", type="tmpfs", source="tmpfs", options=["size=1m"])
    assert output(bundle).split() == ["copied", "1750", "640", "711"]


def test_idmapped_bind(runtime):
    source = runtime.home / "owned"
    source.mkdir()
    (source / "file").write_text("")
    os.chown(source / "file", 5, 6)
    bundle = runtime.bundle("stat", "-c", "%u:%g", "/m/file")
    bundle.config["root"]["readonly"] = False
    bundle.mount("/m", type="bind", source=str(source), options=["bind"],
                 uidMappings=[{"containerID": 5, "hostID": 1005, "size": 1}],
                 gidMappings=[{"containerID": 6, "hostID": 1006, "size": 1}])
    done = bundle.run()
    if "set mount attributes: invalid argument" in done.stderr:
        pytest.skip("this file system can't be idmapped")
    assert done.stdout == "1005:1006\n", done.stderr


def test_user_groups_umask_and_home(runtime):
    bundle = runtime.bundle("sh", "-c", "id -u; id -g; id -G; umask; echo $HOME; pwd")
    bundle.process["user"] = {"uid": 33, "gid": 33, "additionalGids": [44, 55], "umask": 0o27}
    bundle.process["cwd"] = "/made/for/it"
    bundle.config["root"]["readonly"] = False
    assert output(bundle).split() == ["33", "33", "33", "44", "55", "0027", "/var/www", "/made/for/it"]


def test_host_groups_are_dropped(runtime):
    before = os.getgroups()
    os.setgroups([4242])
    try:
        assert output(runtime.bundle("id", "-G")).split() == ["0"]
    finally:
        os.setgroups(before)


def test_limits_of_the_process(runtime):
    bundle = runtime.bundle("sh", "-c", "ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    bundle.process["oomScoreAdj"] = 321
    assert output(bundle).split() == ["100", "200", "321", "NoNewPrivs:", "1"]


def test_limits_of_the_cgroup(runtime):
    bundle = runtime.bundle("sh", "-c", "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.shares cpu/cpu.cfs_quota_us cpuset/cpuset.cpus")
    bundle.linux["resources"] |= {"memory": {"limit": 33554432}, "pids": {"limit": 17},
                                  "cpu": {"shares": 300, "quota": 20000, "period": 50000, "cpus": "0"}}
    if not os.path.isdir("/sys/fs/cgroup/memory"):
        pytest.skip("the machine has no cgroup v1")
    assert output(bundle).split() == ["33554432", "17", "300", "20000", "0"]


def test_sysctl(runtime):
    bundle = runtime.bundle("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000"}
    assert output(bundle).split() == ["1", "9000"]


def test_seccomp_and_its_cache(runtime):
    bundle = runtime.bundle("sh", "-c", "mkdir /tmp/x; echo $?; grep Seccomp: /proc/self/status")
    bundle.config["root"]["readonly"] = False
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                               "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
    for no_new_privileges in (True, False):
        bundle.process["noNewPrivileges"] = no_new_privileges
        done = bundle.run()
        assert done.stdout.split() == ["1", "Seccomp:", "2"] and "Operation not supported" in done.stderr
    cached = os.listdir(runtime.root / "@seccomp")
    assert len(cached) == 1
    # A filter that others could have written is not believed.
    path = runtime.root / "@seccomp" / cached[0]
    path.write_bytes(path.read_bytes()[:-8])
    os.chmod(path, 0o666)
    assert bundle.run().stdout.split() == ["1", "Seccomp:", "2"]


@pytest.mark.parametrize("no_new_privileges", [True, False])
@pytest.mark.parametrize("call", ["close_range", "faccessat2"])
def test_a_filter_may_forbid_what_the_runtime_itself_calls(runtime, call, no_new_privileges):
    bundle = runtime.bundle("echo", "ran")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                               "syscalls": [{"names": [call], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
    bundle.process["noNewPrivileges"] = no_new_privileges
    assert output(bundle).split() == ["ran"]


def test_hooks_run_in_order_with_the_state(runtime):
    log = runtime.home / "hooks"
    def hook(name, extra=""):
        return [{"path": "/bin/sh", "args": ["sh", "-c", f"(echo {name}; cat; echo) >> {log}{extra}"], "env": ["PATH=/bin:/usr/bin"]}]
    bundle = runtime.bundle("sh", "-c", "cat /hook")
    bundle.config["root"]["readonly"] = False
    bundle.config["hooks"] = {name: hook(name) for name in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
    bundle.config["hooks"]["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "echo started > /hook"]}]
    assert output(bundle) == "started\n"
    lines = log.read_text().split("\n")
    names = lines[0:10:2]
    assert names == ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    states = [json.loads(line) for line in lines[1:10:2]]
    assert [state["status"] for state in states] == ["creating", "creating", "creating", "running", "stopped"]
    assert all(state["id"] == bundle.name and state["bundle"] == str(bundle.path) for state in states)


def test_hooks_need_not_read_their_state(runtime):
    """Nor is the runtime ended by the signal of a pipe that nobody reads: the state here is more than a pipe holds."""
    bundle = runtime.bundle("echo", "ran")
    bundle.config["annotations"] = {"long": "x" * 200_000}
    hook = [{"path": "/bin/busybox", "args": ["true"]}]
    bundle.config["hooks"] = {kind: hook for kind in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
    bundle.config["hooks"]["startContainer"] = [{"path": "/bin/true"}]
    assert output(bundle) == "ran\n"


def test_a_poststop_hook_that_fails_keeps_no_other_from_running(runtime):
    log = runtime.home / "hooks"
    bundle = runtime.bundle("true")
    bundle.config["hooks"] = {"poststop": [{"path": "/bin/busybox", "args": ["false"]},
                                           {"path": "/bin/busybox", "args": ["sh", "-c", f"echo second >> {log}"]}]}
    done = bundle.run()
    assert done.returncode == 0 and log.read_text() == "second\n"
    assert "level=warning" in done.stderr and "poststop hook #0" in done.stderr


def test_a_poststart_hook_that_fails_ends_the_container(runtime):
    """As runc and crun: it is killed and deleted, with its poststop hooks, and start says why."""
    log = runtime.home / "hooks"
    bundle = runtime.bundle("sleep", "1000")
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/busybox", "args": ["false"]},
                                            {"path": "/bin/busybox", "args": ["sh", "-c", f"echo second >> {log}"]}],
                              "poststop": [{"path": "/bin/busybox", "args": ["sh", "-c", f"echo stop >> {log}"]}]}
    assert bundle.create().returncode == 0
    done = runtime.command("start", bundle.name)
    assert done.returncode == 1 and "error running poststart hook #0" in done.stderr
    assert "container does not exist" in runtime.command("state", bundle.name).stderr
    assert log.read_text() == "stop\n"
    for flags in ([], ["-d"]):
        bundle.save()
        done = runtime.detached("run", *flags, "-b", bundle.path, bundle.name)
        assert done.returncode == 1 and "error running poststart hook #0" in done.stdout
        assert "container does not exist" in runtime.command("state", bundle.name).stderr


@pytest.mark.parametrize("args,timeout,text", [(["sh", "-c", "echo why; exit 3"], None, "exit status 3, output: why"),
                                               (["sleep", "100"], 1, "timeout")])
def test_a_failing_hook_undoes_the_container(runtime, args, timeout, text):
    bundle = runtime.bundle("true")
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/busybox", "args": args} | ({"timeout": timeout} if timeout else {})]}
    done = bundle.run()
    assert done.returncode == 1 and text in done.stderr
    assert not (runtime.root / bundle.name).exists()


def test_descriptors_of_socket_activation_are_those_of_the_process_that_is_named(runtime):
    """A daemon's variables reach the runtime through all that was started; the descriptors then are not meant (sd_listen_fds(3))."""
    for pid, given in (("$$", "yes\nLISTEN_FDS=1\nLISTEN_PID=1\n"), ("1", "")):
        bundle = runtime.bundle("sh", "-c", "[ ! -e /proc/self/fd/3 ] || echo yes; env | grep LISTEN | sort").save()
        script = (f"exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID={pid}; "
                  f"exec {runtime.binary} --root {runtime.root} run -b {bundle.path} {bundle.name}")
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=30)
        assert done.stdout == given, done.stderr


def test_preserved_descriptors(runtime):
    bundle = runtime.bundle("sh", "-c", "echo through >&3; ls /proc/self/fd").save()
    script = f"exec 3>{runtime.home}/out 4>{runtime.home}/leak; exec {runtime.binary} --root {runtime.root} run --preserve-fds 1 -b {bundle.path} {bundle.name}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert (runtime.home / "out").read_text() == "through\n"
    assert done.stdout.split()[:4] == ["0", "1", "2", "3"] and len(done.stdout.split()) == 5  # and that of ls itself


def test_no_pivot(runtime):
    assert output(runtime.bundle("ls", "/bin/busybox"), "--no-pivot") == "/bin/busybox\n"
