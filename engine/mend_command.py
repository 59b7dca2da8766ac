"""The command `neuron-tui mend`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuron_tui.engine.command_options import RunsDirectory, option, saying_how_to_resume, switch, taking
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import DONE, UNUSABLE_RUN, say
from neuron_tui.store.runs.catalog import find_run, runs_directory
from neuron_tui.store.runs.options import OPTIONS

if TYPE_CHECKING:
    from neuron_tui.engine.mending import MendPlan

EXAMPLE = """Example:

    neuron-tui mend demo

Run the same command again to go on with an interrupted one. Notes, and what silencing neurons did, stay as they are."""


@taking(
    (
        option("device", OPTIONS["device"].help, OPTIONS["device"].metavar, default="auto"),
        option("memory", OPTIONS["memory"].help, OPTIONS["memory"].metavar, default=OPTIONS["memory"].unset),
        switch("allow_pickle", OPTIONS["allow_pickle"].help),
    )
)
def mend(
    typed: dict[str, Any],
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run or a variant: its name, or a path.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is damaged and whether it can be made again, and stop.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say so as JSON lines.")] = False,
    runs_dir: RunsDirectory = None,
) -> int:
    """Make the damaged files of a run again, from its model and text; nothing else of it is touched."""
    ready_for_signals()
    from neuron_tui.engine.mending import MendRequest, mend, plan_mending
    from neuron_tui.engine.progress_bar import showing
    from neuron_tui.store.check.verification import CheckProgress, damage_beside
    from neuron_tui.store.runs.manifest import read_manifest
    from neuron_tui.store.runs.option_texts import read_given

    if as_json and not dry_run:
        raise UsageError("--json is for what is damaged\nUse it with --dry-run.")
    how: dict[str, Any] = {name: given is True or read_given(name, given) for name, given in typed.items()}
    request = MendRequest(find_run(runs_directory(runs_dir), run).resolve(), **how)
    if dry_run:

        def tell(reached: CheckProgress) -> None:
            if as_json:
                print(json.dumps({"done": [reached.done, reached.total]}), flush=True)

        plan = plan_mending(request, tell)
        print(json.dumps({"answer": asdict(plan)}) if as_json else _in_words(plan))
        return UNUSABLE_RUN if plan.refused and not as_json else DONE
    with saying_how_to_resume(), showing() as progress:
        mend(request, progress, say)
    problems = damage_beside(request.folder, read_manifest(request.folder))
    for problem in problems:
        say(f"{problem.file}: {problem.message}\nIt is left as it is: nothing else holds what it says.")
    say(f"Done: {request.folder}")
    return UNUSABLE_RUN if any(problem.severity == "error" for problem in problems) else DONE


def _in_words(plan: MendPlan) -> str:
    lines = [f"{file} {message}" for file, message in plan.damaged.items()]
    for name, damaged in plan.variants.items():
        lines += [f"variants/{name}/{file} {message}" for file, message in damaged.items()]
    if not lines:
        return f"Every file of {plan.run} is as it was written."
    return "\n".join([*lines, plan.refused or "All of it can be made again."])
