"""The text behind the sources of a corpus: which files a source means, and what reads each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.engine.corpus.builtin import builtin_documents
from neuron_tui.engine.corpus.readers.hub import hub_chunks
from neuron_tui.engine.corpus.readers.jsonl import jsonl_chunks
from neuron_tui.engine.corpus.readers.table import csv_chunks, parquet_chunks
from neuron_tui.engine.corpus.readers.text import text_chunks
from neuron_tui.engine.corpus.reading import Chunk, Notes, chunks_of, require_regular_file, state_of
from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.corpus_argument import BUILTIN, FORMS, CorpusArgument, is_hidden, kind_of
from neuron_tui.store.runs.manifest import SourceState
from neuron_tui.store.tokens import printable

DEFAULT_KEY = "text"


def chunks(source: str, key: str, notes: Notes) -> Iterator[Chunk]:
    """The documents of a source in order, each in chunks; those without text are left out.

    No more is read than what is asked for makes necessary.

    Parameters
    ----------
    key
        Key or column of the text where documents are records.
    notes
        Takes note of what is skipped, of stray control characters, and of the files that are opened.

    Raises
    ------
    CorpusError
        The source is missing, of an unknown kind, malformed (the message says where), or holds no text.
    """
    found = False
    with _named_in_a_line(source):
        for chunk in _chunks(source, key, notes):
            found = True
            yield chunk
    if not found:
        skipped = notes.describe()
        raise CorpusError(
            f"corpus {source}: it holds no text{f' ({skipped})' if skipped else ''}\nName a source with text in it: "
            f"{FORMS}."
        )


def documents(source: str, key: str = DEFAULT_KEY) -> Iterator[str]:
    """The documents of a source, in order, each as a whole, those without text left out; raises CorpusError."""
    parts: list[str] = []
    for chunk in chunks(source, key, Notes()):
        parts.append(chunk.text)
        if chunk.ends:
            yield "".join(parts)
            parts.clear()


def changed_sources(arguments: Iterable[CorpusArgument], states: Iterable[SourceState]) -> list[str]:
    """Corpus arguments whose files are not as they were when the text was read.

    Parameters
    ----------
    states
        The states of the sources then; a source without one is taken to be as it was.
    """
    then = {state.argument: state for state in states}
    return [
        str(argument)
        for argument in arguments
        if (state := then.get(str(argument))) is not None and state.files and _state_now(argument, state.files) != state
    ]


def _state_now(argument: CorpusArgument, files: int) -> SourceState | None:
    """The state of a source by its first `files` files; None if it cannot be told."""
    path = Path(argument.source)
    try:
        found = list(itertools.islice(_files_below(path), files)) if path.is_dir() else [path]
        return state_of(str(argument), ((str(file), file.stat()) for file in found))
    except (OSError, CorpusError):
        return None


def _chunks(source: str, key: str, notes: Notes) -> Iterator[Chunk]:
    if source.startswith("builtin:"):
        yield from _builtin_chunks(source, notes)
        return
    if source.startswith("hf:"):
        yield from hub_chunks(source, key, notes)
        return
    path = Path(source)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where there is no permission
        files = _files_below(path)
        if not files:
            raise CorpusError(f"corpus {source}: no file below this directory that is read\nPut text there: {FORMS}.")
        for file in files:
            with _named_in_a_line(str(file)):
                yield from _file_chunks(file, key, notes)
        return
    require_regular_file(path)
    if kind_of(path.name) is None:
        raise CorpusError(f"corpus {source}: not a kind of file that is read\nName {FORMS}.")
    yield from _file_chunks(path, key, notes)


@contextmanager
def _named_in_a_line(name: str) -> Iterator[None]:
    """Have the message of a CorpusError keep its lines where a path has line ends in it."""
    try:
        yield
    except CorpusError as error:
        if "\n" not in name:
            raise
        raise CorpusError(str(error).replace(name, printable(name))) from error


def _builtin_chunks(source: str, notes: Notes) -> Iterator[Chunk]:
    name = source.removeprefix("builtin:")
    if name not in BUILTIN:
        raise CorpusError(f"corpus {source}: there is no such built-in text\nThere are {', '.join(BUILTIN)}.")
    for document in builtin_documents(name):
        yield from chunks_of(document, notes)


def _file_chunks(path: Path, key: str, notes: Notes) -> Iterator[Chunk]:
    kind = kind_of(path.name)
    if kind is None:
        return iter(())
    if kind.content == "jsonl":
        return jsonl_chunks(path, kind.packing, key, notes)
    if kind.content == "csv":
        return csv_chunks(path, kind.packing, key, notes)
    if kind.content == "parquet":
        return parquet_chunks(path, key, notes)
    return text_chunks(path, kind.packing, notes)


def _files_below(folder: Path) -> list[Path]:
    """The files below a directory that are read, in the order of their paths; hidden ones are left out.

    Raises CorpusError for what has the name of a text and is none: a pipe, a device, a link that leads nowhere.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=_refuse_folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        found += [Path(place) / name for name in names if not is_hidden(name) and kind_of(name) is not None]
    for path in found:
        require_regular_file(path)
    return sorted(found)


def _refuse_folder(error: OSError) -> None:
    """Text that nobody may read is not left out without a word."""
    raise CorpusError(f"corpus {error.filename}: this directory cannot be read ({error.strerror})") from error
