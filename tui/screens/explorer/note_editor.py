"""The box in which a person writes a label and a note on a neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.notes.note import Note
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, Key, bindings
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.widgets.form import fields
from neuron_tui.tui.widgets.form.fields import HIDDEN, Field, Pick, Row
from neuron_tui.tui.widgets.form.text_field import TextField
from neuron_tui.tui.widgets.key_line import KeyLine

_WHOLE = "both poles"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is typed, and which pole it is on: empty for the whole neuron."""

    label: str
    text: str
    pole: str


class LabelField(Field):
    """A line for the label; while it is empty the suggested one stands in it, and can be taken."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("note.take", "right,ctrl+@,ctrl+space", "take", "take the suggested label"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def action_take(self) -> None:
        """Take the suggestion; in a label the key moves."""
        if self.value or not self.placeholder:
            raise SkipAction
        self.put(str(self.placeholder))


class NoteEditor(ModalScreen[Note | None]):
    """Asks for a label and a text; gives back the note once it is kept, or None."""

    AUTO_FOCUS = "#note-label"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "note.save",
            "ctrl+s",
            "save",
            "save",
            "keeps what is typed; so does enter in the label. An empty label and an empty text take the note away.",
            palette="Save",
        ),
        Action(
            "note.leave",
            "escape",
            "leave",
            "leave",
            "leaves the note as it was; it asks first if something was typed.",
            palette="Leave",
            shown="esc",
        ),
        Action("note.help", "f1", "help", "keys", "shows this help.", palette="Keys"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("→", "in an empty label takes the suggested one; ctrl+space does too."),
        ("tab", "goes from the label to the text and back."),
        (HIDDEN, "stands for a character that would act on the terminal or cannot be seen."),
    )
    KEYS = (Key("note.take", "suggestion", "→"), Key("note.save"), Key("note.help", "keys"), Key("note.leave"))

    def __init__(
        self,
        title: str,
        mine: Mapping[str, Note | None],
        *,
        suggest: Callable[[], str],
        save: Callable[[Draft], Note],
    ) -> None:
        """Begin with one's own note.

        Parameters
        ----------
        title
            The neuron, and who writes.
        mine
            One's own note by the pole it may be on, the one under the cursor first; empty for the whole neuron.
        suggest, save
            Run in threads: give the suggested label; keep a draft.
        """
        super().__init__()
        self._title, self._mine = title, dict(mine)
        self._pole = next((pole for pole, note in self._mine.items() if note and not note.removed), next(iter(mine)))
        self._suggesting: Latest[None, str] = Latest(
            self, lambda _: suggest(), lambda _, label: self._offer(label), lambda *_: None
        )
        self._saving: Latest[Draft, Note] = Latest(
            self, save, lambda _, note: self._saved(note), lambda _, error: self._refused(error)
        )

    def compose(self) -> ComposeResult:
        """Label, which pole where there are two, and text."""
        label, text = self._kept
        with Vertical(id="note-editor") as box:
            box.border_title = Content(printable(self._title))
            yield Row("Label", LabelField(label, id="note-label"))
            if len(self._mine) > 1:
                yield Row("On", Pick([self._word(pole) for pole in self._mine], self._word(self._pole), id="note-pole"))
            yield TextField(text, id="note-text")
            yield fields.Note(id="note-says")
            yield KeyLine(*self.KEYS)

    def on_mount(self) -> None:
        """Have a label suggested."""
        self.query_one("#note-text", TextField).border_title = Content("Note")
        self._suggesting.request(None)

    @property
    def draft(self) -> Draft:
        """What is typed."""
        label, text = self.query_one("#note-label", Field), self.query_one("#note-text", TextField)
        return Draft(label.value, text.value, self._pole)

    @property
    def _kept(self) -> tuple[str, str]:
        note = self._mine[self._pole]
        return (note.label, note.text) if note is not None else ("", "")

    @property
    def _changed(self) -> bool:
        return (self.draft.label, self.draft.text) != self._kept

    def _word(self, pole: str) -> str:
        return f"pole {pole}" if pole else _WHOLE

    def _offer(self, label: str) -> None:
        self.query_one("#note-label", LabelField).placeholder = label

    def _saved(self, note: Note) -> None:
        self.dismiss(note)

    def _refused(self, error: NeuronTuiError) -> None:
        self.app.bell()
        self.query_one("#note-says", fields.Note).show_text((" ".join(str(error).split("\n")), "bad"))

    @on(Pick.Changed)
    def _picked(self, event: Pick.Changed) -> None:
        """What is typed is for the other one now; if nothing was, show what there is on that."""
        unchanged = not self._changed
        self._pole = next(pole for pole in self._mine if self._word(pole) == event.pick.value)
        if unchanged:
            label, text = self._kept
            self.query_one("#note-label", Field).put(label)
            self.query_one("#note-text", TextField).put(text)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Keep what is typed."""
        if not self._saving.busy:
            self._saving.request(self.draft)

    def action_leave(self) -> None:
        """Leave, after a question if something was typed."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.dismiss(None)

        if self._changed:
            question = Confirm("Leave the note?", "What was typed is lost; the note stays as it was.", "Leave", "Stay")
            self.app.push_screen(question, answered)
        else:
            self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))
