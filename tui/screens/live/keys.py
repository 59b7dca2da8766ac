"""The actions of the screen where a model reads a text, and what its help says beside them."""

from __future__ import annotations

from neuron_tui.tui.actions import Action, Key

ACTIONS = (
    Action(
        "live.edit", "e,i", "edit", "edit the text", "goes back to the text, to change it.", palette="Edit the text"
    ),
    Action(
        "live.silence",
        "z",
        "silence",
        "silence",
        "silences the neuron under the cursor, or lets it speak again, and has the text read once more.",
        palette="Silence the neuron",
    ),
    Action(
        "live.silence_marked",
        "m",
        "silence_marked",
        "silence the marked ones",
        "silences the neurons that are marked in the run.",
        palette="Silence marked neurons",
    ),
    Action(
        "live.silence_filter",
        "slash",
        "silence_filter",
        "silence a filter",
        "asks for a filter and silences the neurons that it matches, such as type:suppressing layer:2",
        palette="Silence a filter",
    ),
    Action(
        "live.speak",
        "u",
        "speak",
        "silence none",
        "lets all neurons speak again.",
        palette="Silence none",
    ),
    Action(
        "live.method",
        "y",
        "method",
        "zero or mean",
        "silences to zero, or to the mean over the run's tokens.",
        palette="Silence to zero or mean",
    ),
    Action(
        "live.target",
        "t",
        "target",
        "contributions to the token",
        "has the contributions be to the logit of the token under the cursor of the right list; enter does too.",
        palette="Contributions to this token",
    ),
    Action("live.sort", "s", "sort", "sort", "sorts the neurons.", palette="Sort"),
    Action(
        "live.cancel",
        "X",
        "cancel",
        "stop reading",
        "stops the reading that is under way, as escape does; the model stays.",
        palette="Stop reading",
    ),
    Action(
        "live.help",
        "f1,question_mark",
        "help",
        "keys",
        "shows this; while you type, F1 does.",
        palette="Keys and words",
        shown="F1 ?",
    ),
    Action(
        "live.leave",
        "escape,q",
        "leave",
        "back",
        "goes back to the run; the model is released.",
        palette="Back to the run",
        shown="q",
    ),
    Action("live.read", "", "read", "have the text read", palette="Read the text"),
    Action("live.go", "", "go", "go to the neuron under the cursor", palette="Go to"),
)

NOTES = (
    ("enter", "in the text: has the model read it. In the neurons: goes to the neuron."),
    ("tab", "goes from the text to the tokens, the neurons, and what may come."),
    ("fire", "how many neurons of the layer are active at the token: what an extraction would count."),
    ("loss", "minus the logarithm of the probability that the model gave the token, in nats."),
    ("adds", "what the neuron adds to the logit of the token marked ◂ directly: through the final norm, held still."),
    ("∅", "marks silenced neurons; what they would have done is still shown."),
    ("directly", "the probability that the direct way alone would give; no later layer answers."),
)

TYPING = (
    Key("live.read", "read", "enter"),
    Key("app.focus_next", "tokens", "tab"),
    Key("live.help", "keys", "F1"),
    Key("live.leave", "back", "esc"),
)

KEYS = (
    Key("live.edit", "text", "e"),
    Key("live.silence"),
    Key("live.target", "adds to it", "t"),
    Key("live.sort"),
    Key("live.go", "go to", "enter"),
    Key("live.help", "keys"),
    Key("live.leave", "back", "q"),
)
