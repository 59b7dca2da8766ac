"""The layers pane as lines: bars on one scale, totals above, nothing wider than its room."""

import pytest
from rich.cells import cell_len

from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.tui.drawing.spans import Line, plain
from neuron_tui.tui.widgets.layers.line import LayerLine
from neuron_tui.tui.widgets.layers.pane import LayerList
from neuron_tui.tui.widgets.layers.totals import LINES, total_lines


def folded(layer: int | None, done: int) -> str:
    line = LayerLine()
    line.refresh = lambda *_, **__: line  # it is on no screen
    line.show(layer, done, 12, SUMMARIES)
    return plain(line.line(80))


def test_the_folded_line_says_how_many_layers_are_done() -> None:
    assert folded(None, 12).startswith(" all 12 layers ◂▸  dead 5%  freq 5%  tok 25  2g 9  3g 6  pos 12")
    assert folded(None, 3).startswith(" 3 of 12 layers ◂▸")
    assert folded(1, 3).startswith(" layer 1 of 12 ◂▸  dead 5%  freq 5%  tok 20")


def summary(layer: int, *, neurons: int = 1000, dead: int = 0, tokens: int = 0, scale: int = 1) -> LayerSummary:
    by_order = {1: tokens * scale, 2: 3 * scale, 3: 2 * scale}
    kinds = ("oscillatory", "both", "one", "other")
    return LayerSummary(
        layer=layer,
        neurons=neurons,
        dead=dead,
        mean_frequency_alive=0.05 if dead < neurons else None,
        detectors=by_order,
        covered=by_order,
        covered_cumulative=by_order,
        new_overall=by_order,
        new_to_previous={1: None, 2: None, 3: None},
        covering_histogram={1: (), 2: (), 3: ()},
        suppressing=tokens,
        positional={kind: {"strong": scale, "weak": 0} for kind in kinds},
    )


def listed(*summaries: LayerSummary) -> LayerList:
    rows = LayerList()
    rows.show_layers([s.layer for s in summaries])
    rows.show_summaries(summaries)
    return rows


def bars(line: Line) -> list[str]:
    return [text for text, role in line if role == "bar"]


SUMMARIES = (summary(0, dead=100, tokens=5), summary(1, dead=50, tokens=20), summary(2, dead=0, tokens=0))


@pytest.mark.parametrize("width", [28, 31, 32, 33, 49, 60])
def test_rows_stay_within_their_width_and_end_below_the_titles(width: int) -> None:
    rows = listed(*SUMMARIES, summary(3, dead=1000, tokens=1), summary(47, neurons=49152, dead=1, tokens=40000))
    titles = cell_len(plain(rows.header_line(width + 1)))
    assert titles <= width + 1
    for row in range(6):
        assert cell_len(plain(rows.row_line(row, width))) == titles - 1


@pytest.mark.parametrize("width", [32, 49])
def test_the_largest_layer_of_a_column_fills_its_bar_and_the_others_are_measured_by_it(width: int) -> None:
    rows = listed(*SUMMARIES)
    dead = [bars(rows.row_line(row, width))[0] for row in (1, 2, 3)]
    assert set(dead[0]) == {"█"}
    assert dead[1].strip() in ("▌", "█", "█▌")
    assert 0 < len(dead[1].strip()) <= len(dead[0])
    assert dead[1] != dead[0]
    assert dead[2].strip() == ""
    tokens = [bars(rows.row_line(row, width))[2] for row in (1, 2)]
    assert set(tokens[1]) == {"█"}
    assert tokens[0] != tokens[1]


def test_all_layers_together_show_shares_as_bars_and_counts_without() -> None:
    assert [bool(b.strip()) for b in bars(listed(*SUMMARIES).row_line(0, 49))] == [True, True] + [False] * 4


def test_numbers_are_the_layers_own() -> None:
    line = plain(listed(*SUMMARIES).row_line(2, 49)).split()
    assert [part.strip("█▉▊▋▌▍▎▏") for part in line if part.strip("█▉▊▋▌▍▎▏")] == ["1", "5%", "5%", "20", "3", "2", "4"]


def test_a_layer_not_yet_summarised_shows_its_number_alone() -> None:
    rows = listed(*SUMMARIES)
    rows.show_layers([0, 1, 2, 3])
    assert plain(rows.row_line(4, 32)).strip() == "3"


@pytest.mark.parametrize("width", [31, 33, 50])
def test_the_totals_say_what_the_model_holds(width: int) -> None:
    lines = [plain(line) for line in total_lines(SUMMARIES, width)]
    said = " ".join(lines)
    assert len(lines) == LINES
    assert ("150 of 3,000 dead (5%)" if width >= 40 else "150 of 3k dead (5%)") in said
    assert "others' mean frequency 5%" in said
    assert "25 token detectors" in said
    assert "25 suppress their triggers" in said
    assert "9 bigram, 6 trigram" in said
    assert "12 positional:  3 oscillatory, 3 both,  3 one, 3 other" in said


def test_the_totals_end_their_shares_with_intervals_at_one_edge_where_there_is_room() -> None:
    for width in (31, 33, 50):
        lines = [plain(line) for line in total_lines(SUMMARIES, width)]
        assert lines[0].endswith("  4.3–5.8%")
        assert cell_len(lines[0]) == width
        assert lines[3].endswith("  86.3–100%") == (width == 50)
        assert ("25 suppress their triggers (100%)" in lines[3]) == (width == 50)
    none = [plain(line) for line in total_lines([summary(0, dead=3)], 50)]  # of no detectors there is no share
    assert none[3].strip() == "0 suppress their triggers"


def test_the_totals_of_a_large_model_find_room() -> None:
    many = [summary(layer, neurons=36864, dead=21000, tokens=8, scale=100) for layer in range(64)]
    assert all(cell_len(plain(line)) <= 31 for line in total_lines(many, 31))


def test_a_model_of_dead_neurons_has_no_mean_frequency() -> None:
    assert "mean frequency –" in " ".join(plain(line) for line in total_lines([summary(0, dead=1000)], 31))
