"""The text of a context token by token, with marks around the tokens on which the neuron is active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neuron_tui.tui.drawing.spans import Line, Span
from neuron_tui.tui.reports.context import NO_TOKEN, ContextView, Piece
from neuron_tui.tui.widgets.neuron.blocks import TokenPlace

OPEN, CLOSE = "▐", "▌"
"""Around tokens on which the neuron is active: a mark that needs no colour."""

EDGE = "┊"
"""Between text of which it is known where the neuron is active and text of which it is not."""


class TokenSpan(NamedTuple):
    """A span that is one token's: `token` is its index in the context, or `NO_TOKEN` for a mark."""

    text: str
    role: str
    token: int


OPENING, CLOSING = TokenSpan(OPEN, "mark", NO_TOKEN), TokenSpan(CLOSE, "mark", NO_TOKEN)


def marked(view: ContextView, start: int, stop: int) -> list[TokenSpan]:
    """Tokens `start` to `stop` - 1 of a context; one pair of marks goes around a run of active ones."""
    context, found = view.context, list[TokenSpan]()
    active, size = context.active, len(context.forms)
    edges = (context.unknown_before, size - context.unknown_after)
    for piece in view.tokens(start, stop):
        at = piece.token
        if at in edges and 0 < at < size:
            found.append(TokenSpan(EDGE, "mark", NO_TOKEN))
        if not piece.active:
            found.append(TokenSpan(piece.shown, "" if piece.known else "dim", at))
            continue
        if at == start or not active[at - 1]:
            found.append(OPENING)
        found.append(TokenSpan(piece.shown, role_of(view, piece), at))
        if at + 1 == stop or not active[at + 1]:
            found.append(CLOSING)
    return found


def role_of(view: ContextView, piece: Piece) -> str:
    """The role of an active token: `active`, or `focus` of the sampled one, with its shade where its value is known."""
    shade = view.shade(piece.value)
    return f"{'focus' if piece.sampled else 'active'}{shade or ''}"


def is_active(role: str) -> bool:
    """Whether a role is that of an active token."""
    return role.startswith(("active", "focus"))


def laid(found: Sequence[TokenSpan], widths: Sequence[int], focus: int, line: int = 0, x: int = 0) -> _Laid:
    """Pieces as one line from cell `x` on: neighbours of one role as one span, and where each token stands."""
    spans: list[Span] = []
    places: list[TokenPlace] = []
    text, current = "", ""
    for piece, width in zip(found, widths, strict=True):
        if piece.token != NO_TOKEN and width:
            places.append(TokenPlace(piece.token - focus, line, x, width))
        if piece.role != current:
            if text:
                spans.append((text, current))
            text, current = "", piece.role
        text += piece.text
        x += width
    if text:
        spans.append((text, current))
    return tuple(spans), places


_Laid = tuple[Line, list[TokenPlace]]
