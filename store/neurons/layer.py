"""One finished layer of a run: records of its neurons, their contexts and curves, whole columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.overlay import DatasetReader, InMemory, Overlaid
from neuron_tui.store.disk.schema import (
    CONTEXT_AFTER,
    CONTEXT_BEFORE,
    LAYER,
    ORDERS,
    OVERLAY,
    STORED_CONTEXTS,
    STRENGTHS,
    TYPES,
)
from neuron_tui.store.errors import NeuronNotFoundError, RunDamagedError
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
    Values,
    Weights,
)
from neuron_tui.store.neurons.stated import refuse_another_layer
from neuron_tui.store.neurons.stored_contexts import Kind, drawn, read_stored
from neuron_tui.store.runs.manifest import CorpusIdentity, Manifest, layer_file

_BATCH = 256


Recount = Callable[[DatasetReader], dict[str, Array]]
"""Gives the datasets of a layer that other thresholds change."""


_FIRSTS = tuple(f"triggers/{n}/first" for n in ORDERS)


_RECORD_DATASETS = tuple(
    d.name
    for d in LAYER.datasets
    if d.shape[0] == "N" and not d.name.startswith(("contexts/", "highest/", "first_active", "effect/top_", *_FIRSTS))
)


class Layer:
    """One finished layer of a run."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        corpus: StoredCorpus,
        index: int,
        run: Path | None = None,
        recount: Recount | None = None,
    ) -> None:
        """The layer of the run in `folder`.

        `run` is the folder of the run that it is a variant of; `recount` gives what is to be read in place of some
        datasets.
        """
        self.index = index
        self.path = folder / layer_file(index)
        self._below = None if run is None else run / layer_file(index)
        self._manifest = manifest
        self._corpus = corpus
        self._recount = recount
        self._changed: InMemory | None = None
        self._agrees = False

    @contextmanager
    def open(self) -> Iterator[DatasetReader]:
        """Open the layer's datasets for reading: those of a variant lie above those of its run.

        Raises
        ------
        RunDamagedError
            A file cannot be read.
        """
        with self._open_files() as file:
            if not self._agrees:
                refuse_another_layer(file, self._manifest, self.index)
                self._agrees = True
            if self._recount is None:
                yield file
                return
            if self._changed is None:
                self._changed = InMemory(self.path, self._recount(file))
            yield Overlaid(self._changed, file)

    @contextmanager
    def _open_files(self) -> Iterator[DatasetReader]:
        if not self._manifest.is_overlay:
            with reading_finished(self.path, LAYER) as file:
                yield file
            return
        assert self._below is not None
        with reading_finished(self.path, OVERLAY) as own, reading_finished(self._below, LAYER) as below:
            yield Overlaid(own, below)

    @property
    def neurons(self) -> int:
        """How many rows the layer has: its neurons, or their poles."""
        return self._manifest.rows

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
        with self.open() as file:
            wanted = np.arange(self.neurons) if neurons is None else neurons
            names = [name for name in _RECORD_DATASETS if name in file]
            shared = {"values/edges": file.read("values/edges")} if "values/edges" in file else {}
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                data = {name: file.read(name, batch) for name in names}
                for row, neuron in enumerate(batch.tolist()):
                    yield self._record(neuron, shared | {name: values[row] for name, values in data.items()})

    def contexts(
        self, neuron: int, before: int = CONTEXT_BEFORE, after: int = CONTEXT_AFTER, kind: Kind = "contexts"
    ) -> list[Context]:
        """Stored contexts of one neuron; see `contexts_of`."""
        return self.contexts_of(np.array([neuron]), before, after, kind)[0]

    def contexts_of(
        self,
        neurons: npt.NDArray[np.int64],
        before: int = CONTEXT_BEFORE,
        after: int = CONTEXT_AFTER,
        kind: Kind = "contexts",
    ) -> list[list[Context]]:
        """Stored contexts of each of some neurons; one pass over the corpus for all of them.

        Parameters
        ----------
        neurons
            (M,) neurons of the layer, ascending.
        before, after
            Tokens wanted on either side, as far as the sequence goes. Activity further away than CONTEXT_BEFORE and
            CONTEXT_AFTER is known only if the run keeps activations; each context says of which tokens it is not.
        kind
            `contexts`: sampled ones, in the order of the corpus. `highest`: those where the neuron's value is highest,
            highest first; none in a run of an earlier version.

        Raises
        ------
        RunDamagedError
            A file cannot be read.
        """
        with self.open() as file:
            stored = read_stored(file, kind, neurons)
            found = drawn(self._corpus, stored, before, after)
        if before > CONTEXT_BEFORE or after > CONTEXT_AFTER:
            with self.activations() as kept:
                if kept is None:
                    return found
                for row, neuron in enumerate(neurons.tolist()):
                    found[row] = known_throughout(found[row], stored[row].position, KeptActivity(kept, neuron))
        return found

    def contexts_on(
        self, neuron: int, ids: tuple[int, ...], before: int = CONTEXT_BEFORE, after: int = CONTEXT_AFTER
    ) -> list[Context]:
        """Contexts of a neuron whose sampled token ends an n-gram, in the order of the corpus.

        These are the stored ones and, if the run keeps activations, up to STORED_CONTEXTS more, an equal share of them
        from each domain, where the neuron is active on the n-gram. Parameters and errors as for `contexts_of`.
        """
        with self.open() as file:
            stored = read_stored(file, "contexts", np.array([neuron]))[0]
        on = [len(self._corpus.endings(ids, p, p + 1)) > 0 for p in stored.position.tolist()]
        stored = stored.chosen(np.array(on, bool))
        with self.activations() as kept:
            if kept is None:
                return drawn(self._corpus, [stored], before, after)[0]
            activity = KeptActivity(kept, neuron)
            more = active_endings(self._corpus, activity, ids, STORED_CONTEXTS)
            stored = stored.among(np.union1d(stored.position, np.setdiff1d(more, stored.position)[:STORED_CONTEXTS]))
            return known_throughout(drawn(self._corpus, [stored], before, after)[0], stored.position, activity)

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
        with self.open() as file:
            if "position/active" in file:
                for start in range(0, len(neurons), _BATCH):
                    active = file.read("position/active", neurons[start : start + _BATCH])
                    curves[start : start + _BATCH] = active.sum(axis=1) / sequences
        return curves

    @property
    def keeps_activations(self) -> bool:
        """Whether the activity at every position is there, of a variant in its run; raises RunDamagedError."""
        with self.activations() as kept:
            return kept is not None

    @contextmanager
    def activations(self) -> Iterator[DatasetReader | None]:
        """The open file that keeps `activations`; None if they are not kept, or went with the variant's run."""
        kept_in = self.path if self._below is None else self._below  # a variant keeps none of its own
        if kept_in != self.path and not kept_in.is_file():
            yield None
            return
        with reading_finished(kept_in, LAYER) as file:
            refuse_another_layer(file, self._manifest, self.index)
            yield file if "activations" in file else None

    def columns(self, *names: str) -> dict[str, npt.NDArray[Any]]:
        """Whole datasets of the layer by name; optional ones that are absent are left out."""
        with self.open() as file:
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
            rule=self._manifest.rule,
            values=self._values(row) if "values/max" in row else None,
            weights=_weights(row) if "weights/norm" in row else None,
        )

    def _values(self, row: dict[str, Any]) -> Values:
        count = int(row["count"].sum())
        return Values(
            max=float(row["values/max"]) if count else None,
            mean=float(row["values/sum"]) / count if count else None,
            edges=row["values/edges"],
            counts=row["values/histogram"],
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


def _weights(row: dict[str, Any]) -> Weights:
    def defined(name: str) -> float | None:
        value = float(row[f"weights/{name}"])
        return None if np.isnan(value) else value

    return Weights(float(row["weights/norm"]), defined("cosine"), defined("kurtosis"), defined("token_frequency"))
