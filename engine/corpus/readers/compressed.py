"""The bytes of a file, decompressed where it is compressed, a bounded block at a time."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from neuron_tui.engine.corpus.reading import Notes, require_regular_file
from neuron_tui.store.errors import CorpusError

BLOCK = 1 << 16
"""Bytes that are read at once, and that are handed on at once at most, save of a .zst file."""

_ZST_STEP = 512
"""Compressed bytes of a .zst file that are decompressed at once: they become 16 MiB at most (a block of 4 bytes gives
128 KiB)."""

_MANY = {"gz": "gzip", "zst": "zstd"}


class BrokenEndError(Exception):
    """A compressed file cannot be decompressed any further."""


def blocks(path: Path, packing: str, notes: Notes) -> Iterator[bytes]:
    """The bytes of a file in order.

    A compressed file whose end is missing or broken ends where it breaks, and is counted as broken. What is written
    to a file after it was opened is not read.

    Parameters
    ----------
    packing
        gz, zst, or empty for a file that is not compressed.

    Raises
    ------
    CorpusError
        The file is no file, cannot be read or is cut while it is read, or nothing of it can be decompressed.
    """
    state = require_regular_file(path)
    try:
        with open_file(path) as opened:
            notes.files.append((str(path), state))
            file = _AsItWas(path, opened, state.st_size)
            if not packing:
                while block := file.read(BLOCK):
                    yield block
                return
            yield from _decompressed(path, packing, file, notes)
    except PermissionError as error:
        raise CorpusError(f"corpus {path}: no permission to read it\nChange its permissions.") from error
    except OSError as error:
        raise CorpusError(f"corpus {path}: it cannot be read ({error.strerror})\nLook at the disk it is on.") from error


def open_file(path: Path) -> BinaryIO:
    """A file, opened so that no more of it is read than is asked for.

    What has become a pipe since somebody looked is not waited for: that gives nothing to read.
    """
    return open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))


class _AsItWas:
    """A file up to the size it had: what grows without end has one, and what is cut while it is read is noticed.

    A file system that makes its files as they are read may say 0 of any.
    """

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file = path, file
        self._left: int | None = size or None

    def read(self, size: int) -> bytes:
        if self._left is None:
            return self._file.read(size)
        block = self._file.read(min(size, self._left))
        if not block and self._left:
            raise CorpusError(
                f"corpus {self._path}: it was cut, or changed, while it was read\nWait until nobody writes to it."
            )
        self._left -= len(block)
        return block


def _decompressed(path: Path, packing: str, file: _AsItWas, notes: Notes) -> Iterator[bytes]:
    found = False
    try:
        for block in _gz(file) if packing == "gz" else _zst(path, file):
            if block:
                found = True
                yield block
    except BrokenEndError as error:
        if not found:
            raise CorpusError(
                f"corpus {path}: not a whole {_MANY[packing]} file ({error})\nCompress it again."
            ) from error
        notes.broken += 1


def _gz(file: _AsItWas) -> Iterator[bytes]:
    """Every member of a gzip file, each checked against its checksum."""
    member = zlib.decompressobj(wbits=31)
    rest, begun = b"", False
    while data := rest or file.read(BLOCK):
        if not begun:
            data = data.lstrip(b"\0")  # padding between members
            begun = bool(data)
        try:
            block = member.decompress(data, BLOCK)
        except zlib.error as error:
            raise BrokenEndError(str(error)) from error
        yield block
        rest = member.unconsumed_tail
        if member.eof:
            rest, member, begun = member.unused_data, zlib.decompressobj(wbits=31), False
    while begun and (block := member.decompress(b"", BLOCK)):  # what a full block left inside
        yield block
    if begun and not member.eof:
        raise BrokenEndError("its end is missing")


def _zst(path: Path, file: _AsItWas) -> Iterator[bytes]:
    """Every frame of a zstd file."""
    try:
        import zstandard
    except ImportError as error:
        raise CorpusError(f"corpus {path}: reading .zst needs zstandard\nInstall it: pip install zstandard.") from error
    decompressor = zstandard.ZstdDecompressor()
    frame, begun = decompressor.decompressobj(), False
    while data := file.read(BLOCK):
        for start in range(0, len(data), _ZST_STEP):
            step = data[start : start + _ZST_STEP]
            while step:
                begun = True
                try:
                    yield frame.decompress(step)
                except zstandard.ZstdError as error:
                    raise BrokenEndError(str(error)) from error
                step = b""
                if frame.eof:
                    step, frame, begun = frame.unused_data, decompressor.decompressobj(), False
    if begun:
        raise BrokenEndError("its end is missing")
