"""Driving the list of runs."""

from __future__ import annotations

from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.runs.run_list import RunList
from tests.tui.driving import Person


def run_list(person: Person) -> RunList:
    """The list, wherever its screen lies in the stack."""
    screen = next(screen for screen in person.app.screen_stack if isinstance(screen, Runs))
    return screen.query_one(RunList)


def names(person: Person) -> list[str]:
    """Names of the runs in the order of the list."""
    return [run.name for run in run_list(person).runs]


async def listed(person: Person) -> None:
    """Wait until the directory has been read."""
    await person.until(lambda: run_list(person).all)


async def choose(person: Person, name: str) -> None:
    """Put the cursor on a run."""
    await person.until(lambda: name in names(person))
    await person.press("g", *["j"] * names(person).index(name))
    runs = run_list(person)
    assert runs.selected is not None
    assert runs.selected.name == name
