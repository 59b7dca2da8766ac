"""Intervals about a share cover it as often as they say, and are what is known of them."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store.measures.intervals import newcombe, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (1, 10, 0.0178762, 0.4041500),  # by hand: (0.1 + 0.19207) / 1.38415 -+ 1.95996 / 1.38415 * sqrt(0.009 + 0.0096)
        (81, 263, 0.2552946, 0.3662001),
        (15, 148, 0.0624026, 0.1605265),
    ],
)
def test_known_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("trials", [1, 9, 512, 36_864])
def test_none_and_all_have_the_exact_interval(trials: int) -> None:
    low, high = wilson(0, trials)
    assert low == 0
    assert (1 - high) ** trials == pytest.approx(0.025)  # a higher share shows itself 39 times of 40
    assert wilson(trials, trials) == pytest.approx((1 - high, 1))


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(("successes", "trials", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 0.0)])
def test_impossible_numbers_are_refused(successes: int, trials: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"successes|confidence"):
        wilson(successes, trials, confidence)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_an_interval_holds_its_share_and_mirrors(numbers: tuple[int, int], confidence: float) -> None:
    successes, trials = numbers
    low, high = wilson(successes, trials, confidence)
    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high
    assert wilson(trials - successes, trials, confidence) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("trials", [20, 100])
def test_it_covers_the_share_as_often_as_it_says(trials: int) -> None:
    """Exactly, over every outcome: near 95% on average, and seldom much less."""
    intervals = [wilson(k, trials) for k in range(trials + 1)]
    covering = []
    for share in np.linspace(0.001, 0.999, 999).tolist():
        chances = [comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(trials + 1)]
        covering.append(sum(c for c, (low, high) in zip(chances, intervals, strict=True) if low <= share <= high))
    assert np.mean(covering) == pytest.approx(0.95, abs=0.012)
    assert min(covering) > 0.83


def test_the_difference_of_two_shares() -> None:
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10, example (a).
    difference, low, high = newcombe(56, 70, 48, 80)
    assert (difference, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert newcombe(48, 80, 56, 70) == pytest.approx((-0.2, -0.3339, -0.0524), abs=5e-5)
