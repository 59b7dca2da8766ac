"""Sorting and filtering the table."""

from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store.neurons.arrangement import Wish, arrange
from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing


@pytest.fixture(scope="module")
def opened(runs: Path) -> OpenedRun:
    return open_for_browsing(runs / "whole")


@pytest.mark.parametrize("column", ["layer", "neuron", "what", "freq", "cover", "mi", "score", "trigger"])
@pytest.mark.parametrize("descending", [False, True])
def test_every_column_sorts_both_ways_and_loses_no_neuron(opened: OpenedRun, column: str, descending: bool) -> None:
    rows = arrange(opened, Wish(column=column, descending=descending)).rows
    assert sorted(rows.tolist()) == list(range(len(opened.table)))


def test_sorting_by_frequency_puts_the_most_frequent_first(opened: OpenedRun) -> None:
    rows = arrange(opened, Wish(column="freq", descending=True)).rows
    assert (np.diff(opened.table.count[rows]) <= 0).all()


def test_sorting_by_score_puts_the_strongest_suppressor_first_and_what_has_none_last(opened: OpenedRun) -> None:
    scores = opened.table.trigger_score
    detectors = np.flatnonzero(~np.isnan(scores))
    for descending in (False, True):
        rows = arrange(opened, Wish(column="score", descending=descending)).rows[: len(detectors)]
        assert scores[rows].tolist() == sorted(scores[detectors].tolist(), reverse=descending)


def test_equal_neurons_keep_the_order_of_the_model_both_ways(opened: OpenedRun) -> None:
    for descending in (False, True):
        rows = arrange(opened, Wish(column="freq", descending=descending)).rows
        dead = rows[opened.table.count[rows] == 0]
        assert (np.diff(dead) > 0).all()


def test_neurons_without_a_value_come_last_both_ways(runs: Path) -> None:
    opened = open_for_browsing(runs / "whole")
    for column in ("cover", "trigger"):
        for descending in (False, True):
            rows = arrange(opened, Wish(column=column, descending=descending)).rows
            without = opened.table.covering[1][rows] == 0
            assert without[-without.sum() :].all()
    short = open_for_browsing(runs / "short")
    assert len(arrange(short, Wish(column="mi", descending=True)).rows) == len(short.table)


def test_a_filter_and_a_layer_hold_together(opened: OpenedRun) -> None:
    found = arrange(opened, Wish(layer=2, query="type:dead"))
    assert found.considered == 64
    assert (opened.table.layer[found.rows] == 2).all()
    assert opened.table.dead[found.rows].all()
    assert len(found.rows) == opened.table.dead[opened.table.layer == 2].sum()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_triggers_sort_alphabetically_as_shown(opened: OpenedRun, n: int) -> None:
    opened.load_triggers(n)
    rows = arrange(opened, Wish(column="trigger", order=n)).rows
    first = [opened.first_trigger(row, n).split(" ")[0][:40] for row in rows.tolist()]
    shown = [text for text in first if text]
    assert shown == sorted(shown)
