"""Sorting and filtering the table."""

from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store.disk.schema import STRENGTHS
from neuron_tui.store.neurons.arrangement import SORTS, ListQuery, arrange
from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing
from neuron_tui.store.neurons.table import MEASURES


@pytest.fixture(scope="module")
def opened(runs: Path) -> OpenedRun:
    return open_for_browsing(runs / "whole")


@pytest.mark.parametrize("column", [key for key, _ in SORTS])
@pytest.mark.parametrize("descending", [False, True])
def test_every_column_sorts_both_ways_and_loses_no_neuron(opened: OpenedRun, column: str, descending: bool) -> None:
    rows = arrange(opened, ListQuery(column=column, descending=descending)).rows
    assert sorted(rows.tolist()) == list(range(len(opened.table)))


def test_sorting_by_frequency_puts_the_most_frequent_first(opened: OpenedRun) -> None:
    rows = arrange(opened, ListQuery(column="freq", descending=True)).rows
    assert (np.diff(opened.table.count[rows]) <= 0).all()


def test_sorting_by_score_puts_the_strongest_suppressor_first_and_what_has_none_last(opened: OpenedRun) -> None:
    scores = opened.table.trigger_score
    detectors = np.flatnonzero(~np.isnan(scores))
    for descending in (False, True):
        rows = arrange(opened, ListQuery(column="score", descending=descending)).rows[: len(detectors)]
        assert scores[rows].tolist() == sorted(scores[detectors].tolist(), reverse=descending)


def test_equal_neurons_keep_the_order_of_the_model_both_ways(opened: OpenedRun) -> None:
    for descending in (False, True):
        rows = arrange(opened, ListQuery(column="freq", descending=descending)).rows
        dead = rows[opened.table.count[rows] == 0]
        assert (np.diff(dead) > 0).all()


def test_neurons_without_a_value_come_last_both_ways(runs: Path) -> None:
    opened = open_for_browsing(runs / "whole")
    for column in ("cover", "trigger"):
        for descending in (False, True):
            rows = arrange(opened, ListQuery(column=column, descending=descending)).rows
            without = opened.table.covering[1][rows] == 0
            assert without[-without.sum() :].all()
    short = open_for_browsing(runs / "short")
    assert len(arrange(short, ListQuery(column="mi", descending=True)).rows) == len(short.table)


@pytest.mark.parametrize("measure", MEASURES)
def test_values_and_weights_sort_highest_first_and_what_has_none_comes_last(runs: Path, measure: str) -> None:
    opened = open_for_browsing(runs / "whole")
    first = ListQuery().sorted_by(measure)
    assert first.descending
    known = np.flatnonzero(~np.isnan(opened.table.measure(measure)))
    assert len(known) > 0
    for query in (first, first.sorted_by(measure)):
        values = opened.table.measure(measure)[arrange(opened, query).rows]
        assert values[: len(known)].tolist() == sorted(values[: len(known)].tolist(), reverse=query.descending)
        assert np.isnan(values[len(known) :]).all()


def test_only_the_measure_that_sorts_the_list_is_read(copy: Path) -> None:
    opened = open_for_browsing(copy)
    read: list[str] = []
    load = opened.table.load
    opened.table.load = lambda *names: (read.extend(names), load(*names))[1]  # type: ignore[method-assign]
    arrange(opened, ListQuery().sorted_by("kurtosis"))
    assert read == ["weights/kurtosis"]


def test_a_filter_and_a_layer_hold_together(opened: OpenedRun) -> None:
    found = arrange(opened, ListQuery(layer=2, query="type:dead"))
    assert found.considered == 64
    assert (opened.table.layer[found.rows] == 2).all()
    assert opened.table.dead[found.rows].all()
    assert len(found.rows) == opened.table.dead[opened.table.layer == 2].sum()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_triggers_sort_alphabetically_as_shown(opened: OpenedRun, n: int) -> None:
    opened.load_triggers(n)
    rows = arrange(opened, ListQuery(column="trigger", order=n)).rows
    first = [opened.first_trigger(row, n).split(" ")[0][:40] for row in rows.tolist()]
    shown = [text for text in first if text]
    assert shown == sorted(shown)


def test_notable_neurons_come_first_the_dead_last(opened: OpenedRun) -> None:
    table = opened.table
    rows = arrange(opened, ListQuery()).rows
    suppress = int(table.suppressing.sum())
    assert 0 < suppress < len(table)
    scores = table.trigger_score[rows[:suppress]].tolist()
    assert scores == sorted(scores)
    assert scores[-1] < 0

    def rank(row: int) -> int:
        if table.dead[row]:
            return 7
        for n in (1, 2, 3):
            if table.covered[n][row] > 0:
                return 0 if table.suppressing[row] else n
        return {"strong": 4, "weak": 5, None: 6}[STRENGTHS[table.strength[row]]]

    ranks = [rank(row) for row in rows.tolist()]
    assert ranks == sorted(ranks)
    for strength in (4, 5):
        information = [table.mutual_information[row] for row, r in zip(rows, ranks, strict=True) if r == strength]
        assert information == sorted(information, reverse=True)
    last = arrange(opened, ListQuery(descending=True)).rows
    assert last[-suppress:].tolist() == rows[:suppress][::-1].tolist()
    assert table.dead[last[: int(table.dead.sum())]].all()
