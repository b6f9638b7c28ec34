"""config.toml and the command line: what stock files say, what is printed, what the daemon tells about itself."""
import json
import subprocess
import urllib.request

import pytest
from harness.containerd import Containerd
from harness.grpc_client import Client, grpc
from harness.paths import ours, peer
from harness.process import run

PROGRAM = "hull-containerd"


def config(*words, **options):
    return run([ours(PROGRAM), *words], **options)


class Configured(Containerd):
    """Ours, with more in its configuration."""

    def __init__(self, more: str):
        self.more = more
        super().__init__(ours(PROGRAM))

    def start(self):
        (self.folder / "config.toml").write_text("version = 3\n" + self.more.replace("FOLDER", str(self.folder)))
        super().start()


def test_what_is_printed_reads_back(tmp_path):
    default = config("config", "default").stdout
    assert default.startswith("version = 3\n") and "\n[grpc]\n  address = '/run/containerd/containerd.sock'\n" in default
    file = tmp_path / "config.toml"
    file.write_text(default)
    assert config("-c", str(file), "config", "dump").stdout == default
    assert config("-c", str(file), "--root", "/else", "config", "migrate").stdout == default.replace("'/var/lib/containerd'", "'/else'")


def test_a_stock_daemons_own_file_is_accepted(tmp_path):
    if not peer("containerd"):
        pytest.skip("containerd is not installed")
    file = tmp_path / "config.toml"
    file.write_text(run([peer("containerd"), "config", "default"]).stdout)
    dumped = config("-c", str(file), "config", "dump").stdout
    assert "root = '/var/lib/containerd'" in dumped and "max_recv_message_size = 16777216" in dumped


def test_wrong_words_are_refused(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[grpc]\nadress = '/x'\n")
    refused = config("-c", str(file), "config", "dump", check=False)
    assert refused.returncode == 1 and "line 2: grpc.adress is not supported" in refused.stderr
    assert "/nonexistent" in config("-c", "/nonexistent", "config", "dump", check=False).stderr
    assert config("--bogus", check=False).returncode == 1
    assert config("oci-hook", check=False).returncode == 1


def test_metrics_and_debug_socket():
    daemon = Configured("[metrics]\naddress = '127.0.0.1:5031'\ngrpc_histogram = true\n[debug]\naddress = 'FOLDER/debug.sock'\n")
    try:
        with Client(daemon.socket) as client:
            client.refused("images.v1.Images/Get", name="absent")

        def page(path):
            with urllib.request.urlopen(f"http://127.0.0.1:5031{path}", timeout=10) as answer:
                return answer.read().decode()

        text = page("/v1/metrics")
        labels = 'grpc_method="Get",grpc_service="containerd.services.images.v1.Images",grpc_type="unary"'
        assert f'grpc_server_handled_total{{grpc_code="NotFound",{labels}}} 1\n' in text
        assert f'grpc_server_handling_seconds_bucket{{{labels},le="+Inf"}} 1\n' in text
        assert f"grpc_server_started_total{{{labels}}} 1\n" in text and "containerd_build_info_total{" in text
        for line in text.splitlines():
            assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0, line
        with pytest.raises(urllib.error.HTTPError):
            page("/v1/other")
        said = run(["curl", "-s", "--unix-socket", str(daemon.folder / "debug.sock"), "http://x/debug/vars"]).stdout
        assert json.loads(said)["cmdline"][0] == ours(PROGRAM)
        assert (daemon.folder / "debug.sock").stat().st_mode & 0o777 == 0o660
    finally:
        daemon.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words):
        run(["openssl", *words], cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("server", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-out", f"{name}.pem")
    return folder


def test_tcp_wants_a_clients_certificate(certificates):
    def read(name):
        return (certificates / name).read_bytes()

    daemon = Configured(f"[grpc]\ntcp_address = '127.0.0.1:5032'\ntcp_tls_ca = '{certificates}/ca.pem'\n"
                        f"tcp_tls_cert = '{certificates}/server.pem'\ntcp_tls_key = '{certificates}/server.key'\n")

    def version(credentials):
        with grpc.secure_channel("127.0.0.1:5032", credentials) as channel:
            return channel.unary_unary("/containerd.services.version.v1.Version/Version", lambda m: m, lambda m: m)(b"", timeout=10)

    try:
        known = grpc.ssl_channel_credentials(read("ca.pem"), read("client.key"), read("client.pem"))
        assert version(known)
        with pytest.raises(grpc.RpcError) as caught:
            version(grpc.ssl_channel_credentials(read("ca.pem")))
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        daemon.close()


def test_publish_sends_an_event():
    daemon = Containerd.hull()
    try:
        with Client(daemon.socket, "ns") as client:
            events = client.stream("events.v1.Events/Subscribe", filters=["topic==\"/a/b\""])
            events.initial_metadata()
            event = b"\x0a\x03t/x\x12\x02hi"  # an Any
            command = [ours(PROGRAM), "--address", daemon.socket, "publish", "--topic", "/a/b", "--namespace", "ns"]
            subprocess.run(command, input=event, check=True, timeout=30)
            seen = next(events)
            events.cancel()
        assert (seen.namespace, seen.topic, seen.event.type_url, seen.event.value) == ("ns", "/a/b", "t/x", b"hi")
        refused = subprocess.run([*command[:5], "noslash", *command[6:]], input=event, capture_output=True, timeout=30)
        assert refused.returncode == 1 and b"noslash" in refused.stderr
    finally:
        daemon.close()
