"""What a causal table says as a whole: whether silencing brings triggers back, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from neuron_tui.store.measures.intervals import Interval, wilson
from neuron_tui.store.neurons.causal import CausalRecord

KINDS = ("suppressing", "promoting", "no token detector", "together")


@dataclass(frozen=True, slots=True)
class CausalSummary:
    """Of one kind of neurons: how many were measured, of how many the triggers become likelier, or less likely.

    The others cannot be told apart from no change. `share` of those that become likelier, with Wilson's `interval`;
    means over neurons of the changes, in nats, of the triggers' log-probability and of the loss, on trigger contexts
    and, of the loss, on random ones: not a number if it was measured on none.
    """

    kind: str
    neurons: int
    likelier: int
    less_likely: int
    interval: Interval
    trigger_change: float
    loss_change: float
    random_loss_change: float

    @property
    def share(self) -> float:
        """Of the neurons measured, those whose triggers become likelier."""
        return self.likelier / self.neurons

    def to_dict(self) -> dict[str, Any]:
        """The summary as `ablate --json` prints it."""
        return {
            "kind": self.kind,
            "neurons": self.neurons,
            "likelier": self.likelier,
            "less_likely": self.less_likely,
            "share": self.share,
            "interval": list(self.interval),
            "trigger_change": self.trigger_change,
            "loss_change": self.loss_change,
            "random_loss_change": None if isnan(self.random_loss_change) else self.random_loss_change,
        }


def kind_of(record: CausalRecord) -> str:
    """What a record is of: one of KINDS."""
    if record.together:
        return "together"
    if record.suppresses_triggers is None:
        return "no token detector"
    return "suppressing" if record.suppresses_triggers else "promoting"


def causal_summary(records: Iterable[CausalRecord]) -> list[CausalSummary]:
    """A summary of each kind that there is, in the order of KINDS."""
    by_kind: dict[str, list[CausalRecord]] = {}
    for record in records:
        by_kind.setdefault(kind_of(record), []).append(record)
    return [_of_kind(kind, by_kind[kind]) for kind in KINDS if kind in by_kind]


def _of_kind(kind: str, records: Sequence[CausalRecord]) -> CausalSummary:
    backs = [record.comes_back for record in records]
    likelier = sum(back is True for back in backs)
    random = [record.on_random.loss.change for record in records if record.on_random is not None]
    return CausalSummary(
        kind=kind,
        neurons=len(records),
        likelier=likelier,
        less_likely=sum(back is False for back in backs),
        interval=wilson(likelier, len(records)),
        trigger_change=float(np.mean([record.on_triggers.trigger_logprob.change for record in records])),
        loss_change=float(np.mean([record.on_triggers.loss.change for record in records])),
        random_loss_change=float(np.mean(random)) if random else float("nan"),
    )
