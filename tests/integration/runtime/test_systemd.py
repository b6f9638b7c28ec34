"""--systemd-cgroup: the container's cgroup is a scope, and systemd knows its limits."""
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


def test_a_unit_of_that_name_is_not_taken_over(runc):
    runc.vm.run("systemd-run --scope --unit hull-mine --slice system.slice sleep 1000 >/dev/null 2>&1 & "
                "for i in $(seq 200); do systemctl is-active -q hull-mine.scope && exit 0; done; exit 1")
    with pytest.raises(AssertionError) as failure:
        runc.start(flags=FLAG, path="system.slice:hull:mine")
    assert "hull-mine.scope" in str(failure.value)
    assert shown(runc, "hull-mine.scope", "ActiveState") == ["active"]
    runc.vm.run("systemctl stop hull-mine.scope")
