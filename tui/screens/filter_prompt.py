"""The line for filters: words are completed, filters are saved and offered again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from neuron_tui.store.errors import NeuronTuiError, QueryError
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.query import parse_query
from neuron_tui.store.neurons.query_completion import MEANINGS, completions
from neuron_tui.store.neurons.table import MEASURES
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.remembered.saved_filters import SavedFilters, read_filters, write_filters
from neuron_tui.tui.screens.prompt import Objection, Prompt, Suggestion
from neuron_tui.tui.terminal.faults import in_thread

HINT = (
    'type:token layer:0-5 freq<1% mi>0.05 covering<=5 trigger:" title" · '
    "enter applies, empty shows all, tab completes, ctrl+s saves"
)


class FilterPrompt(Prompt):
    """Asks for a filter; gives its query back, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "prompt.save",
            "ctrl+s",
            "save",
            "save the filter, or forget it",
            "saves the filter, or forgets it if it is saved; ★ marks saved ones.",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab", "takes the suggestion; up and down go to another, enter then takes it."),
        *((key, f"{MEANINGS[key]}.") for key in MEASURES),
    )

    def __init__(self, query: str, thresholds: Thresholds = PAPER, hint: str = HINT) -> None:
        """Begin with a query; what its words mean is told by the thresholds of the run."""
        super().__init__(" / ", query, hint, _objection, self._suggestions)
        self._thresholds = thresholds
        self._filters = read_filters()
        self._first = query

    def _suggestions(self, query: str, cursor: int) -> Sequence[Suggestion]:
        if not query.strip():
            return [*self._kept(self._filters.saved, "★ saved"), *self._kept(self._recent(), "used before")]
        found = [Suggestion(c.word, c.meaning, c.query, c.cursor) for c in completions(query, cursor, self._thresholds)]
        saved = [q for q in self._filters.saved if q.startswith(query) and q != query]
        return [*found, *self._kept(saved, "★ saved")] if query != self._first or found else []

    def _recent(self) -> tuple[str, ...]:
        return tuple(q for q in self._filters.recent if q not in self._filters.saved)

    def _kept(self, queries: Sequence[str], note: str) -> list[Suggestion]:
        return [Suggestion(query, note, query, len(query)) for query in queries]

    def action_save(self) -> None:
        """Save the filter typed, or forget it if it is saved."""
        query = self.query_one(Input).value.strip()
        if not query or _objection(query) is not None:
            self.app.bell()
            return
        self._filters = self._filters.toggled(query)
        self._keep()
        self.say_hint("saved: offered when the line is empty" if query in self._filters.saved else "no longer saved")

    def dismiss_with(self, query: str) -> None:
        """Remember the filter as used, and give it back."""
        self._filters = self._filters.used(query.strip())
        self._keep()
        super().dismiss_with(query)

    def _keep(self) -> None:
        # The app's worker: it goes on when this screen is gone.
        in_thread(self.app, partial(_write, self._filters), group="filters")


def _objection(query: str) -> Objection | None:
    try:
        parse_query(query)
    except QueryError as error:
        return Objection(error.reason, error.position)
    return None


def _write(filters: SavedFilters) -> None:
    with suppress(OSError, NeuronTuiError):  # a filter that cannot be kept keeps nobody from working
        write_filters(filters)
