"""Help: what each key does and what the signs mean, in plain sentences."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from neuron_tui.store.query import NUMBER_KEYS, TYPE_WORDS
from neuron_tui.store.words import TYPE_MEANINGS
from neuron_tui.tui.spans import BLANK, Line, fit, wrap
from neuron_tui.tui.widgets.painting import LineView

EXPLORER = (
    (
        "Moving",
        (
            ("↑ ↓  k j", "go to the row above or below; pgup and pgdn go a page, g and G to the first and last."),
            ("← →  h l", "among the neurons, go to the layer below or above; in a neuron, to the one before or after."),
            ("n p", "go to the next or previous neuron of the list, from any pane."),
            ("tab", "gives the keys to the next pane; its border is heavy."),
            ("enter", "gives the neuron the whole screen; q or escape gives the list back."),
            (":", "goes to a neuron: 3:117 is neuron 117 of layer 3; 117 alone is in this layer."),
        ),
    ),
    (
        "Choosing",
        (
            ("/", 'filters the neurons, for example: type:token layer:0-5 freq<1% mi>0.05 trigger:" title"'),
            ("", f"Types: {' '.join(TYPE_WORDS)}. Numbers: {' '.join(NUMBER_KEYS)}."),
            ("", "All terms must hold; a minus before one turns it round. An empty filter shows all."),
            ("s", "sorts by a column; the same column again turns the order round. Titles can be clicked."),
            ("1 2 3", "shows triggers that are tokens, bigrams or trigrams, in the neuron and in the list."),
            ("+", "shows all the triggers and tokens that are stored, or a few again."),
            ("a", "shows all layers."),
        ),
    ),
    (
        "Keeping",
        (
            ("m", "marks the neuron with ◆, or takes the mark away."),
            ("x", "exports the marked neurons, or this one if none is marked, as Markdown or JSON."),
        ),
    ),
    (
        "Signs",
        (
            ("·", "is a space, mostly the one before a word; ↵ is a line feed, \\x1b a byte that is no character."),
            ("▼", "a token detector that suppresses its triggers: it writes against the tokens it fires on."),
            ("◂", "marks a neuron's own trigger among the tokens it promotes or suppresses."),
            ("▐ ▌", "stand around the tokens of a context on which the neuron is active."),
            ("2g 3g", "are bigram and trigram detectors, tok token detectors, pos positional neurons."),
            ("cover", "how many n-grams it takes to cover 95% of a neuron's activations."),
            ("freq", "the share of counted tokens on which a neuron is active."),
            ("mi", "the mutual information of activity and position, in nats; above 0.05 is positional."),
            *((name, f"a positional type: {meaning}.") for name, meaning in TYPE_MEANINGS.items()),
        ),
    ),
    (
        "Elsewhere",
        (
            ("ctrl+p", "finds any action by its name, light and dark themes among them."),
            ("q", "goes back, and out of the program from the list of runs; ctrl+q leaves at once."),
        ),
    ),
)

RUNS = (
    (
        "Runs",
        (
            ("enter", "opens the run under the cursor; a partial one opens on its finished layers."),
            ("d", "deletes it, after asking."),
            ("r", "reads the list again."),
            ("ctrl+p", "finds any action by its name, light and dark themes among them."),
            ("q", "leaves the program."),
        ),
    ),
    (
        "States",
        (
            ("complete", "every layer asked for is there."),
            ("partial", "some layers are there; the same extract command goes on with the rest."),
            ("running", "an extraction is writing it now."),
            ("damaged", "a file is missing or altered; the line below the list says which."),
        ),
    ),
)

Sections = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def help_lines(sections: Sections, width: int) -> list[Line]:
    """The help as lines of at most `width` cells."""
    lines: list[Line] = []
    indent = 12
    for title, entries in sections:
        lines += [BLANK] if lines else []
        lines.append(((title, "heading"),))
        for key, sentence in entries:
            first, *rest = wrap(sentence, max(20, width - indent)) or [""]
            lines.append(((fit(f" {key}", max(indent, cell_len(key) + 2)), "strong"), (first, "")))
            lines += [((" " * indent + line, ""),) for line in rest]
    return lines


class HelpLines(LineView, can_focus=True):
    """The sentences, wrapped to the width there is."""

    def __init__(self, sections: Sections) -> None:
        super().__init__()
        self._sections = sections
        self._lines: list[Line] = []

    def on_resize(self) -> None:
        """Wrap anew."""
        self._lines = help_lines(self._sections, self.inner_width)
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line of the help."""
        return self._lines[index] if index < len(self._lines) else BLANK


class Help(ModalScreen[None]):
    """Shows the help of a screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "leave", "close", show=False),
        Binding("j", "scroll(1)", "down", show=False),
        Binding("k", "scroll(-1)", "up", show=False),
    ]

    def __init__(self, sections: Sections) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="help") as box:
            box.border_title = Content("Keys and signs")
            box.border_subtitle = Content("q closes")
            yield HelpLines(self._sections)

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        lines = self.query_one(HelpLines)
        lines.scroll_to(y=lines.scroll_offset.y + by, animate=False)

    def action_leave(self) -> None:
        """Close the help."""
        self.dismiss()
