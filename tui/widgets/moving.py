"""The keys that walk over a list, a pane's items or a text: the same everywhere."""

from __future__ import annotations

from neuron_tui.tui.actions import Action

MOVING = (
    Action("list.up", "up,k", "step(-1)", "the one above"),
    Action("list.down", "down,j", "step(1)", "the one below"),
    Action("list.page_up", "pageup", "page(-1)", "a page up"),
    Action("list.page_down", "pagedown", "page(1)", "a page down"),
    Action("list.first", "home,g", "end(0)", "the first"),
    Action("list.last", "end,G", "end(1)", "the last"),
)
"""Actions that call `action_step(by)`, `action_page(by)` and `action_end(last)`."""
