"""Looking around in finished runs: neurons found, walked to and compared, figures drawn and written, all of it kept."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from neuron_tui.store import open_run
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.table import read_table
from tests.journeys.conftest import SMALL_AND_LARGE, Home
from tests.journeys.terminal import DOWN, ENTER, ESCAPE, LEFT, RIGHT, Terminal

QUERY = "type:token"


def found(run: Path) -> list[tuple[int, int]]:
    """The neurons that the filter leaves, the one that is active most often first."""
    opened = open_run(run)
    table = read_table(opened)
    rows = np.flatnonzero(matching(opened, table, QUERY))
    rows = rows[np.argsort(-table.frequency[rows], kind="stable")]
    return [(int(table.layer[row]), int(table.neuron[row])) for row in rows]


def at(terminal: Terminal, layer: int, neuron: int) -> None:
    """Wait until the neuron pane shows a neuron."""
    terminal.wait_for(f"─ {layer}:{neuron} ─")


def filtered_and_sorted(terminal: Terminal, expected: list[tuple[int, int]]) -> None:
    """Filter the neurons, and sort them so that the one that is active most often comes first."""
    terminal.press("/", QUERY, " ", ENTER)
    terminal.wait_for(f"Neurons · {len(expected)} of 256 · ")
    terminal.press("s")
    terminal.wait_for("Sort by")
    terminal.press(DOWN * 4, ENTER)
    terminal.wait_for("freq↓")
    at(terminal, *expected[0])


@SMALL_AND_LARGE
def test_neurons_are_found_and_walked_to(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    expected = found(two_runs / "one")
    terminal = home.start(size, "--runs-dir", str(two_runs))
    terminal.wait_for(lambda screen: "one" in screen and "two" in screen)
    terminal.press(ENTER)
    terminal.wait_for("Neurons · 256 ")
    filtered_and_sorted(terminal, expected)
    terminal.press("s", ENTER)
    terminal.wait_for("freq↑")
    at(terminal, *expected[-1])
    terminal.press("/", "\x15", ENTER)
    terminal.wait_for("Neurons · 256 ")

    # Who fires on a token; to one of them; back, and there again.
    here = expected[-1]
    at(terminal, *here)
    terminal.press("W", "weather", ENTER)
    terminal.reads("which neurons fire on the token ·weather")
    row = re.compile(r"▸[^\n│┃]*\d/\d")  # of this list, and not of one that still stands on the screen
    line = next(line for line in terminal.wait_for(row.search).splitlines() if row.search(line))
    there = tuple(map(int, re.findall(r"\d+", line)[:2]))
    terminal.press(ENTER)
    at(terminal, *there)
    terminal.press("[")
    at(terminal, *here)
    terminal.press("]")
    at(terminal, *there)

    # The position team of a layer; to its neuron.
    terminal.press(":", "2:", ENTER)
    at(terminal, 2, 0)
    terminal.press("T")
    terminal.reads("Layer 2: 1 strong oscillatory neuron covers 50.8% of the positions; none is redundant.")
    terminal.press(ENTER)
    at(terminal, 2, 5)
    assert not terminal.too_wide()
    terminal.press("q")
    terminal.wait_for("Runs · 2")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


@SMALL_AND_LARGE
def test_figures_are_drawn_compared_and_written(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    terminal = home.start(size, "open", "one", NEURON_TUI_RUNS=str(two_runs))
    terminal.wait_for("Neurons · 256 ")
    terminal.press("F")
    terminal.wait_for("figures · one ")
    terminal.wait_for("share of neurons dead")
    for _ in range(3):
        terminal.press(RIGHT)
    terminal.wait_for("Token detectors")
    terminal.press(LEFT * 3)
    terminal.wait_for("share of neurons dead")
    written(terminal, home, "dead.svg", ("one",))
    terminal.press("t")
    terminal.footer("t chart")
    written(terminal, home, "dead.csv", ("one",))
    terminal.press("q")
    terminal.wait_for("Neurons · 256 ")
    terminal.press("q")

    # Two runs side by side.
    terminal.wait_for(lambda screen: "Runs ·" in screen and "two" in screen)
    terminal.press("m", "j", "m")
    terminal.wait_for("2 marked")
    terminal.press("c")
    terminal.wait_for("comparison · one, two ")
    terminal.wait_for("token detectors")
    terminal.press("f")
    terminal.wait_for("figures · one, two ")
    terminal.wait_for("share of neurons dead")
    written(terminal, home, "both.svg", ("one", "two"))
    terminal.press("t")
    terminal.footer("t chart")
    written(terminal, home, "both.csv", ("one", "two"))
    assert not terminal.too_wide()
    terminal.press("q")
    terminal.wait_for("comparison · one, two ")
    terminal.press("q")
    terminal.wait_for("2 marked")
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def written(terminal: Terminal, home: Home, name: str, runs: tuple[str, ...]) -> None:
    """Have the figure in sight written, and look into the file."""
    terminal.press("x")
    terminal.wait_for("a file to write")
    terminal.retype(name)
    terminal.press(ENTER)
    terminal.wait_for(lambda _: (home.folder / name).exists())
    text = (home.folder / name).read_text(encoding="utf-8")
    if name.endswith(".svg"):
        drawn = " ".join(ElementTree.fromstring(text).itertext())
        assert "Dead neurons" in drawn
        assert len(runs) == 1 or all(run in drawn for run in runs)
    else:
        header, *lines = text.splitlines()
        assert header.startswith("figure,run,layer,")
        assert {line.split(",")[1] for line in lines} == set(runs)
        assert len(lines) == 4 * len(runs)


@SMALL_AND_LARGE
def test_a_run_is_opened_as_it_was_left(size: tuple[int, int], home: Home, two_runs: Path) -> None:
    expected = found(two_runs / "one")
    terminal = home.start(size, "open", "one", NEURON_TUI_RUNS=str(two_runs))
    terminal.wait_for("Neurons · 256 ")
    filtered_and_sorted(terminal, expected)
    terminal.press("mjm")
    terminal.wait_for(lambda screen: screen.count("◆") == 2)
    at(terminal, *expected[1])
    terminal.press("\x11")  # ctrl+q ends it from anywhere
    assert terminal.wait_for_end() == 0

    again = home.start(size, "--runs-dir", str(two_runs))
    again.wait_for("Runs · 2")
    again.press(ENTER)
    again.reads(f"As you left it: filter {QUERY}, sorted by freq, 2 marks.")
    at(again, *expected[1])
    again.wait_for(f"Neurons · {len(expected)} of 256 · ")
    again.wait_for("freq↓")
    again.wait_for(lambda screen: screen.count("◆") == 2)
    again.press("q")
    again.wait_for("Runs · 2")
    again.press("j", ENTER)  # what is kept is of one run: the other is as new
    again.wait_for("Neurons · 256 ")
    assert "◆" not in again.text()
    assert not terminal.too_wide() and not again.too_wide()
    again.press(ESCAPE)
    again.wait_for("Runs · 2")
    again.press("q")
    assert again.wait_for_end() == 0
