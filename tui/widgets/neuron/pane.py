"""The neuron pane: one neuron on a card, a cursor on its n-grams, tokens and contexts, and one on its curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from neuron_tui.store.neurons.samples import REACHES
from neuron_tui.store.tokens import gram_text
from neuron_tui.tui.terminal.textual_internals import retitle_border
from neuron_tui.tui.widgets.moving import MOVING
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, TRIGGER
from neuron_tui.tui.widgets.neuron.card import CardShape
from neuron_tui.tui.widgets.neuron.curve_reader import CurveReader
from neuron_tui.tui.widgets.neuron.item_cursor import ItemCursor
from neuron_tui.tui.widgets.neuron.reader import Address, Card
from neuron_tui.tui.widgets.painting import paint


class NeuronPane(CurveReader, can_focus=True):
    """Shows the neuron last asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        Binding("space", "page(1)", "a page down", show=False, id="neuron.page_down"),
        Binding("left,h", "sideways(-1)", "neuron before", show=False, id="neuron.before"),
        Binding("right,l", "sideways(1)", "neuron after", show=False, id="neuron.after"),
        Binding("shift+left,comma", "aside(-1)", "token before", show=False, id="neuron.token_before"),
        Binding("shift+right,full_stop", "aside(1)", "token after", show=False, id="neuron.token_after"),
        Binding("left_curly_bracket", "part(-1)", "part above", show=False, id="neuron.part_above"),
        Binding("right_curly_bracket", "part(1)", "part below", show=False, id="neuron.part_below"),
        Binding("t", "ask", "which neurons fire on it", show=False, id="neuron.ask"),
        Binding("f", "only", "only its contexts", show=False, id="neuron.only"),
        Binding("enter", "choose", "choose", show=False, id="neuron.choose"),
        Binding("w", "widen", "more text", show=False, id="neuron.widen"),
        Binding("escape", "leave", "leave", show=False, id="neuron.leave"),
    ]

    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "go over the neuron's triggers, tokens and contexts; { and } from one part to the next."),
        ("pgup pgdn", "scroll by a page, as the wheel does; a click puts the cursor on what is clicked."),
        ("← →  h l", "go to the neuron before or after; n and p do so from any pane."),
        (", .", "choose a token of the context under the cursor, as shift+← and shift+→ do."),
        ("t", "shows which neurons fire on the n-gram or token under the cursor."),
        ("f  enter", "on a trigger: shows only its contexts; f again, or escape, shows all."),
        ("w", "shows contexts as a line each, as passages, as whole sequences, and as lines again."),
        ("c", "reads the curve: ← and → move, with shift by one position, { and } to where it goes on or off."),
        ("+ - 0", "while the curve is read: show less of it, more of it, all of it. Escape leaves."),
        ("d", "shows the curve overall, of each domain, of all of them above each other."),
        ("● ○", "mark covering n-grams: on ● it is active often enough for a detector's trigger, on ○ less often."),
        ("┊", "in whole sequences: beyond it the run does not know where the neuron is active."),
    )

    @dataclass
    class TokenAsked(Message):
        """Which neurons fire on this n-gram? `shown` is how people see it."""

        ids: tuple[int, ...]
        shown: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._settings = CardShape(0, 0)
        self._at = ItemCursor()
        self._came_from: ItemCursor | None = None
        self._to_contexts = False

    def commands(self) -> Iterator[SystemCommand]:
        """What the pane does, for the command palette."""
        yield SystemCommand("Fires on it", "Show which neurons fire on what the cursor is on (t)", self.action_ask)
        yield SystemCommand("Its contexts", "Show only contexts of this trigger, or all (f)", self.action_only)
        yield SystemCommand("Wider contexts", "Show more text of each context, or lines again (w)", self.action_widen)
        yield SystemCommand("Read the curve", "Read the frequency at a position, or stop (c)", self.action_chart)
        yield SystemCommand("Another curve", "Show the curve of another domain, or of all (d)", self.action_curve)

    @property
    def shape(self) -> CardShape:
        """What cards are laid out for."""
        return replace(self._settings, width=self.inner_width, height=self.size.height)

    @property
    def at(self) -> ItemCursor:
        """What the cursor is on."""
        return self._at

    def set_order(self, order: int) -> None:
        """Show triggers for another n."""
        self._set(replace(self._settings, order=order))

    def toggle_long(self) -> None:
        """Show all stored triggers and effects, or a few again."""
        self._set(replace(self._settings, long=not self._settings.long))

    def show(self, wanted: Address | None, neighbours: Sequence[Address] = ()) -> None:
        """Show a neuron as soon as it is read; read its neighbours after it."""
        if wanted != self._wanted:  # the n-gram was one of the neuron before
            self._settings = replace(self._settings, on=())
            self._came_from, self._to_contexts = None, False
        super().show(wanted, neighbours)

    def put(self, before: Card | None) -> None:
        """Show the card; of another neuron from its top, unless the pane is walked in."""
        card = self._card
        other = card is not None and (before is None or before.address != card.address)
        if other and not self.has_focus:
            self._at = ItemCursor()
        self._at = self._at.on_page(card.page.items if card is not None else ())
        retitle_border(self, "Neuron" if card is None else "{}:{}".format(*card.address))
        self.draw()
        if other and not self.has_focus:
            self.scroll_to(y=0, animate=False)
        elif card is not None and before is not None and card.shape.height != before.shape.height and self.has_focus:
            self._go(self._at)  # in sight also after the terminal has changed its size
        if self._to_contexts and self.up_to_date:
            self._to_contexts = False
            self._show_contexts()
        self.say()

    # Painting.

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

    def say(self) -> None:
        """Name the keys that matter on the lower border, as many as fit."""
        hints: list[str] = []
        item = self._at.item
        if self.has_focus and self.reads_curve:
            hints = ["← → read", "esc leaves", "+ − zoom", "d domains", "{ } on/off", "0 whole"]
        elif self.has_focus and self._card is not None:
            hints = ["w wider", "c curve", "d domains"]
            if item is not None and item.part == CONTEXT:
                hints.insert(0, ", . token")
            if not self._settings.on and item is not None and item.part == TRIGGER:
                hints.insert(0, "f its contexts")
            if item is not None:
                hints.insert(0, "t fires on it")
            if self._settings.on:
                hints.insert(0, "f all contexts")
        while hints and len(" · ".join(hints)) > self.size.width - 4:
            hints.pop()
        text = " · ".join(hints)
        if text != str(self.border_subtitle):
            self.border_subtitle = Content(text)

    # What it does.

    def _set(self, settings: CardShape) -> None:
        self._settings = settings
        self.go_on()
        self.say()

    def _go(self, cursor: ItemCursor) -> None:
        """Put the cursor somewhere, and bring that in sight."""
        self._at = cursor
        if (lines := cursor.lines) is not None:
            top, bottom = lines
            above, height = self.scroll_offset.y, self.size.height
            if top < above:
                self.scroll_to(y=top, animate=False)
            elif bottom > above + height:
                self.scroll_to(y=max(bottom - height, 0), animate=False)
        self.say()
        self.refresh()

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
        self.say()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on what is clicked, or on the curve; twice chooses it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        line = offset.y + self.scroll_offset.y
        position, cursor = self.position_at(line, offset.x), self._at.at(line, offset.x)
        if position is not None:
            self.put_cursor(position)
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
        if self.reads_curve:
            self.put_cursor(1 << 30 if last else 1)
            return
        self._go(self._at.far(last))
        self.scroll_to(y=self.max_scroll_y if last else 0, animate=False)

    async def action_sideways(self, by: int) -> None:
        """Go to another neuron; on the curve, along it."""
        if self.reads_curve:
            self.move_far(by)
        else:
            await self.run_action(f"screen.walk({by})")

    def action_aside(self, by: int) -> None:
        """Choose another token of a context, or the list beside; on the curve, go by one position."""
        if self.reads_curve:
            self.move(by)
        else:
            self._go(self._at.aside(by))

    def action_part(self, by: int) -> None:
        """Go to the part above or below; on the curve, to where it goes on or off."""
        if self.reads_curve:
            self.move_to_edge(by)
        else:
            self._go(self._at.part(by))

    def action_ask(self) -> None:
        """Ask which neurons fire on what the cursor is on."""
        if (asked := self._at.asked) is not None and self._card is not None and self._card.view is not None:
            ids, forms = asked
            self.post_message(self.TokenAsked(ids, gram_text(forms, self._card.view.byte_level)))

    def action_only(self) -> None:
        """Show only contexts of the trigger under the cursor; all again."""
        item = self._at.item
        if self._settings.on:
            if self._came_from is not None:
                self._go(self._at.on(self._came_from.item))
            self._set(replace(self._settings, on=()))
        elif item is not None and item.part == TRIGGER:
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

    def action_leave(self) -> None:
        """Stop reading the curve, or show all contexts; otherwise the key is the screen's."""
        if self.reads_curve:
            self.stop_reading()
        elif self._settings.on:
            self.action_only()
        else:
            raise SkipAction
