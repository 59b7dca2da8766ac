"""A few of the many trials of `tests.reliability.mending`, and what mending refuses."""

import json
import os
import shutil
from pathlib import Path

import h5py
import pytest

from neuron_tui.engine.command import app
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.mending import MendRequest, mend, plan_mending
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.errors import CheckpointError, RunConflictError, RunDamagedError
from neuron_tui.store.runs.manifest import CORPUS_FILE, file_entry, layer_file, read_manifest, write_manifest
from neuron_tui.store.runs.variants import variant_folder
from tests.reliability.mending import VARIANTS, attempt, make_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("mending") / "made")


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


@pytest.fixture
def own_inputs(made: Path, tmp_path: Path) -> Path:
    """The folder of a run whose model and texts may be changed; they lie two folders above it."""
    folder = Path(shutil.copytree(made.parents[1], tmp_path / "own"))
    run = folder / made.relative_to(made.parents[1])
    (run / "job.json").unlink()
    text = (run / "run.json").read_text(encoding="utf-8").replace(str(made.parents[1]), str(folder))
    (run / "run.json").write_text(text, encoding="utf-8")
    return run


def states(folder: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("job.json", ".lock")]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("seed", [9_000_000, 9_000_003])
def test_a_mended_run_is_the_undisturbed_one(made: Path, tmp_path: Path, seed: int) -> None:
    assert attempt(made, tmp_path, seed) is None


def test_what_is_damaged_is_told_as_data(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / layer_file(1)).unlink()
    (variant_folder(copy, "loose") / layer_file(0)).write_bytes(b"")
    with pytest.raises(SystemExit) as ended:
        app(["mend", str(copy), "--dry-run", "--json"])
    assert ended.value.code == 0
    *progress, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"done"} == set().union(*progress)
    assert last["answer"]["damaged"] == {layer_file(1): "is missing"}
    assert last["answer"]["variants"].keys() == {"loose"}
    assert last["answer"]["refused"] is None


def test_a_place_that_cannot_be_written_to_is_said_before(copy: Path) -> None:
    (copy / layer_file(1)).unlink()
    (copy / "layers").rename(elsewhere := copy.parent / "layers")
    (copy / "layers").symlink_to(elsewhere)
    assert "layers is a link" in (plan_mending(MendRequest(copy)).refused or "")
    assert (elsewhere / Path(layer_file(0)).name).is_file()
    copy.rename(named := copy.with_name("my run"))
    assert "'my run' cannot be used" in (plan_mending(MendRequest(named)).refused or "")


def test_text_that_changed_is_named_and_nothing_is_touched(own_inputs: Path) -> None:
    text = own_inputs.parents[1] / "texts" / "prose.txt"
    text.write_text(text.read_text(encoding="utf-8") + " more", encoding="utf-8")
    (own_inputs / CORPUS_FILE).unlink()
    (own_inputs / layer_file(1)).unlink()
    before = states(own_inputs)
    assert "prose" in (plan_mending(MendRequest(own_inputs)).refused or "")
    with pytest.raises(RunConflictError, match=r"the text that it was made from has changed: prose"):
        mend(MendRequest(own_inputs))
    assert states(own_inputs) == before


def test_other_text_of_the_same_size_and_time_is_not_taken_for_the_run_s(own_inputs: Path) -> None:
    text = own_inputs.parents[1] / "texts" / "prose.txt"
    times, words = text.stat(), text.read_text(encoding="utf-8").split(" ")
    text.write_text(" ".join([*words[len(words) // 2 :], *words[: len(words) // 2]]), encoding="utf-8")
    os.utime(text, ns=(times.st_atime_ns, times.st_mtime_ns))
    manifest = read_manifest(own_inputs)
    assert manifest.corpus is not None
    unknown = manifest.corpus.model_copy(update={"sources": ()})  # as in runs of earlier versions
    write_manifest(own_inputs, manifest.model_copy(update={"corpus": unknown}))
    (own_inputs / CORPUS_FILE).unlink()
    with pytest.raises((RunDamagedError, RunConflictError), match=r"was made again, and layer 0|has changed"):
        mend(MendRequest(own_inputs))
    assert [problem.file for problem in check_run(own_inputs) if problem.mendable] == [CORPUS_FILE]


def test_another_model_is_refused_and_nothing_is_touched(own_inputs: Path) -> None:
    config = own_inputs.parents[1] / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (own_inputs / layer_file(1)).unlink()
    before = states(own_inputs)
    with pytest.raises(CheckpointError, match="is not the one that the run x was made of"):
        mend(MendRequest(own_inputs))
    assert states(own_inputs) == before


def test_a_corpus_that_an_earlier_version_packed_otherwise_is_made_again(copy: Path) -> None:
    with h5py.File(copy / CORPUS_FILE, "r+") as file:
        bare = file["vocabulary/start"][...]
        del file["vocabulary/start"]
        file["vocabulary/start"] = bare
    manifest = read_manifest(copy)
    assert manifest.corpus is not None
    as_it_was = manifest.corpus.model_copy(update={"file": file_entry(copy / CORPUS_FILE)})
    write_manifest(copy, manifest.model_copy(update={"corpus": as_it_was}))
    (copy / CORPUS_FILE).unlink()
    told: list[str] = []
    mend(MendRequest(copy), announce=told.append)
    assert any("corpus.h5 holds other bytes than before" in line for line in told)
    for place in (copy, *(variant_folder(copy, name) for name in VARIANTS)):
        assert [problem for problem in check_run(place) if problem.file != "causal.jsonl"] == []


def test_extraction_of_a_damaged_run_points_to_mending(own_inputs: Path) -> None:
    request = MendRequest(own_inputs).extraction(read_manifest(own_inputs))
    (own_inputs / layer_file(1)).unlink()
    with pytest.raises(RunDamagedError, match="Mend it with: neuron-tui mend x"):
        extract(request)
