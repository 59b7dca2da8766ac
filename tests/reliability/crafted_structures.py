"""Structures of HDF5 files that no run has: links, storage elsewhere, filters, cycles, types, shapes, bombs."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

Way = Callable[[random.Random, h5py.File, str, Path], None]
"""Changes a dataset of an open file; told of a folder outside the run."""


def _again(file: h5py.File, name: str, data: object = None, **options: object) -> h5py.Dataset:
    """The dataset made anew, with the attributes it had."""
    kept = dict(file[name].attrs) if isinstance(file.get(name), h5py.Dataset) else {}
    del file[name]
    made = file.create_dataset(name, data=data, **options)
    for key, value in kept.items():
        made.attrs[key] = value
    return made


def _external_link(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    del file[name]
    file[name] = h5py.ExternalLink(str(outside / Path(file.filename).name), f"/{name}")


def _soft_link(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    del file[name]
    file[name] = h5py.SoftLink(rng.choice(("/nothing", f"/{name}", "/", "count", "../..", "/tokens")))


def _external_storage(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    size = int(np.prod(shape)) * dtype.itemsize
    if size:
        where = rng.choice((str(outside / "canary.txt"), "/dev/zero", "../../../outside/canary.txt"))
        _again(file, name, shape=shape, dtype=dtype, external=[(where, 0, size)])


def _virtual(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    layout = h5py.VirtualLayout(shape=shape, dtype=dtype)
    if all(shape):
        source = h5py.VirtualSource(str(outside / Path(file.filename).name), name, shape=shape)
        layout[...] = source
    del file[name]
    file.create_virtual_dataset(name, layout, fillvalue=7)


def _filters(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    if not all(shape):
        return
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk(shape)
    for _ in range(rng.choice((1, 3, 31))):
        number = rng.choice((1, 2, 3, 305, 32000, 32004, 255, 65535))
        values = tuple(rng.choice((0, 1, 9, 2**31, 2**32 - 1)) for _ in range(rng.choice((0, 1, 20))))
        try:
            made.set_filter(number, h5py.h5z.FLAG_OPTIONAL, values)
        except (ValueError, RuntimeError):
            continue
    kept = dict(file[name].attrs)
    parent, _, last = name.rpartition("/")
    del file[name]
    space, group = h5py.h5s.create_simple(shape), file[parent] if parent else file
    created = h5py.h5d.create(group.id, last.encode(), h5py.h5t.py_create(dtype), space, made)
    for key, value in kept.items():
        h5py.Dataset(created).attrs[key] = value


def _cycle(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    del file[name]
    file[name] = file["/"]


def _cycle_beside(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    file[rng.choice(("again", "triggers", "grams/9", "lookup/1/again", "values/again"))] = file["/"]


def _thousands(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    deep = rng.random() < 0.5
    at: h5py.Group = file
    for number in range(1500):
        made = at.create_group(f"g{number}")
        at = made if deep else at


def _attributes(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    holder = rng.choice((file, file[name]))
    key = rng.choice(("kind", "layer", "format_version", "dimension_N", "dimension_P", "dimension_K", "meaning", "new"))
    value = rng.choice(
        (
            *("variable \u202e length", b"x" * 60_000, np.bytes_(b"layer\0\0"), np.arange(9), np.float64("nan"), -1),
            *(2**63 - 1, 2**40, 2**39, 0, np.uint64(2**64 - 1), ["a", "b"], True, h5py.Empty("i4"), np.int8(-1)),
            np.zeros(3, np.dtype([("a", "i4"), ("b", "S9")])),
        )
    )
    holder.attrs[key] = value


def _dtype(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    shape = file[name].shape
    dtype = rng.choice(
        (
            *(
                np.dtype([("a", "i8"), ("b", "f4")]),
                h5py.enum_dtype({"A": 1, "B": 2}),
                h5py.string_dtype(),
                h5py.ref_dtype,
            ),
            *(
                h5py.regionref_dtype,
                np.dtype("V16"),
                h5py.vlen_dtype("i4"),
                np.dtype("S9"),
                np.dtype("f2"),
                np.dtype("i1"),
            ),
            *(np.dtype(">i8"), np.dtype(">f4"), np.dtype("u8"), np.dtype("i4"), np.dtype("f8"), np.dtype(("i4", (3,)))),
            *(np.dtype("c16"), np.dtype("?")),
        )
    )
    _again(file, name, shape=shape, dtype=dtype)


def _shape(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    shape, dtype = file[name].shape, file[name].dtype
    other = rng.choice(
        (
            (),
            (0,),
            (*shape, 1),
            shape[1:],
            tuple(n + 1 for n in shape),
            tuple(0 for _ in shape),
            (1,) * 20,
            (2**20, 2**20),
        )
    )
    options = {"chunks": tuple(min(n, 64) for n in other)} if other and all(other) else {}
    _again(file, name, shape=other, dtype=dtype, **options)


def _dimension(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    """A dimension grown with every dataset that has it, stored nowhere."""
    letters = [key for key in file.attrs if key.startswith("dimension_")]
    key = rng.choice(letters)
    before, after = int(file.attrs[key]), rng.choice((0, 1, 2**20, 2**31, 2**36))
    file.attrs[key] = np.int64(after)
    if rng.random() < 0.3:
        return
    every: list[str] = []
    file.visititems(lambda at, one: every.append(at) if isinstance(one, h5py.Dataset) else None)
    for one in every:
        shape, dtype = file[one].shape, file[one].dtype
        if shape and before and before in shape:
            grown = tuple(after if n == before else n for n in shape)
            chunks = tuple(max(1, min(n, 64)) for n in grown)
            _again(file, one, shape=grown, dtype=dtype, chunks=chunks, compression="gzip")


def _bomb(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    """Few bytes that decompress to a lot: as much as deflate can, or by a chunk far larger than its data."""
    spec = file[name]
    shape, dtype = spec.shape, spec.dtype
    if not shape:
        return
    if rng.random() < 0.5:
        made = _again(
            file,
            name,
            shape=shape,
            dtype=dtype,
            maxshape=(None,) * len(shape),
            chunks=(2**20,) + (1,) * (len(shape) - 1),
            compression="gzip",
        )
        made[...] = 0
    else:
        grown = (2**24, *shape[1:]) if rng.random() < 0.5 else (2**27, *(1 for _ in shape[1:]))
        made = _again(
            file,
            name,
            shape=grown,
            dtype=dtype,
            chunks=(min(2**20, grown[0]), *(max(1, n) for n in grown[1:])),
            compression="gzip",
            fillvalue=0,
        )
        made[:1] = 0


def bomb(size: int) -> bytes:
    """A stream of zlib that unpacks to so many MiB of zeros, each taking a kilobyte."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # which nothing before it is needed for
    return head + block * size + packer.flush()


def _overfull(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    """A chunk of the right shape that unpacks to gigabytes, once or in layers."""
    spec = file[name]
    if not all(spec.shape):
        return
    made = _again(
        *(file, name),
        shape=spec.shape,
        dtype=spec.dtype,
        chunks=spec.shape,
        compression="gzip",
        shuffle=rng.random() < 0.5,
    )
    data = bomb(rng.choice((2, 64, 2000, 6000)))
    made.id.write_direct_chunk((0,) * len(spec.shape), zlib.compress(data) if rng.random() < 0.2 else data)


def _unallocated(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    spec = file[name]
    if spec.shape:
        _again(
            file,
            name,
            shape=spec.shape,
            dtype=spec.dtype,
            chunks=tuple(max(1, n) for n in spec.shape),
            fillvalue=rng.choice((0, 1, 99)),
        )


def _group_for_dataset(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    del file[name]
    if rng.random() < 0.5:
        file.create_group(name)
    else:
        file[name] = np.dtype("i4")


def _more(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    file[rng.choice(("extra", "triggers/4/top", "vocabulary/more", "\u202e\x1b", "a" * 5000))] = np.arange(3)


def _without(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    del file[name]


STRUCTURES: tuple[Way, ...] = (
    *(
        _external_link,
        _soft_link,
        _external_storage,
        _virtual,
        _filters,
        _cycle,
        _cycle_beside,
        _thousands,
        _attributes,
    ),
    *(_dtype, _shape, _dimension, _bomb, _overfull, _unallocated, _group_for_dataset, _more, _without),
)
