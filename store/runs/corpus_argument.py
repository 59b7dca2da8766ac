"""Corpus arguments `[DOMAIN=]SOURCE`, as the command line, the form of a new extraction and run.json write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.errors import CorpusError, UsageError

BUILTIN = ("prose", "code", "math")
"""Names of the built-in texts."""

BUILTIN_SOURCES = tuple(f"builtin:{name}" for name in BUILTIN)

SUFFIXES = (".txt", ".jsonl", ".txt.gz", ".jsonl.gz")
"""Kinds of files that are read as text."""

FORMS = "a .txt or .jsonl file (also .gz), a directory of such files, or builtin:prose, builtin:code, builtin:math"


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
    if not source.startswith(("builtin:", "hf:")):
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
    suffix = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if name.endswith(s)), "")
    return name.removesuffix(suffix)
