"""HDF5 files that follow the schema: written whole, and read with suspicion (see `hdf5_checks`)."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neuron_tui.store.arrays import Array, Int64s
from neuron_tui.store.disk.hdf5_checks import checked_dataset, checked_dimensions, damaged, refuse_unknown, structure_of
from neuron_tui.store.disk.hdf5_chunks import Chunks
from neuron_tui.store.disk.own_files import require_own
from neuron_tui.store.disk.schema import ACTIVATIONS_CHUNK, COLUMN_CHUNK, FORMAT_VERSION, Dataset, FileSchema, resolve
from neuron_tui.store.disk.sink import Sink

_LEVEL = 1
"""Of compression: the fastest."""

_AS_IT_IS = 0
"""Of compression: none, but zlib's frame and checksum. Unpacking columns would treble the time to open a large run."""

_CHUNK_CACHE = 1 << 16
"""Bytes that HDF5 keeps of each open dataset: a chunk or two, since a hundred files of thirty may be open."""


class SchemaWriter:
    """Writes the datasets of one file; every name, shape and dtype is checked against the schema.

    A full disk is raised as OSError by `write`, at the latest when the file is closed.
    """

    def __init__(self, path: Path, schema: FileSchema, dimensions: Mapping[str, int], **attributes: int) -> None:
        self._schema = {d.name: d for d in schema.datasets}
        self._dimensions = dict(dimensions)
        self._sink = Sink(path)
        self._file = h5py.File(self._sink, "w", libver="v110")
        self._file.attrs["format_version"] = FORMAT_VERSION
        self._file.attrs["kind"] = np.bytes_(schema.kind)
        for name, value in attributes.items():
            self._file.attrs[name] = value
        for name, value in dimensions.items():
            self._file.attrs[f"dimension_{name}"] = value

    def __enter__(self) -> SchemaWriter:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()
        finally:
            self._sink.close()
        self._raise_if_failed()

    def write(self, name: str, values: Array) -> None:
        """Write a whole dataset.

        Raises
        ------
        ValueError
            `values` does not have the schema's shape, or its dtype cannot hold them.
        OSError
            The disk has no room.
        """
        spec = self._schema[name]
        shape = resolve(spec.shape, self._dimensions)
        if values.shape != shape:
            raise ValueError(f"{name}: shape {values.shape}, the schema says {shape}")
        dataset, fitting = self._create(spec, shape), _fitting(spec, values)
        if dataset.chunks and (fitting.dtype.kind in "iu" or not spec.rows):
            _write_chunks(dataset, fitting)
        else:
            dataset[...] = fitting
        self._raise_if_failed()

    def write_rows(self, name: str, rows: Iterable[Array]) -> None:
        """Write a dataset of whole numbers a row at a time, for what there is too much of to be held at once."""
        spec = self._schema[name]
        dataset = self._create(spec, resolve(spec.shape, self._dimensions))
        for at, row in enumerate(rows):
            _write_chunks(dataset, _fitting(spec, row[np.newaxis]), at)
        self._raise_if_failed()

    def write_texts(self, name: str, texts: Sequence[str]) -> None:
        """Write texts as the datasets `name`/text and `name`/start; the dimension B of the first follows from them."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        self.set_dimension("B", sum(map(len, parts)))
        self.write(f"{name}/text", np.frombuffer(b"".join(parts), np.uint8))
        self.write(f"{name}/start", np.cumsum([0, *map(len, parts)]))

    def set_dimension(self, name: str, value: int) -> None:
        """Give a dimension that follows from what is written."""
        self._dimensions[name] = value
        self._file.attrs[f"dimension_{name}"] = value

    def _raise_if_failed(self) -> None:
        if self._sink.error is not None:
            raise self._sink.error

    def _create(self, spec: Dataset, shape: tuple[int, ...]) -> h5py.Dataset:
        # Every chunk ends with the Adler-32 of its bytes, which HDF5 checks whenever it reads one.
        options: dict[str, Any] = {}
        if all(shape):
            tail = shape[1:] if spec.rows != 1 else tuple(min(extent, ACTIVATIONS_CHUNK) for extent in shape[1:])
            options["chunks"] = (min(spec.rows or COLUMN_CHUNK, shape[0]), *tail)
            options["compression"] = "gzip"
            options["compression_opts"] = _LEVEL if spec.rows else _AS_IT_IS
            options["shuffle"] = spec.rows > 0
        dataset = self._file.create_dataset(spec.name, shape, np.dtype(spec.dtype), **options)
        # As fixed-length strings: others would need HDF5's global heap, whose reader a damaged file can hang.
        dataset.attrs["unit"] = np.bytes_(spec.unit.encode())
        dataset.attrs["meaning"] = np.bytes_(spec.meaning.encode())
        return dataset


def _write_chunks(dataset: h5py.Dataset, values: Array, first: int = 0) -> None:
    """Write values, from a row on that a chunk begins with, as the dataset's filters would, but faster and smaller."""
    pack = _packed if dataset.shuffle else _as_it_is
    for place in np.ndindex(*(-(-extent // size) for extent, size in zip(values.shape, dataset.chunks, strict=True))):
        start = tuple(at * size for at, size in zip(place, dataset.chunks, strict=True))
        chunk = values[tuple(slice(begin, begin + size) for begin, size in zip(start, dataset.chunks, strict=True))]
        if chunk.shape != dataset.chunks:  # the last ones of a dataset are filled up
            whole = np.zeros(dataset.chunks, values.dtype)
            whole[tuple(map(slice, chunk.shape))] = chunk
            chunk = whole
        dataset.id.write_direct_chunk((first + start[0], *start[1:]), pack(chunk))


def _packed(chunk: Array) -> bytes:
    """A chunk of whole numbers, shuffled and deflated.

    Looking for nothing but runs of equal bytes: bits and counts come out smaller than by the search that the filter
    makes for any repetition, in two thirds of the time.
    """
    shuffled = chunk.reshape(-1, 1).view(np.uint8).T.tobytes()  # the first byte of each number, the second, ...
    packer = zlib.compressobj(_LEVEL, strategy=zlib.Z_RLE)
    return packer.compress(shuffled) + packer.flush()


def _as_it_is(chunk: Array) -> bytes:
    return zlib.compress(chunk.tobytes(), _AS_IT_IS)


def _fitting(spec: Dataset, values: Array) -> Array:
    dtype = np.dtype(spec.dtype)
    # A count that its dtype cannot hold would be cut without a word.
    if dtype.kind in "iu" and values.size and not np.can_cast(values.dtype, dtype):
        limits = np.iinfo(dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise ValueError(f"{spec.name}: {values.min()} to {values.max()} do not fit {spec.dtype}")
    return values.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class SchemaReader:
    """An open file of a run; each dataset is held against the schema before it is first read."""

    path: Path
    schema: FileSchema
    file: h5py.File
    dimensions: dict[str, int]
    _open: dict[str, h5py.Dataset | None] = field(default_factory=dict)
    _chunks: dict[str, Chunks] = field(default_factory=dict)

    @property
    def layer(self) -> int | None:
        """The layer that the file says it is of, None if it does not say."""
        return int(self.file.attrs["layer"]) if "layer" in self.file.attrs else None

    def __contains__(self, name: str) -> bool:
        return self.schema.has(name) and self._dataset(name) is not None

    def read(self, name: str, rows: slice | tuple[int, slice] | Int64s | None = None) -> Array:
        """A dataset, or some rows of it (`rows` ascending), or a part of one row.

        Raises
        ------
        RunDamagedError
            The dataset is not as the schema says, or the stored bytes cannot be decoded.
        """
        if isinstance(rows, np.ndarray) and len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            rows = slice(int(rows[0]), int(rows[-1]) + 1)  # h5py reads a slice far faster than a list of points
        dataset = self._dataset(name)
        try:
            if dataset is None:
                raise KeyError(name)
            self._chunks[name].require_sound(rows)
            values = dataset[...] if rows is None else dataset[rows]
        except (OSError, KeyError, RuntimeError, ValueError, MemoryError) as error:
            raise damaged(self.path, f"`{name}` cannot be read ({error})") from error
        if rows is None:
            self._open.pop(name, None)
            self._chunks.pop(name, None)  # HDF5 holds a buffer for each handle, and whole datasets are read once
        return np.asarray(values)

    def read_texts(self, name: str) -> tuple[str, ...]:
        """Texts as `write_texts` wrote them; raises RunDamagedError."""
        data, starts = self.read(f"{name}/text").tobytes(), self.read(f"{name}/start")
        if starts[0] != 0 or starts[-1] != len(data) or (np.diff(starts) < 0).any():
            raise damaged(self.path, f"`{name}/start` does not rise from 0 to the length of the text")
        bounds = starts.tolist()
        try:
            return tuple(data[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(bounds))
        except UnicodeDecodeError as error:
            raise damaged(self.path, f"`{name}/text` is no UTF-8") from error

    def check_all(self) -> None:
        """Hold the whole file against the schema, whatever of it will be read; raises RunDamagedError."""
        with structure_of(self.path):
            refuse_unknown(self.path, self.file, self.schema.names())
        for spec in self.schema.datasets:
            self._dataset(spec.name)

    def _dataset(self, name: str) -> h5py.Dataset | None:
        # Handles are kept: making one takes longer than reading a row.
        if name not in self._open:
            with structure_of(self.path):
                found = checked_dataset(self.path, self.file, self.schema.dataset(name), self.dimensions)
                if found is not None:
                    self._chunks[name] = Chunks(self.path, name, found)
                self._open[name] = found
        return self._open[name]


@contextmanager
def reading(path: Path, schema: FileSchema) -> Iterator[SchemaReader]:
    """Open a file of the run after checking all of it against the schema.

    Raises
    ------
    RunDamagedError
        The file is missing, cut short, not of this kind, or not shaped as the schema says.
    """
    reader = open_reader(path, schema)
    with reader.file:
        reader.check_all()
        yield reader


def open_reader(path: Path, schema: FileSchema) -> SchemaReader:
    """Open a file of the run for whoever closes it; datasets are checked when they are read. Raises as `reading`."""
    try:
        require_own(path)
        # A regular file opened read-only, without HDF5's own lock: finished files are never written again.
        file = h5py.File(path, "r", locking=False, rdcc_nbytes=_CHUNK_CACHE)
    except FileNotFoundError as error:
        raise damaged(path, "the file is missing") from error
    except (OSError, RuntimeError) as error:
        # h5py puts what it says into one text, and the system's words, if any, in the middle.
        reason = f"cannot be read ({error.strerror})" if isinstance(error, OSError) and error.strerror else None
        raise damaged(path, reason or "not an HDF5 file, or cut short") from error
    try:
        with structure_of(path):
            return SchemaReader(path, schema, file, checked_dimensions(path, file, schema))
    except BaseException:
        file.close()
        raise
