"""A list of figures and the one of them in sight: what the screens of figures and of comparisons do alike."""

from __future__ import annotations

from typing import ClassVar

from neuron_tui.store.findings.figures import Figure, LabelledRun
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.figure_table import TableText
from neuron_tui.tui.screens.figures.reader import Drawing, FiguresReader
from neuron_tui.tui.widgets.figure_pane import FigureList, FigurePane, TableRows
from neuron_tui.tui.widgets.painting import Said
from neuron_tui.tui.widgets.rows import RowList


class FigureWalk(FiguresReader):
    """Figures, one of them in sight; narrow terminals show it without the list."""

    SUBJECT: ClassVar[str]
    """What the headline says before the runs."""

    all_layers = False
    """Whether histograms are of all layers, not of the bottom half."""

    _name_shown = ""
    """Name of the figure in sight; the first is until one was chosen."""

    # What a screen does with it.

    def show_figure(self) -> None:
        """Show the figure in sight; its chart follows when it is drawn."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw charts for the room there is now."""
        self.want_chart()

    def action_enter(self) -> None:
        """From a row of the table to what it is of; else into the pane."""
        raise NotImplementedError

    @property
    def table_shown(self) -> bool:
        """Whether the figure in sight is shown as its table."""
        raise NotImplementedError

    @property
    def chart_opens(self) -> bool:
        """Whether enter on the chart in sight does what it does on a row."""
        return False

    # What is in sight.

    @property
    def pane(self) -> FigurePane:
        """Where the figure in sight is."""
        return self.query_one(FigurePane)

    @property
    def listed(self) -> list[Figure]:
        """Figures to walk through."""
        return [figure for figure, _ in self._figures]

    @property
    def _place(self) -> int:
        """Place of the figure in sight among all."""
        listed = self.listed
        shown = next((figure for figure in listed if figure.name == self._name_shown), listed[0])
        return [figure for figure, _ in self._figures].index(shown)

    def open_figures(self, facts: tuple[LabelledRun, ...], figures: tuple[tuple[Figure, TableText], ...]) -> None:
        """Show figures that are there now."""
        self._facts, self._figures = facts, figures
        runs = ", ".join(printable(one.label) for one in facts)
        self.query_one(".headline", Said).say(((f" {self.SUBJECT} · {runs}", "strong"),))
        self.query_one(FigureList).show(self.listed, 0)
        self.show_figure()
        if self.has_class("-narrow"):
            self.pane.focus_content()
        else:
            self.query_one(FigureList).focus()

    def want_chart(self) -> None:
        """Have the chart of the figure in sight drawn, unless its table is shown."""
        width, height = self.pane.chart_size
        if self._figures and not self.table_shown and width > 0 and height > 0:
            self.want(Drawing(self._place, width, height, self.all_layers))

    def go_to(self, name: str) -> None:
        """Go to the figure of that name."""
        self.query_one(FigureList).move([figure.name for figure in self.listed].index(name))

    def action_walk(self, by: int) -> None:
        """Go to another figure."""
        if self._figures:
            rows = self.query_one(FigureList)
            rows.move(rows.cursor + by)

    # What threads and widgets say.

    def on_mount(self) -> None:
        """Open the runs in a thread."""
        self.start_making()

    def on_facts_screen_reading(self, event: FiguresReader.Reading) -> None:
        """Say which run is being read."""
        self.pane.show_chart([((printable(event.text), "dim"),)])

    def on_figures_reader_drawn(self, event: FiguresReader.Drawn) -> None:
        """Show a chart, unless another is wanted by now."""
        if event.drawing == self._wanted:
            self.pane.show_chart(event.lines)
        self.drawn(event)

    def on_resized(self) -> None:
        """Draw for the room there is now."""
        self.draw()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another figure was walked to in the list."""
        if isinstance(event.rows, FigureList):
            self._name_shown = self.listed[event.row].name
            self.show_figure()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter: from the list to the figure, from a row to what it is of."""
        if isinstance(event.rows, TableRows) or self.chart_opens:
            self.action_enter()
        else:
            self.pane.focus_content()
