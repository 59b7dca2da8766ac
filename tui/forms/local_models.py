"""Models that this machine has: directories of checkpoints, and the Hugging Face cache. For threads."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.corpus_argument import local_path
from neuron_tui.store.runs.option_texts import from_arguments
from neuron_tui.store.runs.options import BUILTIN_MODELS, is_path
from neuron_tui.tui.forms.extraction_form import is_hub_id

_SAFE = ("model.safetensors", "model.safetensors.index.json")
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_LARGEST_CONFIG = 1 << 20
_MOST_CACHED = 1000


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What a model is, in a few words, or why it cannot be used.

    `pickled`: all its weights are pickle files. `layers` and `context_length` are None where not known.
    """

    note: str = ""
    problem: str | None = None
    pickled: bool = False
    layers: int | None = None
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model to offer, and where it is known from."""

    name: str
    origin: str


def cache_folder() -> Path:
    """Where the Hugging Face libraries keep what they fetched, by their own variables."""
    if given := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return local_path(given)
    if given := os.environ.get("HF_HOME"):
        return local_path(given) / "hub"
    return local_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def cached_models() -> list[str]:
    """Ids of the models in the Hugging Face cache, by name."""
    try:
        with os.scandir(cache_folder()) as entries:
            names = [entry.name for entry, _ in zip(entries, range(100 * _MOST_CACHED), strict=False)]
    except OSError:
        return []
    found = (name.removeprefix("models--").replace("--", "/") for name in names if name.startswith("models--"))
    return sorted(found)[:_MOST_CACHED]


def known_models(runs: list[RunSummary]) -> list[KnownModel]:
    """The built-in models, those of earlier runs, those of the cache; each once, by where it was first met."""
    known = dict.fromkeys(BUILTIN_MODELS, "built in")
    for run in runs:
        name = run.manifest.model.name if run.manifest else ""
        if not name and run.job:
            name = from_arguments(run.job.job.arguments).typed["model"]
        if name:
            known.setdefault(name, f"of the run {run.name}")
    for name in cached_models():
        known.setdefault(name, "in the cache")
    return [KnownModel(name, origin) for name, origin in known.items()]


def check_model(text: str) -> ModelCheck:
    """What is known of a model without fetching or loading anything."""
    if not text:
        return ModelCheck()
    if text in BUILTIN_MODELS:
        return ModelCheck("built in")
    folder = local_path(text)
    try:
        if folder.is_dir():
            return _checkpoint(folder, "a checkpoint directory")
    except (OSError, ValueError):
        return ModelCheck(problem="This is no path that can be read.")
    if folder.exists():
        return ModelCheck(problem="This is a file; name the directory it lies in.")
    if is_path(text) or not is_hub_id(text):
        return ModelCheck(problem="There is no such directory.")
    return _cached(text)


def _cached(text: str) -> ModelCheck:
    name, _, revision = text.partition("@")
    folder = cache_folder() / f"models--{name.replace('/', '--')}"
    if folder.is_dir():
        revision = revision or "main"
        reference = folder / "refs" / revision
        with contextlib.suppress(OSError, ValueError):
            revision = reference.read_text(encoding="ascii").strip() if reference.is_file() else revision
        snapshot = folder / "snapshots" / revision
        if re.fullmatch(r"[\w.-]+", revision) and (snapshot / "config.json").is_file():
            check = _checkpoint(snapshot, "in the Hugging Face cache")
            if check.problem is None:
                return check
        return ModelCheck("in part in the cache; the rest is fetched from the Hugging Face hub")
    return ModelCheck("not on this machine; it is fetched from the Hugging Face hub")


def _checkpoint(folder: Path, what: str) -> ModelCheck:
    if not (folder / "config.json").is_file():
        return ModelCheck(problem="No config.json in this directory: it is no checkpoint.")
    safe = any((folder / name).exists() for name in _SAFE)
    pickled = any((folder / name).exists() for name in _PICKLED)
    if not safe and not pickled:
        return ModelCheck(problem=f"No weights in it: neither {_SAFE[0]} nor {_PICKLED[0]}.")
    config = _config(folder / "config.json")
    layers, length = config.get("num_hidden_layers"), config.get("max_position_embeddings")
    known = ModelCheck(
        pickled=not safe,
        layers=layers if isinstance(layers, int) and layers > 0 else None,
        context_length=length if isinstance(length, int) and length > 1 else None,
    )
    shape = [f"{known.layers} layers"] if known.layers else []
    weights = ["pickled weights"] if known.pickled else []
    return ModelCheck(", ".join((what, *shape, *weights)), None, known.pickled, known.layers, known.context_length)


def _config(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_LARGEST_CONFIG))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
