"""A fault of ours: logged in full, told in short, and the app goes on where it can."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from neuron_tui.store import process
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.jobs.model_answers import Heard, Refused
from neuron_tui.tui.jobs.model_process import ModelProcess
from neuron_tui.tui.screens.fault_account import FaultAccount
from neuron_tui.tui.terminal.faults import KEY
from tests.reliability.planted_faults import planted
from tests.reliability.workers import beside_a_job, failures, ways
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import at_work


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log" / "neuron-tui.log"
    monkeypatch.setattr(process, "log_file", lambda: path)
    return path


def failing(times: int = 1) -> Callable[..., list[object]]:
    """Lists no run, and fails so many times before."""
    left = [times]

    def listed(_directory: Path, _at_most: int | None) -> list[object]:
        if left[0]:
            left[0] -= 1
            raise ZeroDivisionError("planted")
        return []

    return listed


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
    (tmp_path / "log").write_text("in the way")
    told = process.describe_fault(ValueError("broken"))
    assert "could not be logged" in told
    assert "ValueError: broken" in told


def test_a_fault_in_a_thread_is_a_message_with_an_account_and_the_app_goes_on(
    own_runs: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuron_tui.tui.screens.runs.loading.list_runs", failing())

    async def look(person: Person) -> None:
        await person.until(lambda: any("ZeroDivisionError: planted" in said for said in person.app.messages))
        await person.press(KEY)
        await person.sees("ZeroDivisionError: planted", f"It is logged in {log}", "Traceback (most recent call last)")
        await person.press("G")
        await person.sees('raise ZeroDivisionError("planted")')
        await person.press("q", "r")
        await person.sees("There are no runs")

    app = drive(own_runs, look, faulty=True)
    assert app.return_code is None
    assert log.read_text().count("ZeroDivisionError: (a message") == 1


def test_without_a_fault_its_key_does_nothing(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.press(KEY)
        assert not isinstance(person.app.screen, FaultAccount)

    drive(own_runs, look)


def test_what_fails_again_and_again_is_told_once_and_counted(
    own_runs: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("planted")

    async def look(person: Person) -> None:
        person.app.set_interval(0.001, broken)
        await person.until(lambda: any(account.times >= 100 for account in person.app.faults.values()))
        assert len([said for said in person.app.messages if "planted" in said]) == 1
        await person.press(KEY)
        await person.sees("It came 1", "times. It is logged in")

    drive(own_runs, look, faulty=True)
    assert log.read_text().count("Traceback") == 1
    assert log.read_text().count("The same fault again, 100 times by now: ZeroDivisionError in test_faults.py") == 1


def test_a_fault_in_what_is_painted_ends_the_app_with_code_1(
    own_runs: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("neuron_tui.tui.widgets.runs.run_list.RunList.row_line", broken)
    app = NeuronTuiApp(own_runs)
    asyncio.run(app.run_async(headless=True, size=(80, 24)))
    assert app.return_code == 1
    assert log.read_text().count("ZeroDivisionError: (a message") == 1


def test_who_waits_for_a_model_hears_of_a_fault_in_its_thread(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuron_tui.tui.jobs.model_process.engine_command", lambda *_: ["echo", "no json"])
    said: list[Heard] = []
    app = NeuronTuiApp(Path())
    with app.hearing_threads():
        ModelProcess((), said.append).start()
        for thread in threading.enumerate():
            if thread.name == "model":
                thread.join()
    assert [account.short.split(":")[0] for account in app.faults.values()] == ["JSONDecodeError"]
    assert isinstance(said[0], Refused)
    assert "a fault in neuron-tui (JSONDecodeError)" in said[0].problem


def test_workers_beside_a_job_fail_and_each_is_told_and_logged_once(
    own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with planted(monkeypatch) as planter, at_work(own_runs / "partial"):
        app = ways(tmp_path, monkeypatch, beside_a_job)
    assert len(planter.failed) >= 5
    assert not failures(planter, [app], tmp_path / "log" / "neuron-tui.log")
