"""Writing files so that a crash, a full disk or a killed process leaves either the old one or the new one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.own_files import open_own
from neuron_tui.store.disk.stream import text_written
from neuron_tui.store.errors import DiskFailedError, DiskFullError, InputError, RunNotFoundError
from neuron_tui.store.wording import size_text

TEMPORARY_SUFFIX = ".partial"

_READ_AT_ONCE = 1 << 20
"""Bytes."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FAILED = (errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT)


@contextmanager
def replacing(path: Path, mode: int = changes.PRIVATE) -> Iterator[Path]:
    """Give the path of an empty file beside `path`; on success sync it and move it into place.

    Mode and group are those of the file that is replaced, or without one `mode` less the umask.

    Raises
    ------
    DiskFullError
        The disk has no room; `path` is as it was.
    InputError
        It cannot be written otherwise; `path` is as it was, or the whole new file if just the folder was not synced.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        with disk_full_named(path):
            changes.remove(temporary)
            _make(temporary, path, mode)
            yield temporary
            sync_file(temporary)
            changes.rename(temporary, path)
            changes.sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong is told, not that it cannot be tidied up
            changes.remove(temporary)
        raise


def _make(temporary: Path, path: Path, mode: int) -> None:
    descriptor = changes.make_file(temporary, mode, exclusive=True)
    try:
        with contextlib.suppress(FileNotFoundError):
            before, own = path.stat(), os.fstat(descriptor)
            kept = stat.S_IMODE(before.st_mode)
            if before.st_gid != own.st_gid:
                try:
                    changes.set_group(descriptor, before.st_gid)
                except OSError:
                    kept &= ~stat.S_IRWXG  # what one group may read is not for another
            if kept != stat.S_IMODE(own.st_mode):
                changes.set_mode(descriptor, kept)
    finally:
        os.close(descriptor)


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
        if error.errno == errno.ENOENT and not path.parent.is_dir():
            raise RunNotFoundError(
                f"cannot write {path}: its folder is not there any more\n"
                "Another program renamed or deleted it: see the runs there are with: neuron-tui runs"
            ) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise InputError(f"cannot write {path}: {error.strerror}\nChoose a place you can write to.") from error
        if error.errno in _FAILED or "errno = 5," in text:
            raise DiskFailedError(
                f"cannot write {path}: {error.strerror or 'Input/output error'}\n"
                "The disk, or the way to it, fails: see to it, then run the same command again."
            ) from error
        raise


def reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes that has its place on the disk; raises DiskFullError now rather than later."""
    with disk_full_named(path):
        descriptor = changes.make_file(path)
        try:
            changes.reserve(descriptor, size)
        finally:
            os.close(descriptor)


def require_room(folder: Path, size: int, what: str) -> None:
    """Raise DiskFullError unless the disk of a folder has room for `size` bytes, which is what `what` takes."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise DiskFullError(
            f"{what} takes {size_text(size)}, and the disk of {folder} has {size_text(free)} free\n"
            "Free some space, or choose another place."
        )


def write_text(path: Path, text: str, mode: int = changes.PRIVATE) -> None:
    """Replace a small text file as a whole; `mode` and what it raises are those of `replacing`."""
    with replacing(path, mode) as temporary, text_written(changes.make_file(temporary)) as stream:
        stream.write(text)


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


def sync_file(path: Path) -> None:
    """Wait until the disk has all of a file that was written before; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        changes.sync(descriptor)
    finally:
        os.close(descriptor)
