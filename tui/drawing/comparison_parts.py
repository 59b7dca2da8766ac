"""The parts of a comparison by name: how each is drawn on a screen, and as a command prints it."""

from __future__ import annotations

from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.figures.figure import Figure, Marks
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.circles import circle_lines
from neuron_tui.tui.drawing.comparison_text import overlap_lines, totals_lines, transition_lines
from neuron_tui.tui.drawing.figure_table import table_lines, table_text
from neuron_tui.tui.drawing.figure_text import chart_lines, heading_line
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap

TEXTS = ("totals", "became")
"""Parts that read best as text; as tables they are for programs."""

_LONG = ("8", "dead-by-tokens")
"""Parts whose tables have so many rows that they are printed only if asked for by name."""

_WIDTH, _HEIGHT = 80, 20
"""Cells of a chart where no terminal says otherwise."""

_WHOLE = 10_000

_NOTE_WIDTH = 100


def drawn(report: Report, table: Figure, width: int, height: int) -> list[Line]:
    """A part as a chart or a text in `width` cells; curves fill `height` lines."""
    match table.name:
        case "totals":
            return totals_lines(report.comparison, width)
        case "overlap":
            return overlap_lines(report.comparison, width)
        case "became":
            return transition_lines(report.transitions, width)
    if isinstance(table.chart, Marks):
        return circle_lines(table.chart, width)
    return chart_lines(table, width, height)


def printed(report: Report, part: str | None, width: int | None, *, as_charts: bool) -> list[list[Line]]:
    """The parts as a command prints them, each with its heading; notes stand once, at the end."""
    tables = [table for table in report.tables if part in (None, table.name)]
    blocks: list[list[Line]] = []
    for table in tables:
        if table.name in TEXTS:
            lines = drawn(report, table, width or _WHOLE, _HEIGHT)
        elif (as_charts or (part is None and table.name in _LONG)) and table.name != "tokens":
            lines = drawn(report, table, width or _WIDTH, _HEIGHT)
        else:
            lines = table_lines(table_text(table), width)
        blocks.append([heading_line(table), BLANK, *lines])
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    said: list[Line] = [((line, "dim"),) for note in notes for line in wrap(printable(note), width or _NOTE_WIDTH)]
    return [*blocks, said] if said else blocks
