"""Which neurons fire on an n-gram: a list of those that have it among their triggers, of all layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.disk.schema import STORED_TRIGGERS
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.grams import trigger_filter
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import NeuronTable, read_table
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import GRAM_NAMES, count_noun
from neuron_tui.tui.actions import Action, Key, bindings, help_action
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.firing_list import Answer, FiringList, answer
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.note_line import NoteLine
from neuron_tui.tui.widgets.painting import TextLine

SORTS = (
    ("fires", "how often it fires on it, and so its recall"),
    ("precision", "precision: what share of its activations that is"),
    ("f1", "F1: precision and recall together"),
    ("rank", "rank among its triggers"),
    ("layer", "layer, then neuron"),
)

_COVERS = f" Listed is every neuron with this n-gram among its {STORED_TRIGGERS} stored triggers."
_MISSING = f" A neuron that fires on more than {STORED_TRIGGERS} n-grams may fire on it and be missing."


class Firing(Screen[Address | str | None]):
    """Shows which neurons fire on an n-gram; gives back the one to go to, a filter for them, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "firing.sort",
            "s",
            "sort",
            "sort",
            "sorts: by how often a neuron fires on it, by precision, F1 or rank among its triggers, by layer.",
            palette="Sort",
        ),
        Action(
            "firing.filter",
            "slash",
            "filter",
            "filter",
            "filters the neurons of the run by this n-gram: those with it among their covering n-grams.",
            palette="Filter by it",
        ),
        help_action("firing"),
        Action(
            "firing.leave",
            "escape,q",
            "leave",
            "back",
            "goes back to where you were.",
            palette="Back to the neurons",
            shown="q",
        ),
        Action("firing.go", "", "go", "go to the neuron under the cursor", palette="Go to"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "goes to the neuron."),
        (
            "act./occ.",
            "positions of the n-gram where the neuron is active, of all its positions; recall is that share.",
        ),
        ("prec.", "precision: the share of the neuron's own activations that are on this n-gram. F1 joins both."),
        ("rank", "the n-gram's place among the neuron's triggers."),
    )

    KEYS = (
        Key("firing.go", "go to", "enter"),
        Key("firing.sort", "sort"),
        Key("firing.filter", "filter by it"),
        Key("firing.help", "keys"),
        Key("firing.leave", "back", "q"),
    )

    @dataclass
    class Looked(Message):
        """A thread has looked the n-gram up."""

        answer: Answer
        query: str | None

    @dataclass
    class Failed(Message):
        """A thread could not: `problem` says why."""

        problem: str

    def __init__(self, run: Run, ids: tuple[int, ...], text: str, table: NeuronTable | None = None) -> None:
        super().__init__()
        self._run, self.ids, self._text, self._table = run, ids, printable(text), table
        self._query: str | None = None
        self.rows = FiringList()

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind the run."""
        return self._run.manifest.thresholds

    def compose(self) -> ComposeResult:
        """The list, and below it what the answer covers."""
        asked = f" {self._run.name} · which neurons fire on the {GRAM_NAMES[len(self.ids)]} "
        yield TextLine(((printable(asked), "strong"), (self._text, "active")), classes="headline")
        with Vertical(id="firing-pane") as pane:
            pane.border_title = Content("looking it up …")
            yield self.rows
        yield TextLine(((_COVERS, "dim"),), classes="firing-covers")
        yield TextLine(((_MISSING, "dim"),), classes="firing-covers")
        yield NoteLine()
        yield KeyLine(*self.KEYS)

    def on_mount(self) -> None:
        """Look it up in a thread."""
        self.rows.focus()
        in_thread(self, self._look, group="look", failed=lambda fault: self.post_message(self.Failed(str(fault))))

    def on_key(self) -> None:
        """The note has been seen."""
        self.query_one(NoteLine).clear()

    def _look(self) -> None:
        try:
            table = read_table(self._run) if self._table is None else self._table
            found = answer(self._run, table, self.ids)
            self.post_message(self.Looked(found, trigger_filter(self._run.corpus, self.ids)))
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error)))

    def on_firing_looked(self, event: Looked) -> None:
        """Show the answer."""
        found, self._query = event.answer.found, event.query
        count = f"{count_noun(len(found), 'neuron')} · it occurs {count_noun(found.occurrences, 'time')}"
        self.query_one("#firing-pane", Vertical).border_title = Content(count)
        self.rows.show(event.answer)

    def on_firing_failed(self, event: Failed) -> None:
        """Say what is wrong, and go back."""
        self.app.notify(message(event.problem), title="This run", severity="error", timeout=12, markup=False)
        self.dismiss(None)

    def on_row_list_chosen(self) -> None:
        """Enter, or a double click."""
        self.action_go()

    def on_row_list_header_clicked(self) -> None:
        """A click on the titles asks what to sort by."""
        self.action_sort()

    def action_go(self) -> None:
        """Go to the neuron under the cursor."""
        address = self.rows.address
        if address is not None:
            self.dismiss(address)

    def action_sort(self) -> None:
        """Ask what to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self.rows.sort(column)

        self.app.push_screen(Choose("Sort by", SORTS, self.rows.column), answered)

    def action_filter(self) -> None:
        """Give the filter for this n-gram back."""
        if self._query is not None:
            self.dismiss(self._query)
        else:
            self.query_one(NoteLine).note("This n-gram has characters that a filter cannot hold.")

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)
