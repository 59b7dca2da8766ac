"""A model that reads a text, against transformers' own forward pass of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from neuron_tui.engine.asking.silence import Silenced
from neuron_tui.engine.asking.text_reader import TextReader
from neuron_tui.engine.model.activity import Activations, active, choose_rule, row_values, watched
from neuron_tui.engine.model.families import FAMILIES
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.runs.rule import Rule
from tests.engine.random_families import VOCABULARY, Checkpoint, layers_of, make

IDS = np.random.default_rng(7).integers(1, VOCABULARY, 12)
CPU = torch.device("cpu")


def reader_of(made: Checkpoint, resident: bool = True) -> tuple[TextReader, Rule]:
    rule = choose_rule("auto", made.model.family, made.model.activation_name)
    reader = TextReader(made.model, rule, CPU, torch.float32, resident)
    reader.load(lambda _: None)
    return reader, rule


def expected_logits(made: Checkpoint) -> torch.Tensor:
    """(L, V) logits, by transformers."""
    with torch.inference_mode():
        found: torch.Tensor = made.whole(input_ids=torch.from_numpy(IDS)[None]).logits[0]
    return found


def expected(made: Checkpoint) -> torch.Tensor:
    """(L, V) logarithms of probabilities, by transformers."""
    return expected_logits(made).log_softmax(-1)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_is_read_is_what_transformers_computes(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {})
    reader, rule = reader_of(made)
    reading = reader.read(IDS, likeliest=VOCABULARY)
    theirs = expected(made)
    ours = torch.from_numpy(reading.log_probabilities)
    torch.testing.assert_close(ours, theirs.gather(1, torch.from_numpy(reading.likeliest)), atol=1e-4, rtol=1e-4)
    come = theirs[:-1].gather(1, torch.from_numpy(IDS[1:])[:, None])[:, 0]
    np.testing.assert_allclose(reading.losses, -come.numpy(), atol=1e-4, rtol=1e-4)

    seen: list[Activations] = []
    for layer in layers_of(made.whole):
        with watched(layer, made.model.family, seen.append):
            expected(made)
    assert len(seen) == len(reading.layers)
    for own, whole in zip(reading.layers, seen, strict=True):
        on, values = active(rule, whole).numpy(), row_values(rule, whole).numpy()
        assert own.counts.tolist() == on.sum(axis=1).tolist()
        for position in range(len(IDS)):
            rows, here = own.at(position)
            assert rows.tolist() == np.flatnonzero(on[position]).tolist()
            np.testing.assert_allclose(here, values[position][rows], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", ["opt", "llama", "phi3", "gpt2", "gemma2"])
def test_a_model_that_comes_layer_by_layer_reads_the_same(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {})
    whole = reader_of(made)[0].read(IDS)
    for index in range(len(made.model.layers)):
        made.model.release_layer(index)
    visiting = reader_of(made, resident=False)[0]
    for _ in range(2):  # what came has gone again, and comes again
        again = visiting.read(IDS)
        np.testing.assert_array_equal(again.log_probabilities, whole.log_probabilities)
        np.testing.assert_array_equal(again.losses, whole.losses)
        assert all(parameter.is_meta for layer in made.model.layers for parameter in layer.parameters())


@pytest.mark.parametrize("family", ["opt", "llama", "phi3", "gpt2"])
def test_a_silenced_neuron_writes_nothing(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {})
    reader, _ = reader_of(made)
    silenced = reader.read(IDS, [Silenced(1, 3), Silenced(0, 5)])
    with torch.no_grad():
        for layer, neuron in ((1, 3), (0, 5)):
            weight = layers_of(made.whole)[layer].get_submodule(made.model.family.write).weight
            (weight[neuron] if family == "gpt2" else weight[:, neuron]).zero_()
    come = expected(made)[:-1].gather(1, torch.from_numpy(IDS[1:])[:, None])[:, 0]
    np.testing.assert_allclose(silenced.losses, -come.numpy(), atol=1e-4, rtol=1e-4)


def test_silencing_both_poles_leaves_what_leaks_from_a_closed_gate(tmp_path: Path) -> None:
    made = make(tmp_path, "llama", {"hidden_act": "relu"})  # a gate that does not leak
    reader, _ = reader_of(made)
    both = reader.read(IDS, [Silenced(1, 3, "+"), Silenced(1, 3, "-")])
    np.testing.assert_allclose(both.losses, reader.read(IDS, [Silenced(1, 3)]).losses, atol=1e-5)
    one = reader.read(IDS, [Silenced(1, 3, "+")])
    assert not np.allclose(one.losses, both.losses)


def test_a_mean_takes_the_place_of_each_value(tmp_path: Path) -> None:
    made = make(tmp_path, "opt", {"do_layer_norm_before": True})
    reader, _ = reader_of(made)
    silenced = reader.read(IDS, [Silenced(1, 3, mean=0.7)])
    writes = layers_of(made.whole)[1].fc2
    hook = writes.register_forward_pre_hook(lambda _, given: (given[0].index_fill(-1, torch.tensor([3]), 0.7),))
    come = expected(made)[:-1].gather(1, torch.from_numpy(IDS[1:])[:, None])[:, 0]
    hook.remove()
    np.testing.assert_allclose(silenced.losses, -come.numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_comes_after_several_texts_is_what_comes_after_each(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {})
    reader, _ = reader_of(made)
    two = np.stack([IDS, IDS[::-1]])
    without = [Silenced(1, 3)]
    expected_after, on = reader.expect(two, without, 1, np.array([2, 5]))
    for ids, after, fires in zip(two, expected_after, on, strict=True):
        alone = reader.read(np.ascontiguousarray(ids), without, VOCABULARY)
        torch.testing.assert_close(
            after[torch.from_numpy(alone.likeliest[-1])],
            torch.from_numpy(alone.log_probabilities[-1]),
            atol=1e-4,
            rtol=1e-4,
        )
        for position in range(len(ids)):
            rows, _ = alone.layers[1].at(position)
            assert fires[position].tolist() == [row in rows for row in (2, 5)]


def test_a_model_that_gives_no_numbers_is_refused_in_words(tmp_path: Path) -> None:
    made = make(tmp_path, "opt", {"do_layer_norm_before": True})
    reader, _ = reader_of(made)
    made.model.layers[0].fc2.bias.data.fill_(float("nan"))
    with pytest.raises(CheckpointError, match="not finite in float32"):
        reader.read(IDS)
    with pytest.raises(CheckpointError, match="not finite in float32"):
        reader.expect(IDS[None], [], 0, np.array([0]))
