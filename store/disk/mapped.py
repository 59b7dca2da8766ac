"""Arrays in files, mapped into memory a part at a time."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import reserve

_RESIDENT = 64 << 20
"""Bytes that are touched before the pages are handed back: what is resident counts as the process's memory."""


class MappedFile:
    """A file of `size` bytes as an array of bytes, of which only what is being worked on stays in the process."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        """Map a file that is there, or with `size` a new one; raises DiskFullError."""
        if size is not None:
            reserve(path, size)
        self.bytes: npt.NDArray[np.uint8] = (
            np.memmap(path, np.uint8, "r+") if path.stat().st_size else np.zeros(0, np.uint8)
        )
        self._touched = 0

    def touched(self, size: int) -> None:
        """Say that so many bytes were read or written: every now and then their pages are let go, the file has them."""
        self._touched += size
        if self._touched >= _RESIDENT:
            self._touched = 0
            mapping = getattr(self.bytes, "_mmap", None)
            if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
                mapping.madvise(mmap.MADV_DONTNEED)

    def sync(self) -> None:
        """Wait until the disk has all of it."""
        if isinstance(self.bytes, np.memmap):
            changes.sync_pages(self.bytes)
