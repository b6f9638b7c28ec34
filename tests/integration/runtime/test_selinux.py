"""Labels of SELinux: this kernel may lack it, so what is told to the kernel is looked at, and its refusal is reported."""
import os
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

LABEL = "system_u:object_r:container_file_t:s0:c1,c2"
PROCESS = "system_u:system_r:container_t:s0:c1,c2"
# Arguments: a folder, then the command. It sees a /sys/fs in which SELinux is there.
PRETEND = """
folder=$1; shift
mkdir "$folder/cgroups"; mount --rbind /sys/fs/cgroup "$folder/cgroups"; mount -t tmpfs none /sys/fs
mkdir /sys/fs/cgroup /sys/fs/selinux; touch /sys/fs/selinux/enforce; mount --rbind "$folder/cgroups" /sys/fs/cgroup
exec "$@"
"""


def run(runtime, bundle, *strace, flags=()):
    bundle.save()
    log = runtime.home / "calls"
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-ec", PRETEND, "sh", str(runtime.home),
                           "strace", "-f", "-qqq", "-s", "200", "-o", str(log), *strace, runtime.binary, "--root",
                           str(runtime.root), "run", *flags, "-b", str(bundle.path), bundle.name],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    return done, log.read_text()


def has_selinux():
    return os.path.exists("/sys/fs/selinux/enforce")


@pytest.mark.skipif(has_selinux(), reason="SELinux is there, and knows none of these labels")
class TestWithoutIt:
    def test_mounts_are_labelled(self, runtime):
        bundle = runtime.bundle("true")
        bundle.linux["mountLabel"] = LABEL
        done, calls = run(runtime, bundle, "-e", "trace=fsopen,fsconfig")
        # The first that takes a label is the tmpfs on /dev; procfs before it has none. This kernel refuses it.
        assert done.returncode == 1 and "linux.mountLabel" in done.stderr and LABEL in done.stderr
        opened = re.findall(r'fsopen\("(\w+)"', calls)
        assert opened[-2:] == ["proc", "tmpfs"]
        assert re.findall(r'SET_STRING, "context", "([^"]*)"', calls) == [LABEL]
        assert not (runtime.root / bundle.name).exists()

    def test_processes_and_keyrings_are_labelled(self, runtime):
        bundle = runtime.bundle("true")
        bundle.process["selinuxLabel"] = PROCESS
        done, calls = run(runtime, bundle, "-e", "trace=openat2,write,keyctl")
        assert done.returncode == 1 and "attr/keycreate" in done.stderr
        assert re.search(r'openat2\(\d+, "\d+/attr/keycreate"', calls) and f'"{PROCESS}"' in calls
        assert not (runtime.root / bundle.name).exists()

    def test_the_program_is_labelled(self, runtime):
        bundle = runtime.bundle("true")
        bundle.process["selinuxLabel"] = PROCESS
        done, calls = run(runtime, bundle, "-e", "trace=openat2,write", flags=["--no-new-keyring"])
        assert done.returncode == 1 and "attr/exec" in done.stderr
        assert re.search(r'openat2\(\d+, "\d+/attr/exec"', calls) and f'"{PROCESS}"' in calls
