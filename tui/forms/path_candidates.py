"""What a half-typed path could become. For threads: a directory may be huge, or far away."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES, kind_of, local_path

MOST = 500
"""Candidates given at most."""

_ENTRIES = 20_000
"""Entries of a directory looked at; what comes after is not offered."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a field could hold, how a list shows it, and what there is to say of it."""

    text: str
    note: str = ""
    label: str = ""

    @property
    def shown(self) -> str:
        """The label, or else the text."""
        return self.label or self.text


Completion = Callable[[str], list[Candidate]]
"""From what is typed to what it could become, best first; waits for files, so for threads."""


def paths(typed: str, wanted: Callable[[str], bool]) -> list[Candidate]:
    """Directories, and the files whose name is wanted, that begin with what is typed, by name.

    Directories end in a slash, so that typing can go on. Hidden ones come once a dot is typed. The beginning stays as
    it was typed, `~` too.
    """
    if typed in ("~", ".", ".."):
        return [Candidate(f"{typed}/")]
    head, slash, tail = typed.rpartition("/")
    folder = local_path(head + slash) if slash else local_path(".")
    directories, files = list[str](), list[str]()
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(_ENTRIES), strict=False):
                name = entry.name
                if not name.startswith(tail) or (name.startswith(".") and not tail.startswith(".")):
                    continue
                if _is_directory(entry):
                    directories.append(name)
                elif wanted(name):
                    files.append(name)
    except (OSError, ValueError):
        return []
    start = head + slash
    names = [*(f"{name}/" for name in sorted(directories)), *sorted(files)]
    return [Candidate(start + name, label=name) for name in names[:MOST]]


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def text_sources(typed: str) -> list[Candidate]:
    """Sources of a corpus that begin with what is typed: built-in ones, then directories and files of text."""
    builtin = _beginning(typed, (Candidate(source, "built-in text") for source in BUILTIN_SOURCES))
    if typed.startswith(("builtin:", "hf:")):
        return builtin
    return [*builtin, *paths(typed, lambda name: kind_of(name) is not None)]


def models(typed: str, known: Iterable[Candidate]) -> list[Candidate]:
    """Models that begin with what is typed: known ones, then directories."""
    return [*_beginning(typed, known), *paths(typed, lambda name: False)]


def one_of(*values: str) -> Completion:
    """Completion among a few values."""
    return lambda typed: _beginning(typed, (Candidate(value) for value in values))


def _beginning(typed: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate.text.startswith(typed)]
