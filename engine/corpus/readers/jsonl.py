"""JSON lines: an object a line, a document each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from neuron_tui.engine.corpus.readers.records import lines, no_key, text_of_value
from neuron_tui.engine.corpus.readers.text import characters
from neuron_tui.engine.corpus.reading import Chunk, Notes, chunks_of
from neuron_tui.store.errors import CorpusError


def jsonl_chunks(path: Path, packing: str, key: str, notes: Notes) -> Iterator[Chunk]:
    """The documents of a file of JSON lines, in chunks.

    A last line without a line feed that is no JSON was cut off: it is skipped and counted.

    Raises
    ------
    CorpusError
        The file cannot be read, or a line is no object with a string, or null, under the key.
    """
    number = 0
    for line in lines(path, characters(path, packing, notes, may_be_cut=True, noting=False)):
        number += 1  # not by enumerate, which would keep the line while its document is read
        if line.isspace():
            continue
        try:
            row = _row(line)
        except ValueError as error:
            if line.endswith("\n"):
                raise _no_json(f"{path}, line {number:,}", key) from error
            notes.cut += 1
            return
        del line
        document = _document(row, f"{path}, line {number:,}", key)
        del row
        if document is not None:
            notes.note_controls(document, f"line {number:,} of {path}")
        yield from chunks_of(document, notes)


def _row(line: str) -> object:
    """The value in a line; raises ValueError if there is none."""
    try:
        return json.loads(line, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _document(row: object, where: str, key: str) -> str | None:
    if not isinstance(row, dict):
        raise CorpusError(
            f"corpus {where}: no key `{key}`, for it is no object\nEach line must be one object with the key `{key}`."
        )
    if key not in row:
        raise no_key(where, key, row)
    return text_of_value(row[key], where, key)


def _no_json(where: str, key: str) -> CorpusError:
    return CorpusError(f"corpus {where}: not JSON\nEach line must be one object with the key `{key}`.")
