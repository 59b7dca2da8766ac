"""`neuron-tui notes export` and `import`: all notes on a run as JSON lines, to another person and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.errors import InputError
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import Output, RunArgument, RunsDirectory, runs_directory_of
from neuron_tui.tui.cli.writing import goes_to_stdout

_EXAMPLES = """Examples:

    neuron-tui notes export demo --output mine.jsonl

    neuron-tui notes import demo theirs.jsonl"""

notes = typer.Typer(help="Take the notes on a run along, and bring in those of others.", epilog=_EXAMPLES)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    notes.command("export", epilog=_EXAMPLES)(guarded(export))
    notes.command("import", epilog=_EXAMPLES)(guarded(bring_in))
    app.add_typer(notes, name="notes")


def export(context: typer.Context, run: RunArgument, output: Output = None, runs_dir: RunsDirectory = None) -> None:
    """Write all notes on a run as JSON lines; notes that were taken away too, so that an import takes them away."""
    from neuron_tui.store import open_run
    from neuron_tui.store.disk.output import opened_output, standard_output

    opened = open_run(run, runs_directory_of(context, runs_dir))
    lines = [f"{note.to_line()}\n" for note in opened.notes.kept]
    if output is None or goes_to_stdout(output):
        standard_output().writelines(lines)
    else:
        with opened_output(output) as stream:
            stream.writelines(lines)
    if not lines:
        say(f"there are no notes on {opened.name}")


def bring_in(
    context: typer.Context,
    run: RunArgument,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="JSON lines as export writes them; - reads stdin.")],
    runs_dir: RunsDirectory = None,
) -> None:
    """Merge notes into those on a run: of one author on one neuron the later one holds, other authors' stand beside.

    Nothing is imported if any line cannot be used.
    """
    from neuron_tui.store import open_run
    from neuron_tui.store.notes.notes_file import lines_of, read_notes_for

    opened = open_run(run, runs_directory_of(context, runs_dir))
    if str(path) == "-":
        read = read_notes_for(opened.manifest, opened.name, lines_of(sys.stdin.buffer), "stdin")
    else:
        try:
            with path.open("rb") as file:
                read = read_notes_for(opened.manifest, opened.name, lines_of(file), str(path))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}\nName a file of notes.") from error
    found = opened.notes_file.merge(read)
    say(
        f"{opened.name}: {found.new:,} new, {found.newer:,} newer than yours, "
        f"{found.same:,} the same, {found.older:,} older and left out"
    )
