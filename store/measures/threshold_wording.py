"""Thresholds as text: read from what people type, and in plain words. One wording for the app and every report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from pydantic import ValidationError

from neuron_tui.store.declared import checker, flag, reason
from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import UsageError, concerning
from neuron_tui.store.measures.thresholds import PAPER, THRESHOLDS, Threshold, Thresholds
from neuron_tui.store.wording import GRAM_NAMES, count_noun, share_text

Value = Decimal | int | float


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the thresholds: a threshold's own, or that of one `n` where it has three.

    `key` names it in a form: `coverage`, `bigrams`; `noun` is what it counts, if it counts.
    """

    name: str
    n: int | None
    key: str
    label: str
    unit: str
    noun: str
    declared: Threshold

    def of(self, thresholds: Thresholds) -> Value:
        """The number that thresholds have here."""
        value: Value = getattr(thresholds, self.name) if self.n is None else thresholds.most_covering(self.n)
        return value

    @property
    def default(self) -> Value:
        """The number of definitions: the paper's, or ours."""
        return self.of(PAPER)

    def text(self, value: Value) -> str:
        """A value as it is typed and shown: `95%`, `50`, `0.05`."""
        return share_text(Decimal(value)) if self.declared.kind == "share" else number_text(float(value))

    def read(self, text: str) -> Value:
        """The number in a text, the default in an empty one; raises ValueError, in words, if there is none."""
        if not text.strip():
            return self.default
        value = _READERS[self.declared.kind](text.strip())
        try:
            checker(Thresholds, self.name).validate_python(value if self.n is None else (value,) * len(ORDERS))
        except ValidationError as error:
            words, limit = reason(error)
            if "decimal place" in str(limit):
                raise ValueError("at most 4 decimals, such as 99.25%") from error
            raise ValueError(words.format(limit if words == "{}" else self.text(Decimal(str(limit))))) from error
        return value


def _numbers() -> tuple[Number, ...]:
    numbers = []
    for name, one in THRESHOLDS.items():
        if name == "max_covering":
            numbers += [
                Number(name, n, f"{gram}s", one.label.format(gram.title()), one.unit.format(gram), gram, one)
                for n, gram in GRAM_NAMES.items()
            ]
        else:
            numbers.append(Number(name, None, name, one.label, one.unit, name.removesuffix("s"), one))
    return tuple(numbers)


def number_text(value: float) -> str:
    """A number as somebody set it, with no digit lost: `0.05`, `0.0625`, `4`."""
    return f"{Decimal(repr(value)).normalize():f}"


def thresholds_of(values: Mapping[str, Value]) -> Thresholds:
    """Thresholds from numbers by key, the others as in definitions; raises pydantic's ValidationError."""
    data: dict[str, Any] = {}
    for one in NUMBERS:
        value = values.get(one.key, one.default)
        data[one.name] = value if one.n is None else (*data.get(one.name, ()), value)
    return Thresholds.model_validate(data)


def parse_thresholds(typed: Mapping[str, str]) -> Thresholds:
    """Thresholds from texts by name, such as `{"coverage": "0.9", "max_covering": "10"}`; the others are the paper's.

    Shares may be written in percent, most covering n-grams as one number for all n or as three.

    Raises
    ------
    UsageError
        One cannot be read, or is out of its range; `option` says which.
    """
    values: dict[str, Value] = {}
    for name, text in typed.items():
        numbers = [one for one in NUMBERS if one.name == name]
        texts = text.split(",") if len(numbers) > 1 else [text]
        texts = texts * len(numbers) if len(texts) == 1 else texts
        with concerning(name.replace("_", "-")):
            try:
                if len(texts) != len(numbers) or not all(one.strip() for one in texts):
                    raise ValueError("one number, or three for n = 1, 2, 3" if len(numbers) > 1 else "no number")
                values |= {one.key: one.read(part) for one, part in zip(numbers, texts, strict=True)}
            except ValueError as error:
                raise UsageError(f"{flag(name)} is {text!r}\nIt takes {error}.") from error
    return thresholds_of(values)


_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"(-?(?:\d{1,9}\.?\d{0,17}|\.\d{1,17})(?:e-?\d{1,2})?)\s*(%?)", re.ASCII)
_FRACTION = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})", re.ASCII)


def _read_count(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("a whole number, such as 5")
    return int(text)


def _read_share(text: str) -> Decimal:
    value = _read_fraction(text)
    if value is None:
        raise ValueError("a share, such as 95% or 0.95")
    return value


def _read_number(text: str) -> float:
    value = _read_fraction(text)
    if value is None:
        raise ValueError("a number, such as 0.05")
    return float(value)


def _read_fraction(text: str) -> Decimal | None:
    if match := _DECIMAL.fullmatch(text):
        return Decimal(match[1]) / (100 if match[2] else 1)
    match = _FRACTION.fullmatch(text)
    if not match or not int(match[2]):
        return None
    share = Fraction(int(match[1]), int(match[2]))
    return Decimal(share.numerator) / share.denominator


_READERS: dict[str, Callable[[str], Value]] = {"share": _read_share, "count": _read_count, "number": _read_number}

NUMBERS: Final = _numbers()
"""Every number of the thresholds, in the order of a form."""


def coverage_text(thresholds: Thresholds) -> str:
    """What the covering n-grams hold of a neuron's activations: `95%`."""
    return share_text(thresholds.coverage)


def precision_text(thresholds: Thresholds) -> str:
    """On what share of its own positions a neuron is active on a covered n-gram: `95%`."""
    return share_text(thresholds.precision)


def most_text(thresholds: Thresholds, n: int) -> str:
    """How many n-grams a detector may have: `5 tokens`, `1 bigram`."""
    return count_noun(thresholds.most_covering(n), GRAM_NAMES[n])


def detector_text(thresholds: Thresholds) -> str:
    """What makes a neuron a detector: `at most 5 tokens (50 bigrams, 50 trigrams) cover 95% …`."""
    few, *more = (most_text(thresholds, n) for n in ORDERS)
    return (
        f"at most {few} ({', '.join(more)}) cover {coverage_text(thresholds)} of its activations, and so do those of "
        f"them alone on whose occurrences it is active in {precision_text(thresholds)} of cases"
    )


def differences(thresholds: Thresholds) -> tuple[str, ...]:
    """What is not the paper's, a few words each: `coverage 90%`, `at most 10 tokens`; nothing for the paper's own."""
    return tuple(_differences(thresholds))


def thresholds_text(thresholds: Thresholds) -> str:
    """What is not the paper's in one line, such as `coverage 90%, at most 10 tokens`; else that all of it is."""
    return ", ".join(differences(thresholds)) or "the paper's thresholds"


def counted_with(thresholds: Thresholds) -> str:
    """The end of a sentence on a run whose thresholds are not all the paper's; empty where they are.

    `counted with coverage 90%; the other thresholds are the paper's`.
    """
    named = differences(thresholds)
    rest = "the other thresholds are" if len(named) < len(NUMBERS) else "no threshold is"
    return f"counted with {', '.join(named)}; {rest} the paper's" if named else ""


def _differences(thresholds: Thresholds) -> Iterator[str]:
    for one in NUMBERS:
        value = one.of(thresholds)
        if value != one.default:
            counts = one.declared.kind == "count"
            yield one.declared.words.format(count_noun(int(value), one.noun) if counts else one.text(value))
