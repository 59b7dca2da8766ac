"""The threads of a comparison: reading runs, comparing them, drawing its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from neuron_tui.store.findings.comparison.report import Report, make_report
from neuron_tui.store.findings.figures import Figure, LabelledRun
from neuron_tui.tui.drawing.comparison_parts import drawn
from neuron_tui.tui.drawing.figure_table import TableText, table_text
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.screens.figures.reader import Drawing
from neuron_tui.tui.screens.figures.walk import FigureWalk


class ComparisonReader(FigureWalk):
    """A screen on a comparison: its parts stand where the figures do."""

    @dataclass
    class Compared(Message):
        """A thread has compared the runs."""

        facts: tuple[LabelledRun, ...]
        report: Report
        parts: tuple[tuple[Figure, TableText], ...]

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        self._report: Report | None = None

    def lines_of(self, figure: Figure, drawing: Drawing) -> list[Line]:
        """A part of the comparison, drawn in a thread."""
        assert self._report is not None
        return drawn(self._report, figure, drawing.width, drawing.height)

    def make_of(self, facts: tuple[LabelledRun, ...]) -> None:
        """In a thread: compare the runs."""
        self.post_message(self.Reading("comparing …"))
        report = make_report(facts)
        self.post_message(self.Compared(facts, report, tuple((table, table_text(table)) for table in report.tables)))
