"""As test_killed.py, with the cgroup made by systemd: whatever step of a command SIGKILL ends, delete --force clears what is left of
the scope, in a machine of its own."""
import json
import shlex
import shutil

import pytest
from in_vm import VmRuntime

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

# $1: the system call; $2: the command after --systemd-cgroup. Each step is one life: killed there, cleared, looked at.
STEPS = """
runc="/vm/hull-runc --root /vm/killed --systemd-cgroup"
for step in $(seq 1 300); do
  strace -qqq -o /dev/null -e trace=$1 -e inject=$1:signal=SIGKILL:when=$step $runc $2 -b /vm/k k </dev/null >/vm/killed.out 2>&1
  status=$?
  $runc delete --force k 2>/vm/killed.err || { echo "$1 $step: delete: $(cat /vm/killed.err)"; exit 1; }
  [ ! -e /vm/killed/k ] || { echo "$1 $step: state is left"; exit 1; }
  [ ! -e /sys/fs/cgroup/system.slice/hull-killed.scope ] || { echo "$1 $step: cgroup is left"; exit 1; }
  state=$(systemctl show -p LoadState hull-killed.scope)
  [ $state = LoadState=not-found ] || { echo "$1 $step: $state"; exit 1; }
  [ $status != 0 ] || { echo $step; exit 0; }
  [ $status = 137 ] || { echo "$1 $step: $status: $(cat /vm/killed.out)"; exit 1; }
done
echo "$1: no end"; exit 1
"""


@pytest.fixture(scope="module")
def runc(vm):
    made = VmRuntime(vm)
    config = json.loads(json.dumps(made.base))
    config["process"] |= {"terminal": False, "args": ["sleep", "1000"]}
    config["root"]["path"] = "/vm/rootfs"
    config["linux"] |= {"cgroupsPath": "system.slice:hull:killed"}
    config["linux"]["resources"] |= {"pids": {"limit": 20}, "memory": {"limit": 64 << 20}}
    vm.run(f"mkdir -p /vm/k; printf %s {shlex.quote(json.dumps(config))} >/vm/k/config.json")
    vm.run(f"cat >/vm/steps <<'STEPS'\n{STEPS}\nSTEPS")
    return made


# Those by which it makes the scope's holder and the container, the cgroup, and writes its record.
@pytest.mark.parametrize("call", ["clone3", "mkdir", "rename"])
def test_create(runc, call):
    done = runc.vm.run(f"bash /vm/steps {call} create", check=False, timeout=1200)
    assert done.returncode == 0 and int(done.stdout) > 1, done.stdout + done.stderr
