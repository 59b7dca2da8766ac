"""The positional statistics against an implementation in plain Python, and against answers known by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_tui.store.measures.positional import classify, mutual_information
from tests.engine import brute_force_positions as plain


def curve(*pieces: tuple[int, float]) -> np.ndarray:
    """Frequencies from pieces of (positions, value)."""
    return np.concatenate([np.full(length, value, np.float64) for length, value in pieces])


def named(frequency: np.ndarray) -> tuple[str, str] | None:
    return classify(frequency, context_length=len(frequency) + 1)


def waves(length: int, period: int, low: float, high: float) -> np.ndarray:
    """A square wave, low first."""
    return np.where(np.arange(length) % period < period // 2, low, high)


def fractions(frequency: np.ndarray, sequences: int) -> list[Fraction]:
    """The shares that these numbers stand for."""
    return [Fraction(round(value * sequences), sequences) for value in frequency.tolist()]


def random_curves() -> st.SearchStrategy[list[Fraction]]:
    """Curves of a few levels, most of them made of plateaus, as counts over 40 sequences give them."""
    level = st.sampled_from([0, 0, 0, 1, 2, 3, 12, 20, 30, 37, 38, 39, 40, 40, 40]) | st.integers(0, 40)
    plateau = st.tuples(level, st.integers(1, 24)).map(lambda piece: [Fraction(piece[0], 40)] * piece[1])
    return st.lists(plateau, min_size=1, max_size=12).map(lambda pieces: [f for piece in pieces for f in piece])


@settings(max_examples=200, deadline=None)
@given(random_curves())
def test_any_curve_gets_the_type_and_strength_of_the_definitions(values: list[Fraction]) -> None:
    assert named(np.array(values, np.float64)) in plain.acceptable(values, len(values) + 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([128, 256, 320, 512, 1024]))
def test_long_curves_get_the_type_and_strength_of_the_definitions(seed: int, length: int) -> None:
    draw = np.random.default_rng(seed)
    place = np.linspace(0, 1, length - 1)
    wave = np.sin(2 * np.pi * place * draw.uniform(0.2, 8) + draw.uniform(0, 7))
    share = 1 / (1 + np.exp(-draw.uniform(1, 40) * (wave + draw.uniform(-0.9, 0.9))))
    frequency = np.round(200 * np.clip(share + draw.normal(0, draw.choice([0, 0.05, 0.2]), length - 1), 0, 1)) / 200
    assert classify(frequency, context_length=length) in plain.acceptable(fractions(frequency, 200), length)


@given(st.lists(st.integers(0, 50).map(lambda count: Fraction(count, 50)), min_size=1, max_size=90))
def test_mutual_information_is_the_formula_of_the_paper(values: list[Fraction]) -> None:
    found = float(mutual_information(np.array(values, np.float64)))
    assert found == pytest.approx(plain.mutual_information(values), abs=1e-12)
    assert -1e-12 <= found <= math.log(2) + 1e-12


@given(st.integers(2, 70), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_mutual_information_of_many_neurons_is_that_of_each(length: int, neurons: int, seed: int) -> None:
    frequency = np.random.default_rng(seed).integers(0, 31, (neurons, length)) / 30
    together = mutual_information(frequency)
    assert together.shape == (neurons,)
    assert together == pytest.approx([float(mutual_information(row)) for row in frequency], abs=1e-12)


def test_mutual_information_known_by_hand() -> None:
    assert float(mutual_information(curve((50, 0.0), (50, 1.0)))) == pytest.approx(math.log(2))
    assert float(mutual_information(curve((75, 0.0), (25, 1.0)))) == pytest.approx(
        -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    )
    for constant in (0.0, 0.3, 1.0):
        assert float(mutual_information(curve((63, constant)))) == pytest.approx(0.0, abs=1e-12)
    assert float(mutual_information(curve((30, 0.25), (30, 0.75)))) == pytest.approx(math.log(2) - 0.5623351446188083)


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        (waves(2047, 256, 0.0, 1.0), ("oscillatory", "strong")),
        (waves(63, 16, 0.0, 1.0), ("oscillatory", "strong")),
        (waves(2047, 256, 0.05, 0.95), ("oscillatory", "strong")),
        (waves(2047, 256, 0.06, 0.94), ("oscillatory", "weak")),
        (waves(2047, 256, 0.2, 0.8), ("oscillatory", "weak")),
        (waves(2047, 256, 0.0, 0.6), ("oscillatory", "weak")),
        (waves(2047, 256, 0.4, 1.0), ("oscillatory", "weak")),
        (curve((1024, 0.0), (1023, 1.0)), ("both", "strong")),
        (curve((600, 1.0), (800, 0.0), (647, 1.0)), ("both", "strong")),
        (curve((1024, 0.02), (1023, 1.0)), ("both", "weak")),
        (curve((1024, 0.0), (1023, 0.98)), ("both", "weak")),
        (curve((1024, 0.0), (1023, 0.5)), ("one", "strong")),
        (curve((1024, 1.0), (1023, 0.5)), ("one", "strong")),
        (curve((1024, 0.03), (1023, 0.5)), ("one", "weak")),
        (curve((1024, 0.97), (1023, 0.5)), ("one", "weak")),
        (np.linspace(0.1, 0.9, 2047), ("other", "strong")),
        (curve((1024, 0.2), (1023, 0.8)), ("other", "strong")),
        (np.linspace(0.2, 0.8, 2047) + np.where(np.arange(2047) % 2, 0.15, -0.15), ("other", "weak")),
        (curve((2047, 0.5)), None),
        (curve((2047, 0.0)), None),
        (curve((2047, 1.0)), None),
    ],
)
def test_each_type_and_strength_known_by_hand(frequency: np.ndarray, expected: tuple[str, str] | None) -> None:
    assert named(frequency) == expected
    assert plain.positional_type(fractions(frequency, 10**6), len(frequency) + 1) == expected


def test_a_neuron_is_positional_above_a_twentieth_of_a_nat() -> None:
    below, above = curve((64, 0.344), (63, 0.656)), curve((64, 0.342), (63, 0.658))
    assert float(mutual_information(below)) < 0.05 < float(mutual_information(above))
    assert named(below) is None
    assert named(above) == ("other", "strong")


def test_oscillatory_takes_four_swings() -> None:
    four = curve((12, 0.0), (12, 1.0), (12, 0.0), (12, 1.0), (15, 0.0))
    three = curve((16, 0.0), (16, 1.0), (16, 0.0), (15, 1.0))
    assert named(four) == ("oscillatory", "strong")
    assert named(three) == ("both", "strong")


def test_swings_go_through_the_outer_thirds_of_the_range() -> None:
    # From 0 up to the middle and back, over and over, is no swing: only 0 to 1 and back to 0 are.
    middle = curve((8, 0.0), (8, 1.0), *[(4, 0.5), (4, 0.0)] * 5, (7, 0.0))
    assert named(middle) == ("both", "strong")


def test_oscillatory_takes_a_range_of_three_tenths() -> None:
    # Eight waves each; smoothing leaves their zeros shorter than the 16 positions of a zero interval.
    assert named(np.tile(curve((16, 0.0), (16, 0.29)), 8)[:-1]) == ("other", "strong")
    assert named(np.tile(curve((16, 0.0), (16, 0.31)), 8)[:-1]) == ("oscillatory", "weak")


def test_strong_oscillation_lets_one_position_in_ten_be_undecided() -> None:
    wave = waves(200, 40, 0.0, 1.0)
    wave[np.arange(20) * 10] = 0.5
    assert classify(wave, context_length=201) == ("oscillatory", "strong")
    wave[5] = 0.5
    assert classify(wave, context_length=201) == ("oscillatory", "weak")


def test_smoothing_at_the_ends_uses_what_is_there() -> None:
    # The average over three keeps the first four of five positions at 1; with zeros outside, three would be left.
    assert named(curve((5, 1.0), (58, 0.3))) == ("one", "strong")
    assert named(curve((4, 1.0), (59, 0.3))) == ("other", "strong")
    assert named(curve((58, 0.3), (5, 1.0))) == ("one", "strong")


def test_an_interval_takes_a_sixteenth_of_the_positions() -> None:
    # T = 128 asks for 8 positions of the smoothed curve; the average over three costs one at the inner end.
    assert named(curve((9, 1.0), (118, 0.2))) == ("one", "strong")
    assert named(curve((8, 1.0), (119, 0.2)))[0] == "other"  # type: ignore[index]


def test_an_interval_is_exact_only_if_the_frequency_itself_is() -> None:
    assert named(curve((30, 0.0), (33, 0.6))) == ("one", "strong")
    touched = curve((30, 0.0), (33, 0.6))
    touched[:30:3] = 1 / 40
    assert named(touched) == ("one", "weak")


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6])
def test_the_shortest_contexts_have_an_answer(length: int) -> None:
    frequency = np.zeros(length - 1)
    frequency[-1] = 1.0
    assert classify(frequency, context_length=length) in plain.acceptable(fractions(frequency, 1), length)
