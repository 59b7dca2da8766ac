"""`neuron-tui demo`: a real trained model on real text, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from neuron_tui.store.process import guarded
from neuron_tui.tui.cli.info import print_info
from neuron_tui.tui.cli.open_run import has_terminal, open_app
from neuron_tui.tui.cli.options import NoMouse, RunsDirectory, mouse_wanted, runs_directory_of
from neuron_tui.tui.jobs.demo import MODEL, NAME, extraction
from neuron_tui.tui.jobs.engine_process import run_engine


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("demo", epilog="Example:\n\n    neuron-tui demo --no-tui")(guarded(demo))


def demo(
    context: typer.Context,
    no_tui: Annotated[bool, typer.Option("--no-tui", help="Print a summary, do not open the app.")] = False,
    no_mouse: NoMouse = False,
    runs_dir: RunsDirectory = None,
) -> int:
    """Extract the built-in model on the built-in corpus, then open it in the app.

    A finished demo is used again; an interrupted one goes on. Without a terminal its summary is printed.
    """
    from neuron_tui.store import open_run

    directory = runs_directory_of(context, runs_dir)
    folder = directory / NAME
    state = _state(folder)
    if state != "complete":
        code = run_engine([*extraction(directory), *(["--overwrite"] if state == "outdated" else [])])
        if code:
            return code
    if no_tui or not has_terminal():
        print_info(open_run(str(folder)))
        return 0
    return open_app(directory, folder, mouse=mouse_wanted(context, no_mouse))


def _state(folder: Path) -> Literal["complete", "unfinished", "outdated"]:
    """What is there of the demo: one of another version or with damage is made again; other runs are left alone."""
    from importlib.metadata import version

    from neuron_tui.store.errors import RunConflictError, RunDamagedError, RunOutdatedError
    from neuron_tui.store.runs.catalog import summarise
    from neuron_tui.store.runs.manifest import MANIFEST, read_manifest

    if not (folder / MANIFEST).is_file():
        return "unfinished"
    try:
        model = read_manifest(folder).model.name
    except RunOutdatedError as error:
        model = error.model or ""
    except RunDamagedError:
        model = ""
    if model != MODEL:
        raise RunConflictError(
            f"the run {folder} is not the demo, or cannot be read\n"
            "Rename or delete it, or give the demo another place with --runs-dir."
        )
    found = summarise(folder)
    if found.manifest is None or found.state == "damaged" or found.manifest.program_version != version("neuron-tui"):
        return "outdated"
    return "complete" if found.state == "complete" else "unfinished"
