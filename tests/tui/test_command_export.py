import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.tui.reports import report
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


def test_named_neurons_come_in_order_each_once(command: Command, runs: Path) -> None:
    named = ["--neuron", "2:5", "--neuron", "0:7", "--neuron", "2:5", "--neuron", "0:1"]
    ended = command("export", "whole", *named, "--format", "jsonl", "--runs-dir", runs)
    run = open_run(runs / "whole")
    expected = [run.layers[layer].neuron(neuron).to_dict() for layer, neuron in ((0, 1), (0, 7), (2, 5))]
    assert [json.loads(line) for line in ended.out.splitlines()] == expected
    assert (ended.code, ended.err) == (0, "")


def test_a_filter_selects_as_in_the_app(command: Command, runs: Path) -> None:
    ended = command("export", "whole", "--where", "type:dead layer:1", "--format", "csv", "--runs-dir", runs)
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert rows
    assert {(row["layer"], row["dead"]) for row in rows} == {("1", "true")}


def test_all_neurons_as_each_format(command: Command, runs: Path) -> None:
    total = 16
    for kind, count in (
        ("jsonl", lambda out: len(out.splitlines())),
        ("json", lambda out: len(json.loads(out))),
        ("csv", lambda out: len(list(csv.DictReader(io.StringIO(out))))),
        ("md", lambda out: out.count("\n## ")),
        ("html", lambda out: out.count('<section class="neuron"')),
    ):
        ended = command("export", "few", "--all", "--format", kind, "--runs-dir", runs)
        assert (ended.code, count(ended.out), ended.err) == (0, total, "")


def test_a_filter_that_finds_nobody_is_no_error_and_is_said(command: Command, runs: Path) -> None:
    ended = command("export", "whole", "--where", "freq>2", "--format", "json", "--runs-dir", runs)
    assert (ended.code, ended.out, ended.err) == (0, "[]\n", "no neuron of whole matches freq>2\n")


def test_a_file_is_written_and_stdout_stays_empty(command: Command, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    ended = command("export", "whole", "--neuron", "0:1", "--format", "md", "--output", path, "--runs-dir", runs)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert path.read_text().startswith("# 1 neuron of `whole`\n")


def test_a_partial_run_is_exported_as_far_as_it_goes_and_that_is_said(command: Command, runs: Path) -> None:
    ended = command("export", "partial", "--all", "--format", "jsonl", "--runs-dir", runs)
    assert ended.code == 0
    assert {json.loads(line)["layer"] for line in ended.out.splitlines()} == {0, 1}
    assert ended.err == "the run partial is partial: 2 of 4 layers are finished, and only these are exported\n"


def test_a_layer_still_to_come_is_4(command: Command, runs: Path) -> None:
    ended = command("export", "partial", "--neuron", "3:0", "--format", "json", "--runs-dir", runs)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("layer 3 of the run partial is not finished\n")


def test_a_run_without_a_finished_layer_is_4(command: Command, tmp_path: Path) -> None:
    folder = build_run(tmp_path / "none", layers=2, neurons=12, finished=0)
    for selection in (["--all"], ["--where", "type:dead"]):
        ended = command("export", folder, *selection, "--format", "json")
        assert (ended.code, ended.out) == (4, "")
        assert ended.err.startswith("the run none has no finished layer yet\n")


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        ("0:64", "layer 0 has no neuron 64\nIts neurons are 0 to 63."),
        ("4:0", "the run whole has no layer 4\nIts finished layers: 0, 1, 2, 3."),
    ],
)
def test_a_neuron_that_is_not_there_is_3(command: Command, runs: Path, neuron: str, message: str) -> None:
    ended = command("export", "whole", "--neuron", "0:0", "--neuron", neuron, "--format", "jsonl", "--runs-dir", runs)
    assert (ended.code, ended.out, ended.err) == (3, "", f"{message}\n")


@pytest.mark.parametrize("neuron", ["3", "3-1", "a:b", "3:", "-1:2", "3:1:2", "", "٣:1", "1:" + "9" * 40])
def test_a_neuron_that_cannot_be_read_is_2(command: Command, runs: Path, neuron: str) -> None:
    ended = command("export", "whole", f"--neuron={neuron}", "--format", "json", "--runs-dir", runs)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"{neuron!r} names no neuron\nWrite layer and neuron, both from 0, such as 3:117.\n"


def test_a_malformed_query_is_2_and_shows_where(command: Command, runs: Path) -> None:
    ended = command("export", "whole", "--where", "type:dead frq<1", "--format", "json", "--runs-dir", runs)
    assert (ended.code, ended.out) == (2, "")
    message, query, mark = ended.err.splitlines()
    assert message.startswith("unknown word 'frq'; known are type: layer: trigger: label: pole: freq")
    assert (query, mark) == ("  type:dead frq<1", "            ^")


@pytest.mark.parametrize(
    "selection",
    [[], ["--all", "--where", ""], ["--all", "--neuron", "0:0"], ["--neuron", "0:0", "--where", "type:dead"]],
)
def test_exactly_one_way_to_select_is_needed(command: Command, runs: Path, selection: list[str]) -> None:
    ended = command("export", "whole", *selection, "--format", "json", "--runs-dir", runs)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "which neurons?\nGive exactly one of --neuron L:I (repeatable), --where QUERY, --all.\n"


def test_formats_that_are_not_there_are_2(command: Command, runs: Path) -> None:
    ended = command("export", "whole", "--all", "--format", "pdf", "--runs-dir", runs)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "unknown format 'pdf'\nUse one of: md, html, json, jsonl, csv, parquet, neuronpedia.\n"
    assert command("export", "whole", "--all", "--runs-dir", runs).code == 2


def test_html_goes_to_stdout_or_a_file_alike_and_says_the_filter(command: Command, runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    common = ("export", "whole", "--where", "type:token layer:1", "--format", "html", "--runs-dir", runs)
    printed = command(*common)
    written = command(*common, "--output", path)
    assert (printed.code, printed.err, written.code, written.out, written.err) == (0, "", 0, "", "")
    assert path.read_text(encoding="utf-8") == printed.out
    assert "neurons that match <bdi>type:token layer:1</bdi>" in printed.out


def test_a_very_large_html_report_is_warned_of_and_written(
    command: Command, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "LARGE", 63)
    every = ("export", "whole", "--where", "layer:0", "--runs-dir", runs, "--output", tmp_path / "out.html")
    ended = command(*every, "--format", "html")
    assert (ended.code, ended.out) == (0, "")
    first, second = ended.err.splitlines()
    assert first == "64 neurons make an HTML file of about 3.8 MB, which browsers are slow to show"
    assert second == "Choose fewer with --where, or let a program read them: --format jsonl."
    assert (tmp_path / "out.html").read_text().count('<section class="neuron"') == 64
    assert command(*every, "--format", "md").err == ""


def test_at_a_terminal_a_file_tells_how_far_it_is(
    command: Command, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neuron_tui.tui.cli.progress_line._TELL_EVERY", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    common = ("export", "few", "--all", "--format", "csv", "--runs-dir", runs)
    ended = command(*common, "--output", tmp_path / "out.csv")
    told = ended.err.split("\r")
    assert told[1] == "1 of 16 neurons written"
    assert told[16] == "16 of 16 neurons written"
    assert told[17].isspace()
    assert told[18:] == [""]
    assert command(*common).err == ""  # data on the terminal is told by itself


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_export_leaves_no_file_and_an_older_one_as_it_was(
    runs: Path, tmp_path: Path, number: signal.Signals
) -> None:
    # It is interrupted while it writes its first neuron.
    new, older = tmp_path / "new.html", tmp_path / "older.html"
    older.write_text("dear to me")
    start = (
        "import os, signal; from neuron_tui.tui.reports import html as h; before = h.neuron_views\n"
        f"h.neuron_views = lambda *a, **k: (os.kill(os.getpid(), {int(number)}), before(*a, **k))[1]\n"
        "from neuron_tui.tui.cli.main import main; main()"
    )
    common = ["export", "whole", "--all", "--runs-dir", str(runs), "--format", "html", "--output"]
    for output in (new, older):
        done = subprocess.run([sys.executable, "-c", start, *common, str(output)], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["older.html"]
    assert older.read_text() == "dear to me"


@pytest.mark.parametrize("place", ["", "nowhere/out.md"])
def test_a_place_that_cannot_be_written_is_3(command: Command, runs: Path, tmp_path: Path, place: str) -> None:
    output = tmp_path / place
    ended = command("export", "whole", "--all", "--format", "md", "--output", output, "--runs-dir", runs)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"cannot write {output}: ")
    assert list(tmp_path.iterdir()) == []


def arguments(runs: Path, *more: str) -> list[str]:
    start = "from neuron_tui.tui.cli.main import main; main()"
    return [sys.executable, "-c", start, "export", "whole", "--all", "--runs-dir", str(runs), *more]


def test_a_reader_that_stops_early_ends_the_export_quietly(runs: Path) -> None:
    with subprocess.Popen(
        arguments(runs, "--format", "jsonl"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_data_is_utf_8_whatever_the_terminal_is_set_to(runs: Path) -> None:
    done = subprocess.run(
        arguments(runs, "--format", "md"), capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "▐" in done.stdout.decode("utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_is_3(runs: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(arguments(runs, "--format", "md"), stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (3, "no space left on the disk\n")
