"""linux.intelRdt on a tree of plain files in resctrl's shape: this processor may have none."""
import json
import os
import subprocess

import pytest


@pytest.fixture
def resctrl(tmp_path, monkeypatch):
    root = tmp_path / "resctrl"
    for resource in ("L3", "MB", "L3_MON"):
        (root / "info" / resource).mkdir(parents=True)
    (root / "info" / "last_cmd_status").write_text("ok\n")
    for file, text in {"L3/cbm_mask": "7ff", "L3/min_cbm_bits": "1", "L3/num_closids": "4", "MB/bandwidth_gran": "10",
                       "MB/delay_linear": "1", "MB/min_bandwidth": "10", "MB/num_closids": "4"}.items():
        (root / "info" / file).write_text(text + "\n")
    group(root, "MB:0=100\nL3:0=7ff\n")
    group(root / "guest", "    MB:0= 20\n    L3:0=00f\n")
    monkeypatch.setenv("HULL_RESCTRL", str(root))
    return root


def group(path, schemata):
    (path / "mon_groups").mkdir(parents=True)
    (path / "schemata").write_text(schemata)
    (path / "tasks").write_text("")


def running(runtime, rdt, name=None):
    bundle = runtime.bundle("sleep", "1000")
    bundle.linux["intelRdt"] = rdt
    bundle.save()
    done = runtime.detached("run", "-d", "-b", bundle.path, bundle.name)
    assert done.returncode == 0, done.stdout
    return bundle.name, str(runtime.state(bundle.name)["pid"])


def empty(path):
    """As the kernel's, whose directories go with the files in them."""
    for file in ("tasks", "schemata"):
        if (path / file).exists():
            os.remove(path / file)


def test_a_group_of_its_own(runtime, resctrl):
    name, pid = running(runtime, {"l3CacheSchema": "L3:0=f\nMB:0=90", "memBwSchema": "MB:0=20", "schemata": ["L3:0=1f"]})
    made = resctrl / name
    assert (made / "schemata").read_text() == "L3:0=f\nMB:0=20\nL3:0=1f\n"
    assert (made / "tasks").read_text() == pid + "\n"
    state = json.loads((runtime.root / name / "state.json").read_text())
    assert state["intel_rdt_path"] == str(made)
    bundle = runtime.bundle("true")  # its name is a group's
    (resctrl / bundle.name).mkdir()
    (resctrl / bundle.name / "tasks").write_text("")
    bundle.linux["intelRdt"] = {}
    bundle.save()
    refused = runtime.command("run", "-b", bundle.path, bundle.name)
    assert refused.returncode == 1 and "is there already" in refused.stderr
    assert (resctrl / bundle.name / "tasks").exists()


def test_exec_goes_into_the_group(runtime, resctrl):
    name, pid = running(runtime, {"closID": "guest"})
    (resctrl / "guest" / "tasks").write_text("")
    told = runtime.home / "pid"
    assert runtime.command("exec", "--pid-file", told, name, "true").returncode == 0
    assert (resctrl / "guest" / "tasks").read_text() == told.read_text() + "\n"
    runtime.command("delete", "--force", name)
    assert (resctrl / "guest" / "schemata").exists()  # it was there before


def test_without_a_name_it_goes_with_the_container(runtime, resctrl):
    name, pid = running(runtime, {})
    assert not (resctrl / name / "schemata").exists()
    empty(resctrl / name)
    assert runtime.command("delete", "--force", name).returncode == 0
    assert not (resctrl / name).exists()
    assert runtime.command("delete", "--force", name).returncode == 0


def test_counters_in_a_group_that_stays(runtime, resctrl):
    for clos, place in (("guest", resctrl / "guest"), ("/", resctrl)):
        name, pid = running(runtime, {"closID": clos, "enableMonitoring": True})
        assert (place / "tasks").read_text().split()[0] == pid
        empty(place / "mon_groups" / name)
        assert runtime.command("delete", "--force", name).returncode == 0
        assert os.listdir(place / "mon_groups") == [] and (place / "tasks").exists()


def test_what_is_there_must_be_what_is_asked_for(runtime, resctrl):
    running(runtime, {"closID": "guest", "l3CacheSchema": "L3:0=F", "memBwSchema": "MB:0=20"})
    for rdt, text in (({"closID": "guest", "l3CacheSchema": "L3:0=ff"}, "existing schemata have L3:0=f, not ff"),
                      ({"closID": "nobody"}, "clos dir doesn't exist")):
        bundle = runtime.bundle("true")
        bundle.linux["intelRdt"] = rdt
        bundle.save()
        done = runtime.command("run", "-b", bundle.path, bundle.name)
        assert done.returncode == 1 and text in done.stderr
        assert not (runtime.root / bundle.name).exists()
    name, _ = running(runtime, {"closID": "fresh", "memBwSchema": "MB:0=50"})
    assert (resctrl / "fresh" / "schemata").read_text() == "MB:0=50\n"
    runtime.command("delete", "--force", name)
    assert (resctrl / "fresh").exists()  # who named it removes it


@pytest.mark.parametrize("rdt,text", [
    ({"closID": "a/b"}, "linux.intelRdt.closID"), ({"closID": ".."}, "linux.intelRdt.closID"), ({"closID": "info"}, "linux.intelRdt.closID"),
    ({"memBwSchema": "L3:0=f"}, "linux.intelRdt.memBwSchema"), ({"memBwSchema": "MB:0=1\nMB:0=2"}, "linux.intelRdt.memBwSchema"),
    ({"schemata": ["L3:0=f\nL3:0=1"]}, "linux.intelRdt.schemata")])
def test_bad_ones_are_refused(runtime, resctrl, rdt, text):
    bundle = runtime.bundle("true")
    bundle.linux["intelRdt"] = rdt
    bundle.save()
    done = runtime.command("run", "-b", bundle.path, bundle.name)
    assert done.returncode == 1 and text in done.stderr


@pytest.mark.parametrize("resource,rdt", [("L3", {"l3CacheSchema": "L3:0=f"}), ("MB", {"memBwSchema": "MB:0=20"}), ("L3_MON", {"enableMonitoring": True})])
def test_what_the_machine_lacks_is_refused_before_anything_is_made(runtime, resctrl, resource, rdt):
    subprocess.run(["rm", "-r", resctrl / "info" / resource], check=True)
    bundle = runtime.bundle("true")
    bundle.linux["intelRdt"] = rdt
    bundle.save()
    done = runtime.command("run", "-b", bundle.path, bundle.name)
    assert done.returncode == 1 and f"linux.intelRdt.{next(iter(rdt))}: this machine has no resource {resource}" in done.stderr
    assert not (resctrl / bundle.name).exists() and not (runtime.root / bundle.name).exists()


def test_update(runtime, resctrl):
    name, pid = running(runtime, {"memBwSchema": "MB:0=50"})
    assert runtime.command("update", "--mem-bw-schema", "MB:0=10", "--l3-cache-schema", "L3:0=3", name).returncode == 0
    assert (resctrl / name / "schemata").read_text() == "L3:0=3\nMB:0=10\n"
    bundle = runtime.bundle("sleep", "1000")
    bundle.save()
    assert runtime.detached("run", "-d", "-b", bundle.path, bundle.name).returncode == 0
    pid = str(runtime.state(bundle.name)["pid"])
    assert runtime.command("update", "--l3-cache-schema", "L3:0=3", bundle.name).returncode == 0
    assert (resctrl / bundle.name / "schemata").read_text() == "L3:0=3\n"
    assert (resctrl / bundle.name / "tasks").read_text() == pid + "\n"
    refused = runtime.command("update", "--pids-limit", "7", "--mem-bw-schema", "nonsense", bundle.name)
    assert refused.returncode == 1 and "linux.intelRdt.memBwSchema" in refused.stderr


def test_statistics(runtime, resctrl):
    name, _ = running(runtime, {"closID": "guest", "enableMonitoring": True})
    for node, numbers in (("mon_L3_00", (11, 22, 33)), ("mon_L3_01", (44, 55, 66))):
        place = resctrl / "guest" / "mon_groups" / name / "mon_data" / node
        place.mkdir(parents=True)
        for file, number in zip(("llc_occupancy", "mbm_total_bytes", "mbm_local_bytes"), numbers):
            (place / file).write_text(f"{number}\n")
    stats = json.loads(runtime.command("events", "--stats", name).stdout)["data"]["intel_rdt"]
    assert stats == {
        "l3_cache_info": {"cbm_mask": "7ff", "min_cbm_bits": 1, "num_closids": 4}, "l3_cache_schema_root": "L3:0=7ff",
        "l3_cache_schema": "L3:0=00f", "mem_bw_info": {"bandwidth_gran": 10, "delay_linear": 1, "min_bandwidth": 10, "num_closids": 4},
        "mem_bw_schema_root": "MB:0=100", "mem_bw_schema": "MB:0= 20",
        "mbm_stats": [{"mbm_total_bytes": 22, "mbm_local_bytes": 33}, {"mbm_total_bytes": 55, "mbm_local_bytes": 66}],
        "cmt_stats": [{"llc_occupancy": 11}, {"llc_occupancy": 44}]}
