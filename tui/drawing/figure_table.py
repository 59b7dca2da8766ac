"""A figure's table as people read it: aligned, headings over it, tokens made visible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from neuron_tui.store.findings.figures.figure import Cell, Column, Deferred, Figure, Tokens
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import percent, signed
from neuron_tui.tui.drawing.spans import Line, fit, wrap

_GAP = 2
_LEAST = 8
"""Cells below which a column of texts is not narrowed."""

_MEASURED = 5_000
"""Rows of a table that columns are as wide as: of a longer one every so many. The other rows are made when shown."""


@dataclass(frozen=True, slots=True)
class TableText:
    """The cells of a table as texts; `left` says of each column whether it leans to the left."""

    headings: tuple[str, ...]
    left: tuple[bool, ...]
    cells: Sequence[tuple[str, ...]]
    widths: tuple[int, ...]

    def fitted(self, width: int | None) -> tuple[int, ...]:
        """Widths of the columns, those of texts narrowed, the widest first, until the table fits."""
        widths = list(self.widths)
        least = [max(_LEAST, *map(cell_len, heading.split())) for heading in self.headings]
        while width is not None and sum(widths) + _GAP * (len(widths) - 1) > width:
            wide = [i for i, left in enumerate(self.left) if left and widths[i] > least[i]]
            if not wide:
                break
            widths[max(wide, key=lambda i: widths[i])] -= 1
        return tuple(widths)

    def header(self, widths: tuple[int, ...]) -> list[Line]:
        """The headings, of as many lines as the longest needs."""
        wrapped = [wrap(heading, size) for heading, size in zip(self.headings, widths, strict=True)]
        deepest = max(len(lines) for lines in wrapped)
        padded = [[""] * (deepest - len(lines)) + lines for lines in wrapped]
        return [((self._joined(texts, widths), "column"),) for texts in zip(*padded, strict=True)]

    def row(self, row: int, widths: tuple[int, ...]) -> Line:
        """A row of the table."""
        return ((self._joined(self.cells[row], widths), ""),)

    def _joined(self, texts: tuple[str, ...], widths: tuple[int, ...]) -> str:
        sides = ("left" if left else "right" for left in self.left)
        return (" " * _GAP).join(fit(t, w, side) for t, w, side in zip(texts, widths, sides, strict=True))


def table_text(figure: Figure) -> TableText:
    """The table of a figure; the runs' column is left out where there is but one run."""
    shown = [i for i, column in enumerate(figure.columns) if column.name != "run" or len(figure.runs) > 1]
    columns = [figure.columns[i] for i in shown]

    def texts(start: int, stop: int) -> Iterator[tuple[str, ...]]:
        for row in figure.rows[start:stop]:
            yield tuple(cell_text(column, row[i]) for column, i in zip(columns, shown, strict=True))

    size = len(figure.rows)
    cells = tuple(texts(0, size)) if size <= _MEASURED else Deferred((size, texts))
    measured = [*range(0, size, max(1, size // _MEASURED)), size - 1] if size else []
    headings = tuple(_heading(column) for column in columns)
    left = tuple(any(isinstance(figure.rows[row][i], str | Tokens) for row in measured) for i in shown)
    widths = [max(map(cell_len, heading.split())) for heading in headings]
    for row in measured:
        widths = [max(pair) for pair in zip(widths, map(cell_len, cells[row]), strict=True)]
    return TableText(headings, left, cells, tuple(widths))


def table_lines(text: TableText, width: int | None) -> list[Line]:
    """The whole table; `width` None leaves every cell whole."""
    widths = text.fitted(width)
    return [*text.header(widths), *(text.row(row, widths) for row in range(len(text.cells)))]


def cell_text(column: Column, cell: Cell) -> str:
    """A cell as people read it: `42%`, `1,234`, `−0.081`; a dash for what there is not."""
    if cell is None:
        return "–"
    if isinstance(cell, Tokens):
        return cell.shown()
    if isinstance(cell, str):
        return printable(cell)
    match column.unit:
        case "share":
            return percent(cell)
        case "relative depth":
            return f"{cell:.2f}"
        case "logit":
            return signed(cell)
        case "nats":
            return f"{cell:.3f}"
        case "":
            return str(cell)
    return f"{cell:,}"


def _heading(column: Column) -> str:
    words = column.name.replace("_", " ")
    return f"{words} ({column.unit})" if column.unit in ("nats", "logit") else words
