"""`neuron-tui check RUN`: whether the files of a run are what its manifest says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import typer

from neuron_tui.store.process import DONE, UNUSABLE_RUN, guarded, say
from neuron_tui.tui.cli.options import AsJson, RunArgument, RunsDirectory, runs_directory_of


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("check", epilog="Example:\n\n    neuron-tui check demo")(guarded(check))


def check(context: typer.Context, run: RunArgument, as_json: AsJson = False, runs_dir: RunsDirectory = None) -> int:
    """Verify every file of a run: size, SHA-256, format, and that the numbers agree."""
    from neuron_tui.store.check.verification import check_run, remedy
    from neuron_tui.store.runs.catalog import find_run
    from neuron_tui.store.runs.variants import name_of, run_of
    from neuron_tui.store.tokens import printable
    from neuron_tui.store.wording import count_noun

    folder = find_run(runs_directory_of(context, runs_dir), run)
    name = name_of(Path(os.path.abspath(folder)))  # noqa: PTH100 - a link is what it is called, wherever it leads
    problems = check_run(folder)
    errors = sum(problem.severity == "error" for problem in problems)
    said = remedy(problems, name, variant=run_of(folder) is not None) if errors else None
    if as_json:
        found = [{"severity": one.severity, "file": one.file, "message": one.message} for one in problems]
        data = {"run": name, "path": str(folder.absolute()), "sound": not errors}
        print(json.dumps(data | {"problems": found, "remedy": said}, indent=2))
    else:
        for problem in problems:
            print(printable(f"{problem.severity}: {problem.file}: {problem.message}"))
    if errors:
        say(f"{folder}: {count_noun(errors, 'problem')}\n{said}")
        return UNUSABLE_RUN
    say(f"{folder}: every file is as it was written")
    return DONE
