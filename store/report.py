"""Reports of neurons, written record by record: Markdown, JSON, JSON lines and CSV."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import InputError, NeuronNotFoundError, UsageError
from neuron_tui.store.files import disk_full_named, replacing
from neuron_tui.store.report_data import write_csv, write_json, write_jsonl
from neuron_tui.store.report_markdown import write_markdown
from neuron_tui.store.run import Run

FORMATS = ("md", "html", "json", "jsonl", "csv")
"""Formats of a report; html is not there yet."""

Selection = dict[int, npt.NDArray[np.int64]]
"""Neurons of a report: by layer, ascending."""

_WRITERS: dict[str, Callable[[Run, Selection, TextIO], None]] = {
    "md": write_markdown,
    "json": write_json,
    "jsonl": write_jsonl,
    "csv": write_csv,
}


def write_report(
    run: Run,
    neurons: Sequence[tuple[int, int]] | None,
    format: str,  # noqa: A002 - the word of the command line
    output: Path | TextIO,
) -> None:
    """Write a report of some neurons, in order of layer, then neuron.

    Parameters
    ----------
    run
        The run they are of; of a partial one, its finished layers.
    neurons
        Pairs of layer and neuron; None for all of the run.
    format
        `md`, `json`, `jsonl` or `csv`.
    output
        A file, replaced as a whole once the report is complete, or an open text stream.

    Raises
    ------
    UsageError
        There is no such format.
    NeuronNotFoundError
        The run has no such neuron; nothing is written.
    InputError, DiskFullError
        The file cannot be written; an older one is as it was.
    RunDamagedError
        A file of the run cannot be read.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}\nUse one of: {', '.join(_WRITERS)}.")
    if format not in _WRITERS:
        raise UsageError(f"reports as {format} are not available yet\nUse one of: {', '.join(_WRITERS)}.")
    selection = _select(run, neurons)
    if isinstance(output, Path):
        with _opened(output) as stream:
            _WRITERS[format](run, selection, stream)
    else:
        _WRITERS[format](run, selection, output)


def _select(run: Run, neurons: Sequence[tuple[int, int]] | None) -> Selection:
    if neurons is None:
        return {index: np.arange(layer.neurons) for index, layer in run.layers.items()}
    chosen: dict[int, set[int]] = {}
    for layer, neuron in neurons:
        size = run.layer(layer).neurons
        if not 0 <= neuron < size:
            raise NeuronNotFoundError(f"layer {layer} has no neuron {neuron}\nIts neurons are 0 to {size - 1:,}.")
        chosen.setdefault(layer, set()).add(neuron)
    return {layer: np.array(sorted(chosen[layer]), dtype=np.int64) for layer in sorted(chosen)}


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    target = path.expanduser().resolve()  # through a link, to the file it names
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a directory\nName a file in it.")
    if not target.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no directory {target.parent}\nMake it first.")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        # A pipe or a device cannot be replaced: written as it is.
        with disk_full_named(path), target.open("w", encoding="utf-8") as stream:
            yield stream
        return
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8") as stream:
        yield stream
