"""The causal table as data: JSON, and CSV with a row a measurement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from neuron_tui.store.disk.output import write_text
from neuron_tui.store.findings.causal_summary import causal_summary, kind_of
from neuron_tui.store.neurons.causal import METHODS, CausalRecord, Change
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.wording import json_text
from neuron_tui.tui.reports.figures import Plain, csv_text, plain_cells

SUFFIXES = (".json", ".csv")
"""Endings of the files that a table can be written to."""

_OF_CHANGE = ("before", "after", "change", "low", "high")
_COLUMNS = (
    *("layer", "neuron", "pole", "where", "silenced", "kind", "method", "contexts", "window", "seed", "covered"),
    *("triggers", "trigger_contexts", "fired", "comes_back"),
    *(f"logprob_{name}" for name in _OF_CHANGE),
    *(f"loss_{name}" for name in _OF_CHANGE),
    *(f"random_loss_{name}" for name in _OF_CHANGE),
)


def write_table(run: Run, records: Sequence[CausalRecord], path: Path) -> None:
    """Write measurements to a file in the format of its ending; see `causal_json` and `causal_csv`.

    Raises
    ------
    InputError, DiskFullError
        The file cannot be written; an older one is as it was.
    RunDamagedError
        The run's vocabulary cannot be read.
    """
    text = causal_csv(run, records) if path.suffix.lower() == ".csv" else causal_json(run, records)
    write_text(path, text)


def causal_json(run: Run, records: Sequence[CausalRecord]) -> str:
    """`neurons` as `ablate --json` prints them, and `summary` for each way of silencing that there is."""
    data: dict[str, Any] = {
        "run": run.name,
        "neurons": [record.to_dict(run.manifest.rule) for record in records],
        "summary": [
            {"method": method, **one.to_dict()}
            for method in METHODS
            for one in causal_summary(record for record in records if record.method == method)
        ],
    }
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def causal_csv(run: Run, records: Iterable[CausalRecord]) -> str:
    """A row a measurement.

    - `layer`, `neuron` and `pole` of one neuron; of several at once `where`, the filter, and `silenced`, how many;
    - `kind` as in the summary, `method`, `contexts`, `window`, `seed`, `covered` as in the record;
    - `triggers`, a JSON list of the tokeniser's texts; `trigger_contexts`, and on how many of them it `fired`;
    - `comes_back`: true, false, or empty if it cannot be told;
    - `before`, `after`, `change`, and `low` and `high` ends of the interval of the change, in nats: `logprob_` that a
      trigger follows and `loss_` on trigger contexts, `random_loss_` on random ones, empty if there are none.
    """
    return csv_text(_COLUMNS, (_row(run, record) for record in records))


def _row(run: Run, record: CausalRecord) -> tuple[Plain, ...]:
    neuron, pole = run.manifest.rule.row(record.rows[0]) if not record.together else (None, "")
    on, random = record.on_triggers, record.on_random
    (where,) = plain_cells((record.where,))
    return (
        *(record.layer, neuron, pole or None, where or None, len(record.rows), kind_of(record), record.method),
        *(record.contexts, record.window, record.seed, _truth(record.covered)),
        json_text([run.corpus.form(token) for token in record.triggers]),
        *(on.contexts, on.fired, _truth(record.comes_back)),
        *_numbers(on.trigger_logprob),
        *_numbers(on.loss),
        *(_numbers(random.loss) if random is not None else (None,) * len(_OF_CHANGE)),
    )


def _numbers(change: Change) -> tuple[float, ...]:
    return change.before, change.after, change.change, *change.interval


def _truth(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"
