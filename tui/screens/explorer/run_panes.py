"""The explorer's panes, and what all its actions do with them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.neurons.arrangement import Arrangement
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Key
from neuron_tui.tui.screens.explorer.run_loader import RunLoader
from neuron_tui.tui.widgets.headline import Headline
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.layers.line import LayerLine
from neuron_tui.tui.widgets.layers.overview import Overview, overview
from neuron_tui.tui.widgets.layers.pane import LayerList, LayerPane
from neuron_tui.tui.widgets.neuron.pane import NeuronPane
from neuron_tui.tui.widgets.neurons import NeuronList
from neuron_tui.tui.widgets.note_line import NoteLine


class RunPanes(RunLoader):
    """Layers, neurons, and the neuron under the cursor, between the headline and the keys."""

    KEYS: ClassVar[tuple[Key, ...]] = ()

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        # Held here too: they answer while the screen goes, when they can no longer be asked for by name.
        self._headline = Headline(f"opening {path.name} …")
        self._overview = Overview()
        self._layer_line = LayerLine(id="layer-line")
        self._layer_pane = LayerPane(id="layers")
        self._neurons = NeuronList(id="neurons")
        self._neuron = NeuronPane(id="neuron")
        self._note = NoteLine()
        self._summaries: tuple[LayerSummary, ...] = ()
        self._rows: Int64s = np.empty(0, np.int64)
        self._follow: int | None = None

    def compose(self) -> ComposeResult:
        """Three panes between the headline and the keys."""
        yield self._headline
        yield self._overview
        yield self._layer_line
        with Horizontal(id="panes"):
            yield self._layer_pane
            yield self._neurons
            yield self._neuron
        yield self._note
        yield KeyLine(*self.KEYS)

    def note(self, text: str) -> None:
        """Say something of no great weight: it stands until the next key."""
        self._note.note(text)

    def on_key(self, event: events.Key) -> None:
        """The note has been seen."""
        self._note.clear()

    # What the panes show.

    @property
    def _layers(self) -> LayerList:
        return self._layer_pane.rows

    @property
    def here(self) -> Address | None:
        """The neuron under the cursor."""
        return self.address(self._neurons.row) if self._neurons.row is not None else None

    def address(self, row: int) -> Address:
        """Layer and neuron of a row of the table in sight."""
        assert self._opened is not None
        table = self._opened.table
        return int(table.layer[row]), int(table.neuron[row])

    def show_neuron(self) -> None:
        """Show the neuron under the cursor; the rows around it are read ahead."""
        neurons = self._neurons
        if neurons.row is None:
            self._neuron.show(None)
            return
        around = [neurons.table_row(neurons.cursor + by) for by in (1, -1, 2, -2)]
        self._neuron.show(self.address(neurons.row), [self.address(row) for row in around if row is not None])

    def show_layer_line(self) -> None:
        """Say in the folded line which layers are in view."""
        if self._opened is not None:
            run = self._opened.run
            self._layer_line.show(self._list_query.layer, len(run.layers), run.manifest.model.layers, self._summaries)

    def show_overview(self) -> None:
        """Say in sentences what the layers hold."""
        if self._opened is not None and self._summaries:
            self._overview.say(overview(self._summaries, self._opened.run.manifest.tokens))

    def action_overview(self) -> None:
        """Show the run in a few sentences, or the panes alone again."""
        self.toggle_class("-overview")

    def show_title(self, arrangement: Arrangement) -> None:
        """Say over the list what it shows, and how many."""
        list_query = arrangement.list_query
        shown, query = f"{len(arrangement.rows):,}", list_query.query.strip()
        # How many comes first: what is too long is cut at its end.
        parts = ["Neurons", f"{shown} of {arrangement.considered:,}" if query else shown]
        if list_query.layer is not None:
            parts.append(f"layer {list_query.layer}")
        if self._among is not None:
            parts.append("marked ones")
        if list_query.column == "notable":
            parts.append("notable last ↑" if list_query.descending else "notable first ↓")
        if query:
            parts.append(printable(query))
        self._neurons.border_title = Content(" · ".join(parts))
