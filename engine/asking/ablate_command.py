"""`neuron-tui ablate RUN`: the causal table, what silencing neurons does to what the model predicts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuron_tui.engine.asking.prompt_command import AllowPickle, Device, Mean, Memory, ModelPath, asked_model
from neuron_tui.engine.command_options import RunsDirectory
from neuron_tui.engine.interrupt import ready_for_signals
from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import say
from neuron_tui.store.runs.catalog import runs_directory

if TYPE_CHECKING:
    from neuron_tui.engine.asking.asked_model import AskedModel
    from neuron_tui.engine.asking.causal_effects import Settings, Subject
    from neuron_tui.store.neurons.causal import CausalRecord
    from neuron_tui.store.neurons.run import Run

EXAMPLE = """Examples:

    neuron-tui ablate demo

    neuron-tui ablate demo --neuron 1:117 --mean --json

    neuron-tui ablate demo --where 'type:token,suppressing layer:1' --together

What is measured is kept with the run: run the same command again to go on, or with --again to measure anew."""

_KEPT_EVERY = 2.0
"""Seconds after which what was measured is written down."""


def ablate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run: its name in the runs directory, or a path.")],
    neuron: Annotated[
        list[str] | None, typer.Option(metavar="L:I[+|-]", help="A neuron, or a pole. Repeatable.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="QUERY", help="The neurons that a filter matches. (default: type:token)")
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Silence all that match in a layer at once, layer by layer.")
    ] = False,
    mean: Mean = False,
    contexts: Annotated[
        int | None,
        typer.Option(metavar="N", min=2, max=10_000, help="Contexts of each kind. (default: as kept, or 32)"),
    ] = None,
    window: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Positions of a context at most. (default: as kept, or 32)")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="What contexts are drawn by. (default: as kept, or 0)")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Measure anew what is kept with the run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    as_lines: Annotated[bool, typer.Option("--lines", hidden=True)] = False,
    model: ModelPath = None,
    device: Device = "auto",
    memory: Memory = None,
    allow_pickle: AllowPickle = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Silence neurons where their triggers stand, and anywhere: what becomes of loss, and of the triggers."""
    ready_for_signals()
    if neuron and where is not None:
        raise UsageError("--neuron and --where both say which neurons\nGive one of them.")
    if together and neuron:
        raise UsageError("--together is for what a filter matches\nUse it with --where.")
    from neuron_tui.engine.asking.causal_effects import Settings, with_contexts
    from neuron_tui.engine.asking.table_text import table
    from neuron_tui.store import open_run
    from neuron_tui.store.neurons.causal import read_causal, usual_settings

    opened = open_run(run, runs_directory(runs_dir))
    query = "type:token" if where is None else where
    already = read_causal(opened.path)
    usual = usual_settings(already) or (32, 32, 0)
    of_each, at_most, drawn_by = (
        given if given is not None else kept for given, kept in zip((contexts, window, seed), usual, strict=True)
    )
    settings = Settings(of_each, at_most, drawn_by, "mean" if mean else "zero")
    subjects = _subjects(opened, neuron or [], query, together)
    if not subjects:
        what = "of those named has a trigger" if neuron else f"that matches {query} has a trigger"
        say(f"no neuron of {opened.name} {what} to silence it on")
    kept = {record.key: record for record in already}
    if not again:
        _refuse_to_replace(kept, subjects, settings)
    found = [None if again else _kept(kept, one, settings) for one in subjects]
    missing = [one for one, record in zip(subjects, found, strict=True) if record is None]
    if missing:
        missing = with_contexts(opened, missing, settings.window)
    if missing:
        with (
            _telling(as_lines, len(missing)) as told,
            asked_model(opened, model, device, memory, allow_pickle) as asked,
        ):
            _measure(opened, asked, settings, missing, told)
        kept = {record.key: record for record in read_causal(opened.path)}
        found = [_kept(kept, one, settings) for one in subjects]
    records = [record for record in found if record is not None]
    if without := len(found) - len(records):
        say(f"{without:,} left out: their triggers do not stand in the corpus where a context could end")
    if as_lines:
        print(json.dumps({"done": len(records)}), flush=True)
    elif as_json:
        print(json.dumps(_as_json(opened, settings, records)))
    else:
        for line in table(opened, records):
            print(line)


def _subjects(run: Run, named: Sequence[str], query: str, together_: bool) -> list[Subject]:
    import numpy as np

    from neuron_tui.engine.asking.causal_effects import single, together
    from neuron_tui.store.neurons.naming import parse_neuron, rows_named
    from neuron_tui.store.neurons.query import matching_rows

    rows = [row for text in named for row in rows_named(run, *parse_neuron(text))] or (
        [] if named else matching_rows(run, query)
    )
    subjects: list[Subject] = []
    for layer in sorted({layer for layer, _ in rows}):
        own = sorted({row for at, row in rows if at == layer})
        for row in own:
            if row >= run.manifest.rows:
                run.layer(layer).neuron(row)  # says that there is none
        records = run.layer(layer).records(np.array(own))
        here = [one for row, record in zip(own, records, strict=True) if (one := single(record, row)).triggers[0]]
        if together_ and here:
            subjects.append(together(here, query))
        elif not together_:
            subjects += here
    return subjects


def _kept(kept: dict[tuple[object, ...], CausalRecord], subject: Subject, settings: Settings) -> CausalRecord | None:
    record = kept.get((subject.layer, subject.rows, subject.where, settings.method))
    same = record is not None and record.settings == (settings.contexts, settings.window, settings.seed)
    return record if same else None


def _refuse_to_replace(
    kept: dict[tuple[object, ...], CausalRecord], subjects: Sequence[Subject], settings: Settings
) -> None:
    """Raise UsageError if what is kept of some subjects was measured in another way."""
    wanted = (settings.contexts, settings.window, settings.seed)
    keys = [(one.layer, one.rows, one.where, settings.method) for one in subjects]
    others = [kept[key] for key in keys if key in kept and kept[key].settings != wanted]
    if others:
        contexts, window, seed = others[0].settings
        raise UsageError(
            f"{len(others):,} of these were measured with other settings: --contexts {contexts} --window {window} "
            f"--seed {seed}\nAsk for the same, or add --again to measure anew in their place."
        )


def _measure(
    run: Run,
    model: AskedModel,
    settings: Settings,
    subjects: Sequence[Subject],
    told: Callable[[int], None],
) -> None:
    from neuron_tui.engine.asking.causal_effects import Silencing
    from neuron_tui.store.neurons.causal import keep_causal

    model.load(lambda _: None)
    done, waiting, kept_at = 0, [], time.monotonic()
    silencing = Silencing(run, model, settings)

    def one_more() -> None:
        nonlocal done
        done += 1
        told(done)

    told(0)
    try:
        for record in silencing.measure(subjects, one_more):
            waiting.append(record)
            if time.monotonic() - kept_at >= _KEPT_EVERY:
                keep_causal(run.path, waiting)
                waiting, kept_at = [], time.monotonic()
    finally:
        if waiting:
            keep_causal(run.path, waiting)


@contextmanager
def _telling(as_lines: bool, total: int) -> Iterator[Callable[[int], None]]:
    if as_lines:
        yield lambda done: print(json.dumps({"progress": [done, total]}), flush=True)
        return
    from neuron_tui.engine.progress import Progress
    from neuron_tui.engine.progress_bar import showing

    with showing() as show:
        yield lambda done: show(Progress("silence", done, total, layers=1))


def _as_json(run: Run, settings: Settings, records: Sequence[CausalRecord]) -> dict[str, Any]:
    from neuron_tui.store.findings.causal_summary import causal_summary

    return {
        "run": run.name,
        "method": settings.method,
        "contexts": settings.contexts,
        "window": settings.window,
        "seed": settings.seed,
        "neurons": [record.to_dict(run.manifest.rule) for record in records],
        "summary": [one.to_dict() for one in causal_summary(records)],
    }
