"""One line above the keys for ordinary notes. It covers a border, no text, and goes with the next key."""

from __future__ import annotations

from neuron_tui.store.tokens import printable
from neuron_tui.tui.widgets.painting import TextLine


class NoteLine(TextLine):
    """Shows the last note, or is not there."""

    def note(self, text: str) -> None:
        """Show a note, which may quote names."""
        self.display = True
        self.show_text(((" ● ", "mark"), (printable(text), "")))

    def clear(self) -> None:
        """Go, until there is another."""
        if self.display:
            self.display = False
