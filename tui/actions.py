"""What a person can do in the app, each thing declared once.

A screen or widget lists its `ACTIONS`. Its key bindings, the footer, the help, the command palette, the names of keys
in the settings and the tables of the documentation follow from that list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

_CHARACTERS = "/:?*+-[]{}().,;!@#$%^&_=|~<>'\""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    `name` is what the settings call it, `keys` are Textual's names of keys with commas between them, `run` is the
    action method with its arguments, and `does` says what it does in a few words. `sentence` is what the help says, its
    subject being the key; empty for an action that another one's sentence covers, which then lists it in `with_`.
    `palette` is its title in the command palette; empty where it is not offered. `shown` replaces the keys in the help.
    `priority` gives the keys to it before the widget in focus.
    """

    name: str
    keys: str
    run: str
    does: str
    sentence: str = ""
    palette: str = ""
    with_: tuple[str, ...] = ()
    shown: str = ""
    priority: bool = False

    @property
    def binding(self) -> Binding:
        """The key binding."""
        return Binding(self.keys, self.run, self.does, id=self.name, show=False, priority=self.priority)


@dataclass(frozen=True, slots=True)
class Key:
    """An action in the footer, by its name: under a word and with keys of their own where these are given."""

    name: str
    word: str = ""
    shown: str = ""


TEXTUALS = (
    Action("app.quit", "q", "app.quit", "out"),
    Action("app.focus_next", "tab", "app.focus_next", "next pane"),
)
"""Actions of Textual's own that footers name."""


def help_action(place: str) -> Action:
    """The key for help on a screen, whose actions' names begin with `place`."""
    return Action(f"{place}.help", "question_mark", "help", "keys", palette="Keys and words")


def back_action(place: str) -> Action:
    """The keys that lead back from a screen."""
    return Action(f"{place}.back", "q,escape", "back", "back", "goes back.", palette="Back", shown="q")


def leave_action(place: str) -> Action:
    """The key that leaves a form."""
    says = "leaves the form; it asks first if something was typed."
    return Action(f"{place}.leave", "escape", "leave", "leave", says, palette="Leave the form", shown="esc")


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Key bindings of some actions that have keys."""
    return [action.binding for action in actions if action.keys]


def shown_key(key: str) -> str:
    """A key as people are shown it: `/` for `slash`, `ctrl+f` as it is."""
    from neuron_tui.tui.terminal.textual_internals import key_of

    if not _SIGNS:
        _SIGNS.update({key_of(c): c for c in _CHARACTERS})
    *modifiers, last = key.split("+") if key != "+" else [key]
    shown = _SIGNS.get(last, last)
    return "+".join([*modifiers, shown])


_SIGNS: dict[str, str] = {}


def keys_shown(action: Action, own: Mapping[str, str]) -> list[str]:
    """The keys of an action as people are shown them; `own` are those of the settings, by name."""
    return [shown_key(key.strip()) for key in own.get(action.name, action.keys).split(",") if key.strip()]


def actions_of(node: DOMNode | type[DOMNode]) -> tuple[Action, ...]:
    """The actions that a screen or widget declares, those of its bases included, each once."""
    kind = node if isinstance(node, type) else type(node)
    found = {action.name: action for owner in kind.__mro__ for action in vars(owner).get("ACTIONS", ())}
    return tuple(found.values())


def actions_in_reach(screen: Screen[Any]) -> Iterator[tuple[DOMNode, Action]]:
    """Actions that keys reach now, with what owns them: the widget in focus first, then what is around it."""
    node: DOMNode | None = screen.focused or screen
    while node is not None:
        for action in actions_of(node):
            yield node, action
        node = node.parent if node is not screen else None


def actions_within(screen: Screen[Any]) -> dict[str, tuple[DOMNode, Action]]:
    """Actions of a screen and of all parts in it, by name, each with what owns it.

    Where the screen names an action that has keys in one of its parts, it is the screen's, with those keys.
    """
    found: dict[str, tuple[DOMNode, Action]] = {}
    for node in (*screen.walk_children(with_self=False), screen):
        for action in actions_of(node):
            before = found.get(action.name)
            keys = action.keys or (before[1].keys if before is not None else "")
            found[action.name] = (node, replace(action, keys=keys))
    return found
