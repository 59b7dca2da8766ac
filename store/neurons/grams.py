"""N-grams by what they read: from a text that someone types to the n-grams of a corpus, and back to a filter."""

from __future__ import annotations

from dataclasses import dataclass

from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.neurons.query import keepable
from neuron_tui.store.tokens import decode, gram_text
from neuron_tui.store.wording import GRAM_NAMES, count_noun

_SHOWN = {"·": " ", "↵": "\n", "⇥": "\t"}
"""How characters are shown that people may copy from the screen."""


@dataclass(frozen=True, slots=True)
class Gram:
    """An n-gram of a corpus: its tokens, what it reads as people are shown it, and how often it occurs."""

    ids: tuple[int, ...]
    shown: str
    occurrences: int

    @property
    def words(self) -> str:
        """The n-gram and how often it occurs, in words."""
        return f"{self.shown}   {GRAM_NAMES[len(self.ids)]}, {count_noun(self.occurrences, 'time')}"


def typed_text(typed: str) -> str:
    """The text that is meant by what someone types: without quotation marks around it, if it has them."""
    quoted = len(typed) > 2 and typed[0] == typed[-1] == '"'
    return typed[1:-1] if quoted else typed


def grams_reading(corpus: StoredCorpus, text: str) -> list[Gram]:
    """N-grams (n = 1, 2, 3) that read a text, a space before it or not; the most frequent first.

    Raises RunDamagedError if the corpus cannot be read.
    """
    plain = plain_text(text)
    variants = dict.fromkeys((text, plain, plain if plain.startswith(" ") else f" {plain}"))
    found = [
        gram_at(corpus, n, row)
        for variant in variants
        for n, rows in corpus.find_grams(variant).items()
        for row in rows.tolist()
    ]
    return sorted(dict.fromkeys(found), key=lambda gram: (-gram.occurrences, gram.ids))


def plain_text(text: str) -> str:
    """A text with what people may copy from the screen turned back into spaces, line feeds and tabs."""
    return "".join(_SHOWN.get(c, c) for c in text)


def gram_at(corpus: StoredCorpus, n: int, row: int) -> Gram:
    """The n-gram in a row of the table of its n; raises RunDamagedError."""
    ids = corpus.gram(n, row)
    return Gram(ids, gram_text([corpus.form(i) for i in ids], corpus.spelling), corpus.occurrences(n, row))


def trigger_filter(corpus: StoredCorpus, ids: tuple[int, ...]) -> str | None:
    """The filter for neurons that these tokens trigger; None if they hold characters that no filter can show."""
    text = decode([corpus.form(i) for i in ids], corpus.spelling)
    for raw, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(raw, escaped)
    query = f'trigger:"{text}"'
    return query if keepable(query) else None
