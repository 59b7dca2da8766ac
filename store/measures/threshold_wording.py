"""Thresholds in plain words: one wording for the app, the reports, the figures and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.wording import GRAM_NAMES, number, share_text

_NUMBERS = {
    "positional": "positional above {} nats",
    "near": "near {}",
    "range": "range {}",
    "changes": "{} changes",
    "interval": "interval {}",
    "extremes": "extremes {}",
    "thin": "thin {}",
}
"""How each number behind the positional types is told, in the order of the thresholds."""


def number_text(value: float) -> str:
    """A number as somebody set it, with no digit lost: `0.05`, `0.0625`, `4`."""
    return f"{Decimal(repr(value)).normalize():f}"


def coverage_text(thresholds: Thresholds) -> str:
    """What the covering n-grams hold of a neuron's activations: `95%`."""
    return share_text(thresholds.coverage)


def precision_text(thresholds: Thresholds) -> str:
    """On what share of its own positions a neuron is active on a covered n-gram: `95%`."""
    return share_text(thresholds.precision)


def most_text(thresholds: Thresholds, n: int) -> str:
    """How many n-grams a detector may have: `5 tokens`, `1 bigram`."""
    return number(thresholds.most_covering(n), GRAM_NAMES[n])


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
    told = differences(thresholds)
    rest = "the other thresholds are" if len(told) < _ALL else "no threshold is"
    return f"counted with {', '.join(told)}; {rest} the paper's" if told else ""


_ALL = 2 + len(ORDERS) + len(_NUMBERS)


def _differences(thresholds: Thresholds) -> Iterator[str]:
    if thresholds.coverage != PAPER.coverage:
        yield f"coverage {coverage_text(thresholds)}"
    for n in ORDERS:
        if thresholds.most_covering(n) != PAPER.most_covering(n):
            yield f"at most {most_text(thresholds, n)}"
    if thresholds.precision != PAPER.precision:
        yield f"precision {precision_text(thresholds)}"
    for name, told in _NUMBERS.items():
        value = getattr(thresholds, name)
        if value != getattr(PAPER, name):
            text = told.format(number_text(value))
            yield "1 change" if (name, value) == ("changes", 1) else text
