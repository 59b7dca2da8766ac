"""HDF5 files as somebody would craft them: sound checksums, a matching run.json, and contents that no run has."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import h5py

from tests.reliability.crafted_structures import STRUCTURES
from tests.reliability.crafted_values import change_values


def datasets_of(file: h5py.File) -> list[str]:
    """Names of all datasets of a file."""
    found: list[str] = []
    file.visititems(lambda name, one: found.append(name) if isinstance(one, h5py.Dataset) else None)
    return found


def craft(rng: random.Random, path: Path, outside: Path, *, values: bool) -> str:
    """Change a file of a run, its values or its structure, and have run.json say the digest that it then has."""
    done = []
    with h5py.File(path, "r+", libver="v110") as file:
        for _ in range(rng.choice((1, 1, 1, 2, 5)) if values else 1):
            name = rng.choice(datasets_of(file))
            way = change_values if values else rng.choice(STRUCTURES)
            done.append(f"{way.__name__.strip('_')} {name}")
            way(rng, file, name, outside)
    own_digest(path)
    return ", ".join(done)


def own_digest(path: Path) -> None:
    """Have the run.json beside a file say the size and digest that the file has."""
    folder = path.parent if path.name == "corpus.h5" else path.parent.parent
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    entry = {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    if path.name == "corpus.h5":
        manifest["corpus"]["file"] = entry
    else:
        manifest["layers"][str(int(path.stem[-3:]))] = entry
    (folder / "run.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    variant = folder / "variants" / "loose" / "run.json"
    if variant.exists():  # the variant goes along, as its author would have it
        of = json.loads(variant.read_text("utf-8"))
        of["corpus"] = manifest["corpus"]
        files = {"corpus.h5": manifest["corpus"]["file"]} | {
            f"layers/layer_{int(layer):03d}.h5": one for layer, one in manifest["layers"].items()
        }
        lines = "".join(f"{name} {one['sha256']}\n" for name, one in sorted(files.items()))
        of["variant"]["source"] = hashlib.sha256(lines.encode()).hexdigest()
        variant.write_text(json.dumps(of, indent=1), "utf-8")
