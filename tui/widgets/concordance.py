"""Sample contexts as a concordance: one line each, the sampled token in the same column throughout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.cells import cell_len

from neuron_tui.store.corpus import Context
from neuron_tui.store.tokens import decode, printable, visible_token
from neuron_tui.tui.spans import Line, Span, fit, fit_end, fit_line

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
    return (*_cut_start(before, left), *fit_line(tuple(after), width - left))


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
    """Spans in exactly `width` cells, cut at their beginning."""
    kept: list[Span] = []
    room = width
    for text, role in reversed(spans):
        cells = cell_len(text)
        if cells > room:
            if room:
                kept.append((fit_end(text, room), role))
            elif kept:
                last, last_role = kept[-1]
                kept[-1] = (fit_end("…" + last, cell_len(last)), last_role)
            room = 0
            break
        kept.append((text, role))
        room -= cells
    if room:
        kept.append((" " * room, ""))
    return tuple(reversed(kept))
