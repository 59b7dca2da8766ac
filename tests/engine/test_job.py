"""What an extraction tells of itself in job.json."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.engine import layer_counting
from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.engine.job import peak_memory, recording
from neuron_tui.engine.progress import Progress
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.errors import CheckpointError, CorpusError, InputError, RunConflictError
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.job import JOB_FILE, LOG_FILE, Job, job_status, read_job
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.options import ExtractionOptions

from .cases import Case, build, request
from .checkpoints import Shape, words

SMALL = Case(Shape(layers=3, width=16, heads=2, neurons=6, context=16), "fast", 280, lambda folder: _text(folder))


def _text(folder: Path) -> tuple[str, ...]:
    (folder / "good.txt").write_text(words(1, 120), encoding="utf-8")
    return (str(folder / "good.txt"),)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    build(SMALL, folder)
    return folder


@pytest.fixture
def asked(good: Path, tmp_path: Path) -> ExtractionRequest:
    return request(SMALL, good, (str(good / "texts" / "good.txt"),), tmp_path / "runs")


def until(met: Callable[[Job], bool], folder: Path) -> Job:
    """Read a job again and again until it meets a condition."""
    look_again = threading.Event()
    for _ in range(6000):
        job = read_job(folder)
        if met(job):
            return job
        look_again.wait(0.01)
    raise AssertionError(f"never came: {read_job(folder)}")


def forward(done: int) -> Progress:
    return Progress("forward", done, 10, layer=2, place=1, layers=3)


# The record


def test_the_record_follows_the_steps_and_says_how_it_ended(tmp_path: Path) -> None:
    with recording(tmp_path, ("m", "--name", "x"), lambda: 77) as record:
        record.begin()
        first = read_job(tmp_path)
        assert (first.state, first.stage, first.arguments) == ("starting", "", ("m", "--name", "x"))
        record.see(Progress("open", 0, 1))
        assert until(lambda job: job.stage == "open", tmp_path).state == "starting"
        record.see(forward(1))
        job = until(lambda job: job.stage == "forward", tmp_path)
        assert (job.state, job.layer, job.done, job.total, job.place, job.layers) == ("running", 2, 1, 10, 1, 3)
        assert (job.unit, job.device_memory) == ("tok", 77)
        assert 0 < job.memory <= peak_memory()
        record.see(replace(forward(1), paused=True))
        until(lambda job: job.state == "paused", tmp_path)
        record.see(Progress("count", 2, 6, layer=2, place=2, layers=3))
        assert until(lambda job: job.state == "running", tmp_path).unit == "neurons"
    last = read_job(tmp_path)
    assert (last.state, last.place, last.layers, last.problem) == ("done", 3, 3, None)


def test_the_heart_beats_while_nothing_happens(tmp_path: Path) -> None:
    with recording(tmp_path, ()) as record:
        record.begin()
        first = read_job(tmp_path)
        later = until(lambda job: job.heartbeat > first.heartbeat, tmp_path)
        assert later.elapsed > first.elapsed


@pytest.mark.parametrize(
    ("error", "state", "problem"),
    [
        (KeyboardInterrupt("stop"), "cancelled", None),
        (CorpusError("corpus x: no text\nName another."), "failed", "corpus x: no text\nName another."),
        (KeyError("layer"), "failed", "a fault in neuron-tui (KeyError): details are in "),
    ],
)
def test_the_last_word_says_why_it_ended(tmp_path: Path, error: BaseException, state: str, problem: str | None) -> None:
    with pytest.raises(type(error)), recording(tmp_path, ()) as record:
        record.begin()
        raise error
    last = read_job(tmp_path)
    assert last.state == state
    assert last.problem == problem or (problem is not None and str(last.problem).startswith(problem))


def test_a_job_that_never_began_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError), recording(tmp_path, ()) as record:
        record.see(forward(1))
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []


# Extractions


def test_every_extraction_tells_of_itself(asked: ExtractionRequest, good: Path) -> None:
    states: list[str] = []

    def see(step: Progress) -> None:
        status = job_status(asked.runs_dir / "x")
        assert status is not None
        assert status.active
        if (step.stage, step.layer) not in seen:
            states.append(step.stage)
        seen.add((step.stage, step.layer))

    seen: set[tuple[str, int | None]] = set()
    folder = extract(asked, see)
    job = read_job(folder)
    assert states == ["open", "tokenise", "sort", "embed", *(["forward", "count"] * 3)]
    assert (job.state, job.place, job.layers) == ("done", 3, 3)
    assert job.arguments == (str(good), "--corpus", f"good={good}/texts/good.txt", "--name", "x", "--device", "cpu")
    assert check_run(folder) == []


def test_the_arguments_of_a_job_ask_for_the_same_extraction(good: Path, tmp_path: Path) -> None:
    asked = ExtractionRequest(
        model=str(good),
        corpus=("a=/t/a.txt", "builtin:prose"),
        name="n",
        runs_dir=tmp_path,
        tokens=5,
        context_length=7,
        layers=(0, 1, 2, 5, 7, 8),
        device="cpu",
        dtype="float16",
        batch_tokens=9,
        memory=1000,
        keep_activations="always",
        allow_pickle=True,
        overwrite=True,
    )
    assert asked.arguments() == (
        *(str(good), "--corpus", "a=/t/a.txt", "--corpus", "prose=builtin:prose", "--tokens", "5"),
        *("--context-length", "7", "--layers", "0-2,5,7-8", "--dtype", "float16", "--keep-activations", "always"),
        *("--batch-tokens", "9", "--name", "n", "--device", "cpu", "--memory", "1000", "--allow-pickle", "--overwrite"),
    )
    settled = asked.model_dump(exclude={"runs_dir"}) | {"corpus": ("a=/t/a.txt", "prose=builtin:prose")}
    assert from_arguments(asked.arguments()).read() == ExtractionOptions(**settled)


def test_relative_paths_become_absolute_and_names_stay(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good)
    (tmp_path / "pocket-opt").mkdir()
    here = ExtractionRequest(model=".", corpus=("texts/good.txt",), name="n", runs_dir=tmp_path)
    assert here.arguments() == (str(good), "--corpus", f"good={good}/texts/good.txt", "--name", "n")
    monkeypatch.chdir(tmp_path)
    assert here.model_copy(update={"model": "pocket-opt"}).arguments()[0] == "pocket-opt"


def test_a_finished_run_keeps_the_record_of_the_job_that_made_it(asked: ExtractionRequest) -> None:
    folder = extract(asked)
    before = (folder / JOB_FILE).read_bytes()
    extract(asked)
    assert (folder / JOB_FILE).read_bytes() == before
    (folder / JOB_FILE).unlink()
    extract(asked)
    assert not (folder / JOB_FILE).exists()


def interrupted(asked: ExtractionRequest) -> Path:
    """A run of which the first layer is done."""

    def stop(step: Progress) -> None:
        if step.place == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(asked, stop)
    return asked.runs_dir / asked.name


def test_a_run_that_goes_on_counts_the_layers_that_are_there(asked: ExtractionRequest) -> None:
    folder = interrupted(asked)
    job = read_job(folder)
    assert (job.state, job.place, job.layers) == ("cancelled", 1, 3)
    assert summarise(folder).state == "partial"
    places: list[int] = []
    extract(asked, lambda step: places.append(step.place) if step.layers else None)
    assert sorted(set(places)) == [1, 2]
    assert read_job(folder).state == "done"


def test_an_extraction_that_does_not_fit_the_run_leaves_its_job_as_it_was(asked: ExtractionRequest) -> None:
    folder = interrupted(asked)
    before = (folder / JOB_FILE).read_bytes()
    with pytest.raises(RunConflictError):
        extract(asked.model_copy(update={"tokens": 50}))
    assert (folder / JOB_FILE).read_bytes() == before


def test_once_a_run_is_replaced_its_arguments_go_on_with_it(asked: ExtractionRequest) -> None:
    overwriting = asked.model_copy(update={"overwrite": True})
    extract(asked)
    seen: dict[bool, tuple[str, ...]] = {}

    def see(step: Progress) -> None:
        if step.stage in ("tokenise", "embed"):
            begun = step.stage == "embed"
            seen[begun] = until(lambda job: begun == ("--overwrite" not in job.arguments), folder).arguments

    folder = asked.runs_dir / "x"
    extract(overwriting, see)
    assert seen == {False: overwriting.arguments(), True: asked.arguments()}


@pytest.mark.parametrize("started_by_the_app", [False, True])
@pytest.mark.parametrize("fails", ["model", "corpus"])
def test_what_fails_before_it_has_a_run_leaves_a_trace_only_if_the_app_started_it(
    asked: ExtractionRequest, tmp_path: Path, started_by_the_app: bool, fails: str
) -> None:
    wrong = {"model": {"model": str(tmp_path)}, "corpus": {"corpus": (str(tmp_path / "absent.txt"),)}}[fails]
    folder = asked.runs_dir / "x"
    if started_by_the_app:
        folder.mkdir(parents=True)
        (folder / LOG_FILE).write_text("")
    with pytest.raises((CheckpointError, CorpusError)) as caught:
        extract(asked.model_copy(update=wrong))
    if started_by_the_app:
        job = read_job(folder)
        assert (job.state, job.problem) == ("failed", str(caught.value))
        assert {path.name for path in folder.iterdir()} == {JOB_FILE, LOG_FILE}
    else:
        assert not folder.exists()
    # The same name is free for another attempt.
    assert summarise(extract(asked)).state == "complete"


def test_a_fault_of_ours_is_told_too(asked: ExtractionRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = interrupted(asked)
    monkeypatch.setattr(layer_counting, "layer_effects", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        extract(asked)
    job = read_job(folder)
    assert job.state == "failed"
    assert str(job.problem).startswith("a fault in neuron-tui (ZeroDivisionError): details are in ")
