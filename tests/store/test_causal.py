"""What silencing neurons did, kept beside a run: written, read, summed up, checked."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run, remedy
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.findings.causal_summary import causal_summary, kind_of
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.causal import keep_causal, read_causal, usual_settings
from neuron_tui.store.neurons.causal_table import causal_table, with_causal
from neuron_tui.store.runs.catalog import delete_run, rename_run
from neuron_tui.store.runs.folder import CAUSAL_FILE
from neuron_tui.store.runs.rule import Rule
from tests.causal_records import keep, measured
from tests.synthetic import build_variant


def test_what_is_kept_is_read_again_in_the_order_of_the_model(copy: Path) -> None:
    kept = keep(copy)
    assert sorted(map(repr, read_causal(copy))) == sorted(map(repr, kept))
    assert [(one.layer, one.rows) for one in read_causal(copy) if not one.where] == [
        (0, (1,)),
        (0, (1,)),
        (0, (2,)),
        (1, (9,)),
    ]


def test_a_later_measurement_takes_the_place_of_the_same_rows_silenced_in_the_same_way(copy: Path) -> None:
    keep_causal(copy, [measured(0, 1, by=1.0), measured(0, 1, by=1.0, method="mean"), measured(0, 2, by=1.0)])
    keep_causal(copy, [measured(0, 1, by=-2.0, seed=7)])
    changes = {(one.rows, one.method): one.on_triggers.trigger_logprob.change for one in read_causal(copy)}
    assert changes == {((1,), "zero"): -2.0, ((1,), "mean"): 1.0, ((2,), "zero"): 1.0}


def test_of_two_that_measure_at_once_none_loses_what_the_other_kept(copy: Path) -> None:
    def keep_some(layer: int) -> None:
        for row in range(12):
            keep_causal(copy, [measured(layer, row)])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(keep_some, (0, 1)))
    assert {(record.layer, record.rows[0]) for record in read_causal(copy)} == {
        (layer, row) for layer in (0, 1) for row in range(12)
    }
    assert check_run(copy) == []


def test_more_is_measured_as_most_of_what_is_kept_was() -> None:
    assert usual_settings([]) is None
    kept = [measured(0, 1, contexts=200), measured(0, 2, contexts=200, window=16), measured(0, 3)]
    kept += [measured(1, row, contexts=200, window=16, method="mean") for row in (3, 4)]
    assert usual_settings(kept) == (200, 16, 0)


def test_a_run_without_measurements_has_none(copy: Path) -> None:
    assert read_causal(copy) == []
    assert causal_table(open_run(copy)).of(0, 1) == ()


def test_a_last_line_that_was_cut_off_does_not_count(copy: Path) -> None:
    keep(copy)
    path = copy / CAUSAL_FILE
    path.write_bytes(path.read_bytes() + b'{"layer": 2, "rows": [')
    assert len(read_causal(copy)) == 5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"layer":0', '"layer":"none"', "valid integer"),
        ('"layer":0', '"layer":7', "the run has no layer 7"),
        ('"rows":[2]', '"rows":[24]', "neurons 0 to 23 only"),
        ('"rows":[2]', '"rows":[]', "at least 1 item"),
        ('"triggers":[12]', '"triggers":[99999]', "no token of the run's vocabulary"),
        ('"before":2.0', '"before":NaN', "finite number"),
        ('{"layer"', "\x1b[31m", "Invalid JSON"),
    ],
)
def test_a_damaged_line_is_named_and_check_finds_it(copy: Path, old: str, new: str, says: str) -> None:
    keep(copy)
    path = copy / CAUSAL_FILE
    lines = path.read_text().splitlines()
    assert '"rows":[2]' in lines[2]
    path.write_text("\n".join([*lines[:2], lines[2].replace(old, new, 1), *lines[3:]]) + "\n")
    with pytest.raises(RunDamagedError) as refusal:
        causal_table(open_run(copy))
    assert str(refusal.value).startswith(f"{path}, line 3: ")
    assert says in str(refusal.value)
    problems = check_run(copy)
    assert [(one.severity, one.file) for one in problems] == [("error", CAUSAL_FILE)]
    assert problems[0].message.startswith("line 3: ")
    assert "causal.jsonl" in remedy(problems, "demo", variant=False)


def test_sound_measurements_are_part_of_the_run(copy: Path) -> None:
    keep(copy)
    assert check_run(copy) == []


def test_a_table_is_read_again_only_when_its_file_has_changed(copy: Path) -> None:
    run = open_run(copy)
    keep(copy)
    before = causal_table(run)
    assert causal_table(run) is before
    assert [one.method for one in before.of(0, 1)] == ["zero", "mean"]
    keep_causal(copy, [measured(2, 3)])
    assert len(causal_table(run).records) == len(before.records) + 1


def test_neurons_silenced_together_are_told_of_none_of_them(copy: Path) -> None:
    keep(copy)
    records = list(with_causal(open_run(copy), open_run(copy).layer(1).records(np.array([1, 9]))))
    assert [len(record.causal) for record in records] == [0, 1]


def test_a_record_says_it_only_where_it_was_measured(copy: Path) -> None:
    before = open_run(copy).layer(0).neuron(1).to_dict()
    keep(copy)
    run = open_run(copy)
    one, other = (record.to_dict() for record in with_causal(run, run.layer(0).records(np.array([1, 5]))))
    assert [each["method"] for each in one.pop("causal")] == ["zero", "mean"]
    assert json.dumps(one) == json.dumps(before)
    assert "causal" not in other


def test_the_kinds_are_summed_up_one_by_one() -> None:
    records = [
        measured(0, 1, by=1.0, loss=0.1, random=0.0),
        measured(0, 2, by=3.0, loss=0.3, random=-0.2),
        measured(0, 3, by=0.05, loss=0.2, random=None),
        measured(0, 4, by=-1.0, contexts=5, loss=0.0, random=0.0),
        measured(0, 5, by=-1.0, suppresses=False, random=None),
        measured(0, 6, by=1.0, contexts=4, suppresses=None),
        measured(0, 7, 8, by=1.0, where="type:token"),
        measured(0, 9, 8, by=1.0),
    ]
    suppressing, promoting, others, together = causal_summary(records)
    assert [one.kind for one in (suppressing, promoting, others, together)] == [
        "suppressing",
        "promoting",
        "no token detector",
        "together",
    ]
    assert (suppressing.neurons, suppressing.likelier, suppressing.less_likely, suppressing.share) == (4, 2, 1, 0.5)
    assert suppressing.interval == wilson(2, 4)
    assert suppressing.trigger_change == pytest.approx((1 + 3 + 0.05 - 1) / 4)
    assert suppressing.loss_change == pytest.approx(0.15)
    assert suppressing.random_loss_change == pytest.approx(-0.2 / 3)
    assert (promoting.likelier, promoting.less_likely) == (0, 1)
    assert math.isnan(promoting.random_loss_change)
    assert promoting.to_dict()["random_loss_change"] is None
    assert (others.neurons, others.likelier) == (1, 0), "four contexts tell nothing"
    assert together.neurons == 2


def test_several_neurons_without_a_filter_are_told_of_as_several() -> None:
    several = measured(1, 4, 7)
    assert kind_of(several) == "together"
    assert several.to_dict(Rule("poles"))["neurons"] == ["2+", "3-"]
    assert measured(1, 4).to_dict(Rule("poles"))["pole"] == "+"


def test_measurements_go_where_the_run_goes(copy: Path) -> None:
    keep(copy)
    variant = build_variant(copy, "loose", Thresholds(max_covering=(9, 9, 9)), layers=3, neurons=24)
    assert read_causal(variant) == []
    keep_causal(variant, [measured(0, 1)])
    assert [problem for problem in check_run(variant) if problem.severity == "error"] == []
    moved = rename_run(copy, "other")
    assert len(read_causal(moved)) == 5
    assert len(read_causal(moved / variant.relative_to(copy))) == 1
    delete_run(moved)
    assert not moved.exists()
