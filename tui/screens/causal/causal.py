"""The causal table of a run: what silencing its neurons does to what the model predicts, and measuring more of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.causal import Method
from neuron_tui.store.neurons.causal_table import CausalTable, causal_table
from neuron_tui.store.neurons.places import Address, place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.actions import Action, Key, bindings, help_action
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.jobs.measuring import Wanted
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.reports.causal import SUFFIXES, write_table
from neuron_tui.tui.screens.ask import Choose, Confirm
from neuron_tui.tui.screens.causal.measure_prompt import METHOD_WORDS, MeasurePrompt
from neuron_tui.tui.screens.causal.progress import Progress
from neuron_tui.tui.screens.file_writing import FileWriting
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.widgets.causal_list import SORTS, CausalList
from neuron_tui.tui.widgets.causal_words import CausalWords
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.note_line import NoteLine
from neuron_tui.tui.widgets.painting import TextLine
from neuron_tui.tui.widgets.rows import RowList

_NOTHING = "Nothing is measured yet. m asks which neurons to silence, and measures."


class Causal(Page[Address | str | None]):
    """The causal table; gives back a neuron to go to, a filter for those silenced together, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "causal.measure",
            "m",
            "measure",
            "measure",
            "silences neurons one after the other and measures what becomes of the model's predictions: the marked "
            "ones, or those that a filter matches.",
            palette="Measure",
        ),
        Action(
            "causal.stop",
            "X",
            "stop",
            "stop measuring",
            "stops measuring; what was measured is kept. Pressed again it ends at once, and the last few may be lost.",
            palette="Stop measuring",
        ),
        Action(
            "causal.sort",
            "s",
            "sort",
            "sort",
            "sorts by a column; the same column again turns the order round. Titles can be clicked.",
            palette="Sort",
        ),
        Action("causal.export", "x", "export", "export", "writes the table to a file.", palette="Export the table"),
        help_action("causal"),
        Action(
            "causal.leave",
            "q,escape",
            "leave",
            "back",
            "goes back; while something is measured it asks first.",
            palette="Back to the neurons",
            shown="q",
        ),
        Action("causal.go", "", "go", "go to the neuron under the cursor", palette="Go to"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "goes to the neuron; of neurons silenced together, it filters by what they were chosen by."),
        ("fired", "contexts that end with a trigger and on which the neuron is active there, of all that were read."),
        ("log p", "logarithm of the probability that a trigger follows, before → after; the change has an interval."),
        ("loss", "what the loss of the token that follows changes by, on triggers; random: on random contexts."),
        ("likelier", "the whole interval is above no change: with the neuron silent its triggers come back."),
    )

    def __init__(self, run: Run, marked: Sequence[Address]) -> None:
        super().__init__()
        self._run, self._marked = run, tuple(marked)
        self.rows, self.words, self.progress = CausalList(), CausalWords(), Progress(run.path)
        self._table: CausalTable | None = None
        self._reading: Latest[Run, CausalTable] = Latest(
            self, causal_table, lambda _, table: self._show(table), lambda _, error: self._cannot_read(str(error))
        )
        self._files = FileWriting(self, "Causal table")

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind the run."""
        return self._run.manifest.thresholds

    @property
    def under_way(self) -> bool:
        """Whether the table is being read."""
        return self._reading.busy

    def compose(self) -> ComposeResult:
        """The table, what it says as a whole, and how far measuring is."""
        title = f" {self._run.name} · causal table: what silencing a neuron does"
        yield TextLine(((printable(title), "strong"),), classes="headline")
        with Vertical(id="causal-pane") as pane:
            pane.border_title = Content("reading …")
            yield self.rows
            yield self.words
            yield self.progress
        yield NoteLine()
        yield KeyLine(
            Key("causal.go", "go to", "enter"),
            Key("causal.measure"),
            Key("causal.stop", "stop"),
            Key("causal.sort"),
            Key("causal.export"),
            Key("causal.help", "keys"),
            Key("causal.leave", "back", "q"),
        )

    def on_mount(self) -> None:
        """Read the table in a thread."""
        self.rows.focus()
        self._read()

    def on_key(self) -> None:
        """The note has been seen."""
        self.query_one(NoteLine).clear()

    # What it shows.

    def _read(self) -> None:
        self._reading.request(self._run)

    def _show(self, table: CausalTable) -> None:
        if table is self._table:
            return
        self._table = table
        self.rows.say_nothing(_NOTHING)
        self.rows.show(self._run, table.records)
        count = count_noun(len(table.records), "measurement")
        self.query_one("#causal-pane", Vertical).border_title = Content(count if table.records else "nothing measured")
        if table.records:
            self.words.show(table.records, self.rows.record)
        else:
            self.words.explain(self._run.name)

    def _cannot_read(self, problem: str) -> None:
        self.rows.say_nothing("The table cannot be read.")
        self.query_one("#causal-pane", Vertical).border_title = Content("damaged")
        self._complain(problem, "The causal table")

    def _complain(self, problem: str, title: str) -> None:
        self.app.notify(message(problem), title=title, severity="error", timeout=12, markup=False)

    def on_row_list_moved(self) -> None:
        """Say more of the measurement under the cursor."""
        self.words.show_one(self.rows.record)

    # Measuring.

    def action_measure(self) -> None:
        """Ask what to silence, and begin."""
        if self.progress.busy:
            self.query_one(NoteLine).note("Neurons are being silenced already; X stops that.")
        elif self._marked:
            marked = count_noun(len(self._marked), f"marked {self._run.manifest.rule.row_noun}")
            choices = [(method, f"the {marked}, {words}") for method, words in METHOD_WORDS.items()]
            self.app.push_screen(
                Choose("Silence", [*choices, ("", "those that a filter matches …")], "zero"), self._chosen
            )
        else:
            self._ask_for_filter()

    def _chosen(self, method: str | None) -> None:
        if method == "":
            self._ask_for_filter()
        elif method is not None:
            names = tuple(place_text(self._run.manifest.rule, address) for address in self._marked)
            how: Method = "mean" if method == "mean" else "zero"
            self.progress.begin(Wanted(names, method=how))

    def _ask_for_filter(self) -> None:
        prompt = MeasurePrompt(self.thresholds)

        def answered(query: str | None) -> None:
            if query is not None:
                self.progress.begin(Wanted((), query.strip(), prompt.method, prompt.together))

        self.app.push_screen(prompt, answered)

    def on_progress_went(self) -> None:
        """There may be more in the table."""
        self._read()

    def on_progress_over(self, event: Progress.Over) -> None:
        """Show what is there now, and say how it went."""
        self._read()
        ended = event.ended
        if ended.problem:
            self._complain(ended.problem, "Not measured")
        elif ended.done is None:
            self.query_one(NoteLine).note("Stopped; what was measured is kept.")
        else:
            self.query_one(NoteLine).note(" · ".join(ended.said.split("\n")) or f"{ended.done:,} measured.")

    def action_stop(self) -> None:
        """Stop measuring."""
        self.progress.stop()

    # Leaving, and what else is done with it.

    def action_leave(self) -> None:
        """Go back; ask first while something is measured."""
        self._leave(None)

    def _leave(self, answer: Address | str | None) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self.progress.stop()
                self.dismiss(answer)

        if self.progress.busy:
            detail = "What was measured is kept; measuring goes on where it stopped when you ask for the same again."
            self.app.push_screen(Confirm("Stop measuring?", detail, "Stop and leave", "Go on measuring"), answered)
        else:
            self.dismiss(answer)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter, or a double click."""
        self.action_go()

    def action_go(self) -> None:
        """Go to the neuron under the cursor, or filter by what those silenced together were chosen by."""
        record = self.rows.record
        if record is not None:
            one = (record.layer, record.rows[0])
            self._leave(f"{record.where} layer:{record.layer}".strip() if record.together else one)

    def on_row_list_header_clicked(self, event: RowList.HeaderClicked) -> None:
        """A click on a title sorts by it."""
        if (column := self.rows.column_at(event.x)) is not None:
            self.rows.sort(column)

    def action_sort(self) -> None:
        """Ask what to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self.rows.sort(column)

        self.app.push_screen(Choose("Sort by (again: turn round)", SORTS, self.rows.column), answered)

    def action_export(self) -> None:
        """Ask for a file, and write the table."""
        records = self._table.records if self._table is not None else ()
        if not records:
            self.query_one(NoteLine).note("There is no measurement to write.")
            return
        stem = f"{self._run.name}-causal"
        self._files.ask((stem, ".csv"), SUFFIXES, lambda path: write_table(self._run, records, path))
