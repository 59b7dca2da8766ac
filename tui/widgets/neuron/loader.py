"""Loads neurons for their pane in a thread, so that the keys never wait for a file, and keeps their cards."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.dom import DOMNode

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.samples import read_samples
from neuron_tui.store.notes.notebook import EMPTY, Notebook
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import wrap
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.reports.neuron import NeuronView, read_neuron
from neuron_tui.tui.widgets.neuron.card import Card, CardShape, lay_out

_KEPT = 200
"""Cards and views kept: a few MB."""

_KEPT_LINES = 40_000
"""Lines of all kept cards: whole sequences make long ones."""


@dataclass(frozen=True, slots=True)
class _Request:
    run: Run
    address: Address
    shape: CardShape
    notes: Notebook
    view: NeuronView | None


class NeuronLoader:
    """Reads one neuron at a time; `loaded` is called on the event loop when its card is there."""

    def __init__(self, owner: DOMNode, loaded: Callable[[], None]) -> None:
        self._loaded = loaded
        self._run: Run | None = None
        self._notes = EMPTY
        self._cards: OrderedDict[tuple[Address, CardShape], Card] = OrderedDict()
        self._views: OrderedDict[Address, NeuronView] = OrderedDict()
        # A card that was overtaken is kept too: who walks back finds it.
        self._latest = Latest(owner, _read, self._keep, self._refuse, every=True)

    def use(self, run: Run) -> None:
        """Read from this run; what was read of another is forgotten."""
        if run is not self._run:
            self.forget()
        self._run = run

    def use_notes(self, notes: Notebook) -> None:
        """Put these on the cards, in the place of those before."""
        if notes is not self._notes:
            self.forget()
        self._notes = notes

    def forget(self) -> None:
        """Read every neuron anew when it is next asked for: more may be kept of it."""
        self._cards.clear()
        self._views.clear()

    def card(self, address: Address, shape: CardShape) -> Card | None:
        """The card of a neuron in a shape, if it is there."""
        return self._cards.get((address, shape))

    def load(self, addresses: Sequence[Address], shape: CardShape) -> None:
        """Have the first of some neurons read whose card is not there, unless a read is under way."""
        if self._latest.busy or self._run is None:
            return
        missing = next((address for address in addresses if (address, shape) not in self._cards), None)
        if missing is not None:
            self._latest.request(_Request(self._run, missing, shape, self._notes, self._views.get(missing)))

    def _refuse(self, request: _Request, error: NeuronTuiError) -> None:
        width = request.shape.width
        text = [line for part in str(error).split("\n") for line in wrap(printable(part), width)]
        self._keep(request, Card(request.address, request.shape, None, tuple(((line, "bad"),) for line in text)))

    def _keep(self, request: _Request, card: Card) -> None:
        if request.run is self._run and request.notes is self._notes:
            self._cards[card.address, card.shape] = card
            if card.view is not None:
                self._views[card.address] = card.view
            while len(self._views) > _KEPT:
                self._views.popitem(last=False)
            lines = sum(len(kept.lines) for kept in self._cards.values())
            while len(self._cards) > 1 and (len(self._cards) > _KEPT or lines > _KEPT_LINES):
                lines -= len(self._cards.popitem(last=False)[1].lines)
        self._loaded()


def _read(request: _Request) -> Card:
    """In a thread: read a neuron and lay its card out."""
    run, address, shape = request.run, request.address, request.shape
    view = request.view or read_neuron(run, *address, request.notes)
    stored = [context.context for context in view.contexts]
    return lay_out(view, shape, read_samples(run, *address, stored, shape.reach, shape.on, shape.kind))
