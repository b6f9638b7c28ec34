"""Contexts: named engines that hull shares with docker."""
import io
import json
import os
import subprocess
import tarfile

import pytest
from harness.paths import peer
from test_configuration import fake  # noqa: F401

NOWHERE = "unix:///nonexistent/engine.sock"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "config"


@pytest.fixture
def client(hull_program, folder, tmp_path):
    """Runs a client in a folder of the test's own, without an engine's address in the environment."""
    def call(*arguments, program=hull_program, status=0, **variables):
        environment = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": str(folder), **variables}
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30, env=environment, cwd=tmp_path)
        assert done.returncode == status, done
        return done
    return call


@pytest.fixture
def certificates(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj",
                    "/CN=localhost", "-days", "10"], cwd=tmp_path, check=True, capture_output=True)
    return f"ca={tmp_path}/cert.pem,cert={tmp_path}/cert.pem,key={tmp_path}/key.pem"


def listed(client, **options):
    lines = client("context", "ls", "--format", "json", **options).stdout.splitlines()
    return {row["Name"]: row for row in map(json.loads, lines)}


def test_the_context_in_use_names_the_engine(fake, client):  # noqa: F811
    made = client("context", "create", "mine", "--description", "my engine", "--docker", f"host={fake.host}")
    assert (made.stdout, made.stderr) == ("mine\n", 'Successfully created context "mine"\n')
    assert client("-c", "mine", "ps", "-q").stdout == "b" * 12 + "\n"
    assert client("ps", "-q", DOCKER_CONTEXT="mine").stdout == "b" * 12 + "\n"
    client("context", "use", "mine")
    assert client("ps", "-q").stdout == "b" * 12 + "\n"
    assert listed(client)["mine"] == {"Current": True, "Description": "my engine", "DockerEndpoint": fake.host, "Error": "", "Name": "mine"}
    assert NOWHERE in client("ps", status=1, DOCKER_HOST=NOWHERE).stderr
    assert client("context", "show", DOCKER_HOST=NOWHERE).stdout == "default\n"
    assert 'context "mine" is in use, set -f' in client("context", "rm", "mine", status=1).stderr
    assert client("context", "rm", "-f", "mine").stdout == "mine\n"
    assert client("context", "show").stdout == "default\n"


def test_one_that_is_gone_is_told_of(client):
    gone = client("ps", status=1, DOCKER_CONTEXT="gone").stderr
    assert gone.startswith('Failed to initialize: unable to resolve docker endpoint: context "gone": context not found: open ')
    row = listed(client, DOCKER_CONTEXT="gone")["gone"]
    assert row["Current"] and 'context "gone": context not found' in row["Error"]


def test_secrets_are_private_and_go_with_an_export(client, certificates, folder, tmp_path):
    client("context", "create", "safe", "--docker", f"host=tcp://127.0.0.1:1,{certificates}")
    keys = list(folder.glob("contexts/tls/*/docker/*.pem"))
    assert sorted(key.name for key in keys) == ["ca.pem", "cert.pem", "key.pem"]
    assert all(key.stat().st_mode & 0o777 == 0o600 and key.parent.stat().st_mode & 0o777 == 0o700 for key in keys)
    assert client("context", "export", "safe", "out.tar").stderr == 'Written file "out.tar"\n'
    assert (tmp_path / "out.tar").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert tar.getnames() == ["meta.json", "tls", "tls/docker", "tls/docker/ca.pem", "tls/docker/cert.pem", "tls/docker/key.pem"]
    assert client("context", "export", "safe", "out.tar", status=1).stderr == "open out.tar: file exists\n"
    client("context", "import", "copy", "out.tar")
    shown = client("context", "inspect", "copy", "-f", "{{.Endpoints.docker.Host}} {{.TLSMaterial}}").stdout
    assert shown == "tcp://127.0.0.1:1 map[docker:[ca.pem cert.pem key.pem]]\n"
    client("context", "rm", "safe", "copy")
    assert not list(folder.glob("contexts/*/*"))


def test_what_is_to_be_encrypted_never_goes_out_in_the_clear(fake, client, certificates):  # noqa: F811
    client("context", "create", "safe", "--docker", f"host={fake.host},{certificates}")
    done = client("-c", "safe", "ps", "-q", status=0 if fake.host.startswith("unix://") else 1)
    assert done.returncode == 0 or not fake.requests


@pytest.mark.parametrize("name, content", [("../escape", b"x"), ("tls/../../escape/f", b"x"), ("tls/docker/../f", b"x"),
                                           ("tls/f", b"x"), ("other", b"x"), ("meta.json", b"[]"), ("meta.json", b"{")])
def test_hostile_archives_change_nothing(client, folder, tmp_path, name, content):
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        good = b'{"Name":"x","Metadata":{},"Endpoints":{}}'
        for entry, data in (("meta.json", good), (name, content)):
            info = tarfile.TarInfo(entry)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    client("context", "import", "bad", "bad.tar", status=1)
    assert not list(folder.glob("contexts/*/*")) and not (tmp_path / "escape").exists()


def test_docker_and_hull_read_each_others(client, certificates):
    docker = peer("docker")
    if not docker:
        pytest.skip("docker is not installed (docker.io)")
    client("context", "create", "ours", "--description", "d", "--docker", f"host=tcp://127.0.0.1:1,{certificates}")
    client("context", "create", "theirs", "--docker", f"host=tcp://127.0.0.1:2,{certificates}", program=docker)
    client("context", "use", "ours")
    assert client("context", "inspect", "-f", "{{.Name}}", program=docker).stdout == "ours\n"
    for options in ({}, {"program": docker}):
        shown = json.loads(client("context", "inspect", "ours", "theirs", **options).stdout)
        assert [entry["Endpoints"]["docker"]["Host"] for entry in shown] == ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"]
        assert all(entry["TLSMaterial"] == {"docker": ["ca.pem", "cert.pem", "key.pem"]} for entry in shown)


@pytest.fixture
def ssh(hull_program, tmp_path):
    """A `ssh` that notes its words and runs what is for the other side here, with hull or docker at hand as the test says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "ssh"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\nfor last; do :; done\nPATH={tmp_path}/there:$PATH exec sh -c "$last"\n')
    script.chmod(0o755)
    there = tmp_path / "there"
    there.mkdir()
    (there / "hull").symlink_to(hull_program)
    return folder


@pytest.mark.parametrize("fake", ["unix"], indirect=True)
def test_ssh_reaches_the_engine_of_the_other_side(fake, client, ssh, tmp_path):  # noqa: F811
    path = f"{ssh}:{os.environ['PATH']}"
    there = fake.host.removeprefix("unix://")
    client("context", "create", "far", "--docker", f"host=ssh://me@far.example:2222{there}")
    assert client("-c", "far", "ps", "-q", PATH=path).stdout == "b" * 12 + "\n"
    words = (tmp_path / "words").read_text().splitlines()
    assert words[:9] == ["-l", "me", "-p", "2222", "-o", "ConnectTimeout=30", "-T", "--", "far.example"]
    # The variables of the other side count where the address names no socket.
    assert client("-H", "ssh://far.example", "ps", "-q", PATH=path, DOCKER_HOST=fake.host).stdout == "b" * 12 + "\n"
    refused = client("-H", "ssh://-oProxyCommand=true", "ps", PATH=path, status=1)
    assert "unable to parse docker host" in refused.stderr


@pytest.mark.parametrize("fake", ["unix"], indirect=True)
def test_ssh_takes_a_socket_name_literally(fake, client, ssh, tmp_path):  # noqa: F811
    odd = tmp_path / "it's $(touch hurt) x.sock"
    odd.symlink_to(fake.host.removeprefix("unix://"))
    assert client("-H", f"ssh://far.example{odd}", "ps", "-q", PATH=f"{ssh}:{os.environ['PATH']}").stdout == "b" * 12 + "\n"
    assert not (tmp_path / "hurt").exists()


def test_an_ssh_that_fails_is_told_of(client, ssh):
    (ssh / "ssh").write_text("#!/bin/sh\necho 'far.example: no route' >&2\nexit 255\n")
    done = client("-H", "ssh://far.example", "ps", PATH=f"{ssh}:{os.environ['PATH']}", status=1)
    assert "far.example: no route" in done.stderr and "error during connect" in done.stderr
