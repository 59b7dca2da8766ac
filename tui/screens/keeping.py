"""What is kept of a run: marks, reports, and where one was when one left it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from neuron_tui.store.words import number
from neuron_tui.tui.arrangement import Wish
from neuron_tui.tui.history import History
from neuron_tui.tui.places import Address, Addresses, Int64s, codes_of, row_of
from neuron_tui.tui.reading import OpenedRun
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.export import Export, written
from neuron_tui.tui.screens.walking import Walking
from neuron_tui.tui.session import Identity, Session, keepable, write_session

_MANY = 1000
"""Marks that are not set by one key without a question."""

_KEPT_MARKS = 100_000
_KEPT_VISITS = 50
"""How much of marks and visits is kept between two times a run is open."""

_EVERY = 5.0
"""Seconds between two times that is written down, if it changed."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a session is made from, as one value that can be compared. `marks` counts the changes to the marks."""

    wish: Wish
    only_marked: bool
    row: int | None
    marks: int
    history: History
    zoom: bool


class Keeping(Walking):
    """Marks and what is written: reports, and the session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mark", "mark", id="explorer.mark", show=False),
        Binding("M", "mark_all", "mark all shown", id="explorer.mark_all", show=False),
        Binding("U", "unmark_all", "unmark all", id="explorer.unmark_all", show=False),
        Binding("asterisk", "only_marked", "only marked ones", id="explorer.only_marked", show=False),
        Binding("x", "export", "export", id="explorer.export", show=False),
        Binding("X", "export_shown", "export all shown", id="explorer.export_shown", show=False),
    ]

    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("m", "marks the neuron with ◆, or takes the mark away."),
        ("M", "marks all neurons that the list shows, or takes these marks away; U takes all marks away, or back."),
        ("*", "limits the list to the marked neurons, or shows all again."),
        ("x", "exports the marked neurons, or this one if none is marked."),
        ("X", "exports all neurons that the list shows."),
        ("", "Layer, filter, order, marks and place are kept for when you open the run again."),
    )

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._changes = 0
        self._taken_away: set[int] = set()
        self._kept: State | None = None

    def on_mount(self) -> None:
        """Write down now and then where one is."""
        self.set_interval(_EVERY, self._keep_now_and_then)

    def commands(self) -> Iterator[SystemCommand]:
        """Keeping, for the command palette."""
        yield from super().commands()
        yield SystemCommand("Mark", "Mark the neuron or take its mark away (m)", self.action_mark)
        yield SystemCommand(
            "Mark all", "Mark all neurons that the list shows, or none of them (M)", self.action_mark_all
        )
        yield SystemCommand("Unmark all", "Take all marks away, or bring them back (U)", self.action_unmark_all)
        yield SystemCommand("Only marked", "Show only marked neurons, or all again (*)", self.action_only_marked)
        yield SystemCommand("Export", "Export marked neurons or this one (x)", self.action_export)
        yield SystemCommand("Export all shown", "Export all neurons that the list shows (X)", self.action_export_shown)

    # Marks.

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
        kept = f" Marks above {_KEPT_MARKS:,} go when you leave the run." if len(marked) > _KEPT_MARKS else ""
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
            self._among = self._codes_of_marks(self._opened)
            self.note("Only marked neurons are shown; * shows all again.")
        else:
            self.note("No neuron is marked; m marks one.")
            return
        self.want(self._wish)

    def _codes_of_marks(self, opened: OpenedRun) -> Int64s:
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

    # Reports.

    def action_export(self) -> None:
        """Export the marked neurons, or the one under the cursor."""
        if self._neurons.marked:
            self._export(np.array(sorted(self._neurons.marked)), "marked")
        else:
            self._export(np.array([] if self._neurons.row is None else [self._neurons.row], np.int64), "")

    def action_export_shown(self) -> None:
        """Export all neurons of the list, in the order of the run."""
        chosen = "marked" if self._among is not None else ""
        self._export(np.sort(self._rows), self._wish.query.strip() or chosen)

    def _export(self, rows: Int64s, chosen_by: str) -> None:
        if self._opened is None or not len(rows):
            self.note("There is no neuron to export.")
            return

        def answered(path: Path | None) -> None:
            if path is not None:
                self.note(written(len(rows), path))

        neurons: Sequence[Address] = Addresses(self._opened.table, rows)
        self.app.push_screen(Export(self._opened.run, neurons, chosen_by), answered)

    # The session.

    def restore(self, opened: OpenedRun, session: Session | None) -> None:
        """Put everything back as it was left, as far as the run still has it."""
        if session is None:
            return
        layer = session.layer if session.layer in opened.run.layers else None
        self._wish = Wish(layer, session.query, session.sort, session.descending, session.order)
        marks = (row_of(opened, address) for address in session.marks)
        self._neurons.marked = {row for row in marks if row is not None}
        if session.only_marked and self._neurons.marked:
            self._among = self._codes_of_marks(opened)
        self._follow = row_of(opened, session.neuron) if session.neuron is not None else None
        for address in session.history:
            if row_of(opened, address) is not None:
                self._history = self._history.visit(address)
        self._layers.select(layer)
        self._neuron.set_order(session.order)
        if session.zoom:
            self.add_class("-zoom")
            self._neuron.focus()
        if self._wish != Wish() or self._neurons.marked:
            self.note(" ".join(("As you left it:", *self._words())))

    def _words(self) -> Iterator[str]:
        wish = self._wish
        said = [
            f"layer {wish.layer}" if wish.layer is not None else "",
            f"filter {wish.query}" if wish.query else "",
            f"sorted by {wish.column}" if wish.column != "layer" or wish.descending else "",
            f"{wish.order}-grams" if wish.order > 1 else "",
            number(len(self._neurons.marked), "mark") if self._neurons.marked else "",
        ]
        yield ", ".join(part for part in said if part) + "."

    def _state(self) -> State:
        zoom = self.has_class("-zoom")
        return State(
            self._wish,
            self._among is not None,
            self._neurons.row,
            self._changes,
            self._history.tail(_KEPT_VISITS),
            zoom,
        )

    def _keep_now_and_then(self) -> None:
        if self._opened is not None and self._kept != (state := self._state()):
            self._kept = state
            self.run_worker(partial(self._keep, self._opened, state, set(self._neurons.marked)), thread=True)

    async def on_unmount(self) -> None:
        """The run is left, or the program: write down where one was."""
        if self._opened is not None and self._kept != (state := self._state()):
            await asyncio.to_thread(self._keep, self._opened, state, self._neurons.marked)

    def _keep(self, opened: OpenedRun, state: State, marked: set[int]) -> None:
        """In a thread: write the session."""
        table = opened.table
        rows = np.array(sorted(marked)[:_KEPT_MARKS], np.int64)
        row, wish = state.row, state.wish
        session = {
            "run": Identity.of(self._path, opened.run.manifest),
            "layer": wish.layer,
            "query": wish.query if keepable(wish.query) else "",
            "sort": wish.column,
            "descending": wish.descending,
            "order": wish.order,
            "neuron": Addresses(table, np.array([row]))[0] if row is not None else None,
            "marks": tuple(zip(table.layer[rows].tolist(), table.neuron[rows].tolist(), strict=True)),
            "only_marked": state.only_marked,
            "history": state.history.visits,
            "zoom": state.zoom,
        }
        write_session(self._path, Session.model_validate(session))
