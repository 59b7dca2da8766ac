"""What people have the program do that changes a disk, each on a small folder made for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from neuron_tui.engine import extraction
from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.model import kept
from neuron_tui.engine.model.opened import open_model
from neuron_tui.engine.progress import Progress
from neuron_tui.engine.training import job as training
from neuron_tui.store import open_run
from neuron_tui.store.archive.packing import packing
from neuron_tui.store.archive.unpacking import unpack
from neuron_tui.store.disk.output import opened_output
from neuron_tui.store.errors import RunConflictError, RunNotFoundError
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.causal import keep_causal
from neuron_tui.store.notes.note import Note
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.catalog import delete_run, rename_run
from neuron_tui.store.runs.folder import AGGREGATES_FILE
from neuron_tui.store.runs.job import LOG_FILE, Job, write_job
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.tui.remembered.saved_filters import SavedFilters, write_filters
from neuron_tui.tui.remembered.session import Identity, Session, write_session
from neuron_tui.tui.reports.report import write_report
from tests.causal_records import keep, measured
from tests.engine.cases import Case, build, request
from tests.engine.checkpoints import Shape
from tests.synthetic import build_run

World = Path
_TEXT = "one two three four five six seven eight nine ten " * 16


def _text(folder: Path) -> tuple[str, ...]:
    (folder / "a.txt").write_text(_TEXT, encoding="utf-8")
    return (f"a={folder / 'a.txt'}",)


CASES = {
    "model": Case(Shape(layers=3, width=8, heads=2, neurons=12, context=24), "fast", 280, _text),
    "another": Case(Shape(layers=2, width=8, heads=2, neurons=12, context=24), "fast", 280, _text, seed=1),
}


class Materials:
    """What operations work on and do not change: models, which are read but once, their texts, and an archive."""

    def __init__(self, folder: Path) -> None:
        """Make them in a new folder; everything that takes long to load is loaded from now on."""
        folder.mkdir()
        self._folder = folder
        self._corpora: dict[str, tuple[str, ...]] = {}
        for name, case in CASES.items():
            (folder / name).mkdir()
            self._corpora[name] = build(case, folder / name)
        self.run = self.extract(folder / "runs")
        self.extract(folder / "runs", memory=1, name="spilled")  # loads what only that needs
        opened = {str(folder / name): open_model(str(folder / name), False) for name in CASES}
        extraction.open_model = lambda model, _: opened[model]
        kept._TIMES = 0  # every stream is kept: these models are too quick for any to be worth it
        self.archive = folder / "x.tar"
        _pack(self.run, self.archive)

    def extract(self, runs: Path, model: str = "model", tell: Any = lambda _: None, **options: Any) -> Path:
        """Extract a run x."""
        return extract(request(CASES[model], self._folder / model, self._corpora[model], runs, **options), tell)

    def run_of(self, model: str) -> Path:
        """The folder of a model."""
        return self._folder / model


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do.

    `prepare` makes the world that it begins with; `act` does it; `again` is what a person does after it was cut off,
    and `finish` what they do later, at the latest; `touches` is what it may change, as beginnings of paths.
    """

    name: str
    prepare: Callable[[World], object]
    act: Callable[[World], object]
    touches: tuple[str, ...]
    again: Callable[[World], object] | None = None
    finish: Callable[[World], object] = field(default=lambda _: None)

    def do_again(self, world: World) -> None:
        """Do it again, to the end."""
        (self.again or self.act)(world)
        self.finish(world)


def settle_in(world: World) -> None:
    """Have this process keep all that it remembers in a world."""
    os.environ["NEURON_TUI_STATE"] = str(world / "state")
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = str(world / {"XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "log"}.get(name, "home"))


def operations(made: Materials) -> tuple[Operation, ...]:
    """All of them."""
    extracting = partial(_extractions, made)
    return (*extracting(), *_upkeep(made), *_beside(made), *_archives(made), *_remembering(made))


def empty(world: World) -> None:
    """A runs directory with a run that nothing is to touch, and a file of somebody's own."""
    build_run(world / "runs" / "other", layers=1, neurons=12, sequences=2, domains=("prose",))
    (world / "runs" / "mine.txt").write_text("mine", encoding="utf-8")
    (world / "out").mkdir()


def _with_run(made: Materials, world: World) -> Path:
    """A whole run x, with notes, measurements and a file of somebody's own."""
    empty(world)
    run = Path(shutil.copytree(made.run, world / "runs" / "x"))
    (run / ".lock").unlink(missing_ok=True)
    NotesFile(run).put(0, 1, "", author="ann", label="a label", text="a text")
    keep_causal(run, [measured(0, 1)])
    return run


def _extractions(made: Materials) -> tuple[Operation, ...]:
    def stopped(world: World) -> None:
        empty(world)

        def tell(step: Progress) -> None:
            if (step.stage, step.layer) == ("forward", 2):
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            made.extract(world / "runs", tell=tell)
        assert len(read_manifest(world / "runs" / "x").layers) == 2

    def of_another(world: World) -> None:
        (_with_run(made, world) / "mine.txt").write_text("mine", encoding="utf-8")

    def counted(world: World) -> object:
        thresholds = Thresholds(coverage=Decimal("0.9"))
        return analyze(AnalysisRequest(run="x", name="loose", runs_dir=world / "runs", thresholds=thresholds))

    def doing(model: str = "model", **options: Any) -> Callable[[World], object]:
        return lambda world: made.extract(world / "runs", model, **options)

    new, run = ("runs/x",), partial(_with_run, made)
    return (
        Operation("extract", empty, doing(), new),
        Operation("extract, activations not kept", empty, doing(keep_activations="never"), new),
        Operation("extract, spilling to files", empty, doing(memory=1), new),
        Operation("resume", stopped, doing(), new),
        Operation("resume, spilling to files", stopped, doing(memory=1), new),
        Operation("overwrite with another model", of_another, doing("another", overwrite=True), new),
        Operation("analyze", run, counted, ("runs/x/variants", "runs/x/.lock")),
    )


def _upkeep(made: Materials) -> tuple[Operation, ...]:
    def with_variant(world: World) -> None:
        run = _with_run(made, world)
        thresholds = Thresholds(positional=Decimal("0.2"))
        analyze(AnalysisRequest(run="x", name="loose", runs_dir=world / "runs", thresholds=thresholds))
        assert (run / "variants" / "loose" / "run.json").exists()
        build_run(world / "runs" / "spare", layers=1, neurons=12, sequences=2, domains=("prose",))

    def deleting(name: str, world: World) -> None:
        delete_run(world / "runs" / name)

    def deleted(name: str, world: World) -> None:
        with suppress(RunNotFoundError):
            deleting(name, world)

    def with_job(world: World) -> None:
        empty(world)
        (world / "runs" / "x").mkdir()
        write_job(world / "runs" / "x", Job(pid=1, process_started=0.0, arguments=("m",), begun="x", host="elsewhere"))
        for name in (LOG_FILE, "corpus.h5.partial", ".lock", "notes.jsonl"):
            (world / "runs" / "x" / name).write_text("", encoding="utf-8")
        build_run(world / "runs" / "spare", layers=1, neurons=12, sequences=2, domains=("prose",))

    def renamed(world: World) -> None:
        with suppress(RunNotFoundError):
            rename_run(world / "runs" / "x", "y")

    spare, runs = partial(deleted, "spare"), ("runs/x", "runs/.deleted-")
    return (
        Operation("delete", with_variant, partial(deleting, "x"), runs, partial(deleted, "x"), spare),
        Operation("delete a job", with_job, partial(deleting, "x"), runs, partial(deleted, "x"), spare),
        Operation(
            *(
                "delete a variant",
                with_variant,
                partial(deleting, "x/variants/loose"),
                ("runs/x/variants", "runs/x/.lock"),
            ),
            *(partial(deleted, "x/variants/loose"), partial(deleted, "x")),
        ),
        Operation(
            *("rename", with_variant, lambda world: rename_run(world / "runs" / "x", "y")),
            *(("runs/x", "runs/y"), renamed),
        ),
    )


def _beside(made: Materials) -> tuple[Operation, ...]:
    run, notes = partial(_with_run, made), ("runs/x/notes.jsonl", "runs/x/.notes.jsonl")
    theirs = [
        Note(
            layer=0, neuron=n, pole="", label="theirs", text="", author="bo", changed=f"2026-01-0{n + 1}T00:00:00.000Z"
        )
        for n in range(3)
    ]

    def noting(world: World) -> object:
        return NotesFile(world / "runs" / "x").put(0, 2, "", author="ann", label="another", text="line\nline")

    def without_aggregates(world: World) -> None:
        (_with_run(made, world) / AGGREGATES_FILE).unlink()

    causal = ("runs/x/causal.jsonl", "runs/x/.causal.jsonl", "runs/x/.lock")
    return (
        Operation("note", run, noting, notes),
        Operation("merge notes", run, lambda world: NotesFile(world / "runs" / "x").merge(theirs), notes),
        Operation("measurements", run, lambda world: keep(world / "runs" / "x"), causal),
        Operation(
            *("aggregates", without_aggregates, lambda world: aggregates_of(open_run(world / "runs" / "x"))),
            ("runs/x/aggregates.cache", "cache"),
        ),
    )


def _pack(run: Path, path: Path) -> None:
    with packing(run) as ready, opened_output(path) as stream:
        ready.write(stream.buffer)


def _archives(made: Materials) -> tuple[Operation, ...]:
    def unpacking(world: World) -> None:
        with made.archive.open("rb") as stream:
            unpack(stream, world / "runs", "y", "x.tar")

    def unpacked(world: World) -> None:
        with suppress(RunConflictError):
            unpacking(world)

    def again_after_another(world: World) -> None:
        with made.archive.open("rb") as stream:
            unpack(stream, world / "runs", "z", "x.tar")

    def report(world: World) -> None:
        write_report(open_run(world / "runs" / "other"), [(0, 1), (0, 2)], "json", world / "out" / "report.json")

    def with_report(world: World) -> None:
        empty(world)
        (world / "out" / "report.json").write_text("an older one", encoding="utf-8")

    run = partial(_with_run, made)
    return (
        Operation(
            *("pack", run, lambda world: _pack(world / "runs" / "x", world / "out" / "x.tar")),
            ("out", "runs/x/.lock"),
        ),
        Operation("unpack", empty, unpacking, ("runs/y", "runs/.unpacking-"), unpacked, again_after_another),
        Operation("export a report", with_report, report, ("out", "runs/other/aggregates.cache")),
    )


def _remembering(made: Materials) -> tuple[Operation, ...]:
    def session(world: World) -> None:
        run = world / "runs" / "other"
        write_session(run, Session(run=Identity.of(run, read_manifest(run)), layer=0, query="freq>1"))

    def filters(world: World) -> None:
        write_filters(SavedFilters(saved=("dead:yes",)))

    def with_filters(world: World) -> None:
        empty(world)
        write_filters(SavedFilters(saved=("type:token",)))

    trained = made.run_of("model")

    def saving(world: World) -> None:
        from transformers import AutoTokenizer, OPTForCausalLM

        model, tokenizer = OPTForCausalLM.from_pretrained(trained), AutoTokenizer.from_pretrained(trained)
        training._save(model, tokenizer, world / "out" / "model", "float32", {"complete": True})

    def with_model(world: World) -> None:
        empty(world)
        saving(world)

    return (
        Operation("session", empty, session, ("state", "state/neuron-tui")),
        Operation("filters", with_filters, filters, ("state",)),
        Operation("save a trained model", empty, saving, ("out",)),
        Operation("save a trained model over another", with_model, saving, ("out",)),
    )
