"""A list of rows with a cursor that holds any number of them: only rows in sight are ever made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import BLANK, Line
from neuron_tui.tui.widgets.moving import MOVING
from neuron_tui.tui.widgets.painting import LineView, paint

CURSOR = "▸"


class RowList(LineView, can_focus=True):
    """Rows under a header that stays; subclasses say what a row reads, and what role lies over the cursor's."""

    OVER_CURSOR: ClassVar[str] = "cursor"

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *MOVING,
        Action("list.choose", "enter", "choose", "open"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        rows: RowList
        row: int

        @property
        def control(self) -> RowList:
            """The list it happened in."""
            return self.rows

    @dataclass
    class Chosen(Message):
        """A row was chosen with enter or a double click."""

        rows: RowList
        row: int

        @property
        def control(self) -> RowList:
            """The list it happened in."""
            return self.rows

    @dataclass
    class HeaderClicked(Message):
        """The header was clicked at a cell."""

        rows: RowList
        x: int

        @property
        def control(self) -> RowList:
            """The list it happened in."""
            return self.rows

    def __init__(self, *, id: str | None = None, header: bool = True) -> None:  # noqa: A002
        super().__init__(id=id)
        self._header = int(header)
        self._count = 0
        self._cursor = 0

    # What subclasses say.

    def header_line(self, width: int) -> Line:
        """The header in `width` cells."""
        return BLANK

    def row_line(self, row: int, width: int) -> Line:
        """A row in `width` cells, without the cursor's mark."""
        return BLANK

    def empty_line(self, width: int) -> Line:
        """What stands in the place of the first row if there are none."""
        return BLANK

    # State.

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    @property
    def cursor(self) -> int:
        """The row under the cursor; 0 if there are none."""
        return self._cursor

    def set_rows(self, count: int, cursor: int) -> None:
        """Show `count` rows with the cursor on one of them; says nothing of a move."""
        self._count = count
        self._cursor = max(0, min(cursor, count - 1))
        self.set_line_count(count + self._header)
        self._reveal()

    def move(self, row: int) -> None:
        """Put the cursor on a row, or the nearest there is, and say so."""
        row = max(0, min(row, self._count - 1))
        if row == self._cursor or not self._count:
            return
        before, self._cursor = self._cursor, row
        self._repaint(before)
        self._repaint(row)
        self._reveal()
        self.post_message(self.Moved(self, row))

    def repaint_cursor(self) -> None:
        """Paint the row under the cursor again."""
        self._repaint(self._cursor)

    # Painting.

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line in sight."""
        width = self.line_width
        if y < self._header:
            return paint(self, self.header_line(width), width, self.base_style)
        row = y - self._header + self.scroll_offset.y
        if row >= self._count:
            return paint(self, self.empty_line(width) if row == 0 else BLANK, width, self.base_style)
        here = row == self._cursor
        line: Line = ((CURSOR if here else " ", "mark"), *self.row_line(row, width - 1))
        over = (self.OVER_CURSOR if self.has_focus else "blurred") if here else ""
        return paint(self, line, width, self.base_style, over)

    def _repaint(self, row: int) -> None:
        y = row - self.scroll_offset.y + self._header
        self.refresh(Region(0, y, self.size.width, 1))

    def _reveal(self) -> None:
        visible = self.size.height - self._header
        if visible <= 0:
            return
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= top + visible:
            self.scroll_to(y=self._cursor - visible + 1, animate=False)

    # What people do.

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    def on_focus(self) -> None:
        """The cursor looks different in the list that has the keys."""
        self.repaint_cursor()

    def on_blur(self) -> None:
        """See `on_focus`."""
        self.repaint_cursor()

    def on_click(self, event: events.Click) -> None:
        """Select the row clicked; twice chooses it."""
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y < self._header:
            self.post_message(self.HeaderClicked(self, place.x))
            return
        row = place.y - self._header + self.scroll_offset.y
        if row < self._count:
            self.move(row)
            if event.chain == 2:
                self.post_message(self.Chosen(self, row))

    def action_step(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.move(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by a page."""
        self.move(self._cursor + by * max(1, self.size.height - self._header - 1))

    def action_end(self, last: int) -> None:
        """Move the cursor to the first or the last row."""
        self.move(self._count - 1 if last else 0)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self._count:
            self.post_message(self.Chosen(self, self._cursor))
