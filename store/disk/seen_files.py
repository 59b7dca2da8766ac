"""What this process has found out about finished files: which are as they were written, and which are not.

A file is told by its device, inode, size and times. One that is not as it was written is refused from then on, until
another stands in its place; one that is need not be read through again.
"""

from __future__ import annotations

import os
from threading import Lock

State = tuple[int, int, int, int, int]

_sound: set[tuple[State, str]] = set()
_damaged: dict[State, str] = {}
_lock = Lock()
"""Guards both."""


def state_of(status: os.stat_result) -> State:
    """What tells a file from the one that was there before, or will be."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def found_sound(state: State, digest: str) -> None:
    """Take note that a file has a digest."""
    with _lock:
        _sound.add((state, digest))


def is_sound(state: State, digest: str) -> bool:
    """Whether a file was found to have a digest."""
    return (state, digest) in _sound


def found_damaged(state: State, reason: str) -> None:
    """Have a file refused from now on."""
    with _lock:
        _damaged[state] = reason


def damage_of(state: State) -> str | None:
    """Why a file is refused; None if nothing is known against it."""
    return _damaged.get(state) if _damaged else None
