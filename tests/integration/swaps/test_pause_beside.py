"""Who drives the same supervisor beside hulld: what is paused there is paused in the engine, too."""
import pytest
from harness.paths import peer
from harness.process import run
from harness.waiting import until


@pytest.mark.skipif(not peer("ctr"), reason="ctr is not installed (containerd)")
def test_a_pause_by_ctr_is_seen(hull, name):
    container = hull.client.containers.run("busybox", ["sleep", "1000"], name=name, detach=True)
    address = next(hull.exec_root.rglob("containerd.sock"))
    for verb, status in (("pause", "paused"), ("resume", "running"), ("pause", "paused")):
        run([peer("ctr"), "--address", str(address), "-n", "hull", "tasks", verb, container.id])
        until(lambda: hull.client.containers.get(name).status == status, f"{status} after ctr {verb}")
    container.unpause()
    assert hull.client.containers.get(name).status == "running"
    container.remove(force=True)
