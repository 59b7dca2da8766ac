"""The triggers of a layer's neurons as its file holds them: the tables, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.hdf5 import SchemaReader, SchemaWriter
from neuron_tui.store.lookup import write_lookup

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TriggerTables:
    """Triggers of N neurons for one n, as `triggers/n/…` stores them.

    `total`, `covering` and `covered` are (N,), `top_gram` and `top_active` (N, K), padded with -1 and 0.
    """

    total: Int64s
    covering: Int64s
    covered: npt.NDArray[np.integer]
    top_gram: Int64s
    top_active: Int64s


def write_triggers(file: SchemaWriter, n: int, tables: TriggerTables, occurrences: Int64s) -> None:
    """Write `triggers/n/…` and `lookup/n/…` of a layer; `occurrences` (G,) are those of the n-gram table."""
    first = tables.top_gram[:, 0] if tables.top_gram.shape[1] else np.full(len(tables.total), -1)
    detected = detected_grams(tables, occurrences)
    file.set_dimension(f"A{n}", len(detected))
    file.write(f"triggers/{n}/total", tables.total)
    file.write(f"triggers/{n}/covering", tables.covering)
    file.write(f"triggers/{n}/covered", tables.covered)
    file.write(f"triggers/{n}/detected", detected)
    file.write(f"triggers/{n}/first", first)
    file.write(f"triggers/{n}/top_gram", tables.top_gram)
    file.write(f"triggers/{n}/top_active", tables.top_active)
    write_lookup(file, n, tables.top_gram, tables.top_active)


def read_triggers(file: SchemaReader, n: int) -> TriggerTables:
    """The tables of all neurons of a layer; raises RunDamagedError."""
    names = ("total", "covering", "covered", "top_gram", "top_active")
    return TriggerTables(*(file.read(f"triggers/{n}/{name}") for name in names))


def detected_grams(tables: TriggerTables, occurrences: Int64s) -> Int64s:
    """Rows of the n-gram table that a detector of the layer covers, ascending [§4].

    Parameters
    ----------
    occurrences
        (G,) how often each n-gram of the table occurs.
    """
    chosen = np.flatnonzero(tables.covered > 0)
    top, active = tables.top_gram[chosen], tables.top_active[chosen]
    within = (np.arange(top.shape[1]) < tables.covering[chosen, None]) & (top >= 0)
    top, active = top[within], active[within]
    rows: Int64s = np.unique(top[20 * active >= 19 * occurrences[top]])
    return rows
