"""Corpus arguments `[DOMAIN=]SOURCE` and the documents behind them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from neuron_tui.engine.corpus.builtin import builtin_documents
from neuron_tui.store.errors import CorpusError, UsageError

BUILTIN = ("prose", "code", "math")
_SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")
_FORMS = "a .txt or .jsonl file (also .gz), a directory of such files, or builtin:prose, builtin:code, builtin:math"


@dataclass(frozen=True, slots=True)
class CorpusArgument:
    """One `--corpus` argument, its domain settled."""

    domain: str
    source: str

    def __str__(self) -> str:
        return f"{self.domain}={self.source}"


def parse_corpus_argument(argument: str) -> CorpusArgument:
    """Split `[DOMAIN=]SOURCE`; the domain defaults to the source's stem.

    Paths become absolute, so that the same argument names the same text from any folder.

    Raises
    ------
    UsageError
        There is no source, or the domain is not letters, digits and . _ + -.
    CorpusError
        The path holds bytes that are no text.
    """
    match = re.fullmatch(r"(?:([^/=:]*)=)?(.+)", argument, re.DOTALL)
    if match is None or match[1] == "":
        raise UsageError(f"the corpus argument {argument!r} names no source\nWrite it as [DOMAIN=]SOURCE: {_FORMS}.")
    domain, source = match[1], match[2]
    if not source.startswith(("builtin:", "hf:")):
        source = str(Path(source).expanduser().absolute())
    if not is_text(source):
        raise CorpusError(f"the corpus {source!r} has no name in UTF-8, which run.json is written in\nRename it.")
    domain = domain or _stem(source)
    if not re.fullmatch(r"[\w.+-]{1,60}", domain):
        raise UsageError(
            f"the domain name {domain!r} cannot be used\nName it yourself: --corpus NAME={source}, letters and digits."
        )
    return CorpusArgument(domain, source)


def is_text(text: str) -> bool:
    """Whether a path or a name is all characters; those of files may hold bytes that are none."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


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
        raise CorpusError(f"corpus {source}: it holds no text\nName a source with text in it: {_FORMS}.")


def _stem(source: str) -> str:
    if source.startswith("hf:"):
        return source.split(":")[1].rsplit("/", 1)[-1]
    if source.startswith("builtin:"):
        return source.removeprefix("builtin:")
    name = Path(source).name
    suffix = next((s for s in sorted(_SUFFIXES, key=len, reverse=True) if name.endswith(s)), "")
    return name.removesuffix(suffix)


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
        files = sorted(p for p in path.rglob("*") if p.name.endswith(_SUFFIXES) and p.is_file())
        if not files:
            raise CorpusError(f"corpus {source}: no .txt or .jsonl file below this directory (nor .gz of them)")
        for file in files:
            yield from _file_documents(file)
        return
    if not path.exists():
        raise CorpusError(f"corpus {source}: there is no such file or directory\nName {_FORMS}.")
    if not path.name.endswith(_SUFFIXES):
        raise CorpusError(f"corpus {source}: not a kind of file that is read\nName {_FORMS}.")
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
