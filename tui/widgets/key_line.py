"""The line at the bottom: the keys that matter here, at most seven; each can be clicked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events
from textual.binding import Binding

from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.terminal.textual_internals import key_of
from neuron_tui.tui.widgets.painting import OneLine

_GAP = 3


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the line shows it: its name, what it does in a word or two, and the action behind it."""

    name: str
    does: str
    action: str

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return len(self.name) + 1 + len(self.does)


_SIGNS = {key_of(c): c for c in "/:?*+-[]{}().,;!@#$%^&_=|~<>'\""}


def shown_key(key: str) -> str:
    """A key as people are shown it: `/` for `slash`, `ctrl+f` as it is."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    shown = _SIGNS.get(last, last)
    return "+".join([*modifiers, shown])


class KeyLine(OneLine):
    """` / filter   : go to   s sort   …`."""

    def __init__(self, *keys: Key) -> None:
        super().__init__()
        self._keys = keys

    def show(self, *keys: Key) -> None:
        """Show other keys."""
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def line(self, width: int) -> Line:
        """The keys, the gaps between them narrower where there is little room."""
        keys, gap = self._fitting(width)
        line: Line = ((" ", ""),)
        for place, key in enumerate(keys, 1):
            line += ((key.name, "mark"), (f" {key.does}{' ' * gap if place < len(keys) else ''}", ""))
        return line

    def _fitting(self, width: int) -> tuple[list[Key], int]:
        """Keys that find room, and the gap between them; the last one, the way back, stays to the end."""
        keys = [self._own(key) for key in self._keys]
        gap = _GAP if sum(key.width + _GAP for key in keys) < width else 1
        while len(keys) > 1 and sum(key.width + gap for key in keys) > width:
            keys.pop(-2)
        return keys, gap

    def _own(self, key: Key) -> Key:
        """The key as the settings have it."""
        own: dict[str, str] = getattr(self.app, "own_keys", {})
        action = key.action.removeprefix("screen.")
        for owner in type(self.screen).__mro__ if own else ():
            for binding in Binding.make_bindings(vars(owner).get("BINDINGS", ())):
                if binding.action == action and binding.id in own:
                    return replace(key, name=shown_key(own[binding.id].split(",")[0]))
        return key

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        left = 1
        keys, gap = self._fitting(self.size.width)
        for key in keys:
            if left <= event.x < left + key.width:
                await self.run_action(key.action)
                return
            left += key.width + gap
