"""What an extraction and its estimate do alike: the corpus tokenised, the options settled against what is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from neuron_tui.engine.corpus.tokenise import DomainTokens, tokenise_domains
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.progress import Progress, ProgressSink
from neuron_tui.engine.request import ExtractionRequest, differing, keeps_activations
from neuron_tui.engine.resources import Resources, plan_resources
from neuron_tui.store.errors import InputError, RunConflictError
from neuron_tui.store.runs.manifest import Manifest, RunOptions


def refuse_other_options(folder: Path, manifest: Manifest, model: OpenedModel, options: RunOptions) -> None:
    """Raise RunConflictError if the run in `folder` has another model or other options that decide the results."""
    differences = differing(manifest.options, options)
    if manifest.model.digest != model.identity.digest:
        differences.insert(0, f"model ({manifest.model.name} there, {model.identity.name} now: other weights)")
    if differences:
        raise RunConflictError(
            f"a run {folder.name} exists with other options: {'; '.join(differences)}\n"
            "Choose another --name, repeat its options to go on with it, or replace it with --overwrite."
        )


def tokenise(
    request: ExtractionRequest, model: OpenedModel, context_length: int, budget: int | None, progress: ProgressSink
) -> list[DomainTokens]:
    """Tokenise the corpus of a request, at most `budget` counted tokens of it; raises CorpusError."""
    done: dict[str, int] = {}

    def tokenised(domain: str, tokens: int) -> None:
        done[domain] = tokens
        progress(Progress("tokenise", sum(done.values()), budget))

    return tokenise_domains(request.corpus_arguments, model.tokenizer, model.special, context_length, budget, tokenised)


def resources_for(
    request: ExtractionRequest, model: OpenedModel, options: RunOptions, device: torch.device, positions: int
) -> Resources:
    """What an extraction on so many positions takes."""
    layer = model.family.layers[0]
    return plan_resources(
        positions=positions,
        width=model.family.width,
        neurons=model.family.neurons,
        layers=len(options.layers),
        layer_weights=sum(p.numel() for p in layer.parameters()),
        context_length=options.context_length,
        dtype=getattr(torch, options.dtype),
        device=device,
        memory=request.memory,
        keep_activations=keeps_activations(
            options.keep_activations, positions, model.family.neurons, len(options.layers)
        ),
    )


@contextmanager
def too_large_batches_named(device: torch.device, batch_tokens: int) -> Iterator[None]:
    """Turn the device's running out of memory into an InputError that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"{device} has too little memory for batches of {batch_tokens:,} tokens\n"
            "Run the same command again with a smaller --batch-tokens; the finished layers are kept."
        ) from error
