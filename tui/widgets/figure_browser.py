"""Figures in a list, one of them in sight as a chart or a table; charts are drawn in a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget

from neuron_tui.store.findings.figures import Figure
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action
from neuron_tui.tui.drawing.figure_table import TableText
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.widgets.figure_pane import FigureList, FigurePane, TableRows
from neuron_tui.tui.widgets.rows import RowList

Draw = Callable[[Figure, int, int], list[Line]]
"""Draws the chart of a figure in so many cells and lines; called in a thread."""

Listed = tuple[Figure, TableText]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart that is to be drawn: of which figure, in how many cells and lines, and how."""

    name: str
    width: int
    height: int
    draw: Draw


def browser_actions(place: str, thing: str) -> tuple[Action, ...]:
    """What the keys do in a screen of figures: go from one `thing` to the next, show it as a chart or a table."""
    return (
        Action(
            f"{place}.before",
            "left,h",
            "walk(-1)",
            f"{thing} before",
            f"go to the {thing} before or after; ↑ ↓ walk the list, or the rows of a table.",
            with_=(f"{place}.next",),
            shown="← →  h l",
            priority=True,
        ),
        Action(f"{place}.next", "right,l", "walk(1)", f"next {thing}", priority=True),
        Action(
            f"{place}.table",
            "t",
            "table",
            "chart or table",
            "shows the table in place of the chart, or the chart again.",
            palette="Chart or table",
        ),
    )


class FigureBrowser(Horizontal):
    """The list of figures and the pane of the one in sight, with other widgets between them where a screen has some.

    `as_table` says of a figure whether it is shown as its table; `show` has that looked at again.
    """

    @dataclass
    class Shown(Message):
        """Another figure is in sight, or the same one otherwise."""

        figure: Figure

    @dataclass
    class Entered(Message):
        """Enter on a figure of the list, or on a row of its table."""

        on_row: bool

    def __init__(self, draw: Draw, as_table: Callable[[Figure], bool], between: Sequence[Widget] = ()) -> None:
        super().__init__(id="figure-browser")
        self._draw, self._as_table, self._between = draw, as_table, between
        self.figures: tuple[Listed, ...] = ()
        self._hidden: Collection[str] = ()
        self._name_shown = ""
        self._charts: dict[Drawing, list[Line]] = {}
        self._wanted: Drawing | None = None
        self._drawing: Latest[Drawing, list[Line]] = Latest(self, self._draw_chart, self._drawn)

    def compose(self) -> ComposeResult:
        """The list, what stands between, the figure in sight."""
        yield FigureList()
        yield from self._between
        yield FigurePane(id="pane-shown")

    # What is in sight.

    @property
    def pane(self) -> FigurePane:
        """The pane of the figure in sight."""
        return self.query_one("#pane-shown", FigurePane)

    @property
    def listed(self) -> list[Figure]:
        """The figures to walk through."""
        return [figure for figure, _ in self.figures if figure.name not in self._hidden]

    @property
    def figure(self) -> Figure | None:
        """The figure in sight: the one last walked to, else the first of the list; None before there are any."""
        listed = self.listed
        return next((figure for figure in listed if figure.name == self._name_shown), listed[0] if listed else None)

    @property
    def place(self) -> int:
        """Place of the figure in sight in the list."""
        return [figure.name for figure in self.listed].index(self._name_shown)

    @property
    def up_to_date(self) -> bool:
        """Whether the figure in sight is shown, and its chart drawn for the room there is."""
        if self.figure is None:
            return False
        if self._as_table(self.figure):
            return bool(self.pane.rows.size.height)
        wanted = self._wanted
        return wanted is not None and wanted == self._chart_of(self.figure) and wanted in self._charts

    def show_text(self, text: str) -> None:
        """Say something where the chart will be."""
        self.pane.show_chart([((printable(text), "dim"),)])

    def open(self, figures: Sequence[Listed]) -> None:
        """Show figures that are there now, and give them the keys."""
        self.figures = tuple(figures)
        self.hide(self._hidden)
        if self._folded:
            self.pane.focus_content()
        else:
            self.query_one(FigureList).focus()

    def hide(self, names: Collection[str]) -> None:
        """Leave figures out of the list, as they are shown elsewhere."""
        self._hidden = names
        if self.figure is not None:
            self._name_shown = self.figure.name
            self.query_one(FigureList).show(self.listed, self.place)
            self.show()

    def draw_with(self, draw: Draw) -> None:
        """Draw charts otherwise from now on."""
        self._draw = draw
        self.show()

    def show(self) -> None:
        """Show the figure in sight; its chart follows when it is drawn."""
        figure = self.figure
        if figure is None:
            return
        self._name_shown = figure.name
        text = next(text for one, text in self.figures if one is figure)
        in_pane = self.pane.has_focus_within
        self.pane.show_chart(())
        self.pane.show(figure, text, as_table=self._as_table(figure))
        if in_pane or self._folded:
            self.pane.focus_content()
        self.post_message(self.Shown(figure))
        self.call_after_refresh(self.draw)

    @property
    def _folded(self) -> bool:
        """Whether the terminal is too narrow for the list."""
        return self.screen.has_class("-narrow")

    # Walking.

    def walk(self, by: int) -> None:
        """Go to another figure of the list."""
        rows = self.query_one(FigureList)
        rows.move(rows.cursor + by)

    def go_to(self, name: str) -> None:
        """Go to the figure of that name."""
        self.query_one(FigureList).move([figure.name for figure in self.listed].index(name))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another figure was walked to in the list."""
        if isinstance(event.rows, FigureList):
            event.stop()
            self._name_shown = self.listed[event.row].name
            self.show()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter in the list or the table: the screen knows where that leads."""
        event.stop()
        self.post_message(self.Entered(isinstance(event.rows, TableRows)))

    # Charts.

    def draw(self) -> None:
        """Have the chart of the figure in sight drawn for the room there is, unless its table is shown."""
        if self.figure is None or self._as_table(self.figure):
            return
        self._wanted = wanted = self._chart_of(self.figure)
        if wanted in self._charts:
            self.pane.show_chart(self._charts[wanted])
        elif wanted.width > 0 and wanted.height > 0:
            self._drawing.request(wanted)

    def on_resized(self) -> None:
        """Draw for the room there is now."""
        self.draw()

    def _chart_of(self, figure: Figure) -> Drawing:
        return Drawing(figure.name, *self.pane.chart_size, self._draw)

    def _draw_chart(self, drawing: Drawing) -> list[Line]:
        """In a thread: draw a chart."""
        figure = next(figure for figure, _ in self.figures if figure.name == drawing.name)
        return drawing.draw(figure, drawing.width, drawing.height)

    def _drawn(self, drawing: Drawing, lines: list[Line]) -> None:
        """Keep a chart, and show it unless another is wanted by now."""
        if any((kept.width, kept.height) != (drawing.width, drawing.height) for kept in self._charts):
            self._charts.clear()  # the terminal has another size by now
        self._charts[drawing] = lines
        if drawing == self._wanted:
            self.pane.show_chart(lines)
