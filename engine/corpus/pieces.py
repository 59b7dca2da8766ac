"""Long documents cut into pieces that are tokenised by themselves, where that gives the tokens of the whole.

A document of up to `PIECE` characters is one piece. A longer one is cut at a seam: a place where the tokeniser gives,
for a little text on both sides, the same tokens together and apart. Tokenisers part text by what stands near, so the
pieces' tokens end to end are those of the document (ours). Where the cuts are depends on the document alone, never on
how its text arrives or on how much of it is wanted.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from neuron_tui.engine.corpus.encoding import encoded
from neuron_tui.engine.corpus.reading import Chunk

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PIECE: Final = 1 << 16
"""Characters after which a document is cut."""

LARGEST: Final = 1 << 19
"""Characters after which it is cut even where no seam is found."""

_AROUND: Final = 128
"""Characters on each side of a seam that its check tokenises."""

_TRIES: Final = 4
"""Places of each kind that are checked."""

_NEAR: Final = 1 << 12
"""Characters before the end of a piece in which a seam is looked for first."""

_KINDS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:(?<=\n\n)|(?<=\n\r\n))()()(?=\S)",  # the end of a paragraph
        r"(?<=\s)()()(?=\n\S)",  # the same, for tokenisers that take the last line feed by itself
        r"(?<=\S\n)()()(?=\S)",  # the end of a line
        r"(?<=\S)()()(?= \S)",  # before a word and the space that belongs to it
        r"(?<=\S)() ()(?=\S)",  # at a space, for tokenisers that put one before every text by themselves
        r"(?<=[^\w\s])()()(?=\w)",  # after punctuation, where words have no spaces between them
        r"(?<=\w)()()(?=[^\w\s])",
    )
)
"""Places where a document may be cut, best first: the first group ends a piece, the second begins the next."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is tokenised by itself; `begins` if a document begins with it."""

    text: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts documents where `tokenizer` does not mind; `piece` and `largest` are as `PIECE` and `LARGEST`."""

    tokenizer: Tokenizer
    piece: int = PIECE
    largest: int = LARGEST

    def pieces(self, chunks: Iterable[Chunk]) -> Iterator[Piece]:
        """The documents in `chunks`, cut; holds no more of them than a piece and a chunk.

        Pieces of a document have nothing between them: no token stands for a seam.
        """
        text, begins, size = "", True, self.piece
        for chunk in chunks:
            text += chunk.text
            while len(text) >= size + _AROUND:
                cut = self._cut(text, size)
                if cut is None:
                    size = min(2 * size, self.largest)
                    continue
                yield Piece(text[: cut[0]], begins)
                text, begins, size = text[cut[1] :], False, self.piece
            if chunk.ends:
                yield Piece(text, begins)
                text, begins, size = "", True, self.piece

    def _cut(self, text: str, size: int) -> tuple[int, int] | None:
        """Where a piece of about `size` characters ends and the next begins; None if no place will do yet."""
        first = None
        near = max(size // 2, size - _NEAR)
        for begin, stop in ((near, size), (size // 2, near)):
            for kind in _KINDS:
                for seam in reversed(deque(kind.finditer(text, begin, stop), _TRIES)):
                    end, start = seam.start(1), seam.start(2)
                    if self._parts_well(text, end, start):
                        return end, start
                    first = first or end
        if size < self.largest:
            return None
        end = first or size
        return end, end

    def _parts_well(self, text: str, end: int, start: int) -> bool:
        left, right = text[max(0, end - _AROUND) : end], text[start : start + _AROUND]
        whole = left + text[end:start] + right
        together, before, after = encoded(self.tokenizer, (whole, left, right))
        return together == before + after
