"""What a person looks at in one run, as one value: which neurons, in what order, marked ones, and where they were.

Nothing here knows a widget, a thread or a file. Neurons go by layer and number or by their codes
(`store.neurons.places`), so that all of it holds while the run grows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from neuron_tui.store.neurons.arrangement import ListQuery
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, code_at, row_of
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.browsing.history import History
from neuron_tui.tui.browsing.marks import Marks
from neuron_tui.tui.remembered.session import Session


@dataclass(frozen=True, slots=True)
class Browsing:
    """Each method gives a new value.

    `limit` holds the codes of the neurons that the list is limited to, None for no limit; `follow` is the neuron that
    the cursor stays on when the list comes anew, None for its first row.
    """

    list_query: ListQuery = field(default_factory=ListQuery)
    limit: frozenset[int] | None = None
    marks: Marks = field(default_factory=Marks)
    history: History = field(default_factory=History)
    follow: Address | None = None

    # What the list shows.

    def filtered(self, query: str, here: Address | None) -> Browsing:
        """Only the neurons that a query matches; the cursor stays on its neuron if it is one of them."""
        return replace(self, follow=here, list_query=replace(self.list_query, query=query.strip()))

    def sorted_by(self, column: str) -> Browsing:
        """Sorted by a column, with the cursor on what now comes first."""
        return replace(self, follow=None, list_query=self.list_query.sorted_by(column))

    def in_model_order(self) -> Browsing:
        """By layer and number; if it is so, notable neurons first."""
        plain = self.list_query.column == "layer" and not self.list_query.descending
        column = "notable" if plain else "layer"
        return replace(self, follow=None, list_query=replace(self.list_query, column=column, descending=False))

    def in_layer(self, layer: int | None) -> Browsing:
        """The neurons of a layer, or of all."""
        return replace(self, follow=None, list_query=replace(self.list_query, layer=layer))

    def of_order(self, order: int, here: Address | None) -> Browsing:
        """With the n-grams of another n."""
        return replace(self, follow=here, list_query=replace(self.list_query, order=order))

    def limited(self, limit: frozenset[int] | None, here: Address | None) -> Browsing:
        """Limited to some neurons, or to none."""
        return replace(self, follow=here, limit=limit)

    def reaching(self, address: Address) -> tuple[Browsing, str]:
        """With a neuron in the list that is left out of it: what hides it gives way. Also says what did."""
        layer, query = self.list_query.layer, self.list_query.query
        if query:
            note = "The filter is cleared: it leaves that neuron out."
        elif self.limit is not None:
            note = "The list is no longer limited to marked neurons: that neuron is not marked."
        else:
            note = ""
        scope = layer if layer in (None, address[0]) else address[0]
        list_query = replace(self.list_query, query="", layer=scope)
        return replace(self, follow=address, limit=None, list_query=list_query), note

    # Where one was.

    def visited(self, address: Address | None) -> Browsing:
        """A neuron was visited."""
        return self if address is None else replace(self, history=self.history.visit(address))

    # Between two times a run is open.

    def restored(self, opened: OpenedRun, session: Session) -> Browsing:
        """As it was left, as far as the run still has it."""
        layer = session.layer if session.layer in opened.run.layers else None
        layers, neurons = set(opened.run.layers), opened.run.manifest.rows
        there = (address for address in session.marks if address[0] in layers and address[1] < neurons)
        marks = replace(self.marks, codes=frozenset(code_at(opened, address) for address in there))
        history = self.history
        for address in session.history:
            if row_of(opened, address) is not None:
                history = history.visit(address)
        return Browsing(
            ListQuery(layer, session.query, session.sort, session.descending, session.order),
            marks.codes if session.only_marked and marks.codes else None,
            marks,
            history,
            session.neuron if session.neuron is not None and row_of(opened, session.neuron) is not None else None,
        )

    def in_words(self) -> str:
        """What differs from a run seen for the first time; empty if nothing does."""
        shown = self.list_query
        parts = (
            f"layer {shown.layer}" if shown.layer is not None else "",
            f"filter {shown.query}" if shown.query else "",
            f"sorted by {shown.column}" if shown.column != "notable" or shown.descending else "",
            f"{shown.order}-grams" if shown.order > 1 else "",
            count_noun(len(self.marks), "mark") if len(self.marks) else "",
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class View:
    """What stays in view when another run of the same neurons is chosen; `zoom`: the neuron alone."""

    neuron: Address | None
    list_query: ListQuery
    zoom: bool
