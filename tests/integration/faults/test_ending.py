"""SIGTERM of hulld while there is much to do: it ends with status 0, and soon."""
import os
import signal

ROUNDS = 4
SECOND = 1_000_000_000


def pid_of(container) -> int:
    container.reload()
    return container.attrs["State"]["Pid"]


def test_containers_and_their_health_checks_end_with_it(own_hull):
    check = {"test": ["CMD-SHELL", "sleep 0.05"], "interval": SECOND // 1000, "timeout": 10 * SECOND}
    made = [own_hull.client.api.create_container("busybox", ["sleep", "1000"], name=f"c{i}", healthcheck=check,
                                                 host_config=own_hull.client.api.create_host_config(network_mode="none"))["Id"]
            for i in range(20)]
    for _ in range(ROUNDS):
        for container in made:
            own_hull.client.api.start(container)
        pids = [pid_of(own_hull.client.containers.get(container)) for container in made]
        for pid in pids[:10]:
            os.kill(pid, signal.SIGKILL)
        own_hull.daemon.process.terminate()
        for pid in pids[10:]:
            os.kill(pid, signal.SIGKILL)
        assert own_hull.daemon.process.wait(60) == 0, own_hull.daemon.tail()
        own_hull._client = None
        own_hull.start()
        for container in made:
            own_hull.client.api.wait(container)
