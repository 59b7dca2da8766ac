"""What the app reads of a run, always off the event loop: h5py holds one lock for the whole process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.open_files import keep_open
from neuron_tui.store.errors import RunDamagedError, RunPartialError
from neuron_tui.store.neurons.run import Run, open_run
from neuron_tui.store.neurons.table import LISTED, NeuronTable, read_table
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.tokens import Spelling, gram_text


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run ready to be walked: what lists show is in memory, the rest is read when first needed."""

    run: Run
    table: NeuronTable
    state: str
    _keys: dict[int, Int64s] = field(default_factory=dict)

    @property
    def spelling(self) -> Spelling:
        """How the vocabulary writes text."""
        return self.run.corpus.spelling

    def first_trigger(self, row: int, n: int) -> str:
        """The best n-gram of a row of the table as people are shown it; needs `load_triggers(n)` before."""
        gram = int(self.table.first[n][row])
        if gram < 0:
            return ""
        ids = self.run.corpus.grams(n).ids[gram].tolist()
        return gram_text([self.run.corpus.form(i) for i in ids], self.spelling)

    def load_triggers(self, n: int) -> None:
        """Read what a list shows of n-grams, for `first_trigger` too; later calls cost nothing.

        Raises
        ------
        RunDamagedError
            A file cannot be read, or names an n-gram that the corpus does not have.
        """
        self.table.load(f"triggers/{n}/covering", f"triggers/{n}/first")
        _ = self.run.corpus.vocabulary
        if self.table.first[n].max(initial=-1) >= len(self.run.corpus.grams(n).ids):
            raise RunDamagedError(
                f"{self.run.path}: a {n}-gram that the corpus does not have\nExtract the run again with --overwrite."
            )

    def trigger_keys(self, n: int) -> Int64s:
        """(R,) numbers that order the rows as their best n-grams stand in the alphabet; -1 for a row without one."""
        if n not in self._keys:
            self.load_triggers(n)
            first, ids = self.table.first[n], self.run.corpus.grams(n).ids
            there = np.zeros(len(ids) + 1, dtype=bool)  # one more for the -1 of a row without triggers
            there[first] = True
            rows = np.flatnonzero(there[:-1])
            tokens, places = np.unique(ids[rows], return_inverse=True)
            places = self._alphabetical(tokens)[places.reshape(len(rows), n)]
            keys = np.full(len(ids) + 1, -1, np.int64)
            keys[rows] = places @ len(tokens) ** np.arange(n - 1, -1, -1)
            self._keys[n] = keys[first]
        return self._keys[n]

    def _alphabetical(self, tokens: npt.NDArray[np.int32]) -> Int64s:
        """(M,) place of each token in the alphabetical order of what people are shown of them."""
        texts = [gram_text([self.run.corpus.form(token)], self.spelling)[:40] for token in tokens.tolist()]
        places = np.empty(len(texts), np.int64)
        places[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        return places


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
    for folder in run.folders():
        keep_open(folder)
    opened = OpenedRun(run, read_table(run), summarise(path).state)
    opened.table.load(*LISTED)
    opened.load_triggers(1)
    return opened
