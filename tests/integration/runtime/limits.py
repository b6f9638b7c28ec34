"""Resources of all kinds, with which runtimes are compared by what the kernel's files say afterwards."""

import subprocess

MIB = 1 << 20


def knows_all(runc: str | None) -> bool:
    """Whether that runc is of 1.3 or later: those before have no burst and no idle, and another curve of weights."""
    return runc is not None and "--cpu-burst" in subprocess.run([runc, "update", "--help"], text=True, capture_output=True).stdout


def documents(v2: bool, disk: str | None) -> dict:
    """Name to linux.resources. Rare limits that the kernel may lack stand alone, so that a refusal is seen of each."""
    rows = {
        "none": {},
        "memory": {"memory": {"limit": 64 * MIB, "reservation": 32 * MIB, "swap": 128 * MIB}},
        "memory, swap off": {"memory": {"limit": 64 * MIB, "swap": 64 * MIB}},
        "memory, no swap limit": {"memory": {"limit": 64 * MIB, "swap": -1}},
        "memory unlimited": {"memory": {"limit": -1}},
        "memory only": {"memory": {"limit": 64 * MIB}},
        "memory, zeros": {"memory": {"limit": 0, "reservation": 0, "swap": 0}},
        "swap without memory": {"memory": {"swap": 64 * MIB}},
        "swap below memory": {"memory": {"limit": 64 * MIB, "swap": 32 * MIB}},
        "shares": {"cpu": {"shares": 512}},
        "least shares": {"cpu": {"shares": 2}},
        "most shares": {"cpu": {"shares": 262144}},
        "shares below": {"cpu": {"shares": 1}},
        "shares above": {"cpu": {"shares": 300000}},
        "quota": {"cpu": {"quota": 25000, "period": 50000}},
        "quota alone": {"cpu": {"quota": 25000}},
        "period alone": {"cpu": {"period": 50000}},
        "no quota": {"cpu": {"quota": -1, "period": 50000}},
        "burst": {"cpu": {"quota": 25000, "period": 50000, "burst": 10000}},
        "idle": {"cpu": {"idle": 1}},
        "cpuset": {"cpu": {"cpus": "0", "mems": "0"}},
        "cpuset of none": {"cpu": {"cpus": "4000"}},
        "pids": {"pids": {"limit": 77}},
        "pids unlimited": {"pids": {"limit": -1}},
        "pids zero": {"pids": {"limit": 0}},
        "weight": {"blockIO": {"weight": 200}},
        "huge pages": {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
    }
    if disk:
        major, minor = map(int, disk.split(":"))
        each = [{"major": major, "minor": minor, "rate": 1048576}]
        rows["throttles"] = {"blockIO": {f"throttle{kind}Device": each for kind in ("ReadBps", "WriteBps", "ReadIOPS", "WriteIOPS")}}
    if v2:
        rows["unified"] = {"unified": {"memory.high": str(50 * MIB), "pids.max": "55", "cpu.weight": "77"}}
        rows["unified, unknown controller"] = {"unified": {"nosuch.max": "1"}}
        rows["unified, a bad value"] = {"unified": {"memory.high": "many"}}
        rows["unified beside others"] = {"memory": {"limit": 64 * MIB}, "unified": {"memory.max": str(50 * MIB)}}
    else:
        rows["idle with shares"] = {"cpu": {"idle": 1, "shares": 512}}  # on v2 runc fails
        rows["swappiness"] = {"memory": {"limit": 64 * MIB, "swappiness": 10}}
        rows["no oom killer"] = {"memory": {"limit": 64 * MIB, "disableOOMKiller": True}}
        rows["realtime"] = {"cpu": {"realtimePeriod": 1000000, "realtimeRuntime": 0}}
        rows["unified on v1"] = {"unified": {"memory.high": "1"}}
    return rows


def updates() -> list[list[str]]:
    """Flags of `update`, one after another on one container."""
    # Idle goes first: afterwards runc has forgotten the shares, and we have not.
    rows = [["--cpu-idle", "1"], ["--cpu-idle", "0"], ["--memory", "64M", "--memory-swap", "96M"], ["--memory", "128M", "--memory-swap", "256M"], ["--memory", "32M"],
            ["--memory-swap", "80M"], ["--memory", "-1"], ["--memory-reservation", "16M"], ["--cpu-quota", "40000"],
            ["--cpu-period", "80000"], ["--cpu-quota", "-1"], ["--cpu-share", "100"], ["--cpu-burst", "0"],
            ["--cpuset-cpus", "0", "--cpuset-mems", "0"], ["--pids-limit", "10"], ["--pids-limit", "-1"], ["--cpu-quota", "20000", "--cpu-period", "40000"]]
    return rows
