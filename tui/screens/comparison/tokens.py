"""The tokens that two runs detect: those of both, and those of each alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content

from neuron_tui.store.findings.comparison import DetectedToken, TokenLists, token_lists
from neuron_tui.store.findings.comparison.tables import tokens_table
from neuron_tui.store.findings.figures import LabelledRun
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import show_layers
from neuron_tui.tui.actions import Action, Key, back_action, bindings, help_action
from neuron_tui.tui.drawing.spans import Line, fit
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.reports.renderer import FIGURES, FigureSet, write_file
from neuron_tui.tui.screens.file_writing import FileWriting
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine
from neuron_tui.tui.widgets.rows import RowList

_SHARED, _FIRST, _SECOND = range(3)
_SUFFIXES = (".txt", ".csv", ".json")


class TokenRows(RowList):
    """Tokens, and the layers that detect them."""

    def __init__(self, which: int) -> None:
        super().__init__(id=f"tokens-{which}")
        self.which = which
        self._tokens: Sequence[DetectedToken] = ()
        self._longest = 0

    def show(self, title: str, tokens: Sequence[DetectedToken]) -> None:
        """Show tokens under a title."""
        self._tokens = tokens
        lengths = (len(show_layers(own)) for token in tokens for own in (token.first, token.second))
        self._longest = max(lengths, default=0)
        self.border_title = Content(f"{title} · {len(tokens):,}")
        self.set_rows(len(tokens), 0)
        self.refresh()

    def header_line(self, width: int) -> Line:
        """Titles of the columns."""
        token, layers = self._widths(width - 1)
        second = f" {fit('second', layers)}" if self.which == _SHARED else ""
        first = "first" if self.which == _SHARED else "layers"
        return ((f" {fit('token', token)} {fit(first, layers)}{second}", "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A token and its layers: in the first run, in the second, where it has any."""
        found = self._tokens[row]
        token, layers = self._widths(width)
        line: Line = ((fit(found.shown(), token), ""),)
        for own in (found.first, found.second):
            if own:
                line += ((" " + fit(show_layers(own), layers), "dim"),)
        return line

    def empty_line(self, width: int) -> Line:
        """What stands there if there are none."""
        return (("  none", "dim"),)

    def _widths(self, width: int) -> tuple[int, int]:
        """Cells of the token and of the layers of one run."""
        columns = 2 if self.which == _SHARED else 1
        layers = max(6, min(self._longest, width // 4))
        return max(6, width - columns * (layers + 1)), layers


class TokenOverlap(Page[None]):
    """Three lists side by side; on a narrow terminal one at a time."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012 - as textual declares it

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "tokens.before",
            "left,h,shift+tab",
            "walk(-1)",
            "list before",
            "go to the list before or after: of both runs, of the first alone, of the second alone.",
            with_=("tokens.next",),
            shown="← →  tab",
            priority=True,
        ),
        Action("tokens.next", "right,l,tab", "walk(1)", "next list", priority=True),
        Action(
            "tokens.export", "x", "export", "export", "writes the lists to a file: text, CSV or JSON.", palette="Export"
        ),
        help_action("tokens"),
        back_action("tokens"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓  k j", "go to the token above or below; g and G to the first and last."),
        ("layers", "are those with a detector of the token, in the first run and in the second."),
    )

    def __init__(self, first: LabelledRun, second: LabelledRun) -> None:
        super().__init__()
        self._pair = (first, second)
        self._lists: TokenLists | None = None
        self._which = _SHARED
        self._files = FileWriting(self, "These tokens")
        self._finding: Latest[None, TokenLists] = Latest(
            self,
            lambda _: token_lists(first, second),
            lambda _, lists: self._show(lists),
            lambda _, error: self.leave_saying(str(error), "These tokens"),
        )

    @property
    def under_way(self) -> bool:
        """Whether the tokens are still to come: keys typed ahead are meant for them."""
        return self._lists is None

    def compose(self) -> ComposeResult:
        """The headline, the lists, the keys."""
        first, second = (printable(one.label) for one in self._pair)
        yield TextLine(((f" tokens · {first} × {second}", "strong"),), classes="headline")
        with Horizontal(id="token-lists"):
            for which in (_SHARED, _FIRST, _SECOND):
                yield TokenRows(which)
        keys = (Key("tokens.next", "list", "←→"), Key("tokens.export", "export"))
        yield KeyLine(*keys, Key("tokens.help", "keys"), Key("tokens.back", "back"))

    def on_mount(self) -> None:
        """Find the tokens in a thread."""
        self._focus()
        self._finding.request(None)

    def _show(self, lists: TokenLists) -> None:
        """The tokens are found."""
        self._lists = lists
        first, second = (printable(one.label) for one in self._pair)
        named = (("Both", lists.shared), (f"Only {first}", lists.first_only))
        for rows, (title, tokens) in zip(
            self.query(TokenRows), (*named, (f"Only {second}", lists.second_only)), strict=True
        ):
            rows.show(title, tokens)

    def _focus(self) -> None:
        for rows in self.query(TokenRows):
            rows.set_class(rows.which == self._which, "-shown")
        self.query_one(f"#tokens-{self._which}", TokenRows).focus()

    def action_walk(self, by: int) -> None:
        """Give the keys to another list."""
        self._which = (self._which + by) % 3
        self._focus()

    def action_export(self) -> None:
        """Ask for a file and write the lists to it."""
        if self._lists is None:
            return
        first, second = self._pair
        table = tokens_table([(first.label, second.label, self._lists)])
        self._files.ask(("tokens", ".csv"), _SUFFIXES, partial(write_file, FIGURES, FigureSet([table])))

    def commands(self) -> Iterator[SystemCommand]:
        """Actions for the command palette that have no key of their own."""
        yield SystemCommand("Next list", "Of both runs, of the first alone, of the second alone (tab)", self._next)

    def _next(self) -> None:
        self.action_walk(1)
