"""Figures with one value a layer: dead neurons, detectors, detected and new n-grams [Fig. 1, 3, 4, 14, 15]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.findings.chart import PAIRS, Series, limits_of
from neuron_tui.store.findings.figures.figure import Cell, Column, Figure, Lines, finite
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on, notes_on_positions
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.measures.intervals import CONFIDENCE, Interval, wilson

LAYER_COLUMNS = (Column("run", key=True), Column("layer", key=True), Column("depth", "relative depth", key=True))
"""What a row of nearly every figure begins with; `layer_cells` fills them."""

INTERVAL_NOTE = (
    f"low, high: {CONFIDENCE:.0%} interval of the share if neurons were drawn independently; those of a model are not."
)

Value = Callable[[LayerSummary], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of a figure by layer: how it is found, and how it is drawn.

    A share with an `interval` has its ends in two last columns, `low` and `high`; see `intervals.wilson`.

    `line` names the line in the legend, empty for a column that is not drawn. Measures with the same `pair` share
    marker and colour, the second of them hollow; dashed ones have gaps.
    """

    name: str
    unit: str
    value: Value
    line: str = ""
    pair: int = 0
    dash: bool = False
    interval: Callable[[LayerSummary], Interval | None] | None = None

    def ends(self, summary: LayerSummary) -> tuple[Cell, ...]:
        """The ends of the interval, where there is one."""
        return () if self.interval is None else self.interval(summary) or (None, None)


def layer_cells(labelled: LabelledRun, layer: int) -> tuple[Cell, ...]:
    """Run, layer and relative depth of a row."""
    return labelled.label, layer, round(labelled.depth(layer), 6)


@dataclass(frozen=True, slots=True)
class ByLayer:
    """Makes a figure of the given measures from runs."""

    name: str
    title: str
    reference: str
    y_label: str
    measures: tuple[Measure, ...]
    of_positions: bool = False

    def __call__(self, runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
        """The figure; `layer` plays no part."""
        rows = tuple((*layer_cells(one, s.layer), *self._cells(s)) for one in runs for s in one.summaries)
        notes = (*notes_on(runs), *(notes_on_positions(runs) if self.of_positions else ()))
        if any(m.interval is not None for m in self.measures):
            notes = (*notes, INTERVAL_NOTE)
        ends = (Column(end, m.unit) for m in self.measures if m.interval is not None for end in ("low", "high"))
        columns = (*LAYER_COLUMNS, *(Column(m.name, m.unit) for m in self.measures), *ends)
        chart = self._lines(runs)
        return Figure(self.name, self.title, self.reference, labels_of(runs), columns, rows, chart, notes)

    def _cells(self, summary: LayerSummary) -> tuple[Cell, ...]:
        values = (finite(m.value(summary)) for m in self.measures)
        return (*values, *(end for m in self.measures for end in m.ends(summary)))

    def _lines(self, runs: Sequence[LabelledRun]) -> Lines:
        drawn = [m for m in self.measures if m.line]
        alone = len(runs) == 1
        pairs = len({m.pair for m in drawn})
        series = []
        for place, one in enumerate(runs):
            x = np.array([float(s.layer) if alone else one.depth(s.layer) for s in one.summaries])
            for m in drawn:
                y = np.array([np.nan if (value := m.value(s)) is None else value for s in one.summaries], np.float64)
                marker = PAIRS[(place * pairs + m.pair) % len(PAIRS)][self._second(drawn, m)]
                name = one.label if len(drawn) == 1 else m.line if alone else f"{one.label}: {m.line}"
                ends = [(m.interval(s) if m.interval is not None else None) or (np.nan,) * 2 for s in one.summaries]
                low, high = zip(*ends, strict=True) if m.interval is not None and ends else ((), ())
                series.append(Series(name, x, y, m.dash, marker, low, high))
        last = max(1, runs[0].run.manifest.model.layers - 1) if alone else 1
        return Lines(
            tuple(series),
            "layer" if alone else "relative depth",
            self.y_label,
            (0.0, float(last)),
            limits_of(v for s in series for v in s.y),
            drawn[0].unit == "share",
        )

    @staticmethod
    def _second(drawn: Sequence[Measure], measure: Measure) -> int:
        return [m for m in drawn if m.pair == measure.pair].index(measure)


def _share(part: float, of: float) -> float | None:
    return part / of if of else None


def _interval(part: int, of: int) -> Interval | None:
    return wilson(part, of) if of else None


def _of_order(field: str, n: int) -> Value:
    """One n of a field of the summary that is keyed by it."""

    def value(summary: LayerSummary) -> float | None:
        counts: dict[int, int | None] = getattr(summary, field)
        return counts[n]

    return value


def _of_type(kind: str) -> Value:
    return lambda summary: sum(summary.positional[kind].values())


def _positional(summary: LayerSummary) -> int:
    return sum(sum(strengths.values()) for strengths in summary.positional.values())


_TYPES = tuple(kind for kind in TYPES if kind is not None)

BY_LAYER = (
    ByLayer(
        "1a",
        "Dead neurons",
        "§3, Fig. 1a",
        "share of neurons dead",
        (
            Measure(
                "dead_share",
                "share",
                lambda s: _share(s.dead, s.neurons),
                "dead",
                interval=lambda s: _interval(s.dead, s.neurons),
            ),
            Measure("dead", "neurons", lambda s: s.dead),
            Measure("neurons", "neurons", lambda s: s.neurons),
        ),
    ),
    ByLayer(
        "1b",
        "Mean frequency of alive neurons",
        "§3, Fig. 1b",
        "mean frequency",
        (
            Measure("mean_frequency", "share", lambda s: s.mean_frequency_alive, "mean frequency"),
            Measure("alive", "neurons", lambda s: s.neurons - s.dead),
        ),
    ),
    ByLayer(
        "3a",
        "Token detectors",
        "§4, Fig. 3a",
        "token detectors",
        (Measure("token_detectors", "neurons", _of_order("detectors", 1), "token detectors"),),
    ),
    ByLayer(
        "3b",
        "Detected tokens",
        "§4, Fig. 3b",
        "tokens with a detector",
        (
            Measure("detected", "tokens", _of_order("covered", 1), "in the layer"),
            Measure("detected_so_far", "tokens", _of_order("covered_cumulative", 1), "in it or below", dash=True),
        ),
    ),
    ByLayer(
        "4",
        "New tokens",
        "§4, Fig. 4",
        "newly detected tokens",
        (
            Measure("new_overall", "tokens", _of_order("new_overall", 1), "new overall"),
            Measure("new_to_previous", "tokens", _of_order("new_to_previous", 1), "new to the previous", dash=True),
        ),
    ),
    ByLayer(
        "14a",
        "Bigram, trigram detectors",
        "App. A, Fig. 14a",
        "detectors",
        (
            Measure("bigram_detectors", "neurons", _of_order("detectors", 2), "bigrams"),
            Measure("trigram_detectors", "neurons", _of_order("detectors", 3), "trigrams", dash=True),
        ),
    ),
    ByLayer(
        "14b",
        "Detected bigrams, trigrams",
        "App. A, Fig. 14b",
        "n-grams with a detector in the layer or below",
        (
            Measure("bigrams_so_far", "bigrams", _of_order("covered_cumulative", 2), "bigrams"),
            Measure("trigrams_so_far", "trigrams", _of_order("covered_cumulative", 3), "trigrams", dash=True),
            Measure("bigrams", "bigrams", _of_order("covered", 2)),
            Measure("trigrams", "trigrams", _of_order("covered", 3)),
        ),
    ),
    ByLayer(
        "15",
        "New bigrams, trigrams",
        "App. A, Fig. 15",
        "newly detected n-grams",
        tuple(
            Measure(f"{name}_new_{field}", name, _of_order(f"new_{field}", n), f"{name}, {words}", n - 2, dash)
            for n, name in ((2, "bigrams"), (3, "trigrams"))
            for field, words, dash in (("overall", "new overall", False), ("to_previous", "new to the previous", True))
        ),
    ),
    ByLayer(
        "suppressing",
        "Suppressing token detectors",
        "§4.4",
        "share of token detectors",
        (
            Measure(
                "suppressing_share",
                "share",
                lambda s: _share(s.suppressing, s.detectors[1]),
                "suppressing",
                interval=lambda s: _interval(s.suppressing, s.detectors[1]),
            ),
            Measure("suppressing", "neurons", lambda s: s.suppressing),
            Measure("token_detectors", "neurons", _of_order("detectors", 1)),
        ),
    ),
    ByLayer(
        "positional",
        "Share of positional neurons",
        "§5",
        "share of neurons",
        (
            Measure("positional_share", "share", lambda s: _share(_positional(s), s.neurons), "positional"),
            *(Measure(kind, "neurons", _of_type(kind)) for kind in _TYPES),
        ),
        of_positions=True,
    ),
)
"""The figures of this kind; those without a number are ours."""
