"""Text to batches: each domain is one stream of tokens, and windows are cut from it at random places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.training.tokenizer import END_ID
from neuron_tui.store.errors import CorpusError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

DOCUMENTS_A_BATCH: Final = 256
Tokens = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Stream:
    """The tokens of one domain: its documents joined by one EOS, without BOS.

    Attributes
    ----------
    tokens
        (tokens,) uint16, or uint32 for vocabularies over 65,536.
    """

    domain: str
    tokens: Tokens


def token_stream(domain: str, documents: Iterator[str], tokenizer: PreTrainedTokenizerFast) -> Stream:
    """Tokenise the documents of one domain.

    Raises
    ------
    CorpusError
        The domain holds no token.
    """
    dtype = np.dtype(np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32)
    parts: list[Tokens] = []
    fast: Any = tokenizer.backend_tokenizer
    fast.encode_special_tokens = True  # `</s>` written out in a text is text, here as in extraction
    while batch := list(islice(documents, DOCUMENTS_A_BATCH)):
        encodings = fast.encode_batch_fast(batch, add_special_tokens=False)
        parts.extend(np.array([*encoding.ids, END_ID]).astype(dtype) for encoding in encodings)
    if sum(part.size - 1 for part in parts) == 0:
        raise CorpusError(f"domain {domain!r} holds no text to train on")
    return Stream(domain, np.concatenate(parts))


class Batches:
    """Batches of windows without end; every domain has the same share, and a seed fixes them all.

    A window is BOS and the `context_length - 1` tokens from a random place of a domain's stream; a stream
    shorter than that is read as a ring.
    """

    def __init__(self, streams: list[Stream], context_length: int, sequences: int, seed: int) -> None:
        self._streams = streams
        self._context_length = context_length
        self._sequences = sequences
        self._generator = np.random.default_rng(seed)

    def next(self) -> npt.NDArray[np.int64]:
        """Return the next batch: (sequences, context_length) token ids, int64, BOS first."""
        windows = np.empty((self._sequences, self._context_length), dtype=np.int64)
        windows[:, 0] = END_ID
        # Domains in turn from a random first one: shares are even within a batch and not only on average.
        first = int(self._generator.integers(len(self._streams)))
        for row in range(self._sequences):
            tokens = self._streams[(first + row) % len(self._streams)].tokens
            start = int(self._generator.integers(tokens.size))
            window = tokens[start : start + self._context_length - 1]
            if window.size < self._context_length - 1:
                window = np.resize(np.concatenate([tokens[start:], tokens[:start]]), self._context_length - 1)
            windows[row, 1:] = window
        return windows
