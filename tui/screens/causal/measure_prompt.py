"""Asking what to silence, and how."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.causal import Method
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.screens.filter_prompt import FilterPrompt
from neuron_tui.tui.widgets.painting import TextLine

FIRST = "type:token"
"""The filter that is there to begin with: token detectors, the paper's question."""

METHOD_WORDS: dict[Method, str] = {"zero": "to zero", "mean": "to its mean"}

HINT = "the neurons that this filter matches are silenced · enter measures, tab completes, esc leaves"


class MeasurePrompt(FilterPrompt):
    """Asks which neurons are silenced, by a filter; two switches say how. Gives the filter, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "measure.method",
            "ctrl+t",
            "other_method",
            "to zero or to the mean",
            "silences neurons by setting their value to zero, or to its mean over the run's tokens.",
        ),
        Action(
            "measure.together",
            "ctrl+g",
            "together",
            "one at a time or together",
            "silences one neuron at a time, or all that match in a layer at once.",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, thresholds: Thresholds) -> None:
        super().__init__(FIRST, thresholds, HINT)
        self.method: Method = "zero"
        self.together = False

    def on_mount(self) -> None:
        """Show the switches."""
        super().on_mount()
        self.query_one("#prompt", Vertical).mount(TextLine(self._switches(), id="measure-switches"), before=0)

    def action_other_method(self) -> None:
        """Silence in the other way."""
        self.method = "mean" if self.method == "zero" else "zero"
        self._show()

    def action_together(self) -> None:
        """Silence one at a time, or all of a layer."""
        self.together = not self.together
        self._show()

    def _show(self) -> None:
        self.query_one("#measure-switches", TextLine).show_text(self._switches())

    def _switches(self) -> Line:
        mean = self.method == "mean"
        return (
            (" silence ", "heading"),
            *_switch(METHOD_WORDS["zero"], METHOD_WORDS["mean"], mean, "ctrl+t"),
            (" · ", "dim"),
            *_switch("one at a time", "together", self.together, "ctrl+g"),
        )


def _switch(off: str, on: str, is_on: bool, key: str) -> Line:
    return (
        (f" {off} " if is_on else f"[{off}]", "dim" if is_on else "strong"),
        (f"[{on}]" if is_on else f" {on} ", "strong" if is_on else "dim"),
        (f" {key}", "dim"),
    )
