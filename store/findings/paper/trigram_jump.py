"""The claim that OPT-30b covers drastically more trigrams than the next smaller model [App. A.2, Fig. 14]."""

from __future__ import annotations

from neuron_tui.store.findings.paper.claim import Judgement, Number
from neuron_tui.store.findings.paper.detectors import beyond
from neuron_tui.store.findings.paper.model import neurons_of
from neuron_tui.store.findings.paper.positions_by_size import models
from neuron_tui.store.findings.paper.several import Group, GroupClaim
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.wording import count_noun, value_text

DRASTIC = 2.0
"""Factor by which the covered trigrams per neuron grow, from which on that counts as drastic (ours)."""


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


TRIGRAM_JUMP = GroupClaim(
    "opt-30b-trigrams",
    "From OPT-13b to OPT-30b the number of covered trigrams jumps drastically.",
    "App. A.2, Fig. 14",
    ("text", "layers", "detector thresholds"),
    models("opt-13b", "opt-30b"),
    trigrams_jump,
)
