"""The facts of a complete run in one small file, facts.h5: how they lie there, and reading them back.

They follow from the run's layers (see `facts_file`) and say which; a file that was made of others is refused.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neuron_tui.store.disk.files import sha256
from neuron_tui.store.disk.hdf5 import Array, SchemaReader
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.schema import FACTS, ORDERS, STRENGTHS, TYPES
from neuron_tui.store.disk.schema.facts import FACTS_FILE
from neuron_tui.store.findings.aggregates import (
    Facts,
    Int64s,
    LayerSummary,
    Positional,
    States,
    Suppressors,
    detectors,
    types,
)
from neuron_tui.store.measures.growth import GROWTH
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.manifest import Manifest

_BY_ORDER = ("detectors", "covered", "covered_cumulative", "new_overall", "new_to_previous")
"""Fields of a summary with a number for each n of the n-grams, -1 for None."""


def as_arrays(facts: Facts, manifest: Manifest) -> dict[str, Array]:
    """The datasets of facts.h5 by name; `sensitivity` only where the run has positional statistics."""
    found = facts.summaries
    arrays: dict[str, Array] = {
        "made_of": _bytes(made_of(manifest)),
        "vocabulary": _bytes(facts.vocabulary),
        "layer": np.array([one.layer for one in found]),
        "prefix": np.array(GROWTH),
        "growth": facts.growth,
        "summary/dead": np.array([one.dead for one in found]),
        "summary/mean_frequency_alive": np.array([one.mean_frequency_alive for one in found], np.float64),
        "summary/suppressing": np.array([one.suppressing for one in found]),
        "summary/positional": np.stack([_by_code(one) for one in found]),
    }
    for name in _BY_ORDER:
        rows = [[getattr(one, name)[n] for n in ORDERS] for one in found]
        arrays[f"summary/{name}"] = np.array([[-1 if value is None else value for value in row] for row in rows])
    for n in ORDERS:
        arrays[f"summary/covering/{n}"] = np.array([one.covering_histogram[n] for one in found])
    if facts.sensitivity.shape[1]:
        arrays["sensitivity"] = facts.sensitivity
    for name in ("layer", "neuron", "score"):
        arrays[f"suppressors/{name}"] = getattr(facts.suppressors, name)
    for name in ("neuron", "type", "strength", "mutual_information"):
        arrays[f"positional/{name}"] = getattr(facts.positional, name)
    arrays["positional/start"] = np.append(
        np.searchsorted(facts.positional.layer, arrays["layer"]), len(facts.positional.layer)
    )
    arrays["neurons/state"], arrays["neurons/strongest"] = facts.states, facts.strongest
    arrays["detected/start"] = np.cumsum([0, *map(len, facts.detected)])
    arrays["detected/token"] = np.concatenate(facts.detected)
    return arrays


def dimensions_of(arrays: Mapping[str, Array], facts: Facts) -> dict[str, int]:
    """Dimensions of facts.h5."""
    return {
        "L": len(arrays["layer"]),
        "X": len(arrays["prefix"]),
        "Z": facts.sensitivity.shape[1],
        "U": len(arrays["suppressors/neuron"]),
        "R": len(arrays["positional/neuron"]),
        "J": len(arrays["detected/token"]),
        "N": facts.states.shape[1],
        "Y": len(facts.strongest),
    }


def made_of(manifest: Manifest) -> str:
    """Hexadecimal SHA-256 over path and SHA-256 of every other file of a run, a line each, in the order of paths."""
    lines = [f"{name} {entry.sha256}\n" for name, entry in sorted(manifest.files.items()) if name != FACTS_FILE]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_stored_facts(run: Run) -> Facts:
    """The facts of a run that has them in its folder; raises RunDamagedError."""
    path = _as_listed(run)
    with reading_finished(path, FACTS) as file:
        layers = _layers(file, run.manifest)
        read = file.read
        sensitivity = read("sensitivity") if "sensitivity" in file else no_sensitivity(len(layers))
        return Facts(
            summaries=_summaries(file, run.manifest, layers),
            suppressors=_suppressors(file, run.manifest, layers),
            positional=_positional(file, run.manifest, layers),
            detected=_detected(file, run.manifest),
            growth=read("growth"),
            sensitivity=sensitivity,
            states=(states := _states(file, run.manifest)),
            strongest=_strongest(file, run.manifest, int(detectors(states, 1).sum())),
            vocabulary=read("vocabulary").tobytes().hex(),
        )


def read_stored_summaries(run: Run) -> tuple[LayerSummary, ...]:
    """The layers' summaries of a run that has them in its folder, from the bottom up; raises RunDamagedError."""
    with reading_finished(_as_listed(run), FACTS) as file:
        return _summaries(file, run.manifest, _layers(file, run.manifest))


def no_sensitivity(layers: int) -> Int64s:
    """The `sensitivity` of a run without positional statistics, (L, 0, types, strengths)."""
    return np.zeros((layers, 0, len(TYPES), len(STRENGTHS)), np.int64)


def without_lost_facts(folder: Path, manifest: Manifest) -> Manifest:
    """The manifest of a run, without its facts if their file is not what it lists: they can be made again."""
    sound = manifest.facts is None or _digest(folder / FACTS_FILE) == manifest.facts.sha256
    return manifest if sound else manifest.model_copy(update={"facts": None})


def _as_listed(run: Run) -> Path:
    """The file, once it is settled that it is the one that run.json lists: it is small, and much is read off it."""
    path, entry = run.path / FACTS_FILE, run.manifest.facts
    digest = _digest(path)
    if digest is None:
        raise damaged(path, "is missing, or cannot be read")
    if entry is None or digest != entry.sha256:
        raise damaged(path, "has been altered: its SHA-256 is not the one in run.json")
    return path


def _digest(path: Path) -> str | None:
    """SHA-256 of the file; None if it cannot be read."""
    try:
        return sha256(path)
    except OSError:
        return None


def _bytes(digest: str) -> Array:
    return np.frombuffer(bytes.fromhex(digest), np.uint8)


def _by_code(summary: LayerSummary) -> Int64s:
    counts = np.zeros((len(TYPES), len(STRENGTHS)), np.int64)
    for kind, strengths in summary.positional.items():
        for strength, count in strengths.items():
            counts[TYPES.index(kind), STRENGTHS.index(strength)] = count
    counts[0, 0] = summary.neurons - counts.sum()
    return counts


def _layers(file: SchemaReader, manifest: Manifest) -> Int64s:
    """Indices of the layers, once it is settled that the facts are those of the run's."""
    layers: Int64s = file.read("layer")
    if file.read("made_of").tobytes().hex() != made_of(manifest) or layers.tolist() != sorted(manifest.layers):
        raise damaged(file.path, "made of other files than those that run.json lists")
    return layers


def _summaries(file: SchemaReader, manifest: Manifest, layers: Int64s) -> tuple[LayerSummary, ...]:
    columns = {name: file.read(f"summary/{name}").tolist() for name in (*_BY_ORDER, "dead", "suppressing")}
    frequency = file.read("summary/mean_frequency_alive").tolist()
    positional = file.read("summary/positional").tolist()
    covering = {n: file.read(f"summary/covering/{n}").tolist() for n in ORDERS}

    def counts(name: str, place: int) -> dict[int, int]:
        return dict(zip(ORDERS, columns[name][place], strict=True))

    return tuple(
        LayerSummary(
            layer=layer,
            neurons=manifest.model.neurons,
            dead=columns["dead"][place],
            mean_frequency_alive=None if math.isnan(frequency[place]) else frequency[place],
            detectors=counts("detectors", place),
            covered=counts("covered", place),
            covered_cumulative=counts("covered_cumulative", place),
            new_overall=counts("new_overall", place),
            new_to_previous={n: None if new < 0 else new for n, new in counts("new_to_previous", place).items()},
            covering_histogram={n: tuple(covering[n][place]) for n in ORDERS},
            suppressing=columns["suppressing"][place],
            positional={
                kind: {name: positional[place][code][STRENGTHS.index(name)] for name in ("strong", "weak")}
                for code, kind in enumerate(TYPES)
                if kind is not None
            },
        )
        for place, layer in enumerate(layers.tolist())
    )


def _suppressors(file: SchemaReader, manifest: Manifest, layers: Int64s) -> Suppressors:
    layer, neuron, score = (file.read(f"suppressors/{name}") for name in ("layer", "neuron", "score"))
    _within(file.path, "suppressors/neuron", neuron, manifest.model.neurons)
    if not np.isin(layer, layers).all():
        raise damaged(file.path, "`suppressors/layer` names a layer that the run does not have")
    return Suppressors(layer.astype(np.int64), neuron.astype(np.int64), score)


def _positional(file: SchemaReader, manifest: Manifest, layers: Int64s) -> Positional:
    names = ("neuron", "type", "strength", "mutual_information")
    columns = {name: file.read(f"positional/{name}") for name in names}
    for name, end in (("neuron", manifest.model.neurons), ("type", len(TYPES)), ("strength", len(STRENGTHS))):
        _within(file.path, f"positional/{name}", columns[name], end)
    layer = np.repeat(layers, np.diff(_starts(file, "positional", len(columns["neuron"]))))
    neuron, kind, strength = (columns[name].astype(np.int64) for name in names[:3])
    return Positional(layer, neuron, kind, strength, columns["mutual_information"])


def _states(file: SchemaReader, manifest: Manifest) -> States:
    states: States = file.read("neurons/state")
    if types(states).max(initial=0) >= len(TYPES):
        raise damaged(file.path, "`neurons/state` holds an unknown positional type")
    if states.shape[1] != manifest.model.neurons:
        raise damaged(file.path, f"`neurons/state` is of {states.shape[1]} neurons a layer")
    return states


def _strongest(file: SchemaReader, manifest: Manifest, token_detectors: int) -> Int64s:
    strongest = file.read("neurons/strongest").astype(np.int64)
    if len(strongest) != token_detectors:
        raise damaged(file.path, "`neurons/strongest` does not have a token for each token detector")
    return _tokens(file, "neurons/strongest", strongest, manifest)


def _tokens(file: SchemaReader, name: str, tokens: Int64s, manifest: Manifest) -> Int64s:
    _within(file.path, name, tokens, manifest.corpus.vocabulary if manifest.corpus else 0)
    return tokens


def _detected(file: SchemaReader, manifest: Manifest) -> tuple[Int64s, ...]:
    tokens = _tokens(file, "detected/token", file.read("detected/token").astype(np.int64), manifest)
    return tuple(np.split(tokens, _starts(file, "detected", len(tokens))[1:-1]))


def _starts(file: SchemaReader, name: str, size: int) -> Int64s:
    starts: Int64s = file.read(f"{name}/start")
    if starts[0] != 0 or starts[-1] != size or (np.diff(starts) < 0).any():
        raise damaged(file.path, f"`{name}/start` does not rise from 0 to the length of what it divides")
    return starts


def _within(path: Path, name: str, values: Array, end: int) -> None:
    if values.size and not 0 <= values.min() <= values.max() < end:
        raise damaged(path, f"`{name}` is not between 0 and {end - 1}")
