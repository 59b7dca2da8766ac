"""One training from text to a directory that transformers loads."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from neuron_tui.engine.corpus.sources import documents
from neuron_tui.engine.training.data import Batches, token_stream
from neuron_tui.engine.training.loop import Progress, Schedule, optimise
from neuron_tui.engine.training.model import ModelSize, new_model
from neuron_tui.engine.training.tokenizer import train_tokenizer
from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, sync_file, write_text
from neuron_tui.store.disk.stream import write_bytes
from neuron_tui.store.errors import InputError, UsageError
from neuron_tui.store.runs.corpus_argument import parse_corpus_argument

if TYPE_CHECKING:
    import torch
    from transformers import OPTForCausalLM, PreTrainedTokenizerFast

RECORD: Final = "training.json"
CHECKPOINTS: Final = "checkpoints"
TOKENIZER_CHARACTERS: Final = 5_000_000
"""Of each domain, about so many characters, taken evenly, teach the tokeniser."""
DTYPES: Final = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Everything that decides what a training makes; the same request gives the same model on one machine.

    (With `minutes` in the schedule the number of steps, and so the model, depends on the machine's speed.)
    """

    corpus: tuple[str, ...]
    output: Path
    size: ModelSize
    schedule: Schedule
    sequences: int
    seed: int
    positions: bool = True
    smooth_positions: float = 0.0
    attention_from: int = 0
    norm_before: bool = True
    checkpoint_every: int | None = None
    device: str = "auto"
    dtype: str = "float32"
    overwrite: bool = False

    def __post_init__(self) -> None:
        if not self.corpus:
            raise UsageError("name some text to train on: --corpus [DOMAIN=]SOURCE, for example builtin:prose")
        if self.dtype not in DTYPES:
            raise UsageError(f"--dtype {self.dtype}: choose one of {', '.join(DTYPES)}")
        if self.sequences < 1:
            raise UsageError(f"--batch {self.sequences}: it must be 1 or more sequences")
        if self.checkpoint_every is not None and self.checkpoint_every < 1:
            raise UsageError(f"--checkpoint-every {self.checkpoint_every}: it must be 1 or more steps")
        if not 0 <= self.attention_from < self.size.layers:
            raise UsageError(
                f"--attention-from {self.attention_from} is no layer; there are 0 to {self.size.layers - 1}"
            )
        if self.smooth_positions < 0:
            raise UsageError(f"--smooth-positions {self.smooth_positions}: it must not be negative")
        if self.smooth_positions and not self.positions:
            raise UsageError("--smooth-positions and --no-positions do not go together; drop one")
        sparsity = self.schedule.sparsity
        if sparsity and len(sparsity) != self.size.layers:
            raise UsageError(
                f"--sparsity has {len(sparsity)} weights for {self.size.layers} layers; give one, or one each"
            )


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a training tells while it runs: a line on what it is doing, and each step's progress."""

    stage: Callable[[str], None]
    step: Callable[[Progress], None]


def train_model(request: TrainingRequest, watcher: Watcher) -> Progress:
    """Train a tokeniser and a model and write both to `request.output`.

    The directory receives `model.safetensors` and the rest only when the training is complete; until then, and
    after an interruption, it holds `checkpoints/step_...`, each a directory that transformers loads.

    Raises
    ------
    UsageError
        Options that do not fit together, or no such device.
    InputError
        The output directory holds something already; or a corpus that cannot be used (`CorpusError`).
    KeyboardInterrupt
        Passed on, after the model as it stands was saved as a checkpoint.
    """
    device = _device(request.device)
    _check_free(request.output, overwrite=request.overwrite)
    sources = _sources(request.corpus)

    watcher.stage(f"training a tokeniser of {request.size.vocabulary} tokens")
    texts = (text for names in sources.values() for text in _sample(names))
    tokenizer = train_tokenizer(texts, request.size.vocabulary, request.size.context_length)
    streams = []
    for domain, names in sources.items():
        streams.append(token_stream(domain, _documents(names), tokenizer))
        watcher.stage(f"{domain}: {streams[-1].tokens.size:,} tokens")

    # The tokeniser may have found less to merge than it was allowed; the model is as asked all the same.
    model = new_model(
        request.size,
        request.seed,
        positions=request.positions,
        smooth_positions=request.smooth_positions,
        attention_from=request.attention_from,
        norm_before=request.norm_before,
    )
    watcher.stage(f"training {sum(parameter.numel() for parameter in model.parameters()):,} parameters on {device}")
    # An earlier training there goes only now that the text has turned out to be usable.
    _clear_checkpoints(request.output)
    changes.make_folders(request.output, changes.SHARED_FOLDER)
    batches = Batches(streams, request.size.context_length, request.sequences, request.seed)
    latest = Progress(0, 0, math.nan, 0.0, 0.0, 0.0)

    def save(directory: Path) -> None:
        record = {"complete": latest.done >= 1, "reached": asdict(latest), "request": _plain(request)}
        _save(model, tokenizer, directory, request.dtype, record)

    def after_step(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        if request.checkpoint_every and progress.step % request.checkpoint_every == 0:
            save(_checkpoint(request.output, progress.step))
        watcher.step(progress)

    try:
        optimise(model, batches, request.schedule, device=device, after_step=after_step)
    except KeyboardInterrupt:
        if latest.step:
            save(_checkpoint(request.output, latest.step))
        raise
    save(request.output)
    return latest


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA fails an assertion
        raise UsageError(f"--device {name}: this machine has no such device; use cpu, cuda or cuda:K") from error
    return device


def _check_free(output: Path, *, overwrite: bool) -> None:
    if output.exists() and not output.is_dir():
        raise InputError(f"--output {output} is a file; name a directory")
    if not output.is_dir() or not any(output.iterdir()):
        return
    if not overwrite:
        raise InputError(f"--output {output} is not empty; choose another directory, or add --overwrite")
    if not (output / RECORD).exists() and not any(output.glob(f"{CHECKPOINTS}/*/{RECORD}")):
        raise InputError(f"--output {output} holds no earlier training; empty it yourself, or choose another")


def _clear_checkpoints(output: Path) -> None:
    """Delete an earlier training's checkpoints; its model stays until the new one takes its place, file by file."""
    for checkpoint in output.glob(f"{CHECKPOINTS}/step_*"):
        if (checkpoint / RECORD).exists():
            changes.remove_tree(checkpoint, last=RECORD)
    for unfinished in output.glob(f"{CHECKPOINTS}/.step_*.writing"):
        changes.remove_tree(unfinished)
    with contextlib.suppress(OSError):
        changes.remove_folder(output / CHECKPOINTS)


def _sources(arguments: tuple[str, ...]) -> dict[str, list[str]]:
    """Sources of each domain, in the order given."""
    sources: dict[str, list[str]] = {}
    for argument in map(parse_corpus_argument, arguments):
        sources.setdefault(argument.domain, []).append(argument.source)
    return sources


def _documents(sources: list[str]) -> Iterator[str]:
    for source in sources:
        yield from documents(source)


def _sample(sources: list[str]) -> Iterator[str]:
    """Every k-th document, so that they come to about TOKENIZER_CHARACTERS."""
    characters = sum(map(len, _documents(sources)))
    stride = max(1, round(characters / TOKENIZER_CHARACTERS))
    for index, text in enumerate(_documents(sources)):
        if index % stride == 0:
            yield text


def _checkpoint(output: Path, step: int) -> Path:
    return output / CHECKPOINTS / f"step_{step:07d}"


def _save(
    model: OPTForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    directory: Path,
    dtype: str,
    record: dict[str, object],
) -> None:
    """Write into a directory beside it first: whoever reads `directory` finds whole files or none.

    While they take the place of an earlier training's one by one, the record there says that it is not complete.
    """
    temporary = directory.parent / f".{directory.name}.writing"
    with disk_full_named(directory):
        _write_beside(temporary, model, tokenizer, dtype, record)
        changes.make_folders(directory, changes.SHARED_FOLDER)
        write_text(directory / RECORD, _json(record | {"complete": False}), changes.SHARED)
        paths = sorted(temporary.iterdir(), key=lambda path: path.name == RECORD)
        for path in paths:
            sync_file(path)
        for path in paths:
            if path.name == RECORD:
                changes.sync_folder(directory)
            changes.rename(path, directory / path.name)
        changes.sync_folder(directory)
        changes.remove_folder(temporary)


def _write_beside(
    temporary: Path,
    model: OPTForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    dtype: str,
    record: dict[str, object],
) -> None:
    import torch
    from safetensors.torch import save as safetensors

    if temporary.exists():
        changes.remove_tree(temporary)
    changes.make_folders(temporary, changes.SHARED_FOLDER)
    saved_as: torch.dtype = getattr(torch, dtype)
    weights = {name: tensor.detach().to("cpu", saved_as).contiguous() for name, tensor in model.state_dict().items()}
    weights.pop("lm_head.weight", None)  # tied to the embeddings; from_pretrained ties it again
    # transformers refuses files without this mark.
    write_bytes(temporary / "model.safetensors", safetensors(weights, metadata={"format": "pt"}), changes.SHARED)
    # The configuration names the type of the saved weights, which is not that of the ones being trained.
    config = model.config.to_dict() | {"dtype": dtype, "architectures": ["OPTForCausalLM"]}
    _write_json(temporary / "config.json", config)
    tokenizer.save_pretrained(temporary)
    # The name that every version of transformers knows for a tokeniser that is all in tokenizer.json.
    described = temporary / "tokenizer_config.json"
    tokenizer_config = json.loads(described.read_text("utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    _write_json(described, tokenizer_config)
    _write_json(temporary / RECORD, record)


def _write_json(path: Path, content: dict[str, object]) -> None:
    write_bytes(path, _json(content).encode(), changes.SHARED)


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _plain(request: TrainingRequest) -> dict[str, object]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(request).items()}
