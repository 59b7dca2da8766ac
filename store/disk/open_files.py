"""Finished files of a run kept open between readings: opening and checking one takes longer than reading a neuron.

The app keeps the files of the run it shows; other readings open a file and close it again. A finished file never
changes; one that is replaced is another file of the same name, which its inode and times tell. Whoever deletes a run
closes its files first, so that the system can take the space back.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from neuron_tui.store.disk.hdf5 import SchemaReader, open_reader
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import FileSchema
from neuron_tui.store.disk.seen_files import State, damage_of, state_of

_MOST = 96
"""Files kept open: every layer of a large model and its corpus. Systems allow a process 256 at least."""


@dataclass(slots=True)
class _Kept:
    """An open file, the state it was opened in, and how many are reading it; `dropped` ones close after the last."""

    reader: SchemaReader
    state: State
    users: int = 0
    dropped: bool = False


_folders: set[Path] = set()
_kept: OrderedDict[Path, _Kept] = OrderedDict()
_lock = Lock()
"""Guards both and what is in them. Nobody calls h5py while holding it: h5py has a lock of its own."""


def keep_open(folder: Path) -> None:
    """From now on keep the files of the run in this folder open once they are read, until `close_files`.

    Others in this process then open them as this does, read-only and without HDF5's lock, or not at all.
    """
    with _lock:
        _folders.add(folder)


def close_files(folder: Path) -> None:
    """Keep no file below a folder open any more; those that are being read close when that is done."""
    folder = folder.resolve()
    with _lock:
        _folders.difference_update([kept for kept in _folders if kept.resolve().is_relative_to(folder)])
        idle = [_drop(path) for path in list(_kept) if path.resolve().is_relative_to(folder)]
    _close(idle)


@contextmanager
def reading_finished(path: Path, schema: FileSchema) -> Iterator[SchemaReader]:
    """A finished file of a run, checked as far as it is read; from any thread, by many at a time.

    Raises
    ------
    RunDamagedError
        The file is missing, cut short, not of this kind, or what is read of it is not as the schema says; or it was
        found before not to be the one that was written.
    """
    if not any(path.is_relative_to(folder) for folder in tuple(_folders)):
        _state(path)
        reader = open_reader(path, schema)
        with reader.file:
            yield reader
        return
    kept = _take(path, schema)
    try:
        yield kept.reader
    finally:
        with _lock:
            kept.users -= 1
            close = kept.dropped and not kept.users
        if close:
            kept.reader.file.close()


def _take(path: Path, schema: FileSchema) -> _Kept:
    state = _state(path)
    with _lock:
        kept = _kept.get(path)
        if kept is not None and kept.state == state and kept.reader.schema is schema:
            kept.users += 1
            _kept.move_to_end(path)
            return kept
        stale = [_drop(path)] if kept is not None else []
    _close(stale)  # before the other is opened: HDF5 would take a file written over in place for the one it has
    opened = _Kept(open_reader(path, schema), state, users=1)
    with _lock:
        idle = [_drop(path)] if path in _kept else []  # another thread was faster
        _kept[path] = opened
        while len(_kept) > _MOST:
            idle.append(_drop(next(iter(_kept))))
    _close(idle)
    return opened


def _drop(path: Path) -> _Kept | None:
    """Forget a file; it is returned if nobody is reading it, to be closed once the lock is released."""
    kept = _kept.pop(path)
    kept.dropped = True
    return None if kept.users else kept


def _close(idle: list[_Kept | None]) -> None:
    for kept in idle:
        if kept is not None:
            kept.reader.file.close()


def _state(path: Path) -> State:
    try:
        status = os.stat(path)  # noqa: PTH116 - on the path of every key press
    except OSError as error:
        reason = "the file is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise damaged(path, reason) from error
    state = state_of(status)
    if known := damage_of(state):
        raise damaged(path, known)
    return state
