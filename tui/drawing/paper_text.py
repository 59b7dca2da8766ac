"""Findings on the paper's claims as lines of text: the command and the screen show the same."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_tui.store.findings.paper.claim import Finding, Number
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import BLANK, Line, fit, text_of, wrap
from neuron_tui.tui.reports.paper import GLYPHS, by_run, totals

VERDICT_WIDTH = 18
"""Cells of a verdict with its sign, and the gap behind it."""

WIDTH = 80
"""Cells that findings take where there is no terminal."""

_MOST = 110

_FIRM = "\u00a0"
"""A space at which no line is broken."""


def verdict_text(finding: Finding) -> str:
    """A verdict with its sign: `✓ holds`."""
    return f"{GLYPHS[finding.verdict]} {finding.verdict}"


def finding_lines(finding: Finding, width: int) -> list[Line]:
    """A claim beside its verdict, and why, in `width` cells."""
    room = max(20, width - VERDICT_WIDTH)
    reference = finding.reference.replace(" ", _FIRM)
    claim = [line.replace(_FIRM, " ") for line in wrap(f"{finding.claim} [{reference}]", room)]
    why = wrap(printable(finding.because), room)
    blank = " " * VERDICT_WIDTH
    first: Line = ((fit(verdict_text(finding), VERDICT_WIDTH), role_of(finding)), (claim[0], "strong"))
    return [first, *(((blank, ""), (line, "strong")) for line in claim[1:]), *(((blank, ""), (w, "")) for w in why)]


def role_of(finding: Finding) -> str:
    """The role that a verdict plays; its sign and its words say the same."""
    return {"holds": "mark", "does not hold": "bad"}.get(finding.verdict, "dim")


def number_lines(finding: Finding, width: int) -> list[Line]:
    """What a finding rests on: a name and a number a line."""
    names = [printable(name.replace("_", " ")) for name in finding.numbers]
    room = min(max(map(len, names), default=0) + 2, max(8, width // 2))
    return [
        ((fit(name, room), "dim"), (fit(number_text(value), width - room).rstrip(), ""))
        for name, value in zip(names, finding.numbers.values(), strict=True)
    ]


def number_text(value: Number) -> str:
    """A number of a finding as people read it: `5,351`, `0.842`, a dash for what there is not."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(value) if value else "–"


def note_lines(notes: Sequence[str], width: int) -> list[Line]:
    """What must be said before any finding, wrapped."""
    return [((line, "dim"),) for note in notes for line in wrap(printable(note), width)]


def report_lines(notes: Sequence[str], findings: Sequence[Finding], width: int | None) -> list[Line]:
    """All findings as a command prints them, run by run, each with how many there are of each verdict."""
    cells = min(width or WIDTH, _MOST)
    lines = note_lines(notes, cells)
    for run, own in by_run(findings):
        lines += [BLANK, ((f"{printable(run)}: {totals(own)}", "heading"),), BLANK]
        for finding in own:
            lines += finding_lines(finding, cells)
    return lines


def report_text(notes: Sequence[str], findings: Sequence[Finding], width: int | None) -> str:
    """The same as text."""
    return text_of(report_lines(notes, findings, width))
