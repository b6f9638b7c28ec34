"""Sockets of the daemon other than the default one."""
import http.client
import socket

from harness.engine import Hull
from harness.process import run
from harness.paths import ours


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
