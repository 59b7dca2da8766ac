"""What stands around the neurons of a report for people: the run, a table of contents, what signs and words mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuron_tui.store.disk.schema import ORDERS, TYPES
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.measures.intervals import interval_text
from neuron_tui.store.measures.threshold_wording import counted_with
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.neurons.layer import Layer
from neuron_tui.store.neurons.places import place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.notes.notebook import called_by
from neuron_tui.store.runs.rule import VALUE, Rule
from neuron_tui.store.tokens import printable, visible_token
from neuron_tui.store.wording import count_noun, percent
from neuron_tui.tui.glossary import glossary
from neuron_tui.tui.reports.context import shortened
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER, SUPPRESSES, TYPE_MEANINGS, label
from neuron_tui.tui.reports.selection import Selection, phrase_parts

_TERMS = (
    *("active", "frequency", "dead", "trigger", "precision", "interval", "covering", "detector"),
    *("promoted, suppressed", "score", "positional", "mi", *TYPE_MEANINGS),
    *("value", "max", "norm", "cosine", "kurtosis", "tokenfreq"),
)
"""Words of the glossary that a report explains."""

_SIGNS = ("·", "\\u200d", SUPPRESSES, OWN_TRIGGER, "▐ ▌")
"""Signs that a report uses."""

COVERED = ("covered so far", "the share of the neuron's activations that this n-gram and those above it hold.")
"""A column that only reports have."""


def signs(thresholds: Thresholds) -> tuple[tuple[str, str], ...]:
    """Signs of a report, each with what it stands for."""
    return tuple(entry for entry in glossary(thresholds).signs if entry[0] in _SIGNS)


def terms(thresholds: Thresholds, rule: Rule) -> tuple[tuple[str, str], ...]:
    """Words of a report, each with its definition by these thresholds."""
    return (*(entry for entry in glossary(thresholds, rule).words if entry[0] in _TERMS), COVERED)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the report: `parts` are words of ours and, where the second is True, of the run or the user."""

    name: str
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """A neuron in the table of contents, with what people call it.

    `mutual_information` is None without positional statistics.
    """

    layer: int
    neuron: int
    name: str
    what: str
    frequency: float
    covering: int
    mutual_information: float | None
    trigger: str
    label: str = ""


def facts(run: Run, selection: Selection) -> Iterator[Fact]:
    """Which run, which model, how much text, by which thresholds if they are not the paper's, which neurons."""
    manifest = run.manifest
    model, corpus = manifest.model, manifest.corpus
    size = f", {count_noun(model.layers, 'layer')} of {count_noun(model.neurons, 'neuron')}"
    if manifest.rule.poles > 1:
        size += ", each with 2 poles"
    yield Fact("Model", ((printable(model.name), True), (size, False)))
    if corpus is not None:
        parts: list[tuple[str, bool]] = [(f"{count_noun(manifest.tokens, 'token')}: ", False)]
        for place, domain in enumerate(corpus.domains):
            parts += [(printable(domain.name), True), (f" {domain.tokens:,}", False)]
            parts += [(", ", False)] if place < len(corpus.domains) - 1 else []
        yield Fact("Corpus", tuple(parts))
    sequences = f" ({count_noun(corpus.full_sequences, 'full-length sequence')})" if corpus is not None else ""
    if manifest.rule != VALUE:
        yield Fact("Active", ((f"if {manifest.rule.words} (rule {manifest.rule})", False),))
    yield Fact("Context length", ((f"{manifest.options.context_length:,}{sequences}", False),))
    if manifest.complete:  # of a partial run it would take reading every layer, and change with the next
        yield Fact("Layers", ((_shares(run), False),))
    if told := counted_with(manifest.thresholds):
        yield Fact("Thresholds", ((told, False),))
    if selection.chosen_by.strip():
        chosen, query = phrase_parts(len(selection), selection.chosen_by)
        yield Fact("Neurons", ((chosen, False), (query, True)) if query else ((chosen, False),))


def _shares(run: Run) -> str:
    """The shares of dead neurons, of token detectors and of suppressing ones, each with its interval."""
    layers = summarise_layers(run)
    neurons, dead = sum(s.neurons for s in layers), sum(s.dead for s in layers)
    detectors, suppressing = sum(s.detectors[1] for s in layers), sum(s.suppressing for s in layers)

    def share(part: int, of: int) -> str:
        return f"{part:,} of {of:,} ({percent(part / of)}, interval {interval_text(part, of)})"

    told = f"dead neurons {share(dead, neurons)}; token detectors {share(detectors, neurons)}"
    return f"{told}; suppressing ones {share(suppressing, detectors)}" if detectors else told


def contents(run: Run, selection: Selection) -> Iterator[ContentsRow]:
    """A row for each selected neuron, a layer's columns read at a time; raises RunDamagedError."""
    for index, neurons in selection.neurons.items():
        yield from _contents_of(run, run.layer(index), neurons.tolist())


def _contents_of(run: Run, layer: Layer, neurons: list[int]) -> Iterator[ContentsRow]:
    gram_columns = [f"triggers/{n}/covered" for n in ORDERS]
    information, type_code = "position/mutual_information", "position/type"
    names = ["count", "triggers/1/first", "triggers/1/covering", "effect/trigger_score", information, type_code]
    columns, notes, rule = layer.columns(*names, *gram_columns), run.notes, run.manifest.rule
    count = columns["count"].sum(axis=1)
    first = columns["triggers/1/first"]
    score = np.nan_to_num(columns["effect/trigger_score"])
    corpus = run.corpus
    if len(first) and not first.max() < len(corpus.grams(1).ids):
        raise RunDamagedError(f"{layer.path}: a token that the corpus does not have\nExtract the run again.")
    for neuron in neurons:
        gram = int(first[neuron])
        code = int(columns[type_code][neuron]) if type_code in columns else 0
        yield ContentsRow(
            layer=layer.index,
            neuron=neuron,
            name=place_text(run.manifest.rule, (layer.index, neuron)),
            what=label(
                dead=not count[neuron],
                orders=[n for n, name in zip(ORDERS, gram_columns, strict=True) if columns[name][neuron] > 0],
                suppresses=bool(score[neuron] < 0),
                position_type=TYPES[code] if code < len(TYPES) else None,
            ),
            frequency=float(count[neuron]) / max(1, run.manifest.tokens),
            covering=int(columns["triggers/1/covering"][neuron]),
            mutual_information=float(columns[information][neuron]) if information in columns else None,
            trigger=_first_token(corpus, gram) if gram >= 0 else "",
            label=printable(called_by(notes.on(layer.index, *rule.row(neuron)))),
        )


def _first_token(corpus: StoredCorpus, row: int) -> str:
    """The token in a row of the table of single tokens, as a report shows it."""
    return shortened(visible_token(corpus.form(int(corpus.grams(1).ids[row, 0])), corpus.spelling))
