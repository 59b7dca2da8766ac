"""What the app reads of a run, always off the event loop: h5py holds one lock for the whole process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.catalog import summarise
from neuron_tui.store.corpus import Context
from neuron_tui.store.errors import RunPartialError
from neuron_tui.store.record import NeuronRecord
from neuron_tui.store.run import Run, open_run
from neuron_tui.store.table import NeuronTable, read_table
from neuron_tui.store.words import gram_text

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run ready to be walked: its table is in memory, tokens and n-grams are read when first needed."""

    run: Run
    table: NeuronTable
    state: str
    _ranks: dict[int, Int64s] = field(default_factory=dict)

    @property
    def byte_level(self) -> bool:
        """Whether token texts stand for bytes."""
        return self.run.corpus.byte_level

    def first_trigger(self, row: int, n: int) -> str:
        """The best n-gram of a row of the table as people are shown it; needs `load_triggers(n)` before."""
        gram = int(self.table.first[n][row])
        if gram < 0:
            return ""
        ids = self.run.corpus.grams(n).ids[gram].tolist()
        return gram_text([self.run.corpus.form(i) for i in ids], self.byte_level)

    def load_triggers(self, n: int) -> None:
        """Read the n-gram table that `first_trigger` looks into; later calls cost nothing."""
        _ = self.run.corpus.vocabulary
        self.run.corpus.grams(n)

    def trigger_ranks(self, n: int) -> Int64s:
        """(R,) place of each row's best n-gram in the alphabetical order of all n-grams; -1 if it has none."""
        first = self.table.first[n]
        if n not in self._ranks:
            corpus = self.run.corpus
            texts = np.array([gram_text([form], self.byte_level)[:40] for form in corpus.vocabulary])
            token_rank = np.argsort(np.argsort(texts, kind="stable"), kind="stable")
            ids = token_rank[corpus.grams(n).ids]
            order = np.lexsort([ids[:, column] for column in reversed(range(n))])
            rank = np.empty(len(order), np.int64)
            rank[order] = np.arange(len(order))
            self._ranks[n] = rank
        rank = self._ranks[n]
        return np.where(first >= 0, rank[np.maximum(first, 0)], -1) if len(rank) else np.full(len(first), -1)


@dataclass(frozen=True, slots=True)
class NeuronView:
    """A neuron with all that its pane shows."""

    record: NeuronRecord
    contexts: tuple[Context, ...]
    byte_level: bool


def open_for_browsing(path: Path) -> OpenedRun:
    """Open the run in a folder.

    Raises
    ------
    RunPartialError
        It has no finished layer yet.
    RunDamagedError, RunNotFoundError
        It cannot be read, or is not there.
    """
    run = open_run(path)
    if not run.layers:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nWait for its first layer, or run the same extract again."
        )
    opened = OpenedRun(run, read_table(run), summarise(path).state)
    opened.load_triggers(1)
    return opened


def read_neuron(run: Run, layer: int, neuron: int) -> NeuronView:
    """Read one neuron; raises NeuronNotFoundError and RunDamagedError."""
    where = run.layer(layer)
    return NeuronView(where.neuron(neuron), tuple(where.contexts(neuron)), run.corpus.byte_level)
