"""Files kept open: never stale, never in the way of those who replace or delete them."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.disk.open_files import close_files, keep_open, reading_finished
from neuron_tui.store.disk.schema import LAYER
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.runs.catalog import delete_run
from neuron_tui.store.runs.manifest import CORPUS_FILE, layer_file
from tests.synthetic import build_run


def held_open(folder: Path) -> list[str]:
    """Names of the files below a folder that this process has open."""
    there = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]  # noqa: PTH115
    return sorted(Path(name).name for name in there if name.startswith(str(folder)))


@pytest.fixture
def kept(copy: Path) -> Iterator[Path]:
    """A run whose files are kept open."""
    keep_open(copy)
    yield copy
    close_files(copy)


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc")


@needs_proc
def test_nothing_stays_open_unless_it_is_asked_for(copy: Path) -> None:
    open_run(copy).layers[0].neuron(1)
    assert held_open(copy) == []
    keep_open(copy)
    open_run(copy).layers[0].neuron(1)
    assert held_open(copy) == ["corpus.h5", "layer_000.h5"]
    close_files(copy)
    open_run(copy).layers[0].neuron(1)
    assert held_open(copy) == []


@needs_proc
def test_a_file_is_opened_once_for_many_readings(kept: Path) -> None:
    layer = open_run(kept).layers[0]
    for neuron in range(5):
        layer.neuron(neuron)
        layer.contexts(neuron)
    assert held_open(kept) == ["corpus.h5", "layer_000.h5"]


def test_a_file_that_was_replaced_is_read_anew(kept: Path) -> None:
    layer = open_run(kept).layers[0]
    before = layer.columns("count")["count"]
    other = kept / "other.h5"
    shutil.copyfile(layer.path, other)
    with h5py.File(other, "r+") as file:
        file["count"][...] = before + 1
    other.replace(layer.path)
    assert (layer.columns("count")["count"] == before + 1).all()


def test_a_file_that_was_written_over_in_place_is_read_anew(kept: Path, tmp_path: Path) -> None:
    layer = open_run(kept).layers[0]
    before = layer.columns("count")["count"]
    other = build_run(tmp_path / "other", layers=1, neurons=24, seed=5) / layer_file(0)
    layer.path.write_bytes(other.read_bytes())
    assert not np.array_equal(layer.columns("count")["count"], before)


def test_a_file_that_went_is_missing_though_it_was_open(kept: Path) -> None:
    layer = open_run(kept).layers[0]
    layer.columns("count")
    layer.path.unlink()
    with pytest.raises(RunDamagedError, match="the file is missing"):
        layer.columns("count")


@needs_proc
def test_files_that_are_being_read_close_when_that_is_done(kept: Path) -> None:
    with reading_finished(kept / layer_file(0), LAYER) as file:
        close_files(kept)
        assert held_open(kept) == ["layer_000.h5"]
        assert len(file.read("count")) == 24
    assert held_open(kept) == []


@needs_proc
def test_a_deleted_run_keeps_no_file_open(kept: Path) -> None:
    run = open_run(kept)
    run.layers[0].neuron(0)
    delete_run(kept)
    assert not kept.exists()
    assert held_open(kept) == []


def test_many_threads_read_the_same_files_at_once(kept: Path) -> None:
    run = open_run(kept)
    expected = [[record.to_dict() for record in layer.records()] for layer in run.layers.values()]

    def work(number: int) -> bool:
        layer, neuron = number % 3, number % 24
        if number % 10 == 0:
            close_files(kept)
            keep_open(kept)
        return run.layers[layer].neuron(neuron).to_dict() == expected[layer][neuron]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_only_what_is_read_is_checked_and_that_always(kept: Path) -> None:
    path = kept / layer_file(0)
    with h5py.File(path, "r+") as file:
        del file["count"]
        file["count"] = h5py.ExternalLink(str(kept / CORPUS_FILE), "/tokens")
    with reading_finished(path, LAYER) as file:
        assert len(file.read("bos_count")) == 24
        for _ in range(2):
            with pytest.raises(RunDamagedError, match="`count` is a link out of its place"):
                file.read("count")
