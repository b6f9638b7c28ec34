"""Memory policy, CPU affinity and mapped owners, as seen from inside."""
import os

import pytest


def test_memory_policy(runtime):
    bundle = runtime.bundle("sh", "-c", "grep -m1 -o 'bind[^ ]*' /proc/self/numa_maps")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    done = bundle.run()
    assert done.stdout == "bind=static:0\n", done.stderr


def test_memory_nodes_that_are_not_there(runtime):
    bundle = runtime.bundle("true")
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "900"}
    done = bundle.run()
    assert done.returncode == 1 and "memory policy MPOL_BIND" in done.stderr


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
@pytest.mark.parametrize("affinity, cpus", [({"initial": "0", "final": "1"}, "1"), ({"final": "0"}, "0"), ({}, "0-1")])
def test_an_exec_runs_on_the_cpus_of_its_affinity(runtime, affinity, cpus):
    bundle = runtime.bundle("sleep", "1000")
    bundle.process["execCPUAffinity"] = affinity
    bundle.start_detached()
    done = bundle.exec(bundle.name, "grep", "Cpus_allowed_list", "/proc/self/status")
    seen = done.stdout.split()[1]
    assert seen == cpus if affinity else seen not in ("0", "1"), done.stderr


def test_idmapped_tmpfs(runtime):
    bundle = runtime.bundle("sh", "-c", "touch /data/file; stat -c %u:%g /data /data/file")
    # The inode's own id 0 is seen as 5000: what a process may own there are ids of that range alone.
    bundle.process["user"] = {"uid": 5000, "gid": 5000}
    bundle.mount("/data", type="tmpfs", source="tmpfs", options=["mode=0755"],
                 uidMappings=[{"containerID": 0, "hostID": 5000, "size": 10}],
                 gidMappings=[{"containerID": 0, "hostID": 5000, "size": 10}])
    done = bundle.run()
    assert done.stdout.split() == ["5000:5000", "5000:5000"], done.stderr
