"""Marked neurons, by the codes of `store.neurons.places`: they stay the neurons' own while a run grows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neuron_tui.store.wording import count_noun

KEPT_MARKS = 100_000
"""Marks that are kept between two times a run is open."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Codes of the marked neurons, and of those whose marks were last taken away all at once.

    Methods that change many marks also give a sentence that says what they did.
    """

    codes: frozenset[int] = frozenset()
    taken_away: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.codes)

    def toggled(self, code: int) -> Marks:
        """One neuron marked, or its mark taken away."""
        return replace(self, codes=self.codes ^ {code})

    def all_toggled(self, shown: frozenset[int]) -> tuple[Marks, str]:
        """All neurons of a list marked; if they all are, their marks taken away."""
        if shown <= self.codes:
            return replace(self, codes=self.codes - shown), f"{count_noun(len(shown), 'mark')} taken away."
        codes = self.codes | shown
        kept = f" Marks above {KEPT_MARKS:,} go when you leave the run." if len(codes) > KEPT_MARKS else ""
        return replace(self, codes=codes), f"{count_noun(len(codes), 'neuron')} marked.{kept}"

    def none_or_back(self) -> tuple[Marks, str]:
        """All marks taken away; where there are none, those that were taken away so brought back."""
        if self.codes:
            return Marks(
                taken_away=self.codes
            ), f"{count_noun(len(self.codes), 'mark')} taken away; U brings them back."
        if self.taken_away:
            return replace(self, codes=self.taken_away), f"{count_noun(len(self.taken_away), 'mark')} brought back."
        return self, "No neuron is marked."
