"""What can be done with the folder of a run: renaming, deleting, verifying."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from neuron_tui.store.errors import NeuronTuiError, RunError, UsageError
from neuron_tui.store.runs.catalog import RunSummary, delete_run, rename_run, run_folder
from neuron_tui.store.runs.variants import variant_folder
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import number, size_text
from neuron_tui.tui.browsing.checking import RunCheck
from neuron_tui.tui.browsing.run_order import folder_above
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.screens.runs.check import Check, verdict
from neuron_tui.tui.screens.runs.reader import RunsReader

_NAMED_AT_MOST = 6
"""Runs that a question about several of them names."""


class RunUpkeep(RunsReader):
    """Renames, deletes and verifies the runs of the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "check", "verify", show=False, id="runs.check"),
        Binding("R,f2", "rename", "rename", show=False, id="runs.rename"),
        Binding("d,delete", "delete", "delete", show=False, id="runs.delete"),
    ]

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._checks: dict[Path, RunCheck] = {}

    def on_unmount(self) -> None:
        """Nobody waits for a check any more."""
        for check in self._checks.values():
            check.stop()

    def on_runs_reader_checked(self, event: RunsReader.Checked) -> None:
        """Say what the check found, unless it is in sight."""
        state = event.check.state
        stopped = state.problems is None and state.failure is None
        if not stopped and not (isinstance(self.app.screen, Check) and self.app.screen.check is event.check):
            bad = state.errors or state.failure
            self.app.notify(
                verdict(state),
                title=printable(event.check.name),
                severity="error" if bad else "information",
                timeout=12,
                markup=False,
            )

    def action_rename(self) -> None:
        """Ask for another name for the run under the cursor."""
        run = self._runs.selected
        if run is None:
            return
        of = folder_above(run)
        called, what = (run.name, "run") if of is None else (run.path.name, "variant")
        others = {other.path.name for other in self._runs.all if folder_above(other) == of} - {called}
        before = "" if of is None else f"{of.name}@"  # a variant may be named with its run, or without

        def check(name: str) -> Objection | None:
            new = name.strip().removeprefix(before)
            if new in others:
                return Objection(f"There is a {what} called {new}.", 0)
            try:
                _ = run_folder(self._directory, new) if of is None else variant_folder(of, new)
            except UsageError as error:
                return Objection(" ".join(str(error).split("\n")), 0)
            return None

        def answered(name: str | None) -> None:
            if name is not None and (new := name.strip().removeprefix(before)) != called:
                said = f"{run.name} is now {before}{new}."
                self.carry_out(partial(rename_run, run.path, new), said, "Not renamed")

        self.app.push_screen(Prompt(" = ", called, f"The new name of the {what}; esc leaves it.", check), answered)

    def action_delete(self) -> None:
        """Ask, then delete the marked runs, or the one under the cursor."""
        chosen = self._runs.chosen
        if not chosen:
            return
        chosen_runs = {run.path for run in chosen}
        with_them = [run for run in self._runs.all if folder_above(run) in chosen_runs and run.path not in chosen_runs]
        if busy := [run for run in (*chosen, *with_them) if run.state == "running"]:
            names = ", ".join(printable(run.name) for run in busy)
            self.notify(f"{names}: being written. Cancel its job first (X).", severity="warning", markup=False)
            return
        size = size_text(sum(run.size for run in (*chosen, *with_them)))
        variants = ", ".join(f"@{run.path.name}" for run in with_them[:_NAMED_AT_MOST])
        variants += f" and {len(with_them) - _NAMED_AT_MOST} more" if len(with_them) > _NAMED_AT_MOST else ""
        too = f"With {number(len(with_them), 'variant')}: {variants}. " if with_them else ""
        if len(chosen) == 1:
            what = "run" if chosen[0].variant_of is None else "variant"
            question, detail = f"Delete the {what} {chosen[0].name}?", f"{too}{size} in {chosen[0].path}."
            said = f"The {what} {chosen[0].name} is deleted."
        else:
            named = ", ".join(f"{run.name} ({size_text(run.size)})" for run in chosen[:_NAMED_AT_MOST])
            more = f" and {len(chosen) - _NAMED_AT_MOST} more" if len(chosen) > _NAMED_AT_MOST else ""
            question, detail = f"Delete {number(len(chosen), 'marked run')}?", f"{too}{named}{more}: {size} together."
            said = f"{number(len(chosen), 'run')} deleted."
        them = "It" if len(chosen) == 1 and not with_them else "They"

        def answered(yes: bool | None) -> None:
            if yes:
                self.carry_out(partial(_delete, chosen), said, "Not deleted")

        self.app.push_screen(Confirm(question, f"{detail} {them} cannot be brought back.", "Delete", "Keep"), answered)

    def action_check(self) -> None:
        """Check the run under the cursor, or look how its check goes."""
        run = self._runs.selected
        if run is None:
            return
        if run.manifest is None and run.state != "damaged":
            self.notify("Nothing of it is written yet that could be verified.", severity="warning", markup=False)
            return
        check = self._checks.get(run.path)
        if check is None or check.state.over:
            check = self._checks[run.path] = RunCheck(run.path, run.name, variant=run.variant_of is not None)
            self.start_check(check)
        self.app.push_screen(Check(check))

    def upkeep_commands(self) -> Iterator[SystemCommand]:
        """The actions on folders for the command palette."""
        yield SystemCommand("Rename", "Give the run another name (R)", self.action_rename)
        yield SystemCommand("Delete", "Delete the marked runs, or this one (d)", self.action_delete)
        yield SystemCommand("Verify", "Check every file of the run (v)", self.action_check)


def _delete(runs: list[RunSummary]) -> None:
    """Delete runs; what goes wrong with one does not keep the others; raises RunError for all that did."""
    problems = []
    chosen = {run.path for run in runs}
    for run in [run for run in runs if folder_above(run) not in chosen]:  # a variant goes with its run
        try:
            delete_run(run.path)
        except (NeuronTuiError, OSError) as error:
            problems.append(str(error))
    if problems:
        raise RunError("\n".join(problems))
