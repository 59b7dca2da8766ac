"""The explorer: layers, neurons, and the neuron under the cursor.

What people do in it lies with its parts: `finding` asks for neurons, `walking` goes from one to another, `marking` and
`keeping` hold marks, reports and the session, `variants` goes to the same neurons counted with other thresholds, `live`
follows a run that is still extracted. Here they come together.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from neuron_tui.tui.actions import Action, Key, bindings
from neuron_tui.tui.screens.explorer.finding import Finding
from neuron_tui.tui.screens.explorer.keeping import Keeping
from neuron_tui.tui.screens.explorer.live import Live
from neuron_tui.tui.screens.explorer.run_loader import RunLoader
from neuron_tui.tui.screens.explorer.variants import Variants, View
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.widgets.layers.pane import LayerList
from neuron_tui.tui.widgets.neurons import NeuronList
from neuron_tui.tui.widgets.rows import RowList


class Explorer(Finding, Keeping, Variants, Live):
    """One run."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as textual declares it
        (0, "-tiny"),
        (64, "-narrow"),
        (108, "-medium"),
        (160, "-wide"),
    ]

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.overview",
            "i",
            "overview",
            "the run in a few sentences",
            "tells in a few sentences what the run holds and what to look at first, or hides them.",
            palette="Overview",
        ),
        Action(
            "explorer.more_rows",
            "",
            "more_rows",
            "show all stored triggers and tokens, or a few",
            palette="More rows",
        ),
        Action("explorer.help", "question_mark", "help", "keys", palette="Keys and words"),
        Action(
            "explorer.leave",
            "q,escape",
            "leave",
            "back",
            "goes back: from the neuron alone to the list, from there to the runs.",
            palette="Back to the runs",
            shown="q",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "gives the neuron the whole screen; q or escape gives the list back."),
    )

    KEYS = (
        Key("explorer.filter"),
        Key("explorer.go_to"),
        Key("explorer.which", "which fire", "W"),
        Key("explorer.mark"),
        Key("explorer.export"),
        Key("explorer.help", "keys"),
        Key("explorer.leave", "back"),
    )

    def on_mount(self) -> None:
        """Open the run in a thread."""
        self._neurons.border_title = Content("Neurons")
        self._neuron.border_title = Content("Neuron")
        self._neurons.focus()
        self.start_reading()

    # What threads say.

    def on_run_loader_opened(self, event: RunLoader.Opened) -> None:
        """The run is there: show its layers and neurons, as they were left."""
        opened = self._opened = self._newest = event.opened
        self._headline.show(opened)
        self._layers.show_layers(list(opened.run.layers))
        self._neuron.use(opened.run)
        self.set_class(event.session is None and self._view is None, "-overview")
        self.restore(opened, event.session)
        self.keep_in_view(opened, event.session is not None)
        if self._at is not None:
            self.go_to(self._at)
        self.request(self._list_query)
        self.action_look()

    def on_run_loader_grown(self, event: RunLoader.Grown) -> None:
        """There are more layers: put the neurons in order again, then show them all at once."""
        if self._newest is not None and len(event.opened.run.layers) >= len(self._newest.run.layers):
            self._newest = event.opened
            self.request(self._list_query)

    def on_run_loader_summarised(self, event: RunLoader.Summarised) -> None:
        """Fill in what the layers hold."""
        if len(event.summaries) >= len(self._summaries):
            self._summaries = event.summaries
            self._layer_pane.show_summaries(event.summaries)
            self.show_layer_line()
            self.show_overview()

    def on_run_loader_arranged(self, event: RunLoader.Arranged) -> None:
        """Show the neurons in their order, unless another is wanted by now."""
        self._arranging = None
        if self.is_stale(event.asked):
            self.request(self._list_query)
            return
        neurons, opened = self._neurons, event.asked.opened
        grown = self._opened is not opened
        # A list that grows under the cursor keeps it where the eye is.
        height = neurons.cursor - neurons.scroll_offset.y
        if grown and self._opened is not None:
            self._follow = neurons.row if self._follow is None else self._follow
            self.carry_over(self._opened, opened)
            self._opened = opened
            self._headline.show(opened)
            self._layers.show_layers(list(opened.run.layers))
            self._neuron.use(opened.run)
        self._rows = event.arrangement.rows
        neurons.show(opened, event.arrangement, self._follow)
        if grown:
            neurons.scroll_to(y=neurons.cursor - height, animate=False)
        self.show_title(event.arrangement)
        self.show_layer_line()
        self.show_neuron()
        self.bring_in_view()

    def on_run_loader_not_arranged(self, event: RunLoader.NotArranged) -> None:
        """Say what is wrong and keep what is shown, unless something else is wanted by now."""
        self._arranging = None
        self.complain(event.problem)
        if self.is_stale(event.asked):
            self.request(self._list_query)

    def on_run_loader_failed(self, event: RunLoader.Failed) -> None:
        """Say what is wrong; a run that cannot be opened is left."""
        self.complain(event.problem)
        if event.fatal and self.is_current:
            self.leave()

    def start_again(self) -> None:
        """The run was made anew since it was opened: open it afresh."""
        if self.is_current:
            self.app.switch_screen(Explorer(self._path))

    def switch_to(self, path: Path, view: View) -> None:
        """Show another run of the same neurons in the place of this one."""
        beside = Explorer(path)
        beside.take_over(view)
        self.app.switch_screen(beside)

    # What the lists say.

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """A layer or a neuron was walked to."""
        if isinstance(event.rows, LayerList):
            self.want_layer(event.rows.layer_at(event.row))
        elif isinstance(event.rows, NeuronList):
            self._follow = event.rows.row
            self.show_neuron()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Enter: from the layers to the neurons, from a neuron to it alone."""
        if isinstance(event.rows, LayerList):
            self._neurons.focus()
        elif isinstance(event.rows, NeuronList):
            self.add_class("-zoom")
            self._neuron.focus()

    # Keys.

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def action_more_rows(self) -> None:
        """Show all stored triggers and tokens of the neuron, or a few again."""
        self._neuron.toggle_long()

    def action_leave(self) -> None:
        """From the neuron alone to the list; from there to the runs."""
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
            self._neurons.focus()
        else:
            self.leave()
