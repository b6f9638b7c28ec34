"""A kernel that lacks a system call the runtime rests on (docs/decisions/009): refused in words, with nothing left."""
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("strace") or not shutil.which("setarch"), reason="strace and setarch are needed")

# When they came: 5.2, 5.2, 5.2, 5.6, 5.7 with its flags, 5.9, 5.12.
CALLS = ("fsopen", "open_tree", "move_mount", "openat2", "clone3", "close_range", "mount_setattr")


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_call_is_told(runtime, call):
    bundle = runtime.bundle("true")
    bundle.linux["maskedPaths"] = ["/proc/kcore"]
    bundle.save()
    # A kernel's age and what it lacks, both told to this command alone.
    done = subprocess.run(["setarch", "--uname-2.6", "strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                           f"inject={call}:error=ENOSYS", runtime.binary, "--root", str(runtime.root), "run", "-b",
                           str(bundle.path), bundle.name],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and "function not implemented (this is Linux 2.6." in lines[0], done.stderr
    assert "hull-runc needs 5.12 or later)" in lines[0]
    assert not (runtime.root / bundle.name).exists()
