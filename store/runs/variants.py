"""Variants of a run: its neurons counted again with other thresholds, each a folder below `<run>/variants/`.

A variant holds only what its thresholds change; everything else is read from its run.

`demo@loose` is the variant `loose` of the run `demo`. What things are called follows from where they lie.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from neuron_tui.store.errors import RunDamagedError, RunNotFoundError, UsageError
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.runs.folder import holds_job, holds_run
from neuron_tui.store.runs.manifest import VARIANTS as VARIANTS
from neuron_tui.store.runs.manifest import Manifest, read_manifest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_JOINED_BY = "@"


def variant_folder(folder: Path, name: str) -> Path:
    """Folder of the variant called `name` of the run in `folder`, whether there is one or not.

    Raises
    ------
    UsageError
        The name could leave the run's folder or is no portable file name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the variant name {name!r} cannot be used\n"
            "Use up to 100 letters, digits and . _ + - , beginning with a letter or digit."
        )
    return folder / VARIANTS / name


def variants_of(folder: Path) -> tuple[str, ...]:
    """Names of a run's variants, in order: those that are there, partial and damaged ones and mere jobs included.

    A link is none: what it leads to is another run's, and goes by another name.
    """
    try:
        found = [path for path in (folder / VARIANTS).iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return ()
    return tuple(sorted(path.name for path in found if _is_there(path)))


def _is_there(variant: Path) -> bool:
    links = os.path.islink(variant) or os.path.islink(variant.parent)  # noqa: PTH114 - pathlib raises without a right
    return not links and (holds_run(variant) or holds_job(variant))


def run_of(folder: Path) -> Path | None:
    """Folder of the run that the one in `folder` is a variant of; None if it is none, or was taken out of its run."""
    whole = Path(os.path.abspath(folder))  # noqa: PTH100 - a link is what it is called, wherever it leads
    run = whole.parent.parent
    return run if whole.parent.name == VARIANTS and holds_run(run) else None


def run_counted_again(folder: Path, manifest: Manifest) -> Path | None:
    """Folder of the run whose neurons the variant in `folder` counts; None if it is none, or the run is another now."""
    run = run_of(folder.resolve()) if manifest.variant is not None else None
    if run is None:
        return None
    try:
        return run if same_neurons(read_manifest(run), manifest) else None
    except (RunDamagedError, RunNotFoundError):
        return None


def run_below(folder: Path, manifest: Manifest) -> Path | None:
    """Folder of the run whose files hold what the variant in `folder` does not; None if it is gone or was made anew."""
    run = run_counted_again(folder, manifest)
    if run is None or manifest.variant is None:
        return None
    return run if read_manifest(run).digest == manifest.variant.source else None


def needs_activations(run: Manifest, thresholds: Thresholds) -> bool:
    """Whether counting a run again with these thresholds takes its activations.

    They tell how many n-grams cover a neuron where it takes more than are stored; all else follows from what is stored.
    """
    return thresholds.coverage != run.thresholds.coverage


def same_neurons(run: Manifest, variant: Manifest) -> bool:
    """Whether a variant counts the neurons of a run: same model, options and text."""
    return (run.model, run.options, run.corpus) == (variant.model, variant.options, variant.corpus)


def name_of(folder: Path) -> str:
    """What a run is called: as its folder is; a variant `demo@loose`."""
    run = run_of(folder)
    return folder.name if run is None else f"{run.name}{_JOINED_BY}{folder.name}"


def named_variant(directory: Path, run: str) -> Path | None:
    """Folder of the variant that a name such as `demo@loose`, or a path ending in one, stands for below a directory.

    None if the name is none of a variant, or there is none of that name.
    """
    of, joined, name = run.rpartition(_JOINED_BY)
    if not joined or Path(of).name in ("", "..") or not _NAME.fullmatch(name):
        return None
    folder = directory / of / VARIANTS / name
    return folder if _is_there(folder) else None
