"""Suspicion about HDF5 files: what must hold before anything is read from one.

A run may come from anyone. A reader therefore refuses what could reach outside the file (external links,
external storage, virtual datasets), what needs a filter plug-in, and shapes that its own attributes deny.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neuron_tui.store.disk.schema import FORMAT_VERSION, MAX_DIMENSION, Dataset, FileSchema, resolve
from neuron_tui.store.errors import OUTDATED, RunDamagedError, RunOutdatedError

_KNOWN_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE}
_MAX_INFLATION = 2000
"""Deflate cannot compress below about 1/1030, shuffle adds nothing: a larger ratio is a lie about the shape."""


def damaged(path: Path, reason: str) -> RunDamagedError:
    """The error that says what is wrong with a file and what to do."""
    return RunDamagedError(
        f"{path}: {reason}\nThe run is damaged: mend it with `neuron-tui mend`, or restore the file from a copy."
    )


@contextmanager
def structure_of(path: Path) -> Iterator[None]:
    """Turn whatever h5py raises on a file whose structure makes no sense into RunDamagedError."""
    try:
        yield
    except RunDamagedError:
        raise
    except Exception as error:  # h5py raises most kinds there are
        raise damaged(path, f"its structure cannot be read ({type(error).__name__})") from error


def checked_dimensions(path: Path, file: h5py.File, schema: FileSchema) -> dict[str, int]:
    """Dimensions of a file by name, after a look at its kind, version and layer; raises RunDamagedError."""
    attributes = _attributes(path, file)
    version = attributes.get("format_version")
    if attributes.get("kind") != schema.kind.encode():
        raise damaged(path, f"not a {schema.kind} file of a run")
    if isinstance(version, np.integer) and version < FORMAT_VERSION:
        raise RunOutdatedError(f"{path}: {OUTDATED}")
    if version != FORMAT_VERSION:
        raise damaged(path, f"format version {version}, this program reads {FORMAT_VERSION}")
    if not isinstance(attributes.get("layer", np.int64()), np.integer):
        raise damaged(path, f"attribute layer is {attributes['layer']}")
    dimensions: dict[str, int] = {}
    for name, value in attributes.items():
        if name.startswith("dimension_"):
            if not isinstance(value, np.integer) or not 0 <= int(value) < MAX_DIMENSION:
                raise damaged(path, f"attribute {name} is {value}")
            dimensions[name.removeprefix("dimension_")] = int(value)
    return dimensions


def _attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    found: dict[str, Any] = {}
    manager = file.attrs
    for name in manager:
        attribute = manager.get_id(name)
        if attribute.dtype.kind not in "iuS" or attribute.shape != () or attribute.dtype.itemsize > 64:
            raise damaged(path, f"attribute {name} is no single number or word")
        value = np.empty((), attribute.dtype)
        attribute.read(value)
        found[name] = value[()]
    return found


def refuse_unknown(path: Path, group: h5py.Group, names: frozenset[str], prefix: str = "") -> None:
    """Raise RunDamagedError if a file holds a link, or anything that is not in the schema."""
    for key in group:
        name = prefix + key
        if group.get(key, getlink=True).__class__ is not h5py.HardLink:
            raise damaged(path, f"`{name}` is a link out of its place")
        if name in names:
            continue
        if not any(known.startswith(name + "/") for known in names):
            raise damaged(path, f"`{name}` is not part of the format")
        inner = group[key]
        if not isinstance(inner, h5py.Group):
            raise damaged(path, f"`{name}` is not a group")
        refuse_unknown(path, inner, names, name + "/")


def checked_dataset(path: Path, file: h5py.File, spec: Dataset, dimensions: Mapping[str, int]) -> h5py.Dataset | None:
    """A dataset of a file, None if it is absent and may be.

    Raises
    ------
    RunDamagedError
        It is missing, out of its place, or not as the schema says.
    """
    if not _is_there(path, file, spec.name):
        if spec.optional:
            return None
        raise damaged(path, f"`{spec.name}` is missing")
    if h5py.h5o.get_info(file.id, spec.name.encode()).type != h5py.h5o.TYPE_DATASET:
        raise damaged(path, f"`{spec.name}` is not a dataset")
    # The low-level interface: this is done some thirty times before the first neuron of a layer is shown.
    dataset = h5py.h5d.open(file.id, spec.name.encode())
    try:
        expected = resolve(spec.shape, dimensions)
    except KeyError as error:
        raise damaged(path, f"the dimension {error} of `{spec.name}` is not given") from error
    if dataset.shape != expected:
        raise damaged(path, f"`{spec.name}` has the shape {dataset.shape}, expected {expected}")
    dtype = dataset.dtype
    if dtype != np.dtype(spec.dtype):
        raise damaged(path, f"`{spec.name}` has the dtype {dtype}, expected {spec.dtype}")
    made = dataset.get_create_plist()
    layout = made.get_layout()
    if layout == h5py.h5d.VIRTUAL or made.get_external_count():
        raise damaged(path, f"`{spec.name}` keeps its data in another file")
    if any(made.get_filter(i)[0] not in _KNOWN_FILTERS for i in range(made.get_nfilters())):
        raise damaged(path, f"`{spec.name}` needs a filter that is not read here")
    size = math.prod(expected) * dtype.itemsize
    chunk = math.prod(made.get_chunk()) * dtype.itemsize if layout == h5py.h5d.CHUNKED else 0
    allowed = min(size, _MAX_INFLATION * dataset.get_storage_size()) + (1 << 20)
    if max(size, chunk) > allowed:
        raise damaged(path, f"`{spec.name}` declares far more than the file holds")
    return h5py.Dataset(dataset)


def _is_there(path: Path, file: h5py.File, name: str) -> bool:
    # Every step on the way is looked at before it is taken.
    links = file.id.links
    for step in accumulate(name.split("/"), lambda a, b: f"{a}/{b}"):
        if not links.exists(step.encode()):
            return False
        if links.get_info(step.encode()).type != h5py.h5l.TYPE_HARD:
            raise damaged(path, f"`{step}` is a link out of its place")
    return True
