"""Runs made once for all tests of the app; tests that change one take a copy."""

import shutil
from pathlib import Path

import pytest

from tests.synthetic import build_run


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
