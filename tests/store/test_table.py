"""All neurons of a run as columns, read when they are first asked for."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.table import LISTED, NeuronTable, read_table
from neuron_tui.store.runs.manifest import layer_file
from tests.synthetic import build_run


def test_every_column_is_what_the_records_say(run: Run) -> None:
    table = read_table(run)
    records = [record for layer in run.layers.values() for record in layer.records()]
    assert len(table) == len(records) == 3 * 24
    positions = [r.position for r in records]
    assert None not in positions
    columns = {
        "layer": [r.layer for r in records],
        "neuron": [r.neuron for r in records],
        "count": [r.count for r in records],
        "frequency": [r.frequency for r in records],
        "bos_count": [r.bos_count for r in records],
        "mutual_information": [p.mutual_information for p in positions if p],
        "type": [TYPES.index(p.type) for p in positions if p],
        "strength": [STRENGTHS.index(p.strength) for p in positions if p],
        "dead": [r.dead for r in records],
        "suppressing": [r.effect.suppresses_triggers is True for r in records],
        "positional": [p.type is not None for p in positions if p],
    }
    for name, wanted in columns.items():
        assert getattr(table, name).tolist() == wanted, name
    scores = [np.nan if r.effect.trigger_score is None else r.effect.trigger_score for r in records]
    np.testing.assert_array_equal(table.trigger_score, scores)
    for n in ORDERS:
        triggers = [r.triggers[n] for r in records]
        assert table.total[n].tolist() == [t.total for t in triggers]
        assert table.covering[n].tolist() == [t.covering for t in triggers]
        assert table.covered[n].tolist() == [len(t.covered) for t in triggers]
        assert table.detector(n).tolist() == [t.detector for t in triggers]
        ids = run.corpus.grams(n).ids
        first = [tuple(ids[row].tolist()) if row >= 0 else None for row in table.first[n].tolist()]
        assert first == [t.top[0].ids if t.top else None for t in triggers]


def test_columns_take_little_memory_and_can_be_turned_round(run: Run) -> None:
    table = read_table(run)
    for column in (table.layer, table.count, table.covering[3], table.first[2], table.covered[1]):
        assert column.dtype.kind == "i"
        assert column.dtype.itemsize < 8
        assert (-column).tolist() == [-value for value in column.tolist()]


def test_nothing_is_read_before_it_is_asked_for(copy: Path) -> None:
    run = open_run(copy)
    table = read_table(run)
    table.load(*LISTED)
    for layer in run.layers:
        (copy / layer_file(layer)).unlink()
    assert table.count.sum() > 0
    assert len(table.first[1]) == len(table)
    with pytest.raises(RunDamagedError, match="the file is missing"):
        _ = table.bos_count


def test_many_threads_may_ask_at_once(run: Run) -> None:
    table = read_table(run)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: table.covering[1 + number % 3], range(24)))
    assert all(column is found[place % 3] for place, column in enumerate(found))


def test_a_run_without_positions_has_neither_information_nor_types(tmp_path: Path) -> None:
    table = read_table(open_run(build_run(tmp_path / "short", layers=2, neurons=12, sequences=0)))
    assert np.isnan(table.mutual_information).all()
    assert not table.positional.any()
    assert table.strength.tolist() == [0] * 24


def test_a_run_without_a_finished_layer_has_empty_columns(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "none", layers=2, neurons=12, finished=0))
    table = NeuronTable(run)
    table.load(*LISTED)
    assert (len(table), len(table.layer), len(table.frequency), len(table.first[3])) == (0, 0, 0, 0)


def test_there_are_columns_for_the_n_that_are_counted(run: Run) -> None:
    table = read_table(run)
    assert list(table.covering) == list(ORDERS)
    with pytest.raises(KeyError):
        _ = table.covering[4]
