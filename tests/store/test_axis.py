"""Axes have round numbers within their limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store.findings.chart import are_whole, limits_of, log_ticks, tick_label, ticks

FINITE = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_limits_hold_every_value_and_zero(values: list[float]) -> None:
    low, high = limits_of([*values, math.nan])
    assert low < high
    assert low <= 0
    assert all(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high) for value in values)


@given(FINITE, st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_rise_within_the_limits_and_are_no_more_than_asked_for(low: float, size: float, about: int) -> None:
    found = ticks((low, low + size), about)
    assert found == sorted(set(found))
    assert all(low - 1e-6 * size <= value <= low + size + 1e-6 * size for value in found)
    assert len(found) <= about + 1


def test_limits_and_ticks_of_usual_axes() -> None:
    assert limits_of([0.02, 0.093]) == (0.0, pytest.approx(0.1))
    assert ticks((0.0, 1.0)) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks((0.0, 11.0), 10, whole=True) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert ticks((0.0, 3.0), 10, whole=True) == [0.0, 1.0, 2.0, 3.0]
    assert limits_of([]) == (0.0, 1.0)
    assert limits_of([5.0, 7.0], from_zero=False)[0] == 5.0


def test_ticks_read_as_percentages_and_with_thousands() -> None:
    assert [tick_label(0.25, percent=True), tick_label(0.005, percent=True)] == ["25%", "0.5%"]
    assert [tick_label(12000.0), tick_label(0.05), tick_label(0.0)] == ["12,000", "0.05", "0"]


@given(st.floats(0.1, 1e6), st.floats(1.5, 1e6), st.integers(2, 12))
def test_ticks_of_a_logarithmic_axis_stand_within_it_in_order(low: float, times: float, about: int) -> None:
    found = log_ticks((low, low * times), about)
    places = [place for place, _ in found]
    assert places == sorted(set(places))
    assert all(math.log10(low) - 1e-6 <= place <= math.log10(low * times) + 1e-6 for place in places)


def test_ticks_of_a_logarithmic_axis_read_shortly() -> None:
    assert [label for _, label in log_ticks((586.0, 600_000.0), 12)] == [
        *("1k", "2k", "5k", "10k", "20k", "50k", "100k", "200k", "500k"),
    ]
    assert [label for _, label in log_ticks((586.0, 600_000.0), 4)] == ["1k", "10k", "100k"]
    assert log_ticks((20_000.0, 20_000_000.0), 3) == [(5.0, "100k"), (6.0, "1M"), (7.0, "10M")]


def test_whole_numbers_are_told_from_others() -> None:
    assert are_whole([1.0, 2.0, math.nan])
    assert not are_whole([1.0, 2.5])
