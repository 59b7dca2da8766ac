"""Figures of positional neurons: all of them by layer, type and strength, and one layer's team [§5, Fig. 8, 9]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.chart import PAIRS
from neuron_tui.store.findings.figures.by_layer import LAYER_COLUMNS, layer_cells
from neuron_tui.store.findings.figures.figure import (
    Cell,
    Column,
    Deferred,
    Figure,
    Mark,
    MarkPanel,
    Marks,
    Teams,
    finite,
)
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on, notes_on_positions
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.teams import Team, position_team
from neuron_tui.store.wording import percent

_STRENGTHS = ("strong", "weak")

KINDS = tuple(
    (f"{kind}, {strength}", PAIRS[place][which])
    for place, kind in enumerate(kind for kind in TYPES if kind is not None)
    for which, strength in enumerate(_STRENGTHS)
)
"""Every type and strength with its marker: filled for the strong, hollow for the weak."""


def positional_neurons(runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """Every positional neuron with its type, strength and mutual information [Fig. 8]; `layer` plays no part."""
    rows = Deferred(*((len(one.positional.layer), partial(_rows, one)) for one in runs))
    panels = [
        MarkPanel(one.label, one.layers, Deferred((len(one.positional.layer), partial(_marks, one))), _counts(one))
        for one in runs
    ]
    columns = (
        *LAYER_COLUMNS,
        Column("neuron", key=True),
        Column("type"),
        Column("strength"),
        Column("mutual_information", "nats"),
    )
    notes = (*notes_on(runs), *notes_on_positions(runs))
    chart = Marks(KINDS, tuple(panels))
    title = "Positional neurons"
    return Figure("8", title, "§5, Fig. 8", labels_of(runs), columns, rows, chart, notes)


def _stretch(labelled: LabelledRun, start: int, stop: int) -> Iterator[tuple[int, int, int, int, float]]:
    """Layer, neuron, type, strength and mutual information of some of the positional neurons."""
    found = labelled.positional
    columns = (found.layer, found.neuron, found.type, found.strength, found.mutual_information)
    return zip(*(column[start:stop].tolist() for column in columns), strict=True)


def _rows(labelled: LabelledRun, start: int, stop: int) -> Iterator[tuple[Cell, ...]]:
    for layer, neuron, kind, strength, information in _stretch(labelled, start, stop):
        yield *layer_cells(labelled, layer), neuron, TYPES[kind], STRENGTHS[strength], finite(information)


def _marks(labelled: LabelledRun, start: int, stop: int) -> Iterator[Mark]:
    for layer, neuron, kind, strength, information in _stretch(labelled, start, stop):
        yield Mark(layer, neuron, information, 2 * (kind - 1) + (STRENGTHS[strength] != _STRENGTHS[0]))


def _counts(labelled: LabelledRun) -> dict[int, tuple[int, ...]]:
    """Positional neurons of each layer, in the order of `KINDS`."""
    kinds = [kind for kind in TYPES if kind is not None]
    return {
        s.layer: tuple(s.positional[kind][name] for kind in kinds for name in _STRENGTHS) for s in labelled.summaries
    }


def team_figure(runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """The position team of a layer of each run [Fig. 9].

    `layer` None stands for each run's lowest layer that has one. Raises what `position_team` does.
    """
    rows: list[tuple[Cell, ...]] = []
    panels = []
    notes = []
    for one in runs:
        having = layers_with_a_team(one)
        where = layer if layer is not None else having[0] if having else None
        team = None if where is None else position_team(one.run, where)
        team = team if team is not None and len(team.neurons) else None
        panels.append((one.label, team))
        notes.append(f"{one.label}: {describe_team(team, where, having)}")
        if team is not None:
            rows += [(*layer_cells(one, team.layer), *cells) for cells in _members(team)]
    columns = (
        *LAYER_COLUMNS,
        Column("neuron", key=True),
        Column("on", "share"),
        Column("ranges"),
        Column("redundant"),
    )
    notes += [*notes_on_positions(runs), *notes_on(runs)]
    title = "Position team of a layer"
    return Figure("9", title, "§5, Fig. 9", labels_of(runs), columns, tuple(rows), Teams(tuple(panels)), tuple(notes))


def layers_with_a_team(labelled: LabelledRun) -> list[int]:
    """Layers that have a strong oscillatory neuron, ascending."""
    return [s.layer for s in labelled.summaries if s.positional["oscillatory"]["strong"]]


def describe_team(team: Team | None, layer: int | None, having: Sequence[int]) -> str:
    """A team in a sentence, or why there is none: `layer 1: 10 strong oscillatory neurons cover 100% of …`."""
    if team is None or not len(team.neurons):
        if layer is None or not having:
            return "no layer has a strong oscillatory neuron."
        listed = ", ".join(map(str, having))
        return f"layer {layer} has no strong oscillatory neuron; these layers have: {listed}."
    count = len(team.neurons)
    cover = f"{count} strong oscillatory neuron{' covers' if count == 1 else 's cover'} {percent(team.covered)}"
    spare = ", ".join(map(str, team.redundant))
    redundant = f"redundant, each by itself: {spare}" if spare else "none is redundant"
    return f"layer {team.layer}: {cover} of the positions; {redundant}."


def _members(team: Team) -> list[tuple[Cell, ...]]:
    redundant = set(team.redundant)
    cells: list[tuple[Cell, ...]] = []
    for neuron, on in zip(team.neurons.tolist(), team.mask, strict=True):
        ranges = " ".join(f"{a}-{b}" if a != b else str(a) for a, b in on_ranges(on.astype(float)))
        cells.append((neuron, float(on.mean()), ranges, "yes" if neuron in redundant else "no"))
    return cells
