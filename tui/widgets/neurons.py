"""The neurons pane: a table of all neurons, or those a filter leaves, in the order asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from neuron_tui.store.neurons.arrangement import Arrangement
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, Addresses, address_at, code_at, codes_of, row_of
from neuron_tui.store.neurons.table import MEASURES
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import short_count, value_text
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line, short_percent, short_score
from neuron_tui.tui.reports.neuron_text import what
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, column_at, fit_columns, row_text, title_text
from neuron_tui.tui.widgets.rows import RowList

MARKED = "◆"


COLUMNS = (
    TableColumn("layer", "l", 2, "right"),
    TableColumn("neuron", "i", 5, "right"),
    TableColumn("what", "what", 11),
    TableColumn("freq", "freq", 6, "right", keep=8),
    TableColumn("cover", "cover", 5, "right", keep=5),
    TableColumn("mi", "mi", 4, "right", keep=4),
    TableColumn("score", "score", 6, "right", keep=3),
    TableColumn("trigger", "trigger", 7, keep=7, share=2),
)

_MEASURED = {key: TableColumn(key, key, 9 if len(key) > 7 else 8, "right", keep=6) for key in MEASURES}
"""Columns that are there only while they sort the list: so no other is read."""

_LABEL = TableColumn("label", "label", 10, keep=6, share=4)
"""There only while some neuron has one."""

_WANTED = {"what": 19, "label": 40, "trigger": 1000}
"""Cells that the longest labels need, and more than any trigger has."""

_TITLES = {2: {"cover": "cov.2", "trigger": "bigram"}, 3: {"cover": "cov.3", "trigger": "trigram"}}
"""Titles that say which n-grams are meant, by n."""

_NAMING = 3
"""Columns that say which neuron it is, and what."""

_MARK = 2
"""Cells of the cursor and the mark, before the columns."""


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
        self._labels: Mapping[int, str] = {}

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

    def show_labels(self, labels: Mapping[int, str]) -> None:
        """Show other labels, by the codes of their neurons."""
        self._labels = labels
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
        titles = _TITLES.get(list_query.order, {})
        fitted = tuple((replace(c, title=titles.get(c.key, c.title)), room) for c, room in self._fitted(width))
        return ((" " * _MARK + title_text(fitted, list_query.column, list_query.descending), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """One neuron."""
        opened, shown = self._opened, self._shown
        if opened is None or shown is None:
            return ()
        table, at, n = opened.table, int(shown.rows[row]), shown.list_query.order
        code = code_at(opened, address_at(opened, at)) if self.marks or self._labels else -1
        covering, information, score = int(table.covering[n][at]), table.mutual_information[at], table.trigger_score[at]
        few = f"{covering:,}" if covering < 10_000 else short_count(covering)
        cells = {
            "layer": str(table.layer[at]),
            "neuron": opened.run.manifest.rule.name(int(table.neuron[at])),
            "what": what(table, at),
            "freq": short_percent(float(table.frequency[at])),
            "cover": few if covering else "–",
            "mi": "–" if np.isnan(information) else f"{information:.3f}".removeprefix("0"),
            "score": "" if np.isnan(score) else short_score(float(score)),
            "trigger": opened.first_trigger(at, n),
            "label": printable(self._labels.get(code, "")),
        }
        if (column := shown.list_query.column) in _MEASURED:
            cells[column] = _measured(column, float(table.measure(column)[at]))
        mark = MARKED if code in self.marks else " "
        return ((mark, "mark"), (row_text(self._fitted(width + 1), cells), "dim" if table.dead[at] else ""))

    def _fitted(self, width: int) -> Fitted:
        """Columns that fit in `width` cells beside the cursor and the mark."""
        sorting = self._shown.list_query.column if self._shown else ""
        measured = (_MEASURED[sorting],) if sorting in _MEASURED else ()
        columns: tuple[TableColumn, ...] = (*COLUMNS[:-1], *measured, COLUMNS[-1])
        if self._labels:
            columns = (*columns[:_NAMING], _LABEL, *columns[_NAMING:])
        return fit_columns(columns, width - _MARK, _WANTED, sorting)

    # What people do.

    def on_row_list_header_clicked(self, event: RowList.HeaderClicked) -> None:
        """Sort by the column whose title was clicked."""
        event.stop()
        column = column_at(self._fitted(self.inner_width), event.x - _MARK)
        if column not in (None, _LABEL.key):
            self.post_message(self.SortWanted(column))

    def action_switch_layer(self, by: int) -> None:
        """Ask for the layer before or after."""
        self.post_message(self.LayerWanted(by))


def _measured(key: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    return short_score(value) if key in ("cosine", "tokenfreq") else value_text(value)


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
