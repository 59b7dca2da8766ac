"""The cursor of a neuron's card: which of its items it is on, and which token of a context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from neuron_tui.tui.widgets.neuron.blocks import CONTEXT, PROMOTED, SUPPRESSED, Item, TokenPlace

_OTHER = {PROMOTED: (1, SUPPRESSED), SUPPRESSED: (-1, PROMOTED)}
"""The list beside a list, and which way it is."""


@dataclass(frozen=True, slots=True)
class ItemCursor:
    """`here` is a place among the items of a card, -1 if it has none; `token` counts from the sampled one.

    `wish` is the part and index that it was put on, which this card may not have.
    """

    items: tuple[Item, ...] = ()
    here: int = -1
    token: int = 0
    wish: tuple[str, int] | None = None

    @property
    def item(self) -> Item | None:
        """The item it is on."""
        return self.items[self.here] if 0 <= self.here < len(self.items) else None

    @property
    def asked(self) -> tuple[tuple[int, ...], tuple[str, ...]] | None:
        """The n-gram or token it is on: ids, and the tokeniser's forms."""
        item = self.item
        if item is None:
            return None
        if item.part != CONTEXT:
            return item.ids, item.forms
        if not item.places:
            return None
        at = item.places.index(self._place(item))
        return (item.ids[at],), (item.forms[at],)

    @property
    def value(self) -> float | None:
        """The neuron's value at the token of a context that it is on; None if that is not known."""
        item = self.item
        if item is None or not item.places or not item.values:
            return None
        return item.values[item.places.index(self._place(item))]

    @property
    def lines(self) -> tuple[int, int] | None:
        """Lines of the card to have in sight, the second not included; those above the first item come with it."""
        item = self.item
        if item is None:
            return None
        line = item.line + (self._place(item).line if item.height > 1 and item.places else 0)
        above = item.line if self.here == 0 else 2 if item.index == 0 else 1 if item.height > 1 else 0
        return line - min(line, above), line + 1

    def lit(self, line: int) -> Iterator[tuple[int, int, str]]:
        """Cells of a line that it lies on: the first, how many, and their role."""
        item = self.item
        if item is None or not item.line <= line < item.line + item.height:
            return
        if item.part != CONTEXT:
            yield item.x, item.width, "cursor"
            return
        yield item.x, item.width, "blurred"
        if item.places:
            place = self._place(item)
            if place.line == line - item.line:
                yield place.x, place.width, "cursor"

    # Where it goes.

    def on(self, item: Item | None) -> ItemCursor:
        """On an item that is alike, if there is one."""
        found = (i for i, o in enumerate(self.items) if item and (o.part, o.index) == (item.part, item.index))
        return self._on(next(found, self.here))

    def on_card(self, items: tuple[Item, ...]) -> ItemCursor:
        """On another card: the same place of the same part, or the nearest there is."""
        before = self.item
        part, index = self.wish or ((before.part, before.index) if before is not None else ("", 0))
        same = [i for i, item in enumerate(items) if item.part == part]
        nearest = min(same, key=lambda i: abs(items[i].index - index), default=0 if items else -1)
        return ItemCursor(items, nearest, self.token, (part, index) if part else None)

    def step(self, by: int, top: int, bottom: int) -> ItemCursor:
        """On the item before or after; from out of sight to the first or last between two lines of the card."""
        item = self.item
        if item is None:
            return self
        if item.line + item.height <= top or item.line >= bottom:
            seen = [i for i, item in enumerate(self.items) if top <= item.line < bottom]
            if seen:
                return self._on(seen[0] if by > 0 else seen[-1])
        return self._on(max(0, min(self.here + by, len(self.items) - 1)))

    def part(self, by: int) -> ItemCursor:
        """On the first item of the part before or after."""
        first = [i for i, item in enumerate(self.items) if item.index == 0]
        others = [i for i in first if i > self.here] if by > 0 else [i for i in reversed(first) if i < self.here]
        return self._on(others[0]) if others else self

    def far(self, last: int) -> ItemCursor:
        """On the first item, or the last."""
        return ItemCursor(self.items, len(self.items) - 1 if last or not self.items else 0)

    def first(self, part: str) -> ItemCursor:
        """On the first item of a part, if it has any."""
        return self._on(next((i for i, item in enumerate(self.items) if item.part == part), self.here))

    def aside(self, by: int) -> ItemCursor:
        """On another token of a context; from a list to the one beside it."""
        item = self.item
        if item is None:
            return self
        if item.part == CONTEXT and item.places:
            at = item.places.index(self._place(item)) + by
            return replace(self, token=item.places[max(0, min(at, len(item.places) - 1))].token, wish=None)
        way, part = _OTHER.get(item.part, (0, ""))
        there = [i for i, other in enumerate(self.items) if other.part == part and other.index == item.index]
        return self._on(there[0]) if there and way == by else self

    def at(self, line: int, x: int) -> ItemCursor | None:
        """On what a cell of the card shows; None if that is no item."""
        for i, item in enumerate(self.items):
            if item.holds(line, x):
                places = (p for p in item.places if p.line == line - item.line and p.x <= x < p.x + p.width)
                token = next((p.token for p in places), 0)
                return ItemCursor(self.items, i, token)
        return None

    def _on(self, here: int) -> ItemCursor:
        return self if here == self.here else ItemCursor(self.items, here)

    def _place(self, item: Item) -> TokenPlace:
        """The chosen token's place in a context, or the nearest one shown."""
        return min(item.places, key=lambda place: abs(place.token - self.token))
