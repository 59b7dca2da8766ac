"""What arrays hold, by dtype: one name for each, used in every room. Shapes stand in docstrings, as (N, D)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""Of whatever dtype."""

Int64s: TypeAlias = npt.NDArray[np.int64]
Int32s: TypeAlias = npt.NDArray[np.int32]
Uint64s: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]
"""Signed whole numbers of whatever size holds them."""

Codes: TypeAlias = npt.NDArray[np.uint8]
"""Places in a table of words, such as TYPES."""

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
