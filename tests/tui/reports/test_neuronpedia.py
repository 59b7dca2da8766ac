"""A batch of features for Neuronpedia's dashboards: its keys, and where each number comes from."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import InputError, UsageError
from neuron_tui.store.tokens import decode
from neuron_tui.tui.reports.report import write_report
from tests.synthetic import build_run
from tests.tui.command import Command, command  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name

FEATURE_KEYS = {
    *("feature_index", "neuron_alignment_indices", "neuron_alignment_values", "neuron_alignment_l1"),
    *("correlated_neurons_indices", "correlated_neurons_l1", "correlated_neurons_pearson"),
    *("correlated_features_indices", "correlated_features_l1", "correlated_features_pearson"),
    *("neg_str", "neg_values", "pos_str", "pos_values", "frac_nonzero"),
    *("freq_hist_data_bar_values", "freq_hist_data_bar_heights"),
    *("logits_hist_data_bar_heights", "logits_hist_data_bar_values"),
    *("n_prompts_total", "n_tokens_in_prompt", "dataset", "activations", "decoder_weights_dist", "vector"),
}
"""What SAEDashboard 0.8 makes a feature of: its constructor takes these and no others."""

ACTIVATION_KEYS = {"bin_min", "bin_max", "bin_contains", "tokens", "values", "qualifying_token_index"}


def batch(run: Run, neurons: list[tuple[int, int]] | None) -> dict[str, Any]:
    stream = io.StringIO()
    write_report(run, neurons, "neuronpedia", stream)
    found: dict[str, Any] = json.loads(stream.getvalue())
    return found


def test_it_has_the_keys_that_its_readers_take_and_no_others(run: Run) -> None:
    found = batch(run, [(1, neuron) for neuron in range(24)])
    assert list(found) == ["model_id", "layer", "sae_set", "sae_id_suffix", "features"]
    assert (found["model_id"], found["layer"], len(found["features"])) == (run.manifest.model.name, 1, 24)
    assert all(set(feature) == FEATURE_KEYS for feature in found["features"])
    activations = [one for feature in found["features"] for one in feature["activations"]]
    assert activations and all(set(one) == ACTIVATION_KEYS for one in activations)


def test_every_number_is_that_of_the_record(run: Run) -> None:
    layer, spelling = run.layers[0], run.corpus.spelling
    for feature, record in zip(batch(run, [(0, n) for n in range(24)])["features"], layer.records(), strict=True):
        assert record.values is not None
        assert feature["feature_index"] == record.neuron
        assert feature["frac_nonzero"] == record.frequency
        for kind, scores in (("pos", record.effect.promoted[:10]), ("neg", record.effect.suppressed[:10])):
            assert feature[f"{kind}_values"] == [one.score for one in scores]
            assert len(feature[f"{kind}_str"]) == len(scores)
        assert sum(feature["freq_hist_data_bar_heights"]) == record.count
        assert feature["freq_hist_data_bar_values"] == sorted(feature["freq_hist_data_bar_values"])
        contexts = [*layer.contexts(record.neuron, kind="highest"), *layer.contexts(record.neuron)]
        assert len(feature["activations"]) == len(contexts)
        for one, context in zip(feature["activations"], contexts, strict=True):
            assert len(one["tokens"]) == len(one["values"]) == len(context.ids)
            assert [value != 0 for value in one["values"]] == list(context.active)
            assert one["qualifying_token_index"] == context.focus
            plain = decode([context.forms[context.focus]], spelling)
            if plain.isascii():
                assert one["tokens"][context.focus] == plain
        if record.count:
            assert max(max(one["values"]) for one in feature["activations"]) == record.values.max


def test_groups_are_told_apart_as_its_dashboards_do(run: Run) -> None:
    (feature,) = batch(run, [(0, 1)])["features"]
    record, layer = run.layers[0].neuron(1), run.layers[0]
    assert record.values is not None
    groups = [(one["bin_min"], one["bin_max"], one["bin_contains"]) for one in feature["activations"]]
    top = record.values.max
    assert groups == [
        *[(-1, top, -1)] * len(layer.contexts(1, kind="highest")),
        *[(0, top, 1)] * len(layer.contexts(1)),
    ]


def test_a_dead_neuron_has_no_activations(run: Run) -> None:
    (feature,) = batch(run, [(0, 0)])["features"]
    assert (feature["activations"], feature["frac_nonzero"], feature["freq_hist_data_bar_heights"]) == ([], 0, [])


def test_neurons_of_several_layers_are_refused_and_leave_no_file(
    command: Command, runs: Path, tmp_path: Path, run: Run
) -> None:
    ended = command(
        *("export", "whole", "--all", "--format", "neuronpedia"),
        *("--output", tmp_path / "batch-0.json", "--runs-dir", runs),
    )
    assert (ended.code, ended.out, list(tmp_path.iterdir())) == (2, "", [])
    assert ended.err == ("a batch for Neuronpedia holds neurons of one layer\nChoose one, such as --where layer:3.\n")
    with pytest.raises(UsageError):
        batch(run, None)


def test_a_run_without_values_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    older = open_run(build_run(tmp_path / "older", layers=1, neurons=12))
    monkeypatch.setattr("neuron_tui.store.neurons.layer.Layer._values", lambda *_: None)
    with pytest.raises(InputError, match="keeps no values"):
        batch(older, [(0, 1)])


def test_every_key_is_explained() -> None:
    page = (Path(__file__).parents[3] / "docs" / "exchange.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", page))
    assert named >= FEATURE_KEYS | ACTIVATION_KEYS


def test_contexts_come_with_records_in_json(command: Command, runs: Path) -> None:
    common = ("export", "whole", "--neuron", "0:1", "--neuron", "1:5", "--runs-dir", runs, "--format")
    plain = [json.loads(line) for line in command(*common, "jsonl").out.splitlines()]
    lines = [json.loads(line) for line in command(*common, "jsonl", "--contexts").out.splitlines()]
    assert json.loads(command(*common, "json", "--contexts").out) == lines
    assert [{k: v for k, v in line.items() if k != "contexts"} for line in lines] == plain
    layer = open_run(runs / "whole").layers[0]
    for kind, stored in (("highest", layer.contexts(1, kind="highest")), ("sampled", layer.contexts(1))):
        assert stored
        assert lines[0]["contexts"][kind] == [
            {
                **{"domain": c.domain, "offset": c.offset, "focus": c.focus, "ids": [*c.ids], "text": [*c.forms]},
                **{"active": [*c.active], "values": [*c.values]},
            }
            for c in stored
        ]
    ended = command(*common, "csv", "--contexts")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("csv has no place for --contexts\n")
