"""Whatever a run, a path or a message holds: nothing of it acts, and no column moves, on any screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from textual.screen import Screen

from neuron_tui.store import open_run
from neuron_tui.tui.places import Address
from neuron_tui.tui.screens.check import Check
from neuron_tui.tui.screens.explorer import Explorer
from neuron_tui.tui.screens.export import Export
from neuron_tui.tui.screens.figures import Figures
from neuron_tui.tui.screens.firing import Firing
from neuron_tui.tui.screens.help import Help
from neuron_tui.tui.screens.job_log import JobLog
from neuron_tui.tui.screens.new_extraction import NewExtraction
from neuron_tui.tui.screens.prompt import Prompt
from neuron_tui.tui.screens.team import Team
from neuron_tui.tui.widgets.preview import PreviewPane
from tests.hostile import FORMS, NAME, TEXTS, acting, aligned, cells
from tests.synthetic import HOSTILE, build_run, form
from tests.tui.driving import Person, drive
from tests.tui.jobs_at_hand import put_job
from tests.tui.runs_driving import listed, run_list

SIZES = [(80, 24), (120, 36), (200, 60)]
DOMAINS = (NAME, "\u0301[b]\x07" + "日" * 40, "مرحبا\u202e")
LAYERS, NEURONS = 2, 110

Look = Callable[[Person], Awaitable[None]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run in which every token, the domains and the model are hostile. To be read only."""
    # A name that a folder can have, which is nearly any.
    folder = tmp_path_factory.mktemp("hostile") / NAME.replace("/", "").replace("\x00", "")
    build_run(
        folder / "whole",
        layers=LAYERS,
        neurons=NEURONS,
        sequences=12,
        domains=DOMAINS,
        model=f"hub/{NAME}",
        keep_activations=True,
        extra=FORMS,
    )
    return folder


def test_every_hostile_token_is_what_some_neuron_fires_on(hostile: Path) -> None:
    run = open_run(hostile / "whole")
    tops = [record.triggers[1].top for layer in run.layers.values() for record in layer.records(np.arange(NEURONS))]
    assert {*FORMS, *map(form, HOSTILE)} <= {top[0].text[0] for top in tops if top}


def sound(person: Person) -> None:
    """Nothing on the screen acts, each line takes its cells, and every border stands in its column."""
    width = person.app.size.width
    lines = person.lines()
    for line in lines:
        assert not acting(line), ascii(line)
        assert aligned(line, width), ascii(line)
    grid = [cells(line) for line in lines]
    for screen in person.app.screen_stack[-1:]:
        borders_stand(screen, grid)


def borders_stand(screen: Screen[object], grid: Sequence[Sequence[str]]) -> None:
    """Left and right borders of the widgets in sight are there in every row of theirs."""
    for widget in screen.walk_children():
        if not widget.display or not widget.region or not widget.is_on_screen:
            continue
        region = widget.region.intersection(screen.region)
        if region != widget.region:
            continue  # scrolled half out of sight
        for side, column in (("left", region.x), ("right", region.right - 1)):
            if getattr(widget.styles, f"border_{side}")[0] in ("", "none", "hidden", "blank"):
                continue
            seen = {grid[row][column] for row in range(region.y + 1, region.bottom - 1)}
            assert len(seen) <= 1 and seen <= set("│┃║▏▕▎▊█▌▐"), (widget, side, seen)


async def everywhere(person: Person, keys: Sequence[str], settled: Callable[[], Awaitable[None]]) -> None:
    """Press keys one by one and look at each screen that comes."""
    sound(person)
    for key in keys:
        await person.press(key)
        await settled()
        sound(person)


@pytest.mark.parametrize("size", SIZES)
def test_the_explorer_in_each_state_of_its_panes(hostile: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        keys = ["g", *["pagedown"] * 6, "a", "2", *["pageup"] * 4, "3", *["pagedown"] * 3, "1", "s", "escape"]
        await everywhere(person, [*keys, "m", "*", "*", "enter", "escape", "?", "escape"], person.settled)

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", [(80, 24), (160, 40)])
def test_the_neuron_of_every_hostile_token(hostile: Path, size: tuple[int, int]) -> None:
    async def look(person: Person) -> None:
        await everywhere(person, ["enter"], person.settled)
        for _ in range(LAYERS * NEURONS - 1):
            await everywhere(person, ["n"], person.settled)
        assert person.address == (LAYERS - 1, NEURONS - 1)

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("neuron", [2, 5, 9, 70])
def test_the_neuron_pane_in_all_its_modes(hostile: Path, size: tuple[int, int], neuron: int) -> None:
    async def look(person: Person) -> None:
        await person.press(":", *f"0:{neuron}", "enter")
        await person.until(lambda: person.address == (0, neuron))
        walk = [*["down"] * 5, "f", "f", "}", "down", "right", "right", "}", "z", "right", "z", "d", "d", "}"]
        await everywhere(
            person, ["enter", *walk, "down", ".", ".", "w", "space", "w", "space", "G", "w"], person.settled
        )

    drive(hostile, look, run=hostile / "whole", size=size)


@pytest.mark.parametrize("size", SIZES)
def test_the_neurons_that_fire_on_it(hostile: Path, size: tuple[int, int]) -> None:
    run = open_run(hostile / "whole")

    async def look(person: Person) -> None:
        table = person.explorer._opened.table
        for neuron in range(12, NEURONS, 7):
            (token,) = run.layers[0].neuron(neuron).triggers[1].top[0].ids
            screen = Firing(run, (token,), NAME * 3, table)
            person.app.push_screen(screen)
            await person.until(lambda screen=screen: screen.is_current and screen.rows.count)
            await everywhere(person, ["down", "s", "?", "escape"], _nothing)
            await person.press("escape")

    drive(hostile, look, run=hostile / "whole", size=size)


async def _nothing() -> None:
    pass
