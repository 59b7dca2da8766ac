"""What people wrote on a neuron, on its card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from neuron_tui.store.notes.note import Note
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import ELLIPSIS, Line, wrap

_LINES = 8
"""A pane has a line of text of each note for so many of its own, but not less than two."""


def note_lines(notes: Sequence[Note], width: int, height: int, *, whole: bool) -> list[Line]:
    """Label and author of each note and the beginning of its text, or the whole; nothing without notes."""
    most = None if whole else max(2, height // _LINES)
    return [line for note in notes for line in (*_head(note, width), *_text(note, width, most))]


def _head(note: Note, width: int) -> Iterator[Line]:
    """The label, and behind it, where there is room, whose it is and of which pole."""
    whose = printable(note.author) + (f", pole {note.pole}" if note.pole else "")
    *full, last = wrap(printable(note.label), width) or [""]
    yield from (((line, "mark"),) for line in full)
    if not last:
        yield ((whose, "dim"),)
    elif cell_len(last) + 2 + cell_len(whose) <= width:
        yield ((last, "mark"), (f"  {whose}", "dim"))
    else:
        yield ((last, "mark"),)
        yield ((whose, "dim"),)


def _text(note: Note, width: int, most: int | None) -> Iterator[Line]:
    if not note.text:
        return
    lines = [line for part in note.text.split("\n") for line in wrap(printable(part), width) or [""]]
    yield from (((line, ""),) for line in lines[:most])
    if most is not None and len(lines) > most:
        yield ((ELLIPSIS, "dim"),)
