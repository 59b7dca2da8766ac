"""The actions of the neuron pane, and those that its border names."""

from __future__ import annotations

from neuron_tui.store.wording import value_text
from neuron_tui.tui.actions import Action
from neuron_tui.tui.widgets.moving import MOVING
from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, TRIGGER, Item

ACTIONS = (
    *MOVING,
    Action("neuron.page_down", "space", "page(1)", "a page down"),
    Action(
        "neuron.before",
        "left,h",
        "sideways(-1)",
        "neuron before",
        "go to the neuron before or after; n and p do so from any pane.",
        with_=("neuron.after",),
        shown="← →  h l",
    ),
    Action("neuron.after", "right,l", "sideways(1)", "neuron after"),
    Action(
        "neuron.token_before",
        "shift+left,comma",
        "aside(-1)",
        "token before",
        "choose a token of the context under the cursor, as shift+← and shift+→ do.",
        with_=("neuron.token_after",),
        shown=", .",
    ),
    Action("neuron.token_after", "shift+right,full_stop", "aside(1)", "token after"),
    Action("neuron.part_above", "left_curly_bracket", "part(-1)", "part above"),
    Action("neuron.part_below", "right_curly_bracket", "part(1)", "part below"),
    Action(
        "neuron.ask",
        "t",
        "ask",
        "which neurons fire on it",
        "shows which neurons fire on the n-gram or token under the cursor.",
        palette="Fires on it",
    ),
    Action(
        "neuron.only",
        "f",
        "only",
        "only its contexts",
        "on a trigger: shows only its contexts; f again, or escape, shows all.",
        palette="Its contexts",
        with_=("neuron.choose",),
    ),
    Action("neuron.choose", "enter", "choose", "choose"),
    Action(
        "neuron.widen",
        "w",
        "widen",
        "more text",
        "shows contexts as a line each, as passages, as whole sequences, and as lines again.",
        palette="Wider contexts",
    ),
    Action(
        "neuron.highest",
        "v",
        "highest",
        "highest or sampled contexts",
        "shows the contexts where the neuron's value is highest, or the sampled ones again.",
        palette="Highest contexts",
    ),
    Action(
        "neuron.chart",
        "c",
        "chart",
        "read the curve",
        "reads the curve: ← and → move, with shift by one position, { and } to where it goes on or off.",
        palette="Read the curve",
    ),
    Action(
        "neuron.closer",
        "plus",
        "zoom(True)",
        "closer",
        "while the curve is read: show less of it, more of it, all of it. Escape leaves.",
        with_=("neuron.farther", "neuron.zoom_out"),
    ),
    Action("neuron.farther", "minus", "zoom(False)", "farther"),
    Action("neuron.zoom_out", "0", "zoom_out", "the whole curve"),
    Action(
        "neuron.curve",
        "d",
        "curve",
        "another domain's curve",
        "shows the curve overall, of each domain, of all of them above each other.",
        palette="Another curve",
    ),
    Action("neuron.leave", "escape", "leave", "leave"),
)

NOTES = (
    ("↑ ↓  k j", "go over the neuron's triggers, tokens and contexts; { and } from one part to the next."),
    ("pgup pgdn", "scroll by a page, as the wheel does; a click puts the cursor on what is clicked."),
)


def hints(item: Item | None, reads_curve: bool, of_one_gram: bool, room: int, value: float | None = None) -> str:
    """The keys that matter on an item, or while the curve is read, as many as fit; before them the value there is."""
    if reads_curve:
        found = ["← → read", "esc leaves", "+ − zoom", "d domains", "{ } on/off", "0 whole"]
    else:
        found = [f"value {value_text(value)}"] if value is not None else []
        found += ["f all contexts"] if of_one_gram else []
        if item is not None:
            found.append("t fires on it")
            if item.part == TRIGGER and not of_one_gram:
                found.append("f its contexts")
            if item.part == CONTEXT:
                found.append(", . token")
        found += ["w wider", "v highest", "c curve", "d domains"]
    while found and len(" · ".join(found)) > room:
        found.pop()
    return " · ".join(found)
