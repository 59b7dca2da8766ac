"""Putting known numbers into a layer of a synthetic run, so that what is found can be told beforehand."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neuron_tui.store.files import sha256
from neuron_tui.store.manifest import FileEntry, layer_file, read_manifest, write_manifest
from neuron_tui.store.schema import STRENGTHS, TYPES


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
    entry = FileEntry(bytes=path.stat().st_size, sha256=sha256(path))
    write_manifest(folder, manifest.model_copy(update={"layers": manifest.layers | {layer: entry}}))
