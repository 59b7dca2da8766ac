"""The positional statistics of a layer's neurons as its file holds them: the counts, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Codes, Floats, Int64s
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES, STRENGTHS, TYPES
from neuron_tui.store.measures.positional import Curves
from neuron_tui.store.measures.sensitivity import SETTINGS, count_types, lowest_positional
from neuron_tui.store.measures.thresholds import PAPER, Thresholds

_CURVES = 128
"""Neurons whose curves are looked at in one go: what is made of so many stays in cache."""


@dataclass(frozen=True, slots=True)
class PositionTables:
    """Positional statistics of N neurons, as `position/…` stores them, beside the counts themselves.

    `information` (N,) in nats, `type` and `strength` (N,) in codes, `sensitivity` (Z, types, strengths) neurons.
    """

    information: Floats
    type: Codes
    strength: Codes
    sensitivity: Int64s


def position_tables(
    active: npt.NDArray[np.integer], full_sequences: int, context_length: int, thresholds: Thresholds = PAPER
) -> PositionTables:
    """What the counts by position say of each neuron [§5].

    Parameters
    ----------
    active
        (N, D, T-1) full-length sequences of each domain active at positions 1 to T-1.
    full_sequences
        How many there are in all, at least 1; with fewer than 30 no neuron has a type, under any setting.
    context_length
        T.
    """
    neurons = len(active)
    information = np.zeros(neurons)
    types, strengths = np.zeros((2, neurons), np.uint8)
    sensitivity = np.zeros((len(SETTINGS), len(TYPES), len(STRENGTHS)), np.int64)
    for first in range(0, neurons, _CURVES):
        part = slice(first, first + _CURVES)
        curves = Curves(active[part].sum(axis=1) / full_sequences, context_length, lowest_positional(thresholds))
        information[part] = curves.information
        if full_sequences >= ENOUGH_SEQUENCES:
            types[part], strengths[part] = curves.types(thresholds)
            sensitivity += count_types(curves, thresholds)
        else:
            sensitivity[:, 0, 0] += len(curves.information)
    return PositionTables(information, types, strengths, sensitivity)


def write_positions(file: SchemaWriter, active: npt.NDArray[np.integer], tables: PositionTables) -> None:
    """Write `position/…` of a layer; `active` is what `position_tables` took."""
    file.set_dimension("Z", len(tables.sensitivity))
    file.write("position/active", active)
    file.write("position/mutual_information", tables.information)
    file.write("position/type", tables.type)
    file.write("position/strength", tables.strength)
    file.write("position/sensitivity", tables.sensitivity)
