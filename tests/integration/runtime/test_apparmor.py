"""AppArmor profiles, in a machine whose kernel has it."""
import json
import shlex
import shutil

import pytest
from in_vm import VmRuntime

pytestmark = pytest.mark.skipif(not shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin"), reason="apparmor is not installed")

PROFILES = """
profile hull-first flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  deny /etc/** w,
}
profile hull-second flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
}
"""


@pytest.fixture(scope="module")
def runc(vm):
    made = VmRuntime(vm)
    vm.run("mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; mkdir -p /vm/rootfs/etc; ln -sf busybox /vm/rootfs/bin/touch; "
           f"printf %s {shlex.quote(PROFILES)} >/vm/profiles; /usr/sbin/apparmor_parser --replace --skip-cache /vm/profiles")
    return made


def start(runc, profile):
    base = runc.base
    runc.base = json.loads(json.dumps(base))
    runc.base["process"]["apparmorProfile"] = profile
    runc.base["root"]["readonly"] = False
    try:
        return runc.start()
    finally:
        runc.base = base


def profile_of(runc, name, *flags):
    return runc.runc("exec", *flags, name, "cat", "/proc/self/attr/current").stdout.strip()


def test_the_process_is_under_the_profile(runc):
    name = start(runc, "hull-first")
    pid = json.loads(runc.runc("state", name).stdout)["pid"]
    assert runc.vm.run(f"cat /proc/{pid}/attr/current").stdout.strip() == "hull-first (enforce)"
    # An exec'd process is under it as well, or under the one that is asked for.
    assert profile_of(runc, name) == "hull-first (enforce)"
    assert profile_of(runc, name, "--apparmor", "hull-second") == "hull-second (enforce)"
    denied = runc.runc("exec", name, "touch", "/etc/x", check=False)
    assert denied.returncode != 0 and "Permission denied" in denied.stderr
    runc.runc("exec", "--apparmor", "hull-second", name, "touch", "/etc/x")
    runc.delete(name)


def test_a_profile_that_is_not_loaded(runc):
    with pytest.raises(AssertionError) as failure:
        start(runc, "hull-nosuch")
    assert "apparmor failed to apply profile" in str(failure.value)
    name = runc.start()
    refused = runc.runc("exec", "--apparmor", "hull-nosuch", name, "true", check=False)
    assert refused.returncode == 255 and "apparmor failed to apply profile" in refused.stderr
    runc.delete(name)
