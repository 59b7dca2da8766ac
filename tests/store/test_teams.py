"""Position teams: who is in them, in what order, what they cover, and who could be spared."""

from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import NeuronNotFoundError
from neuron_tui.store.neurons.teams import phases, position_team, team_layers
from tests.store.planting import plant_oscillatory
from tests.synthetic import build_run

PLACES = np.arange(1, 64)


def on(*ranges: tuple[int, int]) -> np.ndarray:
    """A curve that is 1 on ranges of positions, both ends included, and 0 elsewhere."""
    return np.array([any(a <= p <= b for a, b in ranges) for p in PLACES], dtype=float)


def test_members_are_the_strong_oscillatory_neurons_and_their_positions_those_where_they_are_mostly_on(
    copy: Path,
) -> None:
    curves = {3: on((1, 10), (33, 42)), 9: on((11, 20), (43, 52)), 4: on((1, 63)), 20: 0.5 * on((1, 63))}
    plant_oscillatory(copy, 1, curves, weak=(4,))
    team = position_team(open_run(copy), 1)
    assert team.layer == 1
    assert sorted(team.neurons.tolist()) == [3, 9, 20]
    masks = dict(zip(team.neurons.tolist(), team.mask, strict=True))
    np.testing.assert_array_equal(masks[3], curves[3] == 1)
    np.testing.assert_array_equal(masks[9], curves[9] == 1)
    assert not masks[20].any()  # half of the sequences is not more than half
    assert team.covered == pytest.approx(40 / 63)


def test_redundant_are_those_whose_removal_uncovers_nothing(copy: Path) -> None:
    plant_oscillatory(
        copy, 0, {1: on((1, 30)), 2: on((25, 63)), 3: on((20, 40)), 5: on((10, 12)), 6: on((60, 63)), 7: on()}
    )
    team = position_team(open_run(copy), 0)
    assert team.redundant == (3, 5, 6, 7)
    assert team.covered == 1


@pytest.mark.parametrize("seed", range(8))
def test_cover_and_redundancy_equal_a_plain_recount_from_the_records(seed: int, copy: Path) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 9))
    curves = {int(n): rng.random(63) < rng.uniform(0.05, 0.6) for n in rng.choice(24, size, replace=False)}
    plant_oscillatory(copy, 2, curves)
    run = open_run(copy)
    team = position_team(run, 2)
    where = {
        record.neuron: {p for p, share in enumerate(record.position.frequency, 1) if share > 0.5}
        for record in run.layers[2].records()
        if record.position and (record.position.type, record.position.strength) == ("oscillatory", "strong")
    }
    assert set(team.neurons.tolist()) == set(curves) == set(where)
    covered = set().union(*where.values())
    assert team.covered == pytest.approx(len(covered) / 63)
    spare = {n for n in where if set().union(*(p for m, p in where.items() if m != n)) == covered}
    assert set(team.redundant) == spare


def test_neurons_of_one_frequency_stand_in_the_order_of_their_shifts() -> None:
    shifts = [0.0, 0.2, 0.4, 0.55, 0.9]
    places = np.arange(240)
    waves = np.array([np.cos(2 * np.pi * (3 * places / 240 - shift)) > 0.3 for shift in shifts], dtype=float)
    found = phases(waves)
    np.testing.assert_allclose(found, shifts, atol=0.02)
    np.testing.assert_allclose(phases(1 - waves), (np.array(shifts) + 0.5) % 1, atol=0.02)


def test_a_team_is_ordered_by_phase(copy: Path) -> None:
    curves = {
        n: np.cos(2 * np.pi * (2 * (PLACES - 1) / 63 - shift)) > 0.5 for n, shift in ((5, 0.8), (11, 0.1), (2, 0.45))
    }
    plant_oscillatory(copy, 0, curves)
    assert position_team(open_run(copy), 0).neurons.tolist() == [11, 2, 5]


def test_layers_without_one_are_told_apart(copy: Path) -> None:
    plant_oscillatory(copy, 1, {})
    run = open_run(copy)
    assert team_layers(run) == (0, 2)
    team = position_team(run, 1)
    assert (len(team.neurons), team.mask.shape, team.covered, team.redundant) == (0, (0, 63), 0.0, ())


def test_a_run_without_full_length_sequences_has_no_team(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", sequences=0, layers=1, neurons=16))
    assert team_layers(run) == ()
    assert position_team(run, 0).covered == 0


def test_a_layer_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(NeuronNotFoundError, match="no layer 7"):
        position_team(run, 7)
