"""Blocks of a card: lines, and the items in them that a cursor can stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rich.cells import cell_len

from neuron_tui.tui.drawing.spans import Line, beside, fit

TRIGGER, PROMOTED, SUPPRESSED, CONTEXT = PARTS = ("trigger", "promoted", "suppressed", "context")
"""Parts of a card that hold items."""


class TokenPlace(NamedTuple):
    """Where a token of a context stands: lines below its item's first, cell of the line, cells it takes.

    `token` is its place in the context, counted from the sampled token, which is 0.
    """

    token: int
    line: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something of a card to stand on: an n-gram, a token or a context, in lines and cells of its block.

    `ids` and `forms` are its tokens; of a context they belong to `places`, one each, as the neuron's `values` there do.
    """

    part: str
    index: int
    line: int
    x: int
    width: int
    ids: tuple[int, ...]
    forms: tuple[str, ...]
    height: int = 1
    places: tuple[TokenPlace, ...] = ()
    values: tuple[float | None, ...] = ()

    def holds(self, line: int, x: int) -> bool:
        """Whether a cell of its block is the item's."""
        return self.line <= line < self.line + self.height and self.x <= x < self.x + self.width


@dataclass(slots=True)
class Block:
    """Lines under each other with their items."""

    lines: list[Line] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def add(self, *lines: Line) -> None:
        """Put lines below."""
        self.lines += lines

    def add_block(self, block: Block) -> None:
        """Put another block below."""
        self.items += _moved(block.items, len(self.lines), 0)
        self.lines += block.lines


def side_by_side(left: Block, right: Block, left_width: int, gap: int = 2) -> Block:
    """Two blocks beside each other; the left one takes `left_width` cells. Items of the left come first."""
    items = [*left.items, *_moved(right.items, 0, left_width + gap)]
    return Block(beside(left.lines, right.lines, left_width, gap), items)


def _moved(items: Sequence[Item], lines: int, cells: int) -> list[Item]:
    if not cells:
        return [replace(item, line=item.line + lines) for item in items]
    return [
        replace(
            item,
            line=item.line + lines,
            x=item.x + cells,
            places=tuple(TokenPlace(p.token, p.line, p.x + cells, p.width) for p in item.places),
        )
        for item in items
    ]


def section(title: str, note: str, width: int) -> Line:
    """The line above a part of the card: its title, a rule, a note at the right end."""
    note = fit(note, min(cell_len(note), max(0, width - cell_len(title) - 4))) if note else ""
    rule = width - cell_len(title) - cell_len(note) - (2 if note else 1)
    return ((title, "heading"), (" " + "─" * max(0, rule), "dim"), (f" {note}" if note else "", "dim"))
