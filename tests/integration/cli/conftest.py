import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "images")]

from harness.paths import ours  # noqa: E402


@pytest.fixture(scope="session")
def hull_program():
    return ours("hull")
