"""Sockets of the daemon other than the default one."""
import http.client
import os
import pathlib
import socket
import subprocess

from harness.engine import Hull
from harness.paths import BIN, ours
from harness.process import Daemon, run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_tcp_serves_the_same_api_as_the_unix_socket():
    port = free_port()
    engine = Hull("-H", f"tcp://127.0.0.1:{port}", "--insecure-tcp")
    try:
        engine.load_busybox()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/_ping")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() == b"OK"
        connection.request("GET", "/containers/json")  # the same connection
        assert connection.getresponse().read() == b"[]\n"
        connection.close()
        done = run([ours("hull"), "-H", f"tcp://127.0.0.1:{port}", "run", "--rm", "--network", "none", "-i", "busybox", "cat"],
                   input="over TCP")
        assert done.stdout == "over TCP"
        assert any(f"http://127.0.0.1:{port} without encryption" in line for line in engine.client.info()["Warnings"])
    finally:
        engine.close()


def test_sockets_and_notifications_of_systemd_stay_with_the_daemon():
    """It serves what it was passed, tells when it is ready, and containers get neither (sd_listen_fds(3), sd_notify(3))."""
    engine = Hull(start=False)
    engine.socket = str(engine.folder / "passed.sock")
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(engine.folder / "notify"))
    told.settimeout(30)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as passed:
        passed.bind(engine.socket)
        passed.listen()
        command = engine.command()
        command[command.index("-H") + 1] = "fd://api"
        # The shell is the process whose number is known before the program is: $$.
        command = ["sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "sh", *command]
        with open(engine.folder / "hulld.log", "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                       close_fds=False, preexec_fn=lambda: os.dup2(passed.fileno(), 3),
                                       env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "LISTEN_FDS": "1",
                                            "LISTEN_FDNAMES": "api", "NOTIFY_SOCKET": str(engine.folder / "notify")})
    engine.daemon = Daemon.of(process, engine.folder / "hulld.log")
    try:
        assert told.recv(100) == b"READY=1"
        engine.load_busybox()
        script = "for fd in /proc/self/fd/*; do readlink $fd; done; env"
        seen = engine.run_cli("run", "--rm", "busybox", "sh", "-c", script).stdout
        assert "socket:" not in seen and "LISTEN_" not in seen and "NOTIFY" not in seen, seen
        (containerd,) = engine.containerd_pids()
        environment = pathlib.Path(f"/proc/{containerd}/environ").read_text()
        assert "LISTEN_" not in environment and "NOTIFY_SOCKET" not in environment
    finally:
        engine.close()
        told.close()


def test_tcp_is_refused_without_the_flag(tmp_path):
    port = free_port()
    done = run([ours("hulld"), "-H", f"tcp://127.0.0.1:{port}", "--data-root", str(tmp_path / "data"), "--exec-root",
                str(tmp_path / "run"), "--bridge", "none"], check=False)
    assert done.returncode == 1 and "--insecure-tcp" in done.stderr + done.stdout
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = run([ours("hulld"), "-H", f"tcp://127.0.0.1:{port}", "--insecure-tcp", "--data-root", str(tmp_path / "data"),
                    "--exec-root", str(tmp_path / "run"), "--bridge", "none"], check=False)
        assert done.returncode == 1 and f"127.0.0.1:{port}" in done.stderr + done.stdout
