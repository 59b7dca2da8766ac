"""Charts for print by matplotlib: SVG, PDF and PNG, the same bytes each time.

Charts are read in black and white too: series are told apart by markers and dashes, not only by colour. Texts come from
runs, so they are made visible and never read as mathematics. matplotlib is loaded only when a chart is written.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from neuron_tui.store.disk.cache import cache_folder
from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.chart import PAIRS, are_whole, limits_of, log_ticks, tick_label, ticks, told_apart
from neuron_tui.store.findings.figures.figure import Chart, Figure, Histograms, Lines, Marks, Tallies
from neuron_tui.store.neurons.teams import Team
from neuron_tui.store.tokens import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Page

FORMATS = ("svg", "pdf", "png")
"""What a chart can be printed as."""

COLOURS = ("#0b5394", "#b45f06", "#38761d", "#a61c00", "#674ea7", "#134f5c", "#7f6000", "#4c4c4c")
"""Colours of series in their order: dark enough for print."""

_SHAPES = {
    **{"●": ("o", True), "○": ("o", False), "■": ("s", True), "□": ("s", False), "▲": ("^", True), "△": ("^", False)},
    **{"◆": ("D", True), "◇": ("D", False), "+": ("+", True), "×": ("x", True)},
}
"""matplotlib's marker of each of ours, and whether it is filled."""

_STYLE: Any = {
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "neuron-tui",
    "pdf.fonttype": 42,
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.dpi": 200,
}
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}
"""No dates and no names of programs: the same figure gives the same bytes."""

_WIDTH = 7.2
_HEIGHT = 3.2
"""Inches of a panel; rasters and tallies are as high as their rows need."""

_MARKERS_ON_A_LINE = 20


@dataclass(frozen=True, slots=True)
class _Panel:
    """One pair of axes: its title, its height in inches, and what draws into it."""

    title: str
    height: float
    draw: Callable[[Axes], None]


def print_figure(figure: Figure, format_: str, *, all_layers: bool = False) -> bytes:
    """A figure as a file of a format, a panel below the other where runs have panels of their own.

    Parameters
    ----------
    figure
        A figure that has a chart.
    format_
        One of `FORMATS`.
    all_layers
        Draw histograms of all layers instead of those of the bottom half.

    Raises
    ------
    UsageError
        The figure is a table and has no chart.
    """
    if figure.chart is None:
        raise UsageError(f"figure {figure.name} is a table and has no chart\nUse --format table, json or csv.")
    return print_charts([(figure.heading, figure.chart)], format_, all_layers=all_layers)


def print_charts(charts: Sequence[tuple[str, Chart]], format_: str, *, all_layers: bool = False) -> bytes:
    """Charts with their titles, one below the other, as a file of a format; see `print_figure`."""
    # What it keeps of the fonts it found goes to our own cache, not to a folder of its own in the home.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder("matplotlib")))
    import matplotlib as mpl
    from matplotlib.figure import Figure as Page

    panels = [panel for title, chart in charts for panel in _panels(title, chart, all_layers)]
    stream = BytesIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the viewer's font has more than ours
        heights = [panel.height for panel in panels]
        page: Page = Page(figsize=(_WIDTH, sum(heights)), layout="constrained")
        axes = page.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for panel, one in zip(panels, axes, strict=True):
            one.set_title(_shown(panel.title, 90))
            panel.draw(one)
        page.savefig(stream, format=format_, metadata=_METADATA[format_])
    return stream.getvalue()


def _panels(title: str, chart: Chart, all_layers: bool) -> list[_Panel]:
    if isinstance(chart, Lines):
        return [_Panel(title, _HEIGHT, lambda axes: _lines(axes, chart))]
    if isinstance(chart, Histograms):
        return _histograms(title, chart, all_layers)
    if isinstance(chart, Marks):
        return [
            _Panel(f"{title}: {panel.run}", _HEIGHT, _Circles(chart, place)) for place, panel in enumerate(chart.panels)
        ]
    if isinstance(chart, Tallies):
        rows = chart.panels or (("none", ()),)
        return [_Panel(f"{title}: {run}", 1.3 + 0.2 * max(1, len(own)), _Dots(chart, own)) for run, own in rows]
    teams = [(run, team) for run, team in chart.panels if team is not None]
    if not teams:
        return [_Panel(f"{title}: none", 1.4, _Raster(None))]
    return [
        _Panel(f"{title}: {run}, layer {team.layer}", 1.2 + 0.15 * len(team.neurons), _Raster(team))
        for run, team in teams
    ]


def _lines(axes: Axes, chart: Lines) -> None:
    drawn = told_apart(chart.series)
    colours = _colours([one.marker for one in drawn])
    for one, colour in zip(drawn, colours, strict=True):
        x, y = (np.asarray(values, np.float64) for values in (one.x, one.y))
        x = np.where((x >= chart.x_limits[0]) & (x <= chart.x_limits[1]), x, np.nan)  # a logarithm has no zero
        if len(one.low):
            below, above = (np.asarray(values, np.float64) for values in (one.low, one.high))
            axes.fill_between(x, below, above, color=colour, alpha=0.15, linewidth=0)
        every = max(1, -(-len(x) // _MARKERS_ON_A_LINE))
        axes.plot(
            x,
            y,
            color=colour,
            linestyle="--" if one.dash else "-",
            linewidth=1.2,
            label=_shown(one.name),
            markevery=every,
            clip_on=False,
            **_marker(one.marker, colour, alone=len(x) == 1),
        )
    low, high = chart.y_limits
    high = max([high, *(limits_of(one.high)[1] for one in drawn if len(one.high))])
    axes.set_ylim(low, high + 0.03 * (high - low))
    _label(axes, chart.x_label, chart.y_label)
    if chart.x_log:
        axes.set_xscale("log")
        axes.minorticks_off()
        places = log_ticks(chart.x_limits, 8)
        axes.set_xticks([10**at for at, _ in places], [text for _, text in places])
    else:
        _ticks(axes.set_xticks, chart.x_limits, whole=are_whole(v for one in drawn for v in one.x))
    _ticks(
        axes.set_yticks,
        (low, high),
        percent=chart.percent,
        whole=not chart.percent and are_whole(v for one in drawn for v in one.y),
    )
    first, last = chart.x_limits
    axes.set_xlim(first, last) if chart.x_log else axes.set_xlim(*_with_room(first, last))
    if len(drawn) > 1:
        _legend(axes)


def _histograms(title: str, chart: Histograms, all_layers: bool) -> list[_Panel]:
    panels = [(panel.run, panel.shown(all_layers)) for panel in chart.panels]
    limits = limits_of(share for _, layers in panels for _, shares in layers for share in shares)
    return [_Panel(f"{title}: {run}", _HEIGHT, _Bars(chart, layers, limits)) for run, layers in panels]


@dataclass(frozen=True, slots=True)
class _Bars:
    """A histogram for each of some layers, side by side in each bin, dark to light from the lowest layer up."""

    chart: Histograms
    layers: Sequence[tuple[int, Sequence[float]]]
    limits: tuple[float, float]

    def __call__(self, axes: Axes) -> None:
        thickness = 0.84 / max(1, len(self.layers))
        places = np.arange(len(self.chart.bins))
        for nth, (layer, shares) in enumerate(self.layers):
            light = 0.15 + 0.65 * nth / max(1, len(self.layers) - 1)
            colour = tuple(light + (1 - light) * part for part in (0.05, 0.2, 0.4))
            left = places - 0.42 + (nth + 0.5) * thickness
            axes.bar(left, shares, 0.92 * thickness, color=colour, label=f"layer {layer}")
        axes.set_xticks(places, list(self.chart.bins))
        axes.set_ylim(*self.limits)
        _ticks(axes.set_yticks, self.limits, percent=True)
        _label(axes, self.chart.x_label, "share of alive neurons")
        if len(self.layers) > 1:
            _legend(axes)


@dataclass(frozen=True, slots=True)
class _Circles:
    """Positional neurons of a run, one mark a neuron, at their layer and mutual information [Fig. 8]."""

    chart: Marks
    panel: int

    def __call__(self, axes: Axes) -> None:
        panel = self.chart.panels[self.panel]
        colours = _colours([marker for _, marker in self.chart.kinds])
        for kind, ((name, marker), colour) in enumerate(zip(self.chart.kinds, colours, strict=True)):
            own = [mark for mark in panel.marks if mark.kind == kind]
            x, y = [mark.layer for mark in own], [mark.mutual_information for mark in own]
            axes.plot(x, y, linestyle="", color=colour, label=name, **_marker(marker, colour, alone=True))
        limits = limits_of(mark.mutual_information for mark in panel.marks)
        axes.set_ylim(0.0, 1.04 * limits[1])
        _ticks(axes.set_yticks, limits)
        first, last = min(panel.layers) - 0.5, max(panel.layers) + 0.5
        axes.set_xlim(first, last)
        _ticks(axes.set_xticks, (first, last), whole=True)
        _label(axes, "layer", "mutual information (nats)")
        _legend(axes)


@dataclass(frozen=True, slots=True)
class _Dots:
    """A row of marks for each of some names; the numbers of the first row go on as lines."""

    chart: Tallies
    rows: Sequence[tuple[str, Sequence[int]]]

    def __call__(self, axes: Axes) -> None:
        colours = _colours([marker for _, marker in self.chart.kinds])
        heights = np.arange(len(self.rows))[::-1]
        for kind, ((name, marker), colour) in enumerate(zip(self.chart.kinds, colours, strict=True)):
            values = [counts[kind] for _, counts in self.rows]
            if values:
                axes.axvline(values[0], color=colour, linestyle=":", linewidth=0.8)
            axes.plot(values, heights, linestyle="", color=colour, label=name, **_marker(marker, colour, alone=True))
        limits = limits_of(float(value) for _, values in self.rows for value in values)
        axes.set_xlim(*_with_room(*limits))
        _ticks(axes.set_xticks, limits, whole=True)
        axes.set_yticks(heights, [_shown(name) for name, _ in self.rows])
        axes.set_ylim(-0.7, max(1, len(self.rows)) - 0.3)
        _label(axes, self.chart.x_label, "")
        _legend(axes)


@dataclass(frozen=True, slots=True)
class _Raster:
    """Where each neuron of a position team is on, the first at the top [Fig. 9]."""

    team: Team | None

    def __call__(self, axes: Axes) -> None:
        _label(axes, "position", "")
        if self.team is None:
            axes.set_yticks([])
            return
        mask = self.team.mask
        axes.imshow(
            mask,
            cmap="Greys",
            vmin=0,
            vmax=1.1,
            aspect="auto",
            interpolation="none",
            extent=(0.5, mask.shape[1] + 0.5, len(mask), 0),
        )
        axes.set_yticks(np.arange(len(mask)) + 0.5, [str(neuron) for neuron in self.team.neurons.tolist()])
        _ticks(axes.set_xticks, (1, mask.shape[1]), whole=True)


def _marker(marker: str, colour: str, *, alone: bool) -> dict[str, Any]:
    """Matplotlib's options of one of our markers; a letter is drawn as itself. A single point without one is a dot."""
    if not marker:
        return {"marker": "." if alone else ""}
    if marker in _SHAPES:
        shape, filled = _SHAPES[marker]
        return {
            "marker": shape,
            "markersize": 5,
            "markerfacecolor": colour if filled else "white",
            "markeredgecolor": colour,
        }
    from matplotlib.textpath import TextPath

    return {"marker": TextPath((-0.3, -0.35), marker, size=1), "markersize": 6, "markerfacecolor": colour}


def _colours(markers: Sequence[str]) -> list[str]:
    """A colour for each of some markers; two that are a pair share it."""
    places: list[int] = []
    for place, marker in enumerate(markers):
        paired = place > 0 and markers[place - 1] + marker in PAIRS
        places.append(places[-1] if paired else max(places, default=-1) + 1)
    return [COLOURS[place % len(COLOURS)] for place in places]


def _ticks(
    put: Callable[..., object],
    limits: tuple[float, float],
    *,
    percent: bool = False,
    whole: bool = False,
) -> None:
    places = ticks(limits, 6, whole=whole)
    put(places, [tick_label(place, percent=percent) for place in places])


def _with_room(low: float, high: float) -> tuple[float, float]:
    room = 0.02 * ((high - low) or 1.0)
    return low - room, high + room


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(printable(x))
    axes.set_ylabel(printable(y))


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3, fontsize=7.5)


def _shown(text: str, most: int = 32) -> str:
    """A text made visible and cut, so that no name of a run takes the room of the chart."""
    shown = printable(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
