"""A model that answers one question after another, as a process: questions come as lines of JSON, and so go answers."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from neuron_tui.engine.asking.answer import Answer, ask
from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.asking.silence import silenced_rows
from neuron_tui.store.errors import NeuronTuiError, UsageError
from neuron_tui.store.neurons.run import Run

Record = dict[str, Any]


class CancelledError(Exception):
    """Whoever asked does not want to know any more."""


@dataclass
class Session:
    """Questions from one stream, answers to another; the last text that was read is kept for what is asked about it.

    A question is `{"id": …, "ask": KIND, …}`, its answer `{"id": …, KIND: …}`, or `{"id": …, "refused": words}`, or
    `{"id": …, "cancelled": true}`. While the model reads, `{"id": …, "progress": [done, total]}` comes too. Kinds:

    - `read`: `text`, `silence` (layer and row of each), `mean`, `top`;
    - `writes`: `layer`, `position`, `targets`, of the last text, see `Answer.writes`;
    - `moved`: `position`, `top`, of the last text, see `Answer.moved`.

    `{"cancel": id}` has a question given up, under way or not begun. The session ends when its questions do, or after
    `idle` seconds without one.
    """

    run: Run
    model: AskedModel
    questions: TextIO
    answers: TextIO
    idle: float
    _answer: Answer | None = None
    _coming: queue.Queue[Record | None] = field(default_factory=queue.Queue)
    _cancelled: set[int] = field(default_factory=set)

    def serve(self) -> None:
        """Load the model, then answer until the end; raises CheckpointError if it cannot be loaded."""
        threading.Thread(target=self._listen, daemon=True).start()
        self.model.load(self._ticking({"loading": True}, self.model.steps))
        self._say({"ready": {"stays": self.model.stays}})
        while True:
            try:
                question = self._coming.get(timeout=self.idle)
            except queue.Empty:
                self._say({"released": self.idle})
                return
            if question is None:
                return
            self._say({"id": question.get("id"), **self._answered(question)})

    def _listen(self) -> None:
        for line in self.questions:
            question = json.loads(line)
            if "cancel" in question:
                self._cancelled.add(question["cancel"])
            else:
                self._coming.put(question)
        self._coming.put(None)  # who asked may be gone: then the next answer finds no reader, and that is the end

    def _answered(self, question: Record) -> Record:
        kind = question["ask"]
        try:
            return {kind: {"read": self._read, "writes": self._writes, "moved": self._moved}[kind](question)}
        except CancelledError:
            return {"cancelled": True}
        except NeuronTuiError as error:
            return {"refused": str(error)}

    def _read(self, question: Record) -> Record:
        silenced = silenced_rows(self.run, [(layer, row) for layer, row in question["silence"]], question["mean"])
        ids = self.model.tokens(question["text"])
        steps = len(self.model.causal.layers) * (2 if silenced else 1)
        tick = self._ticking({"id": question["id"]}, steps)
        self._answer = answer = ask(self.model, ids, silenced, question["top"], tick)
        reading = answer.reading
        return {
            "tokens": answer.tokens(),
            "counts": [layer.counts.tolist() for layer in reading.layers],
            "losses": reading.losses.tolist(),
            "next": answer.next(),
            "ablated": answer.ablated(question["top"]),
        }

    def _writes(self, question: Record) -> Record:
        return self._last().writes(question["layer"], question["position"], question["targets"])

    def _moved(self, question: Record) -> list[Record]:
        return self._last().moved(question["top"], question["position"])

    def _last(self) -> Answer:
        if self._answer is None:
            raise UsageError("no text was read yet")
        return self._answer

    def _ticking(self, about: Record, total: int) -> Callable[[int], None]:
        done = 0

        def tick(steps: int) -> None:
            nonlocal done
            if about.get("id") in self._cancelled:
                raise CancelledError
            done += steps
            self._say({**about, "progress": [done, total]})

        return tick

    def _say(self, record: Record) -> None:
        self.answers.write(json.dumps(record) + "\n")
        self.answers.flush()


def serve(run: Run, model: AskedModel, idle: float) -> None:
    """Answer on stdin and stdout; see `Session`."""
    Session(run, model, sys.stdin, sys.stdout, idle).serve()
