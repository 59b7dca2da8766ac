"""One writer a run: a lock that a killed owner does not leave behind."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.process import say

LOCK = ".lock"

_OPENING = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""A run of somebody else's may have a link or a pipe there: neither is followed, and nobody waits."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What systems say of locks on a file system that has none, as some that are mounted over a network."""

tell: Callable[[str], None] = say
"""Told once in a process that a file system has no locks; the app puts its own way of telling here."""

_told: list[Path] = []

_ATTEMPTS, _PAUSE = 5, 0.02
"""Whoever asks whether a run is being written shares its lock for a moment: that moment is waited out, in seconds."""

_ATTEMPTS_AT_A_FILE = 250
"""A small file is written in a moment, and who comes second waits for that."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the run's lock; the system releases it when the process ends, however it ends.

    Raises
    ------
    RunBusyError
        Another process holds it.
    InputError
        The folder cannot be written to.
    """
    descriptor = _taken(folder / LOCK, fcntl.LOCK_EX)
    if descriptor is None:
        raise RunBusyError(
            f"another process is writing the run {folder.name}, or a variant of it\n"
            "Wait for it or stop it, then run this again."
        )
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Share the run's lock, so that nobody writes, renames or deletes the run; it is not listed as running.

    Raises
    ------
    RunBusyError
        Another process is writing it.
    InputError
        The folder cannot be written to.
    """
    descriptor = _taken(folder / LOCK, fcntl.LOCK_SH)
    if descriptor is None:
        raise RunBusyError(f"another process is writing the run {folder.name}\nWait for it, then run this again.")
    try:
        yield
    finally:
        os.close(descriptor)


def lock_of(path: Path) -> Path:
    """The lock of a file that several processes change."""
    return path.with_name(f".{path.name}.lock")


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold the lock of one file of a run while it is read and replaced; the run itself may be written meanwhile.

    Raises
    ------
    RunBusyError
        Another process has held it for seconds.
    InputError
        The folder cannot be written to.
    """
    descriptor = _taken(lock_of(path), fcntl.LOCK_EX, _ATTEMPTS_AT_A_FILE)
    if descriptor is None:
        raise RunBusyError(f"another process is writing {path}\nRun this again.")
    try:
        yield
    finally:
        os.close(descriptor)


def _taken(lock: Path, kind: int, attempts: int = _ATTEMPTS) -> int | None:
    for _ in range(attempts):
        with disk_full_named(lock):
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | _OPENING, 0o644)
        try:
            _lock(descriptor, kind, lock)
            # Its last owner may have taken it away with all it left: then another may hold the one that is there now.
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BlockingIOError:
            time.sleep(_PAUSE)
        os.close(descriptor)
    return None


def _lock(descriptor: int, kind: int, lock: Path) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        if not _told:
            _told.append(lock)
            tell(
                f"the file system of {lock.parent} has no locks ({error.strerror}), so nothing keeps two programs from "
                "writing one run\nWrite each run from one program at a time."
            )


def is_being_written(folder: Path) -> bool:
    """Whether some process holds the run's lock now."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | _OPENING)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    finally:
        os.close(descriptor)
    return False
