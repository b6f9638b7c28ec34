"""Health checks: states, options, events, what stops and pauses them, and a daemon that is killed."""
import json
import threading

import pytest
from harness.engine import Hull
from harness.waiting import until

SECOND = 1_000_000_000


def check(command, **options):
    times = {name: int(value * SECOND) for name, value in options.items() if name != "retries"}
    return {"test": command, "interval": SECOND // 5, "timeout": 10 * SECOND, "retries": options.get("retries", 2), **times}


@pytest.fixture
def run(engine, name):
    """Runs a container whose health is that of the file /ok."""
    made = []

    def start(command=("CMD-SHELL", "echo said; test -e /ok"), script="touch /ok; sleep 1000", **options):
        arguments = {"healthcheck": check(list(command), **options.pop("times", {})), "network_mode": "none", **options}
        if options.get("healthcheck", 1) is None:
            arguments.pop("healthcheck")
        made.append(engine.client.containers.run(arguments.pop("image", "busybox"), ["sh", "-c", script], name=name, detach=True, **arguments))
        return made[0]
    yield start
    engine.request("DELETE", f"/containers/{name}?force=1")


def health(engine, container) -> dict:
    return engine.request("GET", f"/containers/{container.id}/json")[1]["State"].get("Health")


def wait_for(engine, container, status: str):
    until(lambda: health(engine, container)["Status"] == status, status, 40)
    return health(engine, container)


def listed(engine, container, **filters) -> str | None:
    """The status in the list, where the filters let it through."""
    rows = engine.client.api.containers(all=True, filters=filters or None)
    return next((row["Status"] for row in rows if row["Id"] == container.id), None)


def test_a_check_goes_through_its_states(engine, run):
    made = run(times={"interval": 0.3})
    assert health(engine, made)["Status"] in ("starting", "healthy")
    seen = wait_for(engine, made, "healthy")
    assert seen["FailingStreak"] == 0 and seen["Log"][-1]["ExitCode"] == 0 and seen["Log"][-1]["Output"] == "said\n"
    assert seen["Log"][-1]["Start"] < seen["Log"][-1]["End"]
    assert listed(engine, made).endswith("(healthy)")
    made.exec_run(["rm", "/ok"])
    seen = wait_for(engine, made, "unhealthy")
    assert seen["FailingStreak"] >= 2 and seen["Log"][-1]["ExitCode"] == 1
    assert listed(engine, made).endswith("(unhealthy)")
    made.exec_run(["touch", "/ok"])
    assert wait_for(engine, made, "healthy")["FailingStreak"] == 0


def test_the_last_five_results_are_kept(engine, run):
    made = run(command=["CMD", "true"], times={"interval": 0.1})
    first = until(lambda: health(engine, made)["Log"], "a result")[0]
    until(lambda: len(health(engine, made)["Log"]) == 5 and health(engine, made)["Log"][0]["Start"] > first["Start"], "five, without the first")
    assert len(health(engine, made)["Log"]) == 5


def test_filters_know_the_health(engine, run):
    made = run()
    wait_for(engine, made, "healthy")
    assert listed(engine, made, health="healthy")
    for other in ("unhealthy", "none", "starting"):
        assert listed(engine, made, health=other) is None
    assert engine.request("GET", '/containers/json?filters=%7B%22health%22:%5B%22nonsense%22%5D%7D')[0] == 400 or engine.name == "docker"


def test_output_is_cut_and_a_flood_blocks_nothing(engine, run):
    made = run(command=["CMD-SHELL", "head -c 300000 /dev/zero | tr '\\0' x"])
    text = wait_for(engine, made, "healthy")["Log"][-1]["Output"]
    assert text == "x" * 4096 + "..."


def test_one_that_takes_too_long_fails(engine, run):
    made = run(command=["CMD-SHELL", "echo begun; exec sleep 999"], times={"timeout": 0.5, "retries": 1})
    result = wait_for(engine, made, "unhealthy")["Log"][-1]
    assert result["ExitCode"] == -1 and result["Output"].startswith("Health check exceeded timeout (500ms)")
    assert engine.name == "docker" or result["Output"].endswith(": begun\n")
    until(lambda: sum("sleep 999" in " ".join(p) for p in made.top()["Processes"]) <= 1, "the killed checks gone")


def test_a_command_that_is_none_fails(engine, run):
    made = run(command=["CMD", "/no/such/program"], times={"retries": 1})
    result = wait_for(engine, made, "unhealthy")["Log"][-1]
    assert result["ExitCode"] != 0 and "no such file" in result["Output"]


def test_failures_in_the_start_period_do_not_count(engine, run):
    made = run(script="sleep 1000", times={"start_period": 600, "retries": 1})
    until(lambda: len(health(engine, made)["Log"]) >= 3 or engine.name == "docker", "some failures")
    assert health(engine, made)["Status"] == "starting" and health(engine, made)["FailingStreak"] == 0
    assert "(health: starting)" in listed(engine, made)
    made.exec_run(["touch", "/ok"])
    wait_for(engine, made, "healthy")


def test_the_start_interval_is_the_shorter_one(hull, name):
    status, answer = hull.request("POST", f"/containers/create?name={name}", {
        "Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": "none"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 3600 * SECOND, "StartPeriod": 600 * SECOND, "StartInterval": SECOND // 10}})
    assert status == 201, answer
    made = hull.client.containers.get(name)
    made.start()
    assert wait_for(hull, made, "healthy")
    count = len(health(hull, made)["Log"])
    made.restart(timeout=0)
    wait_for(hull, made, "healthy")
    assert count <= 2
    made.remove(force=True)


def test_events_of_checks(engine, run):
    seen, done = [], threading.Event()
    stream = engine.client.events(decode=True, filters={"type": "container"})

    def read():
        for event in stream:
            seen.append((event["Action"], event["Actor"]["ID"], event["Actor"]["Attributes"]))
            if event["Action"] == "health_status: healthy":
                return done.set()
    threading.Thread(target=read, daemon=True).start()
    made = run(labels={"mine": "yes"})
    assert done.wait(30)
    mine = [(action, attributes) for action, actor, attributes in seen if actor == made.id]
    actions = [action for action, _ in mine]
    command = "/bin/sh -c echo said; test -e /ok"
    assert actions[actions.index("start") + 1:][-4:] == [f"exec_create: {command}", f"exec_start: {command}", "exec_die", "health_status: healthy"]
    assert mine[-1][1]["mine"] == "yes" and mine[-1][1]["name"] == made.name
    stream.close()


def test_pause_and_stop_end_the_watch(engine, run):
    made = run()
    wait_for(engine, made, "healthy")
    made.pause()
    paused = health(engine, made)
    assert paused["Status"] == "unhealthy" and listed(engine, made).endswith("(Paused)")
    made.unpause()
    wait_for(engine, made, "healthy")
    made.stop(timeout=0)
    assert health(engine, made)["Status"] == "unhealthy" and listed(engine, made).startswith("Exited")
    made.start()
    assert health(engine, made)["Status"] in ("starting", "healthy")
    wait_for(engine, made, "healthy")


def test_a_restart_policy_begins_anew(engine, run):
    made = run(script="touch /ok; sleep 2; rm /ok; exit 1", restart_policy={"Name": "on-failure", "MaximumRetryCount": 1}, times={"interval": 0.1})
    wait_for(engine, made, "healthy")
    until(lambda: engine.request("GET", f"/containers/{made.id}/json")[1]["RestartCount"] == 1, "its restart")
    wait_for(engine, made, "healthy")


@pytest.mark.parametrize("test", [["NONE"], None])
def test_without_a_check_there_is_no_health(engine, run, name, test):
    made = run(command=test) if test else run(healthcheck=None)
    assert health(engine, made) is None and "(" not in listed(engine, made)
    assert listed(engine, made, health="none")


def test_the_images_check_is_inherited_and_overridden(engine, run, name):
    base = engine.client.containers.create("busybox", ["true"])
    tag = f"check-{abs(hash(name))}"
    base.commit(repository=tag, changes='HEALTHCHECK --interval=200ms --retries=1 CMD ["sh", "-c", "echo of the image"]')
    base.remove()
    try:
        made = run(image=tag, healthcheck=None)
        assert wait_for(engine, made, "healthy")["Log"][-1]["Output"] == "of the image\n"
        made.remove(force=True)
        config = engine.client.containers.create(tag, ["true"], name=name, healthcheck={"test": ["CMD", "other"]})
        inherited = config.attrs["Config"]["Healthcheck"]
        assert inherited["Test"] == ["CMD", "other"] and inherited["Interval"] == SECOND // 5 and inherited["Retries"] == 1
        config.remove()
    finally:
        engine.client.images.remove(tag, force=True)


def test_the_check_runs_as_the_containers_user_with_its_variables(engine, run):
    made = run(command=["CMD-SHELL", "echo $(id -u) $A $(pwd)"], user="33", environment={"A": "b"}, working_dir="/var")
    assert wait_for(engine, made, "healthy")["Log"][-1]["Output"] == "33 b /var\n"


@pytest.mark.parametrize("field, value, part", [
    ("Interval", 5, "Interval in Healthcheck cannot be less than 1ms"), ("Timeout", -1, "Timeout"), ("StartPeriod", 7, "StartPeriod"),
    ("StartInterval", 7, "StartInterval"), ("Retries", -1, "Retries in Healthcheck cannot be negative"), ("Test", ["nonsense"], "nonsense"),
    ("Interval", "x", "Interval"),
])
def test_wrong_checks(hull, field, value, part):
    status, answer = hull.request("POST", "/containers/create", {"Image": "busybox", "Healthcheck": {"Test": ["CMD", "true"], field: value}})
    assert status == 400 and part in answer["message"]


def test_a_killed_daemon_goes_on_checking(own_hull: Hull, name):
    made = own_hull.client.containers.run("busybox", ["sh", "-c", "touch /ok; sleep 1000"], name=name, detach=True, network_mode="none",
                                          healthcheck=check(["CMD-SHELL", "test -e /ok"]))
    wait_for(own_hull, made, "healthy")
    own_hull.kill_hulld()
    own_hull.start()
    made = own_hull.client.containers.get(name)
    assert made.attrs["State"]["Health"]["Status"] == "healthy"
    made.exec_run(["rm", "/ok"])
    wait_for(own_hull, made, "unhealthy")
    own_hull.kill_hulld()
    own_hull.start()
    made = own_hull.client.containers.get(name)
    assert made.attrs["State"]["Health"]["Status"] == "unhealthy"
    made.exec_run(["touch", "/ok"])
    wait_for(own_hull, made, "healthy")
    assert json.loads(own_hull.run_cli("inspect", name).stdout)[0]["State"]["Health"]["Status"] == "healthy"


def test_many_at_once(hull, name):
    """No thread waits for a check: more hang than there are threads, and others are checked all the same."""
    made = [hull.client.containers.run("busybox", ["sleep", "1000"], name=f"{name}-{i}", detach=True, network_mode="none",
                                       healthcheck=check(["CMD-SHELL", "sleep 1000" if i else "true"])) for i in range(12)]
    try:
        until(lambda: hull.request("GET", "/containers/json")[0] == 200, "an answer")
        wait_for(hull, made[0], "healthy")
    finally:
        for container in made:
            container.remove(force=True)
