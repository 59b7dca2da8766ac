"""A norm whose mean and scale are held: what parts of its input add to its output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

_LARGE = 1e3
"""Beside it the small number that norms add to a variance is nothing."""


@dataclass(frozen=True, slots=True)
class HeldStill:
    """A LayerNorm or RMSNorm at one position, a linear map once its mean and scale are those of its whole input there.

    `slope` (width,) float64 is what each direction is multiplied with; `bias` (width,) what is added; with `centred`
    the mean is taken away first.
    """

    slope: torch.Tensor
    bias: torch.Tensor
    centred: bool

    def through(self, part: torch.Tensor) -> torch.Tensor:
        """What a part of the input, (width,), adds to the output."""
        return (part - part.mean() if self.centred else part) * self.slope

    def back(self, directions: torch.Tensor) -> torch.Tensor:
        """(T, width) directions behind the norm as those before it that have the same product with any part."""
        turned = directions * self.slope
        return turned - turned.mean(dim=-1, keepdim=True) if self.centred else turned


def held_still(norm: nn.Module, given: torch.Tensor) -> HeldStill:
    """The norm at a position where it was given a vector, (width,); found by what it makes of a few vectors."""

    def of(vector: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = norm(vector[None])[0].double()
        return made

    bias = of(torch.zeros_like(given))
    centred = torch.equal(of(torch.full_like(given, 3)), bias)

    def inner(vector: torch.Tensor) -> torch.Tensor:
        vector = vector.double()
        return vector - vector.mean() if centred else vector

    probe = torch.full_like(given, _LARGE)
    probe[::2] *= -1
    gain = (of(probe) - bias) * inner(probe).square().mean().sqrt() / inner(probe)
    # What the norm divides by, its small number included, follows from what it made of its input.
    whole = inner(given) * gain
    made = of(given) - bias
    divisor = (whole * whole).sum() / (whole * made).sum()
    return HeldStill(gain / divisor, bias, centred)
