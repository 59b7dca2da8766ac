"""Places in a run: rows of its table, layer and neuron, and codes that outlast a growing run."""

from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing
from neuron_tui.store.neurons.places import Addresses, codes_of, row_of


@pytest.fixture(scope="module")
def whole(runs: Path) -> OpenedRun:
    return open_for_browsing(runs / "whole")


def test_a_row_and_its_address_lead_to_each_other(whole: OpenedRun) -> None:
    addresses = Addresses(whole.table, np.arange(len(whole.table)))
    assert len(addresses) == 256
    assert [row_of(whole, address) for address in addresses] == list(range(256))


@pytest.mark.parametrize("address", [(4, 0), (0, 64), (0, -1), (-1, 0)])
def test_a_neuron_that_the_run_does_not_have_has_no_row(whole: OpenedRun, address: tuple[int, int]) -> None:
    assert row_of(whole, address) is None


def test_some_of_the_addresses_are_taken_without_making_the_others(whole: OpenedRun) -> None:
    addresses = Addresses(whole.table, np.array([3, 70, 255]))
    assert list(addresses) == [(0, 3), (1, 6), (3, 63)]
    assert list(addresses[1:]) == [(1, 6), (3, 63)]
    assert addresses[-1] == (3, 63)
    assert (1, 6) in addresses
    with pytest.raises(IndexError):
        addresses[3]


def test_codes_are_the_neurons_own(whole: OpenedRun, runs: Path) -> None:
    partial = open_for_browsing(runs / "partial")
    assert len(set(codes_of(whole).tolist())) == 256
    assert codes_of(partial).tolist() == [layer * 16 + neuron for layer in range(2) for neuron in range(16)]
