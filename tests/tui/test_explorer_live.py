"""A run that is extracted while someone looks at it: layers come, the job is shown, and its end is told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neuron_tui.store.disk.lock import writing
from neuron_tui.store.runs.job import Job, write_job
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.tui.screens.explorer import growing
from tests.synthetic import build_run
from tests.tui.driving import Person, drive

LAYERS, NEURONS = 4, 16


def grow(folder: Path, finished: int) -> None:
    build_run(folder, layers=LAYERS, neurons=NEURONS, finished=finished, seed=7)


def job(**what: object) -> Job:
    return Job.model_validate(
        {
            "pid": os.getpid(),
            "process_started": 0,
            "arguments": ("synthetic-opt",),
            "begun": "2026-01-01T00:00:00Z",
            "state": "running",
            "stage": "forward",
            "layer": 2,
            "done": 3,
            "total": 10,
            "place": 2,
            "layers": LAYERS,
            **what,
        }
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "growing"
    grow(folder, 2)
    return folder


@contextmanager
def extraction(folder: Path, **what: object) -> Iterator[None]:
    """A job that seems to be at work: its lock is held, its file says so."""
    with writing(folder):
        write_job(folder, job(**what))
        yield


async def look(person: Person) -> None:
    """What the app does by itself every other second."""
    person.explorer.action_look()
    await person.until(lambda: person.app.idle)


def test_new_layers_appear_and_everything_stays_as_it_is(run: Path) -> None:
    async def watch(person: Person) -> None:
        await person.press("/")
        await person.type("type:alive")
        await person.press("enter")
        await person.sees("type:alive")
        await person.press("s", "down", "down", "down", "enter")
        await person.sees("freq↓")
        await person.press(*["down"] * 9, "m")
        await person.settled()
        address, marked = person.address, person.marked
        height = person.neurons.cursor - person.neurons.scroll_offset.y
        grow(run, 4)
        await look(person)
        await person.sees("of 64 · type:alive", "4 layers × 16 neurons")
        await person.until(lambda: person.explorer.browser.ready and "4 layers" in person.screen())
        await person.until(lambda: person.address == address)
        assert person.marked == marked
        assert len(marked) == 1
        assert person.explorer.browser.browsing.list_query.query == "type:alive"
        assert person.neurons.cursor - person.neurons.scroll_offset.y == height
        await person.sees("freq↓", " 3 ")

    drive(run.parent, watch, run=run, size=(120, 14))


def test_marks_and_the_cursor_follow_their_neurons_when_a_layer_comes_in_between(run: Path) -> None:
    grow(run, 4)
    whole = read_manifest(run)
    without = {layer: entry for layer, entry in whole.layers.items() if layer != 1}
    write_manifest(run, whole.model_copy(update={"layers": without}))

    async def watch(person: Person) -> None:
        await person.press("m", "G", "m", "*")
        await person.sees("2 · marked ones")
        await person.until(lambda: person.address == (3, NEURONS - 1))
        write_manifest(run, whole)
        await look(person)
        await person.sees("4 layers × 16 neurons", "2 · marked ones")
        assert person.marked == {(0, 0), (3, NEURONS - 1)}
        await person.until(lambda: person.address == (3, NEURONS - 1))
        await person.press("*", "U", "U")
        assert person.marked == {(0, 0), (3, NEURONS - 1)}

    drive(run.parent, watch, run=run)


def test_the_layer_in_view_stays_the_one_in_view(run: Path) -> None:
    async def watch(person: Person) -> None:
        await person.press("right", "right", "down")
        await person.sees("Neurons · 16 · layer 1")
        grow(run, 3)
        await look(person)
        await person.sees("3 of 4 layers")
        assert person.explorer.browser.layer_list.layer_at(person.explorer.browser.layer_list.cursor) == 1
        await person.until(lambda: person.address == (1, 1))
        await person.press("right")
        await person.sees("Neurons · 16 · layer 2")

    drive(run.parent, watch, run=run)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_headline_shows_the_job_while_it_works(run: Path, size: tuple[int, int]) -> None:
    async def watch(person: Person) -> None:
        await person.sees("layer 3 of 4", "P pauses")
        assert "▇" in person.lines()[0]
        assert len(person.lines()[0]) == size[0]
        write_job(run, job(state="paused"))
        await look(person)
        await person.sees("paused", "P goes on")

    with extraction(run):
        drive(run.parent, watch, run=run, size=size)


def test_p_pauses_the_job_and_lets_it_go_on(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def pause(folder: Path) -> None:
        told.append("pause")
        write_job(folder, job(state="paused"))

    def go_on(folder: Path) -> None:
        told.append("go on")
        write_job(folder, job())

    monkeypatch.setattr(growing, "pause_job", pause)
    monkeypatch.setattr(growing, "continue_job", go_on)

    async def control(person: Person) -> None:
        await person.sees("P pauses")
        await person.press("P")
        await person.sees("P goes on", "The extraction pauses")
        await person.press("ctrl+p")
        await person.type("pause or")
        await person.sees("Pauses the extraction that is writing this run")
        await person.press("enter")
        await person.sees("P pauses")
        assert told == ["pause", "go on"]

    with extraction(run):
        drive(run.parent, control, run=run)


def test_without_a_job_p_says_so(runs: Path) -> None:
    async def control(person: Person) -> None:
        await person.press("P")
        await person.sees("Nothing is writing this run")

    drive(runs, control, run=runs / "whole")


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ({"state": "done", "place": 4}, "The extraction is done: 4 layers."),
        ({"state": "cancelled"}, "cancelled, 2 of 4 layers finished"),
        ({"state": "failed", "problem": "the disk is full"}, "failed, 2 of 4 layers finished: the disk is full"),
        ({"state": "running"}, "ended without a word, 2 of 4 layers finished"),
    ],
)
def test_the_end_of_the_extraction_is_told(run: Path, end: dict[str, object], told: str) -> None:
    async def watch(person: Person) -> None:
        with extraction(run):
            await look(person)
            await person.sees("P pauses")
        write_job(run, job(**end))
        if end["state"] == "done":
            grow(run, 4)
        await look(person)
        # Faults are toasts, wrapped in a box of their own; the others are a note on a line.
        await person.until(lambda: told in person.screen() or any(told in message for message in person.app.messages))
        await person.sees("4 layers × 16" if end["state"] == "done" else "partial · 2 of 4 layers")

    drive(run.parent, watch, run=run, size=(160, 36))


def test_a_run_opened_after_its_extraction_failed_says_so_in_a_note(run: Path) -> None:
    async def watch(person: Person) -> None:
        await person.sees("The extraction failed, 2 of 4 layers finished: the disk is full")
        assert not person.app.messages
        await person.press("down")
        await person.until(lambda: "The extraction failed" not in person.screen())

    write_job(run, job(state="failed", problem="the disk is full\nFree some space"))
    drive(run.parent, watch, run=run, first_time=True)


def test_a_complete_run_says_nothing_of_how_its_job_ended(run: Path) -> None:
    grow(run, 4)
    write_job(run, job(state="running", place=4))  # its process is gone

    async def watch(person: Person) -> None:
        await person.until(lambda: person.explorer.growing.job is not None)
        await person.settled()
        assert "The extraction" not in person.screen()

    drive(run.parent, watch, run=run)


def test_a_run_made_anew_is_opened_afresh(run: Path) -> None:
    async def watch(person: Person) -> None:
        await person.press("m")
        manifest = read_manifest(run)
        write_manifest(run, manifest.model_copy(update={"created": "2026-03-03T00:00:00Z"}))
        before = person.explorer
        person.explorer.action_look()
        await person.until(lambda: person.explorer is not before and person.explorer.opened is not None)
        await person.settled()
        assert not person.marked

    drive(run.parent, watch, run=run)


def test_a_run_that_vanishes_keeps_what_is_shown(run: Path) -> None:
    async def watch(person: Person) -> None:
        (run / "run.json").rename(run / "away")
        await look(person)
        await person.press("down")
        await person.until(lambda: person.address == (0, 1))
        (run / "away").rename(run / "run.json")
        grow(run, 3)
        await look(person)
        await person.sees("3 of 4 layers")

    drive(run.parent, watch, run=run)
