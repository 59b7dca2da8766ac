"""MODEL to a directory of files: a built-in name, a local checkpoint, or a Hugging Face id."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuron_tui.engine.model.refusals import refuse_folder, refuse_special_files
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.tokens import printable

BUILTIN_MODELS = Path(__file__).parents[1] / "builtin_models"

SAFETENSORS, SAFETENSORS_INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLE, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
_SMALL_FILES = ("*.json", "*.txt", "*.model")

_LARGEST_JSON = 256 << 20
"""Bytes of a configuration or an index at most: the largest indexes have a hundredth of that."""


@dataclass(frozen=True, slots=True)
class CheckpointFiles:
    """A checkpoint on disk. `weights` are safetensors files, or pickle files if `pickled`."""

    name: str
    folder: Path
    weights: tuple[Path, ...]
    pickled: bool


def builtin_names() -> tuple[str, ...]:
    """Names of the models that come with the program."""
    return tuple(sorted(p.parent.name for p in BUILTIN_MODELS.glob("*/config.json")))


def locate(model: str, allow_pickle: bool) -> CheckpointFiles:
    """Find the files of a model, fetching them from the hub if need be.

    Parameters
    ----------
    model
        A built-in name, a directory, or a Hugging Face id, with `@REVISION` if not the main one.
    allow_pickle
        Take pickled weights where there are no others.

    Raises
    ------
    CheckpointError
        There is no such model, files are missing, or its weights are pickled and not allowed.
    """
    folder = Path(model).expanduser()
    if model in builtin_names():
        folder = BUILTIN_MODELS / model
    elif not _is_folder(folder):
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?", model) or model.startswith((".", "/")):
            raise CheckpointError(
                f"model {_in_one_line(model)}: there is no such directory\nName a checkpoint directory, a Hugging Face "
                f"id, or one that comes with the program: {', '.join(builtin_names())}."
            )
        folder = _from_hub(model, allow_pickle)
    if "\n" in model or "\r" in model:
        raise CheckpointError(f"model {_in_one_line(model)}: its name has a line end in it\nRename the directory.")
    refuse_special_files(model, folder)
    if not (folder / "config.json").is_file():
        refuse_folder(model, folder)
        raise CheckpointError(
            f"model {model}: no config.json in {folder}\nName the directory that holds the checkpoint."
        )
    weights, pickled = _weights(model, folder, allow_pickle)
    return CheckpointFiles(model if folder.parent != BUILTIN_MODELS else folder.name, folder, weights, pickled)


def read_config(files: CheckpointFiles) -> dict[str, Any]:
    """config.json as plain values; raises CheckpointError if it is not a JSON object."""
    return _read_json(files.name, files.folder / "config.json")


def _read_json(model: str, path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST_JSON else None
        values = None if content is None else json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"model {model}: {path.name} is not valid JSON ({str(error)[:160]})\nFetch it again."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"model {model}: {path.name} cannot be read ({error.strerror})\nChange its permissions, or fetch it again."
        ) from error
    if content is None:
        raise CheckpointError(f"model {model}: {path.name} is too large to be one\nFetch it again.")
    if not isinstance(values, dict):
        raise CheckpointError(f"model {model}: {path.name} is not a JSON object\nFetch it again.")
    return values


def _weights(model: str, folder: Path, allow_pickle: bool) -> tuple[tuple[Path, ...], bool]:
    for single, index, pickled in ((SAFETENSORS, SAFETENSORS_INDEX, False), (PICKLE, PICKLE_INDEX, True)):
        if (folder / index).is_file():
            shards = _read_json(model, folder / index).get("weight_map")
            if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
                raise CheckpointError(f"model {model}: {index} has no weight_map\nFetch it again.")
            names = sorted(set(shards.values()))
        elif (folder / single).is_file():
            names = [single]
        else:
            continue
        if pickled and not allow_pickle:
            raise CheckpointError(
                f"model {model}: its weights are pickle files ({names[0]}), which can hold more than weights\n"
                "If you trust where they come from, add --allow-pickle: they are then loaded as weights only."
            )
        for name in names:
            # An index may come from anyone: a shard's name must not lead out of the directory.
            if Path(name).name != name or not _is_file(folder / name):
                raise CheckpointError(
                    f"model {model}: the weight file {_in_one_line(name)} is missing in {folder}\nFetch it again."
                )
        return tuple(folder / name for name in names), pickled
    raise CheckpointError(
        f"model {model}: no weights in {folder}\nExpected {SAFETENSORS} or {PICKLE}, whole or in shards."
    )


def _from_hub(model: str, allow_pickle: bool) -> Path:
    from huggingface_hub import is_offline_mode, snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    name, _, revision = model.partition("@")

    def fetch(*patterns: str, local: bool = False) -> Path:
        return Path(
            snapshot_download(name, revision=revision or None, allow_patterns=list(patterns), local_files_only=local)
        )

    try:
        # What the cache already holds needs no network, and must not: GPU boxes are often offline.
        folder = fetch(*_SMALL_FILES, local=True)
        if _holds_weights(folder):
            _weights(model, folder, allow_pickle=True)  # a cache that lacks a shard is completed below
            return folder
    except (LocalEntryNotFoundError, HFValidationError, CheckpointError, OSError):
        pass
    try:
        folder = fetch(*_SMALL_FILES, "*.safetensors")
        if not _holds_weights(folder) and allow_pickle:
            folder = fetch(*_SMALL_FILES, "pytorch_model*.bin")
        if not _holds_weights(folder) and not allow_pickle:
            raise CheckpointError(
                f"model {model}: it has no safetensors weights on the hub\n"
                "Most likely it has pickle files: if you trust where they come from, add --allow-pickle."
            )
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CheckpointError(
            f"model {_in_one_line(model)}: no such directory here and no such model on the Hugging Face hub\n"
            f"Check the spelling; a gated model needs `hf auth login`. Built in: {', '.join(builtin_names())}."
        ) from error
    except (HfHubHTTPError, OSError) as error:
        reason = "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set" if is_offline_mode() else type(error).__name__
        raise CheckpointError(
            f"model {_in_one_line(model)}: not in the local cache, and the hub cannot be reached ({reason})\n"
            "Copy the checkpoint here and name its directory, or set HF_HOME to a cache that holds it."
        ) from error
    return folder


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, a folder that may not be looked into
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _in_one_line(name: str) -> str:
    """A name of somebody else's as a message may hold it."""
    shown = printable(name)
    return shown if len(shown) <= 200 else f"{shown[:100]}…{shown[-60:]}"


def _holds_weights(folder: Path) -> bool:
    return any((folder / name).exists() for name in (SAFETENSORS, SAFETENSORS_INDEX, PICKLE, PICKLE_INDEX))
