"""Variants of a run: where they lie, what they are called, and that they are runs as any other."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import Problem, check_run
from neuron_tui.store.disk.lock import keeping, writing
from neuron_tui.store.errors import (
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    RunNotFoundError,
    RunPartialError,
    UsageError,
)
from neuron_tui.store.measures.threshold_wording import parse_thresholds
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.runs.catalog import RunSummary, delete_run, find_run, list_runs, rename_run, summarise
from neuron_tui.store.runs.folder import delete_files
from neuron_tui.store.runs.job import write_job
from neuron_tui.store.runs.manifest import MANIFEST, layer_file, read_manifest, write_manifest
from neuron_tui.store.runs.variants import VARIANTS, name_of, needs_activations, run_of, variant_folder, variants_of
from tests.store.test_job import job
from tests.synthetic import build_run, build_variant, build_whole_variant

SIZES: dict[str, Any] = {"layers": 2, "neurons": 70, "sequences": 12, "context_length": 100}
LOOSE = Thresholds.model_validate({"coverage": "0.8", "max_covering": (10, 20, 20), "precision": "0.5"})


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that keeps its activations, with a variant `loose`; to be read only."""
    run = build_run(tmp_path_factory.mktemp("variants") / "demo", keep_activations=True, **SIZES)
    build_variant(run, "loose", LOOSE, **SIZES)
    return run


@pytest.fixture
def run(counted: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(counted, tmp_path / "runs" / "demo"))


def listed(directory: Path) -> dict[str, RunSummary]:
    return {run.name: run for run in list_runs(directory)}


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "-x", "a@b", "a b", "a\n", "x" * 101]
)
def test_a_name_that_could_leave_the_run_or_be_read_as_another_is_refused(run: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"the variant name .* cannot be used\nUse up to 100"):
        variant_folder(run, name)


def test_a_variant_lies_below_its_run_and_is_found_by_both_names(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = variant_folder(run, "loose")
    assert folder == run / VARIANTS / "loose"
    assert variants_of(run) == ("loose",)
    assert (run_of(folder), name_of(folder)) == (run, "demo@loose")
    assert (run_of(run), name_of(run)) == (None, "demo")
    assert find_run(run.parent, "demo@loose") == folder
    assert find_run(run.parent / "elsewhere", f"{run}@loose") == folder
    assert find_run(run.parent / "elsewhere", str(folder)) == folder
    monkeypatch.chdir(folder)
    assert open_run(".").name == "demo@loose"
    for name in ("demo@tight", "other@loose", "@loose", "demo@", "demo@../../demo", "..@loose", "demo@loose@loose"):
        with pytest.raises(RunNotFoundError, match="no run"):
            find_run(run.parent, name)


def test_a_run_really_called_so_goes_first(run: Path) -> None:
    beside = build_run(run.parent / "demo@loose", layers=1, neurons=12)
    assert find_run(run.parent, "demo@loose") == beside
    assert (run_of(beside), name_of(beside)) == (None, "demo@loose")
    twice = build_variant(beside, "x", LOOSE, layers=1, neurons=12)
    assert find_run(run.parent, "demo@loose@x") == twice
    delete_run(beside)
    assert find_run(run.parent, "demo@loose") == variant_folder(run, "loose")


def test_a_runs_directory_called_variants_holds_runs(tmp_path: Path) -> None:
    folder = build_run(tmp_path / VARIANTS / "demo", layers=1, neurons=12)
    assert (run_of(folder), open_run(folder).name) == (None, "demo")
    (summary,) = list_runs(tmp_path / VARIANTS)
    assert (summary.name, summary.variant_of) == ("demo", None)


def test_variants_are_listed_right_after_their_run(run: Path) -> None:
    build_run(run.parent / "a", layers=1, neurons=12)
    build_run(run.parent / "demo-2", layers=1, neurons=12)
    build_variant(run, "dense", LOOSE, finished=1, **SIZES)
    begun = variant_folder(run, "begun")
    begun.mkdir()
    write_job(begun, job(state="failed", problem="no bits"))
    (run / VARIANTS / "notes").mkdir()
    (run / VARIANTS / "bad name").mkdir()
    shutil.copy(run / MANIFEST, run / VARIANTS / "bad name" / MANIFEST)
    found = listed(run.parent)
    assert list(found) == ["a", "demo", "demo@begun", "demo@dense", "demo@loose", "demo-2"]
    assert [one.variant_of for one in found.values()] == [None, None, run, run, run, None]
    assert [one.state for one in found.values()] == [*("complete",) * 2, *("partial",) * 2, *("complete",) * 2]
    assert found["demo@begun"].problem == "no bits"
    with pytest.raises(RunPartialError, match="the run demo@begun holds nothing yet"):
        find_run(run.parent, "demo@begun")


def test_sizes_count_nothing_twice(run: Path) -> None:
    variant = variant_folder(run, "loose")
    own = {path: path.stat().st_size for path in run.rglob("*") if path.is_file()}
    apart = sum(size for path, size in own.items() if variant in path.parents)
    assert listed(run.parent)["demo"].size == sum(own.values()) - apart
    assert listed(run.parent)["demo@loose"].size == apart < sum(own.values()) / 5


def test_its_records_are_told_by_its_thresholds(counted: Path) -> None:
    before, variant = open_run(counted), open_run(variant_folder(counted, "loose"))
    assert variant.name == "demo@loose"
    assert (before.manifest.thresholds, variant.manifest.thresholds) == (PAPER, LOOSE)
    more = 0
    for layer in before.layers:
        for plain, told in zip(before.layer(layer).records(), variant.layer(layer).records(), strict=True):
            assert (plain.count, plain.domains) == (told.count, told.domains)
            for n, triggers in told.triggers.items():
                assert [(g.ids, g.active) for g in triggers.top] == [(g.ids, g.active) for g in plain.triggers[n].top]
                assert all(g.covered == (g.active >= 0.5 * g.occurrences) for g in triggers.top)
                assert all(g.covered == (20 * g.active >= 19 * g.occurrences) for g in plain.triggers[n].top)
                held = np.cumsum([g.active for g in triggers.top])
                if 0 < triggers.covering <= len(held):
                    assert int(np.argmax(held >= 0.8 * triggers.total)) + 1 == triggers.covering
                more += triggers.detector and not plain.triggers[n].detector
    assert more > 10


def with_another_model(run: Path) -> None:
    """Let run.json name another checkpoint, as if the run had been extracted anew."""
    manifest = read_manifest(run)
    write_manifest(run, manifest.model_copy(update={"model": manifest.model.model_copy(update={"digest": "1" * 64})}))


def test_its_contexts_know_what_its_run_keeps(run: Path) -> None:
    before, variant = open_run(run).layer(1), open_run(variant_folder(run, "loose")).layer(1)
    assert variant.keeps_activations
    assert variant.contexts(5, 90, 90) == before.contexts(5, 90, 90)
    ids = before.neuron(10).triggers[1].top[0].ids
    assert len(before.contexts_on(10, ids)) == len(variant.contexts_on(10, ids)) >= 20


def test_a_variant_of_a_run_that_was_made_anew_is_damaged_and_says_so(run: Path, tmp_path: Path) -> None:
    variant = variant_folder(run, "loose")
    alone = Path(shutil.copytree(variant, tmp_path / "alone"))
    with_another_model(run)
    for folder in (variant, alone):
        assert summarise(folder).state == "damaged"
        with pytest.raises(RunDamagedError, match="the run that it was counted on is not there any more"):
            open_run(folder)
        (problem,) = [problem for problem in check_run(folder) if problem.severity == "error"]
        assert "the run that it was counted on is not there any more" in problem.message


def test_a_whole_variant_of_an_earlier_version_opens_with_or_without_its_run(run: Path, tmp_path: Path) -> None:
    overlay = open_run(variant_folder(run, "loose"))
    old = open_run(build_whole_variant(run, "old", LOOSE, **SIZES))
    assert [record.to_dict() for record in old.layer(1).records()] == [
        record.to_dict() for record in overlay.layer(1).records()
    ]
    assert old.layer(1).keeps_activations
    assert check_run(old.path) == []
    alone = Path(shutil.copytree(old.path, tmp_path / "alone"))
    assert (open_run(alone).name, run_of(alone)) == ("alone", None)
    assert open_run(alone).manifest.thresholds == LOOSE
    assert not open_run(alone).layer(0).keeps_activations
    assert check_run(alone) == []
    with_another_model(run)
    apart = open_run(old.path).layer(1)
    assert not apart.keeps_activations
    assert any(context.unknown_before for context in apart.contexts(5, 90, 90))
    (problem,) = check_run(old.path)
    assert problem.severity == "note" and "on something else than the run demo holds now" in problem.message


def test_check_looks_at_one_of_them_at_a_time_and_by_its_own_thresholds(run: Path) -> None:
    variant = variant_folder(run, "loose")
    assert check_run(run) == check_run(variant) == []
    (variant / layer_file(0)).unlink()
    (run / VARIANTS / "stray.txt").write_text("?")
    assert check_run(run) == [Problem("note", "variants/stray.txt", "not part of the run")]
    assert Problem("error", layer_file(0), "is missing") in check_run(variant)


def test_numbers_of_other_thresholds_are_found(run: Path) -> None:
    variant = variant_folder(run, "loose")
    manifest = read_manifest(variant)
    assert manifest.variant is not None
    told = manifest.variant.model_copy(update={"thresholds": PAPER})
    write_manifest(variant, manifest.model_copy(update={"variant": told}))
    found = {problem.message for problem in check_run(variant)}
    assert "`triggers/1/covering` is not the shortest prefix that holds 95%" in found
    told = manifest.variant.model_copy(update={"thresholds": LOOSE.model_copy(update={"precision": PAPER.precision})})
    write_manifest(variant, manifest.model_copy(update={"variant": told}))
    found = {problem.message for problem in check_run(variant)}
    assert "`triggers/1/covered` is not how many n-grams the detectors cover" in found


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('"coverage":"0.8"', '"coverage":"1.5"'),
        ('"coverage":"0.8"', '"coverage":"NaN"'),
        ("[10,20,20]", "[10,20,51]"),
        ('"near":0.05', '"near":0.05,"more":1'),
    ],
)
def test_thresholds_in_run_json_that_mean_nothing_are_damage(run: Path, there: str, instead: str) -> None:
    path = variant_folder(run, "loose") / MANIFEST
    text = read_manifest(path.parent).model_dump_json()
    assert text.count(there) == 1
    path.write_text(text.replace(there, instead))
    with pytest.raises(RunDamagedError, match=r"variant\.thresholds"):
        open_run(path.parent)
    summary = listed(run.parent)["demo@loose"]
    assert (summary.state, summary.variant_of) == ("damaged", run)


def test_deleting_a_run_takes_its_variants_along_and_deleting_one_leaves_the_others(run: Path) -> None:
    build_variant(run, "dense", LOOSE, **SIZES)
    delete_run(variant_folder(run, "dense"))
    assert variants_of(run) == ("loose",)
    delete_run(variant_folder(run, "loose"))
    assert not (run / VARIANTS).exists()
    assert check_run(run) == []
    build_variant(run, "dense", LOOSE, **SIZES)
    delete_run(run)
    assert not run.exists()


def test_what_a_link_among_the_variants_leads_to_is_left_alone(run: Path, tmp_path: Path) -> None:
    important = build_run(tmp_path / "important", layers=1, neurons=12)
    (run / VARIANTS / "x").symlink_to(important)
    assert variants_of(run) == ("loose",)
    with pytest.raises(RunNotFoundError):
        find_run(run.parent, "demo@x")
    delete_files(run)
    assert not variant_folder(run, "loose").exists()
    assert check_run(important) == []


def test_renaming_keeps_a_variant_with_its_run(run: Path) -> None:
    other = rename_run(run, "other")
    assert listed(other.parent)["other@loose"].state == "complete"
    for name, expected in (("tight", "tight"), ("other@wide", "wide")):
        folder = rename_run(find_run(other.parent, list(listed(other.parent))[1]), name)
        assert folder == variant_folder(other, expected)
        assert open_run(folder).name == f"other@{expected}"
    for taken in ("wide", "other@wide"):
        with pytest.raises(RunConflictError, match="there is a wide already"):
            rename_run(variant_folder(other, "wide"), taken)
    for bad in ("a/b", "x@wide", ""):
        with pytest.raises(UsageError, match="the variant name"):
            rename_run(variant_folder(other, "wide"), bad)


def test_a_run_that_is_being_counted_is_not_written_renamed_or_deleted_but_complete(run: Path) -> None:
    with keeping(run), keeping(run):  # two may count at once
        assert summarise(run).state == "complete"
        for harm in (lambda: delete_run(run), lambda: rename_run(run, "other")):
            with pytest.raises(RunBusyError, match="the run demo, or a variant of it"):
                harm()
    with writing(run), pytest.raises(RunBusyError, match="another process is writing the run demo"), keeping(run):
        pass
    with writing(variant_folder(run, "loose")):
        assert [one.state for one in list_runs(run.parent)] == ["complete", "running"]


def test_only_another_coverage_takes_the_activations(counted: Path) -> None:
    manifest = read_manifest(counted)
    for name in Thresholds.model_fields:
        other = PAPER.model_copy(update={name: getattr(LOOSE, name) if name in LOOSE.others() else 0.01})
        assert needs_activations(manifest, other) == (name == "coverage")


def test_thresholds_are_read_back_from_their_options() -> None:
    assert PAPER.options() == ()
    typed = {
        "coverage": "90%",
        "max_covering": "10",
        "precision": ".8",
        "near": "0.125",
        "changes": "6",
        "interval": "0.1",
    }
    read = parse_thresholds(typed)
    assert read.max_covering == (10, 10, 10)
    options = read.options()
    names, values = options[::2], options[1::2]
    assert set(names) == {f"--{name.replace('_', '-')}" for name in typed}
    again = parse_thresholds({n.removeprefix("--").replace("-", "_"): v for n, v in zip(names, values, strict=True)})
    assert again == read
    assert read.others(again) == ()
    assert set(read.others()) == set(typed)
