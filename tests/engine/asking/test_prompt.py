"""`prompt`: what a model makes of a text, as the contract has it, and equal to what a run of it stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.command import app
from neuron_tui.store import open_run
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.neurons.activity import KeptActivity
from tests.engine import planted

TEXT = " a b c p q r"


def asked(run: Path) -> AskedModel:
    model = AskedModel(open_run(run), torch.device("cpu"))
    model.load(lambda _: None)
    return model


def prompt(run: Path, *arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["prompt", str(run), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_what_fires_on_a_text_of_the_corpus_is_what_the_run_stored(planted_run: Path) -> None:
    run, model = open_run(planted_run), asked(planted_run)
    tokens, starts = run.corpus.tokens(), run.corpus.sequence_starts()
    for sequence in (0, 3, len(starts) - 2):
        begin, end = int(starts[sequence]), int(starts[sequence + 1])
        reading, _ = model.read(tokens[begin:end].astype(np.int64))
        for index, layer in run.layers.items():
            with layer.activations() as kept:
                assert kept is not None
                stored = np.stack([KeptActivity(kept, i).between(begin, end) for i in range(layer.neurons)], axis=1)
            for position in range(end - begin):
                rows, _ = reading.layers[index].at(position)
                assert rows.tolist() == np.flatnonzero(stored[position]).tolist()


def test_values_of_a_context_are_those_that_the_run_stored(planted_run: Path) -> None:
    run, model = open_run(planted_run), asked(planted_run)
    tokens, starts = run.corpus.tokens(), run.corpus.sequence_starts()
    for context in run.layers[0].contexts(2):
        at = next(
            int(start)
            for start in starts[:-1]
            if tuple(tokens[start + context.offset - context.focus :][: len(context.ids)].tolist()) == context.ids
        )
        reading, _ = model.read(tokens[at : at + context.offset + 1].astype(np.int64))
        rows, values = reading.layers[0].at(context.offset)
        assert values[rows.tolist().index(2)] == pytest.approx(context.values[context.focus], rel=2e-3)


def test_the_json_is_the_contracts(planted_run: Path) -> None:
    code, out, err = prompt(
        planted_run, "--text", " p q r b a c a", "--ablate", "0:2", "--ablate", "1:1", "--top", "4", "--json"
    )
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [token["text"] for token in found["tokens"]] == ["</s>", "Ġp", "Ġq", "Ġr", "Ġb", "Ġa", "Ġc", "Ġa"]
    assert [layer["layer"] for layer in found["layers"]] == [0, 1, 2]
    for layer, plants in zip(found["layers"], planted.PLANTED, strict=True):
        ids = [token["id"] for token in found["tokens"]]
        expected = [[i for i, plant in enumerate(plants) if plant.fires(ids, p)] for p in range(len(ids))]
        assert layer["active"] == expected
    assert [len(come) for come in found["next"]] == [4] * 8
    assert found["next"][0][0].keys() == {"id", "text", "logprob"}
    assert found["ablated"].keys() == {"loss", "losses", "next", "moved"}
    assert len(found["ablated"]["moved"]) == 4
    assert found["ablated"]["loss"] != found["loss"]


def test_a_silenced_suppressing_neuron_lets_its_token_come_back(planted_run: Path) -> None:
    _, out, _ = prompt(planted_run, "--text", " b a", "--ablate", "0:2", "--top", "1", "--json")
    (moved,) = json.loads(out)["ablated"]["moved"]
    assert moved["text"] == "Ġa"
    assert moved["after"] > moved["before"]
    # No later layer reads what it wrote: the direct way says it all, but for the final norm, which it holds still.
    assert moved["predicted"] == pytest.approx(moved["after"], rel=5e-3)


def test_what_adds_to_a_logit_names_the_planted_neuron(planted_run: Path) -> None:
    _, out, _ = prompt(planted_run, "--text", " k b a a", "--at", "2", "--json")
    direct = json.loads(out)["direct"]
    assert direct["target"]["text"] == "Ġa"
    strongest = direct["neurons"][0]  # fires on the b, and writes most against a
    assert (strongest["layer"], strongest["neuron"]) == (0, 5)
    assert strongest["logit"] < 0
    parts = direct["embedding"] + direct["bias"] + sum(direct["attention"]) + sum(direct["feed_forward"])
    assert parts == pytest.approx(direct["logit"], abs=1e-6)


def test_lines_for_people_name_tokens_loss_and_what_moves(planted_run: Path) -> None:
    code, out, _ = prompt(planted_run, "--text", TEXT, "--ablate", "0:2", "--at", "1")
    assert code == 0
    assert "·a" in out and "nats a token" in out and "what moves most" in out and "logit of ·b" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--text", " a", "--at", "7"], 2, "the text has the tokens 0 to 1"),
        (["--text", ""], 3, "the text is empty"),
        (["--text", "\udcff\udcfe"], 3, "the text is no text in UTF-8"),
        (["--text", " a", "--ablate", "0:99"], 3, "no neuron 99"),
        (["--text", " a", "--ablate", "7:0"], 3, "no layer 7"),
        (["--text", " a", "--ablate", "0:2+"], 2, "names a pole"),
        (["--text", " a", "--ablate", "zero"], 2, "names no neuron"),
        (["--text", " a", "--mean"], 2, "--mean is for silenced neurons"),
        (["--text", " a" * 70], 3, "the model reads at most 64"),
        (["--text", " a", "--where", "type:nonsense"], 2, "unknown type"),
        (["--text", " a", "--device", "abacus"], 2, "--device abacus"),
        (["--text", " a", "--memory", "lots"], 2, "--memory lots"),
        (["--text", " a", "--model", "/nowhere/at/all"], 3, "there is no such directory"),
    ],
)
def test_what_cannot_be_asked_is_told(planted_run: Path, arguments: list[str], code: int, words: str) -> None:
    found, out, err = prompt(planted_run, *arguments)
    assert (found, out) == (code, "")
    assert words in err


def test_other_weights_than_the_runs_are_refused(planted_run: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(planted_run.parents[1] / "model", tmp_path / "model"))
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"dropout": 0.2}))
    with pytest.raises(CheckpointError, match="other weights than the run planted"):
        AskedModel(open_run(planted_run), torch.device("cpu"), str(other))


def test_a_model_larger_than_its_memory_comes_layer_by_layer(planted_run: Path) -> None:
    visiting = AskedModel(open_run(planted_run), torch.device("cpu"), memory=1)
    assert not visiting.stays
    visiting.load(lambda _: None)
    whole = asked(planted_run)
    ids = whole.tokens(TEXT)
    np.testing.assert_array_equal(visiting.read(ids)[0].log_probabilities, whole.read(ids)[0].log_probabilities)


def test_the_mean_is_that_over_the_tokens_of_the_run(planted_run: Path) -> None:
    from neuron_tui.engine.asking.silence import silenced_rows

    run = open_run(planted_run)
    record = run.layers[0].neuron(2)
    (silenced,) = silenced_rows(run, [(0, 2)], mean=True)
    assert record.values is not None and record.values.mean is not None
    assert silenced.mean == pytest.approx(record.values.mean * record.frequency)


def test_what_does_not_move_is_not_told_to(planted_run: Path) -> None:
    _, out, _ = prompt(planted_run, "--text", " b", "--ablate", "0:2", "--json")  # fires on a alone
    assert json.loads(out)["ablated"]["moved"] == []
    assert "nothing moves" in prompt(planted_run, "--text", " b", "--ablate", "0:2")[1]


def test_bytes_on_stdin_that_are_no_text_are_refused(planted_run: Path) -> None:
    done = CliRunner().invoke(app, ["prompt", str(planted_run), "--text", "-"], input=b"\xff\xfe")
    assert done.exit_code == 3
    assert "stdin is no text in UTF-8" in done.stderr
