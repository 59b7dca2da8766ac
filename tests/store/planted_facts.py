"""Facts of runs that never were: tables planted number by number, so that what the paper's claims come to is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.aggregates import LayerSummary, Positional, Suppressors
from neuron_tui.store.findings.figures import LabelledRun
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.manifest import (
    CorpusIdentity,
    Domain,
    FileEntry,
    Manifest,
    ModelIdentity,
    RunOptions,
    Variant,
)


@dataclass(frozen=True)
class Layer:
    """What a layer is planted with; `new` defaults to all the tokens it detects, `new_trigrams` to all the trigrams."""

    dead: int = 0
    frequency: float | None = 0.2
    detectors: tuple[int, int, int] = (0, 0, 0)
    suppressing: int = 0
    covered: int = 0
    new: int | None = None
    positional: tuple[tuple[int, str, str], ...] = ()
    """Neuron, type and strength of each positional neuron."""
    information: float = 0.3
    """Mutual information of those of type `other`, about; all the rest have about 0.3 nats."""
    trigrams: int = 0
    new_trigrams: int | None = None
    covering: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Neurons by class of how many n-grams cover them, for some n; none for the others."""


@dataclass(frozen=True)
class Model:
    """A model and how much of it was read; by itself a small one of which there is enough of everything."""

    layers: Sequence[Layer]
    neurons: int = 1000
    width: int = 16
    vocabulary: int = 300
    name: str = "planted"
    tokens: int = 30_000_000
    context_length: int = 2048
    read_length: int | None = None
    """T of the run; by itself all that the model reads."""
    full_sequences: int = 1000
    norm_before: bool | None = True
    positions: bool | None = True
    gated: bool = False
    depth: int | None = None
    """Layers of the model; by itself those planted."""
    thresholds: Thresholds | None = None
    corpus: str = "0"
    curves: Mapping[int, npt.NDArray[np.float64]] = field(default_factory=dict)
    """fr(1) to fr(T-1) of some neurons, of whatever layer."""
    detected: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """What some token detectors cover, as the tokeniser writes it."""


def planted(model: Model, label: str = "planted") -> LabelledRun:
    """Facts of a run of a model."""
    summaries = tuple(_summary(model, index) for index in range(len(model.layers)))
    marks = [(index, *mark) for index, layer in enumerate(model.layers) for mark in layer.positional]
    codes = [(layer, neuron, TYPES.index(kind), STRENGTHS.index(how)) for layer, neuron, kind, how in marks]
    about = [layer.information if mark[1] == "other" else 0.3 for layer in model.layers for mark in layer.positional]
    information = np.array(about) + np.linspace(0, 0.01, len(about))  # no two are equal
    columns = np.array(codes, np.int64).reshape(-1, 4).T
    none = np.empty(0, np.int64)
    return LabelledRun(
        summaries=summaries,
        suppressors=Suppressors(none, none, np.empty(0)),
        positional=Positional(*columns, information),
        detected=tuple(none for _ in summaries),
        growth=np.zeros((len(summaries), 0), np.int64),
        sensitivity=np.zeros((len(summaries), 0, 5, 3), np.int64),
        states=np.zeros((len(summaries), 0), np.uint8),
        strongest=none,
        vocabulary="0" * 64,
        run=_StubRun(model),  # type: ignore[arg-type]
        label=label,
    )


class _StubRun:
    """A run that has a manifest, and of its neurons only what was planted."""

    def __init__(self, model: Model) -> None:
        self.manifest = _manifest(model)
        self.corpus = SimpleNamespace(spelling="bytes")
        self._model = model

    def layer(self, index: int) -> Any:
        model = self._model
        blank = np.zeros(self.manifest.options.context_length - 1)

        def frequencies(neurons: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
            return np.stack([model.curves.get(int(neuron), blank) for neuron in neurons])

        def neuron(number: int) -> Any:
            covered = [SimpleNamespace(forms=(form,)) for form in model.detected.get((index, number), ())]
            return SimpleNamespace(triggers={1: SimpleNamespace(covered=covered)})

        return SimpleNamespace(frequencies=frequencies, neuron=neuron)


def _summary(model: Model, index: int) -> LayerSummary:
    layer = model.layers[index]
    new = [one.covered if one.new is None else one.new for one in model.layers[: index + 1]]
    new_trigrams = [one.trigrams if one.new_trigrams is None else one.new_trigrams for one in model.layers[: index + 1]]
    kinds = [(kind, how) for _, kind, how in layer.positional]
    return LayerSummary(
        layer=index,
        neurons=model.neurons,
        dead=layer.dead,
        mean_frequency_alive=layer.frequency,
        detectors=dict(zip((1, 2, 3), layer.detectors, strict=True)),
        covered={1: layer.covered, 2: 0, 3: layer.trigrams},
        covered_cumulative={1: sum(new), 2: 0, 3: sum(new_trigrams)},
        new_overall={1: new[-1], 2: 0, 3: new_trigrams[-1]},
        new_to_previous={1: new[-1], 2: 0, 3: new_trigrams[-1]},
        covering_histogram={n: layer.covering.get(n, (0,) * 8) for n in (1, 2, 3)},
        suppressing=layer.suppressing,
        positional={kind: {how: kinds.count((kind, how)) for how in ("strong", "weak")} for kind in TYPES if kind},
    )


def _manifest(model: Model) -> Manifest:
    depth = model.depth or len(model.layers)
    entry = FileEntry(bytes=1, sha256="0" * 64)
    length = model.read_length or model.context_length
    variant = Variant(name="loose", of="planted", thresholds=model.thresholds) if model.thresholds else None
    return Manifest(
        program_version="0",
        created="2026-01-01T00:00:00Z",
        model=ModelIdentity(
            name=model.name,
            model_type="opt",
            digest="0" * 64,
            layers=depth,
            neurons=model.neurons,
            width=model.width,
            context_length=model.context_length,
            activation="relu",
            norm_before=model.norm_before,
            positions=model.positions,
            gated=model.gated,
        ),
        options=RunOptions(
            corpus=("prose=builtin:prose",),
            tokens=None,
            context_length=length,
            layers=tuple(range(depth)),
            dtype="float32",
            keep_activations="never",
            batch_tokens=4096,
        ),
        variant=variant,
        corpus=CorpusIdentity(
            file=FileEntry(bytes=1, sha256=model.corpus * 64),
            domains=(Domain(name="prose", tokens=model.tokens, documents=1, full_sequences=model.full_sequences),),
            positions=model.tokens,
            sequences=model.full_sequences,
            full_sequences=model.full_sequences,
            vocabulary=model.vocabulary,
            byte_level=True,
            bos=0,
            eos=2,
            pad=1,
        ),
        layers=dict.fromkeys(range(len(model.layers)), entry),
    )
