"""A label for a neuron by rule: from its triggers, its position and its effect, in that order (docs/definitions.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.record import NeuronRecord, PositionProfile, Trigger
from neuron_tui.store.tokens import Spelling, gram_text

LONGEST = 60
"""Characters of a suggested label at most."""

_LONGEST_GRAM = 24
_MANY = 3
"""Promoted tokens, and ranges of positions, that are named."""


def suggested_label(record: NeuronRecord, spelling: Spelling) -> str:
    """A label of at most `LONGEST` characters; tokens are written as people are shown them.

    The first that holds: dead; a detector of tokens, bigrams or trigrams, with the n-grams that it detects and whether
    it suppresses the tokens; positional, with its type and where it is on; a token holds at least half of its
    activations; else the tokens that it promotes most.
    """
    if record.dead:
        return "dead"
    for n, triggers in record.triggers.items():
        if triggers.detector:
            suppresses = n == 1 and record.effect.suppresses_triggers
            them = "it" if len(triggers.covered) == 1 else "them"
            return _listed("detects ", _shown(triggers.covered, spelling), f", suppresses {them}" if suppresses else "")
    if record.position is not None and record.position.type is not None:
        return _of_position(record.position)
    first = next(iter(record.triggers[1].top), None)
    if first is not None and 2 * first.active >= record.count:
        return _listed("mostly on ", _shown([first], spelling))
    promoted = [_short(gram_text([score.form], spelling)) for score in record.effect.promoted[:_MANY]]
    return _listed("promotes ", promoted)


def _shown(triggers: Iterable[Trigger], spelling: Spelling) -> list[str]:
    return [_short(gram_text(trigger.forms, spelling)) for trigger in triggers]


def _of_position(position: PositionProfile) -> str:
    kind = f"{position.strength} {position.type}"
    ranges = [f"{a}-{b}" if a != b else str(a) for a, b in on_ranges(position.frequency)[: _MANY + 1]]
    more = ["…"] if len(ranges) > _MANY else []
    return _listed(f"{kind}: on at ", [*ranges[:_MANY], *more]) if ranges else f"{kind}: seldom on"


def _listed(before: str, items: Sequence[str], after: str = "") -> str:
    """As many of the items as find room between two texts, with an ellipsis for the rest."""
    text = before.strip()
    for shown in range(len(items), 0, -1):
        more = ", …" if shown < len(items) else ""
        text = f"{before}{', '.join(items[:shown])}{more}{after}"
        if len(text) <= LONGEST:
            break
    return text


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_GRAM else text[: _LONGEST_GRAM - 1] + "…"
