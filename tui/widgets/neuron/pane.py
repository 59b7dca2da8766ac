"""The neuron pane: one neuron on a card, a cursor on its n-grams, tokens and contexts, and one on its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.samples import LINE, REACHES
from neuron_tui.store.tokens import gram_text
from neuron_tui.tui.actions import bindings
from neuron_tui.tui.drawing.spans import BLANK, Line
from neuron_tui.tui.terminal.textual_internals import retitle_border
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, TRIGGER
from neuron_tui.tui.widgets.neuron.card import Card, CardShape
from neuron_tui.tui.widgets.neuron.curve_cursor import CurveCursor
from neuron_tui.tui.widgets.neuron.curve_look import CurveLook
from neuron_tui.tui.widgets.neuron.item_cursor import ItemCursor
from neuron_tui.tui.widgets.neuron.keys import ACTIONS, NOTES, hints
from neuron_tui.tui.widgets.neuron.loader import NeuronLoader
from neuron_tui.tui.widgets.painting import LineView, paint


class NeuronPane(LineView, can_focus=True):
    """Shows the neuron last asked for."""

    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES = NOTES

    @dataclass
    class TokenAsked(Message):
        """Which neurons fire on this n-gram? `shown` is how people see it."""

        ids: tuple[int, ...]
        shown: str

    @dataclass
    class NeighbourWanted(Message):
        """Another neuron of the list is asked for: the one before (-1) or after (+1)."""

        by: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.loader = NeuronLoader(self, self._go_on)
        self._address: Address | None = None
        self._neighbours: tuple[Address, ...] = ()
        self._card: Card | None = None
        self._lines: tuple[Line, ...] = ()
        self._settings = CardShape(0, 0)
        self._curve = CurveCursor()
        self._at = ItemCursor()
        self._came_from: ItemCursor | None = None
        self._to_contexts = False

    @property
    def shape(self) -> CardShape:
        """What cards are laid out for."""
        return replace(self._settings, width=self.inner_width, height=self.size.height)

    @property
    def at(self) -> ItemCursor:
        """What the cursor is on."""
        return self._at

    @property
    def look(self) -> CurveLook:
        """How the curve is looked at."""
        return self._curve.look

    @property
    def card(self) -> Card | None:
        """The card in sight."""
        return self._card

    @property
    def up_to_date(self) -> bool:
        """Whether the card in sight is the one last asked for, in the pane's shape."""
        if self._address is None:
            return self._card is None
        return self._card is not None and (self._card.address, self._card.shape) == (self._address, self.shape)

    def use(self, run: Run) -> None:
        """The run that neurons are read from."""
        self.loader.use(run)

    def set_order(self, order: int) -> None:
        """Show triggers for another n."""
        self._set(replace(self._settings, order=order))

    def toggle_long(self) -> None:
        """Show all stored triggers and effects, or a few again."""
        self._set(replace(self._settings, long=not self._settings.long))

    def show(self, address: Address | None, neighbours: Sequence[Address] = ()) -> None:
        """Show a neuron as soon as it is read; read its neighbours after it."""
        if address != self._address:  # the n-gram was one of the neuron before
            self._settings = replace(self._settings, on=())
            self._came_from, self._to_contexts = None, False
        self._address, self._neighbours = address, tuple(neighbours)
        self._go_on()

    def _go_on(self) -> None:
        """Show the neuron asked for if its card is there; have read what is not."""
        shape = self.shape
        if self._address is None:
            self._show_card(None)
        elif shape.width > 0 and shape.height > 0:  # not folded away
            if (card := self.loader.card(self._address, shape)) is not None:
                self._show_card(card)
            # An n-gram is chosen for one neuron, and more than a line of each context is too much to read ahead.
            ahead = self._neighbours if shape.reach == LINE and not shape.on else ()
            self.loader.load((self._address, *ahead), shape)

    def _show_card(self, card: Card | None) -> None:
        """Show a card; of another neuron from its top, unless the pane is walked in."""
        if card is (before := self._card):
            return
        self._card, self._curve = card, self._curve.on_card(card)
        other = card is not None and (before is None or before.address != card.address)
        if other and not self.has_focus:
            self._at = ItemCursor()
        self._at = self._at.on_card(card.items if card is not None else ())
        retitle_border(self, card.title if card is not None else "Neuron")
        self._draw()
        if other and not self.has_focus:
            self.scroll_to(y=0, animate=False)
        elif card is not None and before is not None and card.shape.height != before.shape.height and self.has_focus:
            self._go(self._at)  # in sight also after the terminal has changed its size
        if self._to_contexts and self.up_to_date:
            self._to_contexts = False
            self._show_contexts()
        self._name_keys()

    def on_resize(self) -> None:
        """Lay the card out for the new size."""
        self._go_on()

    def line_at(self, index: int, width: int) -> Line:
        """A line of the card."""
        return self._lines[index] if index < len(self._lines) else BLANK

    def _draw(self) -> None:
        """Lay the curve into the card, and paint the lines that differ."""
        before, self._lines = self._lines, self._card.with_curve(self._curve.lines()) if self._card is not None else ()
        changed = [i for i, (old, new) in enumerate(zip_longest(before, self._lines)) if old != new]
        # While the pane has the keys an item is lit that need not be where the one before was.
        self.set_line_count(len(self._lines), None if self.has_focus else changed)

    def render_line(self, y: int) -> Strip:
        """A line in sight, the item under the cursor lit while the pane has the keys."""
        width, index = self.line_width, y + self.scroll_offset.y
        line = self.line_at(index, width)
        strip = paint(self, line, width, self.base_style)
        if not self.has_focus:
            return strip
        for x, cells, role in self._at.lit(index):
            lit = paint(self, line, width, self.base_style, over=role)
            strip = Strip.join([strip.crop(0, x), lit.crop(x, x + cells), strip.crop(x + cells)])
        return strip

    def _name_keys(self) -> None:
        """Name the keys that matter on the lower border, as many as fit."""
        shown, at, room = self.has_focus and self._card is not None, self._at, self.size.width - 4
        text = hints(at.item, self._curve.reads, bool(self._settings.on), room, at.value) if shown else ""
        if text != str(self.border_subtitle):
            self.border_subtitle = Content(text)

    def _set(self, settings: CardShape) -> None:
        self._settings = settings
        self._go_on()
        self._name_keys()

    def _bring_in_sight(self, top: int, bottom: int) -> None:
        """Scroll to some lines, the second not included, if they are not in sight."""
        above, height = self.scroll_offset.y, self.size.height
        if top < above:
            self.scroll_to(y=top, animate=False)
        elif bottom > above + height:
            self.scroll_to(y=max(0, min(top, bottom - height)), animate=False)

    def _go(self, cursor: ItemCursor) -> None:
        """Put the cursor somewhere, and bring that in sight."""
        self._at = cursor
        if cursor.lines is not None:
            self._bring_in_sight(*cursor.lines)
        self._name_keys()
        self.refresh()

    def _read(self, cursor: CurveCursor) -> None:
        """Put the cursor on the curve somewhere, or look at it another way, and bring it in sight."""
        if cursor.look != self._curve.look:
            self._curve = cursor
            self._draw()
        if cursor.curve is not None:
            _, place = cursor.curve
            self._bring_in_sight(place.line, place.line + place.height)
        self._name_keys()

    def _show_contexts(self) -> None:
        """Put the cursor on a context; if not all of them are in sight, begin with where it is."""
        on_context = self._at.item is not None and self._at.item.part == CONTEXT
        self._go(self._at if on_context else self._at.first(CONTEXT))
        item, lines = self._at.item, self._at.lines
        if item is None or lines is None or self.virtual_size.height <= self.scroll_offset.y + self.size.height:
            return
        top = max(0, item.line - (3 if item.index == 0 else 1))
        self.scroll_to(y=top if lines[1] <= top + self.size.height else lines[0], animate=False)

    def _scroll(self, by: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor shows, and the keys are named, while the pane has the keys."""
        super().watch_has_focus(has_focus)
        self._name_keys()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on what is clicked, or on the curve; twice chooses it."""
        if (offset := event.get_content_offset(self)) is None:
            return
        place = offset.y + self.scroll_offset.y, offset.x
        reading, cursor = self._curve.at(*place), self._at.at(*place)
        if reading is not None:
            self._read(reading)
        elif cursor is not None:
            self._go(cursor)
            if event.chain == 2:
                self.action_choose()

    # Keys. While the curve is read they move on it.

    def action_step(self, by: int) -> None:
        """Go to the item above or below; beyond the first and the last, scroll."""
        top = self.scroll_offset.y
        cursor = self._at.step(by, top, top + self.size.height)
        if cursor is self._at:
            self._scroll(by)
        else:
            self._go(cursor)

    def action_page(self, by: int) -> None:
        """Scroll by a page; the cursor follows when it is next moved."""
        self._scroll(by * max(1, self.size.height - 1))

    def action_end(self, last: int) -> None:
        """Go to the first item or the last, with all that is above or below it."""
        if self._curve.reads:
            self._read(self._curve.to(1 << 30 if last else 1))
            return
        self._go(self._at.far(last))
        self.scroll_to(y=self.max_scroll_y if last else 0, animate=False)

    def action_sideways(self, by: int) -> None:
        """Go to another neuron; on the curve, along it."""
        if self._curve.reads:
            self._read(self._curve.moved_far(by))
        else:
            self.post_message(self.NeighbourWanted(by))

    def action_aside(self, by: int) -> None:
        """Choose another token of a context, or the list beside; on the curve, go by one position."""
        if self._curve.reads:
            self._read(self._curve.moved(by))
        else:
            self._go(self._at.aside(by))

    def action_part(self, by: int) -> None:
        """Go to the part above or below; on the curve, to where it goes on or off."""
        if self._curve.reads:
            self._read(self._curve.to_edge(by))
        else:
            self._go(self._at.part(by))

    def action_chart(self) -> None:
        """Read the curve, from where it is highest; again to stop."""
        if self._curve.curve is None:
            self.notify("There is no curve: the run has no full-length sequence.", severity="warning", markup=False)
        else:
            self._read(self._curve.off() if self._curve.reads else self._curve.to_highest())

    def action_curve(self) -> None:
        """Show the next of the curves: overall, of each domain, all of them."""
        self._read(self._curve.on_next_curve())

    def action_zoom(self, closer: bool) -> None:
        """Show less of the curve, or more; the keys are the screen's unless the curve is read."""
        if not self._curve.reads:
            raise SkipAction
        self._read(self._curve.zoomed(closer))

    def action_zoom_out(self) -> None:
        """Show all of the curve."""
        if not self._curve.reads:
            raise SkipAction
        self._read(self._curve.zoomed_out())

    def action_ask(self) -> None:
        """Ask which neurons fire on what the cursor is on."""
        if (asked := self._at.asked) is not None and self._card is not None and self._card.view is not None:
            ids, forms = asked
            self.post_message(self.TokenAsked(ids, gram_text(forms, self._card.view.spelling)))

    def action_only(self) -> None:
        """Show only contexts of the trigger under the cursor; all again."""
        if self._settings.on:
            if self._came_from is not None:
                self._go(self._at.on(self._came_from.item))
            self._set(replace(self._settings, on=()))
        elif (item := self._at.item) is not None and item.part == TRIGGER:
            self._came_from, self._to_contexts = self._at, True
            self._set(replace(self._settings, on=item.ids))

    def action_choose(self) -> None:
        """A trigger: its contexts; anything else: which neurons fire on it."""
        if self._at.item is not None and self._at.item.part == TRIGGER:
            self.action_only()
        else:
            self.action_ask()

    def action_widen(self) -> None:
        """Show more text of each context, or a line again."""
        self._to_contexts = True
        self._set(replace(self._settings, reach=(self._settings.reach + 1) % len(REACHES)))

    def action_highest(self) -> None:
        """Show the contexts of the highest values, or the sampled ones again."""
        self._to_contexts = True
        self._set(self._settings.other_kind())

    def action_leave(self) -> None:
        """Stop reading the curve, or show all contexts; otherwise the key is the screen's."""
        if self._curve.reads:
            self._read(self._curve.off())
        elif self._settings.on:
            self.action_only()
        else:
            raise SkipAction
