"""Runs with their aggregates and a label, which every figure and comparison is built from, and the notes below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES
from neuron_tui.store.findings.aggregates import RunAggregates
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.measures.threshold_wording import counted_with
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.wording import count_noun, show_layers


@dataclass(frozen=True, slots=True)
class LabelledRun(RunAggregates):
    """The aggregates of a run for figures. `label` distinguishes it from the other runs shown with it."""

    run: Run
    label: str

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


def read_aggregates(run: Run, label: str = "") -> LabelledRun:
    """Read the aggregates of the finished layers of a run, from one small file if the run is complete.

    Raises
    ------
    RunPartialError
        It has no finished layer yet.
    RunDamagedError
        A file of it cannot be read.
    """
    aggregates = aggregates_of(run)
    parts: dict[str, Any] = {field.name: getattr(aggregates, field.name) for field in fields(RunAggregates)}
    return LabelledRun(**parts, run=run, label=label or run.name)


def labels(runs: Sequence[Run]) -> list[str]:
    """A name for each run: its own, with its folder's where several have the same one."""
    seen = Counter(run.name for run in runs)
    named = [run.name if seen[run.name] == 1 else f"{run.path.resolve().parent.name}/{run.name}" for run in runs]
    again = Counter(named)
    return [name if again[name] == 1 else f"{name} ({place})" for place, name in enumerate(named, 1)]


def labels_of(runs: Sequence[LabelledRun]) -> tuple[str, ...]:
    """The labels of some runs."""
    return tuple(one.label for one in runs)


def notes_on(runs: Sequence[LabelledRun]) -> list[str]:
    """Notes for any figure of these runs: which are partial, whose thresholds are not the paper's, how they differ."""
    notes = []
    for one in runs:
        done, asked = len(one.layers), len(one.run.manifest.options.layers)
        if not one.run.manifest.complete:
            notes.append(f"{one.label} is partial: {done} of {asked} layers are finished.")
        if counted := counted_with(one.run.manifest.thresholds):
            notes.append(f"{one.label} is {counted}.")
    return notes + _differences(runs) + _differences_in_rule(runs) + _differences_in_layers(runs)


def notes_on_positions(runs: Sequence[LabelledRun]) -> list[str]:
    """Which runs have no positional types, and why."""
    notes = []
    for one in runs:
        corpus = one.run.manifest.corpus
        sequences = corpus.full_sequences if corpus else 0
        if sequences == 0:
            notes.append(f"{one.label}: no positional statistics, the run has no full-length sequence.")
        elif sequences < ENOUGH_SEQUENCES:
            have = count_noun(sequences, "full-length sequence")
            notes.append(f"{one.label}: no positional types, {have} of the {ENOUGH_SEQUENCES} needed.")
    return notes


def _differences(runs: Sequence[LabelledRun]) -> list[str]:
    made = [one.run.manifest for one in runs]
    if len({manifest.corpus.file.sha256 if manifest.corpus else "" for manifest in made}) == 1:
        return []  # the same tokens in the same order
    domains = [", ".join(d.name for d in m.corpus.domains) if m.corpus else "none" for m in made]
    told = [
        _difference("corpus", runs, [m.options.corpus for m in made], domains),
        _difference("tokeniser", runs, [one.vocabulary for one in runs], _vocabularies(made)),
        _difference("budget", runs, [m.tokens for m in made], [count_noun(m.tokens, "token") for m in made]),
        _difference("context length", runs, lengths := [m.options.context_length for m in made], map(str, lengths)),
    ]
    return [note for note in told if note] or ["The runs differ in corpus: the same sources gave other tokens."]


def _differences_in_rule(runs: Sequence[LabelledRun]) -> list[str]:
    """A note if another value made the bits: active and dead then mean another thing."""
    rules = [one.run.manifest.options.active for one in runs]
    note = _difference("what makes a neuron active", runs, rules, rules)
    return [note] if note else []


def _differences_in_layers(runs: Sequence[LabelledRun]) -> list[str]:
    """A note if a run was not asked for all layers of its model, unless all runs hold the same of as many."""
    made = [one.run.manifest for one in runs]
    asked = [(tuple(sorted(m.options.layers)), m.model.layers) for m in made]
    if all(layers == tuple(range(count)) for layers, count in asked):
        return []
    words = (f"{'all' if len(ls) == count else show_layers(ls) + ' of'} {count}" for ls, count in asked)
    note = _difference("layers", runs, asked, words)
    return [note] if note else []


def _vocabularies(made: Sequence[Manifest]) -> list[str]:
    return [count_noun(manifest.corpus.vocabulary if manifest.corpus else 0, "token") for manifest in made]


def _difference(what: str, runs: Sequence[LabelledRun], values: Sequence[object], shown: Iterable[str]) -> str:
    """A sentence if the values differ, else nothing; it lists how they are shown where that differs too."""
    if all(value == values[0] for value in values):
        return ""
    words = list(shown)
    listed = "; ".join(f"{one.label} {word}" for one, word in zip(runs, words, strict=True))
    return f"The runs differ in {what}: {listed}." if len(set(words)) > 1 else f"The runs differ in {what}."
