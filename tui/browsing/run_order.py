"""Which runs a list shows and in what order, and what state each is in. Plain Python over the catalog's summaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuron_tui.store.measures.threshold_wording import differences
from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.tokens import printable

STATES = ("running", "paused", "starting", "failed", "died", "damaged", "cancelled", "partial", "complete")
"""States in the order a person wants them: what moves, what needs something, what rests."""

SORTS = (
    ("name", "name"),
    ("state", "state, at work first"),
    ("model", "model"),
    ("corpus", "corpus"),
    ("tokens", "tokens"),
    ("layers", "layers done"),
    ("size", "size on disk"),
    ("created", "when it was begun"),
)
"""What the list can be sorted by, and how a person is asked."""

_LARGEST_FIRST = ("tokens", "layers", "size", "created")


@dataclass(frozen=True, slots=True)
class RunListQuery:
    """What the list shows: runs in which each of the words occurs, sorted by a column."""

    words: str = ""
    column: str = "name"
    descending: bool = False

    def sorted_by(self, column: str) -> RunListQuery:
        """The query sorted by a column: as suits it first, the other way round if it already is."""
        if column == self.column:
            return replace(self, descending=not self.descending)
        return replace(self, column=column, descending=column in _LARGEST_FIRST)


def state_of(run: RunSummary) -> str:
    """One of `STATES`: the run's own, or its job's where that says more."""
    job = run.job
    if run.state == "damaged":
        return "damaged"
    if job is not None and job.active:
        return job.condition
    if run.state == "partial" and job is not None and job.condition in ("cancelled", "failed", "died"):
        return job.condition
    return run.state


def readable(run: RunSummary) -> bool:
    """Whether there are finished layers that can be opened, drawn, compared and counted again."""
    return run.manifest is not None and bool(run.manifest.layers) and run.state != "damaged"


def resumable(run: RunSummary) -> bool:
    """Whether a job could go on with it."""
    return state_of(run) in ("partial", "cancelled", "failed", "died")


def layers_done(run: RunSummary) -> tuple[int, int]:
    """Layers that are there, and layers that were asked for; 0 of 0 while nobody knows."""
    if run.manifest is not None:
        return len(run.manifest.layers), len(run.manifest.options.layers)
    return (run.job.job.place, run.job.job.layers) if run.job is not None else (0, 0)


def model_name(run: RunSummary) -> str:
    """Name of the model, as its job was given it while there is no more; empty if that is not known either."""
    if run.manifest is not None:
        return run.manifest.model.name
    return next(iter(run.job.job.arguments), "") if run.job is not None else ""


def domains(run: RunSummary) -> tuple[tuple[str, int], ...]:
    """Name and counted tokens of each domain."""
    if run.manifest is None or run.manifest.corpus is None:
        return ()
    return tuple((domain.name, domain.tokens) for domain in run.manifest.corpus.domains)


def folder_above(run: RunSummary) -> Path | None:
    """Folder of the run that a variant is of, named from where the variant itself is; None for a run."""
    return run.path.parent.parent if run.variant_of is not None else None


def own_thresholds(run: RunSummary) -> tuple[str, ...]:
    """What a variant is counted with that is not the paper's, a few words each; nothing for a run itself."""
    return differences(run.manifest.thresholds) if run.manifest is not None else ()


def work_of(run: RunSummary) -> str:
    """What a job does to it: `extraction`, or `counting` for a variant."""
    return "extraction" if run.variant_of is None else "counting"


def created(run: RunSummary) -> str:
    """When it was begun, as ISO 8601 in UTC; empty if that is not known."""
    if run.manifest is not None:
        return run.manifest.created
    return run.job.job.begun if run.job is not None else ""


def created_text(run: RunSummary) -> str:
    """When it was begun, in UTC, to the minute: `2026-11-21 07:31`; empty if that is not known."""
    return created(run)[:16].replace("T", " ")


def arrange_runs(runs: Sequence[RunSummary], query: RunListQuery) -> list[RunSummary]:
    """The runs that a query finds, in its order; equal ones by name.

    Variants stand below their run, in the same order; one whose run the query hides stands by itself.
    """
    words = query.words.casefold().split()
    chosen = [run for run in runs if all(word in text for text in [_searched(run)] for word in words)]
    by_name = sorted(chosen, key=lambda run: run.name.casefold())
    ordered = sorted(by_name, key=_KEYS[query.column], reverse=query.descending)
    below: dict[Path, list[RunSummary]] = {run.path: [] for run in ordered if run.variant_of is None}
    for run in ordered:
        if (whose := folder_above(run)) in below:
            below[whose].append(run)
    return [one for run in ordered if folder_above(run) not in below for one in (run, *below.get(run.path, ()))]


def _searched(run: RunSummary) -> str:
    # As it is shown, so that what is read can be typed; one line a field, so that no word spans two.
    parts = (run.name, model_name(run), *(name for name, _ in domains(run)), state_of(run), run.state)
    parts = (*parts, *(("variant", *own_thresholds(run)) if run.variant_of is not None else ()))
    return "\n".join(printable(part) for part in parts).casefold()


_KEYS: dict[str, Callable[[RunSummary], Any]] = {
    "name": lambda run: run.name.casefold(),
    "state": lambda run: STATES.index(state_of(run)),
    "model": lambda run: model_name(run).casefold(),
    "corpus": lambda run: [name.casefold() for name, _ in domains(run)],
    "tokens": lambda run: sum(tokens for _, tokens in domains(run)),
    "layers": lambda run: layers_done(run),
    "size": lambda run: run.size,
    "created": created,
}
"""What each column is sorted by; its keys are all there are."""
