"""Records of neurons as Parquet: a row a neuron, typed columns, written a group of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import InputError, RunDamagedError
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.run import Run
from neuron_tui.tui.reports.data import records
from neuron_tui.tui.reports.selection import Selection

if TYPE_CHECKING:
    import pyarrow

_BATCH = 128
"""Records that are Python objects at once."""

_GROUP = 1024
"""Rows of a row group, the part of a file that readers decode at once."""


def can_write() -> bool:
    """Whether what writes Parquet is installed; imports nothing."""
    return find_spec("pyarrow") is not None


def require_pyarrow() -> None:
    """Raise InputError, saying what to install, unless Parquet can be written."""
    if not can_write():
        raise InputError("the format parquet needs pyarrow\nInstall it: pip install 'neuron-tui[parquet]'.")


def schema(poles: int) -> pyarrow.Schema:
    """Columns of a file: those of a record, in its order; `pole` if neurons have `poles` above 1.

    A record's domains are an object with a key each; here they are a list, so that all runs have the same columns.
    """
    import pyarrow as pa

    whole, share, truth, text = pa.int64(), pa.float64(), pa.bool_(), pa.string()
    ids, texts = pa.list_(pa.int32()), pa.list_(text)
    gram = [("ids", ids), ("text", texts)]
    triggers = pa.struct(
        [
            *(("total", whole), ("covering", whole), ("detector", truth)),
            ("covered", pa.list_(pa.struct(gram))),
            ("top", pa.list_(pa.struct([*gram, ("active", whole), ("occurrences", whole)]))),
        ]
    )
    scores = pa.list_(pa.struct([("id", pa.int32()), ("text", text), ("score", share)]))
    histogram = pa.struct([("edges", pa.list_(share)), ("counts", pa.list_(whole))])
    weights = ("norm", "cosine", "kurtosis", "token_frequency")
    return pa.schema(
        [
            *(("layer", pa.int32()), ("neuron", pa.int32()), *([("pole", text)] if poles > 1 else []), ("rule", text)),
            *(("tokens", whole), ("count", whole), ("frequency", share), ("dead", truth), ("bos_count", whole)),
            ("domains", pa.list_(pa.struct([("domain", text), ("tokens", whole), ("count", whole)]))),
            ("triggers", pa.struct([(str(n), triggers) for n in ORDERS])),
            (
                "effect",
                pa.struct(
                    [
                        *(("promoted", scores), ("suppressed", scores)),
                        *(("trigger_score", share), ("suppresses_triggers", truth)),
                    ]
                ),
            ),
            ("values", pa.struct([("max", share), ("mean_active", share), ("histogram", histogram)])),
            ("weights", pa.struct([(name, share) for name in weights])),
            (
                "position",
                pa.struct(
                    [
                        *(("mutual_information", share), ("type", text), ("strength", text)),
                        ("frequency", pa.list_(share)),
                    ]
                ),
            ),
        ],
        metadata={"neuron-tui": "records of neurons, version 1"},
    )


def write_parquet(run: Run, selection: Selection, stream: BinaryIO) -> None:
    """Write a row a neuron, compressed by zstd; memory holds one group of rows at a time.

    Raises
    ------
    InputError
        pyarrow is not installed.
    RunDamagedError
        A file of the run cannot be read, or a score is no number.
    """
    require_pyarrow()
    from pyarrow import Table, parquet

    columns = schema(run.manifest.rule.poles)
    batches = _batches(records(run, selection), columns)
    with parquet.ParquetWriter(stream, columns, compression="zstd") as file:
        while group := list(islice(batches, _GROUP // _BATCH)):
            file.write_table(Table.from_batches(group), row_group_size=_GROUP)


def _batches(found: Iterator[NeuronRecord], columns: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    from pyarrow import RecordBatch

    while some := list(islice(found, _BATCH)):
        rows = [_row(record) for record in some]
        try:
            batch = RecordBatch.from_pylist(rows, columns)
        except UnicodeEncodeError:
            batch = RecordBatch.from_pylist([_encodable(row) for row in rows], columns)
        if not all(map(_finite, batch.columns)):
            raise RunDamagedError(f"layer {some[0].layer}: a score that is no number\nExtract the run again.")
        yield batch


def _row(record: NeuronRecord) -> dict[str, Any]:
    data = record.to_dict()
    data["domains"] = [{"domain": name, **counts} for name, counts in data["domains"].items()]
    return data


def _encodable(value: Any) -> Any:  # noqa: ANN401 - plain data, however deep
    """The same with U+FFFD for halves of characters: JSON can escape these, UTF-8 has no form for them."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_encodable(one) for one in value]
        case dict():
            return {key: _encodable(one) for key, one in value.items()}
    return value


def _finite(column: pyarrow.Array) -> bool:
    """Whether all floating-point numbers of a column, however deep, are finite: a record has no others."""
    from pyarrow import compute, types

    if types.is_struct(column.type):
        return all(map(_finite, _fields(column)))
    if types.is_list(column.type):
        return _finite(column.values)
    return not types.is_floating(column.type) or compute.all(compute.is_finite(column)).as_py() is not False


def _fields(column: pyarrow.Array) -> Iterable[pyarrow.Array]:
    return (column.field(i) for i in range(column.type.num_fields))
