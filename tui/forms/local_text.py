"""What lies behind the source of a corpus, told cheaply: for threads, as any file system may be slow."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES, SUFFIXES, local_path
from neuron_tui.store.wording import number, short_count, size_text

_ENTRIES = 200_000
"""Entries of directories after which counting stops."""

_KINDS = "A .txt or .jsonl file is read (also .gz), or a directory of them."


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a source is, in a few words, or why it cannot be used. `directory`: its files are still to be counted."""

    note: str = ""
    problem: str | None = None
    directory: bool = False


def check_source(source: str) -> SourceCheck:
    """What is known of a source at a glance."""
    if not source:
        return SourceCheck()
    if source in BUILTIN_SOURCES:
        return SourceCheck("built-in text")
    if source.startswith("builtin:"):
        return SourceCheck()
    if source.startswith("hf:"):
        return SourceCheck("a Hugging Face dataset")
    path = local_path(source)
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        return SourceCheck(problem=_why_not(source, error))
    if stat.S_ISDIR(found.st_mode):
        return SourceCheck("a directory", directory=True)
    if not stat.S_ISREG(found.st_mode):
        return SourceCheck(problem=f"Not a file of text. {_KINDS}")
    if not path.name.endswith(SUFFIXES):
        return SourceCheck(problem=f"Not a kind of file that is read. {_KINDS}")
    if not found.st_size:
        return SourceCheck(problem="The file is empty.")
    if not os.access(path, os.R_OK):
        return SourceCheck(problem="No permission to read this file.")
    return SourceCheck(size_text(found.st_size))


def _why_not(source: str, error: OSError | ValueError) -> str:
    builtin = f"builtin:{source}"
    if builtin in BUILTIN_SOURCES:
        return f"There is no such file or directory. The built-in text is {builtin}."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "There is no such file or directory."
    if isinstance(error, PermissionError):
        return "No permission to look there."
    return "This is no path that can be read."


def count_text(source: str, stopped: Callable[[], bool]) -> SourceCheck | None:
    """How much text a directory holds; None if `stopped` said so meanwhile."""
    path = local_path(source)
    files = size = entries = 0
    for folder, _, names in os.walk(path):
        entries += len(names) + 1
        for name in names:
            if name.endswith(SUFFIXES):
                try:
                    size += (Path(folder) / name).stat().st_size
                except OSError:  # gone since it was listed, or a link to nothing
                    continue
                files += 1
        if stopped():
            return None
        if entries > _ENTRIES:
            over = f"over {number(files, 'file')}" if files < 1000 else f"over {short_count(files)} files"
            return SourceCheck(f"{over}, {size_text(size)}" if files else "a very large directory")
    if not files:
        return SourceCheck(problem="No .txt or .jsonl file below this directory.")
    shown = number(files, "file") if files < 1000 else f"{short_count(files)} files"
    return SourceCheck(f"{shown}, {size_text(size)}")
