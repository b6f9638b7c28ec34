"""What holds for every test: root, and nothing left behind. Run through dev/test, which gives namespaces of their own."""
import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "integration"))

from harness import leaks  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--engine", choices=("hull", "docker"), default="hull",
                     help="what behaviour/ runs against; a test that the original fails is wrong")


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("integration tests need root: run sudo dev/test", 4)


def pytest_sessionstart(session):
    session.config.before = leaks.snapshot()
    # A shell's background job has these ignored, and with it all that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_sessionfinish(session):
    """The run fails where mounts, processes, cgroups, links or tables are left. All fixtures have ended by now."""
    if session.config.option.collectonly:
        return
    left = leaks.difference(session.config.before, leaks.snapshot())
    if left:
        print("\nleft behind:\n  " + "\n  ".join(left))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
