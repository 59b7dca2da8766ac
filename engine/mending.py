"""Mending a damaged run: what is not as it was written is made again, from the same model and text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains
from neuron_tui.engine.corpus.sources import changed_sources
from neuron_tui.engine.corpus.tokenise import DomainTokens
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.job import JobRecord
from neuron_tui.engine.model.of_run import open_the_model_of
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.progress import Announce, Progress, ProgressSink, quiet
from neuron_tui.engine.request import ExtractionRequest, tokenise
from neuron_tui.engine.writing import write_corpus
from neuron_tui.store.check.numbers import layer_contradictions, read_occurrences
from neuron_tui.store.check.verification import CheckProgress, Watch, altered_files
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.schema import LAYER
from neuron_tui.store.errors import InputError, NeuronTuiError, RunConflictError, RunDamagedError, RunNotFoundError
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.folder import refuse_linked_folders, writing_to
from neuron_tui.store.runs.job import read_job
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, Manifest, layer_file, read_manifest, write_manifest
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.variants import name_of, run_below, run_of, variant_folder, variants_of


@dataclass(frozen=True, slots=True)
class MendRequest:
    """What to mend, the run or variant in `folder`, and how its model runs."""

    folder: Path
    device: str = "auto"
    memory: int | None = None
    allow_pickle: bool = False

    def extraction(self, manifest: Manifest) -> ExtractionRequest:
        """The extraction that made the run; `manifest` is its own."""
        how = {"device": self.device, "memory": self.memory, "allow_pickle": self.allow_pickle}
        model = _where_the_model_was(self.folder) or manifest.model.name
        options = manifest.extraction(self.folder.name).model_copy(update={**how, "model": model})
        return ExtractionRequest(runs_dir=self.folder.parent, **dict(options))


@dataclass(frozen=True, slots=True)
class MendPlan:
    """What is damaged of a run, by file, and of its variants; and what stands in the way of making it again."""

    run: str
    damaged: dict[str, str]
    variants: dict[str, dict[str, str]]
    refused: str | None = None


def plan_mending(request: MendRequest, watch: Watch | None = None) -> MendPlan:
    """Verify a run and its variants, and look whether what made them is still there; nothing is written.

    Raises
    ------
    RunNotFoundError, RunDamagedError
        run.json is not there, or cannot be read: then nothing can be mended.
    """
    folder, name = request.folder, name_of(request.folder)
    manifest = read_manifest(folder)
    damaged = altered_files(folder, manifest, watch)
    if run_of(folder) is not None:
        return MendPlan(name, damaged, {}, _why_not_counted(folder))
    variants = {variant: _damage_of(variant_folder(folder, variant), watch) for variant in variants_of(folder)}
    refused = None
    if damaged:
        try:
            _refuse_place(folder)
            _refuse_other_inputs(request, manifest, damaged)
        except NeuronTuiError as error:
            refused = str(error)
    return MendPlan(name, damaged, {variant: found for variant, found in variants.items() if found}, refused)


def mend(request: MendRequest, progress: ProgressSink = quiet, announce: Announce = quiet) -> None:
    """Make the damaged files of a run and of its variants again, or of one variant; all others stay as they are.

    A run that this was cut off from is partial: mending, or the extraction, goes on with it.

    Parameters
    ----------
    progress, announce
        Called with every step, and with sentences for people.

    Raises
    ------
    RunConflictError, CheckpointError, CorpusError
        The model or the text is gone or is another: nothing was changed.
    UsageError, InputError, RunError
        As `extract` and `analyze`.
    """
    folder = request.folder
    if (run := run_of(folder)) is not None:
        _mend_variant(run, folder, progress, announce)
        return
    before = read_manifest(folder)

    def make_ready(job: JobRecord, step: ProgressSink) -> bool:
        return _make_ready(request, job, step, announce)

    extract(request.extraction(before), progress, announce, beforehand=make_ready)
    after = read_manifest(folder)
    for name, entry in after.files.items():
        if name in before.files and before.files[name] != entry:
            announce(
                f"{name} holds other bytes than before: another version wrote it, or it was made on another device."
            )
    for variant in variants_of(folder):
        _mend_variant(folder, variant_folder(folder, variant), progress, announce)


def _make_ready(request: MendRequest, job: JobRecord, progress: ProgressSink, announce: Announce) -> bool:
    """Take damaged layers off the run, once it is sure that they can be made again; whether the extraction is to go on.

    The caller holds the run's lock.
    """
    folder = request.folder
    job.begin()
    manifest = read_manifest(folder)
    damaged = altered_files(folder, manifest, _telling(progress))
    if not damaged:
        announce(f"Every file of the run {folder.name} is as it was written.")
    else:
        _announce_damage(announce, damaged)
        progress(Progress("open", 0, 1))
        model = _refuse_other_inputs(request, manifest, damaged)
        if CORPUS_FILE in damaged:
            manifest = _make_corpus(request, manifest, model, damaged, progress)
        _take_off(folder, manifest, damaged)
    if read_manifest(folder).complete:
        aggregates_of(Run(folder))
        return False
    return True


def _refuse_place(folder: Path) -> None:
    run_folder(folder.parent, folder.name)
    refuse_linked_folders(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {folder}: Permission denied\nMend it as who owns it, or mend a copy of it.")


def _refuse_other_inputs(request: MendRequest, manifest: Manifest, damaged: Mapping[str, str]) -> OpenedModel:
    for name in damaged:
        if (request.folder / name).is_dir():
            raise RunDamagedError(
                f"{request.folder / name} is a folder, where a file of the run belongs\nMove it away."
            )
    made_of = manifest.model.model_copy(update={"name": request.extraction(manifest).model})
    model = open_the_model_of(made_of, request.folder.name, request.allow_pickle)
    sources = manifest.corpus.sources if manifest.corpus else ()
    if CORPUS_FILE not in damaged:
        return model
    if changed := changed_sources(request.extraction(manifest).corpus_arguments, sources):
        raise RunConflictError(
            f"{CORPUS_FILE} is damaged, and the text that it was made from has changed: {', '.join(changed)}\n"
            f"Put back the text as it was, or {CORPUS_FILE}; to read the text as it is now, extract with --overwrite."
        )
    return model


def _where_the_model_was(folder: Path) -> str | None:
    """The model as the run's last extraction had it: run.json may have a path from where that was started."""
    try:
        job = read_job(folder)
    except (RunNotFoundError, RunDamagedError):
        return None
    return from_arguments(job.arguments).typed["model"] or None if job.command == "extract" else None


def _make_corpus(
    request: MendRequest, manifest: Manifest, model: OpenedModel, damaged: Mapping[str, str], progress: ProgressSink
) -> Manifest:
    """Write corpus.h5 again: the same bytes, or such that all sound layers agree with."""
    asked, options, folder = request.extraction(manifest), manifest.options, request.folder
    assert manifest.corpus is not None
    domains = tokenise(asked, model, options.context_length, options.tokens, progress)
    progress(Progress("sort", 0, 1, place=len(manifest.layers), layers=len(options.layers)))
    corpus = join_domains(domains, model.special)
    _refuse_other_text(manifest, model, domains, corpus)
    identity = write_corpus(folder, corpus, domains, model, options.context_length)
    if identity.file == manifest.corpus.file:
        return manifest
    # Another version packed it otherwise: then the layers that were counted on it can tell.
    occurrences = read_occurrences(folder)
    for layer in manifest.layers:
        if layer_file(layer) not in damaged:
            with reading(folder / layer_file(layer), LAYER) as file:
                for contradiction in layer_contradictions(file, manifest, layer, occurrences):
                    raise RunDamagedError(
                        f"{CORPUS_FILE} was made again, and layer {layer} was counted on another: {contradiction}\n"
                        "Extract the run anew with --overwrite."
                    )
    manifest = manifest.model_copy(update={"corpus": manifest.corpus.model_copy(update={"file": identity.file})})
    write_manifest(folder, manifest)
    return manifest


def _refuse_other_text(
    manifest: Manifest, model: OpenedModel, domains: list[DomainTokens], corpus: PreparedCorpus
) -> None:
    was = manifest.corpus
    assert was is not None
    then = (was.positions, was.sequences, was.vocabulary, [(d.name, d.tokens) for d in was.domains])
    now = (
        *(corpus.positions, len(corpus.sequence_domain), len(model.vocabulary)),
        [(d.name, d.counted) for d in domains],
    )
    if then != now:
        raise RunConflictError(
            f"{CORPUS_FILE} is damaged, and the text gives {corpus.positions:,} positions now, {was.positions:,} then\n"
            "The text or the tokeniser has changed: put them back as they were, or extract with --overwrite."
        )


def _take_off(folder: Path, manifest: Manifest, damaged: Mapping[str, str]) -> None:
    """List damaged layers no more: each is then made again in the place, the mode and the group of the damaged file."""
    sound = {layer: entry for layer, entry in manifest.layers.items() if layer_file(layer) not in damaged}
    write_manifest(folder, manifest.model_copy(update={"layers": sound}))


# Variants.


def _damage_of(folder: Path, watch: Watch | None) -> dict[str, str]:
    try:
        return altered_files(folder, read_manifest(folder), watch)
    except NeuronTuiError as error:
        return {MANIFEST: str(error).splitlines()[0]}


def _why_not_counted(folder: Path) -> str | None:
    """Why a variant cannot be counted again; None if it can."""
    run = run_of(folder)
    assert run is not None
    if found := altered_files(run, read_manifest(run)):
        return f"the run {run.name} is damaged itself: {next(iter(found))}\nMend it with: neuron-tui mend {run.name}"
    return None


def _mend_variant(run: Path, folder: Path, progress: ProgressSink, announce: Announce) -> None:
    """Count again what is damaged of a variant, or all of it where its run's files are others now."""
    of, name = read_manifest(run), name_of(folder)
    try:
        manifest = read_manifest(folder)
    except NeuronTuiError as error:
        announce(str(error))
        return
    damaged = altered_files(folder, manifest, _telling(progress))
    stale = manifest.is_overlay and run_below(folder, manifest) is None
    if not damaged and not stale and manifest.complete:
        return
    if (
        manifest.variant is None
        or not manifest.is_overlay
        or (of.model, of.options) != (manifest.model, manifest.options)
    ):
        announce(f"{name} was not counted on what the run {run.name} holds now: count it anew with --overwrite.")
        return
    _announce_damage(announce, {f"variants/{folder.name}/{file}": message for file, message in damaged.items()})
    if stale:
        announce(f"The files of {run.name} are others than {name} was counted on: it is counted again.")
    thresholds = manifest.variant.thresholds
    with writing_to(folder):
        variant = manifest.variant.model_copy(update={"source": of.digest})
        own = manifest.model_copy(update={"corpus": of.corpus, "variant": variant})
        _take_off(folder, own, {layer_file(layer): "" for layer in own.layers} if stale else damaged)
    analyze(AnalysisRequest(str(run), folder.name, run.parent, thresholds), progress, announce)


def _announce_damage(announce: Announce, damaged: Mapping[str, str]) -> None:
    for file, message in damaged.items():
        announce(f"{file} {message}: it is made again.")


def _telling(progress: ProgressSink) -> Watch:
    def tell(_: CheckProgress) -> None:
        progress(Progress("verify", 0, 1))

    return tell
