"""Values that no run has, under sound checksums: in HDF5 files and in the kept aggregates."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from pathlib import Path

import h5py
import numpy as np

_NAN, _INF = float("nan"), float("inf")


def extremes(dtype: np.dtype) -> list[object]:
    """Values at the ends of a type, and others that are no counts."""
    if dtype.kind == "f":
        return [
            _NAN,
            _INF,
            -_INF,
            0.0,
            -0.0,
            np.finfo(dtype).max,
            np.finfo(dtype).min,
            np.finfo(dtype).tiny,
            1e30,
            -1.0,
        ]
    limits = np.iinfo(dtype)
    small = [
        value for value in (-2, -1, 0, 1, 2, 63, 64, 10**6, 2**31, 2**40, 10**18) if limits.min <= value <= limits.max
    ]
    return [limits.min, limits.max, limits.max - 1, *small]


def change_values(rng: random.Random, file: h5py.File, name: str, outside: Path) -> None:
    """Change some values of a dataset, or all."""
    spec = file[name]
    values = spec[...]
    if not values.size or values.dtype.kind not in "iuf":
        return
    flat, ends = values.reshape(-1), extremes(values.dtype)
    how = rng.randrange(6)
    if how == 0:
        flat[:] = np.array(rng.choice(ends), values.dtype)
    elif how == 1:
        flat[:] = np.random.default_rng(rng.randrange(2**32)).permutation(flat)
    elif how == 2 and values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        flat[:] = np.random.default_rng(rng.randrange(2**32)).integers(
            limits.min, limits.max, flat.shape, values.dtype, endpoint=True
        )
    elif how == 3 and values.dtype.kind in "iu":
        flat += np.array(rng.choice((1, 2, 100)), values.dtype)
    else:
        for _ in range(rng.choice((1, 1, 3, 20))):
            flat[rng.randrange(len(flat))] = np.array(rng.choice(ends), values.dtype)
    spec[...] = values


def craft_cache(rng: random.Random, path: Path) -> str:
    """Change kept aggregates and give them the SHA-256 that they then have."""
    data = path.read_bytes()[32:]
    with np.load(io.BytesIO(data)) as kept:
        arrays = {name: kept[name] for name in kept.files}
    name = rng.choice([*arrays, "head", "head"])
    how, stream = rng.randrange(5), io.BytesIO()
    if name == "head":
        head = json.loads(arrays["head"].tobytes())
        places = [key for key in head if key != "key"]
        key = rng.choice(places)
        if key == "summaries" and rng.random() < 0.9:
            one = rng.choice(head["summaries"])
            field = rng.choice(list(one))
            one[field] = rng.choice((None, -1, 10**30, "x", {}, [], {"1": [1]}, {"1": -5}, 1e308, {"a": 1}, True))
            key = field
        else:
            head[key] = rng.choice((None, -1, 10**30, "x", {}, [], head[key] * 2 if key == "summaries" else 0))
        text = json.dumps(head) if rng.random() < 0.9 else "[" * 100_000
        arrays["head"] = np.frombuffer(text.encode(), np.uint8)
        name = f"head.{key}"
    elif how == 0:
        del arrays[name]
    elif how == 1:
        arrays[name] = rng.choice(
            (np.zeros(0), np.zeros((2, 2, 2)), arrays[name][:-1], arrays[name].astype("S9"), np.float64(1))
        )
    elif arrays[name].size:
        values = arrays[name].copy()
        flat = values.reshape(-1)
        if values.dtype.kind in "iuf":
            for _ in range(rng.choice((1, 5))):
                flat[rng.randrange(len(flat))] = np.array(rng.choice(extremes(values.dtype)), values.dtype)
        arrays[name] = values
    if rng.random() < 0.1:
        np.savez_compressed(stream, **arrays, bomb=np.zeros(1 << 27, np.uint8))
        name += " compressed"
    else:
        np.savez(stream, **arrays)
    packed = stream.getvalue()
    if rng.random() < 0.1:  # a header that says more than there is
        packed = packed.replace(b"'shape': (", b"'shape': (9999999999,"[: len(b"'shape': (")], 1)
        with zipfile.ZipFile(io.BytesIO(packed)) as whole:
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as out:
                for member in whole.namelist():
                    body = whole.read(member)
                    if member.startswith("growth"):
                        header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999,), }"
                        body = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
                    out.writestr(member, body)
            packed, name = stream.getvalue(), "a shape that lies"
    path.write_bytes(hashlib.sha256(packed).digest() + packed)
    return name
