"""A comparison as people read it: totals with a row a measure and a column a run, the fate of neurons in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.findings.comparison.neurons import ACTIVITY, TOKEN_DETECTORS, Transitions
from neuron_tui.store.findings.comparison.overlap import Shared
from neuron_tui.store.findings.comparison.totals import Share, Totals
from neuron_tui.store.measures.intervals import interval_text
from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent

NONE = "–"
"""Stands for a number that there is not."""

_ROUNDING = 1e-9
"""Floating point may make two of what is one number, so far apart at most."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A measure of every run in words; `change` from the first to the second is empty unless there are just two."""

    name: str
    cells: tuple[str, ...]
    change: str


def total_rows(totals: Sequence[Totals]) -> tuple[TotalRow, ...]:
    """All measures, in the order of the paper."""
    return (
        _row("model", totals, lambda t: t.model),
        _row("layers", totals, _layers),
        _count("neurons", totals, lambda t: t.neurons),
        _count("tokens", totals, lambda t: t.tokens),
        _count("context length", totals, lambda t: t.context_length),
        *_share("dead", "share of neurons", totals, lambda t: t.dead),
        _frequency(totals),
        *(_counts(f"{name} detectors", [t.detectors[n] for t in totals]) for n, name in GRAM_NAMES.items()),
        *(_counts(f"{name}s detected", [t.covered[n] for t in totals]) for n, name in GRAM_NAMES.items()),
        *_share("suppressing", "share of token detectors", totals, lambda t: t.suppressing),
        *_share("positional", "share of neurons", totals, lambda t: t.positional),
        *(_type(kind, totals) for kind in TYPES if kind is not None),
        _information(totals),
    )


def _row(name: str, totals: Sequence[Totals], text: Callable[[Totals], str], change: str = "") -> TotalRow:
    return TotalRow(name, tuple(map(text, totals)), change)


def _layers(totals: Totals) -> str:
    return f"{totals.layers}" if totals.layers == totals.model_layers else f"{totals.layers} of {totals.model_layers}"


def _count(name: str, totals: Sequence[Totals], value: Callable[[Totals], int]) -> TotalRow:
    return _counts(name, [value(t) for t in totals])


def _counts(name: str, values: Sequence[int | None]) -> TotalRow:
    return TotalRow(name, tuple(NONE if v is None else f"{v:,}" for v in values), _difference(values, "{:,}".format))


def _share(
    name: str, of: str, totals: Sequence[Totals], share: Callable[[Totals], Share | None]
) -> tuple[TotalRow, TotalRow, TotalRow]:
    """How many, which share, and the interval about it."""
    shares = [share(t) for t in totals]
    values = [s.value if s else None for s in shares]
    two = [s for s in shares if s is not None and s.value is not None] if len(shares) == 2 else []
    apart = "" if len(two) != 2 else "apart" if two[0].apart(two[1]) else "overlapping"
    points = [None if v is None else 100 * v for v in values]
    return (
        _counts(name, [s.part if s else None for s in shares]),
        TotalRow(f"  {of}", tuple(map(_percent, values)), _difference(points, _points)),
        TotalRow("  95% interval", tuple(interval_text(s.part, s.of) if s and s.of else NONE for s in shares), apart),
    )


def _frequency(totals: Sequence[Totals]) -> TotalRow:
    values = [t.mean_frequency for t in totals]
    points = [None if v is None else 100 * v for v in values]
    return TotalRow("mean frequency of the others", tuple(map(_percent, values)), _difference(points, _points))


def _type(kind: str, totals: Sequence[Totals]) -> TotalRow:
    strengths = [t.types[kind] if t.types else None for t in totals]
    cells = tuple(NONE if s is None else f"{s['strong']:,} + {s['weak']:,}" for s in strengths)
    counts = [sum(s.values()) if s else None for s in strengths]
    return TotalRow(f"  {kind}, strong + weak", cells, _difference(counts, "{:,}".format))


def _information(totals: Sequence[Totals]) -> TotalRow:
    values = [t.information for t in totals]
    return TotalRow(
        "  their mean mi (nats)",
        tuple(NONE if v is None else f"{v:.3f}" for v in values),
        _difference(values, "{:.3f}".format),
    )


def _percent(share: float | None) -> str:
    return NONE if share is None else percent(share)


def _points(difference: float) -> str:
    """A difference of percentages with two significant digits, whole from 10 points on."""
    decimals = 0 if difference >= 9.95 or not difference else 1 - floor(log10(difference))
    text = f"{difference:.{decimals}f}"
    shown = text.rstrip("0").rstrip(".") if decimals else text
    return "1 point" if shown == "1" else f"{shown} points"


def _difference(values: Sequence[float | None], shown: Callable[[float], str]) -> str:
    """The second of two numbers less the first, with its sign; nothing for more runs, or without one of the numbers."""
    if len(values) != 2:
        return ""
    first, second = values
    if first is None or second is None:
        return ""
    # The difference itself is looked at: 42.8% and 43.2% are both about 43%, and not the same.
    if abs(second - first) < _ROUNDING or shown(abs(second - first)) == shown(0):
        return "same"
    return f"{'+' if second > first else '−'}{shown(abs(second - first))}"


def jaccard_text(shared: Shared) -> str:
    """Share of the tokens of either run that both detect: `42%`."""
    return _percent(shared.jaccard)


def became_sentences(pair: Transitions) -> tuple[str, ...]:
    """What became of the neurons of a run, in sentences."""
    dead, alive = pair.table(ACTIVITY).counts
    had = sum(pair.table(TOKEN_DETECTORS).counts[1])
    told = [
        f"Of {count_noun(sum(dead), 'dead neuron')} {dead[1]:,} alive in the second run; "
        f"of {sum(alive):,} alive {alive[0]:,} dead there.",
        f"Of {count_noun(had, 'token detector')} {pair.kept_detectors:,} such in the second run, "
        f"{pair.same_token:,} with the same strongest trigger.",
    ]
    if pair.same_model:
        told.append("Both runs are of the same checkpoint: what differs is text or thresholds.")
    return tuple(told)
