"""What the explorer asks a person for: a filter, a column, a neuron, a text, an export; and similar neurons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.measures.threshold_wording import coverage_text
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.arrangement import SORTS
from neuron_tui.store.neurons.grams import Gram, grams_reading, typed_text
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, find_place, row_of
from neuron_tui.store.tokens import printable, visible
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.navigation import ExportPlace, go
from neuron_tui.tui.reports.neuron_text import what
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.explorer.firing import Firing
from neuron_tui.tui.screens.explorer.growing import Teller
from neuron_tui.tui.screens.explorer.similar import Similar
from neuron_tui.tui.screens.filter_prompt import FilterPrompt
from neuron_tui.tui.screens.prompt import Objection, Prompt

GO_TO_HINT = "3:117 is neuron 117 of layer 3, 117 alone is in this layer, 3: is layer 3"
WHICH_HINT = 'which neurons fire on it? one to three tokens as they read, such as weather or " the title"'

_OFFERED = 12
"""N-grams that are offered where several read a text."""


class Asking:
    """Opens prompts over the explorer.

    Parameters
    ----------
    filtered
        Called with the filter that a person gave.
    chosen
        Called with the neuron that a person chose.
    """

    def __init__(
        self,
        screen: Screen[None],
        teller: Teller,
        *,
        filtered: Callable[[str], None],
        chosen: Callable[[Address], None],
    ) -> None:
        self._screen, self._teller = screen, teller
        self._filtered, self._chosen = filtered, chosen
        self._grams: Latest[tuple[OpenedRun, str], list[Gram]] = Latest(
            screen, lambda asked: grams_reading(asked[0].run.corpus, asked[1]), self._found, self._not_found
        )

    def for_filter(self, thresholds: Thresholds, query: str) -> None:
        """Ask for a filter, beginning with the one there is."""

        def answered(query: str | None) -> None:
            if query is not None:
                self._filtered(query)

        self._screen.app.push_screen(FilterPrompt(query, thresholds), answered)

    def for_sort(self, thresholds: Thresholds, column: str, sort: Callable[[str], None]) -> None:
        """Ask for a column to sort by, beginning with the one that the list is sorted by."""

        def answered(column: str | None) -> None:
            if column is not None:
                sort(column)

        sorts = [(key, text.format(coverage=coverage_text(thresholds))) for key, text in SORTS]
        self._screen.app.push_screen(Choose("Sort by (again: turn round)", sorts, column), answered)

    def for_neuron(self, opened: OpenedRun, here: Address | None) -> None:
        """Ask for a neuron by its place; `here` is where the cursor is."""
        layers, neurons = list(opened.run.layers), opened.run.manifest.rows
        rule, layer = opened.run.manifest.rule, here[0] if here is not None else layers[0]

        def check(text: str) -> Objection | None:
            found = find_place(text, layers, neurons, layer, rule) if text.strip() else None
            return Objection(found, 0) if isinstance(found, str) else None

        def answered(text: str | None) -> None:
            found = find_place(text, layers, neurons, layer, rule) if text and text.strip() else None
            if isinstance(found, int):
                place, neuron = divmod(found, neurons)
                self._chosen((layers[place], neuron))

        self._screen.app.push_screen(Prompt(" : ", "", GO_TO_HINT, check), answered)

    def for_text(self, opened: OpenedRun) -> None:
        """Ask for a text, then show which neurons fire on it."""

        def answered(typed: str | None) -> None:
            if typed:
                self._grams.request((opened, typed_text(typed)))

        self._screen.app.push_screen(Prompt(" w ", "", WHICH_HINT, lambda _: None), answered)

    def who_fires(self, opened: OpenedRun, gram: Gram) -> None:
        """Show which neurons fire on an n-gram, and go where that leads."""

        def answered(answer: Address | str | None) -> None:
            if isinstance(answer, str):
                self._filtered(answer)
            elif answer is not None:
                self._chosen(answer)

        self._screen.app.push_screen(Firing(opened.run, gram.ids, gram.shown, opened.table), answered)

    def for_similar(self, opened: OpenedRun, of: Address, n: int) -> None:
        """Show the neurons most like one, and go where that leads; `n` of the n-grams of triggers."""

        def answered(chosen: Address | None) -> None:
            if chosen is not None:
                self._chosen(chosen)

        row = row_of(opened, of)
        words = "" if row is None else f"{what(opened.table, row)}  {opened.first_trigger(row, 1)}".strip()
        self._screen.app.push_screen(Similar(opened.run, of, n, words), answered)

    def for_export(self, opened: OpenedRun, neurons: Sequence[Address], chosen_by: str) -> None:
        """Ask where and how to export some neurons; `chosen_by` says in a report how they were chosen."""
        if not neurons:
            self._teller.note("There is no neuron to export.")
            return

        def answered(path: Path | None) -> None:
            if path is not None:
                where = printable(str(path.resolve()))
                self._teller.note(f"{count_noun(len(neurons), 'neuron')} written, path copied: {where}")

        go(self._screen, ExportPlace(opened.run, neurons, chosen_by), answered)

    def _found(self, asked: tuple[OpenedRun, str], grams: list[Gram]) -> None:
        """Show who fires on the n-gram; if there are several that read the text, ask which one is meant."""
        opened, text = asked
        if not grams:
            self._teller.note(
                f"No token, bigram or trigram of this corpus reads {visible(text)}, nor with a space before."
            )
            return
        if len(grams) == 1:
            self.who_fires(opened, grams[0])
            return

        def answered(place: str | None) -> None:
            if place is not None:
                self.who_fires(opened, grams[int(place)])

        choices = [(str(place), gram.words) for place, gram in enumerate(grams[:_OFFERED])]
        self._screen.app.push_screen(Choose("Which of these", choices, "0"), answered)

    def _not_found(self, _: object, error: NeuronTuiError) -> None:
        self._teller.complain(str(error))
