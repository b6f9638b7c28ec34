"""Mounts as others see them: propagation, their order, and containers that have the host's mount namespace."""
import os
import subprocess

import pytest


def mounts_inside(bundle):
    """Fields of each line of mountinfo, by mount point."""
    done = bundle.run()
    assert done.returncode == 0, done.stderr
    return {line.split()[4]: line.split() for line in done.stdout.splitlines()}


@pytest.mark.parametrize("value,mark", [("shared", "shared:"), ("rshared", "shared:"), ("unbindable", "unbindable"),
                                        ("runbindable", "unbindable"), ("private", ""), ("rprivate", "")])
def test_the_root_has_the_propagation_of_the_document(runtime, value, mark):
    bundle = runtime.bundle("cat", "/proc/self/mountinfo")
    bundle.linux["rootfsPropagation"] = value
    found = mounts_inside(bundle)
    assert any(field.startswith(mark) for field in found["/"][6:]) if mark else found["/"][6] == "-"
    recursive = mark and value.startswith("r")
    assert any(field.startswith(mark) for field in found["/proc"][6:]) if recursive else found["/proc"][6] == "-"


def test_a_shared_bind_is_a_peer_of_the_hosts_mount(runtime):
    """Here in a mount namespace that is shared within itself: what the container mounts in the bind shows outside."""
    source = runtime.home / "source"
    (source / "inner").mkdir(parents=True)
    bundle = runtime.bundle("sh", "-c", "mount -t tmpfs inside /data/inner && cat /proc/self/mountinfo")
    bundle.mount("/data", type="bind", source=str(source), options=["rbind", "rshared"])
    bundle.linux["rootfsPropagation"] = "rshared"
    bundle.process["capabilities"] = {kind: ["CAP_SYS_ADMIN"] for kind in ("bounding", "effective", "permitted")}
    bundle.save()
    script = (f"mount --bind {source} {source} && mount --make-shared {source} && "
              f"{runtime.binary} --root {runtime.root} run -b {bundle.path} {bundle.name} </dev/null && cat /proc/self/mountinfo")
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    outside = [line.split() for line in done.stdout.splitlines() if " - tmpfs inside " in line]
    assert f"{source}/inner" in [fields[4] for fields in outside]
    assert not [line for line in done.stdout.splitlines() if line.split()[4].startswith(str(bundle.rootfs))]


def test_mountinfo_lists_mounts_in_the_order_of_the_document(runtime):
    """Linux 6.8 and later list them by age, which those who compare the list with config.json see."""
    bundle = runtime.bundle("cat", "/proc/self/mountinfo")
    places = []
    for number in range(3):
        (runtime.home / f"b{number}").mkdir()
        bundle.mount(f"/t{number}", type="tmpfs", source="tmpfs")
        bundle.mount(f"/b{number}", type="bind", source=str(runtime.home / f"b{number}"), options=["bind"])
        places += [f"/t{number}", f"/b{number}"]
    found = list(mounts_inside(bundle))
    assert [place for place in found if place in places] == places
    assert found.index("/proc") < found.index("/t0")


def hosts_mounts(path):
    with open("/proc/self/mountinfo") as table:
        return [line.split()[4] for line in table if str(path) in line]


@pytest.fixture
def in_hosts_mounts(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.without_namespace("mount")
    for kind in ("maskedPaths", "readonlyPaths"):
        del bundle.linux[kind]
    return bundle


def test_a_container_in_the_hosts_mount_namespace(runtime, in_hosts_mounts):
    bundle = in_hosts_mounts
    assert bundle.create().returncode == 0
    pid = runtime.state(bundle.name)["pid"]
    assert os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    assert runtime.command("start", bundle.name).returncode == 0
    assert str(bundle.rootfs / "proc") in hosts_mounts(bundle.rootfs)
    inside = runtime.command("exec", bundle.name, "sh", "-c", "ls -d /bin/busybox /usr; pwd; cat /proc/1/comm")
    assert inside.stdout.split() == ["/bin/busybox", "/", "sleep"]
    assert runtime.command("delete", "--force", bundle.name).returncode == 0
    assert hosts_mounts(bundle.rootfs) == []


def test_its_mounts_go_when_it_fails_or_is_not_the_only_one(runtime, in_hosts_mounts):
    bundle = in_hosts_mounts
    subprocess.run(["mount", "--bind", bundle.rootfs, bundle.rootfs], check=True)
    try:
        bundle.process["args"] = ["nosuch"]
        assert bundle.create().returncode == 1
        assert hosts_mounts(bundle.rootfs) == [str(bundle.rootfs)]  # ours is gone, the caller's is not
        bundle.process["args"] = ["true"]
        assert bundle.run().returncode == 0
        assert hosts_mounts(bundle.rootfs) == [str(bundle.rootfs)]
    finally:
        subprocess.run(["umount", bundle.rootfs], check=True)


@pytest.mark.parametrize("change,text", [
    (lambda linux: linux.update(maskedPaths=["/proc/kcore"]), "unable to restrict sys entries without a private MNT namespace"),
    (lambda linux: linux["namespaces"].append({"type": "user"}), "a mount namespace is required with a user namespace"),
])
def test_what_needs_a_mount_namespace_is_refused(runtime, in_hosts_mounts, change, text):
    change(in_hosts_mounts.linux)
    assert text in in_hosts_mounts.create().stdout
    assert hosts_mounts(in_hosts_mounts.rootfs) == []
