"""Names of files to be written: the suffix decides what is written, and no file is replaced."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def objection_to_name(name: str, suffixes: Iterable[str]) -> str:
    """What is wrong with writing to a file of that name, one of `suffixes` at its end; empty if nothing is."""
    path = Path(name.strip()).expanduser()
    if path.suffix.lower() not in suffixes:
        return f"The name must end in one of {' '.join(suffixes)}."
    if path.exists():
        return f"{path} exists. Type another name."
    return "" if path.parent.is_dir() else f"There is no directory {path.parent}."
