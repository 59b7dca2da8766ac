"""Marks: set, taken away, brought back, and carried over when the run grows."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from textual.binding import BindingType

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, codes_of
from neuron_tui.store.wording import number
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer.walking import Walking

_MANY = 1000
"""Marks that are not set by one key without a question."""

KEPT_MARKS = 100_000
"""Marks that are kept between two times a run is open."""


class Marking(Walking):
    """Marked neurons."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.mark", "m", "mark", "mark", "marks the neuron with ◆, or takes the mark away.", palette="Mark"
        ),
        Action(
            "explorer.mark_all",
            "M",
            "mark_all",
            "mark all shown",
            "marks all neurons that the list shows, or takes these marks away; U takes all marks away, or back.",
            palette="Mark all",
        ),
        Action("explorer.unmark_all", "U", "unmark_all", "unmark all", palette="Unmark all"),
        Action(
            "explorer.only_marked",
            "asterisk",
            "only_marked",
            "only marked ones",
            "limits the list to the marked neurons, or shows all again.",
            palette="Only marked",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        self._changes = 0
        self._taken_away: set[int] = set()

    def action_mark(self) -> None:
        """Mark the neuron, or take its mark away."""
        self._neurons.toggle_mark()
        self._changes += 1

    def action_mark_all(self) -> None:
        """Mark all neurons of the list; if all of them are, take these marks away."""
        shown, marked = self._rows, self._neurons.marked
        if not len(shown):
            self.note("The list shows no neuron to mark.")
        elif len(shown) <= len(marked) and marked.issuperset(shown.tolist()):
            self._set_marks(marked.difference(shown.tolist()), f"{number(len(shown), 'mark')} taken away.")
        elif len(shown) > _MANY:

            def answered(yes: bool | None) -> None:
                if yes:
                    self._mark_too(shown)

            question = f"Mark {len(shown):,} neurons?"
            self.app.push_screen(Confirm(question, "These are all that the list shows.", "Mark", "Leave"), answered)
        else:
            self._mark_too(shown)

    def _mark_too(self, rows: Int64s) -> None:
        marked = self._neurons.marked.union(rows.tolist())
        kept = f" Marks above {KEPT_MARKS:,} go when you leave the run." if len(marked) > KEPT_MARKS else ""
        self._set_marks(marked, f"{number(len(marked), 'neuron')} marked.{kept}")

    def action_unmark_all(self) -> None:
        """Take all marks away; when there are none, bring back those that were taken away so."""
        before = self._neurons.marked
        if before:
            self._taken_away = set(before)
            self._set_marks(set(), f"{number(len(before), 'mark')} taken away; U brings them back.")
        elif self._taken_away:
            self._set_marks(set(self._taken_away), f"{number(len(self._taken_away), 'mark')} brought back.")
        else:
            self.note("No neuron is marked.")

    def _set_marks(self, rows: set[int], note: str) -> None:
        self._neurons.marked = rows
        self._neurons.refresh()
        self._changes += 1
        self.note(note)

    def action_only_marked(self) -> None:
        """Limit the list to the neurons marked now, or show all again."""
        self._follow = self._neurons.row
        if self._among is not None:
            self._among = None
        elif self._neurons.marked and self._opened is not None:
            self._among = self.codes_of_marks(self._opened)
            self.note("Only marked neurons are shown; * shows all again.")
        else:
            self.note("No neuron is marked; m marks one.")
            return
        self.request(self._list_query)

    def codes_of_marks(self, opened: OpenedRun) -> Int64s:
        """Codes of the marked neurons, as the list is limited by."""
        return codes_of(opened)[sorted(self._neurons.marked)]

    def carry_over(self, before: OpenedRun, now: OpenedRun) -> None:
        """The run has grown: marks and the cursor belong to neurons, whatever their rows are now."""

        def moved(rows: set[int]) -> set[int]:
            there = np.flatnonzero(np.isin(codes_of(now), codes_of(before)[sorted(rows)])) if rows else ()
            return {int(row) for row in there}

        self._neurons.marked = moved(self._neurons.marked)
        self._taken_away = moved(self._taken_away)
        if self._follow is not None:
            self._follow = next(iter(moved({self._follow})), None)
