"""Limits, devices, freezer and killing where cgroup v2 is the only hierarchy: in a machine of their own."""
import json
import shlex

import pytest
from in_vm import VmRuntime


@pytest.fixture(scope="module")
def runc(vm):
    return VmRuntime(vm)


def test_limits_stand_in_their_files(runc):
    name = runc.start({
        "cpu": {"shares": 1024, "quota": 20000, "period": 50000, "burst": 5000, "cpus": "1"},
        "memory": {"limit": 64 << 20, "swap": 96 << 20, "reservation": 16 << 20},
        "pids": {"limit": 23}, "hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}],
        "unified": {"memory.high": "50331648"}})
    files = ("cpu.weight", "cpu.max", "cpu.max.burst", "cpuset.cpus", "memory.max", "memory.swap.max", "memory.low", "memory.high",
             "pids.max", "hugetlb.2MB.max")
    assert runc.read(name, *files) == ["100", "20000 50000", "5000", "1", "67108864", "33554432", "16777216", "50331648", "23", "4194304"]
    runc.delete(name)
    assert runc.vm.run(f"ls -d /sys/fs/cgroup/test/{name}", check=False).returncode != 0


def test_update_changes_them(runc):
    name = runc.start({"memory": {"limit": 64 << 20}})
    runc.runc("update", "--memory", "32m", "--memory-swap", "48m", "--cpu-share", "2", "--cpu-quota", "10000", "--pids-limit", "5", name)
    assert runc.read(name, "memory.max", "memory.swap.max", "cpu.weight", "cpu.max", "pids.max") == ["33554432", "16777216", "1", "10000 100000", "5"]
    runc.runc("update", "--memory", "-1", "--pids-limit", "-1", name)
    assert runc.read(name, "memory.max", "memory.swap.max", "pids.max") == ["max", "max", "max"]
    runc.delete(name)


def test_idle_and_io(runc):
    runc.vm.run("modprobe null_blk; modprobe bfq")
    major, minor = map(int, runc.vm.run("cat /sys/block/nullb0/dev").stdout.split(":"))
    rate = [{"major": major, "minor": minor, "rate": 1048576}]
    name = runc.start({"cpu": {"idle": 1}, "blockIO": {"throttleReadBpsDevice": rate, "throttleWriteIOPSDevice": rate, "weight": 500}})
    idle, limits = runc.read(name, "cpu.idle", "io.max")
    assert idle == "1" and limits == f"{major}:{minor} rbps=1048576 wbps=max riops=max wiops=1048576"
    # With the BFQ scheduler its own weight is there, from 1 to 1000; without it that of the cost model, up to 10000.
    assert "500" in runc.vm.run(f"cat /sys/fs/cgroup/test/{name}/io.bfq.weight || cat /sys/fs/cgroup/test/{name}/io.weight").stdout \
        or "4950" in runc.vm.run(f"cat /sys/fs/cgroup/test/{name}/io.weight").stdout
    runc.delete(name)


def test_devices_go_by_program(runc):
    runc.vm.run("test -e /vm/rootfs/kmsg || mknod /vm/rootfs/kmsg c 1 11; test -e /vm/rootfs/zero || mknod /vm/rootfs/zero c 1 5")
    name = runc.start()
    denied = runc.runc("exec", name, "head", "-c", "1", "/kmsg", check=False)
    assert denied.returncode != 0 and "Operation not permitted" in denied.stderr
    assert runc.runc("exec", name, "head", "-c", "1", "/zero").stdout == "\0"
    runc.delete(name)
    runc.vm.run("modprobe null_blk; cp -a /dev/nullb0 /vm/rootfs/")
    major, minor = map(int, runc.vm.run("cat /sys/block/nullb0/dev").stdout.split(":"))
    rule = {"allow": True, "type": "b", "major": major, "minor": minor, "access": "r"}
    name = runc.start({"devices": [{"allow": False, "access": "rwm"}, rule]})
    assert runc.runc("exec", name, "head", "-c", "1", "/nullb0").stdout == "\0"
    assert "Operation not permitted" in runc.runc("exec", name, "sh", "-c", "echo >/nullb0", check=False).stderr
    runc.delete(name)


def test_the_namespace_begins_at_the_container(runc):
    name = runc.start()
    assert runc.runc("exec", name, "cat", "/proc/self/cgroup").stdout == "0::/\n"
    assert "cgroup.procs" in runc.runc("exec", name, "ls", "/sys/fs/cgroup").stdout
    runc.delete(name)


def test_freezer(runc):
    name = runc.start()
    runc.runc("pause", name)
    assert "frozen 1" in runc.read(name, "cgroup.events")[0]
    assert json.loads(runc.runc("state", name).stdout)["status"] == "paused"
    runc.runc("resume", name)
    assert "frozen 0" in runc.read(name, "cgroup.events")[0]
    runc.runc("pause", name)
    runc.delete(name)  # a frozen container dies, too


def test_kill_all_without_a_pid_namespace(runc):
    spaces = [space for space in runc.base["linux"]["namespaces"] if space["type"] != "pid"]
    name = runc.start(args=("sh", "-c", "sleep 1000 & sleep 1000 & exec sleep 1000"), namespaces=spaces)
    assert len(json.loads(runc.runc("ps", "--format", "json", name).stdout)) == 3
    runc.runc("kill", "--all", name, "KILL")
    runc.runc("delete", "--force", name)
    assert runc.vm.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[s]leep 1000'", check=False).stdout == "0\n"


def test_exec_in_a_cgroup_below(runc):
    name = runc.start()
    runc.vm.run(f"mkdir /sys/fs/cgroup/test/{name}/below")
    assert runc.runc("exec", "--cgroup", "below", name, "cat", "/proc/self/cgroup").stdout == "0::/below\n"
    refused = runc.runc("exec", "--cgroup", "../..", name, "true", check=False)
    assert refused.returncode == 255 and "is not a sub cgroup path" in refused.stderr
    runc.delete(name)


def test_statistics(runc):
    name = runc.start({"memory": {"limit": 64 << 20}, "pids": {"limit": 9}})
    data = json.loads(runc.runc("events", "--stats", name).stdout)["data"]
    assert data["memory"]["usage"]["limit"] == 64 << 20 and data["memory"]["usage"]["usage"] > 0
    assert data["pids"] == {"current": 1, "limit": 9} and data["cpu"]["usage"]["total"] > 0
    runc.delete(name)


@pytest.mark.parametrize("unified,text", [({"memory.nothing": "1"}, "memory.nothing"), ({"pids.max": "many"}, "pids.max")])
def test_a_file_that_refuses_is_named_and_nothing_is_left(runc, unified, text):
    with pytest.raises(AssertionError) as failure:
        runc.start({"unified": unified})
    assert text in str(failure.value)
    assert runc.vm.run(f"ls -d /sys/fs/cgroup/test/c{runc.count}", check=False).returncode != 0


DELEGATE = r"""
grep -q ^hulltest: /etc/passwd || echo "hulltest:x:7777:7777::/vm:/bin/sh" >>/etc/passwd
cd /sys/fs/cgroup; echo +memory +pids +cpu >cgroup.subtree_control; mkdir -p mine; echo +memory +pids +cpu >mine/cgroup.subtree_control
mkdir -p mine/shell; chown 7777:7777 mine mine/cgroup.procs mine/cgroup.subtree_control mine/shell mine/shell/cgroup.procs
mkdir -p /vm/own /vm/run; cp -r /vm/rootfs /vm/own/; chown -R 7777:7777 /vm/own /vm/run; chmod 755 /vm /vm/hull-runc
cat >/vm/in_own <<U
#!/bin/sh
[ \$1 = outside ] || echo 0 >/sys/fs/cgroup/mine/shell/cgroup.procs
shift; cd /vm/own; export XDG_RUNTIME_DIR=/vm/run
exec setpriv --reuid 7777 --regid 7777 --clear-groups --inh-caps=-all "\$@"
U
chmod 755 /vm/in_own
"""


@pytest.fixture(scope="module")
def own(runc):
    """An ordinary user to whom a part of the tree belongs; no systemd of its own."""
    runc.vm.run(DELEGATE)
    runc.vm.run("/vm/in_own outside /vm/hull-runc spec --rootless")
    return runc


def start_own(own, name, where, **linux):
    config = json.loads(own.vm.run("cat /vm/own/config.json").stdout)
    config["process"] |= {"terminal": False, "args": ["sleep", "1000"]}
    config["linux"] |= linux
    own.vm.run(f"printf %s {shlex.quote(json.dumps(config))} >/vm/own/config.json")
    return own.vm.run(f"/vm/in_own {where} /vm/hull-runc run -d {name} </dev/null >/vm/own.out 2>&1; s=$?; cat /vm/own.out; exit $s", check=False)


def test_a_tree_delegated_to_a_user_without_systemd(own):
    done = start_own(own, "mine", "inside", cgroupsPath="/mine/c", resources={"memory": {"limit": 64 << 20}, "pids": {"limit": 33}})
    assert done.returncode == 0, done.stdout
    assert own.read("c", "memory.max", "pids.max", at="mine") == [str(64 << 20), "33"]
    pid = json.loads(own.vm.run("/vm/in_own inside /vm/hull-runc state mine").stdout)["pid"]
    assert own.vm.run(f"cat /proc/{pid}/cgroup").stdout == "0::/mine/c\n"
    assert own.vm.run("/vm/in_own inside /vm/hull-runc exec mine cat /proc/self/cgroup").stdout == "0::/\n"
    own.vm.run("/vm/in_own inside /vm/hull-runc update --pids-limit 9 mine; /vm/in_own inside /vm/hull-runc pause mine")
    assert own.read("c", "pids.max", "cgroup.freeze", at="mine") == ["9", "1"]
    own.vm.run("/vm/in_own inside /vm/hull-runc resume mine; /vm/in_own inside /vm/hull-runc delete --force mine")
    assert own.vm.run("ls -d /sys/fs/cgroup/mine/c", check=False).returncode != 0


def test_without_delegation_limits_are_refused_and_none_are_needed(own):
    done = start_own(own, "bare", "outside", cgroupsPath="", resources={})
    assert done.returncode == 0, done.stdout
    own.vm.run("/vm/in_own outside /vm/hull-runc exec bare true; /vm/in_own outside /vm/hull-runc delete --force bare")
    done = start_own(own, "bare2", "outside", cgroupsPath="", resources={"pids": {"limit": 33}})
    assert done.returncode == 1 and "rootless needs no limits + no cgrouppath" in done.stdout
    assert own.vm.run("/vm/in_own outside /vm/hull-runc list -q").stdout == ""
