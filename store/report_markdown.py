"""Reports for people, in Markdown. Whatever comes from a run stands in code spans or fences, where nothing acts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TextIO

import numpy as np
import numpy.typing as npt

from neuron_tui.store import words
from neuron_tui.store.corpus import Context
from neuron_tui.store.record import NeuronRecord, PositionProfile, Triggers
from neuron_tui.store.run import Run
from neuron_tui.store.schema import CONTEXT_AFTER
from neuron_tui.store.tokens import decode, printable, visible, visible_token

Selection = Mapping[int, npt.NDArray[np.int64]]

_BATCH = 256
_SHOWN_TRIGGERS = 10
_SHOWN_EFFECTS = 10
_BEFORE, _AFTER = 70, 50
"""Characters of a context that a report shows before and after the sampled token's stretch of text."""

_LONGEST_TOKEN = 60

_SPARK_WIDTH = 64


def write_markdown(run: Run, selection: Selection, stream: TextIO) -> None:
    """A heading for the run, then a section for each neuron; raises RunDamagedError."""
    byte_level = run.corpus.byte_level
    stream.write("\n".join(_front(run, selection)) + "\n")
    for index, neurons in selection.items():
        layer = run.layer(index)
        for start in range(0, len(neurons), _BATCH):
            batch = neurons[start : start + _BATCH]
            for record, contexts in zip(layer.records(batch), layer.contexts_of(batch), strict=True):
                stream.write("\n".join(neuron_section(record, contexts, byte_level)) + "\n")


def neuron_section(record: NeuronRecord, contexts: list[Context], byte_level: bool) -> Iterator[str]:
    """Lines of one neuron's section."""
    yield f"\n## {record.layer}:{record.neuron} · {words.headline(record)}\n"
    yield from (f"- {sentence}" for sentence in words.describe(record))
    if record.dead:
        yield from _writes(record, byte_level)
        return
    yield from _domains(record)
    for n, triggers in record.triggers.items():
        yield from _triggers(triggers, n, byte_level)
    yield from _writes(record, byte_level)
    if record.position is not None:
        yield from _position(record.position)
    yield from _contexts(contexts, byte_level)


def code(text: str) -> str:
    """Text as a code span that is safe in a table too. `text` must be visible already: on one line, no controls."""
    if "`" not in text and "|" not in text:
        return f"`{text}`" if text else "(empty)"
    # Backticks and pipes cannot be escaped everywhere inside a code span: write every sign as its number.
    return "<code>" + re.sub(r"[!-/:-@\[-`{-~]", lambda m: f"&#{ord(m[0])};", text) + "</code>"


def _front(run: Run, selection: Selection) -> Iterator[str]:
    manifest = run.manifest
    count = sum(len(neurons) for neurons in selection.values())
    yield f"# {words.number(count, 'neuron')} of {code(printable(run.name))}\n"
    model = manifest.model
    size = f"{words.number(model.layers, 'layer')} of {words.number(model.neurons, 'neuron')}"
    yield f"- Model: {code(printable(model.name))}, {size}"
    if manifest.corpus is not None:
        domains = ", ".join(f"{code(printable(d.name))} {d.tokens:,}" for d in manifest.corpus.domains)
        yield f"- Corpus: {words.number(manifest.tokens, 'token')}: {domains}"
    yield f"- Context length: {manifest.options.context_length:,}"
    yield (
        f"- In tokens `·` is a space; {words.OWN_TRIGGER} marks a neuron's own triggers; "
        "▐ and ▌ enclose the text it is active on"
    )


def _domains(record: NeuronRecord) -> Iterator[str]:
    if len(record.domains) > 1:
        yield "\n| domain | active | of | share |"
        yield "| --- | ---: | ---: | ---: |"
        for name, domain in record.domains.items():
            share = words.percent(domain.frequency)
            yield f"| {code(printable(name))} | {domain.count:,} | {domain.tokens:,} | {share} |"


def _triggers(triggers: Triggers, n: int, byte_level: bool) -> Iterator[str]:
    name = words.GRAM_NAMES[n]
    if not triggers.total:
        return
    yield f"\n### Triggers: {name}s\n"
    verb = "covers" if triggers.covering == 1 else "cover"
    yield f"{words.number(triggers.covering, name)} {verb} 95% of {triggers.total:,} activations.\n"
    shown = triggers.top[: max(_SHOWN_TRIGGERS, len(triggers.top) if triggers.detector else 0)]
    shown = shown[: max(_SHOWN_TRIGGERS, triggers.covering)]
    sums = accumulate(trigger.active for trigger in shown)
    yield f"| {name} | active | of | share | sum |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for trigger, running in zip(shown, sums, strict=True):
        text = " ".join(_token(form, byte_level) for form in trigger.text)
        share = words.percent(trigger.active / trigger.occurrences) if trigger.occurrences else "-"
        total = words.percent(running / triggers.total)
        yield f"| {text} | {trigger.active:,} | {trigger.occurrences:,} | {share} | {total} |"


def _writes(record: NeuronRecord, byte_level: bool) -> Iterator[str]:
    own = words.own_triggers(record)
    effect = record.effect
    yield "\n### Writes\n"
    yield "| promoted | score | suppressed | score |"
    yield "| --- | ---: | --- | ---: |"
    pairs = zip(effect.promoted[:_SHOWN_EFFECTS], effect.suppressed[:_SHOWN_EFFECTS], strict=False)
    for pair in pairs:
        cells = [
            f"{_token(s.text, byte_level)}{' ' + words.OWN_TRIGGER if s.id in own else ''} | {words.signed(s.score)}"
            for s in pair
        ]
        yield f"| {' | '.join(cells)} |"


def _position(position: PositionProfile) -> Iterator[str]:
    yield "\n### Position\n"
    last = len(position.frequency)
    where = words.where_on(position.frequency)
    yield f"{where[0].upper()}{where[1:]} (of {words.number(position.sequences, 'full-length sequence')}).\n"
    yield "```text"
    yield f"1 {words.sparkline(position.frequency, _SPARK_WIDTH)} {last}"
    yield "```"


def _contexts(contexts: list[Context], byte_level: bool) -> Iterator[str]:
    if not contexts:
        return
    lines = [f"{printable(c.domain)}  {context_line(c, byte_level)}" for c in contexts]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield "\n### Contexts\n"
    yield f"{fence}text"
    yield from lines
    yield fence


def context_line(context: Context, byte_level: bool) -> str:
    """A context on one line, the text the neuron is active on between ▐ and ▌, an ellipsis where it is cut."""
    # Neighbours with the same activity are put together, so that a character split between tokens is whole again.
    edges = [0, *(i for i in range(1, len(context.text)) if context.active[i] != context.active[i - 1])]
    parts: list[str] = []
    focus = 0
    for begin, end in zip(edges, [*edges[1:], len(context.text)], strict=True):
        text = decode(list(context.text[begin:end]), byte_level)
        if begin <= context.focus:
            focus = len(parts)
        # Spaces are marked inside the marks alone: what is around them is to be read.
        parts.append(f"▐{visible(text)}▌" if context.active[begin] else printable(text))
    before, after = "".join(parts[:focus]), "".join(parts[focus + 1 :])
    left = "…" if context.offset > context.focus or len(before) > _BEFORE else ""
    right = "…" if len(after) > _AFTER or len(context.text) == context.focus + CONTEXT_AFTER + 1 else ""
    middle = shortened(parts[focus], _BEFORE + _AFTER)
    # A stretch of active text that the cut goes through keeps a mark at the cut.
    opened = "▐" if before[-_BEFORE:].partition("▐")[0].count("▌") else ""
    closed = "▌" if after[:_AFTER].rpartition("▌")[2].count("▐") else ""
    return f"{left}{opened}{before[-_BEFORE:]}{middle}{after[:_AFTER]}{closed}{right}"


def shortened(text: str, longest: int) -> str:
    """Text of at most `longest` characters, its middle left out if there are more."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[: longest - 1 - half]}…{text[-half:]}"


def _token(form: str, byte_level: bool) -> str:
    return code(shortened(visible_token(form, byte_level), _LONGEST_TOKEN))
