"""What is written of a run: reports, and where one was when one left it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual.binding import BindingType

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.arrangement import ListQuery
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, Addresses, row_of
from neuron_tui.store.neurons.query import keepable
from neuron_tui.store.wording import number
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.browsing.history import History
from neuron_tui.tui.remembered.session import Identity, Session, write_session
from neuron_tui.tui.screens.explorer.marking import KEPT_MARKS, Marking
from neuron_tui.tui.screens.export import Export, written

_KEPT_VISITS = 50
"""Visits that are kept between two times a run is open."""

_EVERY = 5.0
"""Seconds between two times that is written down, if it changed."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a session is made from, as one value that can be compared. `marks` counts the changes to the marks."""

    list_query: ListQuery
    only_marked: bool
    row: int | None
    marks: int
    history: History
    zoom: bool


class Keeping(Marking):
    """What is written: reports, and the session."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.export",
            "x",
            "export",
            "export",
            "exports the marked neurons, or this one if none is marked.",
            palette="Export",
        ),
        Action(
            "explorer.export_shown",
            "X",
            "export_shown",
            "export all shown",
            "exports all neurons that the list shows.",
            palette="Export all shown",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("", "Layer, filter, order, marks and place are kept for when you open the run again."),
    )

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        self._kept: State | None = None

    def on_mount(self) -> None:
        """Write down now and then where one is."""
        self.set_interval(_EVERY, self._keep_now_and_then)

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
        self._export(np.sort(self._rows), self._list_query.query.strip() or chosen)

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
        self._list_query = ListQuery(layer, session.query, session.sort, session.descending, session.order)
        marks = (row_of(opened, address) for address in session.marks)
        self._neurons.marked = {row for row in marks if row is not None}
        if session.only_marked and self._neurons.marked:
            self._among = self.codes_of_marks(opened)
        self._follow = row_of(opened, session.neuron) if session.neuron is not None else None
        for address in session.history:
            if row_of(opened, address) is not None:
                self._history = self._history.visit(address)
        self._layers.select(layer)
        self._neuron.set_order(session.order)
        if session.zoom:
            self.add_class("-zoom")
            self._neuron.focus()
        if self._list_query != ListQuery() or self._neurons.marked:
            self.note(" ".join(("As you left it:", *self._words())))

    def _words(self) -> Iterator[str]:
        list_query = self._list_query
        said = [
            f"layer {list_query.layer}" if list_query.layer is not None else "",
            f"filter {list_query.query}" if list_query.query else "",
            f"sorted by {list_query.column}" if list_query.column != "notable" or list_query.descending else "",
            f"{list_query.order}-grams" if list_query.order > 1 else "",
            number(len(self._neurons.marked), "mark") if self._neurons.marked else "",
        ]
        yield ", ".join(part for part in said if part) + "."

    def _state(self) -> State:
        zoom = self.has_class("-zoom")
        return State(
            self._list_query,
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
        rows = np.array(sorted(marked)[:KEPT_MARKS], np.int64)
        row, list_query = state.row, state.list_query
        session = {
            "run": Identity.of(self._path, opened.run.manifest),
            "layer": list_query.layer,
            "query": list_query.query if keepable(list_query.query) else "",
            "sort": list_query.column,
            "descending": list_query.descending,
            "order": list_query.order,
            "neuron": Addresses(table, np.array([row]))[0] if row is not None else None,
            "marks": tuple(zip(table.layer[rows].tolist(), table.neuron[rows].tolist(), strict=True)),
            "only_marked": state.only_marked,
            "history": state.history.visits,
            "zoom": state.zoom,
        }
        write_session(self._path, Session.model_validate(session))
