"""The measurements kept with a run, held to what the run is, read anew only when their file has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from neuron_tui.store.neurons.causal import METHODS, CausalRecord, read_causal
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.folder import CAUSAL_FILE
from neuron_tui.store.runs.manifest import Manifest, read_manifest

_KEPT = 4
"""Tables of runs that are held in memory."""

_Stamp = tuple[int, int, int]
"""When a file was last changed, its size, and which one it is."""


@dataclass(frozen=True, slots=True)
class CausalTable:
    """Measurements in the order of their file; `by_row` has those of single rows under layer and row."""

    records: tuple[CausalRecord, ...]
    by_row: Mapping[Address, tuple[CausalRecord, ...]]

    def of(self, layer: int, row: int) -> tuple[CausalRecord, ...]:
        """Measurements of one row silenced by itself, one for each way of silencing it, zero first."""
        return self.by_row.get((layer, row), ())


def causal_table(run: Run) -> CausalTable:
    """What is kept with a run: the same table as long as its file is the same.

    Raises
    ------
    RunDamagedError
        The file cannot be read, or a line of it, or it is of another run; the message names file and line.
    """
    return _read(run.path, _stamp(run.path / CAUSAL_FILE))


def with_causal(run: Run, records: Iterable[NeuronRecord]) -> Iterator[NeuronRecord]:
    """Records with what is kept of silencing each; raises as `causal_table`."""
    table = causal_table(run)
    for record in records:
        found = table.of(record.layer, record.neuron)
        yield replace(record, causal=found) if found else record


def misfit(manifest: Manifest, record: CausalRecord) -> str:
    """Why a measurement cannot be of the run with that manifest; empty if it can."""
    if record.layer not in manifest.options.layers:
        return f"the run has no layer {record.layer}"
    if not 0 <= min(record.rows) <= max(record.rows) < manifest.rows:
        return f"a layer of the run has {manifest.rule.row_noun}s 0 to {manifest.rows - 1:,} only"
    vocabulary = manifest.corpus.vocabulary if manifest.corpus is not None else 0
    if not all(0 <= token < vocabulary for token in record.triggers):
        return f"a trigger is no token of the run's vocabulary of {vocabulary:,}"
    return ""


@lru_cache(maxsize=_KEPT)
def _read(folder: Path, _stamp: _Stamp | None) -> CausalTable:
    records = tuple(read_causal(folder, partial(misfit, read_manifest(folder))))
    by_row: dict[Address, tuple[CausalRecord, ...]] = {}
    for record in sorted(records, key=lambda record: METHODS.index(record.method)):
        if not record.together:
            key = record.layer, record.rows[0]
            by_row[key] = (*by_row.get(key, ()), record)
    return CausalTable(records, by_row)


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:  # reading it says what is wrong, unless there is none
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
