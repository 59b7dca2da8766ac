"""Numbers of a run that must agree with each other, whatever the model and the text were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Array
from neuron_tui.store.check.value_numbers import value_contradictions
from neuron_tui.store.disk.hdf5 import SchemaReader, reading
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import CORPUS, ORDERS, POSITION_TABLES, STRENGTHS, TYPES
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.lookup import lookup_contradiction
from neuron_tui.store.neurons.stated import corpus_disagreements, gaps, layer_disagreements
from neuron_tui.store.neurons.trigger_tables import (
    covered_counts,
    detected_grams,
    read_triggers,
    settled_covering,
    trigger_scores,
)
from neuron_tui.store.runs.manifest import CORPUS_FILE, CorpusIdentity, Manifest
from neuron_tui.store.wording import share_text

_POSITIONS = 1 << 22
_NEURONS = 1024
"""How much is looked at in one go."""

Occurrences = Mapping[int, npt.NDArray[np.int64]]


def read_occurrences(folder: Path) -> dict[int, npt.NDArray[np.int64]]:
    """How often each n-gram of the corpus occurs, by n; raises RunDamagedError."""
    with reading(folder / CORPUS_FILE, CORPUS) as file:
        return {n: file.read(f"grams/{n}/occurrences") for n in ORDERS}


def corpus_contradictions(file: SchemaReader, manifest: Manifest, orders: Sequence[int] = ORDERS) -> Iterator[str]:
    """What in corpus.h5 contradicts run.json or itself, in words; raises RunDamagedError.

    Of the n-grams those of `orders` are looked at.
    """
    wrong = list(corpus_disagreements(file, manifest))
    yield from wrong
    if not wrong:
        yield from _tokens(file, manifest)
        for n in orders:
            yield from _grams(file, n, manifest)


def _tokens(file: SchemaReader, manifest: Manifest) -> Iterator[str]:
    corpus = manifest.corpus
    assert corpus is not None
    starts, owners = file.read("sequence_start"), file.read("sequence_domain")
    special = [token for token in (corpus.bos, corpus.eos, corpus.pad) if token is not None]
    counted = np.zeros(len(corpus.domains), dtype=np.int64)
    for first in range(0, corpus.positions, _POSITIONS):
        tokens = file.read("tokens", slice(first, first + _POSITIONS))
        if tokens.min() < 0 or tokens.max() >= corpus.vocabulary:
            yield "`tokens` holds a token that the vocabulary does not"
            return
        sequence_heads = starts[(starts >= first) & (starts < first + len(tokens))] - first
        if corpus.bos is not None and (tokens[sequence_heads] != corpus.bos).any():
            yield "a sequence does not begin with BOS"
        sequence = np.searchsorted(starts, np.arange(first, first + len(tokens)), side="right") - 1
        kept = ~np.isin(tokens, special)
        kept[sequence_heads] = False
        counted += np.bincount(owners[sequence[kept]], minlength=len(counted))
    stated = [domain.tokens for domain in corpus.domains]
    if counted.tolist() != stated:
        yield "the counted tokens of the domains are not those in run.json"


def _grams(file: SchemaReader, n: int, manifest: Manifest) -> Iterator[str]:
    assert manifest.corpus is not None
    vocabulary, tokens = manifest.corpus.vocabulary, manifest.tokens
    ids, occurrences = file.read(f"grams/{n}/ids"), file.read(f"grams/{n}/occurrences")
    if not len(ids):
        return
    if ids.min() < 0 or ids.max() >= vocabulary:
        yield f"`grams/{n}/ids` holds a token that the vocabulary does not"
    steps = np.diff(ids.astype(np.int64), axis=0)
    first_change = np.take_along_axis(steps, (steps != 0).argmax(axis=1)[:, None], axis=1)
    if (first_change <= 0).any():
        yield f"`grams/{n}/ids` is not in order"
    total = int(occurrences.sum())
    if occurrences.min() < 1 or total > tokens or (n == 1 and total != tokens):
        yield f"`grams/{n}/occurrences` does not add up to the counted tokens"


def layer_contradictions(
    file: DatasetReader, manifest: Manifest, layer: int, occurrences: Occurrences
) -> Iterator[str]:
    """What in a layer's file contradicts the manifest, the corpus or itself, in words; raises RunDamagedError."""
    corpus = manifest.corpus
    assert corpus is not None
    wrong = [*layer_disagreements(file, manifest, layer), *gaps(file, manifest)]
    yield from wrong
    if wrong:
        return
    found: dict[str, None] = {}  # each contradiction once, in the order met
    for first in range(0, manifest.rows, _NEURONS):
        rows = slice(first, min(first + _NEURONS, manifest.rows))
        found |= dict.fromkeys(_counts(file, rows, corpus))
        for n in ORDERS:
            found |= dict.fromkeys(_triggers(file, rows, n, occurrences[n], manifest.thresholds))
        found |= dict.fromkeys(_effects(file, rows, corpus.vocabulary))
        found |= dict.fromkeys(_positions(file, rows, corpus))
        places = file.read("contexts/position", rows)
        if (places < -1).any() or (places >= corpus.positions).any():
            found["`contexts/position` names a position that the corpus does not have"] = None
    found |= dict.fromkeys(_sensitivity(file, manifest.rows))
    found |= dict.fromkeys(value_contradictions(file, corpus.positions))
    yield from found
    if not found:
        yield from _detectors(file, occurrences, manifest.thresholds)


def _detectors(file: DatasetReader, occurrences: Occurrences, thresholds: Thresholds) -> Iterator[str]:
    """What of whole tables of triggers does not follow from the rest of them."""
    for n in ORDERS:
        tables = read_triggers(file, n)
        if not np.array_equal(tables.covered, covered_counts(n, tables, occurrences[n], thresholds)):
            yield f"`triggers/{n}/covered` is not how many n-grams the detectors cover"
        elif not np.array_equal(
            file.read(f"triggers/{n}/detected"), detected_grams(tables, occurrences[n], thresholds)
        ):
            yield f"`triggers/{n}/detected` is not what the detectors cover"
        elif n == 1 and not np.array_equal(
            file.read("effect/trigger_score"),
            trigger_scores(tables, occurrences[n], file.read("effect/top_score"), thresholds),
            equal_nan=True,
        ):
            yield "`effect/trigger_score` is not the mean of `effect/top_score` over the covered tokens"
        if contradiction := lookup_contradiction(file, n):
            yield contradiction


def _counts(file: DatasetReader, rows: slice, corpus: CorpusIdentity) -> Iterator[str]:
    count, bos = file.read("count", rows), file.read("bos_count", rows)
    tokens = np.array([domain.tokens for domain in corpus.domains])
    if (count < 0).any() or (count > tokens).any():
        yield "`count` is more than the tokens of a domain"
    first = file.read("first_active", rows)
    # The first active token of a domain leaves room for the others behind it.
    if ((first > 0) != (count > 0)).any() or (first < 0).any() or (first > np.maximum(tokens - count + 1, 0)).any():
        yield "`first_active` does not go with `count`"
    if (bos < 0).any() or (bos > corpus.sequences).any():
        yield "`bos_count` is more than the sequences"
    total = file.read("triggers/1/total", rows)
    if (total != count.sum(axis=1)).any():
        yield "`triggers/1/total` is not the sum of `count`"
    for n in (2, 3):
        smaller = file.read(f"triggers/{n}/total", rows)
        if (smaller > total).any():
            yield f"`triggers/{n}/total` is more than that of shorter n-grams"
        total = smaller


def _triggers(
    file: DatasetReader, rows: slice, n: int, occurrences: npt.NDArray[np.int64], thresholds: Thresholds
) -> Iterator[str]:
    total, covering, covered, first, top, active = (
        file.read(f"triggers/{n}/{name}", rows)
        for name in ("total", "covering", "covered", "first", "top_gram", "top_active")
    )
    there = top >= 0
    if (top < -1).any() or (top >= len(occurrences)).any():
        yield f"`triggers/{n}/top_gram` names an n-gram that the corpus does not have"
        return
    if (there[:, 1:] & ~there[:, :-1]).any():
        yield f"`triggers/{n}/top_gram` has a gap"
    if (first != (top[:, 0] if top.shape[1] else -1)).any() or ((first >= 0) != (total > 0)).any():
        yield f"`triggers/{n}/first` is not the first of `top_gram`"
    available = occurrences[np.where(there, top, 0)] if len(occurrences) else np.zeros_like(top)
    counts = np.where(there, active, 0)
    if (there & ((active < 1) | (active > available))).any():
        yield f"`triggers/{n}/top_active` is more than the n-gram occurs"
    if (np.diff(counts, axis=1) > 0).any():
        yield f"`triggers/{n}/top_active` is not in order"
    sums = counts.cumsum(axis=1)
    if (sums > total[:, None]).any():
        yield f"`triggers/{n}/top_active` adds up to more than `total`"
    if ((covering > 0) != (total > 0)).any() or (covering > total).any():
        yield f"`triggers/{n}/covering` does not go with `total`"
    elif (covering != _expected(covering, settled_covering(total, counts, thresholds), top.shape[1])).any():
        yield f"`triggers/{n}/covering` is not the shortest prefix that holds {share_text(thresholds.coverage)}"
    if (covered < 0).any() or (covered > covering).any() or (covered > thresholds.most_covering(n)).any():
        yield f"`triggers/{n}/covered` is more than `covering`"


def _expected(stated: Array, settled: Array, stored: int) -> Array:
    # The stored triggers settle it as far as they reach: within them exactly, beyond them as a lower bound.
    covering: Array = np.where(settled >= 0, settled, np.maximum(stated, stored + 1))
    return covering


def _effects(file: DatasetReader, rows: slice, vocabulary: int) -> Iterator[str]:
    for kind, sign in (("promoted", -1), ("suppressed", 1)):
        ids, scores = file.read(f"effect/{kind}_id", rows), file.read(f"effect/{kind}_score", rows)
        if (ids < 0).any() or (ids >= vocabulary).any():
            yield f"`effect/{kind}_id` names a token that the vocabulary does not have"
        if not np.isfinite(scores).all() or (sign * np.diff(scores, axis=1) < 0).any():
            yield f"`effect/{kind}_score` is not in order"
    top = file.read("effect/top_score", rows)
    if (np.isnan(top) != (file.read("triggers/1/top_gram", rows) < 0)).any() or np.isinf(top).any():
        yield "`effect/top_score` is not there for the tokens of `triggers/1/top_gram` alone"
    detector = file.read("triggers/1/covered", rows) > 0
    if (np.isfinite(file.read("effect/trigger_score", rows)) != detector).any():
        yield "`effect/trigger_score` is not there for the token detectors alone"


def _positions(file: DatasetReader, rows: slice, corpus: CorpusIdentity) -> Iterator[str]:
    if "position/active" not in file:
        return
    per_neuron = [name for name in POSITION_TABLES if name != "position/sensitivity"]
    active, information, kind, strength = (file.read(name, rows) for name in per_neuron)
    sequences = np.array([domain.full_sequences for domain in corpus.domains])[:, None]
    if (active < 0).any() or (active > sequences).any():
        yield "`position/active` is more than the full-length sequences"
    # Rounding may leave a hair below zero.
    if not np.isfinite(information).all() or (information < -1e-9).any() or (information > np.log(2) + 1e-9).any():
        yield "`position/mutual_information` is not between 0 and log 2"
    if (kind >= len(TYPES)).any() or (strength >= len(STRENGTHS)).any() or ((kind > 0) != (strength > 0)).any():
        yield "`position/type` and `position/strength` hold an unknown code, or one without the other"


def _sensitivity(file: DatasetReader, neurons: int) -> Iterator[str]:
    names = ("position/sensitivity", "position/type", "position/strength")
    if not all(name in file for name in names):
        return
    counts, kind, strength = (file.read(name) for name in names)
    whole = (counts >= 0).all() and (counts.sum(axis=(1, 2)) == neurons).all()
    if len(counts) != len(SETTINGS) or not whole or counts[:, 0, 1:].any() or counts[:, 1:, 0].any():
        yield "`position/sensitivity` does not hold every neuron once under each setting"
    elif kind.max() < len(TYPES) and strength.max() < len(STRENGTHS):
        own = np.zeros_like(counts[0])
        np.add.at(own, (kind, strength), 1)
        if (own != counts[0]).any():
            yield "`position/sensitivity` does not begin with the types and strengths of the layer"
