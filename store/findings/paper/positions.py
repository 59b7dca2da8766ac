"""Claims on positional neurons of any model [§5]."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.wording import count_noun, percent


def two_stages(labelled: LabelledRun) -> Judgement:
    """Positional neurons are in the lowest quarter of the layers and above it, and more of the former are strong.

    The quarter is rounded up. The interval of the difference of the two shares decides: Newcombe's, made of the two
    Wilson intervals (ours).
    """
    first = -(-labelled.run.manifest.model.layers // 4)
    low, strong = labelled.positional.layer < first, labelled.positional.strength == STRENGTHS.index("strong")
    counts = int((low & strong).sum()), int(low.sum()), int((~low & strong).sum()), int((~low).sum())
    below_strong, below, above_strong, above = counts
    names = ("strong_lowest_quarter", "positional_lowest_quarter", "strong_above", "positional_above")
    numbers: dict[str, Number] = dict(zip(names, counts, strict=True))
    stages = "the lowest layer" if first == 1 else f"the lowest {first:,} layers"
    if not below or not above:
        where = "" if not below + above else f": {below:,} in {stages} and {above:,} above"
        return Judgement(
            False, f"There are no two stages of positional neurons{where or ', for there are none'}.", numbers
        )
    difference, margin_low, margin_high = _difference(*counts)
    holds = True if margin_low > 0 else False if margin_high < 0 else None
    few = " Too few to tell." if holds is None else ""
    between = f"{_points(margin_low)} to {_points(margin_high)} points"
    because = (
        f"Strong are {below_strong:,} of the {count_noun(below, 'positional neuron')} of {stages} "
        f"({percent(below_strong / below)}), and {above_strong:,} of the {above:,} above "
        f"({percent(above_strong / above)}); 95% interval of the difference {between}.{few}"
    )
    numbers |= {"difference": difference, "difference_low": margin_low, "difference_high": margin_high}
    return Judgement(holds, because, numbers)


def positional_without_oscillation(labelled: LabelledRun) -> Judgement:
    """There are positional neurons, and none of them is oscillatory."""
    oscillatory = int((labelled.positional.type == TYPES.index("oscillatory")).sum())
    positional = len(labelled.positional.type)
    numbers: dict[str, Number] = {"positional": positional, "oscillatory": oscillatory}
    because = f"{count_noun(positional, 'positional neuron')}, {oscillatory or 'none'} of them oscillatory."
    return Judgement(positional > 0 and not oscillatory, because, numbers, ("layers",) if oscillatory else ())


def oscillatory_neurons(labelled: LabelledRun) -> int:
    """How many oscillatory neurons a run has, strong or weak."""
    return int(np.count_nonzero(labelled.positional.type == TYPES.index("oscillatory")))


def _difference(a: int, of_a: int, b: int, of_b: int) -> tuple[float, float, float]:
    """The difference of two shares, and the ends of its interval."""
    share_a, share_b = a / of_a, b / of_b
    (low_a, high_a), (low_b, high_b) = wilson(a, of_a), wilson(b, of_b)
    difference = share_a - share_b
    below = np.hypot(share_a - low_a, high_b - share_b)
    above = np.hypot(high_a - share_a, share_b - low_b)
    return difference, float(difference - below), float(difference + above)


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}".replace("-", "−")


def _with_positions(labelled: LabelledRun) -> bool:
    return labelled.run.manifest.model.positions is not False


def _without_positions(labelled: LabelledRun) -> bool:
    return labelled.run.manifest.model.positions is False


POSITIONS = (
    Claim(
        "two-stages",
        "Positional neurons come in two stages: strong ones in the lowest layers, weaker ones later.",
        "§5, Fig. 8",
        ("sequences", "text", "context", "layers", "type thresholds"),
        _with_positions,
        two_stages,
    ),
    Claim(
        "no-positions",
        "Without position embeddings there are positional neurons too, but none is oscillatory.",
        "§5.4",
        ("sequences", "text", "context", "layers", "type thresholds"),
        _without_positions,
        positional_without_oscillation,
    ),
)
