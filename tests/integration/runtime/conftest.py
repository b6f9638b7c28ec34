"""Fixtures for the tests of hull-runc."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from bundle import Runtime  # noqa: E402
from vm.machine import Machine, Unavailable  # noqa: E402


@pytest.fixture
def runtime():
    made = Runtime()
    yield made
    made.close()


@pytest.fixture(scope="module")
def vm():
    """A machine with cgroup v2 alone and systemd; one for each file of tests."""
    try:
        machine = Machine(boot_seconds=180)
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield machine
    machine.close()
