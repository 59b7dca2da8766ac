"""The threads of the figures: opening runs, making figures of them, drawing charts, writing files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message
from textual.screen import Screen

from neuron_tui.store import open_run
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.figures import NAMES, Figure, RunFacts, build_figure, labels, read_facts
from neuron_tui.store.thresholds import PAPER, Thresholds
from neuron_tui.tui.drawing.figure_table import TableText, table_text
from neuron_tui.tui.drawing.figure_text import chart_lines
from neuron_tui.tui.drawing.spans import Line


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn: a figure's place in the list, and the cells it may take."""

    place: int
    width: int
    height: int
    all_layers: bool


class FiguresReader(Screen[None]):
    """A screen on the figures of some runs. Threads read and post messages; who handles them alone touches widgets."""

    @dataclass
    class Reading(Message):
        """A thread is reading a run."""

        text: str

    @dataclass
    class Built(Message):
        """A thread has made the figures."""

        facts: tuple[RunFacts, ...]
        figures: tuple[tuple[Figure, TableText], ...]

    @dataclass
    class Drawn(Message):
        """A thread has drawn a chart."""

        drawing: Drawing
        lines: list[Line]

    @dataclass
    class Exported(Message):
        """A thread has written a figure to a file, or could not: `problem` says why."""

        path: Path
        problem: str | None

    @dataclass
    class Failed(Message):
        """A run cannot be read."""

        problem: str

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = tuple(paths)
        self._facts: tuple[RunFacts, ...] = ()
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

    def start_reading(self) -> None:
        """Open the runs in a thread."""
        self.run_worker(self._read, thread=True, group="read")

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

    def write(self, path: Path, writing: Callable[[], None]) -> None:
        """Have a file written, and say how it went."""
        self.run_worker(partial(self._write, path, writing), thread=True, group="write")

    def facts_read(self) -> list[RunFacts]:
        """The facts of the runs, read in a thread that says how far it is; raises as `open_run` and `read_facts`."""
        runs = [open_run(path) for path in self._paths]
        facts = []
        for place, (run, label) in enumerate(zip(runs, labels(runs), strict=True), 1):
            self.post_message(self.Reading(f"reading {label} ({place} of {len(runs)}) …"))
            facts.append(read_facts(run, label))
        return facts

    def lines_of(self, figure: Figure, drawing: Drawing) -> list[Line]:
        """The chart of a figure, drawn in a thread."""
        return chart_lines(figure, drawing.width, drawing.height, all_layers=drawing.all_layers)

    def _read(self) -> None:
        try:
            facts = self.facts_read()
            self.post_message(self.Reading("making the figures …"))
            figures = [build_figure(name, facts) for name in NAMES]
            self.post_message(self.Built(tuple(facts), tuple((figure, table_text(figure)) for figure in figures)))
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error)))

    def _draw(self, drawing: Drawing, figure: Figure) -> None:
        self.post_message(self.Drawn(drawing, self.lines_of(figure, drawing)))

    def _write(self, path: Path, writing: Callable[[], None]) -> None:
        problem = None
        try:
            writing()
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{path} cannot be written: {error.strerror or error}\nChoose another place."
        self.post_message(self.Exported(path, problem))
