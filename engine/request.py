"""What an extraction is asked to do, and what that comes to for a given model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch

from neuron_tui.engine.model.locate import builtin_names
from neuron_tui.engine.model.opt import OptFamily
from neuron_tui.store.errors import InputError, UsageError, concerning
from neuron_tui.store.runs.corpus_argument import CorpusArgument, is_text, parse_corpus_argument
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.wording import show_layers

DEFAULT_BATCH_TOKENS = {"cpu": 4096, "cuda": 32768}

Keep = Literal["auto", "always", "never"]
_KEPT_BY_ITSELF = 256 << 20
"""`auto` keeps the bits of a run that has at most this many bytes of them."""


@dataclass(frozen=True, slots=True)
class ExtractionRequest:
    """The arguments of `extract`; each option of the command under its own name.

    `tokens` None takes the whole corpus, `context_length` None the model's, `layers` None all of them,
    `batch_tokens` None what suits the device, `memory` (bytes) None most of what is free.
    """

    model: str
    corpus: tuple[str, ...]
    name: str
    runs_dir: Path
    tokens: int | None = None
    context_length: int | None = None
    layers: tuple[int, ...] | None = None
    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: int | None = None
    memory: int | None = None
    keep_activations: Keep = "auto"
    allow_pickle: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for what no model or machine could make sense of, InputError for what cannot be written."""
        with concerning("model"):
            if not is_text(self.model):
                raise InputError(
                    f"the model {self.model!r} has no name in UTF-8, which run.json is written in\nRename it."
                )
        with concerning("corpus"):
            if not self.corpus:
                raise UsageError("no corpus is named\nName at least one: --corpus [DOMAIN=]SOURCE.")
        for option, value in (("tokens", self.tokens), ("batch-tokens", self.batch_tokens)):
            with concerning(option):
                if value is not None and value < 1:
                    raise UsageError(f"--{option} is {value}; it must be at least 1")
        with concerning("context-length"):
            if self.context_length is not None and self.context_length < 2:
                raise UsageError(
                    f"--context-length is {self.context_length}; a sequence is BOS and at least one token: 2"
                )

    @property
    def corpus_arguments(self) -> tuple[CorpusArgument, ...]:
        """The corpus arguments, parsed; raises UsageError or InputError."""
        return tuple(parse_corpus_argument(argument) for argument in self.corpus)

    def arguments(self) -> tuple[str, ...]:
        """The same as arguments of the command `extract`, without --runs-dir and with absolute paths."""
        folder = Path(self.model).expanduser()
        parts = [str(folder.absolute()) if self.model not in builtin_names() and folder.is_dir() else self.model]
        for source in self.corpus_arguments:
            parts += ["--corpus", str(source)]
        options = {
            "name": self.name,
            "tokens": self.tokens,
            "context-length": self.context_length,
            "layers": None if self.layers is None else show_layers(self.layers),
            "device": None if self.device == "auto" else self.device,
            "dtype": None if self.dtype == "auto" else self.dtype,
            "batch-tokens": self.batch_tokens,
            "memory": self.memory,
            "keep-activations": None if self.keep_activations == "auto" else self.keep_activations,
        }
        for option, value in options.items():
            parts += [] if value is None else [f"--{option}", str(value)]
        parts += ["--allow-pickle"] * self.allow_pickle + ["--overwrite"] * self.overwrite
        return tuple(parts)


def choose_device(device: str) -> torch.device:
    """`auto`, `cpu` or `cuda[:K]` to a device; raises UsageError or InputError."""
    if device == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"--device {device} is not known\nChoose auto, cpu, cuda or cuda:K.") from error
    if chosen.type not in ("cpu", "cuda"):
        raise UsageError(f"--device {device} cannot be used\nChoose auto, cpu, cuda or cuda:K.")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"--device {device}: this machine has {torch.cuda.device_count()} CUDA devices\nUse --device cpu."
        )
    return chosen


def resolve_options(
    request: ExtractionRequest, family: OptFamily, config: dict[str, Any], device: torch.device
) -> RunOptions:
    """Settle everything that decides the results.

    Raises
    ------
    UsageError
        A layer or a dtype that there is not.
    InputError
        The context length is over the model's.
    """
    with concerning("context-length"):
        length = _choose_context_length(request.context_length, family.context_length)
    with concerning("layers"):
        layers = _choose_layers(request.layers, len(family.layers))
    with concerning("dtype"):
        dtype = _choose_dtype(request.dtype, config, device)
    return RunOptions(
        corpus=tuple(str(argument) for argument in request.corpus_arguments),
        tokens=request.tokens,
        context_length=length,
        layers=layers,
        dtype=dtype,
        keep_activations=request.keep_activations,
        batch_tokens=request.batch_tokens or DEFAULT_BATCH_TOKENS[device.type],
    )


def differing(old: RunOptions, new: RunOptions) -> list[str]:
    """Options that decide the results and differ, in words. Batch size follows the run that is resumed."""
    return [
        f"{name.replace('_', '-')} ({_show(before)} there, {_show(now)} now)"
        for name in RunOptions.model_fields
        if name != "batch_tokens" and (before := getattr(old, name)) != (now := getattr(new, name))
    ]


def keeps_activations(keep: Keep, positions: int, neurons: int, layers: int) -> bool:
    """Whether the bits of every layer are stored with it."""
    return keep == "always" or (keep == "auto" and positions * neurons * layers // 8 <= _KEPT_BY_ITSELF)


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


def _choose_dtype(
    dtype: str, config: dict[str, Any], device: torch.device
) -> Literal["float32", "float16", "bfloat16"]:
    if dtype == "auto":
        own = str(config.get("dtype", config.get("torch_dtype", "float32"))).removeprefix("torch.")
        dtype = own if device.type == "cuda" and own in ("float16", "bfloat16") else "float32"
    if dtype not in ("float32", "float16", "bfloat16"):
        raise UsageError(f"--dtype {dtype} is not known\nChoose auto, float32, float16 or bfloat16.")
    return cast(Literal["float32", "float16", "bfloat16"], dtype)


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(v) for v in value)
    return "all" if value is None else str(value)
