"""Training: what comes out is an ordinary OPT checkpoint, the same for the same seed, and bad options are refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, OPTForCausalLM
from typer.testing import CliRunner

from neuron_tui.engine.corpus.builtin import builtin_documents
from neuron_tui.engine.training.data import Batches, Stream, token_stream
from neuron_tui.engine.training.job import TrainingRequest, Watcher, train_model
from neuron_tui.engine.training.loop import Progress, Schedule
from neuron_tui.engine.training.model import ModelSize, new_model
from neuron_tui.engine.training.penalty import SparsityPenalty
from neuron_tui.engine.training.tokenizer import train_tokenizer
from neuron_tui.store.errors import CorpusError, InputError, UsageError

SIZE = ModelSize(vocabulary=300, width=16, layers=2, ffn=48, heads=2, context_length=24)


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "sums.jsonl"
    lines = [json.dumps({"text": document}) for document, _ in zip(builtin_documents("math"), range(60), strict=False)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def request_for(text: Path, output: Path, **changes: object) -> TrainingRequest:
    request = TrainingRequest(
        corpus=(str(text),),
        output=output,
        size=SIZE,
        schedule=Schedule(steps=12, warmup=2, sparsity=(0.01, 0.01)),
        sequences=4,
        seed=0,
    )
    return replace(request, **changes)


def run(request: TrainingRequest) -> list[Progress]:
    reached: list[Progress] = []
    train_model(request, Watcher(stage=lambda _: None, step=reached.append))
    return reached


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return OPTForCausalLM.from_pretrained(directory).state_dict()


def test_transformers_loads_model_and_tokeniser(text, tmp_path):
    run(request_for(text, tmp_path / "model"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    config = model.config
    assert (config.model_type, config.activation_function, config.do_layer_norm_before) == ("opt", "relu", True)
    assert (config.bos_token_id, config.eos_token_id, config.pad_token_id) == (
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        tokenizer.pad_token_id,
    )
    assert tokenizer.bos_token == tokenizer.eos_token == "</s>"
    ids = tokenizer("What is 12 + 34?")["input_ids"]
    assert ids[0] == tokenizer.bos_token_id
    assert tokenizer.decode(ids[1:]) == "What is 12 + 34?"
    assert model(torch.tensor([ids])).logits.shape == (1, len(ids), SIZE.vocabulary)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_weights_and_configuration_agree_on_the_saved_type(text, tmp_path, dtype):
    run(request_for(text, tmp_path / "model", dtype=dtype))
    assert json.loads((tmp_path / "model" / "config.json").read_text())["dtype"] == dtype
    model = OPTForCausalLM.from_pretrained(tmp_path / "model", dtype="auto")
    assert model.dtype == getattr(torch, dtype)


def test_the_loss_falls_and_is_recorded(text, tmp_path):
    schedule = Schedule(steps=150, warmup=10, learning_rate=1e-2)
    reached = run(request_for(text, tmp_path / "model", schedule=schedule))
    assert reached[-1].loss < reached[0].loss - 1
    record = json.loads((tmp_path / "model" / "training.json").read_text())
    assert record["complete"] is True
    assert record["reached"]["loss"] == reached[-1].loss
    assert record["request"]["seed"] == 0


def test_the_same_seed_gives_the_same_weights_and_another_does_not(text, tmp_path):
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        run(request_for(text, tmp_path / name, seed=seed))
    first, again, other = (weights(tmp_path / name) for name in ("first", "again", "other"))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_layer_norm_stands_before_each_block_or_after_it(text, tmp_path):
    run(request_for(text, tmp_path / "after", norm_before=False))
    model = OPTForCausalLM.from_pretrained(tmp_path / "after")
    assert model.config.do_layer_norm_before is False
    assert model.model.decoder.final_layer_norm is None


def test_without_positions_their_embeddings_stay_zero(text, tmp_path):
    run(request_for(text, tmp_path / "with"))
    run(request_for(text, tmp_path / "without", positions=False))
    table = "model.decoder.embed_positions.weight"
    assert weights(tmp_path / "with")[table].any()
    assert not weights(tmp_path / "without")[table].any()


def test_positions_start_smooth_when_asked_to(text, tmp_path):
    run(request_for(text, tmp_path / "model", smooth_positions=0.5))
    table = weights(tmp_path / "model")["model.decoder.embed_positions.weight"]
    assert table.square().mean().sqrt().item() == pytest.approx(0.5, rel=0.2)


def test_attention_below_a_layer_stays_silent(text, tmp_path):
    run(request_for(text, tmp_path / "model", attention_from=1))
    trained = weights(tmp_path / "model")
    assert not trained["model.decoder.layers.0.self_attn.out_proj.weight"].any()
    assert not trained["model.decoder.layers.0.self_attn.out_proj.bias"].any()
    assert trained["model.decoder.layers.1.self_attn.out_proj.weight"].any()


def test_the_sparsity_penalty_quiets_neurons(text, tmp_path):
    def share_active(sparsity: float) -> float:
        schedule = Schedule(steps=120, warmup=5, sparsity=(sparsity,) * 2, sparsity_from=0.0)
        run(request_for(text, tmp_path / str(sparsity), schedule=schedule))
        model = OPTForCausalLM.from_pretrained(tmp_path / str(sparsity))
        seen: list[torch.Tensor] = []
        model.model.decoder.layers[0].activation_fn.register_forward_hook(lambda *call: seen.append(call[2] > 0))
        model(torch.arange(2, 26)[None])
        return seen[0].float().mean().item()

    assert share_active(1.0) < 0.5 * share_active(0.0)


def test_the_penalty_is_the_sum_of_activation_times_update_norm():
    model = new_model(SIZE, seed=0)
    tokens = torch.arange(2, 22).reshape(2, 10)
    seen: list[torch.Tensor] = []
    with SparsityPenalty(model, (0.5, 2.0)) as penalty:
        penalty.share = 1.0
        for layer in model.model.decoder.layers:
            layer.activation_fn.register_forward_hook(lambda *call: seen.append(call[2]))
        model(tokens)
        collected = penalty.take()
    expected = 0.0
    for weight, activations, layer in zip((0.5, 2.0), seen, model.model.decoder.layers, strict=True):
        for neuron, update in enumerate(layer.fc2.weight.T):
            expected += weight * activations.reshape(20, -1)[:, neuron].mean().item() * update.norm().item()
    assert collected is not None
    assert collected.item() == pytest.approx(expected, rel=1e-4)


def test_smooth_positions_start_as_sinusoids_of_the_size_asked_for():
    table = new_model(SIZE, seed=0, smooth_positions=0.1).model.decoder.embed_positions.weight
    assert table.requires_grad
    assert table.square().mean().sqrt().item() == pytest.approx(0.1, rel=0.1)
    neighbours = torch.nn.functional.cosine_similarity(table[:-1], table[1:])
    assert neighbours.min() > 0.5


def test_checkpoints_load_and_say_how_far_they_are(text, tmp_path):
    run(request_for(text, tmp_path / "model", checkpoint_every=5))
    kept = sorted((tmp_path / "model" / "checkpoints").iterdir())
    assert [path.name for path in kept] == ["step_0000005", "step_0000010"]
    record = json.loads((kept[0] / "training.json").read_text())
    assert (record["complete"], record["reached"]["step"]) == (False, 5)
    assert weights(kept[0]).keys() == weights(tmp_path / "model").keys()
    AutoTokenizer.from_pretrained(kept[0])


def test_a_directory_with_other_peoples_checkpoints_is_left_alone(text, tmp_path):
    kept = tmp_path / "model/checkpoints/thesis.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    with pytest.raises(InputError):
        run(request_for(text, tmp_path / "model", overwrite=True))
    assert kept.read_text() == "mine"


def test_an_interruption_keeps_a_checkpoint_and_no_half_model(text, tmp_path):
    def interrupt(progress: Progress) -> None:
        if progress.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(request_for(text, tmp_path / "model"), Watcher(stage=lambda _: None, step=interrupt))
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["checkpoints"]
    assert weights(tmp_path / "model" / "checkpoints" / "step_0000007")
    run(request_for(text, tmp_path / "model", overwrite=True))
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_minutes_end_a_training_too(text, tmp_path):
    reached = run(request_for(text, tmp_path / "model", schedule=Schedule(minutes=0.002)))
    assert reached[-1].done == 1
    assert reached[-1].seconds >= 0.002 * 60


def test_the_rate_warms_up_and_falls_to_the_end():
    schedule = Schedule(steps=1000, learning_rate=1.0, warmup=10)
    rates = [schedule.rate(step, schedule.done(step, 0)) for step in range(1001)]
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates.index(max(rates)) == 10
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(0.02)


def test_penalties_set_in_and_grow():
    schedule = Schedule(steps=10, sparsity_from=0.2, sparsity_full=0.4)
    assert [schedule.penalty_share(done) for done in (0.0, 0.19, 0.2, 0.3, 0.4, 1.0)] == pytest.approx(
        [0, 0, 0, 0.5, 1, 1]
    )


def test_a_window_is_bos_and_neighbouring_tokens_and_domains_share_evenly():
    streams = [
        Stream("low", np.arange(100, 200, dtype=np.uint16)),
        Stream("high", np.arange(500, 900, dtype=np.uint16)),
    ]
    batches = Batches(streams, context_length=8, sequences=6, seed=0)
    for _ in range(20):
        windows = batches.next()
        assert windows.shape == (6, 8)
        assert (windows[:, 0] == 1).all()
        assert ((windows[:, 1] < 200).sum(), (windows[:, 1] >= 500).sum()) == (3, 3)
        steps = np.diff(windows[:, 1:], axis=1)
        assert ((steps == 1) | (steps == -99) | (steps == -399)).all()


def test_a_text_shorter_than_a_window_is_read_in_a_ring():
    windows = Batches([Stream("short", np.array([5, 6, 7], dtype=np.uint16))], 9, 2, seed=1).next()
    for row in windows[:, 1:].tolist():
        assert all((later - earlier) % 3 == 1 for earlier, later in itertools.pairwise(row))


def test_documents_are_joined_by_one_eos_and_digits_stay_single():
    tokenizer = train_tokenizer(iter(["1234 and 1234 and 1234"] * 50), 300, 24)
    stream = token_stream("d", iter(["12", "and"]), tokenizer)
    one, two = (tokenizer.convert_tokens_to_ids(digit) for digit in "12")
    assert stream.tokens.tolist()[:3] == [one, two, tokenizer.eos_token_id]
    assert (stream.tokens == tokenizer.eos_token_id).sum() == 2
    with pytest.raises(CorpusError, match="'d'"):
        token_stream("d", iter([""]), tokenizer)


def test_a_directory_in_use_is_not_overwritten_unasked(text, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        run(request_for(text, tmp_path))
    with pytest.raises(InputError, match="no earlier training"):
        run(request_for(text, tmp_path, overwrite=True))
    with pytest.raises(InputError, match="is a file"):
        run(request_for(text, tmp_path / "notes.txt"))
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "--steps or --minutes"),
        (["--steps", "1", "--minutes", "1"], "--steps or --minutes"),
        (["--steps", "0"], "positive"),
        (["--minutes", "-1"], "positive"),
        (["--steps", "1", "--width", "10", "--heads", "4"], "multiple of --heads"),
        (["--steps", "1", "--vocabulary", "100"], "258"),
        (["--steps", "1", "--layers", "0"], "--layers"),
        (["--steps", "1", "--context-length", "1"], "--context-length"),
        (["--steps", "1", "--sparsity", "much"], "--sparsity"),
        (["--steps", "1", "--sparsity", "1,2,3"], "3 weights for 4 layers"),
        (["--steps", "1", "--sparsity", "-1"], "not be negative"),
        (["--steps", "1", "--sparsity-from", "2"], "--sparsity-from"),
        (["--steps", "1", "--attention-from", "4"], "0 to 3"),
        (["--steps", "1", "--smooth-positions", "-1"], "--smooth-positions"),
        (["--steps", "1", "--smooth-positions", "1", "--no-positions"], "do not go together"),
        (["--steps", "1", "--learning-rate", "0"], "--learning-rate"),
        (["--steps", "1", "--batch", "0"], "--batch"),
        (["--steps", "1", "--checkpoint-every", "0"], "--checkpoint-every"),
        (["--steps", "1", "--dtype", "int8"], "--dtype"),
        (["--steps", "1", "--precision", "int8"], "--precision"),
        (["--steps", "1", "--device", "abacus"], "--device"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_written(text, tmp_path, options, complaint):
    result = CliRunner().invoke(_command(), ["--corpus", str(text), "--output", str(tmp_path / "model"), *options])
    assert isinstance(result.exception, UsageError)
    assert complaint in str(result.exception)
    assert not (tmp_path / "model").exists()


def test_the_command_trains_and_reports_on_stderr_alone(text, tmp_path):
    small = [
        "--vocabulary",
        "300",
        "--width",
        "16",
        "--layers",
        "2",
        "--ffn",
        "32",
        "--heads",
        "2",
        "--context-length",
        "16",
        "--batch",
        "2",
        "--steps",
        "3",
    ]
    result = CliRunner().invoke(
        _command(), ["--corpus", f"math={text}", "--output", str(tmp_path / "model"), "--sparsity", "0.01", *small]
    )
    assert result.exit_code == 0, result.exception
    assert result.stdout == ""
    assert "loss" in result.stderr
    assert "tokens/s" in result.stderr
    assert weights(tmp_path / "model")


def _command():
    import typer

    from neuron_tui.engine.training.command import train

    application = typer.Typer()
    application.command()(train)
    return application
