"""A file as a stream that Python's own text and buffer classes write to, each write being a change of its own."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from neuron_tui.store.disk import changes


class FileStream(io.RawIOBase):
    """Writes to a descriptor, which it closes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def tell(self) -> int:
        """How many bytes were written before; raises OSError for a pipe."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def write(self, data: object) -> int:
        """Write some of `data`; gives how many bytes."""
        assert isinstance(data, bytes | bytearray | memoryview)
        return changes.write(self._descriptor, data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            try:
                super().close()
            finally:
                os.close(self._descriptor)


@contextmanager
def text_written(descriptor: int, errors: str = "strict") -> Iterator[TextIO]:
    """A stream of UTF-8 text to a descriptor, closed at the end; its `buffer` takes bytes."""
    with io.TextIOWrapper(io.BufferedWriter(FileStream(descriptor)), encoding="utf-8", errors=errors) as stream:
        yield stream


def write_bytes(path: Path, data: changes.Data, mode: int = changes.PRIVATE) -> None:
    """Write a file that nobody reads yet; raises OSError."""
    descriptor = changes.make_file(path, mode)
    with io.BufferedWriter(FileStream(descriptor)) as stream:
        stream.write(data)
