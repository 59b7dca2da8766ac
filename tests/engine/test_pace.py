"""How fast and how long still, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neuron_tui.engine.pace import Pace
from neuron_tui.engine.progress import Progress


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def forward(done: int, place: int = 0) -> Progress:
    return Progress("forward", done, 100, layer=place, place=place, layers=4)


def test_the_rate_is_that_of_the_present_stage(clock: Clock) -> None:
    pace = Pace(clock)
    pace.see(Progress("tokenise", 0, 1000))
    clock.now += 10
    pace.see(forward(0))
    assert pace.rate(forward(0)) is None  # a guess yet
    clock.now += 2
    assert pace.rate(forward(50)) == 25
    assert pace.elapsed() == 12


def test_what_is_left_follows_from_the_layers_that_this_job_did(clock: Clock) -> None:
    pace = Pace(clock)
    pace.see(Progress("embed", 5, 10))
    assert pace.left(Progress("embed", 5, 10)) is None
    clock.now += 100
    pace.see(forward(0, place=2))  # two layers lay there already
    clock.now += 9
    step = forward(100, place=2)
    pace.see(step)
    # Nine tenths of a layer in nine seconds: eleven tenths are left.
    assert pace.left(step) == pytest.approx(11)
    assert pace.left(Progress("pass", 5, 10)) is None


def test_a_pause_counts_for_nothing(clock: Clock) -> None:
    pace = Pace(clock)
    pace.see(forward(0))
    clock.now += 4
    step = forward(40)
    pace.see(step)
    before = pace.elapsed(), pace.rate(step), pace.left(step)
    assert None not in before
    for _ in range(2):
        pace.see(replace(step, paused=True))
        clock.now += 1000
        assert (pace.elapsed(), pace.rate(step), pace.left(step)) == before
        pace.see(replace(step, paused=True))
        clock.now += 1000
        pace.see(step)
        assert (pace.elapsed(), pace.rate(step), pace.left(step)) == before


def test_counting_again_is_the_whole_of_a_layer(clock: Clock) -> None:
    pace = Pace(clock)
    pace.see(Progress("recount", 0, 100, layer=1, place=1, layers=3))
    clock.now += 10
    step = Progress("recount", 50, 100, layer=1, place=1, layers=3)
    pace.see(step)
    assert pace.rate(step) == 5
    assert step.unit == "neurons"
    assert pace.left(step) == pytest.approx(30)
