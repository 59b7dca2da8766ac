"""What stands around the neurons of a report for people: the run, a table of contents, what signs and words mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neuron_tui.store import words
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.reports.neuron import shown_token
from neuron_tui.store.reports.selection import Selection, phrase_parts
from neuron_tui.store.run import Layer, Run
from neuron_tui.store.schema import ENOUGH_SEQUENCES, ORDERS, TYPES
from neuron_tui.store.tokens import printable

SIGNS = (
    ("·", "a space, mostly the one before a word; ↵ is a line feed, ⇥ a tab, and \\x1b a byte that does not print"),
    ("\\u200d", "a character, by its number, that does not print or not everywhere in the same width"),
    (words.SUPPRESSES, "a token detector that suppresses its triggers"),
    (words.OWN_TRIGGER, "one of the neuron's own triggers, among the tokens that it promotes or suppresses"),
    ("▐ ▌", "enclose the text on which the neuron is active"),
)
"""Signs in a report, and what they stand for."""

TERMS = (
    ("active", "the value after the activation function is above 0; the BOS, EOS and padding are not counted"),
    ("frequency", "the share of counted tokens on which the neuron is active; dead if there is none"),
    ("trigger", "an n-gram at whose last token the neuron is active, ranked by how often it is"),
    ("precision", "how often the neuron is active of the n-gram's occurrences"),
    ("covered so far", "the share of the neuron's activations that this n-gram and those above it hold"),
    ("covering", "how many n-grams, taken from the top, hold 95% of its activations"),
    (
        "detector",
        "at most 5 tokens (50 bigrams, 50 trigrams) cover 95% of its activations, and so do those of them alone "
        "on whose occurrences it is active in 95% of cases",
    ),
    (
        "promoted, suppressed",
        "the tokens with the highest and lowest score: the neuron's update direction times their unembedding",
    ),
    (
        "mi",
        "mutual information of activity and position, in nats; above 0.05 is positional, "
        f"given {ENOUGH_SEQUENCES} full-length sequences",
    ),
    *((name, f"a positional neuron: {meaning}") for name, meaning in words.TYPE_MEANINGS.items()),
)
"""Words of a report, each with its definition."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the report: `parts` are words of ours and, where the second is True, of the run or the user."""

    name: str
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ContentsRow:
    """A neuron in the table of contents; `mutual_information` is None without positional statistics."""

    layer: int
    neuron: int
    what: str
    frequency: float
    covering: int
    mutual_information: float | None
    trigger: str


def facts(run: Run, selection: Selection) -> Iterator[Fact]:
    """Which run, which model, how much text, which neurons."""
    manifest = run.manifest
    model, corpus = manifest.model, manifest.corpus
    size = f", {words.number(model.layers, 'layer')} of {words.number(model.neurons, 'neuron')}"
    yield Fact("Model", ((printable(model.name), True), (size, False)))
    if corpus is not None:
        parts: list[tuple[str, bool]] = [(f"{words.number(manifest.tokens, 'token')}: ", False)]
        for place, domain in enumerate(corpus.domains):
            parts += [(printable(domain.name), True), (f" {domain.tokens:,}", False)]
            parts += [(", ", False)] if place < len(corpus.domains) - 1 else []
        yield Fact("Corpus", tuple(parts))
    sequences = f" ({words.number(corpus.full_sequences, 'full-length sequence')})" if corpus is not None else ""
    yield Fact("Context length", ((f"{manifest.options.context_length:,}{sequences}", False),))
    if selection.chosen_by.strip():
        chosen, query = phrase_parts(len(selection), selection.chosen_by)
        yield Fact("Neurons", ((chosen, False), (query, True)) if query else ((chosen, False),))


def contents(run: Run, selection: Selection) -> Iterator[ContentsRow]:
    """A row for each selected neuron, a layer's columns read at a time; raises RunDamagedError."""
    for index, neurons in selection.neurons.items():
        yield from _contents_of(run, run.layer(index), neurons.tolist())


def _contents_of(run: Run, layer: Layer, neurons: list[int]) -> Iterator[ContentsRow]:
    gram_columns = [f"triggers/{n}/covered" for n in ORDERS]
    information, type_code = "position/mutual_information", "position/type"
    names = ["count", "triggers/1/first", "triggers/1/covering", "effect/trigger_score", information, type_code]
    columns = layer.columns(*names, *gram_columns)
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
            what=words.label(
                dead=not count[neuron],
                orders=[n for n, name in zip(ORDERS, gram_columns, strict=True) if columns[name][neuron] > 0],
                suppresses=bool(score[neuron] < 0),
                position_type=TYPES[code] if code < len(TYPES) else None,
            ),
            frequency=float(count[neuron]) / max(1, run.manifest.tokens),
            covering=int(columns["triggers/1/covering"][neuron]),
            mutual_information=float(columns[information][neuron]) if information in columns else None,
            trigger=shown_token(corpus.form(int(corpus.grams(1).ids[gram, 0])), corpus.byte_level) if gram >= 0 else "",
        )
