"""Reports for people, in Markdown. Whatever comes from a run stands in code spans or fences, where nothing acts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from neuron_tui.store.neurons.run import Run
from neuron_tui.store.notes.note import Note
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, percent, signed
from neuron_tui.tui.reports.causal_text import causal_sentence
from neuron_tui.tui.reports.context import ContextView, shortened
from neuron_tui.tui.reports.front import Fact, contents, facts, signs, terms
from neuron_tui.tui.reports.neuron import (
    SHOWN,
    DomainRow,
    EffectRow,
    NeuronView,
    PositionView,
    TriggerList,
    neuron_views,
)
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER, sparkline
from neuron_tui.tui.reports.selection import Selection
from neuron_tui.tui.reports.values import histogram_of, value_sentence, weight_words

_SPARK_WIDTH = 64


def write_markdown(run: Run, selection: Selection, stream: TextIO) -> None:
    """A heading for the run, then a section for each neuron; raises RunDamagedError."""
    for line in _front(run, selection):
        stream.write(f"{line}\n")
    for view in neuron_views(run, selection):
        stream.write("\n".join(neuron_section(view)) + "\n")
    stream.write("\n".join(_legend(run)) + "\n")


def neuron_section(view: NeuronView) -> Iterator[str]:
    """Lines of one neuron's section."""
    yield f"\n## {view.record.name} · {view.headline}\n"
    yield from (f"- {sentence}" for sentence in view.sentences)
    yield from _notes(view.notes)
    if not view.dead and len(view.domains) > 1:
        yield from _domains(view.domains)
    for triggers in view.triggers.values():
        if triggers.total:
            yield from _triggers(triggers)
    yield from _writes(view.promoted, view.suppressed)
    yield from (f"\n{causal_sentence(record)}" for record in view.record.causal)
    if view.position is not None and not view.dead:
        yield from _position(view.position)
    yield from _values(view)
    yield from _contexts("Highest contexts", view.highest)
    yield from _contexts("Contexts", view.contexts)


def _notes(notes: tuple[Note, ...]) -> Iterator[str]:
    if notes:
        yield "\n### Notes\n"
    for note in notes:
        whose = f"{code(printable(note.author))}, {note.changed[:10]}"
        yield f"- {code(printable(note.label))} ({whose})" if note.label else f"- {whose}"
        if note.text:
            yield ""
            yield from (f"  {line}" for line in _fenced([printable(line) for line in note.text.split("\n")]))
            yield ""


def code(text: str) -> str:
    """Text as a code span that is safe in a table too. `text` must be visible already: on one line, no controls."""
    if "`" not in text and "|" not in text:
        return f"`{text}`" if text else "(empty)"
    # Backticks and pipes cannot be escaped everywhere inside a code span: write every sign as its number.
    return "<code>" + re.sub(r"[!-/:-@\[-`{-~]", lambda m: f"&#{ord(m[0])};", text) + "</code>"


def context_line(context: ContextView) -> str:
    """A context on one line, the text the neuron is active on between ▐ and ▌."""
    return "".join(f"▐{piece.shown}▌" if piece.active else piece.shown for piece in context.pieces)


def _front(run: Run, selection: Selection) -> Iterator[str]:
    yield f"# {count_noun(len(selection), run.manifest.rule.row_noun)} of {code(printable(run.name))}\n"
    yield from (f"- {fact.name}: {_parts(fact)}" for fact in facts(run, selection))
    if len(selection) < 2:
        return
    labels = bool(run.notes)
    yield "\n| neuron | what | frequency | covering | mi | first trigger |" + (" label |" if labels else "")
    yield "| --- | --- | ---: | ---: | ---: | --- |" + (" --- |" if labels else "")
    for row in contents(run, selection):
        information = "" if row.mutual_information is None else f"{row.mutual_information:.3f}"
        numbers = f"{percent(row.frequency)} | {row.covering:,} | {information}"
        trigger = code(row.trigger) if row.trigger else ""
        label = f" {code(row.label) if row.label else ''} |" if labels else ""
        yield f"| {row.name} | {row.what} | {numbers} | {trigger} |{label}"


def _parts(fact: Fact) -> str:
    return "".join(code(text) if foreign else text for text, foreign in fact.parts)


def _legend(run: Run) -> Iterator[str]:
    yield "\n# Signs and words\n"
    yield from (f"- {code(sign)} {meaning}" for sign, meaning in signs(run.manifest.thresholds))
    yield from (f"- *{term}*: {meaning}" for term, meaning in terms(run.manifest.thresholds, run.manifest.rule))


def _domains(rows: Iterable[DomainRow]) -> Iterator[str]:
    for place, row in enumerate(rows):
        if place == 0:
            yield "\n| domain | active | of | share |"
            yield "| --- | ---: | ---: | ---: |"
        yield f"| {code(row.name)} | {row.count:,} | {row.tokens:,} | {percent(row.share)} |"


def _triggers(triggers: TriggerList) -> Iterator[str]:
    yield f"\n### Triggers: {triggers.name}s\n"
    yield f"{triggers.sentence}\n"
    yield f"| {triggers.name} | active | occurrences | precision | covered so far |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in triggers.rows[: triggers.at_once]:
        shares = f"{percent(row.precision)} | {percent(row.together)}"
        gram = " ".join(code(shortened(shown)) for shown in row.shown)
        yield f"| {gram} | {row.active:,} | {row.occurrences:,} | {shares} |"


def _writes(promoted: tuple[EffectRow, ...], suppressed: tuple[EffectRow, ...]) -> Iterator[str]:
    yield "\n### Writes\n"
    yield "| promoted | score | suppressed | score |"
    yield "| --- | ---: | --- | ---: |"
    for pair in zip(promoted[:SHOWN], suppressed[:SHOWN], strict=False):
        cells = [
            f"{code(shortened(row.shown))}{' ' + OWN_TRIGGER if row.own else ''} | {signed(row.score)}" for row in pair
        ]
        yield f"| {' | '.join(cells)} |"


def _position(position: PositionView) -> Iterator[str]:
    yield "\n### Position\n"
    yield f"{position.sentence}\n"
    names = [curve.name or "all" for curve in position.curves]
    width = max(map(len, names))
    lines = [
        f"{name:<{width}}  1 {sparkline(curve.frequency, _SPARK_WIDTH)} {len(curve.frequency)}"
        for name, curve in zip(names, position.curves, strict=True)
    ]
    yield from _fenced(lines)


def _values(view: NeuronView) -> Iterator[str]:
    values, weights = view.record.values, view.record.weights
    if values is None or weights is None:
        return
    yield "\n### Values\n"
    yield value_sentence(view.record)
    if (histogram := histogram_of(values)) is not None:
        drawn = histogram.rows(_SPARK_WIDTH, 3)
        gap = " " * max(1, len(drawn[0]) - len(histogram.low) - len(histogram.high))
        yield ""
        yield from _fenced([*(line.rstrip() for line in drawn), f"{histogram.low}{gap}{histogram.high}"])
    yield f"\nWeights: {', '.join(f'{word} {text}' for word, text in weight_words(weights))}."


def _contexts(title: str, contexts: tuple[ContextView, ...]) -> Iterator[str]:
    if not contexts:
        return
    yield f"\n### {title}\n"
    width = max(len(context.sampled_value) for context in contexts)
    yield from _fenced(
        [
            (f"{context.sampled_value:>{width}}  " if width else "") + f"{context.domain}  {context_line(context)}"
            for context in contexts
        ]
    )


def _fenced(lines: list[str]) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from lines
    yield fence
