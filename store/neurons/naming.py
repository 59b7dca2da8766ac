"""Neurons by the names that people type: `3:117`, or `3:117+` for a pole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neuron_tui.store.errors import UsageError

if TYPE_CHECKING:
    from neuron_tui.store.neurons.run import Run


def parse_neuron(text: str) -> tuple[int, int, str]:
    """Layer, neuron and pole (empty for all) named as `3:117` or `3:117+`; raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})([+-]?)", text.strip())
    if match is None:
        raise UsageError(f"{text!r} names no neuron\nWrite layer and neuron, both from 0, such as 3:117.")
    return int(match[1]), int(match[2]), match[3]


def rows_named(run: Run, layer: int, neuron: int, pole: str) -> list[tuple[int, int]]:
    """Layer and row of what a name means: of a neuron with poles both, unless it names one; raises UsageError."""
    if pole and run.manifest.rule.poles == 1:
        raise UsageError(f"{layer}:{neuron}{pole} names a pole, and the neurons of {run.name} have none")
    return [(layer, row) for row in run.manifest.rule.rows(neuron, pole)]
