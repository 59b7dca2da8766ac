"""The screen of similar neurons: measures, other runs, stopping, and going to what was found."""

import threading
from pathlib import Path

import pytest

from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.findings.similarity.search import Found
from neuron_tui.tui.jobs.engine_answer import Stopped
from neuron_tui.tui.jobs.similarity import Asked, Search
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.explorer.similar import Similar
from tests.store.twins import with_neurons_in_another_order
from tests.synthetic import build_run
from tests.tui.driving import Person, drive

Places = dict[tuple[int, int], tuple[int, int]]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Places]:
    """A directory with the runs `one` and `two`, and where the neurons of the first are in the second."""
    folder = tmp_path_factory.mktemp("runs")
    build_run(folder / "one", layers=2, neurons=40, keep_activations=True)
    return folder, with_neurons_in_another_order(folder / "one", folder / "two")


async def similar_to(person: Person, place: str) -> Similar:
    await person.press(":")
    await person.type(place)
    await person.press("enter")
    await person.until(lambda: person.address == tuple(map(int, place.split(":"))))
    await person.press("S")
    await person.until(lambda: isinstance(person.app.screen, Similar))
    screen = person.app.screen
    assert isinstance(screen, Similar)
    await ended(person, screen)
    return screen


async def ended(person: Person, screen: Similar) -> None:
    await person.until(lambda: not screen.searching and person.app.quiet)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_the_neurons_most_like_the_one_under_the_cursor_are_listed(
    twins: tuple[Path, Places], size: tuple[int, int]
) -> None:
    async def look(person: Person) -> None:
        screen = await similar_to(person, "0:1")
        await person.sees("neurons similar to 0:1", "[triggers (tokens)]", "compared", "By chance the best would be")
        await person.sees("q back", "first trigger")
        assert screen.rows.count > 10
        found = screen.rows.listed
        assert found is not None
        assert screen.rows.address == (found.found.matches[0].layer, found.found.matches[0].row)
        await person.press("n")
        await ended(person, screen)
        await person.sees("[triggers (bigrams)]")

    drive(twins[0], look, run=twins[0] / "one", size=size)


def test_arrows_change_the_measure_and_enter_goes_to_the_neuron(twins: tuple[Path, Places]) -> None:
    async def go(person: Person) -> None:
        screen = await similar_to(person, "0:20")
        await person.press("left")
        await ended(person, screen)
        await person.sees("[activity]", "at the same places of the text")
        await person.press("left")
        await ended(person, screen)
        await person.sees("[position]", "at the same positions")
        await person.press("down")
        chosen = screen.rows.address
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer) and person.address == chosen)

    drive(twins[0], go, run=twins[0] / "one")


def test_the_twin_in_another_run_is_found_and_opened_there(twins: tuple[Path, Places]) -> None:
    folder, places = twins

    async def look(person: Person) -> None:
        screen = await similar_to(person, "0:20")
        await person.press("i")
        await person.sees("Search which run", "one, its own run", "two")
        await person.press("down", "enter")
        await person.sees("in two", "compared")
        await ended(person, screen)
        await person.press("left")
        await ended(person, screen)
        await person.sees("1.000", "≤0.005")
        assert screen.rows.address == places[0, 20]
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer) and person.app.screen.path.name == "two")
        there = person.app.screen
        assert isinstance(there, Explorer)
        await person.until(lambda: there.browser.here == places[0, 20])

    drive(folder, look, run=folder / "one")


def test_a_search_is_stopped_by_escape_and_left_by_the_next(
    twins: tuple[Path, Places], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()

    def endless(self: Search, asked: Asked, tick: object) -> Found:
        stopped.wait(20)
        raise Stopped

    monkeypatch.setattr(Search, "similar", endless)
    monkeypatch.setattr(Search, "stop", lambda self: stopped.set())

    async def stop(person: Person) -> None:
        await person.press("S")
        await person.sees("searching …")
        await person.press("escape")
        assert stopped.is_set()
        await person.sees("Stopped.", "stopped")
        await person.press("escape")
        await person.until(lambda: isinstance(person.app.screen, Explorer))

    drive(twins[0], stop, run=twins[0] / "one")


def test_what_cannot_be_searched_says_why(twins: tuple[Path, Places], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Search, asked: Asked, tick: object) -> Found:
        raise CheckpointError("the run one needs its model again: it is gone\nPut it back.")

    monkeypatch.setattr(Search, "similar", refuse)

    async def look(person: Person) -> None:
        await person.press("S")
        await person.sees("not searched", "the run one needs its model again: it is gone. Put it back.")
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Explorer))

    drive(twins[0], look, run=twins[0] / "one")
