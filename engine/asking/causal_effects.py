"""The causal table: what a model predicts with neurons silenced, on their triggers and anywhere (ours)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.asking.contexts import Contexts, CorpusContexts
from neuron_tui.engine.asking.silence import silenced_rows
from neuron_tui.store.arrays import Bools, Floats, Int64s
from neuron_tui.store.errors import InputError
from neuron_tui.store.neurons.causal import CausalRecord, Change, Effect, Method
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.run import Run

MOST_TRIGGERS = 5
"""Tokens that stand for the triggers of a row that is no token detector: those it is most often active on."""

_POSITIONS, _MOST_SEQUENCES = 4096, 256
"""Positions, and sequences, that the model reads at once."""

_DRAWS = 4000
"""Bootstrap samples behind an interval."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Rows of a layer that are silenced together, and the triggers of each, token ids."""

    layer: int
    rows: tuple[int, ...]
    triggers: tuple[tuple[int, ...], ...]
    covered: bool
    suppresses: bool | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """How many `contexts` of a kind, of how many positions at most, drawn by which `seed`; silenced how."""

    contexts: int = 32
    window: int = 32
    seed: int = 0
    method: Method = "zero"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Of M contexts: loss of what follows, log-probability of the triggers (M,), whether rows fire, and where."""

    losses: Floats
    triggers: Floats
    fires: Bools
    anywhere: Bools


def single(record: NeuronRecord, row: int) -> Subject:
    """One row: its covered tokens are its triggers if it is a token detector."""
    tokens = record.triggers[1]
    chosen = tokens.covered if tokens.detector else tokens.top[:MOST_TRIGGERS]
    return Subject(
        record.layer,
        (row,),
        (tuple(trigger.ids[0] for trigger in chosen),),
        tokens.detector,
        record.effect.suppresses_triggers if tokens.detector else None,
    )


def together(subjects: Sequence[Subject], where: str) -> Subject:
    """All rows of some subjects of a layer at once."""
    return Subject(
        subjects[0].layer,
        tuple(row for one in subjects for row in one.rows),
        tuple(triggers for one in subjects for triggers in one.triggers),
        all(one.covered for one in subjects),
        None,
        where,
    )


def with_contexts(run: Run, subjects: Iterable[Subject], window: int) -> list[Subject]:
    """The subjects for which a context could end with one of their triggers; raises RunDamagedError."""
    corpus = CorpusContexts(run, window)
    return [one for one in subjects if corpus.stands({token for triggers in one.triggers for token in triggers})]


class Silencing:
    """Measures one subject after another with the same contexts drawn from the run's corpus."""

    def __init__(self, run: Run, model: AskedModel, settings: Settings) -> None:
        """Nothing is read yet.

        Raises
        ------
        InputError
            The window is longer than what the model reads, or holds no token.
        """
        if not 2 <= settings.window <= model.context_length:
            raise InputError(
                f"a window of {settings.window:,} positions\nThe model reads 2 to {model.context_length:,}."
            )
        self._run, self._model, self._settings = run, model, settings
        self._corpus = CorpusContexts(run, settings.window)
        self._batch = max(1, min(_MOST_SEQUENCES, _POSITIONS // settings.window))

    def measure(self, subjects: Iterable[Subject], told: Callable[[], None]) -> Iterator[CausalRecord]:
        """Measure some subjects; those that have no trigger in the corpus are left out. `told` is called after each."""
        for subject in subjects:
            record = self._measured(subject)
            told()
            if record is not None:
                yield record

    def _measured(self, subject: Subject) -> CausalRecord | None:
        settings = self._settings
        draw = np.random.default_rng((settings.seed, subject.layer, *subject.rows))
        wanted = tuple(sorted({token for triggers in subject.triggers for token in triggers}))
        on = self._corpus.on(wanted, settings.contexts, draw)
        if not len(on):
            return None
        anywhere = self._corpus.anywhere(settings.contexts, np.random.default_rng(settings.seed))
        effects = [self._effect(subject, contexts, draw) for contexts in (on, anywhere)]
        return CausalRecord(
            layer=subject.layer,
            rows=subject.rows,
            where=subject.where,
            method=settings.method,
            contexts=settings.contexts,
            window=settings.window,
            seed=settings.seed,
            triggers=wanted,
            covered=subject.covered,
            suppresses_triggers=subject.suppresses,
            on_triggers=effects[0],
            on_random=effects[1],
        )

    def _effect(self, subject: Subject, contexts: Contexts, draw: np.random.Generator) -> Effect:
        targets = self._targets(subject, contexts, draw)
        before = self._seen(subject, contexts, targets, silent=False)
        touched = before.anywhere if self._changes_nothing_when_off(subject) else np.ones(len(contexts), bool)
        after = self._seen(subject, contexts, targets, silent=True, only=np.flatnonzero(touched))
        losses, triggers = before.losses.copy(), before.triggers.copy()
        losses[touched], triggers[touched] = after.losses[touched], after.triggers[touched]
        return Effect(
            contexts=len(contexts),
            fired=int(before.fires.sum()),
            loss=_change(before.losses, losses, draw),
            trigger_logprob=_change(before.triggers, triggers, draw),
        )

    def _changes_nothing_when_off(self, subject: Subject) -> bool:
        """Whether silencing rows changes nothing where none of them fires: then what they write is 0 already.

        So it is for a neuron of a ReLU where inactive means 0, and for a single pole, whose values alone are replaced.
        """
        if self._settings.method != "zero":
            return False
        silenced = silenced_rows(self._run, [(subject.layer, row) for row in subject.rows], mean=False)
        return self._model.zero_when_off or all(one.pole for one in silenced)

    def _targets(self, subject: Subject, contexts: Contexts, draw: np.random.Generator) -> list[tuple[int, ...]]:
        """The triggers looked at after each context: of several rows, those of the rows that it ends with."""
        if len(subject.rows) == 1:
            return [subject.triggers[0]] * len(contexts)
        by_token: dict[int, set[int]] = {}
        for triggers in subject.triggers:
            for token in triggers:
                by_token.setdefault(token, set()).update(triggers)
        every = list(by_token)
        return [
            tuple(sorted(by_token.get(int(ids[-1]), by_token[every[int(draw.integers(len(every)))]])))
            for ids in contexts.ids
        ]

    def _seen(
        self,
        subject: Subject,
        contexts: Contexts,
        targets: list[tuple[int, ...]],
        silent: bool,
        only: Int64s | None = None,
    ) -> _Seen:
        size = len(contexts)
        seen = _Seen(np.zeros(size), np.zeros(size), np.zeros(size, bool), np.zeros(size, bool))
        rows = [(subject.layer, row) for row in subject.rows]
        without = silenced_rows(self._run, rows, self._settings.method == "mean") if silent else []
        watched = np.array(subject.rows)
        for places, ids in contexts.by_length():
            if only is not None:
                kept = np.isin(places, only)
                places, ids = places[kept], ids[kept]
            for first in range(0, len(places), self._batch):
                some = places[first : first + self._batch]
                expected, on = self._model.expect(ids[first : first + self._batch], without, subject.layer, watched)
                follows = torch.from_numpy(contexts.follows[some]).to(expected.device)
                seen.losses[some] = -expected.gather(1, follows[:, None])[:, 0].double().cpu().numpy()
                for place, row in zip(some.tolist(), expected, strict=True):
                    seen.triggers[place] = float(row[list(targets[place])].double().logsumexp(0))
                seen.fires[some], seen.anywhere[some] = on[:, -1].any(axis=1), on.any(axis=(1, 2))
        return seen


def _change(before: Floats, after: Floats, draw: np.random.Generator) -> Change:
    """Means, and the bootstrap's percentile interval of the mean change."""
    changes = after - before
    means = changes[draw.integers(len(changes), size=(_DRAWS, len(changes)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return Change(
        before=float(before.mean()), after=float(after.mean()), change=float(changes.mean()), interval=(low, high)
    )
