"""The members of a tar archive as ours are: regular files, one after the other, read and written as a stream.

Python's own reader follows links, long names and sparse files, and keeps headers of any size in memory. Ours have
nothing of that, so nothing of that is read.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from typing import BinaryIO, Protocol

from neuron_tui.store.archive.index import unusable

_BLOCK = 512
_AT_ONCE = 1 << 20
_WRITTEN = 1577836800
"""The time that every member bears, 2020-01-01: the same run makes the same archive."""

_KINDS = {
    **{tarfile.LNKTYPE: "a hard link", tarfile.SYMTYPE: "a symbolic link", tarfile.DIRTYPE: "a folder"},
    **{tarfile.CHRTYPE: "a device", tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a pipe"},
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}

Watch = Callable[[int], None]
"""Told of how many bytes more were read or written."""


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Write some bytes."""
        ...


def write_header(stream: Sink, path: str, size: int) -> None:
    """Write the header of a regular file of `size` bytes; `path` is that of a file of a run."""
    # The format has 100 characters for a path, and 155 more for folders before it: here those of a variant.
    parts = path.split("/", 2)
    before, name = ("/".join(parts[:2]), parts[2]) if len(path) > 100 else ("", path)
    # 11 octal digits hold 8 GiB; beyond, the number itself, as GNU tar has it and all readers of today take it.
    length = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    fields = (
        *(name.encode("ascii").ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", length),
        *(b"%011o\0" % _WRITTEN, b" " * 8, tarfile.REGTYPE, bytes(100), b"ustar\x0000", bytes(64)),
        *(b"0000000\0", b"0000000\0", before.encode("ascii").ljust(155, b"\0"), bytes(12)),
    )
    header = b"".join(fields)
    stream.write(header[:148] + b"%06o\0 " % sum(header) + header[156:])


def write_padding(stream: Sink, size: int) -> None:
    """Fill the last block of a file of `size` bytes."""
    stream.write(bytes(-size % _BLOCK))


def write_end(stream: Sink) -> None:
    """Write the end of an archive."""
    stream.write(bytes(2 * _BLOCK))


class Members:
    """Reads the members of an archive, in the order in which they lie there; every error is an InputError."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        """Read from `stream`; `source` is how messages call the archive."""
        self._stream, self._source = stream, source

    def next(self, path: str, size: int | None = None) -> int:
        """Go to the next member, which must be the regular file `path` of `size` bytes, of any for None: its size."""
        block = self._exactly(_BLOCK)
        if not any(block):
            raise unusable(self._source, f"ends before {path}")
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise unusable(self._source, f"no member of a tar archive begins where {path} should") from error
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise unusable(self._source, f"{member.name!r} is {_KINDS.get(member.type, 'no regular file')}")
        if member.name != path:
            raise unusable(self._source, f"{member.name!r} stands where {path} should")
        if member.size < 0 or size not in (None, member.size):
            raise unusable(self._source, f"{path} has {member.size:,} bytes, not the {size or 0:,} that are listed")
        return member.size

    def contents(self, size: int) -> bytes:
        """A whole small member, to be held in memory."""
        data = self._exactly(size)
        self._exactly(-size % _BLOCK)
        return data

    def copy(self, size: int, to: BinaryIO, watch: Watch) -> str:
        """Copy a member of `size` bytes; gives its hexadecimal SHA-256."""
        digest, left = hashlib.sha256(), size
        while left:
            data = self._exactly(min(left, _AT_ONCE))
            digest.update(data)
            to.write(data)
            left -= len(data)
            watch(len(data))
        self._exactly(-size % _BLOCK)
        return digest.hexdigest()

    def end(self) -> None:
        """Come to the end of the archive."""
        if any(self._exactly(_BLOCK)):
            raise unusable(self._source, "holds more than it lists")

    def _exactly(self, size: int) -> bytes:
        parts, left = [], size
        while left:
            data = self._stream.read(left)
            if not data:
                raise unusable(self._source, "is cut short")
            parts.append(data)
            left -= len(data)
        return b"".join(parts)
