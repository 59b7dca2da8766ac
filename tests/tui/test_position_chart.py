"""Curves of frequency by position fill their cells, name both axes, and tell which position is where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neuron_tui.tui.drawing.braille import Window, filled
from neuron_tui.tui.drawing.position_chart import GUTTER, position_chart, stacked_charts


@pytest.mark.parametrize("positions", [1, 2, 3, 63, 2047])
@pytest.mark.parametrize(("width", "height"), [(16, 4), (34, 6), (120, 14)])
def test_a_chart_has_the_size_asked_for(positions: int, width: int, height: int) -> None:
    lines = position_chart(np.linspace(0, 1, positions), width, height)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    assert "".join(lines).isprintable()


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
    top = position_chart(active, 60, 8)[0]
    left, right = top[GUTTER:32], top[34:]
    assert left.strip() == ""
    assert set(right) == {"⣿"}


def test_a_range_shows_only_its_positions() -> None:
    active = np.zeros(1000)
    active[:500] = 1.0
    lines = position_chart(active, 60, 8, 480, 520)
    assert "480" in lines[-1]
    assert "520" in lines[-1]
    assert lines[0][GUTTER : GUTTER + 26] == "⣿" * 26
    assert lines[0][-26:].strip() == ""


def test_a_rare_activation_shows_and_none_leaves_nothing() -> None:
    assert filled(np.array([0.0001, 0.0]), 2) == [" ", "⡀"]
    assert filled(np.zeros(4), 2) == ["  ", "  "]


def test_curves_above_each_other_have_one_scale_and_their_names() -> None:
    curves = {"overall": np.full(100, 0.1), "日本語日本語日本語": np.full(100, 0.05), "none": np.zeros(100)}
    lines = stacked_charts(curves, 60, 8, 1, 100)
    assert len(lines) == 8
    assert {cell_len(line) for line in lines} == {60}
    assert [line.split()[0].rstrip("┤") for line in lines if "┤" in line] == ["overall", "日本語日…", "none"]
    assert any("0-10%" in line for line in lines)
    heights = [sum(c not in " │┤" for c in line[-40:]) for line in lines[:6]]
    assert heights[0] > 0 == heights[2] < heights[3]  # the second reaches half as high as the first


@given(st.integers(1, 3000), st.data())
def test_the_cell_of_a_position_shows_that_position(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    window = Window(first, size, data.draw(st.integers(4, 120)))
    place = data.draw(st.integers(first, size))
    values = np.zeros(size)
    values[place - 1] = 1.0
    lit = np.flatnonzero(window.thin(values)) // 2
    assert window.cell(place) in lit
    cell = data.draw(st.integers(0, window.cells - 1))
    assert first <= window.place(cell) <= size
    assert window.size < window.dots or window.cell(window.place(cell)) == cell
