"""Neurons by the names that people type: `3:117`, or `3:117+` for a pole."""

from __future__ import annotations

import re

from neuron_tui.store.errors import UsageError
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.rule import POLES


def parse_neuron(text: str) -> tuple[int, int, str]:
    """Layer, neuron and pole (empty for all) named as `3:117` or `3:117+`; raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})([+-]?)", text.strip())
    if match is None:
        raise UsageError(f"{text!r} names no neuron\nWrite layer and neuron, both from 0, such as 3:117.")
    return int(match[1]), int(match[2]), match[3]


def rows_named(run: Run, layer: int, neuron: int, pole: str) -> list[tuple[int, int]]:
    """Layer and row of what a name means: of a neuron with poles both, unless it names one; raises UsageError."""
    poles = run.manifest.rule.poles
    if pole and poles == 1:
        raise UsageError(f"{layer}:{neuron}{pole} names a pole, and the neurons of {run.name} have none")
    return [(layer, neuron * poles + place) for place in range(poles) if not pole or POLES[place] == pole]


def matching_rows(run: Run, query: str) -> list[tuple[int, int]]:
    """Layer and row of the neurons that a filter matches, in order; raises QueryError, RunDamagedError."""
    table = read_table(run)
    keep = matching(run, table, query)
    return list(zip(table.layer[keep].tolist(), table.neuron[keep].tolist(), strict=True))
