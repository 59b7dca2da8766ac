"""What the figures need of a run, read once: summaries of its layers, its token detectors, its positional neurons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import RunPartialError
from neuron_tui.store.run import Run
from neuron_tui.store.schema import ENOUGH_SEQUENCES
from neuron_tui.store.summary import LayerSummary, summarise_layers
from neuron_tui.store.table import LISTED, NeuronTable, read_table
from neuron_tui.store.words import number

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COLUMNS = (*LISTED, "triggers/2/covering", "triggers/3/covering")
"""Datasets behind all figures: read in one pass over the layers' files."""


@dataclass(frozen=True, slots=True)
class Suppressors:
    """Token detectors that suppress their triggers, strongest first: (M,) each [§4.4]; `score` in logits."""

    layer: Int64s
    neuron: Int64s
    score: Floats


@dataclass(frozen=True, slots=True)
class Positional:
    """Positional neurons by layer, then neuron: (M,) each [§5]; `type` and `strength` are the schema's codes."""

    layer: Int64s
    neuron: Int64s
    type: Int64s
    strength: Int64s
    mutual_information: Floats


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as the figures see it. `label` tells it from the others shown with it."""

    run: Run
    label: str
    summaries: tuple[LayerSummary, ...]
    suppressors: Suppressors
    positional: Positional

    @property
    def layers(self) -> tuple[int, ...]:
        """Indices of the finished layers."""
        return tuple(summary.layer for summary in self.summaries)

    @property
    def lower(self) -> int:
        """How many of the finished layers are in the bottom half of the model, its middle one included."""
        half = -(-self.run.manifest.model.layers // 2)
        return sum(layer < half for layer in self.layers)

    def depth(self, layer: int) -> float:
        """Relative depth of a layer: 0 for the model's first, 1 for its last."""
        return layer / max(1, self.run.manifest.model.layers - 1)


def read_facts(run: Run, label: str = "") -> RunFacts:
    """Read what the figures need of the finished layers of a run.

    Raises
    ------
    RunPartialError
        It has no finished layer yet.
    RunDamagedError
        A file of it cannot be read.
    """
    if not run.layers:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nGo on with its extraction: run the same command again."
        )
    table = read_table(run)  # not kept: of a large run it is big, and what the figures need of it is not
    table.load(*_COLUMNS)
    return RunFacts(run, label or run.name, summarise_layers(run, table), _suppressors(table), _positional(table))


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each run: its own, with its folder's where several have the same one."""
    seen = Counter(run.name for run in runs)
    named = [run.name if seen[run.name] == 1 else f"{run.path.resolve().parent.name}/{run.name}" for run in runs]
    again = Counter(named)
    return [name if again[name] == 1 else f"{name} ({place})" for place, name in enumerate(named, 1)]


def labels_of(facts: Sequence[RunFacts]) -> tuple[str, ...]:
    """The labels of some runs."""
    return tuple(one.label for one in facts)


def notes_on(facts: Sequence[RunFacts]) -> list[str]:
    """What must be said of any figure of these runs: partial ones, and what keeps them from being compared."""
    notes = []
    for one in facts:
        done, asked = len(one.layers), len(one.run.manifest.options.layers)
        if not one.run.manifest.complete:
            notes.append(f"{one.label} is partial: {done} of {asked} layers are finished.")
    return notes + _differences(facts)


def notes_on_positions(facts: Sequence[RunFacts]) -> list[str]:
    """Which runs have no positional types, and why."""
    notes = []
    for one in facts:
        corpus = one.run.manifest.corpus
        sequences = corpus.full_sequences if corpus else 0
        if sequences == 0:
            notes.append(f"{one.label}: no positional statistics, the run has no full-length sequence.")
        elif sequences < ENOUGH_SEQUENCES:
            have = number(sequences, "full-length sequence")
            notes.append(f"{one.label}: no positional types, {have} of the {ENOUGH_SEQUENCES} needed.")
    return notes


def _differences(facts: Sequence[RunFacts]) -> list[str]:
    made = [one.run.manifest for one in facts]
    if len({manifest.corpus.file.sha256 if manifest.corpus else "" for manifest in made}) == 1:
        return []  # the same tokens in the same order
    domains = [", ".join(d.name for d in m.corpus.domains) if m.corpus else "none" for m in made]
    told = [
        _difference("corpus", facts, [m.options.corpus for m in made], domains),
        _difference("tokeniser", facts, [one.run.corpus.vocabulary for one in facts], _vocabularies(facts)),
        _difference("budget", facts, [m.tokens for m in made], [number(m.tokens, "token") for m in made]),
        _difference("context length", facts, lengths := [m.options.context_length for m in made], map(str, lengths)),
    ]
    return [note for note in told if note] or ["The runs differ in corpus: the same sources gave other tokens."]


def _vocabularies(facts: Sequence[RunFacts]) -> list[str]:
    return [number(len(one.run.corpus.vocabulary), "token") for one in facts]


def _difference(what: str, facts: Sequence[RunFacts], values: Sequence[object], shown: Iterable[str]) -> str:
    """A sentence if the values differ, else nothing; it lists how they are shown where that differs too."""
    if all(value == values[0] for value in values):
        return ""
    words = list(shown)
    listed = "; ".join(f"{one.label} {word}" for one, word in zip(facts, words, strict=True))
    return f"The runs differ in {what}: {listed}." if len(set(words)) > 1 else f"The runs differ in {what}."


def _suppressors(table: NeuronTable) -> Suppressors:
    rows = np.flatnonzero(table.suppressing)
    rows = rows[np.argsort(table.trigger_score[rows], kind="stable")]
    return Suppressors(*_addresses(table, rows), table.trigger_score[rows])


def _positional(table: NeuronTable) -> Positional:
    rows = np.flatnonzero(table.positional)
    types, strengths = (column[rows].astype(np.int64) for column in (table.type, table.strength))
    return Positional(*_addresses(table, rows), types, strengths, table.mutual_information[rows])


def _addresses(table: NeuronTable, rows: Int64s) -> tuple[Int64s, Int64s]:
    return table.layer[rows].astype(np.int64), table.neuron[rows].astype(np.int64)
