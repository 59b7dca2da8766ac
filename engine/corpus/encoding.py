"""Texts to token ids, whatever the tokeniser makes of them: it is written in Rust, and what it cannot do may end it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from neuron_tui.store.errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, without special ones; raises CheckpointError if the tokeniser fails on it."""
    with failures_named("the model's tokeniser fails on the text"):
        return [one.ids for one in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


@contextmanager
def failures_named(what: str) -> Iterator[None]:
    """Turn whatever a tokeniser raises into a CheckpointError that begins with `what`.

    A panic of Rust is no Exception, and tells of itself on stderr: that is kept off it.
    """
    try:
        with _without_stderr():
            yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, CheckpointError):
        raise
    except BaseException as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise CheckpointError(f"{what} ({reason})\nThe tokeniser is broken: fetch its files again.") from error


@contextmanager
def _without_stderr() -> Iterator[None]:
    sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
