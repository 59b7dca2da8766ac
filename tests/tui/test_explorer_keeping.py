"""What people keep in the explorer: marks, reports of what they chose, and where they were when they left."""

import json
from pathlib import Path

import pytest

from neuron_tui.store.neurons.places import address_at
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from neuron_tui.tui.remembered.session import Session, read_session, session_path
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer import browser
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.export import Export
from neuron_tui.tui.screens.runs.runs import Runs
from tests.tui.driving import Person, drive


async def filter_by(person: Person, query: str) -> None:
    await person.press("/", "ctrl+u")
    await person.type(query)
    await person.press("enter")
    await person.sees(f" · {query} ")


def kept(run: Path) -> Session | None:
    return read_session(run, read_manifest(run))


def of_type(person: Person, mask: str) -> set[tuple[int, int]]:
    opened = person.explorer.opened
    return {address_at(opened, int(row)) for row in getattr(opened.table, mask).nonzero()[0]}


def test_all_neurons_that_the_filter_leaves_are_marked_and_unmarked(runs: Path) -> None:
    async def mark(person: Person) -> None:
        dead = of_type(person, "dead")
        await filter_by(person, "type:dead")
        await person.press("M")
        await person.sees(f"{len(dead)} neurons marked")
        assert person.marked == dead
        await person.press("M")
        await person.sees(f"{len(dead)} marks taken away")
        assert not person.marked

    drive(runs, mark, run=runs / "whole")


def test_marking_more_than_a_thousand_asks_first(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "MANY", 200)

    async def mark(person: Person) -> None:
        await person.press("M")
        await person.until(lambda: isinstance(person.app.screen, Confirm))
        await person.sees("Mark 256 neurons?")
        await person.press("n")
        assert not person.marked
        await person.press("M", "y")
        await person.until(lambda: len(person.marked) == 256)

    drive(runs, mark, run=runs / "whole")


def test_marks_taken_away_all_at_once_can_be_brought_back(runs: Path) -> None:
    async def mark(person: Person) -> None:
        await person.press("U")
        await person.sees("No neuron is marked")
        await person.press("m", "down", "m", "U")
        await person.sees("2 marks taken away; U brings them back")
        assert "◆" not in person.screen()
        await person.press("U")
        await person.sees("2 marks brought back", "◆")
        assert person.marked == {(0, 0), (0, 1)}

    drive(runs, mark, run=runs / "whole")


def test_only_marked_neurons_are_shown_until_asked_again(runs: Path) -> None:
    async def limit(person: Person) -> None:
        await person.press("*")
        await person.sees("No neuron is marked; m marks one")
        await person.press("m", "G", "m", "*")
        await person.sees("Neurons · 2 · marked ones")
        await person.until(lambda: person.address == (3, 63))
        await person.press("m")  # a slip is mended where it happened
        assert person.neurons.count == 2
        await person.press("m")
        await filter_by(person, "type:dead")
        await person.sees("Neurons · 1 of 2 · marked ones · type:dead")
        await person.press("*")
        await person.sees("of 256 · type:dead")

    drive(runs, limit, run=runs / "whole")


def test_going_to_a_neuron_that_is_not_marked_shows_all_again(runs: Path) -> None:
    async def limit(person: Person) -> None:
        await person.press("m", "*", ":")
        await person.type("2:7")
        await person.press("enter")
        await person.until(lambda: person.address == (2, 7))
        await person.sees("Neurons · 256", "no longer limited")

    drive(runs, limit, run=runs / "whole")


def test_all_that_the_filter_shows_are_exported_in_the_order_of_the_run(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def export(person: Person) -> None:
        await filter_by(person, "type:bigram")
        await person.press("s", "down", "down", "down", "enter")
        await person.sees("freq↓")
        await person.press("X")
        await person.until(lambda: isinstance(person.app.screen, Export))
        await person.press("ctrl+u")
        await person.type("chosen.json")
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer))
        await person.sees(f"{person.neurons.count} neurons written, path copied: ")

    app = drive(runs, export, run=runs / "whole")
    assert app.return_code in (0, None)
    records = json.loads((tmp_path / "chosen.json").read_text())
    places = [(r["layer"], r["neuron"]) for r in records]
    assert places == sorted(places)
    assert all(r["triggers"]["2"]["detector"] for r in records)


def test_a_run_opens_as_it_was_left(runs: Path) -> None:
    run = runs / "whole"

    async def work(person: Person) -> None:
        await filter_by(person, "type:token")
        await person.press("s", "down", "down", "down", "enter")
        await person.sees("freq↓")
        await person.press("2", "down", "m", "down")
        await person.settled()
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    left: list[object] = []

    async def look(person: Person) -> None:
        await person.sees(" · type:token", "freq↓", "cov.2", "◆", "[2]")
        await person.sees("As you left it: filter type:token, sorted by freq, 2-grams, 1 mark.")
        left.append(person.explorer.browser.here)

    drive(runs, work, run=run)
    session = kept(run)
    drive(runs, look, run=run)
    assert session is not None
    assert left == [session.neuron]
    assert len(session.marks) == 1


def test_quitting_keeps_layer_zoom_and_what_was_visited(runs: Path) -> None:
    run = runs / "whole"

    async def work(person: Person) -> None:
        await person.press(":")
        await person.type("2:9")
        await person.press("enter")
        await person.until(lambda: person.address == (2, 9))
        await person.press("shift+tab", "down", "down", "down", "enter")
        await person.sees("Neurons · 64 · layer 2")
        await person.press("down", "enter")
        await person.until(lambda: person.explorer.has_class("-zoom"))
        await person.press("ctrl+q")

    async def look(person: Person) -> None:
        await person.until(lambda: person.explorer.has_class("-zoom") and person.address == (2, 1))
        await person.press("q")
        await person.sees("Neurons · 64 · layer 2")
        await person.press("[")
        await person.until(lambda: person.address == (2, 9))

    drive(runs, work, run=run)
    drive(runs, look, run=run)


def test_a_remade_run_and_an_unreadable_session_start_fresh(own_runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(own_runs.parent / "logs"))
    run = own_runs / "whole"

    async def work(person: Person) -> None:
        await person.press("right", "m")
        await person.sees("layer 0", "◆")

    async def fresh(person: Person) -> None:
        await person.sees("Neurons · 256")
        assert not person.marked

    drive(own_runs, work, run=run)
    assert kept(run) is not None
    manifest = read_manifest(run)
    write_manifest(run, manifest.model_copy(update={"created": "2026-03-03T00:00:00Z"}))
    drive(own_runs, fresh, run=run)
    session_path(run).write_text("{")
    drive(own_runs, fresh, run=run)


def test_a_session_of_a_layer_that_is_not_there_is_used_as_far_as_it_goes(own_runs: Path) -> None:
    run = own_runs / "partial"

    async def work(person: Person) -> None:
        await person.press("m")

    async def look(person: Person) -> None:
        await person.sees("Neurons · 32", "◆")
        assert person.marked == {(0, 0)}

    drive(own_runs, work, run=run)
    path = session_path(run)
    session = json.loads(path.read_text()) | {"layer": 3, "neuron": [3, 5], "marks": [[0, 0], [3, 1], [0, 99]]}
    path.write_text(json.dumps(session))
    drive(own_runs, look, run=run)


def test_what_changed_is_written_down_while_the_run_is_open(runs: Path) -> None:
    run = runs / "whole"

    async def work(person: Person) -> None:
        await person.press("down", "down", "m")
        await person.explorer.keeper.keep()
        await person.until(lambda: (session := kept(run)) is not None and session.marks == ((0, 2),))

    drive(runs, work, run=run)
