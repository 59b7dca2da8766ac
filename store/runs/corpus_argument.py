"""Corpus arguments `[DOMAIN=]SOURCE`, as the command line, the form of a new extraction and run.json write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.errors import CorpusError, UsageError

BUILTIN = ("prose", "code", "math")
"""Names of the built-in texts."""

BUILTIN_SOURCES = tuple(f"builtin:{name}" for name in BUILTIN)

PLAIN_SUFFIXES = (".txt", ".text", ".md", ".markdown", ".rst", ".tex")
"""Kinds of files that are read as text as they are, a document each; source code is read so too."""

_CODE = """
    py pyi c h cc cpp cxx hh hpp cu cuh java kt scala go rs js jsx mjs ts tsx cs fs swift rb pl pm php lua r jl m hs ml
    mli ex exs erl clj el lisp scm sql sh bash zsh ps1 asm s f90 f95 d dart zig nim v sv vhd proto
"""
CODE_SUFFIXES = tuple([f".{name}" for name in _CODE.split()])
"""Kinds of files that hold source code."""

_PACKINGS = ("", "gz", "zst")


def _packed(suffix: str, content: str) -> dict[str, tuple[str, str]]:
    return {f"{suffix}.{packing}".rstrip("."): (content, packing) for packing in _PACKINGS}


_KINDS = dict.fromkeys(CODE_SUFFIXES, ("text", "")) | {".parquet": ("parquet", "")}
for _suffix in PLAIN_SUFFIXES:
    _KINDS |= _packed(_suffix, "text")
for _suffix in (".jsonl", ".csv"):
    _KINDS |= _packed(_suffix, _suffix[1:])

FORMS = (
    "a .txt, .md, .jsonl or .csv file (also .gz or .zst), a .parquet file, source code, a directory of such files, "
    "hf:NAME:SPLIT, or builtin:prose, builtin:code, builtin:math"
)


@dataclass(frozen=True, slots=True)
class FileKind:
    """How a file is read: `content` is text, jsonl, csv or parquet; `packing` is gz, zst or empty."""

    suffix: str
    content: str
    packing: str


def kind_of(name: str) -> FileKind | None:
    """How a file of that name is read, by its suffix in upper or lower case; None if it is not read at all."""
    ending = name.lower()
    parts = ending.split(".")
    for count in (2, 1):  # the longer suffix says more: .jsonl.gz
        suffix = "." + ".".join(parts[-count:])
        if len(parts) > count and suffix in _KINDS:
            return FileKind(suffix, *_KINDS[suffix])
    return None


def is_hidden(name: str) -> bool:
    """Whether a file or a folder of that name is left out below a directory."""
    return name.startswith(".")


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
    domain, source = split_argument(argument)
    if not source or domain == "":
        raise UsageError(f"the corpus argument {argument!r} names no source\nWrite it as [DOMAIN=]SOURCE: {FORMS}.")
    if source.startswith("hf:"):
        source = _absolute_dataset(source)
    elif not source.startswith("builtin:"):
        source = str(local_path(source))
    if not is_text(source):
        raise CorpusError(f"the corpus {source!r} has no name in UTF-8, which run.json is written in\nRename it.")
    domain = domain or stem_of(source)
    if not is_domain(domain):
        raise UsageError(
            f"the domain name {domain!r} cannot be used\nName it yourself: --corpus NAME={source}, letters and digits."
        )
    return CorpusArgument(domain, source)


def split_argument(argument: str) -> tuple[str | None, str]:
    """Domain and source of a corpus argument as they are written; None where no domain is."""
    match = re.fullmatch(r"(?:([^/=:]*)=)?(.*)", argument, re.DOTALL)
    return (match[1], match[2]) if match else (None, argument)


def local_path(text: str) -> Path:
    """A typed path, absolute; an unknown ~user stays as it is."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        return Path(text).absolute()


def is_domain(text: str) -> bool:
    """Whether a text can be the name of a domain: up to 60 letters, digits and . _ + -."""
    return re.fullmatch(r"[\w.+-]{1,60}", text) is not None


def is_text(text: str) -> bool:
    """Whether a path or a name is all characters; those of files may hold bytes that are none."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def stem_of(source: str) -> str:
    """The domain a source has unless it is given one: a file's name without its suffix, the name of a dataset."""
    if source.startswith("hf:"):
        return source.split(":")[1].rsplit("/", 1)[-1]
    if source.startswith("builtin:"):
        return source.removeprefix("builtin:")
    name = Path(source).name
    kind = kind_of(name)
    return name[: -len(kind.suffix)] if kind is not None else name


def _absolute_dataset(source: str) -> str:
    """A source `hf:NAME:...` with an absolute path where NAME is one."""
    name, colon, rest = source.removeprefix("hf:").partition(":")
    return f"hf:{local_path(name)}{colon}{rest}" if name.startswith(("/", "~", "./", "../")) else source
