"""Documents to token sequences, with the model's own tokeniser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.sources import documents
from neuron_tui.store.errors import CorpusError
from neuron_tui.store.runs.corpus_argument import CorpusArgument

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH_CHARACTERS = 1 << 20
_LONG_DOCUMENT = 1 << 22
_SEAM = re.compile(r"\S\n(?=\S)")

Ids = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """Ids that are never counted. `pad` is None where the model has none."""

    bos: int
    eos: int
    pad: int | None

    def counted(self, tokens: Ids) -> npt.NDArray[np.bool_]:
        """Which tokens are counted: all but BOS, EOS and padding; same shape as `tokens`."""
        mask: npt.NDArray[np.bool_] = (tokens != self.bos) & (tokens != self.eos)
        return mask if self.pad is None else mask & (tokens != self.pad)


@dataclass(frozen=True, slots=True)
class DomainTokens:
    """A domain's windows laid end to end, each with its BOS.

    `tokens` (P,) int32; `lengths` (S,) int64: positions of each sequence, all T but perhaps the last.
    """

    name: str
    tokens: Ids
    lengths: npt.NDArray[np.int64]
    documents: int
    counted: int


def tokenise_domains(
    arguments: Sequence[CorpusArgument],
    tokenizer: Tokenizer,
    special: SpecialTokens,
    context_length: int,
    budget: int | None,
    progress: Callable[[str, int], None],
) -> list[DomainTokens]:
    """Tokenise all corpus arguments, those of one domain joined in order.

    Parameters
    ----------
    budget
        Counted tokens at most; each domain gets an equal share, and what one leaves the others do not take.
    progress
        Called with a domain's name and its counted tokens so far.

    Raises
    ------
    CorpusError
        A source cannot be read, or no domain has a token to count.
    """
    domains: dict[str, list[str]] = {}
    for argument in arguments:
        domains.setdefault(argument.domain, []).append(argument.source)
    share = None if budget is None else budget // len(domains)
    result = [
        _domain(name, sources, tokenizer, special, context_length, share, progress) for name, sources in domains.items()
    ]
    if not any(domain.counted for domain in result):
        raise CorpusError(
            "the corpus has not one token to count"
            + (f"\nThe budget of {budget} tokens leaves none for each domain: raise --tokens." if share == 0 else "")
        )
    return result


def _domain(
    name: str,
    sources: Sequence[str],
    tokenizer: Tokenizer,
    special: SpecialTokens,
    context_length: int,
    share: int | None,
    progress: Callable[[str, int], None],
) -> DomainTokens:
    stream: list[Ids] = []
    counted = number = 0
    separator = np.array([special.eos], np.int32)
    texts = (text for source in sources for text in documents(source))
    for ids, new_document in _tokenised(texts, tokenizer):
        left = None if share is None else share - counted
        if left is not None and left <= 0:
            break
        kept = _first_counted(ids, special, left)
        if not len(kept):
            continue
        if new_document and stream:
            stream.append(separator)
        number += new_document
        stream.append(kept)
        counted += int(special.counted(kept).sum())
        progress(name, counted)
    tokens, lengths = _windows(np.concatenate(stream) if stream else np.empty(0, np.int32), special.bos, context_length)
    return DomainTokens(name, tokens, lengths, number, counted)


def _first_counted(ids: Ids, special: SpecialTokens, left: int | None) -> Ids:
    if left is None or len(ids) <= left:
        return ids
    before = np.cumsum(special.counted(ids))
    return ids[: int(np.searchsorted(before, left, side="left")) + 1]


def _tokenised(texts: Iterable[str], tokenizer: Tokenizer) -> Iterator[tuple[Ids, bool]]:
    """Token ids of each piece of text, and whether it begins a new document."""
    for batch in _batches(texts):
        encodings = tokenizer.encode_batch_fast([text for text, _ in batch], add_special_tokens=False)
        for encoding, (_, new_document) in zip(encodings, batch, strict=True):
            yield np.array(encoding.ids, np.int32), new_document


def _batches(texts: Iterable[str]) -> Iterator[list[tuple[str, bool]]]:
    batch: list[tuple[str, bool]] = []
    size = 0
    for text in texts:
        for i, piece in enumerate(_pieces(text)):
            batch.append((piece, i == 0))
            size += len(piece)
            if size >= _BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _pieces(text: str) -> Iterator[str]:
    """Cut a very long document where a single line feed stands between two words.

    Byte-level pre-tokenisers always part words there, so the tokens are those of the whole document, but
    tokenising can stop at the budget and needs memory for one piece only.
    """
    start = 0
    while len(text) - start > _LONG_DOCUMENT:
        seam = _SEAM.search(text, start + _LONG_DOCUMENT // 2)
        if seam is None:
            break
        yield text[start : seam.end()]
        start = seam.end()
    yield text[start:]


def _windows(stream: Ids, bos: int, context_length: int) -> tuple[Ids, npt.NDArray[np.int64]]:
    """Cut a stream into windows of T-1 tokens, each behind a BOS; the last, shorter one is kept."""
    inner = context_length - 1
    count = -(-len(stream) // inner)
    # Every window starts at a multiple of T, so the BOS go there and the stream fills the rest.
    tokens = np.full(len(stream) + count, bos, np.int32)
    tokens[np.arange(len(tokens)) % context_length != 0] = stream
    lengths = np.full(count, context_length, np.int64)
    if count:
        lengths[-1] = len(tokens) - (count - 1) * context_length
    return tokens, lengths
