"""The keys of the neuron pane: what each does, and those that its border names."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from neuron_tui.tui.widgets.moving import MOVING
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, TRIGGER, Item

BINDINGS: list[BindingType] = [
    *MOVING,
    Binding("space", "page(1)", "a page down", show=False, id="neuron.page_down"),
    Binding("left,h", "sideways(-1)", "neuron before", show=False, id="neuron.before"),
    Binding("right,l", "sideways(1)", "neuron after", show=False, id="neuron.after"),
    Binding("shift+left,comma", "aside(-1)", "token before", show=False, id="neuron.token_before"),
    Binding("shift+right,full_stop", "aside(1)", "token after", show=False, id="neuron.token_after"),
    Binding("left_curly_bracket", "part(-1)", "part above", show=False, id="neuron.part_above"),
    Binding("right_curly_bracket", "part(1)", "part below", show=False, id="neuron.part_below"),
    Binding("c", "chart", "read the curve", show=False, id="neuron.chart"),
    Binding("d", "curve", "another domain's curve", show=False, id="neuron.curve"),
    Binding("plus", "zoom(True)", "closer", show=False, id="neuron.closer"),
    Binding("minus", "zoom(False)", "farther", show=False, id="neuron.farther"),
    Binding("0", "zoom_out", "the whole curve", show=False, id="neuron.zoom_out"),
    Binding("t", "ask", "which neurons fire on it", show=False, id="neuron.ask"),
    Binding("f", "only", "only its contexts", show=False, id="neuron.only"),
    Binding("enter", "choose", "choose", show=False, id="neuron.choose"),
    Binding("w", "widen", "more text", show=False, id="neuron.widen"),
    Binding("escape", "leave", "leave", show=False, id="neuron.leave"),
]

KEY_HELP: tuple[tuple[str, str], ...] = (
    ("↑ ↓  k j", "go over the neuron's triggers, tokens and contexts; { and } from one part to the next."),
    ("pgup pgdn", "scroll by a page, as the wheel does; a click puts the cursor on what is clicked."),
    ("← →  h l", "go to the neuron before or after; n and p do so from any pane."),
    (", .", "choose a token of the context under the cursor, as shift+← and shift+→ do."),
    ("t", "shows which neurons fire on the n-gram or token under the cursor."),
    ("f  enter", "on a trigger: shows only its contexts; f again, or escape, shows all."),
    ("w", "shows contexts as a line each, as passages, as whole sequences, and as lines again."),
    ("c", "reads the curve: ← and → move, with shift by one position, { and } to where it goes on or off."),
    ("+ - 0", "while the curve is read: show less of it, more of it, all of it. Escape leaves."),
    ("d", "shows the curve overall, of each domain, of all of them above each other."),
    ("● ○", "mark covering n-grams: on ● it is active often enough for a detector's trigger, on ○ less often."),
    ("┊", "in whole sequences: beyond it the run does not know where the neuron is active."),
)


def hints(item: Item | None, reads_curve: bool, of_one_gram: bool, room: int) -> str:
    """The keys that matter on an item, or while the curve is read, as many as fit."""
    if reads_curve:
        found = ["← → read", "esc leaves", "+ − zoom", "d domains", "{ } on/off", "0 whole"]
    else:
        found = ["f all contexts"] if of_one_gram else []
        if item is not None:
            found.append("t fires on it")
            if item.part == TRIGGER and not of_one_gram:
                found.append("f its contexts")
            if item.part == CONTEXT:
                found.append(", . token")
        found += ["w wider", "c curve", "d domains"]
    while found and len(" · ".join(found)) > room:
        found.pop()
    return " · ".join(found)
