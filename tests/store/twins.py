"""A run whose neurons are those of another in a different order: each has a twin, whose place is known."""

import shutil
from pathlib import Path

import h5py
import numpy as np

from neuron_tui.store.disk.schema import LAYER, ORDERS
from neuron_tui.store.runs.manifest import layer_file, read_manifest
from tests.store.planting import list_again


def with_neurons_in_another_order(run: Path, folder: Path, seed: int = 5) -> dict[tuple[int, int], tuple[int, int]]:
    """Write a copy of a complete run with the neurons of each layer in a random order; gives each one's new place."""
    shutil.copytree(run, folder)
    random, places = np.random.default_rng(seed), {}
    for layer in read_manifest(folder).layers:
        with h5py.File(folder / layer_file(layer), "r+") as file:
            rows = file.attrs["dimension_N"]
            old = random.permutation(rows)  # the new row k is the old row old[k]
            new = np.argsort(old)
            for dataset in LAYER.datasets:
                if dataset.shape[0] == "N" and dataset.name in file:
                    file[dataset.name][...] = file[dataset.name][...][old]
            for n in ORDERS:
                file[f"lookup/{n}/neuron"][...] = new[file[f"lookup/{n}/neuron"][...]]
            if "activations" in file:
                file["activations"][...] = packed(unpacked(file["activations"][...])[:rows][old])
        places |= {(layer, row): (layer, int(new[row])) for row in range(rows)}
    list_again(folder)
    return places


def unpacked(words: np.ndarray) -> np.ndarray:
    """(64 W, P) bits of (W, P) words."""
    bits = words[:, None, :] >> np.arange(64, dtype=np.uint64)[:, None] & np.uint64(1)
    return bits.reshape(-1, words.shape[1]).astype(bool)


def packed(bits: np.ndarray) -> np.ndarray:
    """(W, P) words of (N, P) bits."""
    whole = np.zeros((-(-len(bits) // 64) * 64, bits.shape[1]), np.uint64)
    whole[: len(bits)] = bits
    return np.bitwise_or.reduce(whole.reshape(-1, 64, bits.shape[1]) << np.arange(64, dtype=np.uint64)[:, None], axis=1)
