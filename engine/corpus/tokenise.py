"""Documents to token sequences, with the model's own tokeniser."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.encoding import encoded
from neuron_tui.engine.corpus.pieces import Cutter, Piece
from neuron_tui.engine.corpus.reading import Chunk, Notes, state_of
from neuron_tui.engine.corpus.sources import DEFAULT_KEY, chunks
from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.corpus_argument import CorpusArgument
from neuron_tui.store.runs.manifest import SourceState

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH_CHARACTERS = 1 << 19
"""Characters that are tokenised at once, about."""

_CHARACTERS_A_TOKEN = 6
"""Characters that are tokenised at once for each token that the budget still lacks: most text has fewer a token."""

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids that are never counted. `pad` is None where the model has none."""

    bos: int | None
    eos: int | None
    pad: int | None

    def counted(self, tokens: Ids) -> npt.NDArray[np.bool_]:
        """Which tokens are counted: all but BOS, EOS and padding; same shape as `tokens`."""
        mask = np.ones(len(tokens), dtype=bool)
        for token in (self.bos, self.eos, self.pad):
            if token is not None:
                mask &= tokens != token
        return mask

    def counted_positions(self, tokens: Ids, sequence_start: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which positions are counted, (P,): those of counted tokens. Position 0 is not, whatever its token.

        `sequence_start` (S+1,) is where sequences begin.
        """
        mask = self.counted(tokens)
        mask[sequence_start[:-1]] = False
        return mask


@dataclass(frozen=True, slots=True)
class DomainTokens:
    """A domain's windows laid end to end, each with its BOS.

    `tokens` (P,) int32; `lengths` (S,) int64: positions of each sequence, all T but perhaps the last. `notes` tells
    what was skipped on the way, `sources` how the files were that were read, a state for each source.
    """

    name: str
    tokens: Ids
    lengths: npt.NDArray[np.int64]
    documents: int
    counted: int
    notes: Notes = field(default_factory=Notes)
    sources: tuple[SourceState, ...] = ()


def tokenise_domains(
    arguments: Sequence[CorpusArgument],
    tokenizer: Tokenizer,
    special: SpecialTokens,
    context_length: int,
    budget: int | None,
    progress: Callable[[str, int], None],
    text_key: str = DEFAULT_KEY,
) -> list[DomainTokens]:
    """Tokenise all corpus arguments, those of one domain joined in order; no text is read that the budget leaves out.

    Parameters
    ----------
    budget
        Counted tokens at most; each domain gets an equal share, and what one leaves the others do not take.
    progress
        Called with a domain's name and its counted tokens so far.
    text_key
        Key or column of the text where documents are records.

    Raises
    ------
    CorpusError
        A source cannot be read, or no domain has a token to count.
    """
    domains: dict[str, list[CorpusArgument]] = {}
    for argument in arguments:
        domains.setdefault(argument.domain, []).append(argument)
    share = None if budget is None else budget // len(domains)
    result = [
        _domain(_DomainText(sources, text_key), name, tokenizer, special, context_length, share, progress)
        for name, sources in domains.items()
    ]
    if not any(domain.counted for domain in result):
        raise CorpusError(
            "the corpus has not one token to count"
            + (f"\nThe budget of {budget} tokens leaves none for each domain: raise --tokens." if share == 0 else "")
        )
    return result


class _DomainText:
    """The text of a domain's sources, and what is noted while it is read."""

    def __init__(self, arguments: Sequence[CorpusArgument], text_key: str) -> None:
        self._arguments, self._key = arguments, text_key
        self.notes = Notes()
        self._states: dict[str, SourceState] = {}

    def chunks(self) -> Generator[Chunk, None, None]:
        """The documents of all sources, in chunks."""
        for argument in self._arguments:
            begin = len(self.notes.files)
            try:
                yield from chunks(argument.source, self._key, self.notes)
            finally:
                self._states[str(argument)] = state_of(str(argument), self.notes.files[begin:])

    def states(self) -> tuple[SourceState, ...]:
        """The states of the sources that were read; complete once `chunks` is closed."""
        return tuple(self._states.values())


def _domain(
    text: _DomainText,
    name: str,
    tokenizer: Tokenizer,
    special: SpecialTokens,
    context_length: int,
    share: int | None,
    progress: Callable[[str, int], None],
) -> DomainTokens:
    stream: list[Ids] = []
    counted = number = 0
    opens = False  # a document that has given no token yet
    separator = np.array([] if special.eos is None else [special.eos], np.int32)
    with closing(text.chunks()) as chunks_of_domain:
        pieces = Cutter(tokenizer).pieces(chunks_of_domain)
        while (left := None if share is None else share - counted) is None or left > 0:
            batch = _batch(pieces, left)
            if not batch:
                break
            for ids, begins in _tokenised(batch, tokenizer):
                kept = _first_counted(ids, special, None if share is None else share - counted)
                opens = opens or begins
                if not len(kept):
                    continue
                if opens and stream:
                    stream.append(separator)
                number, opens = number + opens, False
                stream.append(kept)
                counted += int(special.counted(kept).sum())
                progress(name, counted)
    tokens, lengths = _windows(np.concatenate(stream) if stream else np.empty(0, np.int32), special.bos, context_length)
    if special.bos is None:  # the first token of each window stands at position 0
        starts = np.concatenate([[0], np.cumsum(lengths)])
        counted = int(special.counted_positions(tokens, starts).sum())
    return DomainTokens(name, tokens, lengths, number, counted, text.notes, text.states())


def _batch(pieces: Iterator[Piece], left: int | None) -> list[Piece]:
    """The next pieces, as many as are tokenised at once while the budget lacks `left` tokens."""
    wanted = _BATCH_CHARACTERS if left is None else min(_BATCH_CHARACTERS, _CHARACTERS_A_TOKEN * left)
    batch: list[Piece] = []
    while wanted > 0 and (piece := next(pieces, None)) is not None:
        batch.append(piece)
        wanted -= len(piece.text)
    return batch


def _first_counted(ids: Ids, special: SpecialTokens, left: int | None) -> Ids:
    """The tokens up to the one with which `left` are counted."""
    if left is None or len(ids) <= left:
        return ids
    if left <= 0:
        return ids[:0]
    before = np.cumsum(special.counted(ids))
    return ids[: int(np.searchsorted(before, left, side="left")) + 1]


def _tokenised(batch: Sequence[Piece], tokenizer: Tokenizer) -> Iterator[tuple[Ids, bool]]:
    """Token ids of each piece of text, and whether a document begins with it."""
    for ids, piece in zip(encoded(tokenizer, [piece.text for piece in batch]), batch, strict=True):
        yield np.array(ids, np.int32), piece.begins


def _windows(stream: Ids, bos: int | None, context_length: int) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Cut a stream into windows of T-1 tokens, each behind a BOS; the last, shorter one is kept.

    Without a BOS a window holds T tokens and begins with its first.
    """
    if bos is None:
        starts = np.arange(0, len(stream), context_length)
        return stream, np.diff(np.append(starts, len(stream))).astype(np.int64)
    inner = context_length - 1
    count = -(-len(stream) // inner)
    # Every window starts at a multiple of T, so the BOS go there and the stream fills the rest.
    tokens = np.full(len(stream) + count, bos, np.int32)
    tokens[np.arange(len(tokens)) % context_length != 0] = stream
    lengths = np.full(count, context_length, np.int64)
    if count:
        lengths[-1] = len(tokens) - (count - 1) * context_length
    return tokens, lengths
