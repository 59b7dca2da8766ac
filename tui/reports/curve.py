"""The curve of frequency by position in an HTML report: what its template draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.findings.chart import limits_of, tick_label, ticks
from neuron_tui.tui.reports.neuron import Curve, PositionView

Floats = npt.NDArray[np.float64]

_LARGE, _SMALL = (760, 210, 400), (320, 150, 160)
"""Width, height and the most points of a curve; more than its width can show apart are means of their stretch."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 8.0, 8.0, 38.0
"""Room around the curve, in pixels."""


@dataclass(frozen=True, slots=True)
class CurveChart:
    """A curve in pixels: the path, and ticks as places with their texts."""

    title: str
    width: int
    height: int
    left: float
    right: float
    bottom: float
    path: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


def charts_of(position: PositionView) -> list[tuple[Curve, CurveChart]]:
    """The curves of a neuron with their charts: all domains together, then each; all over the same limits."""
    top = max((float(curve.frequency.max(initial=0.0)) for curve in position.curves), default=0.0)
    high = 1.0 if top > 0.5 else limits_of([top])[1]
    title = "Share of full-length sequences active at each position"
    overall, *by_domain = position.curves
    charts = [(overall, _chart(overall.frequency, title, high, *_LARGE))]
    return charts + [
        (curve, _chart(curve.frequency, f"The same in {curve.name}", high, *_SMALL)) for curve in by_domain
    ]


def thinned(frequency: Floats, points: int) -> tuple[Floats, Floats]:
    """At most `points` points of a curve over positions 1 to T-1: the mean place and value of each stretch."""
    stretches = min(points, len(frequency))
    edges = np.linspace(0, len(frequency), stretches + 1).astype(int)
    sizes = np.diff(edges)
    places = np.arange(1.0, len(frequency) + 1)
    return np.add.reduceat(places, edges[:-1]) / sizes, np.add.reduceat(frequency, edges[:-1]) / sizes


def _chart(frequency: Floats, title: str, high: float, width: int, height: int, points: int) -> CurveChart:
    last = float(max(2, len(frequency)))
    right, bottom = width - _RIGHT, height - _BOTTOM

    def across(x: float) -> float:
        return round(_LEFT + (x - 1) / (last - 1) * (right - _LEFT), 1)

    def up(y: float) -> float:
        return round(bottom - y / high * (bottom - _TOP), 1)

    x, y = thinned(frequency, points)
    # A line starts anew where there is no value.
    steps = [
        f"{'L' if place and np.isfinite(y[place - 1]) else 'M'}{across(float(a))} {up(float(b))}"
        for place, (a, b) in enumerate(zip(x, y, strict=True))
        if np.isfinite(b)
    ]
    return CurveChart(
        title=title,
        width=width,
        height=height,
        left=_LEFT,
        right=right,
        bottom=bottom,
        path="".join(steps),
        x_ticks=tuple((across(tick), tick_label(tick)) for tick in ticks((1.0, last), width // 100, whole=True)),
        y_ticks=tuple((up(tick), tick_label(tick, percent=True)) for tick in ticks((0.0, high), 3)),
    )
