"""How strongly neurons fire, as a run stores it: in records and contexts, and absent from runs that have none."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.files import sha256
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.manifest import FileEntry, layer_file, read_manifest, write_manifest


def test_the_first_of_the_highest_contexts_is_the_maximum_and_they_fall(run: Run) -> None:
    layer = run.layers[1]
    for record, contexts in zip(layer.records(), layer.contexts_of(np.arange(24), kind="highest"), strict=True):
        assert record.values is not None
        values = [context.values[context.focus] for context in contexts]
        assert len(values) == min(record.count, 20)
        assert values == sorted(values, key=lambda v: -(v or 0))
        assert record.values.max == (values[0] if values else None)
        assert record.values.counts.sum() == record.count


@pytest.mark.parametrize("kind", ["contexts", "highest"])
def test_every_active_token_of_a_context_has_its_value_and_no_other(run: Run, kind: str) -> None:
    for contexts in run.layers[0].contexts_of(np.arange(24), kind=kind):
        for context in contexts:
            assert [value is not None for value in context.values] == list(context.active)


def test_a_shorter_reach_cuts_values_as_it_cuts_text(run: Run) -> None:
    whole, short = run.layers[0].contexts(1), run.layers[0].contexts(1, before=3, after=2)
    for far, near in zip(whole, short, strict=True):
        start = far.focus - near.focus
        assert near.values == far.values[start : start + len(near.ids)]


def test_values_further_away_are_not_known(run: Run) -> None:
    for context in run.layers[0].contexts(1, before=500, after=500):
        known = context.values[context.unknown_before : len(context.ids) - context.unknown_after]
        assert context.values[: context.unknown_before] == (None,) * context.unknown_before
        assert any(value is not None for value in known)


def test_some_neurons_alone_read_as_all_do(run: Run) -> None:
    layer = run.layers[2]
    every = layer.contexts_of(np.arange(24), kind="highest")
    assert layer.contexts_of(np.array([3, 4, 20]), kind="highest") == [every[3], every[4], every[20]]


def test_a_run_without_values_opens_and_has_none(copy: Path) -> None:
    for index in read_manifest(copy).layers:
        with h5py.File(copy / layer_file(index), "r+") as file:
            for name in ("values", "weights", "highest", "contexts/value", "contexts/value_start"):
                del file[name]
        manifest, path = read_manifest(copy), copy / layer_file(index)
        entry = FileEntry(bytes=path.stat().st_size, sha256=sha256(path))
        write_manifest(copy, manifest.model_copy(update={"layers": {**manifest.layers, index: entry}}))
    run = open_run(copy)
    assert check_run(copy) == []
    record = run.layers[0].neuron(1)
    assert record.values is record.weights is record.to_dict()["values"] is record.to_dict()["weights"] is None
    assert run.layers[0].contexts(1, kind="highest") == []
    assert all(context.values == () for context in run.layers[0].contexts(1))
    assert not matching(run, read_table(run), "max>0").any()
    assert not matching(run, read_table(run), "cosine<1").any()
