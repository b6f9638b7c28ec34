"""As test_limits_side_by_side.py, where cgroup v2 is the only hierarchy: in a machine of their own."""
import json
import os
import pathlib
import shutil

import pytest
from in_vm import VmRuntime
from limits import knows_all

RUNC = os.environ.get("HULL_PEER_RUNC") or shutil.which("runc")
pytestmark = pytest.mark.skipif(not knows_all(RUNC), reason="no runc 1.3 is installed (HULL_PEER_RUNC)")


@pytest.fixture(scope="module")
def machine(vm):
    VmRuntime(vm)
    vm.run("modprobe null_blk")
    return vm


def same(key, ours, theirs):
    """But for other words for one thing: a device's number or name, the period of a quota that there is none of. Of swap that is off
    runc tells systemd nothing, which at its next reload lifts that limit."""
    if key == "DeviceAllow" and ours and theirs:
        return sorted(ours.split(";")) == sorted(theirs.replace("char-136 ", "char-pts ").split(";"))
    if key == "cpu.max" and ours and theirs and ours.startswith("max") and theirs.startswith("max"):
        return True
    return ours == theirs or (key == "MemorySwapMax" and (ours, theirs) == ("0;", "infinity;"))


@pytest.mark.parametrize("flag", ["", "--systemd-cgroup"])
def test_the_files_are_the_same(machine, flag):
    script = pathlib.Path(__file__).parent / "compare_limits.py"
    done = machine.run(f"python3 {script} /vm/hull-runc {RUNC} {flag}", timeout=600)
    differing = {}
    for name, (ours, theirs) in json.loads(done.stdout).items():
        if (ours[0] == 0) != (theirs[0] == 0):
            differing[name] = (ours[:2], theirs[:2])
        different = {key for key in ours[2].keys() | theirs[2].keys() if not same(key, ours[2].get(key), theirs[2].get(key))}
        if different:
            differing[name] = {key: (ours[2].get(key), theirs[2].get(key)) for key in different}
    assert not differing, json.dumps(differing, indent=1)
