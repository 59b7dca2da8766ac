"""Loops over every bit and every value, compiled to machine code: what numpy would take fifteen passes for.

Compiled functions let go of the interpreter, so threads work beside each other, and are kept on disk between runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from neuron_tui.store.arrays import Array

Whole: TypeAlias = int | np.signedinteger[Any]
"""A whole number in a compiled function, where all are machine integers."""

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of numbers and arrays when it is first called, for the types that it is called with."""
    return cast(Function, numba.njit(nogil=True, cache=True)(function))


def compiled_sums(function: Function) -> Function:
    """Compile a function that adds up numbers, in whatever order lets a processor take several at once."""
    return cast(Function, numba.njit(nogil=True, cache=True, fastmath={"reassoc"})(function))


def _zeros(_: Any, word: Any) -> Any:  # noqa: ANN401
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.uint64(types.uint64), generate


_trailing_zeros: Any = intrinsic(_zeros)


@compiled
def lowest_bit(word: np.uint64) -> Whole:
    """Place of the lowest 1 among the bits of a word that is not 0."""
    return np.int64(_trailing_zeros(word))


@compiled
def keep_highest(keys: Array, key: Whole) -> Whole:
    """Put a key in the place of the lowest of (K,) keys, in no order; returns the lowest that is there then."""
    lowest = 0
    for place in range(1, len(keys)):
        if keys[place] < keys[lowest]:
            lowest = place
    keys[lowest] = key
    least: Whole = keys[0]
    for place in range(1, len(keys)):
        least = min(least, keys[place])
    return least
