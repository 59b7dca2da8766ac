"""The command line: `neuron-tui` and its commands. Loads neither torch nor textual before a command needs them."""

from __future__ import annotations

from typing import Annotated

import typer

from neuron_tui.store.process import guard, guarded, hear_threads
from neuron_tui.tui.cli import (
    check,
    compare,
    demo,
    engine,
    export,
    figures,
    find,
    info,
    job,
    note,
    notes,
    open_run,
    pack,
    paper,
    runs,
    similar,
)
from neuron_tui.tui.cli.options import NoMouse, RunsDirectory, mouse_wanted, runs_directory_of

_EXAMPLES = """Examples:

    neuron-tui demo

    neuron-tui extract facebook/opt-125m --corpus wiki.jsonl --allow-pickle --name opt-125m

    neuron-tui open opt-125m"""

app = typer.Typer(
    name="neuron-tui",
    epilog=_EXAMPLES,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_MODULES = (
    demo,
    open_run,
    engine,
    runs,
    job,
    info,
    find,
    similar,
    figures,
    compare,
    paper,
    export,
    note,
    notes,
    check,
    pack,
)
for _module in _MODULES:
    _module.register(app)


def main() -> None:
    """Run the command line; ends the process with one of the exit codes of `neuron_tui.store.process`."""
    hear_threads()
    raise SystemExit(guard(lambda: app(prog_name="neuron-tui")))


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"neuron-tui {version('neuron-tui')}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    runs_dir: RunsDirectory = None,
    no_mouse: NoMouse = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Explore the neurons of language models in the terminal: dead, n-gram, positional.

    Without a command: open the app on the runs.
    """
    if context.invoked_subcommand is None:
        mouse = mouse_wanted(context, no_mouse)
        guarded(open_run.open_app)(runs_directory_of(context, runs_dir), None, mouse=mouse)
