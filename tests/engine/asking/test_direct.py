"""What each part of a model adds to a logit: all together the logit, each one what goes when it is taken away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from neuron_tui.engine.asking.direct import DirectWay, direct_way
from neuron_tui.engine.asking.reading import Reading
from neuron_tui.engine.asking.trace import traced
from neuron_tui.engine.model.families import FAMILIES
from neuron_tui.store.errors import UsageError
from tests.engine.asking.test_text_reader import IDS, expected_logits, reader_of
from tests.engine.random_families import Checkpoint, layers_of, make

TARGETS = (3, 41, 60)
POSITION = 7


def split(made: Checkpoint, resident: bool = True) -> tuple[Reading, DirectWay]:
    reader, rule = reader_of(made, resident)
    with traced(made.model) as trace:
        reading = reader.read(IDS)
    return reading, direct_way(made.model, rule, reading, trace, POSITION, TARGETS)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"opt"}))
def test_contributions_add_up_to_the_logit(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {})
    _, way = split(made)
    logits = expected_logits(made)[POSITION, list(TARGETS)].double()
    if way.capped:  # by a hyperbolic tangent
        cap = getattr(made.whole.config, "final_logit_softcapping", None) or 15.0
        logits = torch.atanh(logits / cap) * cap
    np.testing.assert_allclose(way.logits, logits.numpy(), rtol=2e-4, atol=2e-4)
    assert len(way.rows) == len(made.model.layers)


@pytest.mark.parametrize("options", [{}, {"word_embed_proj_dim": 16}, {"_remove_final_layer_norm": True}])
def test_contributions_in_opt(options: dict[str, object], tmp_path: Path) -> None:
    made = make(tmp_path, "opt", {"do_layer_norm_before": True, **options})
    _, way = split(made)
    np.testing.assert_allclose(
        way.logits, expected_logits(made)[POSITION, list(TARGETS)].double().numpy(), rtol=2e-4, atol=2e-4
    )


def test_rows_of_an_exact_relu_and_the_bias_are_what_the_feed_forward_network_adds(tmp_path: Path) -> None:
    made = make(tmp_path, "llama", {"hidden_act": "relu"})
    _, way = split(made)
    for layer, whole in enumerate(way.feed_forward):
        np.testing.assert_allclose(way.rows[layer].sum(axis=0), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["opt", "llama", "gpt2", "gemma2", "olmo2", "granite", "glm4"])
def test_a_row_adds_what_goes_when_it_is_taken_from_the_last_layer_with_norms_held(family: str, tmp_path: Path) -> None:
    options = {"do_layer_norm_before": True} if family == "opt" else {}
    made = make(tmp_path, family, {**options, **({"residual_multiplier": 0.4} if family == "granite" else {})})
    reading, way = split(made)
    last = len(made.model.layers) - 1
    rows, values = reading.layers[last].at(POSITION)
    gated = made.model.family.gated
    write = layers_of(made.whole)[last].get_submodule(made.model.family.write).weight
    for place, row in enumerate(rows.tolist()[:3]):
        neuron, sign = (row // 2, 1 - 2 * (row % 2)) if gated else (row, 1)
        direction = (write[neuron] if family == "gpt2" else write[:, neuron]).detach()
        gone = _logits_without(made, direction * float(values[place]) * sign, last)
        np.testing.assert_allclose(way.rows[last][place], gone, rtol=5e-3, atol=5e-4)


def _logits_without(made: Checkpoint, written: torch.Tensor, layer: int) -> np.ndarray:
    """How much the logits fall, to first order, if a small part of what is written at the position is left out.

    Norms held still make no difference to a part along which the scale does not change; so the fall is measured with
    norms that are told to keep the scale of the whole.
    """
    held: dict[torch.nn.Module, torch.Tensor] = {}
    inside = {id(part) for part in layers_of(made.whole).modules()}
    after = made.model.family.after_write
    norms = [
        part for part in made.whole.base_model.modules() if "Norm" in type(part).__name__ and id(part) not in inside
    ]
    if after:
        norms.append(layers_of(made.whole)[layer].get_submodule(after))

    def run(part: float) -> torch.Tensor:
        def take(_: torch.nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
            changed = output.clone()
            changed.view(-1, changed.shape[-1])[POSITION] -= (part * written).to(output.dtype)
            return changed

        def still(norm: torch.nn.Module, given: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor | None:
            if norm not in held:
                held[norm] = given[0][0, POSITION].double()
                return None
            whole = held[norm]
            centred = isinstance(norm, torch.nn.LayerNorm)
            spread = lambda v: ((v - v.mean() if centred else v).square().mean() + 1e-6).sqrt()  # noqa: E731
            bias = norm.forward(torch.zeros_like(given[0]))[0, POSITION]
            changed = output.clone()
            now = given[0][0, POSITION].double()
            changed[0, POSITION] = bias + (output[0, POSITION] - bias) * float(spread(now) / spread(whole))
            return changed

        hooks = [
            layers_of(made.whole)[layer].get_submodule(made.model.family.write).register_forward_hook(take),
            *(norm.register_forward_hook(still) for norm in norms),
        ]
        try:
            return expected_logits(made)[POSITION, list(TARGETS)].double()
        finally:
            for hook in hooks:
                hook.remove()

    before = run(0.0)
    with torch.no_grad():
        return (before - run(1.0)).numpy()


@pytest.mark.parametrize("family", ["opt", "llama", "gemma2"])
def test_of_a_long_text_the_last_positions_are_kept_and_say_the_same(family: str, tmp_path: Path) -> None:
    made = make(tmp_path, family, {"do_layer_norm_before": True} if family == "opt" else {})
    _, whole = split(made)
    reader, rule = reader_of(made)
    with traced(made.model, first=POSITION - 1) as trace:
        reading = reader.read(IDS)
    part = direct_way(made.model, rule, reading, trace, POSITION, TARGETS)
    np.testing.assert_allclose(part.logits, whole.logits, rtol=1e-6)
    np.testing.assert_allclose(part.rows[0], whole.rows[0], rtol=1e-6)
    with pytest.raises(UsageError, match=f"the last {len(IDS) - POSITION + 1} tokens"):
        direct_way(made.model, rule, reading, trace, POSITION - 2, TARGETS)
