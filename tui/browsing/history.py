"""The neurons visited, in the order they were, and a place among them: back and forward as in a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuron_tui.store.neurons.places import Address

KEPT = 200
"""Visits remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class History:
    """Layer and neuron of each visit, oldest first; `at` is the index of the one we are at, -1 if there is none."""

    visits: tuple[Address, ...] = ()
    at: int = -1

    @property
    def here(self) -> Address | None:
        """The visit we are at."""
        return self.visits[self.at] if self.visits else None

    def visit(self, address: Address) -> History:
        """Go to a neuron: what lay ahead is forgotten. Staying where we are is no visit."""
        if address == self.here:
            return self
        visits = (*self.visits[: self.at + 1], address)[-KEPT:]
        return History(visits, len(visits) - 1)

    def back(self) -> History:
        """One visit back, if there is one."""
        return replace(self, at=self.at - 1) if self.at > 0 else self

    def forward(self) -> History:
        """One visit forward, if there is one."""
        return replace(self, at=self.at + 1) if self.at + 1 < len(self.visits) else self

    def tail(self, count: int) -> History:
        """The last visits up to the one we are at, at most `count` of them."""
        visits = self.visits[max(0, self.at + 1 - count) : self.at + 1]
        return History(visits, len(visits) - 1)
