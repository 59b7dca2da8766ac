"""A run counted with other thresholds: choosing among its variants, and following those that are being counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import JobStatus, job_status
from neuron_tui.store.runs.variants import name_of
from neuron_tui.store.tokens import printable
from neuron_tui.tui.browsing.run_order import state_of
from neuron_tui.tui.browsing.variant_choices import Variants, variant_rows, variants_around
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.navigation import CountingPlace, go
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.explorer.growing import Teller
from neuron_tui.tui.widgets.runs.job_line import job_words

_EVERY = 2.0
"""Seconds between two looks at the countings that were started here."""

_COUNT_AGAIN = ""
"""Key of the choice that is no variant."""


class ChooseVariant(Choose):
    """One of the variants; wide enough for their thresholds."""


class VariantChooser:
    """Chooses among a run and its variants; has it counted again.

    Parameters
    ----------
    thresholds
        Gives the thresholds behind what is shown.
    chosen
        Called with the folder of the variant that a person chose.
    """

    def __init__(
        self,
        screen: Screen[None],
        teller: Teller,
        path: Path,
        *,
        thresholds: Callable[[], Thresholds],
        chosen: Callable[[Path], None],
    ) -> None:
        self._screen, self._teller, self._path = screen, teller, path
        self._thresholds, self._chosen = thresholds, chosen
        self.followed: set[Path] = set()
        """Folders of the countings that were started here and are not known to be over."""
        self._variants: Latest[Path, Variants] = Latest(screen, variants_around, lambda _, found: self._ask(found))
        self._jobs: Latest[tuple[Path, ...], dict[Path, tuple[str, JobStatus | None]]] = Latest(
            screen,
            lambda folders: {folder: (name_of(folder), job_status(folder)) for folder in folders},
            lambda _, jobs: self._jobs_seen(jobs),
        )

    def start(self) -> None:
        """Look now and then at what was started here."""
        self._screen.set_interval(_EVERY, self.look)

    # Choosing.

    def choose(self) -> None:
        """Show the run and its variants to choose from."""
        self._variants.request(self._path)

    def _ask(self, found: Variants) -> None:
        if not self._screen.is_current:
            return
        runs = found.all
        rows = [(str(place), text) for place, text in enumerate(variant_rows(runs))]
        here = next((str(place) for place, run in enumerate(runs) if run.path == found.here), "0")

        def answered(chosen: str | None) -> None:
            if chosen == _COUNT_AGAIN:
                self.count_again()
            elif chosen is not None and chosen != here:
                self._choose(runs[int(chosen)])

        choices = [*rows, (_COUNT_AGAIN, "count again with other thresholds …")]
        title = printable(f"Thresholds of {found.run.name}")
        self._screen.app.push_screen(ChooseVariant(title, choices, here), answered)

    def _choose(self, run: RunSummary) -> None:
        if run.state == "damaged":
            self._teller.complain(run.problem or f"{run.name} is damaged")
        elif run.manifest is None or not run.manifest.layers:
            self._teller.note(f"{run.name} has no finished layer yet: it is {state_of(run)}.")
        else:
            self._chosen(run.path)

    # Counting again.

    def count_again(self) -> None:
        """Ask for thresholds to count the run again with; of a variant, its own to begin with."""

        def answered(folder: Path | None) -> None:
            if folder is not None:
                self.followed.add(folder)
                self._teller.note("The run is counted again; V goes to the variant, also while its layers come.")

        go(self._screen, CountingPlace(self._path, self._thresholds()), answered)

    def look(self) -> None:
        """Look at what was started here."""
        if self.followed:
            self._jobs.request(tuple(self.followed))

    def _jobs_seen(self, jobs: dict[Path, tuple[str, JobStatus | None]]) -> None:
        """Say which have come to their end."""
        for folder, (name, status) in jobs.items():
            if folder not in self.followed or (status is not None and status.active):
                continue
            self.followed.discard(folder)
            if status is not None and status.condition == "done":
                self._screen.app.notify(printable(f"{name} is counted; V goes there."), markup=False)
            elif status is not None:
                self._teller.complain(f"{name}: {job_words(status)}\n{status.job.problem or ''}".rstrip())
