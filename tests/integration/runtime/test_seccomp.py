"""Seccomp profiles: what a container's system calls get."""
import array
import errno
import fcntl
import json
import os
import socket
import struct
import threading

import pytest

SYS_MKDIR, SYS_MKDIRAT = 83, 258
NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101


class Agent:
    """Listens at a listenerPath and answers each notified call with an error number."""

    def __init__(self, path, answer):
        self.answer, self.told, self.calls = answer, [], []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                fds = array.array("i")
                text, ancillary, _, _ = peer.recvmsg(65536, socket.CMSG_LEN(fds.itemsize))
                fds.frombytes(ancillary[0][2][:fds.itemsize])
                self.told.append(json.loads(text))
                threading.Thread(target=self.answer_all, args=(fds[0],), daemon=True).start()

    def answer_all(self, fd):
        try:
            while True:
                request = bytearray(80)
                fcntl.ioctl(fd, NOTIF_RECV, request)
                number, pid, _, call = struct.unpack_from("=QIIi", request)
                self.calls.append((call, pid))
                fcntl.ioctl(fd, NOTIF_SEND, struct.pack("=QqiI", number, 0, -self.answer, 0))
        except OSError:
            os.close(fd)  # the last process that it was for has ended

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def agent(runtime):
    made = Agent(runtime.home / "agent", errno.ENOMEDIUM)
    yield made
    made.close()


def notifying(runtime, *args):
    bundle = runtime.bundle(*args)
    bundle.config["root"]["readonly"] = False
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(runtime.home / "agent"), "listenerMetadata": "for the agent",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}
    return bundle


@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_an_agent_answers_for_notified_calls(runtime, agent, no_new_privileges):
    bundle = notifying(runtime, "mkdir", "/tmp/x")
    bundle.process["noNewPrivileges"] = no_new_privileges
    bundle.config["annotations"] = {"a": "b"}
    done = bundle.run()
    assert done.returncode == 1 and "No medium found" in done.stderr
    assert agent.calls and agent.calls[0][0] in (SYS_MKDIR, SYS_MKDIRAT)
    told = agent.told[0]
    assert told["fds"] == ["seccompFd"] and told["metadata"] == "for the agent" and told["pid"] > 0
    state = told["state"]
    assert (state["id"], state["status"], state["pid"]) == (bundle.name, "creating", told["pid"])
    assert state["bundle"] == str(bundle.path) and state["annotations"] == {"a": "b"}


def test_exec_has_a_listener_of_its_own(runtime, agent):
    bundle = notifying(runtime, "sleep", "1000")
    pid = bundle.start_detached()
    done = bundle.exec(bundle.name, "mkdir", "/tmp/x")
    assert "No medium found" in done.stderr
    assert len(agent.told) == 2 and agent.told[1]["state"]["status"] == "running"
    assert agent.told[1]["state"]["pid"] == pid != agent.told[1]["pid"]


def test_nobody_listens(runtime):
    done = notifying(runtime, "true").run()
    assert done.returncode == 1 and "listenerPath" in done.stderr and str(runtime.home / "agent") in done.stderr


@pytest.mark.parametrize("change, field", [
    ({"listenerPath": ""}, "linux.seccomp.listenerPath"),
    ({"listenerPath": "agent"}, "linux.seccomp.listenerPath"),
    ({"defaultAction": "SCMP_ACT_NOTIFY"}, "linux.seccomp.defaultAction"),
    ({"syscalls": [{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}]}, "linux.seccomp.syscalls[0].names"),
])
def test_profiles_that_cannot_notify(runtime, change, field):
    bundle = notifying(runtime, "true")
    bundle.linux["seccomp"].update(change)
    done = bundle.run()
    assert done.returncode == 1 and field in done.stderr


def call_number(runtime, number, **profile):
    """What a system call of that number gets in a container whose profile names all calls up to openat2 (437)."""
    known = [name for name in ("read write open openat close stat fstat lstat newfstatat mmap mprotect munmap brk rt_sigaction "
             "rt_sigprocmask ioctl access execve exit exit_group arch_prctl set_tid_address set_robust_list rseq prlimit64 "
             "getrandom readlink getuid geteuid getgid getegid getcwd chdir dup2 dup3 fcntl getpid getppid uname pread64 lseek "
             "futex openat2 poll close_range prctl capset capget sched_getaffinity sigaltstack sysinfo gettid getdents64 "
             "readlinkat faccessat faccessat2 statx time clock_gettime wait4 vfork fork clone kill sendto recvfrom umask").split()]
    bundle = runtime.bundle("/probe", str(number))
    source = runtime.home / "probe.c"
    source.write_text("#include <errno.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/syscall.h>\n"
                      "int main(int c, char** v) { long r = syscall(atol(v[c - 1]), 0, 0, 0, 0, 0, 0);"
                      " printf(\"%d\\n\", r == -1 ? errno : 0); return 0; }\n")
    assert os.spawnlp(os.P_WAIT, "cc", "cc", "-static", "-o", str(bundle.rootfs / "probe"), str(source)) == 0
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO",
                               "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
                               "syscalls": [{"names": known, "action": "SCMP_ACT_ALLOW"}], **profile}
    done = bundle.run()
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("number, profile, answer", [
    (83, {}, errno.EPERM),             # mkdir: older than what the profile knows
    (450, {}, errno.ENOSYS),           # newer than openat2
    (450, {"defaultErrnoRet": errno.EACCES}, errno.ENOSYS),
    (83, {"defaultErrnoRet": errno.EACCES}, errno.EACCES),
    (450, {"defaultErrnoRet": errno.ENOSYS}, errno.ENOSYS),
])
def test_newer_calls_than_the_profile_knows_get_enosys(runtime, number, profile, answer):
    assert call_number(runtime, number, **profile) == answer
