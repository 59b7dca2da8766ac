"""Input that cannot be used is refused: one clear message, the contract's exit code, no run that looks good."""

from __future__ import annotations

import errno
import gzip
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from neuron_tui.engine.command import app
from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run
from neuron_tui.store.errors import (
    CheckpointError,
    CorpusError,
    DiskFullError,
    InputError,
    NeuronTuiError,
    RunConflictError,
    RunDamagedError,
    UsageError,
)
from neuron_tui.store.runs.catalog import list_runs

from .cases import Case, build, stored_records
from .checkpoints import Shape, words

SMALL = Case(Shape(layers=3, width=16, heads=2, neurons=6, context=16), "fast", 280, lambda folder: _text(folder))


def _text(folder: Path) -> tuple[str, ...]:
    (folder / "good.txt").write_text(words(1, 120), encoding="utf-8")
    return (str(folder / "good.txt"),)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint and a text that nothing is wrong with."""
    folder = tmp_path_factory.mktemp("good")
    build(SMALL, folder)
    return folder


@pytest.fixture
def checkpoint(good: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint, to be spoiled."""
    return Path(shutil.copytree(good, tmp_path / "model"))


class Refusal:
    """Asks for an extraction through the API and through the command line, and looks at what each says."""

    def __init__(self, good: Path, runs: Path) -> None:
        self.runs = runs
        self._asked: dict[str, Any] = {
            "model": str(good),
            "corpus": (str(good / "texts" / "good.txt"),),
            "name": "x",
            "device": "cpu",
        }

    def __call__(self, error: type[NeuronTuiError], *saying: str, **changes: Any) -> None:
        asked = self._asked | changes
        with pytest.raises(error) as caught:
            extract(ExtractionRequest(**asked, runs_dir=self.runs))
        self._check(str(caught.value), saying)
        assert len(lines(str(caught.value))) <= 2
        done = CliRunner().invoke(app, self._arguments(asked))
        assert done.exit_code == error.exit_code, done.output
        assert done.stdout == ""
        self._check(done.stderr, saying)

    def _check(self, message: str, saying: tuple[str, ...]) -> None:
        assert "Traceback" not in message
        for part in saying:
            assert part in message
        assert [run.name for run in list_runs(self.runs) if run.state == "complete"] == []

    def _arguments(self, asked: dict[str, Any]) -> list[str]:
        arguments = ["extract", asked["model"], "--runs-dir", str(self.runs)]
        for name, value in asked.items():
            option = f"--{name.replace('_', '-')}"
            if name == "corpus":
                arguments += [part for source in value for part in (option, source)]
            elif value is True:
                arguments.append(option)
            elif name == "layers":
                arguments += [option, ",".join(map(str, value))]
            elif name != "model":
                arguments += [option, str(value)]
        return arguments


@pytest.fixture
def refused(good: Path, tmp_path: Path) -> Refusal:
    return Refusal(good, tmp_path / "runs")


def lines(message: str) -> list[str]:
    return message.strip().split("\n")


# Corpora


def test_text_that_is_not_there(refused: Refusal, tmp_path: Path) -> None:
    refused(CorpusError, "absent.txt", "no such file", corpus=(str(tmp_path / "absent.txt"),))
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize(
    ("name", "content", "saying"),
    [
        ("empty.txt", b"", "no text"),
        ("empty.jsonl", b"", "no text"),
        ("blank.jsonl", b'{"text": ""}\n\n', "no text"),
        ("image.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("latin.txt", "schön".encode("latin-1"), "UTF-8"),
        ("utf16.txt", "text".encode("utf-16"), "UTF-8"),
        ("rows.jsonl", b'{"text": "one"}\n{"body": "two"}\n', "line 2: no key `text`"),
        ("list.jsonl", b'{"text": "one"}\n\n["two"]\n', "line 3: no key `text`"),
        ("number.jsonl", b'{"text": 1}\n', "line 1"),
        ("null.jsonl", b'{"text": null}\n', "no text (1 document without text)"),
        ("cut.jsonl", b'{"text": "tw', "no text (1 cut last line)"),
        ("bad.jsonl", b'{"text": "one"}\n{"text": "tw\n', "line 2: not JSON"),
        ("deep.jsonl", b"[" * 100_000 + b"\n", "line 1"),
        ("latin.jsonl", b'{"text": "one"}\n{"text": "sch\xf6n"}\n', "line 2"),
        ("not_zipped.txt.gz", b"plain text", "gzip"),
        ("half.txt.gz", gzip.compress(b"text " * 1000, mtime=0)[:12], "gzip"),
        ("spoiled.txt.gz", gzip.compress(b"text " * 1000, mtime=0)[:10] + b"\7" * 2000, "gzip"),
        ("page.html", b"<p>text</p>", "not a kind of file"),
    ],
)
def test_text_that_is_no_text(name: str, content: bytes, saying: str, refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refused(CorpusError, name, saying, corpus=(str(tmp_path / name),))
    assert list_runs(refused.runs) == []


def test_a_folder_without_texts(refused: Refusal, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    refused(CorpusError, "folder", corpus=(str(tmp_path / "folder"),))


def test_one_bad_source_among_good_ones(refused: Refusal, good: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "fine"}\nnot JSON\n')
    refused(CorpusError, "bad.jsonl", "line 2", corpus=(str(good / "texts"), str(tmp_path / "bad.jsonl")))


def test_a_budget_without_one_token_for_each_domain(refused: Refusal, good: Path) -> None:
    text = good / "texts" / "good.txt"
    refused(CorpusError, "not one token", corpus=(f"a={text}", f"b={text}"), tokens=1)


def test_a_text_that_makes_no_tokens(refused: Refusal, checkpoint: Path, tmp_path: Path) -> None:
    # This tokeniser knows the letter a and drops everything else.
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text())
    tokenizer["model"] |= {
        "vocab": {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4},
        "merges": [],
        "unk_token": None,
    }
    (checkpoint / "tokenizer.json").write_text(json.dumps(tokenizer))
    (tmp_path / "b.txt").write_text("bbb bbb")
    refused(CorpusError, "not one token", model=str(checkpoint), corpus=(str(tmp_path / "b.txt"),))


def test_a_corpus_argument_that_names_nothing(refused: Refusal) -> None:
    refused(UsageError, "corpus", corpus=("domain=",))


def test_a_short_corpus_is_fine_and_has_no_positions(good: Path, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("a b")
    asked = ExtractionRequest(
        model=str(good), corpus=(str(tmp_path / "short.txt"),), name="x", runs_dir=tmp_path, device="cpu"
    )
    said: list[str] = []
    records = stored_records(extract(asked, announce=said.append))
    assert {record["tokens"] for record in records.values()} == {2}
    assert all(record["position"] is None for record in records.values())
    assert any("positional" in sentence for sentence in said)


# Models


def change_config(checkpoint: Path, **values: Any) -> None:
    config = json.loads((checkpoint / "config.json").read_text()) | values
    (checkpoint / "config.json").write_text(json.dumps(config))


def change_weights(checkpoint: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    change(weights)
    save_file(weights, checkpoint / "model.safetensors")


def pickled(checkpoint: Path) -> Path:
    """Turn the weights into a pickle file, as most OPT repositories have them."""
    file = checkpoint / "pytorch_model.bin"
    torch.save(load_file(checkpoint / "model.safetensors"), file)
    (checkpoint / "model.safetensors").unlink()
    return file


def test_a_model_that_is_not_there(refused: Refusal, tmp_path: Path) -> None:
    refused(CheckpointError, "absent", model=str(tmp_path / "absent"))


def test_a_folder_without_config(refused: Refusal, checkpoint: Path) -> None:
    (checkpoint / "config.json").unlink()
    refused(CheckpointError, "config.json", model=str(checkpoint))
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '"opt"', "\0"])
def test_a_config_that_is_none(content: str, refused: Refusal, checkpoint: Path) -> None:
    (checkpoint / "config.json").write_text(content)
    refused(CheckpointError, "config.json", model=str(checkpoint))


@pytest.mark.parametrize("model_type", ["gpt9", None, 7, ["opt"]])
def test_a_model_type_that_nobody_knows(model_type: object, refused: Refusal, checkpoint: Path) -> None:
    change_config(checkpoint, model_type=model_type)
    refused(CheckpointError, "model_type", str(model_type), model=str(checkpoint))


@pytest.mark.parametrize(
    "values",
    [
        {"num_attention_heads": 3},
        {"hidden_size": "wide"},
        {"ffn_dim": -4},
        {"num_hidden_layers": 0},
        {"activation_function": "no such thing"},
        {"vocab_size": None},
        {"eos_token_id": None},
    ],
)
def test_a_config_that_describes_no_model(values: dict[str, Any], refused: Refusal, checkpoint: Path) -> None:
    change_config(checkpoint, **values)
    refused(CheckpointError, str(checkpoint), model=str(checkpoint))
    assert list_runs(refused.runs) == []


def test_a_folder_without_weights(refused: Refusal, checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    refused(CheckpointError, "weights", model=str(checkpoint))


@pytest.mark.parametrize("kept", [0, 5, 100, 0.5, 0.99])
def test_weights_cut_short(kept: float, refused: Refusal, checkpoint: Path) -> None:
    file = checkpoint / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[: int(kept if kept >= 1 or kept == 0 else kept * len(content))])
    refused(CheckpointError, "model.safetensors", model=str(checkpoint))
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize("kept", [0, 5, 0.5, 0.99])
def test_pickled_weights_cut_short(kept: float, refused: Refusal, checkpoint: Path) -> None:
    file = pickled(checkpoint)
    content = file.read_bytes()
    file.write_bytes(content[: int(kept if kept >= 1 or kept == 0 else kept * len(content))])
    refused(CheckpointError, "pytorch_model.bin", model=str(checkpoint), allow_pickle=True)
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize("name", ["model.decoder.layers.1.fc2.weight", "model.decoder.embed_positions.weight"])
def test_a_weight_that_is_missing(name: str, refused: Refusal, checkpoint: Path) -> None:
    change_weights(checkpoint, lambda weights: weights.pop(name))
    refused(CheckpointError, name, model=str(checkpoint))
    assert list_runs(refused.runs) == []


def test_weights_of_something_else(refused: Refusal, checkpoint: Path) -> None:
    save_file({"encoder.weight": torch.zeros(3)}, checkpoint / "model.safetensors")
    refused(CheckpointError, "embed_", model=str(checkpoint))


def test_a_shard_that_is_missing(refused: Refusal, checkpoint: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    index = {"weight_map": dict.fromkeys(weights, "model-00001-of-00001.safetensors")}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(CheckpointError, "model-00001-of-00001.safetensors", model=str(checkpoint))


def test_a_shard_outside_the_checkpoint(refused: Refusal, checkpoint: Path, tmp_path: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").rename(tmp_path / "elsewhere.safetensors")
    index = {"weight_map": dict.fromkeys(weights, "../elsewhere.safetensors")}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(CheckpointError, "elsewhere.safetensors", model=str(checkpoint))


@pytest.mark.parametrize(
    "index", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}', '{"weight_map": {}}']
)
def test_an_index_that_is_none(index: str, refused: Refusal, checkpoint: Path) -> None:
    (checkpoint / "model.safetensors.index.json").write_text(index)
    refused(CheckpointError, str(checkpoint), model=str(checkpoint))


def test_a_weight_of_another_shape(refused: Refusal, checkpoint: Path) -> None:
    name = "model.decoder.layers.2.fc1.weight"
    change_weights(checkpoint, lambda weights: weights.update({name: torch.zeros(6, 15)}))
    refused(CheckpointError, name, "(6, 15)", "(6, 16)", model=str(checkpoint))
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize(
    "name",
    [
        "embed_tokens.weight",
        "embed_positions.weight",
        "layers.0.self_attn.q_proj.weight",
        "layers.1.fc1.bias",
        "layers.2.fc2.weight",
    ],
)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(name: str, value: float, refused: Refusal, checkpoint: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        weights[f"model.decoder.{name}"].view(-1)[3] = value

    change_weights(checkpoint, spoil)
    refused(CheckpointError, name, "NaN or infinity", model=str(checkpoint))


def test_an_unembedding_that_is_no_numbers(refused: Refusal, checkpoint: Path) -> None:
    change_config(checkpoint, tie_word_embeddings=False)
    change_weights(checkpoint, lambda weights: weights.update({"lm_head.weight": torch.full((280, 16), float("nan"))}))
    refused(CheckpointError, "lm_head.weight", "NaN", model=str(checkpoint))


def test_a_model_whose_hidden_states_overflow(refused: Refusal, checkpoint: Path) -> None:
    def spoil(weights: dict[str, torch.Tensor]) -> None:
        weights["model.decoder.layers.0.fc2.weight"].fill_(3e38)

    change_weights(checkpoint, spoil)
    refused(CheckpointError, "layer 0", "NaN or infinity", model=str(checkpoint))


def test_a_checkpoint_without_tokeniser(refused: Refusal, checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").unlink()
    (checkpoint / "tokenizer_config.json").unlink()
    refused(CheckpointError, "tokeniser", model=str(checkpoint))


def test_a_tokeniser_of_another_model(refused: Refusal, checkpoint: Path) -> None:
    change_config(checkpoint, vocab_size=279)
    name = "model.decoder.embed_tokens.weight"
    change_weights(checkpoint, lambda weights: weights.update({name: weights[name][:279].clone()}))
    refused(CheckpointError, "280", "279", model=str(checkpoint))


def test_code_of_a_checkpoint_never_runs(refused: Refusal, checkpoint: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    (checkpoint / "code.py").write_text(f"open({str(trap)!r}, 'w')\nclass T: pass\n")
    config = json.loads((checkpoint / "tokenizer_config.json").read_text())
    config |= {"auto_map": {"AutoTokenizer": ["code.T", "code.T"]}, "tokenizer_class": "T"}
    (checkpoint / "tokenizer_config.json").write_text(json.dumps(config))
    change_config(checkpoint, model_type="own", auto_map={"AutoConfig": "code.T", "AutoTokenizer": "code.T"})
    refused(CheckpointError, "model_type", model=str(checkpoint))
    assert not trap.exists()


def test_pickled_weights_are_not_loaded_unasked(refused: Refusal, checkpoint: Path) -> None:
    pickled(checkpoint)
    refused(CheckpointError, "pytorch_model.bin", "--allow-pickle", model=str(checkpoint))
    assert list_runs(refused.runs) == []


class _Trap:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


def trapped(checkpoint: Path, trap: Path, plain: bool) -> None:
    """Hide a call in a pickle file, beside the weights or in a file that holds nothing else."""
    file = pickled(checkpoint)
    if plain:
        file.write_bytes(pickle.dumps({"weights": _Trap(trap)}))
    else:
        torch.save(torch.load(file, weights_only=True) | {"extra": _Trap(trap)}, file)


@pytest.mark.parametrize("plain", [False, True])
def test_a_pickle_that_would_run_code_is_refused(
    plain: bool, refused: Refusal, checkpoint: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "ran"
    trapped(checkpoint, trap, plain)
    refused(CheckpointError, "pytorch_model.bin", model=str(checkpoint), allow_pickle=True)
    assert not trap.exists()
    assert list_runs(refused.runs) == []


def test_as_a_process_it_says_two_lines_and_nothing_else(checkpoint: Path, tmp_path: Path) -> None:
    trapped(checkpoint, tmp_path / "ran", plain=True)
    command = [sys.executable, "-m", "neuron_tui.engine", "extract", str(checkpoint), "--allow-pickle", "--name", "x"]
    command += ["--corpus", str(checkpoint / "texts"), "--runs-dir", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "pytorch_model.bin" in done.stderr
    assert len(lines(done.stderr)) <= 2
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "runs" / "x").exists()


# Options


def test_a_context_longer_than_the_models(refused: Refusal) -> None:
    refused(InputError, "17", "16", context_length=17)
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("context_length", 1),
        ("context_length", -3),
        ("tokens", 0),
        ("layers", (3,)),
        ("batch_tokens", 0),
        ("device", "abacus"),
        ("dtype", "int8"),
    ],
)
def test_options_that_make_no_sense(option: str, value: Any, refused: Refusal) -> None:
    refused(UsageError, option.replace("_", "-"), **{option: value})
    assert list_runs(refused.runs) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "/tmp/x", "..", ".hidden", "", "x\0y", "x\ny", "a" * 300])
def test_a_name_that_leaves_the_runs_directory(name: str, refused: Refusal, tmp_path: Path) -> None:
    refused(UsageError, "name", name=name)
    assert not refused.runs.exists()
    assert not (tmp_path / "x").exists()


def test_the_same_name_with_other_options(good: Path, checkpoint: Path, tmp_path: Path) -> None:
    asked = {"model": str(good), "corpus": (str(good / "texts"),), "name": "x", "device": "cpu", "tokens": 100}
    run = extract(ExtractionRequest(**asked, runs_dir=tmp_path))
    before = stored_records(run)
    change_weights(checkpoint, lambda weights: weights["model.decoder.layers.0.fc1.bias"].add_(1))
    for option, value in {
        "tokens": 90,
        "context_length": 12,
        "layers": (0, 2),
        "dtype": "bfloat16",
        "keep_activations": "never",
        "corpus": (f"other={good / 'texts'}",),
        "model": str(checkpoint),
    }.items():
        with pytest.raises(RunConflictError) as caught:
            extract(ExtractionRequest(**asked | {option: value}, runs_dir=tmp_path))
        assert option.replace("_", "-") in str(caught.value)
        assert len(lines(str(caught.value))) <= 2
        assert caught.value.exit_code == 3
    assert stored_records(run) == before
    replaced = extract(ExtractionRequest(**asked | {"tokens": 90, "overwrite": True}, runs_dir=tmp_path))
    assert replaced == run
    assert open_run(run).manifest.tokens == 90


def test_a_failed_overwrite_leaves_the_run_as_it_was(good: Path, tmp_path: Path) -> None:
    asked = {"model": str(good), "corpus": (str(good / "texts"),), "name": "x", "device": "cpu", "runs_dir": tmp_path}
    before = stored_records(extract(ExtractionRequest(**asked)))
    with pytest.raises(CorpusError):
        extract(ExtractionRequest(**asked | {"corpus": (str(tmp_path / "absent.txt"),), "overwrite": True}))
    assert stored_records(tmp_path / "x") == before


# The disk


def test_a_disk_without_room_is_said_before_starting(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 10**6 - 100, 100))
    asked = ExtractionRequest(
        model=str(good), corpus=(str(good / "texts"),), name="x", runs_dir=tmp_path / "runs", device="cpu"
    )
    with pytest.raises(DiskFullError, match="no space"):
        extract(asked)
    assert list_runs(tmp_path / "runs") == []


def test_a_disk_that_fills_up_costs_the_layer_under_way(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ExtractionRequest(model=str(good), corpus=(str(good / "texts"),), name="x", runs_dir=tmp_path, device="cpu")
    whole = stored_records(extract(ExtractionRequest(**{**_fields(asked), "name": "whole"})))
    sync = os.fsync

    def full(descriptor: int) -> None:
        if "layer_001" in Path(f"/proc/self/fd/{descriptor}").readlink().name:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="no space left"):
        extract(asked)
    monkeypatch.undo()
    assert [(run.name, run.state) for run in list_runs(tmp_path)] == [("whole", "complete"), ("x", "partial")]
    assert stored_records(tmp_path / "x") == {key: record for key, record in whole.items() if key[0] == 0}
    assert stored_records(extract(asked)) == whole


def _fields(asked: ExtractionRequest) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in type(asked).model_fields}


@pytest.mark.parametrize("inside", ["notes.txt", "scratch/letter.txt", "layers/thesis.txt", "corpus.h5"])
def test_a_folder_that_is_no_run_is_left_alone(good: Path, tmp_path: Path, inside: str) -> None:
    kept = tmp_path / "mine" / inside
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    asked = ExtractionRequest(model=str(good), corpus=("builtin:math",), name="mine", runs_dir=tmp_path)
    with pytest.raises(InputError, match="is no run"):
        extract(asked)
    assert kept.read_text() == "mine"


def test_what_lies_beside_a_run_survives_its_replacement_and_its_failure(good: Path, tmp_path: Path) -> None:
    corpus = str(good / "texts" / "good.txt")
    asked = ExtractionRequest(model=str(good), corpus=(corpus,), name="run", runs_dir=tmp_path, overwrite=True)
    folder = extract(asked)
    kept = [folder / "notes.txt", folder / "layers" / "notes.txt"]
    for note in kept:
        note.write_text("mine")
    extract(asked)
    (folder / "run.json").unlink()
    with pytest.raises(InputError):
        extract(asked.model_copy(update={"corpus": (str(tmp_path / "absent.txt"),)}))
    assert [note.read_text() for note in kept] == ["mine", "mine"]


def test_an_altered_corpus_is_noticed_before_an_interrupted_run_goes_on(good: Path, tmp_path: Path) -> None:
    corpus = str(good / "texts" / "good.txt")
    asked = ExtractionRequest(model=str(good), corpus=(corpus,), name="run", runs_dir=tmp_path)
    folder = extract(asked)
    manifest = json.loads((folder / "run.json").read_text())
    del manifest["layers"]["2"]
    (folder / "run.json").write_text(json.dumps(manifest))
    stored = bytearray((folder / "corpus.h5").read_bytes())
    stored[len(stored) // 2] ^= 1
    (folder / "corpus.h5").write_bytes(stored)
    with pytest.raises(RunDamagedError, match="altered"):
        extract(asked)


def test_a_runs_directory_that_is_a_file_is_named(good: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    corpus = str(good / "texts" / "good.txt")
    with pytest.raises(InputError, match="--runs-dir"):
        extract(ExtractionRequest(model=str(good), corpus=(corpus,), name="x", runs_dir=tmp_path / "file"))


@pytest.mark.parametrize("option", ["model", "corpus"])
def test_a_path_that_is_not_utf_8_is_refused_and_shown_as_what_it_is(tmp_path: Path, option: str) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/b\xff\x1b[31m")
    Path(folder).mkdir()
    asked = {"model": "pocket-opt", "corpus": "d=builtin:prose"} | {
        option: f"{folder}" if option == "model" else f"d={folder}"
    }
    arguments = [
        "extract",
        asked["model"],
        "--corpus",
        asked["corpus"],
        "--name",
        "x",
        "--runs-dir",
        str(tmp_path / "runs"),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "neuron_tui.engine", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert f"the {option} '{tmp_path}/b\\udcff\\x1b[31m' has no name in UTF-8" in ended.stderr
    assert not (tmp_path / "runs").exists()
