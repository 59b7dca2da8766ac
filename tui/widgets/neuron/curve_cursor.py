"""The cursor on the curve of a neuron's card: where it reads, how the curve is looked at, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.reports.neuron import NeuronView
from neuron_tui.tui.widgets.neuron.card import Card, Place
from neuron_tui.tui.widgets.neuron.card_position import cell_of_curve, position_lines, sentence_rows
from neuron_tui.tui.widgets.neuron.curve_look import CurveLook

_WHOLE = CurveLook()


@dataclass(frozen=True, slots=True)
class CurveCursor:
    """`look` stays from neuron to neuron; `view` and `place` are the neuron in sight and the curve's place on its card.

    Without a curve every movement leaves it as it is.
    """

    look: CurveLook = _WHOLE
    view: NeuronView | None = None
    place: Place | None = None

    @property
    def has_curve(self) -> bool:
        """Whether there is a curve to look at."""
        return self.place is not None and self.view is not None and self.view.position is not None

    @property
    def reads(self) -> bool:
        """Whether the cursor is on a curve."""
        return self.look.cursor is not None and self.has_curve

    def lines(self) -> list[Line]:
        """The part of the card on position."""
        if self.view is None or self.place is None:
            return []
        return position_lines(self.view, self.place.width, self.place.height, self.look)

    def on_card(self, card: Card | None) -> CurveCursor:
        """The same on another card."""
        return CurveCursor(self.look, card.view, card.curve) if card is not None else CurveCursor(self.look)

    def to(self, at: int) -> CurveCursor:
        """At a position, or the nearest there is."""
        if self.view is None or self.view.position is None or self.place is None:
            return self
        return replace(self, look=self.look.to(at, self.view.position.profile))

    def to_highest(self) -> CurveCursor:
        """At the position where the curve is highest."""
        if self.view is None or self.view.position is None:
            return self
        return self.to(int(self.view.position.profile.frequency.argmax()) + 1)

    def moved(self, by: int) -> CurveCursor:
        """Farther along by positions."""
        return self.to(self.look.cursor + by) if self.look.cursor is not None else self

    def moved_far(self, by: int) -> CurveCursor:
        """Farther along by what a column of the chart shows."""
        if self.view is None or self.view.position is None or self.place is None:
            return self
        _, window = cell_of_curve(self.look.within(self.view.position.profile), self.place.width)
        return self.moved(by * window.step)

    def to_edge(self, by: int) -> CurveCursor:
        """At the next position where the neuron goes on or off, or the one before."""
        here = self.look.cursor
        if here is None or self.view is None or self.view.position is None:
            return self
        edges = sorted({edge for on, off in self.view.position.ranges for edge in (on, off + 1)})
        others = [e for e in edges if e > here] if by > 0 else [e for e in reversed(edges) if e < here]
        end = len(self.view.position.profile.frequency) if by > 0 else 1
        return self.to(others[0] if others else end)

    def off(self) -> CurveCursor:
        """Off the curve, which shows whole again."""
        return replace(self, look=CurveLook(self.look.curve))

    def on_next_curve(self) -> CurveCursor:
        """On the next of the curves: overall, of each domain, all of them."""
        if self.view is None or self.view.position is None or self.place is None:
            return self
        return replace(self, look=self.look.next_curve(self.view.position.profile))

    def zoomed(self, closer: bool) -> CurveCursor:
        """With less of the curve in sight, or more."""
        if self.view is None or self.view.position is None or self.place is None:
            return self
        return replace(self, look=self.look.zoomed(closer, self.view.position.profile))

    def zoomed_out(self) -> CurveCursor:
        """With the whole curve in sight."""
        return replace(self, look=self.look.whole())

    def at(self, line: int, x: int) -> CurveCursor | None:
        """At the position that a cell of the card shows; None outside the curve."""
        if self.view is None or self.view.position is None or self.place is None:
            return None
        gutter, window = cell_of_curve(self.look.within(self.view.position.profile), self.place.width)
        cell = x - self.place.x - gutter
        rows = self.place.height - 1 - sentence_rows(self.place.width)
        inside = 0 <= cell < window.cells and 1 <= line - self.place.line <= rows
        return self.to(window.place(cell)) if inside else None
