"""What could come next in a filter query: its keys, and the words of `type:`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neuron_tui.store.measures.threshold_wording import coverage_text, number_text
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.query import KEYS, NUMBER_KEYS, TYPE_WORDS

MEANINGS = {
    "type:": "what a neuron is, such as type:token or type:one,both",
    "layer:": "its layer, such as layer:0-5,8",
    "trigger:": 'an n-gram it fires on, such as trigger:" title"',
    "label:": "what somebody called it, such as label:weather or label:*",
    "pole:": "the side of a gated neuron, pole:+ or pole:-",
    "freq": "share of tokens it is active on, such as freq<1%",
    "mi": "mutual information with position in nats, such as mi>{positional}",
    "covering": "tokens that cover {coverage} of its activations, such as covering<={tokens}",
    "covering2": "bigrams that do",
    "covering3": "trigrams that do",
    "count": "tokens it is active on, such as count>1000",
    "score": "mean score of a token detector's triggers, such as score<0",
    "neuron": "its number in its layer, such as neuron<100",
    "max": "its highest value where active, such as max>5",
    "mean": "the mean of its values where active, such as mean>1",
    "norm": "the length of its update direction, such as norm>1",
    "cosine": "cosine of what it reads and what it writes, such as cosine<-0.5",
    "kurtosis": "excess kurtosis of its scores: high if it writes few tokens, such as kurtosis>10",
    "tokenfreq": "correlation of its scores with how frequent tokens are, such as tokenfreq>0.5",
}
"""What each key asks for; in braces what the thresholds of a run say."""

TYPE_MEANINGS = {
    "dead": "never active",
    "alive": "active at least once",
    "detector": "detects tokens, bigrams or trigrams",
    "token": "detects tokens",
    "bigram": "detects bigrams",
    "trigram": "detects trigrams",
    "suppressing": "a token detector that writes against its triggers",
    "promoting": "a token detector that does not",
    "positional": "depends on position",
    "oscillatory": "positional: switches on and off along the sequence",
    "both": "positional: off over one range, on over another",
    "one": "positional: off, or on, over one range",
    "other": "positional without such a range",
    "strong": "positional, and exactly so",
    "weak": "positional, roughly so",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that fits: the query with it in place, where the cursor then is, the word and what it means."""

    query: str
    cursor: int
    word: str
    meaning: str


def completions(query: str, cursor: int, thresholds: Thresholds = PAPER) -> tuple[Completion, ...]:
    """Words that fit where the cursor is, from what is typed of the word before it; none inside quotation marks.

    Their meanings are told by the thresholds of the run that is filtered.
    """
    before, after = query[:cursor], query[cursor:]
    start = _term_start(before)
    if start is None:
        return ()
    typed = before[start:].removeprefix("-")
    at = cursor - len(typed)
    if typed.startswith("type:"):
        part = typed.removeprefix("type:").rpartition(",")[2]
        words = [(word, TYPE_MEANINGS[word]) for word in TYPE_WORDS if word.startswith(part) and word != part]
        at = cursor - len(part)
    elif re.search(r"[:<>=]", typed):
        return ()
    else:
        words = [(_opened(key), _meaning(key, thresholds)) for key in KEYS if key.startswith(typed)]
    return tuple(Completion(query[:at] + word + after, at + len(word), word, meaning) for word, meaning in words)


def _meaning(key: str, thresholds: Thresholds) -> str:
    return MEANINGS[key].format(
        coverage=coverage_text(thresholds),
        tokens=thresholds.most_covering(1),
        positional=number_text(thresholds.positional),
    )


def _opened(key: str) -> str:
    # A number is compared: below is what people ask for most.
    return f"{key}<" if key in NUMBER_KEYS else key


def _term_start(text: str) -> int | None:
    """Where the term begins that the text ends in; None if the text ends inside quotation marks."""
    start, quoted, escaped = 0, False, False
    for place, character in enumerate(text):
        if quoted and character == "\\" and not escaped:
            escaped = True
            continue
        if character == '"' and not escaped:
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = place + 1
        escaped = False
    return None if quoted else start
