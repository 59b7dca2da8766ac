"""The neurons most like one neuron, by one measure or another, in its run or in another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.similarity.measure import MEASURES, By
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.places import Address, place_text
from neuron_tui.store.neurons.run import Run, open_run
from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.store.runs.variants import run_of
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.actions import Action, Key, bindings, help_action
from neuron_tui.tui.browsing.run_order import readable
from neuron_tui.tui.drawing.spans import Line, wrap
from neuron_tui.tui.jobs.engine_answer import Stopped
from neuron_tui.tui.jobs.similarity import Asked, Search
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.navigation import go_to_neuron
from neuron_tui.tui.reports.matches import sketches
from neuron_tui.tui.reports.similarity_wording import MEASURE_WORDS, chance_words, measure_text
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine
from neuron_tui.tui.widgets.similar_list import Listed, SimilarList

TOP = 100
"""Matches that are listed."""

_SAID = 4
"""Lines below the list at most."""


class Similar(Page[Address | None]):
    """Shows what is similar to a neuron; gives back the one to go to in the same run, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "similar.before",
            "left,h",
            "walk(-1)",
            "measure before",
            "go to the measure before or after: triggers, update direction, position, activity.",
            palette="Measure before",
            with_=("similar.next",),
            shown="← →  h l",
        ),
        Action("similar.next", "right,l", "walk(1)", "next measure", palette="Next measure"),
        Action(
            "similar.order",
            "n",
            "order",
            "tokens, bigrams or trigrams",
            "compares tokens, bigrams or trigrams as triggers.",
            palette="Tokens, bigrams, trigrams",
        ),
        Action(
            "similar.other",
            "i",
            "other",
            "search another run",
            "searches another run: the neuron there that does what this one does.",
            palette="In another run",
        ),
        help_action("similar"),
        Action(
            "similar.back",
            "escape,q",
            "back",
            "back",
            "stops the search if there is one under way; else goes back to where you were.",
            palette="Back to the neurons",
            shown="q",
        ),
        Action("similar.go", "", "go", "go to the neuron under the cursor", palette="Go to"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "goes to the neuron; one of another run opens that run."),
        ("similar", "1 is alike in every respect. Triggers: 0 is nothing in common; the others: 0 is unrelated."),
        ("p", "chance that the best match of the neuron, permuted, were as similar; ≤ where none of them was."),
        ("share", "how much of what the neuron does is on its first trigger."),
    )
    KEYS = (
        Key("similar.go", "go to", "enter"),
        Key("similar.next", "measure", "←→"),
        Key("similar.order", "n-grams"),
        Key("similar.other", "in a run"),
        Key("similar.help", "keys"),
        Key("similar.back", "back", "q"),
    )

    @dataclass
    class Told(Message):
        """A search is so far: `text` says how far."""

        search: Search
        text: str

    @dataclass
    class Ended(Message):
        """A search has come to its end: with what it found, or with why it did not."""

        search: Search
        asked: Asked
        listed: Listed | None
        problem: str

    def __init__(self, run: Run, of: Address, n: int = 1, said: str = "") -> None:
        """Ask for the neurons like `of`; `n` of the n-grams of triggers, `said` what the neuron is, in a few words."""
        super().__init__()
        self._run, self._of, self._n, self._words = run, of, n, said
        self._target, self._by = run, MEASURES[0]
        self._search: Search | None = None
        self._known: dict[tuple[By, int, Path], Listed] = {}
        self.rows = SimilarList()
        self._runs: Latest[Path, list[RunSummary]] = Latest(
            self, list_runs, lambda _, found: self._ask_run(found), lambda _, error: self._say(str(error))
        )
        self._opening: Latest[Path, Run] = Latest(
            self, open_run, lambda _, run: self._in(run), lambda _, error: self._say(str(error))
        )

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind the run."""
        return self._run.manifest.thresholds

    @property
    def searching(self) -> bool:
        """Whether a search is under way."""
        return self._search is not None

    def compose(self) -> ComposeResult:
        """The measures above the list, what chance would give below it."""
        place = place_text(self._run.manifest.rule, self._of)
        asked = f" {self._run.name} · neurons similar to {place} "
        yield TextLine(((printable(asked), "strong"), (f"  {self._words}", "active")), classes="headline")
        yield TextLine(id="similar-measures", classes="firing-covers")
        with Vertical(id="similar-pane"):
            yield self.rows
        for at in range(_SAID):
            yield TextLine(id=f"similar-said-{at}", classes="firing-covers")
        yield KeyLine(*self.KEYS)

    def on_mount(self) -> None:
        """Search by the first measure."""
        self.rows.focus()
        self._ask()

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._stop()

    # Searching.

    def _ask(self) -> None:
        self._stop()
        self._show_measures()
        known = self._known.get((self._by, self._n, self._target.path))
        if known is not None:
            self._show(known)
            return
        search = self._search = Search()
        layers = tuple(self._target.layers)
        asked = Asked(self._by, self._run, self._of, self._target, layers, self._n, TOP)
        self.rows.say("")
        self._say("")
        self._title("opening the model …" if self._by == "update" else "searching …")
        in_thread(
            self,
            partial(self._work, search, asked),
            group="similar",
            failed=lambda fault: self.post_message(self.Ended(search, asked, None, str(fault))),
        )

    def _work(self, search: Search, asked: Asked) -> None:
        """In a thread: search, and read a few words on each match."""

        def tell(done: int, of: int) -> None:
            self.post_message(self.Told(search, f"searching layer {done + 1} of {of} … escape stops it"))

        try:
            found = search.similar(asked, tell)
            places = [(match.layer, match.row) for match in found.matches]
            listed = Listed(found, tuple(sketches(asked.target, places, asked.n)))
        except Stopped:
            return
        except NeuronTuiError as error:
            self.post_message(self.Ended(search, asked, None, str(error)))
        else:
            self.post_message(self.Ended(search, asked, listed, ""))

    def _stop(self) -> bool:
        """Stop the search under way, if there is one."""
        search, self._search = self._search, None
        if search is not None:
            search.stop()
        return search is not None

    def on_similar_told(self, event: Told) -> None:
        """Say how far the search is."""
        if event.search is self._search:
            self._title(event.text)

    def on_similar_ended(self, event: Ended) -> None:
        """Show what was found, or say why nothing was."""
        if event.search is not self._search:
            return
        self._search = None
        if event.listed is None:
            first, _, rest = event.problem.partition("\n")
            self._title("not searched")
            self.rows.say("")
            self._say(f"{first}. {rest}")
            return
        self._known[event.asked.by, event.asked.n, event.asked.target.path] = event.listed
        self._show(event.listed)

    # Showing.

    def _show(self, listed: Listed) -> None:
        found = listed.found
        self._title(f"{count_noun(found.compared, 'neuron')} compared · {MEASURE_WORDS[found.by]}")
        self.rows.show(listed)
        self._say("" if found.baseline is None else chance_words(found.baseline))

    def _title(self, text: str) -> None:
        self.query_one("#similar-pane", Vertical).border_title = Content(printable(text))

    def _say(self, text: str) -> None:
        lines = wrap(printable(text), max(20, self.size.width - 2)) if text else []
        for at in range(_SAID):
            line = self.query_one(f"#similar-said-{at}", TextLine)
            line.display = at < max(2, len(lines))
            line.show_text(((f" {lines[at]}" if at < len(lines) else "", "dim"),))

    def _show_measures(self) -> None:
        """The measures, the one that is shown marked, and the run that is searched."""
        line: Line = ((" by ", "dim"),)
        for by in MEASURES:
            text = measure_text(by, self._n)
            line += ((f"[{text}]", "active") if by == self._by else (f" {text} ", "dim"),)
        line += ((f"  in {printable(self._target.name)}", "strong"),)
        self.query_one("#similar-measures", TextLine).show_text(line)

    # Keys.

    def on_row_list_chosen(self) -> None:
        """Enter, or a double click."""
        self.action_go()

    def action_go(self) -> None:
        """Go to the neuron under the cursor, in its own run."""
        address = self.rows.address
        if address is None:
            return
        if self._target is self._run:
            self.dismiss(address)
        else:
            go_to_neuron(self, self._target.path, address)

    def action_walk(self, by: int) -> None:
        """Search by the measure before or after."""
        self._by = MEASURES[(MEASURES.index(self._by) + by) % len(MEASURES)]
        self._ask()

    def action_order(self) -> None:
        """Compare n-grams of the next n."""
        self._n, self._by = self._n % 3 + 1, "triggers"
        self._ask()

    def action_other(self) -> None:
        """Ask for a run to search."""
        self._runs.request((run_of(self._run.path) or self._run.path).parent)

    def _ask_run(self, found: list[RunSummary]) -> None:
        if not self.is_current:
            return
        runs = [run for run in found if readable(run) and run.path.resolve() != self._run.path.resolve()]
        choices = [("", f"{printable(self._run.name)}, its own run")]
        choices += [
            (str(at), printable(f"{run.name} · {run.manifest.model.name}" if run.manifest else run.name))
            for at, run in enumerate(runs)
        ]
        here = next((str(at) for at, run in enumerate(runs) if run.path == self._target.path), "")

        def answered(chosen: str | None) -> None:
            if chosen == "":
                self._in(self._run)
            elif chosen is not None:
                self._opening.request(runs[int(chosen)].path)

        self.app.push_screen(Choose("Search which run", choices, here), answered)

    def _in(self, run: Run) -> None:
        """Search a run from now on."""
        self._target = run
        self._ask()

    def action_back(self) -> None:
        """Stop the search, or leave."""
        if self._stop():
            self._title("stopped")
            self.rows.say("  Stopped. ← and → search by another measure.")
        else:
            self.dismiss(None)
