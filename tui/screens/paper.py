"""The paper's claims, checked against some runs: a list of verdicts, and one of them with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content

from neuron_tui.store.findings.figures import LabelledRun
from neuron_tui.store.findings.paper import PAPERS, Enough, Finding, check_paper, preface
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import read_count
from neuron_tui.tui.actions import Action, Key, back_action, bindings, help_action
from neuron_tui.tui.navigation import FiguresPlace, go
from neuron_tui.tui.reports.paper import totals
from neuron_tui.tui.reports.renderer import FINDINGS, FindingSet, suffixes_of, write_file
from neuron_tui.tui.screens.file_writing import FileWriting
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.screens.reading_runs import RunsReading
from neuron_tui.tui.widgets.claims import ClaimList, ClaimPane
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine
from neuron_tui.tui.widgets.rows import RowList

_ENOUGH_HINT = (
    "tokens that are enough, such as 600k; empty: the paper's 5M, and 20M for dead neurons · enter, esc leaves"
)

_KEYS = (
    Key("app.focus_next", "its numbers"),
    Key("paper.enough", "enough text"),
    Key("paper.figures", "figures"),
    Key("paper.export", "export"),
    Key("paper.help", "keys"),
    Key("paper.back", "back"),
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of the claims, and the notes on the runs."""

    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


class Paper(Page[None]):
    """What can be said of each claim that applies to the runs."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-broad")]  # noqa: RUF012 - as textual declares it

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "paper.enough",
            "e",
            "enough",
            "how many tokens are enough",
            "asks how many tokens to take for enough, in place of the paper's.",
            palette="Enough text",
        ),
        Action("paper.figures", "f", "figures", "figures", "shows the figures of these runs.", palette="Figures"),
        Action(
            "paper.export",
            "x",
            "export",
            "export",
            "writes all findings to a file: text, Markdown or JSON.",
            palette="Export",
        ),
        help_action("paper"),
        back_action("paper"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "go to the claim above or below, or scroll what is said of it."),
        ("enter tab", "goes from the list to what is said of the claim, and tab back."),
        ("✓", "the claim holds on this run."),
        ("✗", "it does not hold."),
        ("?", "it cannot be said: the sentence says what it would take."),
    )

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self.paths = tuple(paths)
        self._checked: Checked | None = None
        self.enough = PAPERS
        self._files = FileWriting(self, "The paper's claims")
        self._reading: RunsReading[Checked] = RunsReading(
            self,
            paths,
            made=self._show_checked,
            refused=lambda error: self.leave_saying(str(error), "This check"),
            progress=lambda text: self._headline(printable(text)),
        )

    @property
    def under_way(self) -> bool:
        """Whether the findings are still to come: keys typed ahead are meant for them."""
        return self._checked is None

    def compose(self) -> ComposeResult:
        """The list and the claim in focus, between the headline and the keys."""
        yield TextLine(((" the paper's claims · opening …", "strong"),), id="paper-headline", classes="headline")
        with Container(id="claims"):
            yield ClaimList()
            yield ClaimPane()
        yield KeyLine(*_KEYS)

    def on_mount(self) -> None:
        """Read and check the runs in a thread."""
        self._list.border_title = Content("The paper's claims")
        self._list.focus()
        self._check()

    def _check(self) -> None:
        """Check the claims in a thread, with what is enough text by now."""
        self._reading.make(partial(_checked, self.enough))

    # What is shown.

    def _headline(self, text: str) -> None:
        self.query_one("#paper-headline", TextLine).show_text(((f" the paper's claims · {text}", "strong"),))

    def _show_checked(self, checked: Checked) -> None:
        """The findings are there."""
        self._checked = checked
        runs = ", ".join(printable(one.label) for one in self._reading.runs)
        self._headline(f"{runs} · {totals(checked.findings)}")
        self._list.show(checked.findings)
        self._show()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another claim was walked to."""
        self._show()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter: from the list to what is said of the claim."""
        self.query_one(ClaimPane).focus()

    @property
    def _list(self) -> ClaimList:
        return self.query_one(ClaimList)

    def _show(self) -> None:
        if self._checked is not None:
            self.query_one(ClaimPane).show_finding(self._list.selected, self._checked.notes)

    # Keys.

    def action_enough(self) -> None:
        """Ask how many tokens are enough, and check the claims again."""
        if self._checked is None:
            return

        def check(text: str) -> Objection | None:
            tokens = read_count(text) if text.strip() else 0
            return Objection(f"{tokens[0].upper()}{tokens[1:]}.", 0) if isinstance(tokens, str) else None

        def answered(text: str | None) -> None:
            tokens = read_count(text) if text and text.strip() else None
            if text is not None and not isinstance(tokens, str):
                self.enough = PAPERS if tokens is None else Enough(tokens, tokens)
                self._check()

        proposed = "" if self.enough == PAPERS else f"{self.enough.other:,}"
        self.app.push_screen(Prompt(" e ", proposed, _ENOUGH_HINT, check), answered)

    def action_figures(self) -> None:
        """Show the figures of the same runs."""
        go(self, FiguresPlace(self.paths))

    def action_export(self) -> None:
        """Ask for a file and write the findings to it."""
        checked = self._checked
        if checked is None:
            return
        runs = self._reading.runs
        stem = f"{runs[0].label if len(runs) == 1 else 'runs'}-paper"
        writing = partial(write_file, FINDINGS, FindingSet(runs, checked.notes, checked.findings))
        self._files.ask((stem, ".md"), suffixes_of(FINDINGS), writing)


def _checked(enough: Enough, runs: tuple[LabelledRun, ...]) -> Checked:
    return Checked(preface(runs, enough), check_paper(runs, enough))
