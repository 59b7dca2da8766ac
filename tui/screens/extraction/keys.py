"""The actions of the form of a new extraction, and those that its footer shows."""

from __future__ import annotations

from neuron_tui.tui.actions import Action, Key, leave_action

ACTIONS = (
    leave_action("form"),
    Action(
        "form.estimate",
        "ctrl+e",
        "estimate",
        "estimate",
        "estimates time, memory and disk: the corpus is tokenised and one layer timed. esc stops it.",
        palette="Estimate",
        priority=True,
    ),
    Action(
        "form.start",
        "ctrl+s",
        "start",
        "start",
        "starts the extraction, estimated or not. It goes on when the program is left.",
        palette="Start",
    ),
    Action(
        "form.add_source",
        "ctrl+n",
        "add_source",
        "add a source",
        "adds a source of text below this one; sources of one domain add to it.",
        palette="Add a source",
    ),
    Action(
        "form.remove_source",
        "ctrl+r",
        "remove_source",
        "remove the source",
        "removes this source.",
        palette="Remove the source",
    ),
    Action("form.next_field", "down", "app.focus_next", "next field"),
    Action("form.field_before", "up", "app.focus_previous", "field before"),
    Action(
        "form.help",
        "f1,question_mark",
        "help",
        "keys",
        "shows this help; outside of lines to type in ? does too.",
        palette="Keys",
        shown="f1",
    ),
    Action("form.choices", "", "choices", "list what could stand in this field", palette="Choices"),
)

NOTES = (
    ("tab ↓", "goes to the next field, shift+tab and ↑ to the one before; enter goes on too."),
    ("→", "at the end of a model, a source or a device takes the completion behind it; ctrl+space does too."),
    ("ctrl+l", "lists what could stand in such a field; in the list → goes into a directory."),
    ("space", "switches a box or a choice, and shows or hides the fields under “more”."),
)

KEYS = (
    Key("form.choices", "choices"),
    Key("form.add_source", "add"),
    Key("form.remove_source", "remove"),
    Key("form.estimate", "estimate"),
    Key("form.start", "start"),
    Key("form.leave", "leave"),
)
