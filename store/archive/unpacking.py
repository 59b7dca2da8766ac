"""Unpacking a run: nothing that an archive says is taken on trust, and a run is there as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO

from neuron_tui.store.archive.index import INDEX, INDEX_BYTES, Index, disagreement, read_index, unusable
from neuron_tui.store.archive.members import Members, Watch
from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, require_room
from neuron_tui.store.disk.lock import LOCK, writing
from neuron_tui.store.disk.stream import FileStream
from neuron_tui.store.errors import (
    InputError,
    NeuronTuiError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    UsageError,
)
from neuron_tui.store.runs.catalog import missing_or_cut, run_folder
from neuron_tui.store.runs.folder import clear_deleted
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.store.wording import size_text

_PREFIX = ".unpacking-"
_STALE = 24 * 3600.0
"""Seconds after which a folder was left by a process that was killed, where there are no locks to tell."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A run that was unpacked: its folder, and the index of its archive."""

    folder: Path
    index: Index


def unpack(
    stream: BinaryIO,
    directory: Path,
    name: str | None,
    source: str,
    begin: Callable[[Index], Watch] = lambda _: lambda _: None,
) -> Unpacked:
    """Make a run in a runs directory from an archive.

    Parameters
    ----------
    stream
        The archive; read from where it is to its end mark, without going back.
    directory
        The runs directory, made if it is not there.
    name
        What the run is to be called; None for the name that it was packed under.
    source
        How messages call the archive.
    begin
        Called with the index once it is known to be sound; gives what is told of every few bytes.

    Raises
    ------
    UsageError
        `name` cannot be used.
    InputError
        The archive is no sound one of a run, or the directory cannot be written to; nothing is left.
    RunConflictError
        There is a run of that name, or something else.
    DiskFullError
        The disk has less room than the archive declares.
    """
    members = Members(stream, source)
    length = members.next(INDEX)
    if length > INDEX_BYTES:
        raise unusable(source, f"its index has {size_text(length)}")
    index = read_index(members.contents(length), source)
    target = _target(directory, name, index, source)
    with disk_full_named(target):
        changes.make_folders(directory)
        _clear_stale(directory)
        clear_deleted(directory)
        require_room(directory, index.size, source)
        with _beside(directory) as folder:
            watch = begin(index)
            for file in index.files:
                members.next(file.path, file.bytes)
                path = folder / file.path
                changes.make_folders(path.parent)
                with BufferedWriter(FileStream(changes.make_file(path, exclusive=True))) as to:
                    if members.copy(file.bytes, to, watch) != file.sha256:
                        raise unusable(source, f"{file.path} is not the file that was packed: its SHA-256 differs")
                    to.flush()
                    changes.sync(to.fileno())
            members.end()
            _require_run(folder, index, source)
            for made in sorted({folder / parent for file in index.files for parent in Path(file.path).parents}):
                changes.sync_folder(made)
            _move(folder, target)
    return Unpacked(target, index)


def _target(directory: Path, name: str | None, index: Index, source: str) -> Path:
    try:
        target = run_folder(directory, index.name if name is None else name)
    except UsageError as error:
        if name is not None:
            raise
        raise InputError(f"{source}: its run is called {index.name!r}\nGive it another name with --name.") from error
    if os.path.lexists(target):
        raise RunConflictError(
            f"there is a {target.name} already in {directory}\nGive this one another name with --name."
        )
    return target


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    """A folder on the same disk in which a run can grow, below a hidden one that holds no run and goes at the end."""
    with contextlib.ExitStack() as held:
        around = _held(directory, held)
        try:
            folder = around / "run"
            changes.make_folder(folder)
            yield folder
        finally:
            with contextlib.suppress(OSError):
                changes.remove_tree(around, last=LOCK)


def _held(directory: Path, held: contextlib.ExitStack) -> Path:
    """Make a hidden folder and hold its lock; another process may take it for a leftover before it is held."""
    while True:
        around = directory / f"{_PREFIX}{secrets.token_hex(8)}"
        changes.make_folder(around)
        with contextlib.suppress(RunBusyError, FileNotFoundError):
            held.enter_context(writing(around))
            return around


def _clear_stale(directory: Path) -> None:
    """Remove what a process left that was killed while it unpacked."""
    for around in directory.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, NeuronTuiError):
            if around.is_dir() and not around.is_symlink():
                with writing(around) as keeps_others_away:
                    if keeps_others_away or abs(time.time() - around.lstat().st_mtime) > _STALE:
                        changes.remove_tree(around, last=LOCK)


def _require_run(folder: Path, index: Index, source: str) -> None:
    """Raise InputError unless what was unpacked is a run, its variants are its own, and no file is beside the point."""
    for path, listed in index.by_folder().items():
        try:
            manifest = read_manifest(folder / path)
        except RunDamagedError as error:
            said = str(error).splitlines()[0].removeprefix(f"{folder}/")
            raise unusable(source, said) from error
        if (manifest.variant is not None) is not bool(path):
            raise unusable(source, f"{path}run.json is that of {'a run' if path else 'a variant'}")
        if wrong := disagreement(path, listed, manifest) or missing_or_cut(folder / path, manifest):
            raise unusable(source, wrong)


def _move(folder: Path, target: Path) -> None:
    try:
        changes.rename(folder, target)
    except OSError as error:
        if os.path.lexists(target):
            raise RunConflictError(
                f"there is a {target.name} by now in {target.parent}\nGive this one another name with --name."
            ) from error
        raise
    changes.sync_folder(target.parent)
