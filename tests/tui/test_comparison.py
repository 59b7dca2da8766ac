"""Runs beside each other on the screen: totals, overlap and its tokens, curves, circles, what became of neurons."""

import csv
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.comparison import token_lists
from neuron_tui.store.findings.comparison.report import CURVES, Report, make_report
from neuron_tui.store.findings.figures import LabelledRun, labels, read_aggregates
from neuron_tui.store.findings.figures.figure import Mark, MarkPanel, Marks
from neuron_tui.store.findings.figures.positions import KINDS
from neuron_tui.store.runs.folder import AGGREGATES_FILE
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.drawing.circles import circle_lines
from neuron_tui.tui.drawing.comparison_text import overlap_lines, totals_lines, transition_lines
from neuron_tui.tui.drawing.spans import plain, width_of
from neuron_tui.tui.reports.comparison_wording import total_rows
from neuron_tui.tui.screens.comparison.compare import Compare
from neuron_tui.tui.screens.comparison.tokens import TokenOverlap, TokenRows
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.figure_pane import FigureList, FigurePane
from tests.synthetic import build_run
from tests.tui.driving import Person, drive

Scenario = Callable[[Person], Awaitable[None]]

PARTS = ("totals", "overlap", *CURVES, "became")


@pytest.fixture(scope="session")
def compared(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs, and `other`: `whole` with another seed."""
    folder = Path(shutil.copytree(runs, tmp_path_factory.mktemp("compared") / "runs"))
    build_run(folder / "other", seed=1)
    return folder


@pytest.fixture(scope="session")
def report(compared: Path) -> Report:
    return make_report(labelled(compared, "whole", "other", "partial"))


def labelled(folder: Path, *names: str) -> list[LabelledRun]:
    opened = [open_run(folder / name) for name in names]
    return [read_aggregates(run, label) for run, label in zip(opened, labels(opened), strict=True)]


def on_comparison(
    folder: Path, names: tuple[str, ...], scenario: Scenario, size: tuple[int, int] = (120, 36)
) -> NeuronTuiApp:
    """Compare some runs and let a person act there."""

    async def act(person: Person) -> None:
        person.app.push_screen(Compare([folder / name for name in names]))
        await person.until(lambda: isinstance(person.app.screen, Compare) and not person.app.screen.under_way)
        await drawn(person)
        await scenario(person)

    return drive(folder, act, size=size)


def comparison(person: Person) -> Compare:
    """The comparison, wherever it lies in the stack."""
    return next(screen for screen in person.app.screen_stack if isinstance(screen, Compare))


def shown(person: Person) -> str:
    """Name of the part in sight."""
    part = comparison(person).browser.figure
    assert part is not None
    return part.name


async def drawn(person: Person) -> None:
    """Wait until the part in sight is drawn for the room it has."""
    await person.until(lambda: comparison(person).browser.up_to_date)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_every_part_is_walked_to_and_drawn(size: tuple[int, int], compared: Path) -> None:
    walked = PARTS[2:] if size[0] == 200 else PARTS  # a wide terminal shows totals and overlap beside the others

    async def walk(person: Person) -> None:
        seen = [shown(person)]
        for _ in walked:
            await person.press("right")
            await drawn(person)
            seen.append(shown(person))
            assert comparison(person).browser.figure.title in person.screen()
        assert seen == [*walked, walked[-1]]
        await person.press("h")
        assert shown(person) == walked[-2]
        assert all(len(line) == size[0] for line in person.lines())

    on_comparison(compared, ("whole", "other"), walk, size)


def test_totals_stand_side_by_side_with_the_change(compared: Path) -> None:
    rows = {row.name: row for row in total_rows(make_report(labelled(compared, "whole", "partial")).comparison.totals)}

    async def look(person: Person) -> None:
        dead = rows["dead"]
        line = next(line for line in person.lines() if "│ dead " in line)
        assert line.split("dead", 1)[1].split()[:3] == [*dead.cells, dead.change]
        await person.sees("partial is partial: 2 of 4 layers are finished.")

    on_comparison(compared, ("whole", "partial"), look)


def test_a_wide_terminal_shows_totals_and_overlap_beside_any_part(compared: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("Totals", "Overlap of detected tokens", "share of neurons dead ↑", "mean frequency of the")
        assert person.screen().count("partial is partial") == 1  # not below each of them
        await person.press("tab", "tab")
        assert person.app.screen.query_one("#pane-overlap", FigurePane).has_focus_within
        await person.sees("enter its tokens")
        await person.press("t")
        await person.sees("[1] whole", "[2] partial")
        await person.press("tab", "t")
        await person.sees("t chart")
        await person.pilot.resize_terminal(80, 24)
        await drawn(person)
        await person.sees("Dead neurons ◂▸  part 3 of 11")
        assert not person.app.screen.query_one(FigureList).display

    on_comparison(compared, ("whole", "partial"), look, (200, 60))


def test_enter_in_the_overlap_lists_the_tokens_of_the_pair(compared: Path, tmp_path: Path) -> None:
    pair = labelled(compared, "whole", "other")
    lists = token_lists(pair[0], pair[1])

    async def look(person: Person) -> None:
        await person.press("l", "enter", "enter")
        await person.until(lambda: isinstance(person.app.screen, TokenOverlap) and not person.app.screen.under_way)
        counts = (len(lists.shared), len(lists.first_only), len(lists.second_only))
        await person.sees(f"Both · {counts[0]}", f"Only whole · {counts[1]}", f"Only other · {counts[2]}")
        rows = [rows.count for rows in person.app.screen.query(TokenRows)]
        assert tuple(rows) == counts
        await person.sees("[/INST]", "[bold]x[/bold]", "·\\x1b[31mred")
        await person.press("right")
        assert person.app.screen.focused.which == 1  # type: ignore[union-attr]
        await person.press("x")
        await person.press(*["backspace"] * len("tokens.csv"))
        await person.type(str(tmp_path / "own.csv"))
        await person.press("enter")
        await person.sees("Written to")
        await person.press("q")
        await person.until(lambda: isinstance(person.app.screen, Compare))

    on_comparison(compared, ("whole", "other"), look)
    with (tmp_path / "own.csv").open() as file:
        found = [json.loads(row["token"])[0] for row in csv.DictReader(file) if row["detected_by"] == "run"]
    assert found == [token.form for token in lists.first_only]


def test_on_a_narrow_terminal_the_token_lists_are_seen_one_at_a_time(compared: Path) -> None:
    async def look(person: Person) -> None:
        await person.press("l", "enter")
        await person.sees("Both ·")
        await person.press("tab")
        await person.until(lambda: "Only whole ·" in person.screen() and "Both ·" not in person.screen())
        await person.press("left", "left")
        await person.sees("Only other ·")
        await person.press("question_mark")
        await person.sees("go to the list before or after: of both runs")

    on_comparison(compared, ("whole", "other"), look, (80, 24))


def test_a_row_of_figure_8_leads_to_its_neuron(compared: Path) -> None:
    async def go(person: Person) -> None:
        comparison(person).browser.go_to("8")
        await person.press("t", "tab", "down", "enter")
        await person.until(lambda: isinstance(person.app.screen, Explorer))
        await person.settled()
        assert person.app.screen.path.name == "whole"  # type: ignore[attr-defined]
        assert person.address == (0, 6)

    on_comparison(compared, ("whole", "other"), go)


def test_parts_and_the_whole_are_written_to_files(
    compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def export(person: Person) -> None:
        await person.press("X")
        await person.sees("comparison.html", "its ending decides")
        await person.press("enter")
        await person.sees("Written to")
        for ending in ("json", "txt"):
            await person.press("X", *["backspace"] * 4)
            await person.type(ending)
            await person.press("enter")
            await person.until(lambda ending=ending: list(tmp_path.glob(f"*.{ending}")))
        await person.press("X", *["backspace"] * 4)
        await person.type("svg")
        await person.press("enter")
        await person.sees("The name must end in one of .html .txt .csv .json.")
        await person.press("escape", "x")
        await person.sees("comparison-totals.csv")
        await person.press("enter")
        await person.until(lambda: list(tmp_path.glob("comparison-totals.csv")))
        await person.press("l", "l", "x")
        await person.sees("comparison-1a.svg")
        await person.press("enter")
        await person.until(lambda: list(tmp_path.glob("*.svg")))

    on_comparison(compared, ("whole", "other"), export)
    assert (tmp_path / "comparison.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads(next(tmp_path.glob("*.json")).read_text())["runs"] == ["whole", "other"]
    text = next(tmp_path.glob("*.txt")).read_text()
    assert all(words in text for words in ("mean frequency of the others", "whole → other: 256 neurons", "● oscill"))
    with (tmp_path / "comparison-totals.csv").open() as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["whole", "other"]


def test_marked_runs_are_compared_and_f_shows_their_figures(compared: Path) -> None:
    async def mark(person: Person) -> None:
        await person.press("m", "j", "m", "c")
        await person.until(lambda: isinstance(person.app.screen, Compare) and not person.app.screen.under_way)
        await person.sees("comparison · few, other")
        await person.press("f")
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        await person.sees("figures · few, other")
        await person.press("q", "q")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    drive(compared, mark)


def test_help_and_palette_hold_what_can_be_done(compared: Path) -> None:
    async def look(person: Person) -> None:
        titles = [command.title for command in person.app.get_system_commands(person.app.screen)]
        assert {"Chart or table", "All figures", "Export", "Export all", "Totals", "What became of the neurons"} <= {
            *titles
        }
        await person.press("question_mark")
        await person.sees("share of the tokens with a detector in either run")

    on_comparison(compared, ("whole", "other"), look)


def test_a_damaged_run_is_named_and_the_comparison_left(own_runs: Path) -> None:
    path = own_runs / "few" / "layers" / "layer_000.h5"
    path.write_bytes(b"\0" * path.stat().st_size)
    (own_runs / "few" / AGGREGATES_FILE).unlink()

    async def look(person: Person) -> None:
        person.app.push_screen(Compare([own_runs / "whole", own_runs / "few"]))
        await person.sees("These runs", "few")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    drive(own_runs, look)


# How it is drawn.


def panel(run: str, counts: dict[int, list[int]]) -> MarkPanel:
    """Positional neurons of a run: how many of each kind in each layer."""
    marks = [
        Mark(layer, neuron, 0.1, kind)
        for layer, kinds in counts.items()
        for kind, count in enumerate(kinds)
        for neuron in range(count)
    ]
    return MarkPanel(run, tuple(counts), tuple(marks))


def test_circles_are_one_mark_a_neuron_with_the_runs_side_by_side() -> None:
    chart = Marks(KINDS, (panel("a", {0: [2, 1, 0, 0, 3, 0, 0, 1], 1: [0] * 8}), panel("b", {0: [0, 0, 4], 1: [1]})))
    lines = [plain(line) for line in circle_lines(chart, 100)]
    heads = next(place for place, line in enumerate(lines) if line.startswith("a "))
    assert "b" in lines[heads]
    assert [line.split() for line in lines[heads + 2 : heads + 4]] == [
        ["0", "7", "●●○▲▲▲◇", "0", "4", "■■■■"],
        ["1", "·", "1", "1", "●"],
    ]
    narrow = [plain(line) for line in circle_lines(chart, 60)]
    assert [line.split() for line in narrow if "●●○▲▲▲◇" in line] == [["0", "7", "●●○▲▲▲◇"]]


def test_more_circles_than_find_room_are_wrapped_and_at_last_stand_for_several() -> None:
    def glyphs(width: int, count: int) -> tuple[int, list[str]]:
        lines = [plain(line) for line in circle_lines(Marks(KINDS, (panel("a", {0: [count]}),)), width)]
        below = lines[next(place for place, line in enumerate(lines) if line == "a") :]
        assert max(map(len, lines)) <= width
        return sum(line.count("●") for line in below), lines

    assert glyphs(60, 49)[0] == 49
    assert glyphs(60, 300)[0] == 300
    few, lines = glyphs(60, 1000)
    assert few == 250
    assert "a mark is 4 neurons or what is left of as many" in lines


@pytest.mark.parametrize("width", [40, 80, 130])
def test_everything_keeps_to_the_width_and_loses_no_run(width: int, report: Report) -> None:
    totals = totals_lines(report.comparison, width)
    overlap = overlap_lines(report.comparison, width)
    became = transition_lines(report.transitions, max(width, 64))
    assert all(width_of(line) <= width for line in (*totals, *overlap) if width >= 60)
    text = "\n".join(plain(line) for line in totals)
    assert all(text.count(run) >= 1 for run in report.comparison.runs)
    dead = [cell for line in totals if plain(line).startswith("dead") for cell in plain(line).split()[1:]]
    assert dead == [str(row.dead.part) for row in report.comparison.totals]
    assert all(width_of(line) <= max(width, 64) for line in became)


def test_the_matrix_holds_the_jaccard_of_every_two_runs(report: Report) -> None:
    lines = [plain(line) for line in overlap_lines(report.comparison, 100)]
    rows = [line.split() for line in lines if line.startswith("[")]
    assert [row[1] for row in rows] == list(report.comparison.runs)
    own = [report.comparison.overlaps[0].tokens.first, *(o.tokens.second for o in report.comparison.overlaps[:2])]
    assert [rows[i][2 + i] for i in range(3)] == [str(count) for count in own]
    assert rows[0][3] == rows[1][2]
    assert rows[0][3] != rows[0][4]
