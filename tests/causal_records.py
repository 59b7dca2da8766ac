"""Measurements of silenced neurons, made up: what a run's causal.jsonl holds without a model having been asked."""

from pathlib import Path
from typing import Any

from neuron_tui.store.neurons.causal import CausalRecord, Change, Effect, keep_causal


def change(before: float, by: float, width: float = 0.1) -> Change:
    return Change(before=before, after=before + by, change=by, interval=(by - width, by + width))


def measured(
    layer: int,
    *rows: int,
    triggers: tuple[int, ...] = (10,),
    by: float = 1.0,
    width: float = 0.1,
    contexts: int = 32,
    loss: float = 0.03,
    random: float | None = -0.001,
    suppresses: bool | None = True,
    covered: bool = True,
    **more: Any,
) -> CausalRecord:
    """A measurement of some rows of a layer whose triggers become likelier `by` so many nats."""
    together = len(rows) > 1 or bool(more.get("where"))
    return CausalRecord(
        layer=layer,
        rows=rows,
        **{"method": "zero", "window": 32, "seed": 0, **more},
        contexts=contexts,
        triggers=triggers,
        covered=covered,
        suppresses_triggers=None if together else suppresses,
        on_triggers=Effect(
            contexts=contexts, fired=contexts - 1, loss=change(2.0, loss), trigger_logprob=change(-9.0, by, width)
        ),
        on_random=None
        if random is None
        else Effect(contexts=contexts, fired=0, loss=change(3.0, random), trigger_logprob=change(-11.0, 0.0)),
    )


def keep(folder: Path) -> list[CausalRecord]:
    """Keep a few measurements of every kind with a run of `tests.synthetic`."""
    records = [
        measured(0, 1, triggers=(10, 11), by=1.25),
        measured(0, 1, triggers=(10, 11), by=1.0, method="mean"),
        measured(0, 2, triggers=(12,), by=-0.5, suppresses=False),
        measured(1, 9, triggers=(13,), by=0.05, suppresses=None, covered=False),
        measured(1, 1, 2, triggers=(10, 12), by=2.0, where="type:token"),
    ]
    keep_causal(folder, records)
    return records
