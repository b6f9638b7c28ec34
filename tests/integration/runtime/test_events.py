"""events, ps and list: what the container's cgroup and processes tell, in runc's shapes."""
import json
import os
import shutil
import subprocess
import threading

import pytest
from bundle import kill_and_wait

RUNC = shutil.which("runc")


def keys(value, at=""):
    """Every key of a document, by path; numbers and the entries of lists don't matter."""
    if not isinstance(value, dict):
        return set()
    return {f"{at}.{key}" for key in value} | {path for key, below in value.items() for path in keys(below, f"{at}.{key}")}


class Stream:
    """`events` in the background; next() waits for a line of one type."""

    def __init__(self, runtime, *args):
        self.process = subprocess.Popen([runtime.binary, "--root", str(runtime.root), "events", *args], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.alarm = threading.Timer(60, self.process.kill)
        self.alarm.start()

    def next(self, kind):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["type"] == kind:
                return event
        raise AssertionError(f"no {kind} event: {self.process.stderr.read()}")

    def end(self):
        rest = self.process.stdout.read()
        code = self.process.wait()
        self.alarm.cancel()
        return code, rest


@pytest.mark.skipif(not RUNC, reason="runc is not installed")
def test_statistics_have_the_keys_of_runc(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.linux["resources"] |= {"memory": {"limit": 64 << 20}, "cpu": {"quota": 20000, "period": 50000}}
    bundle.start_detached()
    ours = json.loads(runtime.command("events", "--stats", bundle.name).stdout)
    root = runtime.home / "runc"
    bundle.linux["cgroupsPath"] += "-runc"
    bundle.save()
    subprocess.run([RUNC, "--root", root, "run", "-d", "-b", bundle.path, "theirs"], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        theirs = json.loads(subprocess.run([RUNC, "--root", root, "events", "--stats", "theirs"], check=True, text=True,
                                           capture_output=True).stdout)
    finally:
        subprocess.run([RUNC, "--root", root, "delete", "-f", "theirs"], check=True)
    # Both leave out what is zero; that the one or the other has run a bit longer is no difference.
    varies = {".data.memory.usage.max", ".data.cpu.throttling.periods", ".data.cpu.throttling.throttledPeriods",
              ".data.cpu.throttling.throttledTime", ".data.memory.kernelTCP.usage", ".data.memory.kernelTCP.max", ".data.pids.limit",
              ".data.blkio.ioServiceBytesRecursive", ".data.blkio.ioServicedRecursive"}
    assert keys(ours) - varies == keys(theirs) - varies
    assert ours["data"]["cpuset"] == theirs["data"]["cpuset"]
    assert ours["data"]["memory"]["usage"]["limit"] == 64 << 20 and ours["data"]["network_interfaces"] is None


def test_the_stream_ends_with_the_container(runtime):
    bundle = runtime.bundle("sleep", "1000")
    pid = bundle.start_detached()
    stream = Stream(runtime, "--interval", "50ms", bundle.name)
    assert stream.next("stats")["data"]["pids"]["current"] == 1
    assert stream.next("stats")["id"] == bundle.name
    kill_and_wait(pid)
    assert stream.end()[0] == 0


def test_memory_that_runs_out_is_told(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.linux["resources"] |= {"memory": {"limit": 16 << 20, "swap": 16 << 20}}
    bundle.start_detached()
    stream = Stream(runtime, "--interval", "100ms", bundle.name)
    stream.next("stats")  # it watches by now
    eater = bundle.exec(bundle.name, "sh", "-c", "head -c 100000000 /dev/zero | tail")
    assert eater.returncode != 0
    assert stream.next("oom") == {"type": "oom", "id": bundle.name}
    runtime.command("delete", "--force", bundle.name)
    assert stream.end()[0] == 0


@pytest.mark.parametrize("interval,text", [("0s", "duration interval must be greater than 0"), ("soon", "soon")])
def test_bad_intervals(runtime, interval, text):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    done = runtime.command("events", "--interval", interval, bundle.name)
    assert done.returncode == 1 and text in done.stderr


def test_ps_takes_options_of_the_hosts(runtime):
    bundle = runtime.bundle("sh", "-c", "sleep 1000 & exec sleep 1001")
    pid = bundle.start_detached()
    assert runtime.command("ps", bundle.name, "-o", "pid,args").stdout.splitlines()[0].split() == ["PID", "COMMAND"]
    assert "sleep 1001" in runtime.command("ps", bundle.name).stdout
    assert pid in json.loads(runtime.command("ps", "-f", "json", bundle.name).stdout)
    assert "couldn't find PID field" in runtime.command("ps", bundle.name, "-o", "args").stderr
    refused = runtime.command("ps", "--format", "yaml", bundle.name)
    assert refused.returncode == 1 and "invalid format option" in refused.stderr


def test_list_names_the_owner(runtime):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    rows = [line.split() for line in runtime.command("list").stdout.splitlines()]
    assert rows[0] == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"] and rows[1][-1] == "root"
    os.chown(runtime.root / bundle.name, 33, 33)
    assert runtime.command("list").stdout.split()[-1] == "www-data"
    os.chown(runtime.root / bundle.name, 64999, 64999)
    assert runtime.command("list").stdout.split()[-1] == "#64999"
