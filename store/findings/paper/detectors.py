"""Claims on detectors of tokens and longer n-grams: where they are, what they write, what they add [§4, App. A]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.wording import GRAM_NAMES, percent

SUPPRESSING = 0.8
"""Share of the token detectors that suppress their triggers, at least [§4.4]."""

MOST = 0.5

_NEEDS: tuple[Need, ...] = ("text", "layers", "detector thresholds")


def detectors_suppress(labelled: LabelledRun) -> Judgement:
    """Over `SUPPRESSING` of the token detectors suppress their triggers; the interval of the share decides."""
    detectors = sum(s.detectors[1] for s in labelled.summaries)
    suppressing = sum(s.suppressing for s in labelled.summaries)
    if not detectors:
        return Judgement(None, "There is no token detector.", {"token_detectors": 0, "suppressing": 0})
    low, high = wilson(suppressing, detectors)
    numbers: dict[str, Number] = {
        "token_detectors": detectors,
        "suppressing": suppressing,
        "share": suppressing / detectors,
        "share_low": low,
        "share_high": high,
    }
    holds = beyond(low, high, SUPPRESSING)
    share = share_with_interval(suppressing, detectors, "token detector")
    because = f"{share} suppress their triggers.{too_few(holds, SUPPRESSING)}"
    return Judgement(holds, because, numbers)


def mostly_new(labelled: LabelledRun, n: int) -> Judgement:
    """Over half of the n-grams that layers detect are detected in none below, and in no layer is it surely fewer."""
    gram = GRAM_NAMES[n]
    layers = [s for s in labelled.summaries[1:] if s.covered[n]]
    if not layers:
        return Judgement(None, f"No layer above the lowest detects a {gram}.", {"detected": 0, "new": 0})
    new, detected = sum(s.new_overall[n] for s in layers), sum(s.covered[n] for s in layers)
    worst = min(layers, key=lambda s: s.new_overall[n] / s.covered[n])
    refuting = [s.layer for s in layers if wilson(s.new_overall[n], s.covered[n])[1] < MOST]
    low, high = wilson(new, detected)
    numbers: dict[str, Number] = {
        "detected": detected,
        "new": new,
        "share_low": low,
        "share_high": high,
        "layers": len(layers),
        "layers_mostly_old": len(refuting),
        "least_new_layer": worst.layer,
        "least_new_share": worst.new_overall[n] / worst.covered[n],
    }
    holds = False if refuting else beyond(low, high, MOST)
    because = (
        f"{share_with_interval(new, detected, f'{gram} detection')} above the lowest layer are of {gram}s that no "
        f"layer below detects; fewest in layer {worst.layer}: {worst.new_overall[n]:,} of {worst.covered[n]:,}."
        f"{too_few(holds, MOST)}"
    )
    return Judgement(holds, because, numbers)


def detectors_low(labelled: LabelledRun) -> Judgement:
    """For each n whose detectors there are, over half of them are in the bottom half of the layers."""
    numbers: dict[str, Number] = {}
    told, held = [], []
    for n in ORDERS:
        lower, total = (
            sum(s.detectors[n] for s in part) for part in (labelled.summaries[: labelled.lower], labelled.summaries)
        )
        numbers |= {f"{GRAM_NAMES[n]}_detectors": total, f"{GRAM_NAMES[n]}_detectors_bottom_half": lower}
        if total:
            held.append(beyond(*wilson(lower, total), MOST))
            told.append(share_with_interval(lower, total, f"{GRAM_NAMES[n]} detector"))
    if not held:
        return Judgement(None, "There is no detector.", numbers)
    holds = False if False in held else None if None in held else True
    because = f"In the bottom half of the layers are {', '.join(told)}.{too_few(holds, MOST)}"
    return Judgement(holds, because, numbers)


def beyond(low: float, high: float, bound: float) -> bool | None:
    """Whether an interval lies above a bound, below it, or, None, on both sides."""
    return True if low > bound else False if high < bound else None


def share_with_interval(part: int, of: int, noun: str) -> str:
    """How many of how many, as a share with its interval."""
    low, high = wilson(part, of)
    between = f"{percent(part / of)}; 95% interval {percent(low)} to {percent(high)}"
    return f"{part:,} of {of:,} {noun}s ({between})"  # of one detector too: the verb is for many


def too_few(holds: bool | None, bound: float) -> str:
    """What is said of an interval that the bound lies within."""
    return f" Too few to tell: {percent(bound)} is within the interval." if holds is None else ""


def any_model(_labelled: LabelledRun) -> bool:
    """A claim applies to whatever model a run is of."""
    return True


DETECTORS: Sequence[Claim] = (
    Claim(
        "detectors-suppress",
        "Over 80% of the token detectors suppress their triggers.",
        "§4.4",
        _NEEDS,
        any_model,
        detectors_suppress,
    ),
    Claim(
        "new-tokens",
        "Each layer detects mostly new tokens.",
        "§4, Fig. 4",
        _NEEDS,
        any_model,
        partial(mostly_new, n=1),
    ),
    Claim(
        "new-trigrams",
        "Each layer detects mostly new trigrams.",
        "App. A.3, Fig. 15",
        _NEEDS,
        any_model,
        partial(mostly_new, n=3),
    ),
    Claim(
        "detectors-low",
        "N-gram detectors are mostly in the bottom half of the layers.",
        "§4, App. A, Fig. 3a, 14a",
        _NEEDS,
        any_model,
        detectors_low,
    ),
)
