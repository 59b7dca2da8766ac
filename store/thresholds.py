"""The thresholds behind a run's numbers. The defaults are the paper's; those of the positional types are ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from neuron_tui.store.schema import ORDERS, STORED_TRIGGERS

Share = Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]
"""A share as written: 0.95 is 19 of 20 and nothing beside it."""

Limit = Annotated[int, Field(ge=1, le=STORED_TRIGGERS)]
"""Most covering n-grams of a detector: they are among those that a run stores."""

Count = TypeVar("Count", int, npt.NDArray[np.int64])


class Thresholds(BaseModel):
    """What decides who is a detector [§4, App. A] and who is positional, of which type and strength [§5].

    Attributes
    ----------
    coverage
        Share of a neuron's activations that the covering n-grams hold, and that the covered ones must hold alone.
    max_covering
        Most covering n-grams of a detector, for n = 1, 2, 3.
    precision
        Share of an n-gram's occurrences on which the neuron is active, for the n-gram to be covered.
    positional
        Mutual information, in nats, above which a neuron is positional.
    near
        How far from 0 and from 1 the smoothed frequency counts as 0 and as 1.
    range
        Least difference between highest and lowest smoothed frequency of an oscillatory neuron.
    changes
        Least number of changes between high and low of an oscillatory neuron.
    interval
        Length of a zero or one interval as a share of the context length.
    extremes
        Share of the positions near 0 or 1, for an oscillatory neuron to be strong.
    thin
        Largest root mean square of the frequency about its smoothed curve, for type `other` to be strong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: Share = Decimal("0.95")
    max_covering: tuple[Limit, Limit, Limit] = (5, 50, 50)
    precision: Share = Decimal("0.95")
    positional: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.05
    near: Annotated[float, Field(ge=0, lt=0.5)] = 0.05
    range: Annotated[float, Field(ge=0, le=1)] = 0.3
    changes: Annotated[int, Field(ge=1)] = 4
    interval: Annotated[float, Field(gt=0, le=1)] = 1 / 16
    extremes: Annotated[float, Field(ge=0, le=1)] = 0.9
    thin: Annotated[float, Field(ge=0, le=1)] = 0.05

    def most_covering(self, n: int) -> int:
        """Most covering n-grams of a detector of n-grams."""
        return self.max_covering[ORDERS.index(n)]

    def holds(self, part: Count, total: Count) -> Any:  # noqa: ANN401 - a bool, or an array of them
        """Whether `part` is at least `coverage` of `total`, in whole numbers; arrays too."""
        share, whole = self.coverage.as_integer_ratio()
        return whole * part >= share * total

    def needed(self, total: Count) -> Count:
        """The least part of `total` that holds `coverage` of it, in whole numbers."""
        share, whole = self.coverage.as_integer_ratio()
        return -(-share * total // whole)

    def covered(self, active: Count, occurrences: Count) -> Any:  # noqa: ANN401 - a bool, or an array of them
        """Whether an n-gram with these `active` positions of its `occurrences` is covered, in whole numbers."""
        share, whole = self.precision.as_integer_ratio()
        return whole * active >= share * occurrences


PAPER: Final = Thresholds()
"""The thresholds of definitions: the paper's, and ours where it gives none."""
