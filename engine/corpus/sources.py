"""The documents behind the sources of a corpus."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from neuron_tui.engine.corpus.builtin import builtin_documents
from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.corpus_argument import BUILTIN, FORMS, SUFFIXES


def documents(source: str) -> Iterator[str]:
    """The documents of a source, in order, empty ones left out.

    Raises
    ------
    CorpusError
        The source is missing, of an unknown kind, malformed (the message says where), or holds no text.
    """
    found = False
    for document in _documents(source):
        if document:
            found = True
            yield document
    if not found:
        raise CorpusError(f"corpus {source}: it holds no text\nName a source with text in it: {FORMS}.")


def _documents(source: str) -> Iterator[str]:
    if source.startswith("builtin:"):
        name = source.removeprefix("builtin:")
        if name not in BUILTIN:
            raise CorpusError(f"corpus {source}: there is no such built-in text\nThere are {', '.join(BUILTIN)}.")
        yield from builtin_documents(name)
        return
    if source.startswith("hf:"):
        raise CorpusError(
            f"corpus {source}: Hugging Face datasets cannot be read yet\nSave it as .jsonl and name that file."
        )
    path = Path(source)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES) and p.is_file())
        if not files:
            raise CorpusError(f"corpus {source}: no .txt or .jsonl file below this directory (nor .gz of them)")
        for file in files:
            yield from _file_documents(file)
        return
    if not path.exists():
        raise CorpusError(f"corpus {source}: there is no such file or directory\nName {FORMS}.")
    if not path.name.endswith(SUFFIXES):
        raise CorpusError(f"corpus {source}: not a kind of file that is read\nName {FORMS}.")
    yield from _file_documents(path)


def _file_documents(path: Path) -> Iterator[str]:
    zipped = path.name.endswith(".gz")
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as opened:
            file = cast(BinaryIO, opened)
            if path.name.removesuffix(".gz").endswith(".txt"):
                yield _text(path, file.read())
            else:
                for number, line in enumerate(file, start=1):
                    yield from _json_line(path, number, line)
    except (EOFError, gzip.BadGzipFile) as error:
        raise CorpusError(f"corpus {path}: not a whole gzip file ({error})\nCompress it again.") from error
    except PermissionError as error:
        raise CorpusError(f"corpus {path}: no permission to read it") from error


def _text(path: Path, raw: bytes, where: str = "") -> str:
    if b"\0" in raw:
        raise CorpusError(f"corpus {path}{where}: binary data, not text\nName a file of UTF-8 text.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"corpus {path}{where}: not UTF-8 at byte {error.start:,}\nConvert it first, say with iconv -t UTF-8."
        ) from error


def _json_line(path: Path, number: int, line: bytes) -> Iterator[str]:
    where = f", line {number}"
    text = _text(path, line, where)
    if not text.strip():
        return
    try:
        row = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise CorpusError(
            f"corpus {path}{where}: not JSON\nEach line must be one object with the key `text`."
        ) from error
    if not isinstance(row, dict) or "text" not in row:
        raise CorpusError(f"corpus {path}{where}: no key `text`\nEach line must be one object with the key `text`.")
    if not isinstance(row["text"], str):
        raise CorpusError(
            f"corpus {path}{where}: `text` is not a string\nEach line must hold its document as a string."
        )
    # JSON can spell half a surrogate pair, which is no character and cannot be tokenised.
    yield row["text"].encode("utf-8", "replace").decode("utf-8")
