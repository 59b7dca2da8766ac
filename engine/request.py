"""What an extraction is asked to do, settled for a model and held against a run that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, cast

import torch

from neuron_tui.engine.corpus.tokenise import DomainTokens, tokenise_domains
from neuron_tui.engine.model.activity import choose_rule
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.progress import Progress, ProgressSink
from neuron_tui.engine.ranks.launching import ALL_GPUS
from neuron_tui.store.errors import InputError, RunConflictError, UsageError, concerning
from neuron_tui.store.runs.manifest import Manifest, RunOptions
from neuron_tui.store.runs.options import Dtype, ExtractionOptions

DEFAULT_BATCH_TOKENS = {"cpu": 4096, "cuda": 32768}


class ExtractionRequest(ExtractionOptions):
    """The arguments of `extract`: its options, and where the run is to lie.

    `tokens` None takes the whole corpus, `context_length` None the model's, `layers` None all of them,
    `batch_tokens` None what suits the device, `memory` (bytes) None most of what is free.
    """

    runs_dir: Path


def choose_device(device: str) -> torch.device:
    """`auto`, `cpu`, `cuda[:K]` or `cuda:all` to the device of this process.

    Of several processes on a machine each takes the GPU with its own number.

    Raises
    ------
    UsageError
        One GPU for several processes.
    InputError
        There is no such GPU.
    """
    own = int(os.environ.get("LOCAL_RANK", "0"))
    if device == "auto":
        return torch.device("cuda", own) if torch.cuda.is_available() else torch.device("cpu")
    chosen = torch.device("cuda" if device == ALL_GPUS else device)
    if chosen.type == "cuda":
        if chosen.index is not None and int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > 1:
            raise UsageError(f"--device {device} is one GPU, and there are several processes\nUse --device cuda.")
        chosen = torch.device("cuda", own if chosen.index is None else chosen.index)
        if chosen.index >= torch.cuda.device_count():
            raise InputError(
                f"--device {device}: this machine has {torch.cuda.device_count()} CUDA devices\n"
                + ("Start as many processes as it has, or use --device cpu." if own else "Use --device cpu.")
            )
    return chosen


def resolve_options(
    request: ExtractionRequest, model: CausalModel, config: dict[str, Any], device: torch.device
) -> RunOptions:
    """Settle everything that decides the results.

    Raises
    ------
    UsageError
        A layer that there is not.
    InputError
        The context length is over the model's.
    """
    with concerning("context-length"):
        length = _choose_context_length(request.context_length, model.context_length)
    with concerning("layers"):
        layers = _choose_layers(request.layers, len(model.layers))
    with concerning("dtype"):
        dtype = _choose_dtype(request.dtype, config, device)
    settled = {
        "corpus": tuple(str(argument) for argument in request.corpus_arguments),
        "context_length": length,
        "layers": layers,
        "dtype": dtype,
        "active": str(choose_rule(request.active, model.family, model.activation_name)),
        "batch_tokens": request.batch_tokens or DEFAULT_BATCH_TOKENS[device.type],
    }
    return RunOptions(**request.model_dump(include=set(RunOptions.model_fields)) | settled)


def _differing(old: RunOptions, new: RunOptions) -> list[str]:
    """Options that decide the results and differ, in words. Batch size follows the run that is resumed."""
    return [
        f"{name.replace('_', '-')} ({_show(before)} there, {_show(now)} now)"
        for name in RunOptions.model_fields
        if name != "batch_tokens" and (before := getattr(old, name)) != (now := getattr(new, name))
    ]


def refuse_other_options(folder: Path, manifest: Manifest, model: OpenedModel, options: RunOptions) -> None:
    """Raise RunConflictError if the run in `folder` has another model or other options that decide the results."""
    differences = _differing(manifest.options, options)
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

    return tokenise_domains(
        request.corpus_arguments,
        model.tokenizer,
        model.special,
        context_length,
        budget,
        tokenised,
        request.text_key,
    )


def _choose_context_length(asked: int | None, longest: int) -> int:
    if asked is not None and asked > longest:
        raise InputError(
            f"--context-length {asked:,} is over the model's {longest:,}\nChoose at most {longest:,}, or leave it out."
        )
    return asked or longest


def _choose_layers(asked: tuple[int, ...] | None, count: int) -> tuple[int, ...]:
    layers = tuple(sorted(set(asked))) if asked is not None else tuple(range(count))
    if not layers or layers[-1] >= count:
        raise UsageError(f"--layers names layer {layers[-1] if layers else 'none'}; the model has 0 to {count - 1}")
    return layers


def _choose_dtype(dtype: Literal["auto"] | Dtype, config: dict[str, Any], device: torch.device) -> Dtype:
    if dtype != "auto":
        return dtype
    own = str(config.get("dtype", config.get("torch_dtype", "float32"))).removeprefix("torch.")
    return cast(Dtype, own) if device.type == "cuda" and own in ("float16", "bfloat16") else "float32"


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(v) for v in value)
    return "all" if value is None else str(value)
