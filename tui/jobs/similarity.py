"""Similar neurons, wherever they are worked out: here from what runs store, or by the engine from a model's weights."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from neuron_tui.store.findings.similarity.asked import pairs_of, stored_measure
from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.findings.similarity.search import PERMUTATIONS, SEED, Found, Tick, find_similar
from neuron_tui.store.findings.similarity.universal import PERMUTATIONS as OF_EACH
from neuron_tui.store.findings.similarity.universal import Universal, universal_neurons
from neuron_tui.store.neurons.places import Address, place_text
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.wording import show_layers
from neuron_tui.tui.jobs.engine_answer import EngineAnswer, Stopped


@dataclass(frozen=True, slots=True)
class Asked:
    """A neuron `of` the run `source`, and the layers of the run `target` to search; `n` of the n-grams of triggers."""

    by: By
    source: Run
    of: Address
    target: Run
    layers: tuple[int, ...]
    n: int = 1
    top: int = 20
    permutations: int = PERMUTATIONS
    seed: int = SEED
    allow_pickle: bool = False


@dataclass(frozen=True, slots=True)
class AskedOfAll:
    """Runs whose common neurons are asked for; `layers` None for all."""

    by: By
    runs: tuple[Run, ...]
    layers: tuple[int, ...] | None = None
    n: int = 1
    permutations: int = OF_EACH
    seed: int = SEED
    allow_pickle: bool = False


class Search:
    """One question; it may be stopped from another thread."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._engine: EngineAnswer | None = None

    def similar(self, asked: Asked, tick: Tick) -> Found:
        """Raise Stopped, or what `find_similar` and the engine raise."""
        if asked.by == "update":
            words = (str(asked.source.path.absolute()), place_text(asked.source.manifest.rule, asked.of))
            options = (
                "--in",
                str(asked.target.path.absolute()),
                "--layer",
                show_layers(asked.layers),
                "--top",
                str(asked.top),
            )
            return TypeAdapter(Found).validate_python(self._ask("similar", (*words, *options), asked, tick))
        measure = stored_measure(asked.by, asked.source, asked.target, asked.n)
        return find_similar(
            measure, asked.of, asked.layers, asked.top, asked.permutations, asked.seed, self._stopping(tick)
        )

    def universal(self, asked: AskedOfAll, tick: Tick) -> Universal:
        """Raise Stopped, or what `universal_neurons` and the engine raise."""
        pairs = pairs_of(asked.runs)
        if asked.by == "update":
            layers = () if asked.layers is None else ("--layer", show_layers(asked.layers))
            words = (*(str(run.path.absolute()) for run in asked.runs), *layers)
            return TypeAdapter(Universal).validate_python(self._ask("universal", words, asked, tick))
        measures = [stored_measure(asked.by, source, target, asked.n) for source, target in pairs]
        return universal_neurons(measures, asked.layers, asked.permutations, asked.seed, self._stopping(tick))

    def stop(self) -> None:
        """End it as soon as may be."""
        self._stopped.set()
        if self._engine is not None:
            self._engine.stop()

    def _ask(self, command: str, words: Sequence[str], asked: Asked | AskedOfAll, tick: Tick) -> object:
        options = ["--permutations", str(asked.permutations), "--seed", str(asked.seed)]
        options += ["--allow-pickle"] if asked.allow_pickle else []
        self._engine = EngineAnswer([command, *words, *options])
        answer: object = self._engine.run(self._stopping(tick))
        return answer

    def _stopping(self, tick: Tick) -> Tick:
        def told(done: int, of: int) -> None:
            if self._stopped.is_set():
                raise Stopped
            tick(done, of)

        return told
