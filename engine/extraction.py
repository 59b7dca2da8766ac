"""One extraction from request to finished run: the corpus first, then layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from neuron_tui.engine.corpus.prepared import PreparedCorpus, join_domains, read_corpus
from neuron_tui.engine.corpus.tokenise import DomainTokens, tokenise_domains
from neuron_tui.engine.counting.layer import counting_plan
from neuron_tui.engine.layers import Pass, probe, run_layers
from neuron_tui.engine.model.forward import batches
from neuron_tui.engine.model.opened import OpenedModel, open_model
from neuron_tui.engine.progress import Progress
from neuron_tui.engine.request import (
    ExtractionRequest as ExtractionRequest,  # the request belongs to `extract`: one import gives both
)
from neuron_tui.engine.request import (
    choose_device,
    differing,
    keeps_activations,
    resolve_options,
)
from neuron_tui.engine.resources import Resources, plan_resources, require_disk
from neuron_tui.engine.writing import write_corpus, write_layer
from neuron_tui.store.catalog import (
    SCRATCH,
    abandon,
    clear_scratch,
    delete_files,
    missing_or_cut,
    refuse_foreign_folder,
    run_folder,
)
from neuron_tui.store.errors import InputError, RunConflictError, RunDamagedError
from neuron_tui.store.files import disk_full_named, sha256
from neuron_tui.store.lock import writing
from neuron_tui.store.manifest import CORPUS_FILE, MANIFEST, Manifest, RunOptions, read_manifest, write_manifest
from neuron_tui.store.schema import ENOUGH_SEQUENCES

ProgressSink = Callable[[Progress], None]
Announce = Callable[[str], None]


def _quiet(_: object) -> None:
    """Tell nobody."""


def extract(request: ExtractionRequest, progress: ProgressSink = _quiet, announce: Announce = _quiet) -> Path:
    """Extract a run, or go on with an interrupted one of the same name and options.

    Parameters
    ----------
    progress, announce
        Called with every step, and with sentences for people.

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
    request.corpus_arguments  # noqa: B018 - malformed ones are refused before a model is fetched
    model = open_model(request.model, request.allow_pickle)
    options = resolve_options(request, model.family, model.config, device)
    with _writing_to(folder) as scratch:
        manifest = None if request.overwrite else _existing(folder, model, options)
        if manifest is None:
            domains = _tokenise(request, model, options, progress)
            corpus = join_domains(domains, model.special)
            resources = _resources(request, model, options, device, corpus)
            _say(announce, model, options, device, corpus, resources)
            require_disk(folder, resources.disk_bytes + resources.scratch_bytes)
            manifest = _begin(folder, model, options, corpus, domains)
        elif manifest.complete:
            announce(f"The run {request.name} is complete: nothing to do.")
            return folder
        else:
            # The same batches give the same bits; others are for who runs out of memory with these.
            options = manifest.options.model_copy(
                update={"batch_tokens": request.batch_tokens or manifest.options.batch_tokens}
            )
            announce(
                f"Going on with the run {request.name}: {len(manifest.layers)} of {len(options.layers)} layers done."
            )
            corpus = read_corpus(folder, model.special)
            resources = _resources(request, model, options, device, corpus)
            require_disk(folder, resources.scratch_bytes)
        work = _pass(model, options, device, corpus, resources, scratch)
        try:
            _extract_layers(folder, manifest, work, progress)
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"{device} has too little memory for batches of {options.batch_tokens:,} tokens\n"
                "Run the same command again with a smaller --batch-tokens; the finished layers are kept."
            ) from error
    return folder


@contextmanager
def _writing_to(folder: Path) -> Iterator[Path]:
    """Hold the run's folder; gives a place for scratch files, which goes when the block ends.

    A run that fails before it has a manifest leaves no trace.
    """
    with disk_full_named(folder):
        refuse_foreign_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / SCRATCH
        with writing(folder):
            clear_scratch(folder)
            scratch.mkdir(exist_ok=True)
            try:
                yield scratch
            finally:
                clear_scratch(folder)
                if not (folder / MANIFEST).exists():
                    abandon(folder)


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


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an extraction will take: seconds by a timed probe of one layer, and bytes."""

    tokens: int
    positions: int
    seconds: float
    resources: Resources

    def describe(self) -> str:
        """The estimate in a few lines."""
        minutes = self.seconds / 60
        time = f"{self.seconds:.0f} seconds" if minutes < 2 else f"{minutes:.0f} minutes"
        return f"{self.tokens:,} tokens, about {time}\n{self.resources.describe()}."


def estimate(request: ExtractionRequest, progress: ProgressSink = _quiet) -> Estimate:
    """Tokenise, time one batch through one layer, and say what the whole would take; writes nothing.

    Raises what `extract` raises before it starts.
    """
    run_folder(request.runs_dir, request.name)
    device = choose_device(request.device)
    model = open_model(request.model, request.allow_pickle)
    options = resolve_options(request, model.family, model.config, device)
    domains = _tokenise(request, model, options, progress)
    corpus = join_domains(domains, model.special)
    resources = _resources(request, model, options, device, corpus)
    work = _pass(model, options, device, corpus, resources, request.runs_dir)
    seconds = probe(work) * (options.layers[-1] + 1)
    return Estimate(sum(d.counted for d in domains), corpus.positions, seconds, resources)


def _existing(folder: Path, model: OpenedModel, options: RunOptions) -> Manifest | None:
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_manifest(folder)
    differences = differing(manifest.options, options)
    if manifest.model.digest != model.identity.digest:
        differences.insert(0, f"model ({manifest.model.name} there, {model.identity.name} now: other weights)")
    if differences:
        raise RunConflictError(
            f"a run {folder.name} exists with other options: {'; '.join(differences)}\n"
            "Choose another --name, repeat its options to go on with it, or replace it with --overwrite."
        )
    problem = missing_or_cut(folder, manifest)
    if not problem and not manifest.complete and manifest.corpus is not None:
        # The layers still to come are counted on it: its size alone is not enough.
        problem = None if sha256(folder / CORPUS_FILE) == manifest.corpus.file.sha256 else f"{CORPUS_FILE} was altered"
    if problem:
        raise RunDamagedError(f"the run {folder.name} is damaged: {problem}\nExtract it anew with --overwrite.")
    return manifest


def _tokenise(
    request: ExtractionRequest, model: OpenedModel, options: RunOptions, progress: ProgressSink
) -> list[DomainTokens]:
    done: dict[str, int] = {}

    def tokenised(domain: str, tokens: int) -> None:
        done[domain] = tokens
        progress(Progress("tokenise", sum(done.values()), options.tokens))

    return tokenise_domains(
        request.corpus_arguments, model.tokenizer, model.special, options.context_length, options.tokens, tokenised
    )


def _resources(
    request: ExtractionRequest, model: OpenedModel, options: RunOptions, device: torch.device, corpus: PreparedCorpus
) -> Resources:
    layer = model.family.layers[0]
    return plan_resources(
        positions=corpus.positions,
        width=model.family.width,
        neurons=model.family.neurons,
        layers=len(options.layers),
        layer_weights=sum(p.numel() for p in layer.parameters()),
        context_length=options.context_length,
        dtype=getattr(torch, options.dtype),
        device=device,
        memory=request.memory,
        keep_activations=keeps_activations(
            options.keep_activations, corpus.positions, model.family.neurons, len(options.layers)
        ),
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


def _pass(
    model: OpenedModel,
    options: RunOptions,
    device: torch.device,
    corpus: PreparedCorpus,
    resources: Resources,
    scratch: Path,
) -> Pass:
    plan = counting_plan(
        corpus.order, corpus.sequence_start, corpus.sequence_domain, options.context_length, corpus.domains
    )
    return Pass(
        family=model.family,
        name=model.identity.name,
        device=device,
        dtype=getattr(torch, options.dtype),
        corpus=corpus,
        plan=plan,
        batches=batches(corpus.sequence_start, options.batch_tokens),
        resources=resources,
        scratch=scratch,
    )


def _extract_layers(folder: Path, manifest: Manifest, work: Pass, progress: ProgressSink) -> None:
    options = manifest.options
    keep = keeps_activations(options.keep_activations, work.corpus.positions, work.family.neurons, len(options.layers))
    missing = [layer for layer in options.layers if layer not in manifest.layers]
    for result in run_layers(work, missing, progress):
        entry = write_layer(
            folder, result.layer, result.counts, result.effects, work.plan, result.bits.words if keep else None
        )
        manifest = manifest.model_copy(update={"layers": manifest.layers | {result.layer: entry}})
        write_manifest(folder, manifest)
