"""`neuron-tui info RUN`: a run and its layers."""

from __future__ import annotations

import json
from textwrap import fill
from typing import TYPE_CHECKING, Any

import typer

from neuron_tui.store.process import guarded
from neuron_tui.store.wording import clock, percent, size_text
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of
from neuron_tui.tui.cli.tables import Column, print_table

if TYPE_CHECKING:
    from neuron_tui.store.neurons.run import Run
    from neuron_tui.store.runs.manifest import Usage

_HEADINGS = (
    *("layer", "dead", "mean\nfreq", "det.\ntok", "det.\n2g", "det.\n3g", "cov.\ntok", "cov.\n2g", "cov.\n3g"),
    *("supp.", "osc.", "both", "one", "other"),
)

_LEGEND = """
dead: never active; mean freq: of the others, active tokens / tokens
det.: detectors of tokens, bigrams, trigrams; cov.: distinct ones they cover
supp.: token detectors that suppress their triggers, of all
osc., both, one, other: positional neurons by type"""

_TYPES = ("oscillatory", "both", "one", "other")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("info", epilog="Example:\n\n    neuron-tui info demo --json")(guarded(info))


def info(context: typer.Context, run: RunArgument, as_json: AsJson = False, runs_dir: RunsDirectory = None) -> None:
    """Show a run and what its layers hold: dead neurons, detectors, positional neurons."""
    from neuron_tui.store import open_run
    from neuron_tui.store.findings.run_info import run_info

    opened = open_run(run, runs_directory_of(context, runs_dir))
    if as_json:
        print(json.dumps(run_info(opened), indent=2))
    else:
        print_info(opened)


def print_info(run: Run) -> None:
    """Print a run and its layers on stdout, for people; raises RunDamagedError."""
    from neuron_tui.store.findings.run_info import run_info
    from neuron_tui.store.measures.threshold_wording import differences
    from neuron_tui.store.runs.rule import VALUE
    from neuron_tui.store.tokens import printable

    facts = run_info(run)
    model = run.manifest.model
    poles = ", each with 2 poles" if run.manifest.rule.poles > 1 else ""
    domains = ", ".join(f"{name} {tokens:,}" for name, tokens in facts["domains"].items())
    lines = (
        ("run", f"{run.name}, {facts['state']}: {len(run.layers)} of {len(run.manifest.options.layers)} layers"),
        ("model", f"{model.name}: {model.layers} layers of {model.neurons:,} neurons{poles}"),
        *([("active", f"if {run.manifest.rule.words} ({run.manifest.rule})")] if run.manifest.rule != VALUE else []),
        ("corpus", f"{facts['tokens']:,} tokens: {domains}" if domains else "not there yet"),
        ("context", f"{facts['context_length']:,} positions"),
        *([("took", _took(run.manifest.usage))] if run.manifest.usage else []),
    )
    for name, text in lines:
        print(f"{name:8} {printable(text)}")
    if told := ", ".join(differences(run.manifest.thresholds)):
        print(fill(f"counted  with {told}", 80, subsequent_indent=" " * 9))
    if not facts["layers"]:
        return
    print()
    rows = [_row(layer) for layer in facts["layers"]]
    print_table([Column(heading) for heading in _HEADINGS], [*rows, _total(facts["layers"])], gap=1)
    print(_intervals(facts["layers"]))
    print(_LEGEND)


def _took(usage: Usage) -> str:
    """Time and memory of an extraction, in words. What is observed is part of the forward pass."""
    seconds = {kind: value for kind, value in usage.seconds.items() if kind != "observe"}
    longest = sorted(seconds.items(), key=lambda part: -part[1])[:3]
    parts = ", ".join(f"{kind} {clock(value)}" for kind, value in longest)
    peak = f"peak {size_text(usage.host)} (planned {size_text(usage.planned_host)})"
    if usage.device is not None:
        peak += f", on the GPU {size_text(usage.device)} (planned {size_text(usage.planned_device)})"
    return f"{clock(sum(seconds.values()))} ({parts}); {peak}"


def _intervals(layers: list[dict[str, Any]]) -> str:
    """Intervals of the shares of all layers together, in a few lines."""
    from neuron_tui.store.measures.intervals import CONFIDENCE, interval_text

    neurons = sum(layer["neurons"] for layer in layers)
    found = {n: sum(layer["detectors"][n] for layer in layers) for n in ("1", "2", "3")}
    dead = f"dead {interval_text(sum(layer['dead'] for layer in layers), neurons)}"
    if found["1"]:
        suppressing = interval_text(sum(layer["suppressing"] for layer in layers), found["1"])
        dead += f"; suppressing {suppressing} of the token detectors"
    tokens, bigrams, trigrams = (interval_text(count, neurons) for count in found.values())
    return (
        f"\n{CONFIDENCE:.0%} intervals of all layers' shares, if neurons were drawn independently:\n{dead}\n"
        f"detectors of tokens {tokens}, bigrams {bigrams}, trigrams {trigrams}"
    )


def _row(layer: dict[str, Any]) -> list[str]:
    detectors = layer["detectors"]
    return [
        str(layer["layer"]),
        percent(layer["dead"] / layer["neurons"]),
        _frequency(layer["mean_frequency_alive"]),
        *(f"{detectors[n]:,}" for n in ("1", "2", "3")),
        *(f"{layer['covered'][n]:,}" for n in ("1", "2", "3")),
        f"{layer['suppressing']}/{detectors['1']}" if detectors["1"] else "-",
        *(f"{sum(layer['positional'][kind].values()):,}" for kind in _TYPES),
    ]


def _frequency(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}".removeprefix("0")


def _total(layers: list[dict[str, Any]]) -> list[str]:
    neurons = sum(layer["neurons"] for layer in layers)
    tokens = sum(layer["detectors"]["1"] for layer in layers)
    # A layer's mean is over its alive neurons: so is the mean of all.
    alive = sum(layer["neurons"] - layer["dead"] for layer in layers)
    active = sum((layer["mean_frequency_alive"] or 0) * (layer["neurons"] - layer["dead"]) for layer in layers)
    return [
        "all",
        percent(sum(layer["dead"] for layer in layers) / neurons),
        _frequency(active / alive if alive else None),
        *(f"{sum(layer['detectors'][n] for layer in layers):,}" for n in ("1", "2", "3")),
        *(f"{layers[-1]['covered_cumulative'][n]:,}" for n in ("1", "2", "3")),
        f"{sum(layer['suppressing'] for layer in layers)}/{tokens}" if tokens else "-",
        *(f"{sum(sum(layer['positional'][kind].values()) for layer in layers):,}" for kind in _TYPES),
    ]
