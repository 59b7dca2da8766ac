"""The triggers of a layer's neurons as its file holds them: the tables, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.lookup import write_lookup


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

    @classmethod
    def empty(cls, neurons: int, stored: int) -> TriggerTables:
        """Tables of so many neurons with room for `stored` n-grams each, all zero and padding."""
        return cls(
            total=np.zeros(neurons, np.int64),
            covering=np.zeros(neurons, np.int64),
            covered=np.zeros(neurons, np.int32),
            top_gram=np.full((neurons, stored), -1, np.int64),
            top_active=np.zeros((neurons, stored), np.int64),
        )


def write_triggers(
    file: SchemaWriter, n: int, tables: TriggerTables, occurrences: Int64s, thresholds: Thresholds
) -> None:
    """Write `triggers/n/…` and `lookup/n/…` of a layer; `occurrences` (G,) are those of the n-gram table."""
    first = tables.top_gram[:, 0] if tables.top_gram.shape[1] else np.full(len(tables.total), -1)
    detected = detected_grams(tables, occurrences, thresholds)
    file.set_dimension(f"A{n}", len(detected))
    file.write(f"triggers/{n}/total", tables.total)
    file.write(f"triggers/{n}/covering", tables.covering)
    file.write(f"triggers/{n}/covered", tables.covered)
    file.write(f"triggers/{n}/detected", detected)
    file.write(f"triggers/{n}/first", first)
    file.write(f"triggers/{n}/top_gram", tables.top_gram)
    file.write(f"triggers/{n}/top_active", tables.top_active)
    write_lookup(file, n, tables.top_gram, tables.top_active)


def write_all_triggers(
    file: SchemaWriter,
    tables: Mapping[int, TriggerTables],
    occurrences: Mapping[int, Int64s],
    top_score: npt.NDArray[np.float32],
    thresholds: Thresholds,
) -> None:
    """Write all that the triggers of a layer and their thresholds say, by n of the n-grams.

    `triggers/…`, `lookup/…` and `effect/trigger_score`; `top_score` (N, K) are the scores of the stored tokens.
    """
    for n, found in tables.items():
        write_triggers(file, n, found, occurrences[n], thresholds)
    file.write("effect/trigger_score", trigger_scores(tables[1], occurrences[1], top_score, thresholds))


def read_triggers(file: DatasetReader, n: int) -> TriggerTables:
    """The tables of all neurons of a layer; raises RunDamagedError."""
    names = ("total", "covering", "covered", "top_gram", "top_active")
    return TriggerTables(*(file.read(f"triggers/{n}/{name}") for name in names))


def detected_grams(tables: TriggerTables, occurrences: Int64s, thresholds: Thresholds) -> Int64s:
    """Rows of the n-gram table that a detector of the layer covers, ascending [§4].

    Parameters
    ----------
    occurrences
        (G,) how often each n-gram of the table occurs.
    """
    detector = np.flatnonzero(tables.covered > 0)
    top = tables.top_gram[detector]
    rows: Int64s = np.unique(top[_covered(tables, detector, occurrences, thresholds)])
    return rows


def trigger_scores(
    tables: TriggerTables, occurrences: Int64s, top_score: npt.NDArray[np.float32], thresholds: Thresholds
) -> Floats:
    """Mean score of each token detector over the tokens it covers [§4.4].

    Parameters
    ----------
    tables
        Those of single tokens.
    occurrences
        (G,) how often each token of the table occurs.
    top_score
        (N, K) score of each of `top_gram`, in logits.

    Returns
    -------
    (N,) in logits; NaN for neurons that are no token detector.
    """
    scores = np.full(len(tables.total), np.nan)
    detector = np.flatnonzero(tables.covered > 0)
    covered = _covered(tables, detector, occurrences, thresholds)
    sums = np.where(covered, top_score[detector], 0).sum(axis=1, dtype=np.float64)
    scores[detector] = sums / covered.sum(axis=1)
    return scores


def covered_counts(n: int, tables: TriggerTables, occurrences: Int64s, thresholds: Thresholds) -> Int64s:
    """How many of its covering n-grams each neuron covers if it is a detector, else 0, whatever `covered` says [§4].

    Parameters
    ----------
    occurrences
        (G,) how often each n-gram of the table occurs.
    """
    able = np.flatnonzero((tables.covering >= 1) & (tables.covering <= thresholds.most_covering(n)))
    covered = _covered(tables, able, occurrences, thresholds)
    held = np.where(covered, tables.top_active[able], 0).sum(axis=1)
    counts = np.zeros(len(tables.total), np.int64)
    counts[able] = np.where(thresholds.holds(held, tables.total[able]), covered.sum(axis=1), 0)
    return counts


def settled_covering(total: Int64s, top_active: Int64s, thresholds: Thresholds) -> Int64s:
    """How many n-grams cover each neuron, as far as the stored ones tell [§4].

    Parameters
    ----------
    total
        (N,) active positions that have an n-gram.
    top_active
        (N, K) those of the stored n-grams, best first.

    Returns
    -------
    (N,): 0 where the total is 0, -1 where the stored n-grams do not hold enough of it: it takes more than K.
    """
    enough = thresholds.holds(top_active.cumsum(axis=1), total[:, None])
    covering: Int64s = np.where(enough.any(axis=1), enough.argmax(axis=1) + 1, -1)
    covering[total == 0] = 0
    return covering


def _covered(
    tables: TriggerTables, neurons: Int64s, occurrences: Int64s, thresholds: Thresholds
) -> npt.NDArray[np.bool_]:
    """(M, K) which of the stored n-grams of some neurons are covered ones, for neurons that these cover."""
    top, active = tables.top_gram[neurons], tables.top_active[neurons]
    within = (np.arange(top.shape[1]) < tables.covering[neurons, None]) & (top >= 0)
    available = occurrences[np.where(within, top, 0)] if len(occurrences) else np.zeros_like(top)
    covered: npt.NDArray[np.bool_] = within & thresholds.covered(active, available)
    return covered
