"""What became of a text: its tokens over the layers, and below them the neurons that fire and what may come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message

from neuron_tui.store.neurons.expected import Expected
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.tokens import printable, visible_token
from neuron_tui.store.wording import count_noun, signed, value_text
from neuron_tui.tui.drawing.spans import short_score
from neuron_tui.tui.jobs.model_answers import Likely, Moved, TextRead, Writes
from neuron_tui.tui.widgets.live.coming import ComingList
from neuron_tui.tui.widgets.live.fired import FiredList
from neuron_tui.tui.widgets.live.grid import Grid, TokenGrid, grid_of

_BORDERS = 2
_LEAST = 7
"""Lines of the tokens' pane with its border, at least."""


class LivePanes(Vertical):
    """Shows a text that a model has read, or what a run's tables expect of it."""

    @dataclass
    class Looked(Message):
        """Somebody looks at a token in a layer of a text that was read, with a token as the target of contributions."""

        layer: int
        position: int
        target: int
        silenced: bool

    def __init__(self, opened: OpenedRun) -> None:
        super().__init__(id="live-panes")
        self._opened = opened
        self._read: TextRead | None = None
        self._expected: Expected | None = None
        self._target: int | None = None
        self._grid, self._fired, self._coming = TokenGrid(), FiredList(), ComingList()

    @property
    def was_read(self) -> bool:
        """Whether a model has read the text that is shown."""
        return self._read is not None

    @property
    def shows_text(self) -> bool:
        """Whether there is a text, read or not."""
        return self._read is not None or self._expected is not None

    @property
    def address(self) -> Address | None:
        """The neuron under the cursor."""
        return self._fired.address

    @property
    def fired(self) -> FiredList:
        """The neurons that fire."""
        return self._fired

    def compose(self) -> ComposeResult:
        """The tokens, and the two lists below them."""
        with Vertical(id="live-tokens") as tokens:
            tokens.border_title = Content(f"What {printable(self._opened.run.manifest.model.name)} makes of it")
            yield self._grid
        with Horizontal(id="live-below"):
            with Vertical(id="live-fired") as fired:
                fired.border_title = Content("Neurons that fire")
                yield self._fired
            with Vertical(id="live-coming") as coming:
                coming.border_title = Content("What may come")
                yield self._coming

    def focus_tokens(self) -> None:
        """Give the tokens the keys."""
        self._grid.focus()

    def silence(self, rows: frozenset[Address]) -> None:
        """Mark silenced neurons."""
        self._fired.silenced = rows
        self._fired.refresh()

    def show_text(self, read: TextRead, anew: bool) -> None:
        """Show a text that was read; `anew`, from its last token on, and with its own target again."""
        self._read, self._expected = read, None
        self._target = None if anew else self._target
        self._show_grid(grid_of(read, self._opened.spelling), stay=not anew)
        loss = f" · loss {np.mean(read.losses):.3f} nats a token" if read.losses else ""
        after = read.ablated
        if after is not None and after.loss is not None:
            loss += f", silenced {after.loss:.3f} ({signed(after.loss - float(np.mean(read.losses)))})"
        self._entitle("live-tokens", f"{count_noun(len(read.tokens), 'token')}{loss}")
        self._look()

    def show_expected(self, found: Expected) -> None:
        """Show what the tables expect, marked as such."""
        self._read, self._expected = None, found
        form, spelling = self._opened.run.corpus.form, self._opened.spelling
        tokens = tuple(visible_token(form(token), spelling) for token in found.ids)
        self._show_grid(Grid(tokens, ("",) * len(tokens), (), found.layers, found.counts), stay=False)
        self._entitle("live-tokens", "Expected from the run's trigger tables: no model has read it")
        self._coming.show((), spelling)
        self._entitle("live-coming", "What may come: not known without the model")
        self.silence(frozenset())
        self._look()

    def show_nothing_there(self) -> None:
        """Show no neurons: nobody can say which fire under the cursor."""
        self._fired.show_nothing()
        self._entitle("live-fired", "Neurons that fire: not known without the model")

    def show_writes(self, writes: Writes) -> None:
        """Show the neurons that fire under the cursor."""
        self._fired.show(self._opened, writes)
        target = visible_token(writes.targets[0].text, self._opened.spelling)
        title = f"{len(writes.rows):,} fire in layer {writes.layer}"
        if writes.way is not None:
            capped = " before the cap" if writes.way.capped else ""
            added, logit = writes.way.feed_forward[writes.layer][0], writes.way.logits[0]
            title += f" · to {target} it adds {short_score(added)} of {value_text(logit)}{capped}"
        self._entitle("live-fired", title)

    def show_moved(self, moved: Sequence[Likely | Moved]) -> None:
        """Show what may come after the token under the cursor, or what moves."""
        if self._read is None:
            return
        position = self._grid.position
        self._coming.target = self._target_at(self._read, position)
        self._coming.show(moved, self._opened.spelling)
        after = visible_token(self._read.tokens[position].text, self._opened.spelling)
        self._entitle("live-coming", f"{'May come' if self._read.ablated is None else 'Moved'} after {after}")

    def choose_target(self) -> None:
        """Have contributions be to the token under the cursor; again: to the one that follows."""
        token = self._coming.token
        if token is not None and self._read is not None:
            self._target = None if token == self._target else token
            self._look()

    def on_resize(self) -> None:
        """The lists below get what the layers leave."""
        self._fit_height()

    @on(TokenGrid.Moved)
    def _moved(self) -> None:
        self._look()

    def _show_grid(self, grid: Grid, stay: bool) -> None:
        self._grid.show(grid, stay)
        self._fit_height()

    def _fit_height(self) -> None:
        needed = self._grid.lines + _BORDERS
        self.query_one("#live-tokens").styles.height = max(_LEAST, min(needed, self.size.height // 2 + 1))

    def _look(self) -> None:
        """Show what is there under the cursor, and have the rest asked for."""
        depth, position = self._grid.depth, self._grid.position
        if self._expected is not None:
            rows, layer = self._expected.rows[depth][position], self._expected.layers[depth]
            self._fired.show_expected(self._opened, layer, rows, self._expected.shares[depth][position])
            self._entitle("live-fired", f"{count_noun(len(rows), 'neuron')} of layer {layer} expected to fire")
        elif self._read is not None:
            silenced = self._read.ablated is not None
            if not silenced:
                self.show_moved(self._read.next[position])
            self.post_message(self.Looked(depth, position, self._target_at(self._read, position), silenced))

    def _target_at(self, read: TextRead, position: int) -> int:
        """The token that contributions are to: the one chosen, else the one that follows, else the likeliest."""
        if self._target is not None:
            return self._target
        return read.tokens[position + 1].id if position + 1 < len(read.tokens) else read.next[position][0].id

    def _entitle(self, pane: str, title: str) -> None:
        self.query_one(f"#{pane}", Vertical).border_title = Content(title)
