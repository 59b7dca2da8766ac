"""Completion of paths and names: the best one as a shadow behind the cursor, all of them in a list below the field."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import Suggester

from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line, fit
from neuron_tui.tui.forms.path_candidates import MOST, Candidate, Completion
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.form.fields import Field
from neuron_tui.tui.widgets.rows import RowList

_ROWS = 9


class _Shadow(Suggester):
    """The first candidate that is longer than what is typed."""

    def __init__(self, completion: Completion) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._completion = completion

    async def get_suggestion(self, value: str) -> str | None:
        """Textual's way to ask; a candidate that would act on the terminal is left to the list."""
        found = await asyncio.to_thread(self._completion, value)
        texts = (candidate.text for candidate in found)
        return next((text for text in texts if len(text) > len(value) and printable(text) == text), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate that was chosen; `go_on` asks for what lies below it."""

    text: str
    go_on: bool


class CompletingField(Field):
    """A line to type in that knows what could stand in it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.choices", "ctrl+l", "choices", "choices"),
        Action("form.accept", "ctrl+@,ctrl+space", "accept", "accept"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Found(Message):
        """A thread knows what could follow `typed`."""

        typed: str
        candidates: list[Candidate]

    def __init__(self, value: str, completion: Completion, *, id: str | None = None, placeholder: str = "") -> None:  # noqa: A002
        super().__init__(value, id=id, placeholder=placeholder, suggester=_Shadow(completion))
        self._completion = completion
        self.listing = False

    def action_accept(self) -> None:
        """Take the completion that is shown."""
        if len(self.suggestion) > len(self.value):
            self.put(self.suggestion)
        else:
            self.action_choices()

    def action_choices(self) -> None:
        """List what could stand here."""
        if not self.listing:
            self.listing = True
            in_thread(self, partial(self._find, self.value), group="choices", failed=lambda _: self._not_found())

    def _find(self, typed: str) -> None:
        # Where what stands there is complete already, those beside it are meant, or else all.
        beside = typed[: typed.rstrip("/").rfind("/") + 1]
        found: list[Candidate] = []
        for start in dict.fromkeys((typed, beside, "")):
            found = self._completion(start)
            texts = {candidate.text for candidate in found}
            if texts - {typed} and not (start == typed and typed in texts):
                break
        self.post_message(self.Found(typed, found))

    def _not_found(self) -> None:
        self.listing = False

    def on_completing_field_found(self, event: Found) -> None:
        """Take the only one, or show the list."""
        self.listing = False
        texts = [candidate.text for candidate in event.candidates]
        if event.typed != self.value or not self.is_attached:
            return
        if not texts:
            self.notify("Nothing is known that could stand here.", markup=False)
        elif len(texts) == 1 and texts[0].startswith(self.value):
            self.put(texts[0])
        else:
            place = texts.index(self.value) if self.value in texts else 0
            self.app.push_screen(Candidates(event.candidates, place, self.region), self._chosen)

    def _chosen(self, choice: Choice | None) -> None:
        if choice is not None:
            self.put(choice.text)
            if choice.go_on:
                self.action_choices()


class _List(RowList):
    def __init__(self, candidates: list[Candidate]) -> None:
        super().__init__(header=False)
        self._candidates = candidates

    def row_line(self, row: int, width: int) -> Line:
        candidate = self._candidates[row]
        text, note = printable(candidate.shown), printable(candidate.note)
        if cell_len(text) + cell_len(note) + 2 > width:
            note = ""
        return ((fit(text, width - cell_len(note) - 1), ""), (note, "dim"))


class Candidates(ModalScreen[Choice | None]):
    """A list below a field; gives back what was chosen, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("candidates.leave", "escape,q,ctrl+l", "leave", "leave", "leaves the field as it is.", shown="esc"),
        Action("candidates.take", "tab", "take", "take"),
        Action(
            "candidates.into",
            "right,l",
            "into",
            "go into the directory",
            "takes it and lists what lies below it.",
            shown="→",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (("enter", "takes the one under the cursor."),)

    def __init__(self, candidates: list[Candidate], place: int, field: Region) -> None:
        super().__init__()
        self._candidates, self._place, self._field = candidates, place, field

    def compose(self) -> ComposeResult:
        """The list in a box."""
        with Vertical(id="candidates") as box:
            many = len(self._candidates) >= MOST
            box.border_title = Content(f"the first {MOST}" if many else f"{len(self._candidates)}")
            box.border_subtitle = Content("enter takes · → goes in · esc")
            yield _List(self._candidates)

    def on_mount(self) -> None:
        """The cursor starts on what is in the field."""
        self.query_one(_List).set_rows(len(self._candidates), self._place)

    def on_resize(self) -> None:
        """Lie below the field, or above it where there is more room."""
        screen, field = self.size, self._field
        rows = min(len(self._candidates), _ROWS) + 2
        below, above = screen.height - field.bottom, field.y
        height = min(rows, max(below, above))
        widest = max(cell_len(printable(c.shown)) + cell_len(printable(c.note)) + 8 for c in self._candidates)
        width = min(max(36, widest), screen.width)
        box = self.query_one("#candidates", Vertical)
        box.styles.width, box.styles.height = width, height
        top = field.bottom if height <= below else field.y - height
        box.styles.offset = (max(0, min(field.x, screen.width - width)), max(0, top))

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Give the choice back."""
        self.dismiss(Choice(self._candidates[event.row].text, False))

    def action_take(self) -> None:
        """Choose the one under the cursor."""
        self.query_one(_List).action_choose()

    def action_into(self) -> None:
        """Choose a directory and go on in it."""
        text = self._candidates[self.query_one(_List).cursor].text
        self.dismiss(Choice(text, text.endswith("/")))

    def action_leave(self) -> None:
        """Leave the field as it is."""
        self.dismiss(None)
