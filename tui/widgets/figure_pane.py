"""One figure: its chart or its table, and below it what must be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from neuron_tui.store.findings.figures import Figure
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.figure_table import TableText
from neuron_tui.tui.drawing.figure_text import note_lines
from neuron_tui.tui.drawing.spans import BLANK, Line, fit
from neuron_tui.tui.widgets.moving import MOVING
from neuron_tui.tui.widgets.painting import LineView, OneLine
from neuron_tui.tui.widgets.rows import RowList

_OURS = "–"
"""Stands for the number of a figure that the paper does not have."""


def number_of(figure: Figure) -> str:
    """The figure's number in the paper, or a dash."""
    return figure.name if figure.name[0].isdigit() else _OURS


class FigureList(RowList):
    """All figures, by number and title."""

    def __init__(self) -> None:
        super().__init__(id="figure-list", header=False)
        self.figures: Sequence[Figure] = ()

    def show(self, figures: Sequence[Figure], cursor: int) -> None:
        """Show the figures there are."""
        self.figures = figures
        self.set_rows(len(figures), cursor)

    def row_line(self, row: int, width: int) -> Line:
        """A figure's number and title."""
        figure = self.figures[row]
        return ((f"{number_of(figure):>4}  ", "strong"), (fit(figure.title, width - 6), ""))


class FigureLine(OneLine):
    """The list folded into a line, for narrow terminals."""

    def __init__(self) -> None:
        super().__init__(id="figure-line")
        self._line: Line = BLANK

    def show(self, figures: Sequence[Figure], place: int) -> None:
        """Show which figure is in sight."""
        numbers = [f"{number_of(figure)}" for figure in figures]
        before, after = " ".join(numbers[:place]), " ".join(numbers[place + 1 :])
        self._line = (("figure ", ""), (f"{before} ", "dim"), (f"▸{numbers[place]}", "mark"), (f" {after}", "dim"))
        self.refresh()

    def line(self, width: int) -> Line:
        """The figures' numbers, the one in sight marked."""
        return ((" ", ""), *self._line)


@dataclass
class Resized(Message):
    """A chart or a table has another room."""


class Lines(LineView, can_focus=True):
    """Lines that the keys scroll."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (*MOVING,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines, from the first."""
        self._lines = lines
        self.set_line_count(len(lines))
        self.scroll_to(y=0, animate=False)

    def line_at(self, index: int, width: int) -> Line:
        """One of them."""
        return self._lines[index] if index < len(self._lines) else BLANK

    def on_resize(self) -> None:
        """Say so."""
        self.post_message(Resized())

    def action_step(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.scroll_to(y=self.scroll_offset.y + by * max(1, self.size.height - 1), animate=False)

    def action_end(self, last: int) -> None:
        """Scroll to the first or the last line."""
        self.scroll_to(y=self.virtual_size.height if last else 0, animate=False)


class TableRows(RowList):
    """The rows of a figure's table."""

    def __init__(self) -> None:
        super().__init__(id="figure-rows", header=False)
        self._text: TableText | None = None
        self._widths: tuple[int, ...] = ()

    def show(self, text: TableText) -> None:
        """Show another table."""
        self._text = text
        self._widths = text.fitted(self.room)
        self.set_rows(len(text.cells), 0)
        self.scroll_to(y=0, animate=False)

    def on_resize(self) -> None:
        """Fit the columns anew."""
        super().on_resize()
        if self._text is not None:
            self._widths = self._text.fitted(self.room)
            self.refresh()
        self.post_message(Resized())

    @property
    def room(self) -> int:
        """Cells that a row may take."""
        return max(20, self.inner_width - 2)

    def row_line(self, row: int, width: int) -> Line:
        """A row of the table."""
        return ((" ", ""), *self._text.row(row, self._widths)) if self._text is not None else BLANK

    def empty_line(self, width: int) -> Line:
        """What stands there if the table is empty."""
        return (("  nothing to show", "dim"),) if self._text is not None else BLANK


class FigurePane(Vertical):
    """A figure as chart or table, with its notes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._figure: Figure | None = None
        self._text: TableText | None = None

    def compose(self) -> ComposeResult:
        """Chart, or headings and rows; notes."""
        yield Lines(id="figure-chart")
        heads = Lines(id="figure-heads")
        heads.can_focus = False
        yield heads
        yield TableRows()
        notes = Lines(id="figure-notes")
        notes.can_focus = False
        yield notes

    @property
    def chart_size(self) -> tuple[int, int]:
        """Cells for a chart."""
        chart = self.query_one("#figure-chart", Lines)
        return chart.inner_width - 1, chart.size.height

    @property
    def rows(self) -> TableRows:
        """The rows of the table."""
        return self.query_one(TableRows)

    def show(self, figure: Figure, text: TableText, *, as_table: bool) -> None:
        """Show a figure; its chart comes with `show_chart`."""
        run = f" · {figure.runs[0]}" if len(figure.runs) == 1 else ""
        number = number_of(figure)
        self.border_title = Content(figure.title if number == _OURS else f"{number}  {figure.title}")
        shown = " · table" if as_table else " · chart" if figure.chart is not None else ""
        self.border_subtitle = Content(f"{figure.reference}{run}{shown}")
        self.set_class(as_table, "-table")
        self._text, self._figure = text, figure
        self.rows.show(text)
        self._lay_out()

    def show_chart(self, lines: Sequence[Line]) -> None:
        """Show the chart of the figure."""
        self.query_one("#figure-chart", Lines).show([((" ", ""), *line) for line in lines])

    def focus_content(self) -> None:
        """Give the keys to what is in sight."""
        (self.rows if self.has_class("-table") else self.query_one("#figure-chart", Lines)).focus()

    def on_resized(self) -> None:
        """Lay headings and notes out anew; the screen hears it too and has the chart drawn again."""
        self._lay_out()

    def _lay_out(self) -> None:
        if self._text is None or self._figure is None:
            return
        notes = self.query_one("#figure-notes", Lines)
        lines = note_lines(self._figure, max(20, self.size.width - 3))
        notes.styles.height = min(len(lines), max(2, self.size.height // 4))
        notes.show([((" ", ""), *line) for line in lines])
        heads = self.query_one("#figure-heads", Lines)
        header = self._text.header(self._text.fitted(self.rows.room))
        heads.styles.height = len(header)
        heads.show([(("  ", ""), *line) for line in header])
