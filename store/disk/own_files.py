"""The files that a run is read from: regular ones in its own folder, no larger than such a file can be.

A run may come from anyone, and its folder may hold anything under the names that are read. A pipe would keep its
reader waiting for ever, a device has no end, a sparse file of a terabyte takes nothing to make, and a link may lead to
a file that is the reader's own. Each is an OSError, like any other file that cannot be read.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

from neuron_tui.store.wording import size_text

LAYERS = "layers"
"""Folder of a run that the files of its layers lie in."""

_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe without a writer is opened at once, to be refused."""

_MAY_BE_HOLLOW = 1 << 30
_HOLLOW = 1000
"""Bytes, and times what a file takes of its disk, above which it is nothing but a hole: to read it would take hours."""


def require_own(path: Path) -> os.stat_result:
    """Look at a file of a run before something opens it by name.

    Raises
    ------
    OSError
        It is not there, no regular file, or lies elsewhere. FileNotFoundError and NotADirectoryError say the first.
    """
    _refuse_linked_folder(path)
    status = path.lstat()
    _refuse_unless_regular(status)
    return status


def open_own(path: Path, most: int | None = None) -> io.BufferedReader:
    """Open a file of a run, of at most so many bytes; raises as `require_own`."""
    _refuse_linked_folder(path)
    try:
        descriptor = os.open(path, _READING | os.O_NOFOLLOW)
    except OSError as error:
        _refuse_unless_regular(path.lstat())
        raise error
    try:
        status = os.fstat(descriptor)
        _refuse_unless_regular(status)
        if most is not None and status.st_size > most:
            raise _too_large(status.st_size)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_own(path: Path, most: int) -> bytes:
    """The whole of a file of a run; raises as `open_own`."""
    with open_own(path, most) as file:
        return file.read(most)


def read_bounded(path: Path, most: int) -> bytes:
    """The whole of a small file of a person's own, which may be a link or a device; raises OSError."""
    with os.fdopen(os.open(path, _READING), "rb") as file:
        data = file.read(most + 1) or b""  # None of a pipe that nobody has written to yet
    if len(data) > most:
        raise _too_large(len(data))
    return data


def _refuse_linked_folder(path: Path) -> None:
    if path.parent.name == LAYERS and path.parent.is_symlink():
        raise _linked(f"its folder {LAYERS}")


def _refuse_unless_regular(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _linked("it")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    if status.st_size > _MAY_BE_HOLLOW and status.st_blocks * 512 * _HOLLOW < status.st_size:
        raise OSError(errno.EINVAL, f"it says {size_text(status.st_size)} and holds next to nothing")


def _linked(what: str) -> OSError:
    return OSError(errno.ELOOP, f"{what} is a link, and a run is read from its own folder alone")


def _too_large(size: int) -> OSError:
    return OSError(errno.EOVERFLOW, f"it has {size_text(size)} or more, far more than such a file can have")
