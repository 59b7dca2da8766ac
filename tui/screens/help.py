"""Help: the keys of the pane in focus first, then those of its screen, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from neuron_tui.store.measures.threshold_wording import coverage_text, detector_text, number_text
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.tui.drawing.spans import BLANK, Line, fit, wrap
from neuron_tui.tui.key_names import named_keys
from neuron_tui.tui.reports.neuron_text import TYPE_MEANINGS
from neuron_tui.tui.widgets.key_line import shown_key
from neuron_tui.tui.widgets.painting import LineView

Entries = tuple[tuple[str, str], ...]
Sections = tuple[tuple[str, Entries], ...]

_SIGNS: Entries = (
    ("·", "is a space, mostly the one before a word; ↵ is a line feed, \\x1b a byte that is no character."),
    ("\\u200d", "is a character, by its number, that acts, hides, or has not the same width on every terminal."),
    ("▼", "a token detector that suppresses its triggers: it writes against the tokens it fires on."),
    ("◂", "marks a neuron's own trigger among the tokens it promotes or suppresses."),
    ("▐ ▌", "stand around the tokens of a context on which the neuron is active."),
    ("◆", "marks what you marked."),
    ("2g 3g", "are bigram and trigram detectors, tok token detectors, pos positional neurons."),
    ("freq", "the share of counted tokens on which a neuron is active."),
    ("interval", "3.3–5% behind a share of neurons: at 95%, if they were drawn independently; a model's are not."),
    ("score", "a token detector's mean score over its triggers: below 0 it suppresses them."),
)


def signs(thresholds: Thresholds) -> Entries:
    """What the signs mean, and the words that have a threshold in them."""
    coverage, above = coverage_text(thresholds), number_text(thresholds.positional)
    return (
        *_SIGNS,
        ("cover", f"how many n-grams it takes to cover {coverage} of a neuron's activations: its covering n-grams."),
        ("detector", f"of n-grams: {detector_text(thresholds)}."),
        ("mi", f"the mutual information of activity and position, in nats; above {above} is positional."),
        *((name, f"a positional type: {meaning}.") for name, meaning in TYPE_MEANINGS.items()),
    )


ELSEWHERE: Entries = (
    ("tab", "gives the keys to the next pane; its border is heavy."),
    ("ctrl+p", "finds any action by its name, light and dark themes among them."),
    ("ctrl+q", "leaves the program at once."),
)


def help_sections(screen: Screen[Any]) -> Sections:
    """What is to say of a screen: the pane in focus first, then the screen; words as its `thresholds` have them."""
    sections = [("Here", entries) for entries in _entries(screen.focused)]
    sections += [("On this screen", entries) for entries in _entries(screen)]
    own = _own_keys(screen)
    if own:
        sections.append(("Keys from your settings", own))
    thresholds: Thresholds = getattr(screen, "thresholds", PAPER)
    return (*sections, ("Everywhere", ELSEWHERE), ("Signs", signs(thresholds)))


def _entries(start: Widget | None) -> Iterator[Entries]:
    node: DOMNode | None = start
    while node is not None and not (isinstance(node, Screen) and node is not start):
        entries: Entries = getattr(node, "KEY_HELP", ())
        if entries:
            yield entries
        node = node.parent


def _own_keys(screen: Screen[Any]) -> Entries:
    own: dict[str, str] = getattr(screen.app, "own_keys", {})
    if not own:
        return ()
    known = named_keys()
    return tuple((" ".join(map(shown_key, keys.split(","))), f"{known[name].does}.") for name, keys in own.items())


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
        Binding("escape,q,question_mark,enter", "leave", "close", id="help.leave", show=False),
        Binding("j", "scroll(1)", "a line down", id="help.down", show=False),
        Binding("k", "scroll(-1)", "a line up", id="help.up", show=False),
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
