"""Tables: a row a document, one column of which is its text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from neuron_tui.engine.corpus.readers.compressed import open_file
from neuron_tui.engine.corpus.readers.records import LONGEST_RECORD, lines, no_key, text_of_value
from neuron_tui.engine.corpus.readers.text import characters
from neuron_tui.engine.corpus.reading import Chunk, Notes, chunks_of, require_regular_file
from neuron_tui.store.errors import CorpusError

_ROWS = 16
"""Rows of a Parquet file that are decoded at once."""

_BUFFER = 1 << 20
"""Bytes of a Parquet column that are read at once."""


def csv_chunks(path: Path, packing: str, key: str, notes: Notes) -> Iterator[Chunk]:
    """The documents of a CSV file with a header, in chunks: the column `key`, a document a row.

    A last row that ends inside its quotes was cut off: it is skipped and counted.

    Raises
    ------
    CorpusError
        The file cannot be read, is no CSV, or has no such column.
    """
    before = csv.field_size_limit(LONGEST_RECORD)  # of the whole process
    rows = csv.reader(lines(path, characters(path, packing, notes, may_be_cut=True)), strict=True)
    try:
        header = next(rows, [])
        if header and key not in header:
            raise no_key(str(path), key, header)
        column = header.index(key) if header else 0
        for row in rows:
            if row:
                document = row[column] if column < len(row) else None
                row.clear()
                yield from chunks_of(document, notes)
    except csv.Error as error:
        if "unexpected end" in str(error):
            notes.cut += 1
            return
        raise CorpusError(
            f"corpus {path}, line {rows.line_num:,}: not CSV ({error})\nWrite it with commas, and quotes around text."
        ) from error
    finally:
        csv.field_size_limit(before)


def parquet_chunks(path: Path, key: str, notes: Notes) -> Iterator[Chunk]:
    """The documents of a Parquet file, in chunks: the column `key`, a document a row, no other column read.

    Raises
    ------
    CorpusError
        pyarrow is not installed, the file is no Parquet, or it has no such column of text.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise CorpusError(f"corpus {path}: reading .parquet needs pyarrow\nInstall it: pip install pyarrow.") from error
    state, number = require_regular_file(path), 0
    try:
        with open_file(path) as raw, parquet.ParquetFile(raw, pre_buffer=False, buffer_size=_BUFFER) as file:
            notes.files.append((str(path), state))
            names = file.schema_arrow.names
            if key not in names:
                raise no_key(str(path), key, names)
            _require_text(file.schema_arrow.field(names.index(key)).type, path, key)
            for batch in file.iter_batches(batch_size=_ROWS, columns=[key], use_threads=False):
                for value in batch.column(0):
                    number += 1
                    where = f"row {number:,} of {path}"
                    document = text_of_value(value.as_py(), where, key)
                    if document is not None:
                        notes.note_controls(document, where)
                    yield from chunks_of(document, notes)
    except PermissionError as error:
        raise CorpusError(f"corpus {path}: no permission to read it\nChange its permissions.") from error
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"corpus {path}, row {number:,}: not UTF-8 at byte {error.start:,} of its text\nWrite it as UTF-8."
        ) from error
    except (pyarrow.ArrowException, OSError) as error:
        raise CorpusError(
            f"corpus {path}: not a whole Parquet file ({str(error).splitlines()[0][:160]})\nWrite it again."
        ) from error


def _require_text(kind: object, path: Path, key: str) -> None:
    from pyarrow import types

    inner = getattr(kind, "value_type", kind) if types.is_dictionary(kind) else kind
    if not (
        types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner) or types.is_null(inner)
    ):
        raise CorpusError(
            f"corpus {path}: the column `{key}` holds {kind}, not text\n"
            "Name the column that holds the text with --text-key KEY."
        )
