"""The text around a token that a neuron is active on, in pieces: token by token, or in stretches of running text."""

from __future__ import annotations

import unicodedata
from codecs import getincrementaldecoder
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from neuron_tui.store.disk.schema import CONTEXT_AFTER
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.tokens import Spelling, decode, printable, token_bytes, visible, visible_token
from neuron_tui.store.wording import value_text

NO_TOKEN = -1
"""Stands for the token of a piece that is not that of one token."""

SHADES = 4
"""Steps in which values are shaded: quarters of the neuron's highest."""

LONGEST_TOKEN = 60
BEFORE, AFTER = 70, 50
"""Characters of a report's context before and after the sampled token's stretch of text."""


class Piece(NamedTuple):
    """Text as people see it, on which the neuron is active throughout, or nowhere.

    `token` is its token's index in the context, or `NO_TOKEN`; `sampled` says whether that is the sampled one, `known`
    whether the run knows the activity. `value` is the neuron's at that token, if it is kept.
    """

    shown: str
    active: bool
    token: int = NO_TOKEN
    sampled: bool = False
    known: bool = True
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ContextView:
    """A context as people see it; `highest` is the neuron's highest value, if the run keeps values."""

    context: Context
    spelling: Spelling
    highest: float | None = None

    def value(self, token: int) -> float | None:
        """The neuron's value at a token; None where it is inactive or the value is not kept."""
        return self.context.values[token] if self.context.values else None

    @property
    def sampled_value(self) -> str:
        """The value at the sampled token as it is shown; empty if it is not kept."""
        value = self.value(self.context.focus)
        return "" if value is None else value_text(value)

    def shade(self, value: float | None) -> int:
        """How strong a value is beside the neuron's highest, from 1 to `SHADES`; 0 if that is not known."""
        if value is None or self.highest is None:
            return 0
        return 1 if self.highest <= 0 else max(1, min(SHADES, ceil(SHADES * value / self.highest)))

    @property
    def domain(self) -> str:
        """The name of its domain, made visible."""
        return printable(self.context.domain)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Its text in stretches, cut as a report cuts it."""
        return stretches(self.context, self.spelling)

    @property
    def shaded_pieces(self) -> tuple[Piece, ...]:
        """The same with a piece for each active token whose value is kept."""
        return stretches(self.context, self.spelling, values=bool(self.context.values))

    def tokens(self, start: int, stop: int) -> list[Piece]:
        """Its tokens from `start` to `stop` - 1, a piece each.

        An active token is shown as it is in lists; of the text around, a character split between tokens reads as a
        whole, and belongs to the one that completes it.
        """
        active, forms, focus = self.context.active, self.context.forms, self.context.focus
        known = range(self.context.unknown_before, len(forms) - self.context.unknown_after)
        decoder = getincrementaldecoder("utf-8")("surrogateescape")
        found: list[Piece] = []
        base = ""
        for i in range(start, stop):
            if active[i]:
                shown = visible_token(forms[i], self.spelling)
                found.append(Piece(shown, True, i, i == focus, value=self.value(i)))
                continue
            first, last = i == start or active[i - 1], i + 1 == stop or active[i + 1]
            part = decoder.decode(token_bytes(forms[i], self.spelling), final=last)
            base = "" if first else _to_last_base(base)
            found.append(Piece(printable(base + part)[len(printable(base)) :], False, i, i == focus, i in known))
            base += part
            if last:
                decoder.reset()
        return found


def _to_last_base(text: str) -> str:
    """The last character that can carry marks, with the marks it carries: what they add depends on it."""
    return text[next((i for i in range(len(text) - 1, -1, -1) if unicodedata.category(text[i])[0] != "M"), 0) :]


def stretches(
    context: Context, spelling: Spelling, before: int = BEFORE, after: int = AFTER, *, values: bool = False
) -> tuple[Piece, ...]:
    """A context as stretches of text, cut to some characters around the sampled token's; "…" where it is cut.

    With `values` each active token is a stretch of its own, with its value.
    """
    # Neighbours with the same activity are put together, so that a character split between tokens is whole again.
    active, size = context.active, len(context.forms)
    edges = [0, *(i for i in range(1, size) if active[i] != active[i - 1] or (values and active[i]))]
    pieces: list[Piece] = []
    focus = 0
    for begin, end in zip(edges, [*edges[1:], size], strict=True):
        text = decode(list(context.forms[begin:end]), spelling)
        if begin <= context.focus:
            focus = len(pieces)
        # Spaces are shown as signs on active text alone: what is around it is to be read.
        value = context.values[begin] if values else None
        pieces.append(Piece(visible(text) if active[begin] else printable(text), active[begin], value=value))
    left = _kept(pieces[:focus][::-1], before, from_end=True)[::-1]
    right = _kept(pieces[focus + 1 :], after, from_end=False)
    middle = pieces[focus]._replace(shown=shortened(pieces[focus].shown, before + after))
    cut_left = context.offset > context.focus or left != pieces[:focus]
    cut_right = right != pieces[focus + 1 :] or size == context.focus + CONTEXT_AFTER + 1
    dots = Piece("…", False)
    return (*([dots] if cut_left else []), *left, middle, *right, *([dots] if cut_right else []))


def _kept(pieces: list[Piece], room: int, *, from_end: bool) -> list[Piece]:
    """The first of some pieces that `room` characters hold, the last of them cut at its far end."""
    kept: list[Piece] = []
    for piece in pieces:
        if room <= 0:
            break
        shown = piece.shown[-room:] if from_end else piece.shown[:room]
        kept.append(piece._replace(shown=shown))
        room -= len(shown)
    return kept


def shortened(text: str, longest: int = LONGEST_TOKEN) -> str:
    """Text of at most `longest` characters, its middle left out if there are more."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[: longest - 1 - half]}…{text[-half:]}"
