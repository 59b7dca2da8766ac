"""Which neurons fire on a text, and how well each tells it: precision, recall and their harmonic mean (ours)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.neurons.firing import entries_by_page
from neuron_tui.store.neurons.grams import Gram, gram_at, grams_reading, plain_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.rule import Rule

Sort = Literal["f1", "precision", "recall"]
SORTS: tuple[Sort, ...] = ("f1", "precision", "recall")


@dataclass(frozen=True, slots=True)
class Scores:
    """How well neurons tell an n-gram, (M,) each: of what they fire on, how much it is, and of all of it, how much.

    `precision` is active on it / all active positions of the neuron that have an n-gram of that n, `recall` active on
    it / its occurrences, `f1` their harmonic mean.
    """

    precision: Floats
    recall: Floats
    f1: Floats


def scores(active: Int64s, total: Int64s, occurrences: int) -> Scores:
    """Scores of neurons that are `active` (M,) on an n-gram and `total` (M,) in all."""
    precision, recall = active / np.maximum(total, 1), active / max(occurrences, 1)
    # 2 p r / (p + r), with no rounding between.
    return Scores(precision, recall, 2 * active / np.maximum(total + occurrences, 1))


@dataclass(frozen=True, slots=True)
class Finding:
    """A neuron that fires on a text, with the n-gram of it that it tells best."""

    layer: int
    row: int
    gram: Gram
    active: int
    total: int
    precision: float
    recall: float
    f1: float

    def to_dict(self, rule: Rule, corpus: StoredCorpus) -> dict[str, Any]:
        """As `find --json` prints it."""
        return {
            "layer": self.layer,
            **rule.named(self.row),
            "ids": list(self.gram.ids),
            "text": [corpus.form(token) for token in self.gram.ids],
            "active": self.active,
            "total": self.total,
            "occurrences": self.gram.occurrences,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """The n-grams of a text that the corpus has, and the best of the neurons that fire on one of them, best first.

    `whole`: some n-gram reads the whole text, and only such n-grams are looked for.
    """

    grams: tuple[Gram, ...]
    whole: bool
    neurons: tuple[Finding, ...]


def find_text(run: Run, text: str, top: int, sort: Sort = "f1") -> Findings:
    """The neurons of a run that fire on a text: on it as a whole, if it is one to three tokens, else on its n-grams.

    A longer text is cut into the fewest tokens of the vocabulary, longest first. Each neuron is listed once, with the
    n-gram that it tells best. Only n-grams among a neuron's stored triggers are found: see
    `firing.Firing`.

    Raises RunDamagedError.
    """
    corpus = run.corpus
    grams = grams_reading(corpus, text)
    whole = bool(grams)
    if not whole:
        grams = _grams_within(corpus, text)
    best = [pair for gram in grams for pair in _best_on(run, gram, top, sort)]
    best.sort(key=lambda pair: (-_key(pair, sort), -pair.f1, pair.layer, pair.row))
    once: dict[tuple[int, int], Finding] = {}
    for pair in best:
        once.setdefault((pair.layer, pair.row), pair)
    return Findings(tuple(grams), whole, tuple(once.values())[:top])


def _key(pair: Finding, sort: Sort) -> float:
    return {"f1": pair.f1, "precision": pair.precision, "recall": pair.recall}[sort]


def _best_on(run: Run, gram: Gram, top: int, sort: Sort) -> list[Finding]:
    """The best neurons on one n-gram, `top` of them."""
    n, row, occurrences = len(gram.ids), run.corpus.find_gram(gram.ids), gram.occurrences
    assert row is not None
    kept: list[Finding] = []
    for index in run.layers:
        with run.layer(index).open() as file:
            total = None
            for neuron, active in entries_by_page(file, n, row):
                # They come most active first, and a neuron is active in all at least where it is on the n-gram.
                if len(kept) == top and _at_most(int(active[0]), occurrences, sort) < _key(kept[-1], sort):
                    break
                total = file.read(f"triggers/{n}/total") if total is None else total
                kept = _merged(kept, _scored(gram, index, neuron, active, total[neuron], top, sort), top, sort)
    return kept


def _at_most(active: int, occurrences: int, sort: Sort) -> float:
    """The best score that a neuron with so many active positions on an n-gram can have."""
    return {"f1": 2 * active / (active + occurrences), "precision": 1.0, "recall": active / occurrences}[sort]


def _scored(
    gram: Gram, layer: int, neuron: Int64s, active: Int64s, total: Int64s, top: int, sort: Sort
) -> list[Finding]:
    told = scores(active, total, gram.occurrences)
    precision, recall, f1 = told.precision, told.recall, told.f1
    key = {"f1": f1, "precision": precision, "recall": recall}[sort]
    best = np.lexsort((neuron, -f1, -key))[:top]
    columns = (neuron, active, total, precision, recall, f1)
    rows = zip(*(column[best].tolist() for column in columns), strict=True)
    return [Finding(layer, one, gram, *rest) for one, *rest in rows]


def _merged(kept: list[Finding], more: list[Finding], top: int, sort: Sort) -> list[Finding]:
    both = [*kept, *more]
    both.sort(key=lambda pair: (-_key(pair, sort), -pair.f1, pair.layer, pair.row))
    return both[:top]


def _grams_within(corpus: StoredCorpus, text: str) -> list[Gram]:
    """The distinct n-grams of a text that the corpus has, n = 1, 2, 3, as they come in it."""
    tokens = corpus.fewest_tokens(plain_text(text))
    every = dict.fromkeys(tokens[at : at + n] for n in ORDERS for at in range(len(tokens) - n + 1))
    rows = ((ids, corpus.find_gram(ids)) for ids in every)
    return [gram_at(corpus, len(ids), row) for ids, row in rows if row is not None]
