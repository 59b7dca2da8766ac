"""The cursor on the curve of a neuron's card: where it reads, how the curve is looked at, where it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.reports.neuron import NeuronView, PositionView
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
    def curve(self) -> tuple[PositionView, Place] | None:
        """The curve to look at and its place; None if there is none."""
        position = self.view.position if self.view is not None else None
        return (position, self.place) if position is not None and self.place is not None else None

    @property
    def reads(self) -> bool:
        """Whether the cursor is on a curve."""
        return self.look.cursor is not None and self.curve is not None

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
        return replace(self, look=self.look.to(at, self.curve[0].profile)) if self.curve is not None else self

    def to_highest(self) -> CurveCursor:
        """At the position where the curve is highest."""
        return self.to(int(self.curve[0].profile.frequency.argmax()) + 1) if self.curve is not None else self

    def moved(self, by: int) -> CurveCursor:
        """Farther along by positions."""
        return self.to(self.look.cursor + by) if self.look.cursor is not None else self

    def moved_far(self, by: int) -> CurveCursor:
        """Farther along by what a column of the chart shows."""
        if self.curve is None:
            return self
        position, place = self.curve
        _, window = cell_of_curve(self.look.within(position.profile), place.width)
        return self.moved(by * window.step)

    def to_edge(self, by: int) -> CurveCursor:
        """At the next position where the neuron goes on or off, or the one before."""
        here = self.look.cursor
        if here is None or self.curve is None:
            return self
        position, _ = self.curve
        edges = sorted({edge for on, off in position.ranges for edge in (on, off + 1)})
        others = [e for e in edges if e > here] if by > 0 else [e for e in reversed(edges) if e < here]
        end = len(position.profile.frequency) if by > 0 else 1
        return self.to(others[0] if others else end)

    def off(self) -> CurveCursor:
        """Off the curve, which shows whole again."""
        return replace(self, look=CurveLook(self.look.curve))

    def on_next_curve(self) -> CurveCursor:
        """On the next of the curves: overall, of each domain, all of them."""
        return replace(self, look=self.look.next_curve(self.curve[0].profile)) if self.curve is not None else self

    def zoomed(self, closer: bool) -> CurveCursor:
        """With less of the curve in sight, or more."""
        return replace(self, look=self.look.zoomed(closer, self.curve[0].profile)) if self.curve is not None else self

    def zoomed_out(self) -> CurveCursor:
        """With the whole curve in sight."""
        return replace(self, look=self.look.whole())

    def at(self, line: int, x: int) -> CurveCursor | None:
        """At the position that a cell of the card shows; None outside the curve."""
        if self.curve is None:
            return None
        position, place = self.curve
        gutter, window = cell_of_curve(self.look.within(position.profile), place.width)
        cell = x - place.x - gutter
        rows = place.height - 1 - sentence_rows(place.width)
        inside = 0 <= cell < window.cells and 1 <= line - place.line <= rows
        return self.to(window.place(cell)) if inside else None
