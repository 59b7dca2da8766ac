"""Records as Parquet say what the records in JSON say, in columns with types."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import InputError, RunDamagedError
from neuron_tui.store.neurons.layer import Layer
from neuron_tui.tui.cli.main import main
from neuron_tui.tui.reports import parquet as module
from neuron_tui.tui.reports.parquet import schema
from neuron_tui.tui.reports.report import write_report
from neuron_tui.tui.screens import export as screen
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


def rows(path: Path) -> list[dict[str, Any]]:
    """The records of a file, with their domains as records have them."""
    found = parquet.read_table(path).to_pylist()
    return [
        row | {"domains": {one["domain"]: {k: one[k] for k in ("tokens", "count")} for one in row["domains"]}}
        for row in found
    ]


def json_records(run: Run) -> list[dict[str, Any]]:
    stream = io.StringIO()
    write_report(run, None, "jsonl", stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_record_is_that_of_json(run: Run, tmp_path: Path) -> None:
    write_report(run, None, "parquet", tmp_path / "out.parquet")
    found = rows(tmp_path / "out.parquet")
    assert found == json_records(run)
    assert [list(row) for row in found] == [list(record) for record in json_records(run)]


def test_what_a_run_does_not_know_is_null_as_in_json(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", layers=1, neurons=12, sequences=0))
    write_report(run, None, "parquet", tmp_path / "out.parquet")
    assert rows(tmp_path / "out.parquet") == json_records(run)
    assert {row["position"] for row in rows(tmp_path / "out.parquet")} == {None}


def test_columns_have_the_types_that_are_promised_whatever_the_records_hold(run: Run, tmp_path: Path) -> None:
    for name, neurons in (("none", []), ("dead", [(0, 0)]), ("two", [(0, 1), (1, 5)])):
        write_report(run, neurons, "parquet", tmp_path / name)
        assert parquet.read_schema(tmp_path / name).equals(schema(1))
    assert schema(2).names[:3] == ["layer", "neuron", "pole"]
    assert schema(1).field("position").type.field("frequency").type == pa.list_(pa.float64())
    assert schema(1).field("triggers").type.field("2").type.field("top").type.value_type.field("ids").type == pa.list_(
        pa.int32()
    )


def test_rows_are_written_in_groups_so_that_memory_holds_a_group(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 4)
    monkeypatch.setattr(module, "_GROUP", 16)
    written: list[int] = []
    path = tmp_path / "out.parquet"
    write_report(
        run, None, "parquet", path, heard=lambda _: written.append(path.with_suffix(".parquet.partial").stat().st_size)
    )
    file = parquet.ParquetFile(path)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [16, 16, 16, 16, 8]
    assert written[20] > written[10]  # the first group is on the disk before the second is complete
    assert rows(path) == json_records(run)


def test_half_a_character_becomes_the_sign_for_one_that_is_not_known(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(run.corpus), "form", lambda _self, token: f"{token}\ud800")
    write_report(run, [(0, 1)], "parquet", tmp_path / "out.parquet")
    (row,) = rows(tmp_path / "out.parquet")
    first = row["triggers"]["1"]["top"][0]
    assert first["text"] == [f"{first['ids'][0]}\ufffd"]


def test_a_score_that_is_no_number_is_damage_and_leaves_no_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Layer._effect

    def unsound(self: Layer, row: dict[str, Any]) -> Any:
        row["effect/promoted_score"] = row["effect/promoted_score"] * float("nan")
        return sound(self, row)

    monkeypatch.setattr(Layer, "_effect", unsound)
    with pytest.raises(RunDamagedError, match="layer 1: a score that is no number"):
        write_report(run, [(1, 1)], "parquet", tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_the_message_says_what_to_install(
    command: Command, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _name: None)
    output = tmp_path / "out.parquet"
    ended = command("export", "whole", "--all", "--format", "parquet", "--output", output, "--runs-dir", runs)
    assert (ended.code, ended.out, output.exists()) == (3, "", False)
    assert ended.err == "the format parquet needs pyarrow\nInstall it: pip install 'neuron-tui[parquet]'.\n"
    with pytest.raises(InputError, match="needs pyarrow"):
        write_report(open_run(runs / "whole"), None, "parquet", output)


def test_a_pipe_gets_it_and_a_terminal_does_not(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    common = ["neuron-tui", "export", "few", "--all", "--format", "parquet", "--runs-dir", str(runs)]
    monkeypatch.setattr(sys, "argv", common)
    with pytest.raises(SystemExit):
        main()
    assert parquet.read_table(pa.BufferReader(capsysbinary.readouterr().out)).num_rows == 16
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    out, err = capsysbinary.readouterr()
    assert (out, err) == (b"", b"parquet is no text, and stdout is a terminal\nName a file with --output PATH.\n")


def test_the_app_offers_it() -> None:
    assert screen.NAMES["parquet"] == "Parquet"
    assert screen.SUFFIXES[".parquet"] == "parquet"


def names_of(kind: pa.DataType) -> set[str]:
    if pa.types.is_list(kind):
        return names_of(kind.value_type)
    fields = [kind.field(i) for i in range(kind.num_fields)] if pa.types.is_struct(kind) else []
    return {field.name for field in fields} | {name for field in fields for name in names_of(field.type)}


def test_every_column_is_described() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    section = page.partition("### Columns of Parquet")[2].partition("\n### ")[0]
    columns = {field.name for field in schema(2)} | {name for field in schema(2) for name in names_of(field.type)}
    assert "occurrences" in columns
    assert {name for name in columns if f"`{name}`" not in section} == set()
