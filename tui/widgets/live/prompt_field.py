"""A line for a text that may have several: pasted line feeds stay, each in a cell."""

from __future__ import annotations

from textual import events

from neuron_tui.tui.widgets.form.fields import Field, one_cell_each

_SHOWN = {"\n": "↵", "\t": "⇥"}


class PromptField(Field):
    """The text that a model is to read."""

    def shown_value(self) -> str:
        """The value as it is painted."""
        return "".join(_SHOWN.get(c) or one_cell_each(c) for c in self.value)

    def _on_paste(self, event: events.Paste) -> None:
        if event.text:
            self.insert_text_at_cursor(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        event.stop()
        event.prevent_default()
