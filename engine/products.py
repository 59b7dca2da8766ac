"""Products of float32 matrices on a CPU.

torch leaves them to MKL, which does not use all of a processor that Intel has not made: oneDNN, which torch holds too,
takes about half the time there.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_ONE_DNN = (
    platform.machine() in ("x86_64", "AMD64")
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)


def linear(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """What torch's own `linear` gives, up to rounding: (..., K) inputs times the transposed (M, K) weight, (..., M)."""
    if _ONE_DNN and inputs.device.type == "cpu" and inputs.dtype == weight.dtype == torch.float32:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
        return product
    return torch.nn.functional.linear(inputs, weight, bias)


class FastProducts(TorchFunctionMode):
    """Within this context the linear maps of a model are `linear`, whatever code calls them."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: object,
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - of every function of torch
        if function is torch.nn.functional.linear:
            return linear(*arguments, **(named or {}))
        if function is torch.addmm and len(arguments) == 3 and not named:  # transformers' Conv1D
            bias, inputs, weight = arguments
            return linear(inputs, weight.T, bias)
        return function(*arguments, **(named or {}))
