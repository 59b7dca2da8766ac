"""Screens that are looked at and left: keys for help and for going back, and leaving with a word on what is wrong."""

from __future__ import annotations

from textual.screen import Screen, ScreenResultType

from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.screens.help import Help, help_sections


class Page(Screen[ScreenResultType]):
    """A screen with the actions `help` and `back`."""

    def leave_saying(self, problem: str, title: str) -> None:
        """Leave the screen and say why it shows nothing."""
        self.app.notify(message(problem), title=title, severity="error", timeout=12, markup=False)
        self.dismiss()

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def action_back(self) -> None:
        """Leave the screen."""
        self.dismiss()
