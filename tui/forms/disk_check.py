"""What the disk says of a form: whether its model, its texts and the name of its run can be used. For threads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuron_tui.store.runs.corpus_argument import BUILTIN_SOURCES, is_hidden, kind_of, local_path
from neuron_tui.store.runs.job import JOB_FILE
from neuron_tui.store.runs.manifest import MANIFEST
from neuron_tui.store.runs.option_texts import read_option
from neuron_tui.store.wording import count_noun, free_name, short_count, size_text
from neuron_tui.tui.forms.extraction_form import Complaint, FormValues, proposed_name
from neuron_tui.tui.forms.local_models import ModelCheck, check_model

_ENTRIES = 200_000
"""Entries of directories after which counting stops."""

_KINDS = "Read are .txt, .md, code, .jsonl, .csv (also .gz, .zst) and .parquet, or a directory of them."


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a source is, in a few words, or why it cannot be used. `directory`: its files are still to be counted."""

    note: str = ""
    problem: str | None = None
    directory: bool = False


@dataclass(frozen=True, slots=True)
class DiskCheck:
    """`sources` go with the parts of the corpus; `free` is a name that no run has; `taken` why the typed one is."""

    model: ModelCheck
    sources: tuple[SourceCheck, ...]
    free: str
    taken: str | None


def check_on_disk(values: FormValues, runs_dir: Path, counted: Mapping[str, SourceCheck]) -> DiskCheck:
    """Look at everything a form names; the text of some directories has been counted before."""
    return DiskCheck(
        check_model(values["model"].strip()),
        tuple(check_source(source, counted) for source in values.sources),
        free_name(proposed_name(values), lambda name: _is_used(runs_dir / name)),
        _taken(runs_dir, values["name"].strip()),
    )


def carried_over(check: DiskCheck, before: FormValues, after: FormValues) -> DiskCheck:
    """What holds of a changed form until it is looked at: sources keep theirs when rows come or go."""
    seen = {part.source: source for part, source in zip(before.corpus, check.sources, strict=True)}
    same = len(before.corpus) == len(after.corpus)
    sources = tuple(
        seen.get(part.source) or (check.sources[row] if same else SourceCheck())
        for row, part in enumerate(after.corpus)
    )
    return replace(check, sources=sources)


def _is_used(folder: Path) -> bool:
    try:
        return folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None)
    except (OSError, ValueError):
        return False


def _taken(runs_dir: Path, name: str) -> str | None:
    if not name or "/" in name or not _is_used(runs_dir / name):
        return None
    free = f"Free is {free_name(name, lambda other: _is_used(runs_dir / other))}"
    if any((runs_dir / name / file).exists() for file in (MANIFEST, JOB_FILE)):
        return f"A run of that name exists. {free}; a run that is partial goes on from the list of runs."
    return f"A folder of that name exists in the runs directory and is no run. {free}."


def complaints_of(values: FormValues, check: DiskCheck) -> Iterator[Complaint]:
    """What is wrong with a form by what the disk says of it."""
    model = check.model
    if model.problem is not None:
        yield Complaint("model", model.problem)
    elif model.pickled and not values["allow_pickle"]:
        yield Complaint(
            "model",
            "All its weights are pickle files, which can hold more than weights. If you trust where they come from, "
            "tick the box below.",
        )
    for row, source in enumerate(check.sources):
        if source.problem is not None:
            yield Complaint("corpus", source.problem, row)
    length, layers = _value(values, "context_length"), _value(values, "layers")
    if length and model.context_length is not None and length > model.context_length:
        yield Complaint("context-length", f"at most {model.context_length:,}, the model's own")
    if layers and model.layers is not None and layers[-1] >= model.layers:
        yield Complaint("layers", f"no layer {layers[-1]}: the model has 0 to {model.layers - 1}")
    if check.taken is not None:
        yield Complaint("name", check.taken)


def _value(values: FormValues, name: str) -> Any:  # noqa: ANN401 - whatever the option holds; None if it cannot be read
    try:
        return read_option(name, values[name])
    except ValueError:
        return None


# The sources of a corpus.


def check_source(source: str, counted: Mapping[str, SourceCheck]) -> SourceCheck:
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
        return counted.get(source) or SourceCheck("a directory", directory=True)
    if not stat.S_ISREG(found.st_mode):
        return SourceCheck(problem=f"Not a file of text. {_KINDS}")
    if kind_of(path.name) is None:
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
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not is_hidden(name)]
        entries += len(names) + 1
        for name in names:
            if not is_hidden(name) and kind_of(name) is not None:
                try:
                    size += (Path(folder) / name).stat().st_size
                except OSError:  # gone since it was listed, or a link to nothing
                    continue
                files += 1
        if stopped():
            return None
        if entries > _ENTRIES:
            over = f"over {count_noun(files, 'file')}" if files < 1000 else f"over {short_count(files)} files"
            return SourceCheck(f"{over}, {size_text(size)}" if files else "a very large directory")
    if not files:
        return SourceCheck(problem="No file below this directory that is read, such as .txt or .jsonl.")
    shown = count_noun(files, "file") if files < 1000 else f"{short_count(files)} files"
    return SourceCheck(f"{shown}, {size_text(size)}")
