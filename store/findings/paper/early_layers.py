"""Claims on dead neurons and frequencies: the early layers are sparse, the later ones are not [§3, §6, Fig. 1]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.model import norm_after, norm_not_after
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.measures.intervals import newcombe
from neuron_tui.store.wording import percent, signed

FULLY_ALIVE = 0.001
"""Share of dead neurons up to which a layer counts as fully alive: what Figure 1a can show (ours)."""

NEARLY_ALL = 0.99
"""Share of the dead neurons that "only" stands for (ours)."""

DENSE = 0.1
"""Mean frequency of the alive neurons from which on a layer counts as not sparse (ours)."""

RISING = 0.5
"""Spearman's rank correlation with depth from which on a quantity counts as rising (ours)."""


def dead_in_first_half(labelled: LabelledRun) -> Judgement:
    """At least `NEARLY_ALL` of the dead neurons are in the first half of the layers, the middle one included."""
    below, above = (sum(s.dead for s in half) for half in _halves(labelled))
    numbers = {"dead_first_half": below, "dead_second_half": above}
    if not below + above:
        return Judgement(None, "No neuron is dead, so there is none to place.", numbers)
    share = below / (below + above)
    because = f"{below:,} of the {below + above:,} dead neurons ({percent(share)}) are in the first half of the layers."
    return Judgement(share >= NEARLY_ALL, because, numbers)


def second_half_alive(labelled: LabelledRun) -> Judgement:
    """No layer of the second half has more than `FULLY_ALIVE` of its neurons dead."""
    upper = _halves(labelled)[1]
    if not upper:
        return Judgement(None, "No layer of the second half is there.")
    return _all_alive(upper, "of the second half ")


def no_dead(labelled: LabelledRun) -> Judgement:
    """No layer has more than `FULLY_ALIVE` of its neurons dead."""
    return _all_alive(labelled.summaries, "")


def no_sparsity(labelled: LabelledRun) -> Judgement:
    """In every layer, alive neurons are active on at least `DENSE` of the tokens, on average."""
    means = {s.layer: s.mean_frequency_alive or 0.0 for s in labelled.summaries}
    layer = min(means, key=lambda index: means[index])
    numbers = {"lowest_mean_frequency": means[layer], "layer": layer}
    because = (
        f"The alive neurons of layer {layer}, the sparsest, are active on {percent(means[layer])} of the tokens on "
        f"average; below {percent(DENSE)} counts as sparse."
    )
    holds = means[layer] >= DENSE
    return Judgement(holds, because, numbers, () if holds else ("layers",))


def frequency_rises(labelled: LabelledRun) -> Judgement:
    """The layers' mean frequencies are higher in the second half and rise with depth by rank, by at least `RISING`.

    Where only one of the two is so, it cannot be said.
    """
    lower, upper = ([s.mean_frequency_alive or 0.0 for s in half] for half in _halves(labelled))
    if not lower or not upper or len(lower) + len(upper) < 3:
        return Judgement(None, "It takes three layers to tell, some of them in each half.")
    rank = rank_correlation(np.array(labelled.layers, np.float64), np.array([*lower, *upper]))
    first, second = float(np.mean(lower)), float(np.mean(upper))
    numbers = {"spearman": rank, "mean_first_half": first, "mean_second_half": second}
    because = (
        f"Alive neurons of a layer are active on {percent(first)} of the tokens in the first half of the layers and on "
        f"{percent(second)} in the second, on average; rank correlation with depth {signed(rank)}."
    )
    higher = second > first
    if higher != (rank >= RISING):
        return Judgement(None, f"{because} The two do not agree.", numbers)
    return Judgement(higher, because, numbers)


def rarest_where_dead(labelled: LabelledRun) -> Judgement:
    """Over the layers, the share of dead neurons and the mean frequency of the others have opposite ranks.

    Their rank correlation is at most minus `RISING`; it does not hold from 0 on. It cannot be said unless the layer of
    most dead neurons surely has a larger share of them than that of fewest. Layers that are dead altogether have no
    frequency and are left out.
    """
    layers = [s for s in labelled.summaries if s.mean_frequency_alive is not None]
    if len(layers) < 3:
        return Judgement(None, "It takes three layers with alive neurons to tell.")
    shares, means = [s.dead / s.neurons for s in layers], [s.mean_frequency_alive or 0.0 for s in layers]
    if min(shares) == max(shares):
        told = "as large a share of the neurons is dead in every layer" if any(shares) else "no neuron is dead"
        return Judgement(None, f"There is nothing to compare: {told}.")
    rank = rank_correlation(np.array(shares), np.array(means))
    dead, rare = layers[int(np.argmax(shares))], layers[int(np.argmin(means))]
    numbers: dict[str, Number] = {
        "spearman": rank,
        "most_dead_layer": dead.layer,
        "most_dead_share": max(shares),
        "rarest_layer": rare.layer,
        "rarest_mean_frequency": min(means),
        "layers": len(layers),
    }
    where = "there too" if rare is dead else f"in layer {rare.layer}"
    because = (
        f"Layer {dead.layer} has most dead neurons ({percent(max(shares))}); alive neurons are active most rarely "
        f"{where} ({percent(min(means))} of the tokens). Rank correlation of the share of dead neurons with how often "
        f"the others are active, over {len(layers):,} layers: {signed(rank)}."
    )
    least = min(layers, key=lambda s: s.dead / s.neurons)
    if newcombe(dead.dead, dead.neurons, least.dead, least.neurons)[1] <= 0:
        return Judgement(None, f"{because} Too few neurons are dead to tell layers apart.", numbers)
    holds = True if rank <= -RISING else False if rank >= 0 else None
    return Judgement(holds, because if holds is not None else f"{because} That is too weak to tell.", numbers)


def rank_correlation(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Spearman's correlation of two (L,) arrays, equal values sharing the mean of their ranks; 0 if one is constant."""
    a, b = _ranks(x), _ranks(y)
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread else 0.0


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: npt.NDArray[np.float64] = (np.cumsum(count) - (count - 1) / 2)[place]
    return ranks


def _halves(labelled: LabelledRun) -> tuple[Sequence[LayerSummary], Sequence[LayerSummary]]:
    return labelled.summaries[: labelled.lower], labelled.summaries[labelled.lower :]


def _all_alive(layers: Sequence[LayerSummary], which: str) -> Judgement:
    dead, neurons = sum(s.dead for s in layers), sum(s.neurons for s in layers)
    worst = max(layers, key=lambda s: s.dead / s.neurons)
    numbers = {"dead": dead, "neurons": neurons, "most_dead_layer": worst.layer, "most_dead": worst.dead}
    most = f", at most {percent(worst.dead / worst.neurons)} of a layer (layer {worst.layer})" if dead else ""
    because = f"{dead:,} of the {neurons:,} neurons {which}are dead{most}."
    # Text can only wake neurons up; a layer that is not alive stays so whatever the others are.
    holds = worst.dead <= FULLY_ALIVE * worst.neurons
    return Judgement(holds, because, numbers, ("dead text",) if holds else ("layers",))


EARLY_LAYERS = (
    Claim(
        "dead-first-half",
        "Dead neurons are in the first half of the layers only.",
        "§3, Fig. 1a",
        ("zeros", "dead text", "layers"),
        norm_not_after,
        dead_in_first_half,
    ),
    Claim(
        "second-half-alive",
        "The second half of the layers is fully alive.",
        "§3, Fig. 1a",
        ("zeros", "dead text", "layers"),
        norm_not_after,
        second_half_alive,
    ),
    Claim(
        "frequency-rises",
        "The deeper the layer, the more often its alive neurons are active.",
        "§3, Fig. 1b",
        ("text", "layers"),
        norm_not_after,
        frequency_rises,
    ),
    Claim(
        "rarest-where-dead",
        "Where most neurons are dead, alive ones are active most rarely.",
        "§3, Fig. 1",
        ("zeros", "dead text", "layers"),
        norm_not_after,
        rarest_where_dead,
    ),
    Claim(
        "norm-after-alive",
        "With LayerNorm after each block no neuron is dead.",
        "§6",
        ("zeros", "dead text", "layers"),
        norm_after,
        no_dead,
    ),
    Claim(
        "norm-after-dense",
        "With LayerNorm after each block no layer is sparse.",
        "§6",
        ("text", "layers"),
        norm_after,
        no_sparsity,
    ),
)
