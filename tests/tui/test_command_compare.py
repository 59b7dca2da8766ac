"""`neuron-tui compare`: what it prints where, and with what exit code."""

import csv
import io
import json
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.findings.comparison.report import PARTS
from tests.synthetic import build_run
from tests.tui.command import Command, command

__all__ = ["command"]


def test_the_table_has_a_column_for_each_run_and_what_keeps_them_apart(command: Command, runs: Path) -> None:
    ended = command("compare", "whole", "partial", "--runs-dir", runs)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    dead = [sum(s.dead for s in summarise_layers(open_run(runs / name))) for name in ("whole", "partial")]
    assert lines[2].split() == ["whole", "partial", "change"]
    assert next(line.split() for line in lines if line.startswith("dead "))[1:3] == [str(count) for count in dead]
    heads = [line.split()[0] for line in lines if "  [" in line and line[0] != " "]
    assert heads == [name for name in PARTS if name not in ("became", "tokens")]  # of another shape; not asked for
    assert "partial is partial: 2 of 4 layers are finished." in lines


def test_json_and_html_hold_the_whole_comparison(command: Command, runs: Path, tmp_path: Path) -> None:
    data = json.loads(command("compare", "whole", "few", "--tokens", "--format", "json", "--runs-dir", runs).out)
    assert data["runs"] == ["whole", "few"]
    assert {"totals", "overlap", "figures", "became", "tokens", "notes"} <= set(data)
    path = tmp_path / "compared.html"
    ended = command("compare", "whole", "few", "--format", "html", "--output", path, "--runs-dir", runs)
    assert (ended.code, ended.out) == (0, "")
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_csv_keeps_data_and_notes_apart(command: Command, runs: Path) -> None:
    ended = command("compare", "whole", "partial", "--format", "csv", "--runs-dir", runs)
    assert next(csv.DictReader(io.StringIO(ended.out)))["part"] == "totals"
    assert "partial is partial" in ended.err
    part = command("compare", "whole", "partial", "--part", "overlap", "--format", "csv", "--runs-dir", runs)
    assert part.out.startswith("figure,run,other,depth,detected,other_detected,shared,jaccard,told_by\n")


def test_a_part_alone_is_its_table_or_its_chart(command: Command, runs: Path) -> None:
    table = command("compare", "whole", "partial", "--part", "8", "--runs-dir", runs).out
    assert "oscillatory" in table.split("neuron", 1)[1]
    chart = command("compare", "whole", "partial", "--part", "8", "--format", "chart", "--runs-dir", runs).out
    assert "● oscillatory, strong" in chart
    assert max(map(len, chart.splitlines())) <= 100
    tokens = command("compare", "whole", "partial", "--part", "tokens", "--runs-dir", runs).out
    assert "[/INST]" in tokens
    assert "\x1b" not in tokens


def test_neurons_of_one_model_are_followed(command: Command, own_runs: Path) -> None:
    build_run(own_runs / "other", seed=1)
    ended = command("compare", "whole", "other", "--part", "became", "--runs-dir", own_runs)
    assert ended.code == 0
    assert "whole → other: 256 neurons" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("whole",), 2, ("nothing to compare whole with", "RUN RUN")),
        ((), 2, ("Missing argument",)),
        (("whole", "few", "--format", "svg"), 2, ("one SVG holds one part",)),
        (("whole", "few", "--part", "9"), 2, ("no part '9'", "totals, overlap")),
        (("whole", "few", "--part", "8", "--format", "html"), 2, ("html holds the whole comparison",)),
        (("whole", "few", "--part", "became"), 2, ("same shape",)),
        (("whole", "gone"), 3, ("gone",)),
        (("whole", "few", "--output", "/nowhere/at/all"), 3, ("no directory /nowhere/at",)),
    ],
)
def test_what_cannot_be_done_says_why(
    command: Command, runs: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    ended = command("compare", *arguments, "--runs-dir", runs)
    assert (ended.code, ended.out) == (code, "")
    assert all(word in ended.err for word in words)
    assert "Traceback" not in ended.err


def test_a_run_that_has_no_layer_yet_or_a_damaged_file_is_4(command: Command, own_runs: Path) -> None:
    build_run(own_runs / "begun", layers=2, neurons=12, finished=0)
    assert command("compare", "whole", "begun", "--runs-dir", own_runs).code == 4
    (own_runs / "whole" / "layers" / "layer_001.h5").unlink()
    assert command("compare", "whole", "few", "--runs-dir", own_runs).code == 4


def test_the_help_has_an_example(command: Command) -> None:
    ended = command("compare", "--help")
    assert ended.code == 0
    assert "neuron-tui compare opt-125m opt-350m" in ended.out
