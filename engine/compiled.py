"""Loops over every bit and every value, compiled to machine code: what numpy would take fifteen passes for.

Compiled functions let go of the interpreter, so threads work beside each other, and are kept on disk between runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from neuron_tui.store.arrays import Array

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of numbers and arrays when it is first called, for the types that it is called with."""
    compiled_function: Function = numba.njit(nogil=True, cache=True)(function)
    return compiled_function


@intrinsic  # type: ignore[misc] # numba is not typed
def _trailing_zeros(_: Any, word: Any) -> Any:  # noqa: ANN401
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.uint64(types.uint64), generate


@compiled
def lowest_bit(word: np.uint64) -> np.int64:
    """Place of the lowest 1 among the bits of a word that is not 0."""
    return np.int64(_trailing_zeros(word))


@compiled
def keep_highest(keys: Array, key: int) -> int:
    """Put a key in the place of the lowest of (K,) keys, in no order; returns the lowest that is there then."""
    lowest = 0
    for place in range(1, len(keys)):
        if keys[place] < keys[lowest]:
            lowest = place
    keys[lowest] = key
    least = keys[0]
    for place in range(1, len(keys)):
        least = min(least, keys[place])
    return least
