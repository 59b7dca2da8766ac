"""What the form for counting again holds, as text, and what becomes of it: thresholds and a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from pydantic import ValidationError

from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.measures.threshold_wording import number_text
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.wording import GRAM_NAMES, share_text

Kind = Literal["share", "count", "number"]
Value = Decimal | int | float

NAME: Final = "name"
"""The field that is no threshold."""

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class ThresholdField:
    """A field of the form: what stands before it, what its number is of in few words, what kind of number that is.

    `short` begins its part of a proposed name; `sentence` says in full what it is; `ours` that the paper gives none.
    """

    key: str
    label: str
    meaning: str
    kind: Kind
    short: str
    sentence: str
    ours: bool = False

    @property
    def default(self) -> Value:
        """The number of definitions: the paper's, or ours."""
        return value_of(PAPER, self.key)

    def text(self, value: Value) -> str:
        """A value as it is typed and shown: `95%`, `50`, `0.05`."""
        return share_text(Decimal(value)) if self.kind == "share" else number_text(float(value))

    @property
    def default_text(self) -> str:
        """Whose number the default is, and which: `paper 95%`, `ours 0.3`."""
        return f"{'ours' if self.ours else 'paper'} {self.text(self.default)}"


_GRAM_KEYS = {f"{name}s": n for n, name in GRAM_NAMES.items()}
"""Keys of the most covering n-grams, which are one threshold with three numbers."""

DETECTORS = (
    ThresholdField(
        *("coverage", "Coverage", "of activations: covering n-grams", "share", "coverage"),
        "share of a neuron's activations that its covering n-grams hold, and that the covered ones must hold alone.",
    ),
    ThresholdField(
        *("tokens", "Tokens", "at most cover it: a token detector", "count", "tokens"),
        "most covering tokens of a token detector.",
    ),
    ThresholdField(
        *("bigrams", "Bigrams", "at most cover it: a bigram detector", "count", "bigrams"),
        "most covering bigrams of a bigram detector.",
    ),
    ThresholdField(
        *("trigrams", "Trigrams", "at most cover it: a trigram detector", "count", "trigrams"),
        "most covering trigrams of a trigram detector.",
    ),
    ThresholdField(
        *("precision", "Precision", "of occurrences: a covered n-gram", "share", "precision"),
        "share of an n-gram's occurrences on which the neuron is active, for the n-gram to be covered.",
    ),
)
"""What decides who is a detector [§4, App. A]."""

POSITIONS = (
    ThresholdField(
        *("positional", "Positional", "nats of mutual information, above", "number", "mi"),
        "mutual information of activity and position, in nats, above which a neuron is positional.",
    ),
    ThresholdField(
        *("near", "Near", "from 0 counts as off, from 1 as on", "number", "near"),
        "how far from 0 and from 1 the smoothed frequency counts as 0 and as 1.",
        ours=True,
    ),
    ThresholdField(
        *("range", "Range", "highest less lowest: oscillatory", "number", "range"),
        "least difference between highest and lowest smoothed frequency of an oscillatory neuron.",
        ours=True,
    ),
    ThresholdField(
        *("changes", "Changes", "between high and low: oscillatory", "count", "changes"),
        "least number of changes between high and low of an oscillatory neuron.",
        ours=True,
    ),
    ThresholdField(
        *("interval", "Interval", "of positions, off or on: both, one", "number", "interval"),
        "length of a zero or one interval as a share of the context length.",
        ours=True,
    ),
    ThresholdField(
        *("extremes", "Extremes", "of positions near 0 or 1: strong", "number", "extremes"),
        "share of the positions near 0 or 1, for an oscillatory neuron to be strong.",
        ours=True,
    ),
    ThresholdField(
        *("thin", "Thin", "at most off its smooth curve: strong", "number", "thin"),
        "largest root mean square of the frequency about its smoothed curve, for type other to be strong.",
        ours=True,
    ),
)
"""What decides who is positional, of which type and strength [§5]."""

FIELDS = (*DETECTORS, *POSITIONS)


@dataclass(frozen=True, slots=True)
class CountingValues:
    """Every field as it is typed; an empty threshold stands for its default."""

    name: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)

    def with_typed(self, key: str, text: str) -> CountingValues:
        """With another text in a field."""
        if key == NAME:
            return replace(self, name=text)
        return replace(self, typed={**self.typed, key: text})

    def read(self) -> tuple[Thresholds | None, dict[str, str]]:
        """The thresholds, or None; and what is wrong, by the field."""
        values, wrong = {}, {}
        for one in FIELDS:
            found = read_threshold(one, self.typed.get(one.key, ""))
            if isinstance(found, str):
                wrong[one.key] = found
            else:
                values[one.key] = found
        return (None, wrong) if wrong else (thresholds_of(values), {})


def values_of(thresholds: Thresholds) -> CountingValues:
    """The form filled in with thresholds."""
    return CountingValues(typed={one.key: one.text(value_of(thresholds, one.key)) for one in FIELDS})


def value_of(thresholds: Thresholds, key: str) -> Value:
    """The number of a field."""
    if key in _GRAM_KEYS:
        return thresholds.most_covering(_GRAM_KEYS[key])
    value: Value = getattr(thresholds, key)
    return value


def thresholds_of(values: Mapping[str, Value]) -> Thresholds:
    """Thresholds from numbers by field, the others as in definitions; raises pydantic's ValidationError."""
    data: dict[str, Any] = {key: value for key, value in values.items() if key not in _GRAM_KEYS}
    names = {n: key for key, n in _GRAM_KEYS.items()}
    data["max_covering"] = tuple(values.get(names[n], PAPER.most_covering(n)) for n in ORDERS)
    return Thresholds.model_validate(data)


def read_threshold(one: ThresholdField, text: str) -> Value | str:
    """The number in a field, its default if it is empty; or, in words, why there is none."""
    if not text.strip():
        return one.default
    value = _number(one.kind, text.strip())
    if isinstance(value, str):
        return value
    try:
        thresholds_of({one.key: value})
    except ValidationError as error:
        return _in_words(one, error.errors(include_url=False)[0])
    return value


_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"(\d{1,9}\.?\d{0,17}|\.\d{1,17})\s*(%?)", re.ASCII)
_FRACTION = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})", re.ASCII)


def _number(kind: Kind, text: str) -> Value | str:
    if kind == "count":
        return int(text) if _WHOLE.fullmatch(text) else "a whole number, such as 5"
    whole = _DECIMAL.fullmatch(text)
    parts = _FRACTION.fullmatch(text)
    if whole:
        value = Decimal(whole[1]) / (100 if whole[2] else 1)
        return value if kind == "share" else float(value)
    if parts and int(parts[2]):
        share = Fraction(int(parts[1]), int(parts[2]))
        return Decimal(share.numerator) / share.denominator if kind == "share" else float(share)
    return "a share, such as 95% or 0.95" if kind == "share" else "a number, such as 0.05"


_REASONS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
}


def _in_words(one: ThresholdField, error: Any) -> str:  # noqa: ANN401 - pydantic's own shape
    if error["type"] in _REASONS:
        bound, words = _REASONS[error["type"]]
        limit = error["ctx"][bound]
        return words.format(one.text(limit))
    return "at most 4 decimals, such as 99.25%" if one.kind == "share" else str(error["msg"])


def proposed_name(thresholds: Thresholds) -> str:
    """A name that says what is not the paper's: `coverage90-tokens10`; empty where all of it is."""
    parts = [
        one.short + one.text(value_of(thresholds, one.key)).rstrip("%")
        for one in FIELDS
        if value_of(thresholds, one.key) != one.default
    ]
    return "-".join(parts)[:_LONGEST_NAME].rstrip("-.")
