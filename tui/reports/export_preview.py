"""How a report will look, as lines of text: its first neurons in the format asked for. For threads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import islice

from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import fit
from neuron_tui.tui.reports.report import write_report

NEURONS = 3
LINES = 240
"""How much of a report a preview shows."""

_BACK = "link back"
_HIDDEN = frozenset({"head", "style", _BACK})
_VOID = frozenset({"meta", "br"})
_BLOCKS = {"h1": "# ", "h2": "\n## ", "h3": "\n### ", "h4": "\n", "caption": "\n", "summary": "▸ "}
_CELL = 17


@dataclass(frozen=True, slots=True)
class Preview:
    """Lines of a report in a format; `wraps` if they are running text, which goes on on the next line."""

    format: str
    lines: tuple[str, ...]
    wraps: bool


def preview(run: Run, neurons: Sequence[tuple[int, int]], form: str, chosen_by: str) -> Preview:
    """The beginning of a report of some neurons; raises what `write_report` raises.

    Markdown is shown as it will be written, HTML as the text that a browser lays out, JSON with its parts on lines of
    their own, CSV with a line for each column.
    """
    stream = io.StringIO()
    write_report(run, list(islice(neurons, NEURONS)), form, stream, chosen_by=chosen_by)
    text = stream.getvalue()
    if form == "html":
        lines: Iterator[str] = iter(html_outline(text))
    elif form == "csv":
        lines = _turned(text)
    elif form in ("json", "jsonl"):
        records = json.loads(text) if form == "json" else map(json.loads, text.splitlines())
        lines = (line for record in records for line in (*_indented(record), ""))
    else:
        lines = iter(text.splitlines())
    shown = tuple(printable(line) for line in islice(lines, LINES))
    return Preview(form, shown, form in ("md", "html"))


def html_outline(text: str) -> list[str]:
    """The text of an HTML report, a line a block: charts by their titles, without what is folded away."""
    outline = _Outline()
    outline.feed(text)
    outline.close()
    return outline.lines


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._open: list[str] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self._open.append(_BACK if ("class", "back") in attrs else tag)

    def handle_data(self, data: str) -> None:
        if "svg" in self._open:
            if self._open[-1] == "title":
                self.lines.append(f"[chart: {data}]")
        elif not _HIDDEN & set(self._open) and ("details" not in self._open or "summary" in self._open):
            self._text += data.strip("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1:] == [_BACK]:
            self._open.pop()
            return
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag in ("td", "th"):
            self._text += "  "
        elif tag == "dt":
            self._text += ": "
        elif tag == "b":
            self._text += "  "
        elif tag in _BLOCKS or tag in ("p", "li", "dd", "tr", "figcaption", "a"):
            self._flush(_BLOCKS.get(tag, ""))

    def _flush(self, before: str) -> None:
        if "tr" in self._open or "p" in self._open:
            return  # a link within a line
        if text := self._text.rstrip():
            self.lines += f"{before}{text}".split("\n")
        self._text = ""


def _indented(value: object, name: str = "", depth: int = 0) -> Iterator[str]:
    """JSON with a line for each name, lists of simple values on one line."""
    start = "  " * depth + (f"{json.dumps(name, ensure_ascii=False)}: " if name else "")
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    flat = json.dumps(value, ensure_ascii=False)
    if not any(isinstance(part, dict | list) for part in inner) or len(flat) < 100:
        yield start + flat
        return
    brackets = "{}" if isinstance(value, dict) else "[]"
    yield start + brackets[0]
    parts = list(value.items()) if isinstance(value, dict) else [("", part) for part in inner]
    for place, (key, part) in enumerate(parts, 1):
        *before, last = _indented(part, key, depth + 1)
        yield from before
        yield last + ("," if place < len(parts) else "")
    yield "  " * depth + brackets[1]


def _turned(text: str) -> Iterator[str]:
    """A table with a line for each of its columns."""
    rows = list(csv.reader(io.StringIO(text)))
    width = max(map(len, rows[0])) + 2
    for column in zip(*rows, strict=True):
        first, *cells = map(printable, column)
        yield (fit(first, width) + "".join(fit(cell, _CELL - 2) + "  " for cell in cells)).rstrip()
