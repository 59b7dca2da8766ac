"""Positional types under changed thresholds: against plain Python, and as a run stores them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.measures.positional import Curves, classify
from neuron_tui.store.measures.sensitivity import SETTINGS, Setting, count_types, lowest_positional
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.position_tables import position_tables
from tests.store.test_positional import random_curves

from . import brute_force_positions as plain
from .cases import FAMILY, build, request


def curves_of_many_kinds(seed: int, neurons: int, length: int, sequences: int = 200) -> np.ndarray:
    draw = np.random.default_rng(seed)
    place = np.linspace(0, 1, length)
    wave = np.sin(2 * np.pi * place * draw.uniform(0.2, 5, (neurons, 1)) + draw.uniform(0, 7, (neurons, 1)))
    share = 1 / (1 + np.exp(-draw.uniform(0.5, 40, (neurons, 1)) * (wave + draw.uniform(-0.9, 0.9, (neurons, 1)))))
    noise = draw.normal(0, 1, share.shape) * draw.choice([0, 0.03, 0.2], (neurons, 1))
    return np.round(sequences * np.clip(share + noise, 0, 1)) / sequences


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
@settings(max_examples=40, deadline=None)
@given(values=random_curves())
def test_any_curve_has_its_type_under_every_setting(setting: Setting, values: list[Fraction]) -> None:
    thresholds = setting.of(PAPER)
    found = classify(np.array(values, np.float64), len(values) + 1, thresholds)
    assert found in plain.acceptable(values, len(values) + 1, thresholds)


@pytest.mark.parametrize("thresholds", [PAPER, Thresholds(positional=0.01, near=0.1, changes=2)])
def test_neurons_are_counted_by_their_type_under_each_setting(thresholds: Thresholds) -> None:
    frequency = curves_of_many_kinds(3, 120, 127)
    counts = count_types(Curves(frequency, 128, lowest_positional(thresholds)), thresholds)
    assert counts.shape == (len(SETTINGS), len(TYPES), len(STRENGTHS))
    for setting, found in zip(SETTINGS, counts, strict=True):
        expected = np.zeros_like(found)
        for row in frequency:
            kind, strength = classify(row, 128, setting.of(thresholds)) or (None, None)
            expected[TYPES.index(kind), STRENGTHS.index(strength)] += 1
        np.testing.assert_array_equal(found, expected, err_msg=setting.name)
    assert (counts[:, 1:, 1:].sum(axis=0) > 0).sum() >= 7  # nearly every type and strength is among them
    assert len({found.tobytes() for found in counts}) > len(SETTINGS) // 2  # and the settings matter


def test_each_setting_changes_one_threshold_and_each_threshold_goes_both_ways() -> None:
    own = PAPER.model_dump()
    assert SETTINGS[0].of(PAPER) == PAPER
    for setting in SETTINGS[1:]:
        changed = Thresholds.model_validate(setting.of(PAPER).model_dump()).model_dump()
        assert {field for field in own if own[field] != changed[field]} == {setting.field}
    for field in ("positional", "near", "range", "changes", "interval", "extremes", "thin"):
        lower, higher = (setting.value for setting in SETTINGS if setting.field == field)
        assert lower < own[field] < higher


def test_curves_that_were_left_out_are_not_judged() -> None:
    curves = Curves(curves_of_many_kinds(0, 4, 63), 64, least=0.05)
    with pytest.raises(ValueError, match=r"over 0\.05 nats cannot"):
        curves.types(Thresholds(positional=0.01))


def test_too_few_sequences_leave_every_neuron_without_a_type_under_every_setting() -> None:
    active = np.zeros((5, 1, 63), np.int32)
    active[:, :, 30:] = 29
    tables = position_tables(active, 29, 64)
    assert not tables.type.any()
    assert tables.sensitivity[:, 0, 0].tolist() == [5] * len(SETTINGS)
    assert tables.sensitivity.sum() == 5 * len(SETTINGS)
    assert (position_tables(np.concatenate([active, active], axis=1), 58, 64).type == TYPES.index("both")).all()


def test_a_run_stores_the_types_of_its_neurons_under_each_setting(tmp_path: Path) -> None:
    case = FAMILY["more neurons than a word of bits"]
    run = open_run(extract(request(case, tmp_path, build(case, tmp_path), tmp_path / "runs")))
    length = run.manifest.options.context_length
    for layer in run.layers.values():
        stored = layer.columns("position/sensitivity")["position/sensitivity"]
        frequency = layer.frequencies(np.arange(layer.neurons))
        for setting, counts in zip(SETTINGS, stored, strict=True):
            found = [classify(row, length, setting.of(PAPER)) for row in frequency]
            assert counts[0, 0] == found.count(None)
            for kind in TYPES[1:]:
                for strength in STRENGTHS[1:]:
                    assert counts[TYPES.index(kind), STRENGTHS.index(strength)] == found.count((kind, strength))
    assert any((counts != stored[0]).any() for counts in stored)
