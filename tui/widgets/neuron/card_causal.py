"""The part of a neuron's card on what silencing it did: nothing where that was not measured."""

from __future__ import annotations

from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import Line, wrap
from neuron_tui.tui.reports.causal_text import SILENCED, causal_note
from neuron_tui.tui.reports.neuron import NeuronView


def causal_lines(view: NeuronView, width: int) -> list[Line]:
    """A sentence for each way in which the neuron was silenced, or why the measurements cannot be read."""
    problem = view.causal_problem.split("\n") if view.causal_problem else []
    lines = [line for record in view.record.causal for line in _titled(causal_note(record), "", width)]
    return [*lines, *_titled(f"{SILENCED}: {printable(' '.join(problem))}", "bad", width)] if problem else lines


def _titled(text: str, role: str, width: int) -> list[Line]:
    first, *rest = wrap(text, width)
    return [((SILENCED, "heading"), (first.removeprefix(SILENCED), role)), *(((line, role),) for line in rest)]
