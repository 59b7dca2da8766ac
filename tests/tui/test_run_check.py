"""Verifying a run in the app: watched, left to go on, stopped."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from neuron_tui.store.check.verification import CheckProgress, Problem, check_run
from neuron_tui.tui.browsing.checking import CheckState, RunCheck
from neuron_tui.tui.drawing.spans import plain
from neuron_tui.tui.screens.runs.check import Check, check_lines, verdict
from neuron_tui.tui.screens.runs.runs import Runs
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import put_job
from tests.tui.runs_driving import choose


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Every check reads on and on at its second look until this is set."""
    go_on = Event()

    def check(folder: Path, watch: object) -> list[Problem]:
        seen: list[CheckProgress] = []

        def watch_held(progress: CheckProgress) -> None:
            seen.append(progress)
            watch(progress)  # type: ignore[operator]
            while len(seen) == 2 and not go_on.wait(0.01):
                watch(progress)  # type: ignore[operator]

        return check_run(folder, watch_held)

    monkeypatch.setattr("neuron_tui.tui.browsing.checking.check_run", check)
    yield go_on
    go_on.set()


def test_progress_counts_every_byte_of_the_listed_files(runs: Path) -> None:
    seen: list[CheckProgress] = []
    assert check_run(runs / "whole", seen.append) == []
    total = sum(path.stat().st_size for path in (runs / "whole").rglob("*.h5"))
    assert {progress.total for progress in seen} == {total}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[0] == CheckProgress("corpus.h5", 0, total)
    assert seen[-1] == CheckProgress("layers/layer_003.h5", total, total)


def test_a_sound_run_is_said_to_be_as_it_was_written(runs: Path) -> None:
    async def verify(person: Person) -> None:
        await choose(person, "whole")
        await person.press("v")
        await person.sees("Check of whole", "Every file is as it was written.", "q closes")
        await person.press("q")
        assert isinstance(person.app.screen, Runs)

    drive(runs, verify, size=(80, 24))


def test_where_nothing_is_written_there_is_nothing_to_verify(own_runs: Path) -> None:
    put_job(own_runs / "begun", state="failed", place=0, layers=0, stage="open", problem="no such model")

    async def verify(person: Person) -> None:
        await choose(person, "begun")
        await person.press("v")
        await person.sees("Nothing of it is written yet")
        assert isinstance(person.app.screen, Runs)

    drive(own_runs, verify)


def test_what_is_wrong_is_listed_by_file(own_runs: Path) -> None:
    layer = own_runs / "whole" / "layers" / "layer_001.h5"
    layer.write_bytes(layer.read_bytes()[:-1] + b"\x07")
    (own_runs / "whole" / "notes.txt").write_text("mine")

    async def verify(person: Person) -> None:
        await choose(person, "whole")
        await person.press("v")
        await person.sees("1 problem.", "error: layers/layer_001.h5: has been altered", "note: notes.txt: not part")

    drive(own_runs, verify)


def test_a_check_goes_on_when_it_is_left_and_says_what_it_found(runs: Path, held: Event) -> None:
    async def verify(person: Person) -> None:
        await choose(person, "whole")
        await person.press("v")
        await person.sees("reading corpus.h5", "X stops it")
        await person.press("q")
        assert isinstance(person.app.screen, Runs)
        await person.press("v")  # the same check again, not a second one
        await person.sees("reading corpus.h5")
        await person.press("escape")
        held.set()
        await person.sees("Every file is as it was written.")
        assert isinstance(person.app.screen, Runs)

    drive(runs, verify)


def test_a_check_that_is_stopped_claims_nothing(runs: Path, held: Event) -> None:
    async def verify(person: Person) -> None:
        await choose(person, "whole")
        await person.press("v")
        await person.sees("reading corpus.h5")
        await person.press("X")
        await person.sees("Stopped before its end: nothing is known of the run.")
        held.set()
        await person.press("q", "v")
        await person.sees("Every file is as it was written.")

    drive(runs, verify)


def test_leaving_the_program_stops_a_check(runs: Path, held: Event) -> None:
    checks: list[RunCheck] = []

    async def leave(person: Person) -> None:
        await choose(person, "whole")
        await person.press("v")
        await person.sees("reading corpus.h5")
        assert isinstance(person.app.screen, Check)
        checks.append(person.app.screen.check)
        await person.press("q", "q")

    drive(runs, leave)
    assert checks[0].state.over
    assert checks[0].state.problems is None


def test_a_run_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    check = RunCheck(tmp_path / "gone")
    check.work()
    assert check.state.over
    assert "no run at" in verdict(check.state)
    assert not any("\n" in text for line in check_lines(check.state, False, 40) for text, _ in line)


@pytest.mark.parametrize("width", [20, 60, 100])
def test_its_lines_keep_to_their_cells(width: int) -> None:
    under_way = CheckState(CheckProgress("layers/layer_001.h5", 400, 1000))
    over = CheckState(CheckProgress("", 0, 0), True, (Problem("error", "a\x1b.h5", "is missing " * 20),))
    for state in (under_way, over, CheckState(CheckProgress("", 0, 0))):
        for stopping in (False, True):
            lines = [plain(line) for line in check_lines(state, stopping, width)]
            assert lines
            assert not any("\x1b" in line for line in lines)
