"""A line on stderr that tells a person at the terminal how far something is, and goes away at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_TELL_EVERY = 0.2
"""Seconds between two words on how far it is."""


@contextmanager
def telling(words: Callable[[int], str], wanted: object = True) -> Iterator[Callable[[int], None]]:
    """Give a function to be called with how much is done, which says so in `words`, if `wanted` and seen by a person.

    `words` gives printable text of a line.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda _done: None
        return
    told = time.monotonic()
    shown = ""

    def tell(done: int) -> None:
        nonlocal told, shown
        if time.monotonic() - told >= _TELL_EVERY:
            told, before, shown = time.monotonic(), shown, words(done)
            print(f"\r{shown:{len(before)}}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print(f"\r{' ' * len(shown)}\r" if shown else "", end="", file=sys.stderr, flush=True)
