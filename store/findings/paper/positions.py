"""Claims on positional neurons of any model [§5]."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.detectors import any_model, beyond
from neuron_tui.store.findings.paper.model import first_third, norm_after
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.measures.intervals import newcombe
from neuron_tui.store.wording import count_noun, percent, value_text


def two_stages(labelled: LabelledRun) -> Judgement:
    """Positional neurons are in the first third of the layers and above it, and more of the former are strong.

    The third is rounded to the nearest. The interval of the difference of the two shares decides (Newcombe's; ours).
    """
    first = first_third(labelled)
    low, strong = labelled.positional.layer < first, labelled.positional.strength == STRENGTHS.index("strong")
    counts = int((low & strong).sum()), int(low.sum()), int((~low & strong).sum()), int((~low).sum())
    below_strong, below, above_strong, above = counts
    names = ("strong_first_third", "positional_first_third", "strong_above", "positional_above")
    numbers: dict[str, Number] = dict(zip(names, counts, strict=True))
    stages = lowest_layers(first)
    if not below or not above:
        where = "" if not below + above else f": {below:,} in {stages} and {above:,} above"
        return Judgement(
            False, f"There are no two stages of positional neurons{where or ', for there are none'}.", numbers
        )
    difference, margin_low, margin_high = newcombe(*counts)
    holds = beyond(margin_low, margin_high, 0)
    few = " Too few to tell." if holds is None else ""
    because = (
        f"Strong are {below_strong:,} of the {count_noun(below, 'positional neuron')} of {stages} "
        f"({percent(below_strong / below)}), and {above_strong:,} of the {above:,} above "
        f"({percent(above_strong / above)}); {difference_text(margin_low, margin_high)}.{few}"
    )
    numbers |= {"difference": difference, "difference_low": margin_low, "difference_high": margin_high}
    return Judgement(holds, because, numbers)


def other_says_less(labelled: LabelledRun) -> Judgement:
    """More of the neurons of type `other` than of the other three types are below the median mutual information.

    That is the median of all positional neurons; the interval of the difference of the shares decides (ours).
    """
    found = labelled.positional
    other = found.type == TYPES.index("other")
    numbers: dict[str, Number] = {"other": int(other.sum()), "other_three_types": int((~other).sum())}
    if not other.any() or other.all():
        why = f"Of the {len(other):,} positional neurons {'all are' if other.any() else 'none is'} of type other"
        return Judgement(None, f"{why if len(other) else 'No neuron is positional'}: nothing to compare.", numbers)
    information = found.mutual_information
    below = information < np.median(information)
    counts = int((below & other).sum()), int(other.sum()), int((below & ~other).sum()), int((~other).sum())
    difference, margin_low, margin_high = newcombe(*counts)
    holds = beyond(margin_low, margin_high, 0)
    medians = {
        kind: float(np.median(information[found.type == code]))
        for code, kind in enumerate(TYPES)
        if kind is not None and (found.type == code).any()
    }
    because = (
        f"Below the median mutual information of positional neurons are {counts[0]:,} of the {counts[1]:,} of type "
        f"other ({percent(counts[0] / counts[1])}) and {counts[2]:,} of the {counts[3]:,} oscillatory, "
        f"both and one ({percent(counts[2] / counts[3])}); {difference_text(margin_low, margin_high)}. Medians in "
        f"nats: {', '.join(f'{kind} {value_text(median)}' for kind, median in medians.items())}."
        f"{' Too few to tell.' if holds is None else ''}"
    )
    numbers |= {"difference": difference, "difference_low": margin_low, "difference_high": margin_high}
    return Judgement(holds, because, numbers | {f"median_{kind}": median for kind, median in medians.items()})


def positional_there(labelled: LabelledRun) -> Judgement:
    """There is a positional neuron."""
    count = len(labelled.positional.type)
    numbers: dict[str, Number] = {"positional": count, **counts_of(labelled)}
    because = f"{count_noun(count, 'positional neuron')}{f': {types_text(labelled)}' if count else ''}."
    return Judgement(count > 0, because, numbers, ("layers",) if count else ())


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


def counts_of(labelled: LabelledRun) -> dict[str, int]:
    """Positional neurons of each type, strong or weak."""
    return {
        kind: int(np.count_nonzero(labelled.positional.type == code))
        for code, kind in enumerate(TYPES)
        if kind is not None
    }


def types_text(labelled: LabelledRun) -> str:
    """The same in words: `10 oscillatory, 3 both, 0 one, 2 other`."""
    return ", ".join(f"{count:,} {kind}" for kind, count in counts_of(labelled).items())


def lowest_layers(first: int) -> str:
    """The layers of the first stage in words."""
    return "the lowest layer" if first == 1 else f"the lowest {first:,} layers"


def difference_text(low: float, high: float) -> str:
    """The interval of a difference of shares, in words."""
    return f"95% interval of the difference {_points(low)} to {_points(high)} points"


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}".replace("-", "−")


def _with_positions(labelled: LabelledRun) -> bool:
    return labelled.run.manifest.model.positions is not False


def _without_positions(labelled: LabelledRun) -> bool:
    return labelled.run.manifest.model.positions is False


POSITION_NEEDS: tuple[Need, ...] = ("sequences", "text", "context", "layers", "type thresholds")

POSITIONS = (
    Claim(
        "two-stages",
        "Positional neurons come in two stages: strong ones in the lowest layers, weaker ones later.",
        "§5, Fig. 8",
        POSITION_NEEDS,
        _with_positions,
        two_stages,
    ),
    Claim(
        "other-information",
        "Type other has lower mutual information than oscillatory, both and one.",
        "§5.2, Fig. 7",
        POSITION_NEEDS,
        any_model,
        other_says_less,
    ),
    Claim(
        "no-positions",
        "Without position embeddings there are positional neurons too, but none is oscillatory.",
        "§5.4",
        POSITION_NEEDS,
        _without_positions,
        positional_without_oscillation,
    ),
    Claim(
        "norm-after-positional",
        "With LayerNorm after each block there are positional neurons.",
        "§6, Fig. 16",
        POSITION_NEEDS,
        norm_after,
        positional_there,
    ),
)
