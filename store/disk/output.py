"""Where text that a person asked for goes: a file of their choice, replaced as a whole, or stdout."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, replacing
from neuron_tui.store.disk.stream import text_written
from neuron_tui.store.errors import InputError


@contextmanager
def opened_output(path: Path) -> Iterator[TextIO]:
    """Open a file for writing; an older one is replaced once the new one is complete.

    Raises
    ------
    InputError, DiskFullError
        The file cannot be written; an older one is as it was.
    """
    target = path.expanduser().resolve()  # through a link, to the file it names
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a directory\nName a file in it.")
    if not target.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no directory {target.parent}\nMake it first.")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        # A pipe or a device cannot be replaced: written as it is.
        with disk_full_named(path), text_written(changes.make_file(target, changes.SHARED)) as stream:
            yield stream
        return
    with (
        replacing(target, changes.SHARED) as temporary,
        text_written(changes.make_file(temporary, changes.SHARED)) as stream,
    ):
        yield stream


def write_text(path: Path, text: str) -> None:
    """Write a file; raises as `opened_output`."""
    with opened_output(path) as stream:
        stream.write(text)


def standard_output() -> TextIO:
    """Give stdout for data: UTF-8, whatever the terminal's own encoding is."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")
    return sys.stdout
