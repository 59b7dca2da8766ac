"""Writing files so that a crash, a full disk or a killed process leaves either the old one or the new one."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.store.disk.own_files import open_own
from neuron_tui.store.errors import DiskFullError, InputError
from neuron_tui.store.wording import size_text

TEMPORARY_SUFFIX = ".partial"

_READ_AT_ONCE = 1 << 20
"""Bytes."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success sync it and move it into place.

    Raises
    ------
    DiskFullError
        The disk has no room; `path` is as it was.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        with disk_full_named(path):
            temporary.unlink(missing_ok=True)
            yield temporary
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def disk_full_named(path: Path) -> Iterator[None]:
    """Turn the system's words for a full or read-only disk into an error that names the file.

    h5py raises OSError for every failure, with the errno in its text only.
    """
    try:
        yield
    except OSError as error:
        text = str(error)
        if error.errno in _NO_ROOM or "errno = 28" in text or "No space left" in text:
            raise DiskFullError(
                f"no space left on the disk while writing {path}\nFree some space and run the same command again."
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EISDIR, errno.ELOOP, errno.ENXIO):
            raise InputError(
                f"cannot write {path}: {error.strerror}\nChoose another place with --runs-dir, or another --name."
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise InputError(f"cannot write {path}: {error.strerror}\nChoose a place you can write to.") from error
        raise


def reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes that has its place on the disk; raises DiskFullError now rather than later."""
    with disk_full_named(path), path.open("wb") as file:
        if hasattr(os, "posix_fallocate") and size:
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def require_room(folder: Path, size: int, what: str) -> None:
    """Raise DiskFullError unless the disk of a folder has room for `size` bytes, which is what `what` takes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DiskFullError(
            f"{what} takes {size_text(size)}, and the disk of {folder} has {size_text(free)} free\n"
            "Free some space, or choose another place."
        )


def write_text(path: Path, text: str) -> None:
    """Replace a small text file as a whole; raises as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256(path: Path, read: Callable[[int], None] | None = None) -> str:
    """Hexadecimal SHA-256 of a file; `read` is told of every few bytes, how many, and may raise to stop."""
    digest, buffer = hashlib.sha256(), bytearray(_READ_AT_ONCE)
    view = memoryview(buffer)
    with open_own(path) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])
            if read is not None:
                read(count)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
