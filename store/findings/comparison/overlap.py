"""Which tokens two runs both detect: over all their layers, and in each quarter of their depth [Fig. 3b]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.tokens import Spelling, token_bytes, visible_token

QUARTERS = ("0–¼", "¼–½", "½–¾", "¾–1")
"""Ranges of relative depth: a layer on the border of two is in the upper one."""

By = Literal["id", "text"]

Key = Callable[[Int64s], Int64s]
"""From token ids of a run to numbers that mean the same token in every run it is compared with."""


@dataclass(frozen=True, slots=True)
class Shared:
    """How many tokens the `first` run detects, how many the `second`, and how many `both` of them do."""

    first: int
    second: int
    both: int

    @property
    def jaccard(self) -> float | None:
        """Share of those that both detect among those that either does; None if neither detects any."""
        either = self.first + self.second - self.both
        return self.both / either if either else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of two runs, named by their labels. `by` says how their tokens are told: by id if the vocabularies are equal.

    `quarters` are those of the relative depth; None where one of the runs has no finished layer.
    """

    first: str
    second: str
    by: By
    tokens: Shared
    quarters: tuple[Shared | None, ...]


@dataclass(frozen=True, slots=True)
class DetectedToken:
    """A token that is detected, as its tokeniser writes it, with the layers of each run that detect it."""

    form: str
    spelling: Spelling
    first: tuple[int, ...]
    second: tuple[int, ...]

    def shown(self) -> str:
        """The token as people are shown it."""
        return visible_token(self.form, self.spelling)


@dataclass(frozen=True, slots=True)
class TokenLists:
    """The tokens that both of two runs detect, and those of each alone, in the order of what they read."""

    shared: tuple[DetectedToken, ...]
    first_only: tuple[DetectedToken, ...]
    second_only: tuple[DetectedToken, ...]


def overlaps(runs: Sequence[LabelledRun]) -> tuple[Overlap, ...]:
    """The overlap of every two runs, in their order; raises RunDamagedError."""
    vocabularies = [one.vocabulary for one in runs]
    by_id = [_Detected(one, _id) for one in runs]
    by_text = by_id
    if len(set(vocabularies)) > 1:
        by_text = [_Detected(one, key) for one, key in zip(runs, _texts(runs), strict=True)]
    found = []
    for a, b in combinations(range(len(runs)), 2):
        same = vocabularies[a] == vocabularies[b]
        keyed = by_id if same else by_text
        found.append(_overlap(keyed[a], keyed[b], "id" if same else "text"))
    return tuple(found)


def token_lists(first: LabelledRun, second: LabelledRun) -> TokenLists:
    """Tokens that two runs share, and those that only one of them detects; raises RunDamagedError."""
    pair = (first, second)
    keys = token_keys(pair)
    tokens: dict[int, DetectedToken] = {}
    for place, (one, key) in enumerate(zip(pair, keys, strict=True)):
        for number, (form, layers) in _with_layers(one, key).items():
            have = tokens.get(number) or DetectedToken(form, one.run.corpus.spelling, (), ())
            parts = (layers, have.second) if place == 0 else (have.first, layers)
            tokens[number] = DetectedToken(have.form, have.spelling, *parts)
    ordered = sorted(tokens.values(), key=lambda token: (token.shown().lstrip("·").casefold(), token.shown()))
    return TokenLists(
        tuple(token for token in ordered if token.first and token.second),
        tuple(token for token in ordered if not token.second),
        tuple(token for token in ordered if not token.first),
    )


def token_keys(runs: Sequence[LabelledRun]) -> tuple[Key, ...]:
    """For each run, how its token ids become numbers that mean the same token in all of them: ids, else texts."""
    return (_id,) * len(runs) if len({one.vocabulary for one in runs}) == 1 else _texts(runs)


class _Detected:
    """The detected tokens of a run as such numbers: all of them, and those of each quarter of the depth."""

    def __init__(self, labelled: LabelledRun, key: Key) -> None:
        self.label = labelled.label
        parts: list[list[Int64s]] = [[] for _ in QUARTERS]
        for layer, ids in zip(labelled.layers, labelled.detected, strict=True):
            parts[min(len(parts) - 1, int(len(parts) * labelled.depth(layer)))].append(key(ids))
        self.quarters = [_distinct(part) if part else None for part in parts]
        self.all = _distinct([part for part in self.quarters if part is not None])


def _overlap(first: _Detected, second: _Detected, by: By) -> Overlap:
    pairs = zip(first.quarters, second.quarters, strict=True)
    quarters = tuple(None if a is None or b is None else _shared(a, b) for a, b in pairs)
    return Overlap(first.label, second.label, by, _shared(first.all, second.all), quarters)


def _shared(first: Int64s, second: Int64s) -> Shared:
    return Shared(len(first), len(second), len(np.intersect1d(first, second, assume_unique=True)))


def _distinct(parts: Sequence[Int64s]) -> Int64s:
    return np.unique(np.concatenate(parts))


def _id(ids: Int64s) -> Int64s:
    return ids


def _texts(runs: Sequence[LabelledRun]) -> tuple[Key, ...]:
    """Tokens told by the bytes that they stand for, whatever the vocabulary that they are from."""
    numbers: dict[bytes, int] = {}
    known: dict[
        tuple[str, Spelling], Key
    ] = {}  # runs with one vocabulary share what is found: a layer detects a thousand

    def key_of(one: LabelledRun) -> Key:
        corpus, identity = one.run.corpus, one.run.manifest.corpus
        found = np.full(identity.vocabulary if identity else 0, -1, np.int64)

        def key(ids: Int64s) -> Int64s:
            for token in ids[found[ids] < 0].tolist():
                text = token_bytes(corpus.form(token), corpus.spelling)
                found[token] = numbers.setdefault(text, len(numbers))
            return found[ids]

        return key

    return tuple(known.setdefault((one.vocabulary, one.run.corpus.spelling), key_of(one)) for one in runs)


def _with_layers(labelled: LabelledRun, key: Key) -> dict[int, tuple[str, tuple[int, ...]]]:
    """The form of each detected token and the layers that detect it, by its number."""
    forms: dict[int, str] = {}
    layers: dict[int, set[int]] = {}
    for layer, ids in zip(labelled.layers, labelled.detected, strict=True):
        for token, number in zip(ids.tolist(), key(ids).tolist(), strict=True):
            forms.setdefault(number, labelled.run.corpus.form(token))
            layers.setdefault(number, set()).add(layer)
    return {number: (form, tuple(sorted(layers[number]))) for number, form in forms.items()}
