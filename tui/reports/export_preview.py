"""How a report will look, as lines of text: its first neurons in the format asked for. For threads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import fit
from neuron_tui.tui.reports.report import write_report

NEURONS = 3
LINES = 240
"""How much of a report a preview shows."""

_CELL = 17


@dataclass(frozen=True, slots=True)
class Preview:
    """Lines of a report in a format; `wraps` if they are running text, which goes on on the next line."""

    format: str
    lines: tuple[str, ...]
    wraps: bool


def preview(run: Run, neurons: Sequence[tuple[int, int]], form: str, chosen_by: str) -> Preview:
    """The beginning of a report of some neurons; raises what `write_report` raises.

    Markdown is shown as it will be written, and stands for HTML too, which says the same; JSON is indented, and stands
    for Parquet; CSV has a line for each column.
    """
    stream = io.StringIO()
    shown_as = {"html": "md", "parquet": "jsonl"}.get(form, form)
    write_report(run, list(islice(neurons, NEURONS)), shown_as, stream, chosen_by=chosen_by)
    text = stream.getvalue()
    lines: Iterator[str] = iter(text.splitlines())
    if form == "csv":
        lines = _turned(text)
    elif form in ("json", "jsonl", "parquet"):
        records = json.loads(text) if form == "json" else map(json.loads, text.splitlines())
        lines = (line for record in records for line in json.dumps(record, ensure_ascii=False, indent=2).splitlines())
    shown = tuple(printable(line) for line in islice(lines, LINES))
    return Preview(form, shown, form in ("md", "html"))


def _turned(text: str) -> Iterator[str]:
    """A table with a line for each of its columns."""
    rows = list(csv.reader(io.StringIO(text)))
    width = max(map(len, rows[0])) + 2
    for column in zip(*rows, strict=True):
        first, *cells = map(printable, column)
        yield (fit(first, width) + "".join(fit(cell, _CELL - 2) + "  " for cell in cells)).rstrip()
