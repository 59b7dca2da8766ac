"""Renaming and deleting runs of a list: what is asked, what stands against it, and what is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neuron_tui.store.errors import NeuronTuiError, RunError, UsageError
from neuron_tui.store.notes.notes_file import note_count
from neuron_tui.store.runs.catalog import RunSummary, delete_run, rename_run, run_folder
from neuron_tui.store.runs.variants import variant_folder
from neuron_tui.store.wording import count_noun, size_text
from neuron_tui.tui.browsing.run_order import folder_above

_NAMED_AT_MOST = 6
"""Runs that a question about several of them names."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """Another name for a run, or for a variant, which may be named with its run or without."""

    run: RunSummary
    every: tuple[RunSummary, ...]
    directory: Path

    @property
    def kind(self) -> str:
        """`run` or `variant`."""
        return "run" if self.run.variant_of is None else "variant"

    @property
    def old_name(self) -> str:
        """The name as it is; of a variant without its run's."""
        return self.run.name if self.run.variant_of is None else self.run.path.name

    def new_name(self, typed: str) -> str:
        """The name that was typed; of a variant without its run's."""
        return typed.strip().removeprefix(self._before)

    def objection(self, typed: str) -> str:
        """What is wrong with a name; empty if nothing is."""
        new, above = self.new_name(typed), folder_above(self.run)
        others = {other.path.name for other in self.every if folder_above(other) == above}
        if new in others - {self.old_name}:
            return f"There is a {self.kind} called {new}."
        try:
            _ = run_folder(self.directory, new) if above is None else variant_folder(above, new)
        except UsageError as error:
            return " ".join(str(error).split("\n"))
        return ""

    def done(self, typed: str) -> str:
        """What to say when it is renamed."""
        return f"{self.run.name} is now {self._before}{self.new_name(typed)}."

    def carry_out(self, typed: str) -> Path:
        """Rename it; gives its new folder. Raises NeuronTuiError."""
        return rename_run(self.run.path, self.new_name(typed))

    @property
    def _before(self) -> str:
        above = folder_above(self.run)
        return "" if above is None else f"{above.name}@"


@dataclass(frozen=True, slots=True)
class Deletion:
    """Some runs that are to be deleted; the variants of a run go with it."""

    chosen: tuple[RunSummary, ...]
    with_them: tuple[RunSummary, ...]

    @classmethod
    def of(cls, chosen: Sequence[RunSummary], every: Sequence[RunSummary]) -> Deletion:
        """The deletion of the chosen among all runs there are."""
        paths = {run.path for run in chosen}
        below = tuple(run for run in every if folder_above(run) in paths and run.path not in paths)
        return cls(tuple(chosen), below)

    @property
    def busy(self) -> tuple[RunSummary, ...]:
        """Those that are being written: while there are any, nothing can be deleted."""
        return tuple(run for run in (*self.chosen, *self.with_them) if run.state == "running")

    @property
    def question(self) -> str:
        """What to ask."""
        if len(self.chosen) == 1:
            return f"Delete the {self._kind} {self.chosen[0].name}?"
        return f"Delete {count_noun(len(self.chosen), 'marked run')}?"

    @property
    def detail(self) -> str:
        """What goes, and how much room it takes."""
        size = size_text(sum(run.size for run in (*self.chosen, *self.with_them)))
        variants = _named([f"@{run.path.name}" for run in self.with_them])
        too = f"With {count_noun(len(self.with_them), 'variant')}: {variants}. " if self.with_them else ""
        if len(self.chosen) == 1:
            what = f"{size} in {self.chosen[0].path}."
        else:
            what = f"{_named([f'{run.name} ({size_text(run.size)})' for run in self.chosen])}: {size} together."
        notes = self._notes_too()
        them = "It" if len(self.chosen) == 1 and not self.with_them and not notes else "They"
        return f"{too}{what}{notes} {them} cannot be brought back."

    def _notes_too(self) -> str:
        """How many notes go too: those of a run, since its variants share them."""
        counts = [note_count(run.path) for run in self.chosen if run.variant_of is None]
        if None in counts:
            return " Notes that cannot be read go too."
        count = sum(filter(None, counts))
        return f" {count_noun(count, 'note')} on neurons {'goes' if count == 1 else 'go'} too." if count else ""

    @property
    def done(self) -> str:
        """What to say when they are deleted."""
        if len(self.chosen) == 1:
            return f"The {self._kind} {self.chosen[0].name} is deleted."
        return f"{count_noun(len(self.chosen), 'run')} deleted."

    def carry_out(self) -> None:
        """Delete them; what goes wrong with one does not keep the others. Raises RunError for all that did."""
        problems = []
        chosen = {run.path for run in self.chosen}
        for run in [run for run in self.chosen if folder_above(run) not in chosen]:
            try:
                delete_run(run.path)
            except (NeuronTuiError, OSError) as error:
                problems.append(str(error))
        if problems:
            raise RunError("\n".join(problems))

    @property
    def _kind(self) -> str:
        return "run" if self.chosen[0].variant_of is None else "variant"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
    return ", ".join(names[:_NAMED_AT_MOST]) + more
