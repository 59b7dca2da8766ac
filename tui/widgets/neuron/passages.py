"""Sample contexts as passages: all text at hand around each sampled token, over as many lines as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from neuron_tui.store.wording import value_text
from neuron_tui.tui.drawing.spans import BLANK, Line, fit
from neuron_tui.tui.reports.context import ContextView
from neuron_tui.tui.widgets.neuron.blocks import Block, TokenPlace
from neuron_tui.tui.widgets.neuron.concordance import context_item, value_width
from neuron_tui.tui.widgets.neuron.context_text import CLOSING, OPENING, TokenSpan, laid, marked

_INDENT = 2


def passages(contexts: Sequence[ContextView], width: int) -> Block:
    """Contexts one below the other, each under its domain and the position of its sampled token."""
    block = Block()
    values = value_width(contexts)
    for view in contexts:
        context = view.context
        if block.lines:
            block.add(BLANK)
        first = context.offset - context.focus
        last = first + len(context.ids) - 1
        where = f"{view.domain}, position {context.offset:,} ({first:,}-{last:,})"
        number = f"{view.sampled_value:>{values}} " if values else ""
        block.add(((number, "strong"), (fit(where, width - len(number)), "dim")))
        lines, places = passage(view, width)
        item = context_item(view, len(block.items), len(block.lines), width, len(lines), places)
        block.items.append(item)
        block.add(*lines)
    return block


def passage(view: ContextView, width: int) -> tuple[list[Line], list[TokenPlace]]:
    """All of a context in lines of at most `width` cells, and where its tokens stand.

    Below a line stand the values of its active tokens, as many as do not touch.
    """
    room = max(4, width - _INDENT)
    lines: list[Line] = []
    places: dict[int, TokenPlace] = {}
    for row in _rows(marked(view, 0, len(view.context.forms)), room):
        line, here = laid(
            [piece for piece, _ in row], [cells for _, cells in row], view.context.focus, len(lines), _INDENT
        )
        lines.append(((" " * _INDENT, ""), *line))
        new = [place for place in here if place.token not in places]  # of a token cut up, where it begins
        places |= {place.token: place for place in new}
        if below := _values_below(view, new, width):
            lines.append(((below, "dim"),))
    return lines, list(places.values())


def _values_below(view: ContextView, places: Sequence[TokenPlace], width: int) -> str:
    text = ""
    for place in places:
        value = view.value(view.context.focus + place.token)
        if value is None:
            continue
        number = value_text(value)
        if place.x > len(text) and place.x + len(number) <= width:
            text = f"{text:<{place.x}}{number}"
    return text


_Row = list[tuple[TokenSpan, int]]
"""TokenSpans, and the cells that each takes."""


def _rows(found: Sequence[TokenSpan], room: int) -> list[_Row]:
    """TokenSpans in rows of at most `room` cells; marks stay with their token, a token longer than a row is cut up."""
    rows: list[_Row] = [[]]
    used = 0
    for group in _groups(found):
        width = sum(cells for _, cells in group)
        if width > room:
            group = [(piece._replace(text=t), cell_len(t)) for piece, _ in group for t in chop_cells(piece.text, room)]
        elif used and used + width > room:
            rows.append([])
            used = 0
        for piece, cells in group:
            if used and used + cells > room:
                rows.append([])
                used = 0
            rows[-1].append((piece, cells))
            used += cells
    return rows


def _groups(found: Sequence[TokenSpan]) -> list[_Row]:
    groups: list[_Row] = []
    opened = False
    for piece in found:
        if groups and (opened or piece is CLOSING):
            groups[-1].append((piece, cell_len(piece.text)))
        else:
            groups.append([(piece, cell_len(piece.text))])
        opened = piece is OPENING
    return groups
