"""Charts fill their cells with plain text and name both axes."""

import threading

import numpy as np
import pytest

from neuron_tui.tui.charts import position_chart


@pytest.mark.parametrize("positions", [1, 2, 3, 63, 2047])
@pytest.mark.parametrize(("width", "height"), [(16, 4), (34, 6), (120, 14)])
def test_a_chart_has_the_size_asked_for(positions: int, width: int, height: int) -> None:
    lines = position_chart(np.linspace(0, 1, positions), width, height)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    assert not any("\x1b" in line for line in lines)


def test_axes_name_shares_and_positions() -> None:
    text = "\n".join(position_chart(np.full(2047, 0.5), 50, 8))
    assert all(label in text for label in ("0%", "50%", "100%", "1,024", "2,047"))


def test_small_shares_get_a_scale_that_says_so() -> None:
    text = "\n".join(position_chart(np.full(100, 0.004), 40, 6))
    assert "0.5%" in text
    assert "100%" not in text


def test_the_curve_stands_where_the_neuron_is_active() -> None:
    active = np.zeros(1000)
    active[500:] = 1.0
    top = position_chart(active, 60, 8)[1]
    left, right = top[6:30], top[36:]
    assert left.strip() == ""
    assert right.strip() != ""


def test_threads_do_not_draw_into_each_others_charts() -> None:
    low, high = np.zeros(100), np.ones(100)
    expected = {0: position_chart(low, 40, 6), 1: position_chart(high, 40, 6)}
    wrong: list[int] = []

    def draw(which: int) -> None:
        drawn = (position_chart((low, high)[which], 40, 6) for _ in range(20))
        wrong.extend(which for chart in drawn if chart != expected[which])

    threads = [threading.Thread(target=draw, args=(which,)) for which in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
