"""The neuron pane: one neuron on a card, read by a thread so that the keys never wait for a file.

At most one read is under way. Whoever walks fast leaves stale wishes behind: only the latest is read
next, and when there is none, the neighbours are, so that the next step finds its card ready.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.tui.reading import NeuronView, read_neuron
from neuron_tui.tui.spans import Line, wrap
from neuron_tui.tui.widgets.card import CardShape, lay_out
from neuron_tui.tui.widgets.painting import LineView

Address = tuple[int, int]

_KEPT = 200
"""Cards and records kept: a few MB."""


@dataclass(frozen=True, slots=True)
class Card:
    """A neuron laid out for a shape; `view` is None if it could not be read, and the lines say why."""

    address: Address
    shape: CardShape
    lines: tuple[Line, ...]
    view: NeuronView | None


class NeuronPane(LineView, can_focus=True):
    """Shows the neuron last asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("pageup", "scroll_page(-1)", "page up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "page down", show=False),
        Binding("home,g", "scroll_far(0)", "top", show=False),
        Binding("end,G", "scroll_far(1)", "bottom", show=False),
        Binding("left,h", "screen.walk(-1)", "neuron before", show=False),
        Binding("right,l", "screen.walk(1)", "neuron after", show=False),
    ]

    @dataclass
    class CardRead(Message):
        """A thread has read a card."""

        card: Card

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._run: Run | None = None
        self._wanted: Address | None = None
        self._neighbours: tuple[Address, ...] = ()
        self._order = 1
        self._long = False
        self._busy = False
        self._card: Card | None = None
        self._cards: OrderedDict[tuple[Address, CardShape], Card] = OrderedDict()
        self._views: OrderedDict[Address, NeuronView] = OrderedDict()

    @property
    def card(self) -> Card | None:
        """The card in sight."""
        return self._card

    @property
    def up_to_date(self) -> bool:
        """Whether the card in sight is the one last asked for, in the pane's shape."""
        if self._wanted is None:
            return self._card is None
        return self._card is not None and (self._card.address, self._card.shape) == (self._wanted, self._shape)

    def use(self, run: Run) -> None:
        """The run that neurons are read from."""
        self._run = run

    def show(self, wanted: Address | None, neighbours: Sequence[Address] = ()) -> None:
        """Show a neuron as soon as it is read; read its neighbours after it."""
        self._wanted, self._neighbours = wanted, tuple(neighbours)
        self._go_on()

    def set_order(self, order: int) -> None:
        """Show triggers for another n."""
        self._order = order
        self._go_on()

    def toggle_long(self) -> None:
        """Show all stored triggers and effects, or a few again."""
        self._long = not self._long
        self._go_on()

    @property
    def _shape(self) -> CardShape:
        return CardShape(self.inner_width, self.size.height, self._order, self._long)

    def _go_on(self) -> None:
        if self._wanted is None:
            self._put(None)
            return
        shape = self._shape
        if shape.width <= 0 or shape.height <= 0:
            return  # folded away
        ready = self._cards.get((self._wanted, shape))
        if ready is not None:
            self._put(ready)
        if self._busy or self._run is None:
            return
        missing = [a for a in (self._wanted, *self._neighbours) if (a, shape) not in self._cards]
        if missing:
            self._busy = True
            view = self._views.get(missing[0])
            self.run_worker(partial(self._read, self._run, missing[0], shape, view), thread=True, group="card")

    def _read(self, run: Run, address: Address, shape: CardShape, view: NeuronView | None) -> None:
        """In a thread: read a neuron and lay its card out."""
        try:
            view = view or read_neuron(run, *address)
            card = Card(address, shape, lay_out(view, shape), view)
        except NeuronTuiError as error:
            text = [line for part in str(error).split("\n") for line in wrap(printable(part), shape.width)]
            card = Card(address, shape, tuple(((line, "bad"),) for line in text), None)
        self.post_message(self.CardRead(card))

    def on_neuron_pane_card_read(self, event: CardRead) -> None:
        """Keep a card, show it if it is still wanted, and read what is wanted next."""
        event.stop()
        self._busy = False
        card = event.card
        self._cards[card.address, card.shape] = card
        if card.view is not None:
            self._views[card.address] = card.view
        for kept in (self._cards, self._views):
            while len(kept) > _KEPT:
                kept.popitem(last=False)
        self._go_on()

    def _put(self, card: Card | None) -> None:
        if card is self._card:
            return
        previous, self._card = self._card, card
        if card is None:
            self.border_title = Content("Neuron")
            self.set_line_count(0)
            return
        self.border_title = Content("{}:{}".format(*card.address))
        self.set_line_count(len(card.lines))
        if previous is None or previous.address != card.address:
            self.scroll_to(y=0, animate=False)

    def line_at(self, index: int, width: int) -> Line:
        """A line of the card."""
        return self._card.lines[index] if self._card is not None and index < len(self._card.lines) else ()

    def on_resize(self) -> None:
        """Lay the card out for the new size."""
        self._go_on()

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_scroll_page(self, by: int) -> None:
        """Scroll by a page."""
        self.scroll_to(y=self.scroll_offset.y + by * max(1, self.size.height - 1), animate=False)

    def action_scroll_far(self, last: int) -> None:
        """Scroll to the top or the bottom."""
        self.scroll_to(y=self.max_scroll_y if last else 0, animate=False)
