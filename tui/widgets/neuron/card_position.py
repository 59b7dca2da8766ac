"""The part of a neuron's card on position [§5]: the curve as a chart, and what there is to say of it."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.arrays import Floats
from neuron_tui.store.neurons.record import PositionProfile
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, percent
from neuron_tui.tui.drawing.braille import Window
from neuron_tui.tui.drawing.position_chart import AXIS_ROWS, GUTTER, NAMES, position_chart, stacked_charts
from neuron_tui.tui.drawing.spans import BLANK, Line, Span, fit, wrap
from neuron_tui.tui.reports.neuron import NeuronView, PositionView
from neuron_tui.tui.reports.neuron_text import describe_position, where_on
from neuron_tui.tui.widgets.neuron.blocks import section
from neuron_tui.tui.widgets.neuron.curve_look import ALL_TOGETHER, OVERALL, CurveLook

ALIKE = 0.1
"""Domains whose smoothed curves stay closer than this are alike."""

_LEAST_WIDTH = 16
"""Below this there is no room for a curve."""

_MOST_ROWS = 12
"""A chart of many domains gets no higher than this for their sake: the first ones are shown."""


def sentence_rows(width: int) -> int:
    """Lines that are kept below the chart for what is said of it, which seldom takes more than 200 characters."""
    return min(8, -(-200 // max(1, width)))


def curve_rows(view: NeuronView, width: int, chart: int) -> int:
    """Lines of the part with a chart of so many; more if the domains' curves need them to stand above each other."""
    curves = 1 + len(view.position.profile.by_domain) if view.position is not None else 1
    return 1 + max(chart, min(curves + AXIS_ROWS, _MOST_ROWS)) + sentence_rows(width)


def position_lines(view: NeuronView, width: int, height: int, look: CurveLook) -> list[Line]:
    """The part in `height` lines of at most `width` cells: a title, the chart, sentences."""
    record, rows = view.record, height - 1 - sentence_rows(width)
    if view.position is None:
        text = " ".join(describe_position(record))
        return _filled([section("Position", "", width), *[BLANK] * rows], text, width, height)
    position = view.position.profile
    look = look.within(position)
    lines = [section("Position", _note(position, look, width, rows), width), *_chart(position, look, width, rows)]
    text = reading(view.position, look.cursor) if look.cursor is not None else " ".join(sentences(view))
    return _filled(lines, text, width, height)


def cell_of_curve(look: CurveLook, width: int) -> tuple[int, Window]:
    """The column at which the curve begins, and the window that says which position a column shows."""
    gutter = NAMES if look.curve == ALL_TOGETHER else GUTTER
    return gutter, Window(look.first, look.last, max(1, width - gutter))


def reading(view: PositionView, cursor: int) -> str:
    """What the curves are at a position: `Position 168: 97%; prose 96%, code 98%. On at 168-214.`."""
    position = view.profile
    text = f"Position {cursor:,}: {percent(position.frequency[cursor - 1])}"
    if len(position.by_domain) > 1:
        text += "; " + ", ".join(
            f"{printable(name)} {percent(curve[cursor - 1])}" for name, curve in position.by_domain.items()
        )
    here = [(a, b) for a, b in view.ranges if a <= cursor <= b]
    return text + (f". On at {here[0][0]:,}-{here[0][1]:,}." if here else ". Off more often than on.")


def sentences(view: NeuronView) -> list[str]:
    """What there is to say of the curve; type and strength stand at the top of the card."""
    record, position = view.record, view.record.position
    if position is None or position.type is None:
        found = [] if record.dead else describe_position(record)
    else:
        found = [
            f"Mutual information {position.mutual_information:.3f} nats.",
            f"{where_on(position.frequency).capitalize()}.",
        ]
    return [*found, *([] if record.dead or position is None else domains_apart(position))]


def domains_apart(position: PositionProfile) -> list[str]:
    """How far the domains' curves are apart at most, each averaged over max(3, T // 64) positions (ours)."""
    if len(position.by_domain) < 2:
        return []
    span = max(3, (len(position.frequency) + 1) // 64)
    curves = np.stack([_smoothed(curve, span) for curve in position.by_domain.values()])
    apart = curves.max(axis=0) - curves.min(axis=0)
    at = int(apart.argmax())
    if apart[at] < ALIKE:
        return [f"All domains alike: at most {_points(apart[at])} apart."]
    names = [printable(name) for name in position.by_domain]
    high, low = int(curves[:, at].argmax()), int(curves[:, at].argmin())
    return [
        f"Domains up to {_points(apart[at])} apart, near position {at + 1:,}: "
        f"{names[high]} {percent(curves[high, at])}, {names[low]} {percent(curves[low, at])}."
    ]


def _points(share: float) -> str:
    points = f"{100 * share:.2g}"
    return f"{points} percentage point{'' if points == '1' else 's'}"


def _smoothed(curve: Floats, span: int) -> Floats:
    """Centred moving average; the ends use what is there."""
    kernel = np.ones(min(span, len(curve)))
    return np.convolve(curve, kernel, "same") / np.convolve(np.ones(len(curve)), kernel, "same")


def _note(position: PositionProfile, look: CurveLook, width: int, rows: int) -> str:
    """Whose curve, over what: as much as fits beside the title."""
    if look.curve == ALL_TOGETHER:
        shown, domains = rows - AXIS_ROWS - 1, len(position.by_domain)
        which = "by domain" if shown >= domains else f"{shown} of {domains} domains"
        notes = [f"overall and {which}: share of sequences active", f"share active, {which}", which]
    elif look.curve == OVERALL:
        count = count_noun(position.sequences, "sequence")
        notes = [f"share of {count} active", "share of sequences active", "share active"]
    else:
        name = printable(look.curve)
        count = count_noun(position.sequences_by_domain.get(look.curve, 0), "sequence")
        notes = [f"{name}: share of its {count} active", f"{name}: share active", name]
    return next((note for note in notes if len(note) + len("Position") + 6 <= width), notes[-1])


def _chart(position: PositionProfile, look: CurveLook, width: int, rows: int) -> list[Line]:
    if width < _LEAST_WIDTH:
        return [BLANK] * rows
    if look.curve == ALL_TOGETHER:
        curves = {"overall": position.frequency}
        curves |= {printable(name): curve for name, curve in position.by_domain.items()}
        shown = dict(list(curves.items())[: rows - AXIS_ROWS])
        text = stacked_charts(shown, width, rows, look.first, look.last)
    else:
        curve = position.frequency if look.curve == OVERALL else position.by_domain[look.curve]
        text = position_chart(curve, width, rows, look.first, look.last)
    if look.cursor is None:
        return [((line, "bar"),) for line in text]
    _, window = cell_of_curve(look, width)
    return _with_cursor(text, window.cells, window.cell(look.cursor))


def _with_cursor(text: list[str], cells: int, cell: int) -> list[Line]:
    """The chart with a line at the cursor, which a sign on the axis shows without colour."""
    lines: list[Line] = []
    above = True
    for line in text:
        # Counted from the end: the name before the curve may hold characters of two cells.
        start = len(line) - cells
        if not above:
            lines.append(((line, "bar"),))
            continue
        above = line[start - 1] != "└"
        at = line[start + cell]
        sign: Span = ("│" if at == " " else at, "cursor") if above else ("▲", "mark")
        lines.append(((line[: start + cell], "bar"), sign, (line[start + cell + 1 :], "bar")))
    return lines


def _filled(lines: list[Line], text: str, width: int, height: int) -> list[Line]:
    """Lines and below them a text, in `height` lines: blank ones at the end, or the text cut."""
    wrapped, room = wrap(text, width), height - len(lines)
    if len(wrapped) > room:
        wrapped = [*wrapped[: room - 1], fit(f"{wrapped[room - 1]} {wrapped[room]}", width)] if room > 0 else []
    return [*lines, *(((line, ""),) for line in wrapped), *[BLANK] * (room - len(wrapped))]
