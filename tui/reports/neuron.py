"""What a report for people says of a neuron: its parts in words and numbers, for each format to lay out.

Texts that come from the run are visible already, but not escaped for any format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import CONTEXT_AFTER
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.neurons.record import NeuronRecord, PositionProfile, TokenScore, Triggers
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import decode, printable, visible, visible_token
from neuron_tui.store.wording import GRAM_NAMES, number, share_text
from neuron_tui.tui.reports.neuron_text import describe, headline, own_triggers, where_on
from neuron_tui.tui.reports.selection import Selection

SHOWN = 10
"""Rows of a list that are in sight at once: enough to know a neuron by; a detector's covering n-grams all are."""

LONGEST_TOKEN = 60
BEFORE, AFTER = 70, 50
"""Characters of a context before and after the sampled token's stretch of text."""

_BATCH = 256


@dataclass(frozen=True, slots=True)
class DomainRow:
    """Activity in one domain."""

    name: str
    count: int
    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """An n-gram: `precision` is active / occurrences, `together` what it and those above it cover of all activations.

    `covering` says whether it is one of the covering n-grams.
    """

    tokens: tuple[str, ...]
    active: int
    occurrences: int
    precision: float
    together: float
    covering: bool


@dataclass(frozen=True, slots=True)
class TriggerPart:
    """The ranking for one n as far as it is stored; the first `shown` rows are the ones to show at once."""

    name: str
    sentence: str
    rows: tuple[TriggerRow, ...]
    shown: int


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A token that the neuron writes for or against; `own` if it is one of its own triggers."""

    token: str
    score: float
    own: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Share of full-length sequences active at positions 1 to T-1: `frequency` is (T-1,); no name for all domains."""

    name: str
    frequency: npt.NDArray[np.float64]
    sequences: int


@dataclass(frozen=True, slots=True)
class PositionPart:
    """Where the neuron is on: all domains together first, then each of several."""

    sentence: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text on which the neuron is active throughout, or nowhere."""

    text: str
    active: bool


@dataclass(frozen=True, slots=True)
class ContextPart:
    """A sampled context."""

    domain: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class NeuronPart:
    """All that a report says of a neuron; a dead one has neither triggers nor contexts, and no curve."""

    layer: int
    neuron: int
    headline: str
    sentences: tuple[str, ...]
    domains: tuple[DomainRow, ...]
    triggers: tuple[TriggerPart, ...]
    promoted: tuple[EffectRow, ...]
    suppressed: tuple[EffectRow, ...]
    position: PositionPart | None
    contexts: tuple[ContextPart, ...]


def neuron_parts(run: Run, selection: Selection) -> Iterator[NeuronPart]:
    """The selected neurons in their order, a few read at a time; raises RunDamagedError."""
    byte_level = run.corpus.byte_level

    def parts() -> Iterator[NeuronPart]:
        for index, neurons in selection.neurons.items():
            layer = run.layer(index)
            for start in range(0, len(neurons), _BATCH):
                batch = neurons[start : start + _BATCH]
                for record, contexts in zip(layer.records(batch), layer.contexts_of(batch), strict=True):
                    yield neuron_part(record, contexts, byte_level)

    return selection.counted(parts())


def neuron_part(record: NeuronRecord, contexts: list[Context], byte_level: bool) -> NeuronPart:
    """What a report says of a record and its contexts; raises RunDamagedError for a score that is no number."""
    own = own_triggers(record)

    def rows(scores: tuple[TokenScore, ...]) -> tuple[EffectRow, ...]:
        if not all(math.isfinite(s.score) for s in scores):
            raise RunDamagedError(
                f"layer {record.layer}, neuron {record.neuron}: a score that is no number\nExtract the run again."
            )
        return tuple(EffectRow(shown_token(s.text, byte_level), s.score, s.id in own) for s in scores)

    alive = not record.dead
    several = alive and len(record.domains) > 1
    domains = [DomainRow(printable(name), d.count, d.tokens, d.frequency) for name, d in record.domains.items()]
    coverage = share_text(record.thresholds.coverage)
    triggers = [_triggers(t, n, coverage, byte_level) for n, t in record.triggers.items() if t.total]
    return NeuronPart(
        layer=record.layer,
        neuron=record.neuron,
        headline=headline(record),
        sentences=tuple(describe(record)),
        domains=tuple(domains) if several else (),
        triggers=tuple(triggers),
        promoted=rows(record.effect.promoted),
        suppressed=rows(record.effect.suppressed),
        position=_position(record.position) if record.position is not None and alive else None,
        contexts=tuple(ContextPart(printable(c.domain), pieces_of(c, byte_level)) for c in contexts),
    )


def shown_token(form: str, byte_level: bool) -> str:
    """A token as a report shows it: visible, and not longer than `LONGEST_TOKEN`."""
    return shortened(visible_token(form, byte_level), LONGEST_TOKEN)


def shortened(text: str, longest: int) -> str:
    """Text of at most `longest` characters, its middle left out if there are more."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[: longest - 1 - half]}…{text[-half:]}"


def _triggers(triggers: Triggers, n: int, coverage: str, byte_level: bool) -> TriggerPart:
    name = GRAM_NAMES[n]
    verb = "covers" if triggers.covering == 1 else "cover"
    together = f"{number(triggers.covering, name)} {verb} {coverage}"
    rows = tuple(
        TriggerRow(
            tokens=tuple(shown_token(form, byte_level) for form in trigger.text),
            active=trigger.active,
            occurrences=trigger.occurrences,
            precision=trigger.active / trigger.occurrences if trigger.occurrences else 0.0,
            together=running / triggers.total,
            covering=place < triggers.covering,
        )
        for place, (trigger, running) in enumerate(
            zip(triggers.top, accumulate(t.active for t in triggers.top), strict=True)
        )
    )
    return TriggerPart(
        name=name,
        sentence=f"{together} of {number(triggers.total, 'activation')}.",
        rows=rows,
        shown=max(SHOWN, triggers.covering) if triggers.detector else SHOWN,
    )


def _position(position: PositionProfile) -> PositionPart:
    where = where_on(position.frequency)
    sequences = number(position.sequences, "full-length sequence")
    curves = [Curve("", position.frequency, position.sequences)]
    by_domain = {name: f for name, f in position.by_domain.items() if position.sequences_by_domain[name]}
    if len(by_domain) > 1:
        curves += [Curve(printable(name), f, position.sequences_by_domain[name]) for name, f in by_domain.items()]
    return PositionPart(f"{where[0].upper()}{where[1:]} (of {sequences}).", tuple(curves))


def pieces_of(context: Context, byte_level: bool, before: int = BEFORE, after: int = AFTER) -> tuple[Piece, ...]:
    """A context as stretches of text, cut to some characters around the sampled token's; "…" where it is cut."""
    # Neighbours with the same activity are put together, so that a character split between tokens is whole again.
    edges = [0, *(i for i in range(1, len(context.text)) if context.active[i] != context.active[i - 1])]
    pieces: list[Piece] = []
    focus = 0
    for begin, end in zip(edges, [*edges[1:], len(context.text)], strict=True):
        text = decode(list(context.text[begin:end]), byte_level)
        if begin <= context.focus:
            focus = len(pieces)
        # Spaces are shown as signs on active text alone: what is around it is to be read.
        active = context.active[begin]
        pieces.append(Piece(visible(text) if active else printable(text), active))
    left = _kept(pieces[:focus][::-1], before, from_end=True)[::-1]
    right = _kept(pieces[focus + 1 :], after, from_end=False)
    middle = Piece(shortened(pieces[focus].text, before + after), pieces[focus].active)
    cut_left = context.offset > context.focus or left != pieces[:focus]
    cut_right = right != pieces[focus + 1 :] or len(context.text) == context.focus + CONTEXT_AFTER + 1
    dots = Piece("…", False)
    return (*([dots] if cut_left else []), *left, middle, *right, *([dots] if cut_right else []))


def _kept(pieces: list[Piece], room: int, *, from_end: bool) -> list[Piece]:
    """The first of some pieces that `room` characters hold, the last of them cut at its far end."""
    kept: list[Piece] = []
    for piece in pieces:
        if room <= 0:
            break
        text = piece.text[-room:] if from_end else piece.text[:room]
        kept.append(Piece(text, piece.active))
        room -= len(text)
    return kept
