"""`ablate`: the causal table, against transformers' own forward pass with weights taken away, and planted effects."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import OPTForCausalLM
from typer.testing import CliRunner

from neuron_tui.engine.asking.contexts import CorpusContexts
from neuron_tui.engine.command import app
from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run
from neuron_tui.store.neurons.causal import read_causal
from tests.engine import planted
from tests.engine.planted import EOS, ID

FEW = ("--contexts", "8", "--window", "12")


@pytest.fixture
def own_run(planted_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planted_run, tmp_path / "planted"))


def ablate(run: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["ablate", str(run), *arguments])
    return done.exit_code, done.stdout, done.stderr


def table(run: Path, *arguments: str) -> dict[str, Any]:
    code, out, err = ablate(run, "--json", *FEW, *arguments)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def of(found: dict[str, Any], layer: int, neuron: int) -> dict[str, Any]:
    return next(one for one in found["neurons"] if (one["layer"], one["neuron"]) == (layer, neuron))


def test_planted_neurons_do_what_was_planted(own_run: Path) -> None:
    found = table(own_run)
    for layer, neuron, comes_back in ((0, 2, True), (1, 1, True), (2, 0, True), (0, 3, False), (1, 2, False)):
        one = of(found, layer, neuron)
        assert one["comes_back"] is comes_back
        assert one["suppresses_triggers"] is comes_back
        assert one["on_triggers"]["fired"] == one["on_triggers"]["contexts"] == 8
        low, high = one["on_triggers"]["trigger_logprob"]["interval"]
        assert low <= one["on_triggers"]["trigger_logprob"]["change"] <= high
    kinds = {one["kind"]: one for one in found["summary"]}
    # One of the nine writes against two of its triggers and for the third.
    assert (kinds["suppressing"]["neurons"], kinds["suppressing"]["likelier"]) == (9, 8)
    assert kinds["suppressing"]["less_likely"] == 0


@pytest.mark.parametrize(("layer", "neuron", "letter"), [(0, 2, "a"), (1, 2, "i")])
def test_loss_and_triggers_are_those_of_a_model_without_the_neurons_weights(
    own_run: Path, layer: int, neuron: int, letter: str
) -> None:
    one = of(table(own_run, "--neuron", f"{layer}:{neuron}"), layer, neuron)
    draw = np.random.default_rng((0, layer, neuron))
    contexts = CorpusContexts(open_run(own_run), 12).on((ID[letter],), 8, draw)
    model = OPTForCausalLM.from_pretrained(own_run_model(own_run)).eval()

    def means() -> tuple[float, float]:
        losses, triggers = [], []
        for ids, follows in zip(contexts.ids, contexts.follows.tolist(), strict=True):
            with torch.inference_mode():
                expected = model(torch.from_numpy(ids)[None]).logits[0, -1].log_softmax(-1).double()
            losses.append(-float(expected[follows]))
            triggers.append(float(expected[ID[letter]]))
        return float(np.mean(losses)), float(np.mean(triggers))

    before = means()
    with torch.no_grad():
        model.model.decoder.layers[layer].fc2.weight[:, neuron] = 0
    after = means()
    on = one["on_triggers"]
    assert (on["loss"]["before"], on["trigger_logprob"]["before"]) == pytest.approx(before, abs=1e-5)
    assert (on["loss"]["after"], on["trigger_logprob"]["after"]) == pytest.approx(after, abs=1e-5)


def own_run_model(run: Path) -> str:
    return open_run(run).manifest.model.name


def test_contexts_end_with_a_trigger_within_one_sequence_and_a_counted_token_follows(own_run: Path) -> None:
    run = open_run(own_run)
    tokens, starts = run.corpus.tokens(), run.corpus.sequence_starts()
    contexts = CorpusContexts(run, 12).on((ID["a"], ID["b"]), 60, np.random.default_rng(3))
    text = " ".join(map(str, tokens.tolist()))
    assert len(contexts) == 60
    for ids, follows in zip(contexts.ids, contexts.follows.tolist(), strict=True):
        assert ids[0] == EOS and EOS not in (ids[-1], follows)
        assert ids[-1] in (ID["a"], ID["b"]) and len(ids) <= 12
        assert " ".join(map(str, [*ids[1:].tolist(), follows])) in text
    whole = CorpusContexts(run, 12).on((ID["a"],), 10_000, np.random.default_rng(3))
    last = np.flatnonzero(tokens == ID["a"])
    followed = last[(np.append(tokens, EOS)[last + 1] != EOS) & ~np.isin(last + 1, starts)]
    assert len(whole) == len(followed)


def test_silenced_where_it_never_fires_a_neuron_changes_nothing(own_run: Path) -> None:
    dead = of(table(own_run, "--neuron", "1:1"), 1, 1)
    random = dead["on_random"]
    if not random["fired"]:
        assert random["loss"]["before"] == random["loss"]["after"]


def test_what_was_measured_is_kept_and_not_measured_again(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = table(own_run)
    kept = read_causal(own_run)
    assert len(kept) == len(first["neurons"])

    def no_model(*_: object, **__: object) -> None:
        raise AssertionError("the model was opened")

    monkeypatch.setattr("neuron_tui.engine.asking.asked_model.open_model", no_model)
    assert table(own_run) == first


def test_rows_of_a_layer_are_silenced_together(own_run: Path) -> None:
    found = table(own_run, "--where", "type:suppressing", "--together")
    by_layer = {one["layer"]: one for one in found["neurons"]}
    assert len(by_layer[0]["neurons"]) > 1
    assert by_layer[0]["where"] == "type:suppressing"
    assert by_layer[0]["comes_back"] is True
    assert {one["kind"] for one in found["summary"]} == {"together"}


def test_the_mean_changes_contexts_where_the_neuron_is_off(own_run: Path) -> None:
    mean = of(table(own_run, "--neuron", "0:2", "--mean"), 0, 2)
    zero = of(table(own_run, "--neuron", "0:2"), 0, 2)
    assert mean["method"] == "mean" and zero["method"] == "zero"
    assert mean["on_random"]["loss"]["after"] != mean["on_random"]["loss"]["before"]
    assert {record.method for record in read_causal(own_run)} == {"mean", "zero"}


def test_lines_for_people(own_run: Path) -> None:
    code, out, _ = ablate(own_run, *FEW)
    assert code == 0
    assert "likelier" in out and "suppressing:" in out and "·a" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--neuron", "0:99"], 3, "no neuron 99"),
        (["--neuron", "0:2", "--where", "type:token"], 2, "Give one of them"),
        (["--neuron", "0:2", "--together"], 2, "--together"),
        (["--where", "type:none"], 2, "unknown type"),
        (["--window", "65"], 3, "a window of 65 positions"),
    ],
)
def test_what_cannot_be_measured_is_told(own_run: Path, arguments: list[str], code: int, words: str) -> None:
    found, out, err = ablate(own_run, *arguments)
    assert (found, out) == (code, "")
    assert words in err


def test_a_neuron_that_never_fires_has_nothing_to_be_silenced_on(own_run: Path) -> None:
    code, out, err = ablate(own_run, "--neuron", "0:0")
    assert (code, out) == (0, "")
    assert "no neuron of planted of those named has a trigger" in err


def test_other_settings_take_the_place_of_what_is_kept_only_when_asked_to(own_run: Path) -> None:
    kept = table(own_run, "--neuron", "0:2")
    code, out, err = ablate(own_run, "--neuron", "0:2", "--contexts", "5", "--json")
    assert (code, out) == (2, "")
    assert "1 of these were measured with other settings: --contexts 8 --window 12 --seed 0" in err
    # Without settings those of most of what is kept hold.
    assert json.loads(ablate(own_run, "--neuron", "0:2", "--json")[1]) == kept
    _, out, _ = ablate(own_run, "--neuron", "0:2", "--contexts", "5", "--again", "--json")
    assert json.loads(out)["neurons"][0]["contexts"] == 5


def test_what_is_kept_is_told_without_a_model_though_some_have_no_context(
    own_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--where", "type:alive layer:0")
    first = table(own_run, *asked)
    monkeypatch.setattr("neuron_tui.engine.asking.contexts.CorpusContexts.stands", lambda *_: False)

    def no_model(*_: object, **__: object) -> None:
        raise AssertionError("the model was opened")

    monkeypatch.setattr("neuron_tui.engine.asking.asked_model.open_model", no_model)
    (own_run / "causal.jsonl").write_bytes((own_run / "causal.jsonl").read_bytes().partition(b"\n")[0] + b"\n")
    _, out, err = ablate(own_run, *FEW, *asked, "--json")
    assert len(json.loads(out)["neurons"]) == 1 < len(first["neurons"])
    assert "left out" in err


def test_contexts_are_read_a_batch_at_a_time(own_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(own_run, "--neuron", "0:2")
    monkeypatch.setattr("neuron_tui.engine.asking.causal_effects._MOST_SEQUENCES", 3)
    batched = table(own_run, "--neuron", "0:2", "--again")
    on = [one["neurons"][0]["on_triggers"]["trigger_logprob"] for one in (whole, batched)]
    assert on[0]["change"] == pytest.approx(on[1]["change"], abs=1e-5)


def test_a_neuron_that_writes_while_it_is_off_is_silenced_where_it_is_off_too(tmp_path: Path) -> None:
    gelu = tmp_path / "gelu"
    gelu.mkdir()
    planted.write_checkpoint(gelu)
    config = json.loads((gelu / "config.json").read_text())
    (gelu / "config.json").write_text(json.dumps(config | {"activation_function": "gelu"}))
    (tmp_path / "texts").mkdir()
    corpus = planted.write_corpus(tmp_path / "texts")
    asked = ExtractionRequest(model=str(gelu), corpus=corpus, name="x", tokens=3000, runs_dir=tmp_path, device="cpu")
    random = table(extract(asked), "--neuron", "0:2")["neurons"][0]["on_random"]
    assert random["fired"] < random["contexts"]
    low, high = random["trigger_logprob"]["interval"]
    assert low != 0 and high != 0
