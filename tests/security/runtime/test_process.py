"""Escapes by what a process inherits."""
import os
import shutil

import pytest


def capabilities(text):
    return dict(line.split() for line in text.splitlines() if line.startswith("Cap"))


def test_cve_2022_24769_inheritable_set_is_empty_in_run(runtime):
    found = capabilities(runtime.bundle("grep", "Cap", "/proc/self/status").run().stdout.replace(":", ""))
    assert int(found["CapInh"], 16) == 0 and int(found["CapAmb"], 16) == 0 and int(found["CapBnd"], 16) != 0


def test_cve_2022_29162_inheritable_set_is_empty_in_exec(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    done = bundle.exec("--cap", "CAP_NET_RAW", bundle.name, "grep", "Cap", "/proc/self/status")
    found = capabilities(done.stdout.replace(":", ""))
    assert int(found["CapInh"], 16) == 0 and int(found["CapEff"], 16) & 1 << 13


@pytest.mark.parametrize("number", range(3, 24))
def test_cve_2024_21626_working_directory_on_a_descriptor_of_the_host(runtime, number):
    host = set(os.listdir("/"))
    bundle = runtime.bundle("ls", "-a", ".")
    bundle.process["cwd"] = f"/proc/self/fd/{number}"
    done = bundle.run()
    assert done.returncode != 0 and done.stdout == ""
    bundle.process["cwd"] = "/"
    bundle.process["args"] = ["sleep", "1000"]
    bundle.start_detached()
    done = bundle.exec("--cwd", f"/proc/self/fd/{number}", bundle.name, "ls", "-a", "../../../../..")
    assert done.returncode != 0 and not host & set(done.stdout.split())


@pytest.mark.parametrize("number", range(3, 24))
def test_cve_2024_21626_program_behind_a_descriptor_of_the_host(runtime, number):
    """The image's program is a link through one of our descriptors, up to the host's root and down again."""
    tool = runtime.home / "tool"
    shutil.copy("/bin/busybox", tool)
    bundle = runtime.bundle("/usr/echo", "host")
    (bundle.rootfs / "usr").mkdir()
    (bundle.rootfs / "usr/echo").symlink_to(f"/proc/self/fd/{number}/../../../../../../../..{tool}")
    done = bundle.run()
    assert done.returncode != 0 and done.stdout == ""
    bundle.process["args"] = ["sleep", "1000"]
    bundle.start_detached()
    done = bundle.exec(bundle.name, "/usr/echo", "host")
    assert done.returncode != 0 and done.stdout == ""


def test_cve_2024_21626_a_leaked_descriptor_is_closed(runtime):
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        bundle = runtime.bundle("ls", "/proc/self/fd").save()
        done = runtime.command("run", "-b", bundle.path, bundle.name, pass_fds=[fd])
    finally:
        os.close(fd)
    assert len(done.stdout.split()) == 4, done.stdout  # stdio and the directory that ls reads


def test_cve_2022_36109_groups_of_the_host_are_dropped_in_exec(runtime):
    before = os.getgroups()
    bundle = runtime.bundle("sleep", "1000")
    os.setgroups([0, 4242])
    try:
        bundle.start_detached()
        done = bundle.exec("--user", "33:33", bundle.name, "id", "-G")
    finally:
        os.setgroups(before)
    assert done.stdout.split() == ["33"]


@pytest.mark.parametrize("uid", [4294967295, 4294967296, -1])
def test_cve_2024_40635_ids_out_of_range(runtime, uid):
    bundle = runtime.bundle("id")
    bundle.process["user"]["uid"] = uid
    done = bundle.run()
    assert done.returncode == 1 and "process.user.uid" in done.stderr


def test_an_exec_can_not_be_looked_into(runtime):
    """A process of ours in the container's pid namespace holds descriptors of the host until it becomes the program."""
    bundle = runtime.bundle("sh", "-c", "while :; do for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null; done; done | "
                            "grep -m1 -E '/sys/fs/cgroup|state.json|config.json' > /found")
    bundle.config["root"]["readonly"] = False
    bundle.start_detached()
    for _ in range(40):
        bundle.exec(bundle.name, "true")
    assert (bundle.rootfs / "found").read_text() == ""


def test_cve_2023_25809_cgroups_are_read_only(runtime):
    done = runtime.bundle("sh", "-c", "mkdir /sys/fs/cgroup/pids/x; echo $?").run()
    assert done.stdout == "1\n" and "Read-only file system" in done.stderr
