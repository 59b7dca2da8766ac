"""Records of text: lines of bounded length, and the one value of each record that is its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from neuron_tui.store.errors import CorpusError
from neuron_tui.store.tokens import printable

LONGEST_RECORD = 1 << 29
"""Characters of a line, or of a value of a table, at most."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_KEYS_SHOWN = 12


def lines(path: Path, texts: Iterable[str]) -> Iterator[str]:
    """Lines with their line feed, of which the last may have none; raises CorpusError for one that is too long."""
    held: list[str] = []
    size = number = 0
    for text in texts:
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            held.append(text[start:end])
            size += end - start
            if size > LONGEST_RECORD:
                raise CorpusError(
                    f"corpus {path}, line {number + 1:,}: over {LONGEST_RECORD:,} characters in one line\n"
                    "Save a text of that size as a .txt file."
                )
            if held[-1].endswith("\n"):
                size, number = 0, number + 1
                yield _joined(held)  # kept by nobody here: it may be long
            start = end
    if held:
        yield _joined(held)


def _joined(parts: list[str]) -> str:
    line = "".join(parts)
    parts.clear()
    return line


def no_key(where: str, key: str, keys: Iterable[object]) -> CorpusError:
    """The error for records without the key of the text, which lists the keys that are there."""
    names = [str(name) for name in keys]
    more = f" and {len(names) - _KEYS_SHOWN:,} more" if len(names) > _KEYS_SHOWN else ""
    there = ", ".join(f"`{printable(name[:60])}`" for name in names[:_KEYS_SHOWN]) + more
    return CorpusError(
        f"corpus {where}: no key `{key}`; there {'is' if len(names) == 1 else 'are'} {there or 'none'}\n"
        "Name the key that holds the text with --text-key KEY."
    )


def text_of_value(value: object, where: str, key: str) -> str | None:
    """A value as text, None where there is none; raises CorpusError for what is neither."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise CorpusError(
            f"corpus {where}: `{key}` is not a string but {_kind(value)}\n"
            "Each record must hold its document as a string: name the right key with --text-key KEY."
        )
    # JSON can spell half a surrogate pair, which is no character and cannot be tokenised.
    return _SURROGATE.sub("?", value) if not value.isascii() and _SURROGATE.search(value) else value


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
