"""--systemd-cgroup: the container's cgroup is a scope, and systemd knows its limits."""
import json
import os
import shlex
import shutil

import pytest
from in_vm import VmRuntime

FLAG = "--systemd-cgroup"


@pytest.fixture(scope="module")
def runc(vm):
    return VmRuntime(vm)


def shown(runc, unit, *names):
    text = runc.vm.run(f"systemctl show {unit} " + " ".join(f"-p {name}" for name in names)).stdout
    values = dict(line.split("=", 1) for line in text.splitlines())
    return [values[name] for name in names]


def test_a_scope_with_its_limits(runc):
    name = runc.start({"memory": {"limit": 64 << 20, "swap": 96 << 20, "reservation": 8 << 20}, "pids": {"limit": 21},
                       "cpu": {"quota": 20000, "period": 50000}}, flags=FLAG, path="hull-test.slice:hull:one")
    unit = "hull-one.scope"
    assert shown(runc, unit, "ActiveState", "Slice", "Delegate", "MemoryMax", "MemorySwapMax", "MemoryLow", "TasksMax",
                 "CPUQuotaPerSecUSec", "ControlGroup") == [
        "active", "hull-test.slice", "yes", str(64 << 20), str(32 << 20), str(8 << 20), "21", "400ms",
        "/hull.slice/hull-test.slice/hull-one.scope"]
    at = "hull.slice/hull-test.slice"
    assert runc.read(unit, "memory.max", "pids.max", "cpu.max", at=at) == [str(64 << 20), "21", "20000 50000"]
    pid = runc.vm.run(f"cat /sys/fs/cgroup/{at}/{unit}/cgroup.procs").stdout.split()
    assert len(pid) == 1  # the container's process, and nothing that held the scope for it
    runc.runc(FLAG, "update", "--memory", "32m", "--memory-swap", "32m", "--pids-limit", "9", name)
    assert shown(runc, unit, "MemoryMax", "TasksMax") == [str(32 << 20), "9"]
    runc.delete(name)
    assert shown(runc, unit, "LoadState", "ActiveState") == ["not-found", "inactive"]


def test_limits_outlive_a_reload(runc):
    name = runc.start({"memory": {"limit": 64 << 20}, "pids": {"limit": 21}}, flags=FLAG, path="system.slice:hull:two")
    runc.vm.run("test -e /vm/rootfs/kmsg || mknod /vm/rootfs/kmsg c 1 11")
    runc.vm.run("systemctl daemon-reload")
    assert runc.read("hull-two.scope", "memory.max", "pids.max", at="system.slice") == [str(64 << 20), "21"]
    assert "Operation not permitted" in runc.runc("exec", name, "head", "-c", "1", "/kmsg", check=False).stderr
    assert runc.runc("exec", name, "head", "-c", "1", "/dev/zero").stdout == "\0"
    runc.delete(name)


def test_devices_are_told_to_systemd(runc):
    name = runc.start({"devices": [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]},
                      flags=FLAG, path=":hull:three")
    policy, allowed = shown(runc, "hull-three.scope", "DevicePolicy", "DeviceAllow")
    assert policy == "strict" and "/dev/char/1:11 r" in allowed
    runc.delete(name)


def test_a_container_that_ends_takes_its_scope_along(runc):
    name = runc.start(flags=FLAG, path="", args=("true",))
    runc.vm.run(f"for i in $(seq 50); do [ \"$(/vm/hull-runc state {name} | grep -c stopped)\" = 1 ] && exit 0; done; exit 1")
    runc.runc("delete", name)
    assert shown(runc, f"runc-{name}.scope", "LoadState") == ["not-found"]


@pytest.mark.parametrize("path,text", [("/plain/path", "slice:prefix:name"), ("noslice:a:b", "noslice"), ("system.slice:a:../b", "invalid unit name"),
                                       ("a--b.slice:a:b", "invalid slice name")])
def test_a_path_that_names_no_scope_is_refused(runc, path, text):
    with pytest.raises(AssertionError) as failure:
        runc.start(flags=FLAG, path=path)
    assert text in str(failure.value)


PROPERTY = "org.systemd.property."


def test_annotations_become_properties(runc):
    # The first three are what CRI-O sets.
    said = {"TimeoutStopUSec": "uint64 10000000", "CollectMode": "'inactive-or-failed'", "After": "['dbus.service']",
            "RuntimeMaxSec": "3600", "IOWeight": "uint64 77", "TasksMax": "uint64 5",
            "DeviceAllow": "@a(ss) [('/dev/null', 'r')]", "Description": "'of the test'"}
    name = runc.start({"pids": {"limit": 21}}, flags=FLAG, path="system.slice:hull:said",
                      annotations={PROPERTY + key: value for key, value in said.items()} | {"com.example.other": "("})
    unit = "hull-said.scope"
    after, = shown(runc, unit, "After")
    assert "dbus.service" in after.split()
    # The document's own limits stand, whatever an annotation says of the same.
    assert shown(runc, unit, "TimeoutStopUSec", "CollectMode", "RuntimeMaxUSec", "IOWeight", "TasksMax", "Description") == [
        "10s", "inactive-or-failed", "1h", "77", "21", "of the test"]
    assert json.loads(runc.runc("state", name).stdout)["annotations"][PROPERTY + "IOWeight"] == "uint64 77"
    runc.delete(name)


@pytest.mark.parametrize("key,value,text", [
    ("Ab", "1", f"annotation {PROPERTY}Ab name incorrect: too short"),
    ("Tasks_Max", "1", f"annotation {PROPERTY}Tasks_Max name incorrect: contains non-alphabetic character"),
    ("TasksMax", "uint64 many", f'annotation {PROPERTY}TasksMax=uint64 many value parse error: unrecognized type'),
    ("TimeoutStopSec", "'soon'", f"annotation {PROPERTY}TimeoutStopSec='soon' value parse error: not a number"),
    ("TasksMax", "'five'", "start unit hull-bad.scope: "),  # systemd's own word on the type
    ("Nonsense", "1", "start unit hull-bad.scope: "),
])
def test_bad_annotations_are_refused(runc, key, value, text):
    with pytest.raises(AssertionError) as failure:
        runc.start(flags=FLAG, path="system.slice:hull:bad", annotations={PROPERTY + key: value})
    assert text in str(failure.value)
    assert runc.runc("list", "-q").stdout == ""
    assert shown(runc, "hull-bad.scope", "LoadState") == ["not-found"]


def test_annotations_mean_nothing_without_systemd(runc):
    runc.delete(runc.start(annotations={PROPERTY + "TasksMax": "("}))


def test_a_unit_of_that_name_is_not_taken_over(runc):
    runc.vm.run("systemd-run --scope --unit hull-mine --slice system.slice sleep 1000 >/dev/null 2>&1 & "
                "for i in $(seq 200); do systemctl is-active -q hull-mine.scope && exit 0; done; exit 1")
    with pytest.raises(AssertionError) as failure:
        runc.start(flags=FLAG, path="system.slice:hull:mine")
    assert "hull-mine.scope" in str(failure.value)
    assert shown(runc, "hull-mine.scope", "ActiveState") == ["active"]
    runc.vm.run("systemctl stop hull-mine.scope")


def test_a_restored_container_is_in_a_scope_again(runc):
    criu = os.environ.get("HULL_CRIU") or shutil.which("criu")
    if not criu or runc.vm.run(f"{criu} check", check=False).returncode != 0:
        pytest.skip("criu is not installed (HULL_CRIU), or can't work in this machine")
    runc.base["root"]["readonly"] = False  # criu makes a folder in it, as under runc
    limit = {"memory": {"limit": 64 << 20}, "pids": {"limit": 21}}
    name = runc.start(limit, flags=FLAG, path="system.slice:hull:again")
    runc.vm.run(f"HULL_CRIU={criu} /vm/hull-runc {FLAG} checkpoint --image-path /vm/images {name}")
    runc.vm.run(f"/vm/hull-runc delete {name} 2>/dev/null; true")
    assert shown(runc, "hull-again.scope", "LoadState") == ["not-found"]
    runc.vm.run(f"HULL_CRIU={criu} /vm/hull-runc {FLAG} restore -d --image-path /vm/images -b /vm/{name} {name} >/vm/out 2>&1 </dev/null || {{ cat /vm/out; exit 1; }}")
    pid = json.loads(runc.runc("state", name).stdout)["pid"]
    assert shown(runc, "hull-again.scope", "ActiveState", "MemoryMax", "TasksMax") == ["active", str(64 << 20), "21"]
    assert runc.vm.run(f"cat /proc/{pid}/cgroup").stdout == "0::/system.slice/hull-again.scope\n"
    runc.delete(name)
    assert shown(runc, "hull-again.scope", "LoadState") == ["not-found"]


USER_MANAGER = """
echo "hulltest:x:7777:7777::/vm/home:/bin/sh" >>/etc/passwd; echo "hulltest:x:7777:" >>/etc/group
mkdir -p /vm/home /run/user/7777; chown 7777:7777 /vm/home /run/user/7777; chmod 700 /run/user/7777
cat >/run/systemd/system/hull-user.service <<U
[Unit]
DefaultDependencies=no
[Service]
User=7777
Group=7777
Slice=user-7777.slice
Delegate=pids memory cpu cpuset io
Type=notify
Environment=XDG_RUNTIME_DIR=/run/user/7777 HOME=/vm/home DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/7777/bus
ExecStart=/lib/systemd/systemd --user --unit=basic.target
U
set -e
systemctl daemon-reload; systemctl start hull-user.service
cat >/vm/as_user <<U
#!/bin/sh
export XDG_RUNTIME_DIR=/run/user/7777 HOME=/vm/home
exec setpriv --reuid 7777 --regid 7777 --clear-groups --inh-caps=-all "\\$@"
U
chmod 755 /vm/as_user /vm /vm/hull-runc; /vm/as_user systemctl --user start dbus.socket dbus.service
mkdir -p /vm/ub; cp -r /vm/rootfs /vm/ub/; chown -R 7777:7777 /vm/ub; cd /vm/ub; /vm/as_user /vm/hull-runc spec --rootless
"""


@pytest.fixture(scope="module")
def user(runc):
    """An ordinary user with a systemd of its own, to which cgroup v2 is delegated."""
    runc.vm.run(USER_MANAGER, timeout=120)
    return runc


def test_a_scope_of_an_ordinary_user(user):
    config = json.loads(user.vm.run("cat /vm/ub/config.json").stdout)
    config["process"] |= {"terminal": False, "args": ["sleep", "1000"]}
    config["linux"] |= {"cgroupsPath": "user.slice:hull:mine", "resources": {
        "memory": {"limit": 64 << 20, "swap": 96 << 20}, "pids": {"limit": 33}, "cpu": {"shares": 512, "quota": 20000, "period": 50000}}}
    runtime = f"/vm/as_user /vm/hull-runc {FLAG}"
    user.vm.run(f"cd /vm/ub; printf %s {shlex.quote(json.dumps(config))} >config.json; {runtime} run -d mine </dev/null >out 2>&1 || {{ cat out; exit 1; }}")
    pid = json.loads(user.vm.run(f"{runtime} state mine").stdout)["pid"]
    place = user.vm.run(f"cat /proc/{pid}/cgroup").stdout.strip()
    assert place == "0::/user.slice/user-7777.slice/hull-user.service/user.slice/hull-mine.scope"
    files = "memory.max memory.swap.max pids.max cpu.weight cpu.max cgroup.procs"
    at = "/sys/fs/cgroup" + place.removeprefix("0::")
    assert user.vm.run(f"cd {at}; cat {files}").stdout.splitlines() == [str(64 << 20), str(32 << 20), "33", "59", "20000 50000", str(pid)]
    shown = user.vm.run("/vm/as_user systemctl --user show hull-mine.scope -p MemoryMax -p TasksMax -p CPUWeight").stdout
    assert sorted(shown.split()) == ["CPUWeight=59", f"MemoryMax={64 << 20}", "TasksMax=33"]
    # An exec'd process is in the scope: its cgroup namespace begins there.
    assert user.vm.run(f"{runtime} exec mine cat /proc/self/cgroup").stdout == "0::/\n"
    user.vm.run(f"{runtime} update --memory 32m --pids-limit 9 mine")
    assert user.vm.run(f"cd {at}; cat memory.max memory.swap.max pids.max").stdout.split() == [str(32 << 20), str(64 << 20), "9"]
    user.vm.run(f"{runtime} pause mine; {runtime} resume mine; {runtime} delete --force mine")
    assert user.vm.run("/vm/as_user systemctl --user show hull-mine.scope -p LoadState").stdout == "LoadState=not-found\n"
    assert user.vm.run(f"ls -d {at}", check=False).returncode != 0
