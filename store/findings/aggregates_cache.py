"""The aggregates of a complete run, kept in one small file so that ten large runs open in a second.

The file is a cache and nothing else. It names the files it was counted from and carries its own SHA-256; one that is
missing, stale or altered is made again, in the run's folder or, where that cannot be written, in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import replacing
from neuron_tui.store.disk.stream import write_bytes
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.aggregates import LayerSummary, Positional, RunAggregates, Suppressors
from neuron_tui.store.findings.aggregating import count_aggregates
from neuron_tui.store.findings.summary import summaries_from_layers
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import NeuronTable
from neuron_tui.store.runs.folder import AGGREGATES_FILE

_VERSION = 1
"""Of what the file holds: another number makes every kept file stale."""

_ARRAYS = ("growth", "sensitivity", "states", "strongest")
_TABLES = {"suppressors": Suppressors, "positional": Positional}
_INT_KEYED = ("detectors", "covered", "covered_cumulative", "new_overall", "new_to_previous", "covering_histogram")


def aggregates_of(run: Run) -> RunAggregates:
    """The aggregates of a run's finished layers: kept ones if the run is complete, else counted now.

    Raises
    ------
    RunPartialError
        The run has no finished layer yet.
    RunDamagedError
        A file of it cannot be read.
    """
    if not run.kept_whole:
        return count_aggregates(run)
    key = _key(run)
    for path in _places(run, key):
        if (kept := _read(path, key)) is not None:
            return kept
    counted = count_aggregates(run)
    keep_aggregates(run, counted)
    return counted


def keep_aggregates(run: Run, aggregates: RunAggregates) -> None:
    """Write the aggregates of a complete run where they can be written; nothing is lost where they cannot."""
    key = _key(run)
    data = _packed(aggregates, key)
    for path in _places(run, key):
        try:
            if path.parent != run.path:
                changes.make_folders(path.parent)
            with replacing(path) as temporary:
                write_bytes(temporary, hashlib.sha256(data).digest() + data)
            return
        except (OSError, NeuronTuiError):
            continue


def summarise_layers(run: Run, table: NeuronTable | None = None) -> tuple[LayerSummary, ...]:
    """Summaries of all finished layers, from the bottom up; raises RunDamagedError.

    A complete run has them among its aggregates; else `table` spares reading the columns again that it has.
    """
    return aggregates_of(run).summaries if run.kept_whole else summaries_from_layers(run, table)


def _places(run: Run, key: str) -> Iterator[Path]:
    yield run.path / AGGREGATES_FILE
    yield user_cache_path("neuron-tui", appauthor=False) / "aggregates" / key


def _key(run: Run) -> str:
    """SHA-256 over the digests of the files behind a run's numbers, and over its thresholds."""
    lines = [f"{_VERSION}", run.manifest.thresholds.model_dump_json(), *run.digests()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _packed(aggregates: RunAggregates, key: str) -> bytes:
    head = {
        "key": key,
        "vocabulary": aggregates.vocabulary,
        "summaries": [asdict(summary) for summary in aggregates.summaries],
    }
    arrays = {name: getattr(aggregates, name) for name in _ARRAYS}
    arrays |= {f"detected/{place}": tokens for place, tokens in enumerate(aggregates.detected)}
    for table, kind in _TABLES.items():
        arrays |= {f"{table}/{field.name}": getattr(getattr(aggregates, table), field.name) for field in fields(kind)}
    stream = BytesIO()
    np.savez(stream, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)
    return stream.getvalue()


def _read(path: Path, key: str) -> RunAggregates | None:
    """The aggregates in a file, None if it is not there, cut short, altered, or was counted from other files."""
    try:
        data = path.read_bytes()
        if hashlib.sha256(data[32:]).digest() != data[:32]:
            return None
        with np.load(BytesIO(data[32:]), allow_pickle=False) as kept:
            head = json.loads(kept["head"].tobytes())
            if head["key"] != key:
                return None
            summaries = tuple(_summary(summary) for summary in head["summaries"])
            return RunAggregates(
                summaries=summaries,
                detected=tuple(kept[f"detected/{place}"] for place in range(len(summaries))),
                vocabulary=head["vocabulary"],
                **{name: kept[name] for name in _ARRAYS},
                **{
                    table: kind(**{field.name: kept[f"{table}/{field.name}"] for field in fields(kind)})
                    for table, kind in _TABLES.items()
                },
            )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _summary(data: dict[str, Any]) -> LayerSummary:
    """A summary from its JSON, whose keys are texts and whose tuples are lists."""
    for name in _INT_KEYED:
        data[name] = {int(n): tuple(v) if isinstance(v, list) else v for n, v in data[name].items()}
    return LayerSummary(**data)
