"""Finding neurons in a run: by a filter, by their place, by what they fire on, by what they do together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.measures.threshold_wording import coverage_text
from neuron_tui.store.neurons.arrangement import SORTS
from neuron_tui.store.neurons.grams import Gram, grams_reading, typed_text
from neuron_tui.store.neurons.places import Address, find_place
from neuron_tui.store.neurons.query import NUMBER_KEYS, TYPE_WORDS
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import visible
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.navigation import ClaimsPlace, FiguresPlace, TeamPlace, go
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.explorer.firing import Firing
from neuron_tui.tui.screens.explorer.walking import Walking
from neuron_tui.tui.screens.filter_prompt import FilterPrompt
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from neuron_tui.tui.widgets.neurons import NeuronList

GO_TO_HINT = "3:117 is neuron 117 of layer 3, 117 alone is in this layer, 3: is layer 3"
WHICH_HINT = 'which neurons fire on it? one to three tokens as they read, such as weather or " the title"'


class Finding(Walking):
    """Everything that asks for neurons."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.filter",
            "slash",
            "filter",
            "filter",
            'filters the neurons, for example: type:token layer:0-5 freq<1% mi>0.05 trigger:" title"',
            palette="Filter",
        ),
        Action(
            "explorer.go_to",
            "colon",
            "go_to",
            "go to",
            "goes to a neuron: 3:117 is neuron 117 of layer 3; 117 alone is in this layer.",
            palette="Go to",
        ),
        Action(
            "explorer.sort",
            "s",
            "sort",
            "sort",
            "sorts by a column; the same column again turns the order round. Titles can be clicked.",
            palette="Sort",
        ),
        Action(
            "explorer.order",
            "o",
            "model_order",
            "order of the model, or notable neurons first",
            "lists the neurons by layer and number, as the model has them, or notable ones first again.",
            palette="Order",
        ),
        Action(
            "explorer.which",
            "w,W",
            "which",
            "which neurons fire on a text",
            "asks for a text and shows which neurons fire on it; so does w, outside the neuron.",
            palette="Which neurons",
            shown="W",
        ),
        Action(
            "explorer.team",
            "t,T",
            "team",
            "position team",
            "shows the position team of this layer: which positions its oscillatory neurons share out; so does t.",
            palette="Position team",
            shown="T",
        ),
        Action(
            "explorer.figures",
            "f,F",
            "figures",
            "figures",
            "shows the figures of this run; so does f, outside the neuron.",
            palette="Figures",
            shown="F",
        ),
        Action(
            "explorer.paper",
            "C",
            "paper",
            "what the paper found",
            "checks the paper's claims against this run.",
            palette="The paper's claims",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", f"Types: {' '.join(TYPE_WORDS)}. Numbers: {' '.join(NUMBER_KEYS)}."),
        ("", "All terms must hold; a minus before one turns it round. An empty filter shows all."),
        ("", "Notable are token detectors that suppress, then other detectors, then positional neurons."),
    )

    @dataclass
    class GramsFound(Message):
        """A thread has looked for n-grams that read a text."""

        text: str
        grams: list[Gram]

    # By a filter, in an order.

    def action_filter(self) -> None:
        """Ask for a filter."""

        def answered(query: str | None) -> None:
            if query is not None:
                self.filter_by(query)

        self.app.push_screen(FilterPrompt(self._list_query.query, self.thresholds), answered)

    def filter_by(self, query: str) -> None:
        """Have only the neurons shown that a query matches; the cursor stays on its neuron if it is one of them."""
        self._follow = self._neurons.row
        self.request(replace(self._list_query, query=query.strip()))

    def action_sort(self) -> None:
        """Ask for a column to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self.sort_by(column)

        sorts = [(key, text.format(coverage=coverage_text(self.thresholds))) for key, text in SORTS]
        self.app.push_screen(Choose("Sort by (again: turn round)", sorts, self._list_query.column), answered)

    def action_model_order(self) -> None:
        """List the neurons in the order of the model; if they are, notable ones first."""
        plain = self._list_query.column == "layer" and not self._list_query.descending
        self._follow = None
        self.request(replace(self._list_query, column="notable" if plain else "layer", descending=False))

    def sort_by(self, column: str) -> None:
        """Sort by a column, with the cursor on what now comes first."""
        self._follow = None
        self.request(self._list_query.sorted_by(column))

    def on_neuron_list_sort_wanted(self, event: NeuronList.SortWanted) -> None:
        """A click on a title."""
        self.sort_by(event.column)

    # By their place.

    def action_go_to(self) -> None:
        """Ask for a neuron and go there."""

        def check(text: str) -> Objection | None:
            found = self._find(text)
            return Objection(found, 0) if isinstance(found, str) else None

        def answered(text: str | None) -> None:
            found = self._find(text) if text is not None else None
            if isinstance(found, int):
                self.go_to(self.address(found))

        self.app.push_screen(Prompt(" : ", "", GO_TO_HINT, check), answered)

    def _find(self, text: str) -> int | str | None:
        """Row of the table that a place such as `3:117` means, None for an empty one, or what is wrong with it."""
        if self._opened is None or not text.strip():
            return None
        layers = list(self._opened.run.layers)
        here = self.here[0] if self.here is not None else layers[0]
        return find_place(text, layers, self._opened.run.manifest.model.neurons, here)

    def _went(self, address: Address | None) -> None:
        """Go where another screen leads."""
        if address is not None:
            self.go_to(address)

    # By what they fire on.

    def action_which(self) -> None:
        """Ask for a text, then show which neurons fire on it."""
        opened = self._opened
        if opened is None:
            return

        def answered(typed: str | None) -> None:
            if typed:
                self.run_worker(partial(self._look_up, opened.run, typed_text(typed)), thread=True, group="grams")

        self.app.push_screen(Prompt(" w ", "", WHICH_HINT, lambda _: None), answered)

    def _look_up(self, run: Run, text: str) -> None:
        try:
            self.post_message(self.GramsFound(text, grams_reading(run.corpus, text)))
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=False))

    def on_finding_grams_found(self, event: GramsFound) -> None:
        """Show who fires on the n-gram; if there are several that read the text, ask which one is meant."""
        grams = event.grams
        if not grams:
            self.note(
                f"No token, bigram or trigram of this corpus reads {visible(event.text)}, nor with a space before."
            )
            return
        if len(grams) == 1:
            self.ask_who_fires(grams[0])
            return

        def answered(place: str | None) -> None:
            if place is not None:
                self.ask_who_fires(grams[int(place)])

        choices = [(str(place), gram.words) for place, gram in enumerate(grams[:12])]
        self.app.push_screen(Choose("Which of these", choices, "0"), answered)

    def on_neuron_pane_token_asked(self, event: NeuronPane.TokenAsked) -> None:
        """A token or n-gram of the neuron in sight is asked for."""
        self.ask_who_fires(Gram(event.ids, event.shown, 0))

    def ask_who_fires(self, gram: Gram) -> None:
        """Show which neurons fire on an n-gram, and go where that leads."""
        if self._opened is None:
            return

        def answered(chosen: Address | str | None) -> None:
            if isinstance(chosen, str):
                self.filter_by(chosen)
            else:
                self._went(chosen)

        screen = Firing(self._opened.run, gram.ids, gram.shown, self._opened.table)
        self.app.push_screen(screen, answered)

    # By what they do together.

    def action_team(self) -> None:
        """Show the position team of the layer in view, and go where that leads."""
        layer = self._list_query.layer
        if layer is None and self.here is not None:
            layer = self.here[0]
        if self._opened is not None and layer is not None:
            go(self, TeamPlace(self._opened.run, layer), self._went)

    def action_figures(self) -> None:
        """Show the figures of this run."""
        go(self, FiguresPlace((self._path,)))

    def action_paper(self) -> None:
        """Check the paper's claims against this run."""
        go(self, ClaimsPlace((self._path,)))
