from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuron_tui.store.disk.hdf5 import SchemaWriter, reading
from neuron_tui.store.disk.schema import CORPUS, LAYER, OVERLAY, FileSchema, resolve
from neuron_tui.store.errors import RunDamagedError

SIZES = {
    "N": 5,
    "D": 2,
    "T": 4,
    "P": 9,
    "S": 3,
    "V": 6,
    "K": 3,
    "E": 2,
    "C": 2,
    "W": 1,
    "G1": 4,
    "G2": 3,
    "G3": 0,
    "A1": 2,
    "A2": 1,
    "A3": 0,
    "L1": 5,
    "L2": 3,
    "L3": 0,
    "Q1": 1,
    "Q2": 1,
    "Q3": 0,
    "B": 7,
    "L": 2,
    "X": 3,
    "U": 2,
    "R": 3,
    "J": 4,
    "Y": 2,
    "Z": 2,
    "H": 3,
}


def values(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    return np.arange(size).reshape(shape).astype(dtype)


def write_all(path: Path, schema: FileSchema, leave_out: tuple[str, ...] = ()) -> Path:
    with SchemaWriter(path, schema, SIZES) as file:
        for dataset in schema.datasets:
            if dataset.name not in leave_out:
                file.write(dataset.name, values(dataset.dtype, resolve(dataset.shape, SIZES)))
    return path


@pytest.mark.parametrize("schema", [CORPUS, LAYER, OVERLAY], ids=lambda schema: schema.kind)
def test_every_dataset_is_read_as_it_was_written(tmp_path: Path, schema: FileSchema) -> None:
    write_all(tmp_path / "a.h5", schema)
    with reading(tmp_path / "a.h5", schema) as file:
        for dataset in schema.datasets:
            stored = file.read(dataset.name)
            expected = values(dataset.dtype, resolve(dataset.shape, SIZES))
            assert stored.dtype == np.dtype(dataset.dtype)
            np.testing.assert_array_equal(stored, expected)
        assert file.dimensions == SIZES


def test_optional_datasets_may_be_absent(tmp_path: Path) -> None:
    optional = tuple(d.name for d in LAYER.datasets if d.optional)
    write_all(tmp_path / "a.h5", LAYER, leave_out=optional)
    with reading(tmp_path / "a.h5", LAYER) as file:
        assert not any(name in file for name in optional)


def test_rows_are_read_apart(tmp_path: Path) -> None:
    write_all(tmp_path / "a.h5", LAYER)
    with reading(tmp_path / "a.h5", LAYER) as file:
        whole = file.read("count")
        np.testing.assert_array_equal(file.read("count", slice(1, 3)), whole[1:3])
        np.testing.assert_array_equal(file.read("count", np.array([0, 2, 4])), whole[[0, 2, 4]])
        np.testing.assert_array_equal(file.read("count", np.array([2, 3])), whole[2:4])


@pytest.mark.parametrize("schema", [CORPUS, LAYER, OVERLAY], ids=lambda schema: schema.kind)
def test_no_number_is_without_a_checksum(tmp_path: Path, schema: FileSchema) -> None:
    write_all(tmp_path / "a.h5", schema)
    with h5py.File(tmp_path / "a.h5") as file:
        for dataset in (file[d.name] for d in schema.datasets if file[d.name].size):
            assert dataset.chunks and dataset.compression == "gzip", dataset.name
            chunks = [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
            assert chunks and all(chunk.filter_mask == 0 for chunk in chunks), dataset.name


def test_columns_without_checksums_are_read_as_earlier_versions_wrote_them(tmp_path: Path) -> None:
    path = write_all(tmp_path / "a.h5", LAYER)
    with reading(path, LAYER) as file:
        before = {d.name: file.read(d.name) for d in LAYER.datasets if not d.rows}
    with h5py.File(path, "r+") as file:
        for name, stored in before.items():
            del file[name]
            file[name] = stored
    with reading(path, LAYER) as file:
        for name, stored in before.items():
            np.testing.assert_array_equal(file.read(name), stored, name)


def test_the_writer_refuses_another_shape(tmp_path: Path) -> None:
    message = r"count: shape \(2, 5\), the schema says \(5, 2\)"
    with SchemaWriter(tmp_path / "a.h5", LAYER, SIZES) as file, pytest.raises(ValueError, match=message):
        file.write("count", np.zeros((2, 5), np.int64))


def test_an_integer_that_its_dtype_cannot_hold_is_not_cut(tmp_path: Path) -> None:
    message = "position/type: 300 to 300 do not fit uint8"
    with SchemaWriter(tmp_path / "a.h5", LAYER, SIZES) as file, pytest.raises(ValueError, match=message):
        file.write("position/type", np.full(5, 300))


def replaced(name: str, make: Callable[[h5py.File], None]) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        make(file)

    return change


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((SIZES["N"],), np.int64)
    layout[:] = h5py.VirtualSource("elsewhere.h5", "bos_count", (SIZES["N"],))
    file.create_virtual_dataset("bos_count", layout)


HOSTILE: dict[str, tuple[Callable[[h5py.File], None], str]] = {
    "external link": (
        replaced("bos_count", lambda f: f.__setitem__("bos_count", h5py.ExternalLink("/etc/passwd", "/x"))),
        "`bos_count` is a link out of its place",
    ),
    "soft link": (
        replaced("bos_count", lambda f: f.__setitem__("bos_count", h5py.SoftLink("/count"))),
        "`bos_count` is a link out of its place",
    ),
    "external group": (
        replaced("effect", lambda f: f.__setitem__("effect", h5py.ExternalLink("other.h5", "/effect"))),
        "`effect` is a link out of its place",
    ),
    "virtual dataset": (replaced("bos_count", virtual), "`bos_count` keeps its data in another file"),
    "external storage": (
        replaced(
            "bos_count",
            lambda f: f.create_dataset("bos_count", (5,), np.int64, external=[("/etc/passwd", 0, 40)]),
        ),
        "`bos_count` keeps its data in another file",
    ),
    "unknown filter": (
        replaced("bos_count", lambda f: f.create_dataset("bos_count", (5,), np.int64, compression="lzf")),
        "`bos_count` needs a filter that is not read here",
    ),
    "wrong shape": (
        replaced("bos_count", lambda f: f.create_dataset("bos_count", (6,), np.int64)),
        r"`bos_count` has the shape \(6,\), expected \(5,\)",
    ),
    "wrong dtype": (
        replaced("bos_count", lambda f: f.create_dataset("bos_count", (5,), np.float32)),
        "`bos_count` has the dtype float32, expected int64",
    ),
    "text for numbers": (
        replaced("bos_count", lambda f: f.create_dataset("bos_count", (5,), h5py.string_dtype())),
        "`bos_count` has the dtype object",
    ),
    "a group for a dataset": (
        replaced("bos_count", lambda f: f.create_group("bos_count")),
        "`bos_count` is not a dataset",
    ),
    "a dataset for a group": (
        replaced("effect", lambda f: f.create_dataset("effect", (5,), np.int64)),
        "`effect` is not a group",
    ),
    "missing dataset": (lambda f: f.__delitem__("bos_count"), "`bos_count` is missing"),
    "something more": (lambda f: f.create_dataset("more", (5,), np.int64), "`more` is not part of the format"),
    "a huge chunk": (
        replaced(
            "bos_count",
            lambda f: f.create_dataset(
                "bos_count", (5,), np.int64, maxshape=(None,), chunks=(1 << 28,), compression="gzip"
            ),
        ),
        "`bos_count` declares far more than the file holds",
    ),
    "dimension that lies": (lambda f: f.attrs.__setitem__("dimension_N", 1 << 50), "attribute dimension_N is"),
    "layer that is a word": (
        lambda f: f.attrs.__setitem__("layer", np.bytes_(b"first")),
        "attribute layer is b'first'",
    ),
    "dimension that is text": (lambda f: f.attrs.__setitem__("dimension_N", "5"), "attribute dimension_N is no single"),
    "no dimension": (lambda f: f.attrs.__delitem__("dimension_N"), "the dimension 'N' of"),
    "a later format": (lambda f: f.attrs.__setitem__("format_version", 3), "format version 3, this program reads 2"),
    "an older format": (
        lambda f: f.attrs.__setitem__("format_version", 1),
        r"made by an older version of neuron-tui\nExtract the run again with --overwrite\.",
    ),
    "a strange format": (lambda f: f.attrs.__setitem__("format_version", [1, 2]), "no single number or word"),
    "another kind": (lambda f: f.attrs.__setitem__("kind", np.bytes_("corpus")), "not a layer file of a run"),
}


@pytest.mark.parametrize("change", HOSTILE)
def test_a_hostile_file_is_refused_in_words(tmp_path: Path, change: str) -> None:
    path = write_all(tmp_path / "a.h5", LAYER)
    alter, message = HOSTILE[change]
    with h5py.File(path, "r+") as file:
        alter(file)
    with pytest.raises(RunDamagedError, match=message), reading(path, LAYER):
        pass


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(neurons=st.integers(1, 150), positions=st.integers(1, 70_000), seed=st.integers(0, 2**32 - 1))
def test_packed_numbers_are_read_as_they_were_written(tmp_path: Path, neurons: int, positions: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sizes = SIZES | {"N": neurons, "W": 2, "P": positions}
    written = {
        "activations": random.integers(0, 2**64, (2, positions), np.uint64)
        & random.integers(0, 2**64, dtype=np.uint64),
        "position/active": random.integers(0, 2**31, (neurons, 2, 3)) >> random.integers(0, 31, (neurons, 2, 3)),
        "triggers/1/top_gram": random.integers(-1, 2**40, (neurons, 3)),
        "position/type": np.zeros(neurons, np.uint8),
    }
    with SchemaWriter(tmp_path / "a.h5", LAYER, sizes) as file:
        for name, numbers in written.items():
            write = file.write_rows if name == "activations" else file.write
            write(name, numbers)
    with h5py.File(tmp_path / "a.h5") as file:
        for name, numbers in written.items():
            np.testing.assert_array_equal(file[name][...], numbers, name)


def test_a_size_far_over_what_is_stored_is_refused(tmp_path: Path) -> None:
    path = write_all(tmp_path / "a.h5", LAYER, leave_out=("activations",))
    with h5py.File(path, "r+") as file:
        file.attrs["dimension_P"] = 1 << 30
        # Never filled: 8 GB of nothing.
        file.create_dataset("activations", (1, 1 << 30), np.uint64, chunks=(1, 1 << 15), compression="gzip")
    message = "`activations` declares far more than the file holds"
    with pytest.raises(RunDamagedError, match=message), reading(path, LAYER):
        pass


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunDamagedError, match="the file is missing"), reading(tmp_path / "no.h5", LAYER):
        pass
    (tmp_path / "text.h5").write_text("no HDF5 at all")
    message = "not an HDF5 file, or cut short"
    with pytest.raises(RunDamagedError, match=message), reading(tmp_path / "text.h5", LAYER):
        pass


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_all(tmp_path_factory.mktemp("sound") / "a.h5", LAYER).read_bytes()


def read_everything(path: Path) -> None:
    with reading(path, LAYER) as file:
        for dataset in LAYER.datasets:
            if dataset.name in file:
                file.read(dataset.name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_damaged_never_a_crash(sound: bytes, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.h5"
    path.write_bytes(sound[: int(share * len(sound))])
    with pytest.raises(RunDamagedError):
        read_everything(path)


TEXTS = ["", "Ġtitle", "▁x", "a\u202eb", "日本語", "\0", "\ud800"]


def test_texts_are_read_as_they_were_written_and_need_no_heap(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with SchemaWriter(path, CORPUS, SIZES | {"V": len(TEXTS)}) as file:
        file.write_texts("vocabulary", TEXTS)
        for dataset in CORPUS.datasets:
            if not dataset.name.startswith("vocabulary/"):
                file.write(dataset.name, values(dataset.dtype, resolve(dataset.shape, SIZES)))
    with reading(path, CORPUS) as file:
        assert file.read_texts("vocabulary") == tuple(TEXTS)
    assert b"GCOL" not in path.read_bytes()  # a damaged global heap makes the library loop for ever


@pytest.mark.parametrize(
    ("start", "message"),
    [([0, 3, 2, 4, 5, 6, 7], "does not rise"), ([0, 1, 2, 3, 4, 5, 6], "does not rise"), ([1] * 7, "does not rise")],
)
def test_texts_out_of_their_bounds_are_damage(tmp_path: Path, start: list[int], message: str) -> None:
    path = write_all(tmp_path / "a.h5", CORPUS)
    with h5py.File(path, "r+") as file:
        file["vocabulary/start"][...] = start
    with pytest.raises(RunDamagedError, match=message), reading(path, CORPUS) as reader:
        reader.read_texts("vocabulary")
