"""Claims on detectors of tokens and longer n-grams: where they are, what they write, what they add [§4, App. A]."""

from __future__ import annotations

from collections.abc import Sequence

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
    because = (
        f"{_share(suppressing, detectors, 'token detector')} suppress their triggers.{_too_few(holds, SUPPRESSING)}"
    )
    return Judgement(holds, because, numbers)


def mostly_new_tokens(labelled: LabelledRun) -> Judgement:
    """Over half of the tokens that layers detect are detected in none below, and in no layer is it surely fewer."""
    layers = [s for s in labelled.summaries[1:] if s.covered[1]]
    if not layers:
        return Judgement(None, "No layer above the lowest detects a token.", {"detected": 0, "new": 0})
    new, detected = sum(s.new_overall[1] for s in layers), sum(s.covered[1] for s in layers)
    worst = min(layers, key=lambda s: s.new_overall[1] / s.covered[1])
    refuting = [s.layer for s in layers if wilson(s.new_overall[1], s.covered[1])[1] < MOST]
    low, high = wilson(new, detected)
    numbers: dict[str, Number] = {
        "detected": detected,
        "new": new,
        "share_low": low,
        "share_high": high,
        "layers": len(layers),
        "layers_mostly_old": len(refuting),
        "least_new_layer": worst.layer,
        "least_new_share": worst.new_overall[1] / worst.covered[1],
    }
    holds = False if refuting else beyond(low, high, MOST)
    because = (
        f"{_share(new, detected, 'token detection')} above the lowest layer are of tokens that no layer below detects; "
        f"fewest in layer {worst.layer}: {worst.new_overall[1]:,} of {worst.covered[1]:,}.{_too_few(holds, MOST)}"
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
            told.append(_share(lower, total, f"{GRAM_NAMES[n]} detector"))
    if not held:
        return Judgement(None, "There is no detector.", numbers)
    holds = False if False in held else None if None in held else True
    because = f"In the bottom half of the layers are {', '.join(told)}.{_too_few(holds, MOST)}"
    return Judgement(holds, because, numbers)


def beyond(low: float, high: float, bound: float) -> bool | None:
    """Whether an interval lies above a bound, below it, or, None, on both sides."""
    return True if low > bound else False if high < bound else None


def _share(part: int, of: int, noun: str) -> str:
    low, high = wilson(part, of)
    between = f"{percent(part / of)}; 95% interval {percent(low)} to {percent(high)}"
    return f"{part:,} of {of:,} {noun}s ({between})"  # of one detector too: the verb is for many


def _too_few(holds: bool | None, bound: float) -> str:
    return f" Too few to tell: {percent(bound)} is within the interval." if holds is None else ""


def _any(_facts: LabelledRun) -> bool:
    return True


DETECTORS: Sequence[Claim] = (
    Claim(
        "detectors-suppress",
        "Over 80% of the token detectors suppress their triggers.",
        "§4.4",
        _NEEDS,
        _any,
        detectors_suppress,
    ),
    Claim("new-tokens", "Each layer detects mostly new tokens.", "§4, Fig. 4", _NEEDS, _any, mostly_new_tokens),
    Claim(
        "detectors-low",
        "N-gram detectors are mostly in the bottom half of the layers.",
        "§4, App. A, Fig. 3a, 14a",
        _NEEDS,
        _any,
        detectors_low,
    ),
)
