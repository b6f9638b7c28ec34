"""Names of containers on user-defined networks."""
import re

import pytest
from harness.engine import Hull
from harness.process import run


# Unlike busybox's nslookup, which goes on asking for five seconds, it takes a failure for an answer.
ASK = """
import random, socket, struct, sys
query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"".join(
    bytes([len(label)]) + label.encode() for label in sys.argv[1].split(".")) + struct.pack(">BHH", 0, 1, 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(10)
    client.sendto(query, ("127.0.0.11", 53))
    answer = client.recv(4096)
for record in range(struct.unpack(">H", answer[6:8])[0]):
    data = answer[len(query) + record * 16:][:16]
    print(socket.inet_ntoa(data[12:]))
"""


def answers(output: str) -> set[str]:
    """Addresses that busybox's nslookup prints after the server's own."""
    return set(re.findall(r"^Address(?: \d+)?: (\d+\.\d+\.\d+\.\d+)$", output.split("\n\n", 1)[-1], re.M))


@pytest.fixture
def net(engine, name):
    networks, containers = [], []

    class Net:
        def create(self, suffix="", **options):
            networks.append(engine.client.networks.create(f"{name}{suffix}", driver="bridge", **options))
            return networks[-1]

        def run(self, short, network, **options):
            aliases = options.pop("aliases", None)
            container = engine.client.containers.create("busybox", ["sleep", "600"], name=f"{name}-{short}", **options)
            containers.append(container)
            engine.client.api.disconnect_container_from_network(container.id, "bridge")
            network.connect(container, aliases=aliases)
            container.start()
            container.reload()
            return container

        def address(self, container, network):
            container.reload()
            return container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"]

        def ask(self, container, what):
            container.reload()
            return set(run(["nsenter", "-t", str(container.attrs["State"]["Pid"]), "-n", "python3", "-c", ASK, what]).stdout.split())
    yield Net()
    for container in containers:
        container.remove(force=True)
    for network in networks:
        network.remove()


def test_containers_find_each_other_by_every_name(engine, net):
    network = net.create()
    db = net.run("db", network, aliases=["database", "Shared"], hostname="db-host")
    web = net.run("web", network, aliases=["shared"])
    address = net.address(db, network)
    for name in (db.name, "database", db.id[:12], "db-host", "DATABASE", f"database.{network.name}"):
        assert net.ask(web, name) == {address}, name
        assert answers(engine.run_cli("exec", web.name, "nslookup", "-type=a", name).stdout) == {address}, name
    assert net.ask(web, "shared") == {address, net.address(web, network)}
    reverse = engine.run_cli("exec", web.name, "nslookup", address, check=False).stdout
    assert f"name = {db.name}.{network.name}" in reverse
    settings = db.attrs["NetworkSettings"]["Networks"][network.name]
    assert {"database", "Shared", db.id[:12], "db-host", db.name} <= set(settings["DNSNames"])


def test_resolv_conf_leads_to_the_resolver(engine, net):
    network = net.create()
    plain = net.run("plain", network)
    assert plain.exec_run("cat /etc/resolv.conf").output.decode().splitlines()[0] == "nameserver 127.0.0.11"
    assert b"ndots:0" in plain.exec_run("cat /etc/resolv.conf").output
    chosen = net.run("chosen", network, dns=["192.0.2.53"], dns_search=["corp.example"], dns_opt=["ndots:2"])
    assert chosen.exec_run("cat /etc/resolv.conf").output.decode().splitlines() == [
        "nameserver 127.0.0.11", "search corp.example", "options ndots:2"]


def test_names_follow_connect_disconnect_rename_and_the_end(engine, net, name):
    front, back = net.create("front"), net.create("back")
    db, web = net.run("db", back), net.run("web", front)
    assert net.ask(web, db.name) == set()
    back.connect(web)
    assert net.ask(web, db.name) == {net.address(db, back)}
    db.rename(f"{name}-renamed")
    assert net.ask(web, f"{name}-renamed") == {net.address(db, back)}
    assert net.ask(web, f"{name}-db") == set()
    back.disconnect(web)
    assert net.ask(web, f"{name}-renamed") == set()
    back.connect(web)
    db.stop(timeout=0)
    assert net.ask(web, f"{name}-renamed") == set()
    db.start()
    assert net.ask(web, f"{name}-renamed") == {net.address(db, back)}


def test_a_container_of_the_default_bridge_learns_names_when_it_is_connected(engine, net, name):
    network = net.create()
    db = net.run("db", network)
    web = engine.client.containers.run("busybox", ["sleep", "600"], name=f"{name}-web", detach=True)
    try:
        before = web.exec_run("cat /etc/resolv.conf").output
        assert b"127.0.0.11" not in before
        network.connect(web)
        assert net.ask(web, db.name) == {net.address(db, network)}
        assert net.ask(db, web.name) == {net.address(web, network)}
    finally:
        web.remove(force=True)


def test_names_are_back_right_after_a_restart_of_the_engine():
    engine = Hull()
    try:
        engine.load_busybox()
        network = engine.client.networks.create("front")
        for name in ("db", "web"):
            engine.run_cli("run", "-d", "--name", name, "--network", "front", "busybox", "sleep", "600")
        address = engine.client.containers.get("db").attrs["NetworkSettings"]["Networks"]["front"]["IPAddress"]
        engine.kill_hulld()
        engine.start()
        assert answers(engine.run_cli("exec", "web", "nslookup", "-type=a", "db").stdout) == {address}
        engine.run_cli("rm", "-f", "db", "web")
        network.remove()
    finally:
        engine.close()
