"""Walking through a run: from layer to layer, from neuron to neuron, and back to where one was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from neuron_tui.store.neurons.places import Address, row_of
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.browsing.history import History
from neuron_tui.tui.screens.explorer.run_panes import RunPanes
from neuron_tui.tui.widgets.layers.line import LayerLine
from neuron_tui.tui.widgets.neurons import NeuronList

_REST = 1.0
"""Seconds between two looks at the cursor; where both find the same neuron, it was visited."""


class Walking(RunPanes):
    """Where the cursor is, and where it was."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.next",
            "n",
            "walk(1)",
            "next neuron",
            "go to the next or previous neuron of the list, from any pane.",
            with_=("explorer.previous",),
        ),
        Action("explorer.previous", "p", "walk(-1)", "previous neuron"),
        Action(
            "explorer.all_layers",
            "a",
            "all_layers",
            "all layers",
            "shows the neurons of all layers.",
            palette="All layers",
        ),
        Action(
            "explorer.tokens",
            "1",
            "order(1)",
            "tokens",
            "show triggers that are tokens, bigrams or trigrams, in the neuron and in the list.",
            with_=(
                "explorer.bigrams",
                "explorer.trigrams",
            ),
            palette="Tokens",
        ),
        Action("explorer.bigrams", "2", "order(2)", "bigrams", palette="Bigrams"),
        Action("explorer.trigrams", "3", "order(3)", "trigrams", palette="Trigrams"),
        Action(
            "explorer.back",
            "backspace,left_square_bracket,alt+left,ctrl+o",
            "back_again",
            "back",
            "go back and forward through the neurons you visited; backspace, alt+← and alt+→ do too.",
            palette="Back",
            with_=("explorer.forward",),
            shown="[ ]",
        ),
        Action("explorer.forward", "right_square_bracket,alt+right", "forward_again", "forward", palette="Forward"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        self._history = History()
        self._resting: Address | None = None

    def on_mount(self) -> None:
        """Look now and then whether the cursor rests."""
        self.set_interval(_REST, self.notice_rest)

    def notice_rest(self) -> None:
        """A neuron on which the cursor rests is visited."""
        before, self._resting = self._resting, self.here
        if self._resting is not None and self._resting == before:
            self._history = self._history.visit(self._resting)

    # Where to.

    def go_to(self, address: Address) -> None:
        """Jump to a neuron, and remember where from; a filter or a layer that hides it gives way."""
        if self.here is not None:
            self._history = self._history.visit(self.here)
        if self._go(address):
            self._history = self._history.visit(address)

    def _go(self, address: Address) -> bool:
        row = row_of(self._opened, address) if self._opened is not None else None
        if row is None:
            self.note("{}:{} is not among the finished layers.".format(*address))
            return False
        place = self._neurons.place_of(row)
        if place is not None:
            self._neurons.move(place)
            return True
        self._follow = row
        if self._among is not None:
            self._among = None
            self.note("The list is no longer limited to marked neurons: that neuron is not marked.")
        if self._list_query.query:
            self.note("The filter is cleared: it leaves that neuron out.")
        scope = self._list_query.layer if self._list_query.layer in (None, address[0]) else address[0]
        self.request(replace(self._list_query, query="", layer=scope))
        self._layers.select(scope)
        return True

    def switch_layer(self, by: int) -> None:
        """Go some layers up or down; before the first are all of them."""
        self._layers.move(self._layers.cursor + by)
        self.want_layer(self._layers.layer_at(self._layers.cursor))

    def want_layer(self, layer: int | None) -> None:
        """Have the neurons of a layer shown, or of all."""
        if layer != self._list_query.layer:
            self._follow = None
            self.request(replace(self._list_query, layer=layer))

    def on_neuron_list_layer_wanted(self, event: NeuronList.LayerWanted) -> None:
        """Left and right among the neurons."""
        self.switch_layer(event.by)

    def on_layer_line_switched(self, event: LayerLine.Switched) -> None:
        """A click on the folded layers' arrows."""
        self.switch_layer(event.by)

    # Keys.

    def action_walk(self, by: int) -> None:
        """Go to another neuron of the list, from wherever the keys are."""
        self._neurons.action_step(by)

    def action_all_layers(self) -> None:
        """Show the neurons of all layers."""
        self._layers.select(None)
        self.want_layer(None)

    def action_order(self, order: int) -> None:
        """Show triggers for another n, in the neuron and in the list."""
        self._follow = self._neurons.row
        self._neuron.set_order(order)
        self.request(replace(self._list_query, order=order))

    def action_back_again(self) -> None:
        """Go back to the neuron visited before."""
        if self.here is not None:
            self._history = self._history.visit(self.here)
        self._turn(self._history.back(), "No neuron was visited before this one.")

    def action_forward_again(self) -> None:
        """Go forward to where one came back from."""
        self._turn(self._history.forward(), "No neuron was visited after this one.")

    def _turn(self, history: History, nowhere: str) -> None:
        if history is self._history or history.here is None:
            self.note(nowhere)
        elif self._go(history.here):
            self._history = history
