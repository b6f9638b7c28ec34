"""cp both ways, each kind of source on each kind of destination: hull leaves what docker leaves."""
import os
import re
import stat

import pytest
from copy_matrix import DESTINATIONS, SETUP, SOURCES, into_container, out_of_container
from harness.waiting import until
from side_by_side import Client


@pytest.fixture(scope="module")
def clients(stock_docker, hull_program, tmp_path_factory):
    """hull and Debian's docker, whose cp has the rules of all later ones, on one engine."""
    config = str(tmp_path_factory.mktemp("config"))
    return Client(hull_program, "hull", stock_docker.host, config), Client(stock_docker.cli, "docker", stock_docker.host, config)


@pytest.fixture(scope="module")
def container(clients):
    clients[0].run("run -d --name copies --network none busybox sleep 100000")
    clients[0].run_words(["exec", "copies", "sh", "-c", SETUP])
    yield "copies"
    clients[0].run("rm -f copies")


def last_line(result):
    """docker logs the tar pipe that it breaks itself, before or after it says what is wrong."""
    status, errors, tree = result
    errors = re.sub(r"^Error: No such container:path: (\S+?):(.*)$", r"Error response from daemon: Could not find the file \2 in container \1",
                    errors, flags=re.MULTILINE)  # Debian's docker's words for what later ones leave to the engine
    said = [line for line in errors.strip().splitlines() if not line.startswith('time="')]
    return status, said[-1:], tree


@pytest.mark.parametrize("copy", [out_of_container, into_container], ids=lambda way: way.__name__)
@pytest.mark.parametrize("source", SOURCES)
def test_leaves_what_docker_leaves(clients, container, tmp_path, copy, source):
    for destination in DESTINATIONS:
        for flags in ((), ("-L",)) if source.startswith(("link", "broken")) else ((),):
            ours, theirs = (last_line(copy(client, container, tmp_path, source, destination, flags)) for client in clients)
            assert ours == theirs, (source, destination, flags)


def test_a_device_is_not_replaced_by_a_file(clients, container, tmp_path):
    null = tmp_path / "null"
    os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.symlink(null, tmp_path / "link")
    for destination in (null, tmp_path / "link"):
        for client in clients:
            _, errors, status = client.run_words(["cp", f"{container}:/w/s/file", str(destination)])
            assert status == 1 and f'invalid output path: "{destination}" must be a directory or a regular file' in errors
            assert stat.S_ISCHR(null.stat().st_mode)


def test_no_privileges_come_out_of_a_container(hull, name, tmp_path):
    """A program that root copies must not be the host's root's because the container says so."""
    hull.run_cli("run", "-d", "--name", name, "--network", "none", "--cap-add", "MKNOD", "busybox", "sh", "-c",
                 "mkdir /w && cp /bin/busybox /w/tool && chmod 6755 /w/tool && touch /w/theirs && chown 5:6 /w/theirs; exec sleep 1000")
    try:
        until(lambda: hull.run_cli("exec", name, "test", "-e", "/w/theirs", check=False).returncode == 0, "the files are made")
        hull.run_cli("exec", name, "chown", "5:6", "/w/theirs")
        hull.run_cli("cp", f"{name}:/w", str(tmp_path / "plain"))
        hull.run_cli("cp", "-a", f"{name}:/w", str(tmp_path / "kept"))
        assert stat.S_IMODE((tmp_path / "plain/tool").stat().st_mode) == 0o755
        assert stat.S_IMODE((tmp_path / "kept/tool").stat().st_mode) == 0o6755
        owners = [((tmp_path / way / "theirs").stat().st_uid, (tmp_path / way / "theirs").stat().st_gid) for way in ("plain", "kept")]
        assert owners == [(os.getuid(), os.getgid()), (5, 6)]
    finally:
        hull.run_cli("rm", "-f", name)
