"""The neurons pane: a table of all neurons, or those a filter leaves, in the order asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from neuron_tui.store.neurons.arrangement import Arrangement
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, Addresses, address_at, code_at, codes_of, row_of
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import short_count
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line, fit, short_percent, short_score
from neuron_tui.tui.reports.neuron_text import what
from neuron_tui.tui.widgets.rows import RowList

MARKED = "◆"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is sorted by, its title, its width, and how soon it gives way when there is little room."""

    key: str
    title: str
    width: int
    align: str
    keep: int


COLUMNS = (
    Column("layer", "l", 2, "right", 9),
    Column("neuron", "i", 5, "right", 9),
    Column("what", "what", 11, "left", 9),
    Column("freq", "freq", 6, "right", 8),
    Column("cover", "cover", 5, "right", 5),
    Column("mi", "mi", 4, "right", 4),
    Column("score", "score", 6, "right", 3),
    Column("trigger", "trigger", 7, "left", 7),
)

_TITLES_BY_ORDER = {"cover": {2: "cov.2", 3: "cov.3"}, "trigger": {2: "bigram", 3: "trigram"}}


class NeuronList(RowList):
    """The table. Rows are those of an arrangement; marks are kept by row of the run's table."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("neurons.layer_before", "left,h", "switch_layer(-1)", "layer before"),
        Action("neurons.layer_after", "right,l", "switch_layer(1)", "layer after"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class LayerWanted(Message):
        """Another layer is asked for: the one before (-1) or after (+1)."""

        by: int

    @dataclass
    class SortWanted(Message):
        """A column's title was clicked."""

        column: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.border_title = Content("Neurons")
        self._opened: OpenedRun | None = None
        self._shown: Arrangement | None = None
        self.marks: frozenset[int] = frozenset()
        """Codes of the marked neurons."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Words of the glossary for the neuron under the cursor and the column that the list is sorted by."""
        row = self.row
        if row is None or self._opened is None or self._shown is None:
            return ()
        return (what(self._opened.table, row), self._shown.list_query.column)

    @property
    def listed(self) -> bool:
        """Whether a list is shown, be it empty."""
        return self._shown is not None

    @property
    def row(self) -> int | None:
        """Row of the run's table under the cursor; None if the list is empty."""
        return self._row_at(self.cursor)

    def _row_at(self, place: int) -> int | None:
        if self._shown is None or not 0 <= place < len(self._shown.rows):
            return None
        return int(self._shown.rows[place])

    @property
    def address(self) -> Address | None:
        """The neuron under the cursor; None if the list is empty."""
        return self.address_at(self.cursor)

    def address_at(self, place: int) -> Address | None:
        """The neuron at a place of the list; None outside."""
        row = self._row_at(place)
        return None if row is None or self._opened is None else address_at(self._opened, row)

    @property
    def addresses(self) -> Sequence[Address]:
        """All neurons of the list, in the order of the run."""
        if self._opened is None or self._shown is None:
            return ()
        return Addresses(self._opened.table, np.sort(self._shown.rows))

    @property
    def codes(self) -> frozenset[int]:
        """Codes of all neurons of the list."""
        if self._opened is None or self._shown is None:
            return frozenset()
        return frozenset(codes_of(self._opened)[self._shown.rows].tolist())

    def place_of(self, address: Address) -> int | None:
        """Place of a neuron in the list; None if it is left out, or not among the layers that are shown."""
        row = row_of(self._opened, address) if self._opened is not None else None
        if row is None or self._shown is None:
            return None
        found = np.flatnonzero(self._shown.rows == row)
        return int(found[0]) if len(found) else None

    def show(self, opened: OpenedRun, arrangement: Arrangement, follow: Address | None, *, limited: bool) -> None:
        """Show an arrangement; the cursor follows the neuron `follow`, or goes to the top.

        `limited` says whether only marked neurons are listed.
        """
        self._opened, self._shown = opened, arrangement
        place = self.place_of(follow) if follow is not None else None
        self.set_rows(len(arrangement.rows), place or 0)
        self.border_title = Content(_title(arrangement, limited))

    def show_marks(self, marks: frozenset[int]) -> None:
        """Show other marks."""
        self.marks = marks
        self.refresh()

    def empty_line(self, width: int) -> Line:
        """What to say where no neuron is left."""
        return (("  No neuron matches. / changes the filter.", "dim"),) if self._shown is not None else ()

    # Painting.

    def header_line(self, width: int) -> Line:
        """Titles; the arrow says which column sorts the list, and which way."""
        if self._shown is None:
            return ()
        list_query = self._shown.list_query
        text = "  "
        for column, room in self._columns(width):
            title = column.title
            if list_query.order > 1 and column.key in _TITLES_BY_ORDER:
                title = _TITLES_BY_ORDER[column.key][list_query.order]
            arrow = ("↓" if list_query.descending else "↑") if column.key == list_query.column else ""
            # The gap before a column is its own, so that an arrow finds room.
            if column.align == "right":
                text += fit(title + arrow, room + 1, "right")
            else:
                text += " " + fit(fit(title, min(len(title), room - len(arrow))) + arrow, room)
        return ((text, "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """One neuron."""
        opened, shown = self._opened, self._shown
        if opened is None or shown is None:
            return ()
        table, at, n = opened.table, int(shown.rows[row]), shown.list_query.order
        dead = table.dead[at]
        cells = [MARKED if self.marks and code_at(opened, address_at(opened, at)) in self.marks else " "]
        for column, room in self._columns(width + 1):
            match column.key:
                case "layer":
                    text = str(table.layer[at])
                case "neuron":
                    text = str(table.neuron[at])
                case "what":
                    text = what(table, at)
                case "freq":
                    text = short_percent(float(table.frequency[at]))
                case "cover":
                    covering = int(table.covering[n][at])
                    text = "–" if not covering else f"{covering:,}" if covering < 10_000 else short_count(covering)
                case "mi":
                    information = table.mutual_information[at]
                    text = "–" if np.isnan(information) else f"{information:.3f}".removeprefix("0")
                case "score":
                    score = table.trigger_score[at]
                    text = "" if np.isnan(score) else short_score(float(score))
                case _:
                    text = opened.first_trigger(at, n)
            cells.append(fit(text, room, column.align))
        return ((cells[0], "mark"), (" " + " ".join(cells[1:]), "dim" if dead else ""))

    def _columns(self, width: int) -> list[tuple[Column, int]]:
        """Columns that fit in `width` cells, with the room of each; the one that sorts stays longest."""
        sorting = self._shown.list_query.column if self._shown else ""
        chosen = list(COLUMNS)
        room = width - 2  # the cursor and the mark
        while sum(c.width + 1 for c in chosen) > room and len(chosen) > 3:
            chosen.remove(min(chosen, key=lambda c: (c.key == sorting, c.keep)))
        spare = room - sum(c.width + 1 for c in chosen)
        widths = [(c, c.width) for c in chosen]
        if spare > 0:
            # First the labels get the room their longest ones need, the triggers take the rest.
            labels = min(8, spare // 3)
            extra = {"what": labels if any(c.key == "trigger" for c in chosen) else spare, "trigger": spare - labels}
            widths = [(c, w + extra.get(c.key, 0)) for c, w in widths]
        return widths

    # What people do.

    def on_row_list_header_clicked(self, event: RowList.HeaderClicked) -> None:
        """Sort by the column whose title was clicked."""
        event.stop()
        left = 2
        for column, room in self._columns(self.inner_width):
            if left <= event.x < left + room + 1:
                self.post_message(self.SortWanted(column.key))
                return
            left += room + 1

    def action_switch_layer(self, by: int) -> None:
        """Ask for the layer before or after."""
        self.post_message(self.LayerWanted(by))


def _title(arrangement: Arrangement, limited: bool) -> str:
    """What the list shows, and how many, which comes first: what is too long is cut at its end."""
    list_query = arrangement.list_query
    shown, query = f"{len(arrangement.rows):,}", list_query.query.strip()
    parts = ["Neurons", f"{shown} of {arrangement.considered:,}" if query else shown]
    if list_query.layer is not None:
        parts.append(f"layer {list_query.layer}")
    if limited:
        parts.append("marked ones")
    if list_query.column == "notable":
        parts.append("notable last ↑" if list_query.descending else "notable first ↓")
    if query:
        parts.append(printable(query))
    return " · ".join(parts)
