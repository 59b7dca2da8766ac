"""A fault of ours: logged in full, told in short."""

import asyncio
from pathlib import Path

import pytest

from neuron_tui.store import process
from neuron_tui.tui.app import NeuronTuiApp


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "state" / "neuron-tui.log"
    monkeypatch.setattr(process, "log_file", lambda: path)
    return path


def test_the_whole_account_goes_to_the_log_and_a_line_to_the_person(log: Path) -> None:
    try:
        raise KeyError("nothing\nto see")
    except KeyError as error:
        told = process.describe_fault(error)
    assert told.startswith("neuron-tui met a fault of its own: KeyError:")
    assert str(log) in told
    assert len(told.split("\n")) == 2
    written = log.read_text()
    assert "Traceback" in written
    assert "test_faults.py" in written


def test_a_log_that_cannot_be_written_loses_nothing(log: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    told = process.describe_fault(ValueError("broken"))
    assert "could not be logged" in told
    assert "ValueError: broken" in told


def test_the_log_is_begun_anew_once_it_is_large_and_one_old_one_is_kept(log: Path) -> None:
    log.parent.mkdir()
    log.write_text("old\n" * 300_000)
    process.log_fault(ValueError("new"))
    assert "ValueError: new" in log.read_text()
    assert "old" not in log.read_text()
    assert log.with_suffix(".log.1").read_text().startswith("old\n")


def test_a_fault_in_a_thread_ends_the_app_with_code_1(runs: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(directory: Path) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("neuron_tui.tui.screens.runs.loading.list_runs", broken)
    app = NeuronTuiApp(runs)
    asyncio.run(app.run_async(headless=True, size=(80, 24)))
    assert app.return_code == 1
    assert "ZeroDivisionError: planted" in log.read_text()
