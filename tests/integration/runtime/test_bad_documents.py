"""Documents that make no sense are refused before anything is made, with the JSON path and the value."""
import json
import os

import pytest


def at(path, value):
    """A change that puts value at a path like "process.rlimits" or "mounts.0.type"."""
    def change(config):
        *parents, last = path.split(".")
        for key in parents:
            config = config[int(key)] if isinstance(config, list) else config.setdefault(key, {})
        if isinstance(config, list):
            config[int(last)] = value
        else:
            config[last] = value
    return change


def mount(**fields):
    return lambda config: config["mounts"].append(fields)


def mapped(uids, gids=None):
    def change(config):
        config["linux"]["namespaces"].append({"type": "user"})
        config["linux"].update(uidMappings=uids, gidMappings=gids or [{"containerID": 0, "hostID": 100000, "size": 10}])
    return change


def mapping(inside, outside, size):
    return {"containerID": inside, "hostID": outside, "size": size}


RESOURCES = "linux.resources"
# What is changed; what the message must name: the path, then the value.
ROWS = [
    (at("ociVersion", "2.0"), "ociVersion", "2.0"),
    (at("ociVersion", 1), "ociVersion", "1"),
    (at("ociVersion", None), "ociVersion", ""),
    (at("root", None), "root", ""),
    (at("root", {"path": ""}), "root.path", ""),
    (at("root", "rootfs"), "root", "rootfs"),
    (at("process", None), "process", ""),
    (at("process", []), "process", "[]"),
    (at("process.args", []), "process.args", ""),
    (at("process.args", "sh"), "process.args", "sh"),
    (at("process.args", ["sh", 5]), "process.args", "5"),
    (at("process.args", ["a\0b"]), "process.args", "NUL"),
    (at("process.env", ["A=\0"]), "process.env", "NUL"),
    (at("process.cwd", ""), "process.cwd", ""),
    (at("process.cwd", "tmp"), "process.cwd", "tmp"),
    (at("process.terminal", "yes"), "process.terminal", "yes"),
    (at("process.user.uid", -1), "process.user.uid", "-1"),
    (at("process.user.uid", 4294967295), "process.user.uid", "4294967295"),
    (at("process.user.uid", 4294967296), "process.user.uid", "4294967296"),
    (at("process.user.gid", "root"), "process.user.gid", "root"),
    (at("process.user.additionalGids", [4294967295]), "process.user.additionalGids", "4294967295"),
    (at("process.user.umask", 4096), "process.user.umask", "4096"),
    (at("process.capabilities.bounding", ["CAP_X"]), "process.capabilities.bounding", "CAP_X"),
    (at("process.capabilities.ambient", ["NET_RAW"]), "process.capabilities.ambient", "NET_RAW"),
    (at("process.capabilities", ["CAP_KILL"]), "process.capabilities", "CAP_KILL"),
    (at("process.rlimits", [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]), "process.rlimits", "RLIMIT_X"),
    (at("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]), "process.rlimits", "RLIMIT_CPU"),
    (at("process.rlimits", [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2), "process.rlimits", "RLIMIT_CPU"),
    (at("process.rlimits", [{"type": "RLIMIT_CPU", "soft": -1, "hard": 1}]), "process.rlimits[0].soft", "-1"),
    (at("process.oomScoreAdj", 1001), "process.oomScoreAdj", "1001"),
    (at("process.scheduler", {"policy": "SCHED_X"}), "process.scheduler", "SCHED_X"),
    (at("process.scheduler", {"policy": "SCHED_OTHER", "nice": 20}), "process.scheduler.nice", "20"),
    (at("process.scheduler", {"policy": "SCHED_OTHER", "priority": 5}), "process.scheduler.priority", "5"),
    (at("process.scheduler", {"policy": "SCHED_FIFO", "priority": 1, "flags": ["X"]}), "process.scheduler", "X"),
    (at("process.scheduler", {"policy": "SCHED_FIFO", "priority": 1, "runtime": 9}), "process.scheduler.runtime", "9"),
    (at("process.ioPriority", {"class": "IOPRIO_CLASS_X", "priority": 1}), "process.ioPriority", "IOPRIO_CLASS_X"),
    (at("process.ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 8}), "process.ioPriority.priority", "8"),
    (at("process.execCPUAffinity", {"initial": "0-"}), "process.execCPUAffinity.initial", "0-"),
    (at("process.execCPUAffinity", {"final": "x"}), "process.execCPUAffinity.final", "x"),
    (at("mounts", {}), "mounts", "{}"),
    (mount(destination="data", type="tmpfs"), "mounts[7].destination", "data"),
    (mount(destination="/..", type="tmpfs"), "mounts[7].destination", "/.."),
    (mount(type="tmpfs"), "mounts[7].destination", ""),
    (mount(destination="/d", type="tmpfs", options="ro"), "mounts[7].options", "ro"),
    (mount(destination="/d", type="bind", source="/tmp", options=["bind"], uidMappings=[mapping(0, 1, 1)]), "mounts[7]", "gidMappings"),
    (mount(destination="/d", type="bind", source="/tmp", options=["bind"], uidMappings=[mapping(0, 1, 0)], gidMappings=[mapping(0, 1, 1)]),
     "mounts[7].uidMappings", "0"),
    (at("hooks", {"prestart": [{"path": "hook"}]}), "hooks.prestart", "hook"),
    (at("hooks", {"poststop": [{"path": "/hook", "timeout": 0}]}), "hooks.poststop", "0"),
    (at("hooks", {"poststart": [{"path": "/hook", "timeout": -3}]}), "hooks.poststart", "-3"),
    (at("linux.namespaces", [{"type": "mount"}, {"type": "net"}]), "linux.namespaces[1].type", "net"),
    (at("linux.namespaces", [{"type": "mount"}, {"type": "pid"}, {"type": "pid"}]), "linux.namespaces", "pid"),
    (at("linux.namespaces", [{"type": "pid"}]), "linux.namespaces", "MNT"),
    (at("linux.namespaces", [{"type": "mount"}, {"type": "uts", "path": "/nowhere/ns"}]), "linux.namespaces", "/nowhere/ns"),
    (at("linux.namespaces", [{"type": "mount"}, {"type": "uts", "path": "ns"}]), "linux.namespaces", "ns"),
    (mapped([]), "linux.uidMappings", ""),
    (mapped([mapping(0, 1000, 0)]), "linux.uidMappings", "0"),
    (mapped([mapping(0, 1000, 10), mapping(5, 5000, 10)]), "linux.uidMappings", "overlap"),
    (mapped([mapping(0, 1000, 10), mapping(20, 1005, 10)]), "linux.uidMappings", "overlap"),
    (mapped([mapping(0, 4294967290, 10)]), "linux.uidMappings", "10"),
    (mapped([mapping(1, 1000, 10)]), "linux.uidMappings", "0"),
    (mapped([mapping(0, 1000, 1)], [mapping(1, 1000, 1)]), "linux.uidMappings", "0"),
    (at("linux.uidMappings", [mapping(0, 1000, 1)]), "linux.uidMappings", "user namespace"),
    (at("linux.devices", [{"path": "dev", "type": "c"}]), "linux.devices[0].path", "dev"),
    (at("linux.devices", [{"path": "/dev/x", "type": "x"}]), "linux.devices[0].type", "x"),
    (at("linux.devices", [{"path": "/dev/x", "type": "c", "major": -2}]), "linux.devices[0]", "-2"),
    (at("linux.sysctl", {"kernel.core_pattern": "|/x"}), "linux.sysctl", "kernel.core_pattern"),
    (at("linux.sysctl", {"net/../kernel/core_pattern": "|/x"}), "linux.sysctl", "net/../kernel/core_pattern"),
    (at("linux.timeOffsets", {"boottime": {"secs": 1}}), "linux.timeOffsets", ""),
    (at("linux.rootfsPropagation", "public"), "linux.rootfsPropagation", "public"),
    (at("linux.personality", {"domain": "BSD"}), "linux.personality.domain", "BSD"),
    (at("linux.personality", {"domain": "LINUX", "flags": ["X"]}), "linux.personality.flags", ""),
    (at("linux.memoryPolicy", {"mode": "MPOL_X"}), "linux.memoryPolicy", "MPOL_X"),
    (at("linux.memoryPolicy", {"mode": "MPOL_BIND", "nodes": "a"}), "linux.memoryPolicy", "a"),
    (at("linux.memoryPolicy", {"mode": "MPOL_BIND", "nodes": "0", "flags": ["X"]}), "linux.memoryPolicy", "X"),
    (at("linux.netDevices", {"a/b": {}}), "linux.netDevices", "a/b"),
    (at("linux.netDevices", {"eth0": {"name": "a b"}}), "linux.netDevices", "a b"),
    (at("linux.intelRdt", {"closID": "x/y"}), "linux.intelRdt.closID", "x/y"),
    (at("linux.mountLabel", "system_u:object_r:x"), "linux.mountLabel", ""),
    (at("process.selinuxLabel", "system_u:x"), "process.selinuxLabel", ""),
    (at("linux.seccomp", {"defaultAction": "SCMP_ACT_X"}), "linux.seccomp.defaultAction", "SCMP_ACT_X"),
    (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]}), "linux.seccomp.flags", "X"),
    (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP"]}), "linux.seccomp.architectures", "SCMP_ARCH_PDP"),
    (at("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": [
        {"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}), "linux.seccomp.syscalls", "6"),
    (at(RESOURCES + ".memory", {"limit": -5}), "linux.resources.memory.limit", "-5"),
    (at(RESOURCES + ".memory", {"limit": "1g"}), "linux.resources.memory.limit", "1g"),
    (at(RESOURCES + ".memory", {"swappiness": 101}), "linux.resources.memory.swappiness", "101"),
    (at(RESOURCES + ".memory", {"limit": 1 << 30, "swap": 1 << 20}), "linux.resources.memory.swap", ""),
    (at(RESOURCES + ".cpu", {"quota": -2}), "linux.resources.cpu.quota", "-2"),
    (at(RESOURCES + ".cpu", {"shares": -1}), "linux.resources.cpu.shares", "-1"),
    (at(RESOURCES + ".cpu", {"idle": 2}), "linux.resources.cpu.idle", ""),
    (at(RESOURCES + ".pids", {"limit": -2}), "linux.resources.pids.limit", "-2"),
    (at(RESOURCES + ".devices", [{"allow": True, "type": "q"}]), "linux.resources.devices", "q"),
    (at(RESOURCES + ".devices", [{"allow": True, "access": "rx"}]), "linux.resources.devices", "rx"),
    (at(RESOURCES + ".unified", {"../memory.max": "1"}), "linux.resources.unified", "../memory.max"),
]


@pytest.mark.parametrize("change, path, value", ROWS, ids=[f"{i}-{row[1]}" for i, row in enumerate(ROWS)])
def test_refused(runtime, change, path, value):
    bundle = runtime.bundle("true")
    change(bundle.config)
    bundle.save()
    log = runtime.home / "log.json"
    done = runtime.command("--log", log, "--log-format", "json", "create", "--bundle", bundle.path, bundle.name)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1 and path in lines[0] and value in lines[0], done.stderr
    logged = json.loads(log.read_text().splitlines()[-1])
    assert logged["level"] == "error" and logged["msg"] == lines[0]
    assert not (runtime.root / bundle.name).exists()
    assert not any(os.path.exists(f"/sys/fs/cgroup/{c}{bundle.linux['cgroupsPath']}") for c in ("memory", "pids", "unified"))


def test_unknown_keys_are_accepted(runtime):
    bundle = runtime.bundle("true")
    for part in (bundle.config, bundle.process, bundle.linux, bundle.config["root"]):
        part["com.example.unknown"] = {"a": [1]}
    assert bundle.run().returncode == 0
