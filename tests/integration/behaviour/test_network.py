"""The default bridge as a user sees it: addresses, names, published ports."""
import socket
import subprocess

import pytest
from harness.waiting import until


def fetch(address, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        peer.settimeout(5)
        peer.connect((address, port))
        return peer.recv(100)


def tries(address, port):
    try:
        return fetch(address, port)
    except OSError:
        return None


@pytest.fixture
def server(engine, name):
    made = []

    def start(ports, command="while true; do echo served | nc -l -p 80; done"):
        container = engine.client.containers.run("busybox", ["sh", "-c", command], name=name, detach=True, ports=ports)
        made.append(container)
        container.reload()
        return container
    yield start
    for container in made:
        container.remove(force=True)


def test_containers_reach_each_other_by_address(engine, server):
    container = server({})
    address = container.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    out = until(lambda: engine.run_cli("run", "--rm", "busybox", "nc", "-w", "2", address, "80", check=False).stdout, "an answer")
    assert out == "served\n"


def test_the_default_network_is_the_bridge_under_one_name(engine, name):
    status, made = engine.request("POST", f"/containers/create?name={name}", {
        "Image": "busybox", "Cmd": ["sleep", "60"], "HostConfig": {"NetworkMode": "default"},
        "NetworkingConfig": {"EndpointsConfig": {"default": {}}}})
    assert status == 201, made
    assert engine.request("POST", f"/containers/{name}/start")[0] == 204
    assert list(engine.request("GET", f"/containers/{name}/json")[1]["NetworkSettings"]["Networks"]) == ["bridge"]
    engine.client.containers.get(name).remove(force=True)


def test_published_tcp_port_on_localhost_and_bridge_address(engine, server):
    container = server({"80/tcp": ("0.0.0.0", None)})
    port = int(container.attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"])
    gateway = container.attrs["NetworkSettings"]["Networks"]["bridge"]["Gateway"]
    assert until(lambda: tries("127.0.0.1", port), "an answer on localhost") == b"served\n"
    assert until(lambda: tries(gateway, port), "an answer on the bridge's address") == b"served\n"


def test_a_port_bound_to_localhost_stays_there(engine, server):
    container = server({"80/tcp": ("127.0.0.1", 18080)})
    assert until(lambda: tries("127.0.0.1", 18080), "an answer on localhost") == b"served\n"
    gateway = container.attrs["NetworkSettings"]["Networks"]["bridge"]["Gateway"]
    assert tries(gateway, 18080) is None


def test_a_port_in_use_is_refused_and_named(engine, server, name):
    server({"80/tcp": 18081})
    done = engine.run_cli("run", "--rm", "-p", "18081:80", "busybox", "true", check=False)
    assert done.returncode == 125 and "18081" in done.stderr and "port is already allocated" in done.stderr


ECHO = """
import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.bind(("0.0.0.0", 80))
while True:
    data, sender = peer.recvfrom(100)
    peer.sendto(data[::-1], sender)
"""


def test_published_udp_port(engine, server):
    container = server({"80/udp": None}, "sleep 1000")
    port = int(container.attrs["NetworkSettings"]["Ports"]["80/udp"][0]["HostPort"])
    # busybox has no UDP server; one of ours runs in the container's network namespace.
    echo = subprocess.Popen(["nsenter", f"--net=/proc/{container.attrs['State']['Pid']}/ns/net", "/usr/bin/python3", "-c", ECHO])

    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(1)
            peer.sendto(b"ping", ("127.0.0.1", port))
            try:
                return peer.recv(100)
            except OSError:
                return None
    try:
        assert until(ask, "an answer") == b"gnip"
    finally:
        echo.kill()
        echo.wait()


def test_publish_all(engine, name):
    engine.run_cli("run", "-d", "--name", name, "-P", "--expose", "80", "busybox", "sleep", "100")
    listed = engine.run_cli("port", name).stdout
    assert listed.startswith("80/tcp -> ")
    engine.run_cli("rm", "-f", name)


def test_names_files(engine):
    out = engine.run_cli("run", "--rm", "--add-host", "other:10.1.2.3", "--dns", "10.9.9.9", "--hostname", "me", "busybox",
                         "cat", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname").stdout
    assert "10.1.2.3\tother" in out and "nameserver 10.9.9.9" in out and out.endswith("me\n")


def test_user_network_isolates(engine, name):
    engine.run_cli("network", "create", name)
    engine.run_cli("run", "-d", "--name", f"{name}-a", "--network", name, "busybox", "sh", "-c",
                   "while true; do echo served | nc -l -p 80; done")
    address = engine.client.containers.get(f"{name}-a").attrs["NetworkSettings"]["Networks"][name]["IPAddress"]
    same = until(lambda: engine.run_cli("run", "--rm", "--network", name, "busybox", "nc", "-w", "2", address, "80",
                                        check=False).stdout, "an answer in the same network")
    assert same == "served\n"
    assert engine.run_cli("run", "--rm", "busybox", "nc", "-w", "1", address, "80", check=False).returncode != 0
    engine.run_cli("rm", "-f", f"{name}-a")
    engine.run_cli("network", "rm", name)


def test_a_network_may_come_and_go_again_and_again(engine, name):
    network = engine.client.networks.create(name)
    container = engine.client.containers.run("busybox", ["sleep", "60"], name=name, detach=True)
    try:
        for _ in range(3):
            network.connect(container)
            assert container.exec_run("ip -4 -o addr show eth1").exit_code == 0
            network.disconnect(container)
            assert container.exec_run("ip -4 -o addr show eth1").exit_code != 0
    finally:
        container.remove(force=True)
        network.remove()


# --- links --------------------------------------------------------------------------------------------------------

def test_links_name_another_container(engine, name):
    other = engine.client.containers.run("busybox", ["sh", "-c", "echo ok | nc -l -p 5000"], name=f"{name}-db", detach=True, hostname="dbhost",
                                         environment={"WHO": "me"}, ports={"5000/tcp": None})
    other.reload()
    address = other.attrs["NetworkSettings"]["IPAddress"]
    try:
        said = engine.client.containers.run("busybox", ["sh", "-c", "env | grep ^MY_; cat /etc/hosts; nc my-db 5000"], remove=True,
                                            name=name, links={other.name: "my-db"}).decode()
        assert f"MY_DB_PORT_5000_TCP=tcp://{address}:5000\n" in said and f"MY_DB_NAME=/{name}/my-db\n" in said and "MY_DB_ENV_WHO=me\n" in said
        hosts = [line.split() for line in said.splitlines() if line.startswith(address)]
        assert {word for line in hosts for word in line} == {address, "my-db", "dbhost", other.name}
        assert said.endswith("ok\n")
    finally:
        other.remove(force=True)


def test_links_need_a_running_container(engine, name):
    other = engine.client.containers.create("busybox", ["true"], name=f"{name}-db")
    made = engine.client.containers.create("busybox", ["true"], name=name, links={other.name: "db"})
    try:
        assert made.attrs["HostConfig"]["Links"] == [f"/{other.name}:/{name}/db"]
        status, answer = engine.request("POST", f"/containers/{name}/start")
        assert status >= 400 and f"Cannot link to a non running container: /{other.name} AS /{name}/db" in answer["message"]
    finally:
        made.remove()
        other.remove()
    status, answer = engine.request("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Links": ["nonsense:x"]}})
    assert status in (400, 404 if engine.name == "docker" else 400) and "could not get container for nonsense" in answer["message"]
