"""Writing what a command was asked for: in one of its formats, to stdout or a file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from neuron_tui.store.errors import UsageError

if TYPE_CHECKING:
    from neuron_tui.tui.reports.renderer import Format

Subject = TypeVar("Subject")


def refuse_unknown_format(format_: str, formats: Sequence[str]) -> None:
    """Raise UsageError unless the command writes that format."""
    if format_ not in formats:
        raise UsageError(f"unknown format {format_!r}\nUse one of: {', '.join(formats)}.")


def goes_to_stdout(output: Path | None) -> bool:
    """Whether `--output` means stdout: not given, or `-`."""
    return output is None or str(output) == "-"


def refuse_terminal(output: Path | None, what: str) -> None:
    """Raise UsageError if `what`, which is no text, would go to a terminal."""
    if goes_to_stdout(output) and sys.stdout.isatty():
        raise UsageError(f"{what} is no text, and stdout is a terminal\nName a file with --output PATH.")


def text_width(output: Path | None) -> int | None:
    """Cells that text may take: those of the terminal it goes to, else None, which leaves tables whole."""
    return shutil.get_terminal_size().columns if goes_to_stdout(output) and sys.stdout.isatty() else None


def write(chosen: Format[Subject], subject: Subject, output: Path | None) -> None:
    """Write a subject in a format to a file, replaced as a whole, or to stdout, where text fits the terminal.

    Raises
    ------
    UsageError
        A chart was asked for of what has none.
    InputError, DiskFullError
        The file cannot be written.
    """
    from neuron_tui.store.disk.output import opened_output, standard_output

    if output is None or goes_to_stdout(output):
        chosen.render(subject, standard_output(), text_width(output))
        return
    with opened_output(output) as stream:
        chosen.render(subject, stream, None)
