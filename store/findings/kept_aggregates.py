"""Aggregates as they are packed in a file, and unpacked with suspicion: whoever gave the run may have made the file.

Its SHA-256 tells damage, not intent. So nothing is unpacked that takes more room than the file has, and what comes out
is held to the run: shapes, dtypes, and every number that something is indexed or divided by.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from neuron_tui.store.arrays import Array
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.findings.aggregates import (
    LayerSummary,
    Positional,
    RunAggregates,
    Suppressors,
    detectors,
    types,
)
from neuron_tui.store.findings.summary import HISTOGRAM_BOUNDS
from neuron_tui.store.measures.growth import GROWTH
from neuron_tui.store.measures.sensitivity import SETTINGS

_ARRAYS = ("growth", "sensitivity", "states", "strongest")
_TABLES = {"suppressors": Suppressors, "positional": Positional}
_SUMMARIES = TypeAdapter(tuple[LayerSummary, ...])
_MOST = 1 << 62
"""No count of a run comes near it."""


class UnsoundError(ValueError):
    """What was unpacked cannot be the aggregates of that run."""


def pack(aggregates: RunAggregates, key: str) -> bytes:
    """The aggregates as bytes, under a key."""
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


def unpack(data: bytes, key: str, layers: Sequence[int], neurons: int, vocabulary: int) -> RunAggregates | None:
    """The aggregates that `pack` made bytes of, None if they were packed under another key.

    `layers` are those of the run, `neurons` the rows of each, `vocabulary` how many tokens there are.

    Raises
    ------
    ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile
        These cannot be the aggregates of that run.
    """
    with zipfile.ZipFile(BytesIO(data)) as archive:
        head = json.loads(_unpacked(archive, "head").tobytes())
        if head["key"] != key:
            return None
        summaries = _SUMMARIES.validate_python(head["summaries"])
        aggregates = RunAggregates(
            summaries=summaries,
            detected=tuple(_unpacked(archive, f"detected/{place}") for place in range(len(layers))),
            vocabulary=head["vocabulary"],
            **{name: _unpacked(archive, name) for name in _ARRAYS},
            suppressors=Suppressors(**_table(archive, "suppressors")),
            positional=Positional(**_table(archive, "positional")),
        )
    _require_sound(aggregates, layers, neurons, vocabulary)
    return aggregates


def _table(archive: zipfile.ZipFile, name: str) -> dict[str, Array]:
    return {field.name: _unpacked(archive, f"{name}/{field.name}") for field in fields(_TABLES[name])}


def _unpacked(archive: zipfile.ZipFile, name: str) -> Array:
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > member.compress_size:
        raise UnsoundError(f"{name} is compressed")
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise UnsoundError(f"{name} has another header")
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
        values = file.read()
    if by_column or dtype.kind not in "iuf" or len(values) != math.prod(shape) * dtype.itemsize:
        raise UnsoundError(f"{name} is not what its header says")
    found: Array = np.frombuffer(bytearray(values), dtype).reshape(shape)
    return found


def _require_sound(aggregates: RunAggregates, layers: Sequence[int], neurons: int, vocabulary: int) -> None:
    if not isinstance(aggregates.vocabulary, str):
        raise UnsoundError("the digest of the vocabulary is no text")
    many = len(layers)
    if [summary.layer for summary in aggregates.summaries] != list(layers):
        raise UnsoundError("the summaries are of other layers")
    for summary in aggregates.summaries:
        _require_sound_summary(summary, neurons)
    states = aggregates.states
    _require(states, np.uint8, (many, neurons))
    if types(states).max(initial=0) >= len(TYPES):
        raise UnsoundError("a state has an unknown type")
    _require(aggregates.growth, np.int64, (many, len(GROWTH)), neurons + 1)
    with_types = aggregates.sensitivity.shape[1:2] != (0,)
    shape = (many, len(SETTINGS) if with_types else 0, len(TYPES), len(STRENGTHS))
    _require(aggregates.sensitivity, np.int64, shape, neurons + 1)
    _require(aggregates.strongest, np.int64, (int(detectors(states, 1).sum()),), vocabulary)
    for tokens in aggregates.detected:
        _require(tokens, np.int64, tokens.shape[:1], vocabulary)
        if (np.diff(tokens) <= 0).any():
            raise UnsoundError("detected tokens are not in order")
    for table in (aggregates.suppressors, aggregates.positional):
        rows = table.layer.shape[:1]
        _require(table.layer, np.int64, rows)
        _require(table.neuron, np.int64, rows, neurons)
        if not np.isin(table.layer, list(layers)).all():
            raise UnsoundError("a neuron is in no layer of the run")
    rows = aggregates.positional.layer.shape
    _require(aggregates.positional.type, np.int64, rows, len(TYPES))
    _require(aggregates.positional.strength, np.int64, rows, len(STRENGTHS))
    _require(aggregates.positional.mutual_information, np.float64, rows)
    _require(aggregates.suppressors.score, np.float64, aggregates.suppressors.layer.shape)


def _require(values: Array, dtype: npt.DTypeLike, shape: tuple[int, ...], stop: int | None = None) -> None:
    if values.dtype != dtype or values.shape != shape:
        raise UnsoundError(f"{values.dtype} {values.shape}, expected {np.dtype(dtype)} {shape}")
    if stop is not None and values.size and not 0 <= values.min() <= values.max() < stop:
        raise UnsoundError(f"{values.min()} to {values.max()}, expected 0 to {stop - 1}")


def _require_sound_summary(summary: LayerSummary, neurons: int) -> None:
    counted = (summary.detectors, summary.covered, summary.covered_cumulative, summary.new_overall)
    by_n: tuple[dict[int, Any], ...] = (*counted, summary.new_to_previous, summary.covering_histogram)
    positional = [summary.positional[kind] for kind in TYPES if kind is not None]
    whole = summary.neurons == neurons and len(summary.positional) == len(positional)
    bins = all(len(summary.covering_histogram[n]) == len(HISTOGRAM_BOUNDS[n]) + 1 for n in ORDERS)
    if not whole or not bins or any(set(counts) != set(ORDERS) for counts in by_n):
        raise UnsoundError("a summary has other parts")
    if any(set(counts) != {"strong", "weak"} for counts in positional):
        raise UnsoundError("a summary has other strengths")
    few = [summary.dead, *summary.detectors.values(), *(count for counts in positional for count in counts.values())]
    few += [count for counts in summary.covering_histogram.values() for count in counts]
    many = [count for counts in by_n[1:5] for count in counts.values() if count is not None]
    share = summary.mean_frequency_alive
    if not all(0 <= count <= neurons for count in few) or not all(0 <= count < _MOST for count in many):
        raise UnsoundError("a summary counts more than there is")
    if not 0 <= summary.suppressing <= summary.detectors[1] or not (share is None or 0 <= share <= 1):
        raise UnsoundError("a summary counts more than there is")
