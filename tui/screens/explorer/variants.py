"""A run counted with other thresholds: choosing among its variants, and asking for another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from neuron_tui.store.neurons.arrangement import ListQuery
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, row_of
from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import JobStatus, job_status
from neuron_tui.store.runs.variants import name_of
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.browsing.run_order import state_of
from neuron_tui.tui.browsing.variant_choices import Variants as Found
from neuron_tui.tui.browsing.variant_choices import variant_rows, variants_around
from neuron_tui.tui.navigation import CountingPlace, go
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.explorer.walking import Walking
from neuron_tui.tui.widgets.runs.job_line import job_words

_EVERY = 2.0
"""Seconds between two looks at the countings that were started here."""

_COUNT_AGAIN = ""
"""Key of the choice that is no variant."""


@dataclass(frozen=True, slots=True)
class View:
    """How a run was looked at when another of the same neurons was chosen: what stays in view there."""

    neuron: Address | None
    list_query: ListQuery
    zoom: bool


class ChooseVariant(Choose):
    """One of the variants; wide enough for their thresholds."""

    CSS = "ChooseVariant #choose { width: 90; }"


class Variants(Walking):
    """The run beside its variants."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.variants",
            "V",
            "variants",
            "variants with other thresholds",
            "chooses among the run and its variants, counted with other thresholds; the neuron stays in view.",
            palette="Variants",
        ),
        Action(
            "explorer.count_again",
            "A",
            "count_again",
            "count again with other thresholds",
            "asks for other thresholds and counts the run again with them, as a variant of it.",
            palette="Count again",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class VariantsFound(Message):
        """A thread has looked which variants there are."""

        found: Found

    @dataclass
    class CountingsSeen(Message):
        """A thread has looked at the countings started here, by folder, with what each variant is called."""

        jobs: dict[Path, tuple[str, JobStatus | None]]

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        self._view: View | None = None
        self._kept_in_view: Address | None = None
        self._countings: set[Path] = set()

    def on_mount(self) -> None:
        """Look now and then at what was started here."""
        self.set_interval(_EVERY, self.look_at_countings)

    # Choosing.

    def action_variants(self) -> None:
        """Show the run and its variants to choose from."""
        self.run_worker(self._find_variants, thread=True, group="variants", exclusive=True)

    def _find_variants(self) -> None:
        self.post_message(self.VariantsFound(variants_around(self._path)))

    def on_variants_variants_found(self, event: VariantsFound) -> None:
        """Ask for one of them."""
        if not self.is_current:
            return
        runs = event.found.all
        rows = [(str(place), text) for place, text in enumerate(variant_rows(runs))]
        here = next((str(place) for place, run in enumerate(runs) if run.path == event.found.here), "0")

        def answered(chosen: str | None) -> None:
            if chosen == _COUNT_AGAIN:
                self.action_count_again()
            elif chosen is not None and chosen != here:
                self._choose(runs[int(chosen)])

        choices = [*rows, (_COUNT_AGAIN, "count again with other thresholds …")]
        title = printable(f"Thresholds of {event.found.run.name}")
        self.app.push_screen(ChooseVariant(title, choices, here), answered)

    def _choose(self, run: RunSummary) -> None:
        if run.state == "damaged":
            self.complain(run.problem or f"{run.name} is damaged")
        elif run.manifest is None or not run.manifest.layers:
            self.note(f"{run.name} has no finished layer yet: it is {state_of(run)}.")
        else:
            self.switch_to(run.path, View(self.here, self._list_query, self.has_class("-zoom")))

    def switch_to(self, path: Path, view: View) -> None:
        """Show another run of the same neurons in the place of this one."""
        raise NotImplementedError

    # What stays in view.

    def take_over(self, view: View) -> None:
        """Begin with what was looked at in another run of the same neurons."""
        self._view = view

    def keep_in_view(self, opened: OpenedRun, left_before: bool) -> None:
        """The run is open: show the neuron that was in view, as large as it was.

        A run that was never left before is shown by the same filter and order; else by its own.
        """
        view, self._view = self._view, None
        if view is None:
            return
        if not left_before:
            self._list_query = view.list_query
            self._layers.select(view.list_query.layer)
            self._neuron.set_order(view.list_query.order)
        if view.neuron is not None and (row := row_of(opened, view.neuron)) is not None:
            self._follow, self._kept_in_view = row, view.neuron
        self.set_class(view.zoom, "-zoom")
        (self._neuron if view.zoom else self._neurons).focus()

    def bring_in_view(self) -> None:
        """The list is there: if it leaves out the neuron that was in view, what hides it gives way."""
        at, self._kept_in_view = self._kept_in_view, None
        if at is not None and self.here != at:
            self.go_to(at)

    # Counting again.

    def action_count_again(self) -> None:
        """Ask for thresholds to count the run again with; of a variant, its own to begin with."""
        if self._opened is None:
            return

        def answered(folder: Path | None) -> None:
            if folder is not None:
                self._countings.add(folder)
                self.note("The run is counted again; V goes to the variant, also while its layers come.")

        go(self, CountingPlace(self._path, self.thresholds), answered)

    def look_at_countings(self) -> None:
        """Look in a thread at what was started here and has not been told the end of."""
        if self._countings:
            self.run_worker(partial(self._see_countings, tuple(self._countings)), thread=True, group="countings")

    def _see_countings(self, folders: tuple[Path, ...]) -> None:
        self.post_message(self.CountingsSeen({folder: (name_of(folder), job_status(folder)) for folder in folders}))

    def on_variants_countings_seen(self, event: CountingsSeen) -> None:
        """Say which have come to their end."""
        for folder, (name, status) in event.jobs.items():
            if folder not in self._countings or (status is not None and status.active):
                continue
            self._countings.discard(folder)
            if status is not None and status.condition == "done":
                self.app.notify(printable(f"{name} is counted; V goes there."), markup=False)
            elif status is not None:
                self.complain(f"{name}: {job_words(status)}\n{status.job.problem or ''}".rstrip())
