"""Counting a finished run again with other thresholds, without the model: from request to finished variant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from neuron_tui.engine.corpus.prepared import read_corpus
from neuron_tui.engine.corpus.tokenise import SpecialTokens
from neuron_tui.engine.interrupt import steered
from neuron_tui.engine.job import JobRecord, recording
from neuron_tui.engine.progress import Announce, Progress, ProgressSink, quiet
from neuron_tui.engine.recounting import Recount, recount_layer
from neuron_tui.store.check.numbers import read_occurrences
from neuron_tui.store.disk.files import sha256
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.lock import keeping
from neuron_tui.store.disk.schema import LAYER
from neuron_tui.store.errors import (
    InputError,
    RunConflictError,
    RunDamagedError,
    RunPartialError,
    UsageError,
    concerning,
)
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.measures.threshold_wording import thresholds_text
from neuron_tui.store.measures.thresholds import PAPER, Thresholds, text_of
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.catalog import find_run, missing_or_cut
from neuron_tui.store.runs.folder import delete_files, writing_to
from neuron_tui.store.runs.manifest import (
    CORPUS_FILE,
    MANIFEST,
    FileEntry,
    Manifest,
    Variant,
    layer_file,
    read_manifest,
    write_manifest,
)
from neuron_tui.store.runs.variants import name_of, needs_activations, run_of, same_neurons, variant_folder
from neuron_tui.store.wording import count_noun


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """The arguments of `analyze`: `run` by name or path, `name` of the variant, and what it is counted with."""

    run: str
    name: str
    runs_dir: Path
    thresholds: Thresholds = PAPER
    overwrite: bool = False

    def arguments(self, run: Path) -> tuple[str, ...]:
        """The same as arguments of the command `analyze`, but for --overwrite; `run` is the folder of the run."""
        return (str(run.absolute()), "--name", self.name, *self.thresholds.options())


def analyze(request: AnalysisRequest, progress: ProgressSink = quiet, announce: Announce = quiet) -> Path:
    """Count a run again with other thresholds, or go on with a variant of the same name and thresholds.

    Parameters
    ----------
    progress, announce
        Called with every step, and with sentences for people.

    Returns
    -------
    The variant's folder.

    Raises
    ------
    UsageError, InputError, RunError
        With the message and the exit code that the command line uses.
    """
    run = find_run(request.runs_dir, request.run)
    if (of := run_of(run)) is not None:
        raise UsageError(f"{request.run} is a variant itself\nCount its run again: neuron-tui analyze {of.name} ...")
    with concerning("name"):
        folder = variant_folder(run, request.name)
    with (
        keeping(run),
        writing_to(folder),
        recording(folder, request.arguments(run), command="analyze") as job,
        steered(job.telling(progress)) as step,
    ):
        _go(request, run, folder, job, step, announce)
    return folder


def _go(
    request: AnalysisRequest, run: Path, folder: Path, job: JobRecord, progress: ProgressSink, announce: Announce
) -> None:
    if request.overwrite or not (folder / MANIFEST).exists():
        job.begin()
    of = _finished(run)
    manifest = None if request.overwrite else _existing(run, folder, of, request.thresholds)
    if manifest is not None and manifest.complete:
        aggregates_of(Run(folder))  # it may have been cut off just before it kept them
        announce(f"The variant {name_of(folder)} is complete: nothing to do.")
        return
    _refuse_without_activations(run, of, request.thresholds)
    job.begin()  # one that there is already is ours to go on with: only now
    layers = len(of.options.layers)
    progress(Progress("sort", 0, 1, place=len(manifest.layers) if manifest else 0, layers=layers))
    _refuse_altered(run, CORPUS_FILE, of.corpus.file if of.corpus else None)
    if manifest is None:
        announce(
            f"Counting {name_of(run)} again with {thresholds_text(request.thresholds)}: "
            f"{count_noun(layers, 'layer')} of {count_noun(of.model.neurons, 'neuron')}."
        )
        manifest = _begin(
            folder, of, Variant(name=request.name, of=run.name, thresholds=request.thresholds, source=of.digest)
        )
    else:
        announce(f"Going on with the variant {name_of(folder)}: {len(manifest.layers)} of {layers} layers done.")
    _count_layers(run, folder, of, manifest, progress)
    aggregates_of(Run(folder))  # counted and kept, so that figures need not wait for them


def _finished(run: Path) -> Manifest:
    manifest = read_manifest(run)
    if problem := missing_or_cut(run, manifest):
        raise RunDamagedError(f"the run {run.name} is damaged: {problem}\nMend it with: neuron-tui mend {run.name}")
    if not manifest.complete:
        raise RunPartialError(
            f"the run {run.name} is partial: {len(manifest.layers)} of {len(manifest.options.layers)} layers\n"
            "Go on with its extraction first: run the same `neuron-tui extract` again."
        )
    return manifest


def _existing(run: Path, folder: Path, of: Manifest, thresholds: Thresholds) -> Manifest | None:
    if not (folder / MANIFEST).exists():
        return None
    manifest, name = read_manifest(folder), name_of(folder)
    begun_by_an_earlier_version = not manifest.is_overlay and not manifest.complete
    if manifest.variant is None or not same_neurons(of, manifest) or begun_by_an_earlier_version:
        raise RunConflictError(
            f"{name} was not counted on what the run {run.name} holds now\nReplace it with --overwrite."
        )
    there = manifest.thresholds
    if others := there.others(thresholds):
        differences = "; ".join(
            f"{other.replace('_', '-')} ({text_of(there, other)} there, {text_of(thresholds, other)} now)"
            for other in others
        )
        raise RunConflictError(
            f"a variant {name} exists with other thresholds: {differences}\n"
            "Choose another --name, repeat its thresholds to go on with it, or replace it with --overwrite."
        )
    if problem := missing_or_cut(folder, manifest):
        raise RunDamagedError(f"the variant {name} is damaged: {problem}\nMend it with: neuron-tui mend {name}")
    return manifest


def _refuse_without_activations(run: Path, of: Manifest, thresholds: Thresholds) -> None:
    for layer in of.layers if needs_activations(of, thresholds) else ():
        with reading(run / layer_file(layer), LAYER) as file:
            if "activations" not in file:
                raise InputError(
                    f"the run {run.name} keeps no activations, which another --coverage is counted from\n"
                    "Extract it with --keep-activations always (and --overwrite), or leave --coverage as it is."
                )


def _refuse_altered(run: Path, name: str, entry: FileEntry | None) -> None:
    if entry is None or sha256(run / name) != entry.sha256:
        raise RunDamagedError(
            f"the run {run.name} is damaged: {name} was altered\nMend it with: neuron-tui mend {run.name}"
        )


def _begin(folder: Path, of: Manifest, variant: Variant) -> Manifest:
    delete_files(folder)
    manifest = of.model_copy(
        update={
            "program_version": version("neuron-tui"),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "variant": variant,
            "layers": {},
            "usage": None,
        }
    )
    write_manifest(folder, manifest)
    return manifest


def _count_layers(run: Path, folder: Path, of: Manifest, manifest: Manifest, progress: ProgressSink) -> None:
    work = _recount(run, of, manifest.thresholds)
    neurons = of.rows
    for layer in [layer for layer in of.options.layers if layer not in manifest.layers]:
        done = 0

        def tick(more: int, layer: int = layer, place: int = len(manifest.layers)) -> None:
            nonlocal done
            done += more
            progress(Progress("recount", done, neurons, layer, place, len(of.options.layers)))

        tick(0)
        _refuse_altered(run, layer_file(layer), of.layers[layer])
        with reading(run / layer_file(layer), LAYER) as source:
            entry = recount_layer(folder, layer, source, work, tick)
        manifest = manifest.model_copy(update={"layers": manifest.layers | {layer: entry}})
        write_manifest(folder, manifest)


def _recount(run: Path, of: Manifest, thresholds: Thresholds) -> Recount:
    assert of.corpus is not None
    order = None
    if needs_activations(of, thresholds):
        order = read_corpus(run, of, SpecialTokens(of.corpus.bos, of.corpus.eos, of.corpus.pad)).order
    return Recount(
        thresholds=thresholds,
        occurrences=read_occurrences(run),
        order=order,
        full_sequences=of.corpus.full_sequences,
        context_length=of.options.context_length,
    )
