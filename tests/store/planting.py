"""Putting known numbers into a layer of a synthetic run, so that what is found can be told beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import ORDERS, STRENGTHS, TYPES
from neuron_tui.store.runs.manifest import CORPUS_FILE, file_entry, layer_file, read_manifest, write_manifest


def plant_oscillatory(
    folder: Path, layer: int, curves: Mapping[int, npt.ArrayLike], weak: tuple[int, ...] = ()
) -> None:
    """Make some neurons of a layer its only oscillatory ones, strong but for the `weak`.

    `curves` give the share of the sequences of each domain that are active at positions 1 to T-1.
    """
    manifest = read_manifest(folder)
    assert manifest.corpus is not None
    full = np.array([domain.full_sequences for domain in manifest.corpus.domains])
    path = folder / layer_file(layer)
    with h5py.File(path, "r+") as file:
        types, strengths, active = (file[f"position/{name}"] for name in ("type", "strength", "active"))
        were = types[:] == TYPES.index("oscillatory")
        types[:] = np.where(were, 0, types[:])
        strengths[:] = np.where(were, 0, strengths[:])
        for neuron, curve in curves.items():
            types[neuron] = TYPES.index("oscillatory")
            strengths[neuron] = STRENGTHS.index("weak" if neuron in weak else "strong")
            active[neuron] = np.rint(full[:, None] * np.asarray(curve, np.float64))
    manifest = manifest.model_copy(update={"layers": manifest.layers | {layer: file_entry(path)}})
    write_manifest(folder, manifest)


@dataclass(frozen=True, slots=True)
class Planted:
    """What the neurons of a layer are to be; those not named are alive, detect nothing and are not positional.

    `detectors` are token ids, strongest first, by neuron; `types` are type, strength and mutual information.
    """

    dead: tuple[int, ...] = ()
    detectors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    suppressing: tuple[int, ...] = ()
    types: Mapping[int, tuple[str, str, float]] = field(default_factory=dict)


def plant_neurons(folder: Path, layers: Mapping[int, Planted]) -> None:
    """Make the neurons of some layers of a complete run just what is said of them."""
    with h5py.File(folder / CORPUS_FILE) as corpus:
        tokens = corpus["grams/1/ids"][:, 0]
    for layer, planted in layers.items():
        with h5py.File(folder / layer_file(layer), "r+") as file:
            _plant(file, planted, tokens)
    list_again(folder)


def list_again(folder: Path) -> None:
    """Have run.json of a complete run list its files as they are now."""
    manifest = read_manifest(folder)
    assert manifest.corpus is not None
    corpus = manifest.corpus.model_copy(update={"file": file_entry(folder / CORPUS_FILE)})
    layers = {layer: file_entry(folder / layer_file(layer)) for layer in manifest.layers}
    manifest = manifest.model_copy(update={"corpus": corpus, "layers": layers})
    write_manifest(folder, manifest)


def swap_tokens(folder: Path, first: int, second: int) -> None:
    """Let two tokens of a complete run's vocabulary change places: their ids then read the other way round."""
    with h5py.File(folder / CORPUS_FILE, "r+") as file:
        data, starts = file["vocabulary/text"][:].tobytes(), file["vocabulary/start"][:].tolist()
        forms = [data[a:b] for a, b in pairwise(starts)]
        forms[first], forms[second] = forms[second], forms[first]
        file["vocabulary/text"][:] = np.frombuffer(b"".join(forms), np.uint8)
        file["vocabulary/start"][:] = np.cumsum([0, *map(len, forms)])
    list_again(folder)


def _plant(file: h5py.File, planted: Planted, tokens: npt.NDArray[np.int32]) -> None:
    file["count"][:] = 1
    file["position/type"][:] = file["position/strength"][:] = 0
    file["position/mutual_information"][:] = 0.0
    file["effect/trigger_score"][:] = np.nan
    for n in ORDERS:
        file[f"triggers/{n}/covered"][:] = 0
    for neuron in planted.dead:
        file["count"][neuron] = 0
    for neuron, ids in planted.detectors.items():
        file["triggers/1/covered"][neuron] = len(ids)
        file["triggers/1/first"][neuron] = np.searchsorted(tokens, ids[0])
        file["effect/trigger_score"][neuron] = -0.1 if neuron in planted.suppressing else 0.1
    for neuron, (kind, strength, information) in planted.types.items():
        file["position/type"][neuron] = TYPES.index(kind)
        file["position/strength"][neuron] = STRENGTHS.index(strength)
        file["position/mutual_information"][neuron] = information
    ids = np.unique([i for own in planted.detectors.values() for i in own]).astype(np.int64)
    rows = np.searchsorted(tokens, ids)
    assert np.array_equal(tokens[rows], ids), "a token that the corpus does not have"
    for n in ORDERS:
        _replace(file, f"triggers/{n}/detected", rows if n == 1 else rows[:0], f"dimension_A{n}")


def _replace(file: h5py.File, name: str, values: npt.NDArray[np.int64], dimension: str) -> None:
    before = file[name]
    dtype, attributes = before.dtype, dict(before.attrs)
    del file[name]
    file.create_dataset(name, data=values.astype(dtype)).attrs.update(attributes)
    file.attrs[dimension] = len(values)
