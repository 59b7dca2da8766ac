"""Tables on stdout: fitted to a terminal, plain and never cut anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from neuron_tui.store.tokens import printable


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading (may have two lines) and the side its cells lean to."""

    heading: str
    justify: Literal["left", "right"] = "right"


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], gap: int = 2) -> None:
    """Print rows under their headings, `gap` cells between columns.

    Cells are shown as they are, controls made visible, never as markup.
    """
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(Text(column.heading), justify=column.justify, vertical="bottom", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    # What is no terminal has no width: a program or a file gets every cell whole.
    width = None if sys.stdout.isatty() else 10_000
    Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False).print(table)
