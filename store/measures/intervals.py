"""Intervals about a share of neurons: how far it could be off if the neurons were a sample (ours).

They are no sample: a run counts every neuron of the layers it holds, so its shares are exact for that model and that
text. An interval answers another question: had the layer's neurons been drawn one by one, independently, from a large
population, which shares of that population would go with what was counted? It says how little a share of 3 in 9
detectors is worth beside one of 300 in 900, and nothing more. Neurons of one model are trained together and are not
independent, so as a statement about other models, seeds or widths an interval is too narrow; about other text, more
tokens or other thresholds it says nothing (see `growth` and `sensitivity` for the latter two). Shares of one run
and those of another may differ though their intervals overlap.

No bootstrap is offered. One over layers would take layers for interchangeable, and dead neurons, detectors and
positional neurons are found in the lower ones; one over the sequences of the corpus would be honest, but has to count
every layer's triggers again for every draw.
"""

from __future__ import annotations

from math import hypot, sqrt
from statistics import NormalDist

from neuron_tui.store.wording import percent

CONFIDENCE = 0.95
"""Confidence of the intervals shown."""

Interval = tuple[float, float]


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Two-sided interval of a share: Wilson's score interval, and Clopper and Pearson's where it has a plain form.

    Wilson's interval never leaves [0, 1], is not symmetric about the share, and covers the true share with about the
    stated probability on average, from small numbers on. Clopper and Pearson's never covers it less often, at the
    price of being wider throughout, and needs quantiles of the beta distribution. With no success, or nothing but
    successes, these are a power: there it is used, because there Wilson's normal approximation is at its worst, and
    because so it agrees with what is said of a dead neuron (no activity on N tokens: below 3.7/N two-sided, 3/N
    one-sided).

    Parameters
    ----------
    successes, trials
        How many of how many, 0 <= successes <= trials.
    confidence
        Between 0 and 1.

    Returns
    -------
    Its ends, shares from 0 to 1 with the observed share between them. (0, 1) for no trials: nothing is known.

    Raises
    ------
    ValueError
        The numbers are not in these ranges.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials, expected 0 to {trials}")
    if not 0 < confidence < 1:
        raise ValueError(f"the confidence {confidence} is not between 0 and 1")
    if trials == 0:
        return 0.0, 1.0
    if successes in (0, trials):
        least = float(((1 - confidence) / 2) ** (1 / trials))
        return (0.0, 1 - least) if successes == 0 else (least, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def newcombe(part: int, of: int, other: int, of_other: int) -> tuple[float, float, float]:
    """The difference of two shares, first less second, and the ends of its interval: Newcombe's, of two of Wilson's.

    Both are shares of one or more. Raises ValueError where `wilson` does.
    """
    share, other_share = part / of, other / of_other
    (low, high), (other_low, other_high) = wilson(part, of), wilson(other, of_other)
    difference = share - other_share
    below = hypot(share - low, other_high - other_share)
    above = hypot(high - share, other_share - other_low)
    return difference, difference - below, difference + above


def interval_text(part: int, of: int) -> str:
    """The interval of a share of neurons, such as `3.3–5%`; see `wilson`, also for what it raises."""
    low, high = wilson(part, of)
    return f"{percent(low).removesuffix('%')}–{percent(high)}"
