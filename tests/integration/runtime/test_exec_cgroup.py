"""exec --cgroup with the controllers of cgroup v1; test_cgroup_v2.py has v2."""
import os

import pytest


class TestExecInACgroup:
    @pytest.fixture
    def container(self, runtime):
        bundle = runtime.bundle("sleep", "1000")
        bundle.start_detached()
        self.path = bundle.linux["cgroupsPath"]
        made = []
        for controller in ("cpu", "memory", "pids"):
            folder = f"/sys/fs/cgroup/{controller}{self.path}/below"
            if not os.path.isdir(folder):
                os.mkdir(folder)
                made.append(folder)
        if not made:
            pytest.skip("no cgroup v1 here")
        return bundle

    def cgroups(self, done):
        assert done.returncode == 0, done.stderr
        return {line.split(":")[1]: line.split(":")[2] for line in done.stdout.splitlines()}

    def test_one_for_controllers(self, container):
        shown = self.cgroups(container.exec("--cgroup", "pids,memory:below", "--cgroup", "cpu:/below", container.name, "cat", "/proc/1/cgroup"))
        assert shown["pids"] == "/"  # the container's own process stays
        shown = self.cgroups(container.exec("--cgroup", "pids,memory:below", container.name, "cat", "/proc/self/cgroup"))
        assert shown["pids"] == shown["memory"] == "/below" and shown["devices"] == "/"

    @pytest.mark.parametrize("words,text", [
        (["nothing:below"], "unknown controller nothing in SubCgroupPaths"),
        ([":below"], "invalid --cgroup argument: :below (empty <controller> prefix)"),
        (["pids:below", "below"], "invalid --cgroup argument: below (missing <controller>: prefix)"),
        (["pids:below", "pids:other"], "controller pids specified multiple times"),
        (["pids:../x"], "../x is not a sub cgroup path"),
        (["pids:absent"], "no such file or directory"),
    ])
    def test_bad_ones(self, container, words, text):
        flags = [part for word in words for part in ("--cgroup", word)]
        done = container.exec(*flags, container.name, "true")
        assert done.returncode == 255 and text in done.stderr, done.stderr
