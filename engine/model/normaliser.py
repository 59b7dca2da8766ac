"""What a tokeniser does to text before it cuts it: rules of tokenizer.json, which could make gigabytes of a page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from neuron_tui.engine.corpus.encoding import failures_named
from neuron_tui.store.errors import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MOST: Final = 20
"""Characters that one may become: the most that Unicode's own forms make of one is 18."""

_MOST_BY_RULES: Final = 1000
"""Characters that one may become by expressions that put marks in its place, all of them counted as if they met."""

_LONGEST: Final = 1000
"""Characters that a rule may put in the place of others at most."""

_SIZE: Final = 256
"""Characters that are tried, about."""

_ANY = "".join(map(chr, range(0x20, 0x7F))) + "\n\t é日ﷺ"


def refuse_growth(name: str, tokenizer: Tokenizer) -> None:
    """Raise CheckpointError if a normaliser makes far longer text of some text, or fails.

    Tried on what each of its rules looks for, a rule at a time, so that what one of them does is seen while it is
    small; expressions, which may look for anything, are counted by what they put in its place.
    """
    if tokenizer.normalizer is None:
        return
    rules = list(_rules(json.loads(tokenizer.to_str())["normalizer"]))
    put = [str(rule.get("content", rule.get("prepend", ""))) for rule in rules]
    anywhere = math.prod(max(1, len(text)) for rule, text in zip(rules, put, strict=True) if "Regex" in _pattern(rule))
    if anywhere > _MOST_BY_RULES or any(len(text) > _LONGEST for text in put):
        raise _grows(name)
    with failures_named(f"model {name}: its tokeniser's normaliser fails"):
        steps = [_alone(rule) for rule in rules]
        for sought in {_ANY, *(_pattern(rule).get("String", "") for rule in rules), *put} - {""}:
            text = begin = sought * max(1, _SIZE // len(sought))
            for step in steps:
                text = step.normalize_str(text)
                if len(text) > _MOST * len(begin) + _LONGEST:
                    raise _grows(name)


def _rules(normaliser: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if normaliser.get("type") == "Sequence":
        for one in normaliser["normalizers"]:
            yield from _rules(one)
    else:
        yield normaliser


def _pattern(rule: dict[str, Any]) -> dict[str, str]:
    pattern: dict[str, str] = rule.get("pattern", {})
    return pattern


def _alone(rule: dict[str, Any]) -> Any:  # noqa: ANN401 - tokenizers is not typed
    """A rule as a normaliser of its own."""
    from tokenizers import Tokenizer as Whole

    empty = {"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {}, "unk_token": ""}}
    return Whole.from_str(json.dumps(empty | {"normalizer": rule})).normalizer


def _grows(name: str) -> CheckpointError:
    return CheckpointError(
        f"model {name}: its tokeniser's normaliser makes over {_MOST} characters of one\n"
        "No tokeniser needs that: fetch tokenizer.json again."
    )
