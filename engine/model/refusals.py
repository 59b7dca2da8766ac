"""Checkpoints that cannot be read, told by their files and config.json: each is refused by name, with what to do."""

from __future__ import annotations

import re
from pathlib import Path

from neuron_tui.store.errors import CheckpointError


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
