"""Which neurons fire on an n-gram: the lookup gives what the stored triggers of all neurons say."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuron_tui.store import Run, open_run
from neuron_tui.store.disk.hdf5 import SchemaReader, SchemaWriter, reading
from neuron_tui.store.disk.schema import LAYER, LOOKUP_PAGE, resolve
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.firing import Firing, entries_of, firing_on
from neuron_tui.store.neurons.lookup import lookup_contradiction, write_lookup
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.runs.manifest import layer_file
from tests.store.test_hdf5 import SIZES, values

Found = list[tuple[int, int, int, int]]


@pytest.fixture(scope="module")
def records(run: Run) -> list[NeuronRecord]:
    return [record for layer in run.layers.values() for record in layer.records()]


def listed(firing: Firing) -> Found:
    columns = (firing.active, firing.layer, firing.neuron, firing.rank)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def by_hand(records: Iterable[NeuronRecord], ids: tuple[int, ...]) -> Found:
    found = [
        (trigger.active, record.layer, record.neuron, rank)
        for record in records
        for rank, trigger in enumerate(record.triggers[len(ids)].top)
        if trigger.ids == ids
    ]
    return sorted(found, key=lambda f: (-f[0], *f[1:]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_n_gram_finds_the_neurons_that_have_it_among_their_triggers(
    run: Run, records: list[NeuronRecord], n: int
) -> None:
    grams = run.corpus.grams(n)
    step = max(1, len(grams.ids) // 150)
    some = list(range(0, len(grams.ids), step))
    found = 0
    for row in some:
        ids = tuple(grams.ids[row].tolist())
        firing = firing_on(run, ids)
        assert listed(firing) == by_hand(records, ids)
        assert firing.found == len(firing)
        assert (firing.n, firing.occurrences) == (n, int(grams.occurrences[row]))
        found += len(firing)
    assert found > 100


def test_the_best_of_many_are_the_most_active_and_all_are_counted(run: Run, records: list[NeuronRecord]) -> None:
    grams = run.corpus.grams(1)
    ids = (int(grams.ids[grams.occurrences.argmax(), 0]),)
    every = by_hand(records, ids)
    assert len(every) > 10
    for most in (0, 1, 7, len(every), 10**6):
        firing = firing_on(run, ids, most)
        assert listed(firing) == every[:most]
        assert firing.found == len(every)


def test_an_n_gram_that_the_corpus_does_not_have_finds_nobody(run: Run) -> None:
    for ids in ((0,), (10**6,), (-1,), (4, 0), (5, 6, 10**6)):
        firing = firing_on(run, ids)
        assert (len(firing), firing.occurrences, firing.n) == (0, 0, len(ids))


@pytest.mark.parametrize("ids", [(), (4, 5, 6, 7)])
def test_n_grams_that_are_not_counted_are_refused(run: Run, ids: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="counted are those of 1 to 3"):
        firing_on(run, ids)


def test_neurons_that_the_layer_does_not_have_are_damage(copy: Path) -> None:
    with h5py.File(copy / layer_file(0), "r+") as file:
        file["lookup/1/neuron"][...] = 10**6
        gram = int(file["lookup/1/gram"][0])
    with pytest.raises(RunDamagedError, match="names a neuron that the layer does not have"):
        entries_of(open_run(copy), 0, 1, gram)


def write_layer(path: Path, top: np.ndarray, active: np.ndarray) -> None:
    sizes = SIZES | {"N": top.shape[0], "K": top.shape[1]}
    path.unlink(missing_ok=True)
    stored = {"triggers/1/top_gram": top, "triggers/1/top_active": active}
    with SchemaWriter(path, LAYER, sizes) as file:
        write_lookup(file, 1, top, active)
        for dataset in LAYER.datasets:
            if not dataset.name.startswith("lookup/1/"):
                filling = values(dataset.dtype, resolve(dataset.shape, sizes))
                file.write(dataset.name, stored.get(dataset.name, filling))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), neurons=st.sampled_from([0, 1, 40, 130]), grams=st.sampled_from([1, 3, 60, 5000]))
def test_lookups_longer_than_a_page_find_every_entry(tmp_path: Path, seed: int, neurons: int, grams: int) -> None:
    random = np.random.default_rng(seed)
    top = np.full((neurons, 50), -1, np.int64)
    for row in top:
        held = int(random.integers(0, min(50, grams) + 1))
        row[:held] = random.choice(grams, held, replace=False)
    active = np.where(top >= 0, -np.sort(-random.integers(1, 9, top.shape), axis=1), 0)
    write_layer(tmp_path / "a.h5", top, active)
    run = _OneLayer(tmp_path / "a.h5", neurons)
    with reading(tmp_path / "a.h5", LAYER) as file:
        assert lookup_contradiction(file, 1) is None
        assert file.dimensions["Q1"] == -(-int((top >= 0).sum()) // LOOKUP_PAGE)
    for gram in {0, grams - 1, *random.integers(0, grams, 20).tolist()}:
        neuron, rank = np.nonzero(top == gram)
        order = np.lexsort((neuron, -active[neuron, rank]))
        found = entries_of(run, 0, 1, gram)  # type: ignore[arg-type]
        assert found.found == len(neuron)
        for one, other in ((found.neuron, neuron), (found.rank, rank), (found.active, active[neuron, rank])):
            np.testing.assert_array_equal(one, other[order])


class _OneLayer:
    """As much of a run as finding entries takes."""

    def __init__(self, path: Path, neurons: int) -> None:
        self.path = path
        self.manifest = self
        self.model = self
        self.neurons = self.rows = neurons

    def layer(self, index: int) -> "_OneLayer":
        return self

    def open(self) -> AbstractContextManager[SchemaReader]:
        return reading(self.path, LAYER)
