"""What silencing a neuron did, in words: one wording for its card, for reports and for the causal table."""

from __future__ import annotations

from math import exp

from neuron_tui.store.neurons.causal import LEAST_CONTEXTS, CausalRecord
from neuron_tui.store.wording import count_noun, signed

SILENCED = "Silenced"
"""What the short words on a measurement begin with."""

VERDICTS = {True: "likelier", False: "less likely", None: "cannot tell"}
"""What becomes of the triggers, by `comes_back`."""

_MOST = 690.0
"""Nats beyond which a ratio has no number: none is measured there."""


def causal_note(record: CausalRecord) -> str:
    """In short: `Silenced, its triggers become 3.7× likelier to follow (3.0–4.5) on 32 contexts; loss +0.031`."""
    on, random = record.on_triggers, record.on_random
    clause, ends = _of_triggers(record)
    mean = " at their means" if record.together else " at its mean"
    how = f"{SILENCED}{mean if record.method == 'mean' else ''}, "
    costs = f"loss {signed(on.loss.change)}"
    if random is not None:
        costs += f" (random {signed(random.loss.change)})"
    told = f" ({ends}) on {count_noun(on.contexts, 'context')}" if ends else ""
    return f"{how}{clause}{told}; {costs}"


def causal_sentence(record: CausalRecord) -> str:
    """The same as a sentence of a report."""
    on, random = record.on_triggers, record.on_random
    clause, ends = _of_triggers(record)
    how = "Set to its mean value" if record.method == "mean" else SILENCED
    told = f" (95% interval {ends}, {count_noun(on.contexts, 'context')})" if ends else ""
    costs = f"the loss changes by {signed(on.loss.change)} nats"
    if random is not None:
        costs += f", on random contexts by {signed(random.loss.change)}"
    return f"{how}, {clause}{told}; {costs}."


def _of_triggers(record: CausalRecord) -> tuple[str, str]:
    """What becomes of the triggers, and the ends of the interval of that ratio where there is one."""
    whose, one = "their" if record.together else "its", False
    who = f"the tokens {'they are' if record.together else 'it is'} most often active on"
    if record.covered:
        one = len(record.triggers) == 1 and not record.together
        who = f"{whose} trigger{'' if one else 's'}"
    become = "becomes" if one else "become"
    if record.on_triggers.contexts < LEAST_CONTEXTS:
        contexts = count_noun(record.on_triggers.contexts, "context")
        return f"it takes more than {contexts} to tell whether {who} {become} likelier to follow", ""
    change = record.on_triggers.trigger_logprob
    low, high = change.interval
    if record.comes_back is None:
        middle, ends = _ratios(change.change, low, high)
        return f"{who} {become} {middle}× as likely to follow, which may be no change", ends
    if record.comes_back:
        middle, ends = _ratios(change.change, low, high)
        return f"{who} {become} {middle}× likelier to follow", ends
    middle, ends = _ratios(-change.change, -high, -low)
    return f"{who} {become} {middle}× less likely to follow", ends


def _ratios(change: float, low: float, high: float) -> tuple[str, str]:
    """A ratio of probabilities and its ends, from changes of their logarithm, with the digits that the first needs."""
    ratios = [exp(max(-_MOST, min(_MOST, one))) for one in (change, low, high)]
    if ratios[0] < 0.1 or ratios[0] >= 100_000:
        texts = [f"{ratio:.2g}" for ratio in ratios]
    else:
        digits = 2 if ratios[0] < 2 else 1 if ratios[0] < 10 else 0
        texts = [f"{ratio:,.{digits}f}" for ratio in ratios]
    return texts[0], f"{texts[1]}–{texts[2]}"
