"""What can be done with the folders of the runs in the list: renaming, deleting, verifying."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from neuron_tui.store.tokens import printable
from neuron_tui.tui.browsing.checking import RunCheck
from neuron_tui.tui.browsing.run_changes import Deletion, Renaming
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.screens.runs.check import Check, verdict
from neuron_tui.tui.screens.runs.loading import Doing
from neuron_tui.tui.terminal.faults import fault_met
from neuron_tui.tui.widgets.runs.run_list import RunList


class Upkeep:
    """Renames, deletes and verifies runs of a list; `doing` carries out what waits for files."""

    def __init__(self, screen: Screen[Any], runs: RunList, directory: Path, doing: Doing) -> None:
        self._screen, self._runs, self._directory, self._doing = screen, runs, directory, doing
        self._checks: dict[Path, RunCheck] = {}

    def rename(self) -> None:
        """Ask for another name for the run under the cursor."""
        run = self._runs.selected
        if run is None:
            return
        renaming = Renaming(run, self._runs.all, self._directory)

        def check(name: str) -> Objection | None:
            objection = renaming.objection(name)
            return Objection(objection, 0) if objection else None

        def answered(name: str | None) -> None:
            if name is not None and renaming.new_name(name) != renaming.old_name:
                self._doing.carry_out(partial(renaming.carry_out, name), renaming.done(name), "Not renamed")

        hint = f"The new name of the {renaming.kind}; esc leaves it."
        self._screen.app.push_screen(Prompt(" = ", renaming.old_name, hint, check), answered)

    def delete(self) -> None:
        """Ask, then delete the marked runs, or the one under the cursor."""
        chosen = self._runs.chosen
        if not chosen:
            return
        deletion = Deletion.of(chosen, self._runs.all)
        if deletion.busy:
            names = ", ".join(printable(run.name) for run in deletion.busy)
            busy = f"{names}: being written. Cancel its job first (X)."
            self._screen.notify(busy, severity="warning", markup=False)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._doing.carry_out(deletion.carry_out, deletion.done, "Not deleted")

        self._screen.app.push_screen(Confirm(deletion.question, deletion.detail, "Delete", "Keep"), answered)

    # Verifying.

    def verify(self) -> None:
        """Check the run under the cursor, or look how its check goes."""
        run = self._runs.selected
        if run is None:
            return
        if run.manifest is None and run.state != "damaged":
            nothing = "Nothing of it is written yet that could be verified."
            self._screen.notify(nothing, severity="warning", markup=False)
            return
        check = self._checks.get(run.path)
        if check is None or check.state.over:
            check = self._checks[run.path] = RunCheck(run.path, run.name, variant=run.variant_of is not None)
            self._screen.run_worker(self._check(check), group="check")
        self._screen.app.push_screen(Check(check))

    async def _check(self, check: RunCheck) -> None:
        """Check a run in a thread, and say what was found unless it is in sight."""
        try:
            await asyncio.to_thread(check.work)
        except Exception as error:
            check.fail(str(fault_met(self._screen, error)))
        state, app = check.state, self._screen.app
        stopped = state.problems is None and state.failure is None
        if not stopped and not (isinstance(app.screen, Check) and app.screen.check is check):
            bad = state.errors or state.failure
            app.notify(
                verdict(state),
                title=printable(check.name),
                severity="error" if bad else "information",
                timeout=12,
                markup=False,
            )

    def stop_checks(self) -> None:
        """Nobody waits for a check any more."""
        for check in self._checks.values():
            check.stop()
