"""Help: what is under the cursor, the keys of the pane in focus and of its screen, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.runs.rule import VALUE
from neuron_tui.tui.actions import Action, actions_of, bindings, keys_shown
from neuron_tui.tui.drawing.spans import BLANK, Line, fit, wrap
from neuron_tui.tui.glossary import glossary
from neuron_tui.tui.widgets.painting import LineView

Entries = tuple[tuple[str, str], ...]
Sections = tuple[tuple[str, Entries], ...]

_EVERYWHERE: Entries = (
    ("tab", "gives the keys to the next pane; its border is heavy."),
    ("ctrl+p", "finds any action by its name, light and dark themes among them."),
    ("ctrl+q", "leaves the program at once."),
)

_MOST_KEYS = 3
"""Keys of an action that the help names; the settings page has them all."""


def help_sections(screen: Screen[Any]) -> Sections:
    """The help of a screen.

    What the cursor is on comes first (`topics` of a pane of the screen), then the keys of the pane in focus and of the
    screen, as the settings have them, then all words and signs, by the `thresholds` of what is shown.
    """
    thresholds: Thresholds = getattr(screen, "thresholds", PAPER)
    known = glossary(thresholds, getattr(screen, "rule", VALUE))
    sections: list[tuple[str, Entries]] = []
    topics = [topic for node in screen.walk_children() for topic in getattr(node, "topics", ())]
    if here := known.about(*topics):
        sections.append(("Under the cursor", here))
    own: dict[str, str] = getattr(screen.app, "own_keys", {})
    sections += [("Here", entries) for entries in _around(screen.focused, screen, own)]
    if entries := _entries(screen, own):
        sections.append(("On this screen", entries))
    return (*sections, ("Everywhere", _EVERYWHERE), ("Words", known.words), ("Signs", known.signs))


def _around(start: DOMNode | None, screen: Screen[Any], own: dict[str, str]) -> Iterator[Entries]:
    node = start
    while node is not None and node is not screen:
        if entries := _entries(node, own):
            yield entries
        node = node.parent


def _entries(node: DOMNode, own: dict[str, str]) -> Entries:
    """The actions of a node that have a sentence, with their keys, and what else it says of itself in `NOTES`."""
    actions = {action.name: action for action in actions_of(node)}
    entries = [(_keys(action, actions, own), action.sentence) for action in actions.values() if action.sentence]
    notes = (note for owner in type(node).__mro__ for note in vars(owner).get("NOTES", ()))
    return (*entries, *dict.fromkeys(notes))


def _keys(action: Action, actions: dict[str, Action], own: dict[str, str]) -> str:
    together = [action, *(actions[name] for name in action.with_ if name in actions)]
    if action.shown and not any(one.name in own for one in together):
        return action.shown
    most = _MOST_KEYS if len(together) == 1 else 1
    return " ".join(key for one in together for key in keys_shown(one, own)[:most])


def help_lines(sections: Sections, width: int) -> list[Line]:
    """The help as lines of at most `width` cells."""
    lines: list[Line] = []
    indent = 12
    for title, entries in sections:
        lines += [BLANK] if lines else []
        lines.append(((title, "heading"),))
        for key, sentence in entries:
            if cell_len(key) > indent - 2:  # a long word has a line of its own
                lines.append(((f" {key}", "strong"),))
                lines += [((" " * indent + line, ""),) for line in wrap(sentence, max(20, width - indent))]
                continue
            first, *rest = wrap(sentence, max(20, width - indent)) or [""]
            lines.append(((fit(f" {key}", indent), "strong"), (first, "")))
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

    ACTIONS = (
        Action("help.leave", "escape,q,question_mark,enter", "leave", "close"),
        Action("help.down", "j", "scroll(1)", "a line down"),
        Action("help.up", "k", "scroll(-1)", "a line up"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, sections: Sections) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="help") as box:
            box.border_title = Content("Keys and words")
            box.border_subtitle = Content("q closes")
            yield HelpLines(self._sections)

    def action_scroll(self, by: int) -> None:
        """Scroll by a line."""
        lines = self.query_one(HelpLines)
        lines.scroll_to(y=lines.scroll_offset.y + by, animate=False)

    def action_leave(self) -> None:
        """Close the help."""
        self.dismiss()
