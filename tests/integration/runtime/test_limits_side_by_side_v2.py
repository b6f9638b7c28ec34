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


@pytest.mark.parametrize("flag", ["", "--systemd-cgroup"])
def test_the_files_are_the_same(machine, flag):
    script = pathlib.Path(__file__).parent / "compare_limits.py"
    done = machine.run(f"python3 {script} /vm/hull-runc {RUNC} {flag}", timeout=600)
    differing = {}
    for name, (ours, theirs) in json.loads(done.stdout).items():
        if (ours[0] == 0) != (theirs[0] == 0):
            differing[name] = (ours[:2], theirs[:2])
        different = {key for key in ours[2].keys() | theirs[2].keys() if ours[2].get(key) != theirs[2].get(key)}
        if different:
            differing[name] = {key: (ours[2].get(key), theirs[2].get(key)) for key in different}
    assert not differing, json.dumps(differing, indent=1)
