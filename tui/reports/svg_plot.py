"""The parts of an SVG chart: scales, axes, legend, and the elements they are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
import numpy.typing as npt

from neuron_tui.store.findings.chart import MARKERS, Limits, tick_label, ticks
from neuron_tui.store.tokens import printable

_FONT = 11
_CHARACTER = 6.2
_LINE = 15
_SIZE = 3.6
_LEFT, _RIGHT, _BOTTOM = 58.0, 14.0, 40.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a legend: how what it names is drawn."""

    name: str
    colour: str
    marker: str = ""
    drawn: Literal["solid", "dashed", "marks", "box"] = "solid"


class Plot:
    """The area of a chart with its scales, and what is drawn in it.

    The legend stands above the area; from its second line on, each adds to the height.
    """

    def __init__(
        self,
        title: str,
        width: int,
        height: int,
        legend: Sequence[Entry],
        x: Limits,
        y: Limits,
        *,
        show_title: bool,
        names: Sequence[str] = (),
    ) -> None:
        """Room for a chart; `names` are those of rows that need more room on the left than numbers do."""
        self._title, self._width, self._x, self._y = title, width, x, y
        self._parts: list[str] = []
        top = 6.0
        if show_title:
            self._parts.append(text(width / 2, top + _FONT, title, "middle", bold=True))
            top += _LINE + 4
        below = self._legend(legend, top)
        self._height = height + int(max(0.0, below - top - _LINE))
        self._top, self._bottom, self._left, self._right = below + 6, self._height - _BOTTOM, _LEFT, width - _RIGHT
        self._left = max(_LEFT, 12 + _CHARACTER * max((len(printable(name)) for name in names), default=0))

    def svg(self) -> str:
        """All of it as one element."""
        return element(self._width, self._height, self._title, self._parts)

    def axes(
        self,
        x_label: str,
        y_label: str,
        *,
        percent: bool = False,
        whole: tuple[bool, bool] = (False, False),
        columns: Sequence[str] | None = None,
        rows: Sequence[str] | None = None,
        x_ticks: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        """Both axes with ticks; `columns` or `rows` name the units of an axis, from the left or the top, instead.

        `x_ticks` are the ticks of the x axis, where they are no round numbers, with their labels.

        `whole` says of each axis whether only whole numbers make sense on it.
        """
        middle = (self._top + self._bottom) / 2
        if rows is None:
            for value in ticks(self._y, 5, whole=whole[1]):
                y = self.y(value)
                self._parts.append(path(f"M{_n(self._left)} {_n(y)}H{_n(self._right)}", "#dddddd"))
                self._parts.append(text(self._left - 6, y + 4, tick_label(value, percent=percent), "end"))
        for place, name in enumerate(rows or ()):
            self._parts.append(text(self._left - 6, self.y(len(rows or ()) - place - 0.5) + 4, name, "end"))
        if columns is None:
            round_ones = ticks(self._x, max(2, min(10, int((self._right - self._left) / 50))), whole=whole[0])
            for value, label in x_ticks if x_ticks is not None else [(v, tick_label(v)) for v in round_ones]:
                self._parts.append(path(f"M{_n(self.x(value))} {_n(self._bottom)}v4", "black"))
                self._parts.append(text(self.x(value), self._bottom + 16, label, "middle"))
        for place, name in enumerate(columns or ()):
            self._parts.append(text(self.x(place + 0.5), self._bottom + 16, name, "middle"))
        frame = f"M{_n(self._left)} {_n(self._top)}V{_n(self._bottom)}H{_n(self._right)}"
        self._parts.append(path(frame, "black"))
        self._parts.append(text((self._left + self._right) / 2, self._bottom + 33, x_label, "middle"))
        if y_label:
            turned = f' transform="rotate(-90 12 {_n(middle)})"'
            self._parts.append(text(12, middle, y_label, "middle", more=turned))

    def line(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], entry: Entry, markers: int) -> None:
        """A line through the points that are numbers, with about as many markers as asked for."""
        finite = np.isfinite(x) & np.isfinite(y)
        commands = []
        for place in np.flatnonzero(finite & ~_in_line(y, finite)).tolist():
            begins = place == 0 or not finite[place - 1]
            commands.append(f"{'M' if begins else 'L'}{_n(self.x(x[place]))} {_n(self.y(y[place]))}")
        if commands:
            self._parts.append(path("".join(commands), entry.colour, dashed=entry.drawn == "dashed", wide=True))
        places = np.flatnonzero(finite)
        for place in places[:: max(1, len(places) // max(1, markers))].tolist() if entry.marker else ():
            self.mark(float(x[place]), float(y[place]), entry)

    def band(
        self, x: npt.NDArray[np.float64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], colour: str
    ) -> None:
        """A shaded band between two lines, broken where either has no number."""
        finite = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        for run in np.split(np.arange(len(x)), np.flatnonzero(np.diff(finite)) + 1):
            if len(run) > 1 and finite[run[0]]:
                there = [(x[i], low[i]) for i in run.tolist()] + [(x[i], high[i]) for i in run[::-1].tolist()]
                corners = "L".join(f"{_n(self.x(a))} {_n(self.y(b))}" for a, b in there)
                self._parts.append(f'<path d="M{corners}z" fill="{colour}" fill-opacity="0.12"/>')

    def mark(self, x: float, y: float, entry: Entry) -> None:
        """A single marker."""
        self._parts.append(marker(self.x(x), self.y(y), entry.marker, entry.colour))

    def rectangle(self, left: float, right: float, bottom: float, top: float, colour: str) -> None:
        """A filled rectangle, its sides in the units of the axes."""
        x, y = self.x(left), self.y(top)
        self._parts.append(box(x, y, self.x(right) - x, self.y(bottom) - y, colour))

    def x(self, value: float) -> float:
        """Pixels from the left of a value of the x axis; what lies outside is put on the edge."""
        return self._left + _share(value, self._x) * (self._right - self._left)

    def y(self, value: float) -> float:
        """Pixels from the top of a value of the y axis."""
        return self._bottom - _share(value, self._y) * (self._bottom - self._top)

    def _legend(self, legend: Sequence[Entry], top: float) -> float:
        left = _LEFT
        for entry in legend:
            needed = 46 + _CHARACTER * len(printable(entry.name))
            if left > _LEFT and left + needed > self._width:
                left, top = _LEFT, top + _LINE
            middle = top + _LINE / 2
            if entry.drawn == "box":
                self._parts.append(box(left + 14, middle - 5, 12, 10, entry.colour))
            elif entry.drawn != "marks":
                dashed = entry.drawn == "dashed"
                self._parts.append(path(f"M{_n(left)} {_n(middle)}h28", entry.colour, dashed=dashed, wide=True))
            if entry.marker:
                self._parts.append(marker(left + 14, middle, entry.marker, entry.colour))
            self._parts.append(text(left + 33, middle + 4, entry.name))
            left += needed
        return top + _LINE if legend else top


def element(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    """An `<svg>` element on white with a title for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{_FONT}">'
        f'<title>{_escaped(title)}</title><rect width="{width}" height="{height}" fill="white"/>{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start", *, bold: bool = False, more: str = "") -> str:
    """A line of text; nothing if it is empty."""
    if not words:
        return ""
    weight = ' font-weight="bold"' if bold else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_n(x)}" y="{_n(y)}"{side}{weight}{more}>{_escaped(words)}</text>'


def path(commands: str, colour: str, *, dashed: bool = False, wide: bool = False) -> str:
    """A line drawn by path commands."""
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    width = ' stroke-width="1.5"' if wide else ""
    return f'<path d="{commands}" fill="none" stroke="{colour}"{width}{dash}/>'


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{colour}"/>'


def marker(x: float, y: float, shape: str, colour: str) -> str:
    """One of `MARKERS`, the hollow ones white inside; any other character as itself."""
    if shape not in MARKERS:
        return text(x, y + 4, shape, "middle", bold=True)
    s = _SIZE
    outlines = {
        "■□": f"M{_n(x - s)} {_n(y - s)}h{_n(2 * s)}v{_n(2 * s)}h{_n(-2 * s)}z",
        "▲△": f"M{_n(x)} {_n(y - 1.2 * s)}l{_n(1.2 * s)} {_n(2.2 * s)}h{_n(-2.4 * s)}z",
        "◆◇": f"M{_n(x)} {_n(y - 1.3 * s)}l{_n(1.2 * s)} {_n(1.3 * s)}l{_n(-1.2 * s)} {_n(1.3 * s)}"
        f"l{_n(-1.2 * s)} {_n(-1.3 * s)}z",
        "++": f"M{_n(x - s)} {_n(y)}h{_n(2 * s)}M{_n(x)} {_n(y - s)}v{_n(2 * s)}",
        "××": f"M{_n(x - s)} {_n(y - s)}l{_n(2 * s)} {_n(2 * s)}M{_n(x - s)} {_n(y + s)}l{_n(2 * s)} {_n(-2 * s)}",
    }
    fill = "white" if shape in "□△◇○" else colour
    drawn = next((outline for shapes, outline in outlines.items() if shape in shapes), None)
    if drawn is None:
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(s)}" fill="{fill}" stroke="{colour}"/>'
    return f'<path d="{drawn}" fill="{fill}" stroke="{colour}"/>'


def _in_line(y: npt.NDArray[np.float64], finite: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(points,) between two neighbours of the same height: a flat stretch needs its ends alone."""
    inner = np.zeros(len(y), dtype=bool)
    inner[1:-1] = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:]) & finite[:-2] & finite[2:]
    return inner


def _share(value: float, limits: Limits) -> float:
    low, high = limits
    return min(1.0, max(0.0, (float(value) - low) / ((high - low) or 1.0)))


def _escaped(words: str) -> str:
    return escape(printable(words))


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
