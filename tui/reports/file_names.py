"""Names of files to be written."""

from __future__ import annotations

from collections.abc import Iterable

from neuron_tui.tui.reports.renderer import objection_to


def objection_to_name(name: str, suffixes: Iterable[str]) -> str:
    """What is wrong with writing to a file of that name; empty if nothing is."""
    return objection_to(name, tuple(suffixes))
