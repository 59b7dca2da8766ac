"""The figures of runs and the position team of a layer, on the screen."""

import csv
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import NAMES, build_figure, read_aggregates
from neuron_tui.tui.app import NeuronTuiApp
from neuron_tui.tui.reports.renderer import FIGURES, objection_to, suffixes_of
from neuron_tui.tui.screens.figures.figures import Figures
from neuron_tui.tui.screens.figures.team import Team
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.widgets.figure_pane import FigureList, FigurePane
from tests.store.planting import plant_oscillatory
from tests.tui.driving import Person, drive

Scenario = Callable[[Person], Awaitable[None]]


def on_figures(
    runs: Path, names: tuple[str, ...], scenario: Scenario, size: tuple[int, int] = (120, 36)
) -> NeuronTuiApp:
    """Open the figures of some runs and let a person act there."""

    async def act(person: Person) -> None:
        person.app.push_screen(Figures([runs / name for name in names]))
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        await drawn(person)
        await scenario(person)

    return drive(runs, act, size=size)


def figures(person: Person) -> Figures:
    """The figures, wherever they lie in the stack."""
    return next(screen for screen in person.app.screen_stack if isinstance(screen, Figures))


async def drawn(person: Person) -> None:
    """Wait until the figure in sight is drawn for the room it has."""
    await person.until(lambda: figures(person).browser.up_to_date)


def shown(person: Person) -> str:
    """Name of the figure in sight."""
    figure = figures(person).browser.figure
    assert figure is not None
    return figure.name


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_figures_are_walked_and_each_is_drawn(size: tuple[int, int], runs: Path) -> None:
    async def walk(person: Person) -> None:
        seen = [shown(person)]
        for _ in range(len(NAMES) + 1):
            await person.press("right")
            await drawn(person)
            seen.append(shown(person))
            figure = figures(person).browser.figure
            assert figure is not None
            assert figure.title in person.screen()
        assert seen == [*NAMES, NAMES[-1], NAMES[-1]]
        await person.press("h")
        assert shown(person) == NAMES[-2]
        assert all(len(line) == size[0] for line in person.lines())

    on_figures(runs, ("whole", "partial"), walk, size)


def test_a_curve_names_its_runs_by_marks_and_says_what_is_partial(runs: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("●─ whole", "■─ partial", "share of neurons dead ↑   relative depth →")
        await person.sees("partial is partial: 2 of 4 layers are finished.")

    on_figures(runs, ("whole", "partial"), look)


def test_the_list_is_beside_the_figure_or_folded_into_a_line(runs: Path) -> None:
    async def wide(person: Person) -> None:
        await person.sees(" 1a  Dead neurons", " 14b  Detected bigrams", "–  Suppressing token detectors")
        await person.press("down", "j")
        assert shown(person) == "2"
        await person.press("enter")
        assert person.app.screen.query_one(FigurePane).has_focus_within

    async def narrow(person: Person) -> None:
        await person.sees("figure  ▸1a 1b 2 3a 3b 4 5 8 9")
        assert not person.app.screen.query_one(FigureList).display
        await person.press("l")
        await person.sees("figure 1a ▸1b 2")

    on_figures(runs, ("whole",), wide)
    on_figures(runs, ("whole",), narrow, (80, 24))


def test_digits_go_to_the_next_figure_whose_number_begins_so(runs: Path) -> None:
    async def jump(person: Person) -> None:
        seen = []
        for key in ("5", "1", "1", "1", "9", "3", "3", "7"):
            await person.press(key)
            seen.append(shown(person))
        assert seen == ["5", "12", "13", "14a", "9", "3a", "3b", "3b"]

    on_figures(runs, ("whole",), jump)


def test_t_switches_between_chart_and_table(runs: Path) -> None:
    async def switch(person: Person) -> None:
        await person.press("3")
        await drawn(person)
        await person.sees("token detectors ↑", "t table")
        await person.press("t")
        await person.sees("t chart", "table ─", "0.33")
        whole = build_figure("3a", [read_aggregates(open_run(runs / "whole"))])
        rows = [line.split("│")[-2].split() for line in person.lines() if "0.33" in line]
        assert str(whole.column("token_detectors")[1]) in rows[0]
        await person.press("t")
        await drawn(person)
        await person.sees("token detectors ↑")
        await person.press("5", "t")
        await person.sees("Figure 5 is a table.", "trigger")

    on_figures(runs, ("whole",), switch)


def test_histograms_show_the_bottom_half_or_all_layers(runs: Path) -> None:
    async def toggle(person: Person) -> None:
        await person.press("2")
        await person.sees("2 more layers above", "a all layers")
        await person.press("a")
        await person.sees("a bottom half")
        await person.until(lambda: "more layers above" not in person.screen())
        await person.press("a")
        await person.sees("2 more layers above")

    on_figures(runs, ("whole",), toggle)


@pytest.fixture
def gone_to(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, tuple[int, int]]]:
    """Neurons that the app was asked to show, with the folder of their run; it shows none."""
    asked: list[tuple[Path, tuple[int, int]]] = []
    monkeypatch.setattr(NeuronTuiApp, "go_to_neuron", lambda _, path, neuron: asked.append((path, neuron)))
    return asked


def test_enter_on_a_row_goes_to_its_neuron(runs: Path, gone_to: list[tuple[Path, tuple[int, int]]]) -> None:
    async def choose(person: Person) -> None:
        await person.press("5", "tab", "down", "down", "enter")
        await person.until(lambda: gone_to)
        figure = figures(person).browser.figure
        assert figure is not None
        run, layer, neuron = (figure.column(name)[2] for name in ("run", "layer", "neuron"))
        assert gone_to == [(runs / str(run), (layer, neuron))]

    on_figures(runs, ("partial", "whole"), choose)


def test_a_figure_is_written_to_a_file_whose_ending_decides(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def export(person: Person) -> None:
        await person.press("x")
        await person.sees("whole-figure-1a.svg", "its ending decides")
        await person.press("enter")
        await person.sees("Written to")
        for ending in ("csv", "txt", "json", "pdf", "png"):
            await person.press("x")
            await person.press(*["backspace"] * 3)
            await person.type(ending)
            await person.press("enter")
            await person.until(lambda ending=ending: list(tmp_path.glob(f"*.{ending}")))
        await person.press("x")
        await person.press(*["backspace"] * 3)
        await person.type("gif")
        await person.press("enter")
        await person.sees("The name must end in one of .txt .csv .json .svg .pdf .png.")

    on_figures(runs, ("whole",), export)
    assert ElementTree.parse(tmp_path / "whole-figure-1a.svg").getroot().tag.endswith("svg")
    names = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(names) == {".svg", ".csv", ".txt", ".json", ".pdf", ".png"}
    with names[".csv"].open() as file:
        assert [row["layer"] for row in csv.DictReader(file)] == ["0", "1", "2", "3"]
    assert json.loads(names[".json"].read_text())[0]["name"] == "1a"
    text = names[".txt"].read_text()
    assert "share of neurons dead ↑" in text
    assert "dead" in text.split("share of neurons dead ↑")[1]


def test_files_that_would_be_replaced_or_cannot_be_are_objected_to(runs: Path, tmp_path: Path) -> None:
    labelled = [read_aggregates(open_run(runs / "whole"))]
    curve, table = (build_figure(name, labelled) for name in ("1a", "5"))
    (tmp_path / "there.csv").write_text("kept")
    endings = suffixes_of(FIGURES, part=True)
    assert "exists" in objection_to(str(tmp_path / "there.csv"), endings, curve)
    assert "no directory" in objection_to(str(tmp_path / "gone" / "a.csv"), endings, curve)
    assert "must end" in objection_to("figure", endings, curve)
    assert "is a table" in objection_to(str(tmp_path / "a.svg"), endings, table)
    assert objection_to(str(tmp_path / "a.csv"), endings, table) == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_takes_no_file_says_so(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o500)

    async def export(person: Person) -> None:
        await person.press("x", "enter")
        await person.sees("Not written", "cannot write")

    on_figures(runs, ("whole",), export)


def test_a_damaged_run_is_named_and_left(own_runs: Path) -> None:
    path = own_runs / "whole" / "layers" / "layer_001.h5"
    path.write_bytes(b"\0" * path.stat().st_size)

    async def look(person: Person) -> None:
        person.app.push_screen(Figures([own_runs / "whole"]))
        await person.sees("These figures", "layer_001.h5")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    drive(own_runs, look)


def test_q_goes_back_and_the_palette_holds_every_figure(runs: Path) -> None:
    async def leave(person: Person) -> None:
        titles = [command.title for command in person.app.get_system_commands(person.app.screen)]
        assert [title for title in titles if title.startswith("Figure ")] == [f"Figure {name}" for name in NAMES]
        await person.press("question_mark")
        await person.sees("writes the figure to a file")
        await person.press("q", "q")
        await person.until(lambda: isinstance(person.app.screen, Runs))

    on_figures(runs, ("whole",), leave)


def test_another_size_draws_the_chart_anew(runs: Path) -> None:
    async def resize(person: Person) -> None:
        await person.pilot.resize_terminal(80, 24)
        await drawn(person)
        await person.sees("figure  ▸1a")
        await person.pilot.resize_terminal(160, 50)
        await drawn(person)
        await person.until(lambda: max(line.rfind("●") for line in person.lines()) > 150)

    on_figures(runs, ("whole",), resize)


# The team of a layer.


@pytest.fixture
def teamed(own_runs: Path) -> Path:
    """The runs, `whole` with planted teams in layers 1 and 3 and none elsewhere."""
    places = np.arange(63)
    plant_oscillatory(own_runs / "whole", 0, {})
    plant_oscillatory(own_runs / "whole", 2, {})
    plant_oscillatory(own_runs / "whole", 1, {7: places < 30, 20: places >= 25, 33: (places > 4) & (places < 9)})
    plant_oscillatory(own_runs / "whole", 3, {n: places // 9 == n - 40 for n in range(40, 47)})
    return own_runs


def on_team(runs: Path, layer: int, scenario: Scenario, size: tuple[int, int] = (80, 24)) -> list[object]:
    """Open the team of a layer of `whole`; gives what the screen gave back."""
    given: list[object] = []

    async def act(person: Person) -> None:
        person.app.push_screen(Team(open_run(runs / "whole"), layer), given.append)
        await person.until(lambda: isinstance(person.app.screen, Team) and person.app.idle)
        await scenario(person)

    drive(runs, act, size=size)
    return given


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
def test_a_team_shows_who_is_on_where_and_who_is_redundant(size: tuple[int, int], teamed: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("3 strong oscillatory neurons cover 100%", "redundant, each by itself: 33")
        rows = {
            line.split("│")[0].split()[-1]: line.split("│")[1:3]
            for line in person.lines()
            if line.count("│") > 1 and "%" in line
        }
        assert set(rows) == {"7", "20", "33"}
        assert ["redundant" in rows[neuron][1] for neuron in ("7", "20", "33")] == [False, False, True]
        first, last = rows["7"][0], rows["20"][0]
        assert first.startswith("█") and first.endswith(" ")
        assert last.startswith(" ") and last.endswith("█")

    on_team(teamed, 1, look, size)


def test_the_cursor_names_positions_and_enter_gives_the_neuron_back(teamed: Path) -> None:
    async def choose(person: Person) -> None:
        await person.sees("7 strong oscillatory neurons")
        await person.press("down", "j")
        neuron = person.app.screen.query_one("#team-rows").team.neurons[2]
        first = 1 + 9 * (neuron - 40)
        await person.sees(f"3:{neuron} is on at {first}-{first + 8}.")
        await person.press("enter")

    ((layer, neuron),) = on_team(teamed, 3, choose)
    assert layer == 3
    assert 40 <= neuron < 47


def test_left_and_right_go_to_the_layers_that_have_a_team(teamed: Path) -> None:
    async def walk(person: Person) -> None:
        await person.press("right")
        await person.sees("Layer 3 ·", "7 strong oscillatory neurons")
        await person.press("right", "left")
        await person.sees("Layer 1 ·", "3 strong oscillatory neurons")
        await person.press("q")

    assert on_team(teamed, 1, walk) == [None]


def test_a_layer_without_a_team_says_which_have_one(teamed: Path) -> None:
    async def look(person: Person) -> None:
        await person.sees("Layer 2 has no strong oscillatory neuron; these layers have: 1, 3.")
        await person.press("enter", "l")
        await person.sees("Layer 3 ·")
        await person.press("escape")

    assert on_team(teamed, 2, look) == [None]


def test_figure_9_opens_the_team_and_what_is_chosen_there_is_gone_to(
    teamed: Path, gone_to: list[tuple[Path, tuple[int, int]]]
) -> None:
    async def choose(person: Person) -> None:
        person.app.push_screen(Figures([teamed / "whole"]))
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        await person.press("9", "enter")
        await person.sees("3 strong oscillatory neurons")
        await person.press("enter")
        await person.until(lambda: gone_to)
        ((path, (layer, neuron)),) = gone_to
        assert (path, layer) == (teamed / "whole", 1)
        assert neuron in (7, 20, 33)

    drive(teamed, choose)


def test_a_row_of_the_strongest_suppressors_leads_back_to_its_neuron_in_the_explorer(runs: Path) -> None:
    async def scenario(person: Person) -> None:
        explorer = person.explorer
        await person.press("F")
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        await person.press("5", "tab", "down", "enter")
        await person.until(lambda: person.app.screen is explorer and person.pane.up_to_date)
        assert person.address is not None
        record = open_run(runs / "whole").layer(person.address[0]).neuron(person.address[1])
        assert record.effect.suppresses_triggers

    drive(runs, scenario, run=runs / "whole")


def test_a_neuron_of_compared_runs_opens_its_run_and_back_leads_to_the_figures(runs: Path) -> None:
    async def scenario(person: Person) -> None:
        person.app.push_screen(Figures([runs / "partial", runs / "whole"]))
        await person.until(lambda: isinstance(person.app.screen, Figures) and not person.app.screen.under_way)
        figures = person.app.screen
        await person.press("5", "tab", "enter")
        await person.settled()
        assert person.explorer.path in (runs / "partial", runs / "whole")
        await person.press("q")
        await person.until(lambda: person.app.screen is figures)

    drive(runs, scenario)
