"""The keys that walk over a list, a pane's items or a text: the same everywhere."""

from __future__ import annotations

from textual.binding import Binding

MOVING = (
    Binding("up,k", "step(-1)", "the one above", show=False, id="list.up"),
    Binding("down,j", "step(1)", "the one below", show=False, id="list.down"),
    Binding("pageup", "page(-1)", "a page up", show=False, id="list.page_up"),
    Binding("pagedown", "page(1)", "a page down", show=False, id="list.page_down"),
    Binding("home,g", "end(0)", "the first", show=False, id="list.first"),
    Binding("end,G", "end(1)", "the last", show=False, id="list.last"),
)
"""Bindings to `action_step(by)`, `action_page(by)` and `action_end(last)`."""
