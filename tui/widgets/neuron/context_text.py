"""The text of a context in pieces: one a token, with marks around those on which the neuron is active."""

from __future__ import annotations

import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import NamedTuple

from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.tokens import printable, token_bytes, visible_token
from neuron_tui.tui.drawing.spans import Line, Span
from neuron_tui.tui.widgets.neuron.blocks import TokenPlace

OPEN, CLOSE = "▐", "▌"
"""Around tokens on which the neuron is active: a mark that needs no colour."""

EDGE = "┊"
"""Between text of which it is known where the neuron is active and text of which it is not."""

NO_TOKEN = -1


class Piece(NamedTuple):
    """Text with a role; `token` is the index of its token in the context, or `NO_TOKEN` for a mark."""

    text: str
    role: str
    token: int


OPENING, CLOSING = Piece(OPEN, "mark", NO_TOKEN), Piece(CLOSE, "mark", NO_TOKEN)


def pieces(context: Context, start: int, stop: int, byte_level: bool) -> list[Piece]:
    """Tokens `start` to `stop` of a context; one pair of marks goes around a run of active ones."""
    found: list[Piece] = []
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    active, text = context.active, context.text
    known = range(context.unknown_before, len(text) - context.unknown_after)
    base = ""
    for i in range(start, stop):
        if i in (known.start, known.stop) and 0 < i < len(text):
            found.append(Piece(EDGE, "mark", NO_TOKEN))
        if active[i]:
            if i == start or not active[i - 1]:
                found.append(OPENING)
            found.append(Piece(visible_token(text[i], byte_level), "focus" if i == context.focus else "active", i))
            if i + 1 == stop or not active[i + 1]:
                found.append(CLOSING)
            continue
        # A character split between tokens reads as a whole, and belongs to the one that completes it.
        first, last = i == start or active[i - 1], i + 1 == stop or active[i + 1]
        part = decoder.decode(token_bytes(text[i], byte_level), final=last)
        base = "" if first else _to_last_base(base)
        found.append(Piece(printable(base + part)[len(printable(base)) :], "" if i in known else "dim", i))
        base += part
        if last:
            decoder.reset()
    return found


def _to_last_base(text: str) -> str:
    """The last character that can carry marks, with the marks it carries: what they add depends on it."""
    return text[next((i for i in range(len(text) - 1, -1, -1) if unicodedata.category(text[i])[0] != "M"), 0) :]


def laid(found: Sequence[Piece], widths: Sequence[int], focus: int, line: int = 0, x: int = 0) -> _Laid:
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
