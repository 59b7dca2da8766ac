"""Places in a run: as people write them (`3:117`, `117`, `3:`), as rows of its table, as layer and neuron."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import overload

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.table import NeuronTable
from neuron_tui.store.runs.rule import VALUE, Rule

Address = tuple[int, int]

_PLACE = re.compile(r"\s*(?:(\d{1,6})\s*[: ]\s*)?(?:(\d{1,9})([+-])?)?\s*")


def place_text(rule: Rule, address: Address) -> str:
    """A place as people write it: `3:117`, or `3:117+` where neurons have poles."""
    layer, row = address
    return f"{layer}:{rule.name(row)}"


def find_place(text: str, layers: Sequence[int], neurons: int, here: int, rule: Rule = VALUE) -> int | str:
    """Row of the run's table that a place means, or, in words, why there is no such place.

    Parameters
    ----------
    text
        Layer and neuron with a colon between them; without a layer the one `here` is meant, without a neuron the first.
    layers
        The layers of the table, in its order.
    neurons
        How many rows each layer has.
    rule
        What made the bits: where neurons have poles, `3:117-` is the pole − and `3:117` the pole +.
    """
    match = _PLACE.fullmatch(text)
    if match is None:
        return "not a place such as 3:117"
    if match[3] and rule.poles == 1:
        return "the neurons of this run have no poles"
    layer, neuron = int(match[1] or here), int(match[2] or 0) * rule.poles + (match[3] == "-")
    if layer not in layers:
        return f"the run has no layer {layer}; it has {layers[0]} to {layers[-1]}"
    if neuron >= neurons:
        return f"a layer has neurons 0 to {neurons // rule.poles - 1:,}"
    return layers.index(layer) * neurons + neuron


def row_of(opened: OpenedRun, address: Address) -> int | None:
    """Row of the run's table that holds a neuron, None if its layer is not finished or there is none such."""
    layer, neuron = address
    layers, neurons = list(opened.run.layers), opened.run.manifest.rows
    return layers.index(layer) * neurons + neuron if layer in layers and 0 <= neuron < neurons else None


def address_at(opened: OpenedRun, row: int) -> Address:
    """The neuron in a row of the run's table."""
    return int(opened.table.layer[row]), int(opened.table.neuron[row])


def codes_of(opened: OpenedRun) -> Int64s:
    """(R,) a number for each row that stays the neuron's own, whatever layers are finished later."""
    codes: Int64s = opened.table.layer.astype(np.int64) * opened.run.manifest.rows + opened.table.neuron
    return codes


def code_at(opened: OpenedRun, address: Address) -> int:
    """The code (`codes_of`) of a neuron."""
    layer, neuron = address
    return layer * opened.run.manifest.rows + neuron


def address_of(opened: OpenedRun, code: int) -> Address:
    """The neuron that has a code."""
    return divmod(code, opened.run.manifest.rows)


class Addresses(Sequence[Address]):
    """Layer and neuron of some rows of a table, each made when it is looked at: there may be millions."""

    def __init__(self, table: NeuronTable, rows: Int64s) -> None:
        self._table, self._rows = table, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Address: ...
    @overload
    def __getitem__(self, index: slice) -> Addresses: ...
    def __getitem__(self, index: int | slice) -> Address | Addresses:
        """One address, or some of them."""
        if isinstance(index, slice):
            return Addresses(self._table, self._rows[index])
        row = int(self._rows[index])
        return int(self._table.layer[row]), int(self._table.neuron[row])
