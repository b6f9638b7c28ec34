"""docker compose v2 on our engine: services that wait for each other's health."""
import os
import pathlib
import tempfile

import pytest
from harness.process import run

FILE = """
name: hullcompose
services:
  db:
    image: busybox
    command: sh -c "sleep 1; touch /ok; echo ready; exec sleep 1000"
    stop_grace_period: 0s
    healthcheck: {test: [CMD, test, -e, /ok], interval: 300ms, timeout: 10s, retries: 100}
    volumes: ["data:/data"]
  web:
    image: busybox
    command: sh -c "echo web up; exec sleep 1000"
    stop_grace_period: 0s
    depends_on: {db: {condition: service_healthy}}
    ports: ["18080:80"]
    deploy: {resources: {limits: {memory: 64m}}}
volumes: {data: {}}
"""


def compose_program() -> str | None:
    sid = pathlib.Path(os.environ.get("PEERS", f"{tempfile.gettempdir()}/peers-sid"))
    places = [pathlib.Path("/usr/libexec/docker/cli-plugins/docker-compose"), pathlib.Path("/usr/local/lib/docker/cli-plugins/docker-compose"),
              sid / "usr/libexec/docker/cli-plugins/docker-compose"]
    return next((str(place) for place in places if place.exists()), None)


@pytest.fixture
def compose(hull, tmp_path):
    program = compose_program()
    if not program:
        pytest.skip("docker compose v2 is not installed (docker-compose 2 of Debian sid)")
    (tmp_path / "compose.yaml").write_text(FILE)

    def call(*arguments):
        return run([program, "--progress", "plain", *arguments], env={"DOCKER_HOST": hull.host, "HOME": str(tmp_path)}, cwd=str(tmp_path))
    yield call
    call("down", "-v")


def test_services_that_wait_for_each_other(compose, hull):
    said = compose("up", "-d", "--pull", "never").stderr
    assert said.index("Container hullcompose-db-1  Healthy") < said.index("Container hullcompose-web-1  Started")
    rows = compose("ps", "--format", "{{.Service}} {{.Status}} {{.Ports}}").stdout.splitlines()
    assert any(row.startswith("db Up") and "(healthy)" in row for row in rows)
    assert any(row.startswith("web Up") and "18080->80/tcp" in row for row in rows)
    logs = compose("logs").stdout
    assert "web up" in logs and "ready" in logs
    compose("up", "-d", "--pull", "never", "--scale", "db=2")
    assert len(hull.client.containers.list(filters={"label": "com.docker.compose.service=db"})) == 2
    compose("cp", "compose.yaml", "web:/copied")
    assert compose("exec", "-T", "web", "cat", "/copied").stdout == FILE
    compose("restart", "web")
    compose("down", "-v")
    assert not hull.client.containers.list(all=True, filters={"label": "com.docker.compose.project=hullcompose"})
    assert not [v for v in hull.client.volumes.list() if v.name.startswith("hullcompose")]
