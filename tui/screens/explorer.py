"""The explorer: layers, neurons, and the neuron under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content

from neuron_tui.store.errors import QueryError
from neuron_tui.store.query import parse_query
from neuron_tui.store.summary import LayerSummary
from neuron_tui.store.tokens import printable
from neuron_tui.store.words import number
from neuron_tui.tui.arrangement import Arrangement
from neuron_tui.tui.places import find_place
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.export import Export
from neuron_tui.tui.screens.help import EXPLORER, Help
from neuron_tui.tui.screens.prompt import Objection, Prompt
from neuron_tui.tui.screens.run_reader import RunReader
from neuron_tui.tui.widgets.headline import Headline
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.layers import LayerLine, LayerList, LayerPane
from neuron_tui.tui.widgets.neuron import NeuronPane
from neuron_tui.tui.widgets.neurons import NeuronList
from neuron_tui.tui.widgets.rows import RowList

SORTS = (
    ("layer", "layer, then neuron"),
    ("neuron", "neuron"),
    ("what", "what it is"),
    ("freq", "frequency"),
    ("cover", "n-grams that cover 95%"),
    ("mi", "mutual information with position"),
    ("trigger", "first trigger, alphabetically"),
)

KEYS = (
    Key("/", "filter", "screen.filter"),
    Key(":", "go to", "screen.go_to"),
    Key("s", "sort", "screen.sort"),
    Key("m", "mark", "screen.mark"),
    Key("x", "export", "screen.export"),
    Key("?", "keys", "screen.help"),
    Key("q", "back", "screen.back"),
)

FILTER_HINT = 'type:token layer:0-5 freq<1% mi>0.05 covering<=5 trigger:" title" · enter applies, empty shows all'
GO_TO_HINT = "3:117 is neuron 117 of layer 3, 117 alone is in this layer, 3: is layer 3"


class Explorer(RunReader):
    """One run."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as textual declares it
        (0, "-tiny"),
        (64, "-narrow"),
        (108, "-medium"),
        (160, "-wide"),
    ]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", priority=True),
        Binding("colon", "go_to", "go to", key_display=":", priority=True),
        Binding("s", "sort", "sort", show=False),
        Binding("m", "mark", "mark", show=False),
        Binding("x", "export", "export", show=False),
        Binding("question_mark", "help", "keys", show=False),
        Binding("q", "back", "back", show=False),
        Binding("escape", "back", "back", show=False),
        Binding("n", "walk(1)", "next neuron", show=False),
        Binding("p", "walk(-1)", "previous neuron", show=False),
        Binding("1", "order(1)", "tokens", show=False),
        Binding("2", "order(2)", "bigrams", show=False),
        Binding("3", "order(3)", "trigrams", show=False),
        Binding("plus", "long", "more rows", show=False),
        Binding("a", "all_layers", "all layers", show=False),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._summaries: tuple[LayerSummary, ...] = ()
        self._follow: int | None = None

    def compose(self) -> ComposeResult:
        """Three panes between the headline and the keys."""
        yield Headline(f"opening {self._path.name} …")
        yield LayerLine(id="layer-line")
        with Horizontal(id="panes"):
            yield LayerPane(id="layers")
            yield NeuronList(id="neurons")
            yield NeuronPane(id="neuron")
        yield KeyLine(*KEYS)

    def on_mount(self) -> None:
        """Open the run in a thread."""
        self._neurons.border_title = Content("Neurons")
        self._neuron.border_title = Content("Neuron")
        self._neurons.focus()
        self.start_reading()

    # What they say.

    def on_run_reader_opened(self, event: RunReader.Opened) -> None:
        """The run is there: show its layers and neurons."""
        self._opened = opened = event.opened
        self.query_one(Headline).show(opened)
        self.query_one(LayerList).show_layers(list(opened.run.layers))
        self._neuron.use(opened.run)
        self.want(self._wish)

    def on_run_reader_summarised(self, event: RunReader.Summarised) -> None:
        """Fill in what the layers hold."""
        self._summaries = event.summaries
        self.query_one(LayerPane).show_summaries(event.summaries)
        self._show_layer_line()

    def on_run_reader_arranged(self, event: RunReader.Arranged) -> None:
        """Show the neurons in their order, unless another is wanted by now."""
        self._arranging = None
        if self._opened is None:
            return
        if event.arrangement.wish != self._wish:
            self.want(self._wish)
            return
        self._neurons.show(self._opened, event.arrangement, self._follow)
        self._neurons.border_title = Content(self._title(event.arrangement))
        self._show_layer_line()
        self._show_neuron()

    def on_run_reader_not_arranged(self, event: RunReader.NotArranged) -> None:
        """Say what is wrong and keep what is shown, unless something else is wanted by now."""
        self._arranging = None
        self.complain(event.problem)
        if event.wish != self._wish:
            self.want(self._wish)

    def on_run_reader_failed(self, event: RunReader.Failed) -> None:
        """Say what is wrong; a run that cannot be opened is left."""
        self.complain(event.problem)
        if event.fatal and self.is_current:
            self.leave()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """A layer or a neuron was walked to."""
        if isinstance(event.rows, LayerList):
            self._want_layer(event.rows.layer_at(event.row))
        elif isinstance(event.rows, NeuronList):
            self._follow = event.rows.row
            self._show_neuron()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter: from the layers to the neurons, from a neuron to it alone."""
        if isinstance(event.rows, LayerList):
            self._neurons.focus()
        elif isinstance(event.rows, NeuronList):
            self.add_class("-zoom")
            self._neuron.focus()

    def on_neuron_list_layer_wanted(self, event: NeuronList.LayerWanted) -> None:
        """Left and right among the neurons."""
        self._switch_layer(event.by)

    def on_layer_line_switched(self, event: LayerLine.Switched) -> None:
        """A click on the folded layers' arrows."""
        self._switch_layer(event.by)

    def on_neuron_list_sort_wanted(self, event: NeuronList.SortWanted) -> None:
        """A click on a title."""
        self._sort_by(event.column)

    # The parts.

    @property
    def _neurons(self) -> NeuronList:
        return self.query_one("#neurons", NeuronList)

    @property
    def _neuron(self) -> NeuronPane:
        return self.query_one("#neuron", NeuronPane)

    def _address(self, row: int) -> tuple[int, int]:
        assert self._opened is not None
        table = self._opened.table
        return int(table.layer[row]), int(table.neuron[row])

    def _show_neuron(self) -> None:
        """The neuron under the cursor; the rows around it are read ahead."""
        neurons = self._neurons
        if neurons.row is None:
            self._neuron.show(None)
            return
        around = [neurons.table_row(neurons.cursor + by) for by in (1, -1, 2, -2)]
        self._neuron.show(self._address(neurons.row), [self._address(row) for row in around if row is not None])

    def _show_layer_line(self) -> None:
        if self._opened is not None:
            layers = self._opened.run.manifest.model.layers
            self.query_one(LayerLine).show(self._wish.layer, layers, self._summaries)

    def _title(self, arrangement: Arrangement) -> str:
        wish = arrangement.wish
        parts = ["Neurons"]
        if wish.layer is not None:
            parts.append(f"layer {wish.layer}")
        if query := wish.query.strip():
            parts += [printable(query), f"{len(arrangement.rows):,} of {arrangement.considered:,}"]
        else:
            parts.append(f"{len(arrangement.rows):,}")
        return " · ".join(parts)

    def _sort_by(self, column: str) -> None:
        """Sort by a column, with the cursor on what now comes first."""
        self._follow = None
        self.want(self._wish.sorted_by(column))

    def _switch_layer(self, by: int) -> None:
        layers = self.query_one(LayerList)
        layers.move(layers.cursor + by)
        self._want_layer(layers.layer_at(layers.cursor))

    def _want_layer(self, layer: int | None) -> None:
        if layer != self._wish.layer:
            self._follow = None
            self.want(replace(self._wish, layer=layer))

    # Keys.

    def action_walk(self, by: int) -> None:
        """Go to another neuron of the list, from wherever the keys are."""
        self._neurons.action_step(by)

    def action_order(self, order: int) -> None:
        """Show triggers for another n, in the neuron and in the list."""
        self._follow = self._neurons.row
        self._neuron.set_order(order)
        self.want(replace(self._wish, order=order))

    def action_long(self) -> None:
        """Show all stored triggers and effects, or a few again."""
        self._neuron.toggle_long()

    def action_all_layers(self) -> None:
        """Show the neurons of all layers."""
        self.query_one(LayerList).select(None)
        self._want_layer(None)

    def action_mark(self) -> None:
        """Mark the neuron, or take its mark away."""
        self._neurons.toggle_mark()

    def action_unmark_all(self) -> None:
        """Take all marks away."""
        self._neurons.marked.clear()
        self._neurons.refresh()

    def action_filter(self) -> None:
        """Ask for a filter."""

        def check(text: str) -> Objection | None:
            try:
                parse_query(text)
            except QueryError as error:
                return Objection(error.reason, error.position)
            return None

        def answered(query: str | None) -> None:
            if query is not None:
                self._follow = self._neurons.row
                self.want(replace(self._wish, query=query.strip()))

        self.app.push_screen(Prompt(" / ", self._wish.query, FILTER_HINT, check), answered)

    def action_go_to(self) -> None:
        """Ask for a neuron and go there."""

        def check(text: str) -> Objection | None:
            found = self._find(text)
            return Objection(found, 0) if isinstance(found, str) else None

        def answered(text: str | None) -> None:
            found = self._find(text) if text is not None else None
            if isinstance(found, int):
                self._go(found)

        self.app.push_screen(Prompt(" : ", "", GO_TO_HINT, check), answered)

    def _find(self, text: str) -> int | str | None:
        """Row of the table that a place such as `3:117` means, None for an empty one, or what is wrong with it."""
        if self._opened is None or not text.strip():
            return None
        layers = list(self._opened.run.layers)
        here = layers[0] if self._neurons.row is None else self._address(self._neurons.row)[0]
        return find_place(text, layers, self._opened.run.manifest.model.neurons, here)

    def _go(self, row: int) -> None:
        """Go to a row of the table; a filter or a layer that hides it gives way."""
        place = self._neurons.place_of(row)
        if place is not None:
            self._neurons.move(place)
            return
        layer, _ = self._address(row)
        self._follow = row
        if self._wish.query:
            self.notify("The filter is cleared: it leaves that neuron out.", markup=False)
        scope = self._wish.layer if self._wish.layer in (None, layer) else layer
        self.want(replace(self._wish, query="", layer=scope))
        self.query_one(LayerList).select(scope)

    def action_sort(self) -> None:
        """Ask for a column to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self._sort_by(column)

        self.app.push_screen(Choose("Sort by (again: turn round)", SORTS, self._wish.column), answered)

    def action_export(self) -> None:
        """Export the marked neurons, or the one under the cursor."""
        neurons = self._neurons
        rows = sorted(neurons.marked) or ([neurons.row] if neurons.row is not None else [])
        if self._opened is None or not rows:
            self.notify("There is no neuron to export.", severity="warning", markup=False)
            return

        def answered(path: Path | None) -> None:
            if path is not None:
                written = printable(str(path.resolve()))
                self.notify(f"{number(len(rows), 'neuron')} written to {written}", timeout=8, markup=False)

        self.app.push_screen(Export(self._opened.run, [self._address(row) for row in rows]), answered)

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(EXPLORER))

    def action_back(self) -> None:
        """From the neuron alone to the list; from there to the runs."""
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
            self._neurons.focus()
        else:
            self.leave()

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Filter", "Show only neurons that a query matches (/)", self.action_filter)
        yield SystemCommand("Go to", "Go to a neuron such as 3:117 (:)", self.action_go_to)
        yield SystemCommand("Sort", "Sort the neurons by a column (s)", self.action_sort)
        yield SystemCommand("Mark", "Mark the neuron or take its mark away (m)", self.action_mark)
        yield SystemCommand("Unmark all", "Take all marks away", self.action_unmark_all)
        yield SystemCommand("Export", "Export marked neurons or this one (x)", self.action_export)
        yield SystemCommand("All layers", "Show the neurons of all layers (a)", self.action_all_layers)
        for order, name in ((1, "Tokens"), (2, "Bigrams"), (3, "Trigrams")):
            yield SystemCommand(name, f"Show {name.lower()} as triggers ({order})", partial(self.action_order, order))
        yield SystemCommand("More rows", "Show all stored triggers and tokens, or a few (+)", self.action_long)
        yield SystemCommand("Keys and signs", "Show the help (?)", self.action_help)
        yield SystemCommand("Back to the runs", "Leave this run (q)", self.leave)
