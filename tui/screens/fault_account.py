"""The account of the last fault of ours, over whatever is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.screens.runs.job_log import LogLines


class FaultAccount(ModalScreen[None]):
    """What went wrong, where that is logged, and the lines of code that led there."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "fault.leave",
            "escape,q,enter,f8",
            "leave",
            "close",
            "closes the account.",
            palette="Close the account",
            shown="q escape",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._texts = lines

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="log") as box:
            box.border_title = Content("A fault in neuron-tui")
            box.border_subtitle = Content("q closes")
            yield LogLines(grows=False)

    def on_mount(self) -> None:
        """Show it."""
        self.query_one(LogLines).show(self._texts)
        self.query_one(LogLines).focus()

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()
