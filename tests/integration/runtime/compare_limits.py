#!/usr/bin/python3
"""compare_limits.py OURS THEIRS [FLAG...]: in a machine with cgroup v2 alone, runs each of documents() and updates() by both runtimes
and prints as JSON what came of it: name to [ours, theirs], each [exit code, output, content of the cgroup's files]."""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from limits import documents, updates  # noqa: E402

ROOT = pathlib.Path("/sys/fs/cgroup")
WORK = pathlib.Path("/vm/compare")
VARIES = ("cgroup.procs", "cgroup.threads", "cgroup.kill", "memory.reclaim", "memory.peak", "pressure")
PROPERTIES = ("CPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "AllowedCPUs", "AllowedMemoryNodes", "MemoryMax", "MemoryLow",
              "MemorySwapMax", "TasksMax", "Delegate", "DevicePolicy", "DeviceAllow", "Slice", "IOWeight")


class Side:
    def __init__(self, name, program, flags):
        self.name, self.program, self.flags = name, program, flags
        self.systemd = "--systemd-cgroup" in flags

    def command(self, *args):
        with open(WORK / "log", "w+") as log:
            code = subprocess.run([self.program, *self.flags, "--root", WORK / self.name, *args], stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=log).returncode
            log.seek(0)
            return code, log.read()

    def run(self, base, resources):
        base["linux"]["cgroupsPath"] = f"hulltest.slice:cmp:{self.name}" if self.systemd else f"/hulltest/{self.name}"
        base["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}], **resources}
        (WORK / "config.json").write_text(json.dumps(base))
        return self.command("run", "-d", "-b", WORK, "c")

    def files(self):
        directory = ROOT / (f"hulltest.slice/cmp-{self.name}.scope" if self.systemd else f"hulltest/{self.name}")
        found = {path.name: path.read_text() for path in directory.iterdir()
                 if path.is_file() and path.stat().st_mode & 0o600 == 0o600 and not any(part in path.name for part in VARIES)}
        if self.systemd:
            shown = subprocess.run(["systemctl", "show", f"cmp-{self.name}.scope"], text=True, capture_output=True, check=True).stdout
            for key, _, value in sorted(line.partition("=") for line in shown.splitlines()):
                if key in PROPERTIES:
                    found[key] = found.get(key, "") + value + ";"
        return found

    def tried(self, code_and_text):
        return [*code_and_text, self.files() if code_and_text[0] == 0 else {}]

    def delete(self):
        self.command("delete", "-f", "c")


def main():
    began = time.monotonic()
    WORK.mkdir(exist_ok=True)
    sides = [Side("ours", sys.argv[1], sys.argv[3:]), Side("theirs", sys.argv[2], sys.argv[3:])]
    base = json.loads(pathlib.Path("/vm/bundle/config.json").read_text())
    base["process"] |= {"terminal": False, "args": ["sleep", "1000"]}
    base["root"]["path"] = "/vm/rootfs"
    disk = pathlib.Path("/sys/block/nullb0/dev").read_text().strip()
    result = {}
    for name, resources in documents(True, disk).items():
        result[name] = [side.tried(side.run(base, resources)) for side in sides]
        for side in sides:
            side.delete()
        print(f"{time.monotonic() - began:.1f} {name}", file=sys.stderr, flush=True)
    for side in sides:
        side.run(base, {"memory": {"limit": 1 << 30}})
    # Through systemd runc leaves a cgroup idle that is to be so no more.
    for flags in [flags for flags in updates() if not sides[0].systemd or "--cpu-idle" not in flags]:
        result["update " + " ".join(flags)] = [side.tried(side.command("update", *flags, "c")) for side in sides]
    for side in sides:
        side.delete()
    print(json.dumps(result))


main()
