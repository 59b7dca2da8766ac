"""Mending a run from the app: look what is damaged and whether it can be made again, ask, start the job."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.jobs.mending import MendPlan, plan_mending, start_mending
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.screens.ask import Confirm

_MOST = 6
"""Files that a question names."""


class Mending:
    """Asks before a run is mended, and starts that; `begun` is called with the run's folder."""

    def __init__(self, screen: Screen[Any], begun: Callable[[Path], None]) -> None:
        self._screen, self._begun = screen, begun
        self._plans: Latest[Path, MendPlan] = Latest(screen, plan_mending, self._planned, self._refused)
        self._starts: Latest[Path, Path] = Latest(
            screen, start_mending, lambda _, folder: self._begun(folder), self._refused
        )

    def ask(self, folder: Path) -> None:
        """Look what is damaged of the run in a folder, and ask whether to make it again."""
        if not self._plans.busy:
            self._screen.notify("Looking what is damaged, and whether it can be made again …", markup=False)
            self._plans.request(folder)

    def _planned(self, folder: Path, plan: MendPlan) -> None:
        if plan.refused is not None:
            self._complain(plan.refused, "Cannot be mended")
            return
        if not plan.files:
            self._screen.notify(f"Every file of {printable(plan.run)} is as it was written.", markup=False)
            return
        detail = (
            f"Made again, from the model and the text that the run was made of: {_listed(plan.files)}. "
            "All other files stay as they are."
        )
        question = f"Mend the run {plan.run}?"
        self._screen.app.push_screen(Confirm(question, detail, "Mend", "Not now"), partial(self._answered, folder))

    def _answered(self, folder: Path, yes: bool | None) -> None:
        if yes:
            self._starts.request(folder)

    def _refused(self, _: Path, error: NeuronTuiError) -> None:
        self._complain(str(error), "Not mended")

    def _complain(self, problem: str, title: str) -> None:
        self._screen.app.notify(message(problem), title=title, severity="error", timeout=20, markup=False)


def _listed(files: tuple[str, ...]) -> str:
    more = f" and {len(files) - _MOST} more" if len(files) > _MOST else ""
    return ", ".join(map(printable, files[:_MOST])) + more
