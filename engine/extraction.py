"""One extraction from request to finished run: the corpus first, then layer by layer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import torch

from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains, read_corpus
from neuron_tui.engine.corpus.reading import announcement
from neuron_tui.engine.corpus.sources import changed_sources
from neuron_tui.engine.corpus.tokenise import DomainTokens
from neuron_tui.engine.free import require_disk
from neuron_tui.engine.interrupt import steered
from neuron_tui.engine.job import JobRecord, peak_memory, recording
from neuron_tui.engine.layer_writer import LayerWriter
from neuron_tui.engine.layers import Pass, pass_over, run_layers
from neuron_tui.engine.model.opened import OpenedModel, open_model
from neuron_tui.engine.progress import Announce, Progress, ProgressSink, quiet
from neuron_tui.engine.ranks.group import Ranks
from neuron_tui.engine.ranks.leading import Beginning, begin, leading
from neuron_tui.engine.request import (
    ExtractionRequest as ExtractionRequest,  # the request belongs to `extract`: one import gives both
)
from neuron_tui.engine.request import choose_device, refuse_other_options, resolve_options, tokenise
from neuron_tui.engine.resources import (
    Resources,
    resources_for,
    too_large_sequences_named,
)
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.engine.writing import write_corpus
from neuron_tui.store.disk.files import sha256
from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES
from neuron_tui.store.errors import RunDamagedError, RunNotFoundError
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.notes.notes_file import set_aside
from neuron_tui.store.runs.catalog import missing_or_cut, run_folder
from neuron_tui.store.runs.folder import SCRATCH, clear_scratch, delete_files, forget_kept, writing_to
from neuron_tui.store.runs.manifest import (
    CORPUS_FILE,
    MANIFEST,
    Manifest,
    RunOptions,
    Usage,
    read_manifest,
    write_manifest,
)

Beforehand = Callable[[JobRecord, ProgressSink], bool]


def extract(
    request: ExtractionRequest,
    progress: ProgressSink = quiet,
    announce: Announce = quiet,
    ranks: Ranks | None = None,
    beforehand: Beforehand | None = None,
) -> Path:
    """Extract a run, or go on with an interrupted one of the same name and options.

    Parameters
    ----------
    progress, announce
        Called with every step, and with sentences for people.
    ranks
        The processes that share the work, which this one leads; the others call `follow`.
    beforehand
        Called once nobody else writes the run, before anything of it is looked at; False leaves it at that.

    Returns
    -------
    The run's folder.

    Raises
    ------
    UsageError, InputError, RunError
        With the message and the exit code that the command line uses.
    """
    folder = run_folder(request.runs_dir, request.name)
    device = choose_device(request.device)
    arguments = request.arguments()  # malformed ones are refused before a model is fetched
    with (
        leading(ranks or Ranks()) as all_ranks,
        writing_to(folder),
        recording(folder, arguments, partial(_peak_on, device)) as job,
        _scratch_in(folder) as scratch,
        steered(job.telling(progress)) as step,
    ):
        if beforehand is None or beforehand(job, step):
            _go(request, device, scratch, job, step, announce, all_ranks)
    return folder


def _go(
    request: ExtractionRequest,
    device: torch.device,
    scratch: Path,
    job: JobRecord,
    progress: ProgressSink,
    announce: Announce,
    ranks: Ranks,
) -> None:
    folder = run_folder(request.runs_dir, request.name)
    if request.overwrite or not (folder / MANIFEST).exists():
        job.begin()
    progress(Progress("open", 0, 1))
    model = open_model(request.model, request.allow_pickle)
    options = resolve_options(request, model.causal, model.config, device)
    manifest = None if request.overwrite else _existing(folder, model, options)
    if manifest is not None and manifest.complete:
        forget_kept(folder)
        aggregates_of(Run(folder))  # it may have been cut off just before it kept them
        announce(f"The run {request.name} is complete: nothing to do.")
        return
    job.begin()  # one that there is already is ours to go on with: only now
    if manifest is None:
        domains = tokenise(request, model, options.context_length, options.tokens, progress)
        if told := announcement({domain.name: domain.notes for domain in domains}):
            announce(told)
        progress(Progress("sort", 0, 1, layers=len(options.layers)))
        corpus = join_domains(domains, model.special)
        resources = resources_for(request, model, options, device, corpus.positions, ranks.count)
        if request.batch_tokens is None:
            options = options.model_copy(update={"batch_tokens": min(options.batch_tokens, resources.batch_tokens)})
        _say(announce, model, options, device, corpus, resources)
        if not ranks.alone:
            announce(f"{ranks.count} processes share the text and the neurons.")
        require_disk(folder, resources.disk_bytes + ranks.count * resources.scratch_bytes)
        _keep_notes(folder, model, announce)
        manifest = _begin(folder, model, options, corpus, domains)
        job.goes_on_with(request.model_copy(update={"overwrite": False}).arguments())
    else:
        # The same batches give the same bits; others are for who runs out of memory with these.
        options = manifest.options.model_copy(
            update={"batch_tokens": request.batch_tokens or manifest.options.batch_tokens}
        )
        announce(f"Going on with the run {request.name}: {len(manifest.layers)} of {len(options.layers)} layers done.")
        _say_what_changed(announce, request, manifest)
        progress(Progress("sort", 0, 1, place=len(manifest.layers), layers=len(options.layers)))
        corpus = read_corpus(folder, manifest, model.special)
        resources = resources_for(request, model, options, device, corpus.positions, ranks.count)
        require_disk(folder, ranks.count * resources.scratch_bytes)
    missing = tuple(layer for layer in options.layers if layer not in manifest.layers)
    run = hashlib.sha256(f"{manifest.created} {manifest.model.digest}".encode()).hexdigest()[:12]
    begin(ranks, Beginning(run, model.identity.digest, options, corpus, missing))
    work = pass_over(model, options, device, corpus, resources, scratch, ranks, run)
    with too_large_sequences_named(device):
        _extract_layers(folder, manifest, work, progress, announce)
    forget_kept(folder)
    aggregates_of(Run(folder))  # counted and kept, so that figures need not wait for them


def _peak_on(device: torch.device) -> int | None:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


@contextmanager
def _scratch_in(folder: Path) -> Iterator[Path]:
    """Give a place for scratch files, which go when the block ends, but for what the run could go on from."""
    clear_scratch(folder)
    try:
        yield folder / SCRATCH
    finally:
        clear_scratch(folder)


def _begin(
    folder: Path, model: OpenedModel, options: RunOptions, corpus: PreparedCorpus, domains: list[DomainTokens]
) -> Manifest:
    delete_files(folder)
    manifest = Manifest(
        program_version=version("neuron-tui"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model.identity,
        options=options,
        corpus=write_corpus(folder, corpus, domains, model, options.context_length),
    )
    write_manifest(folder, manifest)
    return manifest


def _keep_notes(folder: Path, model: OpenedModel, announce: Announce) -> None:
    """What people wrote on neurons stays beside a run of the same model; on those of another it is set aside."""
    try:
        before = read_manifest(folder).model
    except (RunNotFoundError, RunDamagedError):
        return
    if before.digest != model.identity.digest and (aside := set_aside(folder)):
        announce(f"The notes here are on neurons of another model, {before.name}. They are in {aside.name} now.")


def _existing(folder: Path, model: OpenedModel, options: RunOptions) -> Manifest | None:
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_manifest(folder)
    refuse_other_options(folder, manifest, model, options)
    problem = missing_or_cut(folder, manifest)
    if not problem and not manifest.complete and manifest.corpus is not None:
        # The layers still to come are counted on it: its size alone is not enough.
        problem = None if sha256(folder / CORPUS_FILE) == manifest.corpus.file.sha256 else f"{CORPUS_FILE} was altered"
    if problem:
        raise RunDamagedError(
            f"the run {folder.name} is damaged: {problem}\nMend it with: neuron-tui mend {folder.name}"
        )
    return manifest


def _say_what_changed(announce: Announce, request: ExtractionRequest, manifest: Manifest) -> None:
    """Say which sources are not as they were when the run was begun: the run goes on with the text it has."""
    states = manifest.corpus.sources if manifest.corpus else ()
    changed = changed_sources(request.corpus_arguments, states)
    if changed:
        announce(
            f"Changed since this run began: {', '.join(changed)}. The run goes on with the tokens that it stored then; "
            "to read the text as it is now, use --overwrite."
        )


def _say(
    announce: Announce,
    model: OpenedModel,
    options: RunOptions,
    device: torch.device,
    corpus: PreparedCorpus,
    resources: Resources,
) -> None:
    counted, full = len(corpus.order.positions), int((corpus.sequence_lengths == options.context_length).sum())
    announce(
        f"{model.identity.name} on {counted:,} tokens, {len(options.layers)} of {model.identity.layers} layers, "
        f"{options.dtype} on {device}."
    )
    announce(f"{resources.describe()}.")
    if not full:
        announce("No sequence has the full context length: there will be no positional statistics.")
    elif full < ENOUGH_SEQUENCES:
        announce(f"Only {full} full-length sequences: neurons get no positional type ({ENOUGH_SEQUENCES} are needed).")


def _extract_layers(folder: Path, manifest: Manifest, work: Pass, progress: ProgressSink, announce: Announce) -> None:
    options = manifest.options
    missing = [layer for layer in options.layers if layer not in manifest.layers]
    before = len(manifest.layers)
    watch = Stopwatch(work.device)

    def tell(step: Progress) -> None:
        progress(replace(step, place=before + step.place, layers=len(options.layers)))

    def used() -> Usage:
        return _usage(manifest.usage, work, watch.seconds | {"write": writer.seconds})

    with LayerWriter(folder, manifest, work, used) as writer:
        batch = options.batch_tokens
        for result in run_layers(work, missing, tell, watch, writer.has):
            if result.most_tokens is not None and result.most_tokens < batch:
                batch = result.most_tokens
                announce(
                    f"{work.device} has too little memory for larger batches: going on with {batch:,} tokens each."
                )
            writer.write(result)


def _usage(before: Usage | None, work: Pass, seconds: dict[str, float]) -> Usage:
    """What was used up to now, the times before included."""
    earlier = before.seconds if before else {}
    device = _peak_on(work.device)
    return Usage(
        planned_host=work.resources.host_bytes,
        planned_device=work.resources.device_bytes,
        host=max(peak_memory(), before.host if before else 0),
        device=None if device is None else max(device, before.device or 0 if before else 0),
        seconds={kind: round(earlier.get(kind, 0.0) + seconds.get(kind, 0.0), 3) for kind in earlier | seconds},
    )
