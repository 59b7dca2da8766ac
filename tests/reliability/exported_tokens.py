"""The tokens that an exported file names, as a program reads it back, by format; a file that does not parse raises."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser


def _json_of(data: bytes) -> set[str]:
    return _texts(json.loads(data))


def _jsonl_of(data: bytes) -> set[str]:
    return {text for line in data.decode().split("\n")[:-1] for text in _texts(json.loads(line))}


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in parts for text in _texts(part)}


def _csv_of(data: bytes) -> set[str]:
    rows = list(csv.DictReader(io.StringIO(data.decode()), strict=True))
    assert all(None not in row and None not in row.values() for row in rows), "rows of different lengths"
    return {text for row in rows for name in ("promoted", "suppressed") for text in json.loads(row[name] or "[]")}


def _parquet_of(data: bytes) -> set[str]:
    from pyarrow import parquet

    return {text for row in parquet.read_table(io.BytesIO(data)).column("effect").to_pylist() for text in _texts(row)}


class _Tokens(HTMLParser):
    """The text of each element that holds a token; every element and attribute."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: set[str] = set()
        self.seen: set[str] = set()
        self._within: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}
        if tag == "bdi":
            self._within = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi" and self._within is not None:
            self.tokens.add("".join(self._within))
            self._within = None

    def handle_data(self, data: str) -> None:
        if self._within is not None:
            self._within.append(data)


def html_of(data: bytes) -> set[str]:
    """Those of a page, which holds nothing that could act."""
    page = _Tokens(data.decode())
    assert not page.seen & {"script", "img", "iframe", "object", "embed", "form", "link", "base", "src", "onerror"}
    return page.tokens


_CODE = re.compile(r"`([^`]*)`|<code>([^<]*)</code>")


def _markdown_of(data: bytes) -> set[str]:
    found, columns, fence = set(), 0, ""
    for line in data.decode().split("\n"):
        if match := re.match("`{3,}", line):
            fence = "" if fence and line == fence else fence or match[0]
        if fence or not line.startswith("|"):
            columns = 0
            continue
        # Nothing of a run may hold a pipe that a reader of tables would take for the end of a cell.
        assert line.endswith("|"), line
        count = line.count("|")
        assert columns in (0, count), f"{count - 1} cells, the table has {columns - 1}: {line!a}"
        columns = count
        for plain_, escaped in _CODE.findall(line):
            found.add(plain_ or re.sub(r"&#(\d+);", lambda m: chr(int(m[1])), escaped))
    assert not fence, "a block of code has no end"
    return found


READERS: dict[str, Callable[[bytes], set[str]]] = {
    **{"json": _json_of, "jsonl": _jsonl_of, "csv": _csv_of, "parquet": _parquet_of, "neuronpedia": _json_of},
    **{"html": html_of, "md": _markdown_of},
}
