"""The model of a run reads a text: what fires where, what it writes to the next token, and what silencing changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.expected import Expected, expect
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.runs.rule import Rule
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import bar, message
from neuron_tui.tui.jobs.model_answers import Heard, TextRead
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.screens.ask import Choose, Confirm
from neuron_tui.tui.screens.filter_prompt import FilterPrompt
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.screens.live import keys
from neuron_tui.tui.screens.live.talk import LIKELIEST, State, Talk
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.live.coming import ComingList
from neuron_tui.tui.widgets.live.fired import SORTS, FiredList
from neuron_tui.tui.widgets.live.panes import LivePanes
from neuron_tui.tui.widgets.live.prompt_field import PromptField
from neuron_tui.tui.widgets.note_line import NoteLine
from neuron_tui.tui.widgets.painting import TextLine

_BAR = 8
_BORDERS = 2


class Live(Screen[Address | None]):
    """Asks for a text and has the run's model read it; gives back a neuron to go to, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = keys.ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = keys.NOTES

    @dataclass
    class Said(Message):
        """The model's process has said something."""

        heard: Heard
        number: int

    _texts: ClassVar[dict[Path, str]] = {}
    """What was last typed for each run, as long as the program runs."""

    def __init__(self, opened: OpenedRun, marked: Sequence[Address] = (), text: str = "") -> None:
        super().__init__()
        self._opened, self._marked = opened, tuple(marked)
        self._text = text or self._texts.get(opened.run.path, "")
        self._panes = LivePanes(opened)
        self._silenced: frozenset[Address] = frozenset()
        self._mean, self._pickled = False, False
        self._asked = ""
        self._shown: tuple[str, frozenset[Address], bool] = ("", frozenset(), False)
        """The text in sight, and how it was read."""
        self._fresh = False
        self._talk = Talk(
            self._arguments,
            self._tell,
            changed=self._show_state,
            read=self._show_text,
            writes=self._panes.show_writes,
            moved=self._panes.show_moved,
            refused=self._complain,
            given_up=self._take_back,
        )
        self._expectation: Latest[str, Expected] = Latest(
            self, lambda text: expect(opened.run, text), self._show_expectation, lambda _, e: self._note(str(e))
        )
        self._labels: Latest[None, dict[int, str]] = Latest(
            self,
            lambda _: opened.run.notes.labels(self.rule, opened.run.manifest.rows),
            lambda _, labels: self._panes.fired.show_labels(labels),
            lambda _, __: None,  # the run's own screen has said what is wrong with its notes
        )
        self._filtering: Latest[str, list[Address]] = Latest(
            self, self._matching, self._silence_these, lambda _, e: self._note(str(e))
        )

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind the run."""
        return self._opened.run.manifest.thresholds

    @property
    def rule(self) -> Rule:
        """What made the run's bits, and makes those of the text."""
        return self._opened.run.manifest.rule

    def compose(self) -> ComposeResult:
        """The text, the tokens over the layers, and below them the neurons and what may come."""
        yield TextLine(id="live-head", classes="headline")
        with Horizontal(id="live-ask"):
            yield TextLine(((" text ", "dim"),), id="live-label")
            yield PromptField(self._text, id="live-text", placeholder="type or paste a text for the model to read")
        yield self._panes
        yield NoteLine()
        yield KeyLine(*keys.TYPING)

    def on_mount(self) -> None:
        """The text has the keys."""
        self._show_state(self._talk.state)
        self.query_one(PromptField).focus()
        self._labels.request(None)

    def on_unmount(self) -> None:
        """Release the model."""
        self._talk.stop()

    def on_key(self) -> None:
        """The note has been seen."""
        self.query_one(NoteLine).clear()

    def on_descendant_focus(self) -> None:
        """The keys at the bottom are those of where one is."""
        typing = isinstance(self.focused, PromptField)
        self.query_one(KeyLine).show(*(keys.TYPING if typing else keys.KEYS))

    # The model.

    def _arguments(self) -> list[str]:
        pickle = ["--allow-pickle"] if self._pickled else []
        return [str(self._opened.run.path), *pickle]

    def _tell(self, heard: Heard, number: int) -> None:
        """From the thread that listens to the process."""
        self.post_message(self.Said(heard, number))

    @on(Said)
    def _hear(self, event: Said) -> None:
        self._talk.hear(event.heard, event.number)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_read()

    def _ask(self, text: str) -> None:
        self._asked = text
        self._talk.read(text, sorted(self._silenced), self._mean)

    def _complain(self, problem: str, gone: bool) -> None:
        """Say what is wrong; without its model the run's tables are asked what they expect."""
        if not gone:
            self._note(". ".join(line.removesuffix(".") for line in problem.split("\n")) + ".")
            return
        if "--allow-pickle" in problem:
            self._ask_for_pickle(problem.split("\n")[0])
            return
        self.app.notify(message(problem), title="The model", severity="error", timeout=12, markup=False)
        self._expectation.request(self._asked)

    def _ask_for_pickle(self, problem: str) -> None:
        def answered(yes: bool | None) -> None:
            self._pickled = bool(yes)
            if yes:
                self.action_read()

        detail = f"{problem}. If you trust where they come from, they are loaded as weights only."
        self.app.push_screen(Confirm("Load pickled weights?", detail, "Load them", "No"), answered)

    def _note(self, text: str) -> None:
        self.query_one(NoteLine).note(text)

    # What it says.

    def _show_state(self, state: State) -> None:
        share = "" if state.share is None else f" {bar(state.share, _BAR)}"
        silenced = ""
        if self._silenced:
            silenced = f"{len(self._silenced):,} silenced to {'their mean' if self._mean else 'zero'} · "
        role = "bad" if state.bad else "active" if state.busy else "dim"
        line = (
            (f" {printable(self._opened.run.name)} · a text ", "strong"),
            (f" {silenced}", "bad"),
            (f"{state.words}{share}", role),
        )
        self.query_one("#live-head", TextLine).show_text(line)

    def _show_text(self, read: TextRead) -> None:
        self._shown = self._asked, self._silenced, self._mean
        self._panes.show_text(read, self._fresh)
        if self._fresh:
            self._panes.focus_tokens()
        self._fresh = False

    def _show_expectation(self, _: str, found: Expected) -> None:
        self._panes.show_expected(found)
        self._panes.focus_tokens()

    def _take_back(self) -> None:
        """What was asked for was not done: say what is in sight."""
        _, self._silenced, self._mean = self._shown
        self._panes.silence(self._silenced)
        self._show_state(self._talk.state)

    @on(LivePanes.Looked)
    def _looked(self, event: LivePanes.Looked) -> None:
        if not self._talk.there:
            self._panes.show_nothing_there()
            self._note("The model is not there any more: enter in the text has it read again.")
            return
        self._talk.about("writes", layer=event.layer, position=event.position, targets=[event.target])
        if event.silenced:
            self._talk.about("moved", position=event.position, top=LIKELIEST)

    # Silencing.

    def _silence_these(self, query: str, rows: Sequence[Address]) -> None:
        if not rows:
            self._note(f"No neuron matches {printable(query)}.")
            return
        self._speak_again(self._silenced | frozenset(rows))

    def _speak_again(self, silenced: frozenset[Address]) -> None:
        """Have the text read with these neurons silenced."""
        self._silenced = silenced
        self._panes.silence(silenced)
        self._show_state(self._talk.state)
        if self._panes.was_read:
            self._ask(self._shown[0])

    def _matching(self, query: str) -> list[Address]:
        """In a thread: the neurons that a filter matches."""
        table = self._opened.table
        rows = np.flatnonzero(matching(self._opened.run, table, query))
        return list(zip(table.layer[rows].tolist(), table.neuron[rows].tolist(), strict=True))

    def action_silence(self) -> None:
        """Silence the neuron under the cursor, or let it speak."""
        address = self._panes.address
        if address is not None and self._panes.was_read:
            self._speak_again(self._silenced ^ {address})

    def action_silence_marked(self) -> None:
        """Silence the neurons marked in the run."""
        if self._marked:
            self._silence_these("", self._marked)
        else:
            self._note("No neuron is marked in the run: m marks one there.")

    def action_silence_filter(self) -> None:
        """Ask for a filter and silence what it matches."""

        def answered(query: str | None) -> None:
            if query and query.strip():
                self._filtering.request(query)

        self.app.push_screen(FilterPrompt("", self.thresholds), answered)

    def action_speak(self) -> None:
        """Silence no neuron."""
        if self._silenced:
            self._speak_again(frozenset())

    def action_method(self) -> None:
        """Silence to zero, or to the mean."""
        self._mean = not self._mean
        self._note(f"Silenced neurons write {'their mean over the tokens of the run' if self._mean else 'nothing'}.")
        if self._silenced:
            self._speak_again(self._silenced)

    # Other keys.

    def action_read(self) -> None:
        """Have the text read."""
        text = self.query_one(PromptField).value
        self._texts[self._opened.run.path] = text
        if not text:
            self._note("Type a text first.")
            return
        self._fresh = True
        self._ask(text)

    def action_edit(self) -> None:
        """Go to the text."""
        self.query_one(PromptField).focus()

    def action_target(self) -> None:
        """Have contributions be to the token under the cursor."""
        self._panes.choose_target()

    def action_sort(self) -> None:
        """Ask what to sort the neurons by."""
        fired = self._panes.fired

        def answered(column: str | None) -> None:
            if column is not None:
                fired.sort(column)

        self.app.push_screen(Choose("Sort by", SORTS, fired.column), answered)

    def action_cancel(self) -> None:
        """Stop the reading under way."""
        self._talk.cancel()

    @on(FiredList.Chosen)
    def _chosen(self, event: FiredList.Chosen) -> None:
        if isinstance(event.rows, ComingList):
            self.action_target()
        else:
            self.action_go()

    def action_go(self) -> None:
        """Go to the neuron under the cursor."""
        address = self._panes.address
        if address is not None:
            self.dismiss(address)

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def action_leave(self) -> None:
        """Stop what is under way; from the text back to the tokens, if there are any; else back to the run."""
        if self._talk.reads:
            self._talk.cancel()
        elif isinstance(self.focused, PromptField) and self._panes.shows_text:
            self._panes.focus_tokens()
        else:
            self.dismiss(None)
