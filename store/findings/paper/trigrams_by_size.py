"""Claims on what larger models have more of than smaller ones: trigrams rather than tokens [§4.5, App. A.2]."""

from __future__ import annotations

from neuron_tui.store.findings.paper.claim import Judgement, Number
from neuron_tui.store.findings.paper.detectors import beyond
from neuron_tui.store.findings.paper.model import neurons_of
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.findings.paper.positions import difference_text
from neuron_tui.store.findings.paper.positions_by_size import models
from neuron_tui.store.findings.paper.scale import ends_of_families
from neuron_tui.store.findings.paper.several import Group, GroupClaim
from neuron_tui.store.measures.intervals import newcombe, wilson
from neuron_tui.store.wording import count_noun, percent, value_text

DRASTIC = 2.0
"""Factor by which the covered trigrams per neuron grow, from which on that counts as drastic (ours)."""


def wider_for_trigrams(group: Group) -> Judgement:
    """Of the token and trigram detectors, a surely larger share is of trigrams in the largest model than the smallest.

    That is the same as that trigram detectors grow by a larger factor than token detectors. (ours)
    """
    counts = [tuple(sum(s.detectors[n] for s in one.summaries) for n in (1, 3)) for one in group]
    numbers: dict[str, Number] = {}
    for one, (tokens, trigrams) in zip(group, counts, strict=True):
        numbers |= {f"token_detectors_{one.label}": tokens, f"trigram_detectors_{one.label}": trigrams}
    told = "; ".join(
        f"{one.label} {count_noun(tokens, 'token detector')} and {count_noun(trigrams, 'trigram detector')}"
        for one, (tokens, trigrams) in zip(group, counts, strict=True)
    )
    because = f"The smallest model and the largest: {told}"
    (few_tokens, few_trigrams), (tokens, trigrams) = counts
    if not few_tokens + few_trigrams or not tokens + trigrams:
        return Judgement(None, f"{because}. It takes some in each.", numbers)
    below = few_trigrams / (few_tokens + few_trigrams)
    difference, low, high = newcombe(trigrams, tokens + trigrams, few_trigrams, few_tokens + few_trigrams)
    holds = beyond(low, high, 0)
    because = (
        f"{because}. Trigram detectors are {percent(below)} and {percent(below + difference)} of them; "
        f"{difference_text(low, high)}.{' Too few to tell.' if holds is None else ''}"
    )
    numbers |= {"difference": difference, "difference_low": low, "difference_high": high}
    return Judgement(holds, because, numbers)


def trigrams_jump(group: Group) -> Judgement:
    """A neuron of the second model covers surely `DRASTIC` times as many trigrams as one of the first, on average.

    Trigrams that a detector of any layer covers, each once. The interval of the factor is that of the second model's
    share of the trigrams of both (Wilson's), as if each were covered by itself (ours).
    """
    before, after = (one.summaries[-1].covered_cumulative[3] for one in group)
    growth = neurons_of(group[1]) / neurons_of(group[0])
    numbers: dict[str, Number] = {f"trigrams_{one.label}": n for one, n in zip(group, (before, after), strict=True)}
    told = " and ".join(
        f"{one.label} {count_noun(n, 'trigram')}" for one, n in zip(group, (before, after), strict=True)
    )
    if not before + after:
        return Judgement(None, "Neither covers a trigram.", numbers)
    low, high = (_ratio(share) for share in wilson(after, before + after))
    holds = beyond(low / growth, high / growth, DRASTIC)
    factor = _ratio(after / (before + after)) / growth
    numbers |= {
        "growth_of_neurons": growth,
        "factor": _finite(factor),
        "factor_low": low / growth,
        "factor_high": _finite(high / growth),
    }
    times = "" if factor == float("inf") else f"{value_text(factor)} times as many a neuron, "
    most = "" if high == float("inf") else f" to {value_text(high / growth)}"
    because = (
        f"Covered are by {told}: {times}95% interval from {value_text(low / growth)}{most}; from "
        f"{value_text(DRASTIC)} times on that is a drastic jump.{' Too few to tell.' if holds is None else ''}"
    )
    return Judgement(holds, because, numbers)


def _ratio(share: float) -> float:
    """How many of the one there are for each of the other."""
    return share / (1 - share) if share < 1 else float("inf")


def _finite(value: float) -> float | None:
    return None if value == float("inf") else value


_NEEDS: tuple[Need, ...] = ("text", "layers", "detector thresholds")

TRIGRAM_GAP = GroupClaim(
    "trigram-gap",
    "The gap between larger and smaller models is wider for trigrams than for tokens.",
    "§4.5",
    _NEEDS,
    ends_of_families,
    wider_for_trigrams,
)

TRIGRAM_JUMP = GroupClaim(
    "opt-30b-trigrams",
    "From OPT-13b to OPT-30b the number of covered trigrams jumps drastically.",
    "App. A.2, Fig. 14",
    _NEEDS,
    models("opt-13b", "opt-30b"),
    trigrams_jump,
)
