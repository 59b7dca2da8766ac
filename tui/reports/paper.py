"""Findings for programs and for reading: JSON and Markdown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import VERDICTS, Finding
from neuron_tui.store.findings.paper.model import opt_model
from neuron_tui.store.tokens import printable

GLYPHS = {"holds": "✓", "does not hold": "✗", "cannot be said": "?"}
"""Signs of the verdicts: told apart without colour."""

_VERBS = {"holds": ("holds", "hold"), "does not hold": ("does not hold", "do not hold")}


def findings_json(labelled_runs: Sequence[LabelledRun], notes: Sequence[str], findings: Sequence[Finding]) -> str:
    """Findings as one JSON object: `runs`, `notes`, `findings`."""
    runs = [
        {
            "run": one.label,
            "model": one.run.manifest.model.name,
            "taken_for": opt_model(one),
            "tokens": one.run.manifest.tokens,
            "context_length": one.run.manifest.options.context_length,
        }
        for one in labelled_runs
    ]
    found = [
        {
            "run": finding.run,
            "name": finding.name,
            "claim": finding.claim,
            "reference": finding.reference,
            "verdict": finding.verdict,
            "because": finding.because,
            "numbers": dict(finding.numbers),
        }
        for finding in findings
    ]
    return json.dumps({"runs": runs, "notes": list(notes), "findings": found}, indent=2, allow_nan=False) + "\n"


def findings_markdown(notes: Sequence[str], findings: Sequence[Finding]) -> str:
    """Findings as Markdown: what must be said first, then a table for each run."""
    lines = ["# What the paper found, and these runs", "", *(f"- {_inert(note)}" for note in notes)]
    for run, own in by_run(findings):
        lines += [
            "",
            f"## {_inert(run)}",
            "",
            f"{totals(own)}.",
            "",
            "| | verdict | claim | why |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {GLYPHS[one.verdict]} | {one.verdict} | {_inert(one.claim)} [{one.reference}] | {_inert(one.because)} |"
            for one in own
        ]
    return "\n".join(lines) + "\n"


def by_run(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """The findings of each run, or of several compared, in their order."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.run, []).append(finding)
    return list(groups.items())


def totals(findings: Sequence[Finding]) -> str:
    """How many of each verdict: `3 hold, 1 does not hold, 4 cannot be said`."""
    counts = Counter(finding.verdict for finding in findings)
    told = (f"{counts[v]} {_VERBS.get(v, (v, v))[counts[v] != 1]}" for v in VERDICTS if counts[v])
    return ", ".join(told) or "no claim applies"


def _inert(text: str) -> str:
    """Text in which nothing acts in Markdown: names of runs and models and tokens occur in it."""
    return re.sub(r"([\\`*_\[\]<>|~#&])", r"\\\1", printable(text))
