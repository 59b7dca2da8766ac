"""Opening a run and reading its neurons. A finished run answers without the model."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import (
    ORDERS,
)
from neuron_tui.store.errors import NeuronNotFoundError, RunDamagedError, RunPartialError
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.neurons.layer import Layer, Recount
from neuron_tui.store.neurons.recount import changed_datasets, stored_covering
from neuron_tui.store.notes.notebook import Notebook
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.catalog import find_run, missing_or_cut, runs_directory
from neuron_tui.store.runs.manifest import Variant, read_manifest
from neuron_tui.store.runs.variants import name_of, run_counted_again


class Run:
    """A run on disk. `layers` holds the finished layers by their index in the model."""

    def __init__(self, folder: Path) -> None:
        """Open the run in `folder`; see `open_run`."""
        self.path = folder
        self.name = name_of(folder.resolve())
        self.manifest = read_manifest(folder)
        if problem := missing_or_cut(folder, self.manifest):
            raise RunDamagedError(
                f"the run {self.name} is damaged: {problem}\n"
                f"See what else with: neuron-tui check {self.name}; mend it with: neuron-tui mend {self.name}"
            )
        self.notes_file = NotesFile(folder)
        self._below = run_counted_again(folder, self.manifest)
        self._recount: Recount | None = None
        if self.manifest.corpus is not None:
            self.corpus.refuse_another(self.manifest)

    @property
    def kept_whole(self) -> bool:
        """Whether the run is complete on disk, so that what is counted from it can be kept beside it."""
        return self.manifest.complete and self._recount is None

    def folders(self) -> tuple[Path, ...]:
        """Folders that its files lie in: its own, and for a variant that of its run."""
        return (self.path,) if self._below is None else (self.path, self._below)

    def digests(self) -> tuple[str, ...]:
        """Digests of all that its numbers are read from: its own files, and for a variant those of its run."""
        source = self.manifest.variant.source if self.manifest.variant else None
        return (self.manifest.digest, *([source] if source else []))

    @property
    def notes(self) -> Notebook:
        """What people wrote on its neurons, as it stands in the file now; raises RunDamagedError."""
        return self.notes_file.read()

    @cached_property
    def corpus(self) -> StoredCorpus:
        """The corpus as tokenised for this run."""
        overlay = self.manifest.is_overlay and self._below is not None
        return StoredCorpus(self._below if overlay and self._below else self.path, self.manifest)

    @cached_property
    def layers(self) -> dict[int, Layer]:
        """The finished layers, in order."""
        given = (self.path, self.manifest, self.corpus)
        return {i: Layer(*given, i, self._below, self._recount) for i in sorted(self.manifest.layers)}

    def with_thresholds(self, thresholds: Thresholds) -> Run:
        """The same run as other thresholds count it, in memory; nothing is written [§3-5].

        Parameters
        ----------
        thresholds
            What makes a detector or a positional neuron.

        Raises
        ------
        InputError
            It takes kept activations to tell what covers a neuron at another coverage: `neuron-tui analyze` counts it.
        RunDamagedError
            A file cannot be read.
        """
        corpus, context_length = self.manifest.corpus, self.manifest.options.context_length
        sequences = corpus.full_sequences if corpus else 0
        other_coverage = thresholds.coverage != self.manifest.thresholds.coverage
        occurrences = {n: self.corpus.grams(n).occurrences for n in ORDERS}

        def recount(source: DatasetReader) -> dict[str, Array]:
            covering = stored_covering(source, thresholds) if other_coverage else None
            return changed_datasets(source, thresholds, occurrences, sequences, context_length, covering)

        run = Run(self.path)
        variant = self.manifest.variant or Variant(name="", of=self.name, thresholds=thresholds)
        variant = variant.model_copy(update={"thresholds": thresholds})
        run.manifest = run.manifest.model_copy(update={"variant": variant})
        run._recount = recount
        return run

    def layer(self, index: int) -> Layer:
        """One finished layer.

        Raises
        ------
        RunPartialError
            It is not finished yet.
        NeuronNotFoundError
            The run was not to hold it.
        """
        if index not in self.layers and index in self.manifest.options.layers:
            raise RunPartialError(
                f"layer {index} of the run {self.name} is not finished\n"
                "Go on with what was begun: run the same command again."
            )
        if index not in self.layers:
            have = ", ".join(map(str, self.layers)) or "none yet"
            raise NeuronNotFoundError(f"the run {self.name} has no layer {index}\nIts finished layers: {have}.")
        return self.layers[index]


def open_run(run: str | os.PathLike[str], runs_dir: Path | None = None) -> Run:
    """Open a run by name (in the runs directory) or by path; a variant as `demo@loose`.

    Raises
    ------
    RunNotFoundError
        There is none.
    RunDamagedError
        run.json cannot be read, or a file it lists is missing or cut short.
    """
    return Run(find_run(runs_directory(runs_dir), os.fspath(run)))
