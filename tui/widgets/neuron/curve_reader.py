"""Reading the curve of a neuron's card: a cursor along it, a range of it, the curve of another domain."""

from __future__ import annotations

from itertools import zip_longest
from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.record import PositionProfile
from neuron_tui.tui.drawing.braille import Window
from neuron_tui.tui.drawing.spans import BLANK, Line
from neuron_tui.tui.widgets.neuron.card import Place
from neuron_tui.tui.widgets.neuron.card_position import cell_of_curve, position_lines, sentence_rows
from neuron_tui.tui.widgets.neuron.curve_look import CurveLook
from neuron_tui.tui.widgets.neuron.reader import NeuronReader


class CurveReader(NeuronReader):
    """Draws the curve into the card; what it looks like stays from neuron to neuron."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "chart", "read the curve", show=False, id="neuron.chart"),
        Binding("d", "curve", "another domain's curve", show=False, id="neuron.curve"),
        Binding("plus", "zoom(True)", "closer", show=False, id="neuron.closer"),
        Binding("minus", "zoom(False)", "farther", show=False, id="neuron.farther"),
        Binding("0", "zoom_out", "the whole curve", show=False, id="neuron.zoom_out"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._look = CurveLook()
        self._lines: tuple[Line, ...] = ()

    @property
    def look(self) -> CurveLook:
        """How the curve is looked at."""
        return self._look

    @property
    def reads_curve(self) -> bool:
        """Whether there is a cursor on the curve."""
        return self._look.cursor is not None and self._curve is not None

    def line_at(self, index: int, width: int) -> Line:
        """A line of the card."""
        return self._lines[index] if index < len(self._lines) else BLANK

    def say(self) -> None:
        """Name the keys that matter; subclasses know where."""

    def draw(self) -> None:
        """Lay the curve into the card."""
        card, before = self._card, self._lines
        if card is None:
            self._lines = ()
        else:
            place, view = card.page.curve, card.view
            curve = position_lines(view.record, place.width, place.height, self._look) if view and place else ()
            self._lines = card.page.with_curve(curve)
        pairs = enumerate(zip_longest(before, self._lines))
        changed = [index for index, (old, new) in pairs if old != new]
        # While the pane has the keys an item is lit that need not be where the one before was.
        self.set_line_count(len(self._lines), None if self.has_focus else changed)

    @property
    def _curve(self) -> tuple[PositionProfile, Place] | None:
        """The neuron's curve and its place on the card; None if there is no curve."""
        card = self._card
        if card is None or card.view is None or card.page.curve is None or card.view.record.position is None:
            return None
        return card.view.record.position, card.page.curve

    def _window(self, position: PositionProfile, place: Place) -> tuple[int, Window]:
        return cell_of_curve(self._look.within(position), place.width)

    def _look_at(self, look: CurveLook) -> None:
        """Look at the curve another way, and have it in sight."""
        if look != self._look:
            self._look = look
            self.draw()
        if self._curve is not None:
            place = self._curve[1]
            above, height = self.scroll_offset.y, self.size.height
            if place.line < above or place.line + place.height > above + height:
                self.scroll_to(y=min(place.line, max(0, place.line + place.height - height)), animate=False)
        self.say()

    def put_cursor(self, at: int) -> None:
        """Read the curve at a position, or the nearest there is."""
        if self._curve is not None:
            self._look_at(self._look.to(at, self._curve[0]))

    def position_at(self, line: int, x: int) -> int | None:
        """The position that a cell of the card shows; None outside the curve."""
        if self._curve is None:
            return None
        position, place = self._curve
        gutter, window = self._window(position, place)
        cell = x - place.x - gutter
        rows = place.height - 1 - sentence_rows(place.width)
        return window.place(cell) if 0 <= cell < window.cells and 1 <= line - place.line <= rows else None

    def move_far(self, by: int) -> None:
        """Move the cursor by what a column of the chart shows."""
        if self._curve is not None and self._look.cursor is not None:
            self.put_cursor(self._look.cursor + by * self._window(*self._curve)[1].step)

    def move(self, by: int) -> None:
        """Move the cursor by positions."""
        if self._look.cursor is not None:
            self.put_cursor(self._look.cursor + by)

    def move_to_edge(self, by: int) -> None:
        """Move the cursor to the next position where the neuron goes on or off, or the one before."""
        if self._curve is None or self._look.cursor is None:
            return
        here = self._look.cursor
        edges = sorted({edge for on, off in on_ranges(self._curve[0].frequency) for edge in (on, off + 1)})
        others = [e for e in edges if e > here] if by > 0 else [e for e in reversed(edges) if e < here]
        self.put_cursor(others[0] if others else len(self._curve[0].frequency) if by > 0 else 1)

    def stop_reading(self) -> None:
        """Take the cursor off the curve and show all of it."""
        self._look_at(CurveLook(self._look.curve))

    # Keys.

    def action_chart(self) -> None:
        """Read the curve, from where it is highest; again to stop."""
        if self._curve is None:
            self.notify("There is no curve: the run has no full-length sequence.", severity="warning", markup=False)
        elif self.reads_curve:
            self.stop_reading()
        else:
            self.put_cursor(int(self._curve[0].frequency.argmax()) + 1)

    def action_curve(self) -> None:
        """Show the next of the curves: overall, of each domain, all of them."""
        if self._curve is not None:
            self._look_at(self._look.next_curve(self._curve[0]))

    def action_zoom(self, closer: bool) -> None:
        """Show less of the curve, or more; the keys are the screen's unless the curve is read."""
        if self._curve is None or not self.reads_curve:
            raise SkipAction
        self._look_at(self._look.zoomed(closer, self._curve[0]))

    def action_zoom_out(self) -> None:
        """Show all of the curve."""
        if not self.reads_curve:
            raise SkipAction
        self._look_at(self._look.whole())
