"""The first minute: a run in a few sentences, and what is worth seeing at the top of the list."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.store.findings.summary import LayerSummary, summaries_from_layers
from neuron_tui.store.neurons.run import open_run
from neuron_tui.tui.widgets.layers.overview import Overview, overview
from tests.tui.driving import Person, drive


@pytest.fixture(scope="module")
def layer(runs: Path) -> LayerSummary:
    return summaries_from_layers(open_run(runs / "whole"))[0]


def layers(layer: LayerSummary, **each: list[object]) -> list[LayerSummary]:
    """Layers alike but for some fields, of which a value each is given."""
    columns = zip(*each.values(), strict=True)
    return [
        replace(layer, layer=index, neurons=100, **dict(zip(each, values, strict=True)))
        for index, values in enumerate(columns)
    ]


def none(layer: LayerSummary) -> dict[str, dict[str, int]]:
    return {kind: dict.fromkeys(strengths, 0) for kind, strengths in layer.positional.items()}


def test_it_says_what_share_is_dead_and_where(layer: LayerSummary) -> None:
    text = " ".join(overview(layers(layer, dead=[80, 10, 0]), 1000))
    assert "Of 300 neurons in 3 layers, 90 are dead (30%): never active on 1,000 tokens, most in layer 0." in text


def test_it_says_which_third_of_the_layers_holds_most(layer: LayerSummary) -> None:
    detectors = [{1: n, 2: 0, 3: 0} for n in (0, 0, 0, 1, 4, 4)]
    text = " ".join(overview(layers(layer, detectors=detectors, suppressing=[0, 0, 0, 0, 1, 0], dead=[0] * 6), 1000))
    assert "All 600 neurons in 6 layers are active somewhere in 1,000 tokens: none is dead." in text
    assert "9 token detectors, most in the last layers (4-5); 1 suppresses the tokens it fires on (▼)." in text


def test_it_says_what_to_look_at_first(layer: LayerSummary) -> None:
    nothing = {1: 0, 2: 0, 3: 0}
    plain = replace(layer, detectors=nothing, suppressing=0, positional=none(layer))
    assert "No neuron is a detector or positional" in overview([plain], 1000)[-1]
    assert "the positional neurons" in overview([replace(plain, positional=layer.positional)], 1000)[-1]
    assert "the detectors" in overview([replace(plain, detectors={1: 0, 2: 1, 3: 0})], 1000)[-1]
    assert "(▼)" in overview([replace(plain, detectors={1: 1, 2: 0, 3: 0}, suppressing=1)], 1000)[-1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_a_run_opened_for_the_first_time_shows_it_and_begins_with_a_suppressor(
    runs: Path, size: tuple[int, int]
) -> None:
    async def look(person: Person) -> None:
        await person.sees("are dead", "token detectors", "depend on position", "Look first at", "notable first ↓")
        row = person.neurons.row
        assert row is not None
        assert person.explorer.opened.table.suppressing[row]
        await person.press("i")
        await person.until(lambda: "Look first at" not in person.screen())
        await person.press("i")
        await person.sees("Look first at")
        await person.press("enter")
        await person.until(lambda: "Look first at" not in person.screen())

    drive(runs, look, run=runs / "whole", size=size, first_time=True)


def test_a_run_opened_again_goes_on_in_its_order_without_it(runs: Path) -> None:
    async def leave(person: Person) -> None:
        await person.press("o")
        await person.until(lambda: person.address == (0, 0))

    async def come_back(person: Person) -> None:
        await person.sees("As you left it: sorted by layer.")
        assert not person.explorer.query_one(Overview).display
        assert person.address == (0, 0)
        await person.press("o")
        await person.sees("notable first ↓")

    drive(runs, leave, run=runs / "whole", first_time=True)
    drive(runs, come_back, run=runs / "whole", first_time=True)
