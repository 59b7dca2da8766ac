"""A job on one line: always within its cells, and what matters most stays longest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store.wording import clock, size_text
from neuron_tui.tui.drawing.spans import plain, width_of
from neuron_tui.tui.widgets.runs.job_line import job_line, share_done
from tests.tui.jobs_at_hand import a_job, a_status

CONDITIONS = ("starting", "running", "paused", "done", "cancelled", "failed", "died")
STAGES = ("", "open", "tokenise", "sort", "embed", "pass", "forward", "count")


def said(width: int, condition: Any = "running", name: str = "opt-1.3b-wiki-code", **told: Any) -> str:
    return plain(job_line(a_status(condition, **told), name, width)).rstrip()


@given(
    st.sampled_from(CONDITIONS),
    st.sampled_from(STAGES),
    st.text(max_size=40),
    st.integers(40, 200),
    st.none() | st.integers(0, 10**12),
    st.none() | st.floats(0, 1e12),
    st.integers(0, 30),
)
def test_it_keeps_to_its_cells_and_says_something(
    condition: Any, stage: str, name: str, width: int, total: int | None, figure: float | None, place: int
) -> None:
    status = a_status(condition, stage=stage, total=total, rate=figure, left=figure, place=place, layers=24)
    line = job_line(status, name, width)
    assert width_of(line) <= width
    words = plain(line)
    assert words.strip()
    assert "\x1b" not in words
    assert "\n" not in words


def test_with_room_it_says_everything() -> None:
    line = said(140)
    assert line.startswith("opt-1.3b-wiki-code  layer 7 of 24  ▇▇▇")
    assert line.endswith("▁  1.21M tok/s  1:12 gone, 2:50 left  peak 21.0 GB, 9.1 GB on the GPU")


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (140, ["peak 21.0 GB"], []),
        (100, ["opt-1.3b-wiki-code", "tok/s", "1:12 gone, 2:50 left", "▇"], ["peak"]),
        (72, ["1:12 gone, 2:50 left", "▇"], ["tok/s"]),
        (58, ["2:50 left", "▇", "layer 7 of 24"], ["gone", "tok/s"]),
        (44, ["2:50 left", "layer 7 of 24", "opt-1.3b-wiki"], ["▇"]),
        (32, ["layer 7 of 24", "opt-1.3b-wiki"], ["left"]),
    ],
)
def test_what_matters_most_stays_longest(width: int, there: list[str], gone: list[str]) -> None:
    line = said(width)
    assert all(text in line for text in there)
    assert not any(text in line for text in gone)


def test_where_the_total_is_not_known_there_is_no_bar() -> None:
    line = said(100, stage="tokenise", layer=None, done=1_234_000, total=None, left=None, place=0)
    assert "tokenising 1.23M tokens" in line
    assert "▇" not in line
    assert "1:12 gone" in line
    assert "left" not in line
    assert "tokenising 1.23M of 5M tokens" in said(100, stage="tokenise", done=1_234_000, total=5_000_000)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("starting", "starting"),
        ("paused", "paused, layer 7 of 24"),
        ("done", "done, 24 layers  in 1:12"),
        ("cancelled", "cancelled, 6 of 24 layers kept"),
        ("failed", "failed, layer 7 of 24"),
        ("died", "died, layer 7 of 24"),
    ],
)
def test_each_condition_has_its_words(condition: Any, words: str) -> None:
    line = said(100, condition)
    assert words in line
    assert "tok/s" not in line
    assert "left" not in line


def test_after_an_end_the_bar_is_of_the_layers_that_stay() -> None:
    for condition in ("cancelled", "failed", "died"):
        line = said(100, condition, place=1, layers=2, done=9, total=10)
        assert line.count("▇") in (line.count("▁"), line.count("▁") - 1)


def test_before_the_first_layer_a_job_that_ended_says_so() -> None:
    assert "cancelled, no layer finished" in said(100, "cancelled", place=0, layers=0, stage="tokenise")
    assert "died, opening the model" in said(100, "died", place=0, layers=0, stage="open", done=0)


def test_the_bar_grows_with_the_work_and_is_full_only_at_the_end() -> None:
    steps = [
        {"place": 0, "stage": "forward", "done": 0},
        {"place": 0, "stage": "forward", "done": 1},
        {"place": 0, "stage": "forward", "done": 10},
        {"place": 0, "stage": "count", "done": 3},
        {"place": 1, "stage": "forward", "done": 0},
        {"place": 1, "stage": "count", "done": 9},
    ]
    shares = [share_done(a_job(total=10, layers=2, **step)) for step in steps]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] < 1
    bars = [said(120, total=10, layers=2, **step) for step in steps]
    assert "▇" not in bars[0]
    assert "▇" in bars[1]
    assert "▁" in bars[-1]


def test_a_changing_speed_moves_nothing() -> None:
    places = {said(120, rate=rate).index("1:12 gone") for rate in (7.0, 999.0, 1.2e3, 35.6e3, 1.21e6)}
    assert len(places) == 1


def test_hostile_and_wide_names_are_shown_not_obeyed() -> None:
    assert said(80, name="a\x1b[2J\nb").startswith("a\\x1b[2J↵b")
    assert "日本語の実行" in said(80, name="日本語の実行結果です")
    assert "layer 7 of 24" in said(44, name="日" * 40)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (760, "12:40"), (10931, "3:02:11"), (-1, "0:00")]
)
def test_times_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10.0 kB"),
        (99_600, "100 kB"),
        (34e6, "34.0 MB"),
        (1.6e9, "1.6 GB"),
        (2e15, "2000 TB"),
    ],
)
def test_sizes_are_in_powers_of_ten(size: float, text: str) -> None:
    assert size_text(int(size)) == text
