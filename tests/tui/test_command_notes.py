"""`neuron-tui note` and `notes`: written, printed, exported and imported, with one clear word on what is wrong."""

import csv
import errno
import fcntl
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.disk import lock
from neuron_tui.store.runs.folder import NOTES_FILE
from neuron_tui.tui.config import config_path
from tests.hostile import NAME, acting
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


@pytest.fixture
def ann() -> None:
    config_path().write_text('author = "Ann"\n')


def labels(run: Path) -> list[tuple[str, str, str]]:
    return [(note.place, note.author, note.label) for note in open_run(run).notes]


@pytest.mark.usefixtures("ann")
def test_a_note_is_written_and_printed(command: Command, copy: Path) -> None:
    written = command("note", copy, "0:1", "--label", "weather words", "--text", "one\ntwo")
    assert (written.code, written.out) == (0, "")
    assert written.err == "0:1 of demo: weather words, by Ann\n"
    printed = command("note", copy, "0:1")
    first, *rest = printed.out.splitlines()
    assert first.startswith("0:1  Ann, 20")
    assert rest == [
        "  label  weather words",
        "  text   one",
        "         two",
        "suggested: detects ·an, ·window, suppresses them",
    ]
    assert command("note", copy, "0:1", "--label", "").code == 0
    data = json.loads(command("note", copy, "0:1", "--json").out)
    (note,) = data["notes"]
    assert (note["label"], note["text"], note["author"], note["pole"]) == ("", "one\ntwo", "Ann", "")
    assert data["suggested"] == [{"pole": "", "label": "detects ·an, ·window, suppresses them"}]
    assert command("note", copy, "0:1", "--remove").err == "0:1 of demo: no note by Ann\n"
    assert labels(copy) == []


def test_whose_a_note_is_can_be_said_and_the_suggested_label_taken(command: Command, copy: Path) -> None:
    command("note", copy, "0:0", "--suggest", "--author", "Bob")
    command("note", copy, "0:0", "--label", "silent", "--author", "Ann")
    assert labels(copy) == [("0:0", "Ann", "silent"), ("0:0", "Bob", "dead")]


def test_a_text_of_several_lines_is_read_from_stdin(
    command: Command, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for read, code in ((b"one\ntwo \xe6\x97\xa5\n", 0), (b"\xff", 3)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(read)))
        assert command("note", copy, "0:1", "--text", "-").code == code
    assert [note.text for note in open_run(copy).notes] == ["one\ntwo 日"]


@pytest.mark.usefixtures("ann")
def test_notes_go_to_another_person_and_come_back(command: Command, demo: Path, copy: Path, tmp_path: Path) -> None:
    theirs, file = Path(shutil.copytree(demo, tmp_path / "theirs" / "whole")), tmp_path / "notes.jsonl"
    command("note", copy, "0:1", "--label", "weather")
    command("note", theirs, "0:1", "--label", "rain", "--author", "Bob")
    assert command("notes", "export", copy, "--output", file).out == ""
    first = command("notes", "import", theirs, file)
    assert (first.code, first.out) == (0, "")
    assert first.err == "whole: 1 new, 0 newer than yours, 0 the same, 0 older and left out\n"
    assert command("notes", "import", theirs, file).err.startswith("whole: 0 new, 0 newer than yours, 1 the same")
    assert labels(theirs) == [("0:1", "Ann", "weather"), ("0:1", "Bob", "rain")]
    exported = command("notes", "export", theirs).out
    assert [json.loads(line)["label"] for line in exported.splitlines()] == ["weather", "rain"]


def test_nothing_is_imported_if_a_line_is_bad_or_a_neuron_is_not_there(
    command: Command, copy: Path, tmp_path: Path
) -> None:
    good = '{"layer": 0, "neuron": 1, "label": "x", "author": "Ann", "changed": "2026-11-27T10:00:00Z"}\n'
    file = tmp_path / "notes.jsonl"
    for bad, told in ((good.replace(": 1,", ": 99,"), "0:99 is not in the run demo"), ("{", "no JSON")):
        file.write_text(good + bad)
        ended = command("notes", "import", copy, file)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err.startswith(f"{file}, line 2: {told}")
        assert not (copy / NOTES_FILE).exists()
    assert command("notes", "import", copy, tmp_path / "none").code == 3


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["0:1", "--remove", "--label", "x"], 2, "--remove takes the note away"),
        (["0:1", "--suggest", "--label", "x"], 2, "--suggest and --label"),
        (["weather"], 2, "'weather' names no neuron"),
        (["0:1+", "--label", "x"], 2, "0:1+ names a pole"),
        (["9:1", "--label", "x"], 3, "the run demo has no layer 9"),
        (["0:99"], 3, "layer 0 has no neuron 99"),
        (["0:1", "--label", "x" * 201], 3, "the note cannot be kept: label"),
    ],
)
def test_what_is_wrong_is_said(command: Command, copy: Path, arguments: list[str], code: int, told: str) -> None:
    ended = command("note", copy, *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(told)
    assert len(ended.err.splitlines()) <= 2
    assert not (copy / NOTES_FILE).exists()


def test_a_damaged_file_is_4_for_commands_that_need_it_and_no_harm_to_others(command: Command, copy: Path) -> None:
    (copy / NOTES_FILE).write_text("broken\n")
    for arguments in (
        ["note", copy, "0:1"],
        ["note", copy, "0:1", "--label", "x"],
        ["notes", "export", copy],
        ["export", copy, "--where", "label:*", "--format", "csv"],
    ):
        ended = command(*arguments)
        assert (ended.code, ended.out) == (4, "")
        assert f"{NOTES_FILE}, line 1: no JSON" in ended.err
    assert (copy / NOTES_FILE).read_text() == "broken\n"
    assert command("check", copy).code == command("info", copy).code == 0


def test_a_layer_still_to_come_can_have_notes_but_no_suggested_label(command: Command, own_runs: Path) -> None:
    run = own_runs / "partial"
    assert command("note", run, "3:0", "--label", "later").code == 0
    assert "suggested" not in command("note", run, "3:0").out
    assert command("note", run, "3:0", "--suggest").code == 3


def test_every_report_holds_labels_and_notes_and_none_of_their_characters_acts(command: Command, copy: Path) -> None:
    whole = {kind: command("export", copy, "--neuron", "0:1", "--format", kind).out for kind in ("csv", "jsonl")}
    assert "notes" not in whole["csv"] + whole["jsonl"]
    command("note", copy, "0:1", "--label", f"cloudy {NAME}", "--text", f"rain\n{NAME}", "--author", "Ann")
    (note,) = open_run(copy).notes
    named = ("export", copy, "--neuron", "0:1", "--neuron", "0:2", "--format")
    rows = list(csv.DictReader(io.StringIO(command(*named, "csv").out)))
    assert [json.loads(row["labels"]) for row in rows] == [[note.label], []]
    assert [json.loads(row["notes"]) for row in rows] == [[note.text], []]
    records = [json.loads(line) for line in command(*named, "jsonl").out.splitlines()]
    assert [record["notes"] for record in records] == [[note.to_dict()], []]
    without = [{key: value for key, value in record.items() if key != "notes"} for record in records]
    assert without == [open_run(copy).layers[0].neuron(neuron).to_dict() for neuron in (1, 2)]
    for kind in ("md", "html"):
        report = command(*named, kind).out
        assert report.count("cloudy ") == 2  # in the contents and at the neuron
        assert report.count("rain") == 1
        assert "\\x1b[31m" in report.replace("&#91;", "[").replace("&#92;", "\\").replace("&#93;", "]")
        assert not acting(report)


@pytest.mark.usefixtures("ann")
def test_that_there_are_no_locks_is_said_beside_what_was_done(
    command: Command, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", without)
    monkeypatch.setattr(lock, "_told", [])
    written = command("note", copy, "0:1", "--label", "weather words")
    first, *rest = written.err.splitlines()
    assert (written.code, written.out) == (0, "")
    assert "has no locks (No locks available)" in first
    assert rest == ["Write each run from one program at a time.", "0:1 of demo: weather words, by Ann"]
