"""Every change that this program makes to a disk, one plain function each.

Whatever makes, writes, renames or removes a file or a folder does it by calling `changes.rename(...)` and the like:
so all of it can be counted, failed and cut off at each step, and what is promised below be put to the test.

What is promised, whenever a process is killed, the disk fills or fails, or the machine loses its power:

- A file that is replaced (`files.replacing`) is the old one or the whole new one: the new one is written beside it,
  synced, renamed, and the folder is synced, before anybody is told that it is there.
- A file of a run is on the disk before run.json lists it. A folder that was made is synced into the one it lies in.
- A run that is deleted is first renamed to what is no run, so that it is there as a whole or not at all; notes that are
  set aside have their new name on the disk before anything of their run goes.
- A run that is unpacked gets its name once all its files and folders are on the disk.
- What a killed process leaves under another name is no run, is in nobody's way, and goes when the work is done again.

Not synced, as nothing after a power cut depends on it: job.json, logs, scratch files until they get their name.

Files are made for their owner alone, but for those that a person asks for at a place of their choice.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Protocol

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
"""The modes of what belongs to a run, and of what the app keeps for itself."""

SHARED, SHARED_FOLDER = 0o666, 0o777
"""The modes, less the umask, of what a person asks for at a place of their choice."""

_OPENING = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

Data = bytes | bytearray | memoryview


class Pages(Protocol):
    """A file that is mapped into memory."""

    def flush(self) -> object:
        """Have the disk have its pages."""
        ...


def make_file(path: Path, mode: int = PRIVATE, *, exclusive: bool = False) -> int:
    """Make an empty file, or empty the one that is there, and give a descriptor to read and write it.

    One that is there keeps its mode; `exclusive` raises FileExistsError instead. A link is not followed:
    in a run of somebody else's it may lead to a file of the reader's.
    """
    how = os.O_EXCL if exclusive else os.O_TRUNC
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | how, mode)


def open_file(path: Path, mode: int = PRIVATE, *, append: bool = False) -> int:
    """Give a descriptor to change a file, which is made if it is not there; with `append` all is written at its end.

    A run of somebody else's may have a link or a pipe there: neither is followed, and nobody waits.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | _OPENING | (os.O_APPEND if append else 0), mode)


def set_mode(descriptor: int, mode: int) -> None:
    """Give a file or a folder a mode."""
    os.fchmod(descriptor, mode)


def set_group(descriptor: int, group: int) -> None:
    """Give a file a group; raises OSError for one that its owner is not in."""
    os.fchown(descriptor, -1, group)


def write(descriptor: int, data: Data) -> int:
    """Write from where the descriptor is; gives how many bytes were written."""
    return os.write(descriptor, data)


def write_at(descriptor: int, data: Data, offset: int) -> int:
    """Write from an offset on; gives how many bytes were written."""
    return os.pwrite(descriptor, data, offset)


def cut(descriptor: int, size: int) -> None:
    """Give a file a size in bytes."""
    os.ftruncate(descriptor, size)


def reserve(descriptor: int, size: int) -> None:
    """Give a file a size in bytes, and its place on the disk where the system can."""
    if hasattr(os, "posix_fallocate") and size:
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)


def sync(descriptor: int) -> None:
    """Wait until the disk has all of a file."""
    os.fsync(descriptor)


def sync_pages(pages: Pages) -> None:
    """Wait until the disk has all of a file that is mapped into memory."""
    pages.flush()


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder, on a system that can, and if the folder may be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # one that others only drop files into: all is written by now
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(descriptor)


def rename(path: Path, to: Path) -> None:
    """Give a file or a folder another name; a file that bears it is replaced."""
    path.replace(to)


def remove(path: Path) -> None:
    """Remove a file or a link; none is no error."""
    path.unlink(missing_ok=True)


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder; raises FileExistsError."""
    path.mkdir(mode)


def make_folders(path: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder and those that it lies in, where they are not there; each is on the disk when the next is made."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folders(path.parent, mode)
    try:
        make_folder(path, mode)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        sync_folder(path.parent)


def remove_folder(path: Path) -> None:
    """Remove an empty folder; none is no error."""
    with contextlib.suppress(FileNotFoundError):
        path.rmdir()


def remove_tree(path: Path, last: str | None = None) -> None:
    """Remove a folder and all in it, step by step; of what lies in it itself a file called `last` goes last.

    What a link leads to stays.
    """
    entries: list[Path] = []
    with contextlib.suppress(FileNotFoundError):  # another process removes it as well
        entries = sorted(path.iterdir(), key=lambda entry: (entry.name == last, entry.name))
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            remove_tree(entry)
        else:
            remove(entry)
    remove_folder(path)
