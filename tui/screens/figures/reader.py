"""The threads of the figures: making them of the facts of runs, and drawing charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message

from neuron_tui.store.findings.figures import NAMES, Figure, LabelledRun, build_figure
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.tui.drawing.figure_table import TableText, table_text
from neuron_tui.tui.drawing.figure_text import chart_lines
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.screens.facts_screen import FactsScreen


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn: a figure's place in the list, and the cells it may take."""

    place: int
    width: int
    height: int
    all_layers: bool


class FiguresReader(FactsScreen):
    """A screen on the figures of some runs. Threads read and post messages; who handles them alone touches widgets."""

    @dataclass
    class Built(Message):
        """A thread has made the figures."""

        facts: tuple[LabelledRun, ...]
        figures: tuple[tuple[Figure, TableText], ...]

    @dataclass
    class Drawn(Message):
        """A thread has drawn a chart."""

        drawing: Drawing
        lines: list[Line]

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        self._facts: tuple[LabelledRun, ...] = ()
        self._figures: tuple[tuple[Figure, TableText], ...] = ()
        self._charts: dict[Drawing, list[Line]] = {}
        self._wanted: Drawing | None = None
        self._drawing: Drawing | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind all of the runs; the paper's where they differ, and notes then say whose are others."""
        found = {one.run.manifest.thresholds for one in self._facts}
        return found.pop() if len(found) == 1 else PAPER

    @property
    def under_way(self) -> bool:
        """Whether the figures are still to come: keys typed ahead are meant for them."""
        return not self._figures

    def want(self, drawing: Drawing) -> None:
        """Have a chart drawn, unless it has been; while one is being drawn only the latest wish is kept."""
        self._wanted = drawing
        if drawing in self._charts:
            self.post_message(self.Drawn(drawing, self._charts[drawing]))
        elif self._drawing is None and self._figures:
            self._drawing = drawing
            self.run_worker(partial(self._draw, drawing, self._figures[drawing.place][0]), thread=True, group="draw")

    def drawn(self, event: Drawn) -> None:
        """Keep a chart that is there; go on with the latest wish, if it is another."""
        if any((kept.width, kept.height) != (event.drawing.width, event.drawing.height) for kept in self._charts):
            self._charts.clear()  # the screen has another size by now
        self._charts[event.drawing] = event.lines
        if event.drawing == self._drawing:
            self._drawing = None
            if self._wanted is not None and self._wanted != event.drawing:
                self.want(self._wanted)

    def lines_of(self, figure: Figure, drawing: Drawing) -> list[Line]:
        """The chart of a figure, drawn in a thread."""
        return chart_lines(figure, drawing.width, drawing.height, all_layers=drawing.all_layers)

    def make_of(self, facts: tuple[LabelledRun, ...]) -> None:
        """In a thread: make the figures."""
        self.post_message(self.Reading("making the figures …"))
        figures = [build_figure(name, facts) for name in NAMES]
        self.post_message(self.Built(facts, tuple((figure, table_text(figure)) for figure in figures)))

    def _draw(self, drawing: Drawing, figure: Figure) -> None:
        self.post_message(self.Drawn(drawing, self.lines_of(figure, drawing)))
