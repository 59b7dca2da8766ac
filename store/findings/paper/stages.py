"""Claims on how the number of token detectors changes with depth, in smaller and in the largest models [§4.2]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations

import numpy as np

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.detectors import beyond, share_with_interval, too_few
from neuron_tui.store.findings.paper.early_layers import RISING, rank_correlation
from neuron_tui.store.findings.paper.model import norm_not_after, smaller_than
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.measures.intervals import newcombe, wilson
from neuron_tui.store.wording import percent, signed

LARGEST_FROM = "opt-13b"
"""The smallest of what the paper calls the largest models."""

RISE_AND_FALL = (1, -1)
THREE_STAGES = (-1, 1, -1)
"""The three monotonic stages: many detectors in the very first layer, and fewer before there are most (ours)."""


def detector_stages(labelled: LabelledRun, signs: Sequence[int]) -> Judgement:
    """The number of token detectors goes up (1) and down (-1) with depth in stages of these signs.

    The layers where it turns are those that make the smallest of the changes from turn to turn largest. It holds if
    each change has its sign, surely (Newcombe's interval of the two layers' shares of detectors), and each stage its
    rank correlation with depth, of at least `RISING`. It does not hold if the best turns leave a change that surely
    has the other sign, or a stage with a rank correlation of the other sign, or none. (ours)
    """
    counts = [s.detectors[1] for s in labelled.summaries]
    if len(counts) <= len(signs):
        return Judgement(None, f"It takes {len(signs) + 1} layers to tell.")
    if not any(counts):
        return Judgement(None, "There is no token detector.", {"token_detectors": 0})
    turns = _turns(counts, signs)
    stages = list(zip(turns, turns[1:], signs, strict=False))
    neurons = labelled.summaries[0].neurons
    changes = [sorted(sign * end for end in newcombe(counts[b], neurons, counts[a], neurons)) for a, b, sign in stages]
    ranks = [rank_correlation(np.arange(a, b + 1.0), np.array(counts[a : b + 1], np.float64)) for a, b, _ in stages]
    strengths = [sign * rank for rank, sign in zip(ranks, signs, strict=True)]
    sure = all(low > 0 for low, _, _ in changes)
    holds = True if sure and min(strengths) >= RISING else None
    if any(high < 0 for _, _, high in changes) or (sure and min(strengths) <= 0):
        holds = False
    layers = [labelled.layers[turn] for turn in turns]
    told = ", ".join(f"{counts[turn]:,} in layer {layer}" for turn, layer in zip(turns, layers, strict=True))
    why = "" if holds is not None else " It goes up and down between them." if sure else " Too few to tell."
    because = (
        f"Token detectors where the stages begin and end: {told}; rank correlation with depth stage by stage: "
        f"{', '.join(signed(rank) for rank in ranks)}.{why}"
    )
    numbers: dict[str, Number] = {
        "token_detectors": sum(counts),
        "layers": ", ".join(map(str, layers)),
        "detectors_there": ", ".join(str(counts[turn]) for turn in turns),
        "spearman": ", ".join(f"{rank:.3f}" for rank in ranks),
    }
    return Judgement(holds, because, numbers)


def many_in_first_layer(labelled: LabelledRun) -> Judgement:
    """The first layer surely has more of the token detectors than if every layer had as many (ours)."""
    first, total = labelled.summaries[0], sum(s.detectors[1] for s in labelled.summaries)
    if first.layer != 0 or not total:
        why = "There is no token detector." if first.layer == 0 else "Layer 0 is not there."
        return Judgement(None, why, {"token_detectors": total})
    here, even = first.detectors[1], 1 / labelled.run.manifest.model.layers
    low, high = wilson(here, total)
    holds = beyond(low, high, even)
    because = (
        f"In layer 0 are {share_with_interval(here, total, 'token detector')}; an equal part for every layer would be "
        f"{percent(even)}.{too_few(holds, even)}"
    )
    numbers: dict[str, Number] = {
        "token_detectors": total,
        "first_layer": here,
        "share_low": low,
        "share_high": high,
        "even_share": even,
    }
    return Judgement(holds, because, numbers)


def _turns(counts: Sequence[int], signs: Sequence[int]) -> tuple[int, ...]:
    """First layer, turns and last layer whose smallest change, each in its sign, is largest; the lowest of several."""
    last = len(counts) - 1

    def least(inner: tuple[int, ...]) -> int:
        turns = (0, *inner, last)
        return min(sign * (counts[b] - counts[a]) for a, b, sign in zip(turns, turns[1:], signs, strict=False))

    return (0, *max(combinations(range(1, last), len(signs) - 1), key=least), last)


def is_smaller(labelled: LabelledRun) -> bool:
    """Smaller than the models that the paper calls the largest, and not the odd one out."""
    return norm_not_after(labelled) and smaller_than(labelled, LARGEST_FROM)


def is_among_largest(labelled: LabelledRun) -> bool:
    """As large as the models that the paper calls the largest."""
    return norm_not_after(labelled) and not smaller_than(labelled, LARGEST_FROM)


_NEEDS: tuple[Need, ...] = ("text", "layers", "detector thresholds")

STAGES = (
    Claim(
        "detectors-rise-fall",
        "In smaller models the number of token detectors rises with depth, then falls.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_smaller,
        partial(detector_stages, signs=RISE_AND_FALL),
    ),
    Claim(
        "detectors-three-stages",
        "In the largest models the number of token detectors changes in three stages: it falls, rises and falls.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_among_largest,
        partial(detector_stages, signs=THREE_STAGES),
    ),
    Claim(
        "detectors-first-layer",
        "The largest models have many token detectors in the very first layer.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_among_largest,
        many_in_first_layer,
    ),
)
