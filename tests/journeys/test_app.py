"""The app in a real terminal, as a person meets it over SSH."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.journeys.terminal import Terminal
from tests.synthetic import build_run

SIZES = [(80, 24), (120, 36), (200, 60)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    build_run(folder / "one")
    build_run(folder / "two", seed=1)
    return folder


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_from_the_runs_to_a_report_of_a_marked_neuron(columns: int, rows: int, runs: Path, tmp_path: Path) -> None:
    terminal = Terminal(["--runs-dir", str(runs)], columns, rows)
    terminal.wait_for(lambda screen: "one" in screen and "two" in screen)
    terminal.press("\r")
    terminal.wait_for("Neurons")
    terminal.press("/")
    terminal.press("type:token layer:1\r")
    terminal.wait_for("layer:1 · ")  # the title says the filter and how many match
    terminal.press("m")
    terminal.press("x")
    terminal.wait_for("md")
    report = tmp_path / "report.json"
    terminal.press("\x15")  # clears the line that proposes a name
    terminal.press(f"{report}\r")
    terminal.wait_for(lambda _: report.exists() and report.read_text().rstrip().endswith("]"))
    (record,) = json.loads(report.read_text())
    assert record["layer"] == 1
    assert record["triggers"]["1"]["detector"]
    terminal.press("q")
    terminal.wait_for("two")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def test_no_line_is_wider_than_the_terminal_at_any_size(runs: Path) -> None:
    terminal = Terminal(["open", str(runs / "one")], 120, 36)
    terminal.wait_for("Neurons")
    for columns, rows in ((80, 24), (50, 15), (200, 60)):
        terminal.resize(columns, rows)
        # The footer is drawn on the last line of whatever size there is.
        terminal.wait_for(lambda screen, rows=rows: "filter" in screen.splitlines()[rows - 1])
        assert all(cell_len(line.rstrip()) <= columns for line in terminal.screen())
    terminal.press("\x11")  # ctrl+q ends it from anywhere
    assert terminal.wait_for_end() == 0


def test_no_colour_leaves_no_colour_codes(runs: Path) -> None:
    terminal = Terminal(["open", str(runs / "one")], 100, 30, {"NO_COLOR": "1"})
    terminal.wait_for("Neurons")
    colours = {
        colour for line in terminal._screen.buffer.values() for cell in line.values() for colour in (cell.fg, cell.bg)
    }
    # Without colour there are shades of grey at most.
    assert all(c == "default" or c in ("black", "white") or c[:2] == c[2:4] == c[4:6] for c in colours), colours
    terminal.press("\x11")  # ctrl+q ends it from anywhere
    assert terminal.wait_for_end() == 0
