"""Kernel interfaces that have led out of containers, closed by a profile of the kind that the engine writes; and files that only exhaust."""
import shutil
import subprocess

import pytest

PROBE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int argc, char** argv) {
  long result = -1;
  if (argc < 2) return 2;
  if (!strcmp(argv[1], "alg")) result = socket(38, SOCK_SEQPACKET, 0);
  if (!strcmp(argv[1], "rxrpc")) result = socket(33, SOCK_DGRAM, 2);
  if (!strcmp(argv[1], "userns")) result = unshare(CLONE_NEWUSER);
  if (!strcmp(argv[1], "unix")) result = socket(AF_UNIX, SOCK_STREAM, 0);
  puts(result == -1 ? strerror(errno) : "granted");
  return 0;
}
"""


def argument(index, value, op, second=0):
    return {"index": index, "value": value, "valueTwo": second, "op": op}


PROFILE = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "syscalls": [
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [argument(0, family, "SCMP_CMP_EQ")]} for family in (38, 33)
    ] + [
        {"names": ["socketcall"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "args": [argument(0, 0x10000000, "SCMP_CMP_MASKED_EQ", 0x10000000)]},
    ],
}


@pytest.fixture
def probe(runtime, tmp_path):
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    (tmp_path / "probe.c").write_text(PROBE)
    subprocess.run(["cc", "-static", "-o", tmp_path / "probe", tmp_path / "probe.c"], check=True)
    return tmp_path / "probe"


def ask(runtime, probe, what, profile=PROFILE, through_exec=False):
    bundle = runtime.bundle("/probe", what)
    shutil.copy(probe, bundle.rootfs / "probe")
    bundle.linux["seccomp"] = profile
    if not through_exec:
        done = bundle.run()
    else:
        bundle.process["args"] = ["sleep", "1000"]
        bundle.start_detached()
        done = bundle.exec(bundle.name, "/probe", what)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("through_exec", [False, True], ids=["run", "exec"])
@pytest.mark.parametrize("what", ["alg", "rxrpc", "userns"])
def test_cve_2026_31431_43284_43500_interfaces_are_closed(runtime, probe, what, through_exec):
    assert ask(runtime, probe, what, through_exec=through_exec) == "Operation not permitted"


def test_what_the_profile_allows_works(runtime, probe):
    assert ask(runtime, probe, "unix") == "granted"


def test_cve_2026_47262_a_giant_passwd_does_not_exhaust_us(runtime):
    """HOME is looked up in the container's /etc/passwd, by a process in the container's own memory limit at most."""
    bundle = runtime.bundle("sh", "-c", "echo $HOME")
    with open(bundle.rootfs / "etc/passwd", "w") as passwd:
        passwd.truncate(64 << 30)
    bundle.linux["resources"]["memory"] = {"limit": 32 << 20}
    done = bundle.run()
    assert done.returncode == 0 and done.stdout == "/\n", done.stderr


@pytest.mark.parametrize("user", ["4294967296", "4294967296:0", "-1", "0x0", "", "18446744073709551616"])
def test_cve_2026_46680_no_text_becomes_root(runtime, user):
    """An id that is out of range or no number is refused; it is never looked up as a name, nor cut to 0."""
    bundle = runtime.bundle("sleep", "1000")
    (bundle.rootfs / "etc/passwd").write_text("4294967296:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n")
    bundle.process["user"] = {"uid": 33, "gid": 33}
    bundle.start_detached()
    done = bundle.exec("--user", user, bundle.name, "id", "-u")
    assert done.returncode != 0 and done.stdout == "", done.stdout


def test_cve_2023_25173_groups_are_those_of_the_document_in_run(runtime):
    bundle = runtime.bundle("id", "-G")
    bundle.process["user"] = {"uid": 33, "gid": 33, "additionalGids": [10, 20]}
    assert bundle.run().stdout.split() == ["33", "10", "20"]


@pytest.mark.parametrize("name", ["proc", "sys"])
def test_cve_2023_28642_links_on_the_way_to_proc(runtime, name):
    """A link to the directory's own place, by another name."""
    bundle = runtime.bundle("true")
    (bundle.rootfs / name).rmdir()
    (bundle.rootfs / f"tmp/{name}").mkdir(parents=True)
    (bundle.rootfs / name).symlink_to(f"tmp/{name}")
    done = bundle.run()
    assert done.returncode == 1 and "must be mounted on ordinary directory" in done.stderr
