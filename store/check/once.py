"""Verifying a file of a run once in the life of a process: what was found out is remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neuron_tui.store.check.verification import difference_of
from neuron_tui.store.disk.seen_files import damage_of, is_sound, state_of
from neuron_tui.store.runs.manifest import FileEntry


def verify_once(path: Path, entry: FileEntry, read: Callable[[int], None]) -> str | None:
    """In what a file is not the one that its run lists, in words; None if it is.

    A file that was read through before is not read again unless it has changed. `read` is told of every few bytes, and
    what it raises stops the reading.
    """
    try:
        state = state_of(path.stat())
    except OSError:
        return difference_of(path, entry, read)
    return None if is_sound(state, entry.sha256) else damage_of(state) or difference_of(path, entry, read)
