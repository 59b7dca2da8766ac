"""Texts keep to their cells, whatever characters they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neuron_tui.store.tokens import visible
from neuron_tui.tui.drawing.spans import (
    bar,
    beside,
    fit,
    fit_end,
    fit_line,
    plain,
    short_percent,
    short_score,
    width_of,
    wrap,
)

texts = st.text(st.characters(exclude_categories=()), max_size=30).map(visible)


@given(texts, st.integers(0, 20))
def test_a_fitted_text_takes_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, "right")) == width
    assert cell_len(fit_end(text, width)) == width


@given(st.lists(texts, max_size=5), st.integers(0, 20))
def test_a_fitted_line_takes_exactly_its_cells(parts: list[str], width: int) -> None:
    assert width_of(fit_line(tuple((part, "") for part in parts), width)) == width


@given(st.lists(texts, max_size=8).map(" ".join), st.integers(2, 20))
def test_wrapped_lines_are_never_too_wide(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in wrap(text, width))


def test_what_is_cut_says_so() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 4) == "日… "
    assert fit_end("abcdef", 4) == "…def"
    assert plain(fit_line((("abc", ""), ("def", "dim")), 3)) == "ab…"


def test_blocks_stand_beside_each_other() -> None:
    lines = beside([(("ab", ""),)], [(("x", ""),), (("y", ""),)], 4)
    assert [plain(line) for line in lines] == ["ab    x", "      y"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.999, ">99%"), (0.38, "38%"), (0.035, "3.5%"), (0.0042, ".42%"), (1e-7, "<.001%")],
)
def test_short_percentages_never_round_to_none_or_all(share: float, text: str) -> None:
    assert short_percent(share) == text


def test_a_bar_shows_anything_above_nothing() -> None:
    assert bar(0, 3) == "   "
    assert bar(0.001, 3).strip() != ""
    assert bar(1, 3) == "███"


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (-0.081, "−.081"),
        (0.5, "+.500"),
        (1.234, "+1.23"),
        (-0.00001, "−.001"),
        (0.0, "+.000"),
        (0.9999, "+1"),
        (-12.34, "−12.3"),
    ],
)
def test_a_short_score_keeps_its_sign_and_takes_at_most_five_cells(score: float, text: str):
    assert short_score(score) == text
    assert len(text) <= 5
