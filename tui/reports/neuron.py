"""One neuron as people are shown it: what its card and every report say, for each to lay out in its own way.

Names follow the data: `ids` are token ids, `forms` the tokeniser's own forms, and `shown` is what people see, with
everything made visible, but escaped for no format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.causal_table import with_causal
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.neurons.record import NeuronRecord, PositionProfile, TokenScore, Triggers
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.notes.note import Note
from neuron_tui.store.notes.notebook import EMPTY, Notebook
from neuron_tui.store.tokens import Spelling, printable, visible_token
from neuron_tui.store.wording import GRAM_NAMES, count_noun, share_text
from neuron_tui.tui.reports.context import ContextView
from neuron_tui.tui.reports.neuron_text import describe, headline, own_triggers, where_on
from neuron_tui.tui.reports.selection import Selection

SHOWN = 10
"""Rows of a list that a report has in sight at once: enough to know a neuron by. A detector's covering ones all are."""

_BATCH = 256


@dataclass(frozen=True, slots=True)
class DomainRow:
    """Activity in one domain: `share` is `count` / `tokens`."""

    name: str
    count: int
    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """An n-gram, a token in each place of `ids`, `forms` and `shown`.

    `precision` is active / occurrences, `together` what it and those above it cover of all activations. `covering` says
    whether it is one of the covering n-grams, `covered` whether the neuron is active on enough of its positions [§4].
    """

    ids: tuple[int, ...]
    forms: tuple[str, ...]
    shown: tuple[str, ...]
    active: int
    occurrences: int
    precision: float
    together: float
    covering: bool
    covered: bool


@dataclass(frozen=True, slots=True)
class TriggerList:
    """The ranking for one n as far as it is stored, of `total` activations, of which `covering` n-grams hold enough.

    A report has the first `at_once` rows in sight.
    """

    n: int
    name: str
    total: int
    covering: int
    detector: bool
    sentence: str
    rows: tuple[TriggerRow, ...]

    @property
    def at_once(self) -> int:
        """Rows to have in sight at once."""
        return max(SHOWN, self.covering) if self.detector else SHOWN

    def shown_of(self, ids: tuple[int, ...]) -> str | None:
        """How people see one of the n-grams; None if it is not among them."""
        return next((" ".join(row.shown) for row in self.rows if row.ids == ids), None)


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A token that the neuron writes for or against; `own` if it is one of its own triggers."""

    id: int
    form: str
    shown: str
    score: float
    own: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Share of full-length sequences active at positions 1 to T-1: `frequency` is (T-1,); no name for all domains."""

    name: str
    frequency: npt.NDArray[np.float64]
    sequences: int


@dataclass(frozen=True, slots=True)
class PositionView:
    """Where the neuron is on [§5]: the profile, the ranges of positions where it is more often on than off.

    `curves` are that of all domains together first, then, of several, that of each.
    """

    profile: PositionProfile
    ranges: tuple[tuple[int, int], ...]
    sentence: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class NeuronView:
    """All that is shown of a neuron. `triggers` are those for n = 1, 2, 3; a dead neuron has no contexts.

    `highest` are the contexts of its highest values, where they were asked for; `notes` are those on it or its pole.
    `causal_problem` says why what silencing it did cannot be read, if so.
    """

    record: NeuronRecord
    headline: str
    sentences: tuple[str, ...]
    domains: tuple[DomainRow, ...]
    triggers: dict[int, TriggerList]
    promoted: tuple[EffectRow, ...]
    suppressed: tuple[EffectRow, ...]
    position: PositionView | None
    contexts: tuple[ContextView, ...]
    spelling: Spelling
    highest: tuple[ContextView, ...] = ()
    notes: tuple[Note, ...] = ()
    causal_problem: str = ""

    def context_view(self, context: Context) -> ContextView:
        """A context of the neuron as people see it."""
        return _context_view(self.record, context, self.spelling)

    @property
    def layer(self) -> int:
        """The layer, from 0."""
        return self.record.layer

    @property
    def neuron(self) -> int:
        """The neuron's index in the layer, from 0."""
        return self.record.neuron

    @property
    def dead(self) -> bool:
        """Never active on a counted position [§3]."""
        return self.record.dead


def neuron_views(run: Run, selection: Selection) -> Iterator[NeuronView]:
    """The selected neurons in their order, a few read at a time; raises RunDamagedError."""
    spelling, rule, notebook = run.corpus.spelling, run.manifest.rule, run.notes

    def views() -> Iterator[NeuronView]:
        for index, neurons in selection.neurons.items():
            layer = run.layer(index)
            for start in range(0, len(neurons), _BATCH):
                batch = neurons[start : start + _BATCH]
                sampled, highest = layer.contexts_of(batch), layer.contexts_of(batch, kind="highest")
                records = with_causal(run, layer.records(batch))
                for record, contexts, best in zip(records, sampled, highest, strict=True):
                    notes = notebook.on(index, *rule.row(record.neuron))
                    yield neuron_view(record, contexts, spelling, best, notes)

    return selection.counted(views())


def read_neuron(run: Run, layer: int, neuron: int, notes: Notebook = EMPTY) -> NeuronView:
    """Read one neuron, and what there is on it in `notes`.

    Raises NeuronNotFoundError and RunDamagedError, but not where what silencing did cannot be read: the view says so.
    """
    where, on_it = run.layer(layer), notes.on(layer, *run.manifest.rule.row(neuron))
    record, problem = where.neuron(neuron), ""
    try:
        (record,) = with_causal(run, [record])
    except RunDamagedError as error:
        problem = str(error)
    view = neuron_view(record, where.contexts(neuron), run.corpus.spelling, notes=on_it)
    return replace(view, causal_problem=problem) if problem else view


def neuron_view(
    record: NeuronRecord,
    contexts: Sequence[Context],
    spelling: Spelling,
    highest: Sequence[Context] = (),
    notes: tuple[Note, ...] = (),
) -> NeuronView:
    """What is shown of a record and its contexts; raises RunDamagedError for a score that is no number."""
    own = own_triggers(record)

    def rows(scores: tuple[TokenScore, ...]) -> tuple[EffectRow, ...]:
        if not all(math.isfinite(s.score) for s in scores):
            raise RunDamagedError(
                f"layer {record.layer}, neuron {record.neuron}: a score that is no number\nExtract the run again."
            )
        return tuple(EffectRow(s.id, s.form, visible_token(s.form, spelling), s.score, s.id in own) for s in scores)

    coverage = share_text(record.thresholds.coverage)
    return NeuronView(
        record=record,
        headline=headline(record),
        sentences=tuple(describe(record)),
        domains=tuple(DomainRow(printable(name), d.count, d.tokens, d.frequency) for name, d in record.domains.items()),
        triggers={n: _triggers(t, n, coverage, spelling) for n, t in record.triggers.items()},
        promoted=rows(record.effect.promoted),
        suppressed=rows(record.effect.suppressed),
        position=_position(record.position) if record.position is not None else None,
        contexts=tuple(_context_view(record, context, spelling) for context in contexts),
        spelling=spelling,
        highest=tuple(_context_view(record, context, spelling) for context in highest),
        notes=notes,
    )


def _context_view(record: NeuronRecord, context: Context, spelling: Spelling) -> ContextView:
    return ContextView(context, spelling, record.values.max if record.values is not None else None)


def _triggers(triggers: Triggers, n: int, coverage: str, spelling: Spelling) -> TriggerList:
    name, total, covering = GRAM_NAMES[n], triggers.total, triggers.covering
    verb = "covers" if covering == 1 else "cover"
    running = accumulate(trigger.active for trigger in triggers.top)
    rows = tuple(
        TriggerRow(
            ids=trigger.ids,
            forms=trigger.forms,
            shown=tuple([visible_token(form, spelling) for form in trigger.forms]),
            active=trigger.active,
            occurrences=trigger.occurrences,
            precision=trigger.active / trigger.occurrences if trigger.occurrences else 0.0,
            together=active_so_far / total if total else 0.0,
            covering=place < covering,
            covered=trigger.covered,
        )
        for place, (trigger, active_so_far) in enumerate(zip(triggers.top, running, strict=True))
    )
    sentence = f"{count_noun(covering, name)} {verb} {coverage} of {count_noun(total, 'activation')}."
    return TriggerList(n, name, total, covering, triggers.detector, sentence, rows)


def _position(profile: PositionProfile) -> PositionView:
    where = where_on(profile.frequency)
    sequences = count_noun(profile.sequences, "full-length sequence")
    curves = [Curve("", profile.frequency, profile.sequences)]
    if len(profile.by_domain) > 1:
        curves += [
            Curve(printable(name), frequency, profile.sequences_by_domain[name])
            for name, frequency in profile.by_domain.items()
        ]
    return PositionView(
        profile=profile,
        ranges=tuple(on_ranges(profile.frequency)),
        sentence=f"{where[0].upper()}{where[1:]} (of {sequences}).",
        curves=tuple(curves),
    )
