"""What each neuron adds to a logit on the direct way: from the residual stream through the final norm, unembedded."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

Linear = Callable[[torch.Tensor], torch.Tensor]


def held_still(norm: nn.Module, given: torch.Tensor) -> Linear:
    """What a norm makes of parts of its input, its mean and scale held where the whole of the input has them.

    Parts add up: what the norm gives for (L, width) `given` is the sum over its parts, and the norm's bias.

    A norm is (v - mean v) * w / scale(v) + b, or without the mean: applied to a part of its own it uses that part's
    scale, which is turned into that of the whole.
    """
    bias = norm(torch.zeros_like(given))
    centred = torch.equal(norm(torch.ones_like(given) * 3), bias)

    def scale(of: torch.Tensor) -> torch.Tensor:
        of = of.double()
        of = of - of.mean(dim=-1, keepdim=True) if centred else of
        return of.square().mean(dim=-1, keepdim=True).sqrt()

    # The gain of each direction, found where the small number that norms add to the variance is nothing beside it.
    probe = torch.ones_like(given[:1])
    probe[:, ::2] = -1
    probe = probe * 1e3
    inner = probe - probe.mean(dim=-1, keepdim=True) if centred else probe
    gain = (norm(probe).double() - bias[:1].double()) * scale(probe) / inner.double()
    whole = given.double() - given.double().mean(dim=-1, keepdim=True) if centred else given.double()
    # What the norm divides by, its small number included, from what it made of the input.
    made = norm(given).double() - bias.double()
    divisor = (whole * gain).square().sum(dim=-1, keepdim=True).sqrt() / made.square().sum(dim=-1, keepdim=True).sqrt()

    def through(part: torch.Tensor) -> torch.Tensor:
        part = part.double()
        part = part - part.mean(dim=-1, keepdim=True) if centred else part
        return part * gain / divisor

    return through
