"""`neuron-tui figures`: what it prints where, and with what exit code."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.findings.figures import NAMES
from tests.synthetic import build_run
from tests.tui.command import Command, command

__all__ = ["command"]


def test_one_figure_is_a_table_with_a_row_for_each_run_and_layer(command: Command, runs: Path) -> None:
    ended = command("figures", "whole", "partial", "--figure", "1a", "--runs-dir", runs)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "1a  Dead neurons  [§3, Fig. 1a]"
    dead = [s.dead for s in summarise_layers(open_run(runs / "whole"))]
    rows = [line.split() for line in lines if line.startswith("whole")]
    assert [int(row[4]) for row in rows] == dead
    assert len([line for line in lines if line.startswith("partial ")]) == 2 + 1
    assert "partial is partial: 2 of 4 layers are finished." in lines


def test_without_a_name_all_figures_are_printed(command: Command, runs: Path) -> None:
    ended = command("figures", "whole", "--runs-dir", runs)
    assert ended.code == 0
    starts = [line.split()[0] for line in ended.out.splitlines() if "  [" in line and line[0] != " "]
    assert starts == list(NAMES)


def test_json_is_a_list_of_figures(command: Command, runs: Path) -> None:
    data = json.loads(command("figures", "whole", "partial", "--format", "json", "--runs-dir", runs).out)
    assert [figure["name"] for figure in data] == list(NAMES)
    alone = json.loads(command("figures", "whole", "--figure", "4", "--format", "json", "--runs-dir", runs).out)
    assert [row["layer"] for row in alone[0]["rows"]] == [0, 1, 2, 3]


def test_csv_keeps_data_and_notes_apart(command: Command, runs: Path) -> None:
    ended = command("figures", "whole", "partial", "--format", "csv", "--runs-dir", runs)
    assert next(csv.DictReader(io.StringIO(ended.out)))["figure"] == "1a"
    assert ended.out.startswith("figure,run,layer,depth,neuron,series,value\n")
    assert "partial is partial" in ended.err
    alone = command("figures", "whole", "--figure", "3b", "--format", "csv", "--runs-dir", runs)
    assert alone.out.startswith("figure,run,layer,depth,detected,detected_so_far\n")


def test_svg_and_charts_are_written_where_asked(command: Command, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    ended = command("figures", "whole", "--figure", "2", "--format", "svg", "--output", path, "--runs-dir", runs)
    assert (ended.code, ended.out) == (0, "")
    assert ElementTree.parse(path).getroot().tag.endswith("svg")
    chart = command("figures", "whole", "--figure", "1b", "--format", "chart", "--runs-dir", runs)
    lines = chart.out.splitlines()
    assert "mean frequency ↑   layer →" in lines
    assert max(map(len, lines)) <= 80


def test_histograms_are_of_the_bottom_half_unless_all_layers_are_asked_for(command: Command, runs: Path) -> None:
    asked = ("figures", "whole", "--figure", "2", "--format", "chart", "--runs-dir", runs)

    def layers(*more: str) -> list[str]:
        return [line.split()[0] for line in command(*asked, *more).out.splitlines() if line[:6].strip().isdigit()]

    assert layers() == ["0", "1"]
    assert layers("--all-layers") == ["0", "1", "2", "3"]


def test_figure_9_is_of_the_layer_asked_for(command: Command, runs: Path) -> None:
    ended = command("figures", "whole", "--figure", "9", "--layer", 2, "--format", "csv", "--runs-dir", runs)
    assert [row["layer"] for row in csv.DictReader(io.StringIO(ended.out))] == ["2"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("whole", "--figure", "7"), 2, ("no figure 7", "1a, 1b, 2")),
        (("whole", "--format", "png"), 2, ("one PNG holds one figure",)),
        (("whole", "--format", "gif"), 2, ("unknown format 'gif'", "table, json, csv, chart, txt, svg, pdf, png")),
        (("whole", "--format", "svg"), 2, ("one SVG holds one figure",)),
        (("whole", "--figure", "5", "--format", "svg"), 2, ("figure 5 is a table",)),
        (("whole", "--figure", "1a", "--layer", "1"), 2, ("figure 1a is not of one layer",)),
        (("whole", "--figure", "9", "--layer", "9"), 3, ("no layer 9", "0, 1, 2, 3")),
        (("partial", "--figure", "9", "--layer", "3"), 4, ("layer 3 of the run partial is not finished",)),
        (("whole", "gone"), 3, ("gone",)),
        (("whole", "--figure", "1a", "--output", "/nowhere/at/all"), 3, ("no directory /nowhere/at",)),
        ((), 2, ("Missing argument",)),
    ],
)
def test_what_cannot_be_done_says_why(
    command: Command, runs: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    ended = command("figures", *arguments, "--runs-dir", runs)
    assert (ended.code, ended.out) == (code, "")
    assert all(word in ended.err for word in words)
    assert "Traceback" not in ended.err


def test_a_run_that_has_no_layer_yet_or_a_damaged_file_is_4(command: Command, own_runs: Path) -> None:
    build_run(own_runs / "begun", layers=2, neurons=12, finished=0)
    assert command("figures", "begun", "--runs-dir", own_runs).code == 4
    path = own_runs / "whole" / "layers" / "layer_001.h5"
    path.write_bytes(b"\0" * path.stat().st_size)
    assert command("figures", "whole", "--runs-dir", own_runs).code == 4


def test_the_help_has_an_example(command: Command) -> None:
    ended = command("figures", "--help")
    assert ended.code == 0
    assert "neuron-tui figures opt-125m opt-350m --figure 1a" in ended.out
