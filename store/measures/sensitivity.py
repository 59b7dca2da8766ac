"""How the positional types depend on their thresholds, which the paper draws but does not give (ours, after Fig. 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.measures.positional import Curves
from neuron_tui.store.measures.thresholds import PAPER, THRESHOLDS, Thresholds


@dataclass(frozen=True, slots=True)
class Setting:
    """One change of the thresholds: `field` of them set to `value`; an empty field changes nothing."""

    field: str = ""
    value: float = 0

    @property
    def name(self) -> str:
        """What is changed, such as `range 0.2`."""
        return f"{self.field} {self.value:g}" if self.field else "unchanged"

    def of(self, thresholds: Thresholds) -> Thresholds:
        """The thresholds with this change."""
        return thresholds.model_copy(update={self.field: self.value}) if self.field else thresholds


SETTINGS: Final = (Setting(), *(Setting(name, value) for name, one in THRESHOLDS.items() for value in one.varied))
"""(Z,) the run's own thresholds, then each threshold of the positional types once lower and once higher."""


def lowest_positional(thresholds: Thresholds = PAPER) -> float:
    """The lowest mutual information, in nats, above which one of the settings calls a neuron positional."""
    return min(setting.of(thresholds).positional for setting in SETTINGS)


def count_types(curves: Curves, thresholds: Thresholds = PAPER) -> Int64s:
    """Neurons of each type and strength under each setting.

    Parameters
    ----------
    curves
        Of M neurons, made with `lowest_positional` of the thresholds or less.
    thresholds
        The run's own, of which every setting changes at most one.

    Returns
    -------
    (Z, types, strengths) int64 by the codes of the schema; every setting adds up to M, those that are not positional
    included (code 0).
    """
    counts = np.empty((len(SETTINGS), len(TYPES), len(STRENGTHS)), np.int64)
    for place, setting in enumerate(SETTINGS):
        types, strengths = curves.types(setting.of(thresholds))
        codes = types.astype(np.int64) * len(STRENGTHS) + strengths
        counts[place] = np.bincount(codes, minlength=counts[place].size).reshape(counts[place].shape)
    return counts
