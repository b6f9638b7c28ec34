"""linux.netDevices: devices of the host's network namespace that become the container's."""
import shlex
import subprocess

import pytest


def run_with_device(bundle, *more):
    """In a network namespace with a veth pair: "mine", which has addresses, and "peer"."""
    bundle.save()
    setup = ["ip link add mine type veth peer name peer", "ip addr add 192.0.2.7/24 dev mine",
             "ip addr add 2001:db8::7/64 dev mine nodad", "ip link set mine up", "ip link set peer up"]
    run = shlex.join([bundle.runtime.binary, "--root", str(bundle.runtime.root), "run", "--bundle", str(bundle.path), bundle.name])
    return subprocess.run(["unshare", "--net", "sh", "-c", " && ".join([*setup, run, *more])], text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


SHOW = "cat /sys/class/net/*/uevent; cat /proc/net/fib_trie /proc/net/if_inet6; cat /sys/class/net/{}/flags"


def test_a_device_moves_with_its_addresses(runtime):
    bundle = runtime.bundle("sh", "-c", SHOW.format("mine"))
    bundle.linux["netDevices"] = {"mine": {}}
    done = run_with_device(bundle)
    assert done.returncode == 0, done.stderr
    assert "INTERFACE=mine" in done.stdout and "INTERFACE=peer" not in done.stdout
    assert "192.0.2.7" in done.stdout and "20010db8000000000000000000000007" in done.stdout
    assert int(done.stdout.split()[-1], 16) & 1, "the device is not up"


def test_a_device_gets_another_name(runtime):
    bundle = runtime.bundle("sh", "-c", SHOW.format("inside"))
    bundle.linux["netDevices"] = {"mine": {"name": "inside"}}
    done = run_with_device(bundle)
    assert done.returncode == 0, done.stderr
    assert "INTERFACE=inside" in done.stdout and "INTERFACE=mine" not in done.stdout and "192.0.2.7" in done.stdout


def test_a_device_that_there_is_not(runtime):
    bundle = runtime.bundle("true")
    bundle.linux["netDevices"] = {"nothere": {}}
    done = run_with_device(bundle)
    assert done.returncode == 1 and "link not found for interface nothere" in done.stderr
    assert runtime.command("list", "-q").stdout == ""


@pytest.mark.parametrize("name", ["lo", "mine"])
def test_a_name_that_is_taken(runtime, name):
    bundle = runtime.bundle("true")
    bundle.linux["netDevices"] = {"mine": {"name": "lo"}} if name == "lo" else {"mine": {"name": "x"}, "peer": {"name": "x"}}
    done = run_with_device(bundle)
    assert done.returncode == 1 and "file exists" in done.stderr.lower()
