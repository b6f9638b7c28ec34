"""What containers use: streams, single answers, what the numbers say."""
import pytest
from harness.waiting import until


def stats(engine, name: str, query: str = "stream=false"):
    return engine.request("GET", f"/containers/{name}/stats?{query}")


@pytest.fixture
def busy(engine, name):
    made = engine.client.containers.run("busybox", ["sh", "-c", "while :; do :; done"], name=name, detach=True, mem_limit="64m", pids_limit=50)
    yield made
    engine.request("DELETE", f"/containers/{name}?force=1")


def used(answer) -> float:
    """CPUs, as docker's client computes them."""
    now, before = answer["cpu_stats"], answer["precpu_stats"]
    system = now["system_cpu_usage"] - before["system_cpu_usage"]
    return (now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]) / system * now["online_cpus"]


def test_a_busy_loop_uses_cpu(engine, busy):
    status, answer = stats(engine, busy.name)
    assert status == 200 and answer["name"] == "/" + busy.name and answer["id"] == busy.id
    assert 0.05 < used(answer) < 1.3, answer  # it shares the machine's CPUs with other tests
    assert answer["pids_stats"] == {"current": 1, "limit": 50}
    memory = answer["memory_stats"]
    assert 0 < memory["usage"] < 64 << 20 and memory["limit"] == 64 << 20 and memory["stats"]
    assert answer["preread"] < answer["read"]


def test_one_shot_has_no_past(engine, busy):
    status, answer = stats(engine, busy.name, "stream=false&one-shot=true")
    assert status == 200 and answer["preread"].startswith("0001") and answer["cpu_stats"]["cpu_usage"]["total_usage"] >= 0
    assert "system_cpu_usage" not in answer["precpu_stats"]
    if engine.name == "hull":
        assert stats(engine, busy.name, "stream=true&one-shot=true")[0] == 400


def test_network_counters(engine, busy):
    before = stats(engine, busy.name, "stream=false&one-shot=1")[1]["networks"]["eth0"]
    gateway = engine.client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    busy.exec_run(["ping", "-c", "3", "-i", "0.1", gateway])

    def counted():
        after = stats(engine, busy.name, "stream=false&one-shot=1")[1]["networks"]["eth0"]
        return after["tx_packets"] >= before["tx_packets"] + 3 and after["tx_bytes"] > before["tx_bytes"] and after
    assert set(until(counted, "packets counted")) == {f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")}


def test_without_a_network_there_are_no_counters(engine, name):
    made = engine.client.containers.run("busybox", ["sleep", "100"], name=name, detach=True, network_mode="none")
    try:
        assert "networks" not in stats(engine, name)[1]
    finally:
        made.remove(force=True)


def test_a_stream_goes_on_until_the_container_is_removed(engine, busy):
    lines = engine.client.containers.get(busy.name).stats(decode=True, stream=True)
    first, second = next(lines), next(lines)
    assert second["preread"] == first["read"] or engine.name == "docker"
    assert second["cpu_stats"]["cpu_usage"]["total_usage"] > first["cpu_stats"]["cpu_usage"]["total_usage"]
    busy.kill()
    busy.wait()

    def ended():
        return next(lines)["read"].startswith("0001")
    until(ended, "zeros of what does not run")
    busy.remove()
    assert all(line["read"].startswith("0001") for line in lines)


def test_one_that_does_not_run_has_zeros(engine, name):
    made = engine.client.containers.create("busybox", ["true"], name=name)
    try:
        for query in ("stream=false", "stream=false&one-shot=1"):
            status, answer = stats(engine, name, query)
            assert status == 200 and answer["read"].startswith("0001") and answer["memory_stats"] == {}
            assert answer["cpu_stats"]["cpu_usage"]["total_usage"] == 0
    finally:
        made.remove()
    assert stats(engine, "nonsense")[0] == 404


def test_a_paused_container_is_looked_at(engine, busy):
    busy.pause()
    try:
        assert stats(engine, busy.name)[1]["pids_stats"]["current"] == 1
    finally:
        busy.unpause()
