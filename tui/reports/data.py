"""Reports for programs: records of neurons as JSON, JSON lines and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import TextIO

from neuron_tui.store.disk.schema import ORDERS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.causal_table import with_causal
from neuron_tui.store.neurons.record import NeuronRecord, TokenScore, Trigger
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.notes.note import Note
from neuron_tui.store.notes.notebook import Notebook
from neuron_tui.store.wording import json_text
from neuron_tui.tui.reports.contexts_data import context_data, with_contexts
from neuron_tui.tui.reports.selection import Selection

_WEIGHTS = ("norm", "cosine", "kurtosis", "token_frequency")


def records(run: Run, selection: Selection) -> Iterator[NeuronRecord]:
    """Records of the selected neurons, by layer, then neuron; raises RunDamagedError."""
    layers = selection.neurons.items()
    every = (record for layer, neurons in layers for record in run.layer(layer).records(neurons))
    return selection.counted(with_causal(run, every))


def write_jsonl(run: Run, selection: Selection, stream: TextIO) -> None:
    """One record a line."""
    for text in _encoded(run, selection):
        stream.write(text + "\n")


def write_json(run: Run, selection: Selection, stream: TextIO) -> None:
    """A list of records."""
    before = "[\n"
    for text in _encoded(run, selection):
        stream.write(before + text)
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _encoded(run: Run, selection: Selection) -> Iterator[str]:
    """Records as JSON; with contexts, if the selection asks for them, as the last key: `highest` and `sampled`."""
    encode = _Encoder(run.notes)
    if not selection.contexts:
        yield from map(encode, records(run, selection))
        return
    for record, highest, sampled in with_contexts(run, selection):
        found = {"highest": [*map(context_data, highest)], "sampled": [*map(context_data, sampled)]}
        yield f'{encode(record)[:-1]}, "contexts": {json_text(found)}}}'


def write_csv(run: Run, selection: Selection, stream: TextIO) -> None:
    """A row a neuron, with the columns of `csv_row` under their names."""
    domains = [domain.name for domain in run.manifest.corpus.domains] if run.manifest.corpus else []
    notes = run.notes
    columns = [*_csv_columns(domains, run.manifest.rule.poles), *(("labels", "notes") if notes else ())]
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    for record in records(run, selection):
        writer.writerow(csv_row(record) | (_note_cells(_on(notes, record)) if notes else {}))


def csv_row(record: NeuronRecord) -> dict[str, object]:
    """The columns of a neuron in CSV.

    - `layer`, `neuron`, `pole` where neurons have poles, `tokens`, `count`, `frequency`, `dead`, `bos_count` as in the
      record;
    - `tokens:DOMAIN`, `count:DOMAIN` for each domain;
    - for n = 1, 2, 3: `totalN`, `coveringN`, `detectorN`, `coveredN` (how many), `triggerN` (the first of the
      ranking), `activeN` and `occurrencesN` of it;
    - `promoted`, `suppressed`: the first token of each; `trigger_score`, `suppresses_triggers`;
    - `mutual_information`, `type`, `strength`, `full_sequences`;
    - `max`, `mean_active`, `norm`, `cosine`, `kurtosis`, `token_frequency`;
    - `labels` and `notes`, in runs that have any: what people wrote, each as a JSON list.

    What the record has as null is an empty cell; booleans are `true` and `false`. Texts are the tokeniser's own,
    an n-gram as a JSON list of them: exact, and no cell that a spreadsheet would take for a formula.
    """
    row: dict[str, object] = {
        "layer": record.layer,
        **record.rule.named(record.neuron),
        "tokens": record.tokens,
        "count": record.count,
        "frequency": record.frequency,
        "dead": _truth(record.dead),
        "bos_count": record.bos_count,
    }
    for name, domain in record.domains.items():
        row |= {_domain_column("tokens", name): domain.tokens, _domain_column("count", name): domain.count}
    for n, triggers in record.triggers.items():
        first = triggers.top[0] if triggers.top else None
        row |= {
            f"total{n}": triggers.total,
            f"covering{n}": triggers.covering,
            f"detector{n}": _truth(triggers.detector),
            f"covered{n}": len(triggers.covered),
            f"trigger{n}": _forms(first),
            f"active{n}": first.active if first else None,
            f"occurrences{n}": first.occurrences if first else None,
        }
    effect, position = record.effect, record.position
    return row | {
        "promoted": _forms(effect.promoted[0]) if effect.promoted else None,
        "suppressed": _forms(effect.suppressed[0]) if effect.suppressed else None,
        "trigger_score": effect.trigger_score,
        "suppresses_triggers": _truth(effect.suppresses_triggers),
        "mutual_information": position.mutual_information if position else None,
        "type": position.type if position else None,
        "strength": position.strength if position else None,
        "full_sequences": position.sequences if position else 0,
        "max": record.values.max if record.values else None,
        "mean_active": record.values.mean if record.values else None,
        **{name: getattr(record.weights, name) if record.weights else None for name in _WEIGHTS},
    }


def _on(notes: Notebook, record: NeuronRecord) -> tuple[Note, ...]:
    return notes.on(record.layer, *record.rule.row(record.neuron))


def _note_cells(notes: Sequence[Note]) -> dict[str, str]:
    """The labels of a neuron as a JSON list, and the texts as one."""
    labels, texts = [note.label for note in notes if note.label], [note.text for note in notes if note.text]
    return {"labels": json_text(labels), "notes": json_text(texts)}


class _Encoder:
    """Records to JSON, in runs with notes with those on the neuron.

    Of a record's numbers nearly all are shares of the same few sequences: each is put once.
    """

    def __init__(self, notes: Notebook) -> None:
        self._known, self._notes = _Numbers(), notes

    def __call__(self, record: NeuronRecord) -> str:
        data = record.to_dict()
        frequency = data["position"].pop("frequency") if data["position"] else None
        if self._notes:
            data["notes"] = [note.to_dict() for note in _on(self._notes, record)]
            data["position"] = data.pop("position")
        try:
            text = json_text(data)
            if frequency is None:
                return text
            numbers = ", ".join(map(self._known.__getitem__, frequency))
        except ValueError as error:
            raise RunDamagedError(
                f"layer {record.layer}, neuron {record.neuron}: a score that is no number\nExtract the run again."
            ) from error
        # `position` is the last of a record and `frequency` the last of it: both are still open here.
        return f'{text[:-2]}, "frequency": [{numbers}]}}}}'


class _Numbers(dict[float, str]):
    def __missing__(self, value: float) -> str:
        self[value] = text = json.dumps(value, allow_nan=False)
        return text


def _csv_columns(domains: list[str], poles: int) -> list[str]:
    columns = ["layer", "neuron", *(["pole"] if poles > 1 else []), "tokens", "count", "frequency", "dead", "bos_count"]
    columns += [_domain_column(kind, name) for name in domains for kind in ("tokens", "count")]
    fields = ("total", "covering", "detector", "covered", "trigger", "active", "occurrences")
    columns += [f"{field}{n}" for n in ORDERS for field in fields]
    columns += ["promoted", "suppressed", "trigger_score", "suppresses_triggers"]
    columns += ["mutual_information", "type", "strength", "full_sequences"]
    return [*columns, "max", "mean_active", *_WEIGHTS]


def _domain_column(kind: str, domain: str) -> str:
    return f"{kind}:{json_text(domain)[1:-1]}"


def _forms(item: Trigger | TokenScore | None) -> str | None:
    if item is None:
        return None
    return json_text([item.form] if isinstance(item, TokenScore) else list(item.forms))


def _truth(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"
