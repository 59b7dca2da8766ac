"""Checkpoints that cannot be read, told by their files and config.json: each is refused by name, with what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path

from neuron_tui.store.errors import CheckpointError

_SAFE = ("model.safetensors", "model.safetensors.index.json")
_PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_READ = (
    "config.json",
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.json", "merges.txt", "chat_template.jinja"),
)
"""What is read of a checkpoint, by us or by transformers, where it is there."""


def refuse_special_files(model: str, folder: Path) -> None:
    """Raise CheckpointError for what would be read and is no file: a pipe, a device, a link that leads nowhere."""
    safe = any(os.path.isfile(folder / name) for name in _SAFE)  # noqa: PTH113 - as below
    # Beside safetensors pickled weights are not looked at: people delete them from a cache and leave the links.
    for name in (*_READ, *_SAFE, *(() if safe else _PICKLED)):
        path = folder / name
        if os.path.lexists(path) and not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for some links
            what = "a directory" if os.path.isdir(path) else "a pipe, a device or a broken link"  # noqa: PTH112
            raise CheckpointError(f"model {model}: {name} is {what}, not a file\nFetch it again.")


def refuse_folder(model: str, folder: Path) -> None:
    """Raise CheckpointError for a folder without config.json that holds an adapter or a trainer's checkpoints."""
    if (folder / "adapter_config.json").is_file():
        raise CheckpointError(
            f"model {model}: it is a PEFT adapter, not a whole model\n"
            "Merge it into its base model (merge_and_unload, then save_pretrained) and name that folder."
        )
    steps = [int(p.name[11:]) for p in folder.iterdir() if re.fullmatch(r"checkpoint-[0-9]{1,18}", p.name)]
    if steps:
        raise CheckpointError(
            f"model {model}: it is a trainer's folder, its checkpoints are inside\n"
            f"Name one of them, such as {folder / f'checkpoint-{max(steps)}'}."
        )
