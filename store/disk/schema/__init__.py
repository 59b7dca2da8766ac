"""The schema of a run's HDF5 files: every dataset with its shape, dtype, unit and meaning.

The writer, the reader, `neuron-tui check` and docs/format.md all follow from the tables here.
"""

from __future__ import annotations

from neuron_tui.store.disk.schema.corpus import CORPUS
from neuron_tui.store.disk.schema.dataset import Dataset, FileSchema, resolve
from neuron_tui.store.disk.schema.layer import LAYER, OVERLAY, POSITION_TABLES, VALUE_TABLES
from neuron_tui.store.disk.schema.numbers import (
    ACTIVATIONS_CHUNK,
    BINS,
    COLUMN_CHUNK,
    CONTEXT_AFTER,
    CONTEXT_BEFORE,
    ENOUGH_SEQUENCES,
    FORMAT_VERSION,
    LOOKUP_CHUNK,
    LOOKUP_PAGE,
    MAX_DIMENSION,
    ORDERS,
    STORED_CONTEXTS,
    STORED_EFFECTS,
    STORED_TRIGGERS,
    STRENGTHS,
    TYPES,
)

__all__ = [
    "ACTIVATIONS_CHUNK",
    "BINS",
    "COLUMN_CHUNK",
    "CONTEXT_AFTER",
    "CONTEXT_BEFORE",
    "CORPUS",
    "ENOUGH_SEQUENCES",
    "FORMAT_VERSION",
    "LAYER",
    "LOOKUP_CHUNK",
    "LOOKUP_PAGE",
    "MAX_DIMENSION",
    "ORDERS",
    "OVERLAY",
    "POSITION_TABLES",
    "STORED_CONTEXTS",
    "STORED_EFFECTS",
    "STORED_TRIGGERS",
    "STRENGTHS",
    "TYPES",
    "VALUE_TABLES",
    "Dataset",
    "FileSchema",
    "describe",
    "resolve",
]


def describe() -> str:
    """The schema as Markdown tables, for docs/format.md."""
    lines: list[str] = []
    for schema, name in (
        (CORPUS, "corpus.h5"),
        (LAYER, "layers/layer_NNN.h5"),
        (OVERLAY, "variants/NAME/layers/layer_NNN.h5"),
    ):
        lines += [
            f"## {name}",
            "",
            "| dataset | shape | dtype | unit | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for d in schema.datasets:
            optional = " (may be absent)" if d.optional else ""
            lines.append(f"| `{d.name}` | {', '.join(d.shape)} | {d.dtype} | {d.unit} | {d.meaning}{optional} |")
        lines.append("")
    return "\n".join(lines)
