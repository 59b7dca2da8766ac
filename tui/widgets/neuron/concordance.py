"""Sample contexts as a concordance: one line each, the sampled token in the same column throughout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len

from neuron_tui.tui.drawing.spans import ELLIPSIS, Line, fit
from neuron_tui.tui.reports.context import NO_TOKEN, ContextView
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, Block, Item, TokenPlace
from neuron_tui.tui.widgets.neuron.context_text import CLOSE, OPEN, OPENING, TokenSpan, is_active, laid, marked

_DOMAIN_FROM, _DOMAIN = 60, 8
"""Width from which a line names its domain if they are not together, and the most cells of the name."""


def concordance(contexts: Sequence[ContextView], width: int, *, by_domain: bool = True) -> Block:
    """Contexts a line each, before it the value at the sampled token: each domain under its name, or in their order."""
    block = Block()
    values = value_width(contexts)
    names = 0
    if not by_domain and width >= _DOMAIN_FROM:
        names = min(_DOMAIN, max((cell_len(c.domain) for c in contexts), default=0))
    gutter = (values + 1 if values else 0) + (names + 1 if names else 0)
    for domain, members in groupby(contexts, key=lambda c: c.domain if by_domain else ""):
        if by_domain:
            block.add(((fit(domain, width), "dim"),))
        for context in members:
            before = f"{context.sampled_value:>{values}} " if values else ""
            name = f"{fit(context.domain, names)} " if names else ""
            line, places = context_line(context, width - gutter, gutter)
            block.items.append(context_item(context, len(block.items), len(block.lines), width, 1, places))
            block.add(((before, "strong"), (name, "dim"), *line))
    return block


def value_width(contexts: Sequence[ContextView]) -> int:
    """Cells that the values at the sampled tokens take; 0 if none is kept."""
    return max((len(context.sampled_value) for context in contexts), default=0)


def context_item(
    view: ContextView, index: int, line: int, width: int, height: int, places: Sequence[TokenPlace]
) -> Item:
    """The item of a context; its tokens are those that have a place."""
    context = view.context
    tokens = [context.focus + place.token for place in places]
    ids, forms = tuple(context.ids[i] for i in tokens), tuple(context.forms[i] for i in tokens)
    values = tuple(view.value(i) for i in tokens)
    return Item(CONTEXT, index, line, 0, width, ids, forms, height, tuple(places), values)


def context_line(view: ContextView, width: int, x: int = 0) -> tuple[Line, list[TokenPlace]]:
    """One context in `width` cells from `x` on, its sampled token before the middle, and where its tokens stand."""
    left, focus = max(6, width * 2 // 5), view.context.focus
    found = marked(view, max(0, focus - left), min(len(view.context.forms), focus + width - left))
    middle = next(i for i, piece in enumerate(found) if piece.token == focus)
    # An active run that reaches the sampled token goes on in the right half; one that begins there has its mark there.
    middle -= middle > 0 and found[middle - 1] == OPENING
    line = [*_cut_start(found[:middle], left), *_cut_end(found[middle:], width - left)]
    return laid(line, [cell_len(piece.text) for piece in line], focus, x=x)


def _cut_start(found: Sequence[TokenSpan], width: int) -> list[TokenSpan]:
    """TokenSpans in exactly `width` cells, cut at their beginning; a cut run of active tokens keeps its mark."""
    if (spare := width - sum(cell_len(piece.text) for piece in found)) >= 0:
        return [_blank(spare), *found]
    room, kept = width - 2, []
    for piece in reversed(found):
        text = _last_cells(piece.text, room)
        kept.append(piece._replace(text=text))
        room -= cell_len(text)
        if len(text) < len(piece.text):
            break
    cut = found[-len(kept)]
    sign = f"{OPEN}{ELLIPSIS}" if is_active(cut.role) else f"{ELLIPSIS}{OPEN}" if cut.text == OPEN else ELLIPSIS
    return [_blank(room + 2 - len(sign)), TokenSpan(sign, "mark", NO_TOKEN), *reversed(kept)]


def _cut_end(found: Sequence[TokenSpan], width: int) -> list[TokenSpan]:
    """TokenSpans in exactly `width` cells, cut at their end; a cut run of active tokens keeps its mark."""
    if (spare := width - sum(cell_len(piece.text) for piece in found)) >= 0:
        return [*found, _blank(spare)]
    room, kept = width - 2, []
    for piece in found:
        text = _first_cells(piece.text, room)
        kept.append(piece._replace(text=text))
        room -= cell_len(text)
        if len(text) < len(piece.text):
            break
    cut = found[len(kept) - 1]
    sign = f"{ELLIPSIS}{CLOSE}" if is_active(cut.role) else f"{CLOSE}{ELLIPSIS}" if cut.text == CLOSE else ELLIPSIS
    return [*kept, TokenSpan(sign, "mark", NO_TOKEN), _blank(room + 2 - len(sign))]


def _blank(width: int) -> TokenSpan:
    return TokenSpan(" " * width, "", NO_TOKEN)


def _first_cells(text: str, room: int) -> str:
    """As much of the beginning of a text as `room` cells hold."""
    if cell_len(text) <= room:
        return text
    end = 0
    for end in range(min(len(text), room), -1, -1):  # a character takes a cell or more, marks on it aside
        if cell_len(text[:end]) <= room:
            break
    return text[:end]


def _last_cells(text: str, room: int) -> str:
    """As much of the end of a text as `room` cells hold."""
    if cell_len(text) <= room:
        return text
    start = max(0, len(text) - room)
    while start < len(text) and cell_len(text[start:]) > room:
        start += 1
    return text[start:]
