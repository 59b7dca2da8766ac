"""Several lines to type in. Whatever they hold acts on nothing."""

from __future__ import annotations

import unicodedata

from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from neuron_tui.store.tokens import printable
from neuron_tui.tui.widgets.form.fields import HIDDEN


class TextField(TextArea):
    """Holds only characters that can be shown, and line feeds and tabs: others are replaced as they come in.

    What was replaced of the text that it began with is there again in `value`, unless characters that stand for such
    ones came or went.
    """

    def __init__(self, value: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shown(value), id=id, tab_behavior="focus", highlight_cursor_line=False)
        self.match_cursor_bracket = False
        self._hidden = hidden(value)

    @property
    def value(self) -> str:
        """What is typed."""
        if self.text.count(HIDDEN) != len(self._hidden):
            return self.text
        first, *rest = self.text.split(HIDDEN)
        return first + "".join(character + part for character, part in zip(self._hidden, rest, strict=True))

    def put(self, value: str) -> None:
        """Let it hold a text."""
        self.load_text(shown(value))
        self._hidden = hidden(value)

    def edit(self, edit: Edit) -> EditResult:
        """Let in what is typed or pasted."""
        edit.text = shown(edit.text.replace("\r\n", "\n").replace("\r", "\n"))
        return super().edit(edit)


def hidden(text: str) -> str:
    """The characters of a text that `shown` has a sign for, in order."""
    return "".join(c for c, sign in zip(text, shown(text), strict=True) if sign == HIDDEN)


def shown(text: str) -> str:
    """A text with a sign for each character that would act on the terminal or cannot be seen."""
    return "\n".join(map(_shown_line, text.split("\n")))


def _shown_line(line: str) -> str:
    if printable(line) == line:
        return line
    signs: list[str] = []
    before = ""  # what a combining mark stands on, with the marks on it
    for character in line:
        keeps = character == "\t" or printable(before + character) == before + character
        signs.append(character if keeps else HIDDEN)
        mark = keeps and bool(before) and unicodedata.category(character).startswith("M")
        before = before + character if mark else "" if character in "\t " or not keeps else character
    return "".join(signs)
