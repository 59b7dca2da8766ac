"""The paper's claims, checked against some runs: a list of verdicts, and one of them with its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message

from neuron_tui.store.findings.figures import LabelledRun
from neuron_tui.store.findings.paper import PAPERS, Enough, Finding, check_paper, preface
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import read_count
from neuron_tui.tui.navigation import FiguresPlace, go
from neuron_tui.tui.reports.paper import totals
from neuron_tui.tui.reports.paper_files import FORMAT_OF, write_paper
from neuron_tui.tui.screens.facts_screen import FactsScreen
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.widgets.claims import ClaimList, ClaimPane
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.painting import Said
from neuron_tui.tui.widgets.rows import RowList

_ENOUGH_HINT = (
    "tokens that are enough, such as 600k; empty: the paper's 5M, and 20M for dead neurons · enter, esc leaves"
)

_KEYS = (
    Key("tab", "its numbers", "app.focus_next"),
    Key("e", "enough text", "screen.enough"),
    Key("f", "figures", "screen.figures"),
    Key("x", "export", "screen.export"),
    Key("?", "keys", "screen.help"),
    Key("q", "back", "screen.back"),
)


class Paper(FactsScreen):
    """What can be said of each claim that applies to the runs."""

    READ = "This check"
    WRITTEN = "The paper's claims"

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-broad")]  # noqa: RUF012 - as textual declares it

    CSS = """
    Paper #claims { height: 1fr; layout: vertical; }
    Paper #claim-list, Paper #claim-pane {
        border: round $dim; border-title-color: $foreground; border-title-style: bold;
    }
    Paper #claim-list:focus, Paper #claim-pane:focus { border: heavy $primary; }
    Paper #claim-list { height: 1fr; }
    Paper #claim-pane { height: 1fr; }
    Paper.-broad #claims { layout: horizontal; }
    Paper.-broad #claim-list { width: 1fr; }
    Paper.-broad #claim-pane { width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "enough", "how many tokens are enough", id="paper.enough", show=False),
        Binding("f", "figures", "figures", id="paper.figures", show=False),
        Binding("x", "export", "export", id="paper.export", show=False),
        Binding("question_mark", "help", "keys", id="paper.help", show=False),
        Binding("q,escape", "back", "back", id="paper.back", show=False),
    ]

    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "go to the claim above or below, or scroll what is said of it."),
        ("enter tab", "goes from the list to what is said of the claim, and tab back."),
        ("e", "asks how many tokens to take for enough, in place of the paper's."),
        ("f", "shows the figures of these runs."),
        ("x", "writes all findings to a file: text, Markdown or JSON."),
        ("✓", "the claim holds on this run."),
        ("✗", "it does not hold."),
        ("?", "it cannot be said: the sentence says what it would take."),
        ("q", "goes back."),
    )

    @dataclass
    class Checked(Message):
        """A thread has checked the claims."""

        facts: tuple[LabelledRun, ...]
        notes: tuple[str, ...]
        findings: tuple[Finding, ...]

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__(paths)
        self._checked: Paper.Checked | None = None
        self._enough = PAPERS

    @property
    def under_way(self) -> bool:
        """Whether the findings are still to come: keys typed ahead are meant for them."""
        return self._checked is None

    def compose(self) -> ComposeResult:
        """The list and the claim in focus, between the headline and the keys."""
        yield Said(((" the paper's claims · opening …", "strong"),), id="paper-headline", classes="headline")
        with Container(id="claims"):
            yield ClaimList()
            yield ClaimPane()
        yield KeyLine(*_KEYS)

    def on_mount(self) -> None:
        """Read and check the runs in a thread."""
        self._list.border_title = Content("The paper's claims")
        self._list.focus()
        self.start_making()

    def make_of(self, facts: tuple[LabelledRun, ...]) -> None:
        """In a thread: check the claims."""
        enough = self._enough
        self.post_message(self.Checked(facts, preface(facts, enough), check_paper(facts, enough)))

    # What threads and widgets say.

    def on_facts_screen_reading(self, event: FactsScreen.Reading) -> None:
        """Say which run is being read."""
        said = f" the paper's claims · {printable(event.text)}"
        self.query_one("#paper-headline", Said).say(((said, "strong"),))

    def on_paper_checked(self, event: Checked) -> None:
        """The findings are there."""
        self._checked = event
        runs = ", ".join(printable(one.label) for one in event.facts)
        said = f" the paper's claims · {runs} · {totals(event.findings)}"
        self.query_one("#paper-headline", Said).say(((said, "strong"),))
        self._list.show(event.findings)
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
        checked = self._checked
        if checked is None:
            return

        def check(text: str) -> Objection | None:
            tokens = read_count(text) if text.strip() else 0
            return Objection(f"{tokens[0].upper()}{tokens[1:]}.", 0) if isinstance(tokens, str) else None

        def answered(text: str | None) -> None:
            tokens = read_count(text) if text and text.strip() else None
            if text is not None and not isinstance(tokens, str):
                self._enough = PAPERS if tokens is None else Enough(tokens, tokens)
                self.start_making(partial(self.make_of, checked.facts))

        proposed = "" if self._enough == PAPERS else f"{self._enough.other:,}"
        self.app.push_screen(Prompt(" e ", proposed, _ENOUGH_HINT, check), answered)

    def action_figures(self) -> None:
        """Show the figures of the same runs."""
        go(self, FiguresPlace(self._paths))

    def action_export(self) -> None:
        """Ask for a file and write the findings to it."""
        checked = self._checked
        if checked is None:
            return
        stem = f"{checked.facts[0].label if len(checked.facts) == 1 else 'runs'}-paper"
        writing = partial(write_paper, checked.facts, checked.notes, checked.findings)
        self.ask_for_file((stem, ".md"), tuple(FORMAT_OF), writing)

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Enough text", "Say how many tokens to take for enough (e)", self.action_enough)
        yield SystemCommand("Figures", "Show the figures of these runs (f)", self.action_figures)
        yield SystemCommand("Export", "Write all findings to a file: text, Markdown or JSON (x)", self.action_export)
        yield SystemCommand("Keys and signs", "Show the help (?)", self.action_help)
        yield SystemCommand("Back", "Leave the claims (q)", self.action_back)
