"""Figures as text: charts that fill their cells, marks that tell runs apart, tables that line up."""

from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from neuron_tui.store import open_run
from neuron_tui.store.findings.chart import Series
from neuron_tui.store.findings.figures import NAMES, Figure, build_figure, read_aggregates
from neuron_tui.store.findings.figures.figure import Bins, Column, Histograms, Mark, MarkPanel, Marks, Tallies
from neuron_tui.store.findings.figures.positions import KINDS
from neuron_tui.store.neurons.teams import Team
from neuron_tui.tui.drawing.charts import line_chart
from neuron_tui.tui.drawing.figure_table import cell_text, table_lines, table_text
from neuron_tui.tui.drawing.figure_text import chart_lines, charted, tabled, team_axis, team_row
from neuron_tui.tui.drawing.raster import position_axis, raster_row
from neuron_tui.tui.drawing.spans import plain

X = np.arange(12.0)


@pytest.fixture(scope="module")
def figures(runs: Path) -> list[Figure]:
    labelled = [read_aggregates(open_run(runs / name)) for name in ("whole", "partial")]
    return [build_figure(name, labelled) for name in NAMES]


def drawn(series: list[Series], width: int = 60, height: int = 14, **options: object) -> list[str]:
    limits = {"x_limits": (0.0, 11.0), "y_limits": (0.0, 1.0)} | options
    return line_chart(series, width, height, **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "height"), [(20, 8), (60, 14), (120, 40)])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_line_chart_has_the_size_asked_for(width: int, height: int, count: int) -> None:
    lines = drawn([Series(f"run {i}", X, X / 11 / (i + 1)) for i in range(count)], width, height)
    legend = sum(any(f"run {i}" in line for i in range(count)) for line in lines)
    assert len(lines) == max(height, 1 + 4 + legend)
    assert {cell_len(line) for line in lines} == {width}
    assert not any("\x1b" in line for line in lines)


def test_a_chart_may_be_larger_than_the_terminal() -> None:
    lines = drawn([Series("a", X, X / 11)], 150, 60)
    assert lines[1][149] == "●"
    assert lines[58].rstrip()[-1] in "┬─"
    assert lines[59].split()[-1] == "11"


def test_axes_are_named_and_have_whole_layers_and_percentages() -> None:
    lines = drawn([Series("a", X, X / 11)], x_label="layer", y_label="share dead", percent=True)
    assert lines[0].startswith("share dead ↑   layer →")
    assert "100%" in lines[1]
    assert [int(label) for label in lines[-1].split()] == [0, 2, 4, 6, 8, 10]


def test_each_series_has_its_mark_at_its_points_and_in_the_legend() -> None:
    lines = drawn([Series("high", X, np.full(12, 0.9)), Series("low", X, np.full(12, 0.1), dash=True)])
    legend = next(line for line in lines if "high" in line)
    high, low = legend.split("high")[0].strip()[0], legend.split("low")[0].split()[-1][0]
    assert high != low
    body = lines[1:-3]
    rows = {mark: {row for row, line in enumerate(body) if mark in line} for mark in (high, low)}
    assert len(rows[high]) == len(rows[low]) == 1
    assert min(rows[high]) < min(rows[low])
    assert next(line for line in body if high in line).count(high) == 12
    assert next(line for line in body if low in line).count(low) == 12


def test_a_dashed_line_has_gaps_and_a_missing_value_has_no_mark() -> None:
    def ink(series: Series) -> int:
        body = drawn([series])[1:-2]
        return sum("\u2801" <= character <= "\u28ff" for line in body for character in line)

    level = np.full(12, 0.5)
    assert 0 < ink(Series("a", X, level, dash=True)) < ink(Series("a", X, level))
    level[4:7] = np.nan
    assert sum(line.count("●") for line in drawn([Series("a", X, level)])) == 9


def test_a_raster_row_shows_where_a_neuron_is_on() -> None:
    on = np.zeros(40, dtype=bool)
    on[10:30] = True
    assert raster_row(on, 20) == " " * 5 + "█" * 10 + " " * 5
    assert raster_row(on, 10) == "  ▐████▌  "
    on[:] = False
    on[5] = True
    assert raster_row(on, 4) == "░   "
    assert raster_row(np.ones(3, dtype=bool), 8) == "█" * 8
    assert raster_row(np.ones(0, dtype=bool), 8) == " " * 8


@pytest.mark.parametrize("last", [1, 2, 63, 2047])
@pytest.mark.parametrize("width", [8, 40, 150])
def test_the_axis_of_positions_begins_at_1_and_has_a_label_below_each_tick(last: int, width: int) -> None:
    line, labels = position_axis(last, width)
    assert len(line) == len(labels) == width
    assert labels.split()[0] == "1"
    assert line.count("┬") == len(labels.split())
    assert all(1 <= int(label.replace(",", "")) <= max(2, last) for label in labels.split())


def test_a_tick_of_positions_stands_below_its_position() -> None:
    line, labels = position_axis(100, 100)
    assert line[39] == "┬"
    assert labels[38:40] == "40"


def test_a_row_of_a_team_names_its_neuron_and_says_whether_it_is_redundant() -> None:
    mask = np.array([[True] * 20 + [False] * 20, [False] * 10 + [True] * 30, [True] * 5 + [False] * 35])
    team = Team(1, np.array([7, 2000, 31]), mask)
    rows = [plain(team_row(team, row, 65)) for row in range(3)]
    assert ["redundant" in row for row in rows] == [False, False, True]
    assert [row.split()[0] for row in rows] == ["7", "2000", "31"]
    assert ["50%" in rows[0], "75%" in rows[1], "12%" in rows[2] or "13%" in rows[2]] == [True, True, True]
    assert {len(row) for row in rows} == {65}
    axis = plain(team_axis(team, 65)[0])
    assert axis.index("└") == rows[0].index("│")


def test_histograms_read_as_a_row_a_layer_with_bars_and_shares() -> None:
    bins = ("1-5", "6-10", ">2k")
    panel = Bins("demo", (0, 1, 2), ((0.5, 0.25, 0.25), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), 2)
    figure = Figure("2", "t", "r", ("demo",), (), (), Histograms(bins, "tokens", (panel,)), ())
    lines = [plain(line) for line in chart_lines(figure, 80, 10)]
    assert lines[1].split() == ["layer", "1-5", "6-10", ">2k"]
    assert [line.split()[0] for line in lines[2:4]] == ["0", "1"]
    assert "50%" in lines[2]
    full, half = (line.split("%")[0].count("█") for line in (lines[3], lines[2]))
    assert full == 2 * half
    assert lines[4] == "1 more layer above"
    assert len(chart_lines(figure, 80, 10, all_layers=True)) == 5
    ends = [lines[1].index(name) + len(name) for name in bins]
    assert [lines[2][end - 3 : end] for end in ends] == ["50%", "25%", "25%"]


def test_marks_read_as_a_row_a_layer_with_a_mark_a_neuron() -> None:
    marks = [Mark(0, 1, 0.5, 0), Mark(0, 2, 0.5, 0), Mark(0, 3, 0.2, 1), Mark(2, 4, 0.1, 7)]
    panel = MarkPanel("demo", (0, 2), tuple(marks))
    figure = Figure("8", "t", "r", ("demo",), (), (), Marks(KINDS, (panel,)), ())
    lines = [plain(line) for line in chart_lines(figure, 80, 10)]
    assert all(any(f"{marker} {name}" in line for line in lines) for name, marker in KINDS)
    rows = {line.split()[0]: line for line in lines if line[:6].strip().isdigit()}
    assert set(rows) == {"0", "2"}
    assert "3 ●●○" in rows["0"]
    assert rows["2"].rstrip().endswith("1 ◇")


def test_tallies_read_as_a_row_a_setting_with_what_each_changes() -> None:
    rows = (("unchanged", (120, 3)), ("range 0.2", (1140, 3)), ("range 0.4", (20, 23_460)))
    chart = Tallies((("oscillatory", "●"), ("other", "■")), "neurons", (("demo", rows),))
    figure = Figure("sensitivity", "t", "r", ("demo",), (), (), chart, ())
    for width in (40, 80, 150):
        lines = [plain(line) for line in chart_lines(figure, width, 10)]
        assert max(map(cell_len, lines)) <= width
        said = [[word for word in line.split() if "█" not in word and word not in "▏▎▍▌▋▊▉"] for line in lines]
        assert said == [
            ["oscillatory", "other"],
            ["unchanged", "120", "3"],
            ["range", "0.2", "+1020", "1,140", "3"],
            ["range", "0.4", "−100", "20", "+23k", "23,460"],
        ]
        ends = [lines[0].index(name) + len(name) for name in ("oscillatory", "other")]
        assert [lines[2][end - 1] for end in ends] == ["0", "3"]
    bars = [plain(line).count("█") for line in chart_lines(figure, 150, 10)]
    assert bars[3] > 10 * bars[2] > 0


def test_tallies_of_every_type_fit_beside_the_list_of_figures() -> None:
    kinds = ("oscillatory", "both", "one", "other", "strong")
    rows = (("unchanged", (0, 4, 39, 4, 20)), ("interval 0.03125", (4, 4, 159, 11, 1124)))
    chart = Tallies(tuple((kind, "●") for kind in kinds), "neurons", (("demo", rows),))
    figure = Figure("sensitivity", "t", "r", ("demo",), (), (), chart, ())
    lines = [plain(line).split() for line in chart_lines(figure, 73, 10)]
    assert lines[0] == list(kinds)
    assert lines[2] == ["interval", "0.03125", "+4", "4", "4", "+120", "159", "+7", "11", "+1104", "1,124"]


def test_a_logarithmic_chart_names_its_decades_and_spaces_them_alike() -> None:
    tokens = np.array([100.0, 1000.0, 10_000.0])
    lines = drawn([Series("a", tokens, np.full(3, 0.5))], x_limits=(100.0, 10_000.0), x_log=True)
    assert lines[-1].split() == ["100", "500", "1k", "5k", "10k"]
    marked = next(line for line in lines[1:] if "●" in line)
    first, second, third = (place for place, cell in enumerate(marked) if cell == "●")
    assert abs((second - first) - (third - second)) <= 1


def test_cells_have_their_units() -> None:
    assert cell_text(Column("x", "share"), 0.424) == "42.4%"
    assert cell_text(Column("x", "neurons"), 12345) == "12,345"
    assert cell_text(Column("neuron"), 12345) == "12345"
    assert cell_text(Column("x", "logit"), -0.0812) == "−0.081"
    assert cell_text(Column("x", "nats"), 0.6104) == "0.610"
    assert cell_text(Column("x", "share"), None) == "–"
    assert cell_text(Column("x"), "a\x1b") == "a\\x1b"


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_tables_line_up_and_hold_every_row(place: int, figures: list[Figure]) -> None:
    figure = figures[place]
    text = table_text(figure)
    whole, narrow = ([plain(line) for line in table_lines(text, width)] for width in (None, 80))
    assert len({cell_len(line) for line in whole}) == 1
    assert len(whole) == len(narrow)
    assert len([line for line in whole if line.startswith(("whole", "partial"))]) == len(figure.rows)
    if sum(text.fitted(80)) + 2 * (len(text.widths) - 1) <= 80:
        assert {cell_len(line) for line in narrow} <= set(range(81))
    assert not any("…" in line for line in whole)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_a_figure_fits_its_width_and_ends_with_its_notes(place: int, width: int, figures: list[Figure]) -> None:
    figure = figures[place]
    lines = [plain(line) for line in charted(figure, width, 20)]
    assert lines[0].startswith(f"{figure.name}  {figure.title}")
    assert max(map(cell_len, lines)) <= width
    assert "partial is partial: 2 of 4 layers are finished." in lines
    assert not any("\x1b" in line for line in lines)


def test_a_table_of_one_run_names_it_once(runs: Path) -> None:
    figure = build_figure("3a", [read_aggregates(open_run(runs / "whole"))])
    lines = [plain(line) for line in tabled(figure, None)]
    assert lines[0].endswith("whole")
    assert not any("whole" in line for line in lines[1:])


def test_a_long_table_is_made_as_it_is_shown_and_reads_as_a_short_one(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = build_figure(
        "8", [read_aggregates(open_run(runs / "whole")), read_aggregates(open_run(runs / "whole"), "again")]
    )
    short = table_text(figure)
    assert isinstance(short.cells, tuple)
    monkeypatch.setattr("neuron_tui.tui.drawing.figure_table._MEASURED", 5)
    long = table_text(figure)
    assert not isinstance(long.cells, tuple)
    assert (len(long.cells), tuple(long.cells)) == (len(figure.rows), short.cells)
    assert (long.headings, long.left) == (short.headings, short.left)
    assert table_lines(long, None)[-1] == table_lines(short, None)[-1]
