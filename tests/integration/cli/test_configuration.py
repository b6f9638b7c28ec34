"""Where hull looks for its engine, and what it takes from docker's config.json."""
import base64
import http.server
import json
import os
import socketserver
import subprocess
import threading

import pytest
from harness.terminal import Terminal
from harness.waiting import until

IMAGE = {"Id": "sha256:" + "a" * 64, "RepoTags": ["box:1"], "RepoDigests": [], "Created": 1700000000, "Size": 5, "Containers": -1,
         "SharedSize": -1, "ParentId": "", "Labels": None}
CONTAINER = {"Id": "b" * 64, "Names": ["/web"], "Image": "box:1", "ImageID": IMAGE["Id"], "Command": "sh", "Created": 1700000000,
             "Ports": [], "Labels": {}, "State": "running", "Status": "Up", "Mounts": [], "NetworkSettings": {"Networks": {}}}
ANSWERS = {"/images/json": [IMAGE], "/containers/json": [CONTAINER],
           "/networks": [{"Name": "n", "Id": "c" * 64, "Driver": "bridge", "Scope": "local"}],
           "/volumes": {"Volumes": [{"Name": "v", "Driver": "local"}]}}


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.requests.append((self.path, self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        path = path[path.index("/", 1):] if path.startswith("/v1.") else path
        body = b"OK" if path == "/_ping" else json.dumps(ANSWERS.get(path, {})).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.51")
        self.send_header("Docker-Experimental", "false")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


class TcpEngine(http.server.ThreadingHTTPServer):
    """Answers as an engine would, and keeps the requests."""
    daemon_threads = True


class UnixEngine(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return self.socket.accept()[0], ("", 0)


@pytest.fixture(params=["tcp", "unix"])
def fake(request, tmp_path):
    """An engine; its address is in .host."""
    if request.param == "tcp":
        server = TcpEngine(("127.0.0.1", 0), Answer)
        server.host = f"tcp://127.0.0.1:{server.server_address[1]}"
    else:
        server = UnixEngine(str(tmp_path / "engine.sock"), Answer)
        server.host = f"unix://{tmp_path}/engine.sock"
    server.requests = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hull_on(hull_program, tmp_path):
    """Runs hull with this configuration and these variables only."""
    folder = tmp_path / "config"
    folder.mkdir()

    def call(*arguments, config=None, **variables):
        (folder / "config.json").write_text(json.dumps(config or {}))
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DOCKER_CONFIG": str(folder), **variables}
        return subprocess.run([hull_program, *arguments], capture_output=True, text=True, timeout=30, env=environment)
    return call


def test_hosts_and_their_order(fake, hull_on):
    nowhere = "unix:///nonexistent/engine.sock"
    for arguments, variables in ((["-H", fake.host], {"HULL_HOST": nowhere, "DOCKER_HOST": nowhere}),
                                 ([], {"HULL_HOST": fake.host, "DOCKER_HOST": nowhere}),
                                 ([], {"DOCKER_HOST": fake.host, "DOCKER_CONTEXT": "other"}),
                                 (["-c", "default"], {"DOCKER_HOST": fake.host})):
        done = hull_on(*arguments, "ps", "-q", **variables)
        assert (done.stdout, done.stderr, done.returncode) == ("b" * 12 + "\n", "", 0)
    refused = hull_on("ps", DOCKER_HOST=nowhere)
    assert refused.returncode == 1 and f"Cannot connect to the Docker daemon at {nowhere}." in refused.stderr
    unknown = hull_on("ps", DOCKER_CONTEXT="other")
    assert unknown.returncode == 1 and 'context "other": context not found' in unknown.stderr


@pytest.mark.parametrize("fake", ["tcp"], indirect=True)
def test_a_host_without_a_scheme_is_tcp(fake, hull_on):
    assert hull_on("-H", fake.host[6:], "ps", "-q").stdout == "b" * 12 + "\n"


def test_what_is_to_be_encrypted_never_goes_out_in_the_clear(fake, hull_on):
    done = hull_on("ps", DOCKER_HOST=fake.host, DOCKER_TLS_VERIFY="1")
    if fake.host.startswith("unix://"):
        assert done.returncode == 0
    else:
        assert done.returncode == 1 and "TLS to" in done.stderr and not fake.requests


def test_formats_of_lists(fake, hull_on):
    config = {"psFormat": "{{.Names}}!", "imagesFormat": "table {{.Tag}}", "networksFormat": "{{.Name}}?", "volumesFormat": "raw"}

    def shown(*arguments):
        return hull_on(*arguments, config=config, DOCKER_HOST=fake.host).stdout
    assert shown("ps") == "web!\n"
    assert shown("ps", "-q") == "b" * 12 + "\n"
    assert shown("ps", "--format", "{{.ID}}") == "b" * 12 + "\n"
    assert shown("images") == "TAG\n1\n"
    assert shown("images", "-q") == "a" * 12 + "\n"
    assert shown("network", "ls") == "n?\n"
    assert shown("volume", "ls") == "name: v\ndriver: local\n\n"


def test_headers_go_with_every_request(fake, hull_on):
    hull_on("ps", config={"HttpHeaders": {"X-Team": "red", "User-Agent": "not this"}}, DOCKER_HOST=fake.host)
    assert fake.requests and all(headers["X-Team"] == "red" for _, headers in fake.requests)
    assert all("not this" not in headers.get_all("User-Agent") for _, headers in fake.requests)


def sent_auth(fake):
    headers = [headers["X-Registry-Auth"] for path, headers in fake.requests if "/images/create" in path]
    return json.loads(base64.urlsafe_b64decode(headers[0])) if headers and headers[0] else None


HELPER = """#!/bin/sh
read -r server
[ "$1" = get ] && [ "$server" = registry.example ] || { echo "credentials not found"; exit 1; }
echo '{"ServerURL":"registry.example","Username":"someone","Secret":"very secret"}'
"""


@pytest.mark.parametrize("config", [{"credsStore": "test"}, {"credHelpers": {"registry.example": "test"}, "credsStore": "none"},
                                    {"auths": {"registry.example": {"auth": base64.b64encode(b"someone:very secret").decode()}}}])
def test_credentials(fake, hull_on, tmp_path, config):
    helper = tmp_path / "docker-credential-test"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    assert hull_on("pull", "-q", "registry.example/box", config=config, DOCKER_HOST=fake.host).returncode == 0
    auth = sent_auth(fake)
    assert (auth["username"], auth["password"], auth["serveraddress"]) == ("someone", "very secret", "registry.example")
    fake.requests.clear()
    hull_on("pull", "-q", "other.example/box", config=config, DOCKER_HOST=fake.host)
    assert sent_auth(fake) is None


def test_a_configuration_that_is_none_is_told_of_and_left_alone(fake, hull_on, tmp_path):
    path = tmp_path / "broken"
    path.mkdir()
    (path / "config.json").write_text("{no json")
    done = hull_on("--config", str(path), "ps", "-q", DOCKER_HOST=fake.host)
    assert done.returncode == 0 and "WARNING: Error loading config file" in done.stderr
    assert (path / "config.json").read_text() == "{no json"


def test_detach_keys_and_proxies(hull, name, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({
        "detachKeys": "ctrl-x,y", "proxies": {"default": {"httpProxy": "http://proxy.example:3128"}}}))
    environment = {"DOCKER_HOST": hull.host, "DOCKER_CONFIG": str(tmp_path)}
    terminal = Terminal([hull.cli, "run", "-it", "--name", name, "busybox", "sh", "-c", "echo $HTTP_PROXY $http_proxy; exec cat"],
                        env=environment)
    try:
        terminal.expect(b"http://proxy.example:3128 http://proxy.example:3128")
        until(terminal.is_raw, "raw mode")
        terminal.type(b"\x10\x11\n")  # docker's own keys are not in force
        terminal.type(b"\x18")
        terminal.type(b"y")
        assert terminal.ends() == 0 and terminal.is_restored()
        assert hull.client.containers.get(name).status == "running"
    finally:
        terminal.close()
        hull.client.containers.get(name).remove(force=True)
