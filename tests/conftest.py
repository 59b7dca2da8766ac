"""Every test runs alike whoever starts it, and none reads or writes what belongs to that person."""

import shutil
import signal
from pathlib import Path

import pytest

from neuron_tui.store import Run, open_run
from tests.synthetic import build_run

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background so, and all that is started from it inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew", action="store_true", help="write the pictures of tests/tui/pictures anew")


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    """Whether pictures are to be written anew."""
    return bool(request.config.getoption("--renew"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("XDG_CACHE_HOME", str(own / "cache"))
    monkeypatch.setenv("NEURON_TUI_STATE", str(own / "state"))
    monkeypatch.setenv("NEURON_TUI_CONFIG", str(Path(own) / "config.toml"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sound run; to be read only."""
    return build_run(tmp_path_factory.mktemp("runs") / "demo", layers=3, neurons=24)


@pytest.fixture(scope="session")
def run(demo: Path) -> Run:
    return open_run(demo)


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may damage."""
    return Path(shutil.copytree(demo, tmp_path / "runs" / "demo"))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of runs: `whole`, `partial` (2 of 4 layers), `few` and `short` sequences. To be read only."""
    folder = tmp_path_factory.mktemp("runs")
    build_run(folder / "whole")
    build_run(folder / "partial", finished=2, neurons=16)
    build_run(folder / "few", sequences=5, layers=1, neurons=16)
    build_run(folder / "short", sequences=0, layers=1, neurons=16)
    return folder


@pytest.fixture
def own_runs(runs: Path, tmp_path: Path) -> Path:
    """A copy of `runs` to change."""
    return Path(shutil.copytree(runs, tmp_path / "runs"))
