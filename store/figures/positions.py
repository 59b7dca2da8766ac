"""Figures of positional neurons: all of them by layer, type and strength, and one layer's team [§5, Fig. 8, 9]."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_tui.store.drawing.svg_plot import PAIRS
from neuron_tui.store.figures.by_layer import LAYER_COLUMNS, layer_cells
from neuron_tui.store.figures.facts import RunFacts, labels_of, notes_on, notes_on_positions
from neuron_tui.store.figures.figure import Cell, Column, Figure, Mark, MarkPanel, Marks, Teams, finite
from neuron_tui.store.schema import STRENGTHS, TYPES
from neuron_tui.store.teams import Team, position_team
from neuron_tui.store.words import on_ranges, percent

_STRENGTHS = ("strong", "weak")

KINDS = tuple(
    (f"{kind}, {strength}", PAIRS[place][which])
    for place, kind in enumerate(kind for kind in TYPES if kind is not None)
    for which, strength in enumerate(_STRENGTHS)
)
"""Every type and strength with its marker: filled for the strong, hollow for the weak."""


def positional_neurons(facts: Sequence[RunFacts], layer: int | None = None) -> Figure:
    """Every positional neuron with its type, strength and mutual information [Fig. 8]; `layer` plays no part."""
    rows: list[tuple[Cell, ...]] = []
    panels = []
    for one in facts:
        found = one.positional
        marks = []
        for where, neuron, kind, strength, information in zip(
            found.layer.tolist(),
            found.neuron.tolist(),
            found.type.tolist(),
            found.strength.tolist(),
            found.mutual_information.tolist(),
            strict=True,
        ):
            names = TYPES[kind], STRENGTHS[strength]
            rows.append((*layer_cells(one, where), neuron, *names, finite(information)))
            if names[1] is not None:
                place = 2 * (kind - 1) + _STRENGTHS.index(names[1])
                marks.append(Mark(where, neuron, information, place))
        panels.append(MarkPanel(one.label, one.layers, tuple(marks)))
    columns = (
        *LAYER_COLUMNS,
        Column("neuron", key=True),
        Column("type"),
        Column("strength"),
        Column("mutual_information", "nats"),
    )
    notes = (*notes_on(facts), *notes_on_positions(facts))
    chart = Marks(KINDS, tuple(panels))
    title = "Positional neurons"
    return Figure("8", title, "§5, Fig. 8", labels_of(facts), columns, tuple(rows), chart, notes)


def team_figure(facts: Sequence[RunFacts], layer: int | None = None) -> Figure:
    """The position team of a layer of each run [Fig. 9].

    `layer` None stands for each run's lowest layer that has one. Raises what `position_team` does.
    """
    rows: list[tuple[Cell, ...]] = []
    panels = []
    notes = []
    for one in facts:
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
    notes += [*notes_on_positions(facts), *notes_on(facts)]
    title = "Position team of a layer"
    return Figure("9", title, "§5, Fig. 9", labels_of(facts), columns, tuple(rows), Teams(tuple(panels)), tuple(notes))


def layers_with_a_team(facts: RunFacts) -> list[int]:
    """Layers that have a strong oscillatory neuron, ascending."""
    return [s.layer for s in facts.summaries if s.positional["oscillatory"]["strong"]]


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
