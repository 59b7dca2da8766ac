"""The line at the bottom: the keys that matter here, at most seven; each can be clicked."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.dom import DOMNode

from neuron_tui.tui.actions import TEXTUALS, Key, actions_within, keys_shown
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.widgets.painting import OneLine

_GAP = 3


@dataclass(frozen=True, slots=True)
class _Shown:
    """A key of the line: what stands for it, what it does, and what a click on it runs, of which owner."""

    keys: str
    does: str
    run: str
    owner: DOMNode

    @property
    def width(self) -> int:
        return len(self.keys) + 1 + len(self.does)


class KeyLine(OneLine):
    """` / filter   : go to   s sort   …`."""

    def __init__(self, *keys: Key) -> None:
        super().__init__()
        self._keys = keys

    def show(self, *keys: Key) -> None:
        """Show other keys, named as the actions of the screen are."""
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def line(self, width: int) -> Line:
        """The keys, the gaps between them narrower where there is little room."""
        keys, gap = self._fitting(width)
        line: Line = ((" ", ""),)
        for place, key in enumerate(keys, 1):
            line += ((key.keys, "mark"), (f" {key.does}{' ' * gap if place < len(keys) else ''}", ""))
        return line

    def _resolved(self) -> list[_Shown]:
        """The actions behind the keys, with the first key of each as the settings have it."""
        known = {action.name: (self.screen, action) for action in TEXTUALS} | actions_within(self.screen)
        own: dict[str, str] = getattr(self.app, "own_keys", {})
        shown = []
        for key in self._keys:
            owner, action = known[key.name]
            first = next(iter(keys_shown(action, own)), "")
            keys = key.shown if key.shown and action.name not in own else "esc" if first == "escape" else first
            shown.append(_Shown(keys, key.word or action.does, action.run, owner))
        return shown

    def _fitting(self, width: int) -> tuple[list[_Shown], int]:
        """Keys that find room, and the gap between them; the last one, the way back, stays to the end."""
        keys = self._resolved()
        gap = _GAP if sum(key.width + _GAP for key in keys) < width else 1
        while len(keys) > 1 and sum(key.width + gap for key in keys) > width:
            keys.pop(-2)
        return keys, gap

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        left = 1
        keys, gap = self._fitting(self.size.width)
        for key in keys:
            if left <= event.x < left + key.width:
                await self.app.run_action(key.run, key.owner)
                return
            left += key.width + gap
