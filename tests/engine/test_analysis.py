"""A run counted again with other thresholds: the numbers of brute force, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import pytest

from neuron_tui.engine import analysis
from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.progress import Progress
from neuron_tui.store import Run, open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.lock import writing
from neuron_tui.store.errors import (
    InputError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    RunPartialError,
    UsageError,
)
from neuron_tui.store.measures.threshold_wording import parse_thresholds
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.runs.catalog import delete_run, rename_run, summarise
from neuron_tui.store.runs.folder import AGGREGATES_FILE
from neuron_tui.store.runs.job import job_status
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, file_entry, layer_file, read_manifest, write_manifest
from neuron_tui.store.runs.variants import variant_folder, variants_of

from . import brute_force
from .cases import Case, build, request, stored_records, two_domains
from .checkpoints import Shape
from .comparing import assert_same

CASE = Case(Shape(layers=2, neurons=70, context=28), "fast", 320, two_domains, tokens=1000)
"""More than 30 full-length sequences, and more neurons than a word of bits has."""

LOOSE = Thresholds.model_validate({"coverage": "0.9", "max_covering": (10, 20, 20), "precision": "0.8"})
STRICT = Thresholds.model_validate({"coverage": "1", "max_covering": (1, 50, 50), "precision": "0.5"})
STORED = Thresholds.model_validate(
    {"positional": 0.01, "near": 0.1, "range": 0.2, "changes": 2, "interval": 0.2, "extremes": 0.5, "thin": 0.02}
    | {"max_covering": (10, 20, 20), "precision": "0.8"}
)
"""What follows from a run that keeps no activations."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """Two runs of a model on one corpus: one keeps its activations, one does not."""

    folder: Path
    corpus: tuple[str, ...]
    kept: Path
    bare: Path


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    folder = tmp_path_factory.mktemp("analysis")
    corpus = build(CASE, folder)
    runs = [
        extract(request(CASE, folder, corpus, folder / "runs", name=name, keep_activations=keep))
        for name, keep in (("kept", "always"), ("bare", "never"))
    ]
    return Extracted(folder, corpus, *runs)


@pytest.fixture
def run(extracted: Extracted, tmp_path: Path) -> Path:
    """A run with its activations that a test may do anything to."""
    folder = tmp_path / "runs" / "kept"
    for path in (*extracted.kept.glob("*.*"), *extracted.kept.glob("layers/*")):
        target = folder / path.relative_to(extracted.kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def asked(run: Path, thresholds: Thresholds = LOOSE, name: str = "loose", overwrite: bool = False) -> AnalysisRequest:
    return AnalysisRequest(str(run), name, run.parent, thresholds, overwrite)


def when(layer: int, then: Callable[[], None]) -> Callable[[Progress], None]:
    """Do something as the counting of a layer begins."""

    def see(step: Progress) -> None:
        if step.stage == "recount" and step.layer == layer and not step.done:
            then()

    return see


def interrupted() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def assert_same_in_memory(counted: Run, variant: Run) -> None:
    """What a run says under other thresholds without writing anything is what its variant says."""
    for layer in variant.layers:
        records = (run.layers[layer].records() for run in (counted, variant))
        assert [record.to_dict() for record in next(records)] == [record.to_dict() for record in next(records)]


@pytest.mark.parametrize("thresholds", [LOOSE, STRICT, STORED], ids=["loose", "strict", "from what is stored"])
def test_every_record_equals_brute_force_with_these_thresholds(extracted: Extracted, thresholds: Thresholds) -> None:
    expected, _ = brute_force.records(extracted.folder, extracted.corpus, tokens=CASE.tokens, thresholds=thresholds)
    runs = [extracted.kept] if thresholds.coverage != PAPER.coverage else [extracted.kept, extracted.bare]
    plain = stored_records(extracted.kept)
    for run in runs:
        name = f"v{len(variants_of(run))}"
        variant = analyze(asked(run, thresholds, name))
        found = stored_records(variant)
        assert found.keys() == expected.keys()
        for key, record in expected.items():
            assert_same(found[key], record)
        assert found != plain
        assert check_run(variant) == []
        manifest = read_manifest(variant)
        assert manifest.complete and (variant / AGGREGATES_FILE).is_file()
        in_memory = open_run(run).with_thresholds(thresholds)
        if thresholds.coverage == PAPER.coverage:
            assert_same_in_memory(in_memory, open_run(variant))
        else:
            with pytest.raises(InputError, match="counted from kept activations"):
                next(in_memory.layer(0).records())
        assert (manifest.thresholds, summarise(variant).name) == (thresholds, f"{run.name}@{name}")
    assert any(r["triggers"]["1"]["detector"] and r["count"] for r in expected.values())
    assert any(r["triggers"]["2"]["covering"] > 50 for r in expected.values())
    assert any(r["position"]["type"] for r in expected.values())


@pytest.mark.parametrize("looking", [False, True], ids=["from what is stored", "from the activations"])
def test_with_the_papers_thresholds_the_records_are_the_runs(
    run: Path, looking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "needs_activations", lambda *_: looking)
    variant = analyze(asked(run, PAPER, "same"))
    assert stored_records(variant) == stored_records(run)
    again, before = open_run(variant), open_run(run)
    for layer in before.layers:
        assert again.layer(layer).contexts(3) == before.layer(layer).contexts(3)


KILLED = """
import os, signal, sys
from pathlib import Path
from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.store.measures.threshold_wording import parse_thresholds

def see(step):
    if step.stage == "recount" and step.layer == 1:
        os.kill(os.getpid(), signal.SIGKILL)

loose = parse_thresholds({"coverage": "0.9", "max_covering": "10,20,20", "precision": "0.8"})
analyze(AnalysisRequest(sys.argv[1], "loose", Path("unused"), loose), see)
"""


@pytest.mark.parametrize("kill", [False, True], ids=["interrupted", "killed"])
def test_cut_off_it_keeps_what_is_done_and_goes_on_to_the_same_end(run: Path, extracted: Extracted, kill: bool) -> None:
    folder = variant_folder(run, "loose")
    if kill:
        ended = subprocess.run([sys.executable, "-c", KILLED, str(run)], capture_output=True, text=True)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    else:
        with pytest.raises(KeyboardInterrupt):
            analyze(asked(run), when(1, interrupted))
    status = job_status(folder)
    assert status is not None and status.condition == ("died" if kill else "cancelled")
    assert status.job.command == "analyze"
    assert kill or (status.job.place, status.job.layers) == (1, 2)  # what a killed job told last may be older
    assert status.job.arguments == (
        *(str(run), "--name", "loose", "--coverage", "0.9", "--max-covering", "10,20,20", "--precision", "0.8"),
    )
    assert (summarise(folder).state, set(read_manifest(folder).layers)) == ("partial", {0})
    first = (folder / layer_file(0)).stat()
    said: list[str] = []
    analyze(asked(run), announce=said.append)
    assert said == ["Going on with the variant kept@loose: 1 of 2 layers done."]
    assert (folder / layer_file(0)).stat() == first
    undisturbed = analyze(asked(extracted.kept, name=f"undisturbed-{kill}"))
    assert stored_records(folder) == stored_records(undisturbed)
    status = job_status(folder)
    assert status is not None and status.condition == "done"
    said.clear()
    analyze(asked(run), announce=said.append)
    assert said == ["The variant kept@loose is complete: nothing to do."]


def test_other_thresholds_under_the_same_name_are_refused_unless_they_replace_it(run: Path) -> None:
    folder = analyze(asked(run))
    before = (folder / MANIFEST).read_bytes()
    message = (
        r"a variant kept@loose exists with other thresholds: coverage \(0.9 there, 0.95 now\); "
        r"max-covering \(10,20,20 there, 5,50,50 now\); precision \(0.8 there, 0.95 now\)\n"
    )
    with pytest.raises(RunConflictError, match=message):
        analyze(asked(run, PAPER))
    assert (folder / MANIFEST).read_bytes() == before
    analyze(asked(run, STRICT, overwrite=True))
    assert read_manifest(folder).thresholds == STRICT
    assert check_run(folder) == []


def test_without_activations_another_coverage_is_refused_and_leaves_nothing(extracted: Extracted) -> None:
    before = variants_of(extracted.bare)
    with pytest.raises(
        InputError, match=r"the run bare keeps no activations.*\n.*--keep-activations always"
    ) as refused:
        analyze(asked(extracted.bare, name="refused"))
    assert refused.value.exit_code == 3
    assert variants_of(extracted.bare) == before
    assert not variant_folder(extracted.bare, "refused").exists()


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "/tmp/x", ".hidden", "-x", "a@b", "a b", "a\n", "a" * 101])
def test_a_name_that_could_leave_the_run_is_refused(run: Path, name: str) -> None:
    before = sorted(run.parent.rglob("*"))
    with pytest.raises(UsageError, match="cannot be used\nUse up to 100 letters") as refused:
        analyze(asked(run, name=name))
    assert (refused.value.exit_code, refused.value.option) == (2, "name")
    assert sorted(run.parent.rglob("*")) == before


def test_a_variant_is_no_run_to_count_again(run: Path) -> None:
    variant = analyze(asked(run))
    with pytest.raises(UsageError, match="is a variant itself\nCount its run again: neuron-tui analyze kept"):
        analyze(asked(variant, STRICT, "strict"))


def test_a_folder_of_somebody_else_is_left_alone(run: Path) -> None:
    theirs = variant_folder(run, "loose")
    theirs.mkdir(parents=True)
    (theirs / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="exists and is no run"):
        analyze(asked(run, overwrite=True))
    assert [path.name for path in theirs.iterdir()] == ["notes.txt"]


def _cut(run: Path) -> str:
    path = run / layer_file(1)
    path.write_bytes(path.read_bytes()[:-1])
    return "layer_001.h5 has"


def _without_corpus(run: Path) -> str:
    (run / CORPUS_FILE).unlink()
    return "corpus.h5 is missing"


def _altered(name: str) -> Callable[[Path], str]:
    def alter(run: Path) -> str:
        content = (run / name).read_bytes()
        middle = len(content) // 2
        (run / name).write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        return f"{name} was altered"

    return alter


def _partial(run: Path) -> str:
    manifest = read_manifest(run)
    write_manifest(run, manifest.model_copy(update={"layers": {0: manifest.layers[0]}, "facts": None}))
    return "is partial: 1 of 2 layers"


@pytest.mark.parametrize("harm", [_cut, _without_corpus, _altered(CORPUS_FILE), _partial])
def test_a_run_that_is_damaged_or_partial_is_refused_and_nothing_is_left(
    run: Path, harm: Callable[[Path], str]
) -> None:
    message = harm(run)
    with pytest.raises((RunDamagedError, RunPartialError), match=message) as refused:
        analyze(asked(run))
    assert refused.value.exit_code == 4
    assert not (run / "variants").exists()


def test_a_layer_altered_in_place_is_not_counted(run: Path) -> None:
    message = _altered(layer_file(1))(run)
    with pytest.raises(RunDamagedError, match=message):
        analyze(asked(run))
    assert set(read_manifest(variant_folder(run, "loose")).layers) == {0}


def test_sequences_that_the_text_does_not_have_are_refused_though_their_digest_is_stated(run: Path) -> None:
    with h5py.File(run / CORPUS_FILE, "r+") as file:
        file["sequence_start"][-2] = 1 << 40
    manifest = read_manifest(run)
    assert manifest.corpus is not None
    corpus = manifest.corpus.model_copy(update={"file": file_entry(run / CORPUS_FILE)})
    write_manifest(run, manifest.model_copy(update={"corpus": corpus}))
    with pytest.raises(RunDamagedError, match="`sequence_start` does not rise"):
        analyze(asked(run))


def test_activations_that_are_not_the_counted_ones_are_found(run: Path) -> None:
    with h5py.File(run / layer_file(0), "r+") as file:
        file["activations"][:, :40] = 0
    manifest = read_manifest(run)
    layers = manifest.layers | {0: file_entry(run / layer_file(0))}
    write_manifest(run, manifest.model_copy(update={"layers": layers}))
    with pytest.raises(RunDamagedError, match=r"`activations` of neuron .* are not those that were counted"):
        analyze(asked(run))


def test_nobody_else_writes_the_variant_and_nobody_touches_the_run_meanwhile(run: Path) -> None:
    folder = variant_folder(run, "loose")
    refused: list[str] = []

    def try_all() -> None:
        assert (summarise(folder).state, summarise(run).state) == ("running", "complete")
        for harm in (
            lambda: analyze(asked(run)),
            lambda: delete_run(run),
            lambda: delete_run(folder),
            lambda: rename_run(run, "other"),
            lambda: rename_run(folder, "other"),
        ):
            with pytest.raises(RunBusyError) as busy:
                harm()
            refused.append(str(busy.value))
        analyze(asked(run, STRICT, "beside"))  # another variant at the same time is no matter

    analyze(asked(run), when(1, try_all))
    assert len(refused) == 5
    assert variants_of(run) == ("beside", "loose")
    for name in variants_of(run):
        assert check_run(variant_folder(run, name)) == []
    with writing(run), pytest.raises(RunBusyError, match="another process is writing the run kept"):
        analyze(asked(run, STRICT, "more"))


def test_a_variant_holds_only_what_its_thresholds_change(run: Path) -> None:
    variant = analyze(asked(run))
    assert not (variant / CORPUS_FILE).exists()
    own, whole = (sum(path.stat().st_size for path in (at / "layers").iterdir()) for at in (variant, run))
    assert 0 < own < whole / 3
    assert check_run(variant) == []


def test_extracting_the_run_anew_takes_its_variants_with_it(run: Path, extracted: Extracted) -> None:
    analyze(asked(run))
    changes = {"overwrite": True, "tokens": 200}
    again = request(CASE, extracted.folder, extracted.corpus, run.parent, name="kept", **changes)
    extract(again)
    assert variants_of(run) == ()
    assert check_run(run) == []


def engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "neuron_tui.engine", *arguments], capture_output=True, text=True)


def test_the_command_counts_with_what_it_is_told_and_says_so_on_stderr(run: Path) -> None:
    options = ("--coverage", "90%", "--max-covering", "10", "--positional", "0.01", "--range", "0.2", "--near", ".1")
    done = engine("analyze", "kept", "--name", "told", *options, "--runs-dir", str(run.parent))
    assert (done.returncode, done.stdout) == (0, "")
    assert "Counting kept again with coverage 90%, at most 10 tokens" in done.stderr
    assert f"Done: kept@told in {variant_folder(run, 'told')}" in done.stderr
    assert read_manifest(variant_folder(run, "told")).thresholds == Thresholds.model_validate(
        {"coverage": "0.9", "max_covering": (10, 10, 10), "positional": 0.01, "range": 0.2, "near": 0.1}
    )


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--coverage", "0", "It takes more than 0%"),
        ("--coverage", "nan", "It takes a share, such as 95%"),
        ("--precision", "1.1", "It takes at most 100%"),
        ("--precision", "0.12345", "at most 4 decimals"),
        ("--max-covering", "51", "It takes at most 50"),
        ("--max-covering", "5,50", "or three for n = 1, 2, 3"),
        ("--near", "0.5", "It takes less than 0.5"),
        ("--changes", "1.5", "It takes a whole number"),
        ("--interval", "1e999", "It takes a number"),
        ("--positional", "-1", "It takes at least 0"),
    ],
)
def test_a_threshold_that_means_nothing_is_named(option: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"{option} is '{text}'\n.*{message}") as refused:
        parse_thresholds({option.removeprefix("--").replace("-", "_"): text})
    assert refused.value.option == option.removeprefix("--")


def test_counting_again_loads_no_torch() -> None:
    code = "import sys, neuron_tui.engine.analysis, neuron_tui.engine.progress_bar; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_errors_of_the_command_end_it_with_the_codes_of_the_contract(run: Path) -> None:
    done = engine("analyze", "nothing", "--name", "x", "--runs-dir", str(run.parent))
    assert (done.returncode, done.stdout) == (3, "")
    assert "no run 'nothing'" in done.stderr
