"""Findings on the paper's claims as text in a format, and as files: the suffix of the name decides what is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuron_tui.store.disk.output import write_text
from neuron_tui.store.findings.figures import LabelledRun
from neuron_tui.store.findings.paper import Finding
from neuron_tui.tui.drawing.paper_text import report_text
from neuron_tui.tui.reports.paper import findings_json, findings_markdown

FORMAT_OF = {".md": "md", ".json": "json", ".txt": "table"}
"""What is written to a file, by the suffix of its name."""


def paper_text(
    facts: Sequence[LabelledRun],
    notes: Sequence[str],
    findings: Sequence[Finding],
    format_: str,
    width: int | None = None,
) -> str:
    """Findings as `table`, in `width` cells, `json` or `md`."""
    match format_:
        case "json":
            return findings_json(facts, notes, findings)
        case "md":
            return findings_markdown(notes, findings)
    return report_text(notes, findings, width)


def write_paper(facts: Sequence[LabelledRun], notes: Sequence[str], findings: Sequence[Finding], path: Path) -> None:
    """Write findings to a file.

    Raises
    ------
    InputError, DiskFullError
        The file cannot be written.
    """
    text = paper_text(facts, notes, findings, FORMAT_OF[path.suffix.lower()])
    write_text(path, text)
