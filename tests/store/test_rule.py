"""The rule that makes a bit: as text, in run.json, and what may be said of dead neurons under it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.findings.labelled_run import read_aggregates
from neuron_tui.store.findings.paper.needs import LACKING, PAPERS
from neuron_tui.store.neurons.run import open_run
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.store.runs.rule import Rule, parse_rule


@pytest.mark.parametrize("text", ["value", "pre", "poles", "gate", "threshold:0.0123456789", "threshold:0.01"])
def test_a_rule_reads_as_it_is_written(text: str) -> None:
    assert str(parse_rule(text)) == text


def test_rows_are_named_by_neuron_and_pole() -> None:
    assert [Rule("poles").name(row) for row in range(4)] == ["0+", "0-", "1+", "1-"]
    assert Rule("gate").name(3) == "3"


def test_a_rule_that_there_is_not_makes_run_json_unreadable(copy: Path) -> None:
    written = json.loads((copy / "run.json").read_text())
    written["options"]["active"] = "sometimes"
    (copy / "run.json").write_text(json.dumps(written))
    with pytest.raises(RunDamagedError):
        read_manifest(copy)


@pytest.mark.parametrize(
    ("active", "activation", "gated", "exact"),
    [
        ("value", "relu", False, True),
        ("threshold:0.0", "relu2", False, True),
        ("threshold:0.25", "relu", False, False),
        ("value", "relu", True, False),
        ("value", "silu", True, False),
        ("pre", "gelu", False, False),
        ("poles", "relu", True, False),
    ],
)
def test_dead_neurons_are_judged_only_where_off_writes_nothing(
    demo: Path, active: str, activation: str, gated: bool, exact: bool
) -> None:
    run = open_run(demo)
    manifest = run.manifest
    run.manifest = manifest.model_copy(
        update={
            "options": manifest.options.model_copy(update={"active": active}),
            "model": manifest.model.model_copy(update={"activation": activation, "gated": gated}),
        }
    )
    labelled = replace(read_aggregates(open_run(demo)), run=run)
    assert (LACKING["zeros"](labelled, PAPERS) == "") == exact
