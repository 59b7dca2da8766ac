"""Where HDF5 writes to: a file whose failures are kept until somebody can be told.

The HDF5 library writes when it sees fit, also while an object is being destroyed; an error there is printed by
h5py and lost, and the file may be closed as if nothing had happened. So the first error is kept here, what
follows is dropped, and whoever writes the file asks for the error in the end.
"""

from __future__ import annotations

import os
from pathlib import Path

from neuron_tui.store.disk import changes


class Sink:
    """A file for h5py's `fileobj` driver. `error` is the first thing that went wrong."""

    def __init__(self, path: Path) -> None:
        """Make an empty file at `path`; raises OSError."""
        self.error: OSError | None = None
        self._descriptor = changes.make_file(path)
        self._at = 0
        self._size = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset from the start, from here, or from the end as HDF5 knows it."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int) -> bytes:
        """Bytes from here, as `readinto` reads them."""
        buffer = bytearray(size)
        self.readinto(memoryview(buffer))
        return bytes(buffer)

    def tell(self) -> int:
        """The offset from the start, in bytes."""
        return self._at

    def write(self, data: bytes | memoryview) -> int:
        """Write all of `data` here; nothing is written any more once a write has failed."""
        view = memoryview(data).cast("B")
        written = 0
        while self.error is None and written < len(view):
            try:
                written += changes.write_at(self._descriptor, view[written:], self._at + written)
            except OSError as error:
                self.error = error
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def readinto(self, buffer: memoryview) -> int:
        """Read into `buffer` from here; what was dropped reads as zeros."""
        view = memoryview(buffer).cast("B")
        data = os.pread(self._descriptor, len(view), self._at)
        view[: len(data)] = data
        view[len(data) :] = bytes(len(view) - len(data))
        self._at += len(view)
        return len(view)

    def truncate(self, size: int) -> int:
        """Set the size in bytes."""
        self._size = size
        if self.error is None:
            try:
                changes.cut(self._descriptor, size)
            except OSError as error:
                self.error = error
        return size

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
