import json
from pathlib import Path

import h5py
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.runs.manifest import MANIFEST, layer_file
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture
from tests.tui.jobs_at_hand import at_work, put_job

# ruff: noqa: F811 - the fixture is imported by its name


def test_runs_are_listed_with_their_state(command: Command, own_runs: Path) -> None:
    (own_runs / "few" / layer_file(0)).unlink()
    ended = command("runs", "--runs-dir", own_runs)
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines[0] == ["run", "state", "model", "tokens", "layers", "size"]
    assert {line[0]: (line[1], line[4]) for line in lines[1:]} == {
        "few": ("damaged", "1/1"),
        "partial": ("partial", "2/4"),
        "short": ("complete", "1/1"),
        "whole": ("complete", "4/4"),
    }
    assert ended.err == "few: layers/layer_000.h5 is missing\n"
    assert ended.code == 0


def test_runs_as_json_are_data_for_a_program(command: Command, own_runs: Path) -> None:
    (own_runs / "short" / MANIFEST).write_text("{")
    ended = command("runs", "--json", "--runs-dir", own_runs)
    data = {run["name"]: run for run in json.loads(ended.out)}
    assert data["whole"] == {
        "name": "whole",
        "path": str(own_runs / "whole"),
        "state": "complete",
        "model": "synthetic-opt",
        "tokens": open_run(own_runs / "whole").manifest.tokens,
        "layers": 4,
        "layers_done": 4,
        "bytes": sum(p.stat().st_size for p in (own_runs / "whole").rglob("*") if p.is_file()),
        "problem": None,
        "variant_of": None,
        "job": None,
    }
    assert (data["short"]["state"], data["short"]["model"]) == ("damaged", None)
    assert ended.err == ""


def test_a_job_is_told_as_data_and_in_words(command: Command, tmp_path: Path) -> None:
    told = {"stage": "count", "layer": 7, "place": 6, "layers": 24, "done": 512, "total": 2048, "left": 170.0}
    put_job(tmp_path / "failed", state="failed", problem="corpus x: no text\nName another.")
    with at_work(tmp_path / "goes", **told), at_work(tmp_path / "waits", state="paused", **told):
        ended = command("runs", "--runs-dir", tmp_path)
        jobs = {run["name"]: run["job"] for run in json.loads(command("runs", "--json", "--runs-dir", tmp_path).out)}
    assert {line.split()[0]: line.split()[1] for line in ended.out.splitlines()[1:]} == {
        "failed": "partial",
        "goes": "running",
        "waits": "running",
    }
    assert ended.err.splitlines() == [
        "failed: corpus x: no text",
        "goes: layer 7 (7 of 24) counting, 25%, 2:50 left",
        "waits: paused: layer 7 (7 of 24) counting, 25%, 2:50 left",
    ]
    keys = ("layer", "done", "total", "place", "layers", "left")
    assert jobs["goes"] == {"state": "running", "problem": None} | {key: told[key] for key in keys}
    assert jobs["waits"]["state"] == "paused"
    assert (jobs["failed"]["state"], jobs["failed"]["problem"]) == ("failed", "corpus x: no text\nName another.")


def test_no_runs_is_an_empty_list_and_a_hint(command: Command, tmp_path: Path) -> None:
    ended = command("runs", "--runs-dir", tmp_path / "none")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"no runs in {tmp_path / 'none'}\nMake one with: neuron-tui demo\n"
    assert command("runs", "--json", "--runs-dir", tmp_path / "none").out == "[]\n"


def test_tables_fit_80_columns_and_are_plain(command: Command, runs: Path) -> None:
    for arguments in (("runs",), ("info", "whole"), ("info", "short")):
        ended = command(*arguments, "--runs-dir", runs)
        lines = [line.rstrip() for line in ended.out.splitlines()]
        assert max(map(len, lines)) <= 80
        assert "\x1b" not in ended.out


def test_info_names_the_run_and_counts_each_layer(command: Command, runs: Path) -> None:
    ended = command("info", "whole", "--runs-dir", runs)
    info = run_info(open_run(runs / "whole"))
    assert ended.out.splitlines()[:2] == [
        "run      whole, complete: 4 of 4 layers",
        "model    synthetic-opt: 4 layers of 64 neurons",
    ]
    rows = [line.split() for line in ended.out.splitlines() if line.strip().startswith(("0", "1", "2", "3", "all"))]
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "all"]
    for row, layer in zip(rows, info["layers"], strict=False):
        assert row[3:6] == [str(layer["detectors"][n]) for n in "123"]
        assert row[6:9] == [str(layer["covered"][n]) for n in "123"]
        assert row[9] == f"{layer['suppressing']}/{layer['detectors']['1']}"
        assert row[10:] == [str(sum(kind.values())) for kind in layer["positional"].values()]
    alive = [r.frequency for layer in open_run(runs / "whole").layers.values() for r in layer.records() if not r.dead]
    assert float(rows[-1][2]) == pytest.approx(sum(alive) / len(alive), abs=5e-5)
    assert rows[-1][6:9] == [str(info["layers"][-1]["covered_cumulative"][n]) for n in "123"]
    assert ended.err == ""


def test_info_as_json_is_the_summary_of_the_contract(command: Command, runs: Path) -> None:
    ended = command("info", "whole", "--json", "--runs-dir", runs)
    assert json.loads(ended.out) == run_info(open_run(runs / "whole"))


@pytest.mark.parametrize("finished", [0, 2])
def test_info_of_a_partial_run_shows_what_is_finished(command: Command, tmp_path: Path, finished: int) -> None:
    folder = build_run(tmp_path / "part", layers=3, neurons=12, finished=finished)
    ended = command("info", folder)
    assert ended.code == 0
    assert f"part, partial: {finished} of 3 layers" in ended.out


def test_check_of_a_sound_run_is_silent_on_stdout(command: Command, runs: Path) -> None:
    ended = command("check", "whole", "--runs-dir", runs)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{runs / 'whole'}: every file is as it was written\n"


def test_check_of_a_partial_run_notes_it(command: Command, runs: Path) -> None:
    ended = command("check", "partial", "--runs-dir", runs)
    assert ended.code == 0
    assert ended.out == "note: run.json: the run is partial; layers still to come: 2, 3\n"


def test_check_says_each_problem(command: Command, own_runs: Path) -> None:
    folder = own_runs / "whole"
    (folder / layer_file(0)).unlink()
    with h5py.File(folder / layer_file(2), "r+") as file:
        file["count"][0, 0] += 1
    ended = command("check", folder)
    assert ended.code == 4
    assert ended.out.splitlines()[0] == "error: layers/layer_000.h5: is missing"
    assert "error: layers/layer_002.h5: has " in ended.out
    assert ended.err == f"{folder}: 2 problems\nMend it with: neuron-tui mend whole\n"


def test_check_calls_a_run_as_its_link_does_and_in_a_shell_s_words(command: Command, own_runs: Path) -> None:
    (own_runs / "whole" / layer_file(0)).unlink()
    (own_runs / "whole").rename(elsewhere := own_runs.parent / "on another disk")
    (own_runs / "linked").symlink_to(elsewhere)
    assert command("check", "linked", "--runs-dir", own_runs).err.endswith("neuron-tui mend linked\n")
    assert command("check", elsewhere).err.endswith("neuron-tui mend 'on another disk'\n")


COMMANDS = (
    ("info",),
    ("check",),
    ("open",),
    ("export", "--all", "--format", "json"),
    ("export", "--neuron", "0:0", "--format", "md"),
    ("export", "--where", "type:dead", "--format", "csv"),
)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("run", ["nothing", "../nothing", "/nowhere/at/all", "a\x1b[31mb"])
def test_a_run_that_is_not_there_is_3(command: Command, runs: Path, arguments: tuple[str, ...], run: str) -> None:
    name, *options = arguments
    ended = command(name, run, *options, "--runs-dir", runs)
    assert (ended.code, ended.out) == (3, "")
    lines = ended.err.splitlines()
    assert lines[0].startswith("no run '")
    assert lines[1:] == ["See the runs there are with: neuron-tui runs"]
    assert "\x1b" not in ended.err


def cut(folder: Path) -> None:
    path = folder / layer_file(1)
    path.write_bytes(path.read_bytes()[:-100])


def remove(folder: Path) -> None:
    (folder / layer_file(1)).unlink()


def scramble_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format_version": 2}')


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("damage", [cut, remove, scramble_manifest])
def test_a_damaged_run_is_4_without_a_traceback(
    command: Command, own_runs: Path, arguments: tuple[str, ...], damage: object
) -> None:
    assert callable(damage)
    damage(own_runs / "whole")
    name, *options = arguments
    ended = command(name, "whole", *options, "--runs-dir", own_runs)
    assert ended.code == 4
    assert len(ended.err.splitlines()) == 2
    assert "Traceback" not in ended.err
    assert name == "check" or ended.out == ""


def test_a_file_altered_at_the_same_length_is_named_by_whoever_reads_it(command: Command, own_runs: Path) -> None:
    readers = {layer_file(1): ["export", "whole", "--neuron", "1:0", "--format", "md"]}
    reasons = {layer_file(1): "not an HDF5 file, or cut short"}
    for name, arguments in readers.items():
        path = own_runs / "whole" / name
        path.write_bytes(bytes(path.stat().st_size))
        ended = command(*arguments, "--runs-dir", own_runs)
        assert ended.code == 4
        assert ended.err.splitlines()[0] == f"{path}: {reasons[name]}"
    ended = command("check", "whole", "--runs-dir", own_runs)
    assert ended.out == "".join(
        f"error: {name}: has been altered: its SHA-256 is not the one in run.json\n" for name in readers
    )
