"""The training loop: AdamW, a warm start, a cosine down to the end, by steps or by the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from neuron_tui.engine.training.penalty import SparsityPenalty
from neuron_tui.store.errors import UsageError

if TYPE_CHECKING:
    import torch
    from transformers import OPTForCausalLM

    from neuron_tui.engine.training.data import Batches

BETAS: Final = (0.9, 0.95)
LARGEST_GRADIENT: Final = 1.0
"""Gradients are scaled down to this norm."""
LAST_RATE: Final = 0.02
"""The learning rate at the end of the cosine, as a share of the highest."""
AVERAGED_STEPS: Final = 50
"""The reported loss is a running mean over about this many steps."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train and how: `steps` or `minutes` (one of them), rates and penalty.

    Attributes
    ----------
    sparsity
        Weight of the sparsity penalty in each layer.
    sparsity_from, sparsity_full
        Shares of the training at which the penalty sets in and reaches its full weight; linear in between.
    """

    steps: int | None = None
    minutes: float | None = None
    learning_rate: float = 3e-3
    warmup: int = 100
    weight_decay: float = 0.1
    sparsity: tuple[float, ...] = ()
    sparsity_from: float = 0.1
    sparsity_full: float = 0.3
    bfloat16: bool = False

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise UsageError("give either --steps or --minutes")
        if (self.steps is not None and self.steps < 1) or (self.minutes is not None and not self.minutes > 0):
            raise UsageError("--steps and --minutes must be positive")
        if self.learning_rate <= 0 or self.weight_decay < 0 or self.warmup < 0:
            raise UsageError("--learning-rate must be positive, --weight-decay and --warmup not negative")
        if any(weight < 0 for weight in self.sparsity):
            raise UsageError("--sparsity must not be negative")
        if not 0 <= self.sparsity_from <= self.sparsity_full <= 1:
            raise UsageError("--sparsity-from must lie between 0 and 1")

    def done(self, step: int, seconds: float) -> float:
        """Return the share of the training that is done, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        assert self.minutes is not None
        return min(1.0, seconds / (60 * self.minutes))

    def rate(self, step: int, done: float) -> float:
        """Return the learning rate: a linear warm-up in steps, times a cosine over the whole training."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        cosine = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
        return self.learning_rate * warm * cosine

    def penalty_share(self, done: float) -> float:
        """Return how much of the full penalty applies, 0 to 1."""
        if done < self.sparsity_from:
            return 0.0
        if done >= self.sparsity_full:
            return 1.0
        return (done - self.sparsity_from) / (self.sparsity_full - self.sparsity_from)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the training stands after a step.

    Attributes
    ----------
    tokens
        Tokens seen, BOS included.
    loss
        Running mean of the cross-entropy in nats a token, without penalties.
    penalty
        The last penalty before its ramp; 0 while there is none.
    done
        Share of the training, 0 to 1.
    """

    step: int
    tokens: int
    loss: float
    penalty: float
    done: float
    seconds: float


def optimise(
    model: OPTForCausalLM,
    batches: Batches,
    schedule: Schedule,
    *,
    device: torch.device,
    after_step: Callable[[Progress], None],
) -> Progress:
    """Train `model` in place; return where it ended. `after_step` is called after every step."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.nn.Module.to(model, device).train()  # transformers' own `to` is typed for another signature
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(_groups(model, schedule.weight_decay), lr=0.0, betas=BETAS, fused=True)
    started, progress = time.monotonic(), Progress(0, 0, math.nan, 0.0, 0.0, 0.0)
    with SparsityPenalty(model, schedule.sparsity) as penalty, _without_denormals():
        while (done := schedule.done(progress.step, time.monotonic() - started)) < 1:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(progress.step, done)
            penalty.share = schedule.penalty_share(done)
            tokens = torch.from_numpy(batches.next()).to(device)  # (B, T)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=schedule.bfloat16):
                logits = model(input_ids=tokens).logits[:, :-1]  # (B, T-1, V)
            loss = cross_entropy(logits.reshape(-1, logits.shape[-1]).float(), tokens[:, 1:].reshape(-1))
            added = penalty.take()
            torch.autograd.backward(loss if added is None else loss + penalty.share * added)
            torch.nn.utils.clip_grad_norm_(trained, LARGEST_GRADIENT)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            seconds = time.monotonic() - started
            progress = Progress(
                step=progress.step + 1,
                tokens=progress.tokens + tokens.numel(),
                loss=_running_mean(progress.loss, loss.item(), progress.step),
                penalty=0.0 if added is None else added.item(),
                done=schedule.done(progress.step + 1, seconds),
                seconds=seconds,
            )
            after_step(progress)
    return progress


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Sparse activations make ever smaller gradients, and denormal floats take a CPU a hundred times longer."""
    import torch

    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _running_mean(mean: float, value: float, steps: int) -> float:
    if not math.isfinite(value):
        raise UsageError("the training diverged: the loss is no number any more; lower --learning-rate")
    return value if steps == 0 else mean + (value - mean) / min(steps + 1, AVERAGED_STEPS)


def _groups(model: OPTForCausalLM, weight_decay: float) -> list[dict[str, object]]:
    """Matrices decay; biases, LayerNorms and position embeddings do not."""
    positions = model.model.decoder.embed_positions.weight
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decaying = [parameter for parameter in trained if parameter.dim() > 1 and parameter is not positions]
    others = [parameter for parameter in trained if parameter.dim() < 2 or parameter is positions]
    return [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
