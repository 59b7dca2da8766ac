"""A chunk that would unpack to more or less than it is to hold is refused before HDF5 unpacks it."""

import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store.disk.hdf5 import SchemaWriter, open_reader
from neuron_tui.store.disk.schema import Dataset, FileSchema
from neuron_tui.store.errors import RunDamagedError
from tests.reliability.crafted_structures import bomb

LARGE = 1 << 18
"""Numbers of 8 bytes whose chunk is unpacked on trial."""

SCHEMA = FileSchema("layer", (Dataset("x", ("N",), "int64", "", "", rows=1 << 20),))

Rows = Callable[[int], object]
ROWS: tuple[Rows, ...] = (lambda _: None, lambda n: slice(n - 5, n), lambda n: np.array([0, n - 1]))


def written(path: Path, size: int) -> Path:
    with SchemaWriter(path, SCHEMA, {"N": size}) as file:
        file.write("x", np.arange(size))
    return path


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("size", [100, LARGE])
@pytest.mark.parametrize("more", [3, 5000])  # of 5000 the library never comes back
def test_a_chunk_of_more_than_it_says_is_refused(tmp_path: Path, size: int, more: int, rows: Rows) -> None:
    path = written(tmp_path / "x.h5", size)
    with h5py.File(path, "r+") as file:
        file["x"].id.write_direct_chunk((0,), bomb(more))
    reader = open_reader(path, SCHEMA)
    with reader.file, pytest.raises(RunDamagedError, match="a chunk that holds more than it says"):
        reader.read("x", rows(size))  # type: ignore[arg-type]


@pytest.mark.parametrize("left_out", [1, 4])  # shuffling, a filter that is not there
def test_a_chunk_that_says_a_filter_was_left_out_is_looked_at_all_the_same(tmp_path: Path, left_out: int) -> None:
    path = written(tmp_path / "x.h5", LARGE)
    with h5py.File(path, "r+") as file:
        file["x"].id.write_direct_chunk((0,), bomb(3), filter_mask=left_out)
    reader = open_reader(path, SCHEMA)
    with reader.file, pytest.raises(RunDamagedError, match="a chunk that holds more than it says"):
        reader.read("x")


@pytest.mark.parametrize("size", [100, LARGE])
@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_chunk_of_less_than_it_says_is_refused(tmp_path: Path, size: int, left_out: int) -> None:
    path = written(tmp_path / "x.h5", size)
    with h5py.File(path, "r+") as file:
        few = np.random.default_rng(0).bytes(size)
        file["x"].id.write_direct_chunk((0,), few if left_out == 2 else zlib.compress(few), filter_mask=left_out)
    reader = open_reader(path, SCHEMA)
    with reader.file, pytest.raises(RunDamagedError, match="a chunk that holds less than it says"):
        reader.read("x")


def test_a_chunk_that_packing_would_have_made_larger_is_read(tmp_path: Path) -> None:
    path, values = written(tmp_path / "x.h5", LARGE), np.arange(LARGE)[::-1].copy()
    with h5py.File(path, "r+") as file:
        file["x"].id.write_direct_chunk((0,), values.tobytes(), filter_mask=3)
    reader = open_reader(path, SCHEMA)
    with reader.file:
        assert np.array_equal(reader.read("x"), values)


@pytest.mark.parametrize("size", [100, LARGE])
def test_sound_chunks_are_read_whatever_part_is_asked_for(tmp_path: Path, size: int) -> None:
    reader = open_reader(written(tmp_path / "x.h5", size), SCHEMA)
    with reader.file:
        for rows in ROWS:
            found = reader.read("x", rows(size))  # type: ignore[arg-type]
            asked = rows(size)
            assert np.array_equal(found, np.arange(size) if asked is None else np.arange(size)[asked])


def test_what_is_packed_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.h5", 100)
    with h5py.File(path, "r+") as file:
        kept = dict(file["x"].attrs)
        del file["x"]
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk((100,))
        made.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (9,))
        made.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (9,))
        dataset = h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_INT64, h5py.h5s.create_simple((100,)), made)
        dataset.write_direct_chunk((0,), zlib.compress(zlib.compress(bytes(1 << 26))))
        h5py.Dataset(dataset).attrs.update(kept)
    reader = open_reader(path, SCHEMA)
    with reader.file, pytest.raises(RunDamagedError, match="packed in another way"):
        reader.read("x")
