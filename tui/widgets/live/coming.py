"""What may come after a token: the likeliest, or what moves most where neurons are silenced."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from neuron_tui.store.tokens import Spelling, visible_token
from neuron_tui.tui.drawing.spans import Line, bar, fit, short_percent
from neuron_tui.tui.jobs.model_answers import Likely, Moved
from neuron_tui.tui.widgets.rows import RowList

TARGET = "◂"
"""Mark of the token whose logit the neurons' contributions are to."""

_BAR = 6

_WIDE = 40
"""Cells from which on there is room for what the direct way alone says."""


class ComingList(RowList):
    """Tokens with their probabilities."""

    def __init__(self) -> None:
        super().__init__(id="coming-list")
        self.target: int | None = None
        self._tokens: Sequence[Likely | Moved] = ()
        self._spelling: Spelling = "bytes"

    def show(self, tokens: Sequence[Likely | Moved], spelling: Spelling) -> None:
        """Show what may come, likeliest or most moved first."""
        here = self.token
        self._tokens, self._spelling = tokens, spelling
        self.set_rows(len(tokens), next((row for row, token in enumerate(tokens) if token.id == here), 0))
        self.refresh()

    @property
    def token(self) -> int | None:
        """The token under the cursor."""
        return self._tokens[self.cursor].id if self.cursor < len(self._tokens) else None

    def header_line(self, width: int) -> Line:
        """Titles."""
        if not self._tokens or not isinstance(self._tokens[0], Moved):
            return ((" token" + " " * max(0, width - 20) + "probability", "column"),)
        title = "before    after" + ("  directly" if width >= _WIDE else "")
        return ((" token" + fit(title, max(0, width - 6), "right"), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A token."""
        token = self._tokens[row]
        mark = TARGET if token.id == self.target else " "
        name = visible_token(token.text, self._spelling)
        if isinstance(token, Likely):
            share = exp(token.logprob)
            room = max(4, width - _BAR - 9)
            return (
                (mark, "mark"),
                (fit(name, room), "active"),
                (fit(short_percent(share), 7, "right"), ""),
                (f" {bar(share, _BAR)}", "bar"),
            )
        directly = "" if token.predicted is None else short_percent(token.predicted)
        numbers = f"{short_percent(token.before):>6} → {short_percent(token.after):>6}"
        numbers += f"  {directly:>8}" if width >= _WIDE else ""
        role = "bad" if token.after < token.before else "strong"
        return ((mark, "mark"), (fit(name, max(4, width - len(numbers) - 2)), "active"), (f" {numbers}", role))
