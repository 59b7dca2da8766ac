"""The panes of a run and what a person does in them: layers, neurons, and the neuron under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive

from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.neurons.arrangement import Arrangement
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, code_at, place_text, row_of
from neuron_tui.store.runs.rule import VALUE
from neuron_tui.tui.actions import bindings
from neuron_tui.tui.browsing.browsing import Browsing, View
from neuron_tui.tui.browsing.history import History
from neuron_tui.tui.browsing.marks import Marks
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.remembered.session import Session
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer import keys
from neuron_tui.tui.screens.explorer.growing import Teller
from neuron_tui.tui.screens.explorer.reading import Wanted, arranged
from neuron_tui.tui.widgets.headline import Headline
from neuron_tui.tui.widgets.layers.line import LayerLine
from neuron_tui.tui.widgets.layers.overview import Overview, overview
from neuron_tui.tui.widgets.layers.pane import LayerList, LayerPane
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from neuron_tui.tui.widgets.neurons import NeuronList
from neuron_tui.tui.widgets.rows import RowList

_REST = 1.0
"""Seconds between two looks at the cursor; where both find the same neuron, it was visited."""

MANY = 1000
"""Marks that are not set by one key without a question."""


class RunBrowser(Vertical):
    """Three panes below the headline. What they show is one value, `browsing`."""

    ACTIONS = keys.BROWSING
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    zoomed = reactive(False)
    """Whether the neuron has the whole screen."""

    def __init__(self, teller: Teller, opening: str) -> None:
        """`opening` stands in the headline until the run is there."""
        super().__init__()
        self.browsing = Browsing()
        # The run as the panes show it, and with the layers that are shown once their neurons are in order.
        self.opened: OpenedRun | None = None
        self.newest: OpenedRun | None = None
        self.headline = Headline(opening)
        self.neurons, self.neuron = NeuronList(id="neurons"), NeuronPane(id="neuron")
        self._overview, self._layer_line = Overview(), LayerLine(id="layer-line")
        self._layer_pane = LayerPane(id="layers")
        self._teller = teller
        self._summaries: Sequence[LayerSummary] = ()
        self._keep_in_view: Address | None = None
        self._resting: Address | None = None
        self._lists: Latest[Wanted, Arrangement] = Latest(
            self, arranged, self._show_list, lambda _, error: teller.complain(str(error))
        )

    def compose(self) -> ComposeResult:
        """Headline, overview and panes."""
        yield self.headline
        yield self._overview
        yield self._layer_line
        with Horizontal(id="panes"):
            yield self._layer_pane
            yield self.neurons
            yield self.neuron

    def on_mount(self) -> None:
        """Look now and then whether the cursor rests."""
        self.neuron.border_title = Content("Neuron")
        self.neurons.focus()
        self.set_interval(_REST, self.notice_rest)

    @property
    def layer_list(self) -> LayerList:
        """The list of layers."""
        return self._layer_pane.rows

    @property
    def here(self) -> Address | None:
        """The neuron under the cursor."""
        return self.neurons.address

    @property
    def under_way(self) -> bool:
        """Whether another list is on its way."""
        return self._lists.busy

    @property
    def ready(self) -> bool:
        """Whether the list that was asked for, the layers in summary and the neuron's card are shown."""
        return self.neurons.listed and not self.under_way and bool(self._summaries) and self.neuron.up_to_date

    # What the panes show.

    def show_run(self, opened: OpenedRun, session: Session | None, view: View | None) -> None:
        """Show a run as it was left, or as `view` says of a run beside it."""
        self.newest = opened
        self._adopt(opened)
        browsing = self.browsing
        if session is not None:
            browsing = browsing.restored(opened, session)
            if words := browsing.in_words():
                self._teller.note(f"As you left it: {words}.")
        if view is not None:
            # A run that was never left before is shown by the same filter and order.
            list_query = view.list_query if session is None else browsing.list_query
            browsing = replace(browsing, follow=view.neuron or browsing.follow, list_query=list_query)
            self._keep_in_view = view.neuron
        self.layer_list.select(browsing.list_query.layer)
        self.neuron.set_order(browsing.list_query.order)
        self.zoom(view.zoom if view is not None else session is not None and session.zoom)
        self.screen.set_class(session is None and view is None, "-overview")
        self.browse(browsing)

    def show_more_layers(self, opened: OpenedRun) -> None:
        """Show the run with more layers, all at once when its neurons are in order."""
        self.newest = opened
        self.browse(self.browsing)

    def show_summaries(self, summaries: Sequence[LayerSummary]) -> None:
        """Fill in what the layers hold, and say it in sentences."""
        if self.opened is None or len(summaries) < len(self._summaries):
            return
        self._summaries = summaries
        self._layer_pane.show_summaries(summaries)
        manifest = self.opened.run.manifest
        self._overview.show_text(overview(summaries, manifest.tokens, manifest.rule.row_noun))
        self._show_layer_line()

    def browse(self, browsing: Browsing) -> None:
        """Have the neurons shown that are looked at from now on."""
        self.browsing = browsing
        if self.newest is not None:
            self._lists.request(Wanted(self.newest, browsing.list_query, browsing.limit))

    def zoom(self, zoom: bool) -> None:
        """Give the neuron the whole screen, or show the list beside it."""
        self.zoomed = zoom
        self.screen.set_class(zoom, "-zoom")
        (self.neuron if zoom else self.neurons).focus()

    def _adopt(self, opened: OpenedRun) -> None:
        self.opened = opened
        self.headline.show(opened)
        self.layer_list.show_layers(list(opened.run.layers))
        self.neuron.use(opened.run)

    def _show_list(self, wanted: Wanted, arrangement: Arrangement) -> None:
        """Show neurons in their order; where the run has grown the list keeps its height under the cursor."""
        neurons = self.neurons
        height = neurons.cursor - neurons.scroll_offset.y
        if grown := self.opened is not wanted.opened:
            self.browsing = replace(self.browsing, follow=self.browsing.follow or self.here)
            self._adopt(wanted.opened)
        neurons.show_marks(self.browsing.marks.codes)
        neurons.show(wanted.opened, arrangement, self.browsing.follow, limited=wanted.limit is not None)
        if grown:
            neurons.scroll_to(y=neurons.cursor - height, animate=False)
        self._show_layer_line()
        self.show_neuron()
        # If the list leaves out the neuron that was in view in another variant, what hides it gives way.
        at, self._keep_in_view = self._keep_in_view, None
        if at is not None and self.here != at:
            self.go_to(at)

    def show_neuron(self) -> None:
        """Show the neuron under the cursor; the ones around it are read ahead."""
        around = (self.neurons.address_at(self.neurons.cursor + by) for by in (1, -1, 2, -2))
        self.neuron.show(self.here, list(filter(None, around)))

    def _show_layer_line(self) -> None:
        """Say in the folded line which layers are in view."""
        if self.opened is not None:
            run, layer = self.opened.run, self.browsing.list_query.layer
            self._layer_line.show(layer, len(run.layers), run.manifest.model.layers, self._summaries)

    # Going from neuron to neuron.

    def notice_rest(self) -> None:
        """A neuron on which the cursor rests is visited."""
        before, self._resting = self._resting, self.here
        if self._resting == before:
            self.browsing = self.browsing.visited(self._resting)

    def go_to(self, address: Address) -> None:
        """Jump to a neuron, and remember where from; a filter or a layer that hides it gives way."""
        self.browsing = self.browsing.visited(self.here)
        if self._go(address):
            self.browsing = self.browsing.visited(address)

    def _go(self, address: Address) -> bool:
        if self.opened is None or row_of(self.opened, address) is None:
            rule = self.opened.run.manifest.rule if self.opened is not None else VALUE
            self._teller.note(f"{place_text(rule, address)} is not among the finished layers.")
            return False
        if (place := self.neurons.place_of(address)) is not None:
            self.neurons.move(place)
            return True
        browsing, note = self.browsing.reaching(address)
        if note:
            self._teller.note(note)
        self.browse(browsing)
        self.layer_list.select(browsing.list_query.layer)
        return True

    def _turn(self, history: History, nowhere: str) -> None:
        """Go to another visit, or say that there is none."""
        if history is self.browsing.history or history.here is None:
            self._teller.note(nowhere)
        elif self._go(history.here):
            self.browsing = replace(self.browsing, history=history)

    def _want_layer(self, layer: int | None) -> None:
        if layer != self.browsing.list_query.layer:
            self.browse(self.browsing.in_layer(layer))

    def _switch_layer(self, by: int) -> None:
        """Go some layers up or down; before the first are all of them."""
        rows = self.layer_list
        rows.move(rows.cursor + by)
        self._want_layer(rows.layer_at(rows.cursor))

    # What the panes say.

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """A layer or a neuron was walked to."""
        if isinstance(event.rows, LayerList):
            self._want_layer(event.rows.layer_at(event.row))
        elif isinstance(event.rows, NeuronList):
            self.browsing = replace(self.browsing, follow=self.here)
            self.show_neuron()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter: from the layers to the neurons, from a neuron to it alone."""
        if isinstance(event.rows, LayerList):
            self.neurons.focus()
        elif isinstance(event.rows, NeuronList):
            self.zoom(True)

    def on_neuron_list_layer_wanted(self, event: NeuronList.LayerWanted) -> None:
        """Left and right among the neurons."""
        self._switch_layer(event.by)

    def on_neuron_pane_neighbour_wanted(self, event: NeuronPane.NeighbourWanted) -> None:
        """Left and right in the neuron."""
        self.neurons.action_step(event.by)

    def on_layer_line_switched(self, event: LayerLine.Switched) -> None:
        """A click on the folded layers' arrows."""
        self._switch_layer(event.by)

    def on_neuron_list_sort_wanted(self, event: NeuronList.SortWanted) -> None:
        """A click on a title."""
        self.browse(self.browsing.sorted_by(event.column))

    # Keys.

    def action_walk(self, by: int) -> None:
        """Go to another neuron of the list, from wherever the keys are."""
        self.neurons.action_step(by)

    def action_all_layers(self) -> None:
        """Show the neurons of all layers."""
        self.layer_list.select(None)
        self._want_layer(None)

    def action_model_order(self) -> None:
        """List the neurons in the order of the model; if they are, notable ones first."""
        self.browse(self.browsing.in_model_order())

    def action_order(self, order: int) -> None:
        """Show triggers for another n, in the neuron and in the list."""
        self.neuron.set_order(order)
        self.browse(self.browsing.of_order(order, self.here))

    def action_back_again(self) -> None:
        """Go back to the neuron visited before."""
        self.browsing = self.browsing.visited(self.here)
        self._turn(self.browsing.history.back(), "No neuron was visited before this one.")

    def action_forward_again(self) -> None:
        """Go forward to where one came back from."""
        self._turn(self.browsing.history.forward(), "No neuron was visited after this one.")

    def action_more_rows(self) -> None:
        """Show all stored triggers and tokens of the neuron, or a few again."""
        self.neuron.toggle_long()

    def action_overview(self) -> None:
        """Show the run in a few sentences, or the panes alone again."""
        self.screen.toggle_class("-overview")

    def action_mark(self) -> None:
        """Mark the neuron, or take its mark away."""
        if self.opened is not None and self.here is not None:
            self._set_marks(self.browsing.marks.toggled(code_at(self.opened, self.here)), "")

    def action_mark_all(self) -> None:
        """Mark all neurons of the list; if all of them are, take these marks away."""
        shown = self.neurons.codes

        def answered(yes: bool | None) -> None:
            if yes:
                self._set_marks(*self.browsing.marks.all_toggled(shown))

        if not shown:
            self._teller.note("The list shows no neuron to mark.")
        elif len(shown) > MANY and not shown <= self.browsing.marks.codes:
            question = f"Mark {len(shown):,} neurons?"
            self.app.push_screen(Confirm(question, "These are all that the list shows.", "Mark", "Leave"), answered)
        else:
            answered(True)

    def action_unmark_all(self) -> None:
        """Take all marks away; when there are none, bring back those that were taken away so."""
        self._set_marks(*self.browsing.marks.none_or_back())

    def action_only_marked(self) -> None:
        """Limit the list to the neurons marked now, or show all again."""
        browsing = self.browsing
        if browsing.limit is not None:
            self.browse(browsing.limited(None, self.here))
        elif browsing.marks.codes:
            self._teller.note("Only marked neurons are shown; * shows all again.")
            self.browse(browsing.limited(browsing.marks.codes, self.here))
        else:
            self._teller.note("No neuron is marked; m marks one.")

    def _set_marks(self, marks: Marks, note: str) -> None:
        self.browsing = replace(self.browsing, marks=marks)
        self.neurons.show_marks(marks.codes)
        if note:
            self._teller.note(note)
