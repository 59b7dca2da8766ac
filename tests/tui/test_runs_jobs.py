"""Jobs in the list of runs: shown as they go, paused, cancelled, resumed; and how they ended."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from textual.binding import Binding
from textual.screen import Screen

from neuron_tui.store.errors import RunError
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.tui.jobs import jobs
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.runs.job_log import JobLog, LogLines
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.runs.run_details import describe_run
from neuron_tui.tui.widgets.runs.run_list import RunList
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import ARGUMENTS, a_job, at_work, put_job
from tests.tui.runs_driving import choose, names, run_list

PARTIAL = {"place": 2, "layers": 4}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come one soon after the other: what is waited for here is that they come."""
    monkeypatch.setattr("neuron_tui.tui.screens.runs.runs._LOOK", 0.05)
    monkeypatch.setattr("neuron_tui.tui.screens.runs.job_log._EVERY", 0.05)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What jobs were told, in place of their processes: verb and name of the run, or the arguments of a new one."""
    heard: list[tuple[str, ...]] = []
    for verb in ("pause", "continue", "cancel", "resume"):

        def tell(folder: Path, verb: str = verb) -> Path | None:
            heard.append((verb, folder.name))
            return folder if verb == "resume" else None

        monkeypatch.setattr(jobs, f"{verb}_job", tell)

    def start(runs_dir: Path, arguments: list[str]) -> Path:
        heard.append(("start", *arguments))
        put_job(runs_dir / "demo", state="failed", place=0, layers=0, stage="open", problem="no network")
        return runs_dir / "demo"

    monkeypatch.setattr(jobs, "start_job", start)
    return heard


def test_a_job_at_work_is_seen_in_its_row_and_in_full_below(own_runs: Path) -> None:
    async def watch(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%", "partial: running, 2 of 4 layers done", "enter opens what is there")
        await person.sees("partial  layer 3 of 4  ▇▇▇", "1.21M tok/s  1:12 gone, 2:50 left")
        await person.sees("p pause", "X cancel", "L log")
        put_job(own_runs / "partial", **PARTIAL, done=900_000, rate=99_000.0, elapsed=80.0, left=21.0)
        await person.sees("running 70%", "99k tok/s  1:20 gone, 0:21 left")
        put_job(own_runs / "partial", **PARTIAL, state="paused")
        await person.sees("paused 59%", "partial: paused, 2 of 4 layers done. p lets it go on.", "p go on")
        await person.press("enter")
        await person.settled()

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, watch)


def test_a_job_whose_text_is_being_tokenised_has_no_layers_yet(own_runs: Path) -> None:
    tokenising = {"stage": "tokenise", "place": 0, "layers": 0, "total": None, "left": None, "done": 1_234_000}

    async def watch(person: Person) -> None:
        await choose(person, "begun")
        await person.sees("begun: running, no layer done yet.", "tokenising 1.23M tokens", "1:12 gone")
        await person.press("enter")
        await person.sees("It has no finished layer yet")
        assert isinstance(person.app.screen, Runs)

    with at_work(own_runs / "begun", **tokenising):
        drive(own_runs, watch, size=(80, 24))


def test_nothing_jumps_while_jobs_are_looked_at(own_runs: Path) -> None:
    async def watch(person: Person) -> None:
        await choose(person, "short")
        put_job(own_runs / "partial", **PARTIAL, done=900_000)
        await person.sees("running 70%")
        assert run_list(person).selected.name == "short"
        assert names(person) == ["few", "partial", "short", "whole"]
        await person.sees("short: complete")

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, watch)


def test_an_end_is_said_wherever_one_is(own_runs: Path) -> None:
    stack = ExitStack()
    stack.enter_context(at_work(own_runs / "partial", **PARTIAL))

    async def watch(person: Person) -> None:
        await choose(person, "whole")
        await person.sees("running 59%")
        await person.press("enter")
        await person.settled()
        put_job(own_runs / "partial", state="cancelled", **PARTIAL)
        stack.close()
        await person.sees("partial: cancelled, 2 of 4 layers kept")
        assert isinstance(person.app.screen, Explorer)
        await person.press("q")
        await choose(person, "partial")
        await person.sees("partial: cancelled, 2 of 4 layers done. e goes on with the rest.")

    drive(own_runs, watch)


def test_a_job_that_died_says_so_with_the_end_of_its_log_and_how_to_go_on(own_runs: Path, told: list[str]) -> None:
    log = "".join(f"line {i}\n" for i in range(40)) + "\x1b[2Jkilled here\n"
    put_job(own_runs / "partial", log, **PARTIAL)

    async def look(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("died", "partial: died, 2 of 4 layers done: its process is gone", "e resumes it")
        await person.sees("line 39", "\\x1b[2Jkilled here", "died, layer 3 of 4")
        await person.sees("enter open   e resume   L log   d delete")
        await person.press("e")
        await person.sees("partial is being started again")
        assert told == [("resume", "partial")]

    drive(own_runs, look, size=(80, 24))


def test_a_job_that_failed_says_its_problem(own_runs: Path) -> None:
    problem = "no space left on the disk while writing /x/layer_002.h5\nFree some space and run the same command again."
    put_job(own_runs / "partial", "opening\n", state="failed", problem=problem, **PARTIAL)

    async def look(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("partial: failed, 2 of 4 layers done", "no space left on the disk", "Free some space")
        await person.press("enter")
        await person.settled()

    drive(own_runs, look, size=(80, 24))


def test_enter_offers_to_resume_what_has_no_layer(own_runs: Path, told: list[str]) -> None:
    put_job(own_runs / "begun", state="failed", place=0, layers=0, stage="tokenise", problem="no key `text`")

    async def resume(person: Person) -> None:
        await choose(person, "begun")
        await person.sees("begun: failed, no layer done yet", "no key `text`")
        await person.press("enter")
        await person.sees("Resume the extraction begun?", "It is failed and has no finished layer to open.")
        await person.press("n")
        assert not told
        await person.press("enter", "y")
        await person.until(lambda: told == [("resume", "begun")])

    drive(own_runs, resume)


def test_p_pauses_and_lets_go_on(own_runs: Path, told: list[str]) -> None:
    async def pause(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        await person.press("p")
        await person.sees("partial pauses at its next step")
        put_job(own_runs / "partial", state="paused", **PARTIAL)
        await person.sees("p go on")
        await person.press("p")
        await person.sees("partial goes on")
        assert told == [("pause", "partial"), ("continue", "partial")]
        await choose(person, "whole")
        await person.press("p")
        await person.sees("No job of this run is at work")
        assert len(told) == 2

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, pause)


def test_cancelling_asks_and_says_what_stays(own_runs: Path, told: list[str]) -> None:
    async def cancel(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        await person.press("X")
        await person.sees("Cancel the extraction partial?", "Finished layers stay (2 so far)")
        await person.press("enter")  # the safe answer has the focus
        assert not told
        await person.press("ctrl+x", "y")
        await person.sees("partial ends at its next step")
        await person.press("X")
        await person.sees("Told already: once more ends it at once.")
        await person.press("y")
        await person.until(lambda: told == [("cancel", "partial")] * 2)
        await choose(person, "whole")
        await person.press("X")
        await person.sees("No job of this run is at work")

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, cancel)


def test_what_cannot_be_done_is_said(own_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise RunError(f"the extraction of {folder.name} runs on elsewhere: reach it from there")

    monkeypatch.setattr(jobs, "pause_job", refuse)

    async def pause(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        await person.press("p")
        await person.sees("Not paused", "runs on elsewhere")

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, pause)


def test_a_complete_run_has_nothing_to_resume(own_runs: Path, told: list[str]) -> None:
    async def resume(person: Person) -> None:
        await choose(person, "whole")
        await person.press("e")
        await person.sees("It is complete: there is nothing to resume.")
        await choose(person, "partial")
        await person.press("e")
        await person.until(lambda: told == [("resume", "partial")])

    drive(own_runs, resume)


def test_a_run_that_is_being_written_is_neither_renamed_nor_deleted(own_runs: Path) -> None:
    async def touch(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        await person.press("d")
        await person.sees("partial: being written. Cancel its job first (X).")
        await person.press("R", "x", "enter")
        await person.sees("Not renamed", "is being written")

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, touch)
    assert (own_runs / "partial" / "run.json").is_file()


def test_the_log_is_shown_whole_and_grows(own_runs: Path) -> None:
    lines = [f"line {i}" for i in range(200)]
    log = own_runs / "partial" / "job.log"

    async def read(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        await person.press("L")
        await person.sees("Log of partial", "line 199")
        log.write_text("\n".join([*lines, "the next line"]))
        await person.sees("the next line")
        await person.press("g")
        await person.sees("line 0 ")
        log.write_text("\n".join([*lines, "the next line", "the last line"]))
        shown = person.app.screen.query_one(LogLines)
        await person.until(lambda: shown.virtual_size.height == 202)
        await person.sees("line 0 ")  # who reads the beginning is left there
        await person.press("G")
        await person.sees("the last line")
        await person.press("q")
        assert isinstance(person.app.screen, Runs)
        await choose(person, "whole")
        await person.press("L")
        await person.sees("This run has no job")
        assert not isinstance(person.app.screen, JobLog)

    with at_work(own_runs / "partial", **PARTIAL):
        log.write_text("\n".join(lines))
        drive(own_runs, read, size=(80, 24))


def test_a_run_begun_elsewhere_turns_up_by_itself(own_runs: Path) -> None:
    async def wait(person: Person) -> None:
        await choose(person, "short")
        put_job(own_runs / "another", state="done", place=1, layers=1)
        shutil.copytree(own_runs / "few", own_runs / "another", dirs_exist_ok=True)
        await person.sees("another", "Runs · 5")
        assert run_list(person).selected.name == "short"

    drive(own_runs, wait)


@pytest.mark.parametrize("key", ["enter", "d"])
def test_without_runs_one_key_makes_the_demo(tmp_path: Path, told: list[str], key: str) -> None:
    async def make(person: Person) -> None:
        await person.sees("There are no runs yet", "enter  makes the demo", "n      extracts", "enter make the demo")
        await person.press("e", "p", "X", "c", "R", "v", "m", "L", "s", "escape")
        assert isinstance(person.app.screen, Runs)
        assert not told
        await person.press(key)
        await person.sees("The demo is being started")
        await person.sees("Runs · 1", "demo: failed", "no network")
        assert told == [("start", *ARGUMENTS[:1], *told[0][2:])]
        assert told[0][-2:] == ("--name", "demo")
        assert "--runs-dir" not in told[0]

    drive(tmp_path / "nothing here", make, size=(80, 24))


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What forms were opened with; enter in one starts a run called `new`."""
    opened: list[object] = []

    class NewExtraction(Screen[Path | None]):
        BINDINGS = [Binding("enter", "begin"), Binding("escape", "dismiss(None)")]  # noqa: RUF012

        def __init__(self, runs_dir: Path, start_from: object = None) -> None:
            super().__init__()
            self._directory = runs_dir
            opened.append(start_from)

        def action_begin(self) -> None:
            put_job(self._directory / "new", state="failed", place=0, layers=0, stage="open", problem="no such model")
            self.dismiss(self._directory / "new")

    module = ModuleType("new_extraction")
    module.NewExtraction = NewExtraction  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "neuron_tui.tui.screens.extraction.new_extraction", module)
    return opened


def test_n_opens_the_form_and_the_cursor_goes_to_the_new_run(own_runs: Path, form: list[object]) -> None:
    async def begin(person: Person) -> None:
        await choose(person, "whole")
        await person.press("/")
        await person.type("whole")
        await person.press("enter", "n", "escape")
        assert form == [None]
        assert run_list(person).selected.name == "whole"
        await person.press("n", "enter")
        await person.sees("The filter is cleared", "new: failed", "no such model")
        assert run_list(person).selected.name == "new"

    drive(own_runs, begin)


def test_again_begins_with_the_options_of_the_run(own_runs: Path, form: list[object]) -> None:
    put_job(own_runs / "partial", **PARTIAL)
    job = a_job(**PARTIAL)

    async def again(person: Person) -> None:
        await choose(person, "whole")
        await person.press("N", "escape")
        assert form == [read_manifest(own_runs / "whole")]
        await choose(person, "partial")
        await person.press("N", "escape")
        assert form[1] == job

    drive(own_runs, again)


def test_a_job_that_tells_nothing_for_long_is_said_to(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        run = person.app.screen.query_one(RunList).selected
        said = [text for line in describe_run(run, (), run.job.job.heartbeat + 45, 80, 8) for text, _ in line]
        assert "It has told nothing for 45 seconds." in said
        said = [text for line in describe_run(run, (), run.job.job.heartbeat + 5, 80, 8) for text, _ in line]
        assert not any("told nothing" in text for text in said)

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, look)


def test_a_list_read_before_the_last_look_at_a_job_does_not_turn_it_back(own_runs: Path) -> None:
    async def look(person: Person) -> None:
        await choose(person, "partial")
        await person.sees("running 59%")
        before = list(run_list(person).all)
        put_job(own_runs / "partial", **PARTIAL, done=900_000, heartbeat=4e9 + 1)
        await person.sees("running 70%")
        run_list(person).show(before)
        await person.sees("running 70%")
        assert run_list(person).selected.job.job.done == 900_000

    with at_work(own_runs / "partial", **PARTIAL):
        drive(own_runs, look)
