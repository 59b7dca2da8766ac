"""Findings on the paper's claims as files: the suffix of the name decides what is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper import Finding
from neuron_tui.tui.reports.renderer import FINDINGS, FindingSet, write_file

FORMAT_OF = {one.suffix: one.name for one in FINDINGS.values()}


def write_paper(runs: Sequence[LabelledRun], notes: Sequence[str], findings: Sequence[Finding], path: Path) -> None:
    """Write findings; raises as `write_file`."""
    write_file(FINDINGS, FindingSet(runs, notes, findings), path)
