#!/usr/bin/python3
"""Records what a docker client prints for scenarios.txt on Debian's engine: docker.json, which hull is held to.

Run by hand, where scenarios.txt has changed: sudo tests/integration/cli/record.py DOCKER
DOCKER: a docker client of version 28, whose wording hull follows; Debian 12 has an older one. Namespaces of its own are
made for the engine."""
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.engine import StockDocker  # noqa: E402
from side_by_side import Client, play, scenarios  # noqa: E402

INSIDE = "--inside"
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
           "sh", "-c", 'ip link set lo up; "$@"; exit $?', "sh"]


def record(docker: str):
    engine = StockDocker(network=True)
    try:
        engine.load_busybox()
        with tempfile.TemporaryDirectory() as config:
            client = Client(docker, "docker", engine.host, config)
            return [play(client, block) for block in scenarios(HERE / "scenarios.txt")]
    finally:
        engine.close()


if __name__ == "__main__":
    if sys.argv[1] != INSIDE:
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, __file__, INSIDE, sys.argv[1]])
    recorded = record(sys.argv[2])
    (HERE / "docker.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
