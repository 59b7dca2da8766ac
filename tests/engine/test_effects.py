"""What neurons write: every way to score the tokens gives the same, and equal scores stand by id."""

import dataclasses

import numpy as np
import pytest
import torch

from neuron_tui.engine import effects
from neuron_tui.engine.effects import LayerEffects, TokenFrequency, layer_effects

VOCABULARY, WIDTH, NEURONS = 2_500, 24, 70
RANDOM = np.random.default_rng(7)
# Small whole numbers: scores are exact however they are added up, and many are equal.
UPDATES = RANDOM.integers(-2, 3, (WIDTH, NEURONS)).astype(np.float32)
READS = RANDOM.integers(-2, 3, (WIDTH, NEURONS)).astype(np.float32)
UNEMBEDDING = RANDOM.integers(-2, 3, (VOCABULARY, WIDTH)).astype(np.float32)
UPDATES[:, 3] = 0
SCORES = (UPDATES.astype(np.float64).T @ UNEMBEDDING.T).astype(np.float64)
TOP = RANDOM.integers(-1, VOCABULARY, (NEURONS, 5))
FREQUENCY = TokenFrequency(np.arange(5, VOCABULARY, 3), RANDOM.integers(1, 1_000, len(range(5, VOCABULARY, 3))))


def found(top: np.ndarray = TOP, frequency: TokenFrequency = FREQUENCY) -> LayerEffects:
    updates, reads, unembedding = (torch.from_numpy(held) for held in (UPDATES, READS, UNEMBEDDING))
    return layer_effects(updates, reads, unembedding, top, frequency)


@pytest.fixture(params=["compiled", "compiled, by small tiles", "as on a device"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "as on a device":
        monkeypatch.setattr(effects, "_compiled", effects._by_torch)
        monkeypatch.setattr(effects, "DEVICE_TILE_ELEMENTS", 16 * VOCABULARY)
    elif request.param == "compiled, by small tiles":
        monkeypatch.setattr(effects, "TILE_ELEMENTS", 16 * 1024)
    return str(request.param)


def test_the_extremes_are_the_highest_and_lowest_scores_equal_ones_by_id(way: str) -> None:
    of = found()
    for ids, scores, sign in (
        (of.promoted_id, of.promoted_score, -1),
        (of.suppressed_id, of.suppressed_score, 1),
    ):
        order = np.argsort(sign * SCORES, axis=1, kind="stable")[:, :50]
        np.testing.assert_array_equal(scores, np.take_along_axis(SCORES, order, axis=1))
        np.testing.assert_array_equal(scores, np.take_along_axis(SCORES, ids, axis=1))
        better = scores != scores[:, -1:]  # which of equal ones are the last is left open
        assert way == "as on a device" or (ids == order).all()
        np.testing.assert_array_equal(ids[better], order[better])


@pytest.mark.usefixtures("way")
def test_the_scores_of_the_tokens_that_a_neuron_fires_on_are_kept() -> None:
    expected = np.where(TOP >= 0, np.take_along_axis(SCORES, np.maximum(TOP, 0), axis=1), np.nan)
    np.testing.assert_array_equal(found().top_score, expected)


@pytest.mark.usefixtures("way")
def test_kurtosis_and_correlation_are_those_of_all_scores() -> None:
    of = found()
    centred = SCORES - SCORES.mean(axis=1, keepdims=True)
    logarithm = np.log(FREQUENCY.occurrences)
    for neuron in range(NEURONS):
        if neuron == 3:  # it writes nothing
            assert np.isnan([of.kurtosis[neuron], of.token_frequency[neuron], of.cosine[neuron]]).all()
            continue
        second, fourth = (np.mean(centred[neuron] ** order) for order in (2, 4))
        assert of.kurtosis[neuron] == pytest.approx(fourth / second**2 - 3, abs=1e-4)
        expected = np.corrcoef(SCORES[neuron, FREQUENCY.ids], logarithm)[0, 1]
        assert of.token_frequency[neuron] == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("way")
def test_no_correlation_where_all_tokens_occur_as_often() -> None:
    assert np.isnan(found(frequency=TokenFrequency(np.arange(7), np.full(7, 3))).token_frequency).all()


@pytest.mark.usefixtures("way")
def test_the_pole_that_writes_the_opposite_has_all_of_it_turned_round() -> None:
    plain, poles = found(), found(np.repeat(TOP, 2, axis=0))
    for field in dataclasses.fields(LayerEffects):
        np.testing.assert_array_equal(getattr(poles, field.name)[::2], getattr(plain, field.name), field.name)
    np.testing.assert_array_equal(poles.promoted_id[1::2], plain.suppressed_id)
    np.testing.assert_array_equal(poles.promoted_score[1::2], -plain.suppressed_score)
    np.testing.assert_array_equal(poles.top_score[1::2], -plain.top_score)
    np.testing.assert_array_equal(poles.token_frequency[1::2], -plain.token_frequency)
    np.testing.assert_array_equal(poles.kurtosis[1::2], plain.kurtosis)


def test_a_vocabulary_of_fewer_tokens_than_are_stored_is_stored_whole() -> None:
    updates, reads, unembedding = (torch.from_numpy(held) for held in (UPDATES, READS, UNEMBEDDING[:20]))
    of = layer_effects(updates, reads, unembedding, TOP[:, :0], TokenFrequency(np.arange(20), np.arange(1, 21)))
    assert (np.sort(of.promoted_id, axis=1) == np.arange(20)).all()
    np.testing.assert_array_equal(of.promoted_id[3], np.arange(20))  # all scores are 0
