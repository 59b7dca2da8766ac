"""What a model makes of a text, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import Any

import numpy as np

from neuron_tui.engine.asking.answer import Answer
from neuron_tui.store.tokens import Spelling, visible_token

_NAMED = 3
"""Likeliest tokens that a line names."""

_WIDE = 20
"""Columns of a token; longer ones are cut."""


def lines(answer: Answer, top: int, at: int | None, spelling: Spelling) -> Iterator[str]:
    """A line a token, then what silencing changes, and what adds to a logit if a token `at` is named."""
    reading = answer.reading
    shown = [visible_token(token["text"], spelling) for token in answer.tokens()]
    losses = ["", *(f"{loss:.2f}" for loss in reading.losses)]
    after = answer.after[0] if answer.after else None
    without = ["", *(f"{loss:.2f}" for loss in after.losses)] if after else []
    fires = np.sum([layer.counts for layer in reading.layers], axis=0)
    yield f"{'':>4} {'token':{_WIDE}} {'fire':>7} {'loss':>6} {'silenced' if after else '':>8}  likeliest to follow"
    for k, (token, come) in enumerate(zip(shown, answer.next(), strict=True)):
        likely = "  ".join(f"{visible_token(one['text'], spelling)} {_share(one)}" for one in come[:_NAMED])
        other = f"{without[k]:>8}" if after else ""
        yield f"{k:>4} {token[:_WIDE]:{_WIDE}} {fires[k]:>7,} {losses[k]:>6} {other:>8}  {likely}".rstrip()
    yield ""
    yield f"loss {_nats(reading.loss)}" + (f", with {_silenced(answer)} silenced {_nats(after.loss)}" if after else "")
    if after:
        yield ""
        yield "after the last token, what moves most (before → after; the direct way alone)"
        moved = answer.moved(top)
        if not moved:
            yield "  nothing moves"
        for one in moved:
            alone = "" if one["predicted"] is None else f"  ({one['predicted']:.2%})"
            name = visible_token(one["text"], spelling)[:_WIDE]
            yield f"  {name:{_WIDE}} {one['before']:>8.2%} → {one['after']:.2%}{alone}"
    if at is not None:
        yield ""
        yield from _direct(answer.direct(at, top), spelling)


def _direct(found: dict[str, Any], spelling: Spelling) -> Iterator[str]:
    target = visible_token(found["target"]["text"], spelling)
    if found["logit"] is None:
        yield "this model has norms on its residual stream: what a neuron adds to a logit cannot be told apart"
        return
    capped = ", before the model caps it" if found["capped"] else ""
    yield f"logit of {target} after token {found['position']}: {found['logit']:.3f}{capped}"
    yield f"  embedding {found['embedding']:+.3f}, bias {found['bias']:+.3f}"
    for layer, (attention, ffn) in enumerate(zip(found["attention"], found["feed_forward"], strict=True)):
        yield f"  layer {layer:>3}  attention {attention:+8.3f}  feed-forward {ffn:+8.3f}"
    for one in found["neurons"]:
        name = f"{one['layer']}:{one['neuron']}{one.get('pole', '')}"
        yield f"  {name:>10}  value {one['value']:8.3f}  adds {one['logit']:+.4f}"


def _silenced(answer: Answer) -> str:
    count = len(answer.silenced)
    return f"{count:,} neuron{'s' if count != 1 else ''}"


def _share(one: dict[str, Any]) -> str:
    share = exp(one["logprob"])
    return f"{share:.0%}" if share >= 0.01 else "<1%"


def _nats(loss: float) -> str:
    return "—" if loss != loss else f"{loss:.3f} nats a token"
