"""Opening a run and reading its neurons. A finished run answers without the model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.hdf5 import SchemaReader
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE, LAYER, ORDERS, STORED_CONTEXTS, STRENGTHS, TYPES
from neuron_tui.store.errors import NeuronNotFoundError, RunDamagedError, RunPartialError
from neuron_tui.store.neurons.activity import KeptActivity, active_endings, known_throughout
from neuron_tui.store.neurons.corpus import Context, StoredCorpus
from neuron_tui.store.neurons.record import (
    DomainCount,
    Effect,
    NeuronRecord,
    PositionProfile,
    TokenScore,
    Trigger,
    Triggers,
)
from neuron_tui.store.runs.catalog import find_run, missing_or_cut, runs_directory
from neuron_tui.store.runs.manifest import CorpusIdentity, Manifest, layer_file, read_manifest
from neuron_tui.store.runs.variants import name_of, run_counted_again

_BATCH = 256

_FIRSTS = tuple(f"triggers/{n}/first" for n in ORDERS)
_RECORD_DATASETS = tuple(
    d.name
    for d in LAYER.datasets
    if d.shape[0] == "N" and not d.name.startswith(("contexts/", "first_active", "effect/top_", *_FIRSTS))
)


class Layer:
    """One finished layer of a run."""

    def __init__(
        self, folder: Path, manifest: Manifest, corpus: StoredCorpus, index: int, counted_again: Path | None = None
    ) -> None:
        """The layer of the run in `folder`; `counted_again` is that of the run it is a variant of."""
        self.index = index
        self.path = folder / layer_file(index)
        # A variant keeps no activations of its own: they are its run's.
        self._kept_in = self.path if counted_again is None else counted_again / layer_file(index)
        self._manifest = manifest
        self._corpus = corpus

    @property
    def neurons(self) -> int:
        """How many neurons the layer has."""
        return self._manifest.model.neurons

    def neuron(self, neuron: int) -> NeuronRecord:
        """The record of one neuron.

        Raises
        ------
        NeuronNotFoundError
            The layer has no such neuron.
        RunDamagedError
            The layer's file cannot be read.
        """
        if not 0 <= neuron < self.neurons:
            raise NeuronNotFoundError(
                f"layer {self.index} has no neuron {neuron}\nIts neurons are 0 to {self.neurons - 1:,}."
            )
        return next(self.records(np.array([neuron])))

    def records(self, neurons: npt.NDArray[np.int64] | None = None) -> Iterator[NeuronRecord]:
        """Records of the given neurons (ascending), or of all, read in batches."""
        with reading_finished(self.path, LAYER) as file:
            wanted = np.arange(self.neurons) if neurons is None else neurons
            names = [name for name in _RECORD_DATASETS if name in file]
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                data = {name: file.read(name, batch) for name in names}
                for row, neuron in enumerate(batch.tolist()):
                    yield self._record(neuron, {name: values[row] for name, values in data.items()})

    def contexts(self, neuron: int, before: int = CONTEXT_BEFORE, after: int = CONTEXT_AFTER) -> list[Context]:
        """Sampled contexts of one neuron, in the order of the corpus; see `contexts_of`."""
        return self.contexts_of(np.array([neuron]), before, after)[0]

    def contexts_of(
        self, neurons: npt.NDArray[np.int64], before: int = CONTEXT_BEFORE, after: int = CONTEXT_AFTER
    ) -> list[list[Context]]:
        """Sampled contexts of each of some neurons, in the order of the corpus; one pass over it for all of them.

        Parameters
        ----------
        neurons
            (M,) neurons of the layer, ascending.
        before, after
            Tokens wanted on either side, as far as the sequence goes. Activity further away than CONTEXT_BEFORE and
            CONTEXT_AFTER is known only if the run keeps activations; each context says of which tokens it is not.

        Raises
        ------
        RunDamagedError
            A file cannot be read.
        """
        with reading_finished(self.path, LAYER) as file:
            positions, masks = file.read("contexts/position", neurons), file.read("contexts/active", neurons)
            there = positions >= 0
            contexts = iter(self._corpus.contexts(positions[there], masks[there], before, after))
            found = [[next(contexts) for _ in range(count)] for count in there.sum(axis=1).tolist()]
        if before > CONTEXT_BEFORE or after > CONTEXT_AFTER:
            with self._activations() as kept:
                if kept is None:
                    return found
                for row, neuron in enumerate(neurons.tolist()):
                    own = positions[row][there[row]]
                    found[row] = known_throughout(found[row], own, KeptActivity(kept, neuron))
        return found

    def contexts_on(
        self, neuron: int, ids: tuple[int, ...], before: int = CONTEXT_BEFORE, after: int = CONTEXT_AFTER
    ) -> list[Context]:
        """Contexts of a neuron whose sampled token ends an n-gram, in the order of the corpus.

        These are the stored ones and, if the run keeps activations, up to STORED_CONTEXTS more, an equal share of them
        from each domain, where the neuron is active on the n-gram. Parameters and errors as for `contexts_of`.
        """
        with reading_finished(self.path, LAYER) as file:
            rows = np.array([neuron])
            positions, masks = file.read("contexts/position", rows)[0], file.read("contexts/active", rows)[0]
            stored = np.array(
                [p >= 0 and len(self._corpus.endings(ids, p, p + 1)) > 0 for p in positions.tolist()], bool
            )
            positions, masks = positions[stored], masks[stored]
        with self._activations() as kept:
            if kept is None:
                return self._corpus.contexts(positions, masks, before, after)
            activity = KeptActivity(kept, neuron)
            more = active_endings(self._corpus, activity, ids, STORED_CONTEXTS)
            positions = np.union1d(positions, np.setdiff1d(more, positions)[:STORED_CONTEXTS])
            contexts = self._corpus.contexts(positions, np.zeros(len(positions), np.uint64), before, after)
            return known_throughout(contexts, positions, activity)

    def frequencies(self, neurons: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Overall curves fr(1) to fr(T-1) of some neurons [§5].

        Parameters
        ----------
        neurons
            (M,) neurons of the layer, ascending.

        Returns
        -------
        (M, T-1) float64; NaN throughout if the run has no full-length sequence. Raises RunDamagedError.
        """
        sequences = self._manifest.corpus.full_sequences if self._manifest.corpus else 0
        curves = np.full((len(neurons), self._manifest.options.context_length - 1), np.nan)
        with reading_finished(self.path, LAYER) as file:
            if "position/active" in file:
                for start in range(0, len(neurons), _BATCH):
                    active = file.read("position/active", neurons[start : start + _BATCH])
                    curves[start : start + _BATCH] = active.sum(axis=1) / sequences
        return curves

    @property
    def keeps_activations(self) -> bool:
        """Whether the activity at every position is there, of a variant in its run; raises RunDamagedError."""
        with self._activations() as kept:
            return kept is not None

    @contextmanager
    def _activations(self) -> Iterator[SchemaReader | None]:
        """The open file that keeps the activations; None if they are not kept, or went with the variant's run."""
        if self._kept_in != self.path and not self._kept_in.is_file():
            yield None
            return
        with reading_finished(self._kept_in, LAYER) as file:
            yield file if "activations" in file else None

    def columns(self, *names: str) -> dict[str, npt.NDArray[Any]]:
        """Whole datasets of the layer by name; optional ones that are absent are left out."""
        with reading_finished(self.path, LAYER) as file:
            return {name: file.read(name) for name in names if name in file}

    def _record(self, neuron: int, row: dict[str, Any]) -> NeuronRecord:
        corpus = self._manifest.corpus
        assert corpus is not None
        position = None
        if "position/active" in row:
            position = self._position(row, corpus)
        return NeuronRecord(
            layer=self.index,
            neuron=neuron,
            tokens=self._manifest.tokens,
            count=int(row["count"].sum()),
            bos_count=int(row["bos_count"]),
            domains={
                d.name: DomainCount(d.tokens, count)
                for d, count in zip(corpus.domains, row["count"].tolist(), strict=True)
            },
            triggers={n: self._triggers(n, row) for n in ORDERS},
            effect=self._effect(row),
            position=position,
            thresholds=self._manifest.thresholds,
        )

    def _position(self, row: dict[str, Any], corpus: CorpusIdentity) -> PositionProfile:
        sequences = {d.name: d.full_sequences for d in corpus.domains}
        active = dict(zip(sequences, row["position/active"], strict=True))
        return PositionProfile(
            mutual_information=float(row["position/mutual_information"]),
            type=self._word(TYPES, int(row["position/type"])),
            strength=self._word(STRENGTHS, int(row["position/strength"])),
            frequency=row["position/active"].sum(axis=0) / corpus.full_sequences,
            sequences=corpus.full_sequences,
            by_domain={name: active[name] / number for name, number in sequences.items() if number},
            sequences_by_domain=sequences,
        )

    def _word(self, words: tuple[str | None, ...], code: int) -> str | None:
        if code >= len(words):
            raise RunDamagedError(f"{self.path}: a positional type or strength {code}\nExtract the run again.")
        return words[code]

    def _triggers(self, n: int, row: dict[str, Any]) -> Triggers:
        grams = self._corpus.grams(n)
        rows = row[f"triggers/{n}/top_gram"]
        rows = rows[rows >= 0]
        if rows.max(initial=-1) >= len(grams.ids):
            raise RunDamagedError(f"{self.path}: a {n}-gram that the corpus does not have\nExtract the run again.")
        form, told = self._corpus.form, self._manifest.thresholds
        top = tuple(
            Trigger(tuple(ids), tuple(form(i) for i in ids), active, occurrences, told.covered(active, occurrences))
            for ids, active, occurrences in zip(
                grams.ids[rows].tolist(),
                row[f"triggers/{n}/top_active"].tolist(),
                grams.occurrences[rows].tolist(),
                strict=False,
            )
        )
        covering = int(row[f"triggers/{n}/covering"])
        detector = bool(row[f"triggers/{n}/covered"])
        covered = tuple(t for t in top[:covering] if t.covered) if detector else ()
        return Triggers(int(row[f"triggers/{n}/total"]), covering, detector, covered, top)

    def _effect(self, row: dict[str, Any]) -> Effect:
        form = self._corpus.form

        def scores(kind: str) -> tuple[TokenScore, ...]:
            ids, values = row[f"effect/{kind}_id"].tolist(), row[f"effect/{kind}_score"].tolist()
            return tuple(TokenScore(i, form(i), value) for i, value in zip(ids, values, strict=True))

        score = float(row["effect/trigger_score"])
        detector = not np.isnan(score)
        return Effect(
            scores("promoted"),
            scores("suppressed"),
            score if detector else None,
            score < 0 if detector else None,
        )


class Run:
    """A run on disk. `layers` holds the finished layers by their index in the model."""

    def __init__(self, folder: Path) -> None:
        """Open the run in `folder`; see `open_run`."""
        self.path = folder
        self.name = name_of(folder.resolve())
        self.manifest = read_manifest(folder)
        if problem := missing_or_cut(folder, self.manifest):
            again = "extract" if self.manifest.variant is None else "count"
            remedy = f"{again} it again with --overwrite"
            if missing_or_cut(folder, self.manifest.model_copy(update={"facts": None})) is None:
                remedy = "the command that made the run makes this file again"
            raise RunDamagedError(
                f"the run {self.name} is damaged: {problem}\n"
                f"See what else with: neuron-tui check {self.name}; {remedy}."
            )

    @cached_property
    def corpus(self) -> StoredCorpus:
        """The corpus as tokenised for this run."""
        return StoredCorpus(self.path, self.manifest)

    @cached_property
    def layers(self) -> dict[int, Layer]:
        """The finished layers, in order."""
        run = run_counted_again(self.path, self.manifest)
        return {i: Layer(self.path, self.manifest, self.corpus, i, run) for i in sorted(self.manifest.layers)}

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
