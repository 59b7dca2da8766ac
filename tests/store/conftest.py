"""A small run built once, and copies of it to damage."""

import shutil
from pathlib import Path

import pytest

from neuron_tui.store import Run, open_run
from tests.synthetic import build_run


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
