"""The shim of containerd 2, which speaks version 3 of the shim API, under our supervisor. HULL_SHIM3 names it."""
import os

import pytest
from harness.containerd import Containerd

IMAGE = "docker.io/library/busybox:latest"
SHIM = os.environ.get("HULL_SHIM3", "")
pytestmark = pytest.mark.skipif(not SHIM, reason="HULL_SHIM3 does not name a shim of containerd 2")


def test_a_container_lives_in_it_and_outlives_us():
    daemon = Containerd.hull()
    try:
        daemon.import_busybox()
        assert daemon.ctr("run", "--rm", "--runtime", SHIM, IMAGE, "short", "sh", "-c", "echo hi; exit 3", check=False).returncode == 3
        daemon.ctr("run", "-d", "--runtime", SHIM, IMAGE, "long", "sleep", "1000")
        daemon.daemon.kill()
        daemon.start()
        assert "RUNNING" in daemon.ctr("tasks", "ls").stdout
        assert daemon.ctr("tasks", "exec", "--exec-id", "e", "long", "echo", "hi").stdout == "hi\n"
        daemon.ctr("tasks", "rm", "-f", "long")
        assert daemon.ctr("tasks", "ls", "-q").stdout == ""
    finally:
        daemon.close()
