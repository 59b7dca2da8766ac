"""What a model says of a text, as the records of contract and app: plain values, with tokens by id and form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.asking.predicted import predicted_logits
from neuron_tui.engine.asking.reading import Reading
from neuron_tui.engine.asking.silence import Silenced
from neuron_tui.engine.asking.trace import Trace
from neuron_tui.store.arrays import Floats, Int64s


@dataclass(frozen=True, slots=True)
class Answer:
    """One text as a model reads it: as it is, and `after` neurons are `silenced`; None where none is."""

    model: AskedModel
    ids: Int64s
    reading: Reading
    trace: Trace
    silenced: tuple[Silenced, ...] = ()
    after: tuple[Reading, Trace] | None = None

    def tokens(self) -> list[dict[str, Any]]:
        """The tokens that were read."""
        return [self._token(i) for i in self.ids.tolist()]

    def next(self, reading: Reading | None = None) -> list[list[dict[str, Any]]]:
        """The likeliest tokens to come after each position, with the logarithm of their probability (nats)."""
        of = reading or self.reading
        return [
            [{**self._token(i), "logprob": round(p, 6)} for i, p in zip(ids, likely, strict=True)]
            for ids, likely in zip(of.likeliest.tolist(), of.log_probabilities.tolist(), strict=True)
        ]

    def ablated(self, most: int) -> dict[str, Any] | None:
        """What changes where neurons are silenced: loss, likeliest tokens, and what moves most after the last token."""
        if self.after is None:
            return None
        reading, _ = self.after
        return {
            "loss": _number(reading.loss),
            "losses": [round(loss, 6) for loss in reading.losses.tolist()],
            "next": self.next(reading),
            "moved": self.moved(most),
        }

    def moved(self, most: int, position: int = -1) -> list[dict[str, Any]]:
        """Tokens whose probability after a position moves most, `most` of them at most, before and after.

        `predicted` is the probability that the direct way alone would give: what the silenced neurons no longer write
        is taken from the logits, and no later layer answers; None where a model has no direct way.
        """
        assert self.after is not None
        position = position % len(self.ids)
        place = self.trace.place(position)
        before, after = (_probabilities(trace.logits[place]) for trace in (self.trace, self.after[1]))
        expected = predicted_logits(self.model, self.reading, self.trace, position, self.silenced)
        predicted = None if expected is None else _probabilities(expected)
        moves = np.abs(after - before)
        order = [i for i in np.argsort(-moves, kind="stable")[:most].tolist() if moves[i] > 0]
        return [
            {
                **self._token(i),
                "before": float(before[i]),
                "after": float(after[i]),
                "predicted": None if predicted is None else float(predicted[i]),
            }
            for i in order
        ]

    def writes(self, layer: int, position: int, targets: Sequence[int]) -> dict[str, Any]:
        """The active rows of a layer at a position, with values, and what each adds to the logits of some tokens.

        `way` says what all parts of the model add; both are None where a model has no direct way.
        """
        rows, values = self.reading.layers[layer].at(position)
        way = self.model.direct(self.reading, self.trace, position, targets, [layer])
        return {
            "layer": layer,
            "position": position,
            "targets": [self._token(i) for i in targets],
            "rows": rows.tolist(),
            "values": [float(value) for value in values],
            "writes": None if way is None else way.rows[layer].tolist(),
            "way": way
            and {
                "logits": way.logits.tolist(),
                "capped": way.capped,
                "embedding": way.embedding.tolist(),
                "attention": way.attention.tolist(),
                "feed_forward": way.feed_forward.tolist(),
                "bias": way.bias.tolist(),
            },
        }

    def direct(self, position: int, most: int) -> dict[str, Any]:
        """What adds to the logit of the token that follows a position, or of the likeliest after the last one.

        `neurons` are those active rows of all layers that add most, either way.
        """
        last = position == len(self.ids) - 1
        target = int(self.reading.likeliest[position, 0] if last else self.ids[position + 1])
        found: dict[str, Any] = {"position": position, "target": self._token(target)}
        way = self.model.direct(self.reading, self.trace, position, [target])
        if way is None:
            return {**found, "logit": None}
        rule = self.model.rule
        neurons: list[dict[str, Any]] = [
            {"layer": layer, **rule.named(row), "value": value, "logit": added}
            for layer, rows in way.rows.items()
            for row, value, added in self._added(layer, position, rows)
        ]
        return {
            **found,
            "logit": float(way.logits[0]),
            "capped": way.capped,
            "embedding": float(way.embedding[0]),
            "attention": way.attention[:, 0].tolist(),
            "feed_forward": way.feed_forward[:, 0].tolist(),
            "bias": float(way.bias[0]),
            "neurons": sorted(neurons, key=lambda one: -abs(one["logit"]))[:most],
        }

    def _added(self, layer: int, position: int, rows: Floats) -> Iterator[tuple[int, float, float]]:
        active, values = self.reading.layers[layer].at(position)
        return zip(active.tolist(), values.tolist(), rows[:, 0].tolist(), strict=True)

    def _token(self, token: int) -> dict[str, Any]:
        return {"id": token, "text": self.model.vocabulary[token]}


def ask(
    model: AskedModel,
    ids: Int64s,
    silenced: Sequence[Silenced] = (),
    likeliest: int = 10,
    tick: Callable[[int], None] = lambda _: None,
) -> Answer:
    """Have the model read a text, and once more with neurons silenced if there are any."""
    reading, trace = model.read(ids, (), likeliest, tick)
    after = model.read(ids, silenced, likeliest, tick) if silenced else None
    return Answer(model, ids, reading, trace, tuple(silenced), after)


def _probabilities(logits: torch.Tensor) -> Floats:
    found: Floats = logits.double().softmax(dim=-1).cpu().numpy()
    return found


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
