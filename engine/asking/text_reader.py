"""A model that reads texts: held in memory as a whole, or taken from its checkpoint layer by layer for each text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from neuron_tui.engine.asking.reading import LayerReading, Reading
from neuron_tui.engine.asking.silence import Silenced, silenced
from neuron_tui.engine.model.activity import Activations, active, row_values, watched
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.reading import LayerReader
from neuron_tui.engine.products import FastProducts
from neuron_tui.store.arrays import Bools, Int64s
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.runs.rule import Rule

LIKELIEST = 10
"""Tokens to come that are kept for each position."""


class TextReader:
    """Takes sequences through a model by its own code, and keeps what fired and what it expects to come."""

    def __init__(
        self, model: CausalModel, rule: Rule, device: torch.device, dtype: torch.dtype, resident: bool
    ) -> None:
        """Without weights yet. `resident`: all are loaded by `load` and stay; else a layer's are read when it runs."""
        self._model, self._rule, self._device, self._dtype = model, rule, device, dtype
        self._resident = resident
        self._products = FastProducts() if device.type == "cpu" else nullcontext()

    @torch.inference_mode()
    def load(self, tick: Callable[[int], None]) -> None:
        """Load the weights; `tick` is called with 1 for the ends of the model and for each layer.

        Raises
        ------
        CheckpointError
            A weight cannot be read, or holds values that are not finite.
        """
        self._model.load_stem(self._device, self._dtype)
        self._model.load_head(self._device, self._dtype)
        tick(1)
        if not self._resident:
            return
        reader = LayerReader(self._model, self._device, self._dtype, ahead=False)
        for index in range(len(self._model.layers)):
            self._model.put_layer(index, reader.take(index, None).usable, self._device)
            tick(1)

    @torch.inference_mode()
    def read(
        self,
        ids: Int64s,
        without: Sequence[Silenced] = (),
        likeliest: int = LIKELIEST,
        tick: Callable[[int], None] = lambda _: None,
    ) -> Reading:
        """Take one sequence through the model.

        Parameters
        ----------
        ids
            (L,) tokens, the model's BOS first where it has one; L is at most the model's context length.
        without
            Neurons whose values are replaced; what is told of firing is what they would have done.
        likeliest
            How many tokens to come are kept for each position.
        tick
            Called with 1 after each layer.

        Raises
        ------
        CheckpointError
            What the model gives is not finite, or a layer cannot be read.
        """
        seen: list[LayerReading] = []

        def see(activations: Activations) -> None:
            seen.append(_of_layer(self._rule, activations))
            tick(1)

        sequence = torch.from_numpy(ids).to(self._device)[None]
        with self._layers(without, see), self._products:
            logits = self._finite(self._model.whole(input_ids=sequence, use_cache=False).logits[0].float())
        return _reading(ids, seen, logits, likeliest)

    @torch.inference_mode()
    def expect(self, ids: Int64s, without: Sequence[Silenced], layer: int, rows: Int64s) -> tuple[torch.Tensor, Bools]:
        """What comes after sequences of one length, and where some rows of a layer fire.

        Parameters
        ----------
        ids
            (B, L) tokens, the model's BOS first where it has one.
        rows
            (M,) rows of `layer`; of silenced ones: what they would have done.

        Returns
        -------
        (B, V) float32 logarithms of the probabilities of what comes after the last token, on the device; (B, L, M)
        whether each row is active.
        """
        seen: list[torch.Tensor] = []
        chosen = torch.from_numpy(rows).to(self._device)

        def see(activations: Activations) -> None:
            seen.append(active(self._rule, activations)[:, chosen])

        sequences = torch.from_numpy(ids).to(self._device)
        with ExitStack() as stack:
            if not self._resident:
                stack.enter_context(self._visiting())
            stack.enter_context(watched(self._model.layers[layer], self._model.family, see))
            stack.enter_context(self._silencing(without))
            stack.enter_context(self._products)
            logits = self._model.whole(input_ids=sequences, use_cache=False, logits_to_keep=1).logits
        expected = self._finite(logits[:, -1].float()).log_softmax(dim=-1)
        return expected, seen[0].view(*ids.shape, len(rows)).cpu().numpy()

    def _finite(self, logits: torch.Tensor) -> torch.Tensor:
        if not torch.isfinite(logits).all():
            raise CheckpointError(
                f"the model gives values that are not finite in {str(self._dtype).removeprefix('torch.')}\n"
                "Take another text, or extract the run with another --dtype."
            )
        return logits

    @contextmanager
    def _silencing(self, without: Sequence[Silenced]) -> Iterator[None]:
        with ExitStack() as stack:
            for index in {one.layer for one in without}:
                here = [one for one in without if one.layer == index]
                stack.enter_context(silenced(self._model.layers[index], self._model.family, here))
            yield

    @contextmanager
    def _layers(self, without: Sequence[Silenced], see: Callable[[Activations], None]) -> Iterator[None]:
        """Watch all layers, silence what is to be silenced, and have layers that do not stay come and go."""
        model = self._model
        with ExitStack() as stack:
            if not self._resident:
                stack.enter_context(self._visiting())
            for layer in model.layers:
                stack.enter_context(watched(layer, model.family, see))
            stack.enter_context(self._silencing(without))
            yield

    @contextmanager
    def _visiting(self) -> Iterator[None]:
        """Give each layer its weights just before it runs and take them away after; meanwhile the next is read."""
        model, last = self._model, len(self._model.layers) - 1
        reader = LayerReader(model, self._device, self._dtype, ahead=True)

        def come(index: int) -> Callable[..., None]:
            def put(_: nn.Module, __: tuple[Any, ...]) -> None:
                following = index + 1 if index < last else None
                model.put_layer(index, reader.take(index, following).usable, self._device)

            return put

        def go(index: int) -> Callable[..., None]:
            def release(_: nn.Module, __: tuple[Any, ...], ___: object) -> None:
                model.release_layer(index)

            return release

        hooks = []
        for index, layer in enumerate(model.layers):
            hooks.append(layer.register_forward_pre_hook(come(index)))
            hooks.append(layer.register_forward_hook(go(index)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            reader.close()


def _of_layer(rule: Rule, activations: Activations) -> LayerReading:
    on = active(rule, activations)
    positions, rows = on.nonzero(as_tuple=True)
    counts = torch.bincount(positions, minlength=len(on)).cpu().numpy()
    return LayerReading(
        begins=np.concatenate(([0], np.cumsum(counts))),
        rows=rows.cpu().numpy().astype(np.int32),
        values=row_values(rule, activations)[positions, rows].cpu().numpy(),
    )


def _reading(ids: Int64s, layers: list[LayerReading], logits: torch.Tensor, likeliest: int) -> Reading:
    expected = logits.log_softmax(dim=-1)  # (L, V)
    best = expected.topk(min(likeliest, expected.shape[1]), dim=-1)
    come = torch.from_numpy(ids[1:]).to(logits.device)
    losses = -expected[:-1].gather(1, come[:, None])[:, 0].double()
    return Reading(
        ids=ids,
        layers=tuple(layers),
        likeliest=best.indices.cpu().numpy(),
        log_probabilities=best.values.cpu().numpy(),
        losses=losses.cpu().numpy(),
    )
