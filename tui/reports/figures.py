"""Figures for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from neuron_tui.store.findings.figures.figure import (
    Cell,
    Column,
    Figure,
    Tokens,
)
from neuron_tui.store.wording import json_text

LONG = ("figure", "run", "layer", "depth", "neuron", "series", "value")
"""Columns of figures in long form: a row for each value."""

Plain = str | int | float | None


def figures_json(figures: Sequence[Figure]) -> str:
    """Figures as a JSON list; a row is an object with the names of the columns as keys."""
    return json.dumps([figure_data(figure) for figure in figures], indent=2, allow_nan=False) + "\n"


def figure_data(figure: Figure) -> dict[str, Any]:
    """One figure as an object of that list."""
    return {
        "name": figure.name,
        "title": figure.title,
        "reference": figure.reference,
        "columns": [{"name": column.name, "unit": column.unit} for column in figure.columns],
        "rows": [_row(figure, row) for row in figure.rows],
        "notes": list(figure.notes),
    }


def figure_csv(figure: Figure) -> str:
    """One figure as CSV: its name before the columns of its table; tokens are JSON lists of the tokeniser's texts."""
    names = ("figure", *(column.name for column in figure.columns))
    return csv_text(names, ((figure.name, *plain_cells(row)) for row in figure.rows))


def figures_csv(figures: Sequence[Figure]) -> str:
    """Several figures as CSV in long form, with the columns of `LONG`."""
    return csv_text(LONG, (row for figure in figures for row in _long_rows(figure)))


def _row(figure: Figure, row: Sequence[Cell]) -> dict[str, Any]:
    cells = (list(cell.forms) if isinstance(cell, Tokens) else cell for cell in row)
    return {column.name: cell for column, cell in zip(figure.columns, cells, strict=True)}


def _plain(cell: Cell) -> Plain:
    """A cell of CSV in which nothing acts, on a terminal or in a spreadsheet."""
    if isinstance(cell, Tokens):
        return json_text(list(cell.forms))
    if not isinstance(cell, str):
        return cell
    # Only a run's name can begin as a formula does; spreadsheets take what follows an apostrophe as text.
    before = "'" if cell.lstrip().startswith(("=", "+", "-", "@")) else ""
    return before + (cell if cell.isprintable() else json_text(cell)[1:-1])


def plain_cells(row: Sequence[Cell]) -> tuple[Plain, ...]:
    """The cells of a row as CSV holds them; nothing in them acts, on a terminal or in a spreadsheet."""
    return tuple(map(_plain, row))


def _long_rows(figure: Figure) -> list[tuple[Plain, ...]]:
    rows: list[tuple[Plain, ...]] = []
    for row in figure.rows:
        named = dict(zip((column.name for column in figure.columns), plain_cells(row), strict=True))
        key = (figure.name, named["run"], named["layer"], named["depth"], named.get("neuron"))
        # What else a row is of has no column of its own in long form.
        more = "".join(f", {c.name} {named[c.name]}" for c in figure.columns if c.key and c.name not in LONG)
        rows += [(*key, column.name + more, named[column.name]) for column in _values(figure)]
    return rows


def _values(figure: Figure) -> list[Column]:
    return [column for column in figure.columns if not column.key]


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Plain]]) -> str:
    """Rows as CSV under their names."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return stream.getvalue()
