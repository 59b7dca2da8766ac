"""A form that starts a job: fields, what comes of them, buttons, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Button, Input

from neuron_tui.tui.actions import Action, Key, bindings
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.extraction.background import JobStart
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.widgets.form.fields import Note
from neuron_tui.tui.widgets.form.form_fields import FormFields
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine


class Buttons(Horizontal):
    """Buttons; the one named `start` is the one that matters."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.button_before", "left", "app.focus_previous", "the one before"),
        Action("form.button_next", "right", "app.focus_next", "the next one"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, **labels: str) -> None:
        super().__init__(id="buttons")
        self._labels = labels

    def compose(self) -> ComposeResult:
        """One for each action."""
        for action, label in self._labels.items():
            yield Button(label, id=action, compact=True, variant="success" if action == "start" else "default")


class JobForm(Screen[Path | None]):
    """Asks for what a job needs and starts it; gives back the folder it works on, or None if the form was left."""

    def __init__(self) -> None:
        super().__init__()
        self.job = JobStart(self, self._started)
        self.problem = ""
        """Why what was asked for last could not be done."""

    def parts(self, title: str, fields: FormFields, buttons: Buttons, keys: Sequence[Key]) -> ComposeResult:
        """What the form is made of, top down."""
        yield TextLine(((f" {title}", "strong"),), id="form-title", classes="headline")
        yield fields
        yield Note(id="outcome")
        yield buttons
        yield KeyLine(*keys)

    def on_mount(self) -> None:
        """Show every second how long something takes."""
        self.set_interval(1.0, self._tick)

    @property
    def waits(self) -> bool:
        """Whether something takes so long that the form shows its seconds."""
        return self.job.busy

    @property
    def typed(self) -> bool:
        """Whether something was typed that would be lost."""
        raise NotImplementedError

    def outcome(self) -> list[tuple[str, str]]:
        """What comes of the form as it is: paragraphs, each with its role."""
        raise NotImplementedError

    def show_notes(self) -> None:
        """Bring what is shown at the fields up to date."""
        raise NotImplementedError

    def refresh_notes(self) -> None:
        """Bring all notes up to date, unless the form is being put away."""
        if self.is_attached:
            self.show_notes()
            self.query_one("#outcome", Note).show_text(*self.outcome())

    def _tick(self) -> None:
        if self.waits:
            self.refresh_notes()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        await self.run_action(str(event.button.id))

    def _started(self, folder: Path | None, problem: str) -> None:
        """Done, or show why not."""
        if folder is not None:
            self.dismiss(folder)
            return
        self.app.bell()
        self.problem = problem
        self.refresh_notes()

    def action_leave(self) -> None:
        """Leave, after a question if something was typed."""
        if self.job.busy or not self.typed:
            self.dismiss(None)
        else:
            question = Confirm("Leave the form?", "What was typed is lost; nothing was started.", "Leave", "Stay")
            self.app.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if yes:
            self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))
