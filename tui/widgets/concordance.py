"""Sample contexts as a concordance: one line each, the sampled token in the same column throughout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len

from neuron_tui.store.corpus import Context
from neuron_tui.store.tokens import decode, printable, visible_token
from neuron_tui.tui.spans import ELLIPSIS, Line, Span, fit

OPEN, CLOSE = "▐", "▌"
"""Around tokens on which the neuron is active: a mark that needs no colour."""


def concordance(contexts: Sequence[Context], width: int, byte_level: bool) -> list[Line]:
    """Contexts by domain, each domain under its name."""
    lines: list[Line] = []
    for domain, members in groupby(contexts, key=lambda c: c.domain):
        lines.append(((fit(printable(domain), width), "dim"),))
        lines += [context_line(context, width, byte_level) for context in members]
    return lines


def context_line(context: Context, width: int, byte_level: bool) -> Line:
    """One context in `width` cells, its sampled token a little before the middle."""
    left = max(6, width * 2 // 5)
    before = _spans(context, max(0, context.focus - left), context.focus, byte_level)
    after = _spans(context, context.focus, min(len(context.text), context.focus + width - left), byte_level)
    # An active run that reaches the sampled token goes on in the right half: one pair of marks for all of it.
    joined = context.focus > 0 and context.active[context.focus - 1]
    if joined:
        before = before[:-1]
        after = after[1:]
    return (*_cut_start(before, left), *_cut_end(after, width - left))


def _spans(context: Context, start: int, stop: int, byte_level: bool) -> list[Span]:
    """Text of tokens `start` to `stop`; runs of active tokens stand between marks."""
    spans: list[Span] = []
    for active, run in groupby(range(start, stop), key=lambda i: context.active[i]):
        tokens = list(run)
        if active:
            spans.append((OPEN, "mark"))
            for i in tokens:
                role = "focus" if i == context.focus else "active"
                spans.append((visible_token(context.text[i], byte_level), role))
            spans.append((CLOSE, "mark"))
        else:
            spans.append((printable(decode([context.text[i] for i in tokens], byte_level)), ""))
    return spans


def _cut_start(spans: list[Span], width: int) -> Line:
    """Spans in exactly `width` cells, cut at their beginning; a cut run of active tokens keeps its mark."""
    if (spare := width - sum(cell_len(text) for text, _ in spans)) >= 0:
        return ((" " * spare, ""), *spans)
    room, kept = width - 2, []
    for text, role in reversed(spans):
        kept.append((_last_cells(text, room), role))
        room -= cell_len(kept[-1][0])
        if cell_len(kept[-1][0]) < cell_len(text):
            break
    cut_role = kept[-1][1]
    sign = f"{OPEN}{ELLIPSIS}" if cut_role in ("active", "focus") else ELLIPSIS
    return ((" " * (room + 2 - len(sign)), ""), (sign, "mark"), *reversed(kept))


def _cut_end(spans: list[Span], width: int) -> Line:
    """Spans in exactly `width` cells, cut at their end; a cut run of active tokens keeps its mark."""
    if (spare := width - sum(cell_len(text) for text, _ in spans)) >= 0:
        return (*spans, (" " * spare, ""))
    room, kept = width - 2, []
    for text, role in spans:
        kept.append((_first_cells(text, room), role))
        room -= cell_len(kept[-1][0])
        if cell_len(kept[-1][0]) < cell_len(text):
            break
    cut_role = kept[-1][1]
    sign = f"{ELLIPSIS}{CLOSE}" if cut_role in ("active", "focus") else ELLIPSIS
    return (*kept, (sign, "mark"), (" " * (room + 2 - len(sign)), ""))


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
