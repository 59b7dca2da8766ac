"""Who takes what: stretches of the corpus to go forward, words of 64 rows to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.engine.counting.bits import WORD, words_of
from neuron_tui.engine.model.forward import Batch
from neuron_tui.engine.model.kept import Stretch


def share_of_batches(batches: Sequence[Batch], count: int, rank: int) -> list[Batch]:
    """The batches that a rank takes: neighbours, of about as many positions as those of any other rank.

    They are cut as for one process, so that each gives the same bits.
    """
    whole = sum(batch.tokens for batch in batches)
    mine, before = [], 0
    for batch in batches:
        if (2 * before + batch.tokens) * count // (2 * whole) == rank:
            mine.append(batch)
        before += batch.tokens
    return mine


def stretch_of(mine: Sequence[Batch]) -> Stretch:
    """The positions of neighbouring batches."""
    return Stretch(mine[0].start, mine[-1].start + mine[-1].tokens) if mine else Stretch(0, 0)


@dataclass(frozen=True, slots=True)
class RowShare:
    """The rows of a layer that a rank counts: whole words of 64, `first_word` to `last_word` - 1, and their rows."""

    first_word: int
    last_word: int
    rows: slice

    @classmethod
    def of(cls, rows: int, count: int, rank: int) -> RowShare:
        """An equal share of whole words; the first ranks take what is left over."""
        words = words_of(rows)
        each, more = divmod(words, count)
        first = rank * each + min(rank, more)
        last = first + each + int(rank < more)
        return cls(first, last, slice(min(first * WORD, rows), min(last * WORD, rows)))

    @property
    def words(self) -> int:
        """How many words."""
        return self.last_word - self.first_word

    def __len__(self) -> int:
        length: int = self.rows.stop - self.rows.start
        return length
