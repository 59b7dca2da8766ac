"""`neuron-tui export RUN`: reports of neurons."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from neuron_tui.store.errors import RunPartialError, UsageError
from neuron_tui.store.process import guarded, say
from neuron_tui.tui.cli.options import Output, RunArgument, RunsDirectory, format_option, runs_directory_of
from neuron_tui.tui.cli.progress_line import telling
from neuron_tui.tui.cli.writing import goes_to_stdout, refuse_terminal, refuse_unknown_format

if TYPE_CHECKING:
    from neuron_tui.store.neurons.run import Run

_EXAMPLES = """Examples:

    neuron-tui export demo --neuron 3:117 --neuron 3:118 --format md --output neurons.md

    neuron-tui export demo --where 'type:token layer:0-5 freq<0.01' --format csv

    neuron-tui export demo --where type:positional --format html --output positional.html

    neuron-tui export demo --all --format parquet --output demo.parquet"""

FORMATS = ("md", "html", "json", "jsonl", "csv", "parquet", "neuronpedia")
_CONTEXTS = ("json", "jsonl")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("export", epilog=_EXAMPLES)(guarded(export))


def export(
    context: typer.Context,
    run: RunArgument,
    format_: Annotated[str, format_option(FORMATS, "Format of the report.")],
    neuron: Annotated[
        list[str] | None, typer.Option("--neuron", metavar="L:I", help="A neuron by layer and index. Repeatable.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="QUERY", help="The neurons that a filter matches, as in the app.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every neuron of the run.")] = False,
    contexts: Annotated[
        bool, typer.Option("--contexts", help="With json and jsonl: each record with its neuron's stored contexts.")
    ] = False,
    output: Output = None,
    runs_dir: RunsDirectory = None,
) -> None:
    """Write reports of neurons, in order of layer, then neuron."""
    if sum((bool(neuron), where is not None, all_)) != 1:
        raise UsageError("which neurons?\nGive exactly one of --neuron L:I (repeatable), --where QUERY, --all.")
    refuse_unknown_format(format_, FORMATS)
    if contexts and format_ not in _CONTEXTS:
        raise UsageError(f"{format_} has no place for --contexts\nUse json or jsonl; md and html hold contexts anyway.")
    from neuron_tui.store import open_run
    from neuron_tui.store.neurons.naming import parse_neuron, rows_named
    from neuron_tui.tui.reports.report import BINARY, require_writer, write_report

    asked = [parse_neuron(text) for text in neuron or []]
    require_writer(format_)
    if format_ in BINARY:
        refuse_terminal(output, format_)
    if where is not None:
        from neuron_tui.store.neurons.query import parse_query

        parse_query(where)
    opened = open_run(run, runs_directory_of(context, runs_dir))
    named = list(dict.fromkeys(row for one in asked for row in rows_named(opened, *one)))
    if not neuron:
        _tell_if_partial(opened)
    chosen = named if neuron else _matching(opened, where) if where is not None else None
    total = len(chosen) if chosen is not None else sum(layer.neurons for layer in opened.layers.values())
    _tell_if_large(total, format_)
    to_file = not goes_to_stdout(output)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if not to_file and reconfigure is not None:
        reconfigure(encoding="utf-8")  # data, whatever the terminal's own encoding is
    with telling(lambda n: f"{n:,} of {total:,} neurons written", total and to_file) as told:
        destination = output if to_file and output is not None else sys.stdout
        with _ended_between_neurons(told) as heard:
            chosen_by = where or ""
            write_report(opened, chosen, format_, destination, chosen_by=chosen_by, heard=heard, contexts=contexts)


def _matching(run: Run, query: str) -> list[tuple[int, int]]:
    from neuron_tui.store.neurons.query import matching_rows

    found = matching_rows(run, query)
    if not found:
        say(f"no neuron of {run.name} matches {query}")
    return found


def _tell_if_partial(run: Run) -> None:
    done, asked = len(run.layers), len(run.manifest.options.layers)
    if run.manifest.complete:
        return
    if not done:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nGo on with its extraction: run the same command again."
        )
    say(f"the run {run.name} is partial: {done} of {asked} layers are finished, and only these are exported")


def _tell_if_large(count: int, form: str) -> None:
    from neuron_tui.tui.reports.report import size_warning

    if warning := size_warning(form, count):
        say(f"{warning}\nChoose fewer with --where, or let a program read them: --format jsonl.")


@contextmanager
def _ended_between_neurons(told: Callable[[int], None]) -> Iterator[Callable[[int], None]]:
    """Give `told` with Ctrl-C, a closed terminal and a polite kill taking effect after the neuron under way.

    Inside libraries written in C the exception that Python raises by itself can turn into another one; and without
    any, half a file would stay. Pressed again, Ctrl-C takes effect at once.
    """
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    def heard(written: int) -> None:
        told(written)
        if asked:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
