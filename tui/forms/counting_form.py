"""The form for counting a run again: its text, what there is to know of the run, and what is wrong with the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from neuron_tui.store.errors import UsageError
from neuron_tui.store.measures.threshold_wording import NUMBERS, Number, Value, thresholds_of
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.catalog import RunSummary, summarise
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.runs.variants import needs_activations, run_of, variant_folder, variants_of
from neuron_tui.store.wording import free_name, size_text

NAME: Final = "name"
"""The field that is no threshold."""

_LONGEST_NAME = 60


def texts_of(thresholds: Thresholds) -> dict[str, str]:
    """The form filled in with thresholds, without a name."""
    return {NAME: ""} | {one.key: one.text(one.of(thresholds)) for one in NUMBERS}


def read_thresholds(typed: Mapping[str, str]) -> tuple[Thresholds | None, dict[str, str]]:
    """The thresholds that are typed, or None; and what is wrong, by the field. An empty field is its default."""
    values: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for one in NUMBERS:
        try:
            values[one.key] = one.read(typed.get(one.key, ""))
        except ValueError as error:
            wrong[one.key] = str(error)
    return (None, wrong) if wrong else (thresholds_of(values), {})


def default_text(one: Number) -> str:
    """Whose number the default is, and which: `paper 95%`, `ours 0.3`."""
    return f"{'ours' if one.declared.ours else 'paper'} {one.text(one.default)}"


def proposed_name(thresholds: Thresholds) -> str:
    """A name that says what is not the paper's: `coverage90-tokens10`; empty where all of it is."""
    parts = [
        (one.declared.short or one.key) + one.text(one.of(thresholds)).rstrip("%")
        for one in NUMBERS
        if one.of(thresholds) != one.default
    ]
    return "-".join(parts)[:_LONGEST_NAME].rstrip("-.")


_WORD = 64
"""Neurons whose activity at a position is kept in one word of 8 bytes."""


@dataclass(frozen=True, slots=True)
class RunToCount:
    """A run that may be counted again.

    `without_bits` are the finished layers that keep no activations; `variants` are what it has already, by name, None
    for one that cannot be read or has only a job yet.
    """

    folder: Path
    name: str
    manifest: Manifest
    without_bits: tuple[int, ...] = ()
    variants: Mapping[str, RunSummary] = field(default_factory=dict)

    @property
    def bits(self) -> int:
        """Bytes that the activations of all its layers take, before they are packed tighter."""
        positions = self.manifest.corpus.positions if self.manifest.corpus else 0
        return 8 * -(-self.manifest.rows // _WORD) * positions * len(self.manifest.options.layers)


def look_at_run(folder: Path) -> RunToCount:
    """Look at the run in a folder, or at the one that a variant there is of. Waits for files: call it from a thread.

    Raises
    ------
    RunNotFoundError, RunDamagedError
        It is not there, or cannot be read.
    """
    run = Run(folder if run_of(folder) is None else folder.parent.parent)
    without = tuple(index for index, layer in run.layers.items() if not layer.keeps_activations)
    variants = {name: summarise(variant_folder(run.path, name)) for name in variants_of(run.path)}
    return RunToCount(run.path, run.name, run.manifest, without, variants)


def unfinished(run: RunToCount) -> str:
    """That the run is not complete, in a sentence with what to do; empty if it is."""
    if run.manifest.complete:
        return ""
    done, asked = len(run.manifest.layers), len(run.manifest.options.layers)
    return f"{run.name} is partial, {done} of {asked} layers: e in the list of runs goes on with its extraction first."


def without_bits(run: RunToCount) -> str:
    """That the run keeps no activation bits, what cannot be counted without them, and how to get them."""
    some = f" in {len(run.without_bits)} of its {len(run.manifest.layers)} layers"
    where = "" if len(run.without_bits) == len(run.manifest.layers) else some
    return (
        f"{run.name} keeps no activation bits{where}. Another coverage is counted from them, all else without. "
        f"To have them, extract it with --keep-activations always (up to {size_text(run.bits)} more on disk)."
    )


def counting_complaints(typed: Mapping[str, str], run: RunToCount | None) -> Iterator[tuple[str, str]]:
    """What is wrong with the form, as pairs of the field and a reason; the field is empty for all of them together."""
    name = typed.get(NAME, "").strip()
    thresholds, wrong = read_thresholds(typed)
    if not name:
        if thresholds != PAPER:  # else a name follows from what is changed
            yield NAME, "Name the variant."
    elif (reason := _unusable(name)) is not None:
        yield NAME, reason
    elif run is not None and name in run.variants:
        yield NAME, f"{run.name} has a variant of that name."
    yield from wrong.items()
    if run is not None and run.without_bits and thresholds and needs_activations(run.manifest, thresholds):
        yield "coverage", "takes activation bits; the run keeps none"
    if thresholds is not None and (reason := _counted_already(thresholds, run)) is not None:
        yield "", reason


def free_name_for(thresholds: Thresholds, run: RunToCount | None) -> str:
    """A name that says what is not the paper's and that no variant has; empty where all of it is."""
    name, variants = proposed_name(thresholds), run.variants if run is not None else {}
    return free_name(name, variants.__contains__) if name else ""


def _unusable(name: str) -> str | None:
    try:
        variant_folder(Path(), name)
    except UsageError:
        return "Up to 100 letters, digits and . _ + - , from a letter or digit on."
    return None


def _counted_already(thresholds: Thresholds, run: RunToCount | None) -> str | None:
    if thresholds == PAPER:
        counted = f"{run.name} is" if run is not None else "the run is"
        return f"These are the thresholds that {counted} counted with: change one."
    for name, variant in run.variants.items() if run is not None else ():
        if variant.manifest is not None and variant.manifest.thresholds == thresholds:
            rest = "" if variant.state == "complete" else "; e in the list of runs goes on with it"
            return f"{run.name if run else ''}@{name} has these thresholds already{rest}."
    return None
