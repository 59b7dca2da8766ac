"""The variants of a run as a list to choose from: what each is called, which thresholds it has, how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len

from neuron_tui.store.measures.threshold_wording import thresholds_text
from neuron_tui.store.runs.catalog import RunSummary, summarise
from neuron_tui.store.runs.variants import run_of, variant_folder, variants_of
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.browsing.run_order import layers_done, state_of
from neuron_tui.tui.drawing.spans import fit

_NAME = 32
"""Cells of a name at most: the thresholds are what is chosen by."""


@dataclass(frozen=True, slots=True)
class Variants:
    """A run and its variants, `here` the folder of the one that is asked from."""

    run: RunSummary
    variants: tuple[RunSummary, ...]
    here: Path

    @property
    def all(self) -> tuple[RunSummary, ...]:
        """The run first."""
        return (self.run, *self.variants)


def variants_around(folder: Path) -> Variants:
    """The run in a folder, or the one that a variant there is of, and its variants. Waits for files."""
    run = folder if run_of(folder) is None else folder.parent.parent
    return Variants(summarise(run), tuple(summarise(variant_folder(run, name)) for name in variants_of(run)), folder)


def variant_rows(found: Sequence[RunSummary]) -> list[str]:
    """A line for each: its name, the thresholds that are not the paper's, and its state if it is not complete."""
    names = [printable(run.name if run.variant_of is None else f"@{run.path.name}") for run in found]
    width = min(_NAME, max(map(cell_len, names)))
    return [f"{fit(name, width)}  {_description(run)}" for name, run in zip(names, found, strict=True)]


def _description(run: RunSummary) -> str:
    state = state_of(run)
    done, wanted = layers_done(run)
    how_far = f"{state}, {done} of {count_noun(wanted, 'layer')}" if wanted else state
    thresholds = [thresholds_text(run.manifest.thresholds)] if run.manifest is not None else []
    return " · ".join([*thresholds, *([how_far] if state != "complete" else [])])
