"""The forward pass one layer at a time over a whole corpus: the model never exists whole.

Hidden states and whatever else a layer call takes (mask, positions) come from the model's own forward, which is
run once a batch with its layers replaced by one that keeps its arguments.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from neuron_tui.engine.model.activity import Activations, watched
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.residual import ResidualStream
from neuron_tui.engine.products import FastProducts
from neuron_tui.store.errors import CheckpointError

States = TypeVar("States")


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive sequences of one length: their first position in the corpus, their number B and length L."""

    start: int
    sequences: int
    length: int

    @property
    def tokens(self) -> int:
        """Positions in the batch."""
        return self.sequences * self.length

    def halves(self) -> tuple[Batch, Batch]:
        """The batch as two of about equal size, the larger one first; it has at least two sequences."""
        first = -(-self.sequences // 2)
        return (
            Batch(self.start, first, self.length),
            Batch(self.start + first * self.length, self.sequences - first, self.length),
        )


def batches(sequence_start: npt.NDArray[np.int64], batch_tokens: int) -> list[Batch]:
    """Cut a corpus into batches of at most `batch_tokens` positions, at least one sequence each."""
    result: list[Batch] = []
    for start, length in zip(sequence_start[:-1].tolist(), np.diff(sequence_start).tolist(), strict=True):
        last = result[-1] if result else None
        if last and last.length == length and (last.sequences + 1) * length <= batch_tokens:
            result[-1] = Batch(last.start, last.sequences + 1, length)
        else:
            result.append(Batch(start, 1, length))
    return result


class _Captured(Exception):  # noqa: N818 - not an error: the way out of the model's forward
    """The model's own forward has reached its first layer."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What a layer is called with, beside the hidden states: masks, positions, whatever its model gives it."""

    arguments: tuple[Any, ...]
    named: dict[str, Any]


class _Catcher(nn.Module):
    """Stands for a layer and keeps what it is called with; the last one ends the forward pass."""

    def __init__(self, layer: nn.Module, last: bool) -> None:
        super().__init__()
        self._layer, self._last = [layer], last  # in a list, so that it is no part of this module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the model asks its layer for
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["_layer"][0], name)

    def forward(self, hidden_states: torch.Tensor, *arguments: object, **named: object) -> torch.Tensor:
        self.hidden_states, self.call = hidden_states, _Call(arguments, named)
        if self._last:
            raise _Captured
        return hidden_states


def _put(layers: nn.ModuleList, modules: Sequence[nn.Module]) -> None:
    """Put modules in the places of layers."""
    for place, module in enumerate(modules):
        layers[place] = module


class _Stopped(Exception):  # noqa: N818 - not an error: the last layer's output is not needed
    """The activations are there."""


class LayerwiseForward:
    """Runs the corpus through one layer after another.

    A batch that the device has no memory for is halved, and so is every one after it that is as large.
    """

    def __init__(
        self, model: CausalModel, name: str, device: torch.device, dtype: torch.dtype, tokens: npt.NDArray[np.int32]
    ) -> None:
        """Ready to run on a corpus of (P,) tokens; no weight is loaded yet."""
        self._model, self._name = model, name
        self._device, self._dtype, self._tokens = device, dtype, tokens
        self._calls: dict[tuple[int, int], list[_Call]] = {}
        self._products = FastProducts() if device.type == "cpu" else contextlib.nullcontext()
        self.most_tokens: int | None = None

    @torch.inference_mode()
    def embed(self, corpus: Sequence[Batch], residual: ResidualStream, tick: Callable[[int], None]) -> None:
        """Fill the residual stream with the first layer's input.

        `tick` is called with the positions of each finished batch.
        """
        with self._stem() as catchers:
            for batch, states in self._in_memory(corpus, lambda batch: self._reach_layers(batch, catchers)):
                residual.put(batch.start, states)
                tick(batch.tokens)

    @torch.inference_mode()
    def run_layer(
        self,
        index: int,
        weights: dict[str, torch.Tensor],
        corpus: Sequence[Batch],
        residual: ResidualStream,
        on_activation: Callable[[Batch, Activations], None] | None,
        output_needed: bool,
        tick: Callable[[int], None],
    ) -> None:
        """Run every batch through one layer, its output replacing the residual stream.

        Parameters
        ----------
        weights
            The layer's, on the device.
        on_activation
            Called with each batch and the activations of its B * L positions, in order; None: nobody looks. Where it
            raises torch.OutOfMemoryError, it has counted nothing: it is called with halves of the batch.
        output_needed
            False stops each batch after the activation and leaves the residual stream as it is.

        Raises
        ------
        CheckpointError
            The layer's output is not finite.
        torch.OutOfMemoryError
            The device has no memory for one sequence.
        """
        with contextlib.suppress(torch.OutOfMemoryError):  # smaller batches learn when they come
            self._learn_calls(corpus)  # an extraction that goes on has not embedded
        layer = self._model.put_layer(index, weights, self._device)
        seen: list[Activations] = []

        def see(activations: Activations) -> None:
            # Told once the batch is through: what runs out of memory before that has not been counted.
            seen[:] = [activations]
            if not output_needed:
                raise _Stopped

        def passed(batch: Batch) -> torch.Tensor | None:
            try:
                states = self._pass(layer, index, batch, residual)
                if on_activation is not None:
                    on_activation(batch, seen[0])
            finally:
                seen.clear()
            return states

        try:
            with watched(layer, self._model.family, see), self._products:
                for batch, states in self._in_memory(corpus, passed):
                    if states is not None:
                        residual.put(batch.start, states)
                    tick(batch.tokens)
        finally:
            self._model.release_layer(index)

    def _pass(self, layer: nn.Module, index: int, batch: Batch, residual: ResidualStream) -> torch.Tensor | None:
        """The output of a layer for a batch; None where it stopped before."""
        call = self._call(index, batch)
        given = residual.get(batch.start, batch.sequences, batch.length)
        try:
            with self._own_code_named(f"layer {index}"):
                output = layer(given, *call.arguments, **call.named)
        except _Stopped:
            return None
        states: torch.Tensor = output[0] if isinstance(output, tuple) else output
        if not bool(torch.isfinite(states).all()):
            raise CheckpointError(
                f"model {self._name}: layer {index} gives NaN or infinity in {self._dtype}\n"
                "Use --dtype float32; if it stays, the checkpoint is broken."
            )
        return states

    def _in_memory(self, corpus: Sequence[Batch], step: Callable[[Batch], States]) -> Iterator[tuple[Batch, States]]:
        """Take every batch through a step, in halves where the device has no memory for the whole."""
        waiting = list(reversed(corpus))
        while waiting:
            batch = waiting.pop()
            if self.most_tokens is not None and batch.tokens > self.most_tokens and batch.sequences > 1:
                waiting.extend(reversed(batch.halves()))
                continue
            try:
                done = step(batch)
            except torch.OutOfMemoryError:
                if batch.sequences == 1:
                    raise
                self.most_tokens = batch.halves()[0].tokens
            else:
                yield batch, done
                continue
            # Not in the handler: there the error still holds what the failed step had made.
            waiting.append(batch)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _call(self, index: int, batch: Batch) -> _Call:
        shape = batch.sequences, batch.length
        if shape not in self._calls:
            self._learn_calls([batch])
        return self._calls[shape][index]

    def _learn_calls(self, corpus: Sequence[Batch]) -> None:
        """Learn how the model calls its layers with batches of the shapes in a corpus."""
        new = {(batch.sequences, batch.length): batch for batch in reversed(corpus)}
        new = {shape: batch for shape, batch in new.items() if shape not in self._calls}
        if new:
            with self._stem() as catchers:
                for batch in new.values():
                    self._reach_layers(batch, catchers)

    @contextmanager
    def _stem(self) -> Iterator[list[_Catcher]]:
        """Give the model its weights outside the layers, and catchers for layers."""
        model, layers = self._model, list(self._model.layers)
        catchers = [_Catcher(layer, layer is layers[-1]) for layer in layers]
        model.load_stem(self._device, self._dtype)
        _put(model.layers, catchers)
        try:
            yield catchers
        finally:
            _put(model.layers, layers)
            model.release_stem()

    @contextmanager
    def _own_code_named(self, what: str) -> Iterator[None]:
        """Name the part of the model whose own code fails: a configuration can be read and make no sense."""
        try:
            yield
        except (_Captured, _Stopped, torch.OutOfMemoryError, torch.AcceleratorError, MemoryError):
            raise
        except Exception as error:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            if "can't allocate memory" in reason:  # torch's words on a CPU
                raise MemoryError(reason) from error
            raise CheckpointError(
                f"model {self._name}: {what} cannot be computed as config.json describes it ({reason})\n"
                "Config and weights do not belong together: fetch both again."
            ) from error

    def _reach_layers(self, batch: Batch, catchers: list[_Catcher]) -> torch.Tensor:
        """Run a batch up to the layers: what the first one is given; how each of them is called is kept."""
        here = self._tokens[batch.start : batch.start + batch.tokens].astype(np.int64)
        ids = torch.from_numpy(here).view(batch.sequences, -1).to(self._device)
        with contextlib.suppress(_Captured), self._own_code_named("what comes before its layers"):
            self._model.base(input_ids=ids, use_cache=False)
        self._calls.setdefault((batch.sequences, batch.length), [catcher.call for catcher in catchers])
        first: torch.Tensor = catchers[0].hidden_states
        return first
