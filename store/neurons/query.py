"""The filter language: `type:token layer:0-5 freq<0.01 mi>0.05 covering<=5 trigger:" title"`.

Terms are separated by spaces and must all hold; `-` before a term turns it round. Commas mean "or" within
`type:` and `layer:`. Numbers are compared with < <= > >= =.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Bools
from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.errors import QueryError
from neuron_tui.store.neurons.firing import entries_of
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import MEASURES, NeuronTable, read_table
from neuron_tui.store.runs.rule import POLES
from neuron_tui.store.tokens import printable

TYPE_WORDS = (
    *("dead", "alive", "detector", "token", "bigram", "trigram", "suppressing", "promoting"),
    *("positional", "oscillatory", "both", "one", "other", "strong", "weak"),
)
NUMBER_KEYS = (
    *("freq", "mi", "covering", "covering2", "covering3", "count", "score", "neuron"),
    *MEASURES,
)
KEYS = ("type:", "layer:", "trigger:", "label:", "pole:", *NUMBER_KEYS)

ANY_LABEL = "*"
"""What `label:` takes for any label there is."""

_COMPARE: dict[str, Callable[[Any, float], Bools]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?%?")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `key` `comparison` `values`; `comparison` is ':' or one of < <= > >= =."""

    key: str
    comparison: str
    values: tuple[str, ...]
    negated: bool
    position: int


def parse_query(query: str) -> tuple[Term, ...]:
    """Terms of a query; an empty one has none and matches every neuron.

    Raises
    ------
    QueryError
        It cannot be read; the error says where.
    """
    terms: list[Term] = []
    at = 0
    while True:
        at += len(query[at:]) - len(query[at:].lstrip())
        if at >= len(query):
            return tuple(terms)
        term, at = _parse_term(query, at)
        terms.append(term)


def matching(run: Run, table: NeuronTable, query: str) -> Bools:
    """Which rows of the table a query matches, as a (R,) bool array; raises QueryError."""
    keep = np.ones(len(table), dtype=bool)
    for term in parse_query(query):
        mask = _mask(run, table, term)
        keep &= ~mask if term.negated else mask
    return keep


def matching_rows(run: Run, query: str) -> list[tuple[int, int]]:
    """Layer and row of the neurons that a query matches, in order; raises QueryError, RunDamagedError."""
    table = read_table(run)
    keep = matching(run, table, query)
    return list(zip(table.layer[keep].tolist(), table.neuron[keep].tolist(), strict=True))


def _parse_term(query: str, start: int) -> tuple[Term, int]:
    negated = query.startswith("-", start)
    at = start + negated
    word = re.compile(r"[a-z0-9]*").match(query, at)
    assert word is not None
    key, at = word[0], word.end()
    comparison = next((c for c in (":", *_COMPARE) if query.startswith(c, at)), "")
    known_text, known_number = f"{key}:" in KEYS, key in NUMBER_KEYS
    if not key or not (known_text or known_number):
        raise QueryError(
            f"unknown word {key or query[at : at + 1]!r}; known are {' '.join(KEYS)}", query, start + negated
        )
    if not comparison or (comparison == ":") != known_text:
        raise QueryError(f"{key} is followed by {':' if known_text else 'one of < <= > >= ='}", query, at)
    at += len(comparison)
    value, end = _value(query, at)
    values = tuple(value.split(",")) if key in ("type", "layer") else (value,)
    _check(Term(key, comparison, values, negated, at), query)
    return Term(key, comparison, values, negated, at), end


def _value(query: str, at: int) -> tuple[str, int]:
    if query.startswith('"', at):
        quoted = re.compile(r'"((?:[^"\\]|\\.)*)"').match(query, at)
        if quoted is None:
            raise QueryError("this quotation mark has no partner", query, at)
        return _unescape(quoted[1]), quoted.end()
    bare = re.compile(r"\S*").match(query, at)
    assert bare is not None
    if not bare[0]:
        raise QueryError("a value is missing here", query, at)
    return bare[0], bare.end()


def _unescape(text: str) -> str:
    named = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda m: named.get(m[1], m[1]), text)


def _check(term: Term, query: str) -> None:
    at = term.position + query.startswith('"', term.position)
    for value in term.values:
        if term.key == "type" and value not in TYPE_WORDS:
            raise QueryError(f"unknown type {value!r}; known are {' '.join(TYPE_WORDS)}", query, at)
        if term.key == "layer" and not re.fullmatch(r"\d{1,6}(-\d{1,6})?", value):
            raise QueryError(f"{value!r} is no layer or range such as 0-5", query, at)
        if term.key == "layer" and int(value.partition("-")[2] or value.partition("-")[0]) < int(
            value.partition("-")[0]
        ):
            raise QueryError(f"the range {value} ends before it begins", query, at)
        if term.key == "pole" and value not in POLES:
            raise QueryError(f"unknown pole {value!r}; there are + and -", query, at)
        if term.key in NUMBER_KEYS and not _NUMBER.fullmatch(value):
            raise QueryError(f"{value!r} is no number", query, at)
        if term.key == "trigger" and not value:
            raise QueryError("an empty text triggers nothing", query, term.position)
        if term.key == "label" and not value:
            raise QueryError("a label is never empty; label:* is any", query, term.position)
        at += len(value) + 1


def _mask(run: Run, table: NeuronTable, term: Term) -> Bools:
    if term.key == "type":
        return _any([_type_mask(table, word) for word in term.values])
    if term.key == "layer":
        ranges = [(int(a), int(b or a)) for a, _, b in (value.partition("-") for value in term.values)]
        return _any([(table.layer >= low) & (table.layer <= high) for low, high in ranges])
    if term.key == "trigger":
        return triggered_by(run, table, term.values[0])
    if term.key == "label":
        return labelled(run, table, term.values[0])
    rule = run.manifest.rule
    if term.key == "pole":
        if rule.poles == 1:
            raise QueryError("the neurons of this run have no poles", f"pole:{term.values[0]}", term.position)
        pole: Bools = table.neuron % rule.poles == POLES.index(term.values[0])
        return pole
    text = term.values[0]
    number = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    return _COMPARE[term.comparison](_column(run, table, term.key), number)


def _column(run: Run, table: NeuronTable, key: str) -> npt.NDArray[Any]:
    """The numbers behind a key of NUMBER_KEYS; only these are read."""
    match key:
        case "freq":
            return table.frequency
        case "mi":
            return table.mutual_information
        case "covering":
            return table.covering[1]
        case "covering2" | "covering3":
            return table.covering[int(key[-1])]
        case "count":
            return table.count
        case "score":
            return table.trigger_score
    if key in MEASURES:
        return table.measure(key)
    return table.neuron // run.manifest.rule.poles


def _any(masks: list[Bools]) -> Bools:
    mask: Bools = np.logical_or.reduce(masks)
    return mask


def _equal(codes: npt.NDArray[np.uint8], code: int) -> Bools:
    mask: Bools = codes == code
    return mask


def _type_mask(table: NeuronTable, word: str) -> Bools:
    match word:
        case "dead":
            return table.dead
        case "alive":
            return ~table.dead
        case "detector":
            return table.detector(1) | table.detector(2) | table.detector(3)
        case "token" | "bigram" | "trigram":
            return table.detector({"token": 1, "bigram": 2, "trigram": 3}[word])
        case "suppressing":
            return table.suppressing
        case "promoting":
            return ~np.isnan(table.trigger_score) & ~table.suppressing
        case "positional":
            return table.positional
        case "strong" | "weak":
            return _equal(table.strength, STRENGTHS.index(word))
    return _equal(table.type, TYPES.index(word))


def triggered_by(run: Run, table: NeuronTable, text: str) -> Bools:
    """Neurons that have, among their stored covering n-grams (n = 1, 2, 3), one that reads exactly `text`."""
    wanted = run.corpus.find_grams(text)
    neurons = run.manifest.rows
    keep = np.zeros(len(table), dtype=bool)
    for place, layer in enumerate(run.layers.values()):
        rows = slice(place * neurons, (place + 1) * neurons)
        for n in ORDERS:
            if not len(wanted[n]):
                continue
            for row in wanted[n].tolist():
                found = entries_of(run, layer.index, n, row)
                covering = found.rank < table.covering[n][rows][found.neuron]
                keep[rows.start + found.neuron[covering]] = True
    return keep


def labelled(run: Run, table: NeuronTable, text: str) -> Bools:
    """Neurons with somebody's label that has `text` in it, in capitals or not; any label for `*`."""
    keep = np.zeros(len(table), dtype=bool)
    place = {layer: place for place, layer in enumerate(run.layers)}
    wanted = "" if text == ANY_LABEL else text.casefold()
    for note in run.notes:
        if note.label and note.layer in place and wanted in note.label.casefold():
            rows = [row for row in run.manifest.rule.rows(note.neuron, note.pole) if row < run.manifest.rows]
            keep[place[note.layer] * run.manifest.rows + np.array(rows, np.int64)] = True
    return keep


def keepable(query: str) -> bool:
    """Whether a filter can be kept: it can be read, and all its characters can be shown."""
    try:
        parse_query(query)
    except QueryError:
        return False
    return printable(query) == query
