"""Reading neurons for their pane, in a thread, so that the keys never wait for a file.

At most one read is under way. Whoever walks fast leaves stale wishes behind: only the latest is read
next, and when there is none, the neighbours are, so that the next step finds its card ready.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.samples import LINE, read_samples
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import Line, wrap
from neuron_tui.tui.reports.neuron import NeuronView, read_neuron
from neuron_tui.tui.widgets.neuron.card import CardShape, Page, lay_out
from neuron_tui.tui.widgets.painting import LineView

Address = tuple[int, int]

_KEPT = 200
"""Cards and records kept: a few MB."""

_KEPT_LINES = 40_000
"""Lines of all kept cards: whole sequences make long ones."""


@dataclass(frozen=True, slots=True)
class Card:
    """A neuron laid out for a shape; `view` is None if it could not be read, and the page says why."""

    address: Address
    shape: CardShape
    page: Page
    view: NeuronView | None

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines without the curve."""
        return self.page.lines


class NeuronReader(LineView):
    """Keeps cards and has those read that are wanted. Subclasses say the shape, and put a card on the screen."""

    @dataclass
    class CardRead(Message):
        """A thread has read a card."""

        card: Card

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._run: Run | None = None
        self._wanted: Address | None = None
        self._neighbours: tuple[Address, ...] = ()
        self._busy = False
        self._card: Card | None = None
        self._cards: OrderedDict[tuple[Address, CardShape], Card] = OrderedDict()
        self._views: OrderedDict[Address, NeuronView] = OrderedDict()

    @property
    def shape(self) -> CardShape:
        """What cards are to be laid out for."""
        raise NotImplementedError

    def put(self, before: Card | None) -> None:
        """Show the card, which was another or none before."""
        raise NotImplementedError

    @property
    def card(self) -> Card | None:
        """The card in sight."""
        return self._card

    @property
    def up_to_date(self) -> bool:
        """Whether the card in sight is the one last asked for, in the pane's shape."""
        if self._wanted is None:
            return self._card is None
        return self._card is not None and (self._card.address, self._card.shape) == (self._wanted, self.shape)

    def use(self, run: Run) -> None:
        """The run that neurons are read from; what was read of another is forgotten."""
        if run is not self._run:
            self._cards.clear()
            self._views.clear()
        self._run = run

    def show(self, wanted: Address | None, neighbours: Sequence[Address] = ()) -> None:
        """Show a neuron as soon as it is read; read its neighbours after it."""
        self._wanted, self._neighbours = wanted, tuple(neighbours)
        self.go_on()

    def go_on(self) -> None:
        """Show what is wanted if it is there; have read what is not."""
        if self._wanted is None:
            self._take(None)
            return
        shape = self.shape
        if shape.width <= 0 or shape.height <= 0:
            return  # folded away
        ready = self._cards.get((self._wanted, shape))
        if ready is not None:
            self._take(ready)
        if self._busy or self._run is None:
            return
        # An n-gram is chosen for one neuron, and more than a line of each context is too much to read ahead.
        ahead = self._neighbours if shape.reach == LINE and not shape.on else ()
        missing = [a for a in (self._wanted, *ahead) if (a, shape) not in self._cards]
        if missing:
            self._busy = True
            view = self._views.get(missing[0])
            self.run_worker(partial(self._read, self._run, missing[0], shape, view), thread=True, group="card")

    def _read(self, run: Run, address: Address, shape: CardShape, view: NeuronView | None) -> None:
        """In a thread: read a neuron and lay its card out."""
        try:
            view = view or read_neuron(run, *address)
            stored = [context.context for context in view.contexts]
            samples = read_samples(run, *address, stored, shape.reach, shape.on)
            card = Card(address, shape, lay_out(view, shape, samples), view)
        except NeuronTuiError as error:
            text = [line for part in str(error).split("\n") for line in wrap(printable(part), shape.width)]
            card = Card(address, shape, Page(tuple(((line, "bad"),) for line in text)), None)
        self.post_message(self.CardRead(card))

    def on_neuron_reader_card_read(self, event: CardRead) -> None:
        """Keep a card, show it if it is still wanted, and read what is wanted next."""
        event.stop()
        self._busy = False
        card = event.card
        self._cards[card.address, card.shape] = card
        if card.view is not None:
            self._views[card.address] = card.view
        while len(self._views) > _KEPT:
            self._views.popitem(last=False)
        lines = sum(len(kept.lines) for kept in self._cards.values())
        while len(self._cards) > 1 and (len(self._cards) > _KEPT or lines > _KEPT_LINES):
            lines -= len(self._cards.popitem(last=False)[1].lines)
        self.go_on()

    def _take(self, card: Card | None) -> None:
        if card is not self._card:
            before, self._card = self._card, card
            self.put(before)

    def on_resize(self) -> None:
        """Lay the card out for the new size."""
        self.go_on()
