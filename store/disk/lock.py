"""One writer a run: a lock that a killed owner does not leave behind."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.process import say

LOCK = ".lock"

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
def writing(folder: Path) -> Iterator[bool]:
    """Hold the run's lock; the system releases it when the process ends, however it ends.

    Gives whether it keeps others away: not on a file system without locks.

    Raises
    ------
    RunBusyError
        Another process holds it.
    InputError
        The folder cannot be written to.
    """
    taken = _taken(folder / LOCK, fcntl.LOCK_EX)
    if taken is None:
        raise busy(folder)
    try:
        yield taken.locks
    finally:
        os.close(taken.descriptor)


def busy(folder: Path) -> RunBusyError:
    """What is raised where somebody else is writing a run."""
    return RunBusyError(
        f"another process is writing the run {folder.name}, or a variant of it\n"
        "Wait for it or stop it, then run this again."
    )


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
    taken = _taken(folder / LOCK, fcntl.LOCK_SH)
    if taken is None:
        raise RunBusyError(f"another process is writing the run {folder.name}\nWait for it, then run this again.")
    try:
        yield
    finally:
        os.close(taken.descriptor)


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
    taken = _taken(lock_of(path), fcntl.LOCK_EX, _ATTEMPTS_AT_A_FILE)
    if taken is None:
        raise RunBusyError(f"another process is writing {path}\nRun this again.")
    try:
        yield
    finally:
        os.close(taken.descriptor)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A lock that is held, where the file system has any."""

    descriptor: int
    locks: bool


def _taken(lock: Path, kind: int, attempts: int = _ATTEMPTS) -> _Taken | None:
    for _ in range(attempts):
        with disk_full_named(lock):
            descriptor = changes.open_file(lock)
        try:
            locks = _lock(descriptor, kind, lock)
            # Its last owner may have taken it away with all it left: then another may hold the one that is there now.
            if os.fstat(descriptor).st_nlink:
                return _Taken(descriptor, locks)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    return None


def _lock(descriptor: int, kind: int, lock: Path) -> bool:
    """Take a lock, and say whether there are any; raises BlockingIOError."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        if not _told:
            _told.append(lock)
            tell(
                f"the file system of {lock.parent} has no locks ({error.strerror}), so nothing keeps two programs from "
                "writing one run\nWrite each run from one program at a time."
            )
    return False


def is_being_written(folder: Path) -> bool | None:
    """Whether some process holds the run's lock now; None where the file system has no locks to tell."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    finally:
        os.close(descriptor)
    return False
