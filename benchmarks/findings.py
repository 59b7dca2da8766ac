"""What docs/findings.md is made of: models with their runs, and the tables and charts of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.trainings import BUILT_IN, STUDIES, TRAININGS, Extraction, training
from neuron_tui.store import open_run
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.errors import RunNotFoundError, RunPartialError
from neuron_tui.store.findings.chart import Series, limits_of
from neuron_tui.store.findings.figures import LabelledRun, build_figure, read_aggregates
from neuron_tui.store.findings.figures.figure import Chart, Lines
from neuron_tui.store.findings.paper import CLAIMS, SCALE_CLAIMS, Enough, check_paper
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.neurons.table import NeuronTable, read_table
from neuron_tui.store.wording import percent
from neuron_tui.tui.reports.paper import GLYPHS

KINDS = tuple(kind for kind in TYPES if kind is not None)
ANY_TEXT = Enough(dead=0, other=0)
"""A run of these studies is short of what the paper took; its claims are judged all the same."""

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Trained:
    """What the record beside a model says of it, and its parameters as its file holds them."""

    step: int
    tokens: int
    loss: float
    parameters: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A training at one step, and every neuron of the model that it then was."""

    extraction: Extraction
    trained: Trained
    facts: LabelledRun
    table: NeuronTable


@dataclass(frozen=True, slots=True)
class Material:
    """Where models and runs lie. What is not there is left out of tables and charts, with a word on stderr."""

    models: Path
    runs: Path

    def moment(self, extraction: Extraction) -> Moment | None:
        """What is known of a training at a step; None if it is not there."""
        return _moment(self.models, self.runs, extraction)

    def ends(self, study: str) -> list[Moment]:
        """The models that a study compares, trained to their end, as far as they are there."""
        return _there(self.moment(training(name).extractions()[-1]) for name in STUDIES[study])

    def all_ends(self) -> list[Moment]:
        """All models, trained to their end, as far as they are there."""
        return _there(self.moment(one.extractions()[-1]) for one in TRAININGS)

    def facts(self, study: str) -> list[LabelledRun]:
        """What a study compares, and the built-in model after it, as far as they are there."""
        found = [moment.facts for moment in self.ends(study)]
        return [*found, read_aggregates(open_run(self.runs / BUILT_IN))] if (self.runs / BUILT_IN).exists() else found

    def course(self, name: str) -> list[Moment]:
        """A training at all its moments, as far as they are there."""
        return _there(map(self.moment, training(name).extractions()))


def read_trained(folder: Path) -> Trained:
    """The record of a training and the number of parameters in its safetensors file."""
    reached = json.loads((folder / "training.json").read_text("utf-8"))["reached"]
    with (folder / "model.safetensors").open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    parameters = sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    return Trained(reached["step"], reached["tokens"], reached["loss"], parameters)


@cache
def _moment(models: Path, runs: Path, extraction: Extraction) -> Moment | None:
    try:
        run = open_run(runs / extraction.name)
        trained = read_trained(extraction.model(models))
    except (RunNotFoundError, RunPartialError, FileNotFoundError):
        run = None
    if run is None or not run.manifest.complete:
        print(f"left out: {extraction.name} is not there, or not complete", file=sys.stderr)
        return None
    return Moment(extraction, trained, read_aggregates(run, extraction.name), read_table(run))


def _there(moments: Iterable[Moment | None]) -> list[Moment]:
    found = [moment for moment in moments if moment is not None]
    if not found:
        raise SystemExit("a table needs runs, and none of its are there: `train` and `extract` come first")
    return found


def markdown(header: Row, rows: Iterable[Row], words: int = 1) -> str:
    """A Markdown table; all but the first `words` columns hold numbers."""
    rules = ["---" if place < words else "---:" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rules, *rows))


def trainings_table(moments: Sequence[Moment]) -> str:
    """What was trained, and how far it got."""
    header = ("model", "what it is", "width", "neurons a layer", "seed", "parameters", "tokens", "loss")
    rows = [
        (
            f"`{one.name}`",
            one.what,
            *(str(one.width), str(one.ffn), str(one.seed)),
            f"{moment.trained.parameters:,}",
            *(f"{moment.trained.tokens / 1e6:.1f}M", f"{moment.trained.loss:.3f}"),
        )
        for moment in moments
        for one in (moment.extraction.training,)
    ]
    return markdown(header, rows, words=2)


def positions_table(moments: Sequence[Moment]) -> str:
    """Positional neurons by layer, type and strength: those behind the circles of Figure 8, counted [§5.4, Fig. 10]."""
    header = ("model", "layer", *KINDS, "positional", "share", "highest I")
    rows = [
        (
            f"`{moment.facts.label}`" if not place else "",
            str(summary.layer),
            *(_with_strong(summary.positional[kind]) for kind in KINDS),
            str(total := sum(sum(summary.positional[kind].values()) for kind in KINDS)),
            _share(total, summary.neurons),
            f"{_highest(moment, summary.layer):.2f}",
        )
        for moment in moments
        for place, summary in enumerate(moment.facts.summaries)
    ]
    return markdown(header, rows)


def sensitivity_table(moments: Sequence[Moment]) -> str:
    """Positional neurons of each type with one threshold changed at a time, where that changes any model's."""
    counts = [moment.facts.sensitivity.sum(axis=(0, 3)) for moment in moments]  # (Z, types) each
    codes = [TYPES.index(kind) for kind in KINDS]
    cells = [[" / ".join(map(str, count[place, codes].tolist())) for count in counts] for place in range(len(SETTINGS))]
    rows = [(one.name, *row) for one, row in zip(SETTINGS, cells, strict=True) if not one.field or row != cells[0]]
    return markdown(("threshold", *(f"`{moment.facts.label}`" for moment in moments)), rows)


def moments_table(moments: Sequence[Moment]) -> str:
    """A model under way: dead neurons, sparsity, positional types, and how many are so at the end too [Fig. 11]."""
    end = moments[-1].table
    header = ("step", "loss", "dead", "dead at the end too", "mean frequency", *KINDS, "of the end's positional", "I")
    rows = [
        (
            f"{moment.extraction.step:,}",
            f"{moment.trained.loss:.2f}",
            str(int(moment.table.dead.sum())),
            str(int((moment.table.dead & end.dead).sum())),
            percent(float(moment.table.frequency.mean())),
            *(_with_strong(_over_layers(moment.facts, kind)) for kind in KINDS),
            f"{int((moment.table.positional & end.positional).sum())} of {int(end.positional.sum())}",
            f"{float(moment.table.mutual_information.max()):.2f}",
        )
        for moment in moments
    ]
    return markdown(header, rows, words=0)


def sizes_table(moments: Sequence[Moment]) -> str:
    """Models of several sizes: what changes with scale in the paper's Figures 1, 3 and 14."""
    header = (
        *("model", "neurons", "dead", "share dead", "mean frequency", "covered by 1-5 tokens"),
        *("token detectors", "bigram", "trigram", "positional", "share positional"),
    )
    rows = []
    for moment in moments:
        summaries, table = moment.facts.summaries, moment.table
        detectors = [sum(summary.detectors[n] for summary in summaries) for n in (1, 2, 3)]
        positional, dead = int(table.positional.sum()), int(table.dead.sum())
        rows.append(
            (
                f"`{moment.facts.label}`",
                *(f"{len(table):,}", str(dead), _share(dead, len(table))),
                percent(float(table.frequency[~table.dead].mean())),
                str(sum(summary.covering_histogram[1][0] for summary in summaries)),
                *map(str, detectors),
                *(str(positional), _share(positional, len(table))),
            )
        )
    return markdown(header, rows)


def sparsity_table(moments: Sequence[Moment]) -> str:
    """Layer by layer: dead neurons and how often the others are active [§3, §6; Fig. 1]."""
    header = (
        "model",
        "layer",
        "neurons",
        "dead",
        "mean frequency",
        "median",
        "below 1%",
        "above 50%",
        "covered by 1-5",
    )
    rows = []
    for moment in moments:
        for place, summary in enumerate(moment.facts.summaries):
            alive = frequencies(moment.table, summary.layer)
            rows.append(
                (
                    f"`{moment.facts.label}`" if not place else "",
                    *(str(summary.layer), str(summary.neurons), _dead(summary)),
                    *(percent(float(alive.mean())), percent(float(np.median(alive)))),
                    *(_share(int((alive < 0.01).sum()), len(alive)), _share(int((alive > 0.5).sum()), len(alive))),
                    str(summary.covering_histogram[1][0]),
                )
            )
    return markdown(header, rows)


def frequencies(table: NeuronTable, layer: int) -> npt.NDArray[np.float64]:
    """Frequencies of a layer's neurons that are not dead."""
    return table.frequency[(table.layer == layer) & ~table.dead]


def paper_table(runs: Sequence[LabelledRun]) -> str:
    """The paper's claims on each model, as `neuron-tui paper RUN --enough 0` judges them; empty where none applies."""
    found = {(one.label, finding.name): finding for one in runs for finding in check_paper([one], ANY_TEXT)}
    claims = {claim.name: f"{claim.says} [{claim.reference}]" for claim in CLAIMS}
    rows = [
        (says, *(GLYPHS[found[one.label, name].verdict] if (one.label, name) in found else "" for one in runs))
        for name, says in claims.items()
        if any((one.label, name) in found for one in runs)
    ]
    return markdown(("claim", *(f"`{one.label}`" for one in runs)), rows)


def scale_table(runs: Sequence[LabelledRun]) -> str:
    """The paper's claims on scale, on models that differ in size alone."""
    scale = {claim.name for claim in SCALE_CLAIMS}
    found = [finding for finding in check_paper(runs, ANY_TEXT) if finding.name in scale]
    rows = [(f"{one.claim} [{one.reference}]", GLYPHS[one.verdict], one.because) for one in found]
    return markdown(("claim", "", "why"), rows, words=3)


Titled = tuple[str, Chart]
"""A chart and its title."""


def curves(moment: Moment, most: int = 6) -> Titled:
    """Frequency at each position of the neurons with the highest mutual information [Fig. 7]."""
    found, run = moment.facts.positional, moment.facts.run
    series = []
    for place in np.argsort(-found.mutual_information, kind="stable")[:most].tolist():
        layer, neuron = int(found.layer[place]), int(found.neuron[place])
        position = run.layer(layer).neuron(neuron).position
        assert position is not None  # a positional neuron has a curve
        name = f"{layer}:{neuron} {position.type}"
        series.append(Series(name, range(1, len(position.frequency) + 1), position.frequency))
    title = f"Frequency by position, highest mutual information: {moment.facts.label}"
    last = float(max(max(one.x) for one in series)) if series else 1.0
    return title, Lines(tuple(series), "position", "share of sequences", (1.0, last), (0.0, 1.0), percent=True)


def types_over_steps(moments: Sequence[Moment], title: str) -> Titled:
    """Positional neurons of each type over the course of a training [Fig. 11]."""
    steps = [float(moment.extraction.step) for moment in moments]
    counts = {kind: [float(sum(_over_layers(moment.facts, kind).values())) for moment in moments] for kind in KINDS}
    return _over_steps([Series(kind, steps, counts[kind]) for kind in KINDS], title, "positional neurons")


def layers_over_steps(
    moments: Sequence[Moment], title: str, y_label: str, value: Callable[[LayerSummary], float]
) -> Titled:
    """A share that every layer has, over the course of a training."""
    steps = [float(moment.extraction.step) for moment in moments]
    series = [
        Series(f"layer {layer}", steps, [value(moment.facts.summaries[place]) for moment in moments])
        for place, layer in enumerate(moments[-1].facts.layers)
    ]
    return _over_steps(series, title, y_label, percent=True)


def _over_steps(series: Sequence[Series], title: str, y_label: str, *, percent: bool = False) -> Titled:
    last = max(step for one in series for step in one.x)
    y_limits = limits_of(value for one in series for value in one.y)
    return title, Lines(tuple(series), "step", y_label, (0.0, float(last)), y_limits, percent=percent)


def figure(name: str, moments: Sequence[Moment]) -> Titled:
    """One of the paper's figures of some runs, as `neuron-tui figures` draws it."""
    made = build_figure(name, [moment.facts for moment in moments])
    assert made.chart is not None
    return made.heading, made.chart


def _with_strong(strengths: Mapping[str, int]) -> str:
    total = sum(strengths.values())
    return f"{total} ({strengths['strong']})" if total else "0"


def _over_layers(labelled: LabelledRun, kind: str) -> dict[str, int]:
    names = [name for name in STRENGTHS if name is not None]
    return {name: sum(summary.positional[kind][name] for summary in labelled.summaries) for name in names}


def _highest(moment: Moment, layer: int) -> float:
    return float(moment.table.mutual_information[moment.table.layer == layer].max())


def _dead(summary: LayerSummary) -> str:
    return str(summary.dead)


def _share(part: int, of: int) -> str:
    return percent(part / of) if of else "–"
