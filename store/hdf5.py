"""HDF5 files that follow the schema: written whole, and read with suspicion.

A run may come from anyone. A reader therefore refuses what could reach outside the file (external links,
external storage, virtual datasets), what needs a filter plug-in, and shapes that its own attributes deny.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.schema import FORMAT_VERSION, MAX_DIMENSION, Dataset, FileSchema, resolve
from neuron_tui.store.sink import Sink

Array = npt.NDArray[Any]

_KNOWN_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}
_CHECKED: dict[tuple[str | int, ...], dict[str, int]] = {}
_MAX_CHECKED = 4096
_MAX_INFLATION = 2000
"""Deflate cannot compress below about 1/1030, shuffle adds nothing: a larger ratio is a lie about the shape."""


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
        self._create(spec, shape)[...] = _fitting(spec, values)
        self._raise_if_failed()

    def write_texts(self, name: str, texts: Sequence[str]) -> None:
        """Write texts as the datasets `name`/text and `name`/start; the dimension B of the first follows from them."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._dimensions["B"] = self._file.attrs["dimension_B"] = sum(map(len, parts))
        self.write(f"{name}/text", np.frombuffer(b"".join(parts), np.uint8))
        self.write(f"{name}/start", np.cumsum([0, *map(len, parts)]))

    def create(self, name: str) -> h5py.Dataset:
        """Make a dataset of the schema's shape to be filled by slices."""
        spec = self._schema[name]
        return self._create(spec, resolve(spec.shape, self._dimensions))

    def _raise_if_failed(self) -> None:
        if self._sink.error is not None:
            raise self._sink.error

    def _create(self, spec: Dataset, shape: tuple[int, ...]) -> h5py.Dataset:
        options: dict[str, Any] = {}
        if spec.rows and all(shape):
            tail = shape[1:] if spec.rows > 1 else tuple(min(extent, 1 << 17) for extent in shape[1:])
            options["chunks"] = (min(spec.rows, shape[0]), *tail)
            options["compression"] = "gzip"
            options["compression_opts"] = 1
            options["shuffle"] = True
        dataset = self._file.create_dataset(spec.name, shape, np.dtype(spec.dtype), **options)
        # As fixed-length strings: others would need HDF5's global heap, whose reader a damaged file can hang.
        dataset.attrs["unit"] = np.bytes_(spec.unit.encode())
        dataset.attrs["meaning"] = np.bytes_(spec.meaning.encode())
        return dataset


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
    """An open file of a run; slices are read on demand."""

    path: Path
    file: h5py.File
    dimensions: dict[str, int]

    def __contains__(self, name: str) -> bool:
        return name in self.file

    def read(self, name: str, rows: slice | npt.NDArray[np.int64] | None = None) -> Array:
        """A dataset, or some rows of it (`rows` ascending).

        Raises
        ------
        RunDamagedError
            The stored bytes cannot be decoded.
        """
        if isinstance(rows, np.ndarray) and len(rows) and rows[-1] - rows[0] == len(rows) - 1:
            rows = slice(int(rows[0]), int(rows[-1]) + 1)  # h5py reads a slice far faster than a list of points
        try:
            dataset = self.file[name]
            values = dataset[...] if rows is None else dataset[rows]
        except (OSError, KeyError, RuntimeError, ValueError, MemoryError) as error:
            raise _damaged(self.path, f"`{name}` cannot be read ({error})") from error
        return np.asarray(values)

    def read_texts(self, name: str) -> tuple[str, ...]:
        """Texts as `write_texts` wrote them; raises RunDamagedError."""
        data, starts = self.read(f"{name}/text").tobytes(), self.read(f"{name}/start")
        if starts[0] != 0 or starts[-1] != len(data) or (np.diff(starts) < 0).any():
            raise _damaged(self.path, f"`{name}/start` does not rise from 0 to the length of the text")
        bounds = starts.tolist()
        try:
            return tuple(data[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(bounds))
        except UnicodeDecodeError as error:
            raise _damaged(self.path, f"`{name}/text` is no UTF-8") from error


@contextmanager
def reading(path: Path, schema: FileSchema) -> Iterator[SchemaReader]:
    """Open a file of the run after checking it against the schema.

    Raises
    ------
    RunDamagedError
        The file is missing, cut short, not of this kind, or not shaped as the schema says.
    """
    try:
        # A regular file opened read-only, without HDF5's own lock: finished files are never written again.
        file = h5py.File(path, "r", locking=False)
    except FileNotFoundError as error:
        raise _damaged(path, "the file is missing") from error
    except (OSError, RuntimeError) as error:
        raise _damaged(path, "not an HDF5 file, or cut short") from error
    with file:
        try:
            dimensions = _dimensions_of(path, file, schema)
        except RunDamagedError:
            raise
        except Exception as error:  # h5py raises most kinds there are when a file's structure makes no sense
            raise _damaged(path, f"its structure cannot be read ({type(error).__name__})") from error
        yield SchemaReader(path, file, dimensions)


def _damaged(path: Path, reason: str) -> RunDamagedError:
    return RunDamagedError(
        f"{path}: {reason}\nThe run is damaged: extract it again with --overwrite, or restore the file from a copy."
    )


def _dimensions_of(path: Path, file: h5py.File, schema: FileSchema) -> dict[str, int]:
    # The check takes most of the time of reading one neuron: it is made once for each state of a file.
    status = os.fstat(file.id.get_vfd_handle())
    state = (schema.kind, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if state not in _CHECKED:
        if len(_CHECKED) >= _MAX_CHECKED:
            _CHECKED.clear()
        _CHECKED[state] = _checked_dimensions(path, file, schema)
    return _CHECKED[state]


def _checked_dimensions(path: Path, file: h5py.File, schema: FileSchema) -> dict[str, int]:
    attributes = _attributes(path, file)
    version = attributes.get("format_version")
    if attributes.get("kind") != schema.kind.encode():
        raise _damaged(path, f"not a {schema.kind} file of a run")
    if version != FORMAT_VERSION:
        raise _damaged(path, f"format version {version}, this program reads {FORMAT_VERSION}")
    dimensions: dict[str, int] = {}
    for name, value in attributes.items():
        if name.startswith("dimension_"):
            if not isinstance(value, np.integer) or not 0 <= int(value) < MAX_DIMENSION:
                raise _damaged(path, f"attribute {name} is {value!r}")
            dimensions[name.removeprefix("dimension_")] = int(value)
    _refuse_unknown(path, file, schema.names())
    for spec in schema.datasets:
        _check_dataset(path, file, spec, dimensions)
    return dimensions


def _attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    for name in file.attrs:
        attribute = file.attrs.get_id(name)
        if attribute.dtype.kind not in "iuS" or attribute.shape != () or attribute.dtype.itemsize > 64:
            raise _damaged(path, f"attribute {name} is no single number or word")
    return dict(file.attrs)


def _refuse_unknown(path: Path, group: h5py.Group, names: frozenset[str], prefix: str = "") -> None:
    for key in group:
        name = prefix + key
        if group.get(key, getlink=True).__class__ is not h5py.HardLink:
            raise _damaged(path, f"`{name}` is a link out of its place")
        if name in names:
            continue
        if not any(known.startswith(name + "/") for known in names):
            raise _damaged(path, f"`{name}` is not part of the format")
        inner = group[key]
        if not isinstance(inner, h5py.Group):
            raise _damaged(path, f"`{name}` is not a group")
        _refuse_unknown(path, inner, names, name + "/")


def _check_dataset(path: Path, file: h5py.File, spec: Dataset, dimensions: Mapping[str, int]) -> None:
    if spec.name not in file:
        if spec.optional:
            return
        raise _damaged(path, f"`{spec.name}` is missing")
    dataset = file[spec.name]
    if not isinstance(dataset, h5py.Dataset):
        raise _damaged(path, f"`{spec.name}` is not a dataset")
    try:
        expected = resolve(spec.shape, dimensions)
    except KeyError as error:
        raise _damaged(path, f"the dimension {error} of `{spec.name}` is not given") from error
    if dataset.shape != expected:
        raise _damaged(path, f"`{spec.name}` has the shape {dataset.shape}, expected {expected}")
    if dataset.dtype != np.dtype(spec.dtype):
        raise _damaged(path, f"`{spec.name}` has the dtype {dataset.dtype}, expected {spec.dtype}")
    if dataset.is_virtual or dataset.external:
        raise _damaged(path, f"`{spec.name}` keeps its data in another file")
    filters = dataset.id.get_create_plist()
    if any(filters.get_filter(i)[0] not in _KNOWN_FILTERS for i in range(filters.get_nfilters())):
        raise _damaged(path, f"`{spec.name}` needs a filter that is not read here")
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize if dataset.chunks else 0
    allowed = min(dataset.nbytes, _MAX_INFLATION * dataset.id.get_storage_size()) + (1 << 20)
    if max(dataset.nbytes, chunk) > allowed:
        raise _damaged(path, f"`{spec.name}` declares far more than the file holds")
