"""hull on Debian's engine: the same output and exit status as docker had there (record.py)."""
import json
import pathlib

import pytest
from side_by_side import Client, difference, play, scenarios

HERE = pathlib.Path(__file__).parent
RECORDED = json.loads((HERE / "docker.json").read_text())


@pytest.fixture(scope="module")
def client(stock_docker, hull_program, tmp_path_factory):
    return Client(hull_program, "hull", stock_docker.host, str(tmp_path_factory.mktemp("config")))


def test_the_record_is_of_these_scenarios():
    played = [[[line, stdin.decode()] for line, stdin in block] for block in scenarios(HERE / "scenarios.txt")]
    assert played == [[[line, stdin] for line, stdin, _ in block] for block in RECORDED]


@pytest.mark.parametrize("block", RECORDED, ids=lambda block: block[0][0][:40])
def test_same_output_and_status(client, block):
    mine = play(client, [(line, stdin.encode()) for line, stdin, _ in block], [docker for _, _, docker in block])
    problems = [f"{line}\n{found}" for (line, _, result), (_, _, docker) in zip(mine, block)
                if (found := difference(result, docker))]
    assert not problems, "\n\n".join(problems)
