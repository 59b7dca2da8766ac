"""What the disk says of a form: whether its model, its texts and the name of its run can be used. For threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuron_tui.store.runs.job import JOB_FILE
from neuron_tui.store.runs.manifest import MANIFEST
from neuron_tui.store.runs.option_texts import read_option
from neuron_tui.tui.forms.extraction_form import Complaint, FormValues, proposed_name
from neuron_tui.tui.forms.local_models import ModelCheck, check_model
from neuron_tui.tui.forms.local_text import SourceCheck, check_source


@dataclass(frozen=True, slots=True)
class DiskCheck:
    """`sources` go with the parts of the corpus; `free` is a name that no run has; `taken` why the typed one is."""

    model: ModelCheck
    sources: tuple[SourceCheck, ...]
    free: str
    taken: str | None


def check_on_disk(values: FormValues, runs_dir: Path) -> DiskCheck:
    """Look at everything a form names."""
    return DiskCheck(
        check_model(values["model"].strip()),
        tuple(check_source(part.source.strip()) for part in values.corpus),
        free_name(runs_dir, proposed_name(values)),
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


def free_name(runs_dir: Path, stem: str) -> str:
    """A name that nothing in the runs directory has: the stem alone, or with a number after it."""
    name, attempt = stem, 2
    while _is_used(runs_dir / name):
        name = f"{stem}-{attempt}"
        attempt += 1
    return name


def _is_used(folder: Path) -> bool:
    try:
        return folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None)
    except (OSError, ValueError):
        return False


def _taken(runs_dir: Path, name: str) -> str | None:
    if not name or "/" in name or not _is_used(runs_dir / name):
        return None
    free = f"Free is {free_name(runs_dir, name)}"
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
