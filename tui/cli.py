"""The command line: `neuron-tui` and its commands. Loads neither torch nor textual before a command needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.exits import guard, guarded
from neuron_tui.tui.commands import check, demo, engine, export, info, open_run, runs
from neuron_tui.tui.commands.options import Shared

app = typer.Typer(
    name="neuron-tui",
    help="Explore the neurons of language models in the terminal: dead, n-gram, positional.",
    epilog="Example: neuron-tui demo    (a real model and its neurons, offline, in a minute or two)",
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _module in (demo, open_run, engine, runs, info, export, check):
    _module.register(app)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    raise SystemExit(guard(lambda: app(prog_name="neuron-tui")))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"neuron-tui {version('neuron-tui')}")
        raise typer.Exit


@app.callback()
@guarded_unless_command
def start(
    context: typer.Context,
    runs_dir: Annotated[
        Path | None, typer.Option(help="Directory of the runs (else $NEURON_TUI_RUNS, else the user's data directory).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Open the app on the runs, or run a command."""
