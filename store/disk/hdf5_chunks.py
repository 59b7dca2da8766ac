"""Packed chunks that hold more or less than they say: HDF5 unpacks to the end before it looks how much is to be there.

Three megabytes can so become gigabytes, and beyond four the library does not come back. Of a chunk that holds less it
reads on behind the end, and gives what lies there in memory. So each is unpacked on trial before it is read, no further
than to one byte more than it is to hold.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import h5py
import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.hdf5_checks import damaged

Rows = slice | tuple[int, slice] | Int64s | None
"""What is read of a dataset: rows, a part of one row, or all."""

Place = tuple[int, ...]


class Chunks:
    """The chunks of one dataset, looked at before HDF5 unpacks them."""

    def __init__(self, path: Path, name: str, dataset: h5py.Dataset) -> None:
        self._path, self._name, self._id = path, name, dataset.id
        self._shape, self._chunks = dataset.shape, dataset.chunks
        self._bytes: int = int(np.prod(self._chunks or (0,))) * dataset.dtype.itemsize
        self._most = self._bytes + self._bytes // 512 + 64
        made = dataset.id.get_create_plist()
        filters = [made.get_filter(place)[0] for place in range(made.get_nfilters())]
        if filters not in ([], [h5py.h5z.FILTER_DEFLATE], [h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE]):
            raise damaged(path, f"`{name}` is packed in another way than runs are")
        self._packed = bool(filters)
        self._deflate = 1 << len(filters) >> 1
        """Its bit among those of filters that were left out when a chunk was written: the last of them."""

    def require_sound(self, rows: Rows) -> None:
        """Raise RunDamagedError if a chunk that some rows lie in would unpack to more than it is to hold."""
        if not self._packed or not self._chunks or not all(self._shape):
            return
        for place in self._touched(rows):
            found = self._id.get_chunk_info_by_coord(place)
            if found.byte_offset is None:
                continue
            held = self._held(place, found)
            if held != self._bytes:
                more = "more" if held > self._bytes else "less"
                raise damaged(self._path, f"`{self._name}` has a chunk that holds {more} than it says")

    def _held(self, place: Place, found: h5py.h5d.StoreInfo) -> int:
        """Bytes that a chunk unpacks to, or one more than it is to hold for any more."""
        if found.filter_mask & self._deflate:  # packed it would have been larger: it is there as it is
            return int(found.size)
        if found.size > self._most:
            return self._bytes + 1
        _, data = self._id.read_direct_chunk(place)
        try:
            return len(zlib.decompressobj().decompress(data, self._bytes + 1))
        except zlib.error:
            return self._bytes  # HDF5 says so itself

    def _touched(self, rows: Rows) -> Iterator[Place]:
        """Where each of the chunks begins that some rows lie in."""
        first, *others = (range(0, extent, size) for extent, size in zip(self._shape, self._chunks, strict=True))
        size = self._chunks[0]
        if isinstance(rows, np.ndarray):
            begins: list[int] | range = (np.unique(rows // size) * size).tolist()
        elif isinstance(rows, slice):
            start, stop, _ = rows.indices(self._shape[0])
            begins = range(start // size * size, stop, size)
        elif isinstance(rows, tuple):
            begins = [rows[0] // size * size]
            start, stop, _ = rows[1].indices(self._shape[1])
            others[0] = range(start // self._chunks[1] * self._chunks[1], stop, self._chunks[1])
        else:
            begins = first
        return product(begins, *others)
