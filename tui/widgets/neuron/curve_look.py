"""How the curve of frequency by position is looked at: whose, which range, and where the cursor reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuron_tui.store.neurons.record import PositionProfile

OVERALL, ALL_TOGETHER = "", "*"
"""Curves that are no domain's. Domains have names: neither is one."""

_LEAST = 16
"""Positions that a zoomed chart shows at least."""


@dataclass(frozen=True, slots=True)
class CurveLook:
    """A curve (`OVERALL`, `ALL_TOGETHER` or a domain) over positions `first` to `last`; 0 as `last` is the end.

    `cursor` is a position to read off, None while the chart has no cursor.
    """

    curve: str = OVERALL
    first: int = 1
    last: int = 0
    cursor: int | None = None

    def within(self, position: PositionProfile) -> CurveLook:
        """The same for a neuron: its positions, its domains."""
        end = len(position.frequency)
        last = min(self.last, end) or end
        known = self.curve in (OVERALL, ALL_TOGETHER) or self.curve in position.by_domain
        return CurveLook(
            self.curve if known else OVERALL,
            min(self.first, last),
            last,
            None if self.cursor is None else min(self.cursor, end),
        )

    def next_curve(self, position: PositionProfile) -> CurveLook:
        """Overall, then each domain, then all together."""
        several = [ALL_TOGETHER] if len(position.by_domain) > 1 else []
        curves = [OVERALL, *(position.by_domain if several else []), *several]
        here = curves.index(self.curve) if self.curve in curves else 0
        return replace(self, curve=curves[(here + 1) % len(curves)])

    def to(self, cursor: int, position: PositionProfile) -> CurveLook:
        """With the cursor on a position, or the nearest there is; the range goes along."""
        look, end = self.within(position), len(position.frequency)
        cursor = max(1, min(cursor, end))
        shift = min(0, cursor - look.first) + max(0, cursor - look.last)
        return replace(look, first=look.first + shift, last=look.last + shift, cursor=cursor)

    def zoomed(self, closer: bool, position: PositionProfile) -> CurveLook:
        """With half or twice the range, the cursor where it was in it."""
        look, end = self.within(position), len(position.frequency)
        size = look.last - look.first + 1
        wanted = max(min(_LEAST, end), size // 2) if closer else min(end, size * 2)
        middle = look.cursor if look.cursor is not None else (look.first + look.last) // 2
        first = middle - (middle - look.first) * wanted // size
        first = max(1, min(first, end - wanted + 1))
        return replace(look, first=first, last=first + wanted - 1)

    def whole(self) -> CurveLook:
        """With the whole range."""
        return replace(self, first=1, last=0)
