"""Columns of a table: which find room, how wide each is, and which one a click on the titles means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from neuron_tui.tui.drawing.spans import Line, Span, fit


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: what it is sorted by, its title and its least width.

    The lowest `keep` gives way first when there is no room; of room to spare a column takes its `share` at a time.
    """

    key: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"
    keep: int = 9
    share: int = 1


Fitted = tuple[tuple[TableColumn, int], ...]
"""Columns with the cells of each; before each lies one more."""


def fit_columns(columns: Sequence[TableColumn], room: int, wanted: Mapping[str, int], sorting: str) -> Fitted:
    """Columns that fit in `room` cells; those named in `wanted` grow to that width where they can.

    The first column, and the one that sorts the table, stay longest.
    """
    chosen = list(columns)
    while sum(column.width + 1 for column in chosen) > room and len(chosen) > 1:
        chosen.remove(min(chosen, key=lambda c: (c is columns[0], c.key == sorting, c.keep)))
    widths = {column.key: column.width for column in chosen}
    spare = room - sum(width + 1 for width in widths.values())
    while spare > 0:
        growing = [column for column in chosen if widths[column.key] < wanted.get(column.key, 0)]
        if not growing:
            break
        for column in growing:
            more = min(column.share, spare, wanted[column.key] - widths[column.key])
            widths[column.key] += more
            spare -= more
    return tuple((column, widths[column.key]) for column in chosen)


def title_text(fitted: Fitted, sorting: str, descending: bool) -> str:
    """The titles; an arrow says which column sorts the table, and which way."""
    text = ""
    for column, width in fitted:
        arrow = ("↓" if descending else "↑") if column.key == sorting else ""
        # The gap before a column is its own, so that an arrow finds room.
        if column.align == "right":
            text += fit(column.title + arrow, width + 1, "right")
        else:
            text += " " + fit(fit(column.title, min(len(column.title), width - len(arrow))) + arrow, width)
    return text


def row_text(fitted: Fitted, cells: Mapping[str, str]) -> str:
    """A row as one text."""
    return "".join(" " + fit(cells[column.key], width, column.align) for column, width in fitted)


def row_spans(fitted: Fitted, cells: Mapping[str, str], roles: Mapping[str, str]) -> Line:
    """A row; `roles` are those of the columns that play one."""
    spans: list[Span] = []
    for column, width in fitted:
        spans += [(" ", ""), (fit(cells[column.key], width, column.align), roles.get(column.key, ""))]
    return tuple(spans)


def column_at(fitted: Fitted, x: int) -> str | None:
    """Key of the column at a cell of the row; None beside them all."""
    left = 0
    for column, width in fitted:
        if left <= x < left + width + 1:
            return column.key
        left += width + 1
    return None
