"""Claims on how few n-grams cover what neurons of the bottom half of the layers are active on [§4.1, App. A.1]."""

from __future__ import annotations

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.detectors import beyond, share_with_interval, too_few
from neuron_tui.store.findings.paper.model import norm_after
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.findings.paper.stages import is_among_largest
from neuron_tui.store.measures.intervals import wilson

SUBSTANTIAL = 0.1
"""Share of the alive neurons of the bottom half that "a substantial proportion" stands for (ours)."""

COVERING_NEEDS: tuple[Need, ...] = ("text", "bottom half", "detector thresholds")


def many_covered_by_few(labelled: LabelledRun) -> Judgement:
    """In the bottom half, 1-5 tokens cover surely over `SUBSTANTIAL` of the alive neurons."""
    layers = labelled.summaries[: labelled.lower]
    few, alive = sum(s.covering_histogram[1][0] for s in layers), sum(s.neurons - s.dead for s in layers)
    if not alive:
        return Judgement(None, "No alive neuron of the bottom half is there.")
    low, high = wilson(few, alive)
    holds = beyond(low, high, SUBSTANTIAL)
    because = (
        f"At most five tokens cover {share_with_interval(few, alive, 'alive neuron')} of the bottom half of the layers."
        f"{too_few(holds, SUBSTANTIAL)}"
    )
    numbers: dict[str, Number] = {
        "covered_by_1_to_5": few,
        "alive": alive,
        "share": few / alive,
        "share_low": low,
        "share_high": high,
    }
    return Judgement(holds, because, numbers)


def few_covered_by_few(labelled: LabelledRun) -> Judgement:
    """The contrary: surely under `SUBSTANTIAL` of them."""
    many = many_covered_by_few(labelled)
    return Judgement(None if many.holds is None else not many.holds, many.because, many.numbers)


def mean_class(labelled: LabelledRun, n: int) -> float:
    """Mean class of the alive neurons of the bottom half by how many n-grams cover them, from 1 to 8 [Fig. 2, 12, 13].

    0 if there is none. The classes are those of the figures, 1 the one of the fewest n-grams.
    """
    histograms = [s.covering_histogram[n] for s in labelled.summaries[: labelled.lower]]
    neurons = sum(map(sum, histograms))
    total = sum(place * count for histogram in histograms for place, count in enumerate(histogram, 1))
    return total / neurons if neurons else 0.0


COVERING = (
    Claim(
        "largest-few-tokens",
        "In the largest models 1 to 5 tokens cover a substantial share of neurons.",
        "§4.1, Fig. 2",
        COVERING_NEEDS,
        is_among_largest,
        many_covered_by_few,
    ),
    Claim(
        "norm-after-few-tokens",
        "With LayerNorm after each block 1 to 5 tokens cover few of the neurons.",
        "§6, Fig. 2",
        COVERING_NEEDS,
        norm_after,
        few_covered_by_few,
    ),
)
