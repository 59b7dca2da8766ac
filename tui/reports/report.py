"""Reports of neurons, written neuron by neuron: for reading, for programs, and for other projects' tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

from neuron_tui.store.disk.output import opened_output
from neuron_tui.store.errors import UsageError
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.wording import size_text
from neuron_tui.tui.reports.data import write_csv, write_json, write_jsonl
from neuron_tui.tui.reports.html import write_html
from neuron_tui.tui.reports.markdown import write_markdown
from neuron_tui.tui.reports.neuronpedia import write_neuronpedia
from neuron_tui.tui.reports.parquet import require_pyarrow, write_parquet
from neuron_tui.tui.reports.selection import Selection, select

_WRITERS: dict[str, Callable[[Run, Selection, TextIO], None]] = {
    "md": write_markdown,
    "html": write_html,
    "json": write_json,
    "jsonl": write_jsonl,
    "csv": write_csv,
    "neuronpedia": write_neuronpedia,
}

BINARY: dict[str, Callable[[Run, Selection, BinaryIO], None]] = {"parquet": write_parquet}
"""Formats that are no text, which no terminal is to be sent, with their writers."""

FORMATS = (*_WRITERS, *BINARY)
"""Formats of a report."""

LARGE = 2_000
"""Neurons above which an HTML report is more than browsers like."""

_HTML_BYTES = 60_000
"""What a neuron takes of an HTML report, about."""


def size_warning(format: str, count: int) -> str | None:  # noqa: A002 - as below
    """What to say of a report that will be hard to open, without a full stop; None if it will not."""
    if format != "html" or count <= LARGE:
        return None
    size = size_text(count * _HTML_BYTES)
    return f"{count:,} neurons make an HTML file of about {size}, which browsers are slow to show"


def require_writer(format: str) -> None:  # noqa: A002 - as below
    """Raise InputError, saying what to install, unless the format can be written here."""
    if format == "parquet":
        require_pyarrow()


def write_report(
    run: Run,
    neurons: Sequence[tuple[int, int]] | None,
    format: str,  # noqa: A002 - the word of the command line
    output: Path | TextIO,
    *,
    chosen_by: str = "",
    heard: Callable[[int], None] | None = None,
    contexts: bool = False,
) -> None:
    """Write a report of some neurons, in order of layer, then neuron.

    Parameters
    ----------
    run
        The run they are of; of a partial one, its finished layers.
    neurons
        Pairs of layer and neuron; None for all of the run.
    format
        One of `FORMATS`.
    output
        A file, replaced as a whole once the report is complete, or an open text stream, for `BINARY` with a buffer.
    chosen_by
        Why these neurons: `marked`, the filter that they match, or nothing. Reports for people say it.
    heard
        Called after each neuron with how many are written. What it raises ends the report, and no file is left of it.
    contexts
        Whether records in JSON hold the contexts of their neurons.

    Raises
    ------
    UsageError
        There is no such format, or it cannot hold these neurons.
    NeuronNotFoundError
        The run has no such neuron; nothing is written.
    InputError, DiskFullError
        The file cannot be written, an older one is as it was; or what writes the format is not installed.
    RunDamagedError
        A file of the run cannot be read.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}\nUse one of: {', '.join(FORMATS)}.")
    require_writer(format)
    selection = select(run, neurons, chosen_by, heard, contexts)
    if isinstance(output, Path):
        with opened_output(output) as stream:
            _write(format, run, selection, stream)
    else:
        _write(format, run, selection, output)


def _write(format: str, run: Run, selection: Selection, stream: TextIO) -> None:  # noqa: A002 - as above
    if format in BINARY:
        stream.flush()
        BINARY[format](run, selection, stream.buffer)
    else:
        _WRITERS[format](run, selection, stream)
